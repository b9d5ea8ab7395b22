// Room for code that is made while the kernel runs: the last part of the memory that linear memory could have grown to.
// It is seen three times: as linear memory, where the native compiler works in its first part; at its physical address,
// where the table of functions and the code are written; and 1 GiB below the top of the address space, where the code
// runs and nothing can be written. Only there where the compiler of methods is on.

import { linked } from "../cpu";
import { Address } from "../../vm/memory/oop";
import { giveArena, giveCodeArea } from "../common/code";
import { CODE_START, LINK_MEMORY_START } from "./links";
import { LARGE_PAGE_BYTES, limitBytes, limitMemory } from "./memoryMap";
import { mapCode, mapLarge } from "./pages";

/** The area's part of all memory, and the most that it takes. */
const AREA_DIVISOR: u64 = 8;
const MOST_BYTES: u64 = 32 << 20;
/** Linear memory keeps at least so much to grow into. */
const SPARE_BYTES: u64 = 2 << 20;
const ARENA_BYTES: u32 = 1 << 20;
const SMALL_ARENA_BYTES: u32 = 512 << 10;
/** One entry of the table, of 16 bytes, for so many bytes of the area. */
const BYTES_PER_ENTRY: u32 = 512;
const TABLE_ENTRY_BYTES: u32 = 16;

/** Where the area shall begin in linear memory; 0 where there is too little memory for one. */
export function codeAreaStart(): u64 {
  const bytes = areaBytes();
  const present = (<u64>memory.size()) << 16;
  return limitBytes >= present + bytes + SPARE_BYTES ? limitBytes - bytes : 0;
}

function areaBytes(): u64 {
  const wanted = (limitBytes / AREA_DIVISOR) & ~(LARGE_PAGE_BYTES - 1);
  return max(LARGE_PAGE_BYTES, min(wanted, MOST_BYTES));
}

/** Makes the area at the place that `codeAreaStart` has answered. False where the tables of pages do not allow it. */
export function makeCodeArea(): bool {
  const start = codeAreaStart();
  const bytes = areaBytes();
  const physical = <u64>linked(LINK_MEMORY_START) + start;
  for (let at: u64 = 0; at < bytes; at += LARGE_PAGE_BYTES) {
    if (!mapLarge(<Address>(start + at), physical + at) || !mapCode(CODE_START + at, physical + at)) return false;
  }
  limitMemory(start);
  const arena = bytes == LARGE_PAGE_BYTES ? SMALL_ARENA_BYTES : ARENA_BYTES;
  const entries = <u32>bytes / BYTES_PER_ENTRY;
  const first = arena + entries * TABLE_ENTRY_BYTES;
  giveArena(<Address>start, arena);
  giveCodeArea(CODE_START + first, physical - CODE_START, <u32>bytes - first, physical + arena, entries);
  return true;
}
