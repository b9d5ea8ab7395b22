// Calls: arguments to registers and stack, values that must survive to the frame and back.

import { CONTEXT_TABLE, CONTEXT_TABLE_SIZE, TABLE_ENTRY_TYPE, TRAP_CALL_TYPE, TRAP_TABLE_BOUNDS } from "./abi";
import {
  ALU_CMP,
  aluMemoryConstant,
  emit32,
  emit8,
  IF_BELOW,
  IF_EQUAL,
  memoryAt,
  NO_REGISTER,
  RAX,
  RBP,
  RSP,
  trapUnless,
  withMemory,
  withRegister,
  XMM0,
} from "./assembler";
import { callHelper, HELPER_GROW, placeForHelper } from "./helpers";
import { emitIntrinsic, isIntrinsic } from "./intrinsics";
import { isFinalPass } from "./labels";
import {
  functionType,
  importedFunctionCount,
  typeId,
  TYPE_F32,
  TYPE_I32,
  TYPE_VOID,
  typeParameterCount,
  typeParameters,
  typeResult,
} from "./module";
import {
  ENTRY_STRIDE,
  forgetBusyAbove,
  free,
  isFloatType,
  markBusy,
  pushRegister,
  readableClean,
  registersBelow,
  saveRegisters,
  spillBelow,
  take,
  top,
} from "./operands";
import { place, placeEntries, startPlacing } from "./placing";
import { readUnsigned } from "./reader";
import { noteCall } from "./references";
import { CALLEE_SAVED, floatArgument, integerArgument, registersOf } from "./registers";
import { takeEvent } from "./select";

/** What is kept over the call being made. */
let saved: u32 = 0;

export function callFunction(): void {
  const index = readUnsigned();
  const live = <usize>load<u32>(takeEvent(), 8);
  if (index < importedFunctionCount && isIntrinsic(index)) {
    emitIntrinsic(index, live);
    return;
  }
  const type = functionType(index);
  prepareCall(type, live, 0);
  emitCall(index);
  finishCall(type);
}

function emitCall(index: u32): void {
  emit8(0xe8);
  if (isFinalPass()) noteCall(index);
  emit32(0);
}

export function callIndirect(): void {
  const type = readUnsigned();
  readUnsigned();
  const live = <usize>load<u32>(takeEvent(), 8);
  prepareCall(type, live, 1);
  memoryAt(RBP, NO_REGISTER, 0, CONTEXT_TABLE_SIZE);
  withMemory(0, false, (ALU_CMP << 3) | 3, RAX);
  trapUnless(IF_BELOW, TRAP_TABLE_BOUNDS);
  // Entries are 16 bytes.
  withRegister(0, true, 0xc1, 4, RAX);
  emit8(4);
  memoryAt(RBP, NO_REGISTER, 0, CONTEXT_TABLE);
  withMemory(0, true, 0x03, RAX);
  memoryAt(RAX, NO_REGISTER, 0, TABLE_ENTRY_TYPE);
  aluMemoryConstant(ALU_CMP, false, typeId(type));
  trapUnless(IF_EQUAL, TRAP_CALL_TYPE);
  memoryAt(RAX, NO_REGISTER, 0, 0);
  withMemory(0, false, 0xff, 2);
  finishCall(type);
}

/** memory.grow: the function that was named for it, or none. */
export function growMemory(growFunction: i32): void {
  const live = <usize>load<u32>(takeEvent(), 8);
  if (growFunction < 0) {
    placeForHelper(1, HELPER_GROW);
    callHelper(HELPER_GROW);
    pushRegister(TYPE_I32, RAX);
    return;
  }
  const type = functionType(growFunction);
  prepareCall(type, live, 0);
  emitCall(growFunction);
  finishCall(type);
}

/** Moves arguments (and, `more`, an index into rax) to where the callee takes them, after saving what must survive. */
function prepareCall(type: u32, live: usize, more: i32): void {
  const count = typeParameterCount(type);
  const first = top - <usize>(count + more) * ENTRY_STRIDE;
  spillBelow(first);
  saved = (registersOf(live) | registersBelow(first)) & ~CALLEE_SAVED;
  saveRegisters(saved, true);
  for (let i: u32 = 0; i < count + more; i++) take();
  storeStackArguments(type, first, count);
  startPlacing();
  const parameters = typeParameters(type);
  let integers = 0;
  let floats = 0;
  let targets: u32 = more > 0 ? 1 << RAX : 0;
  if (more > 0) placeEntries(first + <usize>count * ENTRY_STRIDE, RAX);
  for (let i: u32 = 0; i < count; i++) {
    const isFloat = isFloatType(load<u8>(parameters + i));
    const register = isFloat ? floatArgument(floats++) : integerArgument(integers++);
    if (register < 0) continue;
    placeEntries(first + <usize>i * ENTRY_STRIDE, register);
    targets |= 1 << register;
  }
  // A constant on its way to an xmm register must not pass through an argument.
  markBusy(targets);
  place();
}

function storeStackArguments(type: u32, first: usize, count: u32): void {
  const parameters = typeParameters(type);
  let integers = 0;
  let floats = 0;
  let offset = 0;
  for (let i: u32 = 0; i < count; i++) {
    const kind = load<u8>(parameters + i);
    const isFloat = isFloatType(kind);
    const register = isFloat ? floatArgument(floats++) : integerArgument(integers++);
    if (register >= 0) continue;
    const entry = first + <usize>i * ENTRY_STRIDE;
    const value = readableClean(entry);
    memoryAt(RSP, NO_REGISTER, 0, offset);
    if (isFloat) withMemory(kind == TYPE_F32 ? 0xf3 : 0xf2, false, 0x0f11, value);
    else withMemory(0, true, 0x89, value);
    free(entry);
    offset += 8;
  }
}

function finishCall(type: u32): void {
  forgetBusyAbove();
  saveRegisters(saved, false);
  const result = typeResult(type);
  if (result != TYPE_VOID) pushRegister(result, isFloatType(result) ? XMM0 : RAX);
}
