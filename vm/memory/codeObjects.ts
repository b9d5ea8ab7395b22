// Old objects that compiled code names by their addresses: methods, literals, classes. A full collection leaves them where
// they are as long as they live; code keeps none of them alive. Where one has died, or there are more than fit here, code
// must be dropped.

import { isMarked, isPinned, setPinned } from "./header";
import { oldSpaceStart } from "./map";
import { Address, Oop } from "./oop";

/** Open addressing; 0 for a free place. An address with its lowest bit set is pinned for the time being. */
const PLACES_SHIFT: u32 = 14;
const PLACES: u32 = 1 << PLACES_SHIFT;
const MOST: u32 = PLACES - (PLACES >> 2);
const objects: Address = <Address>memory.data(65536, 4);
const END: Address = objects + (PLACES << 2);
if (PLACES << 2 != 65536) ERROR("codeObjects: PLACES needs a larger table");
let count: u32 = 0;

/** Set by a full collection that code does not survive. */
export let codeObjectsLost: bool = false;

/** Notes that code names an oop. */
export function nameInCode(oop: Oop): void {
  const object = <Address>oop;
  if ((object & 7) != 0 || object < oldSpaceStart || count > MOST) return;
  let place = objects + (((object >> 3) * 0x9e3779b1) >> (32 - PLACES_SHIFT)) * 4;
  for (; load<u32>(place) != 0; place = place + 4 == END ? objects : place + 4) if (load<u32>(place) == object) return;
  store<u32>(place, object);
  count++;
}

/** All code has been dropped. */
export function forgetCodeObjects(): void {
  memory.fill(objects, 0, PLACES << 2);
  count = 0;
  codeObjectsLost = false;
}

/** After marking: whether all are alive; `mayStay` false where even so none may keep its place. */
export function checkCodeObjects(mayStay: bool): void {
  codeObjectsLost = !mayStay || count > MOST;
  for (let place = objects; place < END && !codeObjectsLost; place += 4) {
    const object = load<u32>(place);
    if (object != 0 && !isMarked(object)) codeObjectsLost = true;
  }
}

/** Before old space is compacted. */
export function pinCodeObjects(): void {
  if (codeObjectsLost) return;
  for (let place = objects; place < END; place += 4) {
    const object = load<u32>(place);
    if (object == 0 || isPinned(object)) continue;
    setPinned(object, true);
    store<u32>(place, object | 1);
  }
}

/** Behind that. */
export function unpinCodeObjects(): void {
  if (codeObjectsLost) return;
  for (let place = objects; place < END; place += 4) {
    const object = load<u32>(place);
    if ((object & 1) == 0) continue;
    setPinned(object & ~1, false);
    store<u32>(place, object & ~1);
  }
}
