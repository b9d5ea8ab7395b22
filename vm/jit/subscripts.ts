// at:, at:put: and size in line, on Arrays and objects of bytes whose class has the virtual machine's primitive for them:
// the site knows one shape of each (interpreter/shapes.ts). All else is sent.

import { SITE_EXTRA, newInArea } from "../interpreter/codeRecords";
import {
  BYTES_MASK,
  POINTERS_MASK,
  SELECTOR_AT,
  SELECTOR_AT_PUT,
  SELECTOR_SIZE,
  SHAPES_BYTES,
  SHAPE_BYTES,
  SHAPE_POINTERS,
  SHAPE_TAG,
} from "../interpreter/shapes";
import {
  FORMAT_SHIFT,
  OVERFLOW_SLOT_COUNT,
  READ_ONLY_SHIFT,
  SLOT_COUNT_SHIFT,
  TAG_MASK,
  TAG_SMALL_INTEGER,
} from "../layout";
import { Address } from "../memory/oop";
import { depth, flush, getValue } from "./operands";
import { emitBarrier } from "./places";
import { emitCall } from "./sends";
import { LONG_A, LONG_B, WORD_A, WORD_B, WORD_C, giveUp } from "./shape";
import * as wasm from "./encoder";

/** Writes the send of one of the three; its value is in LONG_B. */
export function emitSubscript(site: Address, selector: u32): void {
  const shapes = newInArea(SHAPES_BYTES);
  if (shapes == 0) {
    giveUp();
    return;
  }
  store<u32>(site, shapes, SITE_EXTRA);
  const count: u32 = selector == SELECTOR_SIZE ? 0 : selector == SELECTOR_AT ? 1 : 2;
  const receiver = depth - 1 - count;
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  emitHeader(receiver);
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  emitShapeTest(shapes + SHAPE_POINTERS, POINTERS_MASK, selector == SELECTOR_AT_PUT, 0);
  emitPointersAccess(selector, receiver);
  branch(2);
  wasm.op(wasm.END);
  emitShapeTest(shapes + SHAPE_BYTES, BYTES_MASK, selector == SELECTOR_AT_PUT, 0);
  emitByteCount();
  emitBytesAccess(selector, receiver, shapes);
  branch(1);
  wasm.op(wasm.END);
  flush(false);
  emitCall(site, count);
  wasm.op(wasm.END);
}

function branch(labels: u32): void {
  wasm.op(wasm.BR);
  wasm.unsigned(labels);
}

function branchIf(labels: u32): void {
  wasm.op(wasm.BR_IF);
  wasm.unsigned(labels);
}

/** The receiver's address, header and slot count into WORD_A to WORD_C; branches out where it is an immediate. */
function emitHeader(receiver: u32): void {
  getValue(receiver);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.tee(WORD_A);
  wasm.i32Const(TAG_MASK);
  wasm.op(wasm.I32_AND);
  branchIf(0);
  wasm.get(WORD_A);
  wasm.load32(0);
  wasm.set(WORD_B);
  wasm.get(WORD_A);
  wasm.load32(4);
  wasm.i32Const(SLOT_COUNT_SHIFT);
  wasm.op(wasm.I32_SHR_U);
  wasm.tee(WORD_C);
  wasm.i32Const(OVERFLOW_SLOT_COUNT);
  wasm.op(wasm.I32_EQ);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  wasm.get(WORD_A);
  wasm.i32Const(8);
  wasm.op(wasm.I32_SUB);
  wasm.load32(0);
  wasm.set(WORD_C);
  wasm.op(wasm.END);
}

/** Branches out of `labels` blocks unless the header is of the shape at an address, and not read-only for a store. */
function emitShapeTest(shape: Address, mask: u32, isStore: bool, labels: u32): void {
  wasm.get(WORD_B);
  wasm.i32Const(isStore ? mask | (1 << READ_ONLY_SHIFT) : mask);
  wasm.op(wasm.I32_AND);
  wasm.i32Const(shape);
  wasm.load32(0);
  wasm.op(wasm.I32_NE);
  branchIf(labels);
}

/** The count of bytes into WORD_C. */
function emitByteCount(): void {
  wasm.get(WORD_C);
  wasm.i32Const(3);
  wasm.op(wasm.I32_SHL);
  wasm.get(WORD_B);
  wasm.i32Const(FORMAT_SHIFT);
  wasm.op(wasm.I32_SHR_U);
  wasm.i32Const(7);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.I32_SUB);
  wasm.set(WORD_C);
}

/**
 * The zero-based place that the index names into LONG_A; branches out of `labels` blocks where it is no SmallInteger, or not
 * below WORD_C: rotated right, any other tag makes a number too large.
 */
function emitIndex(index: u32, labels: u32): void {
  getValue(index);
  wasm.i64Const(8 + TAG_SMALL_INTEGER);
  wasm.op(wasm.I64_SUB);
  wasm.i64Const(3);
  wasm.op(wasm.I64_ROTR);
  wasm.tee(LONG_A);
  wasm.get(WORD_C);
  wasm.op(wasm.I64_EXTEND_I32_U);
  wasm.op(wasm.I64_GE_U);
  branchIf(labels);
}

/** The address of the element in LONG_A, but for the header's bytes. */
function emitPlace(shift: u32): void {
  wasm.get(WORD_A);
  wasm.get(LONG_A);
  wasm.op(wasm.I32_WRAP_I64);
  if (shift != 0) {
    wasm.i32Const(shift);
    wasm.op(wasm.I32_SHL);
  }
  wasm.op(wasm.I32_ADD);
}

function emitPointersAccess(selector: u32, receiver: u32): void {
  if (selector == SELECTOR_SIZE) {
    emitCount();
    return;
  }
  emitIndex(receiver + 1, 1);
  emitPlace(3);
  if (selector == SELECTOR_AT) {
    wasm.load64(8);
    wasm.set(LONG_B);
    return;
  }
  getValue(receiver + 2);
  wasm.tee(LONG_B);
  wasm.store64(8);
  emitBarrier(receiver + 2);
}

function emitBytesAccess(selector: u32, receiver: u32, shapes: Address): void {
  if (selector == SELECTOR_SIZE) {
    emitCount();
    return;
  }
  emitIndex(receiver + 1, 0);
  if (selector == SELECTOR_AT) {
    emitPlace(0);
    wasm.access(wasm.I64_LOAD8_U, 0, 8);
    wasm.i64Const(3);
    wasm.op(wasm.I64_SHL);
    emitTag(shapes);
    wasm.op(wasm.I64_OR);
    wasm.set(LONG_B);
    return;
  }
  // The value's byte, where it has the right tag and is below 256.
  getValue(receiver + 2);
  wasm.tee(LONG_B);
  emitTag(shapes);
  wasm.op(wasm.I64_SUB);
  wasm.i64Const(3);
  wasm.op(wasm.I64_ROTR);
  wasm.i64Const(256);
  wasm.op(wasm.I64_GE_U);
  branchIf(0);
  emitPlace(0);
  wasm.get(LONG_B);
  wasm.i64Const(3);
  wasm.op(wasm.I64_SHR_U);
  wasm.access(wasm.I64_STORE8, 0, 8);
}

function emitTag(shapes: Address): void {
  wasm.i32Const(shapes + SHAPE_TAG);
  wasm.access(wasm.I64_LOAD32_U, 2, 0);
}

/** WORD_C as a SmallInteger into LONG_B. */
function emitCount(): void {
  wasm.get(WORD_C);
  wasm.op(wasm.I64_EXTEND_I32_U);
  wasm.i64Const(3);
  wasm.op(wasm.I64_SHL);
  wasm.i64Const(TAG_SMALL_INTEGER);
  wasm.op(wasm.I64_OR);
  wasm.set(LONG_B);
}
