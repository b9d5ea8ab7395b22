// Sends: a call site of its own for each, the call of code in line, answers of quick methods without a call.

import {
  RECORD_CODE,
  SITE_ARGUMENT_COUNT,
  SITE_CODE,
  SITE_RETURN,
  SITE_SELECTOR,
  SITE_SPECIAL,
  newSite,
} from "../interpreter/codeRecords";
import { QUICK_OFFSET_MASK, QUICK_OFFSET_SHIFT } from "../interpreter/quickSites";
import { SELECTOR_AT, SELECTOR_SIZE, SELECTOR_VALUE, SELECTOR_VALUE_WITH } from "../interpreter/shapes";
import { CLASS_INDEX_MASK, TAG_MASK } from "../layout";
import { formatOf, isBytesFormat } from "../memory/header";
import { bodyOf, byteSizeOf, literalCountOf, literalOf } from "../memory/object";
import { Address, isObject, Oop } from "../memory/oop";
import { emitBlockCall } from "./blockCalls";
import { emitStackPointer } from "./exits";
import { CALL_LAND, CALL_SEND, CALL_SUPER, TYPE_CODE } from "./moduleHead";
import { VALUE_CONSTANT, depth, flush, getValue, kindOf, operandOf, pushSlot, setDepth } from "./operands";
import {
  FRAME,
  LONG_A,
  LONG_B,
  LOW,
  WORD_A,
  WORD_B,
  giveUp,
  isBlock,
  method,
  ownFunction,
  record,
  slotOffset,
} from "./shape";
import { emitSubscript } from "./subscripts";
import * as wasm from "./encoder";
import * as instruction from "../../build/generated/instruction";

export function emitSend(): void {
  const count = instruction.other;
  if (count + 1 > depth) {
    giveUp();
    return;
  }
  const special = instruction.index - instruction.SPECIAL_SEND;
  const isSpecial = instruction.index >= instruction.SPECIAL_SEND;
  const site = isSpecial
    ? specialSite(special, count)
    : literalSite(<Address>method + 16 + (instruction.index << 3), count);
  if (site == 0) return;
  const receiver = depth - 1 - count;
  if (isSpecial && special >= SELECTOR_AT && special <= SELECTOR_SIZE) emitSubscript(site, special);
  else if (isSpecial ? special == SELECTOR_VALUE || special == SELECTOR_VALUE_WITH : isValueOfTwo(count)) {
    emitBlockCall(site, count);
  } else {
    flush(true);
    emitCall(site, count);
  }
  setDepth(receiver);
  wasm.get(LONG_B);
  pushSlot();
}

/** Whether the decoded send is of `value:value:`. */
function isValueOfTwo(count: u32): bool {
  return count == 2 && isValueValue(literalOf(instruction.index, method));
}

/** Whether a selector is `value:value:`. */
export function isValueValue(selector: Oop): bool {
  if (!isObject(selector) || !isBytesFormat(formatOf(<Address>selector)) || byteSizeOf(selector) != 12) return false;
  return load<u64>(bodyOf(selector)) == VALUE_VALUE_FIRST && load<u32>(bodyOf(selector), 8) == VALUE_VALUE_LAST;
}

/** The bytes of `value:value:`. */
const VALUE_VALUE_FIRST: u64 = 0x61763a65756c6176;
const VALUE_VALUE_LAST: u32 = 0x3a65756c;

/** A super send: its method is always the same, so the site calls the code that it knows whatever the receiver is. */
export function emitSuperSend(): void {
  const count = instruction.other;
  if (count + 1 > depth) {
    giveUp();
    return;
  }
  const site = literalSite(<Address>method + 16 + (instruction.index << 3), count);
  if (site == 0) return;
  const receiver = depth - 1 - count;
  flush(true);
  wasm.i32Const(site);
  wasm.load32(SITE_CODE);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_I64);
  emitFrameLink();
  getValue(receiver);
  emitCodeCall(site + SITE_CODE);
  wasm.op(wasm.ELSE);
  emitRuntimeCall(site, CALL_SUPER);
  wasm.op(wasm.END);
  emitValueOrLeave();
  setDepth(receiver);
  wasm.get(LONG_B);
  pushSlot();
}

/** A new site of the decoded instruction for a special selector; 0, and all is given up, where there is no room. */
export function specialSite(special: u32, count: u32): Address {
  const site = siteFor(count);
  if (site != 0) store<u32>(site, special, SITE_SPECIAL);
  return site;
}

function literalSite(selector: Address, count: u32): Address {
  const site = siteFor(count);
  if (site != 0) store<u32>(site, selector, SITE_SELECTOR);
  return site;
}

function siteFor(count: u32): Address {
  const site = newSite(record, instruction.first);
  if (site == 0) {
    giveUp();
    return 0;
  }
  store<u32>(site, count, SITE_ARGUMENT_COUNT);
  store<u32>(site, instruction.next, SITE_RETURN);
  return site;
}

/** A send of which the operands are in memory; its value is in LONG_B. Code leaves where there is none. */
export function emitCall(site: Address, count: u32): void {
  const receiver = depth - 1 - count;
  emitClassIndex(receiver);
  wasm.i32Const(site);
  wasm.load32(0);
  wasm.op(wasm.I32_EQ);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_I64);
  if (isOfOwnSelector(site)) emitOwnOrCall(site, receiver, count);
  else if (count == 0) emitQuickOrCall(site, receiver);
  else {
    emitFrameLink();
    getValue(receiver);
    emitCodeCall(site + SITE_CODE);
  }
  wasm.op(wasm.ELSE);
  emitRuntimeCall(site, CALL_SEND);
  wasm.op(wasm.END);
  emitValueOrLeave();
}

/** Calls what takes a site, the stack pointer and the frame. */
export function emitRuntimeCall(site: Address, callee: u32): void {
  wasm.i32Const(site);
  emitStackPointer(depth);
  wasm.get(FRAME);
  wasm.call(callee);
}

/** Takes a value on WebAssembly's stack into LONG_B, and leaves where it is none, and no block has returned one. */
export function emitValueOrLeave(canLand: bool = true): void {
  wasm.tee(LONG_B);
  wasm.op(wasm.I64_EQZ);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  if (canLand) {
    wasm.get(FRAME);
    wasm.call(CALL_LAND);
    wasm.tee(LONG_B);
    wasm.op(wasm.I64_EQZ);
    wasm.op(wasm.IF);
    wasm.op(wasm.VOID);
  }
  wasm.i64Const(0);
  wasm.op(wasm.RETURN);
  if (canLand) wasm.op(wasm.END);
  wasm.op(wasm.END);
}

/** Whether a site sends the selector of the method that is being translated. */
function isOfOwnSelector(site: Address): bool {
  const selector = load<u32>(site, SITE_SELECTOR);
  const literals = literalCountOf(method);
  return selector != 0 && !isBlock && literals > 1 && load<u64>(selector) == literalOf(literals - 2, method);
}

/** A method that sends its own selector mostly calls itself: directly, where the site's code is that of its own record. */
function emitOwnOrCall(site: Address, receiver: u32, count: u32): void {
  wasm.i32Const(site);
  wasm.load32(SITE_CODE);
  wasm.i32Const(record);
  wasm.load32(RECORD_CODE);
  wasm.op(wasm.I32_EQ);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_I64);
  emitFrameLink();
  getValue(receiver);
  wasm.call(ownFunction);
  wasm.op(wasm.ELSE);
  if (count == 0) emitQuickOrCall(site, receiver);
  else {
    emitFrameLink();
    getValue(receiver);
    emitCodeCall(site + SITE_CODE);
  }
  wasm.op(wasm.END);
}

/** A negative code is where the answer is. */
function emitQuickOrCall(site: Address, receiver: u32): void {
  wasm.i32Const(site);
  wasm.load32(SITE_CODE);
  wasm.tee(WORD_B);
  wasm.i32Const(0);
  wasm.op(wasm.I32_LT_S);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_I64);
  getValue(receiver);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.i32Const(0);
  wasm.get(WORD_B);
  wasm.i32Const(1);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.I32_SUB);
  wasm.op(wasm.I32_AND);
  wasm.get(WORD_B);
  wasm.i32Const(QUICK_OFFSET_SHIFT);
  wasm.op(wasm.I32_SHR_U);
  wasm.i32Const(QUICK_OFFSET_MASK);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.I32_ADD);
  wasm.load64(0);
  wasm.op(wasm.ELSE);
  emitFrameLink();
  getValue(receiver);
  emitCodeCall(site + SITE_CODE);
  wasm.op(wasm.END);
}

/** Writes the link of a new frame, and leaves what a call of code takes first on WebAssembly's stack. */
export function emitFrameLink(): void {
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
}

/** Calls the code whose table index is at an address; the receiver is the last on WebAssembly's stack. */
export function emitCodeCall(codeAt: Address): void {
  wasm.i32Const(codeAt);
  wasm.load32(0);
  wasm.op(wasm.CALL_INDIRECT);
  wasm.unsigned(TYPE_CODE);
  wasm.unsigned(0);
}

/** The class index of an operand: its tag, or from its header. */
function emitClassIndex(position: u32): void {
  if (kindOf(position) == VALUE_CONSTANT && ((<u32>operandOf(position)) & TAG_MASK) != 0) {
    wasm.i32Const((<u32>operandOf(position)) & TAG_MASK);
    return;
  }
  getValue(position);
  emitOopsClassIndex(WORD_A, WORD_B);
}

/** The class index of the oop on WebAssembly's stack; its address into the first of two words. */
export function emitOopsClassIndex(wordA: u32, wordB: u32): void {
  wasm.op(wasm.I32_WRAP_I64);
  wasm.tee(wordA);
  wasm.i32Const(TAG_MASK);
  wasm.op(wasm.I32_AND);
  wasm.tee(wordB);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_I32);
  wasm.get(wordB);
  wasm.op(wasm.ELSE);
  wasm.get(wordA);
  wasm.load32(0);
  wasm.i32Const(CLASS_INDEX_MASK);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.END);
}
