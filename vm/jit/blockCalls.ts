// value, value: and value:value: in line, on a closure of the block that the site has called last: its code is entered
// without a lookup. The kind of closure is that of the method's bytecode set; all else is sent.

import { SITE_EXTRA, newInArea } from "../interpreter/codeRecords";
import { BLOCK_CODE, BLOCK_METHOD, BLOCK_START, SHAPES_BYTES } from "../interpreter/shapes";
import {
  CLASS_INDEX_BLOCK_CLOSURE,
  CLASS_INDEX_CONTEXT,
  CLASS_INDEX_FULL_BLOCK_CLOSURE,
  CLASS_INDEX_MASK,
  CLOSURE_ARGUMENT_COUNT,
  CLOSURE_OUTER_CONTEXT,
  CLOSURE_START_PC,
  CONTEXT_METHOD,
  CONTEXT_RECEIVER,
  FULL_CLOSURE_COMPILED_BLOCK,
  FULL_CLOSURE_RECEIVER,
  HEADER_BYTES,
  TAG_MASK,
} from "../layout";
import { Address, smallInteger } from "../memory/oop";
import { depth, flush, getValue } from "./operands";
import { emitCall, emitCodeCall, emitFrameLink, emitValueOrLeave } from "./sends";
import { WORD_A, WORD_B, bytecodeSet, giveUp } from "./shape";
import * as wasm from "./encoder";

/** Writes the send of one of the three; its value is in LONG_B. */
export function emitBlockCall(site: Address, count: u32): void {
  const cell = newInArea(SHAPES_BYTES);
  if (cell == 0) {
    giveUp();
    return;
  }
  store<u32>(site, cell, SITE_EXTRA);
  const isFull = bytecodeSet != 0;
  flush(true);
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  getValue(depth - 1 - count);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.set(WORD_A);
  emitBlockTest(cell, isFull, count);
  emitFrameLink();
  emitBlockReceiver(isFull);
  emitCodeCall(cell + BLOCK_CODE);
  emitValueOrLeave();
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  wasm.op(wasm.END);
  emitCall(site, count);
  wasm.op(wasm.END);
}

/** Branches out unless the address in WORD_A is of a closure of the block in a cell, with so many arguments. */
export function emitBlockTest(cell: Address, isFull: bool, count: u32): void {
  emitClassTest(WORD_A, isFull ? CLASS_INDEX_FULL_BLOCK_CLOSURE : CLASS_INDEX_BLOCK_CLOSURE);
  if (isFull) emitFullTest(cell);
  else emitV3Test(cell);
  wasm.get(WORD_A);
  wasm.load64(slotAt(CLOSURE_ARGUMENT_COUNT));
  wasm.i64Const(smallInteger(count));
  wasm.op(wasm.I64_NE);
  branchOut();
}

/** Behind the test: the receiver that the block's code has. */
export function emitBlockReceiver(isFull: bool): void {
  wasm.get(isFull ? WORD_A : WORD_B);
  wasm.load64(slotAt(isFull ? FULL_CLOSURE_RECEIVER : CONTEXT_RECEIVER));
}

function slotAt(index: u32): u32 {
  return HEADER_BYTES + (index << 3);
}

function branchOut(): void {
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
}

/** Branches out unless the address in a local is of an object with that class index. */
function emitClassTest(local: u32, classIndex: u32): void {
  wasm.get(local);
  wasm.i32Const(TAG_MASK);
  wasm.op(wasm.I32_AND);
  branchOut();
  wasm.get(local);
  wasm.load32(0);
  wasm.i32Const(CLASS_INDEX_MASK);
  wasm.op(wasm.I32_AND);
  wasm.i32Const(classIndex);
  wasm.op(wasm.I32_NE);
  branchOut();
}

/** Branches out unless the low word of a slot is the word at an address. */
function emitSlotTest(local: u32, slot: u32, wordAt: Address): void {
  wasm.get(local);
  wasm.load32(slotAt(slot));
  wasm.i32Const(wordAt);
  wasm.load32(0);
  wasm.op(wasm.I32_NE);
  branchOut();
}

function emitFullTest(cell: Address): void {
  emitSlotTest(WORD_A, FULL_CLOSURE_COMPILED_BLOCK, cell + BLOCK_METHOD);
}

/** The block of a V3 closure: its place in the method of the context that it was made in, which WORD_B is then. */
function emitV3Test(cell: Address): void {
  wasm.get(WORD_A);
  wasm.load32(slotAt(CLOSURE_OUTER_CONTEXT));
  wasm.set(WORD_B);
  emitClassTest(WORD_B, CLASS_INDEX_CONTEXT);
  emitSlotTest(WORD_B, CONTEXT_METHOD, cell + BLOCK_METHOD);
  emitSlotTest(WORD_A, CLOSURE_START_PC, cell + BLOCK_START);
}
