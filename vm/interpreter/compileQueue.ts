// Methods and blocks that have been called often enough, and wait to be compiled together: a module costs far more than
// a function in it. They are compiled when `run` ends a slice but the first, or when enough wait; where the host says that
// a module costs nothing (a batch of one), at once.

import {
  CELL_POLLS_LEFT,
  CLASS_INDEX_BLOCK_CLOSURE,
  CLOSURE_ARGUMENT_COUNT,
  CLOSURE_FIRST_COPIED,
  FULL_CLOSURE_FIRST_COPIED,
} from "../layout";
import { hostDropInstalledCode } from "../host";
import { classIndexOf, slotCountOf } from "../memory/header";
import { forgetCodeObjects } from "../memory/codeObjects";
import { isYoung } from "../memory/map";
import { fetchPointer } from "../memory/object";
import { Address, Oop, smallIntegerValue } from "../memory/oop";
import { MAX_BATCH } from "../tuning";
import { codeOf, dropRecords, forgetCodeOf, hasRecords, isAreaFull, optimisedOf, recordOf } from "./codeRecords";
import { countDrop } from "./codeStatistics";
import { forgetCodeInCache, takeCodeIntoCache } from "./lookup";
import { dropOptimised, optimisedCode } from "./optimisedCode";
import { forgetSamples, optimiseWaiting } from "./sampling";

/** How often a method is activated before it is compiled; 0 for never. */
export let compileThreshold: i32 = 0;
/** How many wait until they are compiled before the slice ends; 1: none waits. */
let batchSize: u32 = 1;
/** Set during the first slice where a module costs something: what ends in the next would not gain that again. */
let isFirstSlice: bool = false;
/** Function index of the translator: (address of the first that waits, how many) -> void. */
let translator: u32 = 0;

/** The answer of `codeOrCountdown` for what is never compiled. */
export const NEVER: i32 = i32.MIN_VALUE;
/** The countdown of what waits: its code comes into the method cache by itself. */
const WAITING: i32 = -(1 << 30);

// What waits: method u32 | first bytecode u32 | shape u32 (0: a method) | its record, while it is being compiled u32.
export const WAITING_METHOD: u32 = 0;
export const WAITING_START: u32 = 4;
export const WAITING_SHAPE: u32 = 8;
export const WAITING_RECORD: u32 = 12;
export const WAITING_BYTES: u32 = 16;
const queue: Address = <Address>memory.data(1600, 4);
let queueCount: u32 = 0;
if (MAX_BATCH * WAITING_BYTES > 1600) ERROR("compileQueue: MAX_BATCH needs a larger queue");

// The shape of a block: arguments, then copied values from bit 8, its kind, and a bit that tells it from a method.
const SHAPE_COPIED_SHIFT: u32 = 8;
const SHAPE_COUNT_MASK: u32 = 255;
const SHAPE_IS_V3: u32 = 1 << 16;
const SHAPE_IS_BLOCK: u32 = 1 << 17;

/** What the code of a closure's block takes for granted of the closure; 0 where it cannot be said. */
export function shapeOfClosure(closure: Oop): u32 {
  const isV3 = classIndexOf(<Address>closure) == CLASS_INDEX_BLOCK_CLOSURE;
  const first = isV3 ? CLOSURE_FIRST_COPIED : FULL_CLOSURE_FIRST_COPIED;
  const count = <u32>smallIntegerValue(fetchPointer(CLOSURE_ARGUMENT_COUNT, closure));
  const copied = slotCountOf(<Address>closure) - first;
  if (count > SHAPE_COUNT_MASK || copied > SHAPE_COUNT_MASK) return 0;
  return SHAPE_IS_BLOCK | (isV3 ? SHAPE_IS_V3 : 0) | (copied << SHAPE_COPIED_SHIFT) | count;
}

/** The same told from outside: what a block's code takes for granted, in a method of the first bytecode set or not. */
export function shapeOfBlock(isV3: bool, argumentCount: u32, copiedCount: u32): u32 {
  return SHAPE_IS_BLOCK | (isV3 ? SHAPE_IS_V3 : 0) | (copiedCount << SHAPE_COPIED_SHIFT) | argumentCount;
}

export function isV3Shape(shape: u32): bool {
  return (shape & SHAPE_IS_V3) != 0;
}

export function shapeArgumentCount(shape: u32): u32 {
  return shape & SHAPE_COUNT_MASK;
}

export function shapeCopiedCount(shape: u32): u32 {
  return (shape >> SHAPE_COPIED_SHIFT) & SHAPE_COUNT_MASK;
}

export function enableCompiler(threshold: i32, batch: u32, translate: u32): void {
  compileThreshold = threshold;
  batchSize = threshold == 1 ? 1 : min(max(batch, 1), MAX_BATCH);
  isFirstSlice = batchSize > 1;
  translator = translate;
  forgetCodeInCache(codeCountdown());
}

export function disableCompiler(): void {
  compileThreshold = 0;
  dropAllCode(DROPPED_BY_DEBUGGER);
}

function codeCountdown(): i32 {
  return compileThreshold == 0 ? NEVER : -compileThreshold;
}

/** What a cache entry holds for a method: the table index of its code, or minus the activations until it is compiled. */
export function codeOrCountdown(method: Oop, start: Address): i32 {
  if (compileThreshold == 0) return NEVER;
  const record = recordOf(<Address>method, start);
  if (record == 0) return -compileThreshold;
  const optimised = optimisedCode(optimisedOf(record));
  if (optimised != 0) return <i32>optimised;
  const code = codeOf(record);
  return code == 0 ? NEVER : <i32>code;
}

/**
 * Has a method that was called often enough compiled, or the block of the shape that begins at `start`. Answers what
 * `codeOrCountdown` does then; while it waits, a countdown that does not end.
 */
export function requestCode(method: Oop, start: Address, shape: u32): i32 {
  if (translator == 0 || isYoung(method)) return codeCountdown();
  if (recordOf(<Address>method, start) == 0) {
    if (isAreaFull) {
      // The slice ends at the next poll: then there is room again.
      store<i32>(0, min(load<i32>(0, CELL_POLLS_LEFT), 0), CELL_POLLS_LEFT);
      return codeCountdown();
    }
    if (queueCount == MAX_BATCH) return codeCountdown();
    if (!isWaiting(<Address>method, start)) {
      const waiting = queue + queueCount++ * WAITING_BYTES;
      store<u32>(waiting, <u32>method, WAITING_METHOD);
      store<u32>(waiting, start, WAITING_START);
      store<u32>(waiting, shape, WAITING_SHAPE);
    }
    if (queueCount < batchSize || isHostBehind) return WAITING;
    compileWaiting();
    if (recordOf(<Address>method, start) == 0) return WAITING;
  }
  return codeOrCountdown(method, start);
}

function isWaiting(method: Address, start: Address): bool {
  for (let i: u32 = 0; i < queueCount; i++) {
    const waiting = queue + i * WAITING_BYTES;
    if (load<u32>(waiting, WAITING_METHOD) == method && load<u32>(waiting, WAITING_START) == start) return true;
  }
  return false;
}

function compileWaiting(): void {
  const count = queueCount;
  queueCount = 0;
  call_indirect<void>(translator, queue, count);
  if (batchSize > 1) takeCodeIntoCache();
}

/** The host still has code that was dropped, which may be on the engine's stack: nothing is installed meanwhile. */
let isHostBehind: bool = false;

/** At the end of a slice, when no compiled code is on the engine's stack: begins anew where no more fits, and compiles. */
export function compileAtSliceEnd(): void {
  if (compileThreshold == 0 && !isHostBehind) return;
  if (isAreaFull) dropAllCode(DROPPED_FULL);
  if (isHostBehind) {
    isHostBehind = false;
    hostDropInstalledCode();
  }
  if (isFirstSlice) {
    isFirstSlice = false;
    return;
  }
  if (queueCount != 0) compileWaiting();
  optimiseWaiting();
}

// Why code was dropped, as countDrop counts.
export const DROPPED_FULL: u32 = 0;
export const DROPPED_MOVED: u32 = 1;
export const DROPPED_BY_BECOME: u32 = 2;
export const DROPPED_BY_DEBUGGER: u32 = 3;

/** Old objects have moved, but those that code names: what waits to be compiled may be elsewhere. */
export function forgetWaiting(): void {
  queueCount = 0;
  forgetSamples();
}

/** Forgets all compiled code. Code that runs just now comes to no harm where the caller disturbs it: it leaves then. */
export function dropAllCode(cause: u32): void {
  forgetWaiting();
  if (!hasRecords()) return;
  countDrop(cause);
  dropRecords();
  forgetCodeObjects();
  dropOptimised();
  forgetCodeInCache(codeCountdown());
  isHostBehind = true;
}

/** Forgets the code of one method and of its blocks. */
export function dropCodeOf(method: Address): void {
  forgetCodeOf(method);
  for (let i: u32 = 0; i < queueCount;) {
    const waiting = queue + i * WAITING_BYTES;
    if (load<u32>(waiting, WAITING_METHOD) != method) {
      i++;
      continue;
    }
    memory.copy(waiting, queue + --queueCount * WAITING_BYTES, WAITING_BYTES);
  }
}
