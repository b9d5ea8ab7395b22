// Loads and stores of linear memory, globals, and the instructions that can take a loaded value as their operand.

import { ALU_AND, emit16, emit32, emit8, loadConstant, memoryAt, NO_REGISTER, RBP, withMemory } from "./assembler";
import { aluOf, aluWithOperand, compareWithOperand, fitsByte32 } from "./integers";
import { globalOffset, globalType, TYPE_F32, TYPE_F64, TYPE_I32, TYPE_I64 } from "./module";
import {
  allocate,
  flushReaders,
  free,
  isConstant,
  isFloatType,
  KIND_REGISTER,
  kindOf,
  pushRegister,
  readable,
  registerOf,
  release,
  setBits,
  take,
  typeOf,
  valueOf,
} from "./operands";
import { peekByte, readByte, readUnsigned } from "./reader";
import { temporaries } from "./registers";
import { assignedNext, freshResult, operandFromGlobal, operandFromMemory, prepareAddress, useAddress } from "./select";

/** The loads, from i32.load 28h on: opcode of the machine, wide, type, bits of the result. */
export function loadInstruction(opcode: i32): void {
  readUnsigned();
  const offset = readUnsigned();
  const address = take();
  switch (opcode) {
    case 0x28:
      if (!loadOperand(TYPE_I32, address, offset)) loadInteger(0x8b, false, TYPE_I32, 32, address, offset);
      break;
    case 0x29:
      if (!loadOperand(TYPE_I64, address, offset)) loadInteger(0x8b, true, TYPE_I64, 64, address, offset);
      break;
    case 0x2a:
    case 0x2b:
      loadFloat(opcode == 0x2a ? TYPE_F32 : TYPE_F64, address, offset);
      break;
    case 0x2c:
      loadInteger(0x0fbe, false, TYPE_I32, 32, address, offset);
      break;
    case 0x2d:
      loadInteger(0x0fb6, false, TYPE_I32, 8, address, offset);
      break;
    case 0x2e:
      loadInteger(0x0fbf, false, TYPE_I32, 32, address, offset);
      break;
    case 0x2f:
      loadInteger(0x0fb7, false, TYPE_I32, 16, address, offset);
      break;
    case 0x30:
      loadInteger(0x0fbe, true, TYPE_I64, 64, address, offset);
      break;
    case 0x31:
      loadInteger(0x0fb6, false, TYPE_I64, 8, address, offset);
      break;
    case 0x32:
      loadInteger(0x0fbf, true, TYPE_I64, 64, address, offset);
      break;
    case 0x33:
      loadInteger(0x0fb7, false, TYPE_I64, 16, address, offset);
      break;
    case 0x34:
      loadInteger(0x63, true, TYPE_I64, 64, address, offset);
      break;
    default:
      loadInteger(0x8b, false, TYPE_I64, 32, address, offset);
  }
}

function loadInteger(opcode: i32, wide: bool, type: i32, bits: i32, address: usize, offset: u32): void {
  prepareAddress(address, offset);
  const result = resultFor(address);
  useAddress();
  withMemory(0, wide, opcode, result);
  if (kindOf(address) == KIND_REGISTER && registerOf(address) != result) free(address);
  setBits(pushRegister(type, result), bits);
}

/** The register of the local assigned next, the address's own temporary, or another one. */
function resultFor(address: usize): i32 {
  const assigned = assignedNext(false);
  if (assigned != NO_REGISTER) {
    flushReaders(assigned);
    return assigned;
  }
  if (kindOf(address) == KIND_REGISTER && (temporaries & (1 << registerOf(address))) != 0) return registerOf(address);
  return allocate(false);
}

function loadFloat(type: i32, address: usize, offset: u32): void {
  prepareAddress(address, offset);
  const result = freshResult(true);
  useAddress();
  withMemory(type == TYPE_F32 ? 0xf3 : 0xf2, false, 0x0f10, result);
  free(address);
  pushRegister(type, result);
}

/** If the next instruction can take the loaded value from memory, makes both. */
function loadOperand(type: i32, address: usize, offset: u32): bool {
  const next = peekByte();
  const operation = arithmeticOf(next, type);
  const comparison = comparisonOf(next, type);
  if (operation < 0 && comparison < 0) return false;
  const left = take();
  // Both were taken: the address is above the other operand and keeps its place.
  operandFromMemory(address, offset);
  readByte();
  if (operation >= 0) aluWithOperand(operation, type, left);
  else compareWithOperand(comparison, type, left);
  return true;
}

function arithmeticOf(opcode: i32, type: i32): i32 {
  const number = opcode - (type == TYPE_I32 ? 0x6a : 0x7c);
  if (number < 0 || number > 14) return -1;
  const operation = aluOf(number);
  // `and` before a condition becomes a test.
  return operation == ALU_AND ? -1 : operation;
}

function comparisonOf(opcode: i32, type: i32): i32 {
  const number = opcode - (type == TYPE_I32 ? 0x46 : 0x51);
  return number >= 0 && number < 10 ? number : -1;
}

/** The stores, from i32.store 36h on. */
export function storeInstruction(opcode: i32): void {
  readUnsigned();
  const offset = readUnsigned();
  const value = take();
  const address = take();
  const bytes = storedBytes(opcode);
  if (isConstant(value) && (bytes < 8 || fitsByte32(valueOf(value)))) {
    prepareAddress(address, offset);
    useAddress();
    storeConstant(bytes, valueOf(value));
    free(address);
    return;
  }
  if (isConstant(value) && isFloatType(typeOf(value))) {
    const bits = allocate(false);
    loadConstant(bits, valueOf(value), false);
    prepareAddress(address, offset);
    useAddress();
    withMemory(0, true, 0x89, bits);
    release(bits);
    free(address);
    return;
  }
  const register = readable(value);
  prepareAddress(address, offset);
  useAddress();
  storeRegister(opcode, bytes, register);
  free(value);
  free(address);
}

function storedBytes(opcode: i32): i32 {
  if (opcode == 0x37 || opcode == 0x39) return 8;
  if (opcode == 0x3a || opcode == 0x3c) return 1;
  return opcode == 0x3b || opcode == 0x3d ? 2 : 4;
}

function storeConstant(bytes: i32, value: i64): void {
  if (bytes == 1) {
    withMemory(0, false, 0xc6, 0);
    emit8(<i32>value);
  } else if (bytes == 2) {
    withMemory(0x66, false, 0xc7, 0);
    emit16(<i32>value);
  } else {
    withMemory(0, bytes == 8, 0xc7, 0);
    emit32(<i32>value);
  }
}

function storeRegister(opcode: i32, bytes: i32, register: i32): void {
  if (opcode == 0x38) withMemory(0xf3, false, 0x0f11, register);
  else if (opcode == 0x39) withMemory(0xf2, false, 0x0f11, register);
  else if (bytes == 1) withMemory(0, false, 0x88, register);
  else withMemory(bytes == 2 ? 0x66 : 0, bytes == 8, 0x89, register);
}

// Globals.

export function globalGet(): void {
  const number = readUnsigned();
  const type = globalType(number);
  const offset = globalOffset(number);
  if (isFloatType(type)) {
    const result = freshResult(true);
    memoryAt(RBP, NO_REGISTER, 0, offset);
    withMemory(type == TYPE_F32 ? 0xf3 : 0xf2, false, 0x0f10, result);
    pushRegister(type, result);
    return;
  }
  const operation = arithmeticOf(peekByte(), type);
  const comparison = comparisonOf(peekByte(), type);
  if (operation >= 0 || comparison >= 0) {
    const left = take();
    operandFromGlobal(offset);
    readByte();
    if (operation >= 0) aluWithOperand(operation, type, left);
    else compareWithOperand(comparison, type, left);
    return;
  }
  const result = freshResult(false);
  memoryAt(RBP, NO_REGISTER, 0, offset);
  withMemory(0, type == TYPE_I64, 0x8b, result);
  pushRegister(type, result);
}

export function globalSet(): void {
  const number = readUnsigned();
  const type = globalType(number);
  const offset = globalOffset(number);
  const value = take();
  const bytes = type == TYPE_I64 || type == TYPE_F64 ? 8 : 4;
  if (isConstant(value) && (bytes == 4 || fitsByte32(valueOf(value)))) {
    memoryAt(RBP, NO_REGISTER, 0, offset);
    storeConstant(bytes, valueOf(value));
    return;
  }
  const register = readable(value);
  memoryAt(RBP, NO_REGISTER, 0, offset);
  if (type == TYPE_F32) withMemory(0xf3, false, 0x0f11, register);
  else if (type == TYPE_F64) withMemory(0xf2, false, 0x0f11, register);
  else withMemory(0, bytes == 8, 0x89, register);
  free(value);
}
