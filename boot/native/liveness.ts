// Which locals hold a value that will be read, by walking the events backwards. Control is structured, so two walks are
// enough: the first finds what lives at the heads of loops, the second all else, of nested loops a little too much. Notes
// writes whose value nobody reads, what lives behind each call, and which locals must not share a register.

import { failure, FAILURE_NONE, reserve } from "./arena";
import {
  event,
  eventCount,
  EVENT_BLOCK,
  EVENT_CALL,
  EVENT_ELSE,
  EVENT_END,
  EVENT_GET,
  EVENT_IF,
  EVENT_LOOP,
  EVENT_SET,
  EVENT_STOP,
  EVENT_TARGET,
  EVENT_TEE,
  eventKind,
  eventWeight,
  local,
  loopCount,
  openerCount,
  parameterCount,
  trackedCount,
} from "./events";

/** Bytes of a set of locals. */
export let setBytes: usize = 0;
/** A set per tracked local: those it must not share a register with. */
export let conflicts: usize = 0;
/** What lives at the function's start: parameters that are read, and locals that must be zero. */
let current: usize = 0;

let frames: usize = 0;
let frameBytes: usize = 0;
let frameTop: usize = 0;
let isLastWalk = false;

export function findLiveness(): void {
  setBytes = (<usize>((trackedCount + 63) >> 6)) << 3;
  frameBytes = 16 + 2 * setBytes;
  frames = reserve((openerCount + 1) * frameBytes);
  current = reserve(setBytes);
  conflicts = reserve(trackedCount * setBytes);
  if (failure != FAILURE_NONE) return;
  memory.fill(conflicts, 0, trackedCount * setBytes);
  isLastWalk = false;
  if (loopCount > 0) walk();
  isLastWalk = true;
  walk();
  if (failure != FAILURE_NONE) return;
  // Parameters and zeros come into being together.
  for (let i: u32 = 0; i < trackedCount; i++) if (contains(current, i)) unite(conflicts + i * setBytes, current);
}

export function livesAtStart(number: u32): bool {
  return number < trackedCount ? contains(current, number) : number >= parameterCount;
}

export function contains(set: usize, number: u32): bool {
  const bit: u32 = 1 << (number & 7);
  return ((<u32>load<u8>(set + (number >> 3))) & bit) != 0;
}

function insert(set: usize, number: u32): void {
  const byte = set + (number >> 3);
  const bit: u32 = 1 << (number & 7);
  store<u8>(byte, <u8>((<u32>load<u8>(byte)) | bit));
}

function remove(set: usize, number: u32): void {
  const byte = set + (number >> 3);
  const bit: u32 = 1 << (number & 7);
  store<u8>(byte, <u8>((<u32>load<u8>(byte)) & ~bit));
}

function unite(set: usize, other: usize): void {
  for (let i: usize = 0; i < setBytes; i += 8) store<u64>(set + i, load<u64>(set + i) | load<u64>(other + i));
}

function copy(set: usize, other: usize): void {
  for (let i: usize = 0; i < setBytes; i += 8) store<u64>(set + i, load<u64>(other + i));
}

function clear(set: usize): void {
  for (let i: usize = 0; i < setBytes; i += 8) store<u64>(set + i, 0);
}

// A frame: u32 event of the beginning, u32 whether it has an else, then two sets: what lives behind its end, and what
// lives at its else.
function walk(): void {
  frameTop = frames;
  clear(current);
  for (let i = <i32>eventCount - 1; i >= 0 && failure == FAILURE_NONE; i--) {
    const entry = event(i);
    const kind = eventKind(entry);
    const data = load<u32>(entry, 4);
    switch (kind) {
      case EVENT_GET:
        if (data >= trackedCount) break;
        if (isLastWalk) store<u32>(entry, contains(current, data) ? 0 : 1, 12);
        insert(current, data);
        break;
      case EVENT_SET:
      case EVENT_TEE:
        if (data < trackedCount) define(entry, data);
        break;
      case EVENT_END:
        store<u32>(frameTop, data);
        store<u32>(frameTop, 0, 4);
        copy(frameTop + 16, current);
        frameTop += frameBytes;
        break;
      case EVENT_ELSE: {
        const frame = frameTop - frameBytes;
        store<u32>(frame, 1, 4);
        copy(frame + 16 + setBytes, current);
        copy(current, frame + 16);
        break;
      }
      case EVENT_IF: {
        frameTop -= frameBytes;
        unite(current, load<u32>(frameTop, 4) != 0 ? frameTop + 16 + setBytes : frameTop + 16);
        break;
      }
      case EVENT_BLOCK:
        frameTop -= frameBytes;
        break;
      case EVENT_LOOP:
        frameTop -= frameBytes;
        if (!isLastWalk) keepSet(entry);
        break;
      case EVENT_STOP:
        clear(current);
        break;
      case EVENT_TARGET:
        branchTo(frameTop - frameBytes * (data + 1));
        break;
      case EVENT_CALL:
        if (isLastWalk) noteCall(entry, eventWeight(entry));
        break;
    }
  }
}

/** Keeps the current set with an event. */
function keepSet(entry: usize): void {
  const set = reserve(setBytes);
  if (set == 0) return;
  copy(set, current);
  store<u32>(entry, <u32>set, 8);
}

function branchTo(frame: usize): void {
  const opener = event(load<u32>(frame));
  if (eventKind(opener) != EVENT_LOOP) {
    unite(current, frame + 16);
    return;
  }
  // In the first walk nothing is known of loop heads: paths around a loop add nothing to what lives at its head.
  if (!isLastWalk) return;
  // What lives at the heads of the loops around lives on paths through them too, which the first walk left out as well.
  for (let outer = frame; outer >= frames; outer -= frameBytes) {
    const around = event(load<u32>(outer));
    if (eventKind(around) == EVENT_LOOP) unite(current, load<u32>(around, 8));
  }
}

function define(entry: usize, number: u32): void {
  const isRead = contains(current, number);
  remove(current, number);
  if (!isLastWalk) return;
  store<u32>(entry, isRead ? 0 : 1, 12);
  if (!isRead) return;
  const source = load<u32>(entry, 8);
  const set = conflicts + number * setBytes;
  // A copy may share its original's register.
  const spared = source > 0 && source - 1 < trackedCount && contains(current, source - 1);
  const already = spared && contains(set, source - 1);
  unite(set, current);
  if (spared && !already) remove(set, source - 1);
}

function noteCall(entry: usize, weight: u32): void {
  keepSet(entry);
  for (let i: usize = 0; i < setBytes; i += 8) {
    let bits = load<u64>(current + i);
    while (bits != 0) {
      const number = <u32>(i << 3) + <u32>ctz(bits);
      bits &= bits - 1;
      const overCalls = local(number) + 8;
      store<u32>(overCalls, load<u32>(overCalls) + weight);
    }
  }
}
