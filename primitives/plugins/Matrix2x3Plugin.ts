// Affine transformations: six 32-bit floats, the rows of a 2 by 3 matrix. As in the reference, sums of matrix elements
// alone are in single precision, those with coordinates in double; results are cut after adding a half.

import {
  Address,
  answer,
  answerBoolean,
  answerNew,
  argument,
  argumentCount,
  bodyOf,
  classIndexOfOop,
  elementCountOf,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_ARGUMENT_COUNT,
  ERROR_BAD_RECEIVER,
  ERROR_GENERIC,
  ERROR_NO_MEMORY,
  ERROR_NO_MODIFICATION,
  fail,
  failed,
  fetchFollowed,
  floatValue,
  FORMAT_SHORTS,
  FORMAT_WORDS32,
  formatOf,
  instantiate,
  isInstanceOf,
  isObject,
  isPointersFormat,
  isReadOnly,
  Oop,
  POINT_X,
  POINT_Y,
  receiver,
  slotCountOf,
  smallInteger,
  SPECIAL_CLASS_POINT,
  specialObject,
  storePointer,
  storePointerUnchecked,
} from "../../vm/plugin";

const RECTANGLE_ORIGIN: u32 = 0;
const RECTANGLE_CORNER: u32 = 1;
/** A SmallInteger is below this, and not below its negative. */
const INTEGER_LIMIT: f64 = 1152921504606846976;

// The coordinates that go into a transformation, and that come out.
let argumentX: f64 = 0;
let argumentY: f64 = 0;
let resultX: f64 = 0;
let resultY: f64 = 0;

// The smallest rectangle around the results so far.
let left: f64 = 0;
let top: f64 = 0;
let right: f64 = 0;
let bottom: f64 = 0;

/** Matrix2x3Plugin>>primitiveIsIdentity */
export function primitiveIsIdentity(): void {
  const matrix = matrixOf(receiver());
  if (failed()) return fail(ERROR_BAD_RECEIVER);
  answerBoolean(isTranslation(matrix) && element(matrix, 2) == 0 && element(matrix, 5) == 0);
}

/** Matrix2x3Plugin>>primitiveIsPureTranslation */
export function primitiveIsPureTranslation(): void {
  const matrix = matrixOf(receiver());
  if (failed()) return fail(ERROR_BAD_RECEIVER);
  answerBoolean(isTranslation(matrix));
}

/** The product of the receiver and a matrix, stored in another one, which is answered. Matrix2x3Plugin>>primitiveComposeMatrix */
export function primitiveComposeMatrix(): void {
  if (argumentCount != 2) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const a = matrixOf(receiver());
  const b = matrixOf(argument(0));
  const into = matrixOf(argument(1));
  if (failed()) return;
  if (isReadOnly(<Address>argument(1))) return fail(ERROR_NO_MODIFICATION);
  const a11 = product(a, 0, b, 0);
  const a12 = product(a, 0, b, 1);
  const a13 = product(a, 0, b, 2) + element(a, 2);
  const a21 = product(a, 3, b, 0);
  const a22 = product(a, 3, b, 1);
  const a23 = product(a, 3, b, 2) + element(a, 5);
  setElement(into, 0, a11);
  setElement(into, 1, a12);
  setElement(into, 2, a13);
  setElement(into, 3, a21);
  setElement(into, 4, a22);
  setElement(into, 5, a23);
  answer(argument(1));
}

/** Matrix2x3Plugin>>primitiveTransformPoint */
export function primitiveTransformPoint(): void {
  transformPoint(false);
}

/** Fails where the matrix is singular. Matrix2x3Plugin>>primitiveInvertPoint */
export function primitiveInvertPoint(): void {
  transformPoint(true);
}

/** The bounds of a transformed rectangle, stored in another one, which is answered. Matrix2x3Plugin>>primitiveTransformRectInto */
export function primitiveTransformRectInto(): void {
  transformRectangle(false);
}

/** Matrix2x3Plugin>>primitiveInvertRectInto */
export function primitiveInvertRectInto(): void {
  transformRectangle(true);
}

function transformPoint(inverted: bool): void {
  if (argumentCount != 1) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const matrix = matrixOf(receiver());
  loadPoint(argument(0));
  if (failed()) return;
  transform(matrix, inverted);
  if (!failed()) answerNew(roundedPoint(resultX, resultY));
}

function transformRectangle(inverted: bool): void {
  if (argumentCount != 2) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const matrix = matrixOf(receiver());
  const from = argument(0);
  const into = argument(1);
  if (failed()) return;
  if (classIndexOfOop(from) != classIndexOfOop(into) || !isPair(from) || !isPair(into)) return fail(ERROR_BAD_ARGUMENT);
  if (isReadOnly(<Address>into)) return fail(ERROR_NO_MODIFICATION);
  loadPoint(fetchFollowed(RECTANGLE_ORIGIN, from));
  const originX = argumentX;
  const originY = argumentY;
  loadPoint(fetchFollowed(RECTANGLE_CORNER, from));
  const cornerX = argumentX;
  const cornerY = argumentY;
  if (failed()) return;

  left = top = Infinity;
  right = bottom = -Infinity;
  include(matrix, inverted, originX, originY);
  include(matrix, inverted, cornerX, cornerY);
  include(matrix, inverted, cornerX, originY);
  include(matrix, inverted, originX, cornerY);
  if (failed()) return;
  const origin = roundedPoint(left, top);
  const corner = roundedPoint(right, bottom);
  if (failed()) return;
  storePointer(RECTANGLE_ORIGIN, into, origin);
  storePointer(RECTANGLE_CORNER, into, corner);
  answer(into);
}

/** Widens the bounds by a corner. */
function include(matrix: Address, inverted: bool, x: f64, y: f64): void {
  argumentX = x;
  argumentY = y;
  transform(matrix, inverted);
  left = min(left, resultX);
  top = min(top, resultY);
  right = max(right, resultX);
  bottom = max(bottom, resultY);
}

function transform(matrix: Address, inverted: bool): void {
  const a11 = element(matrix, 0);
  const a12 = element(matrix, 1);
  const a21 = element(matrix, 3);
  const a22 = element(matrix, 4);
  if (!inverted) {
    resultX = argumentX * a11 + argumentY * a12 + element(matrix, 2);
    resultY = argumentX * a21 + argumentY * a22 + element(matrix, 5);
    return;
  }
  const x = argumentX - element(matrix, 2);
  const y = argumentY - element(matrix, 5);
  const determinant = <f64>(a11 * a22 - a12 * a21);
  if (determinant == 0) return fail(ERROR_GENERIC);
  const inverse = 1 / determinant;
  resultX = (x * a22 - a12 * y) * inverse;
  resultY = (a11 * y - x * a21) * inverse;
}

function loadPoint(point: Oop): void {
  if (!isInstanceOf(point, SPECIAL_CLASS_POINT) || !isPair(point)) return fail(ERROR_BAD_ARGUMENT);
  argumentX = floatValue(fetchFollowed(POINT_X, point));
  argumentY = floatValue(fetchFollowed(POINT_Y, point));
}

/** A new Point of the coordinates rounded; fails where they are no SmallIntegers. */
function roundedPoint(x: f64, y: f64): Oop {
  const roundedX = x + 0.5;
  const roundedY = y + 0.5;
  if (!(abs(roundedX) < INTEGER_LIMIT && abs(roundedY) < INTEGER_LIMIT)) {
    fail(ERROR_GENERIC);
    return 0;
  }
  const point = instantiate(specialObject(SPECIAL_CLASS_POINT), 0);
  if (point == 0) {
    fail(ERROR_NO_MEMORY);
    return 0;
  }
  storePointerUnchecked(POINT_X, point, smallInteger(<i64>roundedX));
  storePointerUnchecked(POINT_Y, point, smallInteger(<i64>roundedY));
  return point;
}

function isPair(oop: Oop): bool {
  return isObject(oop) && isPointersFormat(formatOf(<Address>oop)) && slotCountOf(<Address>oop) >= 2;
}

/** Where a matrix's six floats are; fails where the object is none. */
function matrixOf(oop: Oop): Address {
  if (isObject(oop)) {
    const format = formatOf(<Address>oop);
    if (format >= FORMAT_WORDS32 && format < FORMAT_SHORTS && elementCountOf(oop) == 6) return bodyOf(oop);
  }
  fail(ERROR_GENERIC);
  return 0;
}

// The floats of a matrix lie as words in an object.

// @ts-ignore: decorator
@inline
function element(matrix: Address, index: u32): f32 {
  return load<f32>(matrix + (index << 2));
}

// @ts-ignore: decorator
@inline
function setElement(matrix: Address, index: u32, value: f32): void {
  store<f32>(matrix + (index << 2), value);
}

/** The two products that a row of one matrix and a column of another make. */
function product(a: Address, row: u32, b: Address, column: u32): f32 {
  return element(a, row) * element(b, column) + element(a, row + 1) * element(b, column + 3);
}

function isTranslation(matrix: Address): bool {
  return element(matrix, 0) == 1 && element(matrix, 1) == 0 && element(matrix, 3) == 0 && element(matrix, 4) == 1;
}
