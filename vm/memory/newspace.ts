// The survivor space in use: `pastStart` to `pastFree`. The other one is empty between collections.

import { survivorAStart, survivorBStart } from "./map";
import { Address } from "./oop";

/** Where the objects that survived the last scavenge lie. */
export let pastStart: Address = 0;
/** One past the last of them. */
export let pastFree: Address = 0;

/** Makes both survivor spaces empty. */
export function initializeSurvivors(): void {
  pastStart = survivorAStart;
  pastFree = survivorAStart;
}

/** The empty survivor space. */
export function futureStart(): Address {
  return pastStart == survivorAStart ? survivorBStart : survivorAStart;
}

/** The scavenger filled the other space up to `free`. */
export function exchangeSurvivors(free: Address): void {
  pastStart = futureStart();
  pastFree = free;
}
