// Starting methods and blocks: building frames on the active page, and running a primitive before.

import {
  CLASS_INDEX_BLOCK_CLOSURE,
  CLASS_INDEX_FULL_BLOCK_CLOSURE,
  CLOSURE_ARGUMENT_COUNT,
  CLOSURE_FIRST_COPIED,
  CLOSURE_OUTER_CONTEXT,
  CLOSURE_START_PC,
  CONTEXT_METHOD,
  CONTEXT_RECEIVER,
  ERROR_OPERATING_SYSTEM,
  FRAME_ARGUMENT_COUNT_SHIFT,
  FRAME_CALLER_FP,
  FRAME_CALLER_IP,
  FRAME_CALLER_SP,
  FRAME_FIRST_TEMP,
  FRAME_FLAGS,
  FRAME_IS_BLOCK,
  FRAME_METHOD,
  FRAME_RECEIVER,
  FULL_CLOSURE_COMPILED_BLOCK,
  FULL_CLOSURE_FIRST_COPIED,
  FULL_CLOSURE_RECEIVER,
  SPECIAL_PRIMITIVE_ERRORS,
} from "../layout";
import { allocateSlots } from "../memory/allocation";
import { tempSlot } from "../memory/frames";
import { classIndexOf, formatOf, isForwardedOop, isPointersFormat, slotCountOf } from "../memory/header";
import { fetchPointer, storePointer, storePointerUnchecked } from "../memory/object";
import { Address, isObject, isSmallInteger, Oop, smallInteger, smallIntegerValue } from "../memory/oop";
import { falseObject, newRootWord, nil, rootWord, setRootWord, specialObject, trueObject } from "../memory/roots";
import {
  beginPrimitive,
  fail,
  failureCode,
  FRAMES_CHANGED,
  operatingSystemError,
  result,
  WAITING_FOR_HOST,
} from "../plugin";
import { isContext } from "./contexts";
import {
  CALL_PRIMITIVE_BYTES,
  firstBytecode,
  headerBytecodeSet,
  headerHasPrimitive,
  headerTempCount,
  ipOf,
  isCompiledMethod,
  methodHeader,
  primitiveErrorTemp,
} from "./methods";
import { followForwarded } from "../memory/walk";
import { FIRST_QUICK_VARIABLE, isQuick, numberedPrimitive } from "./primitiveTable";
import { inlinePrimitive } from "./inlinePrimitives";
import { tracePrimitive, tracesPrimitives } from "./tracing";
import { fp, ip, popThenAnswer, setRegisters, setSp, sp } from "./registers";
import { OUTCOME_WAITING, stop } from "./stop";

/**
 * Writes a frame below the receiver and `argumentCount` arguments that end at `stackPointer`: its fixed words, a copy
 * of the arguments, nil in the other temporaries. Answers its fp; its sp is `fp + FRAME_RECEIVER - 8 * tempCount`.
 */
// @ts-ignore: decorator
@inline
export function buildFrame(
  stackPointer: Address,
  callerFrame: Address,
  callerInstruction: Address,
  method: Oop,
  tempBytes: u32,
  argumentCount: u32,
  flags: u32,
  receiver: Oop,
): Address {
  const frame = stackPointer - 8;
  const receiverSlot = stackPointer + (argumentCount << 3);
  store<u32>(frame, callerFrame, FRAME_CALLER_FP);
  store<u32>(frame, callerInstruction, FRAME_CALLER_IP);
  store<u32>(frame + FRAME_METHOD, <u32>method);
  store<u32>(frame + FRAME_CALLER_SP, receiverSlot);
  store<u32>(frame + FRAME_FLAGS, flags);
  store<u64>(frame + FRAME_RECEIVER, receiver);
  let slot = frame + FRAME_FIRST_TEMP;
  const afterTemps = slot - tempBytes;
  for (let from = receiverSlot; from > stackPointer; slot -= 8) {
    from -= 8;
    store<u64>(slot, load<u64>(from));
  }
  for (; slot > afterTemps; slot -= 8) store<u64>(slot, nil);
  return frame;
}

/** Starts a method whose receiver and arguments are on the stack. A preceding failed primitive's code is stored. */
export function activateMethod(method: Oop, count: u32): void {
  const header = methodHeader(method);
  const tempCount = headerTempCount(header);
  const receiver = load<u64>(sp + (count << 3));
  const flags = headerBytecodeSet(header) | (count << FRAME_ARGUMENT_COUNT_SHIFT);
  const frame = buildFrame(sp, fp, ip, method, tempCount << 3, count, flags, receiver);
  let start = firstBytecode(method, header);
  if (headerHasPrimitive(header)) start = skipPrimitive(header, start, frame);
  setRegisters(start, frame + FRAME_RECEIVER - (tempCount << 3), frame);
}

/** Where a method with a primitive starts; stores the error code of the failed primitive where the method wants it. */
function skipPrimitive(header: Oop, start: Address, frame: Address): Address {
  const temp = primitiveErrorTemp(header, start);
  if (temp >= 0 && failureCode != 0) store<u64>(tempSlot(frame, temp), failureObject());
  return start + CALL_PRIMITIVE_BYTES;
}

/** What Smalltalk sees of a failure: the table's entry, or the code (StackInterpreter>>getErrorObjectFromPrimFailCode). */
function failureObject(): Oop {
  const table = specialObject(SPECIAL_PRIMITIVE_ERRORS);
  if (!isObject(table) || table == nil || failureCode > slotCountOf(<Address>table)) return smallInteger(failureCode);
  const entry = fetchPointer(failureCode - 1, table);
  if (failureCode != ERROR_OPERATING_SYSTEM || !isObject(entry) || formatOf(<Address>entry) != 1) return entry;
  return copyWithErrorNumber(entry);
}

/** A PrimitiveError with the operating system's number in its second slot. */
function copyWithErrorNumber(prototype: Oop): Oop {
  const slots = slotCountOf(<Address>prototype);
  const copy = allocateSlots(slots, formatOf(<Address>prototype), classIndexOf(<Address>prototype));
  if (copy == 0) return prototype;
  for (let i: u32 = 0; i < slots; i++) storePointerUnchecked(i, copy, fetchPointer(i, prototype));
  if (slots > 1) storePointerUnchecked(1, copy, smallInteger(operatingSystemError));
  return copy;
}

/** The method whose primitive is called. */
const calledMethod: Address = newRootWord();

/**
 * Runs a method as a send would: its primitive, and where that fails or is absent a new frame. The receiver and
 * arguments are on the stack.
 */
export function executeMethod(method: Oop, primitive: u32, count: u32): void {
  if (isQuick(primitive)) {
    popThenAnswer(count, quickAnswer(primitive, load<u64>(sp + (count << 3))));
    return;
  }
  const quickly = tracesPrimitives ? 0 : inlinePrimitive(primitive, sp, count);
  if (quickly != 0) {
    popThenAnswer(count, quickly);
    return;
  }
  const target = load<u64>(sp + (count << 3));
  beginPrimitive(sp + (count << 3), count);
  const primitiveFunction = numberedPrimitive(primitive);
  if (primitiveFunction != 0) {
    setRootWord(calledMethod, method);
    call_indirect<void>(primitiveFunction);
    // A snapshot that cannot be written fails after it has moved every object.
    method = rootWord(calledMethod);
    if (tracesPrimitives) tracePrimitive(method, target);
    if (failureCode == FRAMES_CHANGED) return;
    if (
      failureCode == 0 ||
      (failureCode != WAITING_FOR_HOST && succeedsWithFollowedArguments(primitiveFunction, count))
    ) {
      popThenAnswer(count, result);
      return;
    }
    if (failureCode == WAITING_FOR_HOST) {
      suspendCall(method, primitive, count);
      return;
    }
  }
  activateMethod(method, count);
}

/**
 * After a failed primitive: where receiver or arguments refer to forwarders, puts the references right and calls the
 * primitive again. Answers whether that succeeded (StackInterpreter>>checkForAndFollowForwardedPrimitiveState).
 */
function succeedsWithFollowedArguments(primitiveFunction: u32, count: u32): bool {
  const stackPointer = sp;
  let found = false;
  for (let i: u32 = 0; i <= count; i++) {
    const slot = stackPointer + (i << 3);
    const oop = load<u64>(slot);
    if (isForwardedOop(oop)) {
      store<u64>(slot, followForwarded(oop));
      found = true;
    }
    if (followSlots(load<u64>(slot), FOLLOWED_DEPTH)) found = true;
  }
  if (!found) return false;
  const code = failureCode;
  beginPrimitive(stackPointer + (count << 3), count);
  call_indirect<void>(primitiveFunction);
  if (failureCode == 0) return true;
  if (failureCode >= FRAMES_CHANGED) {
    // Primitives that change frames look through forwarders themselves; the first failure stands.
    beginPrimitive(stackPointer + (count << 3), count);
    fail(code);
  }
  return false;
}

/** How deep into its arguments a primitive may look, and how many slots of each. */
const FOLLOWED_DEPTH: u32 = 3;
const FOLLOWED_SLOTS: u32 = 32;

function followSlots(oop: Oop, depth: u32): bool {
  if (!isObject(oop) || !isPointersFormat(formatOf(<Address>oop))) return false;
  const slots = min(slotCountOf(<Address>oop), FOLLOWED_SLOTS);
  let found = false;
  for (let i: u32 = 0; i < slots; i++) {
    const value = fetchPointer(i, oop);
    if (isForwardedOop(value)) {
      storePointer(i, oop, followForwarded(value));
      found = true;
    }
    if (depth > 1 && followSlots(fetchPointer(i, oop), depth - 1)) found = true;
  }
  return found;
}

/** What a quick primitive answers: self, a constant, or an instance variable. */
// @ts-ignore: decorator
@inline
export function quickAnswer(number: u32, receiver: Oop): Oop {
  if (number >= FIRST_QUICK_VARIABLE) return fetchPointer(number - FIRST_QUICK_VARIABLE, receiver);
  return quickConstant(number, receiver);
}

function quickConstant(number: u32, receiver: Oop): Oop {
  switch (number) {
    case 256:
      return receiver;
    case 257:
      return trueObject;
    case 258:
      return falseObject;
    case 259:
      return nil;
    default:
      // 260 to 263: the integers from minus one.
      return smallInteger(<i64>number - 261);
  }
}

// A call that waits for the host: made again when the next run starts.

const suspendedMethod: Address = newRootWord();
let suspendedPrimitive: u32 = 0;
let suspendedCount: u32 = 0;

/** Remembers a call whose primitive waits for the host, and ends the run. */
export function suspendCall(method: Oop, primitive: u32, count: u32): void {
  setRootWord(suspendedMethod, method);
  suspendedPrimitive = primitive;
  suspendedCount = count;
  stop(OUTCOME_WAITING);
}

/** Whether the active process is in a call that waits for the host: no other process may run until it is made. */
export function isCallSuspended(): bool {
  return rootWord(suspendedMethod) != 0;
}

/** Makes the suspended call again, if there is one. */
export function resumeCall(): void {
  const method = rootWord(suspendedMethod);
  if (method == 0) return;
  setRootWord(suspendedMethod, 0);
  executeMethod(method, suspendedPrimitive, suspendedCount);
}

// Blocks.

/** How many arguments a closure takes; -1 for what is no closure. */
export function closureArgumentCount(closure: Oop): i32 {
  if (!isObject(closure)) return -1;
  const classIndex = classIndexOf(<Address>closure);
  if (classIndex != CLASS_INDEX_BLOCK_CLOSURE && classIndex != CLASS_INDEX_FULL_BLOCK_CLOSURE) {
    // Subclasses (clean and constant blocks) have the shape of a full block.
    if (formatOf(<Address>closure) != 3 || slotCountOf(<Address>closure) < FULL_CLOSURE_FIRST_COPIED) return -1;
  }
  const count = fetchPointer(CLOSURE_ARGUMENT_COUNT, closure);
  return isSmallInteger(count) ? <i32>smallIntegerValue(count) : -1;
}

/** Starts a V3 closure whose arguments are on the stack; false where its home is unusable. */
export function activateClosure(closure: Oop, count: u32): bool {
  const outer = fetchPointer(CLOSURE_OUTER_CONTEXT, closure);
  if (!isContext(outer)) return false;
  const method = fetchPointer(CONTEXT_METHOD, outer);
  const startPc = fetchPointer(CLOSURE_START_PC, closure);
  if (!isSmallInteger(startPc) || !isCompiledMethod(method)) return false;
  const copied = slotCountOf(<Address>closure) - CLOSURE_FIRST_COPIED;
  const start = ipOf(<i32>smallIntegerValue(startPc), method);
  startBlock(
    closure,
    count,
    method,
    fetchPointer(CONTEXT_RECEIVER, outer),
    CLOSURE_FIRST_COPIED,
    copied,
    count + copied,
    start,
  );
  return true;
}

/** Starts a full closure whose arguments are on the stack. */
export function activateFullClosure(closure: Oop, count: u32): bool {
  const block = fetchPointer(FULL_CLOSURE_COMPILED_BLOCK, closure);
  if (!isCompiledMethod(block)) return false;
  const header = methodHeader(block);
  const copied = slotCountOf(<Address>closure) - FULL_CLOSURE_FIRST_COPIED;
  const temps = max(headerTempCount(header), count + copied);
  const receiver = fetchPointer(FULL_CLOSURE_RECEIVER, closure);
  startBlock(closure, count, block, receiver, FULL_CLOSURE_FIRST_COPIED, copied, temps, firstBytecode(block, header));
  return true;
}

function startBlock(
  closure: Oop,
  count: u32,
  method: Oop,
  receiver: Oop,
  firstCopied: u32,
  copied: u32,
  temps: u32,
  start: Address,
): void {
  const flags = FRAME_IS_BLOCK | headerBytecodeSet(methodHeader(method)) | (count << FRAME_ARGUMENT_COUNT_SHIFT);
  // A frame's receiver is never a forwarder; a closure's, or its home's, may have become one.
  const frame = buildFrame(sp, fp, ip, method, count << 3, count, flags, followForwarded(receiver));
  let slot = tempSlot(frame, count);
  for (let i: u32 = 0; i < copied; i++, slot -= 8) store<u64>(slot, fetchPointer(firstCopied + i, closure));
  for (let i = count + copied; i < temps; i++, slot -= 8) store<u64>(slot, nil);
  setRegisters(start, slot + 8, frame);
}

/** Pushes the elements of an Array; false (nothing pushed) where there are more than `limit`. */
export function pushElements(array: Oop, limit: u32): bool {
  const size = slotCountOf(<Address>array);
  if (size > limit) return false;
  for (let i: u32 = 0; i < size; i++) {
    setSp(sp - 8);
    store<u64>(sp, fetchPointer(i, array));
  }
  return true;
}

/** Elements that may be pushed beyond a frame's own words, given the headroom of a page. */
export const MAX_PUSHED_ARGUMENTS: u32 = 64;
