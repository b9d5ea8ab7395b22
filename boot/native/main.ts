// The compiler as a module of its own, build/native.wasm: takes a module's bytes, answers addresses of the tables that
// compile.ts reads. Memory holds first the module, then whatever compiling needs, then the code.

import { failure, failureDetail, reserve, startArena } from "./arena";
import { at, codeOffset, codeStart } from "./assembler";
import { compileModule, failedFunction, failedOffset } from "./compiler";
import {
  contextBytes,
  exportedFunction,
  exportedFunctionCount,
  functionBody,
  functionCode,
  functionCodeBytes,
  functionCount,
  functionType,
  globalCount,
  globalInitial,
  globalOffset,
  importedFunctionCount,
  memoryInitialPages,
  memoryMaximumPages,
  segmentCount,
  segmentIsPassive,
  segmentSize,
  segmentSizeOffset,
  tableEntryType,
  tableFunction,
  tableSize,
  typeId,
} from "./module";
import { lineCount, lines, referenceCount, references } from "./references";

let moduleAddress: usize = 0;
let moduleBytes: u32 = 0;

/** Makes room for a module of so many bytes and answers its address; 0 without memory. */
export function begin(bytes: u32): usize {
  startArena(__heap_base, 0);
  moduleBytes = bytes;
  moduleAddress = reserve(bytes);
  return moduleAddress;
}

/** The same between two addresses that the caller owns, for a compiler inside another program. */
export function beginWithin(start: usize, limit: usize, bytes: u32): usize {
  startArena(start, limit);
  moduleBytes = bytes;
  moduleAddress = reserve(bytes);
  return moduleAddress;
}

/** The same for a module that lies elsewhere and stays there meanwhile. */
export function beginAt(start: usize, limit: usize, module: usize, bytes: u32): void {
  startArena(start, limit);
  moduleBytes = bytes;
  moduleAddress = module;
}

/** Compiles the module that was put there. 0, or a failure (arena.ts). `growFunction` is an index or -1. */
export function compile(flags: u32, growFunction: i32): i32 {
  compileModule(moduleAddress, moduleBytes, flags, growFunction);
  return failure;
}

/** What goes with a failure: 0 its detail, 1 the function's index, 2 the offset in the module. */
export function failureInformation(part: i32): u32 {
  if (part == 0) return failureDetail;
  return part == 1 ? failedFunction : failedOffset;
}

export function codeAddress(): usize {
  return codeStart;
}

export function codeBytes(): u32 {
  return codeOffset();
}

export function functionOffset(index: u32): u32 {
  return index < functionCount ? functionCode(index) : 0;
}

export function functionBytes(index: u32): u32 {
  return index < functionCount ? functionCodeBytes(index) : 0;
}

/** Functions that the module exports, by their place among them: the index. */
export function exportedFunctions(): u32 {
  return exportedFunctionCount;
}

export function exportedIndex(position: u32): u32 {
  return exportedFunction(position);
}

export function importedFunctions(): u32 {
  return importedFunctionCount;
}

/** Address of an imported function's names: the module's, then its own, each with its length before it (LEB128). */
export function importNames(index: u32): usize {
  return functionBody(index);
}

/** A number that functions of equal signatures share (NativeTableEntry.type). */
export function signature(index: u32): u32 {
  return typeId(functionType(index));
}

/** Pairs of 32 bits: offset in the code, function or 80000000h + number of a linker's constant. */
export function referenceTable(): usize {
  return references;
}

export function referencesInTable(): u32 {
  return referenceCount;
}

/** Pairs of 32 bits: offset in the code, offset in the module. */
export function lineTable(): usize {
  return lines;
}

export function linesInTable(): u32 {
  return lineCount;
}

/** Facts by number: 0 first pages of memory, 1 most, 2 bytes of the context block, 3 table entries, 4 segments. */
export function fact(number: i32): u32 {
  switch (number) {
    case 0:
      return memoryInitialPages;
    case 1:
      return memoryMaximumPages;
    case 2:
      return contextBytes;
    case 3:
      return tableSize;
    default:
      return segmentCount;
  }
}

export function globalPlace(index: u32): i32 {
  return index < globalCount ? globalOffset(index) : 0;
}

export function globalBits(index: u32): u64 {
  return globalInitial(index);
}

/** Function + 1 in a slot of the table, or 0. */
export function slotFunction(slot: u32): u32 {
  return tableFunction(slot);
}

export function slotType(slot: u32): u32 {
  return tableEntryType(slot);
}

/** Offset of a passive segment's size in the context block; 0 for an active segment. */
export function segmentPlace(segment: u32): i32 {
  return segmentIsPassive(segment) ? segmentSizeOffset(segment) : 0;
}

export function segmentLength(segment: u32): u32 {
  return segmentSize(segment);
}

/** First byte behind the code: what a caller may give back. */
export function codeEnd(): usize {
  return at;
}
