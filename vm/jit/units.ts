// The first pass over a method or block: its instructions in order, the depth of the operand stack at each, which are
// jumped to, which are heads of loops, and where compiled code can be entered (behind sends and at heads of loops).

import { byteSizeOf } from "../memory/object";
import { Address } from "../memory/oop";
import { nil } from "../memory/roots";
import * as instruction from "../../build/generated/instruction";

// A unit: address u32 | depth u8 | flags u8 | unused | entry u16 | last unit of the loop it heads u16 | unused.
const UNIT_SHIFT: u32 = 4;
const MAX_UNITS: u32 = 2048;
const AREA: Address = <Address>memory.data(32768, 4);
/** Those of one method or block; others may lie before. */
let units: Address = AREA;
const UNIT_DEPTH: u32 = 4;
const UNIT_FLAGS: u32 = 5;
const UNIT_ENTRY: u32 = 8;
const UNIT_LOOP_END: u32 = 10;
const FLAG_TARGET: u32 = 1;
const FLAG_KNOWN: u32 = 2;

export let count: u32 = 0;
export let maxDepth: u32 = 0;
/** Entries are numbered from one. */
export let entryCount: u32 = 0;
let isSound: bool = true;

/** Speaks of the units that begin at a place in the area from now on (optimiser/scope.ts); of 0 at first. */
export function select(base: u32, unitCount: u32, depth: u32): void {
  units = AREA + (base << UNIT_SHIFT);
  count = unitCount;
  maxDepth = depth;
}

/** How many of a V3 block's first instructions push nil for temporaries that other instructions name. */
export function leadingNils(start: Address, known: u32, set: u32, method: Address): u32 {
  let nils: u32 = 0;
  let at = start;
  for (;;) {
    instruction.decodeAt(at, set);
    if (instruction.kind != instruction.PUSH_CONSTANT || instruction.constant != nil) break;
    nils++;
    at = instruction.next;
  }
  let highest: u32 = known;
  const end = endOfMethod(method);
  while (at < end) {
    instruction.decodeAt(at, set);
    if (instruction.kind == instruction.PUSH_TEMP || instruction.kind == instruction.STORE_TEMP) {
      highest = max(highest, instruction.index + 1);
    }
    if (instruction.kind == instruction.PUSH_REMOTE_TEMP || instruction.kind == instruction.STORE_REMOTE_TEMP) {
      highest = max(highest, instruction.other + 1);
    }
    if (instruction.kind == instruction.BLOCK_RETURN_TOP) break;
    at = instruction.next;
  }
  return min(nils, highest - known);
}

function endOfMethod(method: Address): Address {
  return method + 8 + byteSizeOf(method);
}

/**
 * Finds everything, behind so many `leading` instructions; false where the code is too large or makes no sense.
 */
export function scan(method: Address, start: Address, set: u32, leading: u32): bool {
  count = 0;
  maxDepth = 0;
  entryCount = 0;
  isSound = true;
  let at = start;
  for (let i: u32 = 0; i < leading; i++) {
    instruction.decodeAt(at, set);
    at = instruction.next;
  }
  if (!findUnits(at, endOfMethod(method), set)) return false;
  findFlow(set);
  nestLoops();
  return isSound && numberEntries(set);
}

/** Instructions up to the last that can be reached: a return or jump that nothing jumps beyond. */
function findUnits(start: Address, end: Address, set: u32): bool {
  let furthest = start;
  for (let at = start; at < end;) {
    if (units + (count << UNIT_SHIFT) == AREA + (MAX_UNITS << UNIT_SHIFT)) return false;
    const unit = units + (count++ << UNIT_SHIFT);
    memory.fill(unit, 0, 1 << UNIT_SHIFT);
    store<u32>(unit, at);
    instruction.decodeAt(at, set);
    if (instruction.kind == instruction.JUMP || instruction.kind == instruction.JUMP_IF) {
      furthest = max(furthest, instruction.target);
    }
    if (isEnd(instruction.kind) && instruction.next > furthest) return true;
    at = instruction.next;
  }
  return false;
}

/** Whether nothing falls through an instruction. */
function isEnd(kind: u32): bool {
  return (
    kind == instruction.JUMP ||
    (kind >= instruction.RETURN_TOP && kind <= instruction.BLOCK_RETURN_NIL) ||
    kind == instruction.LEAVE
  );
}

/** Stack depths along all jumps, targets and loops. */
function findFlow(set: u32): void {
  setDepth(0, 0);
  let isReached = true;
  let depth: u32 = 0;
  for (let unit: u32 = 0; unit < count && isSound; unit++) {
    if (isKnown(unit)) {
      if (isReached && depthOf(unit) != depth) isSound = false;
      depth = depthOf(unit);
      isReached = true;
    } else if (isReached) setDepth(unit, depth);
    if (!isReached) continue;
    instruction.decodeAt(addressOf(unit), set);
    if (instruction.pops > depth) {
      isSound = false;
      return;
    }
    depth = depth - instruction.pops + instruction.pushes;
    maxDepth = max(maxDepth, depth);
    if (instruction.kind == instruction.JUMP || instruction.kind == instruction.JUMP_IF) {
      reach(unit, unitAt(instruction.target), depth);
    }
    if (isEnd(instruction.kind)) isReached = false;
  }
}

function reach(from: u32, target: u32, depth: u32): void {
  if (target >= count) {
    isSound = false;
    return;
  }
  if (isKnown(target)) {
    if (depthOf(target) != depth) isSound = false;
  } else if (target <= from) {
    // Jumped to from below only: code that nothing reaches from above.
    isSound = false;
  } else setDepth(target, depth);
  const at = units + (target << UNIT_SHIFT);
  if (target > from) store<u8>(at, load<u8>(at, UNIT_FLAGS) | FLAG_TARGET, UNIT_FLAGS);
  else if (loopEndOf(target) < from) store<u16>(at, from, UNIT_LOOP_END);
  // A loop of one unit would look like none.
  if (target == 0 && from == 0) isSound = false;
}

/** A loop that begins in another ends there. */
function nestLoops(): void {
  for (let changed = true; changed;) {
    changed = false;
    for (let head: u32 = 0; head < count; head++) {
      const end = loopEndOf(head);
      if (end == 0) continue;
      for (let inner = head + 1; inner <= end; inner++) {
        const innerEnd = loopEndOf(inner);
        if (innerEnd <= loopEndOf(head)) continue;
        store<u16>(units + (head << UNIT_SHIFT), innerEnd, UNIT_LOOP_END);
        changed = true;
      }
    }
  }
}

/** Behind each send, and at each loop's head. */
function numberEntries(set: u32): bool {
  for (let unit: u32 = 0; unit < count; unit++) {
    if (!isKnown(unit)) continue;
    if (loopEndOf(unit) != 0) setEntry(unit);
    instruction.decodeAt(addressOf(unit), set);
    const isSend =
      instruction.kind == instruction.SEND ||
      instruction.kind == instruction.SUPER_SEND ||
      instruction.kind == instruction.HANDLER_SEND;
    if (isSend && unit + 1 < count && isKnown(unit + 1)) setEntry(unit + 1);
  }
  return true;
}

/** Whether code may call anything or loop, and must poll: what only moves values about may leave that to its caller. */
export function needPoll(set: u32): bool {
  for (let unit: u32 = 0; unit < count; unit++) {
    if (!isKnown(unit)) continue;
    if (loopEndOf(unit) != 0) return true;
    instruction.decodeAt(addressOf(unit), set);
    const kind = instruction.kind;
    if (kind >= instruction.SEND && kind <= instruction.COMPARISON) return true;
    if (kind >= instruction.HANDLER) return true;
  }
  return false;
}

function setEntry(unit: u32): void {
  if (entryOf(unit) == 0) store<u16>(units + (unit << UNIT_SHIFT), ++entryCount, UNIT_ENTRY);
}

function setDepth(unit: u32, depth: u32): void {
  const at = units + (unit << UNIT_SHIFT);
  store<u8>(at, depth, UNIT_DEPTH);
  store<u8>(at, load<u8>(at, UNIT_FLAGS) | FLAG_KNOWN, UNIT_FLAGS);
}

export function addressOf(unit: u32): Address {
  return load<u32>(units + (unit << UNIT_SHIFT));
}

/** The unit at an address; `count` where none begins there. */
export function unitAt(address: Address): u32 {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (addressOf(middle) < address) low = middle + 1;
    else high = middle;
  }
  return low < count && addressOf(low) == address ? low : count;
}

export function depthOf(unit: u32): u32 {
  return load<u8>(units + (unit << UNIT_SHIFT), UNIT_DEPTH);
}

/** Whether a unit can be reached. */
export function isKnown(unit: u32): bool {
  return (load<u8>(units + (unit << UNIT_SHIFT), UNIT_FLAGS) & FLAG_KNOWN) != 0;
}

/** Whether a forward jump leads to it. */
export function isTarget(unit: u32): bool {
  return (load<u8>(units + (unit << UNIT_SHIFT), UNIT_FLAGS) & FLAG_TARGET) != 0;
}

/** The last unit of the loop that a unit heads, 0 where it heads none. */
export function loopEndOf(unit: u32): u32 {
  return load<u16>(units + (unit << UNIT_SHIFT), UNIT_LOOP_END);
}

/** The number of the entry at a unit, 0 where there is none. */
export function entryOf(unit: u32): u32 {
  return load<u16>(units + (unit << UNIT_SHIFT), UNIT_ENTRY);
}

export function unitOfEntry(entry: u32): u32 {
  for (let unit: u32 = 0; unit < count; unit++) if (entryOf(unit) == entry) return unit;
  return count;
}

export function hasEntriesBetween(first: u32, last: u32): bool {
  for (let unit = first; unit <= last; unit++) if (entryOf(unit) != 0) return true;
  return false;
}

/** Whether code can be entered at a unit or in the loop that it heads. */
export function hasEntries(unit: u32): bool {
  return hasEntriesBetween(unit, max(unit, loopEndOf(unit)));
}

/** Seen from a level that begins at `first` (a loop's body or not): the head of the outermost loop around a unit. */
export function outermostLoopWithin(unit: u32, first: u32, isLoop: bool): u32 {
  for (let head = isLoop ? first + 1 : first; head < unit; head++) {
    if (loopEndOf(head) >= unit) return head;
  }
  return unit;
}
