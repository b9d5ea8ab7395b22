// Arithmetic and comparison of SmallIntegers and identity in line; the rest by the interpreter's handlers.

import { TAG_MASK, TAG_SMALL_INTEGER } from "../layout";
import { trueObject } from "../memory/roots";
import { emitHandler, emitHandlerCall, emitIsForwarded, emitLeave } from "./exits";
import { CALL_LEAVE } from "./moduleHead";
import {
  VALUE_CONSTANT,
  depth,
  flush,
  getValue,
  isConstantInteger,
  kindOf,
  operandOf,
  pushSlot,
  setDepth,
} from "./operands";
import { LONG_A, LONG_B, LOW, WORD_A, WORD_B, slotOffset } from "./shape";
import * as wasm from "./encoder";
import * as instruction from "../../build/generated/instruction";

/** Branches out of `labels` blocks unless two operands are SmallIntegers. */
function emitIntegerTest(first: u32, second: u32, out: u32): void {
  const isFirst = isConstantInteger(first);
  const isSecond = isConstantInteger(second);
  if (isFirst && isSecond) return;
  if (isFirst) getValue(second);
  else if (isSecond) getValue(first);
  else {
    getValue(first);
    getValue(second);
    wasm.op(wasm.I64_AND);
  }
  // Tags are one bit each: all have the integer's where the conjunction has it.
  wasm.op(wasm.I32_WRAP_I64);
  wasm.i32Const(TAG_SMALL_INTEGER);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.I32_EQZ);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(out);
}

// Places of the arithmetic selectors among the special ones.
const PLUS: u32 = 0;
const MINUS: u32 = 1;
const TIMES: u32 = 8;
const BIT_AND: u32 = 14;
const BIT_OR: u32 = 15;

export function emitArithmetic(operator: u32): void {
  const isInline =
    operator == PLUS || operator == MINUS || operator == BIT_AND || operator == BIT_OR || operator == TIMES;
  if (!isInline) {
    emitHandler();
    return;
  }
  const first = depth - 2;
  const second = depth - 1;
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  emitIntegerTest(first, second, 0);
  if (operator == PLUS || operator == MINUS) emitSum(first, second, operator == PLUS);
  else if (operator == TIMES) emitProduct(first, second);
  else {
    getValue(first);
    getValue(second);
    wasm.op(operator == BIT_AND ? wasm.I64_AND : wasm.I64_OR);
    wasm.set(LONG_A);
  }
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  wasm.op(wasm.END);
  emitOperatorCall(operator == BIT_AND || operator == BIT_OR);
  wasm.get(LOW);
  wasm.load64(slotOffset(first));
  wasm.set(LONG_A);
  wasm.op(wasm.END);
  setDepth(first);
  wasm.get(LONG_A);
  pushSlot();
}

/** The slow path of an operator. Those without a handler are sent by the interpreter. */
function emitOperatorCall(isSent: bool): void {
  if (!isSent) {
    emitHandlerCall();
    return;
  }
  flush(false);
  emitLeave(CALL_LEAVE, instruction.main, depth);
}

/** a + b or a - b into LONG_A; branches out where it overflows. */
function emitSum(first: u32, second: u32, isSum: bool): void {
  getValue(first);
  if (isConstantInteger(second)) {
    const constant = <i64>operandOf(second) - <i64>TAG_SMALL_INTEGER;
    wasm.i64Const(isSum ? constant : -constant);
    wasm.op(wasm.I64_ADD);
    wasm.tee(LONG_A);
    getValue(first);
    // Overflow: the result is on the wrong side of the other operand.
    const grows = isSum == constant >= 0;
    wasm.op(grows ? wasm.I64_LT_S : wasm.I64_GT_S);
  } else {
    getValue(second);
    wasm.op(isSum ? wasm.I64_ADD : wasm.I64_SUB);
    wasm.i64Const(<i64>TAG_SMALL_INTEGER);
    wasm.op(isSum ? wasm.I64_SUB : wasm.I64_ADD);
    wasm.set(LONG_A);
    getValue(first);
    if (isSum) wasm.get(LONG_A);
    else getValue(second);
    wasm.op(wasm.I64_XOR);
    if (isSum) getValue(second);
    else getValue(first);
    wasm.get(LONG_A);
    wasm.op(wasm.I64_XOR);
    wasm.op(wasm.I64_AND);
    wasm.i64Const(0);
    wasm.op(wasm.I64_LT_S);
  }
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
}

/** a * b into LONG_A where both fit in 32 bits and the product in a SmallInteger; else branches out. */
function emitProduct(first: u32, second: u32): void {
  emitUntagged(first, LONG_A);
  emitUntagged(second, LONG_B);
  wasm.get(LONG_A);
  wasm.get(LONG_B);
  wasm.op(wasm.I64_MUL);
  wasm.tee(LONG_A);
  wasm.i64Const(1 << 60);
  wasm.op(wasm.I64_ADD);
  wasm.i64Const(61);
  wasm.op(wasm.I64_SHR_S);
  wasm.op(wasm.I64_EQZ);
  wasm.op(wasm.I32_EQZ);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  wasm.get(LONG_A);
  wasm.i64Const(3);
  wasm.op(wasm.I64_SHL);
  wasm.i64Const(1);
  wasm.op(wasm.I64_OR);
  wasm.set(LONG_A);
}

function emitUntagged(position: u32, local: u32): void {
  getValue(position);
  wasm.i64Const(3);
  wasm.op(wasm.I64_SHR_S);
  wasm.tee(local);
  wasm.get(local);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.op(wasm.I64_EXTEND_I32_S);
  wasm.op(wasm.I64_NE);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
}

/** The decoded comparison or identity of two operands, which go; the answer is an i32 in WORD_B. */
export function emitCondition(): void {
  const isIdentity = instruction.kind == instruction.IDENTICAL;
  const operator = instruction.index;
  const first = depth - 2;
  const second = depth - 1;
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  if (isIdentity) emitIdentity(first, second, operator != 0);
  else {
    emitIntegerTest(first, second, 0);
    getValue(first);
    getValue(second);
    wasm.op(comparisonCode(operator));
    wasm.set(WORD_B);
  }
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  wasm.op(wasm.END);
  emitHandlerCall();
  // The handler's answer is true or false, or the answer of a float's comparison: it has sent nothing if it is here.
  wasm.get(LOW);
  wasm.load64(slotOffset(first));
  wasm.i64Const(trueObject);
  wasm.op(wasm.I64_EQ);
  wasm.set(WORD_B);
  wasm.op(wasm.END);
  setDepth(first);
}

/** Whether two oops are one object. Of different ones either may be a forwarder: the handler looks. */
function emitIdentity(first: u32, second: u32, isNegated: bool): void {
  getValue(first);
  getValue(second);
  wasm.op(isNegated ? wasm.I64_NE : wasm.I64_EQ);
  wasm.set(WORD_B);
  emitForwardedTest(first);
  emitForwardedTest(second);
}

/** Branches out where an operand is a forwarder. */
function emitForwardedTest(position: u32): void {
  if (kindOf(position) == VALUE_CONSTANT) return;
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  getValue(position);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.tee(WORD_A);
  wasm.i32Const(TAG_MASK);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  emitIsForwarded();
  wasm.op(wasm.BR_IF);
  wasm.unsigned(1);
  wasm.op(wasm.END);
}

function comparisonCode(operator: u32): u32 {
  switch (operator) {
    case 2:
      return wasm.I64_LT_S;
    case 3:
      return wasm.I64_GT_S;
    case 4:
      return wasm.I64_LE_S;
    case 5:
      return wasm.I64_GE_S;
    case 6:
      return wasm.I64_EQ;
    default:
      return wasm.I64_NE;
  }
}
