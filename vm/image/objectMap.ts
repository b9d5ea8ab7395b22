// A bit for every place in the heap being loaded where an object may start: set where one does. It lies past the heap
// and is of no use once the image is loaded.

import { Address } from "../memory/oop";

let mapStart: Address = 0;
let heapStart: Address = 0;
let heapBytes: u32 = 0;

/** Bytes of a map for a heap. */
export function objectMapBytes(bytes: u32): u32 {
  return ((bytes >> 9) + 1) << 3;
}

/** An empty map at `place` for a heap. */
export function startObjectMap(place: Address, start: Address, bytes: u32): void {
  mapStart = place;
  heapStart = start;
  heapBytes = bytes;
  memory.fill(place, 0, objectMapBytes(bytes));
}

// @ts-ignore: decorator
@inline
export function markObjectStart(object: Address): void {
  const index = (object - heapStart) >> 3;
  const word = mapStart + ((index >> 6) << 3);
  store<u64>(word, load<u64>(word) | ((<u64>1) << (index & 63)));
}

export function unmarkObjectStart(object: Address): void {
  const index = (object - heapStart) >> 3;
  const word = mapStart + ((index >> 6) << 3);
  store<u64>(word, load<u64>(word) & ~((<u64>1) << (index & 63)));
}

/** Whether an object starts at an address, whatever it be. */
// @ts-ignore: decorator
@inline
export function isObjectStart(address: Address): bool {
  const offset = address - heapStart;
  if (offset >= heapBytes || (offset & 7) != 0) return false;
  const index = offset >> 3;
  return ((load<u64>(mapStart + ((index >> 6) << 3)) >> (index & 63)) & 1) != 0;
}
