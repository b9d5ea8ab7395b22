// Arithmetic and comparison of SmallIntegers and identity in line; the rest by calls of the interpreter.

import { TAG_MASK, TAG_SHIFT, TAG_SMALL_INTEGER } from "../layout";
import { MET_FLOATS_IN_LINE } from "../interpreter/callsFromCode";
import { SITE_EXTRA } from "../interpreter/codeRecords";
import { Address, smallIntegerValue } from "../memory/oop";
import { falseObject, trueObject } from "../memory/roots";
import { emitHandlerCall, emitIsForwarded } from "./exits";
import { canBeFloats, emitFloatComparison, emitFloats } from "./floats";
import { CALL_COMPARE, CALL_OPERATE } from "./moduleHead";
import {
  VALUE_CONSTANT,
  depth,
  flush,
  getUnboxed,
  getValue,
  isConstantInteger,
  kindOf,
  markTopFloat,
  operandOf,
  pushSlot,
  setDepth,
} from "./operands";
import { emitRuntimeCall, emitValueOrLeave, specialSite } from "./sends";
import { LONG_A, LONG_B, LOW, WORD_A, WORD_B, slotOffset } from "./shape";
import * as wasm from "./encoder";
import * as instruction from "../../build/generated/instruction";

/** Branches out of `labels` blocks unless two operands are SmallIntegers. */
function emitIntegerTest(first: u32, second: u32, out: u32): void {
  const isFirst = isConstantInteger(first);
  const isSecond = isConstantInteger(second);
  if (isFirst && isSecond) return;
  if (isFirst) getUnboxed(second);
  else if (isSecond) getUnboxed(first);
  else {
    getUnboxed(first);
    getUnboxed(second);
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
const DIVIDE: u32 = 9;
const MODULO: u32 = 10;
const BIT_SHIFT: u32 = 12;
const INTEGER_DIVIDE: u32 = 13;
const BIT_AND: u32 = 14;

/** An arithmetic operator: SmallIntegers in line, the rest by a call that sends where it must. */
export function emitArithmetic(operator: u32): void {
  const first = depth - 2;
  const second = depth - 1;
  const site = specialSite(operator, 1);
  if (site == 0) return;
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  const hasFloats = canBeFloats(operator, first, second);
  if (hasFloats) {
    wasm.op(wasm.BLOCK);
    wasm.op(wasm.VOID);
  }
  emitIntegerTest(first, second, 0);
  emitIntegers(operator, first, second);
  wasm.op(wasm.BR);
  wasm.unsigned(hasFloats ? 2 : 1);
  wasm.op(wasm.END);
  if (hasFloats) {
    emitFloats(operator, first, second);
    emitFloatMark(site);
    wasm.op(wasm.BR);
    wasm.unsigned(1);
    wasm.op(wasm.END);
  }
  emitOperatorCall(site, CALL_OPERATE);
  wasm.op(wasm.END);
  setDepth(first);
  wasm.get(LONG_B);
  pushSlot();
  if (hasFloats) markTopFloat();
}

/** Has a site tell the second tier that it has met floats in line. */
function emitFloatMark(site: Address): void {
  wasm.i32Const(site + SITE_EXTRA + 1);
  wasm.i32Const(MET_FLOATS_IN_LINE >> 8);
  wasm.access(wasm.I32_STORE8, 0, 0);
}

/** The operator on two SmallIntegers, its value into LONG_B; branches out where it has none. */
function emitIntegers(operator: u32, first: u32, second: u32): void {
  switch (operator) {
    case PLUS:
    case MINUS:
      emitSum(first, second, operator == PLUS);
      break;
    case TIMES:
      emitProduct(first, second);
      break;
    case DIVIDE:
    case MODULO:
    case INTEGER_DIVIDE:
      emitQuotient(operator, first, second);
      break;
    case BIT_SHIFT:
      emitShift(first, second);
      break;
    default:
      getUnboxed(first);
      getUnboxed(second);
      wasm.op(operator == BIT_AND ? wasm.I64_AND : wasm.I64_OR);
      wasm.set(LONG_B);
  }
}

/** The slow path of an operator, its value into LONG_B. */
function emitOperatorCall(site: Address, callee: u32): void {
  flush(false);
  emitRuntimeCall(site, callee);
  // What a block returns from a comparison may be no boolean.
  emitValueOrLeave(callee != CALL_COMPARE);
}

/** Division of SmallIntegers that are not negative, by one that is not 0; `/` where nothing remains. */
function emitQuotient(operator: u32, first: u32, second: u32): void {
  emitShifted(first, LONG_A);
  wasm.get(LONG_A);
  wasm.i64Const(0);
  wasm.op(wasm.I64_LT_S);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  emitShifted(second, LONG_B);
  if (!isConstantInteger(second) || smallIntegerValue(operandOf(second)) <= 0) {
    wasm.get(LONG_B);
    wasm.i64Const(0);
    wasm.op(wasm.I64_LE_S);
    wasm.op(wasm.BR_IF);
    wasm.unsigned(0);
  }
  if (operator == DIVIDE) {
    wasm.get(LONG_A);
    wasm.get(LONG_B);
    wasm.op(wasm.I64_REM_U);
    wasm.op(wasm.I64_EQZ);
    wasm.op(wasm.I32_EQZ);
    wasm.op(wasm.BR_IF);
    wasm.unsigned(0);
  }
  wasm.get(LONG_A);
  wasm.get(LONG_B);
  wasm.op(operator == MODULO ? wasm.I64_REM_U : wasm.I64_DIV_U);
  emitTagged();
}

/** bitShift: by a constant. To the left where no bit is lost; a variable distance goes the slow way. */
function emitShift(first: u32, second: u32): void {
  const distance = isConstantInteger(second) ? smallIntegerValue(operandOf(second)) : 64;
  if (distance < -60 || distance > 60) {
    wasm.op(wasm.BR);
    wasm.unsigned(0);
    return;
  }
  if (distance <= 0) {
    getUnboxed(first);
    wasm.i64Const(3 - distance);
    wasm.op(wasm.I64_SHR_S);
    emitTagged();
    return;
  }
  // Without its tag, shifted there and back, it must be what it was.
  getUnboxed(first);
  wasm.i64Const(TAG_SMALL_INTEGER);
  wasm.op(wasm.I64_SUB);
  wasm.tee(LONG_A);
  wasm.i64Const(distance);
  wasm.op(wasm.I64_SHL);
  wasm.tee(LONG_B);
  wasm.i64Const(distance);
  wasm.op(wasm.I64_SHR_S);
  wasm.get(LONG_A);
  wasm.op(wasm.I64_NE);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  wasm.get(LONG_B);
  wasm.i64Const(TAG_SMALL_INTEGER);
  wasm.op(wasm.I64_OR);
  wasm.set(LONG_B);
}

/** The value of a SmallInteger into a local. */
function emitShifted(position: u32, local: u32): void {
  getUnboxed(position);
  wasm.i64Const(TAG_SHIFT);
  wasm.op(wasm.I64_SHR_S);
  wasm.set(local);
}

/** Makes the number on WebAssembly's stack a SmallInteger in LONG_B. */
function emitTagged(): void {
  wasm.i64Const(TAG_SHIFT);
  wasm.op(wasm.I64_SHL);
  wasm.i64Const(TAG_SMALL_INTEGER);
  wasm.op(wasm.I64_OR);
  wasm.set(LONG_B);
}

/** a + b or a - b into LONG_B; branches out where it overflows. */
function emitSum(first: u32, second: u32, isSum: bool): void {
  getUnboxed(first);
  if (isConstantInteger(second)) {
    const constant = <i64>operandOf(second) - <i64>TAG_SMALL_INTEGER;
    wasm.i64Const(isSum ? constant : -constant);
    wasm.op(wasm.I64_ADD);
    wasm.tee(LONG_B);
    getUnboxed(first);
    // Overflow: the result is on the wrong side of the other operand.
    const grows = isSum == constant >= 0;
    wasm.op(grows ? wasm.I64_LT_S : wasm.I64_GT_S);
  } else {
    getUnboxed(second);
    wasm.op(isSum ? wasm.I64_ADD : wasm.I64_SUB);
    wasm.i64Const(<i64>TAG_SMALL_INTEGER);
    wasm.op(isSum ? wasm.I64_SUB : wasm.I64_ADD);
    wasm.set(LONG_B);
    getUnboxed(first);
    if (isSum) wasm.get(LONG_B);
    else getUnboxed(second);
    wasm.op(wasm.I64_XOR);
    if (isSum) getUnboxed(second);
    else getUnboxed(first);
    wasm.get(LONG_B);
    wasm.op(wasm.I64_XOR);
    wasm.op(wasm.I64_AND);
    wasm.i64Const(0);
    wasm.op(wasm.I64_LT_S);
  }
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
}

/** a * b into LONG_B where it surely is a SmallInteger; else branches out. */
function emitProduct(first: u32, second: u32): void {
  emitUntagged(first, LONG_A);
  emitUntagged(second, LONG_B);
  emitProductTest(LONG_A, LONG_B);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  wasm.get(LONG_A);
  wasm.get(LONG_B);
  wasm.op(wasm.I64_MUL);
  emitTagged();
}

/**
 * On WebAssembly's stack: whether the product of two integers in locals may be no SmallInteger. It surely is one where
 * the bits of their magnitudes are 59 together.
 */
export function emitProductTest(a: u32, b: u32): void {
  emitFreeBits(a);
  emitFreeBits(b);
  wasm.op(wasm.I64_ADD);
  wasm.i64Const(2 * 64 - 59);
  wasm.op(wasm.I64_LT_U);
}

/** How many of the highest bits of the integer in a local are as its sign. */
function emitFreeBits(local: u32): void {
  wasm.get(local);
  wasm.get(local);
  wasm.i64Const(63);
  wasm.op(wasm.I64_SHR_S);
  wasm.op(wasm.I64_XOR);
  wasm.op(wasm.I64_CLZ);
}

function emitUntagged(position: u32, local: u32): void {
  getUnboxed(position);
  wasm.i64Const(3);
  wasm.op(wasm.I64_SHR_S);
  wasm.set(local);
}

/**
 * The decoded comparison or identity of two operands, which go. With a jump behind it the answer is an i32 on
 * WebAssembly's stack, else an oop in LONG_B.
 */
export function emitCondition(hasJump: bool): void {
  const isIdentity = instruction.kind == instruction.IDENTICAL;
  const operator = instruction.index;
  const first = depth - 2;
  const second = depth - 1;
  const site = isIdentity ? 0 : specialSite(operator, 1);
  wasm.op(wasm.BLOCK);
  wasm.op(hasJump ? wasm.TYPE_I32 : wasm.VOID);
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  if (isIdentity) emitIdentity(first, second, operator != 0, hasJump);
  else {
    const hasFloats = canBeFloats(operator, first, second);
    if (hasFloats) {
      wasm.op(wasm.BLOCK);
      wasm.op(wasm.VOID);
    }
    emitIntegerTest(first, second, 0);
    getUnboxed(first);
    getUnboxed(second);
    wasm.op(comparisonCode(operator));
    emitBoolean(hasJump);
    if (hasFloats) {
      wasm.op(wasm.BR);
      wasm.unsigned(2);
      wasm.op(wasm.END);
      emitFloatComparison(operator, first, second);
      emitBoolean(hasJump);
      emitFloatMark(site);
    }
  }
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  wasm.op(wasm.END);
  if (isIdentity) {
    emitHandlerCall();
    wasm.get(LOW);
    wasm.load64(slotOffset(first));
    wasm.set(LONG_B);
  } else emitOperatorCall(site, hasJump ? CALL_COMPARE : CALL_OPERATE);
  if (hasJump) {
    wasm.get(LONG_B);
    wasm.i64Const(trueObject);
    wasm.op(wasm.I64_EQ);
  }
  wasm.op(wasm.END);
  setDepth(first);
}

/** A condition on WebAssembly's stack stays there before a jump; else it becomes true or false in LONG_B. */
export function emitBoolean(hasJump: bool): void {
  if (hasJump) return;
  wasm.set(WORD_B);
  wasm.i64Const(trueObject);
  wasm.i64Const(falseObject);
  wasm.get(WORD_B);
  wasm.op(wasm.SELECT);
  wasm.set(LONG_B);
}

/** Whether two oops are one object. Of different ones either may be a forwarder: the handler looks. */
function emitIdentity(first: u32, second: u32, isNegated: bool, hasJump: bool): void {
  emitForwardedTest(first);
  emitForwardedTest(second);
  getValue(first);
  getValue(second);
  wasm.op(isNegated ? wasm.I64_NE : wasm.I64_EQ);
  emitBoolean(hasJump);
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

/** WebAssembly's comparison of SmallIntegers, tagged or not, for a special selector's number. */
export function comparisonCode(operator: u32): u32 {
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
