// Arithmetic, comparison and identity. Which numbers are meant is known from the operands, else from those with which code
// has had to leave here before (interpreter/optimisedCode.ts), else taken to be SmallIntegers.

import {
  CLASS_INDEX_FLOAT,
  CLASS_INDEX_FORWARDED,
  CLASS_INDEX_MASK,
  TAG_MASK,
  TAG_SHIFT,
  TAG_SMALL_FLOAT,
  TAG_SMALL_INTEGER,
} from "../layout";
import { metOperands, pairClass, pairCount, siteOf } from "../interpreter/codeRecords";
import { MET_FLOATS, MET_FLOATS_IN_LINE } from "../interpreter/callsFromCode";
import { CAUSE_NUMBER, KIND_FLOAT, KIND_OTHER, kindsLeftWith } from "../interpreter/optimisedCode";
import { Address, smallIntegerValue } from "../memory/oop";
import { falseObject, trueObject } from "../memory/roots";

import { comparisonCode } from "../jit/arithmetic";
import * as wasm from "../jit/encoder";
import { floatComparisonCode } from "../jit/floats";
import * as units from "../jit/units";
import { emitHandler, emitHandlerCall } from "./bytecodes";
import {
  MIXED,
  arrive,
  branchOutIf,
  closeLabel,
  emitBranch,
  isReachable,
  labelOf,
  openBlock,
  openLabel,
  placeLabel,
  restoreState,
  restoreWritten,
  saveState,
  setReachable,
  writtenScopes,
} from "./joins";
import {
  BIT_AND,
  BIT_OR,
  BIT_SHIFT,
  DIVIDE,
  MINUS,
  PLUS,
  TIMES,
  emitIntegerComparison,
  emitIntegerTest,
  emitIntegers,
  resultBits,
} from "./integers";
import { LOW, WORD_A, WORD_B, newBoolean, newFloat, newLong, scratch } from "./locals";
import {
  emitBoxed,
  emitDouble,
  emitExit,
  emitPass,
  emitIntegerAsDouble,
  emitOop,
  emitUnboxed,
  fromLow,
  prepare,
} from "./memory";
import { memoryOffset, scope, top } from "./scope";
import { emitSend } from "./sends";
import {
  ANY,
  BOOLEAN,
  CONSTANT,
  FLOAT,
  INSTANCE,
  INTEGER,
  IN_LOCAL,
  SMALL_FLOAT,
  TRUTH,
  Value,
  isConstantInteger,
  isFloat,
  isInteger,
  isNoForwarder,
  learn,
  operandBelow,
  pop,
  push,
  pushConstant,
  pushInteger,
  pushLocal,
} from "./state";
import * as instruction from "../../build/generated/instruction";

/** Place of `=` among the special selectors; `~=` is behind it, the order of numbers before. */
const EQUAL: u32 = 6;
/** Integers up to this, either sign, are doubles too. */
const EXACT_INTEGERS: i64 = 1 << 53;

/** Which numbers an operation is for: kinds that it has met, what is known of its operands. */
function isForFloats(a: Value, b: Value, kinds: u32): bool {
  if (!canBeDouble(a) || !canBeDouble(b)) return false;
  if (isFloat(a) || isFloat(b)) return true;
  return (kinds & KIND_FLOAT) != 0 && (kinds & KIND_OTHER) == 0;
}

/**
 * Whether a value may be a float, or an integer that is one too and that a float is calculated or compared with; one that
 * may lies in a local, or is a constant.
 */
function canBeDouble(value: Value): bool {
  if (value.kind == FLOAT) return true;
  if (value.kind != IN_LOCAL && value.kind != CONSTANT) return false;
  if (isConstantInteger(value)) return isExact(smallIntegerValue(value.oop));
  if (value.type == INSTANCE) return value.classIndex == 0 || value.classIndex == CLASS_INDEX_FLOAT;
  return value.type != TRUTH;
}

function isExact(integer: i64): bool {
  return integer >= -EXACT_INTEGERS && integer <= EXACT_INTEGERS;
}

/** Whether what is neither a SmallInteger nor a float for here has been met, and is left to the interpreter's handler. */
function isEither(a: Value, b: Value, kinds: u32): bool {
  return (kinds & KIND_OTHER) != 0 || ((kinds & KIND_FLOAT) != 0 && (!canBeDouble(a) || !canBeDouble(b)));
}

/** Which numbers but SmallIntegers a bytecode has met: those that it was left with, and before that in the first tier. */
function kindsMet(address: Address): u32 {
  const feedback = siteOf(scope.method, scope.start, address);
  const met = feedback == 0 ? 0 : metOperands(feedback);
  return kindsLeftWith(address) | ((met & (MET_FLOATS | MET_FLOATS_IN_LINE)) != 0 ? KIND_FLOAT : 0);
}

/** Writes a decoded arithmetic bytecode. */
export function emitArithmetic(unit: u32, operator: u32): void {
  const address = units.addressOf(unit);
  const a = operandBelow(1);
  const b = operandBelow(0);
  const kinds = kindsMet(address);
  if (hasFloats(operator)) {
    if (isForFloats(a, b, kinds) && !isRatherSent(address, a)) {
      emitFloatArithmetic(operator, address);
      return;
    }
  }
  if (emitSent(unit, operator, false)) return;
  if (operator == DIVIDE || (operator == BIT_SHIFT && !isConstantInteger(b)) || cannotBeIntegers(a, b)) {
    emitOperatorHandler(operator, address);
    return;
  }
  if (isEither(a, b, kinds)) {
    emitEither(operator, address, (kinds & KIND_FLOAT) != 0);
    return;
  }
  openBlock();
  openBlock();
  const result = newLong();
  emitIntegers(operator, a, b, result);
  emitPass(1);
  closeLabel();
  emitExit(address, CAUSE_NUMBER);
  closeLabel();
  if (a.kind == IN_LOCAL) learn(a, INTEGER, 0);
  if (b.kind == IN_LOCAL) learn(b, INTEGER, 0);
  const bits = resultBits(operator, a, b);
  pop(2);
  pushInteger(result, bits);
}

/** Whether an operator has been sent to something that its receiver may be, as a vector that is to be multiplied by a float. */
function isRatherSent(address: Address, receiver: Value): bool {
  if (isFloat(receiver) || isInteger(receiver)) return false;
  const feedback = siteOf(scope.method, scope.start, address);
  return feedback != 0 && pairCount(feedback) != 0;
}

/** Whether an operator has a case for floats. */
function hasFloats(operator: u32): bool {
  return operator == PLUS || operator == MINUS || operator == TIMES || operator == DIVIDE;
}

/**
 * Writes an operator as the send that it has been for some receivers; those that are SmallIntegers stay in line. False where
 * it has never been one.
 */
function emitSent(unit: u32, operator: u32, isComparison: bool): bool {
  const feedback = siteOf(scope.method, scope.start, units.addressOf(unit));
  const pairs: u32 = feedback == 0 ? 0 : pairCount(feedback);
  if (pairs == 0) return false;
  const a = operandBelow(1);
  const b = operandBelow(0);
  if (isInteger(a) && isInteger(b)) return false;
  // Those that the first tier has in line it does not tell of; equality alone is mostly of other things.
  let hasIntegers = !isComparison || operator < EQUAL;
  for (let pair: u32 = 0; pair < pairs; pair++) {
    if (pairClass(feedback, pair) == TAG_SMALL_INTEGER) hasIntegers = true;
  }
  const selector = instruction.SPECIAL_SEND + operator;
  const isInLine = isComparison || !(operator == DIVIDE || (operator == BIT_SHIFT && !isConstantInteger(b)));
  if (!hasIntegers || !isInLine || cannotBeIntegers(a, b)) {
    emitSend(unit, selector, 1);
    return true;
  }
  const position = scope.depth - 2;
  const wasNested = scope.isNested;
  const label = labelOf(top, MIXED, unit);
  scope.isNested = 1;
  openLabel(label, wasm.BLOCK);
  const kept = saveState();
  prepare(a);
  prepare(b);
  openBlock();
  if (isComparison) {
    const result = newBoolean();
    emitIntegerComparison(operator, a, b);
    wasm.set(result);
    pop(2);
    pushBoolean(result);
  } else {
    const result = newLong();
    emitIntegers(operator, a, b, result);
    const bits = resultBits(operator, a, b);
    pop(2);
    pushInteger(result, bits);
  }
  arrive(label, position + 1);
  emitBranch(wasm.BR, label);
  closeLabel();
  restoreState(kept);
  emitSend(unit, selector, 1);
  if (isReachable) {
    arrive(label, position + 1);
    emitBranch(wasm.BR, label);
  }
  setReachable(false);
  wasm.op(wasm.UNREACHABLE);
  placeLabel(label, position + 1);
  scope.isNested = wasNested;
  return true;
}

function cannotBeIntegers(a: Value, b: Value): bool {
  return !canBeInteger(a) || !canBeInteger(b);
}

function canBeInteger(value: Value): bool {
  return value.type == INTEGER || (value.kind == IN_LOCAL && value.type == ANY);
}

/** bitAnd: and bitOr: have no handler that answers: the interpreter sends them. */
function emitOperatorHandler(operator: u32, address: u32): void {
  if (operator == BIT_AND || operator == BIT_OR) {
    emitExit(address, CAUSE_NUMBER);
    setReachable(false);
    return;
  }
  emitHandler();
}

/** SmallIntegers in line, and floats where these have been met; all else by the interpreter's handler. */
function emitEither(operator: u32, address: u32, areFloatsMet: bool): void {
  const a = operandBelow(1);
  const b = operandBelow(0);
  prepare(a);
  prepare(b);
  const result = newLong();
  const written = writtenScopes();
  openBlock();
  openBlock();
  emitIntegers(operator, a, b, result);
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  closeLabel();
  if (areFloatsMet && hasFloats(operator) && canBeDouble(a) && canBeDouble(b)) {
    openBlock();
    emitBoxed(emitFloats(operator, a, b));
    wasm.set(result);
    wasm.op(wasm.BR);
    wasm.unsigned(1);
    closeLabel();
  }
  if (operator == BIT_AND || operator == BIT_OR) emitExit(address, CAUSE_NUMBER);
  else {
    emitHandlerCall(false);
    wasm.get(LOW);
    wasm.load64(fromLow(memoryOffset(scope, 1 + scope.tempCount + scope.depth - 2)));
    wasm.set(result);
  }
  closeLabel();
  restoreWritten(written);
  pop(2);
  pushLocal(result);
}

// Floats.

/** A value as a double in a local; branches out of one block where it is no number that is one. */
function emitToDouble(value: Value): u32 {
  if (value.kind == FLOAT) return value.local;
  const local = newFloat();
  if (value.type == SMALL_FLOAT) {
    emitDouble(value);
    wasm.set(local);
    return local;
  }
  if (value.kind == CONSTANT && value.type == INTEGER) {
    emitOop(value);
    emitIntegerAsDouble();
    wasm.set(local);
    return local;
  }
  emitOop(value);
  wasm.tee(scratch(0));
  wasm.op(wasm.I32_WRAP_I64);
  wasm.tee(WORD_A);
  wasm.i32Const(TAG_MASK);
  wasm.op(wasm.I32_AND);
  wasm.tee(WORD_B);
  wasm.i32Const(TAG_SMALL_FLOAT);
  wasm.op(wasm.I32_EQ);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_F64);
  wasm.get(scratch(0));
  emitUnboxed();
  wasm.op(wasm.ELSE);
  wasm.get(WORD_B);
  wasm.i32Const(TAG_SMALL_INTEGER);
  wasm.op(wasm.I32_EQ);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_F64);
  wasm.get(scratch(0));
  wasm.i64Const(TAG_SHIFT);
  wasm.op(wasm.I64_SHR_S);
  wasm.tee(scratch(0));
  wasm.i64Const(EXACT_INTEGERS);
  wasm.op(wasm.I64_ADD);
  wasm.i64Const(EXACT_INTEGERS << 1);
  wasm.op(wasm.I64_GT_U);
  branchOutIf(2);
  wasm.get(scratch(0));
  wasm.op(wasm.F64_CONVERT_I64_S);
  wasm.op(wasm.ELSE);
  // An object: a boxed float, or nothing for here.
  wasm.get(WORD_B);
  branchOutIf(2);
  wasm.get(WORD_A);
  wasm.load32(0);
  wasm.i32Const(CLASS_INDEX_MASK);
  wasm.op(wasm.I32_AND);
  wasm.i32Const(CLASS_INDEX_FLOAT);
  wasm.op(wasm.I32_NE);
  branchOutIf(2);
  wasm.get(WORD_A);
  wasm.load64(8);
  wasm.op(wasm.F64_REINTERPRET_I64);
  wasm.op(wasm.END);
  wasm.op(wasm.END);
  wasm.set(local);
  return local;
}

function emitFloatArithmetic(operator: u32, address: u32): void {
  const a = operandBelow(1);
  const b = operandBelow(0);
  openBlock();
  openBlock();
  const result = emitFloats(operator, a, b);
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  closeLabel();
  emitExit(address, CAUSE_NUMBER);
  closeLabel();
  pop(2);
  push(FLOAT).local = result;
}

/** A double in a local: the result for two floats, or a float and an integer; branches out of one block for other operands. */
function emitFloats(operator: u32, a: Value, b: Value): u32 {
  if (!isFloat(a) && !isFloat(b)) {
    // Two integers' result is none.
    emitOop(a);
    emitOop(b);
    wasm.op(wasm.I64_AND);
    wasm.op(wasm.I32_WRAP_I64);
    wasm.i32Const(TAG_SMALL_INTEGER);
    wasm.op(wasm.I32_AND);
    branchOutIf(0);
  }
  const first = emitToDouble(a);
  const second = emitToDouble(b);
  if (operator == DIVIDE) {
    wasm.get(second);
    wasm.op(wasm.F64_CONST);
    wasm.zeros(8);
    wasm.op(wasm.F64_EQ);
    branchOutIf(0);
  }
  const result = newFloat();
  wasm.get(first);
  wasm.get(second);
  if (operator == PLUS) wasm.op(wasm.F64_ADD);
  else if (operator == MINUS) wasm.op(wasm.F64_SUB);
  else wasm.op(operator == TIMES ? wasm.F64_MUL : wasm.F64_DIV);
  wasm.set(result);
  return result;
}

/** Writes a decoded comparison of numbers. */
export function emitComparison(unit: u32, operator: u32): void {
  const address = units.addressOf(unit);
  const a = operandBelow(1);
  const b = operandBelow(0);
  const kinds = kindsMet(address);
  const isFloats = isForFloats(a, b, kinds) && !isRatherSent(address, a);
  if (!isFloats && emitSent(unit, operator, true)) return;
  if (!isFloats && (isEither(a, b, kinds) || cannotBeIntegers(a, b))) {
    emitEitherComparison(operator, address);
    return;
  }
  const result = newBoolean();
  openBlock();
  openBlock();
  if (isFloats) {
    const first = emitToDouble(a);
    const second = emitToDouble(b);
    wasm.get(first);
    wasm.get(second);
    wasm.op(floatComparisonCode(operator));
  } else {
    emitIntegerComparison(operator, a, b);
  }
  wasm.set(result);
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  closeLabel();
  emitExit(address, CAUSE_NUMBER);
  closeLabel();
  if (!isFloats) {
    if (a.kind == IN_LOCAL) learn(a, INTEGER, 0);
    if (b.kind == IN_LOCAL) learn(b, INTEGER, 0);
  }
  pop(2);
  pushBoolean(result);
}

function pushBoolean(local: u32): void {
  const value = push(BOOLEAN);
  value.local = local;
  value.type = TRUTH;
}

/** SmallIntegers in line, all else by the interpreter's handler, whose answer may be anything that = answers. */
function emitEitherComparison(operator: u32, address: u32): void {
  const a = operandBelow(1);
  const b = operandBelow(0);
  prepare(a);
  prepare(b);
  const result = newLong();
  const written = writtenScopes();
  openBlock();
  if (!cannotBeIntegers(a, b)) {
    openBlock();
    emitIntegerTest(a, b);
    wasm.i64Const(trueObject);
    wasm.i64Const(falseObject);
    emitOop(a);
    emitOop(b);
    wasm.op(comparisonCode(operator));
    wasm.op(wasm.SELECT);
    wasm.set(result);
    wasm.op(wasm.BR);
    wasm.unsigned(1);
    closeLabel();
  }
  emitHandlerCall(false);
  wasm.get(LOW);
  wasm.load64(fromLow(memoryOffset(scope, 1 + scope.tempCount + scope.depth - 2)));
  wasm.set(result);
  closeLabel();
  restoreWritten(written);
  pop(2);
  pushLocal(result);
}

/** Whether two operands are one object. Of different ones, either may be a forwarder: the interpreter looks. */
export function emitIdentity(unit: u32, isNegated: bool): void {
  const a = operandBelow(1);
  const b = operandBelow(0);
  const address = units.addressOf(unit);
  const isOne = a.kind == b.kind && a.kind != CONSTANT && a.local == b.local;
  if (isOne || (a.kind == CONSTANT && b.kind == CONSTANT && a.oop == b.oop)) {
    pop(2);
    pushConstant(isNegated ? falseObject : trueObject);
    return;
  }
  prepare(a);
  prepare(b);
  const result = newBoolean();
  openBlock();
  openBlock();
  emitOop(a);
  emitOop(b);
  wasm.op(isNegated ? wasm.I64_NE : wasm.I64_EQ);
  wasm.tee(result);
  if (isNegated) wasm.op(wasm.I32_EQZ);
  branchOutIf(1);
  emitForwarderTest(a);
  emitForwarderTest(b);
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  closeLabel();
  emitExit(address, CAUSE_NUMBER);
  closeLabel();
  pop(2);
  pushBoolean(result);
}

/** Branches out of one block where a value is a forwarder. */
function emitForwarderTest(value: Value): void {
  if (isNoForwarder(value)) return;
  openBlock();
  emitOop(value);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.tee(WORD_A);
  wasm.i32Const(TAG_MASK);
  wasm.op(wasm.I32_AND);
  branchOutIf(0);
  wasm.get(WORD_A);
  wasm.load32(0);
  wasm.i32Const(CLASS_INDEX_MASK);
  wasm.op(wasm.I32_AND);
  wasm.i32Const(CLASS_INDEX_FORWARDED);
  wasm.op(wasm.I32_EQ);
  branchOutIf(1);
  closeLabel();
}
