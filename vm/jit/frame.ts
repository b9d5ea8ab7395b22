// The start of a function: the frame it builds, or the values it takes from one that is entered again.

import { firstBytecode, headerHasPrimitive, methodHeader, primitiveErrorTemp } from "../interpreter/methods";
import { FRAME_ARGUMENT_COUNT_SHIFT, FRAME_IS_BLOCK, FRAME_IS_COMPILED, TAG_MASK } from "../layout";
import { Address } from "../memory/oop";
import { nil } from "../memory/roots";
import { emitIsForwarded, emitLeave, emitPollCondition } from "./exits";
import { NO_UNIT, closeLabel, pushLabel } from "./labels";
import { CALL_FOLLOW, CALL_POLL } from "./moduleHead";
import {
  ENTRY,
  FIRST_TEMP,
  FRAME,
  LOW,
  RECEIVER,
  WORD_A,
  argumentCount,
  bytecodeSet,
  copiedCount,
  firstCopied,
  firstSlot,
  frameBytes,
  fromLow,
  isBlock,
  method,
  slotOffset,
  tempCount,
  tempOffset,
} from "./shape";
import * as wasm from "./encoder";
import * as units from "./units";

export function emitPrologue(): void {
  wasm.get(FRAME);
  wasm.i32Const(frameBytes);
  wasm.op(wasm.I32_SUB);
  wasm.set(LOW);
  wasm.get(ENTRY);
  wasm.op(wasm.I32_EQZ);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  pushLabel(NO_UNIT);
  emitFrame();
  if (units.needPoll(bytecodeSet)) emitPollAtStart();
  wasm.op(wasm.ELSE);
  for (let temp: u32 = 0; temp < tempCount; temp++) {
    wasm.get(LOW);
    wasm.load64(tempOffset(temp));
    wasm.set(FIRST_TEMP + temp);
  }
  for (let position: u32 = 0; position < units.maxDepth; position++) {
    wasm.get(LOW);
    wasm.load64(slotOffset(position));
    wasm.set(firstSlot + position);
  }
  closeLabel();
}

/** The frame as interpreter/activation.ts builds it; the caller has written the link. */
function emitFrame(): void {
  // Method and caller's stack pointer.
  wasm.get(LOW);
  wasm.get(FRAME);
  wasm.i32Const(8 + (argumentCount << 3));
  wasm.op(wasm.I32_ADD);
  wasm.op(wasm.I64_EXTEND_I32_U);
  wasm.i64Const(32);
  wasm.op(wasm.I64_SHL);
  wasm.i64Const(method);
  wasm.op(wasm.I64_OR);
  wasm.store64(fromLow(-8));
  wasm.get(LOW);
  let flags: u32 = FRAME_IS_COMPILED | bytecodeSet | (argumentCount << FRAME_ARGUMENT_COUNT_SHIFT);
  if (isBlock) flags |= FRAME_IS_BLOCK;
  wasm.i64Const((<i64>flags) << 32);
  wasm.store64(fromLow(-16));
  if (isBlock) emitFollowReceiver();
  wasm.get(LOW);
  wasm.get(RECEIVER);
  wasm.store64(fromLow(-24));
  for (let i: u32 = 0; i < argumentCount; i++) {
    wasm.get(LOW);
    wasm.load64(fromLow(8 + ((argumentCount - 1 - i) << 3)));
    setTemp(i);
  }
  if (copiedCount != 0) {
    // The closure is where the receiver of `value` is.
    wasm.get(LOW);
    wasm.load64(fromLow(8 + (argumentCount << 3)));
    wasm.op(wasm.I32_WRAP_I64);
    wasm.set(WORD_A);
  }
  for (let i: u32 = 0; i < copiedCount; i++) {
    wasm.get(WORD_A);
    wasm.load64(8 + ((firstCopied + i) << 3));
    setTemp(argumentCount + i);
  }
  const errorTemp = isBlock ? -1 : errorTempOf(method);
  for (let i = argumentCount + copiedCount; i < tempCount; i++) {
    if (<i32>i == errorTemp) {
      // Whoever enters code behind a primitive that has failed has made the frame before.
      wasm.get(LOW);
      wasm.load64(tempOffset(i));
      wasm.set(FIRST_TEMP + i);
      continue;
    }
    wasm.i64Const(nil);
    setTemp(i);
  }
}

/** The temporary that takes the error code of a method's primitive, -1 for none. */
function errorTempOf(method: Address): i32 {
  const header = methodHeader(method);
  return headerHasPrimitive(header) ? primitiveErrorTemp(header, firstBytecode(method, header)) : -1;
}

/** A frame's receiver is never a forwarder; a closure's, or its home's, may have become one. */
function emitFollowReceiver(): void {
  wasm.get(RECEIVER);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.tee(WORD_A);
  wasm.i32Const(TAG_MASK);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.I32_EQZ);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  emitIsForwarded();
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  wasm.get(RECEIVER);
  wasm.call(CALL_FOLLOW);
  wasm.set(RECEIVER);
  wasm.op(wasm.END);
  wasm.op(wasm.END);
}

/** Takes the value on WebAssembly's stack for a temporary, in its local and in the frame. */
export function setTemp(temp: u32): void {
  wasm.set(FIRST_TEMP + temp);
  wasm.get(LOW);
  wasm.get(FIRST_TEMP + temp);
  wasm.store64(tempOffset(temp));
}

function emitPollAtStart(): void {
  emitPollCondition();
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  emitLeave(CALL_POLL, units.addressOf(0), 0);
  wasm.op(wasm.END);
}
