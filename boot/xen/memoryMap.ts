// How much memory the machine has for the heap, and giving it to linear memory: memory.grow ends here. Linear memory is
// one run of frames from LINK_MEMORY_START on, mapped by 2 MiB as it grows.

import { linked, setMemoryPages } from "../cpu";
import { Address } from "../../vm/memory/oop";
import { LINK_MEMORY_START } from "./links";
import { mapLarge } from "./pages";
import { MEMORY_TYPE_RAM, MemoryMapEntry } from "./startInfo";

const LARGE_PAGE_BYTES: u64 = 2 << 20;
const WASM_PAGE_SHIFT: u64 = 16;
/** The kernel's own data lies at the end of linear memory (boot/link), beyond what the heap may reach. */
const MOST_BYTES: u64 = 0xff00_0000;

/** Bytes that linear memory may reach. */
export let limitBytes: u64 = 0;
/** Bytes that are mapped, a multiple of 2 MiB. */
let mappedBytes: u64 = 0;

/**
 * Looks for the end of the memory that linear memory lies in: `count` entries of the loader's map at `map`. Without a
 * map (a dom0) it stays as large as it is. False where the map does not even hold what linear memory has now.
 */
export function measureMemory(map: Address, count: u32): bool {
  const start = <u64>linked(LINK_MEMORY_START);
  const presentBytes = (<u64>memory.size()) << WASM_PAGE_SHIFT;
  mappedBytes = (presentBytes + LARGE_PAGE_BYTES - 1) & ~(LARGE_PAGE_BYTES - 1);
  limitBytes = count == 0 ? presentBytes : endOfMemory(map, count, start) - start;
  if (limitBytes > MOST_BYTES) limitBytes = MOST_BYTES;
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

/** Keeps linear memory to that many bytes. False where it has more already. */
export function limitMemory(bytes: u64): bool {
  if (bytes < (<u64>memory.size()) << WASM_PAGE_SHIFT) return false;
  if (bytes < limitBytes) limitBytes = bytes;
  return true;
}

/** What memory.grow calls: pages of 64 KiB to add; answers how many there were, or -1. */
export function growMemory(pages: i32): i32 {
  const before = memory.size();
  const wanted = (<u64>before + <u32>pages) << WASM_PAGE_SHIFT;
  if (wanted > limitBytes) return -1;
  while (mappedBytes < wanted) {
    // The last part of memory may not fill a large page.
    if (mappedBytes + LARGE_PAGE_BYTES > limitBytes) return -1;
    if (!mapLarge(<Address>mappedBytes, <u64>linked(LINK_MEMORY_START) + mappedBytes)) return -1;
    clear(<Address>mappedBytes, <u32>LARGE_PAGE_BYTES);
    mappedBytes += LARGE_PAGE_BYTES;
  }
  setMemoryPages(before + pages);
  return before;
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
