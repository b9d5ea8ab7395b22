// Primitives 75, 110, 111, 161, 169 to 171, 175, 176 and 231: what an object is. Most serve as mirror primitives too, with
// the object as an argument. Source: VMMaker, InterpreterPrimitives.

import {
  Address,
  answer,
  answerBoolean,
  answerInteger,
  argumentCount,
  character,
  characterValue,
  classIndexForInstancesOf,
  classOf,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_RECEIVER,
  ERROR_LIMIT_EXCEEDED,
  ERROR_NO_MODIFICATION,
  fail,
  fetchPointer,
  formatOf,
  HASH_MASK,
  identityHashOf,
  isBehavior,
  isBoolean,
  isCharacter,
  isForwardedOop,
  isObject,
  isReadOnly,
  isSmallInteger,
  Oop,
  rawHashOf,
  setClassAtIndex,
  setRawHash,
  smallIntegerValue,
  trueObject,
} from "../vm/plugin";
import { fromTop, takesAtLeast } from "./operands";

const CHARACTER_LIMIT: u64 = 1 << 30;

/** 75: the identity hash, given now if the object had none. Fails for immediates. */
export function primitiveIdentityHash(): void {
  const object = fromTop(0);
  if (!isObject(object) || isForwardedOop(object)) fail();
  else answerInteger(identityHashOf(object));
}

/** 110: whether two references are the same. */
export function primitiveIdentical(): void {
  if (!takesAtLeast(1)) return;
  const other = fromTop(1);
  const object = fromTop(0);
  if (isForwardedOop(other) || isForwardedOop(object)) return fail(ERROR_BAD_ARGUMENT);
  answerBoolean(object == other);
}

/** 169: whether two references differ. */
export function primitiveNotIdentical(): void {
  if (takesAtLeast(1)) answerBoolean(follow(fromTop(0)) != follow(fromTop(1)));
}

/** 111: the class. */
export function primitiveClass(): void {
  const object = fromTop(0);
  if (isForwardedOop(object)) fail();
  else answer(classOf(object));
}

/** 161: without arguments whether there is a hash; else sets it (and the class table's entry, for a class). */
export function primitiveSetOrHasIdentityHash(): void {
  const object = fromTop(argumentCount);
  if (argumentCount == 0) return answerBoolean(isObject(object) && rawHashOf(<Address>object) != 0);
  if (argumentCount > 2) return fail(ERROR_BAD_ARGUMENT);
  if (argumentCount == 2 && !isBoolean(fromTop(0))) return fail(ERROR_BAD_ARGUMENT);
  const hash = fromTop(argumentCount - 1);
  if (!isSmallInteger(hash) || <u64>smallIntegerValue(hash) > HASH_MASK || !isObject(object)) return fail();
  if (isReadOnly(<Address>object)) return fail(ERROR_NO_MODIFICATION);
  const before = identityHashOf(object);
  const isClass = argumentCount == 2 && fromTop(0) == trueObject;
  if (isClass && (!isBehavior(object) || !setClassAtIndex(<u32>smallIntegerValue(hash), object))) return fail();
  setRawHash(<Address>object, <u32>smallIntegerValue(hash));
  answerInteger(before);
}

/** 170: the Character of a code point. */
export function primitiveAsCharacter(): void {
  const code = fromTop(0);
  if (isSmallInteger(code) && <u64>smallIntegerValue(code) < CHARACTER_LIMIT) {
    answer(character(<u32>smallIntegerValue(code)));
  } else fail(argumentCount == 0 ? ERROR_BAD_RECEIVER : ERROR_BAD_ARGUMENT);
}

/** 171: an integer for an immediate: itself, its code point, or the bits of an immediate Float as rotated in the oop. */
export function primitiveImmediateAsInteger(): void {
  const oop = fromTop(0);
  if (isObject(oop)) return fail(ERROR_BAD_RECEIVER);
  if (isSmallInteger(oop)) return answer(oop);
  if (isCharacter(oop)) return answerInteger(characterValue(oop));
  // Tag and sign bit go; the sign comes back as the highest bits.
  const magnitude = <i64>(oop >> 4);
  answerInteger(oop & 8 ? magnitude - (1 << 60) : magnitude);
}

/** 175: a class's hash, which is its index in the class table. */
export function primitiveBehaviorHash(): void {
  const classObject = fromTop(0);
  if (!isBehavior(classObject)) return fail(ERROR_BAD_RECEIVER);
  const index = classIndexForInstancesOf(classObject);
  if (index == 0) fail(ERROR_LIMIT_EXCEEDED);
  else answerInteger(index);
}

/** 176: the largest identity hash. */
export function primitiveMaxIdentityHash(): void {
  answerInteger(HASH_MASK);
}

/** 231: the format field of an object. */
export function primitiveFormat(): void {
  const object = fromTop(0);
  if (isObject(object)) answerInteger(formatOf(<Address>object));
  else fail();
}

function follow(oop: Oop): Oop {
  while (isForwardedOop(oop)) oop = fetchPointer(0, oop);
  return oop;
}
