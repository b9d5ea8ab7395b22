// What a converted image needs to know of its new word size: 32-bit images have no immediate floats, so often no class
// for them in the class table, and remember that a word has four bytes.

import {
  ASSOCIATION_KEY,
  ASSOCIATION_VALUE,
  CLASS_FORMAT,
  CLASS_INDEX_FLOAT,
  CLASS_NAME,
  CLASS_TABLE_PAGE_SLOTS,
  CLASS_TABLE_ROOT_SLOTS,
  FORMAT_FIXED,
  HEADER_BYTES,
  METACLASS_THIS_CLASS,
  OVERFLOW_SLOT_COUNT,
  TAG_SMALL_FLOAT,
  WORD_SHIFT,
} from "../layout";
import { classAtIndex } from "../memory/classes";
import { formatOf, isBytesFormat, isPointersFormat, rawHashOf, setRawHash, slotCountOf } from "../memory/header";
import { bodyOf, byteSizeOf, fetchPointer, storePointer, storePointerUnchecked } from "../memory/object";
import { Address, isObject, isSmallInteger, Oop, smallInteger } from "../memory/oop";
import { hiddenRoots, nil } from "../memory/roots";

/** "SmallFloat64" */
const NAME = <Address>memory.data<u8>([0x53, 0x6d, 0x61, 0x6c, 0x6c, 0x46, 0x6c, 0x6f, 0x61, 0x74, 0x36, 0x34]);
const NAME_BYTES: u32 = 12;

/** "WordSize" */
const WORD_SIZE = <Address>memory.data<u8>([0x57, 0x6f, 0x72, 0x64, 0x53, 0x69, 0x7a, 0x65]);
const WORD_SIZE_BYTES: u32 = 8;
const OLD_WORD_SIZE: i64 = 4;
/** Slots of the largest variable binding in use. */
const MAX_BINDING_SLOTS: u32 = 4;

/**
 * Sets the class variable WordSize to nil, where Squeak and Cuis keep what the virtual machine answered once
 * (SystemDictionary>>wordSize, whose comment expects it of whoever converts the image): they ask again then.
 */
export function forgetWordSize(start: Address, end: Address): void {
  for (let place = start; place < end;) {
    const object = load<u8>(place, 7) == OVERFLOW_SLOT_COUNT ? place + HEADER_BYTES : place;
    const slots = slotCountOf(object);
    place = object + HEADER_BYTES + (max<u32>(slots, 1) << WORD_SHIFT);
    if (formatOf(object) != FORMAT_FIXED || slots <= ASSOCIATION_VALUE || slots > MAX_BINDING_SLOTS) continue;
    if (fetchPointer(ASSOCIATION_VALUE, object) != smallInteger(OLD_WORD_SIZE)) continue;
    if (!isText(fetchPointer(ASSOCIATION_KEY, object), WORD_SIZE, WORD_SIZE_BYTES)) continue;
    storePointerUnchecked(ASSOCIATION_VALUE, object, nil);
  }
}

/** Makes class SmallFloat64 that of immediate floats where the image has one, else the class of boxed ones. */
export function defineSmallFloatClass(): void {
  if (classAtIndex(TAG_SMALL_FLOAT) != nil) return;
  let found = findSmallFloatClass();
  if (found == nil) found = classAtIndex(CLASS_INDEX_FLOAT);
  if (found == nil) return;
  storePointer(TAG_SMALL_FLOAT, fetchPointer(0, hiddenRoots), found);
  if (rawHashOf(<Address>found) == 0) setRawHash(<Address>found, TAG_SMALL_FLOAT);
}

/** A class without instances is in the table only by its metaclass, whose instance it is. */
function findSmallFloatClass(): Oop {
  for (let major: u32 = 0; major < CLASS_TABLE_ROOT_SLOTS; major++) {
    const page = fetchPointer(major, hiddenRoots);
    if (page == nil) continue;
    for (let minor: u32 = 0; minor < CLASS_TABLE_PAGE_SLOTS; minor++) {
      const entry = fetchPointer(minor, page);
      if (entry == nil) continue;
      if (hasName(entry)) return entry;
      if (slotCountOf(<Address>entry) <= METACLASS_THIS_CLASS) continue;
      const instance = fetchPointer(METACLASS_THIS_CLASS, entry);
      if (hasName(instance)) return instance;
    }
  }
  return nil;
}

function hasName(oop: Oop): bool {
  if (!isObject(oop) || !isPointersFormat(formatOf(<Address>oop)) || slotCountOf(<Address>oop) <= CLASS_NAME)
    return false;
  if (!isSmallInteger(fetchPointer(CLASS_FORMAT, oop))) return false;
  return isText(fetchPointer(CLASS_NAME, oop), NAME, NAME_BYTES);
}

/** Whether an oop is an object of just these bytes. */
function isText(oop: Oop, text: Address, bytes: u32): bool {
  if (!isObject(oop) || !isBytesFormat(formatOf(<Address>oop)) || byteSizeOf(oop) != bytes) return false;
  return memory.compare(<usize>bodyOf(oop), text, bytes) == 0;
}
