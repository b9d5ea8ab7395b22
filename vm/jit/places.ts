// Pushes and stores of literals, variables, temporaries, and slots of objects with the write barrier in line.

import { CLASS_INDEX_CONTEXT, CLASS_INDEX_FORWARDED, READ_ONLY_SHIFT, REMEMBERED_SHIFT, TAG_SHIFT } from "../layout";
import { oldSpaceStart } from "../memory/map";
import { emitHandlerCall, emitIsOf, emitSlowMark, emitStackPointer } from "./exits";
import { setTemp } from "./frame";
import { CALL_CONTEXT_SLOT, CALL_REMEMBER, CALL_THIS_CONTEXT } from "./moduleHead";
import {
  VALUE_CONSTANT,
  VALUE_SLOT,
  VALUE_TEMP,
  depth,
  flush,
  getValue,
  kindOf,
  operandOf,
  pushSlot,
  pushValue,
  setDepth,
  toSlot,
} from "./operands";
import {
  FIRST_TEMP,
  FRAME,
  LOW,
  RECEIVER,
  WORD_A,
  WORD_B,
  firstSlot,
  giveUp,
  method,
  slotOffset,
  tempCount,
} from "./shape";
import * as wasm from "./encoder";
import * as instruction from "../../build/generated/instruction";

export function emitLiteral(index: u32): void {
  wasm.i32Const(method + 16 + (index << 3));
  wasm.load64(0);
}

/** Pushes the value of a literal's association. */
export function emitPushVariable(index: u32): void {
  emitLiteral(index);
  emitPushSlot(16, CLASS_INDEX_FORWARDED);
}

/** Pushes an instance variable of the receiver, which stands still; where that is a context, the machine looks. */
export function emitPushInstanceVariable(index: u32): void {
  wasm.get(RECEIVER);
  wasm.op(wasm.I32_WRAP_I64);
  if (instruction.mayBeContext) {
    wasm.set(WORD_A);
    emitIsOf(CLASS_INDEX_CONTEXT);
    wasm.op(wasm.IF);
    wasm.op(wasm.VOID);
    flush(false);
    emitSlowMark();
    wasm.i32Const(index);
    wasm.get(RECEIVER);
    emitFromFrame(CALL_CONTEXT_SLOT);
    wasm.set(firstSlot + depth);
    emitElsePush(8 + (index << 3));
    return;
  }
  wasm.load64(8 + (index << 3));
  pushSlot();
}

/** Pushes the active context. */
export function emitPushThisContext(): void {
  flush(true);
  emitFromFrame(CALL_THIS_CONTEXT);
  pushSlot();
}

/** Puts what the machine reads from the frame, with the operands in memory, on WebAssembly's stack. */
function emitFromFrame(callee: u32): void {
  wasm.i32Const(instruction.next);
  emitStackPointer(depth);
  wasm.get(FRAME);
  wasm.call(callee);
}

/** Pushes an element of the array that a temporary holds. */
export function emitPushRemoteTemp(index: u32): void {
  if (instruction.other >= tempCount) giveUp();
  wasm.get(FIRST_TEMP + instruction.other);
  emitPushSlot(8 + (index << 3), CLASS_INDEX_FORWARDED);
}

/** Pushes what is at an offset in the object on WebAssembly's stack; the handler does where that has a class index. */
function emitPushSlot(offset: u32, unlessOf: u32): void {
  wasm.op(wasm.I32_WRAP_I64);
  wasm.set(WORD_A);
  emitIsOf(unlessOf);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  emitHandlerCall();
  wasm.get(LOW);
  wasm.load64(slotOffset(depth));
  wasm.set(firstSlot + depth);
  emitElsePush(offset);
}

/** Ends a case in which what is pushed is in its local; else it is at an offset from the address in WORD_A. */
function emitElsePush(offset: u32): void {
  wasm.op(wasm.ELSE);
  wasm.get(WORD_A);
  wasm.load64(offset);
  wasm.set(firstSlot + depth);
  wasm.op(wasm.END);
  pushValue(VALUE_SLOT, 0);
}

export function emitStoreTemp(temp: u32): void {
  if (temp >= tempCount) {
    giveUp();
    return;
  }
  const top = depth - 1;
  // Operands that stand for the old value take it now.
  for (let position: u32 = 0; position < depth; position++) {
    if (position != top && kindOf(position) == VALUE_TEMP && operandOf(position) == temp) toSlot(position);
  }
  getValue(top);
  setTemp(temp);
  if (instruction.pops != 0) setDepth(depth - 1);
}

/** Stores the top into an instance variable of the receiver. */
export function emitStoreInstanceVariable(index: u32): void {
  wasm.get(RECEIVER);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.set(WORD_A);
  emitStore(8 + (index << 3), instruction.mayBeContext ? CLASS_INDEX_CONTEXT : NONE);
}

/** Stores the top into the value of a literal's association. */
export function emitStoreVariable(index: u32): void {
  emitLiteral(index);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.set(WORD_A);
  emitStore(16, CLASS_INDEX_FORWARDED);
}

/** Stores the top into an element of the array that a temporary holds. */
export function emitStoreRemoteTemp(index: u32): void {
  if (instruction.other >= tempCount) giveUp();
  wasm.get(FIRST_TEMP + instruction.other);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.set(WORD_A);
  emitStore(8 + (index << 3), CLASS_INDEX_FORWARDED);
}

/** No class: objects are not looked at. */
const NONE: u32 = 0;

/** Stores the top into the object in WORD_A, at an offset from it; the handler does where that is read-only or has a class index. */
function emitStore(offset: u32, unlessOf: u32): void {
  const top = depth - 1;
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  wasm.get(WORD_A);
  wasm.load32(0);
  wasm.tee(WORD_B);
  wasm.i32Const(1 << READ_ONLY_SHIFT);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  if (unlessOf != NONE) {
    emitIsOf(unlessOf);
    wasm.op(wasm.BR_IF);
    wasm.unsigned(0);
  }
  wasm.get(WORD_A);
  getValue(top);
  wasm.store64(offset);
  emitBarrier(top);
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  wasm.op(wasm.END);
  emitHandlerCall();
  wasm.op(wasm.END);
  if (instruction.pops != 0) setDepth(depth - 1);
}

/** An operand has been stored into the object in WORD_A, whose header is in WORD_B: old objects with young values are remembered. */
export function emitBarrier(value: u32): void {
  if (kindOf(value) == VALUE_CONSTANT) return;
  wasm.get(WORD_A);
  wasm.i32Const(oldSpaceStart);
  wasm.op(wasm.I32_GE_U);
  // Rotated, a tag makes a number larger than any address.
  getValue(value);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.i32Const(TAG_SHIFT);
  wasm.op(wasm.I32_ROTR);
  wasm.i32Const(oldSpaceStart >> TAG_SHIFT);
  wasm.op(wasm.I32_LT_U);
  wasm.op(wasm.I32_AND);
  wasm.get(WORD_B);
  wasm.i32Const(1 << REMEMBERED_SHIFT);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.I32_EQZ);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  wasm.get(WORD_A);
  wasm.call(CALL_REMEMBER);
  wasm.op(wasm.END);
}
