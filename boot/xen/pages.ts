// Where linear memory lies in physical memory: frames for grants and hypercalls, windows onto frames outside of it, and
// copies of what a loader left at physical addresses. The page tables are those that the start-up code has made
// (boot/link/pvhEntry.ts), which also map physical memory below 4 GiB at its own addresses; a window is an entry changed.

import { cr3, load64, load8, memoryBase, setCr3, store64 } from "../cpu";
import { Address } from "../../vm/memory/oop";

const PAGE_SHIFT: u32 = 12;
const TABLE_SHIFT: u32 = 9;
const TABLE_MASK: u64 = 511;
const ADDRESS_MASK: u64 = 0x000f_ffff_ffff_f000;
const PRESENT: u64 = 1;
const WRITABLE: u64 = 1 << 1;
const LARGE: u64 = 1 << 7;
const NO_EXECUTE: u64 = 1 << 63;

/** Levels of the tables, the highest first; an entry of level n covers 4096 << 9n bytes. */
const TOP_LEVEL: i32 = 3;

/** The entry that maps an address last found by `findEntry`, its place and level. */
let entry: u64 = 0;
let entryPlace: u64 = 0;
let entryLevel: i32 = 0;

function findEntry(address: Address): bool {
  return findEntryOf(memoryBase() + address);
}

function findEntryOf(virtual: u64): bool {
  let table = cr3() & ADDRESS_MASK;
  for (let level = TOP_LEVEL; level >= 0; level--) {
    const index = (virtual >> (PAGE_SHIFT + TABLE_SHIFT * <u32>level)) & TABLE_MASK;
    entryPlace = table + (index << 3);
    entry = load64(entryPlace);
    entryLevel = level;
    if ((entry & PRESENT) == 0) return false;
    if (level == 0 || (entry & LARGE) != 0) return true;
    table = entry & ADDRESS_MASK;
  }
  return false;
}

/** The physical address of a byte of linear memory; 0 where nothing is mapped. */
export function physicalOf(address: Address): u64 {
  if (!findEntry(address)) return 0;
  const offsetMask = ((<u64>1) << (PAGE_SHIFT + TABLE_SHIFT * <u32>entryLevel)) - 1;
  return (entry & ADDRESS_MASK & ~offsetMask) + ((memoryBase() + address) & offsetMask);
}

/** The number of the frame (4 KiB) that holds a page of linear memory. */
export function frameOf(address: Address): u64 {
  return physicalOf(address) >> PAGE_SHIFT;
}

/**
 * Makes a page of linear memory show another frame. The page must be one of the kernel's own, which are mapped by 4 KiB;
 * false where it is not.
 */
export function mapWindow(page: Address, frame: u64): bool {
  if (!findEntry(page) || entryLevel != 0) return false;
  store64(entryPlace, (frame << PAGE_SHIFT) | NO_EXECUTE | WRITABLE | PRESENT);
  setCr3(cr3());
  return true;
}

/** Maps 2 MiB of linear memory, which must lie at a multiple of that and not be mapped. False where they are. */
export function mapLarge(address: Address, physical: u64): bool {
  if (findEntry(address) || entryLevel != 1) return false;
  store64(entryPlace, physical | NO_EXECUTE | LARGE | WRITABLE | PRESENT);
  return true;
}

/**
 * Maps so many pages of linear memory from a multiple of 2 MiB on, fewer than that holds; the page at the physical address
 * `table` becomes their table. False where something is mapped there.
 */
export function mapSmall(address: Address, physical: u64, count: u32, table: u64): bool {
  if (findEntry(address) || entryLevel != 1) return false;
  for (let i: u32 = 0; i <= <u32>TABLE_MASK; i++) {
    const page = physical + ((<u64>i) << PAGE_SHIFT);
    store64(table + (i << 3), i < count ? page | NO_EXECUTE | WRITABLE | PRESENT : 0);
  }
  store64(entryPlace, table | WRITABLE | PRESENT);
  return true;
}

/** Takes 2 MiB of linear memory out of the map. */
export function unmapLarge(address: Address): void {
  if (!findEntry(address) || entryLevel != 1) return;
  store64(entryPlace, 0);
  setCr3(cr3());
}

/** Maps 2 MiB to be executed, not written, at an address whose page directory the start-up code has made. */
export function mapCode(virtual: u64, physical: u64): bool {
  if (findEntryOf(virtual) || entryLevel != 1) return false;
  store64(entryPlace, physical | LARGE | PRESENT);
  return true;
}

/**
 * Takes the first page of physical memory out of the map, where it is mapped by 4 KiB: a loader may have left something
 * there, and afterwards nobody has business at address 0.
 */
export function unmapFirstPage(): void {
  if (!findEntryOf(0) || entryLevel != 0) return;
  store64(entryPlace, 0);
  setCr3(cr3());
}

/** Copies from physical memory below 4 GiB. */
export function copyPhysical(source: u64, target: Address, bytes: u32): void {
  for (let i: u32 = 0; i < bytes; i++) store<u8>(target + i, <u8>load8(source + i));
}
