// Where loading went wrong. Loading stops at the first fault; every function that may find one answers false then.

import { Address } from "../memory/oop";

/** An IMAGE_… code of tables/imageFaults.ts; 0 while nothing is wrong. */
export let imageFault: i32 = 0;
/** Where: bytes from the start of the file, or of the converted heap if `imageFaultInHeap`; -1 if nowhere. */
export let imageFaultOffset: f64 = -1;
export let imageFaultInHeap: bool = false;

export function clearFault(): void {
  imageFault = 0;
  imageFaultOffset = -1;
  imageFaultInHeap = false;
}

/** Notes a fault at a byte of the file; answers false, so that callers can return it. */
export function faultAt(code: i32, offset: f64): bool {
  if (imageFault != 0) return false;
  imageFault = code;
  imageFaultOffset = offset;
  return false;
}

/** Notes a fault at a place in the heap as loaded, counted from `start`. */
export function faultInHeap(code: i32, address: Address, start: Address): bool {
  if (imageFault != 0) return false;
  imageFault = code;
  imageFaultOffset = <f64>(address - start);
  imageFaultInHeap = true;
  return false;
}
