// Primitives 60 to 64, 73, 74, 173 and 174: reading and storing elements and slots by index. Contexts, whose slots may lie
// on the stack, fail here with "inappropriate"; the interpreter has its own primitives for them.
// Source: VMMaker, StackInterpreter>>commonAt:, stObject:at:, subscript:with:format:; InterpreterPrimitives.

import {
  Address,
  answer,
  answerInteger,
  answerNew,
  argumentCount,
  character,
  characterValue,
  CLASS_INDEX_CONTEXT,
  classOf,
  elementCountOf,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_INDEX,
  ERROR_BAD_RECEIVER,
  ERROR_INAPPROPRIATE,
  ERROR_NO_MODIFICATION,
  ERROR_UNSUPPORTED,
  fail,
  failed,
  failInstead,
  fetchByte,
  fetchPointer,
  fetchShort,
  fetchWord32,
  fetchWord64,
  FORMAT_ARRAY,
  FORMAT_BYTES,
  FORMAT_COMPILED_METHOD,
  FORMAT_FIXED,
  FORMAT_FORWARDED,
  FORMAT_SHORTS,
  FORMAT_WORDS32,
  FORMAT_WORDS64,
  formatOf,
  instanceSizeOf,
  isCharacter,
  isClassIndex,
  isForwardedOop,
  isObject,
  isPointersFormat,
  isReadOnly,
  isSmallInteger,
  literalCountOf,
  Oop,
  smallInteger,
  smallIntegerValue,
  storeByte,
  storePointer,
  storeShort,
  storeWord32,
  storeWord64,
  unsignedOop,
} from "../vm/plugin";
import { fromTop, positive32Of, positive64Of } from "./operands";

/** Code points end here. */
const CHARACTER_LIMIT: u64 = 1 << 30;

/** 60: the indexable element at a one-based index. */
export function primitiveAt(): void {
  if (locateElement(0)) answerNew(elementAt(object, format, position));
}

/** 61: stores an indexable element and answers it. */
export function primitiveAtPut(): void {
  if (!locateElement(1)) return;
  storeElement(fromTop(0));
  answer(fromTop(0));
}

/** 62: how many indexable elements there are. */
export function primitiveSize(): void {
  const subject = fromTop(0);
  if (!isObject(subject)) return fail(ERROR_BAD_RECEIVER);
  const format = formatOf(<Address>subject);
  if (format <= FORMAT_FIXED || format == FORMAT_FORWARDED) return fail(ERROR_BAD_RECEIVER);
  if (isClassIndex(subject, CLASS_INDEX_CONTEXT)) return fail(ERROR_INAPPROPRIATE);
  answerInteger(<i64>elementCountOf(subject) - fixedFieldsOf(subject, format));
}

/** 63: an element as a Character. */
export function primitiveStringAt(): void {
  if (!locateElement(0)) return;
  const code = elementAt(object, format, position);
  if (!isSmallInteger(code) || <u64>smallIntegerValue(code) >= CHARACTER_LIMIT) return fail(ERROR_BAD_RECEIVER);
  answer(character(<u32>smallIntegerValue(code)));
}

/** 64: stores a Character's code. */
export function primitiveStringAtPut(): void {
  if (!locateElement(1)) return;
  const value = fromTop(0);
  if (!isCharacter(value)) return fail(ERROR_BAD_ARGUMENT);
  storeElement(smallInteger(characterValue(value)));
  answer(value);
}

/** 73: the named instance variable with a one-based index. */
export function primitiveInstVarAt(): void {
  if (locateNamed(0)) answerNew(elementAt(object, format, position));
}

/** 74 */
export function primitiveInstVarAtPut(): void {
  if (!locateNamed(1)) return;
  storeElement(fromTop(0));
  answer(fromTop(0));
}

/** 173: any slot, named ones first; raw integers of an object without oops. */
export function primitiveSlotAt(): void {
  if (locateSlot(0)) answerNew(elementAt(object, format, position));
}

/** 174 */
export function primitiveSlotAtPut(): void {
  if (!locateSlot(1)) return;
  storeElement(fromTop(0));
  if (failed()) return failInstead(ERROR_BAD_ARGUMENT);
  answer(fromTop(0));
}

/** An element of an object as an oop, 0 without memory for a large integer; `position` is zero-based and in range. */
export function elementAt(object: Oop, format: u32, position: u32): Oop {
  if (isPointersFormat(format)) return fetchPointer(position, object);
  if (format >= FORMAT_BYTES) return smallInteger(fetchByte(position, object));
  if (format >= FORMAT_SHORTS) return smallInteger(fetchShort(position, object));
  if (format >= FORMAT_WORDS32) return smallInteger(fetchWord32(position, object));
  return unsignedOop(fetchWord64(position, object));
}

/** Named instance variables of an object of that format: all slots of a fixed one, none of an array or of raw bits. */
export function fixedFieldsOf(object: Oop, format: u32): u32 {
  if (format >= FORMAT_WORDS64 || format == FORMAT_ARRAY) return 0;
  if (format < FORMAT_ARRAY) return elementCountOf(object);
  return instanceSizeOf(classOf(object));
}

// What the functions below find: the object, its format and the zero-based place in it.
let object: Oop = 0;
let format: u32 = 0;
let position: u32 = 0;

/** Finds the element that the operands name: the index with `above` operands above it, the object below it. */
function locateElement(above: u32): bool {
  object = fromTop(above + 1);
  const index = fromTop(above);
  if (!isObject(object)) return refuse(ERROR_INAPPROPRIATE);
  if (!isSmallInteger(index) || isForwardedMirrorArgument(above)) return refuse(ERROR_BAD_ARGUMENT);
  if (above != 0 && isReadOnly(<Address>object)) return refuse(ERROR_NO_MODIFICATION);
  if (isClassIndex(object, CLASS_INDEX_CONTEXT)) return refuse(ERROR_BAD_RECEIVER);
  format = formatOf(<Address>object);
  const fixed = <i64>fixedFieldsOf(object, format);
  const size = format == FORMAT_FORWARDED ? 0 : <i64>elementCountOf(object) - fixed;
  const first: i64 = format >= FORMAT_COMPILED_METHOD ? (<i64>literalCountOf(object) + 1) * 8 + 1 : 1;
  const value = smallIntegerValue(index);
  if (value < first || value > size) return refuse(format <= FORMAT_FIXED ? ERROR_BAD_RECEIVER : ERROR_BAD_INDEX);
  position = <u32>(value - 1 + fixed);
  return true;
}

function locateNamed(above: u32): bool {
  object = fromTop(above + 1);
  const index = fromTop(above);
  if (!isSmallInteger(index) || isForwardedMirrorArgument(above)) return refuse(ERROR_BAD_ARGUMENT);
  if (!isObject(object)) return refuse(above == 0 ? ERROR_INAPPROPRIATE : ERROR_BAD_RECEIVER);
  if (above != 0 && isReadOnly(<Address>object)) return refuse(ERROR_NO_MODIFICATION);
  if (isClassIndex(object, CLASS_INDEX_CONTEXT)) return refuse(ERROR_INAPPROPRIATE);
  format = formatOf(<Address>object);
  const value = smallIntegerValue(index);
  if (value < 1 || value > <i64>fixedFieldsOf(object, format) || value > <i64>elementCountOf(object))
    return refuse(ERROR_BAD_INDEX);
  position = <u32>(value - 1);
  return true;
}

function locateSlot(above: u32): bool {
  object = fromTop(above + 1);
  const index = fromTop(above);
  if (!isSmallInteger(index)) return refuse(ERROR_BAD_ARGUMENT);
  if (!isObject(object)) return refuse(ERROR_BAD_RECEIVER);
  if (above != 0 && isReadOnly(<Address>object)) return refuse(ERROR_NO_MODIFICATION);
  if (isClassIndex(object, CLASS_INDEX_CONTEXT)) return refuse(ERROR_INAPPROPRIATE);
  format = formatOf(<Address>object);
  if (format >= FORMAT_COMPILED_METHOD) return refuse(ERROR_UNSUPPORTED);
  if (!isPointersFormat(format) && format < FORMAT_WORDS64) return refuse(ERROR_BAD_RECEIVER);
  const value = smallIntegerValue(index);
  if (value < 1 || value > <i64>elementCountOf(object)) return refuse(ERROR_BAD_INDEX);
  position = <u32>(value - 1);
  return true;
}

/** Stores at the place found; fails where the value does not fit the format. */
function storeElement(value: Oop): void {
  if (isPointersFormat(format)) return storePointer(position, object, value);
  if (format >= FORMAT_BYTES) {
    if (isSmallIntegerUpTo(value, 0xff)) storeByte(position, object, <u8>smallIntegerValue(value));
  } else if (format >= FORMAT_SHORTS) {
    if (isSmallIntegerUpTo(value, 0xffff)) storeShort(position, object, <u16>smallIntegerValue(value));
  } else if (format >= FORMAT_WORDS32) {
    const word = positive32Of(value);
    if (!failed()) storeWord32(position, object, word);
  } else {
    const word = positive64Of(value);
    if (!failed()) storeWord64(position, object, word);
  }
}

function isSmallIntegerUpTo(value: Oop, limit: u64): bool {
  if (isSmallInteger(value) && <u64>smallIntegerValue(value) <= limit) return true;
  return refuse(ERROR_BAD_ARGUMENT);
}

function isForwardedMirrorArgument(above: u32): bool {
  return argumentCount > above + 1 && isForwardedOop(object);
}

function refuse(code: u32): bool {
  fail(code);
  return false;
}
