// Code is written in rounds: what a round has assumed of a join or a loop, and a later jump to it contradicts, is noted
// here, and all is written again with that known. Notes only ever weaken what is assumed, so rounds come to an end.

import { Address } from "../memory/oop";

/** Set where what is translated cannot be: it stays with the first tier. */
export let failed: bool = false;
/** The record of the code that is being made (interpreter/optimisedCode.ts); its low bits are free. */
export let record: Address = 0;
/** Set where another round is needed. */
export let isAgain: bool = false;

/** Says that what is being translated cannot be. */
export function giveUp(): void {
  failed = true;
}

/** Asks for another round. */
export function again(): void {
  isAgain = true;
}

// What is noted of an entry at a join.

/** It is an oop in its home. */
export const IN_HOME: u32 = 1;
/** Less is known of its type: its class is not, or nothing is. */
export const OF_ANY_TYPE: u32 = 2;
export const TO_ANY_CLASS: u32 = 1;
export const WHOLLY: u32 = 2;
/** Its memory is stale. */
export const NOT_STORED: u32 = 3;
/** Of a place, for the scope as a whole: the count of its elements is wanted in loops … */
export const WANTS_COUNT: u32 = 6;
/** … and of an entry at a loop's head: it cannot be had there. */
export const NO_COUNT: u32 = 7;
/** Of a place: the class that is wanted of it in loops, MANY for several. */
export const WANTS_CLASS: u32 = 8;
export const MANY: u32 = u32.MAX_VALUE;
/** Of a place: it is stored into in loops; of an entry at a loop's head: something is called, so that it may become read-only. */
export const WANTS_WRITABLE: u32 = 9;
export const MAY_BE_READ_ONLY: u32 = 10;
/** Of a unit: it has been found to lead to loops that can be entered (entries.ts); the number of the entry. */
export const ENTRY_NUMBER: u32 = 5;

// Open addressing; a note: scope's key u32 | unit u16 | position u8 | what u8 | value u32.
const NOTE_PLACES: u32 = 4096;
const NOTE_BYTES: u32 = 12;
const notes: Address = <Address>memory.data(49152, 4);
let noteCount: u32 = 0;

/** How many locals of each kind there are: homes, doubles. Bytes that the frames take. */
export let homeLimit: u32 = 0;
export let floatLimit: u32 = 0;
export let frameLimit: u32 = 0;

/** Whether there are loops: what returns tells the machine of their jumps. */
export let hasLoops: bool = false;

export function wantLoops(): void {
  if (hasLoops) return;
  hasLoops = true;
  isAgain = true;
}

export function beginTranslation(newRecord: Address): void {
  record = newRecord;
  hasLoops = false;
  memory.fill(notes, 0, NOTE_PLACES * NOTE_BYTES);
  noteCount = 0;
  homeLimit = 32;
  floatLimit = 0;
  frameLimit = 256;
}

export function beginRound(): void {
  failed = false;
  isAgain = false;
}

export function wantHomes(count: u32): void {
  if (count <= homeLimit) return;
  while (homeLimit < count) homeLimit <<= 1;
  isAgain = true;
}

export function wantFloats(count: u32): void {
  if (count <= floatLimit) return;
  floatLimit = (count + 7) & ~7;
  isAgain = true;
}

export function wantFrame(bytes: u32): void {
  if (bytes <= frameLimit) return;
  frameLimit = (bytes + 127) & ~127;
  isAgain = true;
}

function placeOf(key: u32, unit: u32, position: u32, what: u32): Address {
  const second = unit | (position << 16) | (what << 24);
  let index = ((key ^ (second * 0x9e3779b1)) * 0x85ebca6b) >> 20;
  let place = notes + index * NOTE_BYTES;
  while (load<u32>(place, 8) != 0 && (load<u32>(place) != key || load<u32>(place, 4) != second)) {
    index = (index + 1) & (NOTE_PLACES - 1);
    place = notes + index * NOTE_BYTES;
  }
  return place;
}

/** What was noted, 0 for nothing. A `position` is an entry's behind its scope's receiver; 255 for the scope itself. */
export function noted(key: u32, unit: u32, position: u32, what: u32): u32 {
  return load<u32>(placeOf(key, unit, position, what), 8);
}

/** Notes something for the rounds to come; it asks for another where that is news. */
export function note(key: u32, unit: u32, position: u32, what: u32, value: u32): void {
  const place = placeOf(key, unit, position, what);
  if (load<u32>(place, 8) == value) return;
  if (load<u32>(place, 8) == 0 && ++noteCount > NOTE_PLACES - (NOTE_PLACES >> 2)) {
    noteCount = 0;
    memory.fill(notes, 0, NOTE_PLACES * NOTE_BYTES);
    failed = true;
    return;
  }
  store<u32>(place, key);
  store<u32>(place, unit | (position << 16) | (what << 24), 4);
  store<u32>(place, value, 8);
  isAgain = true;
}
