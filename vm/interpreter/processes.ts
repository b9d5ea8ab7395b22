// Processes: the ready lists, switching, semaphores and mutexes. Protocol: StackInterpreter, "process primitive
// support". A process's context is in its suspendedContext while it does not run.

import {
  LINK_NEXT,
  LIST_FIRST_LINK,
  LIST_LAST_LINK,
  MUTEX_OWNER,
  PROCESS_MY_LIST,
  PROCESS_PRIORITY,
  PROCESS_SUSPENDED_CONTEXT,
  SCHEDULER_ACTIVE_PROCESS,
  SCHEDULER_LISTS,
  SEMAPHORE_EXCESS_SIGNALS,
  SPECIAL_CLASS_SEMAPHORE,
  SPECIAL_EXTERNAL_OBJECTS,
  SPECIAL_SCHEDULER,
  ASSOCIATION_VALUE,
} from "../layout";
import { slotCountOf } from "../memory/header";
import { fetchPointer, storePointer, storePointerUnchecked } from "../memory/object";
import { Address, isObject, Oop, smallInteger, smallIntegerValue } from "../memory/oop";
import { falseObject, nil, specialObject, trueObject } from "../memory/roots";
import {
  argument,
  argumentCount,
  clearSignalQueue,
  fail,
  framesChanged,
  isInstanceOf,
  receiver,
  signalQueueAt,
  signalQueueCount,
} from "../plugin";
import { ERROR_BAD_ARGUMENT, ERROR_BAD_RECEIVER } from "../layout";
import { contextOf, externalizeHead, isAlive, isContext, resumeContext } from "./contexts";
import { fp, popThenAnswer } from "./registers";
import { FLAG_PREEMPTED_STAYS_FIRST, imageFlags } from "./settings";

/** The image's scheduler object. */
export function scheduler(): Oop {
  return fetchPointer(ASSOCIATION_VALUE, specialObject(SPECIAL_SCHEDULER));
}

export function activeProcess(): Oop {
  return fetchPointer(SCHEDULER_ACTIVE_PROCESS, scheduler());
}

export function priorityOf(process: Oop): i32 {
  return <i32>smallIntegerValue(fetchPointer(PROCESS_PRIORITY, process));
}

/** The list of processes of a priority that are ready to run. */
export function readyList(priority: i32): Oop {
  return fetchPointer(priority - 1, fetchPointer(SCHEDULER_LISTS, scheduler()));
}

// Linked lists of processes.

function isEmptyList(list: Oop): bool {
  return fetchPointer(LIST_FIRST_LINK, list) == nil;
}

function addLast(process: Oop, list: Oop): void {
  storePointer(LINK_NEXT, process, nil);
  if (isEmptyList(list)) storePointer(LIST_FIRST_LINK, list, process);
  else storePointer(LINK_NEXT, fetchPointer(LIST_LAST_LINK, list), process);
  storePointer(LIST_LAST_LINK, list, process);
  storePointer(PROCESS_MY_LIST, process, list);
}

function addFirst(process: Oop, list: Oop): void {
  const first = fetchPointer(LIST_FIRST_LINK, list);
  storePointer(LINK_NEXT, process, first);
  storePointer(LIST_FIRST_LINK, list, process);
  if (first == nil) storePointer(LIST_LAST_LINK, list, process);
  storePointer(PROCESS_MY_LIST, process, list);
}

function removeFirst(list: Oop): Oop {
  const first = fetchPointer(LIST_FIRST_LINK, list);
  const next = fetchPointer(LINK_NEXT, first);
  storePointer(LIST_FIRST_LINK, list, next);
  if (next == nil) storePointerUnchecked(LIST_LAST_LINK, list, nil);
  storePointerUnchecked(LINK_NEXT, first, nil);
  return first;
}

/** Takes a process out of a list; false where it is not in it. */
function remove(process: Oop, list: Oop): bool {
  let previous: Oop = nil;
  let link = fetchPointer(LIST_FIRST_LINK, list);
  while (link != process) {
    if (link == nil) return false;
    previous = link;
    link = fetchPointer(LINK_NEXT, link);
  }
  const next = fetchPointer(LINK_NEXT, process);
  if (previous == nil) storePointer(LIST_FIRST_LINK, list, next);
  else storePointer(LINK_NEXT, previous, next);
  if (next == nil) storePointer(LIST_LAST_LINK, list, previous);
  storePointerUnchecked(LINK_NEXT, process, nil);
  return true;
}

// Switching.

/** Leaves the active process where it is and goes on with another. The registers change. */
export function transferTo(process: Oop): void {
  externalizeHead();
  const old = activeProcess();
  storePointer(PROCESS_SUSPENDED_CONTEXT, old, contextOf(fp));
  activate(process);
}

/** Runs a process from its suspended context. */
export function activate(process: Oop): void {
  storePointer(SCHEDULER_ACTIVE_PROCESS, scheduler(), process);
  storePointerUnchecked(PROCESS_MY_LIST, process, nil);
  const context = fetchPointer(PROCESS_SUSPENDED_CONTEXT, process);
  storePointerUnchecked(PROCESS_SUSPENDED_CONTEXT, process, nil);
  resumeContext(context);
}

/** The first process of the highest priority that has one, taken from its list; nil where none is ready. */
export function wakeHighestPriority(): Oop {
  const lists = fetchPointer(SCHEDULER_LISTS, scheduler());
  for (let priority = <i32>slotCountOf(<Address>lists); priority > 0; priority--) {
    const list = fetchPointer(priority - 1, lists);
    while (!isEmptyList(list)) {
      const process = removeFirst(list);
      if (isRunnable(process)) return process;
    }
  }
  return nil;
}

function isRunnable(process: Oop): bool {
  const context = fetchPointer(PROCESS_SUSPENDED_CONTEXT, process);
  return isContext(context) && isAlive(context);
}

/** Set while no process at all is ready: the run ends until a signal from outside. */
export let allProcessesWait: bool = false;

/** Goes on with the best ready process; where there is none, the virtual machine waits for a signal. */
export function switchToBest(): void {
  const process = wakeHighestPriority();
  if (process != nil) {
    transferTo(process);
    return;
  }
  // The active process stays on the stack though it waits in some list; a signal will find another or itself.
  externalizeHead();
  storePointer(PROCESS_SUSPENDED_CONTEXT, activeProcess(), contextOf(fp));
  allProcessesWait = true;
}

/**
 * Makes a process ready; if its priority is above the active one's it runs at once, and the active process goes to its
 * list, first or last by the image's preemption policy. Answers whether it switched.
 */
export function resume(process: Oop): bool {
  if (!isRunnable(process)) return false;
  const active = activeProcess();
  if (allProcessesWait) {
    addLast(process, readyList(priorityOf(process)));
    allProcessesWait = false;
    activate(wakeHighestPriority());
    return true;
  }
  const activePriority = priorityOf(active);
  const newPriority = priorityOf(process);
  if (newPriority <= activePriority) {
    addLast(process, readyList(newPriority));
    return false;
  }
  const list = readyList(activePriority);
  if ((imageFlags & FLAG_PREEMPTED_STAYS_FIRST) == 0) addLast(active, list);
  else addFirst(active, list);
  transferTo(process);
  return true;
}

// Semaphores.

/** Signals a semaphore; answers whether a switch followed. */
export function signalSemaphore(semaphore: Oop): bool {
  if (isEmptyList(semaphore)) {
    const excess = smallIntegerValue(fetchPointer(SEMAPHORE_EXCESS_SIGNALS, semaphore));
    storePointerUnchecked(SEMAPHORE_EXCESS_SIGNALS, semaphore, smallInteger(excess + 1));
    return false;
  }
  return resume(removeFirst(semaphore));
}

export function isSemaphore(oop: Oop): bool {
  return isObject(oop) && isInstanceOf(oop, SPECIAL_CLASS_SEMAPHORE);
}

/** Signals a semaphore among the special objects, if it is one. */
export function signalSpecial(index: u32): bool {
  const semaphore = specialObject(index);
  return isSemaphore(semaphore) && signalSemaphore(semaphore);
}

/** Signals what plugins and the host queued since the last poll. */
export function signalExternalSemaphores(): void {
  if (signalQueueCount == 0) return;
  const table = specialObject(SPECIAL_EXTERNAL_OBJECTS);
  if (isObject(table) && table != nil) {
    const size = slotCountOf(<Address>table);
    for (let i: u32 = 0; i < signalQueueCount; i++) {
      const index = signalQueueAt(i);
      if (index == 0 || index > size) continue;
      const semaphore = fetchPointer(index - 1, table);
      if (isSemaphore(semaphore)) signalSemaphore(semaphore);
    }
  }
  clearSignalQueue();
}

// Primitives. Each leaves its answer on the stack before it switches.

/** 85. Semaphore>>signal. */
export function primitiveSignal(): void {
  const semaphore = receiver();
  if (!isSemaphore(semaphore)) {
    fail(ERROR_BAD_RECEIVER);
    return;
  }
  popThenAnswer(argumentCount, semaphore);
  signalSemaphore(semaphore);
  framesChanged();
}

/** 86. Semaphore>>wait. */
export function primitiveWait(): void {
  const semaphore = receiver();
  if (!isSemaphore(semaphore)) {
    fail(ERROR_BAD_RECEIVER);
    return;
  }
  const excess = smallIntegerValue(fetchPointer(SEMAPHORE_EXCESS_SIGNALS, semaphore));
  if (excess > 0) {
    storePointerUnchecked(SEMAPHORE_EXCESS_SIGNALS, semaphore, smallInteger(excess - 1));
    return;
  }
  addLast(activeProcess(), semaphore);
  switchToBest();
  framesChanged();
}

/** 87. Process>>resume. Fails unless the receiver has a context to run. */
export function primitiveResume(): void {
  const process = receiver();
  if (!isObject(process) || slotCountOf(<Address>process) <= PROCESS_MY_LIST || !isRunnable(process)) {
    fail(ERROR_BAD_RECEIVER);
    return;
  }
  popThenAnswer(argumentCount, process);
  resume(process);
  framesChanged();
}

/** 88. Process>>suspend. Answers the list that the process was in, nil for the active one. */
export function primitiveSuspend(): void {
  const process = receiver();
  if (process == activeProcess()) {
    popThenAnswer(argumentCount, nil);
    switchToBest();
    framesChanged();
    return;
  }
  if (!isObject(process) || slotCountOf(<Address>process) <= PROCESS_MY_LIST) {
    fail(ERROR_BAD_RECEIVER);
    return;
  }
  const list = fetchPointer(PROCESS_MY_LIST, process);
  if (list == nil || !isObject(list) || !remove(process, list)) {
    fail(ERROR_BAD_RECEIVER);
    return;
  }
  storePointerUnchecked(PROCESS_MY_LIST, process, nil);
  popThenAnswer(argumentCount, list);
  framesChanged();
}

/** 167. ProcessorScheduler>>yield. */
export function primitiveYield(): void {
  const active = activeProcess();
  const list = readyList(priorityOf(active));
  if (isEmptyList(list)) return;
  addLast(active, list);
  transferTo(wakeHighestPriority());
  framesChanged();
}

/** 185. Mutex exit: gives the lock to the first waiting process. */
export function primitiveExitCriticalSection(): void {
  const mutex = receiver();
  popThenAnswer(argumentCount, mutex);
  if (isEmptyList(mutex)) {
    storePointerUnchecked(MUTEX_OWNER, mutex, nil);
  } else {
    const process = removeFirst(mutex);
    storePointer(MUTEX_OWNER, mutex, process);
    resume(process);
  }
  framesChanged();
}

/** 186. Mutex enter: answers false where the lock was free, true where the process had it; else waits (false). */
export function primitiveEnterCriticalSection(): void {
  const mutex = receiver();
  const process = argumentCount > 0 ? argument(0) : activeProcess();
  const owner = fetchPointer(MUTEX_OWNER, mutex);
  if (owner == nil) {
    storePointer(MUTEX_OWNER, mutex, process);
    popThenAnswer(argumentCount, falseObject);
  } else if (owner == process) {
    popThenAnswer(argumentCount, trueObject);
  } else if (process != activeProcess()) {
    // Only who runs can be made to wait.
    fail(ERROR_BAD_ARGUMENT);
    return;
  } else {
    popThenAnswer(argumentCount, falseObject);
    addLast(process, mutex);
    switchToBest();
  }
  framesChanged();
}

/** 187. Mutex test: takes a free lock (false), has it already (true), or it is another's (nil). */
export function primitiveTestAndSetOwnershipOfCriticalSection(): void {
  const mutex = receiver();
  const process = argumentCount > 0 ? argument(0) : activeProcess();
  const owner = fetchPointer(MUTEX_OWNER, mutex);
  if (owner == nil) storePointer(MUTEX_OWNER, mutex, process);
  popThenAnswer(argumentCount, owner == nil ? falseObject : owner == process ? trueObject : nil);
  framesChanged();
}
