// First pass over a function: the events that matter to locals, in order: reads, writes, control and calls. Later
// passes walk these forwards or backwards without decoding again. What cannot be reached is left out, here and when
// code is made.

import { fail, failure, FAILURE_LIMIT, FAILURE_NONE } from "./arena";
import { functionType, importedFunctionCount, TYPE_F64, TYPE_I64, typeParameterCount, typeParameters } from "./module";
import {
  moveReader,
  OP_BLOCK,
  OP_BR,
  OP_BR_IF,
  OP_BR_TABLE,
  OP_CALL,
  OP_CALL_INDIRECT,
  OP_ELSE,
  OP_END,
  OP_IF,
  OP_LOCAL_GET,
  OP_LOCAL_SET,
  OP_LOCAL_TEE,
  OP_LOOP,
  OP_RETURN,
  OP_UNREACHABLE,
  position,
  readByte,
  readSigned,
  readUnsigned,
  skipImmediates,
  skipUnreachable,
} from "./reader";

export const EVENT_GET: u32 = 1;
export const EVENT_SET: u32 = 2;
export const EVENT_TEE: u32 = 3;
export const EVENT_BLOCK: u32 = 4;
export const EVENT_LOOP: u32 = 5;
export const EVENT_IF: u32 = 6;
export const EVENT_ELSE: u32 = 7;
export const EVENT_END: u32 = 8;
/** A branch may go to the label of this depth. */
export const EVENT_TARGET: u32 = 9;
/** What follows is not reached from here. */
export const EVENT_STOP: u32 = 10;
export const EVENT_CALL: u32 = 11;

// An event: u8 kind, u24 weight, u32 data, u32 first, u32 second.
//   get: local; second: 1 if it is not read again. set, tee: local; first: the local it is a copy of + 1, or 0; second: 1 if its value is never read.
//   block, if: first: how the result is used (USE_…). block, loop, if: weight of what is around; second: registers that are assigned inside. loop: first: address of what lives at its head.
//   end, else: event of the beginning; second: where it is. target: depth. call: first: address of what lives behind it.
//   if: data; else, end: first: the end or else of the seldom code that begins here, or 0.
/** Uses of a block's or an if's result: as any value; as a condition alone; as the result of what is around it. */
export const USE_ANY: u32 = 0;
export const USE_CONDITION: u32 = 1;
export const USE_PASSED_ON: u32 = 2;
export const USE_NUMBER: u32 = 3;

export const EVENT_STRIDE: usize = 16;

export let events: usize = 0;
export let eventCount: u32 = 0;
let eventLimit: u32 = 0;

export let localCount: u32 = 0;
export let parameterCount: u32 = 0;
/** Locals from this number on stay in memory. */
export let trackedCount: u32 = 0;
export const MAX_TRACKED: u32 = 512;
export const MAX_LOCALS: u32 = 50000;

// A local: u8 type, u8 register, u16 zero, u32 weight of uses, u32 weight of calls it lives over, u32 slot,
// u32 local it would share a register with + 1, u32 zero.
export const LOCAL_STRIDE: usize = 24;
let locals: usize = 0;

export let callCount: u32 = 0;
export let loopCount: u32 = 0;
export let maxStackArguments: u32 = 0;
/** Words of 64 bits that calls need for their sets, and labels for theirs: how much liveness will take. */
export let openerCount: u32 = 0;
/** First byte of instructions. */
export let instructions: usize = 0;

// How often code runs is guessed: eight times as often in a loop, half as often in an arm of an `if`, and an eighth or less as
// often behind a jump table, which is where the cases are.
const FIRST_WEIGHT: u32 = 16;
const MOST_WEIGHT: u32 = 1 << 17;
const MANY_CASES: u32 = 16;
/** What is outside is called so many powers of two less often than the code around runs: compiled methods for what is slow. */
const IMPORTED_SHIFT: u32 = 4;

// Code is seldom that leaves the function by a return or a trap while others go on behind its construct: the arm of an
// `if`, or what stands behind a block and is only branched to. That is how exits are written. It weighs next to nothing,
// and its code stands behind the function's. To be so it must call something, or do nothing but return a constant.
const SELDOM_WEIGHT: u32 = 1;

const MAX_DEPTH: u32 = 60000;
// An open construct: u32 event of its beginning; of the stretch of code being read, u32 event that it begins with + 1 or 0,
// u32 calls before it, u32 outermost construct that it branches to; the last for the whole construct; u32 whether anything
// branches to its end.
export const OPENER_STRIDE: usize = 24;
const OPENER_STRETCH: usize = 4;
const OPENER_CALLS: usize = 8;
const OPENER_OUTERMOST: usize = 12;
const OPENER_OUTERMOST_OF_ALL: usize = 16;
const OPENER_IS_TARGET: usize = 20;
let openers: usize = 0;
let depth: u32 = 0;
/** Of what is being read. */
let weight: u32 = 0;

/** Tables for the passes: `eventTable` has room for `room` events, `openerTable` for the constructs open at a time. */
export function useEventTables(eventTable: usize, room: u32, openerTable: usize, localTable: usize): void {
  events = eventTable;
  eventLimit = room;
  openers = openerTable;
  locals = localTable;
}

export function local(number: u32): usize {
  return locals + number * LOCAL_STRIDE;
}

export function localType(number: u32): i32 {
  return load<u8>(local(number));
}

export function localIsFloat(number: u32): bool {
  const type = localType(number);
  return type < TYPE_I64 && type >= TYPE_F64;
}

export function event(number: u32): usize {
  return events + number * EVENT_STRIDE;
}

export function eventKind(entry: usize): u32 {
  return load<u8>(entry);
}

export function eventWeight(entry: usize): u32 {
  return load<u32>(entry) >> 8;
}

function setEventWeight(entry: usize, weightThen: u32): void {
  store<u32>(entry, eventKind(entry) | (weightThen << 8));
}

/** The event that ends the seldom code which an `if`, `else` or `end` begins, or 0. */
export function seldomUntil(entry: usize): u32 {
  const kind = eventKind(entry);
  if (kind == EVENT_IF) return load<u32>(entry, 4);
  return kind == EVENT_ELSE || kind == EVENT_END ? load<u32>(entry, 8) : 0;
}

/** Where the instruction of an `else` or `end` is. */
export function eventPosition(entry: usize): usize {
  return load<u32>(entry, 12);
}

function record(kind: u32, data: u32, first: u32): void {
  if (eventCount >= eventLimit) {
    fail(FAILURE_LIMIT, eventLimit);
    return;
  }
  const entry = event(eventCount++);
  store<u32>(entry, kind | (weight << 8));
  store<u32>(entry, data, 4);
  store<u32>(entry, first, 8);
  store<u32>(entry, 0, 12);
}

/** Declares parameters and locals, then records the events of the body at `start`. */
export function scanFunction(type: u32, start: usize, end: usize): void {
  moveReader(start);
  declareLocals(type);
  eventCount = callCount = loopCount = openerCount = maxStackArguments = depth = 0;
  instructions = position;
  if (failure != FAILURE_NONE) return;
  weight = FIRST_WEIGHT;
  open(EVENT_BLOCK);
  // For copies and `x = x + 1`: the last local read, and how many instructions ago.
  let lastRead: u32 = 0;
  let age: u32 = 100;
  while (position < end && failure == FAILURE_NONE) {
    const opcode = readByte();
    age++;
    switch (opcode) {
      case OP_LOCAL_GET: {
        const number = readUnsigned();
        record(EVENT_GET, number, 0);
        addWeight(number);
        lastRead = number;
        age = 0;
        break;
      }
      case OP_LOCAL_SET:
      case OP_LOCAL_TEE: {
        const number = readUnsigned();
        record(opcode == OP_LOCAL_SET ? EVENT_SET : EVENT_TEE, number, age == 1 ? lastRead + 1 : 0);
        addWeight(number);
        if (age <= 4 && lastRead != number) store<u32>(local(number), lastRead + 1, 16);
        if (opcode == OP_LOCAL_TEE) lastRead = number;
        if (opcode == OP_LOCAL_TEE) age = 0;
        break;
      }
      case OP_BLOCK:
        readSigned();
        open(EVENT_BLOCK);
        break;
      case OP_LOOP:
        readSigned();
        open(EVENT_LOOP);
        loopCount++;
        if (weight < MOST_WEIGHT) weight <<= 3;
        break;
      case OP_IF:
        readSigned();
        open(EVENT_IF);
        weight = max(weight >> 1, 1);
        break;
      case OP_ELSE:
        otherwise();
        break;
      case OP_END:
        close();
        if (depth == 0) return;
        break;
      case OP_BR:
        recordTarget(readUnsigned());
        stop(end);
        break;
      case OP_BR_IF:
        recordTarget(readUnsigned());
        break;
      case OP_BR_TABLE: {
        let count = readUnsigned() + 1;
        // Each of many cases is taken seldom.
        if (count >= MANY_CASES) weight = max(weight >> (count >= 4 * MANY_CASES ? 6 : 3), 1);
        while (count-- > 0) {
          const target = readUnsigned();
          recordTarget(target);
          refuseCondition(target);
        }
        stop(end);
        break;
      }
      case OP_RETURN:
      case OP_UNREACHABLE:
        stop(end);
        break;
      case OP_CALL: {
        const index = readUnsigned();
        recordCall(functionType(index));
        if (index < importedFunctionCount) setEventWeight(event(eventCount - 1), max(weight >> IMPORTED_SHIFT, 1));
        break;
      }
      case OP_CALL_INDIRECT: {
        const signature = readUnsigned();
        readUnsigned();
        recordCall(signature);
        break;
      }
      case 0x40: // memory.grow
        readUnsigned();
        recordCall(0xffffffff);
        break;
      default:
        skipImmediates(opcode);
    }
  }
}

function declareLocals(type: u32): void {
  localCount = 0;
  parameterCount = typeParameterCount(type);
  const parameters = typeParameters(type);
  for (let i: u32 = 0; i < parameterCount; i++) declareLocal(load<u8>(parameters + i));
  let groups = readUnsigned();
  while (groups-- > 0) {
    let count = readUnsigned();
    const localKind = readByte();
    if (localCount + count > MAX_LOCALS || localKind < TYPE_F64) {
      fail(FAILURE_LIMIT, count);
      return;
    }
    while (count-- > 0) declareLocal(localKind);
  }
  trackedCount = min(localCount, MAX_TRACKED);
}

function declareLocal(type: i32): void {
  const entry = local(localCount++);
  store<u64>(entry, 0);
  store<u64>(entry, 0, 8);
  store<u64>(entry, 0, 16);
  store<u8>(entry, <u8>type);
  store<u8>(entry, 255, 1);
}

function addWeight(number: u32): void {
  const entry = local(number);
  store<u32>(entry, load<u32>(entry, 4) + weight, 4);
}

function opener(number: u32): usize {
  return openers + number * OPENER_STRIDE;
}

function open(kind: u32): void {
  if (depth >= MAX_DEPTH) {
    fail(FAILURE_LIMIT, depth);
    return;
  }
  const construct = opener(depth++);
  store<u32>(construct, eventCount);
  beginStretch(construct, kind == EVENT_IF ? eventCount + 1 : 0);
  store<u32>(construct, 0xffffffff, OPENER_OUTERMOST_OF_ALL);
  store<u32>(construct, 0, OPENER_IS_TARGET);
  record(kind, 0, 0);
  openerCount++;
}

function otherwise(): void {
  const construct = opener(depth - 1);
  record(EVENT_ELSE, load<u32>(construct), 0);
  store<u32>(event(eventCount - 1), <u32>(position - 1), 12);
  endStretch(construct);
  beginStretch(construct, eventCount);
}

function close(): void {
  const construct = opener(--depth);
  const beginning = event(load<u32>(construct));
  record(EVENT_END, load<u32>(construct), 0);
  store<u32>(event(eventCount - 1), <u32>(position - 1), 12);
  endStretch(construct);
  if (depth == 0) return;
  noteUse(beginning);
  if (eventKind(beginning) != EVENT_BLOCK) weight = eventWeight(beginning);
  const around = opener(depth - 1);
  const outermost = load<u32>(construct, OPENER_OUTERMOST_OF_ALL);
  branchOut(around, outermost);
  // What stands behind a block that nothing falls out of is only branched to.
  if (eventKind(beginning) != EVENT_BLOCK || eventKind(event(eventCount - 2)) != EVENT_STOP) return;
  const isWhole = load<u32>(around, OPENER_STRETCH) != 0 && load<u32>(around, OPENER_OUTERMOST) >= depth;
  if (!isWhole) beginStretch(around, eventCount);
}

function recordTarget(target: u32): void {
  record(EVENT_TARGET, target, 0);
  if (target >= depth) return;
  const number = depth - 1 - target;
  store<u32>(opener(number), 1, OPENER_IS_TARGET);
  branchOut(opener(depth - 1), number);
}

/** A branch from inside a construct to the one of that number. */
function branchOut(construct: usize, number: u32): void {
  store<u32>(construct, min(load<u32>(construct, OPENER_OUTERMOST), number), OPENER_OUTERMOST);
  store<u32>(construct, min(load<u32>(construct, OPENER_OUTERMOST_OF_ALL), number), OPENER_OUTERMOST_OF_ALL);
}

function beginStretch(construct: usize, eventAndOne: u32): void {
  store<u32>(construct, eventAndOne, OPENER_STRETCH);
  store<u32>(construct, callCount, OPENER_CALLS);
  store<u32>(construct, 0xffffffff, OPENER_OUTERMOST);
}

/** The last event ends a stretch of code of the construct, which `depth` or `depth - 1` is the number of. */
function endStretch(construct: usize): void {
  const last = eventCount - 1;
  const stretch = load<u32>(construct, OPENER_STRETCH);
  if (stretch == 0 || eventKind(event(last - 1)) != EVENT_STOP) return;
  const number = <u32>((construct - openers) / OPENER_STRIDE);
  if (number == 0 || load<u32>(construct, OPENER_OUTERMOST) <= number) return;
  const isArm = eventKind(event(load<u32>(construct))) == EVENT_IF;
  if (!isArm && load<u32>(construct, OPENER_IS_TARGET) == 0) return;
  const first = stretch - 1;
  const isBare = last == first + 2;
  if (!isBare && load<u32>(construct, OPENER_CALLS) == callCount) return;
  const beginning = event(first);
  store<u32>(beginning + (eventKind(beginning) == EVENT_IF ? 4 : 8), last);
  lighten(first + 1, last);
}

/** Between two events everything is seldom. */
function lighten(from: u32, to: u32): void {
  while (from < to) {
    const entry = event(from);
    const until = seldomUntil(entry);
    if (until != 0) {
      // It is so already.
      from = until;
      continue;
    }
    const kind = eventKind(entry);
    if (kind == EVENT_GET || kind == EVENT_SET || kind == EVENT_TEE) {
      const cell = local(load<u32>(entry, 4)) + 4;
      store<u32>(cell, load<u32>(cell) + SELDOM_WEIGHT - eventWeight(entry));
    }
    if (kind == EVENT_GET || kind == EVENT_SET || kind == EVENT_TEE || kind == EVENT_CALL) {
      setEventWeight(entry, SELDOM_WEIGHT);
    }
    from++;
  }
}

/** Notes with a block or `if` that has ended how its result, if any, is used. */
function noteUse(beginning: usize): void {
  if (eventKind(beginning) == EVENT_LOOP || load<u32>(beginning, 8) != USE_ANY) return;
  const start = position;
  let next = readByte();
  // i32.eqz
  while (next == 0x45) next = readByte();
  moveReader(start);
  if (next == OP_IF || next == OP_BR_IF) store<u32>(beginning, USE_CONDITION, 8);
  else if (next == OP_END || next == OP_ELSE) store<u32>(beginning, USE_PASSED_ON, 8);
}

/** A jump table takes a result along: it must be a number. */
function refuseCondition(target: u32): void {
  if (target >= depth) return;
  const beginning = event(load<u32>(opener(depth - 1 - target)));
  if (eventKind(beginning) != EVENT_LOOP) store<u32>(beginning, USE_NUMBER, 8);
}

/** Leaves out what follows, up to the end of the construct. */
function stop(end: usize): void {
  record(EVENT_STOP, 0, 0);
  skipUnreachable(end);
}

function recordCall(type: u32): void {
  record(EVENT_CALL, 0, 0);
  callCount++;
  if (type == 0xffffffff) return;
  const count = typeParameterCount(type);
  const from = typeParameters(type);
  let integers: u32 = 0;
  let floats: u32 = 0;
  let onStack: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (<i32>load<u8>(from + i) >= TYPE_I64) {
      if (integers++ >= 6) onStack++;
    } else if (floats++ >= 8) {
      onStack++;
    }
  }
  maxStackArguments = max(maxStackArguments, onStack);
}
