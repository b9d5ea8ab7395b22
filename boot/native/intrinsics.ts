// The functions of the module `cpu` (boot/cpu.ts), emitted where they are called. Operands go to fixed registers, so
// that each is a few fixed instructions.

import { CONTEXT_MEMORY_PAGES, CONTEXT_STACK_LIMIT } from "./abi";
import { fail, FAILURE_OPCODE } from "./arena";
import {
  emit64,
  emit8,
  loadConstant,
  memoryAt,
  NO_REGISTER,
  R10,
  RAX,
  RBP,
  RBX,
  RCX,
  RDI,
  RDX,
  RSI,
  RSP,
  withMemory,
  withRegister,
} from "./assembler";
import { noteLinked } from "./references";
import { functionBody, functionType, TYPE_I64, typeParameterCount, typeResult, TYPE_VOID } from "./module";
import {
  claim,
  ENTRY_STRIDE,
  isConstant,
  pushRegister,
  registersBelow,
  release,
  saveRegisters,
  take,
  top,
  valueOf,
} from "./operands";
import { place, placeEntries, startPlacing } from "./placing";
import { registersOf } from "./registers";
import { isFinalPass } from "./labels";

const R9: i32 = 9;
const R11: i32 = 11;

/** Whether an imported function is one of the module `cpu`. */
export function isIntrinsic(index: u32): bool {
  const names = functionBody(index);
  return nameIs(names, "cpu");
}

function nameIs(bytes: usize, text: string): bool {
  const length = text.length;
  if (load<u8>(bytes) != length) return false;
  const characters = changetype<usize>(text);
  for (let i = 0; i < length; i++) {
    if (load<u8>(bytes + 1 + i) != load<u16>(characters + (i << 1))) return false;
  }
  return true;
}

/** Emits a call of a `cpu` function. `live` is the set of locals that live behind it. */
export function emitIntrinsic(index: u32, live: usize): void {
  const names = functionBody(index);
  const name = names + 1 + load<u8>(names);
  const type = functionType(index);
  const count = <i32>typeParameterCount(type);
  if (nameIs(name, "linked")) linked();
  else if (nameIs(name, "syscall")) systemCall(live);
  else if (nameIs(name, "hypercall")) hypercall(live);
  else if (nameIs(name, "call")) callAddress(live);
  else if (simple(name, count)) finishSimple(typeResult(type));
  else fail(FAILURE_OPCODE, 0x10);
}

/** Operands of the simple ones are in rax, rcx, rdx in this order; the result is in rax. */
function simple(name: usize, count: i32): bool {
  if (count > 3) return false;
  const third = count > 2 ? take() : 0;
  const second = count > 1 ? take() : 0;
  const first = count > 0 ? take() : 0;
  claim(RAX);
  claim(RCX);
  claim(RDX);
  startPlacing();
  if (count > 0) placeEntries(first, RAX);
  if (count > 1) placeEntries(second, RCX);
  if (count > 2) placeEntries(third, RDX);
  place();
  return emitContext(name) || emitMemory(name) || emitPort(name) || emitPrivileged(name) || emitOther(name);
}

function finishSimple(result: i32): void {
  release(RAX);
  release(RCX);
  release(RDX);
  if (result != TYPE_VOID) pushRegister(result, RAX);
}

function emitContext(name: usize): bool {
  if (nameIs(name, "memoryBase")) {
    withRegister(0, true, 0x8b, RAX, RBX);
  } else if (nameIs(name, "context")) {
    withRegister(0, true, 0x8b, RAX, RBP);
  } else if (nameIs(name, "stackPointer")) {
    withRegister(0, true, 0x8b, RAX, RSP);
  } else if (nameIs(name, "setMemoryPages")) {
    memoryAt(RBP, NO_REGISTER, 0, CONTEXT_MEMORY_PAGES);
    withMemory(0, false, 0x89, RAX);
  } else if (nameIs(name, "setStackLimit")) {
    memoryAt(RBP, NO_REGISTER, 0, CONTEXT_STACK_LIMIT);
    withMemory(0, true, 0x89, RAX);
  } else {
    return false;
  }
  return true;
}

/** Memory by the processor's address in rax; a value to store is in rcx. */
function emitMemory(name: usize): bool {
  memoryAt(RAX, NO_REGISTER, 0, 0);
  if (nameIs(name, "load8")) withMemory(0, false, 0x0fb6, RAX);
  else if (nameIs(name, "load32")) withMemory(0, false, 0x8b, RAX);
  else if (nameIs(name, "load64")) withMemory(0, true, 0x8b, RAX);
  else if (nameIs(name, "store8")) withMemory(0, false, 0x88, RCX);
  else if (nameIs(name, "store32")) withMemory(0, false, 0x89, RCX);
  else if (nameIs(name, "store64")) withMemory(0, true, 0x89, RCX);
  else if (!nameIs(name, "exchange32")) return false;
  if (!nameIs(name, "exchange32")) return true;
  memoryAt(RBX, RAX, 0, 0);
  withMemory(0, false, 0x87, RCX);
  withRegister(0, false, 0x8b, RAX, RCX);
  return true;
}

/** The port is in rax, what goes out in rcx. */
function emitPort(name: usize): bool {
  const isIn = load<u8>(name + 1) == 0x69;
  const is8 = nameIs(name, "in8") || nameIs(name, "out8");
  const is16 = nameIs(name, "in16") || nameIs(name, "out16");
  const is32 = nameIs(name, "in32") || nameIs(name, "out32");
  if (!is8 && !is16 && !is32) return false;
  withRegister(0, false, 0x8b, RDX, RAX);
  if (isIn) loadConstant(RAX, 0, false);
  else withRegister(0, false, 0x8b, RAX, RCX);
  if (is16) emit8(0x66);
  emit8((isIn ? 0xec : 0xee) | (is8 ? 0 : 1));
  return true;
}

function emitPrivileged(name: usize): bool {
  if (nameIs(name, "hlt")) {
    emit8(0xf4);
  } else if (nameIs(name, "cli")) {
    emit8(0xfa);
  } else if (nameIs(name, "sti")) {
    emit8(0xfb);
  } else if (nameIs(name, "rdmsr")) {
    withRegister(0, false, 0x8b, RCX, RAX);
    emit8(0x0f);
    emit8(0x32);
    joinHalves();
  } else if (nameIs(name, "wrmsr")) {
    // rcx = register, edx:eax = value
    withRegister(0, true, 0x87, RAX, RCX);
    withRegister(0, true, 0x8b, RDX, RAX);
    withRegister(0, true, 0xc1, 5, RDX);
    emit8(32);
    emit8(0x0f);
    emit8(0x30);
  } else if (nameIs(name, "cr2")) {
    withRegister(0, false, 0x0f20, 2, RAX);
  } else if (nameIs(name, "cr3")) {
    withRegister(0, false, 0x0f20, 3, RAX);
  } else if (nameIs(name, "setCr3")) {
    withRegister(0, false, 0x0f22, 3, RAX);
  } else if (nameIs(name, "invlpg")) {
    memoryAt(RAX, NO_REGISTER, 0, 0);
    withMemory(0, false, 0x0f01, 7);
  } else if (nameIs(name, "lidt")) {
    memoryAt(RAX, NO_REGISTER, 0, 0);
    withMemory(0, false, 0x0f01, 3);
  } else {
    return false;
  }
  return true;
}

/** rax = edx:eax */
function joinHalves(): void {
  withRegister(0, true, 0xc1, 4, RDX);
  emit8(32);
  withRegister(0, true, 0x0b, RAX, RDX);
}

function emitOther(name: usize): bool {
  if (nameIs(name, "fence")) {
    emit8(0x0f);
    emit8(0xae);
    emit8(0xf0);
  } else if (nameIs(name, "pause")) {
    emit8(0xf3);
    emit8(0x90);
  } else if (nameIs(name, "rdtsc")) {
    emit8(0x0f);
    emit8(0xae);
    emit8(0xe8);
    emit8(0x0f);
    emit8(0x31);
    joinHalves();
  } else if (nameIs(name, "rdrand")) {
    // The answer is 0 without carry.
    loadConstant(RCX, 0, false);
    withRegister(0, true, 0x0fc7, 6, RAX);
    withRegister(0, true, 0x0f43, RAX, RCX);
  } else if (nameIs(name, "cpuid")) {
    cpuid();
  } else if (nameIs(name, "multiplyHigh")) {
    withRegister(0, true, 0xf7, 4, RCX);
    withRegister(0, true, 0x8b, RAX, RDX);
  } else if (nameIs(name, "breakpoint")) {
    emit8(0xcc);
  } else {
    return false;
  }
  return true;
}

/** Leaf in rax, subleaf in rcx, target in rdx; cpuid alters rbx, which holds memory's address. */
function cpuid(): void {
  emit8(0x50 | RSI);
  emit8(0x50 | RDI);
  addressInRsi();
  withRegister(0, true, 0x8b, RDI, RBX);
  emit8(0x0f);
  emit8(0xa2);
  storeAtRsi(0, RAX);
  storeAtRsi(4, RBX);
  storeAtRsi(8, RCX);
  storeAtRsi(12, RDX);
  withRegister(0, true, 0x8b, RBX, RDI);
  emit8(0x58 | RDI);
  emit8(0x58 | RSI);
}

function addressInRsi(): void {
  memoryAt(RBX, RDX, 0, 0);
  withMemory(0, true, 0x8d, RSI);
}

function storeAtRsi(offset: i32, register: i32): void {
  memoryAt(RSI, NO_REGISTER, 0, offset);
  withMemory(0, false, 0x89, register);
}

/** A 64-bit constant that the linker fills in. */
function linked(): void {
  const number = take();
  if (!isConstant(number)) {
    fail(FAILURE_OPCODE, 0x10);
    return;
  }
  claim(RAX);
  emit8(0x48);
  emit8(0xb8 | RAX);
  if (isFinalPass()) noteLinked(<u32>valueOf(number));
  emit64(0);
  pushRegister(TYPE_I64, RAX);
}

/** Places operands, first to last, as `registers` tells (one byte each), around a save of what must survive. */
function callWith(count: i32, registers: i64, live: usize, altered: u32): void {
  const height = top - <usize>count * ENTRY_STRIDE;
  let targets: u32 = altered;
  for (let i = 0; i < count; i++) targets |= registerBit(registers, i);
  for (let i = 0; i < count; i++) take();
  claim(RAX);
  claim(RCX);
  claim(RDX);
  savedMask = (registersOf(live) | registersBelow(height)) & targets & ~((1 << RAX) | (1 << RCX) | (1 << RDX));
  saveRegisters(savedMask, true);
  startPlacing();
  for (let i = 0; i < count; i++) {
    placeEntries(height + <usize>i * ENTRY_STRIDE, <i32>((registers >> (i << 3)) & 15));
  }
  place();
}

let savedMask: u32 = 0;

function finishCall(): void {
  saveRegisters(savedMask, false);
  release(RAX);
  release(RCX);
  release(RDX);
  pushRegister(TYPE_I64, RAX);
}

/** rax(rdi, rsi, rdx, r10, r8, r9); rcx and r11 are altered. */
function systemCall(live: usize): void {
  callWith(7, 0x0908_0a02_0607_00, live, 1 << R11);
  emit8(0x0f);
  emit8(0x05);
  finishCall();
}

/** call rax with rdi, rsi, rdx, r10, r8; all but rbx, rbp and r12 to r15 may be altered. */
function hypercall(live: usize): void {
  callWith(6, 0x080a_0206_0700, live, (1 << R11) | (1 << R9));
  withRegister(0, false, 0xff, 2, RAX);
  finishCall();
}

/** call rax with rdi, rsi, r8, r9. */
function callAddress(live: usize): void {
  callWith(5, 0x0908_0607_00, live, 0xffff0000 | (1 << R10) | (1 << R11));
  withRegister(0, false, 0xff, 2, RAX);
  finishCall();
}

/** The bit of the register in a byte of a list. */
function registerBit(registers: i64, place: i32): u32 {
  const register = (<u32>(registers >> (place << 3))) & 15;
  return 1 << register;
}
