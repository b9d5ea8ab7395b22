// How much memory the machine has, and who gets it. Linear memory grows by large pages of 2 MiB (memory.grow ends here);
// files (files/pageStore.ts) take such pages from what linear memory may still grow by, or does not use any more, and give
// them back. So a large page of linear memory may lie anywhere in the one run of memory that starts at LINK_MEMORY_START.

import { linked, setMemoryPages } from "../cpu";
import { Address } from "../../vm/memory/oop";
import { fitOldSpace } from "../vm";
import { LINK_MEMORY_START } from "./links";
import { mapLarge, mapSmall, physicalOf, unmapLarge } from "./pages";
import { MEMORY_TYPE_RAM, MemoryMapEntry } from "./startInfo";

export const LARGE_PAGE_BYTES: u64 = 2 << 20;
const LARGE_PAGE_SHIFT: u64 = 21;
const PAGE_BYTES: u64 = 4096;
const WASM_PAGE_SHIFT: u64 = 16;
/** The kernel's own data lies at the end of linear memory (boot/link), beyond what the heap may reach. */
const MOST_BYTES: u64 = 0xff00_0000;

/** Bytes that linear memory may reach, a multiple of 2 MiB unless it ends with the rest. */
export let limitBytes: u64 = 0;
/** Physical address and bytes of what is left behind the last whole large page, for files; nothing if the heap has it. */
export let restStart: u64 = 0;
export let restBytes: u64 = 0;
/** All memory up to the end of the run that linear memory lies in. */
export let machineBytes: u64 = 0;
/** How much of linear memory is the rest, at its end. */
let ownRestBytes: u64 = 0;
/** Bytes that are mapped, a multiple of 2 MiB but for the rest. */
let mappedBytes: u64 = 0;

/** A byte for each large page from LINK_MEMORY_START on: whether linear memory or files have it. */
const taken = <Address>memory.data(2048);
let largePages: u32 = 0;

/**
 * Looks for the end of the memory that linear memory lies in: `count` entries of the loader's map at `map`. Without a
 * map (a dom0) it stays as large as it is. False where the map does not even hold what linear memory has now.
 */
export function measureMemory(map: Address, count: u32): bool {
  const start = <u64>linked(LINK_MEMORY_START);
  const presentBytes = (<u64>memory.size()) << WASM_PAGE_SHIFT;
  mappedBytes = (presentBytes + LARGE_PAGE_BYTES - 1) & ~(LARGE_PAGE_BYTES - 1);
  machineBytes = count == 0 ? start + mappedBytes : endOfMemory(map, count, start);
  const bytes = count == 0 ? mappedBytes : min(machineBytes - start, MOST_BYTES);
  limitBytes = bytes & ~(LARGE_PAGE_BYTES - 1);
  restStart = start + limitBytes;
  restBytes = bytes - limitBytes;
  largePages = <u32>(limitBytes >> LARGE_PAGE_SHIFT);
  for (let i: u32 = 0; i < <u32>(mappedBytes >> LARGE_PAGE_SHIFT); i++) take(i);
  return limitBytes >= presentBytes;
}

/** Where the run of memory that holds a physical address ends; that address where it is none. */
export function endOfMemory(map: Address, count: u32, start: u64): u64 {
  let end = start;
  // Entries may stand in any order, and a run be told in parts.
  for (let again = true; again;) {
    again = false;
    for (let i: u32 = 0; i < count; i++) {
      const entry = changetype<MemoryMapEntry>(map + i * offsetof<MemoryMapEntry>());
      if (entry.type != MEMORY_TYPE_RAM || entry.address > end || entry.address + entry.size <= end) continue;
      end = entry.address + entry.size;
      again = true;
    }
  }
  return end;
}

/**
 * Gives linear memory the rest, too, for its end: where a machine has so little that this counts. Then no large page goes
 * to files any more.
 */
export function addRest(): void {
  if (restBytes <= PAGE_BYTES) return;
  // One page is for the page table.
  ownRestBytes = (restBytes - PAGE_BYTES) & ~(((<u64>1) << WASM_PAGE_SHIFT) - 1);
  limitBytes += ownRestBytes;
  restBytes = 0;
}

/** What a machine must have for linear memory to reach so many bytes (`addRest`). */
export function leastMachineBytes(linearBytes: u64): u64 {
  const pages = (linearBytes + ((<u64>1) << WASM_PAGE_SHIFT) - 1) >> WASM_PAGE_SHIFT;
  return linked(LINK_MEMORY_START) + (pages << WASM_PAGE_SHIFT) + PAGE_BYTES;
}

/** Keeps linear memory, and files, to that many bytes, a multiple of 2 MiB. */
export function limitMemory(bytes: u64): void {
  limitBytes = bytes;
  largePages = <u32>(bytes >> LARGE_PAGE_SHIFT);
}

/**
 * Takes 2 MiB from linear memory: what it may still grow by, or else its end where no object is near. Answers the physical
 * address, or 0 where the heap needs all that it has.
 */
export function takeLargePage(): u64 {
  const limit = limitBytes - LARGE_PAGE_BYTES;
  if (limitBytes == 0 || ownRestBytes != 0 || !fitOldSpace(limit, 0)) return 0;
  limitBytes = limit;
  if (mappedBytes > limit) giveEnd();
  for (let i = largePages; i > 0; i--) if (load<u8>(taken + i - 1) == 0) return take(i - 1);
  return 0;
}

/** Gives 2 MiB back that `takeLargePage` has answered. */
export function giveLargePage(physical: u64): void {
  free(physical);
  limitBytes += LARGE_PAGE_BYTES;
  fitOldSpace(limitBytes, 0);
}

/** Linear memory gives its last large page back. */
function giveEnd(): void {
  mappedBytes -= LARGE_PAGE_BYTES;
  free(physicalOf(<Address>mappedBytes));
  unmapLarge(<Address>mappedBytes);
  const pages = <i32>(mappedBytes >> WASM_PAGE_SHIFT);
  if (memory.size() > pages) setMemoryPages(pages);
}

/** Marks a large page by its number as taken; answers its physical address. */
function take(index: u32): u64 {
  store<u8>(taken + index, 1);
  return <u64>linked(LINK_MEMORY_START) + ((<u64>index) << LARGE_PAGE_SHIFT);
}

function free(physical: u64): void {
  store<u8>(taken + <u32>((physical - <u64>linked(LINK_MEMORY_START)) >> LARGE_PAGE_SHIFT), 0);
}

/** What memory.grow calls: pages of 64 KiB to add; answers how many there were, or -1. */
export function growMemory(pages: i32): i32 {
  const before = memory.size();
  const wanted = (<u64>before + <u32>pages) << WASM_PAGE_SHIFT;
  if (wanted > limitBytes) return -1;
  while (mappedBytes < wanted) {
    const isRest = limitBytes - mappedBytes < LARGE_PAGE_BYTES;
    if (isRest ? !mapRest() : !mapLarge(<Address>mappedBytes, takeLowest())) return -1;
    const bytes = isRest ? ownRestBytes : LARGE_PAGE_BYTES;
    clear(<Address>mappedBytes, <u32>bytes);
    mappedBytes += bytes;
  }
  setMemoryPages(before + pages);
  return before;
}

/** Linear memory and files together have less than there is. */
function takeLowest(): u64 {
  let index: u32 = 0;
  while (load<u8>(taken + index) != 0) index++;
  return take(index);
}

function mapRest(): bool {
  return mapSmall(<Address>mappedBytes, restStart, <u32>(ownRestBytes / PAGE_BYTES), restStart + ownRestBytes);
}

/** The loader may have left its own data here; WebAssembly promises zeros. */
function clear(start: Address, bytes: u32): void {
  for (let at: u32 = 0; at < bytes; at += 32) {
    store<u64>(start + at, 0);
    store<u64>(start + at, 0, 8);
    store<u64>(start + at, 0, 16);
    store<u64>(start + at, 0, 24);
  }
}
