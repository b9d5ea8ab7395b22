// Writes the heap as a 64-bit Spur image that any Spur virtual machine opens: one segment, the present addresses as its
// own (VMMaker: SpurImageWriter>>writeImageFile:fromHeader:, StackInterpreter>>newHeader). Memory must be ready for it:
// every object in old space, which is free of holes and forwarders, and no context with a frame or what is left of one.

import { hostSnapshotBegin, hostSnapshotEnd, hostSnapshotWrite } from "../host";
import {
  CLASS_INDEX_FREE,
  CLASS_INDEX_SEGMENT_BRIDGE,
  FORMAT_COMPILED_METHOD,
  FORMAT_SHIFT,
  FORMAT_WORDS64,
  FREE_LIST_COUNT,
  HEADER_BYTES,
  IMAGE_FLAG_FLOATS_LITTLE_ENDIAN,
  IMAGE_FORMAT_SPUR_64,
  IMAGE_FORMAT_SPUR_64_MULTIPLE,
  IMAGE_HEADER_BYTES_64,
  MARKED_SHIFT,
  OVERFLOW_SLOT_COUNT,
  PINNED_SHIFT,
  SEGMENT_BRIDGE_BYTES,
  WORD_SHIFT,
} from "../layout";
import { lastHash } from "../memory/hash";
import { classIndexOf, formatOf, slotCountOf } from "../memory/header";
import { oldSpaceStart } from "../memory/map";
import { oldSpaceEnd } from "../memory/oldspace";
import { fetchPointer } from "../memory/object";
import { Address } from "../memory/oop";
import { specialObjects, trueObject } from "../memory/roots";
import {
  imageCodeSize,
  imageEdenBytes,
  imageExternalSemaphores,
  imageExtraMemoryBytes,
  imageFlags,
  imageStackPages,
  imageUsesBothBytecodeSets,
  imageVersion,
  imageWindowSize,
} from "./header";

const CHUNK_BYTES: u32 = 1 << 20;
const header = <Address>memory.data(128, 8);
const bridge = <Address>memory.data(16, 8);

/**
 * Writes a snapshot to the file with the name in memory, or to the present one if `nameBytes` is 0. It becomes visible
 * whole or not at all. Answers 0, or a negative error of the host.
 */
export function writeSnapshot(name: Address, nameBytes: u32): i32 {
  const started = hostSnapshotBegin(name, nameBytes);
  if (started < 0) return started;
  // A write answers a negative error or no such number.
  const written = writeAll();
  const ended = hostSnapshotEnd(written < 0 ? 0 : 1);
  return written < 0 ? written : ended;
}

function writeAll(): i32 {
  memory.fill(freeListsObject() + HEADER_BYTES, 0, FREE_LIST_COUNT << WORD_SHIFT);
  fillHeader();
  let status = hostSnapshotWrite(header, IMAGE_HEADER_BYTES_64);
  for (let place = oldSpaceStart; place < oldSpaceEnd && status >= 0;) {
    const bytes = min<u32>(oldSpaceEnd - place, CHUNK_BYTES);
    status = hostSnapshotWrite(place, bytes);
    place += bytes;
  }
  if (status < 0) return status;
  fillBridge();
  return hostSnapshotWrite(bridge, SEGMENT_BRIDGE_BYTES);
}

/** The object after true: a table for the allocator of the virtual machine that reads the image. */
function freeListsObject(): Address {
  const start = <Address>trueObject + HEADER_BYTES + (max<u32>(slotCountOf(<Address>trueObject), 1) << WORD_SHIFT);
  return load<u8>(start, 7) == OVERFLOW_SLOT_COUNT ? start + HEADER_BYTES : start;
}

/** The layout is drawn in layout.ts. */
function fillHeader(): void {
  const bytes = <u64>(oldSpaceEnd - oldSpaceStart) + SEGMENT_BRIDGE_BYTES;
  const both = imageUsesBothBytecodeSets || usesBothBytecodeSets();
  memory.fill(header, 0, IMAGE_HEADER_BYTES_64);
  store<u32>(header, both ? IMAGE_FORMAT_SPUR_64_MULTIPLE : IMAGE_FORMAT_SPUR_64);
  store<u32>(header, IMAGE_HEADER_BYTES_64, 4);
  store<u64>(header, bytes, 8);
  store<u64>(header, oldSpaceStart, 16);
  store<u64>(header, specialObjects, 24);
  store<u64>(header, lastHash, 32);
  store<u64>(header, imageWindowSize, 40);
  store<u64>(header, imageFlags | IMAGE_FLAG_FLOATS_LITTLE_ENDIAN, 48);
  store<u32>(header, imageExtraMemoryBytes, 56);
  store<u16>(header, <u16>imageStackPages, 60);
  store<u16>(header, <u16>imageCodeSize, 62);
  store<u32>(header, imageEdenBytes, 64);
  store<u16>(header, <u16>imageExternalSemaphores, 68);
  store<u16>(header, <u16>imageVersion, 70);
  store<u64>(header, bytes, 72);
  // Free bytes in the heap, at 80: none.
}

/** The last bridge leads nowhere: no slots, and a next segment of no bytes (SpurSegmentManager>>bridgeFrom:to:). */
function fillBridge(): void {
  const low: u32 = (1 << PINNED_SHIFT) | (FORMAT_WORDS64 << FORMAT_SHIFT) | CLASS_INDEX_SEGMENT_BRIDGE;
  const high: u32 = 1 << MARKED_SHIFT;
  store<u32>(bridge, low);
  store<u32>(bridge, high, 4);
  store<u64>(bridge, 0, 8);
}

/** Whether the heap has methods of both bytecode sets; the sign of a method's header tells which it uses. */
function usesBothBytecodeSets(): bool {
  let found: u32 = 0;
  for (let place = oldSpaceStart; place < oldSpaceEnd;) {
    const object = load<u8>(place, 7) == OVERFLOW_SLOT_COUNT ? place + HEADER_BYTES : place;
    place = object + HEADER_BYTES + (max<u32>(slotCountOf(object), 1) << WORD_SHIFT);
    if (formatOf(object) < FORMAT_COMPILED_METHOD || classIndexOf(object) == CLASS_INDEX_FREE) continue;
    found |= <i64>fetchPointer(0, object) < 0 ? 2 : 1;
    if (found == 3) return true;
  }
  return false;
}
