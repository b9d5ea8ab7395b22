// Constructs, branches, conditions. A branch moves no operands but a construct's result, which goes to rax or xmm0:
// what lies below a construct stays in place as long as it lasts (`settle`).

import { fail, FAILURE_LIMIT } from "./arena";
import {
  at,
  ALU_CMP,
  bindShort,
  emit8,
  IF_EQUAL,
  IF_FLOAT_EQUAL,
  IF_FLOAT_NOT_EQUAL,
  IF_NOT_EQUAL,
  IF_PARITY,
  jumpShort,
  NO_REGISTER,
  RAX,
  withMemory,
  withRegister,
  XMM0,
} from "./assembler";
import {
  event,
  EVENT_BLOCK,
  EVENT_IF,
  EVENT_LOOP,
  eventPosition,
  seldomUntil,
  USE_CONDITION,
  USE_PASSED_ON,
} from "./events";
import { emitReturn } from "./frame";
import { bind, bindTo, joined, jumpBack, jumpTo, noteBound } from "./labels";
import { TYPE_I32, TYPE_VOID } from "./module";
import {
  bottom,
  busy,
  claim,
  drop,
  free,
  frameBottom,
  isConstant,
  isFloatType,
  isInRegister,
  loadInto,
  peek,
  pushRegister,
  readable,
  registerOf,
  resetTo,
  restore,
  setFlagsLive,
  setFrameBottom,
  settle,
  take,
  top,
  typeOf,
  valueOf,
} from "./operands";
import {
  moveReader,
  OP_BR,
  OP_BR_IF,
  OP_END,
  OP_IF,
  peekByte,
  position,
  readByte,
  readSigned,
  readUnsigned,
} from "./reader";
import { continueAt, continueBehind, nextEvent, operand, operandFromEntry, takeEvent } from "./select";

// A construct: u32 kind (of its event), u32 result, u32 height of operands, u32 busy registers, u32 jumps to its end,
// u32 address of a loop, u32 jumps to its else, u32 bottom of the frame around it, u32 whether its result is a condition,
// u32 jumps where that is true, u32 jumps where it is false, u32 zero.
//
// A result that is only a condition never becomes a number: whoever yields it jumps to where it is true or false. That
// makes jumps of what asc writes for && and ||.
export const CONSTRUCT_STRIDE: usize = 48;
let constructs: usize = 0;
export let innermost: usize = 0;
let constructLimit: usize = 0;

/** Whether the next instruction follows the last one. */
export let isReachable = false;
/** Whether what ends a block goes on behind the seldom code that follows the block. */
let fallsPast = false;

/** `seldomTable` has room for two entries for each construct. */
export function useConstructTable(table: usize, room: u32, seldomTable: usize): void {
  seldom = seldomTable;
  constructs = table;
  constructLimit = table + <usize>room * CONSTRUCT_STRIDE;
}

/** Opens the function's own construct, whose end is its return. */
export function startControl(result: i32): void {
  innermost = constructs - CONSTRUCT_STRIDE;
  isReachable = true;
  fallsPast = false;
  seldomCount = 0;
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
  store<u64>(innermost, 0, 32);
  store<u64>(innermost, 0, 40);
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
  const opener = takeEvent();
  const isCondition = yieldsCondition(opener, result);
  settleFor(opener, isCondition);
  open(EVENT_BLOCK, result, 0);
  store<u32>(innermost, isCondition ? 1 : 0, 32);
}

/** Whether a construct's result shall be jumps. */
function yieldsCondition(opener: usize, result: i32): bool {
  if (result != TYPE_I32) return false;
  const use = load<u32>(opener, 8);
  return use == USE_CONDITION || (use == USE_PASSED_ON && isConditional(innermost));
}

export function isConditional(construct: usize): bool {
  return load<u32>(construct, 32) != 0;
}

/** What uses the condition can settle nothing any more: other code jumps there. */
function settleFor(opener: usize, isCondition: bool): void {
  settle(isCondition ? 0xffffffff : load<u32>(opener, 12));
}

export function loop(): void {
  const result = blockResult();
  settle(load<u32>(takeEvent(), 12));
  noteBound();
  open(EVENT_LOOP, result, 0);
}

/** `if` with a value on the stack. */
export function ifValue(): void {
  testTop();
  ifCondition(IF_NOT_EQUAL);
}

export function ifCondition(condition: i32): void {
  if (isBranchAlone()) {
    branchAlone(condition);
    return;
  }
  const opener = openIf(true);
  if (seldomUntil(opener) != 0) putOff(opener, jumpIf(condition, 0));
  else store<u32>(innermost, jumpIf(condition ^ 1, 0), 24);
}

/** Opens an `if` whose condition is in the flags, or has been jumped by; answers its event. */
function openIf(inFlags: bool): usize {
  const result = blockResult();
  const opener = takeEvent();
  const isCondition = yieldsCondition(opener, result);
  if (inFlags) {
    setFlagsLive(true);
    settleFor(opener, isCondition);
    setFlagsLive(false);
  }
  open(EVENT_IF, result, 0);
  store<u32>(innermost, isCondition ? 1 : 0, 32);
  return opener;
}

/** Whether all that an `if` holds is a branch out of it. */
function isBranchAlone(): bool {
  const depth = <u32>load<u8>(position, 2);
  return load<u16>(position) == 0x0c40 && depth > 0 && depth < 0x80 && load<u8>(position, 3) == OP_END;
}

/** The `if` of `isBranchAlone` is a br_if. */
function branchAlone(condition: i32): void {
  const construct = constructAt(<u32>load<u8>(position, 2) - 1);
  moveReader(position + 4);
  // The if, the branch's target and stop, the end.
  for (let i = 0; i < 4; i++) takeEvent();
  branchIf(construct, condition);
}

// Seldom code (events.ts) is put off until the function's last return has been made. Whoever gets there knows nothing of
// the operands below, and needs nothing: it ends in a return or a trap.

// u32 jumps to it, u32 first byte of its instructions, u32 event that begins it, u32 event that ends it.
export const SELDOM_STRIDE: usize = 16;
let seldom: usize = 0;
let seldomCount: u32 = 0;

/** Puts off what an event begins and jumps lead to, and goes on at its end. */
function putOff(beginning: usize, jumps: u32): void {
  const entry = seldom + <usize>seldomCount * SELDOM_STRIDE;
  seldomCount++;
  store<u32>(entry, jumps);
  store<u32>(entry, <u32>position, 4);
  store<u32>(entry, nextEvent - 1, 8);
  store<u32>(entry, seldomUntil(beginning), 12);
  continueAt(seldomUntil(beginning));
  isReachable = false;
}

/** Begins code that was put off, one after the other; answers where its instructions end, or 0 where none is left. */
export function beginSeldom(number: u32): usize {
  if (number >= seldomCount) return 0;
  const entry = seldom + <usize>number * SELDOM_STRIDE;
  innermost = constructs;
  resetTo(bottom, 0);
  setFrameBottom(bottom);
  isReachable = true;
  open(EVENT_BLOCK, TYPE_VOID, 0);
  bind(load<u32>(entry));
  continueBehind(load<u32>(entry, 8), load<u32>(entry, 4));
  return eventPosition(event(load<u32>(entry, 12)));
}

/** Whether a block's end, whose event is given, is followed by seldom code that only branches lead to. */
function isSeldomBehind(endEvent: usize): bool {
  return seldomUntil(endEvent) != 0 && load<u32>(innermost) == EVENT_BLOCK && load<u32>(innermost, 4) == TYPE_VOID;
}

/** Whether a branch, the last instruction of a block, leads just behind the seldom code that follows the block. */
function isBranchPastSeldom(construct: usize): bool {
  return (
    construct == innermost - CONSTRUCT_STRIDE &&
    peekByte() == OP_END &&
    load<u32>(construct) != EVENT_LOOP &&
    load<u32>(construct, 4) == TYPE_VOID &&
    isSeldomBehind(event(nextEvent))
  );
}

/** The end of a block with seldom code behind it, which is put off. */
function endBeforeSeldom(endEvent: usize): void {
  const isFallingPast = fallsPast;
  fallsPast = false;
  const jumps = load<u32>(innermost, 16);
  resetTo(load<u32>(innermost, 8), load<u32>(innermost, 12));
  setFrameBottom(load<u32>(innermost, 28));
  innermost -= CONSTRUCT_STRIDE;
  if (isReachable || jumps != 0) putOff(endEvent, isReachable ? jumpTo(-1, jumps) : jumps);
  else continueAt(seldomUntil(endEvent));
  isReachable = isFallingPast;
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
  const beginning = takeEvent();
  finishArm(FALLS_NOWHERE);
  const elseJumps = load<u32>(innermost, 24);
  if (seldomUntil(beginning) != 0 && elseJumps != 0 && load<u32>(innermost, 4) == TYPE_VOID) {
    const isReachableThen = isReachable;
    store<u32>(innermost, 0, 24);
    resetTo(load<u32>(innermost, 8), load<u32>(innermost, 12));
    putOff(beginning, elseJumps);
    isReachable = isReachableThen;
    return;
  }
  if (isReachable) store<u32>(innermost, jumpTo(-1, load<u32>(innermost, 16)), 16);
  bind(elseJumps);
  store<u32>(innermost, 0, 24);
  resetTo(load<u32>(innermost, 8), load<u32>(innermost, 12));
  isReachable = true;
}

export function end(): void {
  const endEvent = takeEvent();
  if (isSeldomBehind(endEvent)) {
    endBeforeSeldom(endEvent);
    return;
  }
  finishArm(whereConditionFalls(nextEvent));
  if (goOnByBranch()) return;
  const height = <usize>load<u32>(innermost, 8);
  resetTo(height, load<u32>(innermost, 12));
  bind(load<u32>(innermost, 24));
  bind(load<u32>(innermost, 16));
  setFrameBottom(load<u32>(innermost, 28));
  const result = <i32>load<u32>(innermost, 4);
  innermost -= CONSTRUCT_STRIDE;
  if (constructsOpen() && isConditional(innermost + CONSTRUCT_STRIDE)) {
    endCondition(load<u32>(innermost + CONSTRUCT_STRIDE, 36), load<u32>(innermost + CONSTRUCT_STRIDE, 40));
    return;
  }
  if (constructsOpen() && result != TYPE_VOID) pushRegister(result, isFloatType(result) ? XMM0 : RAX);
  isReachable = true;
}

/**
 * Jumps to the end of a block that a branch follows go to where that leads. Where nothing falls into the branch it is left
 * out, and the block ended.
 */
function goOnByBranch(): bool {
  if (load<u32>(innermost) != EVENT_BLOCK || load<u32>(innermost, 4) != TYPE_VOID || peekByte() != OP_BR) return false;
  const depth = <u32>load<u8>(position, 1);
  const construct = constructAt(depth + 1);
  const jumps = load<u32>(innermost, 16);
  if (jumps == 0 || depth >= 0x80 || construct <= constructs || branchResult(construct) != TYPE_VOID) return false;
  store<u32>(innermost, 0, 16);
  if (load<u32>(construct) == EVENT_LOOP) bindTo(jumps, load<u32>(construct, 20));
  else store<u32>(construct, joined(jumps, load<u32>(construct, 16)), 16);
  if (isReachable) return false;
  resetTo(load<u32>(innermost, 8), load<u32>(innermost, 12));
  setFrameBottom(load<u32>(innermost, 28));
  innermost -= CONSTRUCT_STRIDE;
  readByte();
  readUnsigned();
  takeEvent();
  takeEvent();
  return true;
}

/** Moves the result of what ends here to its register; of a conditional construct, jumps by it. */
function finishArm(falls: i32): void {
  if (!isReachable || load<u32>(innermost, 4) == TYPE_VOID) return;
  if (isConditional(innermost)) {
    yieldValue(innermost, falls);
    isReachable = falls != FALLS_NOWHERE;
    return;
  }
  moveResult(typeOf(peek(0)));
  take();
}

// Conditional constructs. Behind the last yield stands, if anything, what one of the two outcomes goes on with.

export const FALLS_NOWHERE: i32 = 0;
const FALLS_ON_TRUE: i32 = 1;
const FALLS_ON_FALSE: i32 = 2;

/** Which outcome of a conditional construct goes on behind its `end`, which has just been read; the event behind that. */
export function whereConditionFalls(behind: u32): i32 {
  if (!isConditional(innermost)) return FALLS_NOWHERE;
  const start = position;
  let isNegated = false;
  let next = readByte();
  while (next == 0x45) {
    isNegated = !isNegated;
    next = readByte();
  }
  moveReader(start);
  // An `if` goes on where it is true unless that is seldom, a br_if where it is false.
  if (next == OP_IF && seldomUntil(event(behind)) != 0) isNegated = !isNegated;
  if (next == OP_IF) return isNegated ? FALLS_ON_FALSE : FALLS_ON_TRUE;
  if (next == OP_BR_IF) return isNegated ? FALLS_ON_TRUE : FALLS_ON_FALSE;
  return FALLS_NOWHERE;
}

/** Takes the topmost entry as the result of a conditional construct. */
function yieldValue(construct: usize, falls: i32): void {
  if (!isConstant(peek(0))) {
    testTop();
    yieldCondition(construct, IF_NOT_EQUAL, falls);
    return;
  }
  const isTrue = (valueOf(take()) & 0xffffffff) != 0;
  if (falls == (isTrue ? FALLS_ON_TRUE : FALLS_ON_FALSE)) return;
  jumpOut(construct, isTrue, -1);
}

export function yieldCondition(construct: usize, condition: i32, falls: i32): void {
  if (falls == FALLS_ON_TRUE) {
    jumpOut(construct, false, condition ^ 1);
    return;
  }
  jumpOut(construct, true, condition);
  if (falls == FALLS_NOWHERE) jumpOut(construct, false, -1);
}

/** Jumps to where a construct's result is true, or false. */
function jumpOut(construct: usize, toTrue: bool, condition: i32): void {
  const list = construct + (toTrue ? 36 : 40);
  store<u32>(list, condition < 0 ? jumpTo(-1, load<u32>(list)) : jumpIf(condition, load<u32>(list)));
}

/** Goes on with what uses the condition that the construct just closed has yielded. */
function endCondition(whenTrue: u32, whenFalse: u32): void {
  isReachable = true;
  while (peekByte() == 0x45) {
    readByte();
    const other = whenTrue;
    whenTrue = whenFalse;
    whenFalse = other;
  }
  const next = peekByte();
  if (next == OP_IF) {
    readByte();
    const opener = openIf(false);
    if (seldomUntil(opener) != 0) {
      // What falls here goes on behind the arm, or in the other one.
      bind(whenFalse);
      putOff(opener, whenTrue);
    } else {
      store<u32>(innermost, whenFalse, 24);
      bind(whenTrue);
    }
  } else if (next == OP_BR_IF) {
    readByte();
    branchByLists(whenTrue);
    bind(whenFalse);
  } else {
    // The end or else of a conditional construct: its outcomes are the same.
    store<u32>(innermost, joined(whenTrue, load<u32>(innermost, 36)), 36);
    store<u32>(innermost, joined(whenFalse, load<u32>(innermost, 40)), 40);
    isReachable = false;
  }
}

/** br_if where jumps that wait are those of the condition being true. */
function branchByLists(whenTrue: u32): void {
  takeEvent();
  const construct = constructAt(readUnsigned());
  const result = branchResult(construct);
  if (isConditional(construct)) {
    const skip = jumpTo(-1, 0);
    bind(whenTrue);
    loadInto(peek(0), RAX);
    withRegister(0, false, 0x85, RAX, RAX);
    jumpOut(construct, true, IF_NOT_EQUAL);
    jumpOut(construct, false, -1);
    bind(skip);
  } else if (result != TYPE_VOID) {
    // Nothing on the stack may move: the other outcome knows nothing of it. rax and xmm0 are free.
    const skip = jumpTo(-1, 0);
    bind(whenTrue);
    loadInto(peek(0), isFloatType(result) ? XMM0 : RAX);
    jumpToConstruct(-1, construct);
    bind(skip);
  } else if (load<u32>(construct) == EVENT_LOOP) {
    bindTo(whenTrue, load<u32>(construct, 20));
  } else {
    store<u32>(construct, joined(whenTrue, load<u32>(construct, 16)), 16);
  }
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

export function constructAt(depth: u32): usize {
  return innermost - <usize>depth * CONSTRUCT_STRIDE;
}

/** Result that a branch to a construct takes along. */
export function branchResult(construct: usize): i32 {
  return load<u32>(construct) == EVENT_LOOP ? TYPE_VOID : load<u32>(construct, 4);
}

export function branch(): void {
  takeEvent();
  takeEvent();
  const construct = constructAt(readUnsigned());
  if (isConditional(construct)) {
    yieldValue(construct, FALLS_NOWHERE);
    isReachable = false;
    return;
  }
  if (branchResult(construct) != TYPE_VOID) {
    moveResult(branchResult(construct));
    drop();
  }
  isReachable = false;
  if (isBranchPastSeldom(construct)) fallsPast = true;
  else if (load<u32>(construct) == EVENT_LOOP) jumpBack(-1, load<u32>(construct, 20));
  else if (construct == constructs) emitReturn();
  else store<u32>(construct, jumpTo(-1, load<u32>(construct, 16)), 16);
}

export function returnFromFunction(): void {
  takeEvent();
  const result = <i32>load<u32>(constructs, 4);
  if (result != TYPE_VOID) {
    moveResult(result);
    drop();
  }
  // The last return follows.
  if (innermost != constructs || peekByte() != OP_END) emitReturn();
  isReachable = false;
}

export function branchIfValue(): void {
  testTop();
  branchIfNext(IF_NOT_EQUAL);
}

/** Takes the topmost entry and sets the flags by it. */
export function testTop(): void {
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

/** The br_if whose opcode has been read. */
export function branchIfNext(condition: i32): void {
  takeEvent();
  branchIf(constructAt(readUnsigned()), condition);
}

function branchIf(construct: usize, condition: i32): void {
  const result = branchResult(construct);
  if (isConditional(construct)) {
    yieldIf(construct, condition);
    return;
  }
  if (result != TYPE_VOID) {
    setFlagsLive(true);
    moveResult(result);
    setFlagsLive(false);
  }
  if (construct == innermost && result == TYPE_VOID && isBranchBeforeEnd()) {
    branchUnless(condition);
    return;
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

/** Whether a br_if to the innermost block's end has nothing behind it there but a branch without a result. */
function isBranchBeforeEnd(): bool {
  if (load<u32>(innermost) != EVENT_BLOCK || peekByte() != OP_BR) return false;
  const start = position;
  readByte();
  const construct = constructAt(readUnsigned());
  const isLast = peekByte() == OP_END;
  moveReader(start);
  // What leads past seldom code needs no jump.
  const isPastSeldom = construct == innermost - CONSTRUCT_STRIDE && seldomUntil(event(nextEvent + 2)) != 0;
  if (isPastSeldom && load<u32>(construct) != EVENT_LOOP) return false;
  return isLast && construct != innermost && branchResult(construct) == TYPE_VOID;
}

/** The branch of `isBranchBeforeEnd`, taken unless the condition holds. */
function branchUnless(condition: i32): void {
  readByte();
  takeEvent();
  takeEvent();
  const construct = constructAt(readUnsigned());
  if (load<u32>(construct) == EVENT_LOOP) {
    const skip = jumpIf(condition, 0);
    jumpBack(-1, load<u32>(construct, 20));
    bind(skip);
  } else store<u32>(construct, jumpIf(condition ^ 1, load<u32>(construct, 16)), 16);
}

/** br_if that takes the topmost entry along as a conditional construct's result, and leaves it otherwise. */
function yieldIf(construct: usize, condition: i32): void {
  const value = take();
  if (isConstant(value)) {
    jumpOut(construct, (valueOf(value) & 0xffffffff) != 0, condition);
    restore(value);
    return;
  }
  setFlagsLive(true);
  const register = readable(value);
  setFlagsLive(false);
  const skip = jumpIf(condition ^ 1, 0);
  withRegister(0, false, 0x85, register, register);
  jumpOut(construct, true, IF_NOT_EQUAL);
  jumpOut(construct, false, -1);
  bind(skip);
  restore(value);
}

export function jumpToConstruct(condition: i32, construct: usize): void {
  if (load<u32>(construct) == EVENT_LOOP) jumpBack(condition, load<u32>(construct, 20));
  else store<u32>(construct, jumpTo(condition, load<u32>(construct, 16)), 16);
}
