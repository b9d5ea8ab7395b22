// Shared by all that choose instructions: where a result goes, and the second operand of an instruction, which may be
// an entry, a place in linear memory or a global.

import { emit32, memoryAt, NO_REGISTER, RBP, RBX, withRegister } from "./assembler";
import { event, eventPosition, trackedCount } from "./events";
import { MEMORY_GUARD_BEFORE } from "./abi";
import {
  allocate,
  bitsOf,
  flushReaders,
  free,
  isConstant,
  isDirty,
  isInRegister,
  isPlain,
  KIND_REGISTER,
  kindOf,
  readableClean,
  registerOf,
  release,
  scaleOf,
  setValue,
  source,
  valueOf,
  writable,
} from "./operands";
import { moveReader, OP_LOCAL_SET, OP_LOCAL_TEE, peekByte, position, readByte, readUnsigned } from "./reader";
import { IN_MEMORY, localRegister, temporaries } from "./registers";

/** Number of the next event. */
export let nextEvent: u32 = 0;
let lowMemoryUnused = false;

export function startSelect(lowUnused: bool): void {
  nextEvent = 0;
  lowMemoryUnused = lowUnused;
}

/** The event of the current instruction. */
export function takeEvent(): usize {
  return event(nextEvent++);
}

/** Goes on at the instruction of an `else` or `end`. */
export function continueAt(number: u32): void {
  nextEvent = number;
  moveReader(eventPosition(event(number)));
}

/** Goes on behind the instruction of an event that begins seldom code. */
export function continueBehind(number: u32, place: usize): void {
  nextEvent = number + 1;
  moveReader(place);
}

/** The register of the local that the next instruction assigns, if it has one that fits; else NO_REGISTER. */
export function assignedNext(isFloat: bool): i32 {
  const opcode = peekByte();
  if (opcode != OP_LOCAL_SET && opcode != OP_LOCAL_TEE) return NO_REGISTER;
  const start = position;
  readByte();
  const number = readUnsigned();
  moveReader(start);
  if (number >= trackedCount || load<u32>(event(nextEvent), 12) != 0) return NO_REGISTER;
  const register = localRegister(number);
  return register == IN_MEMORY || register >= 16 != isFloat ? NO_REGISTER : register;
}

/** A register for a result that no operand has: that of the local assigned next, or a temporary. */
export function freshResult(isFloat: bool): i32 {
  const register = assignedNext(isFloat);
  if (register == NO_REGISTER) return allocate(isFloat);
  flushReaders(register);
  return register;
}

// The second operand.

const OPERAND_ENTRY: i32 = 0;
const OPERAND_MEMORY: i32 = 1;
const OPERAND_GLOBAL: i32 = 2;

let operandKind: i32 = 0;
let operandEntry: usize = 0;
let addressIndex: i32 = 0;
let addressScale: i32 = 0;
let addressOffset: i32 = 0;

/** The operand is an entry that was taken. */
export function operandFromEntry(entry: usize): void {
  operandKind = OPERAND_ENTRY;
  operandEntry = entry;
  source(entry);
}

/** The operand is in linear memory; `entry`, taken, is the address. */
export function operandFromMemory(entry: usize, offset: u32): void {
  prepareAddress(entry, offset);
  operandKind = OPERAND_MEMORY;
  operandEntry = entry;
}

/** The operand is at rbp + offset. */
export function operandFromGlobal(offset: i32): void {
  operandKind = OPERAND_GLOBAL;
  addressOffset = offset;
}

/** Its register, or NO_REGISTER with the memory operand set up. */
export function operand(): i32 {
  if (operandKind == OPERAND_ENTRY) return source(operandEntry);
  if (operandKind == OPERAND_MEMORY) useAddress();
  else memoryAt(RBP, NO_REGISTER, 0, addressOffset);
  return NO_REGISTER;
}

/** Whether writing a register would change the operand. */
export function operandUses(register: i32): bool {
  if (operandKind == OPERAND_ENTRY) return isInRegister(operandEntry) && registerOf(operandEntry) == register;
  return operandKind == OPERAND_MEMORY && addressIndex == register;
}

/** A temporary that the operand occupies and that is its own: the place for a result of instructions that commute. */
export function operandTemporary(): i32 {
  if (operandKind != OPERAND_ENTRY || kindOf(operandEntry) != KIND_REGISTER) return NO_REGISTER;
  const register = registerOf(operandEntry);
  return (temporaries & (1 << register)) != 0 ? register : NO_REGISTER;
}

export function freeOperand(): void {
  if (operandKind != OPERAND_GLOBAL) free(operandEntry);
}

// Addresses in linear memory.

/**
 * Works out how to address linear memory by an entry that was taken and an immediate offset. An i32 sum wraps at 4 GiB
 * and the processor's does not, so a pending constant is added by the addressing mode only where it cannot wrap, or
 * where both ways end in a trap: below memory is as unmapped as the end of the 4 GiB.
 */
export function prepareAddress(entry: usize, offset: u32): void {
  addressScale = 0;
  addressOffset = 0;
  if (isConstant(entry)) {
    const total = <u64>(<u32>valueOf(entry)) + <u64>offset;
    if (total < 0x80000000) {
      addressIndex = NO_REGISTER;
      addressOffset = <i32>total;
      return;
    }
  }
  if (!canFold(entry, offset)) readableClean(entry);
  let pending: i64 = 0;
  if (isInRegister(entry)) {
    addressScale = scaleOf(entry);
    pending = valueOf(entry);
  }
  if (pending + <i64>offset <= 0x7fffffff) {
    addressIndex = isInRegister(entry) ? registerOf(entry) : readableClean(entry);
    addressOffset = <i32>(pending + <i64>offset);
    return;
  }
  addFarOffset(entry, offset);
}

function canFold(entry: usize, offset: u32): bool {
  if (!isInRegister(entry) || isDirty(entry)) return false;
  if (isPlain(entry)) return true;
  if (scaleOf(entry) != 0 && bitsOf(entry) > 32) return false;
  const pending = valueOf(entry);
  if (pending >= 0) return pending == 0 || bitsOf(entry) <= 31 || (lowMemoryUnused && pending < 1024);
  return offset == 0 && pending >= -MEMORY_GUARD_BEFORE;
}

function addFarOffset(entry: usize, offset: u32): void {
  const register = writable(entry);
  const constant = allocate(false);
  // mov r32, imm32, then a 64-bit addition: the sum may be beyond 4 GiB, where nothing is mapped.
  withRegister(0, false, 0xc7, 0, constant);
  emit32(offset);
  withRegister(0, true, 0x03, register, constant);
  release(constant);
  setValue(entry, 0);
  addressScale = 0;
  addressIndex = register;
  addressOffset = 0;
}

/** Sets up the memory operand for the prepared address. */
export function useAddress(): void {
  memoryAt(RBX, addressIndex, addressScale, addressOffset);
}
