// Routines that code calls for what takes more than a few instructions. They stand before the functions, each only where
// the module needs it. They take operands in rax, rdx, rcx or xmm0, xmm1, answer in rax or xmm0, and alter nothing but
// rax, rcx, rdx and xmm0 to xmm3.

import { CONTEXT_MEMORY_PAGES, TRAP_CONVERSION_NAN, TRAP_CONVERSION_RANGE, TRAP_MEMORY } from "./abi";
import {
  ALU_ADD,
  ALU_AND,
  ALU_CMP,
  ALU_SUB,
  aluConstant,
  at,
  bindShort,
  codeOffset,
  emit32,
  emit8,
  IF_ABOVE_OR_EQUAL,
  IF_BELOW,
  IF_BELOW_OR_EQUAL,
  IF_EQUAL,
  IF_NO_PARITY,
  IF_NO_SIGN,
  IF_NOT_EQUAL,
  IF_PARITY,
  IF_SIGN,
  jumpShort,
  jumpShortTo,
  loadConstant,
  memoryAt,
  NO_REGISTER,
  RAX,
  RBP,
  RBX,
  RCX,
  RDI,
  RDX,
  RSI,
  trapUnless,
  withMemory,
  withRegister,
  XMM0,
  XMM1,
  XMM2,
} from "./assembler";
import { reserve } from "./arena";
import { segmentBytes, segmentCount, segmentIsPassive, segmentSize, segmentSizeOffset, setSegmentCode } from "./module";
import { claim, release, take } from "./operands";
import { place, placeEntries, startPlacing } from "./placing";
import { noteGrow } from "./references";

export const HELPER_CEIL: i32 = 0;
export const HELPER_FLOOR: i32 = 1;
export const HELPER_TRUNC: i32 = 2;
export const HELPER_NEAREST: i32 = 3;
export const HELPER_MIN_F32: i32 = 4;
export const HELPER_MIN_F64: i32 = 5;
export const HELPER_MAX_F32: i32 = 6;
export const HELPER_MAX_F64: i32 = 7;
/** Then i32_s, i32_u, i64_s, i64_u that trap, and the same that saturate. */
export const HELPER_TRUNCATE: i32 = 8;
export const HELPER_CONVERT_UNSIGNED_F32: i32 = 16;
export const HELPER_CONVERT_UNSIGNED_F64: i32 = 17;
export const HELPER_POPCNT: i32 = 18;
export const HELPER_COPY: i32 = 19;
export const HELPER_FILL: i32 = 20;
export const HELPER_GROW: i32 = 21;
/** Then memory.init by segment. */
const HELPER_INIT: i32 = 22;

/** Bit pattern of 2 to the power of 52, from which on an f64 has no fraction. */
const TWO_52: i64 = 0x4330000000000000;
const TWO_63: i64 = 0x43e0000000000000;

/** u32 code offset + 1 per helper. */
let table: usize = 0;

let growsOutside = false;

/** Whether the linker has a routine for memory.grow: rax in and out, altering no more than a helper may. */
export function setGrowsOutside(outside: bool): void {
  growsOutside = outside;
}

/** Emits the helpers whose bits are set; those of memory.init with `usesInit`, with their segments' bytes. */
export function emitHelpers(wanted: u32, usesInit: bool): void {
  table = reserve(helperTableBytes());
  if (table == 0) return;
  for (let helper = 0; helper < HELPER_INIT; helper++) {
    if ((wanted & (1 << helper)) == 0) continue;
    setHelper(helper);
    emitHelper(helper);
  }
  if (!usesInit) return;
  for (let segment: u32 = 0; segment < segmentCount; segment++) emitInit(segment);
}

/** Bytes that emitHelpers reserves. */
export function helperTableBytes(): usize {
  return (<usize>(HELPER_INIT + segmentCount)) << 2;
}

/** Most bytes that emitHelpers writes. */
export function helperBytes(usesInit: bool): u32 {
  let bytes: u32 = 8192;
  if (!usesInit) return bytes;
  for (let segment: u32 = 0; segment < segmentCount; segment++) bytes += 256 + segmentSize(segment);
  return bytes;
}

function setHelper(helper: i32): void {
  store<u32>(table + (helper << 2), codeOffset());
}

function emitHelper(helper: i32): void {
  if (helper <= HELPER_NEAREST) emitRound(helper);
  else if (helper <= HELPER_MAX_F64) emitMinimumOrMaximum(helper);
  else if (helper < HELPER_TRUNCATE + 8) emitTruncate(helper - HELPER_TRUNCATE);
  else if (helper <= HELPER_CONVERT_UNSIGNED_F64) emitConvertUnsigned(helper == HELPER_CONVERT_UNSIGNED_F32);
  else if (helper == HELPER_POPCNT) emitPopcnt();
  else if (helper == HELPER_COPY) emitCopy();
  else if (helper == HELPER_FILL) emitFill();
  else emitGrow();
}

/** Takes a helper's operands off the stack into its registers. */
export function placeForHelper(operands: i32, helper: i32): void {
  const third = operands >= 3 ? take() : 0;
  const second = operands >= 2 ? take() : 0;
  const first = take();
  const isFloat = helper < HELPER_CONVERT_UNSIGNED_F32;
  claim(RAX);
  claim(RCX);
  claim(RDX);
  for (let i = 0; i < 4; i++) claim(XMM0 + i);
  startPlacing();
  placeEntries(first, isFloat ? XMM0 : RAX);
  if (operands >= 2) placeEntries(second, isFloat ? XMM1 : RDX);
  if (operands >= 3) placeEntries(third, RCX);
  // A constant on its way to an xmm register needs an integer one.
  if (isFloat) release(RAX);
  place();
}

export function callHelper(helper: i32): void {
  emit8(0xe8);
  emit32(<i32>(load<u32>(table + (helper << 2)) - codeOffset() - 4));
  release(RAX);
  release(RCX);
  release(RDX);
  for (let i = 0; i < 4; i++) release(XMM0 + i);
}

export function initHelper(segment: u32): i32 {
  return HELPER_INIT + <i32>segment;
}

function returnNow(): void {
  emit8(0xc3);
}

function moveToInteger(register: i32, float: i32): void {
  withRegister(0x66, true, 0x0f7e, float, register);
}

function moveToFloat(float: i32, register: i32): void {
  withRegister(0x66, true, 0x0f6e, float, register);
}

/** xmm0 rounded: ceil, floor, trunc, nearest. */
function emitRound(number: i32): void {
  // rdx = bits, rax = bits without sign
  moveToInteger(RDX, XMM0);
  withRegister(0, true, 0x8b, RAX, RDX);
  withRegister(0, true, 0x0fba, 6, RAX);
  emit8(63);
  loadConstant(RCX, TWO_52, false);
  withRegister(0, true, 0x3b, RAX, RCX);
  const isSmall = jumpShort(IF_BELOW);
  // Whole already, infinite, or NaN, which an addition makes quiet.
  withRegister(0x66, false, 0x0f2e, XMM0, XMM0);
  const isNumber = jumpShort(IF_NO_PARITY);
  withRegister(0xf2, false, 0x0f58, XMM0, XMM0);
  bindShort(isNumber);
  returnNow();
  bindShort(isSmall);
  // The sign alone, for results that are zero.
  withRegister(0, true, 0xc1, 5, RDX);
  emit8(63);
  withRegister(0, true, 0xc1, 4, RDX);
  emit8(63);
  if (number == 3) {
    // Adding 2^52 with the number's sign rounds to even.
    withRegister(0, true, 0x0b, RCX, RDX);
    moveToFloat(XMM1, RCX);
    withRegister(0xf2, false, 0x0f58, XMM0, XMM1);
    withRegister(0xf2, false, 0x0f5c, XMM0, XMM1);
  } else {
    withRegister(0xf2, true, 0x0f2c, RAX, XMM0);
    withRegister(0, false, 0x0f57, XMM1, XMM1);
    withRegister(0xf2, true, 0x0f2a, XMM1, RAX);
    if (number != 2) adjustRounded(number == 1);
    withRegister(0, false, 0x0f28, XMM0, XMM1);
  }
  moveToInteger(RAX, XMM0);
  withRegister(0, true, 0x0b, RAX, RDX);
  moveToFloat(XMM0, RAX);
  returnNow();
}

/** xmm1 is xmm0 without fraction: one less if it came out above (floor), one more if below (ceil). */
function adjustRounded(isFloor: bool): void {
  if (isFloor) withRegister(0x66, false, 0x0f2e, XMM1, XMM0);
  else withRegister(0x66, false, 0x0f2e, XMM0, XMM1);
  const isRight = jumpShort(IF_BELOW_OR_EQUAL);
  loadConstant(RAX, 0x3ff0000000000000, false);
  moveToFloat(XMM2, RAX);
  withRegister(0xf2, false, isFloor ? 0x0f5c : 0x0f58, XMM1, XMM2);
  bindShort(isRight);
}

/** xmm0 = min or max of xmm0 and xmm1. */
function emitMinimumOrMaximum(helper: i32): void {
  const isSingle = helper == HELPER_MIN_F32 || helper == HELPER_MAX_F32;
  const isMinimum = helper <= HELPER_MIN_F64;
  const prefix = isSingle ? 0xf3 : 0xf2;
  withRegister(isSingle ? 0 : 0x66, false, 0x0f2e, XMM0, XMM1);
  const isUnordered = jumpShort(IF_PARITY);
  const isDifferent = jumpShort(IF_NOT_EQUAL);
  // Equal, which +0 and -0 are: the sign decides.
  withRegister(0, false, isMinimum ? 0x0f56 : 0x0f54, XMM0, XMM1);
  returnNow();
  bindShort(isDifferent);
  withRegister(prefix, false, isMinimum ? 0x0f5d : 0x0f5f, XMM0, XMM1);
  returnNow();
  bindShort(isUnordered);
  withRegister(prefix, false, 0x0f58, XMM0, XMM1);
  returnNow();
}

/** rax = xmm0 as an integer: i32_s, i32_u, i64_s, i64_u that trap, then the same that saturate. */
function emitTruncate(number: i32): void {
  const isSaturating = number >= 4;
  // NaN
  withRegister(0x66, false, 0x0f2e, XMM0, XMM0);
  if (isSaturating) {
    const isNumber = jumpShort(IF_NO_PARITY);
    loadConstant(RAX, 0, false);
    returnNow();
    bindShort(isNumber);
  } else {
    trapUnless(IF_NO_PARITY, TRAP_CONVERSION_NAN);
  }
  if ((number & 3) == 3) truncateToUnsignedWide(isSaturating);
  else if ((number & 3) == 2) truncateToSignedWide(isSaturating);
  else truncateToNarrow(isSaturating, (number & 1) != 0);
}

function truncateToNarrow(isSaturating: bool, isUnsigned: bool): void {
  withRegister(0xf2, true, 0x0f2c, RAX, XMM0);
  // The low half, extended, is all of it if it fits.
  withRegister(0, !isUnsigned, isUnsigned ? 0x8b : 0x63, RCX, RAX);
  withRegister(0, true, 0x3b, RCX, RAX);
  if (!isSaturating) {
    trapUnless(IF_EQUAL, TRAP_CONVERSION_RANGE);
  } else {
    const fits = jumpShort(IF_EQUAL);
    loadConstant(RAX, isUnsigned ? 0xffffffff : 0x7fffffff, false);
    jumpIfPositive(isUnsigned ? 0 : 0x80000000);
    bindShort(fits);
  }
  withRegister(0, false, 0x8b, RAX, RAX);
  returnNow();
}

/** rax = value for a negative xmm0. */
function jumpIfPositive(value: i64): void {
  moveToInteger(RCX, XMM0);
  withRegister(0, true, 0x85, RCX, RCX);
  const isPositive = jumpShort(IF_NO_SIGN);
  loadConstant(RAX, value, false);
  bindShort(isPositive);
}

function truncateToSignedWide(isSaturating: bool): void {
  withRegister(0xf2, true, 0x0f2c, RAX, XMM0);
  // The smallest integer is also what the instruction answers when it cannot: minus one overflows.
  loadConstant(RCX, i64.MIN_VALUE, false);
  withRegister(0, true, 0x3b, RAX, RCX);
  const fits = jumpShort(IF_NOT_EQUAL);
  loadConstant(RCX, TWO_63 | i64.MIN_VALUE, false);
  moveToFloat(XMM1, RCX);
  withRegister(0x66, false, 0x0f2e, XMM0, XMM1);
  if (!isSaturating) {
    trapUnless(IF_EQUAL, TRAP_CONVERSION_RANGE);
  } else {
    const isSmallest = jumpShort(IF_BELOW_OR_EQUAL);
    loadConstant(RAX, i64.MAX_VALUE, false);
    bindShort(isSmallest);
  }
  bindShort(fits);
  returnNow();
}

function truncateToUnsignedWide(isSaturating: bool): void {
  loadConstant(RCX, TWO_63, false);
  moveToFloat(XMM1, RCX);
  withRegister(0x66, false, 0x0f2e, XMM0, XMM1);
  const isLarge = jumpShort(IF_ABOVE_OR_EQUAL);
  withRegister(0xf2, true, 0x0f2c, RAX, XMM0);
  withRegister(0, true, 0x85, RAX, RAX);
  if (!isSaturating) {
    trapUnless(IF_NO_SIGN, TRAP_CONVERSION_RANGE);
  } else {
    const fits = jumpShort(IF_NO_SIGN);
    loadConstant(RAX, 0, false);
    bindShort(fits);
  }
  returnNow();
  bindShort(isLarge);
  withRegister(0xf2, false, 0x0f5c, XMM0, XMM1);
  withRegister(0xf2, true, 0x0f2c, RAX, XMM0);
  withRegister(0, true, 0x85, RAX, RAX);
  if (!isSaturating) {
    trapUnless(IF_NO_SIGN, TRAP_CONVERSION_RANGE);
  } else {
    const fits = jumpShort(IF_NO_SIGN);
    loadConstant(RAX, -1, false);
    returnNow();
    bindShort(fits);
  }
  withRegister(0, true, 0x0fba, 5, RAX);
  emit8(63);
  returnNow();
}

/** xmm0 = rax, unsigned: halved with its last bit kept for rounding, then doubled, where the sign bit is set. */
function emitConvertUnsigned(isSingle: bool): void {
  const prefix = isSingle ? 0xf3 : 0xf2;
  withRegister(0, false, 0x0f57, XMM0, XMM0);
  withRegister(0, true, 0x85, RAX, RAX);
  const isLarge = jumpShort(IF_SIGN);
  withRegister(prefix, true, 0x0f2a, XMM0, RAX);
  returnNow();
  bindShort(isLarge);
  withRegister(0, true, 0x8b, RCX, RAX);
  aluConstant(ALU_AND, false, RCX, 1);
  withRegister(0, true, 0xd1, 5, RAX);
  withRegister(0, true, 0x0b, RAX, RCX);
  withRegister(prefix, true, 0x0f2a, XMM0, RAX);
  withRegister(prefix, false, 0x0f58, XMM0, XMM0);
  returnNow();
}

/** rax = number of bits set in rax, by sums of neighbours. */
function emitPopcnt(): void {
  // rax -= (rax >> 1) & 5555…
  withRegister(0, true, 0x8b, RDX, RAX);
  withRegister(0, true, 0xd1, 5, RDX);
  loadConstant(RCX, 0x5555555555555555, false);
  withRegister(0, true, 0x23, RDX, RCX);
  withRegister(0, true, 0x2b, RAX, RDX);
  // rax = (rax & 3333…) + ((rax >> 2) & 3333…)
  loadConstant(RCX, 0x3333333333333333, false);
  withRegister(0, true, 0x8b, RDX, RAX);
  withRegister(0, true, 0xc1, 5, RDX);
  emit8(2);
  withRegister(0, true, 0x23, RAX, RCX);
  withRegister(0, true, 0x23, RDX, RCX);
  withRegister(0, true, 0x03, RAX, RDX);
  // rax = (rax + (rax >> 4)) & 0f0f…, then the sum of its bytes in the top one
  withRegister(0, true, 0x8b, RDX, RAX);
  withRegister(0, true, 0xc1, 5, RDX);
  emit8(4);
  withRegister(0, true, 0x03, RAX, RDX);
  loadConstant(RCX, 0x0f0f0f0f0f0f0f0f, false);
  withRegister(0, true, 0x23, RAX, RCX);
  loadConstant(RCX, 0x0101010101010101, false);
  withRegister(0, true, 0x0faf, RAX, RCX);
  withRegister(0, true, 0xc1, 5, RAX);
  emit8(56);
  returnNow();
}

function pushString(): void {
  emit8(0x50 | RSI);
  emit8(0x50 | RDI);
}

function returnFromString(): void {
  emit8(0x58 | RDI);
  emit8(0x58 | RSI);
  returnNow();
}

/** rsi = bytes of memory. */
function loadMemoryBytes(): void {
  memoryAt(RBP, NO_REGISTER, 0, CONTEXT_MEMORY_PAGES);
  withMemory(0, false, 0x8b, RSI);
  withRegister(0, true, 0xc1, 4, RSI);
  emit8(16);
}

/** Traps if register + rcx is beyond rsi; alters rdi. */
function checkRange(register: i32): void {
  memoryAt(register, RCX, 0, 0);
  withMemory(0, true, 0x8d, RDI);
  withRegister(0, true, 0x3b, RDI, RSI);
  trapUnless(IF_BELOW_OR_EQUAL, TRAP_MEMORY);
}

/** register = address of linear memory at `from`. */
function addressOf(register: i32, from: i32): void {
  memoryAt(RBX, from, 0, 0);
  withMemory(0, true, 0x8d, register);
}

/** memory.copy: to rax, from rdx, rcx bytes; the areas may overlap. */
function emitCopy(): void {
  pushString();
  loadMemoryBytes();
  checkRange(RAX);
  checkRange(RDX);
  addressOf(RDI, RAX);
  addressOf(RSI, RDX);
  // Backwards if the target begins inside the source.
  withRegister(0, true, 0x2b, RAX, RDX);
  withRegister(0, true, 0x3b, RAX, RCX);
  const isForward = jumpShort(IF_ABOVE_OR_EQUAL);
  copyBackward();
  bindShort(isForward);
  copyForward();
}

/** Copies rcx bytes from rsi to rdi and returns. */
function copyForward(): void {
  aluConstant(ALU_CMP, true, RCX, 512);
  const isShort = jumpShort(IF_BELOW);
  emit8(0xf3);
  emit8(0xa4);
  returnFromString();
  bindShort(isShort);
  aluConstant(ALU_SUB, true, RCX, 8);
  const isTail = jumpShort(IF_BELOW);
  const words = at;
  memoryAt(RSI, NO_REGISTER, 0, 0);
  withMemory(0, true, 0x8b, RAX);
  memoryAt(RDI, NO_REGISTER, 0, 0);
  withMemory(0, true, 0x89, RAX);
  aluConstant(ALU_ADD, true, RSI, 8);
  aluConstant(ALU_ADD, true, RDI, 8);
  aluConstant(ALU_SUB, true, RCX, 8);
  jumpShortTo(IF_ABOVE_OR_EQUAL, words);
  bindShort(isTail);
  aluConstant(ALU_ADD, true, RCX, 8);
  const isDone = jumpShort(IF_EQUAL);
  const bytes = at;
  memoryAt(RSI, NO_REGISTER, 0, 0);
  withMemory(0, false, 0x0fb6, RAX);
  memoryAt(RDI, NO_REGISTER, 0, 0);
  withMemory(0, false, 0x88, RAX);
  aluConstant(ALU_ADD, true, RSI, 1);
  aluConstant(ALU_ADD, true, RDI, 1);
  aluConstant(ALU_SUB, true, RCX, 1);
  jumpShortTo(IF_NOT_EQUAL, bytes);
  bindShort(isDone);
  returnFromString();
}

function copyBackward(): void {
  aluConstant(ALU_SUB, true, RCX, 8);
  const isTail = jumpShort(IF_BELOW);
  const words = at;
  memoryAt(RSI, RCX, 0, 0);
  withMemory(0, true, 0x8b, RAX);
  memoryAt(RDI, RCX, 0, 0);
  withMemory(0, true, 0x89, RAX);
  aluConstant(ALU_SUB, true, RCX, 8);
  jumpShortTo(IF_ABOVE_OR_EQUAL, words);
  bindShort(isTail);
  aluConstant(ALU_ADD, true, RCX, 8);
  const isDone = jumpShort(IF_EQUAL);
  const bytes = at;
  memoryAt(RSI, RCX, 0, -1);
  withMemory(0, false, 0x0fb6, RAX);
  memoryAt(RDI, RCX, 0, -1);
  withMemory(0, false, 0x88, RAX);
  aluConstant(ALU_SUB, true, RCX, 1);
  jumpShortTo(IF_NOT_EQUAL, bytes);
  bindShort(isDone);
  returnFromString();
}

/** memory.fill: from rax on, byte dl, rcx bytes. */
function emitFill(): void {
  pushString();
  loadMemoryBytes();
  checkRange(RAX);
  addressOf(RDI, RAX);
  withRegister(0, false, 0x0fb6, RAX, RDX);
  loadConstant(RDX, 0x0101010101010101, false);
  withRegister(0, true, 0x0faf, RAX, RDX);
  aluConstant(ALU_CMP, true, RCX, 512);
  const isShort = jumpShort(IF_BELOW);
  emit8(0xf3);
  emit8(0xaa);
  returnFromString();
  bindShort(isShort);
  aluConstant(ALU_SUB, true, RCX, 8);
  const isTail = jumpShort(IF_BELOW);
  const words = at;
  memoryAt(RDI, NO_REGISTER, 0, 0);
  withMemory(0, true, 0x89, RAX);
  aluConstant(ALU_ADD, true, RDI, 8);
  aluConstant(ALU_SUB, true, RCX, 8);
  jumpShortTo(IF_ABOVE_OR_EQUAL, words);
  bindShort(isTail);
  aluConstant(ALU_ADD, true, RCX, 8);
  const isDone = jumpShort(IF_EQUAL);
  const bytes = at;
  memoryAt(RDI, NO_REGISTER, 0, 0);
  withMemory(0, false, 0x88, RAX);
  aluConstant(ALU_ADD, true, RDI, 1);
  aluConstant(ALU_SUB, true, RCX, 1);
  jumpShortTo(IF_NOT_EQUAL, bytes);
  bindShort(isDone);
  returnFromString();
}

/** memory.grow where no function does it: the linker's routine, or the size if nothing is asked for, else -1. */
function emitGrow(): void {
  if (growsOutside) {
    emit8(0xe9);
    noteGrow();
    emit32(0);
    return;
  }
  withRegister(0, false, 0x85, RAX, RAX);
  const isMore = jumpShort(IF_NOT_EQUAL);
  memoryAt(RBP, NO_REGISTER, 0, CONTEXT_MEMORY_PAGES);
  withMemory(0, false, 0x8b, RAX);
  returnNow();
  bindShort(isMore);
  loadConstant(RAX, 0xffffffff, false);
  returnNow();
}

/** memory.init of one segment: to rax, from rdx, rcx bytes. An active segment counts as dropped. */
function emitInit(segment: u32): void {
  const isPassive = segmentIsPassive(segment);
  const start = at;
  if (isPassive) {
    setSegmentCode(segment, codeOffset());
    const bytes = segmentSize(segment);
    for (let i: u32 = 0; i < bytes; i++) emit8(load<u8>(segmentBytes(segment) + i));
  }
  setHelper(initHelper(segment));
  pushString();
  if (isPassive) {
    memoryAt(RBP, NO_REGISTER, 0, segmentSizeOffset(segment));
    withMemory(0, false, 0x8b, RSI);
  } else {
    loadConstant(RSI, 0, false);
  }
  checkRange(RDX);
  loadMemoryBytes();
  checkRange(RAX);
  addressOf(RDI, RAX);
  // lea rsi, [rip + distance to the bytes]
  emit8(0x48);
  emit8(0x8d);
  emit8(0x35);
  emit32(<i32>start - <i32>(at + 4));
  withRegister(0, true, 0x03, RSI, RDX);
  copyForward();
}
