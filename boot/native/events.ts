// First pass over a function: the events that matter to locals, in order: reads, writes, control and calls. Later
// passes walk these forwards or backwards without decoding again. What cannot be reached is left out, here and when
// code is made.

import { fail, failure, FAILURE_LIMIT, FAILURE_NONE } from "./arena";
import { functionType, TYPE_F64, TYPE_I64, typeParameterCount, typeParameters } from "./module";
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

// An event: u32 kind, u32 data, u32 first, u32 second.
//   get: local. set, tee: local; first: the local it is a copy of + 1, or 0; second: 1 if its value is never read.
//   block, if: first: how the result is used (USE_…). block, loop, if: data: weight of what is around; second: registers that are assigned inside. loop: first: address of what lives at its head.
//   end, else: event of the beginning. target: depth. call: data: weight; first: address of what lives behind it.
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

const MAX_DEPTH: u32 = 60000;
let openers: usize = 0;
let depth: u32 = 0;

/** Tables for the passes: `eventTable` has room for `room` events, `openerTable` for MAX_DEPTH words. */
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

function record(kind: u32, data: u32, first: u32): void {
  if (eventCount >= eventLimit) {
    fail(FAILURE_LIMIT, eventLimit);
    return;
  }
  const entry = event(eventCount++);
  store<u32>(entry, kind);
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
  let weight: u32 = FIRST_WEIGHT;
  open(EVENT_BLOCK, weight);
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
        addWeight(number, weight);
        lastRead = number;
        age = 0;
        break;
      }
      case OP_LOCAL_SET:
      case OP_LOCAL_TEE: {
        const number = readUnsigned();
        record(opcode == OP_LOCAL_SET ? EVENT_SET : EVENT_TEE, number, age == 1 ? lastRead + 1 : 0);
        addWeight(number, weight);
        if (age <= 4 && lastRead != number) store<u32>(local(number), lastRead + 1, 16);
        if (opcode == OP_LOCAL_TEE) lastRead = number;
        if (opcode == OP_LOCAL_TEE) age = 0;
        break;
      }
      case OP_BLOCK:
        readSigned();
        open(EVENT_BLOCK, weight);
        break;
      case OP_LOOP:
        readSigned();
        open(EVENT_LOOP, weight);
        loopCount++;
        if (weight < MOST_WEIGHT) weight <<= 3;
        break;
      case OP_IF:
        readSigned();
        open(EVENT_IF, weight);
        weight = max(weight >> 1, 1);
        break;
      case OP_ELSE:
        record(EVENT_ELSE, load<u32>(openers + ((depth - 1) << 2)), 0);
        break;
      case OP_END: {
        const opener = load<u32>(openers + (--depth << 2));
        record(EVENT_END, opener, 0);
        if (depth == 0) return;
        noteUse(event(opener));
        if (load<u32>(event(opener)) != EVENT_BLOCK) weight = load<u32>(event(opener), 4);
        break;
      }
      case OP_BR:
        record(EVENT_TARGET, readUnsigned(), 0);
        stop(end);
        break;
      case OP_BR_IF:
        record(EVENT_TARGET, readUnsigned(), 0);
        break;
      case OP_BR_TABLE: {
        let count = readUnsigned() + 1;
        // Each of many cases is taken seldom.
        if (count >= MANY_CASES) weight = max(weight >> (count >= 4 * MANY_CASES ? 6 : 3), 1);
        while (count-- > 0) {
          const target = readUnsigned();
          record(EVENT_TARGET, target, 0);
          refuseCondition(target);
        }
        stop(end);
        break;
      }
      case OP_RETURN:
      case OP_UNREACHABLE:
        stop(end);
        break;
      case OP_CALL:
        recordCall(functionType(readUnsigned()), weight);
        break;
      case OP_CALL_INDIRECT: {
        const signature = readUnsigned();
        readUnsigned();
        recordCall(signature, weight);
        break;
      }
      case 0x40: // memory.grow
        readUnsigned();
        recordCall(0xffffffff, weight);
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

function addWeight(number: u32, weight: u32): void {
  const entry = local(number);
  store<u32>(entry, load<u32>(entry, 4) + weight, 4);
}

function open(kind: u32, weight: u32): void {
  if (depth >= MAX_DEPTH) {
    fail(FAILURE_LIMIT, depth);
    return;
  }
  store<u32>(openers + (depth++ << 2), eventCount);
  record(kind, weight, 0);
  openerCount++;
}

/** Notes with a block or `if` that has ended how its result, if any, is used. */
function noteUse(opener: usize): void {
  if (load<u32>(opener) == EVENT_LOOP || load<u32>(opener, 8) != USE_ANY) return;
  const start = position;
  let next = readByte();
  // i32.eqz
  while (next == 0x45) next = readByte();
  moveReader(start);
  if (next == OP_IF || next == OP_BR_IF) store<u32>(opener, USE_CONDITION, 8);
  else if (next == OP_END || next == OP_ELSE) store<u32>(opener, USE_PASSED_ON, 8);
}

/** A jump table takes a result along: it must be a number. */
function refuseCondition(target: u32): void {
  if (target >= depth) return;
  const opener = event(load<u32>(openers + ((depth - 1 - target) << 2)));
  if (load<u32>(opener) != EVENT_LOOP) store<u32>(opener, USE_NUMBER, 8);
}

/** Leaves out what follows, up to the end of the construct. */
function stop(end: usize): void {
  record(EVENT_STOP, 0, 0);
  skipUnreachable(end);
}

function recordCall(type: u32, weight: u32): void {
  record(EVENT_CALL, weight, 0);
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
