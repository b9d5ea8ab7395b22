// 64-bit Spur images: objects lie in memory as they lie in the file, so loading is a copy, one pass that finds and
// checks the objects, and one that moves references to the new addresses (SpurMemoryManager>>adjustAllOopsBy:).

import {
  CLASS_INDEX_CONTEXT,
  CLASS_INDEX_FLOAT,
  CLASS_INDEX_FORWARDED,
  CLASS_INDEX_FREE,
  CLASS_INDEX_MASK,
  CLASS_INDEX_SEGMENT_BRIDGE,
  CLASS_INDEX_WEAK_ARRAY_PUN,
  CONTEXT_FIRST_TEMP,
  CONTEXT_STACK_POINTER,
  FORMAT_COMPILED_METHOD,
  FORMAT_FIXED_AND_INDEXABLE,
  FORMAT_FORWARDED,
  FORMAT_MASK,
  FORMAT_SHIFT,
  FORMAT_WORDS64,
  GREY_SHIFT,
  HEADER_BYTES,
  IMAGE_FLAG_FLOATS_LITTLE_ENDIAN,
  LAST_CLASS_INDEX_PUN,
  MARKED_SHIFT,
  METHOD_LITERAL_COUNT_MASK,
  OVERFLOW_SLOT_COUNT,
  REMEMBERED_SHIFT,
  TAG_CHARACTER,
  TAG_MASK,
  TAG_SHIFT,
  TAG_SMALL_FLOAT,
  TAG_SMALL_INTEGER,
  WORD_SHIFT,
} from "../layout";
import {
  classIndexOf,
  formatOf,
  elementShiftOfFormat,
  headerHigh,
  headerLow,
  isForwarded,
  isMarked,
  setHeaderHigh,
  setHeaderLow,
  setMarked,
  slotCountOf,
  unusedElementsOfFormat,
} from "../memory/header";
import { oldSpaceStart } from "../memory/map";
import { Address } from "../memory/oop";
import {
  IMAGE_BAD_METHOD,
  IMAGE_BAD_OBJECT,
  IMAGE_BAD_REFERENCE,
  IMAGE_BAD_SPECIAL_OBJECTS,
} from "../tables/imageFaults";
import { faultAt } from "./fault";
import { imageFlags, imageSpecialObjects } from "./header";
import { relocateMournQueue } from "./mournQueue";
import { isObjectStart, markObjectStart, startObjectMap, unmarkObjectStart } from "./objectMap";
import { fileOffsetOf, newAddressOf, readSegments, segmentsEnd } from "./segments";

/** A bit for each tag that immediates have. */
const IMMEDIATE_TAGS: u32 = (1 << TAG_SMALL_INTEGER) | (1 << TAG_CHARACTER) | (1 << TAG_SMALL_FLOAT);
/** The hidden roots are the fifth object. */
const HIDDEN_ROOTS: u32 = 4;

/** Where the special objects array is, once `load64` has answered true. */
export let special64: Address = 0;
/** One past the last object: free space at the end of the file is left out. */
export let heapEnd64: Address = 0;
let hasForwarders: bool = false;
let hiddenRoots: Address = 0;
let floatsAreSwapped: bool = false;

/** Loads the heap to `oldSpaceStart`; the object map goes to `mapPlace`, past it. */
export function load64(mapPlace: Address): bool {
  if (!readSegments(oldSpaceStart)) return false;
  floatsAreSwapped = (imageFlags & IMAGE_FLAG_FLOATS_LITTLE_ENDIAN) == 0;
  startObjectMap(mapPlace, oldSpaceStart, segmentsEnd - oldSpaceStart);
  if (!findObjects()) return false;
  if (!relocateMournQueue(hiddenRoots)) return false;
  freeObjects(false);
  special64 = newAddressOf(imageSpecialObjects);
  if (!isObjectStart(special64)) return faultAt(IMAGE_BAD_SPECIAL_OBJECTS, -1);
  if (!relocateAll()) return false;
  if (hasForwarders) freeObjects(true);
  return true;
}

/** Checks every header, clears the collector's bits in it, and notes where objects start. */
function findObjects(): bool {
  hasForwarders = false;
  const end = segmentsEnd;
  let lastObjectEnd = oldSpaceStart;
  let place = oldSpaceStart;
  let order: u32 = 0;
  while (place < end) {
    const object = objectStartingAt(place, end);
    if (object == 0) return faultAt(IMAGE_BAD_OBJECT, fileOffsetOf(place));
    place = object + HEADER_BYTES + (max<u32>(slotCountOf(object), 1) << WORD_SHIFT);
    const classIndex = classIndexOf(object);
    if (classIndex == CLASS_INDEX_FREE) continue;
    if (classIndex == CLASS_INDEX_SEGMENT_BRIDGE) {
      setHeaderLow(object, CLASS_INDEX_FREE);
      continue;
    }
    if (order++ == HIDDEN_ROOTS) hiddenRoots = object;
    if (!hasPossibleFormat(object, classIndex)) return faultAt(IMAGE_BAD_OBJECT, fileOffsetOf(object));
    setHeaderLow(object, headerLow(object) & ~((1 << REMEMBERED_SHIFT) | (1 << GREY_SHIFT)));
    setHeaderHigh(object, headerHigh(object) & ~(1 << MARKED_SHIFT));
    if (classIndex == CLASS_INDEX_FORWARDED) hasForwarders = true;
    markObjectStart(object);
    lastObjectEnd = place;
  }
  heapEnd64 = lastObjectEnd;
  if (order <= HIDDEN_ROOTS) return faultAt(IMAGE_BAD_OBJECT, fileOffsetOf(oldSpaceStart));
  return true;
}

/** The object whose header words start at `place`; 0 if it does not fit before `end`. */
function objectStartingAt(place: Address, end: Address): Address {
  const room = end - place;
  if (room < 2 * HEADER_BYTES) return 0;
  let object = place;
  let slots = <u64>load<u8>(place, 7);
  if (slots == OVERFLOW_SLOT_COUNT) {
    object += HEADER_BYTES;
    slots = load<u64>(place) & 0x00ffffffffffffff;
    if (load<u8>(object, 7) != OVERFLOW_SLOT_COUNT || slots == 0) return 0;
  }
  const rest = end - object - HEADER_BYTES;
  return max<u64>(slots, 1) > <u64>(rest >> WORD_SHIFT) ? 0 : object;
}

/** Whether the format exists, and has no more unused elements than the object has elements. */
function hasPossibleFormat(object: Address, classIndex: u32): bool {
  const format = formatOf(object);
  if (format == FORMAT_FORWARDED) return classIndex == CLASS_INDEX_FORWARDED && slotCountOf(object) > 0;
  if (classIndex == CLASS_INDEX_FORWARDED) return slotCountOf(object) > 0;
  if (classIndex <= TAG_MASK) return false;
  if (format < FORMAT_FORWARDED - 1) return true;
  if (format < FORMAT_WORDS64) return false;
  return slotCountOf(object) << WORD_SHIFT >= unusedElementsOfFormat(format) << elementShiftOfFormat(format);
}

function relocateAll(): bool {
  let place = oldSpaceStart;
  while (place < heapEnd64) {
    let object = place;
    if (load<u8>(place, 7) == OVERFLOW_SLOT_COUNT) object += HEADER_BYTES;
    const low = headerLow(object);
    const slots = slotCountOf(object);
    place = object + HEADER_BYTES + (max<u32>(slots, 1) << WORD_SHIFT);
    const classIndex = low & CLASS_INDEX_MASK;
    if (classIndex <= CLASS_INDEX_FORWARDED) continue;
    if (isOwnObject(object, classIndex)) continue;
    if (!relocateSlots(object, (low >> FORMAT_SHIFT) & FORMAT_MASK, slots)) return false;
  }
  return true;
}

/** Whether the virtual machine that wrote the image made it for itself: stacks of its collector, remembered sets. */
function isOwnObject(object: Address, classIndex: u32): bool {
  return classIndex >= CLASS_INDEX_WEAK_ARRAY_PUN && classIndex <= LAST_CLASS_INDEX_PUN && object > hiddenRoots;
}

/** Frees such objects, pages of the mourn queue excepted, and forwarders after the references to them are moved. */
function freeObjects(forwarders: bool): void {
  let place = oldSpaceStart;
  while (place < heapEnd64) {
    const object = load<u8>(place, 7) == OVERFLOW_SLOT_COUNT ? place + HEADER_BYTES : place;
    place = object + HEADER_BYTES + (max<u32>(slotCountOf(object), 1) << WORD_SHIFT);
    const classIndex = classIndexOf(object);
    if (forwarders ? classIndex != CLASS_INDEX_FORWARDED : !isOwnObject(object, classIndex)) continue;
    if (isMarked(object)) {
      setMarked(object, false);
      continue;
    }
    unmarkObjectStart(object);
    setHeaderLow(object, CLASS_INDEX_FREE);
  }
}

function relocateSlots(object: Address, format: u32, slots: u32): bool {
  let pointers = slots;
  if (format >= FORMAT_WORDS64) {
    if (format < FORMAT_COMPILED_METHOD) {
      if (floatsAreSwapped && classIndexOf(object) == CLASS_INDEX_FLOAT && slots == 1) swapHalves(object);
      return true;
    }
    pointers = literalSlots(object);
    if (pointers == 0 || pointers > slots) return faultAt(IMAGE_BAD_METHOD, fileOffsetOf(object));
  } else if (format == FORMAT_FIXED_AND_INDEXABLE && classIndexOf(object) == CLASS_INDEX_CONTEXT) {
    pointers = liveContextSlots(object, slots);
  }
  const body = object + HEADER_BYTES;
  const end = body + (pointers << WORD_SHIFT);
  for (let slot = body; slot < end; slot += 8) {
    const oop = load<u64>(slot);
    const tag = (<u32>oop) & TAG_MASK;
    if (tag != 0) {
      if (((IMMEDIATE_TAGS >> tag) & 1) == 0) return faultAt(IMAGE_BAD_REFERENCE, fileOffsetOf(slot));
      continue;
    }
    let target = newAddressOf(oop);
    if (!isObjectStart(target)) return faultAt(IMAGE_BAD_REFERENCE, fileOffsetOf(slot));
    if (hasForwarders && isForwarded(target)) target = follow(target);
    if (target == 0) return faultAt(IMAGE_BAD_REFERENCE, fileOffsetOf(slot));
    store<u64>(slot, target);
  }
  return true;
}

/** StackInterpreter>>convertFloatsToPlatformOrder. */
function swapHalves(float: Address): void {
  store<u64>(float, rotl(load<u64>(float, HEADER_BYTES), 32), HEADER_BYTES);
}

/** Header and literals of a method; 0 where its header is no SmallInteger. */
function literalSlots(method: Address): u32 {
  const header = load<u64>(method, HEADER_BYTES);
  if (((<u32>header) & TAG_MASK) != TAG_SMALL_INTEGER) return 0;
  return ((<u32>(header >> TAG_SHIFT)) & METHOD_LITERAL_COUNT_MASK) + 1;
}

/** A context's slots up to its stack pointer; those above hold what was there before, and become nil. */
function liveContextSlots(context: Address, slots: u32): u32 {
  if (slots < CONTEXT_FIRST_TEMP) return slots;
  const body = context + HEADER_BYTES;
  const stackPointer = load<u64>(body + (CONTEXT_STACK_POINTER << WORD_SHIFT));
  let live: u32 = CONTEXT_FIRST_TEMP;
  if (((<u32>stackPointer) & TAG_MASK) == TAG_SMALL_INTEGER) {
    const depth = stackPointer >> TAG_SHIFT;
    if (depth > <u64>(slots - CONTEXT_FIRST_TEMP)) return slots;
    live += <u32>depth;
  }
  for (let i = live; i < slots; i++) store<u64>(body + (i << WORD_SHIFT), oldSpaceStart);
  return live;
}

/** The object behind a forwarder, or behind several; 0 for a cycle or a damaged one. Forwarders are not relocated. */
function follow(forwarder: Address): Address {
  let target = forwarder;
  for (let hops = 0; hops < 1000; hops++) {
    target = newAddressOf(load<u64>(target, HEADER_BYTES));
    if (!isObjectStart(target)) return 0;
    if (!isForwarded(target)) return target;
  }
  return 0;
}
