// Old space: memory for objects in it, growth, and the settable limit. It runs from `oldSpaceStart` to `oldSpaceEnd`;
// free chunks lie in between (freelists.ts) and unused memory beyond. The start: the loader puts an image's objects
// at `oldSpaceStart`, names the first objects and the special objects, and calls `adoptOldSpace`.

import {
  CLASS_INDEX_SEGMENT_BRIDGE,
  FREE_LIST_COUNT,
  GREY_SHIFT,
  HEADER_BYTES,
  MARKED_SHIFT,
  PAGE_BYTES,
  REMEMBERED_SHIFT,
  WORD_SHIFT,
} from "../layout";
import {
  FULL_COLLECTION_GROWTH_DIVISOR,
  FULL_COLLECTION_MIN_GROWTH_BYTES,
  OLD_SPACE_STEP_BYTES,
  SPARE_OLD_SPACE_BYTES,
} from "../tuning";
import { wantFullCollection } from "./allocation";
import { addFreeChunk, clearFreeLists, freeListBytes, takeFreeMemory } from "./freelists";
import { classIndexOf, headerHigh, headerLow, setHeaderHigh, setHeaderLow } from "./header";
import { edenEnd, edenStart, growMemoryTo, oldSpaceStart, survivorBytes } from "./map";
import { forgetObjectStacks } from "./mourners";
import { initializeSurvivors } from "./newspace";
import { Address } from "./oop";
import { resetRemembered } from "./remembered";
import { trueObject } from "./roots";
import { endOf, isFreeChunk, objectAt } from "./walk";

/** One past the last object of old space. */
export let oldSpaceEnd: Address = 0;
/** Bytes that old space may reach; 0 for as many as the engine gives. The less of the next two. */
export let maxOldSpaceBytes: u32 = 0;
/** What was asked for, and what the machine's memory allows (`fitOldSpace`); 0 for no limit. */
let wantedOldSpaceBytes: u32 = 0;
let possibleOldSpaceBytes: u32 = 0;
/** Bytes in use at which the next full collection is asked for. */
let fullCollectionBytes: u32 = u32.MAX_VALUE;

export function setOldSpaceEnd(end: Address): void {
  oldSpaceEnd = end;
}

export function setMaxOldSpaceBytes(bytes: u32): void {
  wantedOldSpaceBytes = bytes;
  const isPossible = possibleOldSpaceBytes == 0 || (bytes != 0 && bytes < possibleOldSpaceBytes);
  maxOldSpaceBytes = isPossible ? bytes : possibleOldSpaceBytes;
}

/**
 * Limits old space to `wantedBytes` (0 for no new wish), and to what leaves room for all survivors of new space where
 * linear memory cannot reach beyond `memoryBytes`; again whenever that changes. Answers false, and changes nothing, where
 * the objects in use have too little room so.
 */
export function fitOldSpace(memoryBytes: u64, wantedBytes: u32): bool {
  if (memoryBytes < leastMemoryBytes()) return false;
  possibleOldSpaceBytes = <u32>min<u64>(memoryBytes - reservedBytes(), u32.MAX_VALUE);
  setMaxOldSpaceBytes(wantedBytes == 0 ? wantedOldSpaceBytes : wantedBytes);
  return true;
}

/** Bytes that linear memory must be able to reach for the objects in use: what `fitOldSpace` asks for. */
export function leastMemoryBytes(): u64 {
  return reservedBytes() + (oldSpaceEnd - oldSpaceStart) + SPARE_OLD_SPACE_BYTES;
}

/** What is no room of old space: all before it, and as much behind it as may survive. */
function reservedBytes(): u64 {
  return <u64>oldSpaceStart + (edenEnd - edenStart) + survivorBytes;
}

/**
 * Takes over a heap that the loader has laid out from `oldSpaceStart` to `end`: every object relocated, no young
 * object, first objects and special objects named. Free chunks and segment bridges among them become free memory;
 * the mark and weakling stacks that another virtual machine left in the hidden roots are dropped.
 */
export function adoptOldSpace(end: Address): void {
  oldSpaceEnd = end;
  initializeSurvivors();
  resetRemembered();
  clearFreeLists();
  // The fourth object is the image's own table of free lists: raw addresses that mean nothing here.
  const freeLists = objectAt(endOf(<Address>trueObject));
  memory.fill(freeLists + HEADER_BYTES, 0, FREE_LIST_COUNT << WORD_SHIFT);
  let start = oldSpaceStart;
  while (start < end) {
    const object = objectAt(start);
    const next = endOf(object);
    clearCollectorBits(object);
    if (isFreeChunk(object) || classIndexOf(object) == CLASS_INDEX_SEGMENT_BRIDGE) addFreeChunk(start, next - start);
    start = next;
  }
  forgetObjectStacks();
  scheduleFullCollection();
}

/** Free memory for an object of that many bytes, a multiple of 8; 0 where the limit or the engine refuses. */
export function allocateInOldSpace(bytes: u32): Address {
  let place = takeFreeMemory(bytes);
  if (place == 0 && isWithinLimit(bytes)) place = extendOldSpace(bytes);
  if (place == 0 || usedOldSpaceBytes() > fullCollectionBytes) wantFullCollection();
  return place;
}

/** As `allocateInOldSpace`, past the settable limit if need be: survivors must go somewhere. */
export function allocateForSurvivor(bytes: u32): Address {
  const place = takeFreeMemory(bytes);
  if (usedOldSpaceBytes() > fullCollectionBytes) wantFullCollection();
  return place != 0 ? place : extendOldSpace(bytes);
}

/** Whether objects of that many bytes together can be made without collecting. Commits memory beyond the end. */
export function reserveOldSpace(bytes: u32): bool {
  return isWithinLimit(bytes) && growMemoryTo(<u64>oldSpaceEnd + bytes);
}

/** Bytes of old space with objects in them. */
export function usedOldSpaceBytes(): u32 {
  return oldSpaceEnd - oldSpaceStart - freeListBytes;
}

/** Bytes that can still be allocated in old space: listed, and beyond its end up to the limit. */
export function freeOldSpaceBytes(): u32 {
  const most = <u64>u32.MAX_VALUE + 1 - PAGE_BYTES - oldSpaceStart;
  const limit = maxOldSpaceBytes == 0 ? most : min<u64>(most, maxOldSpaceBytes);
  const size = <u64>(oldSpaceEnd - oldSpaceStart);
  return freeListBytes + (limit > size ? <u32>(limit - size) : 0);
}

/** After a full collection: the next is due when the heap has grown by a part of itself. */
export function scheduleFullCollection(): void {
  const used = usedOldSpaceBytes();
  const growth = max(used / FULL_COLLECTION_GROWTH_DIVISOR, FULL_COLLECTION_MIN_GROWTH_BYTES);
  fullCollectionBytes = used > u32.MAX_VALUE - growth ? u32.MAX_VALUE : used + growth;
}

function isWithinLimit(bytes: u32): bool {
  return maxOldSpaceBytes == 0 || <u64>(oldSpaceEnd - oldSpaceStart) + bytes <= maxOldSpaceBytes;
}

function extendOldSpace(bytes: u32): Address {
  const place = oldSpaceEnd;
  const end = <u64>place + bytes;
  if (end > (<u64>memory.size()) << 16 && !growMemoryTo(end + OLD_SPACE_STEP_BYTES) && !growMemoryTo(end)) return 0;
  oldSpaceEnd = <Address>end;
  return place;
}

/** No mark, grey or remembered bit of an earlier life counts. */
function clearCollectorBits(object: Address): void {
  setHeaderLow(object, headerLow(object) & ~((1 << REMEMBERED_SHIFT) | (1 << GREY_SHIFT)));
  setHeaderHigh(object, headerHigh(object) & ~(1 << MARKED_SHIFT));
}
