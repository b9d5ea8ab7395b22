// 32-bit Spur images, converted to 64-bit Spur while loading. The file's heap is read to where the converted one can
// grow towards it: no object becomes more than twice as large, so writing never overtakes reading. Three passes: find
// the objects and settle where each goes (pass one), move pcs, which count bytes of literals (pass two), convert.
//
// Floats and large integers that 64-bit Spur has as immediates become immediates, as the arithmetic expects. Identity
// hashes of objects stay; collections that hashed such a number by identity, or hashed an integer between 2^30 and 2^60
// by its bytes, want a rehash by the image. (VMMaker: Spur32BitMemoryManager; Squeak's Spur32to64BitBootstrap.)

import {
  CLASS_INDEX_BLOCK_CLOSURE,
  CLASS_INDEX_CONTEXT,
  CLASS_INDEX_FLOAT,
  CLASS_INDEX_FORWARDED,
  CLASS_INDEX_FREE,
  CLASS_INDEX_LARGE_NEGATIVE,
  CLASS_INDEX_LARGE_POSITIVE,
  CLASS_INDEX_MASK,
  CLASS_INDEX_SEGMENT_BRIDGE,
  CLASS_INDEX_WEAK_ARRAY_PUN,
  CLASS_INDEX_WORDS64_PUN,
  CLOSURE_OUTER_CONTEXT,
  CLOSURE_START_PC,
  CLASS_TABLE_ROOT_SLOTS,
  CONTEXT_FIRST_TEMP,
  CONTEXT_METHOD,
  CONTEXT_PC,
  CONTEXT_STACK_POINTER,
  FORMAT_BYTES,
  FORMAT_COMPILED_METHOD,
  FORMAT_FIXED_AND_INDEXABLE,
  FORMAT_FORWARDED,
  FORMAT_MASK,
  FORMAT_SHIFT,
  FORMAT_SHORTS,
  FORMAT_WORDS32,
  FORMAT_WORDS64,
  FREE_LIST_COUNT,
  GREY_SHIFT,
  HASH_MASK,
  HEADER_BYTES,
  IMAGE_FLAG_FLOATS_LITTLE_ENDIAN,
  LAST_CLASS_INDEX_PUN,
  METHOD_LITERAL_COUNT_MASK,
  OVERFLOW_SLOT_COUNT,
  REMEMBERED_SHIFT,
  TAG_MASK,
  WORD_SHIFT,
} from "../layout";
import { bytesForSlots } from "../memory/allocation";
import { oldSpaceStart } from "../memory/map";
import { Address, character, fitsSmallFloat, fitsSmallInteger, Oop, smallFloat, smallInteger } from "../memory/oop";
import {
  IMAGE_BAD_METHOD,
  IMAGE_BAD_OBJECT,
  IMAGE_BAD_REFERENCE,
  IMAGE_BAD_SPECIAL_OBJECTS,
  IMAGE_NO_MEMORY,
} from "../tables/imageFaults";
import { faultAt } from "./fault";
import { imageDataBytes, imageFlags, imageSpecialObjects } from "./header";
import { isKeptObject, keepObject, newOopOf, replaceObject, setReplacement, startNewAddresses } from "./newAddresses";
import { fileOffsetOf, newAddressOf, readSegments, segmentsEnd } from "./segments";

/** What the free lists and the rounding of the first objects take beyond twice their size. */
const SLACK_BYTES: u32 = 1024;
const FREE_LISTS: u32 = 3;
const HIDDEN_ROOTS: u32 = 4;
/** The largest SmallInteger of a 32-bit image, and one more than the smallest's magnitude. */
const MAX_SMALL_INTEGER_32: u64 = (1 << 30) - 1;

/** Where the special objects array is, once `load32` has answered true. */
export let special32: Address = 0;
/** One past the last converted object. */
export let heapEnd32: Address = 0;
let rawStart: Address = 0;

/** Bytes of memory from `oldSpaceStart` on that converting needs, without the tables that grow by themselves. */
export function bytesToLoad32(): u64 {
  return 2 * <u64>imageDataBytes + SLACK_BYTES + 8;
}

/** Loads and converts the heap to `oldSpaceStart`. */
export function load32(): bool {
  const dataBytes = (<u32>imageDataBytes + 7) & ~7;
  rawStart = oldSpaceStart + dataBytes + SLACK_BYTES;
  if (!readSegments(rawStart)) return false;
  const tables = rawStart + dataBytes;
  if (!startNewAddresses(tables, rawStart, segmentsEnd - rawStart, oldSpaceStart, 2 * <u64>dataBytes + SLACK_BYTES)) {
    return faultAt(IMAGE_NO_MEMORY, -1);
  }
  if (!placeObjects()) return false;
  const special = newOopOf(newAddressOf(imageSpecialObjects));
  if (special == 0 || ((<u32>special) & TAG_MASK) != 0) return faultAt(IMAGE_BAD_SPECIAL_OBJECTS, -1);
  special32 = <Address>special;
  movePcs();
  return convertAll();
}

// Objects as read.

// @ts-ignore: decorator
@inline
function rawFormat(raw: Address): u32 {
  return (load<u32>(raw) >> FORMAT_SHIFT) & FORMAT_MASK;
}

// @ts-ignore: decorator
@inline
function rawClassIndex(raw: Address): u32 {
  return load<u32>(raw) & CLASS_INDEX_MASK;
}

/** Slots of 4 bytes. */
// @ts-ignore: decorator
@inline
function rawSlots(raw: Address): u32 {
  const count = <u32>load<u8>(raw, 7);
  return count == OVERFLOW_SLOT_COUNT ? load<u32>(raw - HEADER_BYTES) : count;
}

// @ts-ignore: decorator
@inline
function rawSlot(index: u32, raw: Address): u32 {
  return load<u32>(raw + HEADER_BYTES + (index << 2));
}

/** One past an object: bodies are whole pairs of slots, one pair at least. */
// @ts-ignore: decorator
@inline
function rawEnd(raw: Address, slots: u32): Address {
  return raw + HEADER_BYTES + ((max<u32>(slots, 2) + 1) & ~1) * 4;
}

// @ts-ignore: decorator
@inline
function rawObjectAt(place: Address): Address {
  return load<u8>(place, 7) == OVERFLOW_SLOT_COUNT ? place + HEADER_BYTES : place;
}

/** Whether an object with its header words at `place` fits before `end`. */
function fits(place: Address, end: Address): bool {
  const room = end - place;
  if (room < 2 * HEADER_BYTES) return false;
  const raw = rawObjectAt(place);
  if (raw != place && (load<u8>(raw, 7) != OVERFLOW_SLOT_COUNT || load<u32>(place) == 0)) return false;
  const words = (end - raw - HEADER_BYTES) >> 2;
  return rawSlots(raw) <= words && words >= 2;
}

/** Elements of 8, 4, 2 or 1 bytes that a bits object's last slot has unused; only the two low bits are used here. */
function rawUnused(format: u32): u32 {
  if (format >= FORMAT_BYTES) return format & 7;
  if (format >= FORMAT_SHORTS) return format & 3;
  return format == FORMAT_WORDS32 + 1 ? 1 : 0;
}

function isPossible(raw: Address, classIndex: u32): bool {
  const format = rawFormat(raw);
  if (classIndex == CLASS_INDEX_FORWARDED) return rawSlots(raw) > 0;
  if (classIndex <= TAG_MASK || format == FORMAT_FORWARDED) return false;
  if (format < FORMAT_FORWARDED - 1) return true;
  if (format < FORMAT_WORDS64) return false;
  const unused = rawUnused(format);
  if (format >= FORMAT_BYTES) return unused < 4 && rawSlots(raw) << 2 >= unused;
  if (format >= FORMAT_SHORTS) return unused < 2 && rawSlots(raw) << 1 >= unused;
  return unused == 0;
}

/** Bytes of a bits object or of a method with its header and literals. */
function rawBytes(raw: Address): u32 {
  const format = rawFormat(raw);
  const unusedBytes = format >= FORMAT_BYTES ? format & 3 : format >= FORMAT_SHORTS ? (format & 1) << 1 : 0;
  return (rawSlots(raw) << 2) - unusedBytes;
}

/** Header and literals of a method; 0 where its header is no SmallInteger or they do not fit in it. */
function rawLiteralSlots(method: Address): u32 {
  const header = rawSlot(0, method);
  if (rawSlots(method) == 0 || (header & 1) == 0) return 0;
  const count = ((header >> 1) & METHOD_LITERAL_COUNT_MASK) + 1;
  return count << 2 <= rawBytes(method) ? count : 0;
}

// Pass one.

function placeObjects(): bool {
  const end = segmentsEnd;
  let target = oldSpaceStart;
  let place = rawStart;
  let order: u32 = 0;
  while (place < end) {
    if (!fits(place, end)) return faultAt(IMAGE_BAD_OBJECT, fileOffsetOf(place));
    const raw = rawObjectAt(place);
    place = rawEnd(raw, rawSlots(raw));
    if (place > end) return faultAt(IMAGE_BAD_OBJECT, fileOffsetOf(raw));
    const classIndex = rawClassIndex(raw);
    if (classIndex == CLASS_INDEX_FREE || classIndex == CLASS_INDEX_SEGMENT_BRIDGE) continue;
    if (!isPossible(raw, classIndex)) return faultAt(IMAGE_BAD_OBJECT, fileOffsetOf(raw));
    const index = order++;
    if (isLeftOut(classIndex, index)) continue;
    const immediate = immediateFor(raw, classIndex);
    if (immediate != 0 || classIndex == CLASS_INDEX_FORWARDED) {
      if (!replaceObject(raw, immediate)) return faultAt(IMAGE_NO_MEMORY, -1);
      continue;
    }
    const slots = newSlots(raw, index);
    if (slots == u32.MAX_VALUE) return faultAt(IMAGE_BAD_METHOD, fileOffsetOf(raw));
    keepObject(raw, slots >= OVERFLOW_SLOT_COUNT ? target + HEADER_BYTES : target);
    target += bytesForSlots(slots);
  }
  heapEnd32 = target;
  if (order <= HIDDEN_ROOTS) return faultAt(IMAGE_BAD_OBJECT, fileOffsetOf(rawStart));
  return true;
}

/** What the writing virtual machine kept for itself in the heap goes. */
function isLeftOut(classIndex: u32, order: u32): bool {
  return classIndex >= CLASS_INDEX_WEAK_ARRAY_PUN && classIndex <= LAST_CLASS_INDEX_PUN && order > HIDDEN_ROOTS;
}

/** Slots of 8 bytes that the converted object takes; u32.MAX_VALUE for a damaged method. */
function newSlots(raw: Address, order: u32): u32 {
  if (order == FREE_LISTS) return FREE_LIST_COUNT;
  const format = rawFormat(raw);
  if (format < FORMAT_WORDS64) return rawSlots(raw);
  if (format < FORMAT_COMPILED_METHOD) return (rawBytes(raw) + 7) >> WORD_SHIFT;
  const literals = rawLiteralSlots(raw);
  if (literals == 0) return u32.MAX_VALUE;
  return (rawBytes(raw) + (literals << 2) + 7) >> WORD_SHIFT;
}

/** The immediate that a Float or a large integer is in 64-bit Spur; 0 where it stays an object. */
function immediateFor(raw: Address, classIndex: u32): Oop {
  if (classIndex == CLASS_INDEX_FLOAT) {
    if (rawFormat(raw) != FORMAT_WORDS32 || rawSlots(raw) != 2) return 0;
    const value = reinterpret<f64>(floatBits(raw));
    return fitsSmallFloat(value) ? smallFloat(value) : 0;
  }
  if (classIndex == CLASS_INDEX_LARGE_POSITIVE || classIndex == CLASS_INDEX_LARGE_NEGATIVE)
    return smallFor(raw, classIndex);
  return 0;
}

function floatBits(raw: Address): u64 {
  const bits = load<u64>(raw, HEADER_BYTES);
  return (imageFlags & IMAGE_FLAG_FLOATS_LITTLE_ENDIAN) != 0 ? bits : rotl(bits, 32);
}

/** Only large integers that a 32-bit image could not have as SmallIntegers are replaced: others are not in use as numbers. */
function smallFor(raw: Address, classIndex: u32): Oop {
  if (rawFormat(raw) < FORMAT_BYTES || rawFormat(raw) >= FORMAT_COMPILED_METHOD) return 0;
  const bytes = rawBytes(raw);
  if (bytes == 0 || bytes > 8) return 0;
  let magnitude: u64 = 0;
  for (let i: u32 = 0; i < bytes; i++) magnitude |= (<u64>load<u8>(raw + HEADER_BYTES + i)) << (i << 3);
  if (magnitude > (<u64>1) << 60) return 0;
  const negative = classIndex == CLASS_INDEX_LARGE_NEGATIVE;
  if (magnitude <= MAX_SMALL_INTEGER_32 + (negative ? 1 : 0)) return 0;
  const value = negative ? -(<i64>magnitude) : <i64>magnitude;
  return fitsSmallInteger(value) ? smallInteger(value) : 0;
}

// Pass two. Pcs count from the method's first byte, header and literals included, which take four bytes more each.

function movePcs(): void {
  const end = segmentsEnd;
  let place = rawStart;
  while (place < end) {
    const raw = rawObjectAt(place);
    const slots = rawSlots(raw);
    place = rawEnd(raw, slots);
    const classIndex = rawClassIndex(raw);
    if (classIndex == CLASS_INDEX_FORWARDED) setReplacement(raw, newOopOf(followed(raw)));
    if (rawFormat(raw) >= FORMAT_FORWARDED) continue;
    if (classIndex == CLASS_INDEX_CONTEXT && slots > CONTEXT_METHOD) movePc(raw, CONTEXT_PC, raw);
    if (classIndex == CLASS_INDEX_BLOCK_CLOSURE && slots > CLOSURE_START_PC) {
      movePc(raw, CLOSURE_START_PC, rawTarget(rawSlot(CLOSURE_OUTER_CONTEXT, raw)));
    }
  }
}

/** Moves the pc in a slot of `object`, which belongs to the method of `context`. */
function movePc(object: Address, index: u32, context: Address): void {
  const pc = rawSlot(index, object);
  if ((pc & 1) == 0 || context == 0 || rawClassIndex(context) != CLASS_INDEX_CONTEXT) return;
  if (rawFormat(context) >= FORMAT_FORWARDED || rawSlots(context) <= CONTEXT_METHOD) return;
  const method = rawTarget(rawSlot(CONTEXT_METHOD, context));
  if (method == 0 || rawFormat(method) < FORMAT_COMPILED_METHOD) return;
  store<u32>(object + HEADER_BYTES + (index << 2), pc + (rawLiteralSlots(method) << 3));
}

/** The object as read that an oop of the file refers to, forwarders followed; 0 for an immediate or a bad one. */
function rawTarget(oop: u32): Address {
  if ((oop & 3) != 0) return 0;
  const raw = followed(newAddressOf(oop));
  return isKeptObject(raw) ? raw : 0;
}

/** What is at the end of a chain of forwarders; 0 for a chain without end. */
function followed(raw: Address): Address {
  let target = raw;
  for (let hops = 0; hops < 1000; hops++) {
    if (target < rawStart || target >= segmentsEnd || (target & 7) != 0) return 0;
    if (isKeptObject(target) || rawClassIndex(target) != CLASS_INDEX_FORWARDED) return target;
    target = newAddressOf(rawSlot(0, target));
  }
  return 0;
}

// Pass three. Writing stays behind reading (see bytesToLoad32), also inside an object.

function convertAll(): bool {
  const end = segmentsEnd;
  let target = oldSpaceStart;
  let place = rawStart;
  let order: u32 = 0;
  while (place < end) {
    const raw = rawObjectAt(place);
    place = rawEnd(raw, rawSlots(raw));
    const classIndex = rawClassIndex(raw);
    if (classIndex == CLASS_INDEX_FREE || classIndex == CLASS_INDEX_SEGMENT_BRIDGE) continue;
    const index = order++;
    if (!isKeptObject(raw)) continue;
    const slots = newSlots(raw, index);
    if (!convertObject(raw, target, slots, index)) return false;
    target += bytesForSlots(slots);
  }
  return true;
}

function convertObject(raw: Address, place: Address, slots: u32, order: u32): bool {
  const low = load<u32>(raw);
  const hash = load<u32>(raw, 4) & HASH_MASK;
  const format = (low >> FORMAT_SHIFT) & FORMAT_MASK;
  const rawCount = rawSlots(raw);
  const bytes = format < FORMAT_WORDS64 ? 0 : rawBytes(raw);
  const literals = format < FORMAT_COMPILED_METHOD ? 0 : rawLiteralSlots(raw);
  const object = slots >= OVERFLOW_SLOT_COUNT ? place + HEADER_BYTES : place;
  const count: u32 = slots >= OVERFLOW_SLOT_COUNT ? OVERFLOW_SLOT_COUNT : slots;
  if (object != place) store<u64>(place, ((<u64>OVERFLOW_SLOT_COUNT) << 56) | slots);

  if (order == FREE_LISTS) {
    writeHeader(object, CLASS_INDEX_WORDS64_PUN, FORMAT_WORDS64, count, hash);
    memory.fill(object + HEADER_BYTES, 0, FREE_LIST_COUNT << WORD_SHIFT);
    return true;
  }
  const newFormat = format < FORMAT_WORDS32 ? format : formatFor(format, slots, bytes + (literals << 2));
  writeHeader(object, low, newFormat, count, hash);
  if (format < FORMAT_WORDS64) return convertSlots(raw, object, rawCount, low & CLASS_INDEX_MASK, order);
  return copyBits(raw, object, slots, bytes, literals);
}

/** The flags that stay are pinned and read-only. */
function writeHeader(object: Address, low: u32, format: u32, count: u32, hash: u32): void {
  const flags = low & ~((FORMAT_MASK << FORMAT_SHIFT) | (1 << REMEMBERED_SHIFT) | (1 << GREY_SHIFT));
  store<u32>(object, flags | (format << FORMAT_SHIFT));
  store<u32>(object, (count << 24) | hash, 4);
}

/** The format of the same elements in slots of 8 bytes. */
function formatFor(format: u32, slots: u32, bytes: u32): u32 {
  const unusedBytes = (slots << WORD_SHIFT) - bytes;
  if (format >= FORMAT_COMPILED_METHOD) return FORMAT_COMPILED_METHOD + unusedBytes;
  if (format >= FORMAT_BYTES) return FORMAT_BYTES + unusedBytes;
  return format >= FORMAT_SHORTS ? FORMAT_SHORTS + (unusedBytes >> 1) : FORMAT_WORDS32 + (unusedBytes >> 2);
}

function copyBits(raw: Address, object: Address, slots: u32, bytes: u32, literals: u32): bool {
  const isFloat = rawClassIndex(raw) == CLASS_INDEX_FLOAT && bytes == 8;
  const bits = isFloat ? floatBits(raw) : 0;
  const source = raw + HEADER_BYTES + (literals << 2);
  const target = object + HEADER_BYTES + (literals << WORD_SHIFT);
  if (literals != 0) {
    // The header first: its sign, which says SistaV1, spreads into the new upper bits.
    for (let i: u32 = 0; i < literals; i++) if (!convertSlot(raw, object, i)) return false;
  }
  const size = bytes - (literals << 2);
  memory.copy(target, source, size);
  const end = object + HEADER_BYTES + (max<u32>(slots, 1) << WORD_SHIFT);
  memory.fill(target + size, 0, end - (target + size));
  if (isFloat) store<u64>(object, bits, HEADER_BYTES);
  return true;
}

function convertSlots(raw: Address, object: Address, slots: u32, classIndex: u32, order: u32): bool {
  let live = slots;
  if (classIndex == CLASS_INDEX_CONTEXT) live = liveContextSlots(raw, slots);
  if (order == HIDDEN_ROOTS) live = min<u32>(slots, CLASS_TABLE_ROOT_SLOTS);
  for (let i: u32 = 0; i < live; i++) if (!convertSlot(raw, object, i)) return false;
  const body = object + HEADER_BYTES;
  for (let i = live; i < max<u32>(slots, 1); i++) store<u64>(body + (i << WORD_SHIFT), slots == 0 ? 0 : oldSpaceStart);
  return true;
}

// @ts-ignore: decorator
@inline
function convertSlot(raw: Address, object: Address, index: u32): bool {
  const oop = rawSlot(index, raw);
  const converted = (oop & 1) != 0 ? smallInteger((<i32>oop) >> 1) : convertReference(oop);
  if (converted == 0) return faultAt(IMAGE_BAD_REFERENCE, fileOffsetOf(raw + HEADER_BYTES + (index << 2)));
  store<u64>(object + HEADER_BYTES + (index << WORD_SHIFT), converted);
  return true;
}

function convertReference(oop: u32): Oop {
  return (oop & 2) != 0 ? character(oop >> 2) : newOopOf(newAddressOf(oop));
}

/** A context's slots up to its stack pointer; those above hold what was there before. */
function liveContextSlots(raw: Address, slots: u32): u32 {
  if (slots < CONTEXT_FIRST_TEMP) return slots;
  const stackPointer = rawSlot(CONTEXT_STACK_POINTER, raw);
  if ((stackPointer & 1) == 0) return CONTEXT_FIRST_TEMP;
  return min<u32>(slots, CONTEXT_FIRST_TEMP + (stackPointer >> 1));
}
