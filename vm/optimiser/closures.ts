// Closures of the code being written that may never be made: known are the block and what it copies. Where something wants
// the object, code makes it then, once.

import { CLASS_INDEX_BLOCK_CLOSURE, CLASS_INDEX_FULL_BLOCK_CLOSURE } from "../layout";
import { COPIED_VALUES } from "../interpreter/optimisedCode";
import { headerArgumentCount, isCompiledMethod, methodHeader, firstBytecode } from "../interpreter/methods";
import { nameInCode } from "../memory/codeObjects";
import { isYoung } from "../memory/map";
import { Address, Oop } from "../memory/oop";
import * as wasm from "../jit/encoder";
import { getLong, setLong } from "./aside";
import { CALL_CLOSURE, CALL_EXTEND } from "./imports";
import { RECEIVER, isKeptFull, keptLong, newFloat } from "./locals";
import { emitFrameOf, emitOop, prepare, writeForContexts, writeHeaders } from "./memory";
import { scope, scopeAt, top } from "./scope";
import {
  CLOSURE,
  CONSTANT,
  FLOAT,
  IN_LOCAL,
  INSTANCE,
  VALUE_BYTES,
  Value,
  copyValue,
  operandBelow,
  pop,
  push,
} from "./state";
import * as instruction from "../../build/generated/instruction";

// @ts-ignore: decorator
@unmanaged
export class Closure {
  /** The scope it is made in, as place in the stack of scopes. */
  home: i32;
  /** The byte of the bytecode that makes it, and what extends that. */
  main: Address;
  extensionA: u32;
  extensionB: i32;
  isFull: u32;
  method: Address;
  start: Address;
  argumentCount: u32;
  copiedCount: u32;
  /** The local that holds its oop once it is made, 0 before. */
  oopLocal: u32;
}

/** Values that a closure may copy and still not be made at once. */
const MAX_COPIED: u32 = 6;
const CLOSURE_BYTES: u32 = offsetof<Closure>() + MAX_COPIED * VALUE_BYTES;
const MAX_CLOSURES: u32 = 16;
const closures: Address = <Address>memory.data(4096, 8);
if (MAX_CLOSURES * CLOSURE_BYTES > 4096) ERROR("closures: MAX_CLOSURES needs more room");
let closureCount: u32 = 0;

export function beginClosures(): void {
  closureCount = 0;
}

export function closureAt(place: u32): Closure {
  return changetype<Closure>(<usize>(closures + place * CLOSURE_BYTES));
}

/** What a closure copied, the first at 0. */
export function copiedValue(owner: Closure, index: u32): Value {
  return changetype<Value>(changetype<usize>(owner) + offsetof<Closure>() + index * VALUE_BYTES);
}

/** Pushes the decoded closure without making it; false where it must be made. */
export function pushClosure(): bool {
  const count = instruction.closureCopied;
  if (instruction.closureKind == instruction.NO_CLOSURE || count > MAX_COPIED || closureCount == MAX_CLOSURES)
    return false;
  if (isKeptFull()) return false;
  const isFull = instruction.closureKind == instruction.FULL_CLOSURE;
  let method: Oop = scope.method;
  if (isFull) {
    method = load<u64>(scope.method + 16 + (instruction.closurePlace << 3));
    if (isYoung(method) || !isCompiledMethod(method)) return false;
  }
  const closure = closureAt(closureCount);
  closure.home = top;
  closure.main = instruction.main;
  closure.extensionA = instruction.extensionA;
  closure.extensionB = instruction.extensionB;
  closure.isFull = u32(isFull);
  nameInCode(method);
  closure.method = <Address>method;
  closure.start = isFull ? firstBytecode(method, methodHeader(method)) : instruction.closurePlace;
  closure.argumentCount = isFull ? headerArgumentCount(methodHeader(method)) : instruction.closureArguments;
  closure.copiedCount = count;
  for (let i: u32 = 0; i < count; i++) keep(copiedValue(closure, i), operandBelow(count - 1 - i));
  pop(count);
  closure.oopLocal = keptLong();
  wasm.i64Const(0);
  wasm.set(closure.oopLocal);
  const value = push(CLOSURE);
  value.local = closureCount++;
  value.type = INSTANCE;
  value.classIndex = isFull ? CLASS_INDEX_FULL_BLOCK_CLOSURE : CLASS_INDEX_BLOCK_CLOSURE;
  return true;
}

/** A copy of a value that stays good whatever becomes of its local. */
function keep(to: Value, from: Value): void {
  copyValue(to, from);
  to.isFresh = 0;
  to.countLocal = 0;
  to.isWritable = 0;
  if (from.kind == FLOAT) {
    wasm.get(from.local);
    to.local = newFloat();
    wasm.set(to.local);
    return;
  }
  if (from.kind == CONSTANT || from.kind == CLOSURE || (from.kind == IN_LOCAL && from.local == RECEIVER)) return;
  prepare(from);
  emitOop(from);
  to.kind = IN_LOCAL;
  to.local = keptLong();
  wasm.set(to.local);
}

/** Writes what must be in memory before a closure can be made: the frames up to its home's. */
export function prepareClosure(place: u32): void {
  const closure = closureAt(place);
  writeHeaders(closure.home);
  writeForContexts(closure.home, true);
  for (let i: u32 = 0; i < closure.copiedCount; i++) prepare(copiedValue(closure, i));
}

/** Closures that the straight code being written has made sure of, a bit for each. */
let made: u32 = 0;

export function beginMaking(): void {
  made = 0;
}

/** As `emitClosure`, in straight code since `beginMaking`: no closure is looked at twice. */
export function emitMadeClosure(place: u32): void {
  if ((made & (1 << place)) != 0) getLong(closureAt(place).oopLocal);
  else emitClosure(place);
  made |= 1 << place;
}

/** Puts a closure on WebAssembly's stack, making it if it is not yet. */
export function emitClosure(place: u32): void {
  const closure = closureAt(place);
  getLong(closure.oopLocal);
  wasm.op(wasm.I64_EQZ);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  // Those that it copies first: they use the same memory.
  for (let i: u32 = 0; i < closure.copiedCount; i++) {
    const value = copiedValue(closure, i);
    if (value.kind != CLOSURE) continue;
    emitClosure(value.local);
    wasm.op(wasm.DROP);
  }
  for (let i: u32 = 0; i < closure.copiedCount; i++) {
    const value = copiedValue(closure, i);
    wasm.i32Const(COPIED_VALUES + 8 + ((closure.copiedCount - 1 - i) << 3));
    if (value.kind == CLOSURE) getLong(closureAt(value.local).oopLocal);
    else emitOop(value);
    wasm.store64(0);
  }
  if (closure.extensionA != 0 || closure.extensionB != 0) {
    wasm.i32Const(closure.extensionA);
    wasm.i32Const(closure.extensionB);
    wasm.call(CALL_EXTEND);
  }
  emitFrameOf(scopeAt(closure.home));
  wasm.i32Const(closure.main);
  wasm.i32Const(COPIED_VALUES + 8);
  wasm.call(CALL_CLOSURE);
  setLong(closure.oopLocal);
  wasm.op(wasm.END);
  getLong(closure.oopLocal);
}
