// Compiles a module: declarations, helpers, then function by function: events, liveness, registers, and code twice, the
// second time with short jumps where these reach.

import { arenaTop, ensure, fail, failure, FAILURE_LIMIT, FAILURE_NONE, releaseTo, reserve } from "./arena";
import { at, codeStart, moveTo, startCode } from "./assembler";
import { constructsOpen, isReachable, startControl, useConstructTable } from "./control";
import {
  EVENT_STRIDE,
  instructions,
  local,
  LOCAL_STRIDE,
  localCount,
  MAX_LOCALS,
  scanFunction,
  useEventTables,
} from "./events";
import { beginFunction, endFunction, noteFrame, returnJumps } from "./frame";
import {
  emitHelpers,
  HELPER_CEIL,
  HELPER_CONVERT_UNSIGNED_F32,
  HELPER_CONVERT_UNSIGNED_F64,
  HELPER_COPY,
  HELPER_FILL,
  HELPER_GROW,
  HELPER_MAX_F32,
  HELPER_MAX_F64,
  HELPER_MIN_F32,
  HELPER_MIN_F64,
  HELPER_POPCNT,
  HELPER_TRUNCATE,
  helperBytes,
  setGrowsOutside,
} from "./helpers";
import { emitInstruction, setGrowFunction } from "./instructions";
import { bind, startLabels, useLabelTables } from "./labels";
import { findLiveness } from "./liveness";
import {
  countGlobalUse,
  functionBody,
  functionBodyBytes,
  functionCount,
  functionType,
  importedFunctionCount,
  moduleOffset,
  placeGlobals,
  readModule,
  setFunctionCode,
  typeResult,
} from "./module";
import { startOperands } from "./operands";
import {
  moveReader,
  OP_CALL,
  OP_GLOBAL_GET,
  OP_GLOBAL_SET,
  OP_PREFIX,
  position,
  readByte,
  readUnsigned,
  skipImmediates,
  skipUnreachable,
} from "./reader";
import { noteLine, resolveCalls, useReferenceTables } from "./references";
import { assignRegisters } from "./registers";
import { startSelect, takeEvent } from "./select";

export const FLAG_LOW_MEMORY_UNUSED: u32 = 1;
/** Keep a table of lines. */
export const FLAG_LINES: u32 = 2;
/** memory.grow jumps to a routine of the linker's. */
export const FLAG_GROWS_OUTSIDE: u32 = 4;

/** Function whose compilation failed. */
export let failedFunction: u32 = 0;
/** Where in the module. */
export let failedOffset: u32 = 0;

let flags: u32 = 0;

// What the bodies hold, from one look at all of them.
let instructionCount: u32 = 0;
let referenceRoom: u32 = 0;
let largestBody: u32 = 0;
let mostLocals: u32 = 0;
let wantedHelpers: u32 = 0;
let usesInit = false;

/** Compiles the module of so many bytes; afterwards `failure` tells whether it went well. */
export function compileModule(module: usize, bytes: u32, optionFlags: u32, growIndex: i32): void {
  flags = optionFlags;
  setGrowFunction(growIndex);
  setGrowsOutside((flags & FLAG_GROWS_OUTSIDE) != 0);
  failedFunction = 0xffffffff;
  readModule(module, bytes);
  if (failure == FAILURE_NONE) surveyBodies();
  if (failure != FAILURE_NONE) return;
  placeGlobals();
  const lineRoom = flags & FLAG_LINES ? instructionCount + functionCount : 0;
  useReferenceTables(reserve((<usize>referenceRoom) << 3), referenceRoom, reserve((<usize>lineRoom) << 3), lineRoom);
  const scratch = reserveTables();
  // The passes over a function take and give back memory here; code begins behind.
  const workspace = arenaTop();
  startCode((workspace + scratch + 63) & ~63);
  if (!ensure(codeStart, helperBytes(usesInit))) return;
  const helpersAt = reserve(0);
  emitHelpers(wantedHelpers, usesInit);
  const functionSpace = arenaTop();
  if (helpersAt == 0) return;
  for (let index = importedFunctionCount; index < functionCount; index++) {
    compileFunction(index);
    releaseTo(functionSpace);
    if (failure != FAILURE_NONE) {
      failedFunction = index;
      failedOffset = moduleOffset(position);
      return;
    }
  }
  resolveCalls();
}

/** One look at all bodies: how large tables must be, which helpers are wanted, how often globals are used. */
function surveyBodies(): void {
  referenceRoom = 1;
  instructionCount = largestBody = mostLocals = wantedHelpers = 0;
  usesInit = false;
  for (let index = importedFunctionCount; index < functionCount; index++) {
    const body = functionBody(index);
    const bytes = functionBodyBytes(index);
    largestBody = max(largestBody, bytes);
    moveReader(body);
    let groups = readUnsigned();
    let count: u32 = 0;
    while (groups-- > 0) {
      count += readUnsigned();
      readByte();
    }
    mostLocals = max(mostLocals, count);
    while (position < body + bytes && failure == FAILURE_NONE) survey(readByte());
  }
  if (mostLocals > MAX_LOCALS) fail(FAILURE_LIMIT, mostLocals);
}

function survey(opcode: i32): void {
  instructionCount++;
  if (opcode < 0x28) {
    // The most frequent: locals, globals, control.
    if (opcode == OP_GLOBAL_GET || opcode == OP_GLOBAL_SET) {
      countGlobalUse(readUnsigned());
      return;
    }
    if (opcode == OP_CALL) referenceRoom++;
    skipImmediates(opcode);
    return;
  }
  if (opcode == 0x40) referenceRoom++;
  if (opcode == OP_PREFIX) {
    const start = position;
    const operation = readUnsigned();
    moveReader(start);
    if (operation < 8) want(HELPER_TRUNCATE + 4 + (operation >= 4 ? 2 : 0) + (operation & 1));
    if (operation == 8) usesInit = true;
    if (operation == 10) want(HELPER_COPY);
    if (operation == 11) want(HELPER_FILL);
  } else if (opcode >= 0x8d && opcode <= 0x90) {
    want(HELPER_CEIL + opcode - 0x8d);
  } else if (opcode >= 0x9b && opcode <= 0x9e) {
    want(HELPER_CEIL + opcode - 0x9b);
  } else if (opcode == 0x96) {
    want(HELPER_MIN_F32);
  } else if (opcode == 0x97) {
    want(HELPER_MAX_F32);
  } else if (opcode == 0xa4) {
    want(HELPER_MIN_F64);
  } else if (opcode == 0xa5) {
    want(HELPER_MAX_F64);
  } else if (opcode >= 0xa8 && opcode <= 0xab) {
    want(HELPER_TRUNCATE + (opcode & 1 ? 1 : 0));
  } else if (opcode >= 0xae && opcode <= 0xb1) {
    want(HELPER_TRUNCATE + 2 + (opcode & 1));
  } else if (opcode == 0xb5) {
    want(HELPER_CONVERT_UNSIGNED_F32);
  } else if (opcode == 0xba) {
    want(HELPER_CONVERT_UNSIGNED_F64);
  } else if (opcode == 0x69 || opcode == 0x7b) {
    want(HELPER_POPCNT);
  } else if (opcode == 0x40) {
    want(HELPER_GROW);
  }
  skipImmediates(opcode);
}

function want(helper: i32): void {
  wantedHelpers |= 1 << helper;
}

let operandTable: usize = 0;
let operandRoom: u32 = 0;

/** Reserves the tables that every function uses anew; answers how many bytes its passes may need besides. */
function reserveTables(): usize {
  const bytes = largestBody + 64;
  const parameters: u32 = 1024;
  const locals = mostLocals + parameters;
  useEventTables(
    reserve(<usize>bytes * EVENT_STRIDE),
    bytes,
    reserve((<usize>bytes) << 2),
    reserve(<usize>locals * LOCAL_STRIDE),
  );
  useLabelTables(reserve(<usize>bytes * 24), reserve(bytes * 2), bytes * 2);
  useConstructTable(reserve(<usize>(bytes >> 1) * 48), bytes >> 1);
  operandRoom = bytes + parameters;
  operandTable = reserve(<usize>operandRoom * 32);
  const setBytes = <usize>(((min<u32>(locals, 512) + 63) >> 6) << 3);
  const constructs = <usize>(bytes >> 1);
  return constructs * (40 + 2 * setBytes) + constructs * (setBytes + 32) * 2 + 512 * setBytes + 16384;
}

function compileFunction(index: u32): void {
  const type = functionType(index);
  const body = functionBody(index);
  const bytes = functionBodyBytes(index);
  scanFunction(type, body, body + bytes);
  if (failure != FAILURE_NONE) return;
  findLiveness();
  if (failure != FAILURE_NONE) return;
  assignRegisters();
  if (arenaTop() > codeStart) {
    fail(FAILURE_LIMIT, 0xffff0004);
    return;
  }
  // The most that an instruction takes is a call around which all registers are saved.
  if (!ensure(at, <usize>bytes * 320 + 65536)) return;
  const start = at;
  emitPass(type, body + bytes, false);
  noteFrame();
  moveTo(start);
  emitPass(type, body + bytes, true);
  setFunctionCode(index, <u32>(start - codeStart), <u32>(at - start));
}

function emitPass(type: u32, bodyEnd: usize, isFinal: bool): void {
  startLabels(isFinal);
  startOperands(operandTable, operandRoom);
  clearSlots();
  startSelect((flags & FLAG_LOW_MEMORY_UNUSED) != 0);
  startControl(typeResult(type));
  takeEvent();
  moveReader(instructions);
  beginFunction();
  const withLines = isFinal && (flags & FLAG_LINES) != 0;
  while (constructsOpen() && failure == FAILURE_NONE) {
    if (withLines) noteLine(moduleOffset(position));
    emitInstruction(readByte());
    if (!isReachable) skipUnreachable(bodyEnd);
  }
  bind(returnJumps);
  endFunction();
}

/** Locals in memory have no slot yet. */
function clearSlots(): void {
  for (let i: u32 = 0; i < localCount; i++) store<u32>(local(i), 0, 12);
}
