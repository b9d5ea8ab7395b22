// Between values and the frames' memory: putting a value on WebAssembly's stack as an oop or a double, writing the frames
// of the open scopes, leaving code.

import { CELL_POLLS_LEFT, FORCE_EXITS, TAG_SHIFT, TAG_SMALL_FLOAT } from "../layout";
import { forced } from "../memory/map";
import { Address } from "../memory/oop";
import { falseObject, trueObject } from "../memory/roots";
import * as wasm from "../jit/encoder";
import { emitOopsClassIndex } from "../jit/sends";
import { closeAside, getBoolean, getDouble, getLong, getWritten, openAside } from "./aside";
import { beginMaking, closureAt, emitClosure, emitMadeClosure, prepareClosure } from "./closures";
import { markExit } from "./listing";
import { FRAME, LOW, WORD_A, WORD_B, WRITTEN, newFloat, scratch } from "./locals";
import { EXIT_DEPTH_SHIFT } from "../interpreter/optimisedCode";
import { frameLimit, record, wantFrame } from "./round";
import { PERHAPS_WRITTEN, Scope, calleeOffset, frameFlagsOf, memoryOffset, scope, scopeAt, top } from "./scope";
import {
  BOOLEAN,
  CLOSURE,
  CONSTANT,
  FLOAT,
  INTEGER,
  IN_LOCAL,
  Value,
  endOf,
  isFloat,
  receiverOf,
  valueAt,
} from "./state";
import { CALL_EXIT, CALL_NEW_FLOAT } from "./imports";

/** What an immediate float's exponent lacks, rotated as its bits are (memory/oop.ts). */
const EXPONENT_OFFSET_BITS: i64 = 896 << 53;

/** Offset from LOW of what lies so many bytes below the root's frame. */
export function fromLow(offset: u32): u32 {
  wantFrame(offset + 64);
  return frameLimit - min(offset, frameLimit);
}

/** Set while code is written that hardly ever runs: it is to be short. */
let isRare: bool = false;

/** Makes sure that a value can be put on the stack by `emitOop` without writing anything else first. */
export function prepare(value: Value): void {
  if (value.kind == CLOSURE) prepareClosure(value.local);
}

/** Puts a value on WebAssembly's stack as an oop; `prepare` it first. */
export function emitOop(value: Value): void {
  switch (value.kind) {
    case CONSTANT:
      wasm.i64Const(value.oop);
      return;
    case FLOAT:
      emitBoxed(value.local);
      return;
    case BOOLEAN:
      wasm.i64Const(trueObject);
      wasm.i64Const(falseObject);
      getBoolean(value.local);
      wasm.op(wasm.SELECT);
      return;
    case CLOSURE:
      emitClosure(value.local);
      return;
    default:
      getLong(value.local);
  }
}

/** The oop of a double: immediate where it fits, else the machine makes it. */
export function emitBoxed(local: u32): void {
  if (isRare) {
    getDouble(local);
    wasm.call(CALL_NEW_FLOAT);
    return;
  }
  const bits = scratch(2);
  wasm.get(local);
  wasm.op(wasm.I64_REINTERPRET_F64);
  wasm.i64Const(1);
  wasm.op(wasm.I64_ROTL);
  wasm.i64Const(EXPONENT_OFFSET_BITS);
  wasm.op(wasm.I64_SUB);
  wasm.tee(bits);
  wasm.i64Const(2);
  wasm.op(wasm.I64_SUB);
  wasm.i64Const((1 << 61) - 2);
  wasm.op(wasm.I64_LT_U);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_I64);
  wasm.get(bits);
  wasm.i64Const(TAG_SHIFT);
  wasm.op(wasm.I64_SHL);
  wasm.i64Const(TAG_SMALL_FLOAT);
  wasm.op(wasm.I64_OR);
  wasm.op(wasm.ELSE);
  wasm.get(local);
  wasm.call(CALL_NEW_FLOAT);
  wasm.op(wasm.END);
}

/** Puts a value that is known to be a float or a SmallInteger on WebAssembly's stack as a double. */
export function emitDouble(value: Value): void {
  if (value.kind == FLOAT) {
    wasm.get(value.local);
    return;
  }
  emitOop(value);
  if (value.type == INTEGER) emitIntegerAsDouble();
  else emitUnboxed();
}

/** Of the tagged integer on WebAssembly's stack. */
export function emitIntegerAsDouble(): void {
  wasm.i64Const(TAG_SHIFT);
  wasm.op(wasm.I64_SHR_S);
  wasm.op(wasm.F64_CONVERT_I64_S);
}

/** Of the immediate float on WebAssembly's stack. */
export function emitUnboxed(): void {
  const bits = scratch(2);
  wasm.i64Const(TAG_SHIFT);
  wasm.op(wasm.I64_SHR_U);
  wasm.tee(bits);
  wasm.i64Const(EXPONENT_OFFSET_BITS);
  wasm.i64Const(0);
  wasm.get(bits);
  wasm.i64Const(1);
  wasm.op(wasm.I64_GT_U);
  wasm.op(wasm.SELECT);
  wasm.op(wasm.I64_ADD);
  wasm.i64Const(1);
  wasm.op(wasm.I64_ROTR);
  wasm.op(wasm.F64_REINTERPRET_I64);
}

/** Makes a value a double in a local of its own, if it is known to be a float. */
export function unbox(value: Value): void {
  if (value.kind == FLOAT || !isFloat(value)) return;
  emitDouble(value);
  const local = newFloat();
  wasm.set(local);
  value.kind = FLOAT;
  value.local = local;
}

/** Writes the fixed words of a scope's frame; the root's link its caller has written. */
function emitHeader(owner: Scope, place: i32): void {
  if (place > 0) {
    const caller = scopeAt(place - 1);
    wasm.get(LOW);
    emitFrameOf(caller);
    wasm.op(wasm.I64_EXTEND_I32_U);
    wasm.i64Const((<i64>owner.returnIp) << 32);
    wasm.op(wasm.I64_OR);
    wasm.store64(fromLow(owner.frameOffset));
  }
  wasm.get(LOW);
  wasm.get(FRAME);
  wasm.i32Const(8 + (owner.argumentCount << 3) - owner.frameOffset);
  wasm.op(wasm.I32_ADD);
  wasm.op(wasm.I64_EXTEND_I32_U);
  wasm.i64Const(32);
  wasm.op(wasm.I64_SHL);
  wasm.i64Const(owner.method);
  wasm.op(wasm.I64_OR);
  wasm.store64(fromLow(owner.frameOffset + 8));
  wasm.get(LOW);
  wasm.i64Const(frameFlagsOf(owner));
  wasm.store64(fromLow(owner.frameOffset + 16));
  wasm.get(LOW);
  emitOop(receiverOf(owner));
  wasm.store64(fromLow(owner.frameOffset + 24));
}

/** The address of a scope's frame. */
export function emitFrameOf(owner: Scope): void {
  wasm.get(FRAME);
  if (owner.frameOffset == 0) return;
  wasm.i32Const(owner.frameOffset);
  wasm.op(wasm.I32_SUB);
}

/** The address of the innermost scope's last operand. */
export function emitStackPointer(): void {
  wasm.get(LOW);
  wasm.i32Const(fromLow(scope.frameOffset + calleeOffset(scope) - 8));
  wasm.op(wasm.I32_ADD);
}

/** Writes the fixed words of the frames up to a scope's that are not in memory yet. */
export function writeHeaders(last: i32): void {
  for (let place = 0; place <= last; place++) writeHeader(place, true);
}

/** Those of one frame; `isKept` as in `emitFlush`. What is there may not be written again: the frame may have got a context. */
function writeHeader(place: i32, isKept: bool): void {
  const owner = scopeAt(place);
  const isPerhaps = owner.isWritten == PERHAPS_WRITTEN;
  if (owner.isWritten != 0 && !isPerhaps) return;
  const receiver = receiverOf(owner);
  if (receiver.kind == CLOSURE) writeForContexts(closureAt(receiver.local).home, isKept);
  if (isPerhaps) {
    getWritten();
    wasm.i32Const(1 << place);
    wasm.op(wasm.I32_AND);
    wasm.op(wasm.I32_EQZ);
    wasm.op(wasm.IF);
    wasm.op(wasm.VOID);
  }
  emitHeader(owner, place);
  if (isKept) {
    wasm.get(WRITTEN);
    wasm.i32Const(1 << place);
    wasm.op(wasm.I32_OR);
    wasm.set(WRITTEN);
    owner.isWritten = 1;
  }
  if (isPerhaps) wasm.op(wasm.END);
}

/**
 * Writes what contexts take from the frames up to a scope's, whose fixed words are written: arguments, and of blocks the
 * closures. Who makes a closure in a frame makes its context.
 */
export function writeForContexts(last: i32, isKept: bool): void {
  for (let place = 0; place <= last; place++) {
    const owner = scopeAt(place);
    if (place > 0 && owner.isBlock != 0) writeEntry(scopeAt(place - 1), owner.base - owner.argumentCount - 1, isKept);
    for (let i: u32 = 0; i < owner.argumentCount; i++) writeEntry(owner, owner.base + 1 + i, isKept);
  }
}

function writeEntry(owner: Scope, entry: u32, isKept: bool): void {
  const value = valueAt(entry);
  if (value.isStored != 0) return;
  wasm.get(LOW);
  emitOop(value);
  wasm.store64(fromLow(memoryOffset(owner, entry - owner.base)));
  if (isKept) value.isStored = 1;
}

/** Before the code of an inlined scope: its frame is not in memory. */
export function forgetWritten(place: i32): void {
  wasm.get(WRITTEN);
  wasm.i32Const(~(1 << place));
  wasm.op(wasm.I32_AND);
  wasm.set(WRITTEN);
}

/** Writes all that memory lacks; the code that follows can rely on it. */
export function flush(): void {
  emitFlush(true);
}

/**
 * Writes the frames up to the innermost scope's, but for what takes more than a store, so that code that leaves from what
 * is inlined there need not: it is short then.
 */
export function settle(): void {
  writeHeaders(top);
  const end = endOf(scope);
  for (let entry = scope.base + 1; entry < end; entry++) {
    const value = valueAt(entry);
    if (value.isStored != 0 || (value.kind != CONSTANT && value.kind != IN_LOCAL)) continue;
    wasm.get(LOW);
    emitOop(value);
    wasm.store64(fromLow(memoryOffset(scope, entry - scope.base)));
    value.isStored = 1;
  }
}

/** As `flush`; where not `isKept`, what is known of memory stays as it was, for code that may not run. */
export function emitFlush(isKept: bool): void {
  for (let place = 0; place <= top; place++) writeHeader(place, isKept);
  beginMaking();
  for (let place = 0; place <= top; place++) {
    const owner = scopeAt(place);
    const end = endOf(owner);
    for (let entry = owner.base + 1; entry < end; entry++) {
      const value = valueAt(entry);
      if (value.isStored != 0) continue;
      wasm.get(LOW);
      if (value.kind == CLOSURE) emitMadeClosure(value.local);
      else emitOop(value);
      wasm.store64(fromLow(memoryOffset(owner, entry - owner.base)));
      if (isKept) value.isStored = 1;
    }
  }
}

/** Leaves code at a bytecode that the interpreter then does; `cause` says why. Nothing that is known changes. */
export function emitExit(address: Address, cause: u32): void {
  emitLeaving(address, exitWith(cause), CALL_EXIT);
}

/**
 * A guard's condition, on WebAssembly's stack, stays; where tests force exits, one time in four it becomes false. An exit
 * is right at any time.
 */
export function emitForcedExit(): void {
  if ((forced & FORCE_EXITS) == 0) return;
  wasm.i32Const(0);
  wasm.i32Const(0);
  wasm.load32(CELL_POLLS_LEFT);
  wasm.i32Const(3);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.I32_NE);
  wasm.op(wasm.I32_AND);
}

/** Branches out of so many labels past an exit; where tests force exits, not always. */
export function emitPass(label: u32): void {
  const isForced = (forced & FORCE_EXITS) != 0;
  if (isForced) {
    wasm.i32Const(1);
    emitForcedExit();
  }
  wasm.op(isForced ? wasm.BR_IF : wasm.BR);
  wasm.unsigned(label);
}

/** Leaves through an imported function of (what, address, stack pointer, frame). */
export function emitLeaving(address: Address, what: u32, how: u32): void {
  markExit();
  openAside();
  isRare = true;
  emitFlush(false);
  isRare = false;
  emitLeave(address, what, how);
  closeAside();
}

/** What an exit of the innermost scope says (interpreter/optimisedCode.ts). */
export function exitWith(cause: u32): u32 {
  return record | cause | ((<u32>top) << EXIT_DEPTH_SHIFT);
}

/** As `emitLeaving`, with nothing to write. */
export function emitLeave(address: Address, what: u32, how: u32): void {
  wasm.i32Const(what);
  wasm.i32Const(address);
  emitStackPointer();
  emitFrameOf(scope);
  wasm.call(how);
  if (how != CALL_EXIT) wasm.i64Const(0);
  wasm.op(wasm.RETURN);
}

/** The class index of a value, its oop's address in WORD_A where it is an object. */
export function emitClassIndex(value: Value): void {
  prepare(value);
  emitOop(value);
  emitOopsClassIndex(WORD_A, WORD_B);
}
