// Gives each local a register for the whole function, or a place in memory: the most used choose first, among those
// that no conflicting local has. Decision 7 speaks of a linear scan; liveness costs one more walk over the events
// and packs locals tighter, see docs/decisions/0011-native-registers.md.

import { R12, R15, RAX, RCX, RDI, RDX, RSI, RSP, XMM0, XMM4 } from "./assembler";
import { reserve } from "./arena";
import {
  event,
  eventCount,
  EVENT_BLOCK,
  EVENT_END,
  EVENT_IF,
  EVENT_LOOP,
  EVENT_SET,
  EVENT_TEE,
  eventKind,
  local,
  localCount,
  localIsFloat,
  openerCount,
  parameterCount,
  trackedCount,
} from "./events";
import { conflicts, contains, livesAtStart, setBytes } from "./liveness";

/** A local without register. */
export const IN_MEMORY: i32 = 255;
/** Stands for "a local in memory" in masks of assigned registers; rsp is no local's. */
export const MEMORY_BIT: u32 = 1 << RSP;

/** Registers that the callee keeps, as a mask: r12 to r15. */
export const CALLEE_SAVED: u32 = 0xf000;
/** Integer registers that locals may have: rsi, rdi, r8 to r15. */
const LOCAL_INTEGERS: u32 = 0xffc0;
/** Floating point registers that locals may have: xmm4 to xmm15. */
const LOCAL_FLOATS: u32 = 0xfff00000;
/** A local so many times as heavy as the calls that it lives over is rather saved around these than kept by callees. */
const SELDOM_CALLS: u32 = 8;
/** What a push and a pop of a kept register weigh. */
const SAVE_WEIGHT: u32 = 32;

/** All registers that locals of the function have. */
export let usedByLocals: u32 = 0;
/** Registers that expressions may use. */
export let temporaries: u32 = 0;

let order: usize = 0;

export function localRegister(number: u32): i32 {
  return load<u8>(local(number), 1);
}

export function assignRegisters(): void {
  usedByLocals = 0;
  preferArgumentRegisters();
  const count = sortByWeight();
  for (let i: u32 = 0; i < count; i++) assign(load<u32>(order + (i << 2)));
  const scratch: u32 = (1 << RAX) | (1 << RCX) | (1 << RDX) | (15 << XMM0);
  const free = (LOCAL_INTEGERS | LOCAL_FLOATS) & ~CALLEE_SAVED & ~usedByLocals;
  temporaries = scratch | free;
  markAssignedRegisters();
}

/** Register that parameter passing gives each parameter, kept as a wish in the local's u16 field + 1; 0 is none. */
function preferArgumentRegisters(): void {
  let integers = 0;
  let floats = 0;
  for (let i: u32 = 0; i < parameterCount; i++) {
    const register = localIsFloat(i) ? floatArgument(floats++) : integerArgument(integers++);
    if (register >= 0) store<u16>(local(i), <u16>(register + 1), 2);
  }
}

/** rdi, rsi, r8 to r11, or -1. */
export function integerArgument(number: i32): i32 {
  if (number < 2) return number == 0 ? RDI : RSI;
  return number < 6 ? number + 6 : -1;
}

/** xmm4 to xmm11, or -1. */
export function floatArgument(number: i32): i32 {
  return number < 8 ? XMM4 + number : -1;
}

/** Locals that are used, heaviest first. */
function sortByWeight(): u32 {
  order = reserve((<usize>trackedCount) << 2);
  if (order == 0) return 0;
  let count: u32 = 0;
  for (let i: u32 = 0; i < trackedCount; i++) {
    const weight = load<u32>(local(i), 4);
    if (weight == 0) continue;
    let place = count++;
    while (place > 0) {
      const before = load<u32>(order + ((place - 1) << 2));
      if (load<u32>(local(before), 4) >= weight) break;
      store<u32>(order + (place << 2), before);
      place--;
    }
    store<u32>(order + (place << 2), i);
  }
  return count;
}

function assign(number: u32): void {
  const entry = local(number);
  let taken: u32 = 0;
  const own = conflicts + number * setBytes;
  for (let other: u32 = 0; other < trackedCount; other++) {
    const register = localRegister(other);
    if (register == IN_MEMORY || other == number) continue;
    if (contains(own, other) || contains(conflicts + other * setBytes, number)) taken |= 1 << register;
  }
  const weight = load<u32>(entry, 4);
  const overCalls = load<u32>(entry, 8);
  const register = localIsFloat(number)
    ? chooseFloat(number, taken, weight, overCalls)
    : chooseInteger(number, taken, weight, overCalls);
  if (register == IN_MEMORY) return;
  store<u8>(entry, <u8>register, 1);
  usedByLocals |= 1 << register;
}

function chooseFloat(number: u32, taken: u32, weight: u32, overCalls: u32): i32 {
  const free = LOCAL_FLOATS & ~taken;
  if (free == 0 || overCalls * 2 >= weight + (overCalls == 0 ? 1 : 0)) {
    if (free == 0 || overCalls > 0) return IN_MEMORY;
  }
  const wish = wishOf(number, free);
  return wish >= 0 ? wish : <i32>ctz(free);
}

function chooseInteger(number: u32, taken: u32, weight: u32, overCalls: u32): i32 {
  const free = LOCAL_INTEGERS & ~taken;
  const kept = free & CALLEE_SAVED;
  const keptAndSaved = kept & usedByLocals;
  const volatile = free & ~CALLEE_SAVED;
  if (overCalls * SELDOM_CALLS > weight) {
    const wish = wishOf(number, keptAndSaved);
    if (wish >= 0) return wish;
    if (keptAndSaved != 0) return <i32>ctz(keptAndSaved);
    if (kept != 0 && weight > SAVE_WEIGHT) return <i32>ctz(kept);
    return volatile != 0 && weight > overCalls * 2 ? <i32>ctz(volatile) : IN_MEMORY;
  }
  const wish = wishOf(number, volatile | keptAndSaved);
  if (wish >= 0) return wish;
  if (volatile != 0) return <i32>ctz(volatile);
  if (keptAndSaved != 0) return <i32>ctz(keptAndSaved);
  return kept != 0 && weight > SAVE_WEIGHT ? <i32>ctz(kept) : IN_MEMORY;
}

/** The register of the local that this one is made from, or that its parameter comes in; -1 if not free. */
function wishOf(number: u32, free: u32): i32 {
  const entry = local(number);
  const partner = load<u32>(entry, 16);
  if (partner != 0) {
    const register = localRegister(partner - 1);
    if (register != IN_MEMORY && (free & (1 << register)) != 0) return register;
  }
  const argument = <i32>load<u16>(entry, 2) - 1;
  return argument >= 0 && (free & (1 << argument)) != 0 ? argument : -1;
}

/** Notes with the beginning of each construct which registers are assigned inside. */
function markAssignedRegisters(): void {
  const stack = reserve((<usize>(openerCount + 1)) << 2);
  if (stack == 0) return;
  let top = stack;
  let mask: u32 = 0;
  for (let i = <i32>eventCount - 1; i >= 0; i--) {
    const entry = event(i);
    const kind = eventKind(entry);
    if (kind == EVENT_SET || kind == EVENT_TEE) {
      const number = load<u32>(entry, 4);
      if (load<u32>(entry, 12) != 0) continue;
      const register = localRegister(number);
      mask |= register == IN_MEMORY ? MEMORY_BIT : 1 << register;
    } else if (kind == EVENT_END) {
      store<u32>(top, mask);
      top += 4;
      mask = 0;
    } else if (kind == EVENT_BLOCK || kind == EVENT_LOOP || kind == EVENT_IF) {
      store<u32>(entry, mask, 12);
      top -= 4;
      mask |= load<u32>(top);
    }
  }
}

/** Registers of the locals that live behind a call, in a set that liveness made; floating point ones too. */
export function registersOf(set: usize): u32 {
  let mask: u32 = 0;
  for (let i: usize = 0; i < setBytes; i += 8) {
    let bits = load<u64>(set + i);
    while (bits != 0) {
      const register = localRegister(<u32>(i << 3) + <u32>ctz(bits));
      bits &= bits - 1;
      if (register != IN_MEMORY) mask |= 1 << register;
    }
  }
  return mask;
}

/** Whether a local must be set to zero, or take its parameter, before the first instruction. */
export function needsStart(number: u32): bool {
  return number < localCount && livesAtStart(number);
}
