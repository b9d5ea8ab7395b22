// The operand stack while code is made: what each entry is and where. Constants and reads of locals cost nothing until
// they are used; sums with constants and small shifts wait for the address or `lea` that takes them. Also hands out
// registers to expressions.
//
// What lies below a construct's own operands stays where it is while the construct lasts: `settle` moves it out of the
// scratch registers first, and copies locals that the construct assigns.

import { fail, FAILURE_LIMIT } from "./arena";
import {
  emit8,
  leaWithoutBase,
  loadConstant,
  memoryAt,
  moveFloat,
  NO_REGISTER,
  RAX,
  RCX,
  RDX,
  RSP,
  withMemory,
  withRegister,
  XMM0,
} from "./assembler";
import { local, localType, maxStackArguments } from "./events";
import { TYPE_F32, TYPE_F64, TYPE_I32, TYPE_I64 } from "./module";
import { IN_MEMORY, localRegister, MEMORY_BIT, temporaries } from "./registers";

export const KIND_CONSTANT: i32 = 0;
/** In a temporary register that the entry owns. */
export const KIND_REGISTER: i32 = 1;
/** The value a local has now; whoever assigns the local takes care of it first. */
export const KIND_LOCAL: i32 = 2;
/** In a slot of the frame. */
export const KIND_SLOT: i32 = 3;

// An entry. The value of one in a register or local is (register << scale) + value.
export const ENTRY_STRIDE: usize = 32;
const FIELD_TYPE: usize = 1;
const FIELD_REGISTER: usize = 2;
const FIELD_SCALE: usize = 3;
const FIELD_DIRTY: usize = 4;
const FIELD_BITS: usize = 5;
const FIELD_NUMBER: usize = 8;
const FIELD_VALUE: usize = 16;
/** Slot + 1 in which whatever stands at this place of the stack is kept when it must leave its register. */
const FIELD_SPILL: usize = 24;
const COPIED_BYTES: usize = 24;

const SCRATCH: u32 = (1 << RAX) | (1 << RCX) | (1 << RDX) | (15 << XMM0);
const INTEGERS: u32 = 0xffff;

export let bottom: usize = 0;
let ceiling: usize = 0;
export let top: usize = 0;
/** First entry of the innermost construct. */
export let frameBottom: usize = 0;
/** Temporaries in use. */
export let busy: u32 = 0;
export let slotCount: u32 = 0;

/** While set, nothing emitted here alters the flags. */
let flagsLive = false;
/** Entries from here on have not been used yet in this function. */
let untouched: usize = 0;

/** How many entries read each register's local; the 33rd is for locals in memory. */
const readers: usize = memory.data(33 * 4);
/** Slot + 1 in which a register waits while a call goes on. */
const savedIn: usize = memory.data(32 * 4);

export function startOperands(table: usize, entries: u32): void {
  bottom = top = frameBottom = untouched = table;
  flagsLive = false;
  ceiling = table + <usize>entries * ENTRY_STRIDE;
  busy = 0;
  slotCount = 0;
  memory.fill(readers, 0, 33 * 4);
  memory.fill(savedIn, 0, 32 * 4);
}

/** Between a comparison and the instruction that uses its flags. */
export function setFlagsLive(live: bool): void {
  flagsLive = live;
}

export function kindOf(entry: usize): i32 {
  return load<u8>(entry);
}

export function typeOf(entry: usize): i32 {
  return load<u8>(entry, FIELD_TYPE);
}

export function registerOf(entry: usize): i32 {
  return load<u8>(entry, FIELD_REGISTER);
}

export function scaleOf(entry: usize): i32 {
  return load<u8>(entry, FIELD_SCALE);
}

/** The upper half of the register may hold anything though the value is an i32. */
export function isDirty(entry: usize): bool {
  return load<u8>(entry, FIELD_DIRTY) != 0;
}

/** register << scale, and an i32's value where there is no sum, is below 2 to this power. */
export function bitsOf(entry: usize): i32 {
  return load<u8>(entry, FIELD_BITS);
}

/** A constant's bits, or what is added to the register. */
export function valueOf(entry: usize): i64 {
  return load<i64>(entry, FIELD_VALUE);
}

export function setValue(entry: usize, value: i64): void {
  store<i64>(entry, value, FIELD_VALUE);
}

export function setScale(entry: usize, scale: i32): void {
  store<u8>(entry, <u8>scale, FIELD_SCALE);
}

export function setDirty(entry: usize, dirty: bool): void {
  store<u8>(entry, dirty ? 1 : 0, FIELD_DIRTY);
}

export function setBits(entry: usize, bits: i32): void {
  store<u8>(entry, <u8>bits, FIELD_BITS);
}

export function setRegisterOf(entry: usize, register: i32): void {
  store<u8>(entry, <u8>register, FIELD_REGISTER);
}

export function setType(entry: usize, type: i32): void {
  store<u8>(entry, <u8>type, FIELD_TYPE);
}

export function isFloatType(type: i32): bool {
  return type == TYPE_F32 || type == TYPE_F64;
}

export function isWideType(type: i32): bool {
  return type == TYPE_I64 || type == TYPE_F64;
}

/** Neither sum nor shift is outstanding. */
export function isPlain(entry: usize): bool {
  return kindOf(entry) >= KIND_SLOT || (scaleOf(entry) == 0 && valueOf(entry) == 0);
}

/** In a register, be it its own or a local's, sum and shift aside. */
export function isInRegister(entry: usize): bool {
  const kind = kindOf(entry);
  return kind == KIND_REGISTER || (kind == KIND_LOCAL && registerOf(entry) != IN_MEMORY);
}

export function isConstant(entry: usize): bool {
  return kindOf(entry) == KIND_CONSTANT;
}

function newEntry(kind: i32, type: i32): usize {
  const entry = top;
  if (entry >= ceiling) {
    fail(FAILURE_LIMIT, <u32>(ceiling - bottom));
    return bottom;
  }
  top += ENTRY_STRIDE;
  if (entry >= untouched) {
    store<u64>(entry, 0, FIELD_SPILL);
    untouched = top;
  }
  store<u64>(entry, 0);
  store<u64>(entry, 0, 8);
  store<i64>(entry, 0, FIELD_VALUE);
  store<u8>(entry, <u8>kind);
  store<u8>(entry, <u8>type, FIELD_TYPE);
  store<u8>(entry, type == TYPE_I32 ? 32 : 64, FIELD_BITS);
  return entry;
}

export function pushConstant(type: i32, bits: i64): void {
  setValue(newEntry(KIND_CONSTANT, type), bits);
}

/** Pushes a register, which becomes busy if it is a temporary. */
export function pushRegister(type: i32, register: i32): usize {
  const entry = newEntry(KIND_REGISTER, type);
  store<u8>(entry, <u8>register, FIELD_REGISTER);
  busy |= temporaries & (1 << register);
  return entry;
}

export function pushLocal(number: u32): void {
  const register = localRegister(number);
  const entry = newEntry(KIND_LOCAL, localType(number));
  store<u8>(entry, <u8>register, FIELD_REGISTER);
  store<u32>(entry, number, FIELD_NUMBER);
  countReader(register, 1);
}

/** Pushes again an entry that was taken. */
export function restore(entry: usize): usize {
  const pushed = top;
  if (entry != pushed) memory.copy(pushed, entry, COPIED_BYTES);
  top += ENTRY_STRIDE;
  if (kindOf(pushed) == KIND_LOCAL) countReader(registerOf(pushed), 1);
  return pushed;
}

/** Takes the topmost entry off. It can be read until the next push; its register stays busy until `free`. */
export function take(): usize {
  top -= ENTRY_STRIDE;
  if (kindOf(top) == KIND_LOCAL) countReader(registerOf(top), -1);
  return top;
}

/** An entry counted from the top, 0 is the topmost. */
export function peek(depth: u32): usize {
  return top - <usize>(depth + 1) * ENTRY_STRIDE;
}

export function free(entry: usize): void {
  if (kindOf(entry) == KIND_REGISTER) release(registerOf(entry));
}

export function release(register: i32): void {
  busy &= ~(1 << register);
}

export function drop(): void {
  free(take());
}

/** Forgets what a construct left: the stack as it was at its beginning. */
export function resetTo(height: usize, busyThen: u32): void {
  while (top > height) take();
  busy = busyThen;
}

export function setFrameBottom(entry: usize): void {
  frameBottom = entry;
}

function countReader(register: i32, change: i32): void {
  const cell = readers + <usize>((register == IN_MEMORY ? 32 : register) << 2);
  store<i32>(cell, load<i32>(cell) + change);
}

// Registers.

/** A free temporary, marked busy. An entry of the innermost construct makes room where there is none. */
export function allocate(isFloat: bool): i32 {
  return allocateFrom(isFloat ? ~INTEGERS : INTEGERS);
}

function allocateFrom(allowed: u32): i32 {
  const candidates = temporaries & allowed;
  if ((candidates & ~busy) == 0) spillOne(candidates);
  const register = <i32>ctz(candidates & ~busy);
  busy |= 1 << register;
  return register;
}

function spillOne(candidates: u32): void {
  for (let entry = frameBottom; entry < top; entry += ENTRY_STRIDE) {
    if (kindOf(entry) == KIND_REGISTER && (candidates & (1 << registerOf(entry))) != 0) {
      spill(entry);
      return;
    }
  }
  fail(FAILURE_LIMIT, 0xffff0001);
}

/** Moves an entry's register to a slot; sums and shifts are done first. */
function spill(entry: usize): void {
  if (!isPlain(entry)) finish(entry, registerOf(entry));
  const register = registerOf(entry);
  if (load<u32>(entry, FIELD_SPILL) == 0) store<u32>(entry, ++slotCount, FIELD_SPILL);
  const slot = load<u32>(entry, FIELD_SPILL) - 1;
  const type = typeOf(entry);
  slotOperand(slot);
  if (isFloatType(type)) withMemory(type == TYPE_F32 ? 0xf3 : 0xf2, false, 0x0f11, register);
  else withMemory(0, true, 0x89, register);
  store<u8>(entry, KIND_SLOT);
  store<u32>(entry, slot, FIELD_NUMBER);
  release(register);
}

/** Makes a scratch register free for the next instructions: the entry in it goes elsewhere. Marks it busy. */
export function claim(register: i32): void {
  const bit: u32 = 1 << register;
  if (busy & bit) {
    for (let entry = frameBottom; entry < top; entry += ENTRY_STRIDE) {
      if (kindOf(entry) == KIND_REGISTER && registerOf(entry) == register) {
        relocate(entry, register < XMM0 ? INTEGERS : ~INTEGERS);
        break;
      }
    }
  }
  busy |= bit;
}

/** Moves an entry to another free temporary among those allowed, or to a slot. */
function relocate(entry: usize, allowed: u32): void {
  const candidates = temporaries & allowed & ~busy;
  if (candidates == 0) {
    spill(entry);
    return;
  }
  const from = registerOf(entry);
  const to = <i32>ctz(candidates);
  if (from >= XMM0) moveFloat(to, from);
  else withRegister(0, typeOf(entry) == TYPE_I64 || isDirty(entry), 0x8b, to, from);
  store<u8>(entry, <u8>to, FIELD_REGISTER);
  release(from);
  busy |= 1 << to;
}

/** Before a construct that assigns `assigned`: what stays below it must not move while it lasts. Keeps the flags. */
export function settle(assigned: u32): void {
  for (let entry = frameBottom; entry < top; entry += ENTRY_STRIDE) {
    const kind = kindOf(entry);
    if (kind == KIND_LOCAL) {
      const register = registerOf(entry);
      const bit: u32 = register == IN_MEMORY ? MEMORY_BIT : 1 << register;
      if ((assigned & bit) == 0) continue;
      own(entry, ~SCRATCH);
    }
    if (kindOf(entry) != KIND_REGISTER || (SCRATCH & (1 << registerOf(entry))) == 0) continue;
    relocate(entry, (registerOf(entry) < XMM0 ? INTEGERS : ~INTEGERS) & ~SCRATCH);
  }
}

/** Before a register that is a local's gets another value: entries that read it get copies. Keeps the flags. */
export function flushReaders(register: i32): void {
  if (load<i32>(readers + <usize>(register << 2)) == 0) return;
  for (let entry = bottom; entry < top; entry += ENTRY_STRIDE) {
    if (kindOf(entry) == KIND_LOCAL && registerOf(entry) == register) own(entry, 0xffffffff);
  }
}

/** The same for a local in memory. */
export function flushMemoryReaders(number: u32): void {
  if (load<i32>(readers + 32 * 4) == 0) return;
  for (let entry = bottom; entry < top; entry += ENTRY_STRIDE) {
    const isReader = kindOf(entry) == KIND_LOCAL && registerOf(entry) == IN_MEMORY;
    if (isReader && load<u32>(entry, FIELD_NUMBER) == number) own(entry, 0xffffffff);
  }
}

/** Gives an entry that stays on the stack a register of its own. */
function own(entry: usize, preferred: u32): void {
  const allowed = isFloatType(typeOf(entry)) ? ~INTEGERS : INTEGERS;
  const register = allocateFrom((temporaries & ~busy & allowed & preferred) != 0 ? allowed & preferred : allowed);
  loadInto(entry, register);
  if (kindOf(entry) == KIND_LOCAL) countReader(registerOf(entry), -1);
  becomeRegister(entry, register);
}

function becomeRegister(entry: usize, register: i32): void {
  if (isFloatType(typeOf(entry)) || !isPlain(entry)) setBits(entry, isWideType(typeOf(entry)) ? 64 : 32);
  store<u8>(entry, KIND_REGISTER);
  store<u8>(entry, <u8>register, FIELD_REGISTER);
  setScale(entry, 0);
  setValue(entry, 0);
  setDirty(entry, false);
  busy |= temporaries & (1 << register);
}

// Values into registers. These work on entries that were taken.

export function slotOperand(slot: u32): void {
  memoryAt(RSP, NO_REGISTER, 0, <i32>((maxStackArguments + slot) << 3));
}

/** The slot of a local in memory. */
export function localSlotOperand(number: u32): void {
  const cell = local(number) + 12;
  let slot = load<u32>(cell);
  if (slot == 0) {
    slot = ++slotCount;
    store<u32>(cell, slot);
  }
  slotOperand(slot - 1);
}

/** Emits the sum and shift of an entry into a register. Keeps the flags while they live. */
function finish(entry: usize, register: i32): void {
  const from = registerOf(entry);
  const scale = scaleOf(entry);
  const wide = typeOf(entry) == TYPE_I64;
  if (register == from && valueOf(entry) == 0 && scale != 0 && !flagsLive) {
    withRegister(0, wide, 0xc1, 4, register);
    emit8(scale);
  } else if (scale == 0) {
    memoryAt(from, NO_REGISTER, 0, <i32>valueOf(entry));
    withMemory(0, wide, 0x8d, register);
  } else if (scale == 1 && valueOf(entry) >= -128 && valueOf(entry) < 128) {
    memoryAt(from, from, 0, <i32>valueOf(entry));
    withMemory(0, wide, 0x8d, register);
  } else {
    scaledAddress(wide, register, from, scale, <i32>valueOf(entry));
  }
  if (kindOf(entry) == KIND_REGISTER && register == from) {
    setScale(entry, 0);
    setValue(entry, 0);
    setDirty(entry, false);
    setBits(entry, wide ? 64 : 32);
  }
}

/** register = (index << scale) + offset: the form of `lea` without base. */
function scaledAddress(wide: bool, register: i32, index: i32, scale: i32, offset: i32): void {
  const rex = (wide ? 8 : 0) | ((register & 8) >> 1) | ((index & 8) >> 2);
  leaWithoutBase(rex, register, index, scale, offset);
}

/** Puts the value into a register, an i32 with a clean upper half. */
export function loadInto(entry: usize, register: i32): void {
  const type = typeOf(entry);
  if (isFloatType(type)) {
    loadFloatInto(entry, register);
    return;
  }
  const wide = type == TYPE_I64;
  const kind = kindOf(entry);
  if (kind == KIND_CONSTANT) {
    const value = valueOf(entry);
    loadConstant(register, wide ? value : value & 0xffffffff, flagsLive);
  } else if (kind == KIND_SLOT) {
    slotOperand(load<u32>(entry, FIELD_NUMBER));
    withMemory(0, wide, 0x8b, register);
  } else if (registerOf(entry) == IN_MEMORY) {
    localSlotOperand(load<u32>(entry, FIELD_NUMBER));
    withMemory(0, localType(load<u32>(entry, FIELD_NUMBER)) == TYPE_I64 && wide, 0x8b, register);
    if (!isPlain(entry)) fail(FAILURE_LIMIT, 0xffff0002);
  } else if (!isPlain(entry)) {
    finish(entry, register);
  } else if (registerOf(entry) != register || isDirty(entry)) {
    withRegister(0, wide, 0x8b, register, registerOf(entry));
  }
}

function loadFloatInto(entry: usize, register: i32): void {
  const type = typeOf(entry);
  const kind = kindOf(entry);
  if (kind == KIND_CONSTANT) {
    const bits = valueOf(entry);
    if (bits == 0) {
      withRegister(0, false, 0x0f57, register, register);
      return;
    }
    const scratch = allocate(false);
    loadConstant(scratch, bits, flagsLive);
    withRegister(0x66, type == TYPE_F64, 0x0f6e, register, scratch);
    release(scratch);
    return;
  }
  if (isInRegister(entry)) {
    moveFloat(register, registerOf(entry));
    return;
  }
  floatOperand(entry);
  withMemory(type == TYPE_F32 ? 0xf3 : 0xf2, false, 0x0f10, register);
}

/** The memory operand of an entry in a slot, or of a local in memory. */
function floatOperand(entry: usize): void {
  const number = load<u32>(entry, FIELD_NUMBER);
  if (kindOf(entry) == KIND_SLOT) slotOperand(number);
  else localSlotOperand(number);
}

/** A register to read the value from; an i32 may be dirty. A taken entry is changed to what it is now. */
export function readable(entry: usize): i32 {
  if (isInRegister(entry) && isPlain(entry)) return registerOf(entry);
  return writable(entry);
}

/** The same with a clean upper half. */
export function readableClean(entry: usize): i32 {
  if (isInRegister(entry) && isPlain(entry) && !isDirty(entry)) return registerOf(entry);
  return writable(entry);
}

/** A temporary that holds the value and may be written. */
export function writable(entry: usize): i32 {
  if (kindOf(entry) == KIND_REGISTER && (temporaries & (1 << registerOf(entry))) != 0) {
    if (!isPlain(entry) || isDirty(entry)) {
      loadInto(entry, registerOf(entry));
      becomeRegister(entry, registerOf(entry));
    }
    return registerOf(entry);
  }
  const register = allocate(isFloatType(typeOf(entry)));
  loadInto(entry, register);
  becomeRegister(entry, register);
  return register;
}

/**
 * The source operand of an instruction: a register, or NO_REGISTER after setting up the memory operand. Constants and
 * sums come into a register.
 */
export function source(entry: usize): i32 {
  const kind = kindOf(entry);
  if (kind == KIND_SLOT || (kind == KIND_LOCAL && registerOf(entry) == IN_MEMORY && isPlain(entry))) {
    const number = load<u32>(entry, FIELD_NUMBER);
    // A 64-bit read of an i32 local would read what is not there.
    const isNarrow = kind == KIND_LOCAL && localType(number) == TYPE_I32 && typeOf(entry) == TYPE_I64;
    if (!isNarrow) {
      if (kind == KIND_SLOT) slotOperand(number);
      else localSlotOperand(number);
      return NO_REGISTER;
    }
  }
  return readable(entry);
}

// Calls.

/** Registers that entries below `height` read or own. */
export function registersBelow(height: usize): u32 {
  let mask: u32 = 0;
  for (let entry = bottom; entry < height; entry += ENTRY_STRIDE) {
    if (isInRegister(entry)) mask |= 1 << registerOf(entry);
  }
  return mask;
}

/** Temporaries of the innermost construct below `height` go to slots: a call would destroy them. */
export function spillBelow(height: usize): void {
  for (let entry = frameBottom; entry < height; entry += ENTRY_STRIDE) {
    if (kindOf(entry) == KIND_REGISTER) spill(entry);
  }
}

/** Stores registers to their slots before a call (`isStore`), or takes them back behind it. */
export function saveRegisters(mask: u32, isStore: bool): void {
  while (mask != 0) {
    const register = <i32>ctz(mask);
    mask &= mask - 1;
    const cell = savedIn + <usize>(register << 2);
    if (load<u32>(cell) == 0) store<u32>(cell, ++slotCount);
    slotOperand(load<u32>(cell) - 1);
    if (register >= XMM0) withMemory(0xf2, false, isStore ? 0x0f11 : 0x0f10, register);
    else withMemory(0, true, isStore ? 0x89 : 0x8b, register);
  }
}

/** Registers that are about to hold arguments. */
export function markBusy(mask: u32): void {
  busy |= mask & temporaries;
}

/** After a call: only what entries own is busy. */
export function forgetBusyAbove(): void {
  busy = 0;
  for (let entry = bottom; entry < top; entry += ENTRY_STRIDE) {
    if (kindOf(entry) == KIND_REGISTER) busy |= temporaries & (1 << registerOf(entry));
  }
}
