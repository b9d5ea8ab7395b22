// Mouse and keyboard. The embedder puts events in a queue, eight words each as in Smalltalk's EventSensor; the image is
// told by a semaphore and takes them out. Without an embedder that does so nothing is ever pressed.

import {
  Address,
  answerInteger,
  answerNil,
  argument,
  argumentCount,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_ARGUMENT_COUNT,
  ERROR_NO_MEMORY,
  ERROR_NO_MODIFICATION,
  fail,
  failed,
  formatOf,
  FORMAT_ARRAY,
  integerArgument,
  integerOop,
  isInstanceOf,
  isObject,
  isReadOnly,
  nil,
  signalSemaphoreWithIndex,
  slotCountOf,
  SPECIAL_CLASS_SEMAPHORE,
  SPECIAL_INTERRUPT_SEMAPHORE,
  specialObjects,
  storePointer,
} from "../vm/plugin";
import { answerPoint } from "./display";

/** Words of an event: type, time in milliseconds, and six that depend on the type (sq.h, sqInputEvent). */
const EVENT_WORDS: u32 = 8;
const EVENT_BYTES: u32 = EVENT_WORDS * 4;
const EVENT_MOUSE: i32 = 1;
const EVENT_KEYBOARD: i32 = 2;
/** Of a keyboard event: a character was typed (not a key pressed or released). */
const KEY_CHARACTER: i32 = 0;

/** A ring of events; the oldest gives way where it is full. A power of two. */
const QUEUE_EVENTS: u32 = 256;
const queue = <Address>memory.data(256 * 32, 4);
let queueStart: u32 = 0;
let queueCount: u32 = 0;

let inputSemaphore: u32 = 0;
/** What the events so far make of the mouse. */
let mouseX: i32 = 0;
let mouseY: i32 = 0;
let mouseButtons: i32 = 0;
let interruptKey: i64 = 0;

/**
 * Puts an event in the queue and signals the image; for the embedder. Types: 1 mouse (x, y, buttons, modifiers), 2
 * keyboard (character, 0 typed 1 down 2 up, modifiers), 3 dropped files, 4 menu, 5 window (action, left, top, right, bottom).
 */
export function queueEvent(type: i32, time: i32, a: i32, b: i32, c: i32, d: i32, e: i32, f: i32): void {
  if (queueCount == QUEUE_EVENTS) dropOldest();
  const event = eventAt(queueCount++);
  store<i32>(event, type);
  store<i32>(event, time, 4);
  store<i32>(event, a, 8);
  store<i32>(event, b, 12);
  store<i32>(event, c, 16);
  store<i32>(event, d, 20);
  store<i32>(event, e, 24);
  store<i32>(event, f, 28);
  if (type == EVENT_MOUSE) {
    mouseX = a;
    mouseY = b;
    mouseButtons = (c & 7) | (d << 3);
  }
  if (inputSemaphore != 0) signalSemaphoreWithIndex(inputSemaphore);
}

/** 90: where the mouse is. */
export function primitiveMousePoint(): void {
  answerPoint(mouseX, mouseY);
}

/** 93: the index of the semaphore to be signalled for events. */
export function primitiveInputSemaphore(): void {
  const index = integerArgument(0);
  if (index <= 0 || index > 65535) fail(ERROR_BAD_ARGUMENT);
  if (failed()) return;
  inputSemaphore = <u32>index;
  if (queueCount != 0) signalSemaphoreWithIndex(inputSemaphore);
}

/** 94: fills an Array of eight with the next event, or with zeros. InterpreterPrimitives>>primitiveGetNextEvent */
export function primitiveGetNextEvent(): void {
  if (argumentCount != 1) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const event = argument(0);
  if (!isObject(event) || formatOf(<Address>event) != FORMAT_ARRAY || slotCountOf(<Address>event) != EVENT_WORDS) {
    return fail(ERROR_BAD_ARGUMENT);
  }
  if (isReadOnly(<Address>event)) return fail(ERROR_NO_MODIFICATION);
  const present = queueCount != 0;
  for (let i: u32 = 0; i < EVENT_WORDS; i++) {
    const word = integerOop(present ? load<i32>(eventAt(0) + (i << 2)) : 0);
    if (word == 0) return fail(ERROR_NO_MEMORY);
    storePointer(i, event, word);
  }
  if (present) dropOldest();
}

/** 95: why there was an input interrupt; there never is one. */
export function primitiveInputWord(): void {
  answerInteger(0);
}

/** 107: the mouse's buttons (bits 0 to 2) and the modifier keys (from bit 3). */
export function primitiveMouseButtons(): void {
  answerInteger(mouseButtons);
}

/** 108: takes the next typed character out, modifiers above its eight bits; nil without one. */
export function primitiveKbdNext(): void {
  answerKey(true);
}

/** 109: the same, left in. */
export function primitiveKbdPeek(): void {
  answerKey(false);
}

/** 133: the key that interrupts. The embedder decides by itself what it takes for one. */
export function primitiveSetInterruptKey(): void {
  const key = integerArgument(0);
  if (!failed()) interruptKey = key;
}

/** 134: the semaphore that the interrupt key signals; nil, or anything else, for none. */
export function primitiveInterruptSemaphore(): void {
  if (argumentCount != 1) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const semaphore = isInstanceOf(argument(0), SPECIAL_CLASS_SEMAPHORE) ? argument(0) : nil;
  storePointer(SPECIAL_INTERRUPT_SEMAPHORE, specialObjects, semaphore);
}

/** The key given to primitive 133, 0 where none was. */
export function chosenInterruptKey(): i64 {
  return interruptKey;
}

/** Looks past mouse events at the first typed character; when it is taken, these go too. */
function answerKey(take: bool): void {
  for (let i: u32 = 0; i < queueCount; i++) {
    const event = eventAt(i);
    if (load<i32>(event) != EVENT_KEYBOARD || load<i32>(event, 12) != KEY_CHARACTER) continue;
    const key = (load<i32>(event, 8) & 255) | (load<i32>(event, 16) << 8);
    if (take) for (let gone: u32 = 0; gone <= i; gone++) dropOldest();
    return answerInteger(key);
  }
  answerNil();
}

function dropOldest(): void {
  queueStart = (queueStart + 1) & (QUEUE_EVENTS - 1);
  queueCount--;
}

/** Where the event is that has `index` before it. */
function eventAt(index: u32): Address {
  return queue + ((queueStart + index) & (QUEUE_EVENTS - 1)) * EVENT_BYTES;
}
