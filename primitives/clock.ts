// Primitives 135, 137, 240, 241 and 243 to 246: clocks. Time is counted from 1901-01-01, UTC or local.
// Source: VMMaker, InterpreterPrimitives.

import {
  Address,
  answer,
  answerInteger,
  argumentCount,
  CLASS_INDEX_ARRAY,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_ARGUMENT_COUNT,
  ERROR_NO_MEMORY,
  ERROR_NO_MODIFICATION,
  fail,
  failed,
  hostMonotonicMicroseconds,
  hostTimezoneOffsetSeconds,
  hostUtcMicroseconds,
  integerOop,
  isReadOnly,
  newArray,
  pointersArgument,
  slotCountOf,
  storePointer,
} from "../vm/plugin";

const MICROSECONDS_1901_TO_1970: i64 = 2177452800000000;
const MICROSECONDS_A_SECOND: i64 = 1000000;
/** StackInterpreter class >> MillisecondClockMask. */
const MILLISECOND_CLOCK_MASK: i64 = 0x1fffffff;

/** 135: milliseconds, wrapping around at 2^29. */
export function primitiveMillisecondClock(): void {
  answerInteger((hostUtcMicroseconds() / 1000) & MILLISECOND_CLOCK_MASK);
}

/** 137: local seconds. */
export function primitiveSecondsClock(): void {
  answerInteger(localMicroseconds() / MICROSECONDS_A_SECOND);
}

/** 240: microseconds, UTC. */
export function primitiveUTCMicrosecondClock(): void {
  answerInteger(utcMicroseconds());
}

/** 241: microseconds, local. */
export function primitiveLocalMicrosecondClock(): void {
  answerInteger(localMicroseconds());
}

/** 243: asks the platform for the time zone again. It is asked every time, so there is nothing to do. */
export function primitiveUpdateTimezone(): void {}

/** 244: an Array, or the argument filled, with UTC microseconds and the local offset in seconds. */
export function primitiveUtcAndTimezoneOffset(): void {
  answerTimeAndOffset(utcMicroseconds());
}

/** 245: as 240; there is no cheaper clock. */
export function primitiveCoarseUTCMicrosecondClock(): void {
  answerInteger(utcMicroseconds());
}

/** 246: as 241. */
export function primitiveCoarseLocalMicrosecondClock(): void {
  answerInteger(localMicroseconds());
}

/** By name: as 244, with microseconds since 1970. */
export function primitiveUtcWithOffset(): void {
  answerTimeAndOffset(hostUtcMicroseconds());
}

/** By name: a clock for measuring, in microseconds here. */
export function primitiveHighResClock(): void {
  answerInteger(hostMonotonicMicroseconds());
}

/** By name: where the millisecond clock wraps around. */
export function primitiveMillisecondClockMask(): void {
  answerInteger(MILLISECOND_CLOCK_MASK);
}

function utcMicroseconds(): i64 {
  return hostUtcMicroseconds() + MICROSECONDS_1901_TO_1970;
}

function localMicroseconds(): i64 {
  return utcMicroseconds() + <i64>hostTimezoneOffsetSeconds() * MICROSECONDS_A_SECOND;
}

function answerTimeAndOffset(microseconds: i64): void {
  if (argumentCount > 1) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const pair = argumentCount == 0 ? newArray(2, CLASS_INDEX_ARRAY) : pointersArgument(0);
  if (failed()) return;
  if (pair == 0) return fail(ERROR_NO_MEMORY);
  if (slotCountOf(<Address>pair) < 2) return fail(ERROR_BAD_ARGUMENT);
  if (isReadOnly(<Address>pair)) return fail(ERROR_NO_MODIFICATION);
  storePointer(0, pair, integerOop(microseconds));
  storePointer(1, pair, integerOop(hostTimezoneOffsetSeconds()));
  answer(pair);
}
