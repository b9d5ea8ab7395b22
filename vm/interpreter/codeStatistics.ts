// What the compiler of methods has done, counted for `--jit-stats`; layout.ts says what is where. No count alters a result.

import {
  COUNT_BLOCKS,
  COUNT_DROPS,
  COUNT_EXITS,
  COUNT_LEFT_TOO_OFTEN,
  COUNT_METHODS,
  COUNT_MODULES,
  COUNT_NOT_TAKEN,
  COUNT_NOT_TAKEN_ERROR,
  COUNT_OPTIMISED_METHODS,
  COUNT_OPTIMISED_MODULES,
  COUNT_OUT_OF_DATE,
  COUNT_PLACES,
  COUNT_REFUSED,
  COUNT_SLICES,
  COUNT_TIME,
  COUNT_TIME_UNTOLD,
  EXIT_CAUSES,
} from "../layout";
import { Address } from "../memory/oop";
import { LOG_WARNING, logEnd, logNumber, logText } from "./log";

const counts: Address = <Address>memory.data(272, 8);
if (COUNT_PLACES << 3 != 272) ERROR("codeStatistics: the counts need other room");

/** Where the counts are, u64 each. */
export function codeCounts(): Address {
  return counts;
}

function count(place: u32): u64 {
  return load<u64>(counts + (place << 3));
}

function setCount(place: u32, value: u64): void {
  store<u64>(counts + (place << 3), value);
}

function add(place: u32, amount: u64): void {
  setCount(place, count(place) + amount);
}

/** Microseconds of the run under way that compiling took. */
let compiling: i64 = 0;

/** Counts a module of a tier, of so many bytes, that took so long to write and to install. */
export function countModule(tier: u32, bytes: u32, microseconds: i64): void {
  const first = tier == 0 ? COUNT_MODULES : COUNT_OPTIMISED_MODULES;
  add(first, 1);
  add(first + 1, bytes);
  countCompiling(tier, microseconds);
}

/** Counts the time of a tier's work, whatever has come of it. */
export function countCompiling(tier: u32, microseconds: i64): void {
  add((tier == 0 ? COUNT_MODULES : COUNT_OPTIMISED_MODULES) + 2, microseconds);
  compiling += microseconds;
}

/** Counts a module that the host does not take, for minus an errno; the log hears of each errno that is not that of before. */
export function countNotTaken(status: i32): void {
  add(COUNT_NOT_TAKEN, 1);
  const error = <u64>-status;
  if (count(COUNT_NOT_TAKEN_ERROR) == error) return;
  setCount(COUNT_NOT_TAKEN_ERROR, error);
  logText("the host does not take compiled code (error ");
  logNumber(error);
  logText("): its methods stay as they are");
  logEnd(LOG_WARNING);
}

/** Counts a compiled method or block, of the baseline tier (0) or the second (1). */
export function countFunction(tier: u32, isBlock: bool): void {
  add((tier == 0 ? COUNT_METHODS : COUNT_OPTIMISED_METHODS) + (isBlock ? COUNT_BLOCKS - COUNT_METHODS : 0), 1);
}

/** Counts a method or block that cannot be compiled. */
export function countRefused(): void {
  add(COUNT_REFUSED, 1);
}

/** Counts that all code was dropped, for a cause of compileQueue.ts. */
export function countDrop(cause: u32): void {
  add(COUNT_DROPS + cause, 1);
}

/** Counts an exit from optimised code, for one of its causes, numbered from 0. */
export function countExit(cause: u32): void {
  if (cause < EXIT_CAUSES) add(COUNT_EXITS + cause, 1);
}

/** Counts optimised code that is thrown away because it was left too often, or because what it depends on has changed. */
export function countThrownAway(isLeftTooOften: bool): void {
  add(isLeftTooOften ? COUNT_LEFT_TOO_OFTEN : COUNT_OUT_OF_DATE, 1);
}

let tierOfSlice: u32 = 0;
/** The tier of the slice that has just ended with its polls used up, -1 for none. */
let toldTier: i32 = -1;

/** The slice's polls are used up in code of a tier: 1 baseline, 2 optimised. */
export function noteTier(tier: u32): void {
  tierOfSlice = tier;
}

/** Counts a slice for the tier whose poll ended it; answers that. */
export function countSlice(): u32 {
  const tier = tierOfSlice;
  add(COUNT_SLICES + tier, 1);
  tierOfSlice = 0;
  toldTier = tier;
  return tier;
}

/** A run begins. */
export function beginTime(): void {
  compiling = 0;
}

/**
 * Counts the time of a run, but for what compiling took, for the tier in which the next slice ends: that is a sample of
 * where the time went. Where nothing is compiled, for the interpreter.
 */
export function countTime(microseconds: i64, isInterpreted: bool): void {
  add(COUNT_TIME_UNTOLD, <u64>max(microseconds - compiling, 0));
  const tier = isInterpreted ? 0 : toldTier;
  toldTier = -1;
  if (tier < 0) return;
  add(COUNT_TIME + tier, count(COUNT_TIME_UNTOLD));
  setCount(COUNT_TIME_UNTOLD, 0);
}
