// Identity hashes, given on first use; a class's is its index in the class table (SpurMemoryManager>>hashBitsOf:,
// newObjectHash). The generator's state travels in the image header.

import { CLASS_FORMAT, HASH_MASK } from "../layout";
import { formatOf, isPointersFormat, rawHashOf, setRawHash, slotCountOf } from "./header";
import { fetchPointer } from "./object";
import { Address, isObject, isSmallInteger, Oop } from "./oop";

/** The generator's state: any number will do. */
export let lastHash: u32 = 999;

export function setLastHash(value: u32): void {
  lastHash = value;
}

/** The identity hash of an object, never 0. */
export function identityHashOf(object: Oop): u32 {
  const present = rawHashOf(<Address>object);
  if (present != 0) return present;
  const hash = newHash();
  setRawHash(<Address>object, hash);
  return hash;
}

/** Whether an oop has the shape of a class: slots with superclass, method dictionary and an integer as format. */
export function isBehavior(oop: Oop): bool {
  if (!isObject(oop) || !isPointersFormat(formatOf(<Address>oop))) return false;
  return slotCountOf(<Address>oop) > CLASS_FORMAT && isSmallInteger(fetchPointer(CLASS_FORMAT, oop));
}

function newHash(): u32 {
  // A linear congruential generator of full period; its high bits are the better ones.
  let hash: u32;
  do {
    lastHash = lastHash * 1664525 + 1013904223;
    hash = (lastHash >> 10) & HASH_MASK;
  } while (hash == 0);
  return hash;
}
