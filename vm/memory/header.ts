// Reads and writes the fields of an object's header; the bits are drawn in layout.ts.

import {
  CLASS_INDEX_FORWARDED,
  CLASS_INDEX_MASK,
  FORMAT_BYTES,
  FORMAT_COMPILED_METHOD,
  FORMAT_MASK,
  FORMAT_SHIFT,
  FORMAT_SHORTS,
  FORMAT_WEAK_ARRAY,
  FORMAT_WORDS32,
  FORMAT_WORDS64,
  GREY_SHIFT,
  HASH_MASK,
  HEADER_BYTES,
  MARKED_SHIFT,
  OVERFLOW_SLOT_COUNT,
  PINNED_SHIFT,
  READ_ONLY_SHIFT,
  REMEMBERED_SHIFT,
  SLOT_COUNT_SHIFT,
} from "../layout";
import { Address, Oop } from "./oop";

// @ts-ignore: decorator
@inline
export function headerLow(object: Address): u32 {
  return load<u32>(object);
}

// @ts-ignore: decorator
@inline
export function headerHigh(object: Address): u32 {
  return load<u32>(object, 4);
}

// @ts-ignore: decorator
@inline
export function setHeaderLow(object: Address, bits: u32): void {
  store<u32>(object, bits);
}

// @ts-ignore: decorator
@inline
export function setHeaderHigh(object: Address, bits: u32): void {
  store<u32>(object, bits, 4);
}

/** Writes a whole header: no flag set, no hash. `slotCount` is the field's value, 255 at most. */
// @ts-ignore: decorator
@inline
export function initializeHeader(object: Address, slotCount: u32, format: u32, classIndex: u32): void {
  store<u64>(object, ((<u64>slotCount) << 56) | (format << FORMAT_SHIFT) | classIndex);
}

// @ts-ignore: decorator
@inline
export function classIndexOf(object: Address): u32 {
  return headerLow(object) & CLASS_INDEX_MASK;
}

export function setClassIndex(object: Address, classIndex: u32): void {
  setHeaderLow(object, (headerLow(object) & ~CLASS_INDEX_MASK) | classIndex);
}

// @ts-ignore: decorator
@inline
export function formatOf(object: Address): u32 {
  return (headerLow(object) >> FORMAT_SHIFT) & FORMAT_MASK;
}

export function setFormat(object: Address, format: u32): void {
  setHeaderLow(object, (headerLow(object) & ~(FORMAT_MASK << FORMAT_SHIFT)) | (format << FORMAT_SHIFT));
}

// @ts-ignore: decorator
@inline
export function isReadOnly(object: Address): bool {
  return ((headerLow(object) >> READ_ONLY_SHIFT) & 1) != 0;
}

export function setReadOnly(object: Address, flag: bool): void {
  setLowFlag(object, READ_ONLY_SHIFT, flag);
}

// @ts-ignore: decorator
@inline
export function isRemembered(object: Address): bool {
  return ((headerLow(object) >> REMEMBERED_SHIFT) & 1) != 0;
}

export function setRemembered(object: Address, flag: bool): void {
  setLowFlag(object, REMEMBERED_SHIFT, flag);
}

// @ts-ignore: decorator
@inline
export function isPinned(object: Address): bool {
  return ((headerLow(object) >> PINNED_SHIFT) & 1) != 0;
}

export function setPinned(object: Address, flag: bool): void {
  setLowFlag(object, PINNED_SHIFT, flag);
}

// @ts-ignore: decorator
@inline
export function isGrey(object: Address): bool {
  return headerLow(object) >> GREY_SHIFT != 0;
}

export function setGrey(object: Address, flag: bool): void {
  setLowFlag(object, GREY_SHIFT, flag);
}

// @ts-ignore: decorator
@inline
export function isMarked(object: Address): bool {
  return ((headerHigh(object) >> MARKED_SHIFT) & 1) != 0;
}

export function setMarked(object: Address, flag: bool): void {
  const bits = headerHigh(object);
  setHeaderHigh(object, flag ? bits | (1 << MARKED_SHIFT) : bits & ~(1 << MARKED_SHIFT));
}

/** The identity hash as stored: 0 where none was given yet. */
// @ts-ignore: decorator
@inline
export function rawHashOf(object: Address): u32 {
  return headerHigh(object) & HASH_MASK;
}

export function setRawHash(object: Address, hash: u32): void {
  setHeaderHigh(object, (headerHigh(object) & ~HASH_MASK) | hash);
}

/** How many 64-bit slots follow the header. */
// @ts-ignore: decorator
@inline
export function slotCountOf(object: Address): u32 {
  const count = headerHigh(object) >> SLOT_COUNT_SHIFT;
  return count == OVERFLOW_SLOT_COUNT ? load<u32>(object - HEADER_BYTES) : count;
}

// @ts-ignore: decorator
@inline
export function isForwarded(object: Address): bool {
  return classIndexOf(object) == CLASS_INDEX_FORWARDED;
}

/** Whether an oop is a reference to a forwarder; false for immediates. */
// @ts-ignore: decorator
@inline
export function isForwardedOop(oop: Oop): bool {
  return ((<u32>oop) & 7) == 0 && isForwarded(<Address>oop);
}

/** Formats 0 to 5: every slot is an oop. */
// @ts-ignore: decorator
@inline
export function isPointersFormat(format: u32): bool {
  return format <= FORMAT_WEAK_ARRAY + 1;
}

/** Formats 9 to 23: raw bits; compiled methods are not among them. */
// @ts-ignore: decorator
@inline
export function isBitsFormat(format: u32): bool {
  return format >= FORMAT_WORDS64 && format < FORMAT_COMPILED_METHOD;
}

// @ts-ignore: decorator
@inline
export function isBytesFormat(format: u32): bool {
  return format >= FORMAT_BYTES && format < FORMAT_COMPILED_METHOD;
}

// @ts-ignore: decorator
@inline
export function isCompiledMethodFormat(format: u32): bool {
  return format >= FORMAT_COMPILED_METHOD;
}

/**
 * Log2 of an element's bytes: 3 for pointers and 64-bit words, 2 for 32-bit words, 1 for shorts, 0 for bytes and methods.
 */
export function elementShiftOfFormat(format: u32): u32 {
  if (format >= FORMAT_BYTES) return 0;
  if (format >= FORMAT_SHORTS) return 1;
  return format >= FORMAT_WORDS32 ? 2 : 3;
}

/** How many elements at the end of the last slot are unused: the low bits of a bits format. */
export function unusedElementsOfFormat(format: u32): u32 {
  if (format >= FORMAT_BYTES) return format & 7;
  if (format >= FORMAT_SHORTS) return format & 3;
  return format >= FORMAT_WORDS32 ? format & 1 : 0;
}

function setLowFlag(object: Address, shift: u32, flag: bool): void {
  const bits = headerLow(object);
  setHeaderLow(object, flag ? bits | (1 << shift) : bits & ~(1 << shift));
}
