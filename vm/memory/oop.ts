// Oops: references as Smalltalk sees them. An oop is an address of an object (low 32 bits, the rest zero)
// or an immediate with its value above a three-bit tag.

import { TAG_CHARACTER, TAG_MASK, TAG_SHIFT, TAG_SMALL_FLOAT, TAG_SMALL_INTEGER } from "../layout";

/** A Smalltalk reference, 64 bits. */
export type Oop = u64;
/** A place in linear memory, in bytes. */
export type Address = u32;

export const MAX_SMALL_INTEGER: i64 = (1 << 60) - 1;
export const MIN_SMALL_INTEGER: i64 = -(1 << 60);

// @ts-ignore: decorator
@inline
export function isImmediate(oop: Oop): bool {
  return ((<u32>oop) & TAG_MASK) != 0;
}

// @ts-ignore: decorator
@inline
export function isObject(oop: Oop): bool {
  return ((<u32>oop) & TAG_MASK) == 0;
}

// @ts-ignore: decorator
@inline
export function isSmallInteger(oop: Oop): bool {
  return ((<u32>oop) & TAG_MASK) == TAG_SMALL_INTEGER;
}

/** Whether both are SmallIntegers. The tags 1, 2 and 4 have no bit in common, so one test serves. */
// @ts-ignore: decorator
@inline
export function areSmallIntegers(a: Oop, b: Oop): bool {
  return ((<u32>a) & (<u32>b) & TAG_SMALL_INTEGER) != 0;
}

// @ts-ignore: decorator
@inline
export function isCharacter(oop: Oop): bool {
  return ((<u32>oop) & TAG_MASK) == TAG_CHARACTER;
}

// @ts-ignore: decorator
@inline
export function isSmallFloat(oop: Oop): bool {
  return ((<u32>oop) & TAG_MASK) == TAG_SMALL_FLOAT;
}

/** The oop of an integer known to fit in 61 bits. */
// @ts-ignore: decorator
@inline
export function smallInteger(value: i64): Oop {
  return ((<u64>value) << TAG_SHIFT) | TAG_SMALL_INTEGER;
}

// @ts-ignore: decorator
@inline
export function smallIntegerValue(oop: Oop): i64 {
  return (<i64>oop) >> TAG_SHIFT;
}

/** Whether an integer fits in a SmallInteger. */
// @ts-ignore: decorator
@inline
export function fitsSmallInteger(value: i64): bool {
  return (<u64>value + (1 << 60)) >> 61 == 0;
}

/** The oop of a code point, 0 to 2^30 - 1. */
// @ts-ignore: decorator
@inline
export function character(codePoint: u32): Oop {
  return ((<u64>codePoint) << TAG_SHIFT) | TAG_CHARACTER;
}

// @ts-ignore: decorator
@inline
export function characterValue(oop: Oop): u32 {
  return <u32>(oop >> TAG_SHIFT);
}

// An immediate float drops the top three bits of the exponent, which for the middle of the range follow
// from the fourth: rotate the sign to the lowest bit, subtract 896 from the exponent, shift in the tag.
// (Spur64BitMemoryManager>>smallFloatBitsOf:)
const EXPONENT_OFFSET: u64 = 896 << 53;

/** Whether a double can be an immediate: zero, or an exponent in the middle eighth of the range. */
// @ts-ignore: decorator
@inline
export function fitsSmallFloat(value: f64): bool {
  const rotated = rotl(reinterpret<u64>(value), 1);
  return rotated > 1 ? rotated - EXPONENT_OFFSET - 2 < (1 << 61) - 2 : true;
}

/** The oop of a double for which `fitsSmallFloat` holds. */
// @ts-ignore: decorator
@inline
export function smallFloat(value: f64): Oop {
  let rotated = rotl(reinterpret<u64>(value), 1);
  if (rotated > 1) rotated -= EXPONENT_OFFSET;
  return (rotated << TAG_SHIFT) | TAG_SMALL_FLOAT;
}

// @ts-ignore: decorator
@inline
export function smallFloatValue(oop: Oop): f64 {
  let rotated = oop >> TAG_SHIFT;
  if (rotated > 1) rotated += EXPONENT_OFFSET;
  return reinterpret<f64>(rotr(rotated, 1));
}
