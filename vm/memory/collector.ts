// When and in what order memory is collected. The interpreter calls `collectYoung` or `collectAll` at a poll, with the
// heads of the stack pages written back; afterwards every oop that it holds outside the roots is stale, and caches
// that hold oops are to be flushed where `objectsMoved` says so.

import { hostMonotonicMicroseconds } from "../host";
import { COMPACTION_FREE_DIVISOR, COMPACTION_MIN_FREE_BYTES } from "../tuning";
import { fullCollectionDone, refuseLarge } from "./allocation";
import { checkCodeObjects, pinCodeObjects, unpinCodeObjects } from "./codeObjects";
import { compactOldSpace } from "./compactor";
import { forgetForwarders } from "./become";
import { freeListBytes } from "./freelists";
import { edenEnd, edenFree, edenStart, growMemoryTo, survivorBytes } from "./map";
import { markReachable } from "./marker";
import { futureStart, pastFree, pastStart } from "./newspace";
import {
  freeOldSpaceBytes,
  maxOldSpaceBytes,
  oldSpaceEnd,
  scheduleFullCollection,
  usedOldSpaceBytes,
} from "./oldspace";
import { rememberedOverflow } from "./remembered";
import { scavenge, tenuredBytes, tenuredObjects } from "./scavenger";
import { recordCompaction, recordFullCollection, recordScavenge } from "./statistics";
import { sweepOldSpace } from "./sweeper";
import { checkHeap } from "./verifier";

export { clearMournersPending, mournersPending } from "./mourners";

/** Young or old objects have moved since the holder of oops last called `clearObjectsMoved`. */
export let objectsMoved: bool = false;
/** The same for objects of old space; some may be gone. */
export let oldObjectsMoved: bool = false;
/** Free bytes below which the low space semaphore is to be signalled; 0 for never. */
export let lowSpaceThresholdBytes: u32 = 0;
/** A collection left less than the threshold free; the interpreter signals and clears. */
export let lowSpace: bool = false;
/** The last full collection left more than memory may hold: the interpreter ends the run, with the heap still whole. */
export let memoryFull: bool = false;

export function clearObjectsMoved(): void {
  objectsMoved = false;
  oldObjectsMoved = false;
}

/** Sets the low space threshold, and forgets a pending signal (InterpreterPrimitives>>primitiveSignalAtBytesLeft). */
export function setLowSpaceThresholdBytes(bytes: u32): void {
  lowSpaceThresholdBytes = bytes;
  lowSpace = false;
}

/** The low space semaphore has been signalled; the image sets a new threshold when it is ready for more. */
export function clearLowSpace(): void {
  lowSpace = false;
  lowSpaceThresholdBytes = 0;
}

/** Bytes that can be allocated before memory is full, eden's included. */
export function bytesLeft(): u32 {
  const old = <u64>freeOldSpaceBytes() + (edenEnd - edenFree());
  return old > u32.MAX_VALUE ? u32.MAX_VALUE : <u32>old;
}

/** Empties eden. A full collection where old space could not take what survives, or is past its limit. */
export function collectYoung(): void {
  if (!hasRoomForSurvivors() || isPastLimit(0)) {
    collectAll(true);
    return;
  }
  runScavenge(false);
  if (isPastLimit(0)) {
    collectAll(true);
    return;
  }
  checkHeap();
  checkLowSpace();
}

/** Collects new and old space; compacts if told so or where free chunks take a good part of old space. */
export function collectAll(compact: bool): void {
  const start = hostMonotonicMicroseconds();
  const usedBefore = usedOldSpaceBytes();
  if (hasRoomForSurvivors()) runScavenge(false);
  collectOld(compact, false);
  const isStuck = edenFree() != edenStart && !hasRoomForSurvivors();
  if (edenFree() != edenStart && !isStuck) runScavenge(false);
  // Survivors may pass the limit once, so that the image hears of low space and can act on it.
  memoryFull = isStuck || isPastLimit(edenEnd - edenStart);
  refuseLarge(isPastLimit(0));
  recordFullCollection(hostMonotonicMicroseconds() - start, usedBefore, usedOldSpaceBytes());
  checkHeap();
  checkLowSpace();
}

/**
 * Makes the heap ready to be written as an image: new space empty, old space one run of live objects from
 * `oldSpaceStart` to `oldSpaceEnd`, no free chunk, no forwarder, nothing remembered. False where memory did not
 * suffice for that; the heap is whole all the same.
 */
export function prepareForSnapshot(): bool {
  const start = hostMonotonicMicroseconds();
  const usedBefore = usedOldSpaceBytes();
  runScavenge(true);
  collectOld(true, true);
  recordFullCollection(hostMonotonicMicroseconds() - start, usedBefore, usedOldSpaceBytes());
  checkHeap();
  return pastFree == pastStart && freeListBytes == 0 && !rememberedOverflow;
}

function runScavenge(tenureAll: bool): void {
  const start = hostMonotonicMicroseconds();
  scavenge(tenureAll);
  recordScavenge(hostMonotonicMicroseconds() - start, tenuredObjects, tenuredBytes, pastFree - pastStart);
  objectsMoved = true;
}

/** Marks, sweeps and perhaps compacts. The marker works in eden if that is empty, else in the empty survivor space. */
function collectOld(compact: bool, forSnapshot: bool): void {
  if (edenFree() == edenStart) markReachable(edenStart, edenEnd);
  else markReachable(futureStart(), futureStart() + survivorBytes);
  checkCodeObjects(!forSnapshot);
  sweepOldSpace();
  forgetForwarders();
  const tolerated = max(usedOldSpaceBytes() / COMPACTION_FREE_DIVISOR, COMPACTION_MIN_FREE_BYTES);
  if (compact || freeListBytes > tolerated) {
    const start = hostMonotonicMicroseconds();
    pinCodeObjects();
    if (compactOldSpace(forSnapshot)) recordCompaction(hostMonotonicMicroseconds() - start);
    unpinCodeObjects();
  }
  // Where nothing was compacted, the places of the dead are used again.
  objectsMoved = true;
  oldObjectsMoved = true;
  scheduleFullCollection();
  fullCollectionDone();
}

/** Whether objects fill old space by more than some bytes past the limit that was set. */
function isPastLimit(bytes: u32): bool {
  return maxOldSpaceBytes != 0 && <u64>usedOldSpaceBytes() > <u64>maxOldSpaceBytes + bytes;
}

/** Whether old space can take all of new space; commits the memory. */
function hasRoomForSurvivors(): bool {
  const most = <u64>(edenFree() - edenStart) + (pastFree - pastStart);
  return growMemoryTo(<u64>oldSpaceEnd + most);
}

function checkLowSpace(): void {
  if (lowSpaceThresholdBytes != 0 && bytesLeft() < lowSpaceThresholdBytes) lowSpace = true;
}
