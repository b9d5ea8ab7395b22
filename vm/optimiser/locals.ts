// Numbers of the function's locals, in the order in which they are declared: words, homes of entries, doubles, then values.
// A home is the local in which an entry is found where paths join; each entry of each scope has its own.

import { TYPE_F64, TYPE_I32, TYPE_I64, reserveLength, fillNumber, unsigned, byte } from "../jit/encoder";
import { Address } from "../memory/oop";
import { floatLimit, giveUp, homeLimit, wantFloats, wantHomes } from "./round";
import { Scope, scope, top, scopeAt } from "./scope";
import { BOOLEAN, IN_LOCAL, endOf, valueAt, Value } from "./state";

// Parameters and words; the first are those of the first tier, whose functions write code here too.
export { ENTRY, FRAME, LOW, RECEIVER, WORD_A, WORD_B } from "../jit/shape";
export const WORD_C: u32 = 6;
const FIRST_BOOLEAN: u32 = 7;
const BOOLEANS: u32 = 8;
/** A bit for each scope whose frame's fixed words are in memory, where that depends on the path. */
export const WRITTEN: u32 = 15;
/** Backward jumps since the last poll that the machine has not been told of. */
export const JUMPS: u32 = 16;
const WORD_COUNT: u32 = 14;
const FIRST_HOME: u32 = 17;

let homeCount: u32 = 0;
let floatCount: u32 = 0;
/** Numbers of long locals for values: the next, the most that were used. */
let nextLong: u32 = 0;
let mostLongs: u32 = 0;
let nextBoolean: u32 = 0;
/** For each home, the double's local that serves as such, 0 for none yet. */
const MAX_HOMES: u32 = 1024;
const floatHomes: Address = <Address>memory.data(2048, 4);
let longCountPlace: Address = 0;
/** Long locals that are never given to another value. */
let keptLongs: u32 = 0;

export function beginLocals(): void {
  homeCount = 0;
  floatCount = 0;
  keptLongs = 0;
  nextLong = 0;
  mostLongs = 0;
  nextBoolean = 0;
  memory.fill(floatHomes, 0, MAX_HOMES << 1);
}

/** Writes the function's declarations, the number of values to be filled in by `endLocals`. */
export function declareLocals(): void {
  unsigned(4);
  unsigned(WORD_COUNT);
  byte(TYPE_I32);
  unsigned(homeLimit);
  byte(TYPE_I64);
  unsigned(floatLimit);
  byte(TYPE_F64);
  longCountPlace = reserveLength();
  byte(TYPE_I64);
}

export function endLocals(): void {
  fillNumber(longCountPlace, mostLongs + KEPT + SCRATCH);
}

// Behind the doubles: scratch, values that are kept, values.
const SCRATCH: u32 = 3;
const KEPT: u32 = 40;

function firstLong(): u32 {
  return FIRST_HOME + homeLimit + floatLimit;
}

/** Scratch of 64 bits, 0 to 2. */
export function scratch(index: u32): u32 {
  return firstLong() + index;
}

/** A local for the rest of the function. */
export function keptLong(): u32 {
  if (keptLongs < KEPT) keptLongs++;
  return firstLong() + SCRATCH + keptLongs - 1;
}

export function isKeptFull(): bool {
  return keptLongs + 6 > KEPT;
}

/** Homes for a scope whose shape is filled in. */
export function openHomes(owner: Scope): void {
  owner.homeBase = homeCount;
  homeCount += owner.tempCount + owner.maxDepth + 3;
  wantHomes(homeCount);
  if (homeCount >= MAX_HOMES) giveUp();
}

/** The home of an entry that lies `position` behind the receiver of a scope. */
export function homeOf(owner: Scope, position: u32): u32 {
  return FIRST_HOME + owner.homeBase + position;
}

export function floatHomeOf(owner: Scope, position: u32): u32 {
  const home = min(owner.homeBase + position, MAX_HOMES - 1);
  let float = load<u16>(floatHomes + (home << 1));
  if (float == 0) {
    float = <u16>newFloat();
    store<u16>(floatHomes + (home << 1), float);
  }
  return float;
}

/** A local for a double. */
export function newFloat(): u32 {
  floatCount++;
  wantFloats(floatCount);
  return FIRST_HOME + homeLimit + min(floatCount, max(floatLimit, 1)) - 1;
}

/** Before an instruction: locals of values that are no more are free again. */
export function freeLongs(): void {
  const first = firstLong() + SCRATCH + KEPT;
  nextLong = 0;
  const end = endOf(scope);
  for (let place: u32 = 0; place < end; place++) {
    const value = valueAt(place);
    if (value.kind == IN_LOCAL && value.local >= first) nextLong = max(nextLong, value.local - first + 1);
  }
}

/** A local for an oop. */
export function newLong(): u32 {
  nextLong++;
  mostLongs = max(mostLongs, nextLong);
  return firstLong() + SCRATCH + KEPT + nextLong - 1;
}

/** A local for 0 or 1; whoever had it is out of date: at most so many are open at a time. */
export function newBoolean(): u32 {
  for (let i: u32 = 0; i < BOOLEANS; i++) {
    const local = FIRST_BOOLEAN + nextBoolean;
    nextBoolean = (nextBoolean + 1) & (BOOLEANS - 1);
    if (!isBooleanInUse(local)) return local;
  }
  return 0;
}

function isBooleanInUse(local: u32): bool {
  const end = endOf(scope);
  for (let place: u32 = 0; place < end; place++) {
    const value: Value = valueAt(place);
    if (value.kind == BOOLEAN && value.local == local) return true;
  }
  return false;
}

/** The scope that an entry of the state belongs to. */
export function scopeOfPlace(place: u32): Scope {
  let index = top;
  while (index > 0 && scopeAt(index).base > place) index--;
  return scopeAt(index);
}
