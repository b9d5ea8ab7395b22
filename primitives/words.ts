// Primitives 143 to 145, 165 and 166: objects of raw bits as signed integers, and filling them.
// Source: VMMaker, InterpreterPrimitives.

import {
  Address,
  answer,
  answerInteger,
  byteSize,
  CLASS_INDEX_CONTEXT,
  elementCountOf,
  elementShiftOfFormat,
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
  FORMAT_COMPILED_METHOD,
  FORMAT_WEAK_ARRAY,
  FORMAT_WORDS64,
  formatOf,
  isBitsFormat,
  isClassIndex,
  isObject,
  isReadOnly,
  isSmallInteger,
  Oop,
  slotCountOf,
  smallIntegerValue,
  storeByte,
  storePointer,
  storeShort,
  storeWord32,
  storeWord64,
  unusedElementsOfFormat,
} from "../vm/plugin";
import { fromTop, positive64Of, signed64Of, takes, takesAtLeast } from "./operands";
import { fixedFieldsOf } from "./subscripts";

/** 143: the receiver's bits as signed 16-bit integers. */
export function primitiveShortAt(): void {
  if (!takes(1)) return;
  if (!isSmallInteger(fromTop(0))) return fail(ERROR_BAD_ARGUMENT);
  const object = fromTop(1);
  if (!isBits(object)) return fail(ERROR_INAPPROPRIATE);
  const index = smallIntegerValue(fromTop(0));
  if (index < 1 || index > <i64>(byteSize(object) >> 1)) return fail(ERROR_BAD_INDEX);
  answerInteger(<i64>(<i16>fetchShort(<u32>(index - 1), object)));
}

/** 144 */
export function primitiveShortAtPut(): void {
  if (!takes(2)) return;
  if (!isSmallInteger(fromTop(0)) || !isSmallInteger(fromTop(1))) return fail(ERROR_BAD_ARGUMENT);
  const value = smallIntegerValue(fromTop(0));
  if (value < i16.MIN_VALUE || value > i16.MAX_VALUE) return fail(ERROR_BAD_ARGUMENT);
  const object = fromTop(2);
  if (!isBits(object)) return fail(ERROR_INAPPROPRIATE);
  if (isReadOnly(<Address>object)) return fail(ERROR_NO_MODIFICATION);
  const index = smallIntegerValue(fromTop(1));
  if (index < 1 || index > <i64>(byteSize(object) >> 1)) return fail(ERROR_BAD_INDEX);
  storeShort(<u32>(index - 1), object, <u16>value);
  answer(fromTop(0));
}

/** 145: stores a non-negative integer in every element. Fails where it does not fit an element. */
export function primitiveConstantFill(): void {
  if (!takes(1)) return;
  let pattern = positive64Of(fromTop(0));
  if (failed()) return;
  const object = fromTop(1);
  if (!isBits(object)) return fail();
  if (isReadOnly(<Address>object)) return fail(ERROR_NO_MODIFICATION);
  const format = formatOf(<Address>object);
  const elementBits: u64 = 8 << elementShiftOfFormat(format);
  if (elementBits < 64 && pattern >> elementBits != 0) return fail();
  for (let width = elementBits; width < 64; width <<= 1) pattern |= pattern << width;

  const slots = slotCountOf(<Address>object);
  if (slots == 0) return;
  for (let i: u32 = 0; i < slots; i++) storeWord64(i, object, pattern);
  // Bytes past the end stay zero: large integers and hashes read whole words.
  const unusedBits = <u64>unusedElementsOfFormat(format) * elementBits;
  if (unusedBits != 0) storeWord64(slots - 1, object, pattern >> unusedBits);
}

/** 165: an element of raw bits as a signed integer; of an indexable object with oops, as at:. */
export function primitiveIntegerAt(): void {
  if (!takesAtLeast(1)) return;
  const object = fromTop(1);
  const format = locate(object, fromTop(0));
  if (failed()) return;
  if (format < FORMAT_WORDS64) return answer(fetchPointer(position, object));
  const shift = elementShiftOfFormat(format);
  if (shift == 0) answerInteger(<i64>(<i8>fetchByte(position, object)));
  else if (shift == 1) answerInteger(<i64>(<i16>fetchShort(position, object)));
  else if (shift == 2) answerInteger(<i64>(<i32>fetchWord32(position, object)));
  else answerInteger(<i64>fetchWord64(position, object));
}

/** 166: stores a signed integer that fits the element. */
export function primitiveIntegerAtPut(): void {
  if (!takesAtLeast(2)) return;
  const oop = fromTop(0);
  const object = fromTop(2);
  const value = signed64Of(oop);
  if (failed() || !isSmallInteger(fromTop(1))) return failInstead(ERROR_BAD_ARGUMENT);
  if (!isObject(object)) return fail(ERROR_BAD_RECEIVER);
  if (isReadOnly(<Address>object)) return fail(ERROR_NO_MODIFICATION);
  const shift = elementShiftOfFormat(formatOf(<Address>object));
  const isRaw = isBits(object);
  if (isRaw && shift < 3 && !fitsBits(value, 8 << shift)) return fail(ERROR_BAD_ARGUMENT);
  locate(object, fromTop(1));
  if (failed()) return;
  if (!isRaw) storePointer(position, object, oop);
  else if (shift == 0) storeByte(position, object, <u8>value);
  else if (shift == 1) storeShort(position, object, <u16>value);
  else if (shift == 2) storeWord32(position, object, <u32>value);
  else storeWord64(position, object, value);
  answer(oop);
}

let position: u32 = 0;

/** Finds a one-based index in an object; answers its format. */
function locate(object: Oop, index: Oop): u32 {
  if (!isSmallInteger(index)) return refuse(ERROR_BAD_ARGUMENT);
  if (!isObject(object)) return refuse(ERROR_BAD_RECEIVER);
  const format = formatOf(<Address>object);
  if (format >= FORMAT_COMPILED_METHOD) return refuse(ERROR_UNSUPPORTED);
  if (format < FORMAT_ARRAY || (format > FORMAT_WEAK_ARRAY && format < FORMAT_WORDS64))
    return refuse(ERROR_BAD_RECEIVER);
  if (isClassIndex(object, CLASS_INDEX_CONTEXT)) return refuse(ERROR_INAPPROPRIATE);
  const fixed = <i64>fixedFieldsOf(object, format);
  const value = smallIntegerValue(index);
  if (value < 1 || value > <i64>elementCountOf(object) - fixed) return refuse(ERROR_BAD_INDEX);
  position = <u32>(value - 1 + fixed);
  return format;
}

function isBits(oop: Oop): bool {
  return isObject(oop) && isBitsFormat(formatOf(<Address>oop));
}

function fitsBits(value: i64, bits: u32): bool {
  const above = value >> (<i64>(bits - 1));
  return above == 0 || above == -1;
}

function refuse(code: u32): u32 {
  fail(code);
  return 0;
}
