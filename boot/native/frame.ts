// A function's beginning and its ends: kept registers, the frame, parameters to where they live, zeros.

import { CONTEXT_STACK_LIMIT, TRAP_STACK } from "./abi";
import {
  ALU_ADD,
  ALU_CMP,
  ALU_SUB,
  aluConstant,
  at,
  emit8,
  IF_ABOVE_OR_EQUAL,
  loadConstant,
  memoryAt,
  moveTo,
  NO_REGISTER,
  RAX,
  RBP,
  RSP,
  trapUnless,
  withMemory,
  withRegister,
  XMM0,
} from "./assembler";
import { callCount, localCount, localIsFloat, localType, maxStackArguments, parameterCount } from "./events";
import { isFinalPass, jumpBack, jumpFar, jumpTo, skipJump } from "./labels";
import { TYPE_F32, TYPE_I64 } from "./module";
import { ENTRY_STRIDE, localSlotOperand, peek, pushRegister, slotCount, take } from "./operands";
import { place, placeEntries, startPlacing } from "./placing";
import {
  CALLEE_SAVED,
  floatArgument,
  IN_MEMORY,
  integerArgument,
  localRegister,
  needsStart,
  usedByLocals,
} from "./registers";

/** The longest instruction that takes the frame off. */
const FRAME_INSTRUCTION_BYTES: usize = 7;
/** Bytes that the frame takes, known from the first pass on. */
let frameBytes: i32 = 0;
/** Returns that jump to the last one. */
export let returnJumps: u32 = 0;
/** Address of the last return, once there. */
let lastReturn: usize = 0;

/** Between the passes: how many bytes the slots take. */
export function noteFrame(): void {
  frameBytes = <i32>((maxStackArguments + slotCount) << 3);
}

export function beginFunction(): void {
  returnJumps = 0;
  lastReturn = 0;
  const kept = usedByLocals & CALLEE_SAVED;
  if (!isFinalPass()) frameBytes = 0;
  if (callCount > 0 || frameBytes > 2048) checkStack();
  pushKept(kept);
  if (frameBytes != 0) aluConstant(ALU_SUB, true, RSP, frameBytes);
  takeParameters(popcnt(kept) << 3);
  clearLocals();
}

function checkStack(): void {
  if (frameBytes <= 2048) {
    memoryAt(RBP, NO_REGISTER, 0, CONTEXT_STACK_LIMIT);
    withMemory(0, true, 0x3b, RSP);
  } else {
    memoryAt(RSP, NO_REGISTER, 0, -frameBytes);
    withMemory(0, true, 0x8d, RAX);
    memoryAt(RBP, NO_REGISTER, 0, CONTEXT_STACK_LIMIT);
    withMemory(0, true, (ALU_CMP << 3) | 3, RAX);
  }
  trapUnless(IF_ABOVE_OR_EQUAL, TRAP_STACK);
}

function pushKept(mask: u32): void {
  while (mask != 0) {
    // r12 to r15
    emit8(0x41);
    emit8(0x50 | ((<i32>ctz(mask)) & 7));
    mask &= mask - 1;
  }
}

function takeParameters(keptBytes: i32): void {
  let integers = 0;
  let floats = 0;
  startPlacing();
  for (let i: u32 = 0; i < parameterCount; i++) {
    const isFloat = localIsFloat(i);
    const from = isFloat ? floatArgument(floats++) : integerArgument(integers++);
    if (from < 0 || !needsStart(i)) continue;
    const to = localRegister(i);
    if (to == IN_MEMORY) {
      localSlotOperand(i);
      if (isFloat) withMemory(localType(i) == TYPE_F32 ? 0xf3 : 0xf2, false, 0x0f11, from);
      else withMemory(0, localType(i) == TYPE_I64, 0x89, from);
    } else {
      pushRegister(localType(i), from);
    }
  }
  placeParameters();
  takeStackParameters(keptBytes);
}

/** All parameters that come and live in registers were pushed in order; they move together. */
function placeParameters(): void {
  let integers = 0;
  let floats = 0;
  let pushed: u32 = 0;
  for (let i: u32 = 0; i < parameterCount; i++) {
    const from = localIsFloat(i) ? floatArgument(floats++) : integerArgument(integers++);
    if (from >= 0 && needsStart(i) && localRegister(i) != IN_MEMORY) pushed++;
  }
  integers = floats = 0;
  let entry = pushed > 0 ? peek(pushed - 1) : 0;
  for (let i: u32 = 0; i < parameterCount; i++) {
    const from = localIsFloat(i) ? floatArgument(floats++) : integerArgument(integers++);
    if (from < 0 || !needsStart(i) || localRegister(i) == IN_MEMORY) continue;
    placeEntries(entry, localRegister(i));
    entry += ENTRY_STRIDE;
  }
  while (pushed-- > 0) take();
  place();
}

function takeStackParameters(keptBytes: i32): void {
  let integers = 0;
  let floats = 0;
  let offset = frameBytes + keptBytes + 8;
  for (let i: u32 = 0; i < parameterCount; i++) {
    const isFloat = localIsFloat(i);
    const from = isFloat ? floatArgument(floats++) : integerArgument(integers++);
    if (from >= 0) continue;
    const place = offset;
    offset += 8;
    if (!needsStart(i)) continue;
    const register = localRegister(i);
    if (register >= XMM0 && register != IN_MEMORY) {
      memoryAt(RSP, NO_REGISTER, 0, place);
      withMemory(localType(i) == TYPE_F32 ? 0xf3 : 0xf2, false, 0x0f10, register);
      continue;
    }
    memoryAt(RSP, NO_REGISTER, 0, place);
    withMemory(0, true, 0x8b, register == IN_MEMORY ? RAX : register);
    if (register != IN_MEMORY) continue;
    localSlotOperand(i);
    withMemory(0, true, 0x89, RAX);
  }
}

/** Locals that are read before they are written are zero. */
function clearLocals(): void {
  let hasZero = false;
  for (let i = parameterCount; i < localCount; i++) {
    if (!needsStart(i)) continue;
    const register = localRegister(i);
    if (register == IN_MEMORY) {
      if (!hasZero) loadConstant(RAX, 0, false);
      hasZero = true;
      localSlotOperand(i);
      withMemory(0, true, 0x89, RAX);
    } else if (register >= XMM0) {
      withRegister(0, false, 0x0f57, register, register);
    } else {
      loadConstant(register, 0, false);
    }
  }
}

/** A return in the midst of a function: written out where that is no longer than the jump to the last one. */
export function emitReturn(): void {
  const kept = usedByLocals & CALLEE_SAVED;
  const bytes = (frameBytes == 0 ? 0 : frameBytes < 128 ? 4 : 7) + (popcnt(kept) << 1) + 1;
  const isShort = isFinalPass() && bytes <= 5;
  if (lastReturn != 0) {
    // Seldom code, which stands behind it.
    if (isShort) leave();
    else if (isFinalPass()) jumpBack(-1, lastReturn);
    else jumpFar(lastReturn);
    return;
  }
  if (isShort) {
    skipJump();
    leave();
    return;
  }
  returnJumps = jumpTo(-1, returnJumps);
}

/** The last return. */
export function endFunction(): void {
  lastReturn = at;
  // The first pass does not know the frame's size yet, and jumps to seldom code go over this.
  if (!isFinalPass()) moveTo(at + FRAME_INSTRUCTION_BYTES);
  leave();
}

function leave(): void {
  if (frameBytes != 0) aluConstant(ALU_ADD, true, RSP, frameBytes);
  let mask = usedByLocals & CALLEE_SAVED;
  while (mask != 0) {
    const register = 31 - <i32>clz(mask);
    emit8(0x41);
    emit8(0x58 | (register & 7));
    mask &= ~(1 << register);
  }
  emit8(0xc3);
}
