// What the kernel runs on: found out by CPUID, then clocks, event channels, console and xenstore are started in that
// order. Under Xen everything comes from the hypervisor; elsewhere from what a PC has.

import { cpuid, linked, load64, wrmsr } from "../cpu";
import { Address } from "../../vm/memory/oop";
import { counterHertz } from "./clock/counterSpeed";
import { useCounter, useHypervisorClock } from "./clock/clock";
import {
  KVM_FEATURE_CLOCK,
  KVM_FEATURES_LEAF,
  KVM_REGISTER_SYSTEM_TIME,
  KVM_REGISTER_WALL_CLOCK,
  KVM_SYSTEM_TIME_ENABLE,
} from "./clock/clockProtocol";
import { startEventChannels } from "./events/eventChannels";
import { PAGE_BYTES, SHARED_TIME_OFFSET, SHARED_WALL_CLOCK_OFFSET } from "./events/eventProtocol";
import { MAP_SHARED_INFO } from "./hypercalls/hypercallProtocol";
import { addToPhysmap, setHypercallPage } from "./hypercalls/hypercalls";
import { BOOT_ENTRY_TICKS, LINK_BOOT_RECORD, LINK_HYPERCALL_PAGE } from "./links";
import { startOutput } from "./output";
import { physicalOf } from "./pages";
import { startStore } from "./store/storeClient";

const HYPERVISOR_PRESENT: u32 = 1 << 31;
const FIRST_LEAF: u32 = 0x40000000;
const LAST_LEAF: u32 = 0x40010000;
const LEAF_STEP: u32 = 0x100;
/** "XenVMMXenVMM" and "KVMKVMKVM" in ebx, ecx, edx. */
const XEN_SIGNATURE: u32 = 0x566e6558;
const KVM_SIGNATURE: u32 = 0x4b4d564b;
/** Of Xen's leaves: the second tells the register that takes the hypercall page's address. */
const XEN_PAGE_LEAF: u32 = 2;

const leaf = <Address>memory.data(16, 16);
const shared = <Address>memory.data(8192, 16);
const kvmClock = <Address>memory.data(64, 16);

export let onXen: bool = false;
/** Xen, and xenstore answers: an ordinary domain. */
export let hasStore: bool = false;

export const START_GOOD: i32 = 0;
export const START_NO_CONSOLE: i32 = 1;
export const START_NO_SHARED_PAGE: i32 = 2;
export const START_NO_CLOCK: i32 = 3;

/** The time stamp counter at the kernel's entry. */
let entryTicks: u64 = 0;

/** Starts everything; START_GOOD, or the first thing that there is not. Once more after a suspension. */
export function startPlatform(): i32 {
  entryTicks = load64(linked(LINK_BOOT_RECORD) + BOOT_ENTRY_TICKS);
  const xenLeaf = hypervisorLeaf(XEN_SIGNATURE);
  onXen = xenLeaf != 0;
  return onXen ? startOnXen(xenLeaf) : startOnMachine();
}

function startOnXen(xenLeaf: u32): i32 {
  cpuid(xenLeaf + XEN_PAGE_LEAF, 0, leaf);
  const page = linked(LINK_HYPERCALL_PAGE);
  wrmsr(load<u32>(leaf, 4), page);
  setHypercallPage(page);
  const sharedPage = pageIn(shared);
  if (addToPhysmap(MAP_SHARED_INFO, 0, sharedPage) < 0) return START_NO_SHARED_PAGE;
  useHypervisorClock(sharedPage + SHARED_TIME_OFFSET, sharedPage + SHARED_WALL_CLOCK_OFFSET, true, entryTicks);
  startEventChannels(sharedPage);
  if (!startOutput(true)) return START_NO_CONSOLE;
  hasStore = startStore();
  return START_GOOD;
}

function startOnMachine(): i32 {
  const status = startClock();
  if (!startOutput(false)) return START_NO_CONSOLE;
  return status;
}

function startClock(): i32 {
  const kvmLeaf = hypervisorLeaf(KVM_SIGNATURE);
  if (kvmLeaf != 0) cpuid(kvmLeaf + KVM_FEATURES_LEAF, 0, leaf);
  if (kvmLeaf != 0 && (load<u32>(leaf) & KVM_FEATURE_CLOCK) != 0) {
    const wall = kvmClock + 32;
    wrmsr(KVM_REGISTER_WALL_CLOCK, physicalOf(wall));
    wrmsr(KVM_REGISTER_SYSTEM_TIME, physicalOf(kvmClock) | KVM_SYSTEM_TIME_ENABLE);
    useHypervisorClock(kvmClock, wall, false, entryTicks);
    return START_GOOD;
  }
  const hertz = counterHertz();
  if (hertz == 0) return START_NO_CLOCK;
  useCounter(hertz, entryTicks);
  return START_GOOD;
}

/** The first of a hypervisor's leaves of CPUID by its signature; 0 where it is not there. */
function hypervisorLeaf(signature: u32): u32 {
  cpuid(1, 0, leaf);
  if ((load<u32>(leaf, 8) & HYPERVISOR_PRESENT) == 0) return 0;
  for (let at = FIRST_LEAF; at < LAST_LEAF; at += LEAF_STEP) {
    cpuid(at, 0, leaf);
    if (load<u32>(leaf, 4) == signature) return at;
  }
  return 0;
}

/** The whole page in an area of two. */
function pageIn(area: Address): Address {
  return (area + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}
