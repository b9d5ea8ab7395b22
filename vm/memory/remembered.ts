// The remembered set: old objects that may hold references to young ones.

import { REMEMBERED_SET_BYTES } from "../tuning";
import { setRemembered } from "./header";
import { rememberedSetStart } from "./map";
import { Address } from "./oop";

/** Entries in use. Past the table's end objects are still flagged, and `overflowed` tells the scavenger to scan old space. */
export let rememberedCount: u32 = 0;
export let rememberedOverflow: bool = false;

/** Adds an old object that is not in the set yet. */
export function remember(object: Address): void {
  setRemembered(object, true);
  if (rememberedCount << 2 >= REMEMBERED_SET_BYTES) {
    rememberedOverflow = true;
    return;
  }
  store<u32>(rememberedSetStart + (rememberedCount++ << 2), object);
}

export function rememberedAt(index: u32): Address {
  return load<u32>(rememberedSetStart + (index << 2));
}

/** Keeps the first `count` entries after they were compacted in place by `setRememberedAt`. */
export function setRememberedCount(count: u32): void {
  rememberedCount = count;
}

export function setRememberedAt(index: u32, object: Address): void {
  store<u32>(rememberedSetStart + (index << 2), object);
}

/** The whole of old space has been scanned; the table is whole again. */
export function clearRememberedOverflow(): void {
  rememberedOverflow = false;
}

/** Empties the set: no old object has a young reference, or none is flagged. */
export function resetRemembered(): void {
  rememberedCount = 0;
  rememberedOverflow = false;
}
