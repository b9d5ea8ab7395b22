// How fast the time stamp counter counts, without a paravirtual clock: as the processor or hypervisor says in CPUID, or
// measured against the 8254 timer for five milliseconds.

import { cpuid, in8, out8, rdtsc } from "../../cpu";
import { Address } from "../../../vm/memory/oop";

const HYPERVISOR_LEAF: u32 = 0x40000000;
/** EAX is kHz, where the hypervisor has the leaf (VMware's, which KVM has taken over). */
const FREQUENCY_LEAF: u32 = 0x40000010;
const CRYSTAL_LEAF: u32 = 0x15;
const HYPERVISOR_PRESENT: u32 = 1 << 31;

const TIMER_HERTZ: u64 = 1_193_182;
const TIMER_DATA: i32 = 0x40;
const TIMER_COMMAND: i32 = 0x43;
/** Counter 0, low byte then high byte, mode 2 (counts down from 65,536 again and again). */
const TIMER_START: i32 = 0x34;
const TIMER_LATCH: i32 = 0;
const MEASURED_TICKS: u32 = <u32>(TIMER_HERTZ / 200);
/** Reads of a timer that stands still after which there is none. */
const MOST_READS: u32 = 1_000_000;

const leaf = <Address>memory.data(16, 16);

/** Ticks of the counter in a second; 0 where nothing tells. */
export function counterHertz(): u64 {
  const told = hypervisorHertz();
  if (told != 0) return told;
  const crystal = crystalHertz();
  return crystal != 0 ? crystal : measuredHertz();
}

function hypervisorHertz(): u64 {
  cpuid(1, 0, leaf);
  if ((load<u32>(leaf, 8) & HYPERVISOR_PRESENT) == 0) return 0;
  cpuid(HYPERVISOR_LEAF, 0, leaf);
  if (load<u32>(leaf) < FREQUENCY_LEAF) return 0;
  cpuid(FREQUENCY_LEAF, 0, leaf);
  return <u64>load<u32>(leaf) * 1000;
}

/** Intel's leaf 15h: a crystal's frequency times a ratio. */
function crystalHertz(): u64 {
  cpuid(0, 0, leaf);
  if (load<u32>(leaf) < CRYSTAL_LEAF) return 0;
  cpuid(CRYSTAL_LEAF, 0, leaf);
  const denominator = load<u32>(leaf);
  return denominator == 0 ? 0 : (<u64>load<u32>(leaf, 8) * load<u32>(leaf, 4)) / denominator;
}

function measuredHertz(): u64 {
  out8(TIMER_COMMAND, TIMER_START);
  out8(TIMER_DATA, 0);
  out8(TIMER_DATA, 0);
  const startTicks = timerTicks();
  const start = rdtsc();
  for (let reads: u32 = 0; reads < MOST_READS; reads++) {
    const ticks = (startTicks - timerTicks()) & 0xffff;
    if (ticks >= MEASURED_TICKS) return ((<u64>rdtsc() - start) * TIMER_HERTZ) / ticks;
    if (reads > 1000 && ticks == 0) return 0;
  }
  return 0;
}

function timerTicks(): u32 {
  out8(TIMER_COMMAND, TIMER_LATCH);
  const low = in8(TIMER_DATA);
  return <u32>(low | (in8(TIMER_DATA) << 8));
}
