// Old space: free memory in it, growth, and the settable limit.

import { PAGE_BYTES } from "../layout";
import { growMemoryTo } from "./map";
import { Address } from "./oop";

/** One past the last object of old space. */
export let oldSpaceEnd: Address = 0;
/** Bytes that the heap may reach; 0 for as many as the engine gives. */
export let maxOldSpaceBytes: u32 = 0;

export function setOldSpaceEnd(end: Address): void {
  oldSpaceEnd = end;
}

export function setMaxOldSpaceBytes(bytes: u32): void {
  maxOldSpaceBytes = bytes;
}

/** Free memory for an object of that many bytes, a multiple of 8; 0 where there is none. */
export function allocateInOldSpace(bytes: u32): Address {
  const place = oldSpaceEnd;
  if (!growMemoryTo(<u64>place + bytes + PAGE_BYTES)) return 0;
  oldSpaceEnd = place + bytes;
  return place;
}
