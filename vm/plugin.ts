// What a primitive sees of the virtual machine: receiver, arguments, answers and failure; objects through named
// functions; the host through host.ts. Primitives import nothing else. Allocation never moves an object (decision
// 0001), so an oop stays good until the primitive returns.
//
// Failure is sticky: the first `fail` counts, conversions answer 0 after one, and an answer given then is dropped.

import {
  CLASS_INDEX_BYTE_STRING,
  CLASS_INDEX_FLOAT,
  CLASS_INDEX_LARGE_NEGATIVE,
  CLASS_INDEX_LARGE_POSITIVE,
  ERROR_BAD_ARGUMENT,
  ERROR_GENERIC,
  ERROR_NO_MEMORY,
  ERROR_OPERATING_SYSTEM,
} from "./layout";
import { newArray as newArrayOf, newBytes as newBytesOf, newFloat } from "./memory/allocation";
import { classIndexOfOop } from "./memory/classes";
import { classIndexOf, formatOf, isBitsFormat, isBytesFormat, isForwardedOop, isPointersFormat } from "./memory/header";
import { bodyOf, byteSizeOf, fetchPointer } from "./memory/object";
import {
  Address,
  fitsSmallInteger,
  isObject,
  isSmallFloat,
  isSmallInteger,
  Oop,
  smallFloatValue,
  smallInteger,
  smallIntegerValue,
} from "./memory/oop";
import { falseObject, nil, specialObject, trueObject } from "./memory/roots";

export * from "./host";
export * from "./layout";
export { imageWindowSize, setImageWindowSize } from "./image/header";
export {
  allocateSlots,
  bytesForSlots,
  canInstantiate,
  fillSlots,
  instanceFormatOf,
  instanceSizeOf,
  instantiate,
} from "./memory/allocation";
export { classAtIndex, classIndexForInstancesOf, classIndexOfOop, classOf, setClassAtIndex } from "./memory/classes";
export { identityHashOf, isBehavior } from "./memory/hash";
export {
  classIndexOf,
  elementShiftOfFormat,
  formatOf,
  isBitsFormat,
  isBytesFormat,
  isCompiledMethodFormat,
  isForwarded,
  isForwardedOop,
  isPinned,
  isPointersFormat,
  isReadOnly,
  rawHashOf,
  setClassIndex,
  setFormat,
  setPinned,
  setRawHash,
  setReadOnly,
  slotCountOf,
  unusedElementsOfFormat,
} from "./memory/header";
export { growMemoryTo, isYoungObject } from "./memory/map";
export {
  bodyOf,
  byteSizeOf,
  elementCountOf,
  fetchByte,
  fetchPointer,
  fetchShort,
  fetchWord32,
  fetchWord64,
  literalCountOf,
  literalOf,
  storeByte,
  storePointer,
  storePointerUnchecked,
  storeShort,
  storeWord32,
  storeWord64,
} from "./memory/object";
export * from "./memory/oop";
export {
  falseObject,
  newRootWord,
  nil,
  rootWord,
  setRootWord,
  specialObject,
  specialObjects,
  trueObject,
} from "./memory/roots";

// The call under way.

let receiverSlot: Address = 0;
export let argumentCount: u32 = 0;
/** 0 while the primitive succeeds, else an ERROR_… code. */
export let failureCode: u32 = 0;
/** With ERROR_OPERATING_SYSTEM: the operating system's own number. */
export let operatingSystemError: i32 = 0;
/** What the primitive answers; the receiver if it says nothing. */
export let result: Oop = 0;

// Values of `failureCode` that are no failure: the primitive has changed frames itself, or wants to be called again.
export const FRAMES_CHANGED: u32 = 0x80000000;
export const WAITING_FOR_HOST: u32 = 0x80000001;

/** The interpreter's side: a call whose receiver lies at `slot` and whose arguments follow below it. */
// @ts-ignore: decorator
@inline
export function beginPrimitive(slot: Address, count: u32): void {
  receiverSlot = slot;
  argumentCount = count;
  failureCode = 0;
  result = load<u64>(slot);
}

// @ts-ignore: decorator
@inline
export function receiver(): Oop {
  return load<u64>(receiverSlot);
}

/** An argument, zero-based from the left. */
// @ts-ignore: decorator
@inline
export function argument(index: u32): Oop {
  return load<u64>(receiverSlot - 8 - (index << 3));
}

export function fail(code: u32 = ERROR_GENERIC): void {
  if (failureCode == 0) failureCode = code;
}

/** Gives a failure under way another code, where a conversion shared with others chose the first. */
export function failInstead(code: u32): void {
  failureCode = code;
}

/** Fails with ERROR_OPERATING_SYSTEM; the image may read the number (a PrimitiveError's errorCode). */
export function failForOperatingSystem(error: i32): void {
  if (failureCode != 0) return;
  failureCode = ERROR_OPERATING_SYSTEM;
  operatingSystemError = error;
}

// @ts-ignore: decorator
@inline
export function succeeded(): bool {
  return failureCode == 0;
}

// @ts-ignore: decorator
@inline
export function failed(): bool {
  return failureCode != 0;
}

/** Leaves the call as if never made, and makes it again after the host has signalled something. */
export function waitForHost(): void {
  failureCode = WAITING_FOR_HOST;
}

/** For primitives of the interpreter: registers and stack are as they must be; nothing is to be pushed. */
export function framesChanged(): void {
  failureCode = FRAMES_CHANGED;
}

// Answers.

// @ts-ignore: decorator
@inline
export function answer(oop: Oop): void {
  result = oop;
}

/** Answers a new object, or fails for want of memory where it is 0. */
export function answerNew(oop: Oop): void {
  if (oop == 0) fail(ERROR_NO_MEMORY);
  else result = oop;
}

export function answerInteger(value: i64): void {
  answerNew(integerOop(value));
}

export function answerUnsigned(value: u64): void {
  answerNew(unsignedOop(value));
}

// @ts-ignore: decorator
@inline
export function answerBoolean(value: bool): void {
  result = value ? trueObject : falseObject;
}

export function answerFloat(value: f64): void {
  answerNew(newFloat(value));
}

export function answerNil(): void {
  result = nil;
}

/** Answers a new ByteString with these bytes. */
export function answerString(address: Address, bytes: u32): void {
  answerNew(newString(address, bytes));
}

// Arguments as values. Each fails with ERROR_BAD_ARGUMENT, and answers 0, where the argument is something else.

/** A SmallInteger argument. */
export function integerArgument(index: u32): i64 {
  const oop = argument(index);
  if (isSmallInteger(oop)) return smallIntegerValue(oop);
  fail(ERROR_BAD_ARGUMENT);
  return 0;
}

/** An integer argument, small or large, that fits in 64 bits with sign. */
export function signed64Argument(index: u32): i64 {
  return signed64Value(argument(index));
}

/** A non-negative integer argument, small or large, below 2^64. */
export function unsigned64Argument(index: u32): u64 {
  return unsigned64Value(argument(index));
}

/** A non-negative integer argument below 2^32. */
export function unsigned32Argument(index: u32): u32 {
  return unsigned32Value(argument(index));
}

/** A Float argument or a SmallInteger, as a double. */
export function floatArgument(index: u32): f64 {
  return floatValue(argument(index));
}

export function booleanArgument(index: u32): bool {
  const oop = argument(index);
  if (oop != trueObject && oop != falseObject) fail(ERROR_BAD_ARGUMENT);
  return oop == trueObject;
}

/** An argument whose elements are bytes. */
export function bytesArgument(index: u32): Oop {
  return requireBytes(argument(index));
}

/** An argument with raw bits of any width: bytes, shorts, words; not a compiled method. */
export function bitsArgument(index: u32): Oop {
  const oop = argument(index);
  if (isObject(oop) && isBitsFormat(formatOf(<Address>oop))) return oop;
  fail(ERROR_BAD_ARGUMENT);
  return 0;
}

/** An argument whose slots are all oops. */
export function pointersArgument(index: u32): Oop {
  const oop = argument(index);
  if (isObject(oop) && isPointersFormat(formatOf(<Address>oop))) return oop;
  fail(ERROR_BAD_ARGUMENT);
  return 0;
}

// Values of any oop, failing in the same way.

export function signed64Value(oop: Oop): i64 {
  if (isSmallInteger(oop)) return smallIntegerValue(oop);
  const negative = isClassIndex(oop, CLASS_INDEX_LARGE_NEGATIVE);
  if (!negative && !isClassIndex(oop, CLASS_INDEX_LARGE_POSITIVE)) {
    fail(ERROR_BAD_ARGUMENT);
    return 0;
  }
  const magnitude = largeMagnitude(oop);
  const limit: u64 = negative ? 1 << 63 : (1 << 63) - 1;
  if (failed() || magnitude > limit) {
    fail(ERROR_BAD_ARGUMENT);
    return 0;
  }
  return negative ? -(<i64>magnitude) : <i64>magnitude;
}

export function unsigned64Value(oop: Oop): u64 {
  if (isSmallInteger(oop) && smallIntegerValue(oop) >= 0) return <u64>smallIntegerValue(oop);
  if (isClassIndex(oop, CLASS_INDEX_LARGE_POSITIVE)) return largeMagnitude(oop);
  fail(ERROR_BAD_ARGUMENT);
  return 0;
}

export function unsigned32Value(oop: Oop): u32 {
  const value = unsigned64Value(oop);
  if (value <= u32.MAX_VALUE) return <u32>value;
  fail(ERROR_BAD_ARGUMENT);
  return 0;
}

export function floatValue(oop: Oop): f64 {
  if (isSmallFloat(oop)) return smallFloatValue(oop);
  if (isSmallInteger(oop)) return <f64>smallIntegerValue(oop);
  if (isClassIndex(oop, CLASS_INDEX_FLOAT)) return load<f64>(bodyOf(oop));
  fail(ERROR_BAD_ARGUMENT);
  return 0;
}

export function isFloat(oop: Oop): bool {
  return isSmallFloat(oop) || isClassIndex(oop, CLASS_INDEX_FLOAT);
}

/** Whether an oop is an object (no immediate) of the class with this index. */
// @ts-ignore: decorator
@inline
export function isClassIndex(oop: Oop, classIndex: u32): bool {
  return isObject(oop) && classIndexOf(<Address>oop) == classIndex;
}

/** Whether an oop is an instance of a class itself, not of a subclass. */
export function isInstanceOf(oop: Oop, specialClassIndex: u32): bool {
  const classObject = specialObject(specialClassIndex);
  return classIndexOfOop(oop) == (load<u32>(<Address>classObject, 4) & 0x3fffff);
}

export function requireBytes(oop: Oop): Oop {
  if (isObject(oop) && isBytesFormat(formatOf(<Address>oop))) return oop;
  fail(ERROR_BAD_ARGUMENT);
  return 0;
}

/** A slot's oop, or what it became: a slot may hold a forwarder after `become:`. */
export function fetchFollowed(index: u32, object: Oop): Oop {
  let oop = fetchPointer(index, object);
  while (isForwardedOop(oop)) oop = fetchPointer(0, oop);
  return oop;
}

// @ts-ignore: decorator
@inline
export function byteAt(bytes: Oop, index: u32): u8 {
  return load<u8>(bodyOf(bytes) + index);
}

// @ts-ignore: decorator
@inline
export function byteSize(bytes: Oop): u32 {
  return byteSizeOf(bytes);
}

// New objects; 0 without memory, which `answerNew` turns into a failure.

/** An integer as SmallInteger or LargeInteger. */
export function integerOop(value: i64): Oop {
  if (fitsSmallInteger(value)) return smallInteger(value);
  if (value < 0) return newLarge(<u64>-value, CLASS_INDEX_LARGE_NEGATIVE);
  return newLarge(value, CLASS_INDEX_LARGE_POSITIVE);
}

export function unsignedOop(value: u64): Oop {
  if (value < 1 << 60) return smallInteger(value);
  return newLarge(value, CLASS_INDEX_LARGE_POSITIVE);
}

export function floatOop(value: f64): Oop {
  return newFloat(value);
}

export function newString(address: Address, bytes: u32): Oop {
  const string = newBytesOf(bytes, CLASS_INDEX_BYTE_STRING);
  if (string != 0) memory.copy(bodyOf(string), address, bytes);
  return string;
}

/** A new object of zero bytes with a fixed class (CLASS_INDEX_BYTE_ARRAY, CLASS_INDEX_BYTE_STRING, …). */
export function newBytes(bytes: u32, classIndex: u32): Oop {
  return newBytesOf(bytes, classIndex);
}

/** A new Array of nils. */
export function newArray(size: u32, classIndex: u32): Oop {
  return newArrayOf(size, classIndex);
}

function newLarge(magnitude: u64, classIndex: u32): Oop {
  const bytes: u32 = 8 - <u32>(clz(magnitude) >> 3);
  const large = newBytesOf(bytes, classIndex);
  if (large != 0) store<u64>(bodyOf(large), magnitude);
  return large;
}

/** The magnitude of a large integer, failing at 2^64 and above. */
function largeMagnitude(large: Oop): u64 {
  const size = byteSizeOf(large);
  let magnitude: u64 = 0;
  for (let i: u32 = 0; i < size; i++) {
    const byte = <u64>byteAt(large, i);
    if (byte == 0) continue;
    if (i >= 8) {
      fail(ERROR_BAD_ARGUMENT);
      return 0;
    }
    magnitude |= byte << (i << 3);
  }
  return magnitude;
}

// Scratch memory for one call: paths, attributes. Nothing is kept there between calls.

const scratch: Address = memory.data(65536, 8);
export const SCRATCH_BYTES: u32 = 65536;

export function scratchMemory(): Address {
  return scratch;
}

// What plugins may ask of the interpreter without knowing it: the hooks are filled in by the interpreter.

/** Semaphores to signal at the next poll, by index into the external objects (one-based), oldest first. */
const SIGNAL_QUEUE_SLOTS: u32 = 1024;
const signalQueue: Address = memory.data(4096, 4);
export let signalQueueCount: u32 = 0;

/** Signals an external semaphore by its index, at the next poll. Answers false where the queue is full. */
export function signalSemaphoreWithIndex(index: u32): bool {
  if (signalQueueCount == SIGNAL_QUEUE_SLOTS) return false;
  store<u32>(signalQueue + (signalQueueCount++ << 2), index);
  return true;
}

export function signalQueueAt(position: u32): u32 {
  return load<u32>(signalQueue + (position << 2));
}

export function clearSignalQueue(): void {
  signalQueueCount = 0;
}

// @ts-ignore: decorator
@inline
export function isBoolean(oop: Oop): bool {
  return oop == trueObject || oop == falseObject;
}
