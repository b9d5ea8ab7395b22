// Memory for files: pages of 4 KiB, taken and given one by one. They come out of blocks of up to 2 MiB: first two that
// nobody else has, the area of compiled methods where none are compiled, and what is left behind the last whole large page
// of the machine's memory; then large pages that the heap does not need (memoryMap.ts), each of which goes back when its
// pages are all free. Nothing is taken before the first page is.
//
// A block's first page holds what the store has to know:
//
//   free pages u32 | next, previous block with free pages u32 | pages u32 | a bit for each page, set where it is free
//
// Pages lie outside of linear memory and are reached at their physical addresses, all below 4 GiB.

import { load32, load64, load8, store32, store64, store8 } from "../../cpu";
import { Address } from "../../../vm/memory/oop";
import { COMPILED_AREA_BYTES } from "../../../vm/tuning";
import { compiledArea } from "../../vm";
import { giveLargePage, LARGE_PAGE_BYTES, limitBytes, restBytes, restStart, takeLargePage } from "../memoryMap";
import { physicalOf } from "../pages";

/** A physical address below 4 GiB. */
export type Place = u32;

export const PAGE_BYTES: u32 = 4096;
export const PAGE_SHIFT: u32 = 12;
const BLOCK_BYTES: u32 = <u32>LARGE_PAGE_BYTES;
const BLOCK_PAGES: u32 = BLOCK_BYTES >> PAGE_SHIFT;
/** Less than this is not worth a block. */
const LEAST_BYTES: u64 = 65536;

const FREE_PAGES: u32 = 0;
const NEXT: u32 = 4;
const PREVIOUS: u32 = 8;
const PAGES: u32 = 12;
const BITS: u32 = 16;

/** The first of the blocks that have a free page; 0 for none. */
let firstBlock: Place = 0;
/** Large pages that the store has, and may have at most. */
let largePages: u32 = 0;
let mostLargePages: u32 = 0;
/** Whether large pages are kept when they are free. */
let keepsPages: bool = false;
/** Physical address and bytes of the area of compiled methods; of no bytes where it is in use. */
let areaStart: Place = 0;
let areaBytes: u32 = 0;
/** Whether the area, and what is left behind the last large page, are yet to be used. */
let hasArea: bool = false;
let hasRest: bool = false;

/** Pages that are in use. */
export let usedPages: u32 = 0;

/** Lets the store take up to half of what the heap may have, whenever it needs some. */
export function openStore(hasCode: bool): void {
  offerBlocks(hasCode);
  mostLargePages = <u32>(limitBytes / 2 / LARGE_PAGE_BYTES);
}

/** Takes `bytes` for the store now, and no more later; nothing for 0. False where the heap needs them. */
export function fillStore(bytes: u64, hasCode: bool): bool {
  if (bytes == 0) return true;
  offerBlocks(hasCode);
  keepsPages = true;
  const present = <u64>areaBytes + (hasRest ? restBytes : 0);
  if (bytes <= present) return true;
  const pages = (bytes - present + LARGE_PAGE_BYTES - 1) / LARGE_PAGE_BYTES;
  if (pages > limitBytes / LARGE_PAGE_BYTES) return false;
  mostLargePages = <u32>pages;
  while (largePages < mostLargePages) if (!addLargePage()) return false;
  return true;
}

function offerBlocks(hasCode: bool): void {
  hasRest = restBytes >= LEAST_BYTES;
  if (hasCode) return;
  const start = (compiledArea() + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
  areaStart = <Place>physicalOf(start);
  areaBytes = (compiledArea() + COMPILED_AREA_BYTES - start) & ~(PAGE_BYTES - 1);
  hasArea = true;
}

/** A page of zeros; 0 where there is none to be had. */
export function takePage(): Place {
  if (firstBlock == 0 && !addBlock()) return 0;
  const block = firstBlock;
  let bits = block + BITS;
  while (load64(bits) == 0) bits += 8;
  const word = load64(bits);
  const page = block + ((((bits - block - BITS) << 3) + <u32>ctz(word)) << PAGE_SHIFT);
  store64(bits, word & (word - 1));
  const free = wordAt(block + FREE_PAGES) - 1;
  putWord(block + FREE_PAGES, free);
  if (free == 0) unlinkBlock(block);
  usedPages++;
  for (let i: u32 = 0; i < PAGE_BYTES; i += 8) store64(page + i, 0);
  return page;
}

export function givePage(page: Place): void {
  const block = page - areaStart < areaBytes ? areaStart : page & ~(BLOCK_BYTES - 1);
  const index = (page - block) >> PAGE_SHIFT;
  const bits = block + BITS + ((index >> 6) << 3);
  store64(bits, load64(bits) | ((<u64>1) << (index & 63)));
  const free = wordAt(block + FREE_PAGES) + 1;
  putWord(block + FREE_PAGES, free);
  usedPages--;
  // What was full and is not is used first, so that the others become free.
  if (free == 1) linkBlock(block);
  const stays = keepsPages || block == areaStart || block == <Place>restStart;
  if (free < wordAt(block + PAGES) || stays) return;
  unlinkBlock(block);
  largePages--;
  giveLargePage(block);
}

export function wordAt(place: Place): u32 {
  return load32(place);
}

export function putWord(place: Place, value: u32): void {
  store32(place, value);
}

export function longAt(place: Place): u64 {
  return load64(place);
}

export function putLong(place: Place, value: u64): void {
  store64(place, value);
}

/** Copies to linear memory. */
export function copyOut(place: Place, target: Address, bytes: u32): void {
  let i: u32 = 0;
  for (; i + 8 <= bytes; i += 8) store<u64>(target + i, load64(place + i));
  for (; i < bytes; i++) store<u8>(target + i, <u8>load8(place + i));
}

/** Copies from linear memory. */
export function copyIn(source: Address, place: Place, bytes: u32): void {
  let i: u32 = 0;
  for (; i + 8 <= bytes; i += 8) store64(place + i, load<u64>(source + i));
  for (; i < bytes; i++) store8(place + i, load<u8>(source + i));
}

export function fillZeros(place: Place, bytes: u32): void {
  for (let i: u32 = 0; i < bytes; i++) store8(place + i, 0);
}

/** Whether as many bytes are the same. */
export function isSame(place: Place, bytes: Address, count: u32): bool {
  for (let i: u32 = 0; i < count; i++) if (load8(place + i) != <i32>load<u8>(bytes + i)) return false;
  return true;
}

function addBlock(): bool {
  if (hasArea) {
    hasArea = false;
    makeBlock(areaStart, areaBytes >> PAGE_SHIFT);
  } else if (hasRest) {
    hasRest = false;
    makeBlock(<Place>restStart, (<u32>restBytes) >> PAGE_SHIFT);
  } else return largePages < mostLargePages && addLargePage();
  return true;
}

function addLargePage(): bool {
  const block = <Place>takeLargePage();
  if (block == 0) return false;
  largePages++;
  makeBlock(block, BLOCK_PAGES);
  return true;
}

/** A block of so many pages, of which the first is not for files. */
function makeBlock(block: Place, pages: u32): void {
  putWord(block + FREE_PAGES, pages - 1);
  putWord(block + PAGES, pages - 1);
  for (let i: u32 = 0; i < BLOCK_PAGES >> 3; i += 8) {
    // Bits of 64 pages from i * 8 on.
    const first = i << 3;
    const count = pages > first ? min<u32>(pages - first, 64) : 0;
    const bits: u64 = count == 64 ? u64.MAX_VALUE : ((<u64>1) << count) - 1;
    store64(block + BITS + i, first == 0 ? bits & ~1 : bits);
  }
  linkBlock(block);
}

function linkBlock(block: Place): void {
  putWord(block + NEXT, firstBlock);
  putWord(block + PREVIOUS, 0);
  if (firstBlock != 0) putWord(firstBlock + PREVIOUS, block);
  firstBlock = block;
}

function unlinkBlock(block: Place): void {
  const next = wordAt(block + NEXT);
  const previous = wordAt(block + PREVIOUS);
  if (next != 0) putWord(next + PREVIOUS, previous);
  if (previous == 0) firstBlock = next;
  else putWord(previous + NEXT, next);
}
