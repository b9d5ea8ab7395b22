// Open files and listings of directories, by number: the lowest free one is next, as on Linux. The record of a handle:
//
//   node u32, 0 for a free one | flags u32 | order u64, chain u32: how far a listing has come
//
// Numbers below FIRST_HANDLE are the console's (hostFiles.ts).

import { Address } from "../../../vm/memory/oop";
import { chainOfNode, entryBehind, holdNode, releaseNode } from "./folders";
import { orderOf } from "./nodes";
import { Place } from "./pageStore";

export const FIRST_HANDLE: i32 = 4;
const HANDLE_COUNT: i32 = 1024;
const RECORD_BYTES: u32 = 24;
const records = <Address>memory.data(1024 * 24, 8);

const FLAGS: u32 = 4;
const ORDER: u32 = 8;
const CHAIN: u32 = 16;

export const HANDLE_WRITES: u32 = 1;
export const HANDLE_APPENDS: u32 = 2;
export const HANDLE_LISTS: u32 = 4;

/** No handle below this is free. */
let lowestFree: i32 = 0;

/** Whether there is a free one. */
export function hasHandle(): bool {
  while (lowestFree < HANDLE_COUNT && load<u32>(recordOf(lowestFree)) != 0) lowestFree++;
  return lowestFree < HANDLE_COUNT;
}

/** A handle for a node, where `hasHandle`. */
export function openHandle(node: Place, flags: u32): i32 {
  const record = recordOf(lowestFree);
  store<u32>(record, node);
  store<u32>(record, flags, FLAGS);
  rewind(record);
  holdNode(node);
  return FIRST_HANDLE + lowestFree;
}

/** False where there is no such handle; `flags` are HANDLE_LISTS for a listing, 0 for a file. */
export function closeHandle(handle: i32, flags: u32): bool {
  const record = recordFor(handle, flags);
  if (record == 0) return false;
  const node = load<u32>(record);
  store<u32>(record, 0);
  lowestFree = min(lowestFree, handle - FIRST_HANDLE);
  releaseNode(node);
  return true;
}

/** The file of a handle; 0 where it is none. */
export function fileOf(handle: i32): Place {
  const record = recordFor(handle, 0);
  return record == 0 ? 0 : load<u32>(record);
}

/** Whether a handle of a file was opened with such a flag. */
export function handleHas(handle: i32, flag: u32): bool {
  const record = recordFor(handle, 0);
  return record != 0 && (load<u32>(record, FLAGS) & flag) != 0;
}

export function isListing(handle: i32): bool {
  return recordFor(handle, HANDLE_LISTS) != 0;
}

/** The next entry of a listing; 0 at its end. */
export function nextEntry(handle: i32): Place {
  const record = recordFor(handle, HANDLE_LISTS);
  const entry = entryBehind(load<u32>(record), load<u32>(record, CHAIN), load<u64>(record, ORDER));
  if (entry == 0) return 0;
  store<u32>(record, chainOfNode(entry), CHAIN);
  store<u64>(record, orderOf(entry), ORDER);
  return entry;
}

export function rewindListing(handle: i32): void {
  rewind(recordFor(handle, HANDLE_LISTS));
}

function rewind(record: Address): void {
  store<u64>(record, 0, ORDER);
  store<u32>(record, 0, CHAIN);
}

function recordFor(handle: i32, flags: u32): Address {
  const index = handle - FIRST_HANDLE;
  if (index < 0 || index >= HANDLE_COUNT) return 0;
  const record = recordOf(index);
  return load<u32>(record) != 0 && (load<u32>(record, FLAGS) & HANDLE_LISTS) == flags ? record : 0;
}

function recordOf(index: i32): Address {
  return records + <u32>index * RECORD_BYTES;
}
