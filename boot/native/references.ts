// Places in the code that name something elsewhere: calls of functions, filled in when all are placed, and the linker's
// constants. Also the table of lines: which instruction of the module each stretch of code comes from.

import { fail, FAILURE_LIMIT } from "./arena";
import { codeOffset, codeStart } from "./assembler";
import { functionCode, importedFunctionCount } from "./module";

/** Marks a linker's constant. */
export const LINKED: u32 = 0x80000000;
/** Marks a jump to the linker's routine for memory.grow. */
export const GROW: u32 = 0x7fffffff;

// u32 offset in the code, u32 function or LINKED + number.
export let references: usize = 0;
export let referenceCount: u32 = 0;
let referenceLimit: u32 = 0;

// u32 offset in the code, u32 offset in the module.
export let lines: usize = 0;
export let lineCount: u32 = 0;
let lineLimit: u32 = 0;

export function useReferenceTables(table: usize, room: u32, lineTable: usize, lineRoom: u32): void {
  references = table;
  referenceLimit = room;
  referenceCount = 0;
  lines = lineTable;
  lineLimit = lineRoom;
  lineCount = 0;
}

function note(value: u32): void {
  if (referenceCount >= referenceLimit) {
    fail(FAILURE_LIMIT, referenceLimit);
    return;
  }
  const entry = references + <usize>(referenceCount++ << 3);
  store<u32>(entry, codeOffset());
  store<u32>(entry, value, 4);
}

/** The next four bytes are the distance to a function. */
export function noteCall(index: u32): void {
  note(index);
}

/** The next four bytes are the distance to the linker's routine for memory.grow. */
export function noteGrow(): void {
  note(GROW);
}

/** The next eight bytes are a constant of the linker. */
export function noteLinked(number: u32): void {
  note(LINKED | number);
}

/** Code from here on comes from this place of the module. */
export function noteLine(moduleOffset: u32): void {
  const offset = codeOffset();
  if (lineCount > 0) {
    const last = lines + <usize>((lineCount - 1) << 3);
    // An instruction that made no code gives its place to the next.
    if (load<u32>(last) == offset) {
      store<u32>(last, moduleOffset, 4);
      return;
    }
  }
  if (lineCount >= lineLimit) return;
  const entry = lines + <usize>(lineCount++ << 3);
  store<u32>(entry, offset);
  store<u32>(entry, moduleOffset, 4);
}

/** Fills in calls of functions that have code; the others stay for the linker. */
export function resolveCalls(): void {
  for (let i: u32 = 0; i < referenceCount; i++) {
    const entry = references + <usize>(i << 3);
    const target = load<u32>(entry, 4);
    if (target >= GROW || target < importedFunctionCount) continue;
    const offset = load<u32>(entry);
    store<u32>(codeStart + offset, functionCode(target) - offset - 4);
  }
}
