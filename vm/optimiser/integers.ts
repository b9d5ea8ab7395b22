// Arithmetic of SmallIntegers in line: each branches out of one block where there is no such result. What is known of the
// magnitude of operands saves checks, and says how large the result can be.

import { TAG_SHIFT, TAG_SMALL_INTEGER } from "../layout";
import { smallIntegerValue } from "../memory/oop";
import { comparisonCode, emitProductTest } from "../jit/arithmetic";
import * as wasm from "../jit/encoder";
import { branchOutIf } from "./joins";
import { scratch } from "./locals";
import { emitOop } from "./memory";
import { INTEGER, Value, isConstantInteger } from "./state";

// Places of the operators among the special selectors.
export const PLUS: u32 = 0;
export const MINUS: u32 = 1;
export const TIMES: u32 = 8;
export const DIVIDE: u32 = 9;
export const MODULO: u32 = 10;
export const BIT_SHIFT: u32 = 12;
export const INTEGER_DIVIDE: u32 = 13;
export const BIT_AND: u32 = 14;
export const BIT_OR: u32 = 15;

/** SmallIntegers have so many bits beside their sign. */
const INTEGER_BITS: u32 = 60;

/** The magnitude of an operator's result is below two to this; 0 where that is not known. */
export function resultBits(operator: u32, a: Value, b: Value): u32 {
  const most = max(a.bits, b.bits);
  let bits: u32 = 0;
  switch (operator) {
    case PLUS:
    case MINUS:
      if (a.bits != 0 && b.bits != 0) bits = most + 1;
      break;
    case TIMES:
      if (a.bits != 0 && b.bits != 0) bits = <u32>a.bits + b.bits;
      break;
    case MODULO:
      bits = b.bits;
      break;
    case INTEGER_DIVIDE:
      bits = a.bits;
      break;
    case BIT_AND:
      if (isConstantInteger(b) && smallIntegerValue(b.oop) >= 0) bits = b.bits;
      else if (a.bits != 0 && b.bits != 0) bits = most;
      break;
    case BIT_OR:
      if (a.bits != 0 && b.bits != 0) bits = most;
      break;
    default:
      if (isConstantInteger(b) && smallIntegerValue(b.oop) <= 0) bits = a.bits;
  }
  return bits > INTEGER_BITS ? 0 : bits;
}

/** On WebAssembly's stack: how two SmallIntegers compare; branches out of one block where they are none. */
export function emitIntegerComparison(operator: u32, a: Value, b: Value): void {
  emitIntegerTest(a, b);
  emitOop(a);
  emitOop(b);
  wasm.op(comparisonCode(operator));
}

/** Branches out of one block unless two values are SmallIntegers. */
export function emitIntegerTest(a: Value, b: Value): void {
  const isA = a.type == INTEGER;
  const isB = b.type == INTEGER;
  if (isA && isB) return;
  if (!isA) emitOop(a);
  if (!isB) emitOop(b);
  if (!isA && !isB) wasm.op(wasm.I64_AND);
  // Tags are one bit each: all have the integer's where the conjunction has it.
  wasm.op(wasm.I32_WRAP_I64);
  wasm.i32Const(TAG_SMALL_INTEGER);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.I32_EQZ);
  branchOutIf(0);
}

/** Two SmallIntegers' result into a local; branches out of one block where there is none. */
export function emitIntegers(operator: u32, a: Value, b: Value, result: u32): void {
  emitIntegerTest(a, b);
  switch (operator) {
    case PLUS:
    case MINUS:
      emitSum(a, b, operator == PLUS, result);
      break;
    case TIMES:
      emitProduct(a, b, result);
      break;
    case BIT_AND:
    case BIT_OR:
      emitOop(a);
      emitOop(b);
      wasm.op(operator == BIT_AND ? wasm.I64_AND : wasm.I64_OR);
      wasm.set(result);
      break;
    case BIT_SHIFT:
      emitShift(a, smallIntegerValue(b.oop), result);
      break;
    default:
      emitDivision(a, b, operator == MODULO, result);
  }
}

function emitSum(a: Value, b: Value, isSum: bool, result: u32): void {
  emitOop(a);
  if (resultBits(PLUS, a, b) != 0) {
    const constant = isConstantInteger(b) ? <i64>b.oop - <i64>TAG_SMALL_INTEGER : 0;
    if (isConstantInteger(b)) wasm.i64Const(isSum ? constant : -constant);
    else {
      emitOop(b);
      wasm.op(isSum ? wasm.I64_ADD : wasm.I64_SUB);
      wasm.i64Const(isSum ? -(<i64>TAG_SMALL_INTEGER) : <i64>TAG_SMALL_INTEGER);
    }
    wasm.op(wasm.I64_ADD);
    wasm.set(result);
    return;
  }
  if (isConstantInteger(b)) {
    const constant = <i64>b.oop - <i64>TAG_SMALL_INTEGER;
    wasm.i64Const(isSum ? constant : -constant);
    wasm.op(wasm.I64_ADD);
    wasm.tee(result);
    emitOop(a);
    // Overflow: the result is on the wrong side of the other operand.
    wasm.op(isSum == constant >= 0 ? wasm.I64_LT_S : wasm.I64_GT_S);
  } else {
    emitOop(b);
    wasm.op(isSum ? wasm.I64_ADD : wasm.I64_SUB);
    wasm.i64Const(<i64>TAG_SMALL_INTEGER);
    wasm.op(isSum ? wasm.I64_SUB : wasm.I64_ADD);
    wasm.set(result);
    emitOop(a);
    if (isSum) wasm.get(result);
    else emitOop(b);
    wasm.op(wasm.I64_XOR);
    if (isSum) emitOop(b);
    else emitOop(a);
    wasm.get(result);
    wasm.op(wasm.I64_XOR);
    wasm.op(wasm.I64_AND);
    wasm.i64Const(0);
    wasm.op(wasm.I64_LT_S);
  }
  branchOutIf(0);
}

/** Where both fit in 32 bits. */
function emitProduct(a: Value, b: Value, result: u32): void {
  if (resultBits(TIMES, a, b) != 0) {
    emitUntagged(a);
    emitOop(b);
    wasm.i64Const(TAG_SMALL_INTEGER);
    wasm.op(wasm.I64_SUB);
    wasm.op(wasm.I64_MUL);
    wasm.i64Const(TAG_SMALL_INTEGER);
    wasm.op(wasm.I64_OR);
    wasm.set(result);
    return;
  }
  emitUntagged(a);
  wasm.set(scratch(0));
  const isShort = isConstantInteger(b) && b.bits < 59;
  if (isShort) emitRangeTest(60 - b.bits);
  else {
    emitUntagged(b);
    wasm.set(scratch(1));
    emitProductTest(scratch(0), scratch(1));
  }
  branchOutIf(0);
  wasm.get(scratch(0));
  if (isShort) wasm.i64Const(smallIntegerValue(b.oop));
  else wasm.get(scratch(1));
  wasm.op(wasm.I64_MUL);
  wasm.set(result);
  emitTagged(result);
}

/** On WebAssembly's stack: whether the magnitude of the integer in the first scratch local is not below two to this. */
function emitRangeTest(bits: u32): void {
  wasm.get(scratch(0));
  wasm.i64Const((<i64>1) << bits);
  wasm.op(wasm.I64_ADD);
  wasm.i64Const((<i64>2) << bits);
  wasm.op(wasm.I64_GE_U);
}

function emitUntagged(value: Value): void {
  if (isConstantInteger(value)) {
    wasm.i64Const(smallIntegerValue(value.oop));
    return;
  }
  emitOop(value);
  wasm.i64Const(TAG_SHIFT);
  wasm.op(wasm.I64_SHR_S);
}

/** Tags the integer in a local. */
function emitTagged(local: u32): void {
  wasm.get(local);
  wasm.i64Const(TAG_SHIFT);
  wasm.op(wasm.I64_SHL);
  wasm.i64Const(TAG_SMALL_INTEGER);
  wasm.op(wasm.I64_OR);
  wasm.set(local);
}

/** By a constant, to the left where that is positive. */
function emitShift(a: Value, shift: i64, result: u32): void {
  if (shift <= 0) {
    emitOop(a);
    wasm.i64Const(min(-shift, 63));
    wasm.op(wasm.I64_SHR_S);
    wasm.i64Const(-8);
    wasm.op(wasm.I64_AND);
    wasm.i64Const(TAG_SMALL_INTEGER);
    wasm.op(wasm.I64_OR);
    wasm.set(result);
    return;
  }
  if (shift > 60) {
    wasm.i32Const(1);
    branchOutIf(0);
    return;
  }
  emitOop(a);
  wasm.i64Const(TAG_SMALL_INTEGER);
  wasm.op(wasm.I64_SUB);
  wasm.tee(scratch(0));
  wasm.i64Const(shift);
  wasm.op(wasm.I64_SHL);
  wasm.tee(result);
  wasm.i64Const(shift);
  wasm.op(wasm.I64_SHR_S);
  wasm.get(scratch(0));
  wasm.op(wasm.I64_NE);
  branchOutIf(0);
  wasm.get(result);
  wasm.i64Const(TAG_SMALL_INTEGER);
  wasm.op(wasm.I64_OR);
  wasm.set(result);
}

/** // and \\ by a positive divisor: rounded down, the remainder not negative. */
function emitDivision(a: Value, b: Value, isModulo: bool, result: u32): void {
  emitUntagged(a);
  wasm.set(scratch(0));
  emitUntagged(b);
  wasm.tee(scratch(1));
  wasm.i64Const(0);
  wasm.op(wasm.I64_LE_S);
  branchOutIf(0);
  // The remainder has the dividend's sign: where that is negative, one divisor more, and one less in the quotient.
  wasm.get(scratch(0));
  wasm.get(scratch(0));
  wasm.get(scratch(1));
  wasm.op(wasm.I64_DIV_S);
  wasm.tee(scratch(2));
  wasm.get(scratch(1));
  wasm.op(wasm.I64_MUL);
  wasm.op(wasm.I64_SUB);
  wasm.tee(result);
  wasm.i64Const(63);
  wasm.op(wasm.I64_SHR_S);
  if (isModulo) {
    wasm.get(scratch(1));
    wasm.op(wasm.I64_AND);
    wasm.get(result);
  } else wasm.get(scratch(2));
  wasm.op(wasm.I64_ADD);
  wasm.set(result);
  emitTagged(result);
}
