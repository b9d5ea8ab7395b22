// Lays objects out as a 64-bit Spur image file: order, addresses, headers, one segment and its bridge. What the objects
// mean is not its business. Sources: SpurImageWriter, SpurMemoryManager (object header), SpurSegmentManager>>bridgeFrom:to:.

import {
  CLASS_INDEX_SEGMENT_BRIDGE,
  FORMAT_BYTES,
  FORMAT_SHIFT,
  FORMAT_SHORTS,
  FORMAT_WORDS32,
  FORMAT_WORDS64,
  HEADER_BYTES,
  IMAGE_FLAG_FLOATS_LITTLE_ENDIAN,
  IMAGE_FLAG_PREEMPTION_DOES_NOT_YIELD,
  IMAGE_FORMAT_SPUR_64,
  IMAGE_FORMAT_SPUR_64_MULTIPLE,
  IMAGE_HEADER_BYTES_64,
  LAST_CLASS_INDEX_PUN,
  MARKED_SHIFT,
  OVERFLOW_SLOT_COUNT,
  PINNED_SHIFT,
  SEGMENT_BRIDGE_BYTES,
  SLOT_COUNT_SHIFT,
  WORD_BYTES,
} from "../../../vm/layout.js";
import type { HeapObject, Value } from "./heap.js";

/** What the file's header says beside where things are. */
export interface SpurFileOptions {
  /** Whether methods in SistaV1 are in it: format 68533 then, else 68021. */
  readonly usesSista: boolean;
  /** State of the generator of identity hashes; not 0. */
  readonly lastHash: number;
  /** Bytes of new space that the image asks for; 0 for the virtual machine's own choice. */
  readonly edenBytes: number;
  readonly stackPages: number;
  /** Room in the table of external semaphores; 0 for the virtual machine's own choice. */
  readonly externalSemaphores: number;
  /** Whether a preempted process goes behind the others of its priority. */
  readonly preemptionYields: boolean;
}

export interface SpurFile {
  readonly bytes: Uint8Array;
  /** Every object in the file, in its order. */
  readonly objects: readonly HeapObject[];
}

/** Where the heap says that it was: any number but 0 that objects may have as address. */
const BASE_ADDRESS = 0x100000;

/**
 * Writes the file: `firstObjects` (nil, false, true, free lists, hidden roots) in their order, then all that they and
 * the special objects array lead to, breadth first.
 */
export function writeSpurFile(
  firstObjects: readonly HeapObject[],
  specialObjects: HeapObject,
  options: SpurFileOptions,
): SpurFile {
  const objects = reachableObjects([...firstObjects, specialObjects]);
  const addresses = new Map<HeapObject, number>();
  let end = BASE_ADDRESS;
  for (const object of objects) {
    const headerWords = slotCountOf(object) >= OVERFLOW_SLOT_COUNT ? 2 : 1;
    addresses.set(object, end + (headerWords - 1) * HEADER_BYTES);
    end += headerWords * HEADER_BYTES + bodyBytesOf(object);
  }
  const dataBytes = end - BASE_ADDRESS + SEGMENT_BRIDGE_BYTES;
  const bytes = new Uint8Array(IMAGE_HEADER_BYTES_64 + dataBytes);
  const view = new DataView(bytes.buffer);
  writeFileHeader(view, dataBytes, addresses.get(specialObjects)!, options);
  const fileOffset = IMAGE_HEADER_BYTES_64 - BASE_ADDRESS;
  for (const object of objects) writeObject(view, addresses.get(object)! + fileOffset, object, addresses);
  writeBridge(view, end + fileOffset);
  return { bytes, objects };
}

/** Bytes that an object takes in the file, with its header. */
export function objectBytesOf(object: HeapObject): number {
  return (slotCountOf(object) >= OVERFLOW_SLOT_COUNT ? 2 : 1) * HEADER_BYTES + bodyBytesOf(object);
}

function reachableObjects(roots: readonly HeapObject[]): HeapObject[] {
  const found = new Set<HeapObject>(roots);
  // A set is walked in the order of insertion, what is added on the way included.
  for (const object of found) {
    if (typeof object.behavior !== "number") found.add(object.behavior);
    for (const value of object.slots) if (typeof value !== "bigint") found.add(value);
  }
  return [...found];
}

function slotCountOf(object: HeapObject): number {
  return object.slots.length + Math.ceil(object.bytes.length / WORD_BYTES);
}

/** An object has room for at least one slot: a forwarder's. */
function bodyBytesOf(object: HeapObject): number {
  return Math.max(slotCountOf(object), 1) * WORD_BYTES;
}

function writeObject(view: DataView, offset: number, object: HeapObject, addresses: Map<HeapObject, number>): void {
  const slots = slotCountOf(object);
  const shownSlots = Math.min(slots, OVERFLOW_SLOT_COUNT);
  if (slots >= OVERFLOW_SLOT_COUNT) {
    view.setBigUint64(offset - HEADER_BYTES, (BigInt(OVERFLOW_SLOT_COUNT) << 56n) | BigInt(slots), true);
  }
  view.setUint32(offset, ((formatBits(object) << FORMAT_SHIFT) | classIndexOf(object)) >>> 0, true);
  view.setUint32(offset + 4, ((shownSlots << SLOT_COUNT_SHIFT) | object.hash) >>> 0, true);
  let place = offset + HEADER_BYTES;
  for (const value of object.slots) {
    view.setBigUint64(place, oopOf(value, addresses), true);
    place += WORD_BYTES;
  }
  new Uint8Array(view.buffer).set(object.bytes, place);
}

function oopOf(value: Value, addresses: Map<HeapObject, number>): bigint {
  return typeof value === "bigint" ? value : BigInt(addresses.get(value)!);
}

function classIndexOf({ behavior }: HeapObject): number {
  if (typeof behavior === "number") return behavior;
  if (behavior.hash <= LAST_CLASS_INDEX_PUN) throw new Error("an object's class has no index in the class table");
  return behavior.hash;
}

/** The format with the count of elements that the last word has beyond the object's. */
function formatBits(object: HeapObject): number {
  const unused = (WORD_BYTES - (object.bytes.length % WORD_BYTES)) % WORD_BYTES;
  if (object.format >= FORMAT_BYTES) return object.format + unused;
  if (object.format >= FORMAT_SHORTS) return object.format + unused / 2;
  if (object.format >= FORMAT_WORDS32) return object.format + unused / 4;
  return object.format;
}

function writeFileHeader(view: DataView, dataBytes: number, special: number, options: SpurFileOptions): void {
  const flags = IMAGE_FLAG_FLOATS_LITTLE_ENDIAN | (options.preemptionYields ? 0 : IMAGE_FLAG_PREEMPTION_DOES_NOT_YIELD);
  view.setUint32(0, options.usesSista ? IMAGE_FORMAT_SPUR_64_MULTIPLE : IMAGE_FORMAT_SPUR_64, true);
  view.setUint32(4, IMAGE_HEADER_BYTES_64, true);
  view.setBigUint64(8, BigInt(dataBytes), true);
  view.setBigUint64(16, BigInt(BASE_ADDRESS), true);
  view.setBigUint64(24, BigInt(special), true);
  view.setBigUint64(32, BigInt(options.lastHash), true);
  // The window's size, at 40: none was chosen.
  view.setBigUint64(48, BigInt(flags), true);
  view.setUint16(60, options.stackPages, true);
  view.setUint32(64, options.edenBytes, true);
  view.setUint16(68, options.externalSemaphores, true);
  view.setBigUint64(72, BigInt(dataBytes), true);
  // Free bytes in the heap, at 80: none.
}

/** The last bridge leads nowhere: no slots, and a next segment of no bytes. */
function writeBridge(view: DataView, offset: number): void {
  const low = (1 << PINNED_SHIFT) | (FORMAT_WORDS64 << FORMAT_SHIFT) | CLASS_INDEX_SEGMENT_BRIDGE;
  view.setUint32(offset, low >>> 0, true);
  view.setUint32(offset + 4, 1 << MARKED_SHIFT, true);
}
