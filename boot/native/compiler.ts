// Compiles a module: declarations, helpers, then function by function: events, liveness, registers, and code twice, the
// second time with short jumps where these reach.

import { arenaTop, ensure, fail, failure, FAILURE_LIMIT, FAILURE_NONE, releaseTo, reserve } from "./arena";
import { at, codeStart, moveTo, startCode } from "./assembler";
import { beginSeldom, CONSTRUCT_STRIDE, isReachable, SELDOM_STRIDE, startControl, useConstructTable } from "./control";
import {
  EVENT_STRIDE,
  instructions,
  local,
  LOCAL_STRIDE,
  localCount,
  MAX_LOCALS,
  MAX_TRACKED,
  OPENER_STRIDE,
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
  helperTableBytes,
  setGrowsOutside,
} from "./helpers";
import { emitInstruction, setGrowFunction } from "./instructions";
import { bind, JUMP_STRIDE, startLabels, useLabelTables } from "./labels";
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
  typeParameterCount,
  typeResult,
} from "./module";
import { bottom, ENTRY_STRIDE, startOperands, top } from "./operands";
import {
  moveReader,
  OP_BLOCK,
  OP_BR_TABLE,
  OP_CALL,
  OP_CALL_INDIRECT,
  OP_GLOBAL_GET,
  OP_GLOBAL_SET,
  OP_IF,
  OP_LOCAL_GET,
  OP_LOOP,
  OP_PREFIX,
  OP_RETURN,
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
let mostLocals: u32 = 0;
let mostParameters: u32 = 0;
let wantedHelpers: u32 = 0;
let usesInit = false;

// Of the body looked at, and the most of any: instructions, branches and ends of constructs, constructs, calls, and
// targets of branches beyond the first of an instruction.
let bodyInstructions: u32 = 0;
let bodyJumps: u32 = 0;
let bodyConstructs: u32 = 0;
let bodyCalls: u32 = 0;
let bodyTargets: u32 = 0;
let mostInstructions: u32 = 0;
let mostJumps: u32 = 0;
let mostConstructs: u32 = 0;
let mostCalls: u32 = 0;
let mostTargets: u32 = 0;

/** Most bytes that one instruction makes, but for its operands and a table of jumps: a call that saves all registers. */
const INSTRUCTION_BYTES: usize = 2048;
/** Room for code is made sure of by so many bytes. */
const CODE_STEP_BYTES: usize = 4096;
/** One past the room for code that is sure. */
let roomEnd: usize = 0;

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
  instructionCount = mostLocals = mostParameters = wantedHelpers = 0;
  mostInstructions = mostJumps = mostConstructs = mostCalls = mostTargets = 0;
  usesInit = false;
  for (let index = importedFunctionCount; index < functionCount; index++) {
    const body = functionBody(index);
    const bytes = functionBodyBytes(index);
    bodyInstructions = bodyJumps = bodyConstructs = bodyCalls = bodyTargets = 0;
    moveReader(body);
    let groups = readUnsigned();
    let count: u32 = 0;
    while (groups-- > 0) {
      count += readUnsigned();
      readByte();
    }
    mostLocals = max(mostLocals, count);
    mostParameters = max(mostParameters, typeParameterCount(functionType(index)));
    while (position < body + bytes && failure == FAILURE_NONE) survey(readByte());
    instructionCount += bodyInstructions;
    mostInstructions = max(mostInstructions, bodyInstructions);
    mostJumps = max(mostJumps, bodyJumps);
    mostConstructs = max(mostConstructs, bodyConstructs);
    mostCalls = max(mostCalls, bodyCalls);
    mostTargets = max(mostTargets, bodyTargets);
  }
  if (mostLocals > MAX_LOCALS) fail(FAILURE_LIMIT, mostLocals);
}

function survey(opcode: i32): void {
  bodyInstructions++;
  if (opcode < 0x28) {
    // The most frequent: locals, globals, control.
    if (opcode == OP_GLOBAL_GET || opcode == OP_GLOBAL_SET) {
      countGlobalUse(readUnsigned());
      return;
    }
    if (opcode < OP_LOCAL_GET) surveyControl(opcode);
    skipImmediates(opcode);
    return;
  }
  if (opcode == 0x40) {
    referenceRoom++;
    bodyCalls++;
  }
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

function surveyControl(opcode: i32): void {
  if (opcode == OP_CALL) referenceRoom++;
  if (opcode == OP_CALL || opcode == OP_CALL_INDIRECT) {
    bodyCalls++;
    return;
  }
  bodyJumps++;
  if (opcode == OP_BLOCK || opcode == OP_LOOP || opcode == OP_IF) bodyConstructs++;
  // What it is recorded with besides: that nothing follows, and each target of a table.
  if (opcode <= OP_RETURN) bodyTargets++;
  if (opcode != OP_BR_TABLE) return;
  const start = position;
  bodyTargets += readUnsigned() + 1;
  moveReader(start);
}

function want(helper: i32): void {
  wantedHelpers |= 1 << helper;
}

let operandTable: usize = 0;
let operandRoom: u32 = 0;

/** Reserves the tables that every function uses anew; answers how many bytes its passes may need besides. */
function reserveTables(): usize {
  const locals = mostLocals + mostParameters + 1;
  // A construct's end may jump four times, where its result is a condition.
  const jumps = 4 * mostJumps + mostTargets + 16;
  const events = mostInstructions + mostTargets + 2;
  const constructs = mostConstructs + 2;
  useEventTables(
    reserve(<usize>events * EVENT_STRIDE),
    events,
    reserve(<usize>constructs * OPENER_STRIDE),
    reserve(<usize>locals * LOCAL_STRIDE),
  );
  useLabelTables(reserve(<usize>jumps * JUMP_STRIDE), reserve(jumps), jumps);
  useConstructTable(
    reserve(<usize>constructs * CONSTRUCT_STRIDE),
    constructs,
    reserve(<usize>(2 * constructs) * SELDOM_STRIDE),
  );
  operandRoom = mostInstructions + mostParameters + 16;
  operandTable = reserve(<usize>operandRoom * ENTRY_STRIDE);
  const tracked = <usize>min<u32>(locals, MAX_TRACKED);
  const setBytes = ((tracked + 63) >> 6) << 3;
  const sets = <usize>(mostConstructs + mostCalls) * (setBytes + 16) + tracked * setBytes;
  return <usize>constructs * (24 + 2 * setBytes) + sets + tracked * 4 + setBytes + 256 + helperTableBytes();
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
  // A parameter, and a local that begins as zero, take some instructions each.
  if (!makeRoom((<usize>localCount) << 5)) return;
  beginFunction();
  const withLines = isFinal && (flags & FLAG_LINES) != 0;
  emitUntil(bodyEnd, bodyEnd, withLines);
  bind(returnJumps);
  endFunction();
  for (let number: u32 = 0; failure == FAILURE_NONE; number++) {
    const seldomEnd = beginSeldom(number);
    if (seldomEnd == 0) return;
    emitUntil(seldomEnd, bodyEnd, withLines);
  }
}

/** Makes code up to the place of an instruction. */
function emitUntil(end: usize, bodyEnd: usize, withLines: bool): void {
  while (position != end && failure == FAILURE_NONE) {
    if (withLines) noteLine(moduleOffset(position));
    // An instruction may move each operand.
    if (at + INSTRUCTION_BYTES + operandBytes() > roomEnd && !makeRoom(operandBytes())) return;
    const opcode = readByte();
    if (opcode == OP_BR_TABLE && !makeRoom(tableBytes())) return;
    emitInstruction(opcode);
    if (!isReachable) skipUnreachable(bodyEnd);
  }
}

/** Makes sure that an instruction, and so many bytes besides, can be written. */
function makeRoom(bytes: usize): bool {
  const room = max(INSTRUCTION_BYTES + bytes, CODE_STEP_BYTES);
  roomEnd = at + room;
  return ensure(at, room);
}

/** Bytes for moving every operand to the stack. */
function operandBytes(): usize {
  return (top - bottom) >> 1;
}

/** Bytes of a table of jumps whose instruction is being read. */
function tableBytes(): usize {
  const start = position;
  const count = readUnsigned();
  moveReader(start);
  return operandBytes() + ((<usize>count) << 2);
}

/** Locals in memory have no slot yet. */
function clearSlots(): void {
  for (let i: u32 = 0; i < localCount; i++) store<u32>(local(i), 0, 12);
}
