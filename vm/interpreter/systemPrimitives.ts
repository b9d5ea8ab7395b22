// Primitives that end or pause the run, collect, flush caches, or exchange identities: what needs registers, caches or
// outcomes beside objects.

import { ERROR_BAD_ARGUMENT, SPECIAL_TIMER_SEMAPHORE } from "../layout";
import { hostUtcMicroseconds } from "../host";
import { storePointer } from "../memory/object";
import { isSmallInteger, Oop, smallIntegerValue } from "../memory/oop";
import { nil, specialObjects } from "../memory/roots";
import {
  answer,
  argument,
  argumentCount,
  fail,
  failed,
  framesChanged,
  integerArgument,
  receiver,
  signed64Argument,
} from "../plugin";
import { flushMethodCache, flushMethodCacheFor } from "./lookup";
import { relinquish, setWakeTime, wakeTime } from "./poll";
import { isSemaphore } from "./processes";
import { OUTCOME_QUIT, stop } from "./stop";
import { forcePoll } from "../memory/allocation";

/** 113. Quits with an exit code, 0 without argument. */
export function primitiveQuit(): void {
  let code: i64 = 0;
  if (argumentCount > 0) {
    const argumentOop = argument(0);
    if (isSmallInteger(argumentOop)) code = smallIntegerValue(argumentOop);
  }
  stop(OUTCOME_QUIT, code);
  framesChanged();
}

/** 230. relinquishProcessorForMicroseconds: the run ends idle, until the timer or a signal from outside. */
export function primitiveRelinquishProcessor(): void {
  if (argumentCount != 1 || !isSmallInteger(argument(0))) return fail();
  relinquish();
  forcePoll();
}

/** 89, 214. Forgets every cached lookup. */
export function primitiveFlushCache(): void {
  flushMethodCache();
}

export function primitiveVoidVMState(): void {
  flushMethodCache();
}

/** 116, 215. Forgets lookups of the receiver, a method. */
export function primitiveFlushCacheByMethod(): void {
  flushMethodCacheFor(receiver());
}

/** 119. Forgets lookups of the receiver, a selector. */
export function primitiveFlushCacheBySelector(): void {
  flushMethodCacheFor(receiver());
}

/** 129. */
export function primitiveSpecialObjectsOop(): void {
  answer(specialObjects);
}

const MICROSECONDS_1901_TO_1970: i64 = 2177452800000000;

/** 136. Signals a semaphore when the millisecond clock reaches a value; nil as semaphore cancels. */
export function primitiveSignalAtMilliseconds(): void {
  const milliseconds = integerArgument(1);
  const now = hostUtcMicroseconds();
  // The image counts milliseconds of primitive 135, modulo 2^29 (MillisecondClockMask).
  const difference = (milliseconds - ((now / 1000) & 0x1fffffff)) & 0x1fffffff;
  const ahead = difference > 0x10000000 ? difference - 0x20000000 : difference;
  setTimer(argument(0), now + ahead * 1000);
}

/** 242. Signals a semaphore at a time in microseconds since 1901; nil as semaphore, or 0 as time, cancels. */
export function primitiveSignalAtUTCMicroseconds(): void {
  const microseconds = signed64Argument(1);
  setTimer(argument(0), microseconds == 0 ? NEVER : microseconds - MICROSECONDS_1901_TO_1970);
}

/** As the time of a timer. */
const NEVER: i64 = i64.MAX_VALUE;

function setTimer(semaphore: Oop, microseconds: i64): void {
  if (failed()) return;
  if (semaphore != nil && !isSemaphore(semaphore)) {
    fail(ERROR_BAD_ARGUMENT);
    return;
  }
  storePointer(SPECIAL_TIMER_SEMAPHORE, specialObjects, semaphore);
  setWakeTime(semaphore == nil || microseconds == NEVER ? 0 : max<i64>(microseconds, 1));
  // The timer is looked at when a slice starts and ends, and now: it may be due.
  if (wakeTime != 0 && wakeTime <= hostUtcMicroseconds()) forcePoll();
}
