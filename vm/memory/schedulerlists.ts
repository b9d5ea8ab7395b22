// Follows forwarders in what the scheduler reads without looking: the process lists and the semaphores that the
// virtual machine signals (StackInterpreter>>followForwardingPointersInScheduler).

import {
  ASSOCIATION_VALUE,
  FORMAT_EPHEMERON,
  LINK_NEXT,
  LIST_FIRST_LINK,
  LIST_LAST_LINK,
  SCHEDULER_ACTIVE_PROCESS,
  SCHEDULER_LISTS,
  SPECIAL_EXTERNAL_OBJECTS,
  SPECIAL_FINALIZATION_SEMAPHORE,
  SPECIAL_INTERRUPT_SEMAPHORE,
  SPECIAL_LOW_SPACE_SEMAPHORE,
  SPECIAL_SCHEDULER,
  SPECIAL_TIMER_SEMAPHORE,
} from "../layout";
import { followField, followFields } from "./become";
import { formatOf, slotCountOf } from "./header";
import { Address, isImmediate, Oop } from "./oop";
import { nil, specialObject, specialObjects } from "./roots";

export function followScheduler(): void {
  if (slotCountOf(<Address>specialObjects) <= SPECIAL_FINALIZATION_SEMAPHORE) return;
  followList(specialObject(SPECIAL_LOW_SPACE_SEMAPHORE));
  followList(specialObject(SPECIAL_TIMER_SEMAPHORE));
  followList(specialObject(SPECIAL_INTERRUPT_SEMAPHORE));
  followList(specialObject(SPECIAL_FINALIZATION_SEMAPHORE));
  followLists(specialObject(SPECIAL_EXTERNAL_OBJECTS));
  const association = specialObject(SPECIAL_SCHEDULER);
  if (!hasSlots(association, ASSOCIATION_VALUE + 1)) return;
  const scheduler = followField(ASSOCIATION_VALUE, association);
  if (!hasSlots(scheduler, SCHEDULER_ACTIVE_PROCESS + 1)) return;
  const active = followField(SCHEDULER_ACTIVE_PROCESS, scheduler);
  if (hasSlots(active, 1)) followFields(active);
  followLists(followField(SCHEDULER_LISTS, scheduler));
}

function followLists(lists: Oop): void {
  if (!hasSlots(lists, 1)) return;
  const count = slotCountOf(<Address>lists);
  for (let i: u32 = 0; i < count; i++) followList(followField(i, lists));
}

/** Follows a linked list of processes: its ends, each process's slots and so the links. */
function followList(list: Oop): void {
  if (!hasSlots(list, LIST_LAST_LINK + 1)) return;
  let link = followField(LIST_FIRST_LINK, list);
  const last = followField(LIST_LAST_LINK, list);
  while (link != nil && hasSlots(link, LINK_NEXT + 1)) {
    followFields(link);
    if (link == last) return;
    link = followField(LINK_NEXT, link);
  }
}

function hasSlots(oop: Oop, count: u32): bool {
  if (oop == 0 || isImmediate(oop)) return false;
  return formatOf(<Address>oop) <= FORMAT_EPHEMERON && slotCountOf(<Address>oop) >= count;
}
