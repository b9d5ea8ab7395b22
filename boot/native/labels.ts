// Forward jumps within a function. Each function is made twice: the first time all of them are long and it is noted
// which would reach with one byte; the second time those are short. Code only shrinks in between, so they still reach.

import { fail, FAILURE_LIMIT } from "./arena";
import { at, emit32, emit8 } from "./assembler";

// A jump that waits for its label: u32 address behind it, u32 next or 0, u32 number.
export const JUMP_STRIDE: usize = 12;
let jumps: usize = 0;
let jumpLimit: u32 = 0;
let jumpCount: u32 = 0;
/** u8 per jump: 1 if short. */
let shortJumps: usize = 0;
let isFinal = false;
/** Where a label was bound last. */
let lastBound: usize = 0;

export function useLabelTables(jumpTable: usize, shortTable: usize, limit: u32): void {
  jumps = jumpTable;
  shortJumps = shortTable;
  jumpLimit = limit;
}

export function startLabels(isFinalPass: bool): void {
  jumpCount = 0;
  lastBound = 0;
  isFinal = isFinalPass;
}

export function isFinalPass(): bool {
  return isFinal;
}

/** Emits a jump (`condition` of the assembler, or -1) to a label; answers the label's new list. */
export function jumpTo(condition: i32, list: u32): u32 {
  if (jumpCount >= jumpLimit) {
    fail(FAILURE_LIMIT, jumpLimit);
    return list;
  }
  const number = jumpCount++;
  if (!isFinal) store<u8>(shortJumps + number, 0);
  if (isFinal && load<u8>(shortJumps + number) != 0) {
    emit8(condition < 0 ? 0xeb : 0x70 | condition);
    emit8(0);
  } else {
    if (condition < 0) {
      emit8(0xe9);
    } else {
      emit8(0x0f);
      emit8(0x80 | condition);
    }
    emit32(0);
  }
  return note(number, list);
}

/** A place of a jump table: 32 bits, the label's address minus `table`. Kept in the list as a jump without opcode. */
export function tableEntry(list: u32, table: usize): u32 {
  if (jumpCount >= jumpLimit) {
    fail(FAILURE_LIMIT, jumpLimit);
    return list;
  }
  const number = jumpCount++;
  store<u8>(shortJumps + number, 2);
  emit32(<i32>(at + 4 - table));
  return note(number, list);
}

function note(number: u32, list: u32): u32 {
  const jump = jumps + number * JUMP_STRIDE;
  store<u32>(jump, <u32>at);
  store<u32>(jump, list, 4);
  return number + 1;
}

/** Whether a return may be written out here instead of jumping to the last one; uses up that jump's number. */
export function skipJump(): void {
  if (jumpCount < jumpLimit) jumpCount++;
}

/** Something may jump here, with other flags and other values in registers. */
export function noteBound(): void {
  lastBound = at;
}

/** Whether something may jump here. */
export function isBoundHere(): bool {
  return lastBound == at;
}

/** The label is here. */
export function bind(list: u32): void {
  if (list != 0) noteBound();
  bindTo(list, at);
}

/** All jumps of a list, and then those of another. */
export function joined(list: u32, other: u32): u32 {
  if (list == 0) return other;
  let last = list;
  while (nextOf(last) != 0) last = nextOf(last);
  store<u32>(jumps + (last - 1) * JUMP_STRIDE, other, 4);
  return list;
}

function nextOf(list: u32): u32 {
  return load<u32>(jumps + (list - 1) * JUMP_STRIDE, 4);
}

/** The label is at an address, here or before. */
export function bindTo(list: u32, target: usize): void {
  while (list != 0) {
    const number = list - 1;
    const jump = jumps + number * JUMP_STRIDE;
    const from = <usize>load<u32>(jump);
    const distance = <i32>target - <i32>from;
    const mark = load<u8>(shortJumps + number);
    if (mark == 2) {
      // The entry holds its own distance from the table already.
      store<i32>(from - 4, load<i32>(from - 4) + distance);
    } else if (isFinal && mark == 1) {
      if (distance > 127 || distance < -128) fail(FAILURE_LIMIT, 0xffff0003);
      store<u8>(from - 1, <u8>distance);
    } else {
      store<i32>(from - 4, distance);
      if (!isFinal) store<u8>(shortJumps + number, distance <= 127 && distance >= -128 ? 1 : 0);
    }
    list = load<u32>(jump, 4);
  }
}

/** A jump back of the first pass whose place may take five bytes in the second. */
export function jumpFar(target: usize): void {
  emit8(0xe9);
  emit32(<i32>target - <i32>(at + 4));
}

/** A jump back to code that is there. */
export function jumpBack(condition: i32, target: usize): void {
  const distance = <i32>target - <i32>(at + 2);
  if (distance >= -128) {
    emit8(condition < 0 ? 0xeb : 0x70 | condition);
    emit8(distance);
    return;
  }
  if (condition < 0) {
    emit8(0xe9);
  } else {
    emit8(0x0f);
    emit8(0x80 | condition);
  }
  emit32(<i32>target - <i32>(at + 4));
}
