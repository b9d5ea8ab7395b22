// Enumerating objects: one after another, all, those of a class, and who points to what. The order is survivors, eden,
// old space, so that an image that makes objects while it walks comes to an end. Forwarders, free chunks and what
// only the virtual machine knows (class table pages, queues) are left out.

import { CLASS_INDEX_ARRAY, FORMAT_ARRAY, LAST_CLASS_INDEX_PUN } from "../layout";
import { allocateSlots } from "./allocation";
import { classAtIndex } from "./classes";
import { classIndexOf, rawHashOf } from "./header";
import { edenFree, edenStart, oldSpaceStart } from "./map";
import { pastFree, pastStart } from "./newspace";
import { fetchPointer, storePointer } from "./object";
import { oldSpaceEnd } from "./oldspace";
import { Address, isImmediate, Oop } from "./oop";
import { nil } from "./roots";
import { endOf, followForwarded, liveSlotCountOf, objectAt } from "./walk";

/** The first object in memory. */
export function firstObject(): Oop {
  return enumerableFrom(pastStart);
}

/** The object after another; 0 at the end (SpurMemoryManager>>accessibleObjectAfter:). */
export function nextObject(object: Oop): Oop {
  return enumerableFrom(endOf(<Address>object));
}

/** The first instance of a class, or 0. */
export function someInstance(classObject: Oop): Oop {
  return instanceFrom(firstObject(), classObject);
}

/** The next instance of the same class, or 0. */
export function nextInstance(object: Oop): Oop {
  return instanceFrom(nextObject(object), classAtIndex(classIndexOf(<Address>object)));
}

/** A new Array of all instances of a class, itself left out; 0 without memory (SpurMemoryManager>>allInstancesOf:). */
export function allInstancesOf(classObject: Oop): Oop {
  const hash = rawHashOf(<Address>classObject);
  const count =
    countInstances(pastStart, pastFree, classObject, hash) +
    countInstances(edenStart, edenFree(), classObject, hash) +
    countInstances(oldSpaceStart, oldSpaceEnd, classObject, hash);
  const array = newResultArray(count);
  if (array == 0) return 0;
  let index = collectInstances(pastStart, pastFree, classObject, hash, array, 0, count);
  index = collectInstances(edenStart, edenFree(), classObject, hash, array, index, count);
  collectInstances(oldSpaceStart, oldSpaceEnd, classObject, hash, array, index, count);
  return array;
}

/** A new Array of all objects, itself left out; 0 without memory (SpurMemoryManager>>allObjects). */
export function allObjects(): Oop {
  let count: u32 = 0;
  for (let object = firstObject(); object != 0; object = nextObject(object)) count++;
  const array = newResultArray(count);
  if (array == 0) return 0;
  let index: u32 = 0;
  for (let object = firstObject(); object != 0 && index < count; object = nextObject(object)) {
    if (object != array) storePointer(index++, array, object);
  }
  return array;
}

/** Whether a slot of an object refers to `target`; the class counts for nothing (InterpreterPrimitives>>primitiveObjectPointsTo). */
export function objectPointsTo(object: Oop, target: Oop): bool {
  if (isImmediate(object)) return false;
  const count = liveSlotCountOf(<Address>object);
  for (let i: u32 = 0; i < count; i++) {
    if (followForwarded(fetchPointer(i, object)) == target) return true;
  }
  return false;
}

/** How many objects there are and, in the caller's view, whether memory can be walked at all. */
export function countObjects(): u32 {
  let count: u32 = 0;
  for (let object = firstObject(); object != 0; object = nextObject(object)) count++;
  return count;
}

/** Whether an object is the image's business: no free chunk, forwarder or table of the virtual machine. */
// @ts-ignore: decorator
@inline
export function isEnumerable(object: Address): bool {
  return classIndexOf(object) > LAST_CLASS_INDEX_PUN;
}

/** The first enumerable object at `start` or after it, going on from space to space. */
function enumerableFrom(start: Address): Oop {
  while (true) {
    if (start == pastFree) start = edenStart;
    if (start == edenFree()) start = oldSpaceStart;
    if (start == oldSpaceEnd) return 0;
    const object = objectAt(start);
    if (isEnumerable(object)) return object;
    start = endOf(object);
  }
}

function instanceFrom(object: Oop, classObject: Oop): Oop {
  const hash = rawHashOf(<Address>classObject);
  while (object != 0 && !isInstance(object, classObject, hash)) object = nextObject(object);
  return object;
}

/** One-way become may leave a class at a second index, which then differs from its hash. */
// @ts-ignore: decorator
@inline
function isInstance(object: Oop, classObject: Oop, hash: u32): bool {
  const classIndex = classIndexOf(<Address>object);
  return classIndex == hash || (classAtIndex(classIndex) == classObject && classObject != nil);
}

function countInstances(start: Address, end: Address, classObject: Oop, hash: u32): u32 {
  let count: u32 = 0;
  while (start < end) {
    const object = objectAt(start);
    if (isInstance(object, classObject, hash) && isEnumerable(object)) count++;
    start = endOf(object);
  }
  return count;
}

/** Puts the instances in a range into an Array from `index` on, up to `count`; answers the index after them. */
function collectInstances(
  start: Address,
  end: Address,
  classObject: Oop,
  hash: u32,
  array: Oop,
  index: u32,
  count: u32,
): u32 {
  while (start < end && index < count) {
    const object = objectAt(start);
    if (isInstance(object, classObject, hash) && isEnumerable(object) && object != <Address>array) {
      storePointer(index++, array, object);
    }
    start = endOf(object);
  }
  return index;
}

function newResultArray(count: u32): Oop {
  const array = allocateSlots(count, FORMAT_ARRAY, CLASS_INDEX_ARRAY);
  if (array == 0) return 0;
  for (let i: u32 = 0; i < count; i++) storePointer(i, array, nil);
  return array;
}
