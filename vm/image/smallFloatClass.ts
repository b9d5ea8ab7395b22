// 32-bit images have no immediate floats, so often no class for them in the class table. One is entered.

import {
  CLASS_FORMAT,
  CLASS_INDEX_FLOAT,
  CLASS_NAME,
  CLASS_TABLE_PAGE_SLOTS,
  CLASS_TABLE_ROOT_SLOTS,
  METACLASS_THIS_CLASS,
  TAG_SMALL_FLOAT,
} from "../layout";
import { classAtIndex } from "../memory/classes";
import { formatOf, isBytesFormat, isPointersFormat, rawHashOf, setRawHash, slotCountOf } from "../memory/header";
import { byteSizeOf, fetchByte, fetchPointer, storePointer } from "../memory/object";
import { Address, isObject, isSmallInteger, Oop } from "../memory/oop";
import { hiddenRoots, nil } from "../memory/roots";

const NAME = <Address>memory.data<u8>([0x53, 0x6d, 0x61, 0x6c, 0x6c, 0x46, 0x6c, 0x6f, 0x61, 0x74, 0x36, 0x34]);
const NAME_BYTES: u32 = 12;

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
  const name = fetchPointer(CLASS_NAME, oop);
  if (!isObject(name) || !isBytesFormat(formatOf(<Address>name)) || byteSizeOf(name) != NAME_BYTES) return false;
  for (let i: u32 = 0; i < NAME_BYTES; i++) if (fetchByte(i, name) != load<u8>(NAME + i)) return false;
  return true;
}
