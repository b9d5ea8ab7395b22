// Become: exchanging identities by forwarders, as Spur does (SpurMemoryManager>>become:with:twoWay:copyHash:). An
// object that became another turns into a forwarder; references to it are replaced when met: at once in the roots,
// the stack, the class table, the scheduler's lists and the special objects, elsewhere by whoever reads them
// (`followForwarded`, `followField`) and by the next full collection.

import {
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_RECEIVER,
  ERROR_INAPPROPRIATE,
  ERROR_NO_MEMORY,
  ERROR_NO_MODIFICATION,
  ERROR_NONE,
  ERROR_OBJECT_IS_PINNED,
  FORMAT_ARRAY,
  HASH_MASK,
  REMEMBERED_SHIFT,
  WORD_SHIFT,
} from "../layout";
import { allocateOldSlots, allocateSlots } from "./allocation";
import { followClassTable, isInClassTable, setClassAtIndex } from "./classes";
import {
  classIndexOf,
  formatOf,
  headerHigh,
  headerLow,
  isPinned,
  isReadOnly,
  isRemembered,
  rawHashOf,
  setHeaderHigh,
  setHeaderLow,
  setPinned,
  setRawHash,
  setReadOnly,
  slotCountOf,
} from "./header";
import { isYoung, isYoungObject } from "./map";
import { mapMourners } from "./mourners";
import { bodyOf, fetchPointer, storePointer, storePointerUnchecked, writeBarrier } from "./object";
import { reserveOldSpace } from "./oldspace";
import { Address, isImmediate, Oop } from "./oop";
import { remember } from "./remembered";
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
import { followScheduler } from "./schedulerlists";
import { mapStackPages } from "./stack";
import { followForwarded, liveSlotCountOf, makeForwarder, objectBytes } from "./walk";

/** Whether there may be forwarders in memory: set by become and pin, cleared by a full collection. */
export let forwardersExist: bool = false;

export function forgetForwarders(): void {
  forwardersExist = false;
}

/**
 * Each element of `from` becomes the one at the same place of `to`, and with `twoWay` the other way round too. With
 * `copyHash` identity hashes stay with the references, else with the objects. Answers 0 or an ERROR_… code; nothing has
 * changed then. Contexts among the elements must be single, not married; the caller flushes caches of methods and
 * classes. Does not collect.
 */
export function become(from: Oop, to: Oop, twoWay: bool, copyHash: bool): u32 {
  if (!isArray(from)) return ERROR_BAD_RECEIVER;
  if (!isArray(to) || slotCountOf(<Address>from) != slotCountOf(<Address>to)) return ERROR_BAD_ARGUMENT;
  const error = checkElements(from, to, twoWay, copyHash);
  if (error != ERROR_NONE) return error;

  forwardersExist = true;
  const count = slotCountOf(<Address>from);
  for (let i: u32 = 0; i < count; i++) {
    // An element may have become another earlier in the same arrays.
    const first = followField(i, from);
    const second = followField(i, to);
    if (first == second || isImmediate(first)) continue;
    if (twoWay) {
      if (!isImmediate(second)) becomeBoth(<Address>first, <Address>second, copyHash);
      followField(i, to);
    } else {
      becomeForward(<Address>first, second, copyHash);
    }
    followField(i, from);
  }
  unforwardRoots();
  return ERROR_NONE;
}

/** Replaces forwarders wherever nobody looks for them: roots, stack, class table, special objects, scheduler lists. */
export function unforwardRoots(): void {
  setSpecialObjects(followForwarded(specialObjects));
  followFields(specialObjects);
  for (let word = rootWordsStart(); word < rootWordsEnd(); word += 8) {
    if (load<u64>(word) != 0) store<u64>(word, followForwarded(load<u64>(word)));
  }
  mapStackPages(followForwarded);
  mapMourners(followForwarded);
  followClassTable();
  followScheduler();
}

/** A slot of an object; where it refers to a forwarder, the slot is set to what that stands for. */
export function followField(index: u32, object: Oop): Oop {
  const oop = fetchPointer(index, object);
  const followed = followForwarded(oop);
  if (followed != oop) storePointer(index, object, followed);
  return followed;
}

/** Follows every slot of an object. */
export function followFields(object: Oop): void {
  const count = liveSlotCountOf(<Address>object);
  for (let i: u32 = 0; i < count; i++) followField(i, object);
}

/**
 * Pins an object; answers its oop, which is another where it was young (a forwarder stays in the old place), or 0
 * without memory (SpurMemoryManager>>pinObject:).
 */
export function pin(object: Oop): Oop {
  if (!isYoungObject(<Address>object)) {
    setPinned(<Address>object, true);
    return object;
  }
  const count = slotCountOf(<Address>object);
  const clone = allocateOldSlots(count, formatOf(<Address>object), classIndexOf(<Address>object));
  if (clone == 0) return 0;
  copySlots(object, clone);
  setRawHash(<Address>clone, rawHashOf(<Address>object));
  setReadOnly(<Address>clone, isReadOnly(<Address>object));
  setPinned(<Address>clone, true);
  makeForwarder(<Address>object, clone);
  forwardersExist = true;
  unforwardRoots();
  return clone;
}

export function unpin(object: Oop): void {
  setPinned(<Address>object, false);
}

function isArray(oop: Oop): bool {
  return !isImmediate(oop) && formatOf(<Address>oop) == FORMAT_ARRAY;
}

/** SpurMemoryManager>>containsOnlyValidBecomeObjects:and:twoWay:copyHash:. */
function checkElements(from: Oop, to: Oop, twoWay: bool, copyHash: bool): u32 {
  let bytes: u64 = 0;
  for (let i: i32 = <i32>slotCountOf(<Address>from) - 1; i >= 0; i--) {
    const first = followForwarded(fetchPointer(i, from));
    const second = followForwarded(fetchPointer(i, to));
    let error = checkElement(first);
    if (error != ERROR_NONE) return error;
    if (!twoWay) {
      if (copyHash && (isImmediate(second) || isReadOnly(<Address>second))) return ERROR_INAPPROPRIATE;
      continue;
    }
    error = checkElement(second);
    if (error != ERROR_NONE) return error;
    bytes += <u64>objectBytes(<Address>first) + objectBytes(<Address>second) + 16;
  }
  return bytes == 0 || (bytes < <u64>u32.MAX_VALUE && reserveOldSpace(<u32>bytes)) ? ERROR_NONE : ERROR_NO_MEMORY;
}

function checkElement(oop: Oop): u32 {
  if (isImmediate(oop)) return ERROR_INAPPROPRIATE;
  if (oop == nil || oop == falseObject || oop == trueObject || oop == hiddenRoots) return ERROR_INAPPROPRIATE;
  if (isPinned(<Address>oop)) return ERROR_OBJECT_IS_PINNED;
  return isReadOnly(<Address>oop) ? ERROR_NO_MODIFICATION : ERROR_NONE;
}

/** SpurMemoryManager>>doBecome:to:copyHash:. A class without an index takes over that of the class it replaces. */
function becomeForward(object: Address, target: Oop, copyHash: bool): void {
  const hash = rawHashOf(object);
  if (!isImmediate(target)) {
    const replacesClass = rawHashOf(<Address>target) == 0 && isInClassTable(object);
    if (copyHash || replacesClass) setRawHash(<Address>target, hash);
  }
  forward(object, target);
}

/** SpurMemoryManager>>doBecome:and:copyHash:. */
function becomeBoth(first: Address, second: Address, copyHash: bool): void {
  const firstIndex = isInClassTable(first) ? rawHashOf(first) : 0;
  const secondIndex = isInClassTable(second) ? rawHashOf(second) : 0;
  if (slotCountOf(first) == slotCountOf(second) && firstIndex == 0 && secondIndex == 0) {
    swapContents(first, second, copyHash);
    return;
  }
  const firstClone = <Address>cloneOf(first);
  const secondClone = <Address>cloneOf(second);
  assert(firstClone != 0 && secondClone != 0, "become: the memory that was reserved is missing");
  setRawHash(firstClone, rawHashOf(copyHash ? first : second));
  setRawHash(secondClone, rawHashOf(copyHash ? second : first));
  forward(first, secondClone);
  forward(second, firstClone);
  // Hashes that stay with the references leave the class table right once its forwarders are followed.
  if (!copyHash) return;
  if (firstIndex != 0) setClassAtIndex(firstIndex, firstClone);
  if (secondIndex != 0) setClassAtIndex(secondIndex, secondClone);
}

/** Exchanges headers (but for the remembered bit) and slots of two objects of one size (inPlaceBecome:and:copyHashFlag:). */
function swapContents(first: Address, second: Address, copyHash: bool): void {
  const low = (headerLow(first) ^ headerLow(second)) & ~(1 << REMEMBERED_SHIFT);
  setHeaderLow(first, headerLow(first) ^ low);
  setHeaderLow(second, headerLow(second) ^ low);
  const high = (headerHigh(first) ^ headerHigh(second)) & (copyHash ? u32.MAX_VALUE : ~HASH_MASK);
  setHeaderHigh(first, headerHigh(first) ^ high);
  setHeaderHigh(second, headerHigh(second) ^ high);
  const count = max<u32>(slotCountOf(first), 1);
  for (let i: u32 = 0; i < count; i++) {
    const oop = fetchPointer(i, first);
    storePointerUnchecked(i, first, fetchPointer(i, second));
    storePointerUnchecked(i, second, oop);
  }
  rememberIfYoungWithin(first);
  rememberIfYoungWithin(second);
}

function rememberIfYoungWithin(object: Address): void {
  if (isYoungObject(object) || isRemembered(object)) return;
  const count = liveSlotCountOf(object);
  for (let i: u32 = 0; i < count; i++) {
    if (!isYoung(fetchPointer(i, object))) continue;
    remember(object);
    return;
  }
}

function forward(object: Address, target: Oop): void {
  makeForwarder(object, target);
  writeBarrier(object, target);
}

function cloneOf(object: Oop): Oop {
  const clone = allocateSlots(slotCountOf(<Address>object), formatOf(<Address>object), classIndexOf(<Address>object));
  if (clone != 0) copySlots(object, clone);
  return clone;
}

function copySlots(object: Oop, clone: Oop): void {
  memory.copy(bodyOf(clone), bodyOf(object), slotCountOf(<Address>object) << WORD_SHIFT);
  rememberIfYoungWithin(<Address>clone);
}
