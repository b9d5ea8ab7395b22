// Where everything lies in linear memory, low to high:
//
//   cells | module data | stack pages | remembered set | survivors A and B | eden | old space …
//
// An object below `oldSpaceStart` is young. Old space ends where linear memory does, and grows with it.

import {
  CELL_EDEN_FREE,
  CELL_EDEN_LIMIT,
  CELL_STACK_LIMIT,
  FORCE_POLLS,
  FORCE_SCAVENGES,
  PAGE_BYTES,
  STACK_PAGE_BYTES,
  STACK_PAGE_COUNT,
} from "../layout";
import { REMEMBERED_SET_BYTES } from "../tuning";
import { Address, Oop } from "./oop";

export let stackPagesStart: Address = 0;
export let stackPagesEnd: Address = 0;
export let rememberedSetStart: Address = 0;
export let survivorAStart: Address = 0;
export let survivorBStart: Address = 0;
export let survivorBytes: u32 = 0;
export let edenStart: Address = 0;
export let edenEnd: Address = 0;
export let oldSpaceStart: Address = 0;
/** Memory below this belongs to modules that are linked with this one (boot). */
let reservedEnd: Address = 0;

/** Where this module's own data ends. */
export function moduleEnd(): Address {
  return <Address>__heap_base;
}

/** Keeps memory up to `end` out of the map; to be called before an image is loaded. */
export function reserveMemory(end: Address): void {
  reservedEnd = end;
}

/**
 * Fixes the memory map for an eden of `edenBytes` (rounded up to 64 KiB) and grows linear memory to hold it with
 * `oldBytes` of old space. Answers false where the memory cannot be had.
 */
export function layOutMemory(edenBytes: u32, oldBytes: u32): bool {
  const eden = (edenBytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
  stackPagesStart = (max<u32>(moduleEnd(), reservedEnd) + STACK_PAGE_BYTES - 1) & ~(STACK_PAGE_BYTES - 1);
  stackPagesEnd = stackPagesStart + STACK_PAGE_BYTES * STACK_PAGE_COUNT;
  rememberedSetStart = stackPagesEnd;
  survivorBytes = (eden / 5 + 7) & ~7;
  survivorAStart = rememberedSetStart + REMEMBERED_SET_BYTES;
  survivorBStart = survivorAStart + survivorBytes;
  edenStart = survivorBStart + survivorBytes;
  edenEnd = edenStart + eden;
  oldSpaceStart = (edenEnd + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
  return growMemoryTo(<u64>oldSpaceStart + oldBytes);
}

/** Makes linear memory reach at least to `end`; false where the engine refuses. */
export function growMemoryTo(end: u64): bool {
  const present = <u64>memory.size() * PAGE_BYTES;
  if (end <= present) return true;
  if (end > <u64>u32.MAX_VALUE + 1 - PAGE_BYTES) return false;
  return memory.grow(<i32>((end - present + PAGE_BYTES - 1) / PAGE_BYTES)) >= 0;
}

// @ts-ignore: decorator
@inline
export function isYoungObject(object: Address): bool {
  return object < oldSpaceStart;
}

/** Whether an oop refers to an object in new space. */
// @ts-ignore: decorator
@inline
export function isYoung(oop: Oop): bool {
  return ((<u32>oop) & 7) == 0 && <Address>oop < oldSpaceStart;
}

// @ts-ignore: decorator
@inline
export function edenFree(): Address {
  return load<u32>(0, CELL_EDEN_FREE);
}

// @ts-ignore: decorator
@inline
export function setEdenFree(address: Address): void {
  store<u32>(0, address, CELL_EDEN_FREE);
}

/** Inline allocation stops here; the slow path decides what then. */
// @ts-ignore: decorator
@inline
export function edenLimit(): Address {
  return load<u32>(0, CELL_EDEN_LIMIT);
}

export function setEdenLimit(address: Address): void {
  store<u32>(0, address, CELL_EDEN_LIMIT);
}

// @ts-ignore: decorator
@inline
export function stackLimit(): Address {
  return load<u32>(0, CELL_STACK_LIMIT);
}

export function setStackLimit(address: Address): void {
  store<u32>(0, (forced & FORCE_POLLS) == 0 ? address : POLL_NOW, CELL_STACK_LIMIT);
}

/** A stack limit that every stack pointer is below; as a signed number too, so that a difference's sign tells. */
export const POLL_NOW: u32 = i32.MAX_VALUE;

/** What tests force: FORCE_… of layout.ts. */
export let forced: u32 = 0;

export function setForced(what: u32): void {
  forced = what;
  setStackLimit(POLL_NOW);
  if ((what & FORCE_SCAVENGES) != 0) setEdenLimit(edenStart);
}
