// Compacts old space after a sweep: objects slide down over the free chunks, in order, except pinned ones. The first
// objects (nil to the hidden roots) have nothing free below them and stay. A table beyond the end of old space holds
// each moving object's new address, 4 bytes for every 16 of heap (no two objects start in the same 16 bytes);
// where memory for it cannot be had, old space stays as it is.

import { FORMAT_BYTES, HEADER_BYTES, CLASS_INDEX_BYTE_ARRAY, WORD_SHIFT } from "../layout";
import { addFreeChunk, clearFreeLists } from "./freelists";
import { isPinned, setFormat, setClassIndex } from "./header";
import { edenFree, edenStart, growMemoryTo, oldSpaceStart } from "./map";
import { firstMournerPage, mapMournerPageLinks, mapMourners } from "./mourners";
import { pastFree, pastStart } from "./newspace";
import { oldSpaceEnd, setOldSpaceEnd } from "./oldspace";
import { Address, Oop } from "./oop";
import { rememberedAt, rememberedCount, setRememberedAt } from "./remembered";
import { rootWordsEnd, rootWordsStart, setSpecialObjects, specialObjects } from "./roots";
import { mapStackPages } from "./stack";
import { endOf, isFreeChunk, liveSlotCountOf, objectAt, writeFreeChunk } from "./walk";

/** Objects from here on may move. */
let firstMoving: Address = 0;
let tableBase: Address = 0;
let table: Address = 0;

/**
 * Slides objects together and updates every reference. With `fillGaps` the room before a pinned object becomes a dead
 * ByteArray instead of a free chunk, so that a snapshot has none. False where there was no memory for the table.
 */
export function compactOldSpace(fillGaps: bool): bool {
  firstMoving = firstFreeChunk();
  if (firstMoving == oldSpaceEnd) return true;
  tableBase = firstMoving & ~15;
  table = (oldSpaceEnd + 15) & ~15;
  const tableBytes = (((oldSpaceEnd - tableBase) >> 4) << 2) + 8;
  if (!growMemoryTo(<u64>table + tableBytes)) return false;
  planMoves();
  updateReferences();
  moveObjects(fillGaps);
  return true;
}

function firstFreeChunk(): Address {
  let start = oldSpaceStart;
  while (start < oldSpaceEnd) {
    const object = objectAt(start);
    if (isFreeChunk(object)) return start;
    start = endOf(object);
  }
  return start;
}

// @ts-ignore: decorator
@inline
function tableEntry(object: Address): Address {
  return table + (((object - tableBase) >> 4) << 2);
}

function planMoves(): void {
  let shift: u32 = 0;
  for (let start = firstMoving; start < oldSpaceEnd;) {
    const object = objectAt(start);
    const next = endOf(object);
    if (isFreeChunk(object)) {
      shift += next - start;
    } else {
      if (isPinned(object)) shift = 0;
      store<u32>(tableEntry(object), object - shift);
    }
    start = next;
  }
}

/** Where what an oop refers to will be. */
function mapMoved(oop: Oop): Oop {
  if (((<u32>oop) & 7) != 0 || <u32>oop < firstMoving) return oop;
  return load<u32>(tableEntry(<u32>oop));
}

function updateReferences(): void {
  setSpecialObjects(mapMoved(specialObjects));
  for (let word = rootWordsStart(); word < rootWordsEnd(); word += 8) store<u64>(word, mapMoved(load<u64>(word)));
  mapStackPages(mapMoved);
  for (let i: u32 = 0; i < rememberedCount; i++) setRememberedAt(i, <u32>mapMoved(rememberedAt(i)));
  // The queue's pages are raw words, so the walk over objects leaves them alone; its root slot is an ordinary slot.
  if (firstMournerPage() != 0) {
    mapMourners(mapMoved);
    mapMournerPageLinks(mapMoved);
  }
  updateRange(pastStart, pastFree);
  updateRange(edenStart, edenFree());
  updateRange(oldSpaceStart, oldSpaceEnd);
}

function updateRange(start: Address, end: Address): void {
  const first = firstMoving;
  while (start < end) {
    const object = objectAt(start);
    const slots = liveSlotCountOf(object);
    const slotsEnd = object + HEADER_BYTES + (slots << WORD_SHIFT);
    for (let slot = object + HEADER_BYTES; slot < slotsEnd; slot += 8) {
      const oop = load<u64>(slot);
      if (((<u32>oop) & 7) != 0 || <u32>oop < first) continue;
      store<u64>(slot, load<u32>(tableEntry(<u32>oop)));
    }
    start = endOf(object);
  }
}

function moveObjects(fillGaps: bool): void {
  clearFreeLists();
  let free = firstMoving;
  for (let start = firstMoving; start < oldSpaceEnd;) {
    const object = objectAt(start);
    const next = endOf(object);
    if (!isFreeChunk(object)) {
      const moved = load<u32>(tableEntry(object)) - (object - start);
      if (moved == start) {
        // Pinned, or behind a pinned object: everything dead since the last one lies before it, 16 bytes at least.
        if (moved > free) freeGap(free, moved - free, fillGaps);
      } else {
        memory.copy(moved, start, next - start);
      }
      free = moved + (next - start);
    }
    start = next;
  }
  setOldSpaceEnd(free);
}

function freeGap(start: Address, bytes: u32, fill: bool): void {
  if (!fill) {
    addFreeChunk(start, bytes);
    return;
  }
  const filler = writeFreeChunk(start, bytes);
  setFormat(filler, FORMAT_BYTES);
  setClassIndex(filler, CLASS_INDEX_BYTE_ARRAY);
}
