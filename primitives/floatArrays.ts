// Arithmetic on arrays of floats, of 32 bits (FloatArray, FloatArrayPlugin) or 64 (Float64Array, Float64ArrayPlugin):
// objects of words of that width. Everything is computed in double precision. `wide` is true for 64 bits.
// Source: VMMaker, FloatArrayPlugin. Elements are loaded and stored here: a call each would cost more than the sum.

import {
  Address,
  answer,
  answerBoolean,
  answerFloat,
  answerInteger,
  argument,
  bodyOf,
  elementCountOf,
  ERROR_BAD_RECEIVER,
  ERROR_NO_MODIFICATION,
  fail,
  FORMAT_WORDS32,
  FORMAT_WORDS64,
  formatOf,
  isFloat,
  isObject,
  isReadOnly,
  isSmallInteger,
  Oop,
  receiver,
  smallIntegerValue,
  floatValue,
} from "../vm/plugin";
import { takes } from "./operands";

export const ADD: u32 = 0;
export const SUBTRACT: u32 = 1;
export const MULTIPLY: u32 = 2;
export const DIVIDE: u32 = 3;

const HASH_BITS: i64 = 0x1fffffff;

/** receiver[i] op argument[i] for every element, in place. Fails for different sizes, and for a zero to divide by. */
export function combineArrays(operation: u32, wide: bool): void {
  if (!takes(1)) return;
  const array = receiver();
  const other = argument(0);
  if (!isFloats(array, wide) || !isFloats(other, wide)) return fail();
  const size = elementCountOf(array);
  if (elementCountOf(other) != size) return fail();
  if (isReadOnly(<Address>array)) return fail(ERROR_NO_MODIFICATION);
  if (operation == DIVIDE) for (let i: u32 = 0; i < size; i++) if (at(other, i, wide) == 0) return fail();
  for (let i: u32 = 0; i < size; i++) {
    put(array, i, wide, combine(operation, at(array, i, wide), at(other, i, wide)));
  }
}

/** receiver[i] op argument for every element, in place; the argument is a Float. */
export function combineScalar(operation: u32, wide: bool): void {
  if (!takes(1) || !isFloat(argument(0))) return fail();
  const array = receiver();
  if (!isFloats(array, wide)) return fail();
  if (isReadOnly(<Address>array)) return fail(ERROR_NO_MODIFICATION);
  let scalar = floatValue(argument(0));
  if (operation == DIVIDE) scalar = 1 / scalar;
  const size = elementCountOf(array);
  const step = operation == DIVIDE ? MULTIPLY : operation;
  for (let i: u32 = 0; i < size; i++) put(array, i, wide, combine(step, at(array, i, wide), scalar));
}

export function answerElement(wide: bool): void {
  if (!takes(1)) return;
  const index = indexIn(receiver(), argument(0), wide);
  if (index >= 0) answerFloat(at(receiver(), <u32>index, wide));
}

/** at:put: of a Float or a SmallInteger, which is answered as it came. */
export function storeElement(wide: bool): void {
  if (!takes(2)) return;
  const value = argument(1);
  if (!isFloat(value) && !isSmallInteger(value)) return fail();
  const index = indexIn(receiver(), argument(0), wide);
  if (index < 0) return;
  if (isReadOnly(<Address>receiver())) return fail(ERROR_NO_MODIFICATION);
  put(receiver(), <u32>index, wide, floatValue(value));
  answer(value);
}

export function answerDotProduct(wide: bool): void {
  if (!takes(1)) return;
  const array = receiver();
  const other = argument(0);
  if (!isFloats(array, wide) || !isFloats(other, wide)) return fail();
  if (elementCountOf(array) != elementCountOf(other)) return fail();
  answerFloat(dotProduct(array, other, wide));
}

/** Same size and equal elements; so an array with a NaN is not equal to itself. */
export function answerEqual(wide: bool): void {
  if (!takes(1)) return;
  const array = receiver();
  const other = argument(0);
  if (!isFloats(array, wide) || !isFloats(other, wide)) return fail();
  const size = elementCountOf(array);
  if (elementCountOf(other) != size) return answerBoolean(false);
  for (let i: u32 = 0; i < size; i++) if (at(array, i, wide) != at(other, i, wide)) return answerBoolean(false);
  answerBoolean(true);
}

/** The sum of the 32-bit words. */
export function answerHash(wide: bool): void {
  const array = receiver();
  if (!isFloats(array, wide)) return fail();
  const end = bodyOf(array) + (elementCountOf(array) << (wide ? 3 : 2));
  let sum: i64 = 0;
  for (let word = bodyOf(array); word < end; word += 4) sum += load<i32>(word);
  answerInteger(sum & HASH_BITS);
}

/** The length of the vector; fails for zero. */
export function answerLength(wide: bool): void {
  const length = vectorLength(wide);
  if (length > 0) answerFloat(length);
}

/** Divides every element by the length of the vector. */
export function normalize(wide: bool): void {
  const array = receiver();
  const length = vectorLength(wide);
  if (!(length > 0)) return;
  if (isReadOnly(<Address>array)) return fail(ERROR_NO_MODIFICATION);
  const size = elementCountOf(array);
  for (let i: u32 = 0; i < size; i++) put(array, i, wide, at(array, i, wide) / length);
}

export function answerSum(wide: bool): void {
  const array = receiver();
  if (!isFloats(array, wide)) return fail();
  const size = elementCountOf(array);
  let sum: f64 = 0;
  for (let i: u32 = 0; i < size; i++) sum += at(array, i, wide);
  answerFloat(sum);
}

/** Copies the argument, an array of the other width, into the receiver. */
export function convert(wide: bool): void {
  if (!takes(1)) return;
  const array = receiver();
  const other = argument(0);
  if (!isFloats(array, wide) || !isFloats(other, !wide)) return fail();
  if (isReadOnly(<Address>array)) return fail(ERROR_NO_MODIFICATION);
  const size = elementCountOf(array);
  if (elementCountOf(other) != size) return fail();
  for (let i: u32 = 0; i < size; i++) put(array, i, wide, at(other, i, !wide));
}

function vectorLength(wide: bool): f64 {
  const array = receiver();
  const square = isFloats(array, wide) ? dotProduct(array, array, wide) : 0;
  if (square > 0) return sqrt(square);
  fail(ERROR_BAD_RECEIVER);
  return 0;
}

function dotProduct(array: Oop, other: Oop, wide: bool): f64 {
  const size = elementCountOf(array);
  let sum: f64 = 0;
  for (let i: u32 = 0; i < size; i++) sum += at(array, i, wide) * at(other, i, wide);
  return sum;
}

/** The zero-based place of a one-based index; -1 and failed where it is none. */
function indexIn(array: Oop, index: Oop, wide: bool): i64 {
  const isIndex = isFloats(array, wide) && isSmallInteger(index);
  const value = isIndex ? smallIntegerValue(index) - 1 : -1;
  if (value >= 0 && value < <i64>elementCountOf(array)) return value;
  fail();
  return -1;
}

// @ts-ignore: decorator
@inline
function at(array: Oop, index: u32, wide: bool): f64 {
  return wide ? load<f64>(bodyOf(array) + (index << 3)) : <f64>load<f32>(bodyOf(array) + (index << 2));
}

// @ts-ignore: decorator
@inline
function put(array: Oop, index: u32, wide: bool, value: f64): void {
  if (wide) store<f64>(bodyOf(array) + (index << 3), value);
  else store<f32>(bodyOf(array) + (index << 2), <f32>value);
}

// @ts-ignore: decorator
@inline
function combine(operation: u32, a: f64, b: f64): f64 {
  if (operation == ADD) return a + b;
  if (operation == SUBTRACT) return a - b;
  return operation == MULTIPLY ? a * b : a / b;
}

function isFloats(oop: Oop, wide: bool): bool {
  if (!isObject(oop)) return false;
  const format = formatOf(<Address>oop);
  return wide ? format == FORMAT_WORDS64 : (format & ~1) == FORMAT_WORDS32;
}
