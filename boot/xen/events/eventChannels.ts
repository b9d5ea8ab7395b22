// Event channels: the ports that the kernel waits on, all in one SCHEDOP_poll with the clock. No interrupts.

import { Address } from "../../../vm/memory/oop";
import { closePort as closePortNow, pollPorts, sendEvent } from "../hypercalls/hypercalls";
import { takePending } from "./eventBits";

/** Xen refuses to poll more than this (sched.c, do_poll). */
const MAX_POLLED_PORTS: u32 = 128;
const ports = <Address>memory.data(128 * 4, 16);
let portCount: u32 = 0;
let sharedPage: Address = 0;
/** Events were taken by who waits for one ring only; the others have not been looked at since. */
let unseen: bool = false;

/** The page of struct shared_info, mapped before. */
export function startEventChannels(page: Address): void {
  sharedPage = page;
  portCount = 0;
}

/** Adds a port to those that end a wait; false where there are too many. */
export function listenTo(port: u32): bool {
  if (portCount == MAX_POLLED_PORTS) return false;
  store<u32>(ports + (portCount++ << 2), port);
  return true;
}

/** Takes a port out and closes it. */
export function closePort(port: u32): void {
  for (let i: u32 = 0; i < portCount; i++) {
    if (load<u32>(ports + (i << 2)) != port) continue;
    store<u32>(ports + (i << 2), load<u32>(ports + (--portCount << 2)));
    break;
  }
  closePortNow(port);
}

/** Tells the other end of a port. False where the port is closed: the other domain is gone. */
export function notify(port: u32): bool {
  return sendEvent(port) >= 0;
}

/** Takes note of every event so far. Rings are to be looked at after this, never before. Answers whether there was one. */
export function takeEvents(): bool {
  let any = false;
  for (let i: u32 = 0; i < portCount; i++) {
    if (takePending(sharedPage, load<u32>(ports + (i << 2))) != 0) any = true;
  }
  if (any) unseen = true;
  return any;
}

/** Whether events were taken since this was asked last. All rings are to be looked at after it. */
export function takeUnseen(): bool {
  const was = unseen;
  unseen = false;
  return was;
}

/** Waits for an event on any port or a system time (nanoseconds; 0: without end). False where Xen refuses. */
export function waitForEvents(untilNanoseconds: u64): bool {
  return pollPorts(ports, portCount, untilNanoseconds) >= 0;
}
