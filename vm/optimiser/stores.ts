// Stores into objects, with the write barrier in line.

import { CAUSE_ELEMENT } from "../interpreter/optimisedCode";
import { READ_ONLY_SHIFT, REMEMBERED_SHIFT, TAG_MASK } from "../layout";
import { oldSpaceStart } from "../memory/map";
import { Address } from "../memory/oop";
import * as wasm from "../jit/encoder";
import { CALL_REMEMBER } from "./imports";
import { branchOutIf, closeLabel, openBlock, want } from "./joins";
import { WORD_A, newLong } from "./locals";
import { emitExit, emitOop, prepare } from "./memory";
import { WANTS_WRITABLE } from "./round";
import { top } from "./scope";
import {
  ANY,
  BOOLEAN,
  CONSTANT,
  FLOAT,
  INSTANCE,
  INTEGER,
  IN_LOCAL,
  TRUTH,
  Value,
  learnWritable,
  operandBelow,
  pop,
} from "./state";
import * as instruction from "../../build/generated/instruction";

/** Stores the top operand at an offset from an object, null for a literal, whose address is in WORD_A; code leaves where that is read-only. */
export function emitStoreInto(object: Value | null, offset: u32, address: Address): void {
  const value = operandBelow(0);
  // What makes the value may use the word.
  toLocal(value);
  openBlock();
  openBlock();
  emitBarrier(object, value);
  wasm.get(WORD_A);
  emitOop(value);
  wasm.store64(offset);
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  closeLabel();
  emitExit(address, CAUSE_ELEMENT);
  closeLabel();
  if (instruction.pops != 0) pop(1);
}

/** Makes sure that a value is at hand as an oop without code that does more than take it. */
export function toLocal(value: Value): void {
  if (value.kind == CONSTANT || value.kind == IN_LOCAL) return;
  prepare(value);
  emitOop(value);
  const local = newLong();
  wasm.set(local);
  if (value.kind == FLOAT || value.type != INSTANCE) value.type = value.kind == BOOLEAN ? TRUTH : ANY;
  value.kind = IN_LOCAL;
  value.local = local;
}

/**
 * Branches out of one block where an object (null for a literal), in WORD_A, is read-only; has it remembered where a value
 * needs that, unless it was made since code was entered.
 */
export function emitBarrier(object: Value | null, value: Value): void {
  const isWritable = object != null && object.kind == IN_LOCAL && object.isWritable != 0;
  if (!isWritable) {
    wasm.get(WORD_A);
    wasm.load32(0);
    wasm.i32Const(1 << READ_ONLY_SHIFT);
    wasm.op(wasm.I32_AND);
    branchOutIf(0);
    if (object != null && object.kind == IN_LOCAL) {
      want(object.local, WANTS_WRITABLE, 1);
      learnWritable(object);
    }
  }
  if ((object != null && object.isFresh != 0) || value.kind == CONSTANT || value.type == INTEGER || value.type == TRUTH)
    return;
  openBlock();
  // An immediate, or an old object; or a young object to store into, or one that is remembered.
  emitOop(value);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.i32Const(TAG_MASK);
  wasm.op(wasm.I32_AND);
  branchOutIf(0);
  emitOop(value);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.i32Const(oldSpaceStart);
  wasm.op(wasm.I32_GE_U);
  branchOutIf(0);
  wasm.get(WORD_A);
  wasm.i32Const(oldSpaceStart);
  wasm.op(wasm.I32_LT_U);
  branchOutIf(0);
  wasm.get(WORD_A);
  wasm.load32(0);
  wasm.i32Const(1 << REMEMBERED_SHIFT);
  wasm.op(wasm.I32_AND);
  branchOutIf(0);
  wasm.get(WORD_A);
  wasm.call(CALL_REMEMBER);
  closeLabel();
}
