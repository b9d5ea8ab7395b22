// Walking memory object by object, and what of an object the collector reads. Objects lie end to end in eden, in the
// survivor space in use and in old space; dead ranges are filled with free chunks (class index 0).

import {
  CLASS_FORMAT,
  CLASS_FORMAT_SIZE_MASK,
  CLASS_INDEX_CONTEXT,
  CLASS_INDEX_FORWARDED,
  CLASS_INDEX_FREE,
  CLASS_INDEX_MASK,
  CONTEXT_RECEIVER,
  CONTEXT_STACK_POINTER,
  FORMAT_COMPILED_METHOD,
  FORMAT_EPHEMERON,
  FORMAT_FIXED_AND_INDEXABLE,
  FORMAT_FORWARDED,
  FORMAT_MASK,
  FORMAT_SHIFT,
  FORMAT_WORDS64,
  HEADER_BYTES,
  OVERFLOW_SLOT_COUNT,
  SLOT_COUNT_SHIFT,
  TAG_SHIFT,
  WORD_SHIFT,
} from "../layout";
import { classAtIndex } from "./classes";
import { classIndexOf, headerHigh, headerLow, initializeHeader, isForwarded, slotCountOf } from "./header";
import { fetchPointer, literalCountOf } from "./object";
import { Address, isSmallInteger, Oop, smallIntegerValue } from "./oop";
import { nil } from "./roots";

/** The object whose header words start at `start`. */
// @ts-ignore: decorator
@inline
export function objectAt(start: Address): Address {
  return load<u8>(start, 7) == OVERFLOW_SLOT_COUNT ? start + HEADER_BYTES : start;
}

/** Where an object's header words start. */
// @ts-ignore: decorator
@inline
export function startOf(object: Address): Address {
  return headerHigh(object) >> SLOT_COUNT_SHIFT == OVERFLOW_SLOT_COUNT ? object - HEADER_BYTES : object;
}

/** One past an object: where the next one's header words start. */
// @ts-ignore: decorator
@inline
export function endOf(object: Address): Address {
  const count = headerHigh(object) >> SLOT_COUNT_SHIFT;
  if (count != OVERFLOW_SLOT_COUNT) return object + HEADER_BYTES + (max<u32>(count, 1) << WORD_SHIFT);
  return object + HEADER_BYTES + (load<u32>(object - HEADER_BYTES) << WORD_SHIFT);
}

/** Bytes of an object with its header words. */
export function objectBytes(object: Address): u32 {
  return endOf(object) - startOf(object);
}

/** Makes a range of at least 16 bytes one free chunk; answers the chunk's header address. */
export function writeFreeChunk(start: Address, bytes: u32): Address {
  const slots = (bytes >> WORD_SHIFT) - 1;
  if (slots < OVERFLOW_SLOT_COUNT) {
    initializeHeader(start, slots, FORMAT_WORDS64, CLASS_INDEX_FREE);
    return start;
  }
  store<u64>(start, ((<u64>OVERFLOW_SLOT_COUNT) << 56) | (slots - 1));
  initializeHeader(start + HEADER_BYTES, OVERFLOW_SLOT_COUNT, FORMAT_WORDS64, CLASS_INDEX_FREE);
  return start + HEADER_BYTES;
}

// @ts-ignore: decorator
@inline
export function isFreeChunk(object: Address): bool {
  return (headerLow(object) & CLASS_INDEX_MASK) == CLASS_INDEX_FREE;
}

/** Slots that hold oops, weak ones too; of a context those up to its stack pointer; of a forwarder one. */
// @ts-ignore: decorator
@inline
export function liveSlotCountOf(object: Address): u32 {
  const low = headerLow(object);
  const format = (low >> FORMAT_SHIFT) & FORMAT_MASK;
  if (format <= FORMAT_EPHEMERON) {
    if (format == FORMAT_FIXED_AND_INDEXABLE && (low & CLASS_INDEX_MASK) == CLASS_INDEX_CONTEXT) {
      return liveContextSlotCount(object);
    }
    return slotCountOf(object);
  }
  if (format >= FORMAT_COMPILED_METHOD) return literalCountOf(object) + 1;
  return format == FORMAT_FORWARDED ? 1 : 0;
}

/** A context's slots end at its stack pointer (SpurMemoryManager>>numPointerSlotsOf:). */
export function liveContextSlotCount(context: Address): u32 {
  const slots = slotCountOf(context);
  const stackPointer = fetchPointer(CONTEXT_STACK_POINTER, context);
  if (!isSmallInteger(stackPointer)) return min(slots, CONTEXT_RECEIVER + 1);
  return <u32>min<u64>(slots, <u64>(CONTEXT_RECEIVER + 1 + smallIntegerValue(stackPointer)));
}

/** Nils a context's slots beyond its stack pointer, which nobody follows and which therefore must not go stale. */
export function nilDeadContextSlots(context: Address): void {
  const end = context + HEADER_BYTES + (slotCountOf(context) << WORD_SHIFT);
  let slot = context + HEADER_BYTES + (liveContextSlotCount(context) << WORD_SHIFT);
  for (; slot < end; slot += 8) store<u64>(slot, nil);
}

/** The named, strong slots of a weak object: its class says how many (SpurMemoryManager>>numStrongSlotsOfWeakling:). */
export function strongSlotCountOfWeak(object: Address): u32 {
  const entry = classAtIndex(classIndexOf(object));
  if (entry == nil) return 0;
  let classObject = <Address>entry;
  // A class moved by the scavenge under way keeps all but its first slot in the old place.
  while (isForwarded(classObject)) classObject = load<u32>(classObject + HEADER_BYTES);
  const named = (<u32>(fetchPointer(CLASS_FORMAT, classObject) >> TAG_SHIFT)) & CLASS_FORMAT_SIZE_MASK;
  return min(named, slotCountOf(object));
}

/** What a forwarder stands for in the end; the oop itself where it refers to none. */
// @ts-ignore: decorator
@inline
export function followForwarded(oop: Oop): Oop {
  while (((<u32>oop) & 7) == 0 && isForwarded(<Address>oop)) oop = load<u64>(<Address>oop + HEADER_BYTES);
  return oop;
}

/** Makes an object a forwarder to `target` (SpurMemoryManager>>forward:to:); the caller minds the remembered set. */
export function makeForwarder(object: Address, target: Oop): void {
  const kept = headerLow(object) & ~(CLASS_INDEX_MASK | (FORMAT_MASK << FORMAT_SHIFT) | (1 << 23));
  store<u32>(object, kept | (FORMAT_FORWARDED << FORMAT_SHIFT) | CLASS_INDEX_FORWARDED);
  const high = headerHigh(object);
  if (high >> SLOT_COUNT_SHIFT == 0) store<u32>(object, high | (1 << SLOT_COUNT_SHIFT), 4);
  store<u64>(object + HEADER_BYTES, target);
}
