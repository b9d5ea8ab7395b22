// Arithmetic and comparison of immediate floats in line, the values kept unboxed within an expression: an operand of
// VALUE_FLOAT is in its floating-point local where its oop is 0. Only in methods that are expected to use floats (shape.ts).

import { TAG_SHIFT, TAG_SMALL_FLOAT } from "../layout";
import { smallIntegerValue } from "../memory/oop";
import { VALUE_CONSTANT, VALUE_FLOAT, getUnboxed, isConstantInteger, kindOf, operandOf } from "./operands";
import { LONG_A, LONG_B, expectsFloats, firstFloat, firstSlot, floatA, floatB } from "./shape";
import * as wasm from "./encoder";

/** What an immediate float's exponent lacks (memory/oop.ts), where the sign has been rotated to the lowest bit. */
const EXPONENT_OFFSET: u64 = 896 << 53;
/** SmallIntegers below this are exact as floats. */
const EXACT_LIMIT: i64 = 1 << 53;

/** Whether an operator is written for floats too: it has such a case, and no operand is something else for certain. */
export function canBeFloats(operator: u32, first: u32, second: u32): bool {
  if (!expectsFloats || operator > 9) return false;
  return canBeFloat(first) && canBeFloat(second) && !(isConstantInteger(first) && isConstantInteger(second));
}

function canBeFloat(position: u32): bool {
  if (kindOf(position) != VALUE_CONSTANT) return true;
  if (!isConstantInteger(position)) return false;
  const value = smallIntegerValue(operandOf(position));
  return value > -EXACT_LIMIT && value < EXACT_LIMIT;
}

/**
 * The operator on two floats, or a float and a constant integer: the value goes where the first operand's float does, and 0
 * into LONG_B. Branches out of one block where they are none.
 */
export function emitFloats(operator: u32, first: u32, second: u32): void {
  emitOperands(first, second);
  if (operator == 9) {
    wasm.get(floatB);
    wasm.f64Const(0);
    wasm.op(wasm.F64_EQ);
    wasm.op(wasm.BR_IF);
    wasm.unsigned(0);
  }
  wasm.get(floatA);
  wasm.get(floatB);
  wasm.op(arithmeticCode(operator));
  wasm.set(firstFloat + first);
  wasm.i64Const(0);
  wasm.set(LONG_B);
}

/** The comparison of two floats, or a float and a constant integer, on WebAssembly's stack. */
export function emitFloatComparison(operator: u32, first: u32, second: u32): void {
  emitOperands(first, second);
  wasm.get(floatA);
  wasm.get(floatB);
  wasm.op(floatComparisonCode(operator));
}

function emitOperands(first: u32, second: u32): void {
  emitOperand(first, floatA);
  emitOperand(second, floatB);
}

/** An operand's float into a local; branches out of one block where it is none. */
function emitOperand(position: u32, local: u32): void {
  if (isConstantInteger(position)) {
    wasm.f64Const(<f64>smallIntegerValue(operandOf(position)));
    wasm.set(local);
    return;
  }
  if (kindOf(position) != VALUE_FLOAT) {
    emitUnboxing(position, local, 0);
    return;
  }
  wasm.get(firstSlot + position);
  wasm.op(wasm.I64_EQZ);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  wasm.get(firstFloat + position);
  wasm.set(local);
  wasm.op(wasm.ELSE);
  emitUnboxing(position, local, 1);
  wasm.op(wasm.END);
}

/** The float that an oop is into a local; branches out of `labels` blocks more than one where it is none. */
function emitUnboxing(position: u32, local: u32, labels: u32): void {
  getUnboxed(position);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.i32Const(TAG_SMALL_FLOAT);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.I32_EQZ);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(labels);
  getUnboxed(position);
  wasm.i64Const(TAG_SHIFT);
  wasm.op(wasm.I64_SHR_U);
  wasm.tee(LONG_A);
  wasm.i64Const(EXPONENT_OFFSET);
  wasm.i64Const(0);
  wasm.get(LONG_A);
  wasm.i64Const(1);
  wasm.op(wasm.I64_GT_U);
  wasm.op(wasm.SELECT);
  wasm.op(wasm.I64_ADD);
  wasm.i64Const(1);
  wasm.op(wasm.I64_ROTR);
  wasm.op(wasm.F64_REINTERPRET_I64);
  wasm.set(local);
}

function arithmeticCode(operator: u32): u32 {
  switch (operator) {
    case 0:
      return wasm.F64_ADD;
    case 1:
      return wasm.F64_SUB;
    case 8:
      return wasm.F64_MUL;
    default:
      return wasm.F64_DIV;
  }
}

/** WebAssembly's comparison of doubles for a special selector's number. */
export function floatComparisonCode(operator: u32): u32 {
  switch (operator) {
    case 2:
      return wasm.F64_LT;
    case 3:
      return wasm.F64_GT;
    case 4:
      return wasm.F64_LE;
    case 5:
      return wasm.F64_GE;
    case 6:
      return wasm.F64_EQ;
    default:
      return wasm.F64_NE;
  }
}
