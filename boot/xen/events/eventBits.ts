// The pending bits of event channels in the shared page. The masks are left alone: nothing interrupts here, and
// SCHEDOP_poll looks at the pending bits.

import { exchange32, fence } from "../../cpu";
import { Address } from "../../../vm/memory/oop";
import { MAX_PORTS, SHARED_PENDING_OFFSET } from "./eventProtocol";

export function isPending(page: Address, port: u32): bool {
  if (port >= MAX_PORTS) return false;
  fence();
  return ((load<u32>(page + SHARED_PENDING_OFFSET + ((port >> 5) << 2)) >> (port & 31)) & 1) != 0;
}

/**
 * Takes note of the events of 32 ports, of which `port` is one: before what they announce is looked at, so that the next
 * ones are not lost. Xen sets bits meanwhile, so they are taken in one step. Answers the bits.
 */
export function takePending(page: Address, port: u32): u32 {
  if (port >= MAX_PORTS) return 0;
  return <u32>exchange32(page + SHARED_PENDING_OFFSET + ((port >> 5) << 2), 0);
}
