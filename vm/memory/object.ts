// Slots of objects: reading, storing with the write barrier, sizes. Indices are zero-based unless said.
// No function here allocates.

import { HEADER_BYTES, METHOD_LITERAL_COUNT_MASK, TAG_SHIFT, WORD_SHIFT } from "../layout";
import { elementShiftOfFormat, formatOf, isRemembered, slotCountOf, unusedElementsOfFormat } from "./header";
import { isYoung, isYoungObject } from "./map";
import { Address, Oop } from "./oop";
import { remember } from "./remembered";

/** Where an object's slots or bytes start. */
// @ts-ignore: decorator
@inline
export function bodyOf(object: Oop): Address {
  return <Address>object + HEADER_BYTES;
}

// @ts-ignore: decorator
@inline
export function fetchPointer(index: u32, object: Oop): Oop {
  return load<u64>(bodyOf(object) + (index << WORD_SHIFT));
}

/** Stores an oop with the generational write barrier: an old object that gets a young value is remembered. */
// @ts-ignore: decorator
@inline
export function storePointer(index: u32, object: Oop, value: Oop): void {
  store<u64>(bodyOf(object) + (index << WORD_SHIFT), value);
  writeBarrier(object, value);
}

/** Stores an oop that needs no barrier: nil, an immediate, an old object, or into an object known to be young. */
// @ts-ignore: decorator
@inline
export function storePointerUnchecked(index: u32, object: Oop, value: Oop): void {
  store<u64>(bodyOf(object) + (index << WORD_SHIFT), value);
}

// @ts-ignore: decorator
@inline
export function writeBarrier(object: Oop, value: Oop): void {
  if (isYoung(value) && !isYoungObject(<Address>object) && !isRemembered(<Address>object)) remember(<Address>object);
}

// @ts-ignore: decorator
@inline
export function fetchByte(index: u32, object: Oop): u8 {
  return load<u8>(bodyOf(object) + index);
}

// @ts-ignore: decorator
@inline
export function storeByte(index: u32, object: Oop, value: u8): void {
  store<u8>(bodyOf(object) + index, value);
}

// @ts-ignore: decorator
@inline
export function fetchShort(index: u32, object: Oop): u16 {
  return load<u16>(bodyOf(object) + (index << 1));
}

// @ts-ignore: decorator
@inline
export function storeShort(index: u32, object: Oop, value: u16): void {
  store<u16>(bodyOf(object) + (index << 1), value);
}

// @ts-ignore: decorator
@inline
export function fetchWord32(index: u32, object: Oop): u32 {
  return load<u32>(bodyOf(object) + (index << 2));
}

// @ts-ignore: decorator
@inline
export function storeWord32(index: u32, object: Oop, value: u32): void {
  store<u32>(bodyOf(object) + (index << 2), value);
}

// @ts-ignore: decorator
@inline
export function fetchWord64(index: u32, object: Oop): u64 {
  return load<u64>(bodyOf(object) + (index << WORD_SHIFT));
}

// @ts-ignore: decorator
@inline
export function storeWord64(index: u32, object: Oop, value: u64): void {
  store<u64>(bodyOf(object) + (index << WORD_SHIFT), value);
}

/** Bytes of an object of bytes, shorts or words; for a compiled method literals and header count too. */
// @ts-ignore: decorator
@inline
export function byteSizeOf(object: Oop): u32 {
  const format = formatOf(<Address>object);
  return (
    (slotCountOf(<Address>object) << WORD_SHIFT) - (unusedElementsOfFormat(format) << elementShiftOfFormat(format))
  );
}

/** Elements of whatever format: slots of a pointers object (named ones too), words, shorts or bytes of the others. */
export function elementCountOf(object: Oop): u32 {
  const format = formatOf(<Address>object);
  return (
    ((slotCountOf(<Address>object) << WORD_SHIFT) >> elementShiftOfFormat(format)) - unusedElementsOfFormat(format)
  );
}

/** Literals of a compiled method or block, without its header word. */
// @ts-ignore: decorator
@inline
export function literalCountOf(method: Oop): u32 {
  return (<u32>(fetchPointer(0, method) >> TAG_SHIFT)) & METHOD_LITERAL_COUNT_MASK;
}

/** A literal of a compiled method, zero-based. */
// @ts-ignore: decorator
@inline
export function literalOf(index: u32, method: Oop): Oop {
  return fetchPointer(index + 1, method);
}
