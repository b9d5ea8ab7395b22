// What the Zip primitives read from and write back to the image's streams. Named instance variables before those of the
// Zip classes differ from image to image, so their number is that of the nearest class too small to be one of them.
// Source: VMMaker, DeflatePlugin>>determineSizeOfWriteStream:, InflatePlugin>>determineSizeOfReadStream:.

import {
  Address,
  bodyOf,
  byteSize,
  CLASS_SUPERCLASS,
  classOf,
  elementCountOf,
  fail,
  fetchFollowed,
  FORMAT_BYTES,
  FORMAT_COMPILED_METHOD,
  FORMAT_WORDS32,
  formatOf,
  instanceSizeOf,
  isBehavior,
  isObject,
  isPointersFormat,
  isReadOnly,
  isSmallInteger,
  Oop,
  slotCountOf,
  smallInteger,
  smallIntegerValue,
  storePointer,
} from "../../vm/plugin";

/** No hierarchy is deeper than this; a damaged one may be circular. */
const MAX_DEPTH: u32 = 100;

/** How many elements `bytesOf` or `wordsOf` found. */
export let foundSize: u32 = 0;

/** Instance variables of the first class above an object's whose instances have fewer than `limit`; -1 and failed if none. */
export function fixedSizeBelow(object: Oop, limit: u32): i32 {
  let behavior = classOf(object);
  for (let depth: u32 = 0; depth < MAX_DEPTH && isBehavior(behavior); depth++) {
    const size = instanceSizeOf(behavior);
    if (size < limit) return size;
    behavior = fetchFollowed(CLASS_SUPERCLASS, behavior);
  }
  fail();
  return -1;
}

/** Whether an object has at least so many slots, all of them oops; fails if not. */
export function requireSlots(object: Oop, count: u32): bool {
  const isFit =
    isObject(object) && isPointersFormat(formatOf(<Address>object)) && slotCountOf(<Address>object) >= count;
  if (!isFit) fail();
  return isFit;
}

/** A slot's non-negative SmallInteger below 2^31: a position, size or count; fails for anything else. */
export function integerIn(index: u32, object: Oop): i64 {
  return smallIntegerIn(index, object, 31);
}

/** A slot with bits read or written too early, up to 48 of them. */
export function bitsIn(index: u32, object: Oop): i64 {
  return smallIntegerIn(index, object, 48);
}

function smallIntegerIn(index: u32, object: Oop, bits: i64): i64 {
  const oop = fetchFollowed(index, object);
  const value = isSmallInteger(oop) ? smallIntegerValue(oop) : -1;
  if (value >= 0 && value >> bits == 0) return value;
  fail();
  return 0;
}

export function storeInteger(index: u32, object: Oop, value: i64): void {
  storePointer(index, object, smallInteger(value));
}

/** Where the bytes of a slot's object are, `foundSize` of them; 0 and failed where it has none. */
export function bytesIn(index: u32, object: Oop, written: bool): Address {
  const oop = fetchFollowed(index, object);
  const format = isObject(oop) ? formatOf(<Address>oop) : 0;
  if (format >= FORMAT_BYTES && format < FORMAT_COMPILED_METHOD && !(written && isReadOnly(<Address>oop))) {
    foundSize = byteSize(oop);
    return bodyOf(oop);
  }
  fail();
  return 0;
}

/** As `bytesIn`, of 32-bit words. */
export function wordsIn(index: u32, object: Oop, written: bool): Address {
  return wordsOf(fetchFollowed(index, object), written);
}

export function wordsOf(oop: Oop, written: bool): Address {
  if (isObject(oop) && (formatOf(<Address>oop) & ~1) == FORMAT_WORDS32 && !(written && isReadOnly(<Address>oop))) {
    foundSize = elementCountOf(oop);
    return bodyOf(oop);
  }
  fail();
  return 0;
}
