// Puts taken entries into given registers all at once, in an order that destroys none before it is read.

import { withRegister, XMM0 } from "./assembler";
import { free, isInRegister, loadInto, registerOf, setRegisterOf } from "./operands";

const entries: usize = memory.data(32 * 4);
const targets: usize = memory.data(32 * 4);
let count: i32 = 0;
let targetMask: u32 = 0;

export function startPlacing(): void {
  count = 0;
  targetMask = 0;
}

/** An entry that was taken, and where it shall be. */
export function placeEntries(entry: usize, register: i32): void {
  store<u32>(entries + (count << 2), <u32>entry);
  store<u32>(targets + (count << 2), register);
  count++;
  targetMask |= 1 << register;
}

/** Moves all. Targets must be free for it, or hold entries of the same batch. Temporaries that held them are free. */
export function place(): void {
  let pending: u32 = (1 << count) - 1;
  let waiting = pending;
  while (waiting != 0) {
    const before = waiting;
    for (let i = 0; i < count; i++) {
      if ((waiting & (1 << i)) == 0) continue;
      const entry = entryAt(i);
      if (!isInRegister(entry)) {
        waiting &= ~(1 << i);
        continue;
      }
      if (isReadByOthers(targetAt(i), i, waiting)) continue;
      settleOne(entry, targetAt(i));
      waiting &= ~(1 << i);
      pending &= ~(1 << i);
    }
    if (waiting == before) breakCycle(waiting);
  }
  for (let i = 0; i < count; i++) {
    if ((pending & (1 << i)) != 0) loadInto(entryAt(i), targetAt(i));
  }
}

function entryAt(number: i32): usize {
  return load<u32>(entries + (number << 2));
}

function targetAt(number: i32): i32 {
  return load<i32>(targets + (number << 2));
}

function settleOne(entry: usize, target: i32): void {
  const from = registerOf(entry);
  loadInto(entry, target);
  if ((targetMask & (1 << from)) == 0) free(entry);
}

function isReadByOthers(register: i32, except: i32, waiting: u32): bool {
  for (let i = 0; i < count; i++) {
    if (i == except || (waiting & (1 << i)) == 0) continue;
    const entry = entryAt(i);
    if (isInRegister(entry) && registerOf(entry) == register) return true;
  }
  return false;
}

/** All that wait form cycles: exchanges the first one's register and target, so that it is where it shall be. */
function breakCycle(waiting: u32): void {
  const first = <i32>ctz(waiting);
  const from = registerOf(entryAt(first));
  const target = targetAt(first);
  if (from < XMM0) {
    withRegister(0, true, 0x87, from, target);
  } else {
    withRegister(0, false, 0x0f57, from, target);
    withRegister(0, false, 0x0f57, target, from);
    withRegister(0, false, 0x0f57, from, target);
  }
  for (let i = 0; i < count; i++) {
    if ((waiting & (1 << i)) == 0) continue;
    const entry = entryAt(i);
    if (!isInRegister(entry)) continue;
    if (registerOf(entry) == from) setRegisterOf(entry, target);
    else if (registerOf(entry) == target) setRegisterOf(entry, from);
  }
}
