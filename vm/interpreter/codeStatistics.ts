// What the compiler of methods has done, counted for `--jit-stats`; layout.ts says what is where. No count alters a result.

import {
  COUNT_BLOCKS,
  COUNT_BYTES,
  COUNT_DROPS,
  COUNT_EXITS,
  COUNT_METHODS,
  COUNT_MICROSECONDS,
  COUNT_MODULES,
  COUNT_OPTIMISED_METHODS,
  COUNT_REFUSED,
  COUNT_SLICES,
  EXIT_CAUSES,
} from "../layout";
import { Address } from "../memory/oop";

const counts: Address = <Address>memory.data(256, 8);

/** Where the counts are, u64 each. */
export function codeCounts(): Address {
  return counts;
}

function add(count: u32, amount: u64): void {
  store<u64>(counts + (count << 3), load<u64>(counts + (count << 3)) + amount);
}

/** Counts a module of so many bytes that took so long to write and to install. */
export function countModule(bytes: u32, microseconds: i64): void {
  add(COUNT_MODULES, 1);
  add(COUNT_BYTES, bytes);
  add(COUNT_MICROSECONDS, microseconds);
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

let tierOfSlice: u32 = 0;

/** The slice's polls are used up in code of a tier: 1 baseline, 2 optimised. */
export function noteTier(tier: u32): void {
  tierOfSlice = tier;
}

/** Counts a slice for the tier whose poll ended it; answers that. */
export function countSlice(): u32 {
  const tier = tierOfSlice;
  add(COUNT_SLICES + tier, 1);
  tierOfSlice = 0;
  return tier;
}
