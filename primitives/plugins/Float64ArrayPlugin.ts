// Float64ArrayPlugin: arithmetic on Float64Arrays, arrays of 64-bit floats. floatArrays.ts does it for both widths.
// Source: VMMaker, Float64ArrayPlugin.

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

/** Float64Array >> += an array of the same size. */
export function primitiveAddFloat64Array(): void {
  combineArrays(ADD, true);
}

/** Float64Array >> += a Float. */
export function primitiveAddScalar(): void {
  combineScalar(ADD, true);
}

/** Float64Array >> -= an array of the same size. */
export function primitiveSubFloat64Array(): void {
  combineArrays(SUBTRACT, true);
}

/** Float64Array >> -= a Float. */
export function primitiveSubScalar(): void {
  combineScalar(SUBTRACT, true);
}

/** Float64Array >> *= an array of the same size. */
export function primitiveMulFloat64Array(): void {
  combineArrays(MULTIPLY, true);
}

/** Float64Array >> *= a Float. */
export function primitiveMulScalar(): void {
  combineScalar(MULTIPLY, true);
}

/** Float64Array >> /= an array of the same size. */
export function primitiveDivFloat64Array(): void {
  combineArrays(DIVIDE, true);
}

/** Float64Array >> /= a Float. */
export function primitiveDivScalar(): void {
  combineScalar(DIVIDE, true);
}

/** The element at a one-based index. */
export function primitiveAt(): void {
  answerElement(true);
}

/** Stores a Float or a SmallInteger. */
export function primitiveAtPut(): void {
  storeElement(true);
}

/** The sum of the products of elements. */
export function primitiveDotProduct(): void {
  answerDotProduct(true);
}

/** Whether all elements are equal. */
export function primitiveEqual(): void {
  answerEqual(true);
}

/** A hash of the bits. */
export function primitiveHashArray(): void {
  answerHash(true);
}

/** The length as of a vector; fails for zero. */
export function primitiveLength(): void {
  answerLength(true);
}

/** Makes it a vector of length one. */
export function primitiveNormalize(): void {
  normalize(true);
}

/** The sum of the elements. */
export function primitiveSum(): void {
  answerSum(true);
}

/** Takes over the elements of an array of the other width. */
export function primitiveFromFloatArray(): void {
  convert(true);
}
