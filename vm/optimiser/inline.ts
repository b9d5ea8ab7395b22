// Opening and closing inlined scopes: methods and blocks whose code is written where they are called.

import { recordOf } from "../interpreter/codeRecords";
import { CAUSE_BYTECODE } from "../interpreter/optimisedCode";
import { CELL_POLLS_LEFT } from "../layout";
import { Address } from "../memory/oop";
import { nil } from "../memory/roots";
import {
  INLINE_DEPTH,
  INLINE_METHOD_UNITS,
  INLINE_BLOCK_UNITS,
  INLINE_RECURSION,
  INLINE_RECURSIVE_UNITS,
  INLINE_TOTAL_UNITS,
  INLINE_WITH_BLOCK_UNITS,
  SETTLED_UNITS,
} from "../tuning";
import { firstBytecode, methodHeader } from "../interpreter/methods";
import * as wasm from "../jit/encoder";
import { emitPollsLeft } from "../jit/exits";
import * as units from "../jit/units";
import { closureAt, copiedValue } from "./closures";
import { emitScope } from "./flow";
import {
  RETURN,
  arrive,
  closeLabel,
  emitBranch,
  hasArrivals,
  labelOf,
  openLabel,
  placeLabel,
  setReachable,
} from "./joins";
import { markScope, markUnit } from "./listing";
import { JUMPS, newLong, openHomes } from "./locals";
import { emitExit, emitOop, forgetWritten, fromLow, prepare, settle } from "./memory";
import { hasLoops } from "./round";
import {
  MAX_SCOPES,
  Scope,
  calleeOffset,
  closeScope,
  openScope,
  reopenScope,
  scope,
  scopeAt,
  selectUnits,
  shapeBlock,
  shapeMethod,
  top,
} from "./scope";
import {
  CLOSURE,
  IN_LOCAL,
  VALUE_BYTES,
  Value,
  copyValue,
  endOf,
  hasRoomFor,
  operand,
  operandBelow,
  push,
  receiverOf,
  setConstant,
  valueAt,
} from "./state";

/** Units written in this round, of all scopes. */
let written: u32 = 0;
/** Where the value of a scope is that returns at its very end; nothing else returns from it. */
const directResult: Address = <Address>memory.data(24, 8);
let isDirect: bool = false;

export function beginInlining(): void {
  written = 0;
  isDirect = false;
}

/**
 * Inlines a method for the receiver and arguments on top of the operand stack, if that is worth it; none of more than
 * `bound` units.
 */
export function inlineMethod(unit: u32, returnIp: Address, method: Address, count: u32, bound: u32): bool {
  const times = timesOpen(method);
  const start = firstBytecode(method, methodHeader(method));
  if (isTooDeep() || times > INLINE_RECURSION || !hasRun(method, start)) return false;
  const caller = scope;
  const position = caller.depth - 1 - count;
  open(unit, returnIp, method);
  shapeMethod(method, start);
  let most = times == INLINE_RECURSION ? INLINE_RECURSIVE_UNITS : INLINE_METHOD_UNITS;
  if (times == 0 && hasClosure(caller, position + 1)) most = INLINE_WITH_BLOCK_UNITS;
  if (scope.argumentCount != count || !findUnits(0, min(most, bound))) {
    closeScope();
    return false;
  }
  const receiver = valueAt(caller.base + 1 + caller.tempCount + position);
  settleCaller(caller);
  fillIn(caller, receiver, position, 0);
  emitInlined(caller, unit, position);
  return true;
}

/** Inlines the block of a closure that is the receiver on the operand stack, below its arguments. */
export function inlineBlock(unit: u32, returnIp: Address, place: u32, count: u32): bool {
  const closure = closureAt(place);
  if (closure.argumentCount != count || isTooDeep() || !hasRun(closure.method, closure.start)) return false;
  const caller = scope;
  const position = caller.depth - 1 - count;
  open(unit, returnIp, closure.start);
  const leading = shapeBlock(closure.method, closure.start, closure.isFull != 0, count, closure.copiedCount);
  if (!findUnits(leading, INLINE_BLOCK_UNITS)) {
    closeScope();
    return false;
  }
  settleCaller(caller);
  scope.home = closure.home;
  scope.closure = <i32>place;
  fillIn(caller, receiverOf(scopeAt(closure.home)), position, closure.copiedCount);
  for (let i: u32 = 0; i < closure.copiedCount; i++) {
    copyValue(valueAt(scope.base + 1 + count + i), copiedValue(closure, i));
  }
  emitInlined(caller, unit, position);
  return true;
}

/** Whether a block that was not made is among the operands of a scope from a position on. */
function hasClosure(owner: Scope, position: u32): bool {
  for (let place = owner.base + 1 + owner.tempCount + position; place < endOf(owner); place++) {
    if (valueAt(place).kind == CLOSURE) return true;
  }
  return false;
}

/** Has the caller's frame written where enough is inlined in it to leave from. */
function settleCaller(caller: Scope): void {
  if (scope.unitCount <= SETTLED_UNITS) return;
  closeScope();
  settle();
  reopenScope();
  selectUnits();
}

function isTooDeep(): bool {
  return top + 1 >= <i32>min(INLINE_DEPTH, MAX_SCOPES - 1) || written > INLINE_TOTAL_UNITS;
}

/** Whether a method or block has the first tier's code, which has seen what it sends to: else it would be written to be left. */
function hasRun(method: Address, start: Address): bool {
  return recordOf(method, start) != 0;
}

/** How many of the open scopes are of a method. */
function timesOpen(method: Address): u32 {
  let times: u32 = 0;
  for (let place = 0; place <= top; place++) {
    const owner = scopeAt(place);
    if (owner.method == method && owner.isBlock == 0) times++;
  }
  return times;
}

function open(unit: u32, returnIp: Address, what: Address): void {
  const caller = scope;
  const base = caller.base + 1 + caller.tempCount + caller.depth;
  const inlined = openScope();
  inlined.base = base;
  inlined.unitBase = caller.unitBase + caller.unitCount;
  inlined.frameOffset = caller.frameOffset + calleeOffset(caller);
  inlined.callUnit = unit;
  inlined.returnIp = returnIp;
  inlined.key = ((caller.key * 31 + unit + 1) * 0x9e3779b1) ^ what;
  inlined.isNested = caller.isNested;
}

/** The first pass over the scope's units; false where they are too many, or make no sense. */
export function findUnits(leading: u32, most: u32): bool {
  units.select(scope.unitBase, 0, 0);
  const isSound = units.scan(scope.method, scope.start, scope.bytecodeSet, leading);
  scope.unitCount = units.count;
  scope.maxDepth = units.maxDepth;
  if (!isSound || units.count > most || !hasRoomFor(scope.tempCount + scope.maxDepth + 2)) return false;
  fromLow(scope.frameOffset + 64 + ((scope.tempCount + scope.maxDepth) << 3));
  written += units.count;
  return true;
}

/** Receiver, arguments from the caller's operands, nil in the other variables. */
function fillIn(caller: Scope, receiver: Value, position: u32, skipped: u32): void {
  openHomes(scope);
  copyValue(valueAt(scope.base), receiver);
  const first = caller.base + 1 + caller.tempCount + position + 1;
  for (let i: u32 = 0; i < scope.tempCount; i++) {
    const value = valueAt(scope.base + 1 + i);
    if (i < scope.argumentCount) copyValue(value, valueAt(first + i));
    else if (i >= scope.argumentCount + skipped) setConstant(value, nil);
  }
}

function emitInlined(caller: Scope, unit: u32, position: u32): void {
  const label = labelOf(top - 1, RETURN, unit);
  forgetWritten(top);
  openLabel(label, wasm.BLOCK);
  isDirect = false;
  markScope();
  emitScope();
  const hasResult = isDirect;
  isDirect = false;
  closeScope();
  markUnit(unit);
  caller.depth = position;
  if (!hasResult) {
    setReachable(false);
    placeLabel(label, position + 1);
    return;
  }
  closeLabel();
  setReachable(true);
  copyValue(push(IN_LOCAL), changetype<Value>(<usize>directResult));
}

/** Returns the top operand to the caller of the innermost scope. */
export function emitReturn(unit: u32): void {
  returnFrom(top, unit);
}

/** As `^` does: from a block, its home returns. */
export function emitReturnFromHome(unit: u32): void {
  let place = top;
  while (place >= 0 && scopeAt(place).isBlock != 0) place = scopeAt(place).home;
  if (place >= 0) {
    returnFrom(place, unit);
    return;
  }
  emitExit(units.addressOf(unit), CAUSE_BYTECODE);
  setReachable(false);
}

function returnFrom(place: i32, unit: u32): void {
  const value = operandBelow(0);
  prepare(value);
  if (place == 0) {
    if (hasLoops) {
      wasm.i32Const(0);
      emitPollsLeft(JUMPS);
      wasm.store32(CELL_POLLS_LEFT);
    }
    emitOop(value);
    wasm.op(wasm.RETURN);
    setReachable(false);
    return;
  }
  if (value.kind == CLOSURE && closureAt(value.local).home >= place) {
    emitOop(value);
    const local = newLong();
    wasm.set(local);
    value.kind = IN_LOCAL;
    value.local = local;
  }
  const caller = scopeAt(place - 1);
  const callUnit = scopeAt(place).callUnit;
  const label = labelOf(place - 1, RETURN, callUnit);
  if (place == top && unit == scope.unitCount - 1 && !hasArrivals(label)) {
    memory.copy(directResult, changetype<usize>(value), VALUE_BYTES);
    isDirect = true;
    setReachable(false);
    return;
  }
  const position = caller.depth - 1 - scopeAt(place).argumentCount;
  const result = caller.base + 1 + caller.tempCount + position;
  copyValue(valueAt(result), value);
  arrive(label, position + 1);
  emitBranch(wasm.BR, label);
  setReachable(false);
}
