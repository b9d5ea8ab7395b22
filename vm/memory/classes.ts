// The class table: class index to class and back. A class's identity hash is its index (Spur).

import {
  CLASS_INDEX_ARRAY_PUN,
  CLASS_TABLE_PAGE_SHIFT,
  CLASS_TABLE_PAGE_SLOTS,
  CLASS_TABLE_ROOT_SLOTS,
  FORMAT_ARRAY,
  TAG_MASK,
} from "../layout";
import { allocateOldSlots, fillSlots } from "./allocation";
import { classIndexOf, isMarked, rawHashOf, setRawHash } from "./header";
import { fetchPointer, storePointer } from "./object";
import { Address, isImmediate, Oop } from "./oop";
import { hiddenRoots, nil } from "./roots";
import { followForwarded } from "./walk";

/** The class with this index; nil where none has it. */
// @ts-ignore: decorator
@inline
export function classAtIndex(classIndex: u32): Oop {
  const page = fetchPointer(classIndex >> CLASS_TABLE_PAGE_SHIFT, hiddenRoots);
  if (page == nil) return nil;
  return fetchPointer(classIndex & (CLASS_TABLE_PAGE_SLOTS - 1), page);
}

/** The class index of anything: an immediate's tag, or the header's field. */
// @ts-ignore: decorator
@inline
export function classIndexOfOop(oop: Oop): u32 {
  const tag = (<u32>oop) & TAG_MASK;
  return tag != 0 ? tag : classIndexOf(<Address>oop);
}

/** The class of anything. */
export function classOf(oop: Oop): Oop {
  return classAtIndex(classIndexOfOop(oop));
}

/** The index that instances of a class carry, given to the class on first use; 0 without memory for it. */
export function classIndexForInstancesOf(classObject: Oop): u32 {
  const hash = rawHashOf(<Address>classObject);
  if (isInClassTable(classObject)) return hash;
  return enterIntoClassTable(classObject);
}

/** Where the search for a free index starts: every entry from the second page up to here is in use. */
let firstFreeIndex: u32 = CLASS_TABLE_PAGE_SLOTS;

/**
 * Enters a class at the first free index; answers it, or 0 where the table is full or memory is out
 * (SpurMemoryManager>>enterIntoClassTable:). The first page is reserved for immediates, puns and the fixed classes.
 */
export function enterIntoClassTable(classObject: Oop): u32 {
  for (let index = firstFreeIndex; index < CLASS_TABLE_ROOT_SLOTS << CLASS_TABLE_PAGE_SHIFT; index++) {
    let page = fetchPointer(index >> CLASS_TABLE_PAGE_SHIFT, hiddenRoots);
    if (page == nil) {
      page = newClassTablePage();
      if (page == 0) return 0;
      storePointer(index >> CLASS_TABLE_PAGE_SHIFT, hiddenRoots, page);
    }
    if (fetchPointer(index & (CLASS_TABLE_PAGE_SLOTS - 1), page) != nil) continue;
    storePointer(index & (CLASS_TABLE_PAGE_SLOTS - 1), page, classObject);
    setRawHash(<Address>classObject, index);
    firstFreeIndex = index + 1;
    return index;
  }
  return 0;
}

/** Puts a class at an index of the class table whose page exists; false where none does. */
export function setClassAtIndex(classIndex: u32, classObject: Oop): bool {
  const page = fetchPointer(classIndex >> CLASS_TABLE_PAGE_SHIFT, hiddenRoots);
  if (page == nil) return false;
  storePointer(classIndex & (CLASS_TABLE_PAGE_SLOTS - 1), page, classObject);
  if (classObject == nil && classIndex >= CLASS_TABLE_PAGE_SLOTS) firstFreeIndex = min(firstFreeIndex, classIndex);
  return true;
}

/** Whether a class is in the table at the index that is its identity hash. */
export function isInClassTable(object: Oop): bool {
  const hash = rawHashOf(<Address>object);
  return hash != 0 && classAtIndex(hash) == object;
}

/** One past the highest index that has a page. */
export function classTableLimit(): u32 {
  let pages = CLASS_TABLE_ROOT_SLOTS;
  while (pages > 1 && fetchPointer(pages - 1, hiddenRoots) == nil) pages--;
  return pages << CLASS_TABLE_PAGE_SHIFT;
}

/**
 * While marks stand: drops the classes that nothing refers to and no object is an instance of, and second entries
 * that one-way become left (SpurMemoryManager>>expungeDuplicateAndUnmarkedClasses:). The first page stays.
 */
export function expungeClasses(): void {
  const limit = classTableLimit();
  for (let index: u32 = CLASS_TABLE_PAGE_SLOTS; index < limit; index++) {
    const classObject = classAtIndex(index);
    if (classObject == nil) continue;
    if (isMarked(<Address>classObject)) {
      if (!isInClassTable(classObject)) setRawHash(<Address>classObject, index);
      if (rawHashOf(<Address>classObject) == index) continue;
    }
    setClassAtIndex(index, nil);
  }
}

/** After a become: replaces forwarders in the table and drops classes that lost their index (postBecomeScanClassTable:). */
export function followClassTable(): void {
  const limit = classTableLimit();
  for (let index: u32 = 0; index < limit; index++) {
    const entry = classAtIndex(index);
    if (entry == nil) continue;
    const classObject = followForwarded(entry);
    if (isImmediate(classObject) || rawHashOf(<Address>classObject) == 0) setClassAtIndex(index, nil);
    else if (classObject != entry) setClassAtIndex(index, classObject);
  }
}

function newClassTablePage(): Oop {
  const page = allocateOldSlots(CLASS_TABLE_PAGE_SLOTS, FORMAT_ARRAY, CLASS_INDEX_ARRAY_PUN);
  if (page != 0) fillSlots(page, CLASS_TABLE_PAGE_SLOTS, nil);
  return page;
}
