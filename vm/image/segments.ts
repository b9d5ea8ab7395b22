// The segments of an image's heap: read one after the other without the bridges between them, so that old space is one
// piece; and the map from the addresses that objects had when the image was written to those they have now
// (VMMaker: SpurImageReader>>readSegmentsFromImageFile:header:, SpurSegmentManager>>swizzleObj:).

import { OVERFLOW_SLOT_COUNT, SEGMENT_BRIDGE_BYTES } from "../layout";
import { stackPagesEnd, stackPagesStart } from "../memory/map";
import { Address } from "../memory/oop";
import { IMAGE_BAD_SEGMENT } from "../tables/imageFaults";
import { faultAt } from "./fault";
import {
  imageDataBytes,
  imageDataOffset,
  imageFirstSegmentBytes,
  imageOldBase,
  imageWordBytes,
  readExactly,
} from "./header";

const CHUNK_BYTES: u32 = 1 << 20;

// An entry: old address u64 | new address u32 | bytes without the bridge u32 | file offset f64. The table lies in the
// stack pages, which nothing uses before the image runs.
const ENTRY_BYTES: u32 = 24;
const ENTRY_NEW = 8;
const ENTRY_BYTE_COUNT = 12;
const ENTRY_OFFSET = 16;

let segmentCount: u32 = 0;
/** The entry that answered last. */
let recent: Address = 0;
let recentOld: u64 = 0;
let recentNew: Address = 0;
let recentBytes: u64 = 0;
/** One past the last byte read. */
export let segmentsEnd: Address = 0;

/** Reads all segments to `destination`, where room for the image's data bytes is. */
export function readSegments(destination: Address): bool {
  segmentCount = 0;
  let place = destination;
  let offset = imageDataOffset;
  let old = imageOldBase;
  let bytes = imageFirstSegmentBytes == 0 ? imageDataBytes : imageFirstSegmentBytes;
  let left = imageDataBytes;
  while (bytes != 0) {
    if (bytes < <f64>SEGMENT_BRIDGE_BYTES || bytes > left || <u64>bytes % 8 != 0)
      return faultAt(IMAGE_BAD_SEGMENT, offset);
    if (!readChunks(offset, place, <u32>bytes)) return false;
    const kept = <u32>bytes - SEGMENT_BRIDGE_BYTES;
    if (!addSegment(old, place, kept, offset)) return faultAt(IMAGE_BAD_SEGMENT, offset);
    place += kept;
    offset += bytes;
    left -= bytes;
    // The bridge: a word with the slots of the gap to the next segment, and that segment's size.
    old += kept + SEGMENT_BRIDGE_BYTES + gapBytes(place);
    const next = load<u64>(place, 8);
    if (next > <u64>left) return faultAt(IMAGE_BAD_SEGMENT, offset - 8);
    bytes = <f64>next;
  }
  segmentsEnd = place;
  useEntry(stackPagesStart);
  return true;
}

/** Where the object is now that was at an address of the file; 0 if that is in no segment. */
// @ts-ignore: decorator
@inline
export function newAddressOf(old: u64): Address {
  const offset = old - recentOld;
  if (offset < recentBytes) return recentNew + <u32>offset;
  return findNewAddress(old);
}

/** The file offset of a place in the heap as it was read. */
export function fileOffsetOf(place: Address): f64 {
  for (let i: u32 = segmentCount; i > 0; i--) {
    const entry = stackPagesStart + (i - 1) * ENTRY_BYTES;
    const start = load<u32>(entry, ENTRY_NEW);
    if (place >= start) return load<f64>(entry, ENTRY_OFFSET) + <f64>(place - start);
  }
  return -1;
}

function readChunks(offset: f64, place: Address, bytes: u32): bool {
  for (let done: u32 = 0; done < bytes; done += CHUNK_BYTES) {
    if (!readExactly(offset + <f64>done, place + done, min<u32>(bytes - done, CHUNK_BYTES))) return false;
  }
  return true;
}

function gapBytes(bridge: Address): u64 {
  if (load<u8>(bridge, 7) != OVERFLOW_SLOT_COUNT) return 0;
  if (imageWordBytes == 4) return (<u64>load<u32>(bridge)) << 2;
  return (load<u64>(bridge) & 0x00ffffffffffffff) << 3;
}

/** Segments come in the order of their addresses; 0 and overlapping ones are refused. */
function addSegment(old: u64, place: Address, bytes: u32, offset: f64): bool {
  const entry = stackPagesStart + segmentCount * ENTRY_BYTES;
  if (entry + ENTRY_BYTES > (stackPagesStart + stackPagesEnd) >> 1) return false;
  if (old + bytes < old) return false;
  if (segmentCount > 0) {
    const previous = entry - ENTRY_BYTES;
    if (old < load<u64>(previous) + load<u32>(previous, ENTRY_BYTE_COUNT)) return false;
  }
  store<u64>(entry, old);
  store<u32>(entry, place, ENTRY_NEW);
  store<u32>(entry, bytes, ENTRY_BYTE_COUNT);
  store<f64>(entry, offset, ENTRY_OFFSET);
  segmentCount++;
  return true;
}

/** Binary search: the last segment that starts at or below the address. */
function findNewAddress(old: u64): Address {
  let low: u32 = 0;
  let high: u32 = segmentCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u64>(stackPagesStart + middle * ENTRY_BYTES) <= old) low = middle + 1;
    else high = middle;
  }
  if (low == 0) return 0;
  const entry = stackPagesStart + (low - 1) * ENTRY_BYTES;
  if (old - load<u64>(entry) >= load<u32>(entry, ENTRY_BYTE_COUNT)) return 0;
  useEntry(entry);
  return recentNew + <u32>(old - recentOld);
}

function useEntry(entry: Address): void {
  recentOld = load<u64>(entry);
  recentNew = load<u32>(entry, ENTRY_NEW);
  recentBytes = load<u32>(entry, ENTRY_BYTE_COUNT);
}
