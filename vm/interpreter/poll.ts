// The slow path of a poll: everything that happens between bytecodes. Stack overflow, collection, timer, signals from
// outside, the interrupt key, the end of a slice.

import {
  FORCE_FULL_COLLECTIONS,
  SPECIAL_FINALIZATION_SEMAPHORE,
  SPECIAL_INTERRUPT_SEMAPHORE,
  SPECIAL_LOW_SPACE_SEMAPHORE,
  SPECIAL_PROCESS_SIGNALING_LOW_SPACE,
  SPECIAL_TIMER_SEMAPHORE,
} from "../layout";
import { hostUtcMicroseconds } from "../host";
import { fullCollectionWanted, scavengeWanted } from "../memory/allocation";
import { codeObjectsLost } from "../memory/codeObjects";
import { activePage, pageLimit, pageOf } from "../memory/frames";
import { forced, setStackLimit } from "../memory/map";
import { storePointer } from "../memory/object";
import { specialObjects } from "../memory/roots";
import {
  clearLowSpace,
  clearMournersPending,
  clearObjectsMoved,
  collectAll,
  collectYoung,
  lowSpace,
  memoryFull,
  mournersPending,
  objectsMoved,
  oldObjectsMoved,
} from "../memory/collector";
import { externalizeHead, moveActiveFrameToNewPage, resumePage } from "./contexts";
import { dropAllCode, DROPPED_MOVED, forgetWaiting } from "./compileQueue";
import { flushMethodCache, flushYoungMethods } from "./lookup";
import { stopForFullMemory } from "./memoryLimits";
import { activeProcess, allProcessesWait, signalExternalSemaphores, signalSpecial } from "./processes";
import { fp, sp } from "./registers";
import { RELINQUISH_MICROSECONDS } from "../tuning";
import { OUTCOME_IDLE, outcome, OUTCOME_NONE, stop } from "./stop";

/** Microseconds UTC at which the timer semaphore is signalled; 0 for never. */
export let wakeTime: i64 = 0;
/** Set by the embedder's interrupt key. */
let interruptPending: bool = false;
/** Set by a primitive that gives the processor away: the run ends idle at the next poll. */
let relinquished: bool = false;

export function setWakeTime(microseconds: i64): void {
  wakeTime = microseconds;
}

export function requestInterrupt(): void {
  interruptPending = true;
}

export function relinquish(): void {
  relinquished = true;
}

/** Runs at a poll, registers written back. Answers false where the run must end (an outcome is set). */
export function poll(): bool {
  externalizeHead();
  setStackLimit(pageLimit(activePage));
  if (outcome != OUTCOME_NONE) return false;
  if (sp < pageLimit(pageOf(fp))) moveActiveFrameToNewPage();
  collectIfWanted();
  const process = activeProcess();
  handleEvents();
  setStackLimit(pageLimit(activePage));
  if (outcome == OUTCOME_NONE && allProcessesWait) stop(OUTCOME_IDLE, wakeTime);
  // An event may just have given another process the processor: that one has not asked to idle.
  if (outcome == OUTCOME_NONE && relinquished && activeProcess() == process) stop(OUTCOME_IDLE, idleUntil());
  relinquished = false;
  setStackLimit(pageLimit(activePage));
  return outcome == OUTCOME_NONE;
}

/** When a process that gave the processor away looks again: with the timer, or after a while where that is not set. */
function idleUntil(): i64 {
  return wakeTime != 0 ? wakeTime : hostUtcMicroseconds() + RELINQUISH_MICROSECONDS;
}

/** Signals what has become due. Processes may switch. */
export function handleEvents(): void {
  if (wakeTime != 0 && hostUtcMicroseconds() >= wakeTime) {
    wakeTime = 0;
    signalSpecial(SPECIAL_TIMER_SEMAPHORE);
  }
  if (interruptPending) {
    interruptPending = false;
    signalSpecial(SPECIAL_INTERRUPT_SEMAPHORE);
  }
  if (mournersPending) {
    clearMournersPending();
    signalSpecial(SPECIAL_FINALIZATION_SEMAPHORE);
  }
  if (lowSpace) {
    clearLowSpace();
    storePointer(SPECIAL_PROCESS_SIGNALING_LOW_SPACE, specialObjects, activeProcess());
    signalSpecial(SPECIAL_LOW_SPACE_SEMAPHORE);
  }
  signalExternalSemaphores();
}

/** How many polls there are to a full collection where tests force these. */
const POLLS_OF_FORCED_COLLECTION: u32 = 509;
let pollsOfForcedCollection: u32 = 0;

function isCollectionForced(): bool {
  if ((forced & FORCE_FULL_COLLECTIONS) == 0) return false;
  return ++pollsOfForcedCollection % POLLS_OF_FORCED_COLLECTION == 0;
}

function collectIfWanted(): void {
  if (fullCollectionWanted || isCollectionForced()) collect(true, (forced & FORCE_FULL_COLLECTIONS) != 0);
  else if (scavengeWanted) collect(false, false);
}

/**
 * Collects young space, or everything, compacting old space if told so or where that is worth the code that is lost with it;
 * the registers are written back before and true after.
 */
export function collect(everything: bool, compact: bool): void {
  externalizeHead();
  if (everything) collectAll(compact);
  else collectYoung();
  afterCollection();
  if (memoryFull) stopForFullMemory();
}

/** Forgets what a collection has made stale, and takes the instruction pointer of a moved method. */
export function afterCollection(): void {
  if (oldObjectsMoved) {
    flushMethodCache();
    if (codeObjectsLost) dropAllCode(DROPPED_MOVED);
    else forgetWaiting();
  } else if (objectsMoved) flushYoungMethods();
  clearObjectsMoved();
  if (activePage != 0) resumePage(activePage);
}
