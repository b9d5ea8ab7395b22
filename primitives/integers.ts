// Primitives 1 to 37: arithmetic on SmallIntegers, and on integers whose magnitude fits in 64 bits. A result that does
// not fit fails, and the image goes on with LargeIntegers. Source: VMMaker, InterpreterPrimitives.

import {
  answer,
  answerBoolean,
  answerInteger,
  answerNew,
  answerUnsigned,
  areSmallIntegers,
  argument,
  ERROR_BAD_ARGUMENT,
  ERROR_NO_MEMORY,
  fail,
  failed,
  fitsSmallInteger,
  instantiate,
  isSmallInteger,
  POINT_X,
  POINT_Y,
  receiver,
  smallInteger,
  smallIntegerValue,
  SPECIAL_CLASS_POINT,
  specialObject,
  storePointer,
  succeeded,
} from "../vm/plugin";
import {
  integerFromTop,
  integerOopOf,
  isFloatOrSmallInteger,
  magnitudeOf,
  operandIsNegative,
  positive64Of,
  signed64Of,
  takes,
} from "./operands";

/** Bits of a SmallInteger with its sign: no shift primitive goes further. */
const SMALL_INTEGER_BITS: i64 = 61;

/** 1: receiver + argument, both SmallIntegers; fails where the sum is not. */
export function primitiveAdd(): void {
  if (areSmallOperands()) answerIfSmall(left() + right());
}

/** 2: receiver - argument. */
export function primitiveSubtract(): void {
  if (areSmallOperands()) answerIfSmall(left() - right());
}

/** 3: receiver < argument. */
export function primitiveLessThan(): void {
  if (areSmallOperands()) answerBoolean(left() < right());
}

/** 4: receiver > argument. */
export function primitiveGreaterThan(): void {
  if (areSmallOperands()) answerBoolean(left() > right());
}

/** 5: receiver <= argument. */
export function primitiveLessOrEqual(): void {
  if (areSmallOperands()) answerBoolean(left() <= right());
}

/** 6: receiver >= argument. */
export function primitiveGreaterOrEqual(): void {
  if (areSmallOperands()) answerBoolean(left() >= right());
}

/** 7: receiver = argument; an argument of up to 64 bits is compared by value. */
export function primitiveEqual(): void {
  primitiveEqualLargeIntegers();
}

/** 8: receiver ~= argument. */
export function primitiveNotEqual(): void {
  primitiveNotEqualLargeIntegers();
}

/** 9: receiver * argument. */
export function primitiveMultiply(): void {
  if (!areSmallOperands()) return;
  const a = left();
  const b = right();
  const product = a * b;
  // Neither operand is the least i64, so the division cannot trap, and it finds every wrap-around.
  if (b != 0 && product / b != a) fail();
  else answerIfSmall(product);
}

/** 10: receiver / argument where the division is exact. */
export function primitiveDivide(): void {
  if (!areDivisible()) return;
  if (left() % right() != 0) fail();
  else answerIfSmall(left() / right());
}

/** 11: receiver \\ argument, the remainder with the argument's sign. */
export function primitiveMod(): void {
  if (!areDivisible()) return;
  const divisor = right();
  const remainder = left() % divisor;
  answerIfSmall(remainder != 0 && remainder < 0 != divisor < 0 ? remainder + divisor : remainder);
}

/** 12: receiver // argument, rounded down. */
export function primitiveDiv(): void {
  if (!areDivisible()) return;
  const divisor = right();
  const quotient = left() / divisor;
  const remainder = left() % divisor;
  answerIfSmall(remainder != 0 && remainder < 0 != divisor < 0 ? quotient - 1 : quotient);
}

/** 13: receiver quo: argument, rounded towards zero. */
export function primitiveQuo(): void {
  if (areDivisible()) answerIfSmall(left() / right());
}

/** 14: receiver bitAnd: argument; beside SmallIntegers also positive integers below 2^64. */
export function primitiveBitAnd(): void {
  if (!takes(1)) return;
  if (areSmallIntegers(receiver(), argument(0))) answer(receiver() & argument(0));
  else primitiveBitAndLargeIntegers();
}

/** 15: receiver bitOr: argument. */
export function primitiveBitOr(): void {
  if (!takes(1)) return;
  if (areSmallIntegers(receiver(), argument(0))) answer(receiver() | argument(0));
  else primitiveBitOrLargeIntegers();
}

/** 16: receiver bitXor: argument. */
export function primitiveBitXor(): void {
  if (!takes(1)) return;
  if (areSmallIntegers(receiver(), argument(0))) answer(smallInteger(left() ^ right()));
  else primitiveBitXorLargeIntegers();
}

/** 17: receiver bitShift: argument; a shift to the left fails where it would lose bits. */
export function primitiveBitShift(): void {
  if (!takes(1) || !isSmallInteger(argument(0))) return fail();
  const value = signed64Of(receiver());
  const shift = right();
  if (failed()) return;
  if (shift > SMALL_INTEGER_BITS || shift < -SMALL_INTEGER_BITS) return fail();
  if (shift < 0) return answerInteger(value >> -shift);
  const shifted = value << shift;
  if (shifted >> shift != value) fail();
  else answerInteger(shifted);
}

/** 18: a Point of receiver and argument. Fails with "bad argument" unless the argument is a SmallInteger or a Float. */
export function primitiveMakePoint(): void {
  if (!takes(1)) return;
  if (!isFloatOrSmallInteger(argument(0))) return fail(ERROR_BAD_ARGUMENT);
  const point = instantiate(specialObject(SPECIAL_CLASS_POINT), 0);
  if (point == 0) return fail(ERROR_NO_MEMORY);
  storePointer(POINT_X, point, receiver());
  storePointer(POINT_Y, point, argument(0));
  answer(point);
}

// Integers of up to 64 bits of magnitude, either sign. Each fails where an operand or the result is larger.

/** 20: the remainder of truncated division. */
export function primitiveRemLargeIntegers(): void {
  if (!loadDivision()) return;
  answerNew(integerOopOf(a % b, aIsNegative));
}

/** 21 */
export function primitiveAddLargeIntegers(): void {
  if (loadMagnitudes()) addMagnitudes(bIsNegative);
}

/** 22 */
export function primitiveSubtractLargeIntegers(): void {
  if (loadMagnitudes()) addMagnitudes(!bIsNegative);
}

/** 23 */
export function primitiveLessThanLargeIntegers(): void {
  if (loadSigned()) answerBoolean(signedReceiver < signedArgument);
}

/** 24 */
export function primitiveGreaterThanLargeIntegers(): void {
  if (loadSigned()) answerBoolean(signedReceiver > signedArgument);
}

/** 25 */
export function primitiveLessOrEqualLargeIntegers(): void {
  if (loadSigned()) answerBoolean(signedReceiver <= signedArgument);
}

/** 26 */
export function primitiveGreaterOrEqualLargeIntegers(): void {
  if (loadSigned()) answerBoolean(signedReceiver >= signedArgument);
}

/** 27 */
export function primitiveEqualLargeIntegers(): void {
  if (loadSigned()) answerBoolean(signedReceiver == signedArgument);
}

/** 28 */
export function primitiveNotEqualLargeIntegers(): void {
  if (loadSigned()) answerBoolean(signedReceiver != signedArgument);
}

/** 29 */
export function primitiveMultiplyLargeIntegers(): void {
  if (!loadMagnitudes()) return;
  if (b > 1 && a > u64.MAX_VALUE / b) fail();
  else answerNew(integerOopOf(a * b, aIsNegative != bIsNegative));
}

/** 30: exact division. */
export function primitiveDivideLargeIntegers(): void {
  if (!loadDivision()) return;
  if (a % b != 0) fail();
  else answerNew(integerOopOf(a / b, aIsNegative != bIsNegative));
}

/** 31: the remainder with the argument's sign. */
export function primitiveModLargeIntegers(): void {
  if (!loadDivision()) return;
  const remainder = a % b;
  const opposite = remainder != 0 && aIsNegative != bIsNegative;
  answerNew(integerOopOf(opposite ? b - remainder : remainder, bIsNegative));
}

/** 32: the quotient rounded down. */
export function primitiveDivLargeIntegers(): void {
  if (!loadDivision()) return;
  const negative = aIsNegative != bIsNegative;
  const quotient = a / b;
  // Where a remainder is left, b is above 1 and the quotient has room for one more.
  answerNew(integerOopOf(negative && a % b != 0 ? quotient + 1 : quotient, negative));
}

/** 33: the quotient rounded towards zero. */
export function primitiveQuoLargeIntegers(): void {
  if (loadDivision()) answerNew(integerOopOf(a / b, aIsNegative != bIsNegative));
}

/** 34: bitAnd: of two non-negative integers. */
export function primitiveBitAndLargeIntegers(): void {
  if (loadPositive()) answerUnsigned(a & b);
}

/** 35: bitOr: of two non-negative integers. */
export function primitiveBitOrLargeIntegers(): void {
  if (loadPositive()) answerUnsigned(a | b);
}

/** 36: bitXor: of two non-negative integers. */
export function primitiveBitXorLargeIntegers(): void {
  if (loadPositive()) answerUnsigned(a ^ b);
}

/** 37: bitShift:; to the right it rounds down, also below zero. */
export function primitiveBitShiftLargeIntegers(): void {
  if (!takes(1)) return;
  const shift = integerFromTop(0);
  const magnitude = magnitudeOf(receiver());
  const negative = operandIsNegative;
  if (failed()) return;
  if (shift >= 0) {
    if (shift >= 64 || magnitude > u64.MAX_VALUE >> shift) fail();
    else answerNew(integerOopOf(magnitude << shift, negative));
    return;
  }
  const shifted: u64 = shift <= -64 ? 0 : magnitude >> (<u64>-shift);
  const lost = shift <= -64 ? magnitude != 0 : shifted << (<u64>-shift) != magnitude;
  answerNew(integerOopOf(negative && lost ? shifted + 1 : shifted, negative));
}

// Operands of the primitives above.

let a: u64 = 0;
let b: u64 = 0;
let aIsNegative: bool = false;
let bIsNegative: bool = false;
let signedReceiver: i64 = 0;
let signedArgument: i64 = 0;

function areSmallOperands(): bool {
  if (takes(1) && areSmallIntegers(receiver(), argument(0))) return true;
  fail();
  return false;
}

/** SmallIntegers of which the second is not zero. */
function areDivisible(): bool {
  if (!areSmallOperands()) return false;
  if (right() == 0) fail();
  return succeeded();
}

// @ts-ignore: decorator
@inline
function left(): i64 {
  return smallIntegerValue(receiver());
}

// @ts-ignore: decorator
@inline
function right(): i64 {
  return smallIntegerValue(argument(0));
}

function answerIfSmall(value: i64): void {
  if (fitsSmallInteger(value)) answer(smallInteger(value));
  else fail();
}

function loadMagnitudes(): bool {
  if (!takes(1)) return false;
  a = magnitudeOf(receiver());
  aIsNegative = operandIsNegative;
  b = magnitudeOf(argument(0));
  bIsNegative = operandIsNegative;
  return succeeded();
}

function loadDivision(): bool {
  if (!loadMagnitudes()) return false;
  if (b == 0) fail();
  return succeeded();
}

function loadPositive(): bool {
  if (!takes(1)) return false;
  a = positive64Of(receiver());
  b = positive64Of(argument(0));
  return succeeded();
}

function loadSigned(): bool {
  if (!takes(1)) return false;
  signedReceiver = signed64Of(receiver());
  signedArgument = signed64Of(argument(0));
  return succeeded();
}

/** Answers a plus b, where b counts as negative if `negative` says so. */
function addMagnitudes(negative: bool): void {
  if (aIsNegative == negative) {
    if (a > u64.MAX_VALUE - b) fail();
    else answerNew(integerOopOf(a + b, negative));
    return;
  }
  if (a >= b) answerNew(integerOopOf(a - b, aIsNegative));
  else answerNew(integerOopOf(b - a, negative));
}
