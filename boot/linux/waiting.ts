// Waiting: the one place where the program sleeps. What it may wait for are the stream that a primitive asked for,
// the files that the image watches, signals, and a time.

import { KIND_FILE, kindOf } from "./descriptors";
import { Address, EMFILE, poll, POLLIN } from "./systemCalls";
import { signalsDescriptor } from "./signals";

// @ts-ignore: decorator
@external("env", "signalSemaphore")
declare function signalSemaphore(index: u32): i32;

const MAX_WATCHES: u32 = 62;
/** struct pollfd (descriptor i32, events i16, found i16): signals, the awaited stream, then the watched ones. */
const polled: Address = memory.data(64 * 8, 8);
const FIRST_WATCH: u32 = 2;
const semaphores: Address = memory.data(64 * 4, 8);
let watches: u32 = 0;
/** A stream that a primitive wants; negative for none. */
let awaited: i32 = -1;
let awaitedEvents: i32 = 0;
const time: Address = memory.data(16, 8);
const single: Address = memory.data(8, 8);

/** Whether a stream can be read (POLLIN) or written (POLLOUT) now; if not, the next wait ends when it can. */
export function isReady(descriptor: i32, events: i32): bool {
  if (kindOf(descriptor) == KIND_FILE) return true;
  setEntry(single, descriptor, events);
  if (poll(single, 1, 0, time) != 0) return true;
  awaited = descriptor;
  awaitedEvents = events;
  return false;
}

/** Signals a semaphore once when a descriptor has something to read. */
export function watch(descriptor: i32, semaphore: u32): i32 {
  if (watches == MAX_WATCHES) return EMFILE;
  setEntry(watchEntry(watches), descriptor, POLLIN);
  store<u32>(semaphores + (watches << 2), semaphore);
  watches++;
  return 0;
}

/** Forgets the watches of a descriptor that is closed. */
export function forgetWatches(descriptor: i32): void {
  for (let i: u32 = 0; i < watches;) {
    if (load<i32>(watchEntry(i)) == descriptor) removeWatch(i);
    else i++;
  }
}

/**
 * Sleeps until something that was asked for happens or nanoseconds have passed (negative: without end), and signals the
 * semaphores of what has. With 0 it only looks.
 */
export function wait(nanoseconds: i64): void {
  setEntry(polled, signalsDescriptor, POLLIN);
  setEntry(polled + 8, awaited, awaitedEvents);
  const found = poll(polled, FIRST_WATCH + watches, nanoseconds, time);
  awaited = -1;
  if (found <= 0) return;
  for (let i: u32 = 0; i < watches;) {
    if (load<u16>(watchEntry(i), 6) == 0) {
      i++;
      continue;
    }
    const semaphore = load<u32>(semaphores + (i << 2));
    removeWatch(i);
    signalSemaphore(semaphore);
  }
}

/** Whether `wait(0)` could find anything but signals. */
export function hasWatches(): bool {
  return watches > 0;
}

function watchEntry(index: u32): Address {
  return polled + ((FIRST_WATCH + index) << 3);
}

function setEntry(entry: Address, descriptor: i32, events: i32): void {
  store<i32>(entry, descriptor);
  store<u16>(entry, events, 4);
  store<u16>(entry, 0, 6);
}

function removeWatch(index: u32): void {
  watches--;
  store<u64>(watchEntry(index), load<u64>(watchEntry(watches)));
  store<u32>(semaphores + (index << 2), load<u32>(semaphores + (watches << 2)));
}
