// Making objects. Allocation never moves an object and never collects: when eden is nearly full it asks for a
// collection at the next poll and takes the space from eden's reserve or from old space (decision 0001).

import {
  CLASS_FORMAT,
  CLASS_FORMAT_FORMAT_SHIFT,
  CLASS_FORMAT_SIZE_MASK,
  CLASS_INDEX_FLOAT,
  FORCE_SCAVENGES,
  FORMAT_ARRAY,
  FORMAT_BYTES,
  FORMAT_COMPILED_METHOD,
  FORMAT_MASK,
  FORMAT_SHORTS,
  FORMAT_WORDS32,
  FORMAT_WORDS64,
  HEADER_BYTES,
  OVERFLOW_SLOT_COUNT,
  TAG_SHIFT,
  WORD_SHIFT,
} from "../layout";
import { EDEN_RESERVE_SHIFT } from "../tuning";
import { classIndexForInstancesOf } from "./classes";
import { initializeHeader } from "./header";
import {
  POLL_NOW,
  edenEnd,
  edenFree,
  edenLimit,
  edenStart,
  forced,
  setEdenFree,
  setEdenLimit,
  setStackLimit,
} from "./map";
import { bodyOf, fetchPointer } from "./object";
import { allocateInOldSpace } from "./oldspace";
import { fitsSmallFloat, Oop, smallFloat } from "./oop";
import { nil } from "./roots";

/** Set when the next poll must scavenge; cleared by the scavenger. */
export let scavengeWanted: bool = false;
/** Set when the next poll must collect everything; cleared by the full collector. */
export let fullCollectionWanted: bool = false;

/** Set while objects fill old space past its limit: large ones are refused, so that the image hears of it in time. */
export let largeRefused: bool = false;

export function refuseLarge(refused: bool): void {
  largeRefused = refused;
}

export function wantScavenge(): void {
  scavengeWanted = true;
  setEdenLimit(edenEnd);
  forcePoll();
}

export function wantFullCollection(): void {
  fullCollectionWanted = true;
  forcePoll();
}

/** Empties eden's bookkeeping after a scavenge (or at start): `free` is the first free byte. */
export function resetEden(free: u32): void {
  scavengeWanted = false;
  setEdenFree(free);
  const isForced = (forced & FORCE_SCAVENGES) != 0;
  setEdenLimit(isForced ? edenStart : edenEnd - ((edenEnd - edenStart) >> EDEN_RESERVE_SHIFT));
}

export function fullCollectionDone(): void {
  fullCollectionWanted = false;
}

/** Makes the next poll take its slow path. The interpreter sets the limit back. */
export function forcePoll(): void {
  setStackLimit(POLL_NOW);
}

/** Bytes of an object with that many slots: header words and at least one slot. */
// @ts-ignore: decorator
@inline
export function bytesForSlots(slotCount: u32): u32 {
  if (slotCount < OVERFLOW_SLOT_COUNT) return HEADER_BYTES + (max<u32>(slotCount, 1) << WORD_SHIFT);
  return 2 * HEADER_BYTES + (slotCount << WORD_SHIFT);
}

/** Slots beyond which no object can be made in a 4 GiB heap. */
const MAX_SLOTS: u32 = (1 << 29) - (1 << 16);

/**
 * A new object with uninitialised slots, or 0 where memory is at its limit. The caller fills every slot before
 * anything can collect.
 */
// @ts-ignore: decorator
@inline
export function allocateSlots(slotCount: u32, format: u32, classIndex: u32): Oop {
  if (slotCount >= OVERFLOW_SLOT_COUNT) return allocateLarge(slotCount, format, classIndex);
  const bytes = HEADER_BYTES + (max<u32>(slotCount, 1) << WORD_SHIFT);
  const object = edenFree();
  if (object + bytes > edenLimit()) return allocateSlow(slotCount, format, classIndex);
  setEdenFree(object + bytes);
  initializeHeader(object, slotCount, format, classIndex);
  return object;
}

/** As `allocateSlots`, in old space. */
export function allocateOldSlots(slotCount: u32, format: u32, classIndex: u32): Oop {
  if (slotCount > MAX_SLOTS) return 0;
  const place = allocateInOldSpace(bytesForSlots(slotCount));
  return place == 0 ? 0 : placeObject(place, slotCount, format, classIndex);
}

function allocateSlow(slotCount: u32, format: u32, classIndex: u32): Oop {
  if (!scavengeWanted) wantScavenge();
  const bytes = bytesForSlots(slotCount);
  const place = edenFree();
  if (<u64>place + bytes > edenEnd) return allocateOldSlots(slotCount, format, classIndex);
  setEdenFree(place + bytes);
  return placeObject(place, slotCount, format, classIndex);
}

function allocateLarge(slotCount: u32, format: u32, classIndex: u32): Oop {
  if (slotCount > MAX_SLOTS || largeRefused) return 0;
  const bytes = bytesForSlots(slotCount);
  // An object that would take a good part of eden goes to old space at once.
  if (bytes > (edenEnd - edenStart) >> EDEN_RESERVE_SHIFT) return allocateOldSlots(slotCount, format, classIndex);
  return allocateSlow2(bytes, slotCount, format, classIndex);
}

function allocateSlow2(bytes: u32, slotCount: u32, format: u32, classIndex: u32): Oop {
  const place = edenFree();
  if (place + bytes > edenLimit()) return allocateSlow(slotCount, format, classIndex);
  setEdenFree(place + bytes);
  return placeObject(place, slotCount, format, classIndex);
}

/** Writes the header words of an object at free memory; answers the object. */
function placeObject(place: u32, slotCount: u32, format: u32, classIndex: u32): Oop {
  if (slotCount < OVERFLOW_SLOT_COUNT) {
    initializeHeader(place, slotCount, format, classIndex);
    return place;
  }
  store<u64>(place, ((<u64>OVERFLOW_SLOT_COUNT) << 56) | slotCount);
  initializeHeader(place + HEADER_BYTES, OVERFLOW_SLOT_COUNT, format, classIndex);
  return place + HEADER_BYTES;
}

/** Fills slots with an oop that needs no write barrier. */
export function fillSlots(object: Oop, slotCount: u32, value: Oop): void {
  const start = bodyOf(object);
  const end = start + (slotCount << WORD_SHIFT);
  const first = min(end, start + FILL_BYTES);
  for (let slot = start; slot < first; slot += 8) store<u64>(slot, value);
  // The rest of a large object is copied from there, which takes half the time.
  for (let slot = first; slot < end; slot += FILL_BYTES) memory.copy(slot, start, min(FILL_BYTES, end - slot));
}

const FILL_BYTES: u32 = 1024;

/** A new Array of nils, or 0 without memory. */
export function newArray(size: u32, classIndex: u32): Oop {
  const array = allocateSlots(size, FORMAT_ARRAY, classIndex);
  if (array != 0) fillSlots(array, size, nil);
  return array;
}

/** A new object of bytes, all zero, or 0 without memory. */
export function newBytes(byteCount: u32, classIndex: u32): Oop {
  const slots = (byteCount >> 3) + (byteCount & 7 ? 1 : 0);
  const object = allocateSlots(slots, FORMAT_BYTES + ((slots << 3) - byteCount), classIndex);
  if (object != 0) memory.fill(bodyOf(object), 0, slots << WORD_SHIFT);
  return object;
}

/** The oop of a double: immediate where it fits, else a new Float object (0 without memory). */
export function newFloat(value: f64): Oop {
  if (fitsSmallFloat(value)) return smallFloat(value);
  const object = allocateSlots(1, FORMAT_WORDS32, CLASS_INDEX_FLOAT);
  if (object != 0) store<f64>(bodyOf(object), value);
  return object;
}

/** The instance format of a class. */
export function instanceFormatOf(classObject: Oop): u32 {
  return ((<u32>(fetchPointer(CLASS_FORMAT, classObject) >> TAG_SHIFT)) >> CLASS_FORMAT_FORMAT_SHIFT) & FORMAT_MASK;
}

/** Named instance variables of a class. */
export function instanceSizeOf(classObject: Oop): u32 {
  return (<u32>(fetchPointer(CLASS_FORMAT, classObject) >> TAG_SHIFT)) & CLASS_FORMAT_SIZE_MASK;
}

/**
 * A new instance of a class with `indexableSize` elements (0 for a class without), slots nil and bits zero. Answers 0
 * without memory; the caller has checked that the class has such instances (`canInstantiate`).
 */
export function instantiate(classObject: Oop, indexableSize: u32, old: bool = false): Oop {
  const classIndex = classIndexForInstancesOf(classObject);
  if (classIndex == 0) return 0;
  let format = instanceFormatOf(classObject);
  let slots: u32;
  if (format < FORMAT_WORDS64) {
    slots = instanceSizeOf(classObject) + indexableSize;
    if (slots < indexableSize) return 0;
  } else {
    const shift: u32 = format >= FORMAT_BYTES ? 3 : format >= FORMAT_SHORTS ? 2 : format >= FORMAT_WORDS32 ? 1 : 0;
    const perSlot: u32 = 1 << shift;
    slots = (indexableSize >> shift) + ((indexableSize & (perSlot - 1)) != 0 ? 1 : 0);
    format += (slots << shift) - indexableSize;
  }
  if (slots > MAX_SLOTS) return 0;
  const object = old ? allocateOldSlots(slots, format, classIndex) : allocateSlots(slots, format, classIndex);
  if (object != 0) fillSlots(object, slots, format < FORMAT_WORDS64 ? nil : 0);
  return object;
}

/** Whether `basicNew` (indexable false) or `basicNew:` makes sense for instances of this format. */
export function canInstantiate(format: u32, indexable: bool): bool {
  if (format >= FORMAT_COMPILED_METHOD) return false;
  if (format <= 1 || format == 5) return !indexable;
  return format == 2 || format == 3 || format == 4 || format >= FORMAT_WORDS64;
}
