// A module's declarations as tables: types, functions, globals, table, segments, exported functions. Sections that say
// nothing about code (names, active data) are for the caller, see sections.ts.

import { CONTEXT_FIRST_GLOBAL, CONTEXT_BIAS, TYPE_NONE } from "./abi";
import { fail, failure, FAILURE_HEADER, FAILURE_NONE, FAILURE_SECTION, reserve, reserveZeroed } from "./arena";
import { moveReader, OP_GLOBAL_GET, position, readByte, readSigned, readUnsigned } from "./reader";

export const TYPE_I32: i32 = 0x7f;
export const TYPE_I64: i32 = 0x7e;
export const TYPE_F32: i32 = 0x7d;
export const TYPE_F64: i32 = 0x7c;
export const TYPE_FUNCREF: i32 = 0x70;
/** No result. */
export const TYPE_VOID: i32 = 0x40;

let moduleStart: usize = 0;
let moduleEnd: usize = 0;

// A type: u32 address of its parameter bytes, u32 count, u32 result, u32 id.
const TYPE_STRIDE: usize = 16;
let types: usize = 0;
let typeCount: u32 = 0;

// A function: u32 type, u32 body, u32 bytes of body, u32 code offset, u32 code bytes; of an import instead of a body:
// u32 address of its names (module, then name, each with its length).
const FUNCTION_STRIDE: usize = 20;
let functions: usize = 0;
export let functionCount: u32 = 0;
export let importedFunctionCount: u32 = 0;

// A global: u32 type, u32 mutable, i32 context offset, u32 uses, u64 initial bits, u32 names of an import, u32 zero.
const GLOBAL_STRIDE: usize = 32;
let globals: usize = 0;
export let globalCount: u32 = 0;

// The table: u32 function + 1, or 0, per entry.
let table: usize = 0;
export let tableSize: u32 = 0;

export let memoryInitialPages: u32 = 0;
export let memoryMaximumPages: u32 = 0;

// A data segment: u32 address of bytes, u32 count, u32 passive, u32 offset in code, i32 context offset of its size.
const SEGMENT_STRIDE: usize = 20;
let segments: usize = 0;
export let segmentCount: u32 = 0;
export let contextBytes: u32 = 0;

// Exported functions: u32 index each, in the section's order.
let exportedFunctions: usize = 0;
export let exportedFunctionCount: u32 = 0;

/** Reads all sections. Globals have no place until `placeGlobals`, when their uses are counted. */
export function readModule(start: usize, bytes: u32): void {
  moduleStart = start;
  moduleEnd = start + bytes;
  typeCount = functionCount = importedFunctionCount = globalCount = segmentCount = tableSize = 0;
  exportedFunctionCount = 0;
  memoryInitialPages = 0;
  memoryMaximumPages = 0;
  if (bytes < 8 || load<u32>(start) != 0x6d736100 || load<u32>(start, 4) != 1) {
    fail(FAILURE_HEADER, 0);
    return;
  }
  countDeclarations();
  types = reserve(typeCount * TYPE_STRIDE);
  functions = reserveZeroed(functionCount * FUNCTION_STRIDE);
  globals = reserveZeroed(globalCount * GLOBAL_STRIDE);
  if (failure != FAILURE_NONE) return;
  exportedFunctions = reserve(exportedFunctionCount << 2);
  if (failure != FAILURE_NONE) return;
  functionCount = importedFunctionCount = globalCount = exportedFunctionCount = 0;
  moveReader(start + 8);
  while (position < moduleEnd && failure == FAILURE_NONE) {
    const section = readByte();
    const size = readUnsigned();
    const next = position + size;
    readSection(section);
    moveReader(next);
  }
}

/** Sums up the counts at sections' starts, so that tables can be reserved. */
function countDeclarations(): void {
  moveReader(moduleStart + 8);
  while (position < moduleEnd) {
    const section = readByte();
    const size = readUnsigned();
    const next = position + size;
    if (section == 1) typeCount = readUnsigned();
    if (section == 2) {
      // Each import may be a function or a global.
      const count = readUnsigned();
      functionCount += count;
      globalCount += count;
    }
    if (section == 3) functionCount += readUnsigned();
    if (section == 6) globalCount += readUnsigned();
    if (section == 7) exportedFunctionCount = readUnsigned();
    moveReader(next);
  }
}

function readSection(section: i32): void {
  if (section == 1) readTypes();
  else if (section == 2) readImports();
  else if (section == 3) readFunctions();
  else if (section == 4) readTable();
  else if (section == 5) readMemory();
  else if (section == 6) readGlobals();
  else if (section == 7) readExports();
  else if (section == 9) readElements();
  else if (section == 10) readBodies();
  else if (section == 11) readData();
  else if (section == 13) fail(FAILURE_SECTION, section);
}

function readTypes(): void {
  const count = readUnsigned();
  for (let i: u32 = 0; i < count; i++) {
    const entry = types + i * TYPE_STRIDE;
    if (readByte() != 0x60) {
      fail(FAILURE_SECTION, 1);
      return;
    }
    const parameters = readUnsigned();
    const from = position;
    moveReader(position + parameters);
    const results = readUnsigned();
    if (results > 1) {
      fail(FAILURE_SECTION, 1);
      return;
    }
    const result = results == 0 ? TYPE_VOID : readByte();
    store<u32>(entry, <u32>from);
    store<u32>(entry, parameters, 4);
    store<u32>(entry, result, 8);
    store<u32>(entry, typeIdentity(from, parameters, result), 12);
  }
}

/** A number that equal signatures share, in all modules: two bits a parameter, then the result, below a top bit. */
function typeIdentity(from: usize, parameters: u32, result: i32): u32 {
  if (parameters <= 12) {
    let identity: u32 = 1;
    for (let i: u32 = 0; i < parameters; i++) identity = (identity << 2) | (TYPE_I32 - load<u8>(from + i));
    return (identity << 3) | (result == TYPE_VOID ? 4 : TYPE_I32 - result);
  }
  // FNV-1a over many parameters, with the top bit set; 31 bits tell apart what a program holds.
  let hash: u32 = 0x811c9dc5;
  for (let i: u32 = 0; i < parameters; i++) hash = (hash ^ load<u8>(from + i)) * 0x01000193;
  hash = (hash ^ result) * 0x01000193;
  return (hash | 0x80000000) & ~1;
}

function skipName(): void {
  const bytes = readUnsigned();
  moveReader(position + bytes);
}

function readImports(): void {
  const count = readUnsigned();
  for (let i: u32 = 0; i < count; i++) {
    const names = position;
    skipName();
    skipName();
    const kind = readByte();
    if (kind == 0) {
      const entry = functions + functionCount++ * FUNCTION_STRIDE;
      store<u32>(entry, readUnsigned());
      store<u32>(entry, <u32>names, 4);
      importedFunctionCount++;
    } else if (kind == 1) {
      readByte();
      readLimits(true);
    } else if (kind == 2) {
      readLimits(false);
    } else if (kind == 3) {
      const entry = globals + globalCount++ * GLOBAL_STRIDE;
      store<u32>(entry, readByte());
      store<u32>(entry, readByte(), 4);
      store<u32>(entry, <u32>names, 24);
    } else {
      fail(FAILURE_SECTION, 2);
      return;
    }
  }
}

function readLimits(forTable: bool): void {
  const flags = readByte();
  const initial = readUnsigned();
  const maximum = flags & 1 ? readUnsigned() : 65535;
  if (flags > 1) fail(FAILURE_SECTION, forTable ? 4 : 5);
  if (forTable) {
    tableSize = initial;
    table = reserveZeroed(<usize>initial * 4);
    return;
  }
  memoryInitialPages = initial;
  memoryMaximumPages = min<u32>(maximum, 65535);
}

function readFunctions(): void {
  const count = readUnsigned();
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(functions + functionCount++ * FUNCTION_STRIDE, readUnsigned());
  }
}

function readTable(): void {
  const count = readUnsigned();
  if (count > 1) fail(FAILURE_SECTION, 4);
  for (let i: u32 = 0; i < count; i++) {
    if (readByte() != TYPE_FUNCREF) fail(FAILURE_SECTION, 4);
    readLimits(true);
  }
}

function readMemory(): void {
  const count = readUnsigned();
  if (count > 1) fail(FAILURE_SECTION, 5);
  if (count == 1) readLimits(false);
}

function readGlobals(): void {
  const count = readUnsigned();
  for (let i: u32 = 0; i < count; i++) {
    const entry = globals + globalCount++ * GLOBAL_STRIDE;
    const type = readByte();
    store<u32>(entry, type);
    store<u32>(entry, readByte(), 4);
    if (type < TYPE_F64) fail(FAILURE_SECTION, 6);
    store<u64>(entry, constantExpression(), 16);
  }
}

/** The bits of a constant expression, up to its end. */
function constantExpression(): u64 {
  const opcode = readByte();
  let value: u64 = 0;
  if (opcode == 0x41) value = <u64>(<u32>readSigned());
  else if (opcode == 0x42) value = readSigned();
  else if (opcode == 0x43) value = load<u32>(position);
  else if (opcode == 0x44) value = load<u64>(position);
  else if (opcode == OP_GLOBAL_GET) value = load<u64>(globals + readUnsigned() * GLOBAL_STRIDE, 16);
  else fail(FAILURE_SECTION, 6);
  if (opcode == 0x43) moveReader(position + 4);
  if (opcode == 0x44) moveReader(position + 8);
  if (readByte() != 0x0b) fail(FAILURE_SECTION, 6);
  return value;
}

function readExports(): void {
  const count = readUnsigned();
  for (let i: u32 = 0; i < count; i++) {
    skipName();
    const kind = readByte();
    const index = readUnsigned();
    if (kind == 0) store<u32>(exportedFunctions + (exportedFunctionCount++ << 2), index);
  }
}

function readElements(): void {
  const count = readUnsigned();
  for (let i: u32 = 0; i < count; i++) {
    const flags = readUnsigned();
    if (flags != 0) {
      fail(FAILURE_SECTION, 9);
      return;
    }
    const first = <u32>constantExpression();
    const length = readUnsigned();
    for (let entry: u32 = 0; entry < length; entry++) {
      const target = readUnsigned();
      if (first + entry >= tableSize) fail(FAILURE_SECTION, 9);
      else store<u32>(table + ((first + entry) << 2), target + 1);
    }
  }
}

function readBodies(): void {
  const count = readUnsigned();
  for (let i: u32 = 0; i < count; i++) {
    const entry = functions + (importedFunctionCount + i) * FUNCTION_STRIDE;
    const bytes = readUnsigned();
    store<u32>(entry, <u32>position, 4);
    store<u32>(entry, bytes, 8);
    const end = position + bytes;
    moveReader(end);
  }
}

/** Notes that an instruction uses a global: the most used ones get the shortest offsets. */
export function countGlobalUse(index: u32): void {
  const entry = globals + index * GLOBAL_STRIDE;
  store<u32>(entry, load<u32>(entry, 12) + 1, 12);
}

function readData(): void {
  segmentCount = readUnsigned();
  segments = reserveZeroed(segmentCount * SEGMENT_STRIDE);
  if (segments == 0) return;
  for (let i: u32 = 0; i < segmentCount; i++) {
    const entry = segments + i * SEGMENT_STRIDE;
    const flags = readUnsigned();
    if (flags == 2) readUnsigned();
    if (flags != 1) constantExpression();
    const bytes = readUnsigned();
    store<u32>(entry, <u32>position, 0);
    store<u32>(entry, bytes, 4);
    store<u32>(entry, flags == 1 ? 1 : 0, 8);
    moveReader(position + bytes);
  }
}

/** Gives globals places in the context block, the most used first, then passive segments' sizes. */
export function placeGlobals(): void {
  let next = CONTEXT_FIRST_GLOBAL;
  // A gap of four bytes that alignment left, or 0.
  let gap: i32 = 0;
  for (let placed: u32 = 0; placed < globalCount; placed++) {
    let best: usize = 0;
    for (let i: u32 = 0; i < globalCount; i++) {
      const entry = globals + i * GLOBAL_STRIDE;
      if (load<i32>(entry, 8) != 0) continue;
      if (best == 0 || load<u32>(entry, 12) > load<u32>(best, 12)) best = entry;
    }
    const type = load<u32>(best);
    const isWide = type == TYPE_I64 || type == TYPE_F64;
    let offset = next;
    if (isWide && (next & 7) != 0) {
      gap = next;
      offset = next + 4;
    }
    if (!isWide && gap != 0) {
      offset = gap;
      gap = 0;
    } else {
      next = offset + (isWide ? 8 : 4);
    }
    // 0 means that it has no place yet.
    if (offset == 0) {
      offset = 8;
      next = 16;
    }
    store<i32>(best, offset, 8);
  }
  for (let i: u32 = 0; i < segmentCount; i++) {
    const entry = segments + i * SEGMENT_STRIDE;
    if (load<u32>(entry, 8) == 0) continue;
    // 0 is the place of a segment that is not passive.
    if (next == 0) next = 4;
    store<i32>(entry, next, 16);
    next += 4;
  }
  contextBytes = ((next + 15) & ~15) + CONTEXT_BIAS;
}

export function moduleOffset(address: usize): u32 {
  return <u32>(address - moduleStart);
}

export function typeParameters(type: u32): usize {
  return load<u32>(types + type * TYPE_STRIDE);
}

export function typeParameterCount(type: u32): u32 {
  return load<u32>(types + type * TYPE_STRIDE, 4);
}

export function typeResult(type: u32): i32 {
  return load<u32>(types + type * TYPE_STRIDE, 8);
}

export function typeId(type: u32): u32 {
  return load<u32>(types + type * TYPE_STRIDE, 12);
}

/** Index of the function that is exported at a place among the exported functions. */
export function exportedFunction(position: u32): u32 {
  return load<u32>(exportedFunctions + (position << 2));
}

export function functionType(index: u32): u32 {
  return load<u32>(functions + index * FUNCTION_STRIDE);
}

/** First byte of a function's body; of an imported one, its names. */
export function functionBody(index: u32): usize {
  return load<u32>(functions + index * FUNCTION_STRIDE, 4);
}

export function functionBodyBytes(index: u32): u32 {
  return load<u32>(functions + index * FUNCTION_STRIDE, 8);
}

export function functionCode(index: u32): u32 {
  return load<u32>(functions + index * FUNCTION_STRIDE, 12);
}

export function functionCodeBytes(index: u32): u32 {
  return load<u32>(functions + index * FUNCTION_STRIDE, 16);
}

export function setFunctionCode(index: u32, offset: u32, bytes: u32): void {
  store<u32>(functions + index * FUNCTION_STRIDE, offset, 12);
  store<u32>(functions + index * FUNCTION_STRIDE, bytes, 16);
}

export function globalType(index: u32): i32 {
  return load<u32>(globals + index * GLOBAL_STRIDE);
}

export function globalIsMutable(index: u32): u32 {
  return load<u32>(globals + index * GLOBAL_STRIDE, 4);
}

export function globalOffset(index: u32): i32 {
  return load<i32>(globals + index * GLOBAL_STRIDE, 8);
}

export function globalInitial(index: u32): u64 {
  return load<u64>(globals + index * GLOBAL_STRIDE, 16);
}

/** The function in a slot of the table, plus 1, or 0. */
export function tableFunction(slot: u32): u32 {
  return load<u32>(table + (slot << 2));
}

/** What an entry of the table holds as its type. */
export function tableEntryType(slot: u32): u32 {
  const target = tableFunction(slot);
  return target == 0 ? TYPE_NONE : typeId(functionType(target - 1));
}

export function segmentBytes(index: u32): usize {
  return load<u32>(segments + index * SEGMENT_STRIDE);
}

export function segmentSize(index: u32): u32 {
  return load<u32>(segments + index * SEGMENT_STRIDE, 4);
}

export function segmentIsPassive(index: u32): bool {
  return load<u32>(segments + index * SEGMENT_STRIDE, 8) != 0;
}

export function segmentCode(index: u32): u32 {
  return load<u32>(segments + index * SEGMENT_STRIDE, 12);
}

export function setSegmentCode(index: u32, offset: u32): void {
  store<u32>(segments + index * SEGMENT_STRIDE, offset, 12);
}

/** Where the size of a passive segment is in the context block; an active one has none and counts as dropped: 0. */
export function segmentSizeOffset(index: u32): i32 {
  return load<i32>(segments + index * SEGMENT_STRIDE, 16);
}
