// Marks what is reachable, in old and new space, with an explicit stack that may overflow. Classes stay alive through
// instances, not through the class table; stack pages through the active page and through married contexts; weak slots
// and ephemeron keys as Spur has them. Forwarders met on the way are followed and their references replaced.
// Source: SpurMemoryManager>>markAccessibleObjectsAndFireEphemerons and its neighbours.

import {
  CLASS_INDEX_CONTEXT,
  CLASS_INDEX_FORWARDED,
  CLASS_INDEX_MASK,
  CLASS_TABLE_ROOT_SLOTS,
  FORMAT_COMPILED_METHOD,
  FORMAT_EPHEMERON,
  FORMAT_FIXED,
  FORMAT_FIXED_AND_INDEXABLE,
  FORMAT_MASK,
  FORMAT_SHIFT,
  FORMAT_WEAK_ARRAY,
  FORMAT_WORDS64,
  HEADER_BYTES,
  LAST_CLASS_INDEX_PUN,
  MARKED_SHIFT,
  STACK_PAGE_BYTES,
  STACK_PAGE_COUNT,
  WORD_SHIFT,
} from "../layout";
import { classAtIndex, expungeClasses } from "./classes";
import { activePage, isFreePage, pageAtIndex, releasePage } from "./frames";
import {
  formatOf,
  headerLow,
  isGrey,
  isMarked,
  rawHashOf,
  setClassIndex,
  setFormat,
  setGrey,
  setMarked,
  setRemembered,
  slotCountOf,
} from "./header";
import { edenFree, edenStart, oldSpaceStart, stackPagesStart } from "./map";
import {
  firstMournerPage,
  mapMourners,
  nextMournerPage,
  notePendingMourner,
  pushMourner,
  queuesWeakObjects,
} from "./mourners";
import { pastFree, pastStart } from "./newspace";
import { fetchPointer, literalCountOf, storePointer, storePointerUnchecked } from "./object";
import { oldSpaceEnd } from "./oldspace";
import { Address, isImmediate, Oop } from "./oop";
import { rememberedAt, rememberedCount, setRememberedAt, setRememberedCount } from "./remembered";
import {
  falseObject,
  hiddenRoots,
  nil,
  rootWordsEnd,
  rootWordsStart,
  setSpecialObjects,
  specialObjects,
  trueObject,
} from "./roots";
import { mapStackPage, pageOfMarriedContext } from "./stack";
import {
  endOf,
  followForwarded,
  isFreeChunk,
  nilDeadContextSlots,
  objectAt,
  strongSlotCountOfWeak,
  writeFreeChunk,
} from "./walk";

const MARKED_BIT: u64 = (<u64>1) << (32 + MARKED_SHIFT);

// Work memory, lent by the collector: the mark stack grows up from its start; weak objects and ephemerons to be seen
// to later are listed down from its end, over a quarter of it at most.
let stackStart: Address = 0;
let stackTop: Address = 0;
let stackLimit: Address = 0;
let listTop: Address = 0;
let listEnd: Address = 0;
/** Objects were marked and set grey but found no room on the stack. */
let overflowed: bool = false;

// Whether a stack page has been reached, one byte each.
const UNREACHED: u8 = 0;
const REACHED: u8 = 1;
const TRACED: u8 = 2;
const pageStates: Address = memory.data(128);

/** Times that the mark stack overflowed since the start. */
export let markStackOverflows: u32 = 0;

/**
 * Marks, fires ephemerons, empties weak slots, drops dead classes from the class table, dead stack pages and dead
 * remembered objects, and fills dead ranges of new space. Leaves marks on live objects of old space only.
 */
export function markReachable(workStart: Address, workEnd: Address): void {
  stackStart = workStart;
  stackTop = workStart;
  listEnd = workEnd & ~7;
  listTop = listEnd;
  stackLimit = workStart + ((((workEnd - workStart) >> 2) * 3) & ~7);
  overflowed = false;
  memory.fill(pageStates, UNREACHED, STACK_PAGE_COUNT);

  markRoots();
  while (true) {
    drain();
    if (traceReachedPages()) continue;
    if (!markInactiveEphemerons() && !fireEphemerons()) break;
  }
  releaseUnreachedPages();
  expungeClasses();
  nilDeadWeakSlots();
  forgetDeadRemembered();
  fillDead(pastStart, pastFree);
  fillDead(edenStart, edenFree());
}

function markRoots(): void {
  // With their classes, to which little else refers in a small image.
  markObject(<Address>nil);
  markObject(<Address>falseObject);
  markObject(<Address>trueObject);
  setMarked(objectAt(endOf(<Address>trueObject)), true);
  setMarked(<Address>hiddenRoots, true);
  // The first page has the classes that the virtual machine knows; the others keep nothing alive.
  const pages = slotCountOf(<Address>hiddenRoots);
  for (let i: u32 = 0; i < pages; i++) {
    const page = fetchPointer(i, hiddenRoots);
    if (page == nil || isImmediate(page)) continue;
    if (i == 0 || i >= CLASS_TABLE_ROOT_SLOTS) markObject(<Address>page);
    else setMarked(<Address>page, true);
  }
  for (let page = firstMournerPage(); page != 0; page = nextMournerPage(page)) setMarked(<Address>page, true);
  mapMourners(markAndFollow);
  setSpecialObjects(markAndFollow(specialObjects));
  const end = rootWordsEnd();
  for (let word = rootWordsStart(); word < end; word += 8) {
    const oop = load<u64>(word);
    if (oop != 0) store<u64>(word, markAndFollow(oop));
  }
  if (activePage != 0) reachPage(activePage);
}

/** Marks what an oop refers to; answers the oop with forwarders followed. */
function markAndFollow(oop: Oop): Oop {
  const followed = followForwarded(oop);
  if (!isImmediate(followed)) markObject(<Address>followed);
  return followed;
}

/** Marks an object and its class and leaves its slots to be scanned. */
function markObject(object: Address): void {
  const header = load<u64>(object);
  if ((header & MARKED_BIT) != 0) return;
  store<u64>(object, header | MARKED_BIT);
  markClassOf(object, (<u32>header) & CLASS_INDEX_MASK);
  const format = ((<u32>header) >> FORMAT_SHIFT) & FORMAT_MASK;
  if (format >= FORMAT_WORDS64 && format < FORMAT_COMPILED_METHOD) return;
  if (stackTop >= stackLimit) {
    setGrey(object, true);
    overflowed = true;
    return;
  }
  store<u32>(stackTop, object);
  stackTop += 4;
}

/**
 * Marks the class of an object. One-way become leaves classes in the table twice: instances with the old index get
 * the class's own (SpurMemoryManager>>markAndTraceClassOf:).
 */
// @ts-ignore: decorator
@inline
function markClassOf(object: Address, classIndex: u32): void {
  const classObject = <Address>classAtIndex(classIndex);
  const header = load<u64>(classObject);
  if (((<u32>(header >> 32)) & 0x3fffff) != classIndex && classIndex > LAST_CLASS_INDEX_PUN && classObject != nil) {
    correctClassIndex(object, classObject);
  }
  if ((header & MARKED_BIT) == 0) markObject(classObject);
}

function correctClassIndex(object: Address, classObject: Address): void {
  const hash = rawHashOf(classObject);
  // A class of immediates (Float may serve for both) has an index that objects cannot have.
  if (hash > LAST_CLASS_INDEX_PUN && <Address>classAtIndex(hash) == classObject) setClassIndex(object, hash);
}

function drain(): void {
  while (true) {
    while (stackTop > stackStart) {
      stackTop -= 4;
      scanObject(load<u32>(stackTop));
    }
    if (!overflowed) return;
    overflowed = false;
    markStackOverflows++;
    rescanGrey(pastStart, pastFree);
    rescanGrey(edenStart, edenFree());
    rescanGrey(oldSpaceStart, oldSpaceEnd);
  }
}

/** Scans the objects that found no room on the stack, each with all that it reaches. */
function rescanGrey(start: Address, end: Address): void {
  while (start < end) {
    const object = objectAt(start);
    if (isGrey(object)) {
      setGrey(object, false);
      scanObject(object);
      while (stackTop > stackStart) {
        stackTop -= 4;
        scanObject(load<u32>(stackTop));
      }
    }
    start = endOf(object);
  }
}

function scanObject(object: Address): void {
  const low = headerLow(object);
  const format = (low >> FORMAT_SHIFT) & FORMAT_MASK;
  if (format >= FORMAT_COMPILED_METHOD) {
    markSlots(object, literalCountOf(object) + 1);
    return;
  }
  if (format == FORMAT_WEAK_ARRAY && list(object)) {
    markSlots(object, strongSlotCountOfWeak(object));
    return;
  }
  if (format == FORMAT_EPHEMERON && !isKeyMarked(object) && list(object)) return;
  if (format == FORMAT_FIXED_AND_INDEXABLE && (low & CLASS_INDEX_MASK) == CLASS_INDEX_CONTEXT) {
    nilDeadContextSlots(object);
    const page = pageOfMarriedContext(object);
    if (page != 0) reachPage(page);
  }
  if (format <= FORMAT_EPHEMERON) markSlots(object, slotCountOf(object));
}

function markSlots(object: Address, count: u32): void {
  const end = object + HEADER_BYTES + (count << WORD_SHIFT);
  for (let slot = object + HEADER_BYTES; slot < end; slot += 8) {
    const oop = load<u64>(slot);
    if (((<u32>oop) & 7) != 0) continue;
    const header = load<u64>(<Address>oop);
    if ((header & MARKED_BIT) != 0) continue;
    if (((<u32>header) & CLASS_INDEX_MASK) == CLASS_INDEX_FORWARDED) {
      const followed = followForwarded(oop);
      storePointer((slot - object - HEADER_BYTES) >> WORD_SHIFT, object, followed);
      if (!isImmediate(followed)) markObject(<Address>followed);
      continue;
    }
    markObject(<Address>oop);
  }
}

/** Lists a weak object or an ephemeron for later; false where the list is full: it is then taken for strong. */
function list(object: Address): bool {
  if (listTop - 8 < stackLimit) return false;
  listTop -= 4;
  store<u32>(listTop, object);
  return true;
}

// Stack pages.

function reachPage(page: Address): void {
  const state = pageStates + (page - stackPagesStart) / STACK_PAGE_BYTES;
  if (load<u8>(state) == UNREACHED) store<u8>(state, REACHED);
}

/** Traces the pages reached since the last call; answers whether there were any. */
function traceReachedPages(): bool {
  let found = false;
  for (let i: u32 = 0; i < STACK_PAGE_COUNT; i++) {
    if (load<u8>(pageStates + i) != REACHED) continue;
    store<u8>(pageStates + i, TRACED);
    mapStackPage(pageAtIndex(i), markAndFollow);
    found = true;
  }
  return found;
}

/** Frees the pages whose frames nobody can return to (StackInterpreter>>freeUntracedStackPages). */
function releaseUnreachedPages(): void {
  for (let i: u32 = 0; i < STACK_PAGE_COUNT; i++) {
    const page = pageAtIndex(i);
    if (load<u8>(pageStates + i) == UNREACHED && !isFreePage(page)) releasePage(page);
  }
}

// Ephemerons.

/** Whether the key is kept otherwise; follows it where it is forwarded. */
function isKeyMarked(ephemeron: Address): bool {
  const key = fetchPointer(0, ephemeron);
  const followed = followForwarded(key);
  if (followed != key) storePointer(0, ephemeron, followed);
  return isImmediate(followed) || isMarked(<Address>followed);
}

/** Scans listed ephemerons whose keys have been marked meanwhile; answers whether there was one. */
function markInactiveEphemerons(): bool {
  let found = false;
  for (let entry = listEnd - 4; entry >= listTop; entry -= 4) {
    const object = load<u32>(entry);
    if (object == 0 || formatOf(object) != FORMAT_EPHEMERON || !isKeyMarked(object)) continue;
    store<u32>(entry, 0);
    markSlots(object, slotCountOf(object));
    found = true;
  }
  return found;
}

/** Fires all listed ephemerons: none of them has a key that anything else keeps. Answers whether there was one. */
function fireEphemerons(): bool {
  let found = false;
  const bottom = listTop;
  for (let entry = listEnd - 4; entry >= bottom; entry -= 4) {
    const object = load<u32>(entry);
    if (object == 0 || formatOf(object) != FORMAT_EPHEMERON || !pushMourner(object)) continue;
    setMarked(<Address>firstMournerPage(), true);
    setFormat(object, FORMAT_FIXED);
    notePendingMourner();
  }
  for (let entry = listEnd - 4; entry >= bottom; entry -= 4) {
    const object = load<u32>(entry);
    if (object == 0 || formatOf(object) == FORMAT_WEAK_ARRAY) continue;
    store<u32>(entry, 0);
    markSlots(object, slotCountOf(object));
    found = true;
  }
  return found;
}

// What dies.

/** SpurMemoryManager>>nilUnmarkedWeaklingSlots. */
function nilDeadWeakSlots(): void {
  for (let entry = listEnd - 4; entry >= listTop; entry -= 4) {
    const object = load<u32>(entry);
    if (object == 0 || formatOf(object) != FORMAT_WEAK_ARRAY) continue;
    if (!nilDeadSlotsOf(object)) continue;
    notePendingMourner();
    if (queuesWeakObjects && pushMourner(object)) setMarked(<Address>firstMournerPage(), true);
  }
}

function nilDeadSlotsOf(object: Address): bool {
  let lost = false;
  const count = slotCountOf(object);
  for (let i = strongSlotCountOfWeak(object); i < count; i++) {
    const oop = fetchPointer(i, object);
    const followed = followForwarded(oop);
    if (isImmediate(followed) || isMarked(<Address>followed)) {
      if (followed != oop) storePointer(i, object, followed);
      continue;
    }
    storePointerUnchecked(i, object, nil);
    lost = true;
  }
  return lost;
}

function forgetDeadRemembered(): void {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < rememberedCount; i++) {
    const object = rememberedAt(i);
    if (isMarked(object)) setRememberedAt(kept++, object);
    else setRemembered(object, false);
  }
  setRememberedCount(kept);
}

/** Turns dead ranges of new space into free chunks, so that nothing walks over references to what is gone. */
function fillDead(start: Address, end: Address): void {
  let dead: Address = 0;
  while (start < end) {
    const object = objectAt(start);
    const next = endOf(object);
    if (isMarked(object) && !isFreeChunk(object)) {
      if (dead != 0) writeFreeChunk(dead, start - dead);
      dead = 0;
      setMarked(object, false);
    } else if (dead == 0) {
      dead = start;
    }
    start = next;
  }
  if (dead != 0) writeFreeChunk(dead, end - dead);
}
