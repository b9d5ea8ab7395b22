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
import { classIndexOf, rawHashOf, setRawHash } from "./header";
import { fetchPointer, storePointer } from "./object";
import { Address, Oop } from "./oop";
import { hiddenRoots, nil } from "./roots";

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
  if (hash != 0 && classAtIndex(hash) == classObject) return hash;
  return enterIntoClassTable(classObject);
}

/** Enters a class at the first free index; answers it, or 0 where the table is full or memory is out. */
export function enterIntoClassTable(classObject: Oop): u32 {
  // The first page's low indices are reserved for immediates, puns and the fixed classes.
  for (let major: u32 = 1; major < CLASS_TABLE_ROOT_SLOTS; major++) {
    let page = fetchPointer(major, hiddenRoots);
    if (page == nil) {
      page = newClassTablePage();
      if (page == 0) return 0;
      storePointer(major, hiddenRoots, page);
    }
    for (let minor: u32 = 0; minor < CLASS_TABLE_PAGE_SLOTS; minor++) {
      if (fetchPointer(minor, page) != nil) continue;
      const index = (major << CLASS_TABLE_PAGE_SHIFT) + minor;
      storePointer(minor, page, classObject);
      setRawHash(<Address>classObject, index);
      return index;
    }
  }
  return 0;
}

function newClassTablePage(): Oop {
  const page = allocateOldSlots(CLASS_TABLE_PAGE_SLOTS, FORMAT_ARRAY, CLASS_INDEX_ARRAY_PUN);
  if (page != 0) fillSlots(page, CLASS_TABLE_PAGE_SLOTS, nil);
  return page;
}
