// The clocks: system time from a page that Xen or KVM keeps, or from the time stamp counter measured once, in the same
// layout; wall clock from the hypervisor or the machine's battery clock. Nanoseconds inside, microseconds outside.

import { fence, rdtsc } from "../../cpu";
import { Address } from "../../../vm/memory/oop";
import { TimeInfo, WallClock } from "./clockProtocol";
import { battery } from "./batteryClock";

const NANOSECONDS: u64 = 1_000_000_000;

/** The counter in the hypervisor's layout; stands still at 0 until `useCounter`. */
const ownTime = <Address>memory.data(32, 16);
let time: TimeInfo = changetype<TimeInfo>(ownTime);
/** The hypervisor's wall clock; null where the battery clock was read once instead. */
let wall: WallClock = changetype<WallClock>(0);
let hasWideSeconds: bool = false;
/** UTC nanoseconds at system time 0, where there is no `wall`. */
let wallBase: u64 = 0;
/** System time at the kernel's entry: under Xen it counts from the hypervisor's start. */
let entryNanoseconds: u64 = 0;
/** What was told last: a clock that never goes back, over a suspension either. */
let lastNanoseconds: u64 = 0;
let nanosecondsBefore: u64 = 0;

/**
 * Clocks of a hypervisor: vcpu_time_info and wall clock, `wideSeconds` where that has a fourth word (Xen). The clock that
 * never goes back is 0 when the counter was `entryTicks`.
 */
export function useHypervisorClock(timeInfo: Address, wallClock: Address, wideSeconds: bool, entryTicks: u64): void {
  time = changetype<TimeInfo>(timeInfo);
  wall = changetype<WallClock>(wallClock);
  hasWideSeconds = wideSeconds;
  // After a suspension system time starts anew, perhaps on another machine.
  nanosecondsBefore = monotonicBefore();
  entryNanoseconds = systemNanoseconds();
  lastNanoseconds = entryNanoseconds;
  if (nanosecondsBefore == 0) nanosecondsBefore = scaled(rdtsc() - entryTicks);
}

function monotonicBefore(): u64 {
  return nanosecondsBefore + (lastNanoseconds - entryNanoseconds);
}

/** The time stamp counter, which counts `hertz` a second and was `entryTicks` at the start, and the battery clock. */
export function useCounter(hertz: u64, entryTicks: u64): void {
  let multiplier = (NANOSECONDS << 32) / hertz;
  let shift: i8 = 0;
  while (multiplier >> 32 != 0) {
    multiplier >>= 1;
    shift++;
  }
  time = changetype<TimeInfo>(ownTime);
  time.version = 0;
  time.tscTimestamp = entryTicks;
  time.systemTime = 0;
  time.multiplier = <u32>multiplier;
  time.shift = shift;
  wallBase = <u64>battery() * NANOSECONDS - systemNanoseconds();
}

/** Nanoseconds of the machine: what SCHEDOP_poll's timeout is measured by. */
export function systemNanoseconds(): u64 {
  while (true) {
    const version = time.version;
    fence();
    const answer = time.systemTime + scaled(rdtsc() - time.tscTimestamp);
    fence();
    if ((version & 1) == 0 && version == time.version) return answer;
  }
}

/** Nanoseconds that `ticks` of the counter take. */
export function scaled(ticks: u64): u64 {
  // A counter read a little earlier than the hypervisor did must not become a huge time.
  if (<i64>ticks < 0) return 0;
  const shifted = time.shift >= 0 ? ticks << time.shift : ticks >> -time.shift;
  return (shifted >> 32) * time.multiplier + (((shifted & 0xffffffff) * time.multiplier) >> 32);
}

/** Never goes back. */
export function monotonicNanoseconds(): u64 {
  const now = systemNanoseconds();
  if (now > lastNanoseconds) lastNanoseconds = now;
  return monotonicBefore();
}

export function utcMicroseconds(): i64 {
  return <i64>((wallNanoseconds() + systemNanoseconds()) / 1000);
}

/** System time at a time in UTC microseconds; at least 1. */
export function systemTimeAt(microseconds: i64): u64 {
  const base = <i64>wallNanoseconds();
  const at = microseconds * 1000 - base;
  return at > 0 ? <u64>at : 1;
}

/** UTC nanoseconds at system time 0. */
function wallNanoseconds(): u64 {
  if (changetype<usize>(wall) == 0) return wallBase;
  while (true) {
    const version = wall.version;
    fence();
    let seconds = <u64>wall.seconds;
    if (hasWideSeconds) seconds |= (<u64>wall.secondsHigh) << 32;
    const answer = seconds * NANOSECONDS + wall.nanoseconds;
    fence();
    if ((version & 1) == 0 && version == wall.version) return answer;
  }
}
