// Which methods and blocks the second tier optimises: what is found active at the ends of slices, most often what calls the
// small ones rather than these, since they are inlined. They wait until no code is on the engine's stack.

import { CLASS_INDEX_BLOCK_CLOSURE, CLASS_INDEX_FULL_BLOCK_CLOSURE, CLOSURE_OUTER_CONTEXT } from "../layout";
import { classIndexOfOop } from "../memory/classes";
import { callerFp, callerSp, frameMethod, isBlockFrame, pageOf } from "../memory/frames";
import { byteSizeOf, fetchPointer } from "../memory/object";
import { Address, Oop } from "../memory/oop";
import {
  BLOCK_TAKER_BYTES,
  MAX_TIMES_OPTIMISED,
  SAMPLES_FOR_OPTIMISING,
  SAMPLES_OF_SMALL,
  SMALL_METHOD_BYTES,
} from "../tuning";
import { codeOf, countOptimising, countSample, isAreaFull, optimisedOf, recordOf } from "./codeRecords";
import { startOfFrame } from "./compiledCode";
import { shapeOfClosure } from "./compileQueue";
import { argumentsOf, frameOf, isContext } from "./contexts";
import { refreshCode } from "./lookup";
import { optimisedCode } from "./optimisedCode";
import { fp } from "./registers";

/** Function index of the second tier: (method, first bytecode, shape) -> whether there is new code; 0 for none. */
let optimiser: u32 = 0;
/** Samples are counted so many times. */
let weight: u32 = 1;

// What waits: method u32 | first bytecode u32 | shape u32.
const MAX_WAITING: u32 = 4;
const WAITING_BYTES: u32 = 12;
const waiting: Address = <Address>memory.data(48, 4);
let waitingCount: u32 = 0;

/** Frames that are looked at. */
const MAX_FRAMES: u32 = 8;

/** Has the second tier called; where `isEager`, after the first sample. */
export function enableOptimiser(optimise: u32, isEager: bool): void {
  optimiser = optimise;
  weight = isEager ? 100 : 1;
}

/** Looks at the stack at the end of a slice. */
export function sampleStack(): void {
  if (optimiser == 0) return;
  let frame = homeFrame(fp);
  let isCallee = false;
  for (let i: u32 = 0; i < MAX_FRAMES && frame != 0; i++) {
    const method = <Address>frameMethod(frame);
    const start = startOfFrame(frame, method);
    const record = recordOf(method, start);
    const caller = callerFp(frame);
    if (record == 0 || codeOf(record) == 0) {
      frame = caller;
      continue;
    }
    if (optimisedCode(optimisedOf(record)) != 0) {
      // What calls it may be what takes the time, and is seldom found active itself.
      if (isCallee) return;
      isCallee = true;
      frame = caller;
      continue;
    }
    const isSmall =
      isCallee || (isInlined(frame, method, start) && caller != 0 && <Address>frameMethod(caller) != method);
    const samples = countSample(record) * weight;
    if (samples >= (isSmall ? SAMPLES_OF_SMALL : SAMPLES_FOR_OPTIMISING)) request(frame, method, start);
    if (!isSmall) return;
    frame = caller;
  }
}

/** The frame of the method whose block is active, if it is on the page, since the block may be inlined there; else itself. */
function homeFrame(frame: Address): Address {
  while (isBlockFrame(frame)) {
    const outer = fetchPointer(CLOSURE_OUTER_CONTEXT, load<u64>(callerSp(frame)));
    const home = isContext(outer) ? frameOf(outer) : 0;
    if (home == 0 || pageOf(home) != pageOf(frame) || !isCompiled(home)) break;
    frame = home;
  }
  return frame;
}

function isCompiled(frame: Address): bool {
  const method = <Address>frameMethod(frame);
  const record = recordOf(method, startOfFrame(frame, method));
  return record != 0 && codeOf(record) != 0;
}

/** Whether a method or block is small enough to be inlined where it is called. */
function isInlined(frame: Address, method: Address, start: Address): bool {
  if (isBlockFrame(frame)) return true;
  const bytes = method + 8 + byteSizeOf(method) - start;
  return bytes < SMALL_METHOD_BYTES || (bytes < BLOCK_TAKER_BYTES && isGivenBlock(frame));
}

/** Whether a closure is among the arguments of a frame's method. */
function isGivenBlock(frame: Address): bool {
  const receiver = callerSp(frame);
  const count = argumentsOf(frame);
  for (let i: u32 = 1; i <= count; i++) {
    const classIndex = classIndexOfOop(load<u64>(receiver - (i << 3)));
    if (classIndex == CLASS_INDEX_BLOCK_CLOSURE || classIndex == CLASS_INDEX_FULL_BLOCK_CLOSURE) return true;
  }
  return false;
}

function request(frame: Address, method: Address, start: Address): void {
  const shape = isBlockFrame(frame) ? shapeOfClosure(load<u64>(callerSp(frame))) : 0;
  if (waitingCount == MAX_WAITING || (shape == 0 && isBlockFrame(frame))) return;
  const at = waiting + waitingCount++ * WAITING_BYTES;
  store<u32>(at, method);
  store<u32>(at, start, 4);
  store<u32>(at, shape, 8);
}

/** Forgets what waits: it may have moved. */
export function forgetSamples(): void {
  waitingCount = 0;
}

/** At the end of a slice, when no compiled code is on the engine's stack: optimises what waits. */
export function optimiseWaiting(): void {
  let isNew = false;
  for (let i: u32 = 0; i < waitingCount; i++) {
    const at = waiting + i * WAITING_BYTES;
    const method = load<u32>(at);
    const start = load<u32>(at, 4);
    const record = recordOf(method, start);
    if (record == 0 || isAreaFull || optimisedCode(optimisedOf(record)) != 0) continue;
    if (countOptimising(record) >= MAX_TIMES_OPTIMISED) continue;
    if (call_indirect<bool>(optimiser, record, <Oop>method, start, load<u32>(at, 8))) isNew = true;
  }
  waitingCount = 0;
  if (isNew) refreshCode();
}
