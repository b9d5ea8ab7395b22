// The mourn queue of a 64-bit image: ephemerons whose keys died before the image was saved and that it has not fetched
// yet. It lies in objects of raw words, chained from a hidden root, whose addresses are relocated here
// (SpurMemoryManager>>swizzleObjStackAt:). Pages in use are marked, until relocation has passed them.

import {
  CLASS_INDEX_WORDS64_PUN,
  CLASS_TABLE_ROOT_SLOTS,
  FORMAT_WORDS64,
  FREE_LIST_COUNT,
  HEADER_BYTES,
  HIDDEN_ROOT_MOURN_QUEUE,
  HIDDEN_ROOT_SLOTS,
  TAG_MASK,
  WORD_SHIFT,
} from "../layout";
import { classIndexOf, formatOf, isForwarded, isMarked, setMarked, slotCountOf } from "../memory/header";
import { Address } from "../memory/oop";
import { IMAGE_BAD_CLASS_TABLE, IMAGE_BAD_OBJECT, IMAGE_BAD_REFERENCE } from "../tables/imageFaults";
import { faultAt } from "./fault";
import { imageOldBase } from "./header";
import { isObjectStart } from "./objectMap";
import { fileOffsetOf, newAddressOf } from "./segments";

// A page: count | its hidden root's slot | a spare page or 0 | the next page or 0 | oops
const PAGE_COUNT: u32 = HEADER_BYTES;
const PAGE_SPARE: u32 = HEADER_BYTES + 16;
const PAGE_NEXT: u32 = HEADER_BYTES + 24;
const PAGE_FIRST: u32 = HEADER_BYTES + 32;
const PAGE_FIXED_SLOTS: u32 = 4;

/** Relocates the queue and drops the other stacks that the virtual machine which wrote the image kept. */
export function relocateMournQueue(roots: Address): bool {
  if (slotCountOf(roots) < CLASS_TABLE_ROOT_SLOTS + HIDDEN_ROOT_SLOTS) {
    return faultAt(IMAGE_BAD_CLASS_TABLE, fileOffsetOf(roots));
  }
  const ownRoots = roots + HEADER_BYTES + (CLASS_TABLE_ROOT_SLOTS << WORD_SHIFT);
  for (let i: u32 = 0; i < HIDDEN_ROOT_SLOTS; i++) {
    // The first object is nil. The slots themselves are relocated with the rest of the object.
    if (i != HIDDEN_ROOT_MOURN_QUEUE) store<u64>(ownRoots + (i << WORD_SHIFT), imageOldBase);
  }
  let slot = ownRoots + (HIDDEN_ROOT_MOURN_QUEUE << WORD_SHIFT);
  if (load<u64>(slot) == imageOldBase) return true;
  let isLink = false;
  while (load<u64>(slot) != 0) {
    const page = newAddressOf(load<u64>(slot));
    if (!isPage(page)) return faultAt(IMAGE_BAD_OBJECT, fileOffsetOf(slot));
    if (isLink) store<u64>(slot, page);
    setMarked(page, true);
    if (!relocatePage(page)) return false;
    slot = page + PAGE_NEXT;
    isLink = true;
  }
  return true;
}

function isPage(page: Address): bool {
  if (
    !isObjectStart(page) ||
    classIndexOf(page) != CLASS_INDEX_WORDS64_PUN ||
    formatOf(page) != FORMAT_WORDS64 ||
    isMarked(page)
  )
    return false;
  const slots = slotCountOf(page);
  // The free lists have the same class and format, but fewer slots.
  return slots > FREE_LIST_COUNT && load<u64>(page + PAGE_COUNT) <= <u64>(slots - PAGE_FIXED_SLOTS);
}

function relocatePage(page: Address): bool {
  store<u64>(page + PAGE_SPARE, 0);
  const end = page + PAGE_FIRST + ((<u32>load<u64>(page + PAGE_COUNT)) << WORD_SHIFT);
  for (let slot = page + PAGE_FIRST; slot < end; slot += 8) {
    const oop = load<u64>(slot);
    if (((<u32>oop) & TAG_MASK) != 0) continue;
    const target = newAddressOf(oop);
    if (!isObjectStart(target) || isForwarded(target)) return faultAt(IMAGE_BAD_REFERENCE, fileOffsetOf(slot));
    store<u64>(slot, target);
  }
  return true;
}
