// What the module exports: the embedder's side of the virtual machine (vm/embed) and of the kernels (boot).

import { registerPrimitives } from "../build/generated/registry";
import { interpret } from "../build/generated/loop";
import { interpretStepping } from "../build/generated/steppingLoop";
import { LINK_NEXT, PROCESS_SUSPENDED_CONTEXT } from "./layout";
import { loadImage as loadHeap } from "./image/load";
import { activePage, pageLimit } from "./memory/frames";
import { setStackLimit } from "./memory/map";
import { fetchPointer, storePointerUnchecked } from "./memory/object";
import { nil } from "./memory/roots";
import { signalSemaphoreWithIndex } from "./plugin";
import { isCallSuspended, resumeCall } from "./interpreter/activation";
import { startMethod as startMethodNow, startSend as startSendNow } from "./interpreter/outside";
import { isContext, resumeContext } from "./interpreter/contexts";
import { enableOptimiser as enableSecondTier } from "./interpreter/sampling";
import { optimise } from "./optimiser/optimise";
import { beginTime, countTime } from "./interpreter/codeStatistics";
import { compileAtSliceEnd, compileThreshold, disableCompiler, enableCompiler } from "./interpreter/compileQueue";
import { compileBatch, listCode as listCodeOf } from "./jit/translate";
import { startSession } from "./interpreter/control";
import { flushMethodCache } from "./interpreter/lookup";
import { LOG_ERROR, logEnd, logText } from "./interpreter/log";
import { handleEvents, poll, requestInterrupt as interruptAtPoll, wakeTime } from "./interpreter/poll";
import { activeProcess, allProcessesWait } from "./interpreter/processes";
import { fp } from "./interpreter/registers";
import { beginStepping } from "./interpreter/stepping";
import { noteStart } from "./interpreter/vmParameters";
import {
  clearOutcome,
  outcome,
  outcomeDetail as detail,
  OUTCOME_FATAL,
  OUTCOME_IDLE,
  OUTCOME_NONE,
  OUTCOME_QUIT,
  stop,
} from "./interpreter/stop";
import { hostMonotonicMicroseconds, hostUtcMicroseconds } from "./host";

export { imageFault, imageFaultInHeap, imageFaultOffset } from "./image/fault";
export { imageFormat } from "./image/header";
// What tools read the heap and the stack by (tools/heap.ts, tools/processes.ts).
export { falseObject, hiddenRoots, nil, specialObjects, trueObject } from "./memory/roots";
export { edenStart, oldSpaceStart, stackPagesStart } from "./memory/map";
export { pastFree, pastStart } from "./memory/newspace";
export { oldSpaceEnd } from "./memory/oldspace";
export { activePage } from "./memory/frames";
export { fp, ip, sp } from "./interpreter/registers";
export { selectCode, selectOptimised } from "./interpreter/codeSelection";
export { tellOptimiser } from "./interpreter/optimiserLog";
export { compileState } from "./interpreter/codeRecords";
export { sliceTiers } from "./interpreter/compiledCode";
export { fullCollectionCount, scavengeCount } from "./memory/statistics";
export { takeCensus } from "./interpreter/census";
export { clearBreakpoint, setBreakpoint } from "./interpreter/stepping";
export { setTrace } from "./interpreter/tracing";
// What an embedder with a screen uses: input events, and the screen's size in pixels.
export { setScreenSize } from "../primitives/display";
export { queueEvent } from "../primitives/input";

/**
 * Loads the image that the host gives (`imageRead`), of that many bytes; 0 for the default eden and no limit of old space.
 * Answers 0, or a status of tables/imageFaults.ts. Afterwards `run` starts where the image was saved.
 */
export function loadImage(totalBytes: f64, edenBytes: u32, maxOldSpaceBytes: u32): i32 {
  const status = loadHeap(totalBytes, edenBytes, maxOldSpaceBytes);
  if (status != 0) return status;
  registerPrimitives();
  flushMethodCache();
  startSession(hostUtcMicroseconds() >> 10);
  resumeActiveProcess();
  return 0;
}

/** Goes on with the process that was active when the image was saved. */
function resumeActiveProcess(): void {
  const process = activeProcess();
  const context = fetchPointer(PROCESS_SUSPENDED_CONTEXT, process);
  storePointerUnchecked(PROCESS_SUSPENDED_CONTEXT, process, nil);
  storePointerUnchecked(LINK_NEXT, process, nil);
  if (isContext(context)) {
    resumeContext(context);
    return;
  }
  logText("the active process of the image has no context to run");
  logEnd(LOG_ERROR);
  stop(OUTCOME_FATAL);
}

/** Runs for at most that many sends and backward jumps. Answers an outcome code (interpreter/stop.ts). */
export function run(polls: i32): i32 {
  const start = hostMonotonicMicroseconds();
  beginTime();
  if (begin()) interpret(polls);
  countTime(hostMonotonicMicroseconds() - start, compileThreshold == 0);
  if (outcome != OUTCOME_QUIT && outcome != OUTCOME_FATAL) compileAtSliceEnd();
  return outcome;
}

/**
 * As `run`, for debuggers: ends with OUTCOME_BREAK (its detail a BREAK_… of interpreter/stepping.ts) after `steps`
 * bytecodes (0 for no limit), where `frame` is active again or has returned (0 for none), or at a breakpoint.
 */
export function runStepping(polls: i32, steps: u32, frame: u32): i32 {
  const isRunning = begin();
  // Compiled code does not stop at bytecodes.
  disableCompiler();
  beginStepping(steps, frame, fp);
  if (isRunning) interpretStepping(polls);
  return outcome;
}

/** What is due before the first bytecode. Answers false where nothing can run: the outcome says why. */
function begin(): bool {
  if (outcome == OUTCOME_FATAL) return false;
  noteStart();
  clearOutcome();
  if (isCallSuspended()) {
    setStackLimit(pageLimit(activePage));
    resumeCall();
    if (outcome != OUTCOME_NONE) return false;
  }
  handleEvents();
  if (allProcessesWait) stop(OUTCOME_IDLE, wakeTime);
  else setStackLimit(pageLimit(activePage));
  return outcome == OUTCOME_NONE && poll();
}

/** What goes with the outcome: the time to wake (microseconds UTC, 0 for never), or an exit code. */
export function outcomeDetail(): i64 {
  return detail;
}

/** Signals an external semaphore at the next poll. Answers 0 where too many signals wait already. */
export function signalSemaphore(index: u32): i32 {
  return i32(signalSemaphoreWithIndex(index));
}

/** Signals the image's interrupt semaphore at the next poll, as its interrupt key does. */
export function requestInterrupt(): void {
  interruptAtPoll();
}

/**
 * Compiles methods from that many activations on, up to `batch` together: 1 for a host where a module costs nothing
 * beside its functions. Where the host cannot install code, all stays interpreted.
 */
export function enableJit(threshold: i32, batch: u32): void {
  enableCompiler(threshold, batch, compileBatch.index);
}

/** Optimises what `enableJit` compiles, too, once it is found active often; where `isEager`, once. */
export function enableOptimiser(isEager: bool): void {
  enableSecondTier(optimise.index, isEager);
}

/** For tools: see jit/translate.ts; nothing runs, and nothing is kept. */
export function listCode(method: u32, start: u32, closure: u32): u32 {
  return listCodeOf(method, start, closure);
}
export { isInCompiledArea } from "./interpreter/codeRecords";
export { codeCounts } from "./interpreter/codeStatistics";
export { listedCode, listedLocals } from "./jit/translate";

export {
  extendFromCode,
  handleFromCode,
  landFromCode,
  leaveFromCode,
  pollFromCode,
  returnFromCode,
  sendFromCode,
} from "./interpreter/compiledCode";
export {
  classFromCode,
  compareFromCode,
  floatFromCode,
  followFromCode,
  operateFromCode,
  rememberFromCode,
  superFromCode,
  hashFromCode,
  contextFromCode,
  contextSlotFromCode,
  primitiveFromCode,
} from "./interpreter/callsFromCode";
export { exitFromCode, pollInLoopFromCode } from "./interpreter/compiledCode";
export { closureFromCode, instantiateFromCode, newArrayFromCode } from "./interpreter/optimisedCode";
/** For a host whose compiled code lies in a table of its own (interpreter/compiledCode.ts). */
export { setTrampoline } from "./interpreter/compiledCode";
export { functionBesideCode } from "./interpreter/quickSites";
export { forgetSend, outsideAnswer, outsideArguments } from "./interpreter/outside";
export { newString as newStringFrom, scratchMemory } from "./plugin";

/** Sends a message from outside (interpreter/outside.ts); 4 where the active process waits for the host. */
export function startSend(receiver: u64, selector: u64, count: u32): i32 {
  return isCallSuspended() ? 4 : startSendNow(receiver, selector, count);
}

/** Runs a method from outside (interpreter/outside.ts); answers as `startSend`. */
export function startMethod(receiver: u64, method: u64): i32 {
  return isCallSuspended() ? 4 : startMethodNow(receiver, method);
}

export { newObjectFrom, storeReferenceFrom } from "./interpreter/outside";
export { reportStack as logStack } from "./interpreter/stacktrace";
export { reportProcesses as logProcesses } from "./interpreter/processReport";

export { compileAhead } from "./jit/ahead";

/** Places of the compilers' functions in the table, from 0; 0 behind the last. A program without them leaves them out. */
export function compilerPlace(number: u32): u32 {
  if (number == 0) return compileBatch.index;
  return number == 1 ? optimise.index : 0;
}

// What boot/link uses to make a program of this module and an image, and what such a program sets at its start.
export { moduleEnd, reserveMemory, setForced as force } from "./memory/map";
export { fitOldSpace, leastMemoryBytes, setMaxOldSpaceBytes, usedOldSpaceBytes } from "./memory/oldspace";
export { compiledArea } from "./interpreter/codeRecords";
export { forgetPrimitive, namedPrimitive, namedPrimitiveAt, numberedPrimitive } from "./interpreter/primitiveTable";
