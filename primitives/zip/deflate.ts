// Finding matches for Deflate with hash chains and one step of lazy matching, as the image's DeflateStream does; its
// tables and counts are the image's own objects. VMMaker, DeflatePlugin>>deflateBlock:chainLength:goodMatch:.

import { Address, fail, failed } from "../../vm/plugin";
import { distanceCode, lengthCode, MAX_MATCH, MIN_MATCH } from "./codes";

export const WINDOW_SIZE: u32 = 0x8000;
export const HASH_TABLE_SIZE: u32 = 0x8000;
const WINDOW_MASK: u32 = WINDOW_SIZE - 1;
const HASH_MASK: u32 = HASH_TABLE_SIZE - 1;
const HASH_SHIFT: u32 = 5;
/** Every so many literals the block may end early. */
const FLUSH_CHECK_MASK: u32 = 0xfff;

// The stream's state; the objects' places are set by the caller for one call.
export let hashValue: u32 = 0;
export let blockPosition: u32 = 0;
export let literalCount: u32 = 0;
export let matchCount: u32 = 0;

let bytes: Address = 0;
let byteCount: u32 = 0;
let streamEnd: u32 = 0;
let hashHead: Address = 0;
let hashTail: Address = 0;
let literals: Address = 0;
let literalSize: u32 = 0;
let distances: Address = 0;
let literalFrequencies: Address = 0;
let distanceFrequencies: Address = 0;

export function setInput(address: Address, size: u32, end: u32): void {
  bytes = address;
  byteCount = size;
  streamEnd = end;
}

export function setTables(head: Address, tail: Address): void {
  hashHead = head;
  hashTail = tail;
}

export function setOutput(literalPlace: Address, size: u32, distancePlace: Address): void {
  literals = literalPlace;
  literalSize = size;
  distances = distancePlace;
}

export function setFrequencies(ofLiterals: Address, ofDistances: Address): void {
  literalFrequencies = ofLiterals;
  distanceFrequencies = ofDistances;
}

export function setCounts(hash: u32, position: u32, literalsSoFar: u32, matchesSoFar: u32): void {
  hashValue = hash;
  blockPosition = position;
  literalCount = literalsSoFar;
  matchCount = matchesSoFar;
}

/** Goes on from `blockPosition` to `lastIndex`; answers whether the block must be flushed. */
export function deflateBlock(lastIndex: i64, chainLength: i64, goodMatch: u32): bool {
  if (<i64>blockPosition > lastIndex) return false;
  if (literalCount >= literalSize) return true;
  let here = blockPosition;
  let hasMatch = false;
  let match: u32 = 0;
  let length: u32 = 0;
  while (<i64>here <= lastIndex && !failed()) {
    if (!hasMatch) {
      findMatch(here, MIN_MATCH - 1, here, chainLength, goodMatch);
      insertString(here);
      match = foundMatch;
      length = foundLength;
    }
    findMatch(here + 1, length, match, chainLength, goodMatch);
    let flush: bool;
    if (length >= foundLength && length >= MIN_MATCH) {
      flush = encodeMatch(length, here - match);
      for (let i: u32 = 1; i < length; i++) insertString(++here);
      hasMatch = false;
      here++;
    } else {
      flush = encodeLiteral(byteAt(here++));
      if (<i64>here <= lastIndex && !flush) {
        insertString(here);
        hasMatch = true;
        match = foundMatch;
        length = foundLength;
      }
    }
    if (flush) {
      blockPosition = here;
      return true;
    }
  }
  blockPosition = here;
  return false;
}

let foundMatch: u32 = 0;
let foundLength: u32 = 0;

/** Finds the longest match for what starts at `here`, longer than `length`, or leaves length and place as given. */
function findMatch(here: u32, length: u32, match: u32, chainLength: i64, goodMatch: u32): void {
  foundMatch = match & 0xffff;
  foundLength = length;
  if (length >= MAX_MATCH) return;
  let candidate = load<u32>(hashHead + (hashAt(here + MIN_MATCH - 1) << 2));
  const distance = <i64>here - candidate;
  if (distance <= 0 || distance >= <i64>WINDOW_SIZE) return;
  const limit: u32 = here > WINDOW_SIZE ? here - WINDOW_SIZE : 0;
  for (let left = chainLength; ;) {
    const found = usableLength(here, candidate);
    if (found > foundLength) {
      foundMatch = candidate & 0xffff;
      foundLength = found;
      if (found >= MAX_MATCH || found > goodMatch) return;
    }
    if (--left <= 0) return;
    candidate = load<u32>(hashTail + ((candidate & WINDOW_MASK) << 2));
    if (candidate <= limit || candidate >= here) return;
  }
}

/** How much of a candidate matches; what reaches beyond the stream's end, or is short and far away, counts for less. */
function usableLength(here: u32, candidate: u32): u32 {
  // Most candidates cannot be longer than what was found: two comparisons tell.
  if (byteAt(here + foundLength) != byteAt(candidate + foundLength)) return 0;
  if (byteAt(here + foundLength - 1) != byteAt(candidate + foundLength - 1)) return 0;
  let length: u32 = 0;
  while (length < MAX_MATCH && byteAt(here + length) == byteAt(candidate + length)) length++;
  if (here + length > streamEnd) length = streamEnd > here ? streamEnd - here : 0;
  return length == MIN_MATCH && here - candidate > WINDOW_SIZE / 4 ? MIN_MATCH - 1 : length;
}

function insertString(here: u32): void {
  hashValue = hashAt(here + MIN_MATCH - 1);
  const head = hashHead + (hashValue << 2);
  store<u32>(hashTail + ((here & WINDOW_MASK) << 2), load<u32>(head));
  store<u32>(head, here);
}

function encodeLiteral(literal: u32): bool {
  store<u8>(literals + literalCount, <u8>literal);
  store<u32>(distances + (literalCount << 2), 0);
  count(literalFrequencies, literal);
  literalCount++;
  return mustFlush();
}

function encodeMatch(length: u32, distance: u32): bool {
  if (distance - 1 >= WINDOW_SIZE) {
    fail();
    return false;
  }
  store<u8>(literals + literalCount, <u8>(length - MIN_MATCH));
  store<u32>(distances + (literalCount << 2), distance);
  count(literalFrequencies, lengthCode(length - MIN_MATCH));
  count(distanceFrequencies, distanceCode(distance - 1));
  literalCount++;
  matchCount++;
  return mustFlush();
}

/** When the buffer is full, or now and then when matches have become so many that other trees would pay. */
function mustFlush(): bool {
  if (literalCount == literalSize) return true;
  if ((literalCount & FLUSH_CHECK_MASK) != 0) return false;
  if (matchCount * 10 <= literalCount || literalCount <= matchCount * 2) return false;
  return (literalCount - matchCount) * 4 <= matchCount;
}

function count(frequencies: Address, code: u32): void {
  const place = frequencies + (code << 2);
  store<u32>(place, load<u32>(place) + 1);
}

function hashAt(index: u32): u32 {
  return ((hashValue << HASH_SHIFT) ^ byteAt(index)) & HASH_MASK;
}

// @ts-ignore: decorator
@inline
function byteAt(index: u32): u32 {
  return index < byteCount ? load<u8>(bytes + index) : 0;
}
