// Floating point instructions: SSE2 alone, so that any x86-64 runs them; what needs more is a helper.

import {
  emit8,
  IF_ABOVE,
  IF_ABOVE_OR_EQUAL,
  IF_FLOAT_EQUAL,
  IF_FLOAT_NOT_EQUAL,
  NO_REGISTER,
  RAX,
  withOperand,
  withRegister,
} from "./assembler";
import { useCondition } from "./conditions";
import {
  callHelper,
  HELPER_CEIL,
  HELPER_CONVERT_UNSIGNED_F32,
  HELPER_CONVERT_UNSIGNED_F64,
  HELPER_MAX_F32,
  HELPER_MAX_F64,
  HELPER_MIN_F32,
  HELPER_MIN_F64,
  HELPER_TRUNCATE,
  placeForHelper,
} from "./helpers";
import { TYPE_F32, TYPE_F64, TYPE_I64 } from "./module";
import {
  allocate,
  free,
  flushReaders,
  KIND_REGISTER,
  kindOf,
  loadInto,
  pushRegister,
  readable,
  readableClean,
  registerOf,
  release,
  take,
} from "./operands";
import { temporaries } from "./registers";
import { assignedNext, freeOperand, freshResult, operand, operandFromEntry, operandUses } from "./select";

/** Comparisons by number: eq, ne, lt, gt, le, ge. */
export function floatCompare(number: i32, type: i32): void {
  let b = take();
  let a = take();
  // Less is greater with operands exchanged: "above" is false where one is NaN.
  if (number == 2 || number == 4) {
    const other = a;
    a = b;
    b = other;
  }
  operandFromEntry(b);
  const left = readable(a);
  withOperand(type == TYPE_F64 ? 0x66 : 0, false, 0x0f2e, left, operand());
  free(a);
  freeOperand();
  if (number == 0) useCondition(IF_FLOAT_EQUAL);
  else if (number == 1) useCondition(IF_FLOAT_NOT_EQUAL);
  else useCondition(number <= 3 ? IF_ABOVE : IF_ABOVE_OR_EQUAL);
}

/** Instructions by number: abs, neg, ceil, floor, trunc, nearest, sqrt, add, sub, mul, div, min, max, copysign. */
export function floatArithmetic(number: i32, type: i32): void {
  const prefix = type == TYPE_F32 ? 0xf3 : 0xf2;
  if (number <= 1) changeSign(number == 0, type);
  else if (number <= 5) round(number - 2, type);
  else if (number == 6) squareRoot(prefix, type);
  else if (number <= 10) arithmetic(prefix, number - 7, type);
  else if (number <= 12) minimumOrMaximum(number == 11, type);
  else copySign(type);
}

/** The sign bit cleared or turned over, by way of an integer register: NaNs keep all else. */
function changeSign(isAbsolute: bool, type: i32): void {
  const wide = type == TYPE_F64;
  const a = take();
  const from = readable(a);
  const bits = allocate(false);
  withRegister(0x66, wide, 0x0f7e, from, bits);
  // btr or btc with the sign's number
  withRegister(0, wide, 0x0fba, isAbsolute ? 6 : 7, bits);
  emit8(wide ? 63 : 31);
  free(a);
  const result = freshResult(true);
  withRegister(0x66, wide, 0x0f6e, result, bits);
  release(bits);
  pushRegister(type, result);
}

function copySign(type: i32): void {
  const wide = type == TYPE_F64;
  const sign = take();
  const a = take();
  const signBits = allocate(false);
  const bits = allocate(false);
  withRegister(0x66, wide, 0x0f7e, readable(sign), signBits);
  withRegister(0x66, wide, 0x0f7e, readable(a), bits);
  const last = wide ? 63 : 31;
  withRegister(0, wide, 0x0fba, 6, bits);
  emit8(last);
  withRegister(0, wide, 0xc1, 5, signBits);
  emit8(last);
  withRegister(0, wide, 0xc1, 4, signBits);
  emit8(last);
  withRegister(0, wide, 0x0b, bits, signBits);
  free(sign);
  free(a);
  const result = freshResult(true);
  withRegister(0x66, wide, 0x0f6e, result, bits);
  release(bits);
  release(signBits);
  pushRegister(type, result);
}

/** ceil, floor, trunc, nearest: 0 to 3. The helpers work on f64; an f32 survives the way there and back. */
function round(number: i32, type: i32): void {
  placeForHelper(1, HELPER_CEIL + number);
  if (type == TYPE_F32) withRegister(0xf3, false, 0x0f5a, 16, 16);
  callHelper(HELPER_CEIL + number);
  if (type == TYPE_F32) withRegister(0xf2, false, 0x0f5a, 16, 16);
  pushRegister(type, 16);
}

function squareRoot(prefix: i32, type: i32): void {
  const a = take();
  operandFromEntry(a);
  const result = freshResult(true);
  withOperand(prefix, false, 0x0f51, result, operand());
  freeOperand();
  pushRegister(type, result);
}

/** add, sub, mul, div: 0 to 3. */
function arithmetic(prefix: i32, number: i32, type: i32): void {
  const b = take();
  const a = take();
  const opcode = number == 0 ? 0x0f58 : number == 1 ? 0x0f5c : number == 2 ? 0x0f59 : 0x0f5e;
  operandFromEntry(b);
  let result = assignedNext(true);
  if (result != NO_REGISTER) flushReaders(result);
  if (result != NO_REGISTER && operandUses(result)) result = NO_REGISTER;
  const own = kindOf(a) == KIND_REGISTER && (temporaries & (1 << registerOf(a))) != 0;
  if (result == NO_REGISTER) result = own ? registerOf(a) : allocate(true);
  loadInto(a, result);
  withOperand(prefix, false, opcode, result, operand());
  if (!own || registerOf(a) != result) free(a);
  freeOperand();
  pushRegister(type, result);
}

function minimumOrMaximum(isMinimum: bool, type: i32): void {
  const helper = isMinimum
    ? type == TYPE_F32
      ? HELPER_MIN_F32
      : HELPER_MIN_F64
    : type == TYPE_F32
      ? HELPER_MAX_F32
      : HELPER_MAX_F64;
  placeForHelper(2, helper);
  callHelper(helper);
  pushRegister(type, 16);
}

// Conversions.

/** Float to integer by number: f32_s, f32_u, f64_s, f64_u; traps, or saturates. */
export function truncate(number: i32, type: i32, isSaturating: bool): void {
  const helper = HELPER_TRUNCATE + (isSaturating ? 4 : 0) + (type == TYPE_I64 ? 2 : 0) + (number & 1);
  placeForHelper(1, helper);
  if (number < 2) withRegister(0xf3, false, 0x0f5a, 16, 16);
  callHelper(helper);
  release(16);
  pushRegister(type, RAX);
}

/** Integer to float by number: i32_s, i32_u, i64_s, i64_u. */
export function convert(number: i32, type: i32): void {
  if (number == 3) {
    const helper = type == TYPE_F32 ? HELPER_CONVERT_UNSIGNED_F32 : HELPER_CONVERT_UNSIGNED_F64;
    placeForHelper(1, helper);
    callHelper(helper);
    release(RAX);
    pushRegister(type, 16);
    return;
  }
  const a = take();
  const from = number == 1 ? readableClean(a) : readable(a);
  const result = freshResult(true);
  // The instruction keeps the register's other bytes: without clearing it would wait for whoever wrote them.
  withRegister(0, false, 0x0f57, result, result);
  withRegister(type == TYPE_F32 ? 0xf3 : 0xf2, number != 0, 0x0f2a, result, from);
  free(a);
  pushRegister(type, result);
}

/** f32.demote_f64 and f64.promote_f32. */
export function changePrecision(type: i32): void {
  const a = take();
  const from = readable(a);
  const result = freshResult(true);
  withRegister(type == TYPE_F32 ? 0xf2 : 0xf3, false, 0x0f5a, result, from);
  free(a);
  pushRegister(type, result);
}

/** The bits of a float as an integer. */
export function bitsOfFloat(type: i32): void {
  const a = take();
  const from = readable(a);
  const result = freshResult(false);
  withRegister(0x66, type == TYPE_I64, 0x0f7e, from, result);
  free(a);
  pushRegister(type, result);
}

/** The float of an integer's bits. */
export function floatOfBits(type: i32): void {
  const a = take();
  const from = readable(a);
  const result = freshResult(true);
  withRegister(0x66, type == TYPE_F64, 0x0f6e, result, from);
  free(a);
  pushRegister(type, result);
}
