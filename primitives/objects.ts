// Primitives 70, 71, 148, 168 and 596 to 599: making and copying objects. Contexts, whose state may lie on the stack, fail
// with "inappropriate" where they are copied. Source: VMMaker, InterpreterPrimitives; SpurMemoryManager>>instantiateClass:.

import {
  Address,
  allocateSlots,
  answer,
  argumentCount,
  bodyOf,
  byteSizeOf,
  classIndexOf,
  CLASS_INDEX_CONTEXT,
  CLASS_INDEX_FLOAT,
  CLASS_INDEX_LARGE_POSITIVE,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_RECEIVER,
  ERROR_INAPPROPRIATE,
  ERROR_NO_MEMORY,
  ERROR_NO_MODIFICATION,
  fail,
  fetchPointer,
  FORMAT_ARRAY,
  FORMAT_COMPILED_METHOD,
  FORMAT_EPHEMERON,
  FORMAT_FIXED,
  FORMAT_WEAK_ARRAY,
  FORMAT_WORDS32,
  FORMAT_WORDS64,
  formatOf,
  instanceFormatOf,
  instantiate,
  isBehavior,
  isBitsFormat,
  isClassIndex,
  isForwardedOop,
  isObject,
  isPointersFormat,
  isReadOnly,
  isSmallInteger,
  isYoungObject,
  literalCountOf,
  Oop,
  rawHashOf,
  setPinned,
  slotCountOf,
  smallIntegerValue,
  storePointer,
} from "../vm/plugin";
import { fromTop, magnitudeOf, takesAtLeast } from "./operands";

/** 70: basicNew. Fails with "bad receiver" for an indexable class, with "no memory" at the limit. */
export function primitiveNew(): void {
  answerFixedInstance(false, false);
}

/** 71: basicNew:. */
export function primitiveNewWithArg(): void {
  answerIndexableInstance(false, false);
}

/** 596: basicNew in old space. */
export function primitiveNewOldSpace(): void {
  answerFixedInstance(true, false);
}

/** 597: basicNew: in old space. */
export function primitiveNewWithArgOldSpace(): void {
  answerIndexableInstance(true, false);
}

/** 598: basicNew of an object that will not move. */
export function primitiveNewPinned(): void {
  answerFixedInstance(true, true);
}

/** 599: basicNew: of an object that will not move. */
export function primitiveNewWithArgPinned(): void {
  answerIndexableInstance(true, true);
}

/** 148: a shallow copy; an immediate is its own. */
export function primitiveClone(): void {
  const original = fromTop(0);
  if (!isObject(original)) return answer(original);
  if (isClassIndex(original, CLASS_INDEX_CONTEXT)) return fail(ERROR_INAPPROPRIATE);
  if (argumentCount > 0 && isForwardedOop(original)) return fail(ERROR_NO_MEMORY);
  const copy = shallowCopyOf(original);
  if (copy == 0) fail(ERROR_NO_MEMORY);
  else answer(copy);
}

/** 168: takes over the state of the argument, an object of the same class and size. */
export function primitiveCopyObject(): void {
  if (!takesAtLeast(1)) return;
  const target = fromTop(1);
  const source = fromTop(0);
  if (!isObject(target)) return fail(ERROR_BAD_RECEIVER);
  if (!isObject(source)) return fail(ERROR_BAD_ARGUMENT);
  if (classIndexOf(<Address>target) != classIndexOf(<Address>source)) return fail(ERROR_BAD_ARGUMENT);
  if (isReadOnly(<Address>target)) return fail(ERROR_NO_MODIFICATION);
  const format = formatOf(<Address>target);
  const sameShape = format == formatOf(<Address>source) && slotCountOf(<Address>target) == slotCountOf(<Address>source);
  if (isBitsFormat(format)) {
    if (!sameShape) return fail(ERROR_BAD_ARGUMENT);
    memory.copy(bodyOf(target), bodyOf(source), byteSizeOf(target));
    return;
  }
  if (!isPointersFormat(format) || isClassIndex(target, CLASS_INDEX_CONTEXT)) return fail(ERROR_BAD_RECEIVER);
  if (!sameShape) return fail(ERROR_BAD_ARGUMENT);
  const slots = slotCountOf(<Address>target);
  for (let i: u32 = 0; i < slots; i++) storePointer(i, target, fetchPointer(i, source));
}

/** A copy with a new identity, flags clear; 0 without memory (SpurMemoryManager>>clone:). */
export function shallowCopyOf(original: Oop): Oop {
  const format = formatOf(<Address>original);
  const slots = slotCountOf(<Address>original);
  const copy = allocateSlots(slots, format, classIndexOf(<Address>original));
  if (copy == 0) return 0;
  memory.copy(bodyOf(copy), bodyOf(original), slots << 3);
  if (isYoungObject(<Address>copy)) return copy;
  const oops = isPointersFormat(format) ? slots : format >= FORMAT_COMPILED_METHOD ? literalCountOf(copy) + 1 : 0;
  for (let i: u32 = 0; i < oops; i++) storePointer(i, copy, fetchPointer(i, copy));
  return copy;
}

function answerFixedInstance(old: bool, pinned: bool): void {
  const classObject = fromTop(0);
  if (!isBehavior(classObject) || !isFixedSize(instanceFormatOf(classObject))) return fail(ERROR_BAD_RECEIVER);
  answerInstance(instantiate(classObject, 0, old), pinned);
}

function answerIndexableInstance(old: bool, pinned: bool): void {
  if (!takesAtLeast(1)) return;
  const classObject = fromTop(1);
  const size = indexableSizeOf(fromTop(0));
  if (size < 0) return fail(ERROR_BAD_ARGUMENT);
  if (!isBehavior(classObject)) return fail(ERROR_BAD_RECEIVER);
  const format = instanceFormatOf(classObject);
  // Images have fixed classes below abstract indexable ones and make their instances with `new: 0`.
  if (isFixedSize(format) ? size != 0 : !isIndexable(format)) return fail(ERROR_BAD_RECEIVER);
  if (format == FORMAT_WORDS32 && rawHashOf(<Address>classObject) == CLASS_INDEX_FLOAT && size != 2) {
    return fail(ERROR_BAD_RECEIVER);
  }
  answerInstance(size > <i64>u32.MAX_VALUE ? 0 : instantiate(classObject, <u32>size, old), pinned);
}

function answerInstance(instance: Oop, pinned: bool): void {
  if (instance == 0) return fail(ERROR_NO_MEMORY);
  if (pinned) setPinned(<Address>instance, true);
  answer(instance);
}

/** A size asked for, -1 where it is no non-negative integer; beyond 2^62 all are the same. */
function indexableSizeOf(oop: Oop): i64 {
  if (isSmallInteger(oop)) return max<i64>(-1, smallIntegerValue(oop));
  if (!isClassIndex(oop, CLASS_INDEX_LARGE_POSITIVE)) return -1;
  return byteSizeOf(oop) > 8 ? -1 : <i64>min<u64>(magnitudeOf(oop), 1 << 62);
}

function isFixedSize(format: u32): bool {
  return format <= FORMAT_FIXED || format == FORMAT_EPHEMERON;
}

function isIndexable(format: u32): bool {
  if (format >= FORMAT_ARRAY && format <= FORMAT_WEAK_ARRAY) return true;
  return format >= FORMAT_WORDS64 && format < FORMAT_COMPILED_METHOD;
}
