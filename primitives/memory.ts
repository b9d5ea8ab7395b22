// Primitives 112, 124, 125, 163, 164, 172 and 180 to 183: how much memory there is, what it tells the image, and flags of
// objects. Their work is the memory's own, which is why they import it. Source: VMMaker, InterpreterPrimitives.

import { bytesLeft, setLowSpaceThresholdBytes } from "../vm/memory/collector";
import { largestFreeChunkBytes } from "../vm/memory/freelists";
import { fetchMourner } from "../vm/memory/mourners";
import { freeOldSpaceBytes, reserveOldSpace } from "../vm/memory/oldspace";
import {
  Address,
  answer,
  answerBoolean,
  answerInteger,
  argumentCount,
  ASSOCIATION_VALUE,
  bytesForSlots,
  CLASS_INDEX_CONTEXT,
  classIndexOf,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_ARGUMENT_COUNT,
  ERROR_BAD_RECEIVER,
  ERROR_INAPPROPRIATE,
  ERROR_LIMIT_EXCEEDED,
  ERROR_NO_MEMORY,
  ERROR_NOT_FOUND,
  fail,
  fetchPointer,
  FORMAT_ARRAY,
  FORMAT_COMPILED_METHOD,
  FORMAT_EPHEMERON,
  FORMAT_FIXED,
  FORMAT_SHORTS,
  FORMAT_BYTES,
  FORMAT_WEAK_ARRAY,
  FORMAT_WORDS32,
  FORMAT_WORDS64,
  formatOf,
  instanceFormatOf,
  instanceSizeOf,
  isBehavior,
  isBoolean,
  isClassIndex,
  isForwardedOop,
  isInstanceOf,
  isObject,
  isPinned,
  isReadOnly,
  isSmallInteger,
  nil,
  Oop,
  SCHEDULER_ACTIVE_PROCESS,
  SCHEDULER_LISTS,
  setReadOnly,
  slotCountOf,
  smallIntegerValue,
  SPECIAL_CLASS_SEMAPHORE,
  SPECIAL_LOW_SPACE_SEMAPHORE,
  SPECIAL_SCHEDULER,
  specialObject,
  specialObjects,
  storePointer,
  trueObject,
} from "../vm/plugin";
import { fromTop, takes, takesAtLeast } from "./operands";

/** No object has more slots; beyond, sizes make no sense. */
const MAX_SLOTS: i64 = 1 << 29;

/** 112: bytes free; with nil as argument the largest run of them, with a Boolean what is left altogether. */
export function primitiveBytesLeft(): void {
  if (argumentCount == 0) return answerInteger(freeOldSpaceBytes());
  if (argumentCount != 1) return fail();
  if (fromTop(0) == nil) answerInteger(largestFreeChunkBytes());
  else if (isBoolean(fromTop(0))) answerInteger(bytesLeft());
  else fail();
}

/** 124: the semaphore that is signalled when memory runs low; nil for none. */
export function primitiveLowSpaceSemaphore(): void {
  if (!takes(1)) return;
  const semaphore = fromTop(0);
  if (semaphore != nil && !isInstanceOf(semaphore, SPECIAL_CLASS_SEMAPHORE)) return fail(ERROR_BAD_ARGUMENT);
  storePointer(SPECIAL_LOW_SPACE_SEMAPHORE, specialObjects, semaphore);
}

/** 125: that many bytes left are low. */
export function primitiveSignalAtBytesLeft(): void {
  if (!takes(1)) return;
  const bytes = fromTop(0);
  if (!isSmallInteger(bytes) || smallIntegerValue(bytes) < 0) return fail(ERROR_BAD_ARGUMENT);
  setLowSpaceThresholdBytes(<u32>min<i64>(smallIntegerValue(bytes), u32.MAX_VALUE));
}

/** 163: whether stores into an object fail; immediates are read-only. */
export function primitiveGetImmutability(): void {
  const object = fromTop(0);
  answerBoolean(!isObject(object) || isReadOnly(<Address>object));
}

/** 164: makes an object read-only or not; answers whether it was. */
export function primitiveSetImmutability(): void {
  if (!takesAtLeast(1)) return;
  const object = fromTop(1);
  if (!isObject(object)) return fail(ERROR_BAD_RECEIVER);
  if (!isBoolean(fromTop(0))) return fail(ERROR_BAD_ARGUMENT);
  const wanted = fromTop(0) == trueObject;
  if (wanted && !canBeReadOnly(object)) return fail(ERROR_INAPPROPRIATE);
  answerBoolean(isReadOnly(<Address>object));
  setReadOnly(<Address>object, wanted);
}

/** 172: the next weak object or ephemeron to be mourned; fails with "not found" where there is none. */
export function primitiveFetchNextMourner(): void {
  const mourner = fetchMourner();
  if (mourner == 0) fail(ERROR_NOT_FOUND);
  else answer(mourner);
}

/** 180: makes room for at least so many bytes now; answers how many. */
export function primitiveGrowMemoryByAtLeast(): void {
  if (!takes(1)) return;
  const bytes = fromTop(0);
  if (!isSmallInteger(bytes) || smallIntegerValue(bytes) < 0) return fail(ERROR_BAD_ARGUMENT);
  const wanted = smallIntegerValue(bytes);
  if (wanted > <i64>u32.MAX_VALUE || !reserveOldSpace(<u32>wanted)) fail(ERROR_NO_MEMORY);
  else answerInteger(wanted);
}

/** 181: bytes of an instance of the receiver, with so many elements as the argument says. */
export function primitiveSizeInBytesOfInstance(): void {
  if (argumentCount > 1) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const classObject = fromTop(argumentCount);
  if (argumentCount == 1 && !isSmallInteger(fromTop(0))) return fail(ERROR_BAD_ARGUMENT);
  if (!isBehavior(classObject)) return fail(ERROR_BAD_RECEIVER);
  const format = instanceFormatOf(classObject);
  const fixed = <i64>instanceSizeOf(classObject);
  if (argumentCount == 0) {
    if (format > FORMAT_FIXED && format != FORMAT_EPHEMERON) return fail(ERROR_BAD_RECEIVER);
    return answerInteger(bytesForSlots(<u32>fixed));
  }
  const elements = smallIntegerValue(fromTop(0));
  const slots = slotsFor(elements, format, fixed);
  if (slots < 0 && elements >= 0) return fail(ERROR_BAD_RECEIVER);
  if (elements < 0) return fail(ERROR_BAD_ARGUMENT);
  if (slots > MAX_SLOTS) return fail(ERROR_LIMIT_EXCEEDED);
  answerInteger(bytesForSlots(<u32>slots));
}

/** 182: bytes of an object with its header; 0 for immediates. */
export function primitiveSizeInBytes(): void {
  const object = fromTop(0);
  answerInteger(isObject(object) ? bytesForSlots(slotCountOf(<Address>object)) : 0);
}

/** 183: whether an object stays where it is. */
export function primitiveIsPinned(): void {
  const object = fromTop(0);
  if (!isObject(object) || isForwardedOop(object)) return fail(ERROR_BAD_RECEIVER);
  answerBoolean(isPinned(<Address>object));
}

/** Slots of an instance with so many elements; -1 for a class without elements. */
function slotsFor(elements: i64, format: u32, fixed: i64): i64 {
  if (format == FORMAT_ARRAY) return elements;
  if (format > FORMAT_ARRAY && format <= FORMAT_WEAK_ARRAY) return fixed + elements;
  if (format == FORMAT_WORDS64) return elements;
  if (format == FORMAT_WORDS32) return (elements + 1) >> 1;
  if (format == FORMAT_SHORTS) return (elements + 3) >> 2;
  if (format == FORMAT_BYTES || format == FORMAT_COMPILED_METHOD) return (elements + 7) >> 3;
  return -1;
}

/** InterpreterPrimitives>>canBeImmutable:, which leaves out what the virtual machine itself stores into. */
function canBeReadOnly(object: Oop): bool {
  if (isClassIndex(object, CLASS_INDEX_CONTEXT)) return false;
  const format = formatOf(<Address>object);
  if (format == FORMAT_WEAK_ARRAY || format == FORMAT_EPHEMERON) return false;
  if (isInstanceOf(object, SPECIAL_CLASS_SEMAPHORE)) return false;
  const association = specialObject(SPECIAL_SCHEDULER);
  if (!hasSlots(association, ASSOCIATION_VALUE + 1)) return true;
  const scheduler = fetchPointer(ASSOCIATION_VALUE, association);
  if (!hasSlots(scheduler, SCHEDULER_ACTIVE_PROCESS + 1)) return true;
  const lists = fetchPointer(SCHEDULER_LISTS, scheduler);
  if (!hasSlots(lists, 2)) return true;
  if (object == scheduler || object == lists) return false;
  return (
    !isSameClass(object, fetchPointer(1, lists)) &&
    !isSameClass(object, fetchPointer(SCHEDULER_ACTIVE_PROCESS, scheduler))
  );
}

function hasSlots(oop: Oop, count: u32): bool {
  return isObject(oop) && slotCountOf(<Address>oop) >= count;
}

function isSameClass(object: Oop, other: Oop): bool {
  return isObject(other) && classIndexOf(<Address>object) == classIndexOf(<Address>other);
}
