// Returns unmarked objects of old space to the free lists, neighbours joined, and clears the marks of the others.

import { isMarked, setMarked } from "./header";
import { addFreeChunk, clearFreeLists } from "./freelists";
import { oldSpaceStart } from "./map";
import { oldSpaceEnd, setOldSpaceEnd } from "./oldspace";
import { Address } from "./oop";
import { endOf, objectAt } from "./walk";

/** Builds the free lists anew; what is free at the end of old space is cut off. */
export function sweepOldSpace(): void {
  clearFreeLists();
  let dead: Address = 0;
  for (let start = oldSpaceStart; start < oldSpaceEnd;) {
    const object = objectAt(start);
    const next = endOf(object);
    if (isMarked(object)) {
      setMarked(object, false);
      if (dead != 0) addFreeChunk(dead, start - dead);
      dead = 0;
    } else if (dead == 0) {
      dead = start;
    }
    start = next;
  }
  if (dead != 0) setOldSpaceEnd(dead);
}
