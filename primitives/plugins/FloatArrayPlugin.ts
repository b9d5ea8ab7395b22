// FloatArrayPlugin: arithmetic on FloatArrays, arrays of 32-bit floats. floatArrays.ts does it for both widths.
// Source: VMMaker, FloatArrayPlugin.

import {
  ADD,
  answerDotProduct,
  answerElement,
  answerEqual,
  answerHash,
  answerLength,
  answerSum,
  combineArrays,
  combineScalar,
  convert,
  DIVIDE,
  MULTIPLY,
  normalize,
  storeElement,
  SUBTRACT,
} from "../floatArrays";

/** FloatArray >> += an array of the same size. */
export function primitiveAddFloatArray(): void {
  combineArrays(ADD, false);
}

/** FloatArray >> += a Float. */
export function primitiveAddScalar(): void {
  combineScalar(ADD, false);
}

/** FloatArray >> -= an array of the same size. */
export function primitiveSubFloatArray(): void {
  combineArrays(SUBTRACT, false);
}

/** FloatArray >> -= a Float. */
export function primitiveSubScalar(): void {
  combineScalar(SUBTRACT, false);
}

/** FloatArray >> *= an array of the same size. */
export function primitiveMulFloatArray(): void {
  combineArrays(MULTIPLY, false);
}

/** FloatArray >> *= a Float. */
export function primitiveMulScalar(): void {
  combineScalar(MULTIPLY, false);
}

/** FloatArray >> /= an array of the same size. */
export function primitiveDivFloatArray(): void {
  combineArrays(DIVIDE, false);
}

/** FloatArray >> /= a Float. */
export function primitiveDivScalar(): void {
  combineScalar(DIVIDE, false);
}

/** The element at a one-based index. */
export function primitiveAt(): void {
  answerElement(false);
}

/** Stores a Float or a SmallInteger. */
export function primitiveAtPut(): void {
  storeElement(false);
}

/** The sum of the products of elements. */
export function primitiveDotProduct(): void {
  answerDotProduct(false);
}

/** Whether all elements are equal. */
export function primitiveEqual(): void {
  answerEqual(false);
}

/** A hash of the bits. */
export function primitiveHashArray(): void {
  answerHash(false);
}

/** The length as of a vector; fails for zero. */
export function primitiveLength(): void {
  answerLength(false);
}

/** Makes it a vector of length one. */
export function primitiveNormalize(): void {
  normalize(false);
}

/** The sum of the elements. */
export function primitiveSum(): void {
  answerSum(false);
}

/** Takes over the elements of an array of the other width. */
export function primitiveFromFloat64Array(): void {
  convert(false);
}
