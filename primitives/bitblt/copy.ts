// The copy loops: fill without a source, move words between pixels of one depth, pick pixels one by one where depth,
// order or colours change. Loads and stores are on the Forms' bits, within rows that clipping has proved to be there.

import { Address } from "../../vm/plugin";
import { blendQuickly } from "./blend";
import { chooseDirection, clip, setUpWords } from "./clip";
import { mapPixel, tableEntry } from "./colors";
import {
  blit,
  clearAffected,
  depthShift,
  dest,
  MAP_INDEXED,
  MAP_NEW_STYLE,
  MAP_PRESENT,
  pixelMask,
  setAffected,
  source,
} from "./operation";
import { alphaBlend, combine } from "./rules";

/** Clips and copies; the affected rectangle tells where. BitBltSimulation>>copyBits */
export function copyBits(): void {
  clearAffected();
  blit.bitCount = 0;
  if (!clip(!blit.noSource)) return;
  copyClipped();
}

/** As `copyBits` for one row of a scan converter. BitBltSimulation>>copyBitsFrom:to:at: */
export function copyRow(left: i32, right: i32, y: i32): void {
  blit.destX = left;
  blit.destY = y;
  blit.sourceX = left;
  blit.width = right - left;
  copyBits();
}

/** BitBltSimulation>>copyBitsLockedAndClipped */
export function copyClipped(): void {
  if (!blendQuickly()) {
    setUpWords();
    if (blit.noSource) {
      fillRows();
    } else {
      chooseDirection();
      if (source.depth != dest.depth || blit.mapFlags != 0 || source.bigEndian != dest.bigEndian) copyMapped();
      else copyWords();
    }
  }
  if (blit.rule != 22 && blit.rule != 32) setAffected();
}

// @ts-ignore: decorator
@inline
function destRow(row: i32): Address {
  return dest.bits + <u32>(blit.y + row) * dest.pitch + (((<u32>blit.x) >> (5 - depthShift(dest.depth))) << 2);
}

// @ts-ignore: decorator
@inline
function sourceRow(row: i32): Address {
  return source.bits + <u32>(blit.fromY + row) * source.pitch;
}

/** The halftone's word for a row of the destination; all ones without a halftone. */
// @ts-ignore: decorator
@inline
export function halftoneWord(y: i32): u32 {
  if (blit.halftoneHeight == 0) return 0xffffffff;
  return load<u32>(blit.halftoneBits + ((<u32>y % blit.halftoneHeight) << 2));
}

/** Applies the rule to one word, and stores the pixels inside the mask. */
// @ts-ignore: decorator
@inline
function mergeWord(address: Address, from: u32, mask: u32): void {
  blit.mask = mask;
  const to = load<u32>(address);
  store<u32>(address, (combine(blit.rule, from, to) & mask) | (to & ~mask));
}

// Without a source: BitBltSimulation>>copyLoopNoSource

function fillRows(): void {
  const rule = blit.rule;
  const words = blit.words;
  for (let row = 0; row < blit.rows; row++) {
    const halftone = halftoneWord(blit.y + row);
    let address = destRow(row);
    mergeWord(address, halftone, blit.firstMask);
    if (words == 1) continue;
    blit.mask = 0xffffffff;
    const last = address + ((words - 1) << 2);
    address += 4;
    if (rule == 3 || rule == 0) {
      fillWords(address, last, rule == 3 ? halftone : 0);
    } else {
      for (; address < last; address += 4) store<u32>(address, combine(rule, halftone, load<u32>(address)));
    }
    mergeWord(last, halftone, blit.lastMask);
  }
}

function fillWords(start: Address, end: Address, word: u32): void {
  let address = start;
  const pair = ((<u64>word) << 32) | word;
  for (; address + 8 <= end; address += 8) store<u64>(address, pair);
  if (address < end) store<u32>(address, word);
}

// One depth on both sides: BitBltSimulation>>copyLoop. Each word of the destination is a window on the source that may
// straddle two words; these lie at the same distance all along a row.

/** Bits by which windows are off the source's words, and words from a row's start to the first window. */
let windowShift: u32 = 0;
let windowWord: i32 = 0;
/** The words of a source row that hold pixels to be copied; no others are read. */
let neededFirst: i32 = 0;
let neededLast: i32 = 0;

function copyWords(): void {
  const depth = <i32>dest.depth;
  const firstBit = (blit.fromX - (blit.x & (dest.perWord - 1))) * depth;
  windowWord = firstBit >> 5;
  windowShift = (<u32>firstBit) & 31;
  neededFirst = (blit.fromX * depth) >> 5;
  neededLast = ((blit.fromX + blit.columns) * depth - 1) >> 5;
  const plain = blit.rule == 3 && blit.halftoneHeight == 0;
  const blending = depth == 32 && blit.halftoneHeight == 0 && !blit.sameForm;
  for (let i = 0; i < blit.rows; i++) {
    const row = blit.bottomUp ? blit.rows - 1 - i : i;
    if (blending && blendRow(row)) continue;
    if (plain && windowShift == 0) moveRow(row);
    else if (plain && !blit.rightToLeft) shiftRow(row);
    else mergeRow(row);
  }
}

/** The general row: any rule, halftone and order. */
function mergeRow(row: i32): void {
  const from = sourceRow(row);
  const to = destRow(row);
  const halftone = halftoneWord(blit.y + row);
  const words = blit.words;
  if (windowShift == 0 && !blit.rightToLeft) return mergeAligned(from + (windowWord << 2), to, halftone);
  for (let i = 0; i < words; i++) {
    const word = blit.rightToLeft ? words - 1 - i : i;
    const mask = word == 0 ? blit.firstMask : word == words - 1 ? blit.lastMask : 0xffffffff;
    mergeWord(to + (word << 2), windowAt(from, windowWord + word) & halftone, mask);
  }
}

/** Words aligned alike, from left to right: each is read as it is. */
function mergeAligned(fromStart: Address, to: Address, halftone: u32): void {
  const rule = blit.rule;
  const last = to + ((blit.words - 1) << 2);
  mergeWord(to, load<u32>(fromStart) & halftone, blit.firstMask);
  if (to == last) return;
  blit.mask = 0xffffffff;
  let from = fromStart + 4;
  for (let at = to + 4; at < last; at += 4, from += 4) {
    store<u32>(at, combine(rule, load<u32>(from) & halftone, load<u32>(at)));
  }
  mergeWord(last, load<u32>(from) & halftone, blit.lastMask);
}

/** The 32 bits of source pixels that come over a word of the destination. */
function windowAt(row: Address, word: i32): u32 {
  const first = neededWord(row, word);
  if (windowShift == 0) return first;
  const second = neededWord(row, word + 1);
  if (source.bigEndian) return (first << windowShift) | (second >> (32 - windowShift));
  return (first >> windowShift) | (second << (32 - windowShift));
}

// @ts-ignore: decorator
@inline
function neededWord(row: Address, word: i32): u32 {
  return word < neededFirst || word > neededLast ? 0 : load<u32>(row + (word << 2));
}

/** Rule 3, words aligned alike: the inner words move at once, whichever way they overlap. */
function moveRow(row: i32): void {
  const words = blit.words;
  const from = sourceRow(row) + (windowWord << 2);
  const to = destRow(row);
  const end = (words - 1) << 2;
  const first = load<u32>(from);
  const last = load<u32>(from + end);
  if (words > 2) memory.copy(to + 4, from + 4, end - 4);
  storeMasked(to, first, blit.firstMask);
  if (words > 1) storeMasked(to + end, last, blit.lastMask);
}

// @ts-ignore: decorator
@inline
function storeMasked(address: Address, word: u32, mask: u32): void {
  store<u32>(address, (word & mask) | (load<u32>(address) & ~mask));
}

/** Rule 3, words not aligned, from left to right. */
function shiftRow(row: i32): void {
  const words = blit.words;
  const from = sourceRow(row);
  const end = destRow(row) + ((words - 1) << 2);
  const left = windowShift;
  const right = 32 - left;
  const bigEndian = source.bigEndian;
  storeMasked(destRow(row), windowAt(from, windowWord), blit.firstMask);
  if (words == 1) return;
  let address = from + ((windowWord + 1) << 2);
  for (let to = destRow(row) + 4; to < end; to += 4) {
    const first = load<u32>(address);
    const second = load<u32>(address, 4);
    store<u32>(to, bigEndian ? (first << left) | (second >> right) : (first >> left) | (second << right));
    address += 4;
  }
  storeMasked(end, windowAt(from, windowWord + words - 1), blit.lastMask);
}

/** Rules 24 and 25 on 32-bit pixels; answers false for the other rules. */
function blendRow(row: i32): bool {
  const rule = blit.rule;
  if (rule != 24 && rule != 25) return false;
  let from = sourceRow(row) + (blit.fromX << 2);
  let to = destRow(row);
  const end = to + (blit.columns << 2);
  for (; to < end; to += 4, from += 4) {
    const pixel = load<u32>(from);
    if (rule == 24) store<u32>(to, alphaBlend(pixel, load<u32>(to)));
    else if (pixel != 0) store<u32>(to, pixel);
  }
  return true;
}

// Pixels picked one by one: BitBltSimulation>>copyLoopPixMap. Here rows and words of one Form that overlap are taken in
// the order that does no harm; the reference runs off its rows then.

/** Copies with change of depth, order or colours. Clipping and words are set up. */
export function copyMapped(): void {
  const perWord = dest.perWord;
  const words = blit.words;
  const inFirst = min(perWord - (blit.x & (perWord - 1)), blit.columns);
  for (let i = 0; i < blit.rows; i++) {
    const row = blit.bottomUp ? blit.rows - 1 - i : i;
    const halftone = halftoneWord(blit.y + row);
    const from = sourceRow(row);
    const to = destRow(row);
    for (let j = 0; j < words; j++) {
      const word = blit.rightToLeft ? words - 1 - j : j;
      const column = word == 0 ? 0 : inFirst + (word - 1) * perWord;
      const count = word == 0 ? inFirst : min(perWord, blit.columns - column);
      const place = word == 0 ? blit.x & (perWord - 1) : 0;
      const mask = word == 0 ? blit.firstMask : word == words - 1 ? blit.lastMask : 0xffffffff;
      mergeMapped(to + (word << 2), pickPixels(from, blit.fromX + column, count, place) & halftone, mask);
    }
  }
}

/** As `mergeWord`; the rule sees only the destination's pixels inside the mask. */
// @ts-ignore: decorator
@inline
export function mergeMapped(address: Address, from: u32, mask: u32): void {
  blit.mask = mask;
  const to = load<u32>(address);
  store<u32>(address, (combine(blit.rule, from, to & mask) & mask) | (to & ~mask));
}

/** A word of `count` mapped pixels from column `x` of a row, the first at pixel `place` of the word. */
function pickPixels(row: Address, x: i32, count: i32, place: i32): u32 {
  const sourceDepth = source.depth;
  const depth = dest.depth;
  const sourceMask = pixelMask(sourceDepth);
  const destMask = pixelMask(depth);
  const columnShift = 5 - depthShift(sourceDepth);
  const lastInWord = source.perWord - 1;
  // With the first pixel in the high bits, pixel n is where pixel (last - n) is with the first in the low bits.
  const sourceFlip = source.bigEndian ? lastInWord : 0;
  const flip = dest.bigEndian ? dest.perWord - 1 : 0;
  const indexed = (blit.mapFlags & ~MAP_NEW_STYLE) == (MAP_PRESENT | MAP_INDEXED);
  let result: u32 = 0;
  for (let i = 0; i < count; i++) {
    const column = x + i;
    const word = load<u32>(row + ((column >> columnShift) << 2));
    const pixel = (word >> (<u32>((column & lastInWord) ^ sourceFlip) * sourceDepth)) & sourceMask;
    const mapped = indexed ? tableEntry(pixel) : mapPixel(pixel);
    const shift = <u32>((place + i) ^ flip) * depth;
    result |= (mapped & destMask) << shift;
  }
  return result;
}
