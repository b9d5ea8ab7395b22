// Primitives 38 to 59 and 541 to 559: Floats, boxed and immediate. The two families differ in nothing but the code they
// fail with. A SmallInteger operand counts as a Float only where it has at most 52 bits, so that no comparison rounds.
// Source: VMMaker, InterpreterPrimitives; Spur64BitMemoryManager>>loadFloatOrIntFrom:.

import {
  answer,
  answerBoolean,
  answerFloat,
  answerInteger,
  argument,
  CLASS_INDEX_FLOAT,
  elementCountOf,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_INDEX,
  ERROR_BAD_RECEIVER,
  ERROR_GENERIC,
  ERROR_NO_MODIFICATION,
  fail,
  failed,
  failInstead,
  fetchWord32,
  fetchWord64,
  FORMAT_WORDS64,
  formatOf,
  isClassIndex,
  isFloat,
  isObject,
  isReadOnly,
  isSmallFloat,
  isSmallInteger,
  Oop,
  receiver,
  smallFloatValue,
  smallInteger,
  smallIntegerValue,
  storeWord32,
  storeWord64,
  Address,
} from "../vm/plugin";
import { positive32Of, takes } from "./operands";

/** SmallIntegers from minus this to below it convert to a Float without a thought of rounding. */
const EXACT_LIMIT: i64 = 1 << 51;
/** 2^60: no double from here on truncates to a SmallInteger. */
const SMALL_INTEGER_LIMIT: f64 = 1152921504606846976.0;
/** Twice the range of a double's exponent: any power beyond gives zero or infinity. */
const TWICE_MAX_EXPONENT: i64 = 4096;

/** 38: the 32-bit word at 1 (more significant) or 2 of a Float. */
export function primitiveFloatAt(): void {
  if (!takes(1)) return;
  const value = receiver();
  if (!isFloat(value)) return fail(ERROR_BAD_RECEIVER);
  const word = wordIndex(argument(0));
  if (failed()) return;
  const bits = reinterpret<u64>(floatOf(value));
  answerInteger(<i64>(word == 1 ? bits >> 32 : bits & 0xffffffff));
}

/** 39: stores such a word into a boxed Float. */
export function primitiveFloatAtPut(): void {
  if (!takes(2)) return;
  const bits = positive32Of(argument(1));
  if (failed()) return failInstead(ERROR_BAD_ARGUMENT);
  const object = receiver();
  if (!isClassIndex(object, CLASS_INDEX_FLOAT)) return fail(ERROR_BAD_RECEIVER);
  if (isReadOnly(<Address>object)) return fail(ERROR_NO_MODIFICATION);
  const word = wordIndex(argument(0));
  if (failed()) return;
  storeWord32(word, object, bits);
  answer(argument(1));
}

/** 40: a SmallInteger as a Float, rounded to even where it has more than 53 bits. */
export function primitiveAsFloat(): void {
  if (isSmallInteger(receiver())) answerFloat(<f64>smallIntegerValue(receiver()));
  else fail(ERROR_BAD_RECEIVER);
}

/** 41 */
export function primitiveFloatAdd(): void {
  if (loadOperands(ERROR_GENERIC)) answerFloat(left + right);
}

/** 42 */
export function primitiveFloatSubtract(): void {
  if (loadOperands(ERROR_GENERIC)) answerFloat(left - right);
}

/** 43 */
export function primitiveFloatLessThan(): void {
  if (loadOperands(ERROR_GENERIC)) answerBoolean(left < right);
}

/** 44 */
export function primitiveFloatGreaterThan(): void {
  if (loadOperands(ERROR_GENERIC)) answerBoolean(left > right);
}

/** 45 */
export function primitiveFloatLessOrEqual(): void {
  if (loadOperands(ERROR_GENERIC)) answerBoolean(left <= right);
}

/** 46 */
export function primitiveFloatGreaterOrEqual(): void {
  if (loadOperands(ERROR_GENERIC)) answerBoolean(left >= right);
}

/** 47 */
export function primitiveFloatEqual(): void {
  if (loadOperands(ERROR_GENERIC)) answerBoolean(left == right);
}

/** 48: the opposite of `=`, so true of a NaN. */
export function primitiveFloatNotEqual(): void {
  if (loadOperands(ERROR_GENERIC)) answerBoolean(left != right);
}

/** 49 */
export function primitiveFloatMultiply(): void {
  if (loadOperands(ERROR_GENERIC)) answerFloat(left * right);
}

/** 50: fails for a divisor of zero. */
export function primitiveFloatDivide(): void {
  divide(ERROR_GENERIC);
}

/** 51: a SmallInteger; fails where the truncated value is none. */
export function primitiveTruncated(): void {
  if (!loadReceiver()) return;
  const whole = trunc(left);
  if (whole >= -SMALL_INTEGER_LIMIT && whole < SMALL_INTEGER_LIMIT) answer(smallInteger(<i64>whole));
  else fail();
}

/** 52: C's modf: the sign is the receiver's, an infinity has zero. */
export function primitiveFractionalPart(): void {
  if (!loadReceiver()) return;
  const isInfinite = left - left != 0 && left == left;
  answerFloat(copysign<f64>(isInfinite ? 0 : left - trunc(left), left));
}

/** 53: the power of two of the highest bit; -1 of zero, infinities and NaN (C's frexp leaves 0). */
export function primitiveExponent(): void {
  if (!loadReceiver()) return;
  const bits = reinterpret<u64>(left);
  const field = <i64>((bits >> 52) & 0x7ff);
  const fraction = bits & ((1 << 52) - 1);
  if (field == 0x7ff || (field == 0 && fraction == 0)) return answerInteger(-1);
  answerInteger(field == 0 ? -1011 - <i64>clz(fraction) : field - 1023);
}

/** 54: C's ldexp, rounded once where the result is denormal. */
export function primitiveTimesTwoPower(): void {
  if (!takes(1) || !isSmallInteger(argument(0))) return fail(ERROR_BAD_ARGUMENT);
  if (!loadReceiver()) return;
  const power = max(-TWICE_MAX_EXPONENT, min(TWICE_MAX_EXPONENT, smallIntegerValue(argument(0))));
  answerFloat(NativeMath.scalbn(left, <i32>power));
}

/** 55: fails below zero and for NaN. */
export function primitiveSquareRoot(): void {
  if (!loadReceiver()) return;
  if (left >= 0) answerFloat(sqrt(left));
  else fail();
}

/** 56 */
export function primitiveSine(): void {
  if (loadReceiver()) answerFloat(NativeMath.sin(left));
}

/** 57 */
export function primitiveArctan(): void {
  if (loadReceiver()) answerFloat(NativeMath.atan(left));
}

/** 58: the natural logarithm. */
export function primitiveLogN(): void {
  if (loadReceiver()) answerFloat(NativeMath.log(left));
}

/** 59 */
export function primitiveExp(): void {
  if (loadReceiver()) answerFloat(NativeMath.exp(left));
}

// The same for immediate Floats.

/** 541 */
export function primitiveSmallFloatAdd(): void {
  if (loadOperands(ERROR_BAD_ARGUMENT)) answerFloat(left + right);
}

/** 542 */
export function primitiveSmallFloatSubtract(): void {
  if (loadOperands(ERROR_BAD_ARGUMENT)) answerFloat(left - right);
}

/** 543: the one of its family that fails with the generic code. */
export function primitiveSmallFloatLessThan(): void {
  if (loadOperands(ERROR_GENERIC)) answerBoolean(left < right);
}

/** 544 */
export function primitiveSmallFloatGreaterThan(): void {
  if (loadOperands(ERROR_BAD_ARGUMENT)) answerBoolean(left > right);
}

/** 545 */
export function primitiveSmallFloatLessOrEqual(): void {
  if (loadOperands(ERROR_BAD_ARGUMENT)) answerBoolean(left <= right);
}

/** 546 */
export function primitiveSmallFloatGreaterOrEqual(): void {
  if (loadOperands(ERROR_BAD_ARGUMENT)) answerBoolean(left >= right);
}

/** 547 */
export function primitiveSmallFloatEqual(): void {
  if (loadOperands(ERROR_BAD_ARGUMENT)) answerBoolean(left == right);
}

/** 548 */
export function primitiveSmallFloatNotEqual(): void {
  if (loadOperands(ERROR_BAD_ARGUMENT)) answerBoolean(left != right);
}

/** 549 */
export function primitiveSmallFloatMultiply(): void {
  if (loadOperands(ERROR_BAD_ARGUMENT)) answerFloat(left * right);
}

/** 550 */
export function primitiveSmallFloatDivide(): void {
  divide(ERROR_BAD_ARGUMENT);
}

/** 551 */
export function primitiveSmallFloatTruncated(): void {
  primitiveTruncated();
}

/** 552 */
export function primitiveSmallFloatFractionalPart(): void {
  primitiveFractionalPart();
}

/** 553 */
export function primitiveSmallFloatExponent(): void {
  primitiveExponent();
}

/** 554 */
export function primitiveSmallFloatTimesTwoPower(): void {
  primitiveTimesTwoPower();
}

/** 555 */
export function primitiveSmallFloatSquareRoot(): void {
  primitiveSquareRoot();
}

/** 556 */
export function primitiveSmallFloatSine(): void {
  primitiveSine();
}

/** 557 */
export function primitiveSmallFloatArctan(): void {
  primitiveArctan();
}

/** 558 */
export function primitiveSmallFloatLogN(): void {
  primitiveLogN();
}

/** 559 */
export function primitiveSmallFloatExp(): void {
  primitiveExp();
}

/** 574: the sum of two arrays of 64-bit words, taken as doubles, into a third, which is answered. */
export function primitiveFloat64ArrayAdd(): void {
  if (!takes(3)) return;
  const first = argument(0);
  const second = argument(1);
  const sum = argument(2);
  if (!isWords64(first) || !isWords64(second) || !isWords64(sum)) return fail(ERROR_BAD_ARGUMENT);
  if (isReadOnly(<Address>sum)) return fail(ERROR_NO_MODIFICATION);
  const size = elementCountOf(sum);
  if (elementCountOf(first) < size || elementCountOf(second) < size) return fail(ERROR_BAD_ARGUMENT);
  for (let i: u32 = 0; i < size; i++) {
    const value = reinterpret<f64>(fetchWord64(i, first)) + reinterpret<f64>(fetchWord64(i, second));
    storeWord64(i, sum, reinterpret<u64>(value));
  }
  answer(sum);
}

let left: f64 = 0;
let right: f64 = 0;

function isWords64(oop: Oop): bool {
  return isObject(oop) && formatOf(<Address>oop) == FORMAT_WORDS64;
}

/** Reads receiver and argument; fails with the given code unless both are Floats or short SmallIntegers. */
function loadOperands(code: u32): bool {
  if (!takes(1)) return false;
  if (!isFloatOrExact(receiver()) || !isFloatOrExact(argument(0))) {
    fail(code);
    return false;
  }
  left = floatOrExact(receiver());
  right = floatOrExact(argument(0));
  return true;
}

function loadReceiver(): bool {
  if (!isFloat(receiver())) {
    fail();
    return false;
  }
  left = floatOf(receiver());
  return true;
}

function divide(code: u32): void {
  if (!loadOperands(code)) return;
  if (right == 0) fail(code);
  else answerFloat(left / right);
}

function isFloatOrExact(oop: Oop): bool {
  if (!isSmallInteger(oop)) return isFloat(oop);
  const value = smallIntegerValue(oop);
  return value >= -EXACT_LIMIT && value < EXACT_LIMIT;
}

function floatOrExact(oop: Oop): f64 {
  return isSmallInteger(oop) ? <f64>smallIntegerValue(oop) : floatOf(oop);
}

function floatOf(oop: Oop): f64 {
  return isSmallFloat(oop) ? smallFloatValue(oop) : reinterpret<f64>(fetchWord64(0, oop));
}

/** Which half of the little-endian double an index names: 1 the high one, 2 the low one. */
function wordIndex(index: Oop): u32 {
  if (index == smallInteger(1)) return 1;
  if (index != smallInteger(2)) fail(isSmallInteger(index) ? ERROR_BAD_INDEX : ERROR_BAD_ARGUMENT);
  return 0;
}
