// Messages from outside: the embedder sends one, the image runs on as ever, and the run ends with OUTCOME_ANSWERED when
// the answer is there. The message runs in a process of its own, from a method made for it, which pushes receiver and
// arguments, sends, and returns to no sender.

import {
  CLASS_INDEX_CONTEXT,
  CLASS_METHOD_DICTIONARY,
  CLASS_SUPERCLASS,
  CONTEXT_FIRST_TEMP,
  CONTEXT_METHOD,
  CONTEXT_PC,
  CONTEXT_RECEIVER,
  CONTEXT_SENDER,
  CONTEXT_STACK_POINTER,
  FORMAT_COMPILED_METHOD,
  FORMAT_FIXED_AND_INDEXABLE,
  HEADER_BYTES,
  LARGE_FRAME_SLOTS,
  METHOD_DICTIONARY_VALUES,
  METHOD_LARGE_FRAME,
  PROCESS_PRIORITY,
  PROCESS_SUSPENDED_CONTEXT,
  SCHEDULER_LISTS,
  SPECIAL_CLASS_COMPILED_METHOD,
  SPECIAL_CLASS_PROCESS,
  WORD_SHIFT,
} from "../layout";
import { allocateSlots, fillSlots, instantiate } from "../memory/allocation";
import { classIndexForInstancesOf, classOf } from "../memory/classes";
import { frameMethod } from "../memory/frames";
import { isPointersFormat, formatOf, slotCountOf } from "../memory/header";
import {
  byteSizeOf,
  fetchByte,
  fetchPointer,
  literalCountOf,
  literalOf,
  storePointer,
  storePointerUnchecked,
} from "../memory/object";
import { Address, isObject, Oop, smallInteger } from "../memory/oop";
import { newRootWord, nil, rootWord, setRootWord, specialObject } from "../memory/roots";
import { firstBytecode, headerTempCount, isCompiledMethod, methodHeader, pcOf } from "./methods";
import { resume, scheduler, switchToBest } from "./processes";
import { fp, setRegisters, sp } from "./registers";
import { OUTCOME_ANSWERED, stop } from "./stop";

export const MAX_OUTSIDE_ARGUMENTS: u32 = 15;

// V3PlusClosures, which every image may use.
const PUSH_LITERAL: u32 = 32;
const DOUBLE_EXTENDED_SEND: u32 = 132;
const RETURN_TOP: u32 = 124;
/** Two bytes: a jump by -2, to itself. Where the process is if it has to wait for its end. */
const JUMP_BACK: u32 = 163;
const BY_TWO: u32 = 254;
/** A method's last two literals: its selector, and the class it belongs to as an association. */
const OWN_LITERALS: u32 = 2;

const argumentWords: Address = memory.data(15 * 8, 8);
const startedMethod: Address = newRootWord();
const answerWord: Address = newRootWord();

/** Where the embedder puts the arguments, eight bytes each, before `startSend`. */
export function outsideArguments(): Address {
  return argumentWords;
}

/**
 * Starts sending a message from outside. Answers 0; 1 where one is under way already, 2 without memory, 3 for too many
 * arguments.
 */
export function startSend(receiver: Oop, selector: Oop, count: u32): i32 {
  if (count > MAX_OUTSIDE_ARGUMENTS) return 3;
  if (rootWord(startedMethod) != 0) return 1;
  const method = newSendingMethod(receiver, selector, count);
  return startWith(method, method == 0 ? 0 : newContext(method, receiver));
}

/**
 * Starts running a method without arguments from outside, as if it had been sent: no class need have it. Answers as
 * `startSend`.
 */
export function startMethod(receiver: Oop, method: Oop): i32 {
  if (rootWord(startedMethod) != 0) return 1;
  // Its sender is a method for sending that has sent already.
  const sending = newSendingMethod(receiver, nil, 0);
  const sender = sending == 0 ? 0 : newContext(sending, receiver);
  const context = sender == 0 ? 0 : newContext(method, receiver);
  if (context == 0) return 2;
  const returnPc = byteSizeOf(sending) - 2;
  storePointerUnchecked(CONTEXT_PC, sender, smallInteger(returnPc));
  storePointer(CONTEXT_SENDER, context, sender);
  return startWith(sending, context);
}

function startWith(method: Oop, context: Oop): i32 {
  const process = context == 0 ? 0 : instantiate(specialObject(SPECIAL_CLASS_PROCESS), 0);
  if (process == 0) return 2;
  // Below the processes that serve timers and input, above those that compute.
  const priority = slotCountOf(<Address>fetchPointer(SCHEDULER_LISTS, scheduler())) - 1;
  storePointerUnchecked(PROCESS_PRIORITY, process, smallInteger(priority));
  storePointer(PROCESS_SUSPENDED_CONTEXT, process, context);
  setRootWord(startedMethod, method);
  setRootWord(answerWord, 0);
  resume(process);
  return 0;
}

/** What the last message from outside was answered; good until the image runs again. */
export function outsideAnswer(): Oop {
  return rootWord(answerWord);
}

/** Gives up waiting for an answer: what the message runs goes on, and its answer is dropped. */
export function forgetSend(): void {
  setRootWord(startedMethod, 0);
}

/**
 * Whether the active frame, which returns to no sender, is of a message from outside; its process ends then. The answer
 * is taken unless the message was forgotten, or sent before the image was saved.
 */
export function takeOutsideAnswer(value: Oop): bool {
  const method = frameMethod(fp);
  if (!isSendingMethod(method)) return false;
  setRegisters(<Address>method + HEADER_BYTES + byteSizeOf(method) - 2, sp, fp);
  if (method == rootWord(startedMethod)) {
    setRootWord(startedMethod, 0);
    setRootWord(answerWord, value);
    stop(OUTCOME_ANSWERED);
  }
  switchToBest();
  return true;
}

/** A compiler never ends a method with a return and a jump to itself, nor gives it its selector twice. */
function isSendingMethod(method: Oop): bool {
  const literals = literalCountOf(method);
  if (literals < 2 + OWN_LITERALS || literalOf(literals - 3, method) != literalOf(literals - 2, method)) return false;
  const end = byteSizeOf(method);
  return (
    fetchByte(end - 3, method) == RETURN_TOP &&
    fetchByte(end - 2, method) == JUMP_BACK &&
    fetchByte(end - 1, method) == BY_TWO
  );
}

/** Literals: receiver, arguments, selector, and a method's own two. */
// Objects made from outside, for what is sent or run: nothing is collected between making and starting.

/** A new object of a class: references nil, all else zero. 0 without memory. */
export function newObjectFrom(classObject: Oop, format: u32, slots: u32): Oop {
  const object = allocateSlots(slots, format, classIndexForInstancesOf(classObject));
  if (object != 0) fillSlots(object, slots, isPointersFormat(format) ? nil : 0);
  return object;
}

/** Stores a reference, with the write barrier. */
export function storeReferenceFrom(object: Oop, index: u32, value: Oop): void {
  storePointer(index, object, value);
}

function newSendingMethod(receiver: Oop, selector: Oop, count: u32): Oop {
  const literals = count + 2 + OWN_LITERALS;
  const bytes = sendingBytes(count);
  const slots = 1 + literals + ((bytes + 7) >> WORD_SHIFT);
  const unused = ((1 + literals) << WORD_SHIFT) + bytes;
  const format = FORMAT_COMPILED_METHOD + ((slots << WORD_SHIFT) - unused);
  const method = allocateSlots(slots, format, classIndexForInstancesOf(specialObject(SPECIAL_CLASS_COMPILED_METHOD)));
  if (method == 0) return 0;
  storePointerUnchecked(0, method, smallInteger(literals | METHOD_LARGE_FRAME));
  storePointer(1, method, receiver);
  for (let i: u32 = 0; i < count; i++) storePointer(2 + i, method, load<u64>(argumentWords + (i << 3)));
  storePointer(2 + count, method, selector);
  storePointer(3 + count, method, selector);
  storePointer(4 + count, method, classAssociationOf(classOf(receiver)));
  writeBytecodes(<Address>method + HEADER_BYTES + ((1 + literals) << WORD_SHIFT), count);
  return method;
}

/** Bytes of the method's code: stores them where the method's literals end. */
function writeBytecodes(start: Address, count: u32): void {
  let at = start;
  for (let i: u32 = 0; i <= count; i++) store<u8>(at++, PUSH_LITERAL + i);
  store<u8>(at, DOUBLE_EXTENDED_SEND);
  store<u8>(at, count, 1);
  store<u8>(at, count + 1, 2);
  store<u8>(at, RETURN_TOP, 3);
  store<u8>(at, JUMP_BACK, 4);
  store<u8>(at, BY_TWO, 5);
}

function sendingBytes(count: u32): u32 {
  return count + 1 + 6;
}

/** A context about to run a method without arguments, its temporaries nil. */
function newContext(method: Oop, receiver: Oop): Oop {
  const slots = CONTEXT_FIRST_TEMP + LARGE_FRAME_SLOTS;
  const context = allocateSlots(slots, FORMAT_FIXED_AND_INDEXABLE, CLASS_INDEX_CONTEXT);
  if (context == 0) return 0;
  fillSlots(context, slots, nil);
  const pc = pcOf(firstBytecode(method, methodHeader(method)), method);
  storePointerUnchecked(CONTEXT_PC, context, smallInteger(pc));
  storePointerUnchecked(CONTEXT_STACK_POINTER, context, smallInteger(headerTempCount(methodHeader(method))));
  storePointer(CONTEXT_METHOD, context, method);
  storePointer(CONTEXT_RECEIVER, context, receiver);
  return context;
}

/** The association that a class's methods name it by, taken from one of them; nil where it has none. */
function classAssociationOf(classObject: Oop): Oop {
  for (let at = classObject; at != nil; at = fetchPointer(CLASS_SUPERCLASS, at)) {
    const methods = fetchPointer(METHOD_DICTIONARY_VALUES, fetchPointer(CLASS_METHOD_DICTIONARY, at));
    if (!isObject(methods) || !isPointersFormat(formatOf(<Address>methods))) return nil;
    const size = slotCountOf(<Address>methods);
    for (let i: u32 = 0; i < size; i++) {
      const method = fetchPointer(i, methods);
      if (isCompiledMethod(method)) return literalOf(literalCountOf(method) - 1, method);
    }
  }
  return nil;
}
