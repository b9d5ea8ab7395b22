// The mourn queue: ephemerons whose keys died, waiting for the image to fetch them. It has Spur's form, so that a
// snapshot carries it: pages of 64-bit words chained from a hidden root (SpurMemoryManager>>queueMourner:).
//
// A page: count | its hidden root's slot | a spare page or 0 | the next page or 0 | oops

import {
  CLASS_INDEX_WORDS64_PUN,
  CLASS_TABLE_ROOT_SLOTS,
  FORMAT_WORDS64,
  HIDDEN_ROOT_MOURN_QUEUE,
  HIDDEN_ROOT_SLOTS,
} from "../layout";
import { allocateOldSlots, fillSlots } from "./allocation";
import { slotCountOf } from "./header";
import { fetchPointer, storePointerUnchecked } from "./object";
import { Address, Oop } from "./oop";
import { hiddenRoots, nil } from "./roots";

const PAGE_COUNT: u32 = 0;
const PAGE_ROOT: u32 = 1;
const PAGE_SPARE: u32 = 2;
const PAGE_NEXT: u32 = 3;
const PAGE_FIRST: u32 = 4;
/** As in Spur (ObjStackPageSlots). */
const PAGE_SLOTS: u32 = 4092;
const QUEUE_SLOT: u32 = CLASS_TABLE_ROOT_SLOTS + HIDDEN_ROOT_MOURN_QUEUE;

/** Finalizations since the interpreter last signalled the semaphore: fired ephemerons and weak objects with losses. */
export let mournersPending: u32 = 0;
/** Whether weak objects that lost a referent are queued too, as images with the newer finalization want it. */
export let queuesWeakObjects: bool = false;

export function setQueuesWeakObjects(flag: bool): void {
  queuesWeakObjects = flag;
}

/** The finalization semaphore has been signalled. */
export function clearMournersPending(): void {
  mournersPending = 0;
}

export function notePendingMourner(): void {
  mournersPending++;
}

/** Queues an object; false without memory for another page. */
export function pushMourner(mourner: Oop): bool {
  let page = firstMournerPage();
  if (page == 0 || <u32>fetchPointer(PAGE_COUNT, page) >= slotCountOf(<Address>page) - PAGE_FIRST) {
    page = addPage(page);
    if (page == 0) return false;
  }
  const count = <u32>fetchPointer(PAGE_COUNT, page);
  storePointerUnchecked(PAGE_FIRST + count, page, mourner);
  storePointerUnchecked(PAGE_COUNT, page, count + 1);
  return true;
}

/** Takes an object out of the queue, the last one first; 0 where it is empty (SpurMemoryManager>>dequeueMourner). */
export function fetchMourner(): Oop {
  let page = firstMournerPage();
  if (page == 0) return 0;
  let count = <u32>fetchPointer(PAGE_COUNT, page);
  while (count == 0) {
    page = fetchPointer(PAGE_NEXT, page);
    if (page == 0) return 0;
    storePointerUnchecked(QUEUE_SLOT, hiddenRoots, page);
    count = <u32>fetchPointer(PAGE_COUNT, page);
  }
  storePointerUnchecked(PAGE_COUNT, page, count - 1);
  return fetchPointer(PAGE_FIRST + count - 1, page);
}

/** The page at the queue's hot end, 0 where there is none. */
export function firstMournerPage(): Oop {
  const page = fetchPointer(QUEUE_SLOT, hiddenRoots);
  return page == nil ? 0 : page;
}

/** The page after `page`, or 0. */
export function nextMournerPage(page: Oop): Oop {
  return fetchPointer(PAGE_NEXT, page);
}

/** Maps the queued objects. */
export function mapMourners(map: (oop: Oop) => Oop): void {
  for (let page = firstMournerPage(); page != 0; page = nextMournerPage(page)) {
    const end = PAGE_FIRST + <u32>fetchPointer(PAGE_COUNT, page);
    for (let i = PAGE_FIRST; i < end; i++) storePointerUnchecked(i, page, map(fetchPointer(i, page)));
  }
}

/** Maps the links between pages, which are about to move. The hidden root's own slot is not among them. */
export function mapMournerPageLinks(map: (oop: Oop) => Oop): void {
  let page = firstMournerPage();
  while (page != 0) {
    const next = nextMournerPage(page);
    if (next != 0) storePointerUnchecked(PAGE_NEXT, page, map(next));
    page = next;
  }
}

/** Drops what else a virtual machine keeps in the hidden roots: mark and weakling stacks, remembered sets, spare pages. */
export function forgetObjectStacks(): void {
  for (let i: u32 = 0; i < HIDDEN_ROOT_SLOTS; i++) {
    if (i != HIDDEN_ROOT_MOURN_QUEUE) storePointerUnchecked(CLASS_TABLE_ROOT_SLOTS + i, hiddenRoots, nil);
  }
  for (let page = firstMournerPage(); page != 0; page = nextMournerPage(page)) {
    storePointerUnchecked(PAGE_SPARE, page, 0);
  }
}

function addPage(next: Oop): Oop {
  const page = allocateOldSlots(PAGE_SLOTS, FORMAT_WORDS64, CLASS_INDEX_WORDS64_PUN);
  if (page == 0) return 0;
  fillSlots(page, PAGE_SLOTS, 0);
  storePointerUnchecked(PAGE_ROOT, page, QUEUE_SLOT);
  storePointerUnchecked(PAGE_NEXT, page, next);
  storePointerUnchecked(QUEUE_SLOT, hiddenRoots, page);
  return page;
}
