// What the virtual machine takes for granted about a heap, checked once after loading: the first objects, the class
// table, the special objects. What is checked object by object stands in checkObjects.ts.

import {
  CLASS_TABLE_PAGE_SHIFT,
  CLASS_TABLE_PAGE_SLOTS,
  CLASS_TABLE_ROOT_SLOTS,
  FORMAT_ARRAY,
  FREE_LIST_COUNT,
  HEADER_BYTES,
  HIDDEN_ROOT_SLOTS,
  LAST_CLASS_INDEX_PUN,
  LINK_NEXT,
  LIST_FIRST_LINK,
  LIST_LAST_LINK,
  OVERFLOW_SLOT_COUNT,
  PROCESS_MY_LIST,
  SCHEDULER_ACTIVE_PROCESS,
  SCHEDULER_LISTS,
  SPECIAL_CLASS_ARRAY,
  SPECIAL_CLASS_BYTE_STRING,
  SPECIAL_CLASS_FLOAT,
  SPECIAL_CLASS_LARGE_NEGATIVE,
  SPECIAL_CLASS_LARGE_POSITIVE,
  SPECIAL_CLASS_SMALL_INTEGER,
  SPECIAL_DOES_NOT_UNDERSTAND,
  SPECIAL_FALSE,
  SPECIAL_NIL,
  SPECIAL_SCHEDULER,
  SPECIAL_SELECTORS,
  SPECIAL_TRUE,
  TAG_MASK,
  WORD_SHIFT,
} from "../layout";
import { classIndexOf, formatOf, isPointersFormat, slotCountOf } from "../memory/header";
import { oldSpaceStart, stackPagesEnd } from "../memory/map";
import { fetchPointer } from "../memory/object";
import { Address, isObject, Oop } from "../memory/oop";
import {
  IMAGE_BAD_CLASS_INDEX,
  IMAGE_BAD_CLASS_TABLE,
  IMAGE_BAD_OBJECT,
  IMAGE_BAD_PROCESS,
  IMAGE_BAD_SPECIAL_OBJECTS,
} from "../tables/imageFaults";
import { checkClass, checkObject, isClassLike } from "./checkObjects";
import { faultAt, faultInHeap } from "./fault";
import { imageWordBytes } from "./header";
import { fileOffsetOf } from "./segments";

const FIRST_OBJECTS: u32 = 5;
const firstObjects = <Address>memory.data(20, 4);
/** Processes that wait at one priority; more is taken for a cycle. */
const MAX_LIST_LENGTH: u32 = 1000000;
/** Selectors of the arithmetic bytecodes: 32 pairs of selector and argument count. */
const SPECIAL_SELECTOR_SLOTS: u32 = 64;

/** nil, false, true, the free lists, the hidden roots: the objects every heap begins with. */
export function firstObject(index: u32): Address {
  return load<u32>(firstObjects + (index << 2));
}

/** Notes a fault at an object of the loaded heap; answers false. */
export function damaged(code: i32, object: Address): bool {
  if (imageWordBytes == 4) return faultInHeap(code, object, oldSpaceStart);
  return faultAt(code, fileOffsetOf(object));
}

/** Checks a heap from `oldSpaceStart` to `end`, whose references are all known to lead to objects. */
export function checkHeap(special: Address, end: Address): bool {
  if (!findFirstObjects(end)) return false;
  if (!checkClassTable()) return false;
  if (!checkAllObjects(end)) return false;
  if (!checkClasses()) return false;
  return checkSpecialObjects(special);
}

function findFirstObjects(end: Address): bool {
  let place = oldSpaceStart;
  for (let i: u32 = 0; i < FIRST_OBJECTS; i++) {
    if (place >= end) return damaged(IMAGE_BAD_OBJECT, oldSpaceStart);
    const object = objectAt(place);
    if (classIndexOf(object) <= TAG_MASK) return damaged(IMAGE_BAD_OBJECT, object);
    store<u32>(firstObjects + (i << 2), object);
    place = placeAfter(object);
  }
  const freeLists = firstObject(3);
  if (formatOf(freeLists) <= FORMAT_ARRAY || slotCountOf(freeLists) != FREE_LIST_COUNT) {
    return damaged(IMAGE_BAD_OBJECT, freeLists);
  }
  // Free memory is found anew.
  memory.fill(freeLists + HEADER_BYTES, 0, FREE_LIST_COUNT << WORD_SHIFT);
  return true;
}

/** The object whose header words start at a place that is known to hold one. */
// @ts-ignore: decorator
@inline
function objectAt(place: Address): Address {
  return load<u8>(place, 7) == OVERFLOW_SLOT_COUNT ? place + HEADER_BYTES : place;
}

// @ts-ignore: decorator
@inline
function placeAfter(object: Address): Address {
  return object + HEADER_BYTES + (max<u32>(slotCountOf(object), 1) << WORD_SHIFT);
}

// One bit for each class index, set where the class table has a class, in the upper half of the stack pages.

function classBits(): Address {
  return stackPagesEnd - (CLASS_TABLE_ROOT_SLOTS << CLASS_TABLE_PAGE_SHIFT) / 8;
}

// @ts-ignore: decorator
@inline
function isKnownClassIndex(index: u32, bits: Address): bool {
  return ((load<u8>(bits + (index >> 3)) >> (index & 7)) & 1) != 0;
}

function setKnownClassIndex(index: u32, bits: Address): void {
  const byte = bits + (index >> 3);
  store<u8>(byte, <u8>((<u32>load<u8>(byte)) | ((<u32>1) << (index & 7))));
}

function checkClassTable(): bool {
  const nil = firstObject(0);
  const roots = firstObject(4);
  if (formatOf(roots) != FORMAT_ARRAY || slotCountOf(roots) < CLASS_TABLE_ROOT_SLOTS + HIDDEN_ROOT_SLOTS) {
    return damaged(IMAGE_BAD_CLASS_TABLE, roots);
  }
  const bits = classBits();
  memory.fill(bits, 0, stackPagesEnd - bits);
  for (let major: u32 = 0; major < CLASS_TABLE_ROOT_SLOTS; major++) {
    const page = fetchPointer(major, roots);
    if (page == nil) continue;
    if (!isPointersObject(page, CLASS_TABLE_PAGE_SLOTS) || formatOf(<Address>page) != FORMAT_ARRAY) {
      return damaged(IMAGE_BAD_CLASS_TABLE, roots);
    }
    for (let minor: u32 = 0; minor < CLASS_TABLE_PAGE_SLOTS; minor++) {
      const entry = fetchPointer(minor, page);
      if (entry == nil) continue;
      if (!isClassLike(entry)) return damaged(IMAGE_BAD_CLASS_TABLE, <Address>page);
      const index = (major << CLASS_TABLE_PAGE_SHIFT) + minor;
      setKnownClassIndex(index, bits);
    }
  }
  return true;
}

function checkAllObjects(end: Address): bool {
  const bits = classBits();
  const nil = firstObject(0);
  let place = oldSpaceStart;
  while (place < end) {
    const object = objectAt(place);
    place = placeAfter(object);
    const classIndex = classIndexOf(object);
    if (classIndex <= LAST_CLASS_INDEX_PUN) continue;
    if (!isKnownClassIndex(classIndex, bits)) return damaged(IMAGE_BAD_CLASS_INDEX, object);
    const code = checkObject(object, classIndex, nil);
    if (code != 0) return damaged(code, object);
  }
  return true;
}

function checkClasses(): bool {
  const nil = firstObject(0);
  const roots = firstObject(4);
  for (let major: u32 = 0; major < CLASS_TABLE_ROOT_SLOTS; major++) {
    const page = fetchPointer(major, roots);
    if (page == nil) continue;
    for (let minor: u32 = 0; minor < CLASS_TABLE_PAGE_SLOTS; minor++) {
      const entry = fetchPointer(minor, page);
      if (entry == nil) continue;
      const code = checkClass(entry, nil);
      if (code != 0) return damaged(code, <Address>entry);
    }
  }
  return true;
}

function isPointersObject(oop: Oop, slots: u32): bool {
  return isObject(oop) && isPointersFormat(formatOf(<Address>oop)) && slotCountOf(<Address>oop) >= slots;
}

function checkSpecialObjects(special: Address): bool {
  if (!isPointersObject(special, SPECIAL_CLASS_LARGE_NEGATIVE + 1)) return damaged(IMAGE_BAD_SPECIAL_OBJECTS, special);
  const firstAreThemselves =
    fetchPointer(SPECIAL_NIL, special) == firstObject(0) &&
    fetchPointer(SPECIAL_FALSE, special) == firstObject(1) &&
    fetchPointer(SPECIAL_TRUE, special) == firstObject(2);
  const classesAreClasses =
    isClassLike(fetchPointer(SPECIAL_CLASS_SMALL_INTEGER, special)) &&
    isClassLike(fetchPointer(SPECIAL_CLASS_BYTE_STRING, special)) &&
    isClassLike(fetchPointer(SPECIAL_CLASS_ARRAY, special)) &&
    isClassLike(fetchPointer(SPECIAL_CLASS_FLOAT, special)) &&
    isClassLike(fetchPointer(SPECIAL_CLASS_LARGE_POSITIVE, special));
  const selectors = fetchPointer(SPECIAL_SELECTORS, special);
  const selectorsAreThere =
    isPointersObject(selectors, SPECIAL_SELECTOR_SLOTS) && isObject(fetchPointer(SPECIAL_DOES_NOT_UNDERSTAND, special));
  if (!firstAreThemselves || !classesAreClasses || !selectorsAreThere) {
    return damaged(IMAGE_BAD_SPECIAL_OBJECTS, special);
  }
  return checkScheduler(special);
}

function checkScheduler(special: Address): bool {
  const association = fetchPointer(SPECIAL_SCHEDULER, special);
  if (!isPointersObject(association, 2)) return damaged(IMAGE_BAD_PROCESS, special);
  const scheduler = fetchPointer(1, association);
  if (!isPointersObject(scheduler, SCHEDULER_ACTIVE_PROCESS + 1))
    return damaged(IMAGE_BAD_PROCESS, <Address>association);
  if (!isPointersObject(fetchPointer(SCHEDULER_ACTIVE_PROCESS, scheduler), PROCESS_MY_LIST + 1)) {
    return damaged(IMAGE_BAD_PROCESS, <Address>scheduler);
  }
  const lists = fetchPointer(SCHEDULER_LISTS, scheduler);
  if (!isPointersObject(lists, 1)) return damaged(IMAGE_BAD_PROCESS, <Address>scheduler);
  const count = slotCountOf(<Address>lists);
  for (let i: u32 = 0; i < count; i++) {
    if (!isProcessList(fetchPointer(i, lists))) return damaged(IMAGE_BAD_PROCESS, <Address>lists);
  }
  return true;
}

/** A list whose links are processes and come to an end at the last link. */
function isProcessList(list: Oop): bool {
  if (!isPointersObject(list, LIST_LAST_LINK + 1)) return false;
  const nil = <Oop>firstObject(0);
  let last = nil;
  let link = fetchPointer(LIST_FIRST_LINK, list);
  for (let i: u32 = 0; link != nil; i++) {
    if (i == MAX_LIST_LENGTH || !isPointersObject(link, PROCESS_MY_LIST + 1)) return false;
    last = link;
    link = fetchPointer(LINK_NEXT, link);
  }
  return last == fetchPointer(LIST_LAST_LINK, list);
}
