// Where each object of a 32-bit image goes, in little memory: conversion overwrites the objects as read, so their
// headers cannot tell. For every 8 bytes of the heap as read a bit says "an object that is kept starts here", another "an
// object that is replaced starts here"; for every 8 bytes of the new heap a bit says "an object starts here". Per word of
// these maps stands where its first kept object goes, and how many replaced ones came before; the object that is number n
// in its word is then the n-th from there in the new map.

import { growMemoryTo } from "../memory/map";
import { Address, Oop } from "../memory/oop";

let rawStart: Address = 0;
let rawBytes: u32 = 0;
let newStart: Address = 0;
let keptMap: Address = 0;
let replacedMap: Address = 0;
let newMap: Address = 0;
/** Per word of the maps: new address of the first kept object u32 | replacements before u32. */
let words: Address = 0;
let replacements: Address = 0;
let replacementCount: u32 = 0;

/**
 * Lays the tables out at `place`, empty, for a heap read to `raw` whose objects go to `heap`. False without memory.
 */
export function startNewAddresses(place: Address, raw: Address, bytes: u32, heap: Address, newBytes: u64): bool {
  const mapBytes = ((bytes >> 9) + 1) << 3;
  const newMapBytes = ((newBytes >> 9) + 1) << 3;
  const end = <u64>place + 3 * <u64>mapBytes + newMapBytes;
  if (!growMemoryTo(end)) return false;
  rawStart = raw;
  rawBytes = bytes;
  newStart = heap;
  keptMap = place;
  replacedMap = keptMap + mapBytes;
  words = replacedMap + mapBytes;
  newMap = words + mapBytes;
  replacements = <Address>end;
  replacementCount = 0;
  memory.fill(place, 0, <u32>(end - place));
  return true;
}

/** Notes that the object at `raw` goes to `target`. Objects come in the order of their addresses. */
export function keepObject(raw: Address, target: Address): void {
  const index = (raw - rawStart) >> 3;
  const word = (index >> 6) << 3;
  if (load<u64>(keptMap + word) == 0) store<u32>(words + word, target);
  setBit(keptMap, index);
  setBit(newMap, (target - newStart) >> 3);
}

/**
 * Notes that references to the object at `raw`, which has no place in the new heap, become `oop`: an immediate, or (of a
 * forwarder) 0 until `setReplacement` knows better. False without memory.
 */
export function replaceObject(raw: Address, oop: Oop): bool {
  const index = (raw - rawStart) >> 3;
  const word = (index >> 6) << 3;
  const place = <u64>replacements + ((<u64>replacementCount) << 3);
  if (!growMemoryTo(place + 8)) return false;
  if (load<u64>(replacedMap + word) == 0) store<u32>(words + word, replacementCount, 4);
  setBit(replacedMap, index);
  store<u64>(<Address>place, oop);
  replacementCount++;
  return true;
}

/** What a reference to an object read to `raw` becomes: its new address or an immediate; 0 where no object is. */
export function newOopOf(raw: Address): Oop {
  const offset = raw - rawStart;
  if (offset >= rawBytes || (offset & 7) != 0) return 0;
  const word = (offset >> 9) << 3;
  const bit = (<u64>1) << ((offset >> 3) & 63);
  const kept = load<u64>(keptMap + word);
  if ((kept & bit) != 0) {
    const before = <u32>popcnt(kept & (bit - 1));
    const first = load<u32>(words + word);
    return before == 0 ? first : objectsAfter(first, before);
  }
  return (load<u64>(replacedMap + word) & bit) == 0 ? 0 : load<u64>(replacementSlot(raw));
}

/** Whether a kept object was read to this place. */
export function isKeptObject(raw: Address): bool {
  const offset = raw - rawStart;
  if (offset >= rawBytes || (offset & 7) != 0) return false;
  return ((load<u64>(keptMap + ((offset >> 9) << 3)) >> ((offset >> 3) & 63)) & 1) != 0;
}

/** Says what references to a replaced object become. */
export function setReplacement(raw: Address, oop: Oop): void {
  store<u64>(replacementSlot(raw), oop);
}

function replacementSlot(raw: Address): Address {
  const index = (raw - rawStart) >> 3;
  const word = (index >> 6) << 3;
  const before = load<u64>(replacedMap + word) & (((<u64>1) << (index & 63)) - 1);
  return replacements + ((load<u32>(words + word, 4) + <u32>popcnt(before)) << 3);
}

/** The object that many objects after another one in the new heap. */
function objectsAfter(first: Address, count: u32): Address {
  const index = (first - newStart) >> 3;
  let word = newMap + ((index >> 6) << 3);
  let base = index & ~63;
  let bits = load<u64>(word) & (u64.MAX_VALUE << (index & 63));
  let left = count;
  while (true) {
    const here = <u32>popcnt(bits);
    if (left < here) break;
    left -= here;
    word += 8;
    base += 64;
    bits = load<u64>(word);
  }
  for (; left > 0; left--) bits &= bits - 1;
  return newStart + ((base + <u32>ctz(bits)) << 3);
}

// @ts-ignore: decorator
@inline
function setBit(map: Address, index: u32): void {
  const word = map + ((index >> 6) << 3);
  store<u64>(word, load<u64>(word) | ((<u64>1) << (index & 63)));
}
