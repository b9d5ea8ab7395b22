// Free chunks of old space by size. Chunks below 512 bytes have a list per size; larger ones eight lists to each
// power of two. A chunk is an object of class index 0 whose first slot links it: next u32 | previous u32.

import { HEADER_BYTES } from "../layout";
import { headerHigh } from "./header";
import { Address } from "./oop";
import { endOf, startOf, writeFreeChunk } from "./walk";

const SMALL_UNITS: u32 = 64;
const STEPS_SHIFT: u32 = 3;
const FIRST_LARGE_LOG: u32 = 6;
const LIST_COUNT: u32 = 256;

const heads: Address = memory.data(256 * 4, 8);
/** One bit for each list that is not empty. */
const occupied: Address = memory.data(32, 8);

/** Bytes in all lists. */
export let freeListBytes: u32 = 0;

/** Forgets every chunk. */
export function clearFreeLists(): void {
  memory.fill(heads, 0, LIST_COUNT << 2);
  memory.fill(occupied, 0, LIST_COUNT >> 3);
  freeListBytes = 0;
}

/** Makes a range of old space (16 bytes at least) a free chunk and lists it. */
export function addFreeChunk(start: Address, bytes: u32): void {
  const chunk = writeFreeChunk(start, bytes);
  const list = listFor(bytes >> 3);
  const head = load<u32>(heads + (list << 2));
  store<u32>(chunk, head, HEADER_BYTES);
  store<u32>(chunk, 0, HEADER_BYTES + 4);
  if (head != 0) store<u32>(head, chunk, HEADER_BYTES + 4);
  store<u32>(heads + (list << 2), chunk);
  setOccupied(list, true);
  freeListBytes += bytes;
}

/** Takes memory for an object of that many bytes out of the lists; 0 where no chunk serves. */
export function takeFreeMemory(bytes: u32): Address {
  if (bytes > freeListBytes) return 0;
  const units = bytes >> 3;
  for (let list = nextOccupied(listFor(units)); list < LIST_COUNT; list = nextOccupied(list + 1)) {
    for (let chunk = load<u32>(heads + (list << 2)); chunk != 0; chunk = load<u32>(chunk, HEADER_BYTES)) {
      const start = startOf(chunk);
      const room = endOf(chunk) - start;
      // What is left over must hold a chunk's header and link.
      if (room != bytes && room < bytes + 16) continue;
      unlinkChunk(chunk, list);
      freeListBytes -= room;
      if (room != bytes) addFreeChunk(start + bytes, room - bytes);
      return start;
    }
  }
  return 0;
}

/** Takes one chunk off its list, as when the heap's last chunk goes back to the unused end. */
export function removeFreeChunk(chunk: Address): void {
  const bytes = endOf(chunk) - startOf(chunk);
  unlinkChunk(chunk, listFor(bytes >> 3));
  freeListBytes -= bytes;
}

/** Bytes of a chunk as large as any, to within an eighth. */
export function largestFreeChunkBytes(): u32 {
  let list = LIST_COUNT;
  while (list > 0 && !isOccupied(--list)) {}
  let largest: u32 = 0;
  for (let chunk = load<u32>(heads + (list << 2)); chunk != 0; chunk = load<u32>(chunk, HEADER_BYTES)) {
    largest = max(largest, endOf(chunk) - startOf(chunk));
  }
  return largest;
}

/** Counts the chunks and checks each list's links; -1 where one is wrong. For the verifier. */
export function countFreeChunks(): i32 {
  let count = 0;
  for (let list: u32 = 0; list < LIST_COUNT; list++) {
    let previous: Address = 0;
    for (let chunk = load<u32>(heads + (list << 2)); chunk != 0; chunk = load<u32>(chunk, HEADER_BYTES)) {
      if (load<u32>(chunk, HEADER_BYTES + 4) != previous || load<u32>(chunk) << 10 != 0) return -1;
      if (listFor((endOf(chunk) - startOf(chunk)) >> 3) != list || headerHigh(chunk) << 8 != 0) return -1;
      previous = chunk;
      count++;
    }
    if (isOccupied(list) != (previous != 0)) return -1;
  }
  return count;
}

// @ts-ignore: decorator
@inline
function listFor(units: u32): u32 {
  if (units < SMALL_UNITS) return units;
  const log = 31 - clz(units);
  const step = (units >> (log - STEPS_SHIFT)) & ((1 << STEPS_SHIFT) - 1);
  return SMALL_UNITS + ((log - FIRST_LARGE_LOG) << STEPS_SHIFT) + step;
}

function unlinkChunk(chunk: Address, list: u32): void {
  const next = load<u32>(chunk, HEADER_BYTES);
  const previous = load<u32>(chunk, HEADER_BYTES + 4);
  if (next != 0) store<u32>(next, previous, HEADER_BYTES + 4);
  if (previous != 0) {
    store<u32>(previous, next, HEADER_BYTES);
    return;
  }
  store<u32>(heads + (list << 2), next);
  if (next == 0) setOccupied(list, false);
}

function isOccupied(list: u32): bool {
  return ((load<u64>(occupied + ((list >> 6) << 3)) >> (list & 63)) & 1) != 0;
}

function setOccupied(list: u32, flag: bool): void {
  const word = occupied + ((list >> 6) << 3);
  const bit = (<u64>1) << (list & 63);
  store<u64>(word, flag ? load<u64>(word) | bit : load<u64>(word) & ~bit);
}

/** The first list from `list` on that is not empty; LIST_COUNT where none is. */
function nextOccupied(list: u32): u32 {
  if (list >= LIST_COUNT) return LIST_COUNT;
  let word = list >> 6;
  let bits = load<u64>(occupied + (word << 3)) & ((<u64>-1) << (list & 63));
  while (bits == 0) {
    if (++word == LIST_COUNT >> 6) return LIST_COUNT;
    bits = load<u64>(occupied + (word << 3));
  }
  return (word << 6) + <u32>ctz(bits);
}
