// Sends: a call site of its own for each, the call of code in line.

import {
  SITE_ARGUMENT_COUNT,
  SITE_CODE,
  SITE_RETURN,
  SITE_SELECTOR,
  SITE_SPECIAL,
  newSite,
} from "../interpreter/compiledCode";
import { CLASS_INDEX_MASK, TAG_MASK } from "../layout";
import { emitStackPointer } from "./exits";
import { CALL_SEND, TYPE_CODE } from "./moduleHead";
import { depth, flush, getValue, pushSlot, setDepth } from "./operands";
import { FRAME, LONG_A, LONG_B, LOW, WORD_A, WORD_B, giveUp, method, slotOffset } from "./shape";
import * as wasm from "./encoder";
import * as instruction from "../../build/generated/instruction";

export function emitSend(unit: u32): void {
  const count = instruction.other;
  if (count + 1 > depth) {
    giveUp();
    return;
  }
  const site = newSite();
  if (site == 0) {
    giveUp();
    return;
  }
  if (instruction.index >= instruction.SPECIAL_SEND) {
    store<u32>(site, instruction.index - instruction.SPECIAL_SEND, SITE_SPECIAL);
  } else store<u32>(site, method + 16 + (instruction.index << 3), SITE_SELECTOR);
  store<u32>(site, count, SITE_ARGUMENT_COUNT);
  store<u32>(site, instruction.next, SITE_RETURN);
  flush(true);
  const receiver = depth - 1 - count;
  getValue(receiver);
  wasm.set(LONG_A);
  emitClassIndex();
  wasm.i32Const(site);
  wasm.load32(0);
  wasm.op(wasm.I32_EQ);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_I64);
  // The link of the new frame, then the call.
  wasm.get(LOW);
  wasm.get(FRAME);
  wasm.op(wasm.I64_EXTEND_I32_U);
  wasm.i64Const((<i64>instruction.next) << 32);
  wasm.op(wasm.I64_OR);
  wasm.store64(slotOffset(depth));
  wasm.get(LOW);
  wasm.i32Const(slotOffset(depth));
  wasm.op(wasm.I32_ADD);
  wasm.i32Const(0);
  wasm.get(LONG_A);
  wasm.i32Const(site);
  wasm.load32(SITE_CODE);
  wasm.op(wasm.CALL_INDIRECT);
  wasm.unsigned(TYPE_CODE);
  wasm.unsigned(0);
  wasm.op(wasm.ELSE);
  wasm.i32Const(site);
  emitStackPointer(depth);
  wasm.get(FRAME);
  wasm.call(CALL_SEND);
  wasm.op(wasm.END);
  wasm.tee(LONG_B);
  wasm.op(wasm.I64_EQZ);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  wasm.i64Const(0);
  wasm.op(wasm.RETURN);
  wasm.op(wasm.END);
  setDepth(receiver);
  wasm.get(LONG_B);
  pushSlot();
}

/** The class index of the oop in LONG_A: its tag, or from its header. */
function emitClassIndex(): void {
  wasm.get(LONG_A);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.tee(WORD_A);
  wasm.i32Const(TAG_MASK);
  wasm.op(wasm.I32_AND);
  wasm.tee(WORD_B);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_I32);
  wasm.get(WORD_B);
  wasm.op(wasm.ELSE);
  wasm.get(WORD_A);
  wasm.load32(0);
  wasm.i32Const(CLASS_INDEX_MASK);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.END);
}
