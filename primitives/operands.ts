// Operands as the reference counts and converts them: arguments from the last one back, so that mirror primitives
// (`object: x basicAt: i`) share code with the ordinary ones, and integers up to 64 bits. Failures carry ERROR_GENERIC,
// as in InterpreterPrimitives, where plugin.ts would say ERROR_BAD_ARGUMENT.

import {
  argument,
  argumentCount,
  byteSize,
  CLASS_INDEX_FLOAT,
  CLASS_INDEX_LARGE_NEGATIVE,
  CLASS_INDEX_LARGE_POSITIVE,
  ERROR_BAD_ARGUMENT_COUNT,
  fail,
  fetchWord64,
  isClassIndex,
  isObject,
  isSmallInteger,
  newBytes,
  nil,
  Oop,
  receiver,
  smallInteger,
  smallIntegerValue,
  storeWord64,
} from "../vm/plugin";

/** Whether the operand that `magnitudeOf` read last was negative. */
export let operandIsNegative: bool = false;

/** Whether the call has so many arguments; fails otherwise. */
// @ts-ignore: decorator
@inline
export function takes(count: u32): bool {
  if (argumentCount == count) return true;
  fail(ERROR_BAD_ARGUMENT_COUNT);
  return false;
}

/** Whether the call has at least so many arguments; fails otherwise. A mirror primitive has one more than usual. */
export function takesAtLeast(count: u32): bool {
  if (argumentCount >= count) return true;
  fail(ERROR_BAD_ARGUMENT_COUNT);
  return false;
}

/** An operand counted from the last: 0 is the last argument, `argumentCount` the receiver. */
// @ts-ignore: decorator
@inline
export function fromTop(offset: u32): Oop {
  if (offset < argumentCount) return argument(argumentCount - 1 - offset);
  if (offset == argumentCount) return receiver();
  fail(ERROR_BAD_ARGUMENT_COUNT);
  return nil;
}

/** A SmallInteger operand. */
export function integerFromTop(offset: u32): i64 {
  const oop = fromTop(offset);
  if (isSmallInteger(oop)) return smallIntegerValue(oop);
  fail();
  return 0;
}

/** InterpreterPrimitives>>magnitude64BitValueOf: and isNegativeIntegerValueOf:; the sign is in `operandIsNegative`. */
export function magnitudeOf(oop: Oop): u64 {
  if (isSmallInteger(oop)) {
    const value = smallIntegerValue(oop);
    operandIsNegative = value < 0;
    return value < 0 ? <u64>-value : <u64>value;
  }
  operandIsNegative = isClassIndex(oop, CLASS_INDEX_LARGE_NEGATIVE);
  if (operandIsNegative || isClassIndex(oop, CLASS_INDEX_LARGE_POSITIVE)) {
    const bytes = byteSize(oop);
    if (bytes == 0) return 0;
    if (bytes <= 8) return fetchWord64(0, oop) & (u64.MAX_VALUE >> ((8 - bytes) << 3));
  }
  fail();
  return 0;
}

/** An integer that fits in 64 bits with sign (InterpreterPrimitives>>signed64BitValueOf:). */
export function signed64Of(oop: Oop): i64 {
  if (isSmallInteger(oop)) return smallIntegerValue(oop);
  const magnitude = magnitudeOf(oop);
  const limit: u64 = operandIsNegative ? 1 << 63 : (1 << 63) - 1;
  if (magnitude > limit) fail();
  return operandIsNegative ? -(<i64>magnitude) : <i64>magnitude;
}

/** A non-negative integer below 2^64 (InterpreterPrimitives>>positive64BitValueOf:). */
export function positive64Of(oop: Oop): u64 {
  const magnitude = magnitudeOf(oop);
  if (!operandIsNegative) return magnitude;
  fail();
  return 0;
}

/** A non-negative SmallInteger below 2^32 (InterpreterPrimitives>>positive32BitValueOf: with 64-bit immediates). */
export function positive32Of(oop: Oop): u32 {
  if (isSmallInteger(oop) && <u64>smallIntegerValue(oop) <= u32.MAX_VALUE) return <u32>smallIntegerValue(oop);
  fail();
  return 0;
}

/** InterpreterPrimitives>>magnitude64BitIntegerFor:neg:, 0 without memory. */
export function integerOopOf(magnitude: u64, negative: bool): Oop {
  if (negative) {
    if (magnitude <= 1 << 60) return smallInteger(-(<i64>magnitude));
    return newLargeInteger(magnitude, CLASS_INDEX_LARGE_NEGATIVE);
  }
  if (magnitude < 1 << 60) return smallInteger(<i64>magnitude);
  return newLargeInteger(magnitude, CLASS_INDEX_LARGE_POSITIVE);
}

/** Whether an oop is a SmallInteger or a Float (Spur64BitMemoryManager>>isFloatOrInt:). */
export function isFloatOrSmallInteger(oop: Oop): bool {
  return isObject(oop) ? isClassIndex(oop, CLASS_INDEX_FLOAT) : ((<u32>oop) & 7) != 2;
}

function newLargeInteger(magnitude: u64, classIndex: u32): Oop {
  const large = newBytes(8, classIndex);
  if (large != 0) storeWord64(0, large, magnitude);
  return large;
}
