// New objects: taken from eden in line where class and size are known, else made by the machine.

import {
  CELL_EDEN_FREE,
  CELL_EDEN_LIMIT,
  CLASS_FORMAT_FORMAT_SHIFT,
  CLASS_FORMAT_SIZE_MASK,
  CLASS_INDEX_ARRAY,
  FORMAT_ARRAY,
  FORMAT_FIXED,
  FORMAT_FIXED_AND_INDEXABLE,
  FORMAT_MASK,
  FORMAT_SHIFT,
  HEADER_BYTES,
  SLOT_COUNT_SHIFT,
  TAG_SHIFT,
  WORD_SHIFT,
} from "../layout";
import { CAUSE_ELEMENT, isLeftOften } from "../interpreter/optimisedCode";
import { classAtIndex, isInClassTable } from "../memory/classes";
import { nameInCode } from "../memory/codeObjects";
import { classIndexOf, rawHashOf, slotCountOf } from "../memory/header";
import { isYoung } from "../memory/map";
import { fetchPointer } from "../memory/object";
import { Address, isObject, Oop, smallIntegerValue } from "../memory/oop";
import { nil } from "../memory/roots";
import * as wasm from "../jit/encoder";
import { formatOfClass } from "./dependencies";
import { CALL_INSTANTIATE, CALL_NEW_ARRAY } from "./imports";
import { UNNAMED, closeLabel, labelOf, openIf, openLabel } from "./joins";
import { WORD_A, WORD_B, newLong } from "./locals";
import { emitExit, emitOop, prepare } from "./memory";
import { top } from "./scope";
import { CONSTANT, INSTANCE, Value, isConstantInteger, operandBelow, pop, pushLocal } from "./state";

/** Slots up to which an object is made in line: each is a store. */
const MAX_SLOTS: u32 = 16;

// Of the class that a receiver is, or likely is: then code asks for it.
let likelyClass: Oop = 0;
let classIndex: u32 = 0;
let format: u32 = 0;
let fixedSlots: u32 = 0;

/** Takes the layout of a class's instances where the receiver is a class that code can know; code depends on it. */
function takeLayout(receiver: Value): bool {
  classIndex = 0;
  likelyClass = 0;
  if (receiver.type != INSTANCE) return false;
  let classObject = receiver.oop;
  if (receiver.kind != CONSTANT) {
    classObject = classOfMetaclass(receiver.classIndex);
    likelyClass = classObject;
    nameInCode(classObject);
  }
  if (classObject == 0 || !isInClassTable(classObject)) return false;
  const index = rawHashOf(<Address>classObject);
  const word = formatOfClass(index);
  if (word == 0) return false;
  classIndex = index;
  format = ((<u32>(word >> TAG_SHIFT)) >> CLASS_FORMAT_FORMAT_SHIFT) & FORMAT_MASK;
  fixedSlots = (<u32>(word >> TAG_SHIFT)) & CLASS_FORMAT_SIZE_MASK;
  return true;
}

/** The class that a metaclass names as its instance; 0 where it is no metaclass. */
function classOfMetaclass(metaclassIndex: u32): Oop {
  const metaclass = metaclassIndex == 0 ? nil : classAtIndex(metaclassIndex);
  if (metaclass == nil) return 0;
  // In which variable depends on the image.
  const slots = slotCountOf(<Address>metaclass);
  for (let i: u32 = 0; i < slots; i++) {
    const value = fetchPointer(i, metaclass);
    if (isObject(value) && !isYoung(value) && classIndexOf(<Address>value) == metaclassIndex) return value;
  }
  return 0;
}

/** basicNew: an instance without indexable elements. */
export function emitNew(address: Address): bool {
  const receiver = operandBelow(0);
  if (isLeftOften(address)) return false;
  const isKnown = takeLayout(receiver);
  if (isKnown && format <= FORMAT_FIXED && fixedSlots <= MAX_SLOTS) {
    const result = newLong();
    const index = knownIndex();
    beginObject(fixedSlots, result, receiver);
    fillWithNil(fixedSlots);
    beginOther();
    emitInstantiate(receiver, address, result);
    endObject();
    pop(1);
    pushFresh(result, index);
    return true;
  }
  const result = newLong();
  const index = knownIndex();
  emitInstantiate(receiver, address, result);
  pop(1);
  pushFresh(result, index);
  return true;
}

/** The class index of what is made, 0 where the class is only likely. */
function knownIndex(): u32 {
  return likelyClass == 0 ? classIndex : 0;
}

/** basicNew: with a number of elements. */
export function emitNewSized(address: Address): bool {
  const receiver = operandBelow(1);
  const size = operandBelow(0);
  if (isLeftOften(address)) return false;
  const isPointers = takeLayout(receiver) && (format == FORMAT_ARRAY || format == FORMAT_FIXED_AND_INDEXABLE);
  const result = newLong();
  const index = knownIndex();
  if (isPointers && isConstantInteger(size) && <u64>smallIntegerValue(size.oop) <= MAX_SLOTS) {
    const slots = fixedSlots + <u32>smallIntegerValue(size.oop);
    beginObject(slots, result, receiver);
    fillWithNil(slots);
    beginOther();
    emitInstantiateSized(receiver, size, address, result);
    endObject();
  } else emitInstantiateSized(receiver, size, address, result);
  pop(2);
  pushFresh(result, index);
  return true;
}

/** An Array of so many elements: those on top of the operand stack, which go, or nils. */
export function emitArray(size: u32, taken: u32): void {
  for (let i: u32 = 0; i < taken; i++) prepare(operandBelow(i));
  const result = newLong();
  if (size <= MAX_SLOTS) {
    classIndex = CLASS_INDEX_ARRAY;
    format = FORMAT_ARRAY;
    likelyClass = 0;
    beginObject(size, result, null);
    if (taken == 0) fillWithNil(size);
    beginOther();
  }
  wasm.i32Const(size);
  wasm.call(CALL_NEW_ARRAY);
  wasm.set(result);
  if (size <= MAX_SLOTS) endObject();
  for (let i: u32 = 0; i < taken; i++) {
    wasm.get(result);
    wasm.op(wasm.I32_WRAP_I64);
    emitOop(operandBelow(taken - 1 - i));
    wasm.store64(HEADER_BYTES + (i << WORD_SHIFT));
  }
  pop(taken);
  pushFresh(result, CLASS_INDEX_ARRAY);
}

function pushFresh(local: u32, index: u32): void {
  const value = pushLocal(local);
  value.type = INSTANCE;
  value.classIndex = index;
  value.isFresh = 1;
}

/** Takes an object of the class's format from eden, with its header, its address in WORD_A; `beginOther` follows. */
function beginObject(slots: u32, result: u32, receiver: Value | null): void {
  openLabel(labelOf(top, UNNAMED, 0), wasm.BLOCK);
  openLabel(labelOf(top, UNNAMED, 1), wasm.BLOCK);
  if (likelyClass != 0 && receiver != null) {
    emitOop(receiver);
    wasm.i64Const(likelyClass);
    wasm.op(wasm.I64_NE);
    wasm.op(wasm.BR_IF);
    wasm.unsigned(0);
  }
  wasm.i32Const(0);
  wasm.load32(CELL_EDEN_FREE);
  wasm.tee(WORD_A);
  wasm.i32Const(HEADER_BYTES + (max<u32>(slots, 1) << WORD_SHIFT));
  wasm.op(wasm.I32_ADD);
  wasm.tee(WORD_B);
  wasm.i32Const(0);
  wasm.load32(CELL_EDEN_LIMIT);
  wasm.op(wasm.I32_GT_U);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  wasm.i32Const(0);
  wasm.get(WORD_B);
  wasm.store32(CELL_EDEN_FREE);
  wasm.get(WORD_A);
  wasm.i64Const(((<u64>slots) << (32 + SLOT_COUNT_SHIFT)) | (format << FORMAT_SHIFT) | classIndex);
  wasm.store64(0);
  wasm.get(WORD_A);
  wasm.op(wasm.I64_EXTEND_I32_U);
  wasm.set(result);
}

function fillWithNil(slots: u32): void {
  for (let i: u32 = 0; i < slots; i++) {
    wasm.get(WORD_A);
    wasm.i64Const(nil);
    wasm.store64(HEADER_BYTES + (i << WORD_SHIFT));
  }
}

/** What follows makes the object where eden has no room; `endObject` ends that. */
function beginOther(): void {
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  closeLabel();
}

function endObject(): void {
  closeLabel();
}

function emitInstantiate(receiver: Value, address: Address, result: u32): void {
  prepare(receiver);
  emitOop(receiver);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.i64Const(0);
  emitInstantiateCall(address, result);
}

function emitInstantiateSized(receiver: Value, size: Value, address: Address, result: u32): void {
  prepare(receiver);
  prepare(size);
  emitOop(receiver);
  wasm.op(wasm.I32_WRAP_I64);
  emitOop(size);
  emitInstantiateCall(address, result);
}

/** Where the object cannot be had simply, the interpreter makes it. */
function emitInstantiateCall(address: Address, result: u32): void {
  wasm.call(CALL_INSTANTIATE);
  wasm.tee(result);
  wasm.op(wasm.I64_EQZ);
  openIf();
  emitExit(address, CAUSE_ELEMENT);
  closeLabel();
}
