// Integer instructions: arithmetic, shifts, division, bits, comparisons.

import {
  ALU_ADD,
  ALU_AND,
  ALU_CMP,
  ALU_OR,
  ALU_SUB,
  ALU_XOR,
  aluConstant,
  aluMemoryConstant,
  at,
  bindShort,
  emit32,
  emit8,
  IF_ABOVE,
  IF_ABOVE_OR_EQUAL,
  IF_BELOW,
  IF_BELOW_OR_EQUAL,
  IF_EQUAL,
  IF_GREATER,
  IF_GREATER_OR_EQUAL,
  IF_LESS,
  IF_LESS_OR_EQUAL,
  IF_NOT_EQUAL,
  jumpShort,
  loadConstant,
  memoryAt,
  NO_REGISTER,
  RAX,
  RCX,
  RDX,
  withMemory,
  withOperand,
  withRegister,
} from "./assembler";
import { isConditionNext, useCondition } from "./conditions";
import { isBoundHere } from "./labels";
import { TYPE_I32, TYPE_I64 } from "./module";
import {
  allocate,
  bitsOf,
  claim,
  flushReaders,
  free,
  isConstant,
  isInRegister,
  isPlain,
  KIND_REGISTER,
  kindOf,
  loadInto,
  pushConstant,
  pushRegister,
  readable,
  readableClean,
  registerOf,
  release,
  restore,
  scaleOf,
  setBits,
  setDirty,
  setScale,
  setType,
  setValue,
  take,
  valueOf,
  writable,
} from "./operands";
import { place, placeEntries, startPlacing } from "./placing";
import { peekByte, readByte } from "./reader";
import { temporaries } from "./registers";
import { assignedNext, freeOperand, operand, operandFromEntry, operandTemporary, operandUses } from "./select";

export function fitsByte32(value: i64): bool {
  return value == <i64>(<i32>value);
}

/** The binary instruction with a number counted from add: add, sub, mul, 4 divisions, and, or, xor, 5 shifts. */
export function integerBinary(number: i32, type: i32): void {
  if (number == 0) add(type);
  else if (number == 1) subtract(type);
  else if (number == 2) multiply(type);
  else if (number <= 6) divide(number, type);
  else if (number == 7) and(type);
  else if (number <= 9) combine(number == 8 ? ALU_OR : ALU_XOR, type);
  else shift(number - 10, type);
}

/** The arithmetic of a binary instruction that can take its second operand from memory, or -1. */
export function aluOf(number: i32): i32 {
  if (number == 0) return ALU_ADD;
  if (number == 1) return ALU_SUB;
  if (number == 7) return ALU_AND;
  if (number == 8) return ALU_OR;
  return number == 9 ? ALU_XOR : -1;
}

function combine(operation: i32, type: i32): void {
  const b = take();
  const a = take();
  if (isConstant(a) && !isConstant(b)) aluEntries(operation, type, b, a);
  else aluEntries(operation, type, a, b);
}

/** a op b, where the operation commutes or b is no better off as the first. */
function aluEntries(operation: i32, type: i32, a: usize, b: usize): void {
  if (isConstant(b) && fitsByte32(valueOf(b))) {
    aluWithConstant(operation, type, a, <i32>valueOf(b));
    return;
  }
  operandFromEntry(b);
  aluWithOperand(operation, type, a);
}

/** Where the flags are those of an arithmetic result, which register has it, whether it is wide, and its operation. */
let flagsAt: usize = 0;
let flagsRegister: i32 = 0;
let flagsWide = false;
let flagsOperation: i32 = 0;

/** The last instruction was arithmetic. */
function noteFlags(operation: i32, wide: bool, register: i32): void {
  flagsAt = at;
  flagsRegister = register;
  flagsWide = wide;
  flagsOperation = operation;
}

/** Whether the flags tell how a register compares with zero: for any condition behind `and`, `or`, `xor`. */
function hasFlagsOf(register: i32, wide: bool, condition: i32): bool {
  if (at != flagsAt || register != flagsRegister || wide != flagsWide || isBoundHere()) return false;
  const isLogical = flagsOperation != ALU_ADD && flagsOperation != ALU_SUB;
  return isLogical || condition == IF_EQUAL || condition == IF_NOT_EQUAL;
}

function aluWithConstant(operation: i32, type: i32, a: usize, value: i32): void {
  const wide = type == TYPE_I64;
  const result = placeForResult(a);
  if (operation == ALU_AND && (value == 255 || value == 65535)) {
    withRegister(0, false, value == 255 ? 0x0fb6 : 0x0fb7, result, readable(a));
  } else {
    loadInto(a, result);
    // A positive mask fits 32 bits, and so does the result.
    aluConstant(operation, wide && !(operation == ALU_AND && value >= 0), result, value);
    noteFlags(operation, wide, result);
  }
  if (registerOf(a) != result || kindOf(a) != KIND_REGISTER) free(a);
  const pushed = pushRegister(type, result);
  if (operation == ALU_AND && value >= 0) setBits(pushed, 32 - clz(value));
}

/** Register for a result made in place of `a`: that of the local assigned next, its own temporary, or another. */
function placeForResult(a: usize): i32 {
  const assigned = assignedNext(false);
  if (assigned != NO_REGISTER) {
    flushReaders(assigned);
    return assigned;
  }
  if (kindOf(a) == KIND_REGISTER && (temporaries & (1 << registerOf(a))) != 0) return registerOf(a);
  return allocate(false);
}

/** a op the second operand; pushes the result. */
export function aluWithOperand(operation: i32, type: i32, a: usize): void {
  const wide = type == TYPE_I64;
  const commutes = operation != ALU_SUB;
  const opcode = (operation << 3) | 3;
  let result = assignedNext(false);
  if (result != NO_REGISTER) flushReaders(result);
  const own = operandTemporary();
  if (result == NO_REGISTER && commutes && own != NO_REGISTER && !isOwnTemporary(a)) {
    // The second operand's register takes the result.
    withRegister(0, wide, opcode, own, readable(a));
    noteFlags(operation, wide, own);
    free(a);
    pushRegister(type, own);
    return;
  }
  if (result != NO_REGISTER && operandUses(result)) {
    if (commutes && own == NO_REGISTER && operand() == result) {
      // x = a op x
      withRegister(0, wide, opcode, result, readable(a));
      noteFlags(operation, wide, result);
      free(a);
      pushRegister(type, result);
      return;
    }
    result = NO_REGISTER;
  }
  if (result == NO_REGISTER) result = isOwnTemporary(a) ? registerOf(a) : allocate(false);
  loadInto(a, result);
  withOperand(0, wide, opcode, result, operand());
  noteFlags(operation, wide, result);
  if (!isOwnTemporary(a) || registerOf(a) != result) free(a);
  freeOperand();
  pushRegister(type, result);
}

function isOwnTemporary(entry: usize): bool {
  return kindOf(entry) == KIND_REGISTER && (temporaries & (1 << registerOf(entry))) != 0;
}

function add(type: i32): void {
  let b = take();
  let a = take();
  if (isConstant(a)) {
    const other = a;
    a = b;
    b = other;
  }
  if (isConstant(b)) {
    if (isConstant(a)) {
      const sum = valueOf(a) + valueOf(b);
      pushConstant(type, type == TYPE_I32 ? <i64>(<i32>sum) : sum);
      return;
    }
    if (addConstant(type, a, valueOf(b))) return;
  } else if (scaleOf(b) != 0 || scaleOf(a) != 0 || !isPlain(a) || !isPlain(b)) {
    if (addScaled(type, a, b)) return;
  } else if (isInRegister(a) && isInRegister(b) && !isOwnTemporary(a) && !isOwnTemporary(b)) {
    const assigned = assignedNext(false);
    if (assigned == NO_REGISTER || (assigned != registerOf(a) && assigned != registerOf(b))) {
      addScaled(type, a, b);
      return;
    }
  }
  aluEntries(ALU_ADD, type, a, b);
}

/** a + constant as a pending sum; false where it cannot be one. */
function addConstant(type: i32, a: usize, value: i64): bool {
  if (!isInRegister(a)) {
    if (!fitsByte32(value)) return false;
    readable(a);
  }
  let sum = valueOf(a) + value;
  if (type == TYPE_I32) sum = <i64>(<i32>sum);
  if (!fitsByte32(sum)) return false;
  setValue(restore(a), sum);
  return true;
}

/** a + b in one `lea`, both in registers, one of them perhaps shifted. */
function addScaled(type: i32, a: usize, b: usize): bool {
  if (scaleOf(a) != 0 && scaleOf(b) != 0) readable(a);
  if (!isInRegister(a)) readable(a);
  if (!isInRegister(b)) readable(b);
  let sum = valueOf(a) + valueOf(b);
  if (type == TYPE_I32) sum = <i64>(<i32>sum);
  if (!fitsByte32(sum)) return false;
  const first = scaleOf(a) != 0 ? b : a;
  const second = scaleOf(a) != 0 ? a : b;
  const firstRegister = registerOf(first);
  const secondRegister = registerOf(second);
  const scale = scaleOf(second);
  const assigned = assignedNext(false);
  let result = assigned;
  if (assigned != NO_REGISTER) flushReaders(assigned);
  else if (isOwnTemporary(first)) result = firstRegister;
  else if (isOwnTemporary(second)) result = secondRegister;
  else result = allocate(false);
  memoryAt(firstRegister, secondRegister, scale, <i32>sum);
  withMemory(0, type == TYPE_I64, 0x8d, result);
  if (firstRegister != result) free(first);
  if (secondRegister != result) free(second);
  pushRegister(type, result);
  return true;
}

function subtract(type: i32): void {
  const b = take();
  const a = take();
  if (isConstant(b)) {
    const value = valueOf(b);
    if (isConstant(a)) {
      const difference = valueOf(a) - value;
      pushConstant(type, type == TYPE_I32 ? <i64>(<i32>difference) : difference);
      return;
    }
    if (value != i64.MIN_VALUE && addConstant(type, a, -value)) return;
  }
  if (isConstant(a) && valueOf(a) == 0) {
    const result = placeForResult(b);
    loadInto(b, result);
    withRegister(0, type == TYPE_I64, 0xf7, 3, result);
    if (!isOwnTemporary(b) || registerOf(b) != result) free(b);
    pushRegister(type, result);
    return;
  }
  aluEntries(ALU_SUB, type, a, b);
}

function and(type: i32): void {
  let b = take();
  let a = take();
  if (isConstant(a)) {
    const other = a;
    a = b;
    b = other;
  }
  if (type == TYPE_I32 ? !isConditionNext() : peekByte() != 0x50) {
    aluEntries(ALU_AND, type, a, b);
    return;
  }
  test(type, a, b);
  // The 64-bit eqz is no condition of its own: it becomes the 32-bit one.
  if (type == TYPE_I64) testedWide();
  else useCondition(IF_NOT_EQUAL);
}

function test(type: i32, a: usize, b: usize): void {
  const wide = type == TYPE_I64;
  if (isConstant(b) && fitsByte32(valueOf(b))) {
    const value = <i32>valueOf(b);
    const register = readable(a);
    if (value > 0 && value <= 255) {
      if (register == RAX) emit8(0xa8);
      else withRegister(0, false, 0xf6, 0, register);
      emit8(value);
    } else {
      withRegister(0, wide && value < 0, 0xf7, 0, register);
      emit32(value);
    }
  } else {
    const other = readable(b);
    withRegister(0, wide, 0x85, other, readable(a));
  }
  free(a);
  free(b);
}

/** Uses up the i64.eqz that comes next. */
function testedWide(): void {
  readByte();
  useCondition(IF_EQUAL);
}

function multiply(type: i32): void {
  let b = take();
  let a = take();
  const wide = type == TYPE_I64;
  if (isConstant(a)) {
    const other = a;
    a = b;
    b = other;
  }
  if (isConstant(b) && fitsByte32(valueOf(b))) {
    const value = <i32>valueOf(b);
    const from = readable(a);
    const result = placeForResult(a);
    const isSmall = value == <i32>(<i8>value);
    withRegister(0, wide, isSmall ? 0x6b : 0x69, result, from);
    if (isSmall) emit8(value);
    else emit32(value);
    if (!isOwnTemporary(a) || registerOf(a) != result) free(a);
    pushRegister(type, result);
    return;
  }
  operandFromEntry(b);
  let result = placeForResult(a);
  if (operandUses(result)) result = isOwnTemporary(a) ? registerOf(a) : allocate(false);
  loadInto(a, result);
  withOperand(0, wide, 0x0faf, result, operand());
  if (!isOwnTemporary(a) || registerOf(a) != result) free(a);
  freeOperand();
  pushRegister(type, result);
}

/** Division by number: 3 div_s, 4 div_u, 5 rem_s, 6 rem_u. The processor traps by itself. */
function divide(number: i32, type: i32): void {
  const wide = type == TYPE_I64;
  const isSigned = (number & 1) != 0;
  const isRemainder = number >= 5;
  const b = take();
  const a = take();
  const divisor = isConstant(b) ? valueOf(b) : 0;
  claim(RAX);
  claim(RCX);
  claim(RDX);
  startPlacing();
  placeEntries(a, RAX);
  placeEntries(b, RCX);
  place();
  if (!isSigned) {
    withRegister(0, false, 0x31, RDX, RDX);
    withRegister(0, wide, 0xf7, 6, RCX);
  } else if (isRemainder && (divisor == 0 || divisor == -1)) {
    // The smallest number by -1 has remainder 0, which the processor would trap on.
    withRegister(0, false, 0x31, RDX, RDX);
    withRegister(0, wide, 0x83, ALU_CMP, RCX);
    emit8(-1);
    const skip = jumpShort(IF_EQUAL);
    if (wide) emit8(0x48);
    emit8(0x99);
    withRegister(0, wide, 0xf7, 7, RCX);
    bindShort(skip);
  } else {
    if (wide) emit8(0x48);
    emit8(0x99);
    withRegister(0, wide, 0xf7, 7, RCX);
  }
  release(RCX);
  release(isRemainder ? RAX : RDX);
  pushRegister(type, isRemainder ? RDX : RAX);
}

/** Shifts by number: 0 shl, 1 shr_s, 2 shr_u, 3 rotl, 4 rotr. */
function shift(number: i32, type: i32): void {
  const wide = type == TYPE_I64;
  const group = number == 0 ? 4 : number == 1 ? 7 : number == 2 ? 5 : number == 3 ? 0 : 1;
  const b = take();
  const a = take();
  if (isConstant(b)) {
    shiftByConstant(group, type, a, (<i32>valueOf(b)) & (wide ? 63 : 31));
    return;
  }
  claim(RCX);
  startPlacing();
  let result = assignedNext(false);
  if (result != NO_REGISTER && isInRegister(b) && registerOf(b) == result) result = NO_REGISTER;
  if (result != NO_REGISTER) flushReaders(result);
  else if (isOwnTemporary(a) && registerOf(a) != RCX) result = registerOf(a);
  else result = allocate(false);
  placeEntries(a, result);
  placeEntries(b, RCX);
  place();
  withRegister(0, wide, 0xd3, group, result);
  release(RCX);
  pushRegister(type, result);
}

function shiftByConstant(group: i32, type: i32, a: usize, count: i32): void {
  if (count == 0) {
    restore(a);
    return;
  }
  const isLeft = group == 4;
  if (isLeft && count <= 3 && isInRegister(a) && isPlain(a) && assignedNext(false) == NO_REGISTER) {
    const shifted = restore(a);
    setScale(shifted, count);
    setBits(shifted, min(bitsOf(a) + count, 64));
    return;
  }
  const bits = bitsOf(a);
  const isKnown = isPlain(a);
  const result = placeForResult(a);
  loadInto(a, result);
  const wide = type == TYPE_I64;
  if (isLeft && count == 1) {
    withRegister(0, wide, 0x03, result, result);
  } else if (count == 1) {
    withRegister(0, wide, 0xd1, group, result);
  } else {
    withRegister(0, wide, 0xc1, group, result);
    emit8(count);
  }
  if (!isOwnTemporary(a) || registerOf(a) != result) free(a);
  const pushed = pushRegister(type, result);
  if (group == 5) setBits(pushed, max((isKnown ? bits : wide ? 64 : 32) - count, 0));
  if (isLeft && isKnown) setBits(pushed, min(bits + count, wide ? 64 : 32));
}

// Comparisons.

/** The condition of a comparison by its number: eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u. */
export function conditionOf(number: i32): i32 {
  switch (number) {
    case 0:
      return IF_EQUAL;
    case 1:
      return IF_NOT_EQUAL;
    case 2:
      return IF_LESS;
    case 3:
      return IF_BELOW;
    case 4:
      return IF_GREATER;
    case 5:
      return IF_ABOVE;
    case 6:
      return IF_LESS_OR_EQUAL;
    case 7:
      return IF_BELOW_OR_EQUAL;
    case 8:
      return IF_GREATER_OR_EQUAL;
    default:
      return IF_ABOVE_OR_EQUAL;
  }
}

/** The same with operands the other way round. */
export function swapped(condition: i32): i32 {
  switch (condition) {
    case IF_BELOW:
      return IF_ABOVE;
    case IF_ABOVE:
      return IF_BELOW;
    case IF_ABOVE_OR_EQUAL:
      return IF_BELOW_OR_EQUAL;
    case IF_BELOW_OR_EQUAL:
      return IF_ABOVE_OR_EQUAL;
    case IF_LESS:
      return IF_GREATER;
    case IF_GREATER:
      return IF_LESS;
    case IF_LESS_OR_EQUAL:
      return IF_GREATER_OR_EQUAL;
    case IF_GREATER_OR_EQUAL:
      return IF_LESS_OR_EQUAL;
    default:
      return condition;
  }
}

export function compare(number: i32, type: i32): void {
  let condition = conditionOf(number);
  let b = take();
  let a = take();
  if (isConstant(a) && !isConstant(b)) {
    const other = a;
    a = b;
    b = other;
    condition = swapped(condition);
  }
  const wide = type == TYPE_I64;
  if (isConstant(b) && fitsByte32(valueOf(b))) {
    compareConstant(wide, a, <i32>valueOf(b), condition);
  } else {
    operandFromEntry(b);
    const left = readable(a);
    withOperand(0, wide, 0x3b, left, operand());
    freeOperand();
  }
  free(a);
  useCondition(condition);
}

function compareConstant(wide: bool, a: usize, value: i32, condition: i32): void {
  operandFromEntry(a);
  const register = operand();
  if (register == NO_REGISTER) aluMemoryConstant(ALU_CMP, wide, value);
  else if (value == 0 && hasFlagsOf(register, wide, condition)) return;
  else if (value == 0) withRegister(0, wide, 0x85, register, register);
  else aluConstant(ALU_CMP, wide, register, value);
}

/** Compares `a`, taken, with the prepared second operand. */
export function compareWithOperand(number: i32, type: i32, a: usize): void {
  const left = readable(a);
  withOperand(0, type == TYPE_I64, 0x3b, left, operand());
  free(a);
  freeOperand();
  useCondition(conditionOf(number));
}

export function equalsZero(type: i32): void {
  const a = take();
  compareConstant(type == TYPE_I64, a, 0, IF_EQUAL);
  free(a);
  useCondition(IF_EQUAL);
}

// One operand.

/** clz, ctz: 0 and 1; popcnt is a helper. */
export function countZeros(number: i32, type: i32): void {
  const wide = type == TYPE_I64;
  const a = take();
  operandFromEntry(a);
  const result = allocate(false);
  withOperand(0, wide, number == 0 ? 0x0fbd : 0x0fbc, result, operand());
  const skip = jumpShort(IF_NOT_EQUAL);
  loadConstant(result, number == 0 ? (wide ? 127 : 63) : wide ? 64 : 32, true);
  bindShort(skip);
  if (number == 0) aluConstant(ALU_XOR, false, result, wide ? 63 : 31);
  freeOperand();
  setBits(pushRegister(type, result), 7);
}

/** extend8_s, extend16_s, extend32_s: 0, 1, 2. */
export function extendSigned(number: i32, type: i32): void {
  const a = take();
  if (isConstant(a) && number == 2) {
    pushConstant(type, <i64>(<i32>valueOf(a)));
    return;
  }
  const from = readable(a);
  const result = placeForResult(a);
  const opcode = number == 0 ? 0x0fbe : number == 1 ? 0x0fbf : 0x63;
  withRegister(0, type == TYPE_I64, opcode, result, from);
  if (!isOwnTemporary(a) || registerOf(a) != result) free(a);
  pushRegister(type, result);
}

export function wrap(): void {
  const a = take();
  if (isConstant(a)) {
    pushConstant(TYPE_I32, <i64>(<i32>valueOf(a)));
    return;
  }
  const wrapped = restore(a);
  setType(wrapped, TYPE_I32);
  if (bitsOf(wrapped) > 32 || !isPlain(wrapped)) setDirty(wrapped, true);
  setBits(wrapped, min(bitsOf(wrapped), 32));
  // A shifted 64-bit register may have reached the upper half by the shift alone.
  if (scaleOf(wrapped) != 0) setBits(wrapped, 64);
}

export function extendUnsigned(): void {
  const a = take();
  if (isConstant(a)) {
    pushConstant(TYPE_I64, valueOf(a) & 0xffffffff);
    return;
  }
  // Sums and shifts are done in 32 bits, and the upper half is clean from here on.
  readableClean(a);
  const extended = restore(a);
  setType(extended, TYPE_I64);
  setBits(extended, min(bitsOf(extended), 32));
}
