// Hypercalls, each as a function with its answer: 0 or more for success, minus a number of errno.h for failure. Pointers
// that Xen reads are addresses of linear memory plus its base.

import { hypercall as callPage, memoryBase } from "../../cpu";
import { Address } from "../../../vm/memory/oop";
import { frameOf } from "../pages";
import {
  CONSOLE_WRITE,
  DOMAIN_SELF,
  EVENT_ALLOCATE_UNBOUND,
  EVENT_BIND_INTERDOMAIN,
  EVENT_CLOSE,
  EVENT_SEND,
  HVM_GET_PARAMETER,
  HYPERCALL_CONSOLE_IO,
  HYPERCALL_EVENT_CHANNEL_OP,
  HYPERCALL_HVM_OP,
  HYPERCALL_MEMORY_OP,
  HYPERCALL_SCHED_OP,
  HYPERCALL_XEN_VERSION,
  InterdomainArguments,
  MEMORY_ADD_TO_PHYSMAP,
  ParameterArguments,
  PhysmapArguments,
  PollArguments,
  SCHED_POLL,
  SCHED_SHUTDOWN,
  SCHED_YIELD,
  UnboundArguments,
  VERSION_NUMBER,
} from "./hypercallProtocol";

/** Room for the arguments of one call. */
const area = <Address>memory.data(64, 16);

/** The page that Xen fills with one entry a hypercall, 32 bytes each. */
let hypercallPage: i64 = 0;

/** Where the hypercall page is, as the processor sees it; filled by Xen before (platform.ts). */
export function setHypercallPage(address: i64): void {
  hypercallPage = address;
}

function hypercall(number: u32, a: u64, b: u64, c: u64): i64 {
  return callPage(hypercallPage + ((<i64>number) << 5), a, b, c, 0, 0);
}

function pointer(address: Address): u64 {
  return memoryBase() + address;
}

/** Xen's version, the major number in the upper 16 bits. */
export function xenVersion(): i64 {
  return hypercall(HYPERCALL_XEN_VERSION, VERSION_NUMBER, 0, 0);
}

/** Writes to Xen's own console; refused to an ordinary domain by a release build. */
export function writeToXenConsole(text: Address, bytes: u32): i64 {
  return hypercall(HYPERCALL_CONSOLE_IO, CONSOLE_WRITE, bytes, pointer(text));
}

/** Gives the processor to another vCPU. */
export function yieldProcessor(): void {
  hypercall(HYPERCALL_SCHED_OP, SCHED_YIELD, 0, 0);
}

/** Waits until one of `count` ports (u32s at `ports`) is pending, or a system time in nanoseconds (0: without end). */
export function pollPorts(ports: Address, count: u32, untilNanoseconds: u64): i64 {
  const call = changetype<PollArguments>(area);
  call.ports = pointer(ports);
  call.portCount = count;
  call.padding = 0;
  call.timeoutNanoseconds = untilNanoseconds;
  return hypercall(HYPERCALL_SCHED_OP, SCHED_POLL, pointer(area), 0);
}

/** Ends the domain for a SHUTDOWN_… reason; comes back only after a resumed suspension, or where Xen refuses. */
export function shutDownDomain(reason: u32): i64 {
  store<u32>(area, reason);
  return hypercall(HYPERCALL_SCHED_OP, SCHED_SHUTDOWN, pointer(area), 0);
}

/** Tells the other end of an event channel. */
export function sendEvent(port: u32): i64 {
  store<u32>(area, port);
  return hypercall(HYPERCALL_EVENT_CHANNEL_OP, EVENT_SEND, pointer(area), 0);
}

export function closePort(port: u32): i64 {
  store<u32>(area, port);
  return hypercall(HYPERCALL_EVENT_CHANNEL_OP, EVENT_CLOSE, pointer(area), 0);
}

/** A new port that another domain may bind; the port, or an error. */
export function allocateUnboundPort(remoteDomain: u16): i64 {
  const call = changetype<UnboundArguments>(area);
  call.domain = DOMAIN_SELF;
  call.remoteDomain = remoteDomain;
  call.port = 0;
  const status = hypercall(HYPERCALL_EVENT_CHANNEL_OP, EVENT_ALLOCATE_UNBOUND, pointer(area), 0);
  return status < 0 ? status : <i64>call.port;
}

/** Connects to a port that another domain has allocated for us; our port, or an error. */
export function bindInterdomainPort(remoteDomain: u16, remotePort: u32): i64 {
  const call = changetype<InterdomainArguments>(area);
  call.remoteDomain = remoteDomain;
  call.padding = 0;
  call.remotePort = remotePort;
  call.localPort = 0;
  const status = hypercall(HYPERCALL_EVENT_CHANNEL_OP, EVENT_BIND_INTERDOMAIN, pointer(area), 0);
  return status < 0 ? status : <i64>call.localPort;
}

/** Puts a page of Xen's (MAP_…, the `index`th) in place of a page of linear memory. */
export function addToPhysmap(space: u32, index: u32, page: Address): i64 {
  const call = changetype<PhysmapArguments>(area);
  call.domain = DOMAIN_SELF;
  call.size = 0;
  call.space = space;
  call.index = index;
  call.frame = frameOf(page);
  return hypercall(HYPERCALL_MEMORY_OP, MEMORY_ADD_TO_PHYSMAP, pointer(area), 0);
}

/** A parameter of the domain (PARAMETER_…); 0 where it has none. */
export function domainParameter(index: u32): u64 {
  const call = changetype<ParameterArguments>(area);
  call.domain = DOMAIN_SELF;
  call.padding = 0;
  call.index = index;
  call.value = 0;
  const status = hypercall(HYPERCALL_HVM_OP, HVM_GET_PARAMETER, pointer(area), 0);
  return status < 0 ? 0 : call.value;
}
