// Installs what vm/jit writes: boot/native, which is in the program, compiles it; the code goes to an area that the
// platform gives (one address to execute at, another to write to) and its functions into the table. Imported functions
// are bound by name to the virtual machine's exports: boot/link lists those whose names end in "FromCode".

import { context, cpuid, linked, load32, load64, load8, store32, store64 } from "../cpu";
import { CONTEXT_TABLE, CONTEXT_TABLE_SIZE, TABLE_ENTRY_BYTES, TABLE_ENTRY_TYPE, TYPE_NONE } from "../native/abi";
import { Address } from "../../vm/memory/oop";
import { NATIVE_JIT_DEFAULT } from "../../vm/tuning";
import { enableJit, enableOptimiser } from "../vm";
import { LINKED_CALLABLE } from "./linked";

// @ts-ignore: decorator
@external("compiler", "beginAt")
declare function beginAt(start: usize, limit: usize, module: usize, bytes: u32): void;
// @ts-ignore: decorator
@external("compiler", "compile")
declare function compile(flags: u32, growFunction: i32): i32;
// @ts-ignore: decorator
@external("compiler", "codeAddress")
declare function codeAddress(): usize;
// @ts-ignore: decorator
@external("compiler", "codeBytes")
declare function codeBytes(): u32;
// @ts-ignore: decorator
@external("compiler", "exportedFunctions")
declare function exportedFunctions(): u32;
// @ts-ignore: decorator
@external("compiler", "exportedIndex")
declare function exportedIndex(position: u32): u32;
// @ts-ignore: decorator
@external("compiler", "functionOffset")
declare function functionOffset(index: u32): u32;
// @ts-ignore: decorator
@external("compiler", "importedFunctions")
declare function importedFunctions(): u32;
// @ts-ignore: decorator
@external("compiler", "importNames")
declare function importNames(index: u32): usize;
// @ts-ignore: decorator
@external("compiler", "signature")
declare function signature(index: u32): u32;
// @ts-ignore: decorator
@external("compiler", "referenceTable")
declare function referenceTable(): usize;
// @ts-ignore: decorator
@external("compiler", "referencesInTable")
declare function referencesInTable(): u32;

/** Whether the compilers are in the program: the linker says no where they were left out (`stvm build --jit=off`). */
export let hasCompiler: bool = true;

/** How many methods and blocks were compiled when the program was built: the linker's number. */
export let aheadFunctions: u32 = 0;

/** Whether to compile methods; where some are compiled already, unless told otherwise. */
let isCompilerWanted: bool = NATIVE_JIT_DEFAULT;
let isCompilerChosen: bool = false;
let isOptimiserWanted: bool = true;

/** What the command line says: whether to compile, and whether to optimise as well. */
export function chooseCompiler(isWanted: bool, optimises: bool): void {
  isCompilerWanted = isWanted;
  isOptimiserWanted = optimises;
  isCompilerChosen = true;
}

/** Has the virtual machine compile from so many calls on: there is an area for code, or code already. */
export function startCompilers(threshold: i32): void {
  enableJit(threshold, 1);
  if (isOptimiserWanted) enableOptimiser(threshold == 1);
}

export function wantsCompiler(): bool {
  return isCompilerWanted || (aheadFunctions != 0 && !isCompilerChosen);
}

/** Whether the wish is someone's own, not what is so anyway. */
export function isCompilerAskedFor(): bool {
  return isCompilerWanted && isCompilerChosen;
}

const ENOEXEC: i32 = 8;
const E2BIG: i32 = 7;
const EINVAL: i32 = 22;
const ENOSPC: i32 = 28;
const ENOSYS: i32 = 38;

/** boot/native/compile.ts: low memory unused. */
const FLAGS: u32 = 1;
/** boot/native/arena.ts: the compiler's memory is used up, or a limit of it reached. */
const FAILURE_MEMORY: i32 = 1;
const FAILURE_LIMIT: i32 = 5;
const ALIGNMENT: u32 = 64;

/** Where code runs, and what to add to an address there to write it. */
let areaStart: i64 = 0;
let writeDistance: i64 = 0;
let areaBytes: u32 = 0;
let usedBytes: u32 = 0;
/** Entries of the table that the program has by itself, and those that there is room for. */
let ownEntries: u32 = 0;
let tableEntries: u32 = 0;
let arenaStart: Address = 0;
let arenaEnd: Address = 0;

/** Methods that were compiled since the start, and the bytes of their code. */
export let installedFunctions: u32 = 0;
export let installedBytes: u64 = 0;

const information: Address = memory.data(16, 16);

/** Where the compiler works: bytes of linear memory that nothing else uses. */
export function giveArena(start: Address, bytes: u32): void {
  arenaStart = start;
  arenaEnd = start + bytes;
}

/**
 * Where code goes: `bytes` to be executed from `start` on, written at `start` + `distance`; a writable area for a table
 * with room for so many entries, which takes the place of the program's.
 */
export function giveCodeArea(start: i64, distance: i64, bytes: u32, table: i64, entries: u32): void {
  areaStart = start;
  writeDistance = distance;
  areaBytes = bytes;
  usedBytes = 0;
  ownEntries = load32(context() + CONTEXT_TABLE_SIZE);
  tableEntries = entries;
  const from = load64(context() + CONTEXT_TABLE);
  for (let at: i64 = 0; at < <i64>ownEntries * TABLE_ENTRY_BYTES; at += 8) store64(table + at, load64(from + at));
  store64(context() + CONTEXT_TABLE, table);
}

/** Whether an address of the processor is in installed code. */
export function isInstalledCode(place: i64): bool {
  return place >= areaStart && place < areaStart + areaBytes;
}

/** Where installed code begins. */
export function installedCodeStart(): i64 {
  return areaStart;
}

/**
 * As vm/host.ts has it: compiles the module, puts the functions that it exports into the table in their order. Answers the
 * first one's index; -ENOSYS without an area, -E2BIG for more than the compiler has memory for, -ENOSPC where area or
 * table are full, -EINVAL where it imports what there is not, -ENOEXEC where it is no module.
 */
export function installCode(address: Address, bytes: u32): i32 {
  if (!hasCompiler || areaBytes == 0) return -ENOSYS;
  beginAt(arenaStart, arenaEnd, address, bytes);
  const failure = compile(FLAGS, -1);
  if (failure != 0) return failure == FAILURE_MEMORY || failure == FAILURE_LIMIT ? -E2BIG : -ENOEXEC;
  const count = exportedFunctions();
  const size = (codeBytes() + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  const first = <u32>load32(context() + CONTEXT_TABLE_SIZE);
  if (usedBytes + size > areaBytes || first + count > tableEntries) return -ENOSPC;
  const place = areaStart + usedBytes;
  if (!bindImports(place)) return -EINVAL;
  writeCode(place, size);
  const table = load64(context() + CONTEXT_TABLE);
  for (let i: u32 = 0; i < count; i++) {
    const index = exportedIndex(i);
    if (index < importedFunctions()) return -EINVAL;
    const entry = table + <i64>(first + i) * TABLE_ENTRY_BYTES;
    store64(entry, place + functionOffset(index));
    store32(entry + TABLE_ENTRY_TYPE, signature(index));
  }
  store32(context() + CONTEXT_TABLE_SIZE, first + count);
  usedBytes += size;
  installedFunctions += count;
  installedBytes += codeBytes();
  return <i32>first;
}

/** Forgets all that was installed: the area and the table's places are free again. None of it may be running. */
export function dropInstalledCode(): void {
  if (areaBytes == 0) return;
  const table = load64(context() + CONTEXT_TABLE);
  const entries = <u32>load32(context() + CONTEXT_TABLE_SIZE);
  for (let i = ownEntries; i < entries; i++) {
    store32(table + <i64>i * TABLE_ENTRY_BYTES + TABLE_ENTRY_TYPE, TYPE_NONE);
  }
  store32(context() + CONTEXT_TABLE_SIZE, ownEntries);
  usedBytes = 0;
}

/** Fills in calls of imported functions for code that is to run at a place; false where one cannot be had. */
function bindImports(place: i64): bool {
  const code = codeAddress();
  const references = referenceTable();
  const count = referencesInTable();
  const imported = importedFunctions();
  for (let i: u32 = 0; i < count; i++) {
    const offset = load<u32>(references + (i << 3));
    const index = load<u32>(references + (i << 3), 4);
    if (index < imported) {
      const target = addressOf(index);
      if (target == 0) return false;
      store<i32>(code + offset, <i32>(target - (place + offset + 4)));
    } else if (index >= 0x7fffffff) {
      // A linker's constant, or growing memory, which is not for methods.
      return false;
    }
  }
  return true;
}

/** The machine code of an imported function; 0 where nothing of that name and signature can be called. */
function addressOf(index: u32): i64 {
  const names = importNames(index);
  // "vm", then its own.
  if (load<u8>(names) != 2 || load<u16>(names, 1) != 0x6d76) return 0;
  const bytes = <u32>load<u8>(names, 3);
  const name = names + 4;
  const callable = linked(LINKED_CALLABLE);
  const count = <u32>load32(callable);
  for (let i: u32 = 0; i < count; i++) {
    const entry = callable + 4 + <i64>i * CALLABLE_ENTRY_BYTES;
    if (<u32>load32(entry + 12) != bytes || <u32>load32(entry + 4) != signature(index)) continue;
    if (isSame(callable + load32(entry + 8), name, bytes)) return callable + load32(entry);
  }
  return 0;
}

/** boot/link/callable.ts draws the table. */
const CALLABLE_ENTRY_BYTES: i64 = 16;

function isSame(text: i64, name: usize, bytes: u32): bool {
  for (let i: u32 = 0; i < bytes; i++) if (load8(text + i) != <i32>load<u8>(name + i)) return false;
  return true;
}

function writeCode(place: i64, bytes: u32): void {
  const code = codeAddress();
  const target = place + writeDistance;
  for (let i: u32 = 0; i < bytes; i += 8) store64(target + i, load<u64>(code + i));
  // Code written at another address than it runs at: the processor must not run what it fetched before (Intel's manual,
  // volume 3, section 9.1.3).
  cpuid(0, 0, information);
}
