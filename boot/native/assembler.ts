// x86-64 instructions as bytes. A register is 0 to 15, or 16 to 31 for xmm0 to xmm15. A memory operand is set up first
// (`memory…` functions), then used by the next instruction.

import { fail, FAILURE_LIMIT } from "./arena";

export const RAX: i32 = 0;
export const RCX: i32 = 1;
export const RDX: i32 = 2;
export const RBX: i32 = 3;
export const RSP: i32 = 4;
export const RBP: i32 = 5;
export const RSI: i32 = 6;
export const RDI: i32 = 7;
export const R8: i32 = 8;
export const R10: i32 = 10;
export const R11: i32 = 11;
export const R12: i32 = 12;
export const R15: i32 = 15;
export const XMM0: i32 = 16;
export const XMM1: i32 = 17;
export const XMM2: i32 = 18;
export const XMM3: i32 = 19;
export const XMM4: i32 = 20;
export const NO_REGISTER: i32 = -1;

// Condition codes; the lowest bit negates. The last two are for floating point comparison, where NaN is unequal.
export const IF_BELOW: i32 = 2;
export const IF_ABOVE_OR_EQUAL: i32 = 3;
export const IF_EQUAL: i32 = 4;
export const IF_NOT_EQUAL: i32 = 5;
export const IF_BELOW_OR_EQUAL: i32 = 6;
export const IF_ABOVE: i32 = 7;
export const IF_SIGN: i32 = 8;
export const IF_NO_SIGN: i32 = 9;
export const IF_PARITY: i32 = 10;
export const IF_NO_PARITY: i32 = 11;
export const IF_LESS: i32 = 12;
export const IF_GREATER_OR_EQUAL: i32 = 13;
export const IF_LESS_OR_EQUAL: i32 = 14;
export const IF_GREATER: i32 = 15;
export const IF_FLOAT_EQUAL: i32 = 16;
export const IF_FLOAT_NOT_EQUAL: i32 = 17;

// Arithmetic by its number in the opcodes 00 to 3f and in groups 80 to 83.
export const ALU_ADD: i32 = 0;
export const ALU_OR: i32 = 1;
export const ALU_AND: i32 = 4;
export const ALU_SUB: i32 = 5;
export const ALU_XOR: i32 = 6;
export const ALU_CMP: i32 = 7;

/** Address in linear memory where the next byte goes, and where offset 0 of the code is. */
export let at: usize = 0;
export let codeStart: usize = 0;

let base: i32 = 0;
let index: i32 = NO_REGISTER;
let scale: i32 = 0;
let displacement: i32 = 0;

export function startCode(address: usize): void {
  codeStart = address;
  at = address;
}

export function moveTo(address: usize): void {
  at = address;
}

export function codeOffset(): u32 {
  return <u32>(at - codeStart);
}

export function emit8(value: i32): void {
  store<u8>(at, <u8>value);
  at += 1;
}

export function emit16(value: i32): void {
  store<u16>(at, <u16>value);
  at += 2;
}

export function emit32(value: i32): void {
  store<u32>(at, value);
  at += 4;
}

export function emit64(value: i64): void {
  store<u64>(at, value);
  at += 8;
}

/** The operand [register + index << scale + displacement]. */
export function memoryAt(register: i32, indexRegister: i32, scaleShift: i32, offset: i32): void {
  base = register;
  index = indexRegister;
  scale = scaleShift;
  displacement = offset;
}

/** An instruction whose operand is the memory operand. `opcode` is one byte, or 0f and one byte, or 0f38/0f3a and one. */
export function withMemory(prefix: i32, wide: bool, opcode: i32, register: i32): void {
  const rm = base & 15;
  if (prefix != 0) emit8(prefix);
  const high = (wide ? 8 : 0) | ((register & 8) >> 1) | (index >= 0 ? (index & 8) >> 2 : 0) | (rm >> 3);
  // The byte registers spl to dil need a REX prefix; only 88 stores bytes here.
  if (high != 0 || (opcode == 0x88 && register >= 4)) emit8(0x40 | high);
  emitOpcode(opcode);
  const field = (register & 7) << 3;
  const needsSib = index >= 0 || (rm & 7) == 4;
  const small = displacement == <i32>(<i8>displacement);
  const mode = displacement == 0 && (rm & 7) != 5 ? 0 : small ? 0x40 : 0x80;
  if (needsSib) {
    emit8(mode | field | 4);
    emit8((scale << 6) | ((index >= 0 ? index & 7 : 4) << 3) | (rm & 7));
  } else {
    emit8(mode | field | (rm & 7));
  }
  if (mode == 0x40) emit8(displacement);
  else if (mode == 0x80) emit32(displacement);
}

/** An instruction on two registers; `register` goes into the reg field, `rm` into r/m. */
export function withRegister(prefix: i32, wide: bool, opcode: i32, register: i32, rm: i32): void {
  if (prefix != 0) emit8(prefix);
  const high = (wide ? 8 : 0) | ((register & 8) >> 1) | ((rm & 8) >> 3);
  const needsByte =
    (opcode == 0x0fb6 || opcode == 0x0fbe || opcode == 0xf6 || (opcode >= 0x0f90 && opcode <= 0x0f9f)) && rm >= 4;
  if (high != 0 || (needsByte && rm < 16)) emit8(0x40 | high);
  emitOpcode(opcode);
  emit8(0xc0 | ((register & 7) << 3) | (rm & 7));
}

function emitOpcode(opcode: i32): void {
  if (opcode > 0xffff) {
    emit8(opcode >> 16);
    emit8((opcode >> 8) & 0xff);
  } else if (opcode > 0xff) {
    emit8(opcode >> 8);
  }
  emit8(opcode & 0xff);
}

/** The same for an operand that is a register, or the memory operand where `rm` is NO_REGISTER. */
export function withOperand(prefix: i32, wide: bool, opcode: i32, register: i32, rm: i32): void {
  if (rm == NO_REGISTER) withMemory(prefix, wide, opcode, register);
  else withRegister(prefix, wide, opcode, register, rm);
}

/** register = rm, where they differ; 32 bits clear the upper half and so are emitted always if `always`. */
export function moveInteger(wide: bool, register: i32, rm: i32): void {
  if (register != rm) withRegister(0, wide, 0x8b, register, rm);
}

export function moveFloat(register: i32, rm: i32): void {
  if (register != rm) withRegister(0, false, 0x0f28, register, rm);
}

/** register = constant; keeps the flags if `keepFlags`. */
export function loadConstant(register: i32, value: i64, keepFlags: bool): void {
  if (value == 0 && !keepFlags) {
    withRegister(0, false, 0x31, register, register);
    return;
  }
  if (value == (value & 0xffffffff)) {
    if (register >= 8) emit8(0x41);
    emit8(0xb8 | (register & 7));
    emit32(<i32>value);
    return;
  }
  if (value == <i64>(<i32>value)) {
    withRegister(0, true, 0xc7, 0, register);
    emit32(<i32>value);
    return;
  }
  emit8(register >= 8 ? 0x49 : 0x48);
  emit8(0xb8 | (register & 7));
  emit64(value);
}

/** Arithmetic with a constant that fits 32 bits, on a register. */
export function aluConstant(operation: i32, wide: bool, register: i32, value: i32): void {
  if (value == <i32>(<i8>value)) {
    withRegister(0, wide, 0x83, operation, register);
    emit8(value);
    return;
  }
  if (register == RAX) {
    if (wide) emit8(0x48);
    emit8((operation << 3) | 5);
  } else {
    withRegister(0, wide, 0x81, operation, register);
  }
  emit32(value);
}

/** The same on the memory operand. */
export function aluMemoryConstant(operation: i32, wide: bool, value: i32): void {
  if (value == <i32>(<i8>value)) {
    withMemory(0, wide, 0x83, operation);
    emit8(value);
    return;
  }
  withMemory(0, wide, 0x81, operation);
  emit32(value);
}

/** A jump over code that follows at once; `bindShort` ends it. Answers its place. */
export function jumpShort(condition: i32): usize {
  emit8(condition < 0 ? 0xeb : 0x70 | condition);
  emit8(0);
  return at;
}

export function bindShort(jump: usize): void {
  const distance = <i32>(at - jump);
  if (distance > 127) fail(FAILURE_LIMIT, <u32>distance);
  store<u8>(jump - 1, <u8>distance);
}

/** A short jump back to an address. */
export function jumpShortTo(condition: i32, target: usize): void {
  emit8(condition < 0 ? 0xeb : 0x70 | condition);
  const distance = <i32>target - <i32>(at + 1);
  if (distance < -128) fail(FAILURE_LIMIT, <u32>-distance);
  emit8(distance);
}

export function jumpAlways(): i32 {
  return -1;
}

/** The instruction that reports a trap; its last byte tells which. */
export function trap(code: i32): void {
  emit8(0x0f);
  emit8(0xb9);
  emit8(0xc0 | code);
}

/** Traps unless the condition holds. */
export function trapUnless(condition: i32, code: i32): void {
  emit8(0x70 | condition);
  emit8(3);
  trap(code);
}

/** lea register, [index << scale + offset]; `rex` as wide, register and index ask for. */
export function leaWithoutBase(rex: i32, register: i32, indexRegister: i32, scaleShift: i32, offset: i32): void {
  if (rex != 0) emit8(0x40 | rex);
  emit8(0x8d);
  emit8(((register & 7) << 3) | 4);
  emit8((scaleShift << 6) | ((indexRegister & 7) << 3) | 5);
  emit32(offset);
}
