// What the tests of the object memory see of it, compiled to a module of its own: a small heap with a few classes,
// made without an image, and the memory's own functions.

import {
  CLASS_FORMAT,
  CLASS_FORMAT_FORMAT_SHIFT,
  CLASS_INDEX_ARRAY,
  CLASS_INDEX_ARRAY_PUN,
  CLASS_INDEX_BYTE_ARRAY,
  CLASS_INDEX_CONTEXT,
  CLASS_TABLE_PAGE_SLOTS,
  CLASS_TABLE_ROOT_SLOTS,
  FORMAT_ARRAY,
  FORMAT_BYTES,
  FORMAT_COMPILED_METHOD,
  FORMAT_EPHEMERON,
  FORMAT_FIXED,
  FORMAT_FIXED_AND_INDEXABLE,
  FORMAT_WEAK_ARRAY,
  FORMAT_WORDS64,
  FREE_LIST_COUNT,
  HIDDEN_ROOT_SLOTS,
} from "../../vm/layout";
import { allocateOldSlots, fillSlots, instantiate, resetEden } from "../../vm/memory/allocation";
import { setRawHash } from "../../vm/memory/header";
import * as frames from "../../vm/memory/frames";
import { edenStart, layOutMemory, oldSpaceStart } from "../../vm/memory/map";
import { storePointer } from "../../vm/memory/object";
import { adoptOldSpace, oldSpaceEnd, setOldSpaceEnd } from "../../vm/memory/oldspace";
import { Address, Oop, smallInteger } from "../../vm/memory/oop";
import { hiddenRoots, newRootWord, nil, setFirstObjects, setSpecialObjects } from "../../vm/memory/roots";

export { allocateOldSlots, allocateSlots, fullCollectionWanted, scavengeWanted } from "../../vm/memory/allocation";
export { become, forwardersExist, pin, unforwardRoots, unpin } from "../../vm/memory/become";
export { classAtIndex, classIndexForInstancesOf, enterIntoClassTable } from "../../vm/memory/classes";
export {
  bytesLeft,
  collectAll,
  collectYoung,
  lowSpace,
  objectsMoved,
  prepareForSnapshot,
  setLowSpaceThresholdBytes,
} from "../../vm/memory/collector";
export {
  allInstancesOf,
  allObjects,
  countObjects,
  firstObject,
  nextObject,
  objectPointsTo,
} from "../../vm/memory/enumeration";
export { freeListBytes, largestFreeChunkBytes } from "../../vm/memory/freelists";
export { identityHashOf } from "../../vm/memory/hash";
export { classIndexOf, formatOf, isForwarded, isPinned, setReadOnly, slotCountOf } from "../../vm/memory/header";
export { edenEnd, edenFree, isYoung, oldSpaceStart } from "../../vm/memory/map";
export { markStackOverflows } from "../../vm/memory/marker";
export { fetchMourner, mournersPending, setQueuesWeakObjects } from "../../vm/memory/mourners";
export { fetchPointer, storePointer } from "../../vm/memory/object";
export {
  fitOldSpace,
  maxOldSpaceBytes,
  oldSpaceEnd,
  setMaxOldSpaceBytes,
  usedOldSpaceBytes,
} from "../../vm/memory/oldspace";
export { rememberedCount, rememberedOverflow } from "../../vm/memory/remembered";
export { hiddenRoots, nil, specialObjects } from "../../vm/memory/roots";
export { followForwarded } from "../../vm/memory/walk";
export { verifyHeap } from "../../vm/memory/verifier";
export { compactionCount, fullCollectionCount, scavengeCount, tenureCount } from "../../vm/memory/statistics";

const SPECIAL_COUNT: u32 = 60;
const CLASS_SLOTS: u32 = 7;

/** A root word that holds the tests' Array of roots. */
export let rootsWord: Address = 0;

/** Makes a heap with nil, false, true, classes and an Array of `rootCount` roots. False without memory. */
export function createHeap(edenBytes: u32, rootCount: u32): bool {
  if (!layOutMemory(edenBytes, 1 << 20)) return false;
  frames.initializePages();
  setOldSpaceEnd(oldSpaceStart);
  const nilObject = allocateOldSlots(0, 0, CLASS_TABLE_PAGE_SLOTS);
  const falseObject = allocateOldSlots(0, 0, CLASS_TABLE_PAGE_SLOTS);
  const trueObject = allocateOldSlots(0, 0, CLASS_TABLE_PAGE_SLOTS);
  const lists = allocateOldSlots(FREE_LIST_COUNT, FORMAT_WORDS64, 19);
  fillSlots(lists, FREE_LIST_COUNT, 0);
  const hidden = allocateOldSlots(CLASS_TABLE_ROOT_SLOTS + HIDDEN_ROOT_SLOTS, FORMAT_ARRAY, CLASS_INDEX_ARRAY_PUN);
  fillSlots(hidden, CLASS_TABLE_ROOT_SLOTS + HIDDEN_ROOT_SLOTS, nilObject);
  setFirstObjects(<Address>nilObject, <Address>falseObject, <Address>trueObject, <Address>hidden);
  for (let i: u32 = 0; i < 2; i++) {
    const page = allocateOldSlots(CLASS_TABLE_PAGE_SLOTS, FORMAT_ARRAY, CLASS_INDEX_ARRAY_PUN);
    fillSlots(page, CLASS_TABLE_PAGE_SLOTS, nil);
    storePointer(i, hidden, page);
  }
  const special = allocateOldSlots(SPECIAL_COUNT, FORMAT_ARRAY, CLASS_INDEX_ARRAY);
  fillSlots(special, SPECIAL_COUNT, nil);
  setSpecialObjects(special);

  keep(newClass(CLASS_TABLE_PAGE_SLOTS, FORMAT_FIXED, CLASS_SLOTS));
  newClass(CLASS_INDEX_ARRAY, FORMAT_ARRAY, 0);
  newClass(CLASS_INDEX_BYTE_ARRAY, FORMAT_BYTES, 0);
  newClass(CLASS_INDEX_CONTEXT, FORMAT_FIXED_AND_INDEXABLE, 6);
  keep(newClass(CLASS_TABLE_PAGE_SLOTS + 1, FORMAT_FIXED, 2));
  keep(newClass(CLASS_TABLE_PAGE_SLOTS + 2, FORMAT_WEAK_ARRAY, 0));
  keep(newClass(CLASS_TABLE_PAGE_SLOTS + 3, FORMAT_EPHEMERON, 2));
  keep(newClass(CLASS_TABLE_PAGE_SLOTS + 4, FORMAT_COMPILED_METHOD, 0));
  keep(newClass(CLASS_TABLE_PAGE_SLOTS + 5, FORMAT_WEAK_ARRAY, 1));
  const roots = allocateOldSlots(rootCount, FORMAT_ARRAY, CLASS_INDEX_ARRAY);
  fillSlots(roots, rootCount, nil);
  rootsWord = newRootWord();
  store<u64>(rootsWord, roots);
  resetEden(edenStart);
  adoptOldSpace(oldSpaceEnd);
  return true;
}

/** Makes a class object in old space and enters it at a fixed index. */
function newClass(index: u32, format: u32, instanceSlots: u32): Oop {
  const newOne = allocateOldSlots(CLASS_SLOTS, FORMAT_FIXED, CLASS_TABLE_PAGE_SLOTS);
  fillSlots(newOne, CLASS_SLOTS, nil);
  storePointer(CLASS_FORMAT, newOne, smallInteger((format << CLASS_FORMAT_FORMAT_SHIFT) | instanceSlots));
  setRawHash(<Address>newOne, index);
  const page = load<u64>(<Address>hiddenRoots + 8 + ((index / CLASS_TABLE_PAGE_SLOTS) << 3));
  storePointer(index % CLASS_TABLE_PAGE_SLOTS, page, newOne);
  return newOne;
}

/** The class table alone keeps no class alive. */
function keep(oop: Oop): void {
  store<u64>(newRootWord(), oop);
}

export function roots(): Oop {
  return load<u64>(rootsWord);
}

export function setRoots(oop: Oop): void {
  store<u64>(rootsWord, oop);
}

export function newInstance(classObject: Oop): Oop {
  return instantiate(classObject, 0);
}

export function newClassObject(format: u32, instanceSlots: u32): Oop {
  const newOne = allocateOldSlots(CLASS_SLOTS, FORMAT_FIXED, CLASS_TABLE_PAGE_SLOTS);
  fillSlots(newOne, CLASS_SLOTS, nil);
  storePointer(CLASS_FORMAT, newOne, smallInteger((format << CLASS_FORMAT_FORMAT_SHIFT) | instanceSlots));
  return newOne;
}

/** A stack page with one base frame for `method`: receiver and two temporaries, all `oop`. Answers its fp. */
export function pushBaseFrame(method: Oop, oop: Oop, context: Oop, sender: Oop, activate: bool): Address {
  const page = frames.freePage();
  const fp = frames.pageTop(page) - 8;
  store<u64>(fp + 8, oop);
  frames.setCallerFp(fp, 0);
  frames.setSenderContextOfBase(fp, sender);
  frames.setFrameMethod(fp, method);
  frames.setCallerSp(fp, fp + 8);
  frames.setFrameFlags(fp, context == 0 ? 0 : 1);
  frames.setFrameContext(fp, context);
  frames.setFrameReceiver(fp, oop);
  store<u64>(fp - 32, oop);
  store<u64>(fp - 40, oop);
  frames.setHeadFp(page, fp);
  frames.setBaseFp(page, fp);
  frames.setHeadSp(page, fp - 40);
  frames.setHeadIp(page, <Address>method + 24);
  const active = frames.activePage;
  frames.makeActive(page);
  if (!activate && active != 0) frames.makeActive(active);
  return fp;
}

/** Puts a frame on top of the one at `fp`, as a send would. Answers the new fp. */
export function pushFrame(callerFp: Address, method: Oop, oop: Oop): Address {
  const page = frames.pageOf(callerFp);
  const callerSp = frames.headSp(page) - 8;
  const fp = callerSp - 8;
  store<u64>(callerSp, oop);
  frames.setCallerFp(fp, callerFp);
  frames.setCallerIp(fp, frames.headIp(page));
  frames.setFrameMethod(fp, method);
  frames.setCallerSp(fp, callerSp);
  frames.setFrameFlags(fp, 0);
  frames.setFrameContext(fp, 0);
  frames.setFrameReceiver(fp, oop);
  frames.setHeadFp(page, fp);
  frames.setHeadSp(page, fp - 24);
  frames.setHeadIp(page, <Address>method + 32);
  return fp;
}

export function frameWord(address: Address): u64 {
  return load<u64>(address);
}

export function frameMethodOf(fp: Address): u32 {
  return <u32>frames.frameMethod(fp);
}

export function callerIpOf(fp: Address): u32 {
  return frames.callerIp(fp);
}

export function headIpOf(fp: Address): u32 {
  return frames.headIp(frames.pageOf(fp));
}

export function isPageFree(fp: Address): bool {
  return frames.isFreePage(frames.pageOf(fp));
}
