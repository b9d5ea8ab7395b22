// Primitives in line: what an object is. Characters and their code points, identity hashes, classes.

import { HASH_MASK, TAG_CHARACTER, TAG_MASK, TAG_SHIFT, TAG_SMALL_INTEGER } from "../layout";
import { CAUSE_ELEMENT, isLeftOften } from "../interpreter/optimisedCode";
import { classAtIndex } from "../memory/classes";
import { isYoung } from "../memory/map";
import { Address } from "../memory/oop";
import { nil } from "../memory/roots";
import * as wasm from "../jit/encoder";
import { CALL_CLASS, CALL_HASH } from "./imports";
import { branchOutIf, closeLabel, openBlock } from "./joins";
import { WORD_A, WORD_B, newLong } from "./locals";
import { emitExit, emitOop, emitPass, prepare } from "./memory";
import {
  CONSTANT,
  INTEGER,
  IN_LOCAL,
  knownClass,
  learn,
  operandBelow,
  pop,
  pushConstant,
  pushInteger,
  pushLocal,
} from "./state";

/** Code points have so many bits. */
const CHARACTER_BITS: u8 = 30;
const HASH_BITS: u8 = 22;
if (HASH_MASK != (1 << HASH_BITS) - 1) ERROR("identity: HASH_BITS is another");
/** What tells a Character's tag from an integer's. */
const TAG_DIFFERENCE: u32 = TAG_CHARACTER ^ TAG_SMALL_INTEGER;

export function emitClass(classIndex: u32): bool {
  const classObject = classAtIndex(classIndex);
  if (classObject == nil || isYoung(classObject)) return false;
  pop(1);
  pushConstant(classObject);
  return true;
}

/** The class of the top operand, of which its class index may be known. */
export function emitClassOf(): void {
  const value = operandBelow(0);
  const known = knownClass(value);
  if (known != 0 && emitClass(known)) return;
  const result = newLong();
  prepare(value);
  emitOop(value);
  wasm.call(CALL_CLASS);
  wasm.set(result);
  pop(1);
  pushLocal(result);
}

/** 171, of a Character or a SmallInteger. */
export function emitAsInteger(classIndex: u32): bool {
  if (classIndex == TAG_SMALL_INTEGER) return true;
  const receiver = operandBelow(0);
  if (classIndex != TAG_CHARACTER) return false;
  if (receiver.kind == CONSTANT) {
    const oop = receiver.oop ^ TAG_DIFFERENCE;
    pop(1);
    pushConstant(oop);
    return true;
  }
  const result = newLong();
  emitOop(receiver);
  wasm.i64Const(TAG_DIFFERENCE);
  wasm.op(wasm.I64_XOR);
  wasm.set(result);
  pop(1);
  pushInteger(result, CHARACTER_BITS);
  return true;
}

/** 170: the code point is the last operand, below it where it is an argument the class that is asked. */
export function emitAsCharacter(address: Address, count: u32): bool {
  const code = operandBelow(0);
  if (count > 1 || isLeftOften(address)) return false;
  const result = newLong();
  prepare(code);
  openBlock();
  openBlock();
  emitOop(code);
  wasm.i64Const(TAG_SMALL_INTEGER);
  wasm.op(wasm.I64_XOR);
  wasm.tee(result);
  // No other tag, and nothing above the bits of a code point.
  wasm.i64Const(~((((<i64>1) << CHARACTER_BITS) - 1) << TAG_SHIFT));
  wasm.op(wasm.I64_AND);
  wasm.i64Const(0);
  wasm.op(wasm.I64_NE);
  branchOutIf(0);
  wasm.get(result);
  wasm.i64Const(TAG_CHARACTER);
  wasm.op(wasm.I64_OR);
  wasm.set(result);
  emitPass(1);
  closeLabel();
  emitExit(address, CAUSE_ELEMENT);
  closeLabel();
  if (code.kind == IN_LOCAL) learn(code, INTEGER, 0);
  pop(count + 1);
  pushLocal(result);
  return true;
}

/** 75, of an object; one that has none yet is given it by the machine. */
export function emitIdentityHash(classIndex: u32): bool {
  if (classIndex <= TAG_MASK) return false;
  const receiver = operandBelow(0);
  const result = newLong();
  prepare(receiver);
  emitOop(receiver);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.tee(WORD_A);
  wasm.load32(4);
  wasm.i32Const(HASH_MASK);
  wasm.op(wasm.I32_AND);
  wasm.tee(WORD_B);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_I64);
  wasm.get(WORD_B);
  wasm.op(wasm.I64_EXTEND_I32_U);
  wasm.i64Const(TAG_SHIFT);
  wasm.op(wasm.I64_SHL);
  wasm.i64Const(TAG_SMALL_INTEGER);
  wasm.op(wasm.I64_OR);
  wasm.op(wasm.ELSE);
  wasm.get(WORD_A);
  wasm.call(CALL_HASH);
  wasm.op(wasm.END);
  wasm.set(result);
  pop(1);
  pushInteger(result, HASH_BITS);
  return true;
}
