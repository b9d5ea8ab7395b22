// Constructs, branches, conditions. A branch moves no operands but a construct's result, which goes to rax or xmm0:
// what lies below a construct stays in place as long as it lasts (`settle`).

import { fail, FAILURE_LIMIT } from "./arena";
import {
  at,
  ALU_CMP,
  aluConstant,
  bindShort,
  emit32,
  emit8,
  IF_ABOVE_OR_EQUAL,
  IF_EQUAL,
  IF_FLOAT_EQUAL,
  IF_FLOAT_NOT_EQUAL,
  IF_NO_PARITY,
  IF_NOT_EQUAL,
  IF_PARITY,
  jumpShort,
  memoryAt,
  moveFloat,
  NO_REGISTER,
  RAX,
  withMemory,
  withOperand,
  withRegister,
  XMM0,
} from "./assembler";
import { EVENT_BLOCK, EVENT_IF, EVENT_LOOP } from "./events";
import { emitReturn } from "./frame";
import { bind, jumpBack, jumpTo, tableEntry } from "./labels";
import { TYPE_I32, TYPE_I64, TYPE_VOID } from "./module";
import {
  allocate,
  busy,
  claim,
  drop,
  free,
  frameBottom,
  isFloatType,
  isInRegister,
  loadInto,
  peek,
  pushRegister,
  readable,
  readableClean,
  registerOf,
  release,
  resetTo,
  setBits,
  setFlagsLive,
  setFrameBottom,
  settle,
  take,
  top,
  typeOf,
  writable,
} from "./operands";
import {
  moveReader,
  OP_BR_IF,
  OP_IF,
  OP_SELECT,
  peekByte,
  position,
  readByte,
  readSigned,
  readUnsigned,
} from "./reader";
import { freeOperand, operand, operandFromEntry, takeEvent } from "./select";

// A construct: u32 kind (of its event), u32 result, u32 height of operands, u32 busy registers, u32 jumps to its end,
// u32 address of a loop, u32 jumps to its else, u32 bottom of the frame around it.
const CONSTRUCT_STRIDE: usize = 32;
let constructs: usize = 0;
let innermost: usize = 0;
let constructLimit: usize = 0;

/** Whether the next instruction follows the last one. */
export let isReachable = false;

export function useConstructTable(table: usize, room: u32): void {
  constructs = table;
  constructLimit = table + <usize>room * CONSTRUCT_STRIDE;
}

/** Opens the function's own construct, whose end is its return. */
export function startControl(result: i32): void {
  innermost = constructs - CONSTRUCT_STRIDE;
  isReachable = true;
  open(EVENT_BLOCK, result, 0);
}

export function constructsOpen(): bool {
  return innermost >= constructs;
}

export function stopHere(): void {
  isReachable = false;
}

function open(kind: u32, result: i32, elseJumps: u32): void {
  innermost += CONSTRUCT_STRIDE;
  if (innermost >= constructLimit) {
    fail(FAILURE_LIMIT, <u32>(constructLimit - constructs));
    innermost = constructs;
  }
  store<u32>(innermost, kind);
  store<u32>(innermost, result, 4);
  store<u32>(innermost, <u32>top, 8);
  store<u32>(innermost, busy, 12);
  store<u32>(innermost, 0, 16);
  store<u32>(innermost, <u32>at, 20);
  store<u32>(innermost, elseJumps, 24);
  store<u32>(innermost, <u32>frameBottom, 28);
  setFrameBottom(top);
}

/** The result of a block type; parameters are not among what MVP modules have. */
function blockResult(): i32 {
  const type = readSigned();
  if (type >= 0) fail(FAILURE_LIMIT, <u32>type);
  return <i32>(type & 0x7f);
}

export function block(): void {
  const result = blockResult();
  settle(load<u32>(takeEvent(), 12));
  open(EVENT_BLOCK, result, 0);
}

export function loop(): void {
  const result = blockResult();
  settle(load<u32>(takeEvent(), 12));
  open(EVENT_LOOP, result, 0);
}

/** `if` with a value on the stack. */
export function ifValue(): void {
  testTop();
  ifCondition(IF_NOT_EQUAL);
}

function ifCondition(condition: i32): void {
  const result = blockResult();
  setFlagsLive(true);
  settle(load<u32>(takeEvent(), 12));
  setFlagsLive(false);
  open(EVENT_IF, result, 0);
  store<u32>(innermost, jumpIf(condition ^ 1, 0), 24);
}

/** Jumps to a label of this function if the condition holds, NaN and all. Answers the label's list. */
function jumpIf(condition: i32, list: u32): u32 {
  if (condition == IF_FLOAT_EQUAL) {
    const skip = jumpShort(IF_PARITY);
    const jumps = jumpTo(IF_EQUAL, list);
    bindShort(skip);
    return jumps;
  }
  if (condition == IF_FLOAT_NOT_EQUAL) return jumpTo(IF_NOT_EQUAL, jumpTo(IF_PARITY, list));
  return jumpTo(condition, list);
}

export function otherwise(): void {
  takeEvent();
  finishArm();
  if (isReachable) store<u32>(innermost, jumpTo(-1, load<u32>(innermost, 16)), 16);
  bind(load<u32>(innermost, 24));
  store<u32>(innermost, 0, 24);
  resetTo(load<u32>(innermost, 8), load<u32>(innermost, 12));
  isReachable = true;
}

export function end(): void {
  takeEvent();
  finishArm();
  const height = <usize>load<u32>(innermost, 8);
  resetTo(height, load<u32>(innermost, 12));
  bind(load<u32>(innermost, 24));
  bind(load<u32>(innermost, 16));
  setFrameBottom(load<u32>(innermost, 28));
  const result = <i32>load<u32>(innermost, 4);
  innermost -= CONSTRUCT_STRIDE;
  if (constructsOpen() && result != TYPE_VOID) pushRegister(result, isFloatType(result) ? XMM0 : RAX);
  isReachable = true;
}

/** Moves the result of what ends here to its register. */
function finishArm(): void {
  if (!isReachable || load<u32>(innermost, 4) == TYPE_VOID) return;
  const type = typeOf(peek(0));
  moveResult(type);
  take();
}

/** The topmost entry, left on the stack, to rax or xmm0. Keeps the flags if told that they live. */
export function moveResult(type: i32): void {
  const target = isFloatType(type) ? XMM0 : RAX;
  const entry = take();
  if (!isInRegister(entry) || registerOf(entry) != target) claim(target);
  loadInto(entry, target);
  if (!isInRegister(entry) || registerOf(entry) != target) free(entry);
  pushRegister(type, target);
}

// Branches.

function constructAt(depth: u32): usize {
  return innermost - <usize>depth * CONSTRUCT_STRIDE;
}

/** Result that a branch to a construct takes along. */
function branchResult(construct: usize): i32 {
  return load<u32>(construct) == EVENT_LOOP ? TYPE_VOID : load<u32>(construct, 4);
}

export function branch(): void {
  takeEvent();
  takeEvent();
  const construct = constructAt(readUnsigned());
  if (branchResult(construct) != TYPE_VOID) {
    moveResult(branchResult(construct));
    drop();
  }
  if (load<u32>(construct) == EVENT_LOOP) jumpBack(-1, load<u32>(construct, 20));
  else if (construct == constructs) emitReturn();
  else store<u32>(construct, jumpTo(-1, load<u32>(construct, 16)), 16);
  isReachable = false;
}

export function returnFromFunction(): void {
  takeEvent();
  const result = <i32>load<u32>(constructs, 4);
  if (result != TYPE_VOID) {
    moveResult(result);
    drop();
  }
  emitReturn();
  isReachable = false;
}

export function branchIfValue(): void {
  testTop();
  branchIf(IF_NOT_EQUAL);
}

/** Takes the topmost entry and sets the flags by it. */
function testTop(): void {
  const condition = take();
  operandFromEntry(condition);
  const register = operand();
  if (register == NO_REGISTER) {
    withMemory(0, false, 0x83, ALU_CMP);
    emit8(0);
  } else {
    withRegister(0, false, 0x85, register, register);
  }
  free(condition);
}

function branchIf(condition: i32): void {
  takeEvent();
  const construct = constructAt(readUnsigned());
  const result = branchResult(construct);
  if (result != TYPE_VOID) {
    setFlagsLive(true);
    moveResult(result);
    setFlagsLive(false);
  }
  if (load<u32>(construct) != EVENT_LOOP) {
    store<u32>(construct, jumpIf(condition, load<u32>(construct, 16)), 16);
    return;
  }
  const target = <usize>load<u32>(construct, 20);
  if (condition == IF_FLOAT_EQUAL) {
    // The jump back has two sizes: over it by a label of its own.
    const skip = jumpShort(IF_PARITY);
    jumpBack(IF_EQUAL, target);
    bindShort(skip);
  } else if (condition == IF_FLOAT_NOT_EQUAL) {
    jumpBack(IF_PARITY, target);
    jumpBack(IF_NOT_EQUAL, target);
  } else {
    jumpBack(condition, target);
  }
}

/** `br_table` as a table of distances behind the jump. */
export function branchTable(): void {
  const count = readUnsigned();
  const depths = position;
  for (let i: u32 = 0; i < count; i++) readUnsigned();
  const construct = constructAt(readUnsigned());
  const behind = position;
  for (let i: u32 = 0; i < count + 2; i++) takeEvent();
  const selector = take();
  const result = branchResult(construct);
  if (result != TYPE_VOID) {
    if (!isFloatType(result)) avoid(selector, RAX);
    moveResult(result);
    drop();
  }
  const register = readableClean(selector);
  aluConstant(ALU_CMP, false, register, <i32>count);
  if (count == 0) {
    jumpToConstruct(-1, construct);
  } else {
    jumpToConstruct(IF_ABOVE_OR_EQUAL, construct);
    emitTable(register, count, depths);
  }
  free(selector);
  moveReader(behind);
  isReachable = false;
}

/** A taken entry that must not be in a register any more. */
function avoid(entry: usize, register: i32): void {
  if (!isInRegister(entry) || registerOf(entry) != register) return;
  const other = allocate(false);
  loadInto(entry, other);
  pushRegister(TYPE_I32, other);
  take();
  release(register);
}

function jumpToConstruct(condition: i32, construct: usize): void {
  if (load<u32>(construct) == EVENT_LOOP) jumpBack(condition, load<u32>(construct, 20));
  else store<u32>(construct, jumpTo(condition, load<u32>(construct, 16)), 16);
}

function emitTable(register: i32, count: u32, depths: usize): void {
  const base = allocate(false);
  const target = allocate(false);
  // lea base, [rip + distance to the table]
  emit8(base >= 8 ? 0x4c : 0x48);
  emit8(0x8d);
  emit8(5 | ((base & 7) << 3));
  const distance = at;
  emit32(0);
  memoryAt(base, register, 2, 0);
  withMemory(0, true, 0x63, target);
  withRegister(0, true, 0x03, target, base);
  withRegister(0, false, 0xff, 4, target);
  store<i32>(distance, <i32>(at - distance - 4));
  release(base);
  release(target);
  const table = at;
  moveReader(depths);
  for (let i: u32 = 0; i < count; i++) {
    const construct = constructAt(readUnsigned());
    if (load<u32>(construct) == EVENT_LOOP) emit32(<i32>load<u32>(construct, 20) - <i32>table);
    else store<u32>(construct, tableEntry(load<u32>(construct, 16), table), 16);
  }
}

// Conditions.

/** The flags hold a condition: whoever comes next uses it, else it becomes a number. */
export function useCondition(condition: i32): void {
  while (peekByte() == 0x45) {
    // i32.eqz
    readByte();
    condition ^= 1;
  }
  const next = peekByte();
  if (next == OP_BR_IF) {
    readByte();
    branchIf(condition);
  } else if (next == OP_IF) {
    readByte();
    ifCondition(condition);
  } else if (next == OP_SELECT) {
    readByte();
    selectCondition(condition);
  } else {
    setCondition(condition);
  }
}

function setCondition(condition: i32): void {
  setFlagsLive(true);
  const result = allocate(false);
  if (condition >= IF_FLOAT_EQUAL) {
    const other = allocate(false);
    const isEqual = condition == IF_FLOAT_EQUAL;
    withRegister(0, false, 0x0f90 | (isEqual ? IF_EQUAL : IF_NOT_EQUAL), 0, result);
    withRegister(0, false, 0x0f90 | (isEqual ? IF_NO_PARITY : IF_PARITY), 0, other);
    withRegister(0, false, isEqual ? 0x23 : 0x0b, result, other);
    release(other);
  } else {
    withRegister(0, false, 0x0f90 | condition, 0, result);
  }
  withRegister(0, false, 0x0fb6, result, result);
  setFlagsLive(false);
  setBits(pushRegister(TYPE_I32, result), 1);
}

export function selectValue(): void {
  testTop();
  selectCondition(IF_NOT_EQUAL);
}

function selectCondition(condition: i32): void {
  setFlagsLive(true);
  let other = take();
  let chosen = take();
  const type = typeOf(chosen);
  if (isFloatType(type)) {
    selectFloat(condition, chosen, other);
    setFlagsLive(false);
    return;
  }
  if (condition == IF_FLOAT_NOT_EQUAL) {
    const swap = chosen;
    chosen = other;
    other = swap;
    condition = IF_FLOAT_EQUAL;
  }
  operandFromEntry(other);
  const result = writable(chosen);
  const wide = type == TYPE_I64;
  if (condition == IF_FLOAT_EQUAL) {
    withOperand(0, wide, 0x0f40 | IF_NOT_EQUAL, result, operand());
    withOperand(0, wide, 0x0f40 | IF_PARITY, result, operand());
  } else {
    withOperand(0, wide, 0x0f40 | (condition ^ 1), result, operand());
  }
  freeOperand();
  pushRegister(type, result);
  setFlagsLive(false);
}

function selectFloat(condition: i32, chosen: usize, other: usize): void {
  const type = typeOf(chosen);
  const second = readable(other);
  const result = writable(chosen);
  if (condition == IF_FLOAT_EQUAL) {
    const isUnequal = jumpShort(IF_NOT_EQUAL);
    const isEqual = jumpShort(IF_NO_PARITY);
    bindShort(isUnequal);
    moveFloat(result, second);
    bindShort(isEqual);
  } else if (condition == IF_FLOAT_NOT_EQUAL) {
    const isUnequal = jumpShort(IF_NOT_EQUAL);
    const isUnordered = jumpShort(IF_PARITY);
    moveFloat(result, second);
    bindShort(isUnequal);
    bindShort(isUnordered);
  } else {
    const skip = jumpShort(condition);
    moveFloat(result, second);
    bindShort(skip);
  }
  free(other);
  pushRegister(type, result);
}
