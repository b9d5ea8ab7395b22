// DSAPrims: the inner loops of the Digital Signature Algorithm: SHA-1 (FIPS 180-1) by blocks, and long multiplication and
// division in place, byte by byte. Source: VMMaker, DSAPlugin. Words and bytes are loaded and stored here: inner loops.

import {
  Address,
  answerBoolean,
  answerInteger,
  argument,
  bodyOf,
  byteSize,
  CLASS_INDEX_LARGE_POSITIVE,
  elementCountOf,
  ERROR_BAD_ARGUMENT,
  ERROR_NO_MODIFICATION,
  fail,
  failed,
  FORMAT_BYTES,
  FORMAT_WORDS32,
  formatOf,
  isClassIndex,
  isObject,
  isReadOnly,
  Oop,
} from "../../vm/plugin";
import { takes } from "../operands";

const BLOCK_BYTES: u32 = 64;
const SCHEDULE_WORDS: u32 = 80;
const STATE_WORDS: u32 = 5;

/** Whether there are the primitives of SHA-1. */
export function primitiveHasSecureHashPrimitive(): void {
  answerBoolean(true);
}

/** expandBlock: 64 bytes into: 80 words, the schedule of a round of SHA-1. */
export function primitiveExpandBlock(): void {
  if (!takes(2)) return;
  const block = argument(0);
  const schedule = argument(1);
  if (!isObject(block) || formatOf(<Address>block) < FORMAT_BYTES || byteSize(block) != BLOCK_BYTES) {
    return fail(ERROR_BAD_ARGUMENT);
  }
  if (!isWords(schedule, SCHEDULE_WORDS)) return fail(ERROR_BAD_ARGUMENT);
  if (isReadOnly(<Address>schedule)) return fail(ERROR_NO_MODIFICATION);
  const words = bodyOf(schedule);
  for (let at: u32 = 0; at < BLOCK_BYTES; at += 4) store<u32>(words + at, bswap(load<u32>(bodyOf(block) + at)));
  for (let at: u32 = BLOCK_BYTES; at < SCHEDULE_WORDS << 2; at += 4) {
    const place = words + at;
    const mixed = load<u32>(place - 12) ^ load<u32>(place - 32) ^ load<u32>(place - 56) ^ load<u32>(place - 64);
    store<u32>(place, rotl(mixed, 1));
  }
}

/** hashBlock: 80 words using: 5 words of state, which are brought on. */
export function primitiveHashBlock(): void {
  if (!takes(2)) return;
  const schedule = argument(0);
  const state = argument(1);
  if (!isWords(schedule, SCHEDULE_WORDS) || !isWords(state, STATE_WORDS)) return fail(ERROR_BAD_ARGUMENT);
  if (isReadOnly(<Address>state)) return fail(ERROR_NO_MODIFICATION);
  const place = bodyOf(state);
  let a = load<u32>(place);
  let b = load<u32>(place, 4);
  let c = load<u32>(place, 8);
  let d = load<u32>(place, 12);
  let e = load<u32>(place, 16);
  for (let i: u32 = 0; i < SCHEDULE_WORDS; i++) {
    const next = rotl(a, 5) + mix(i, b, c, d) + e + load<u32>(bodyOf(schedule) + (i << 2));
    e = d;
    d = c;
    c = rotl(b, 30);
    b = a;
    a = next;
  }
  store<u32>(place, load<u32>(place) + a);
  store<u32>(place, load<u32>(place, 4) + b, 4);
  store<u32>(place, load<u32>(place, 8) + c, 8);
  store<u32>(place, load<u32>(place, 12) + d, 12);
  store<u32>(place, load<u32>(place, 16) + e, 16);
}

/** The one-based place of the last byte that is not zero in a LargePositiveInteger; 1 where all are. */
export function primitiveHighestNonZeroDigitIndex(): void {
  if (!takes(1)) return;
  const large = largeArgument(0);
  if (failed()) return;
  let index = byteSize(large);
  while (index > 1 && load<u8>(bodyOf(large) + index - 1) == 0) index--;
  answerInteger(max<u32>(index, 1));
}

/** bigMultiply: f1 with: f2 into: product, which starts out zero and has the bytes of both together. */
export function primitiveBigMultiply(): void {
  if (!takes(3)) return;
  const first = largeArgument(0);
  const second = largeArgument(1);
  const product = largeArgument(2);
  if (failed()) return;
  if (byteSize(product) != byteSize(first) + byteSize(second)) return fail(ERROR_BAD_ARGUMENT);
  if (isReadOnly(<Address>product)) return fail(ERROR_NO_MODIFICATION);
  for (let i: u32 = 0; i < byteSize(first); i++) {
    const digit = <u32>load<u8>(bodyOf(first) + i);
    if (digit == 0) continue;
    let carry: u32 = 0;
    let place = bodyOf(product) + i;
    for (let j: u32 = 0; j < byteSize(second); j++, place++) {
      carry += digit * load<u8>(bodyOf(second) + j) + load<u8>(place);
      store<u8>(place, <u8>carry);
      carry >>= 8;
    }
    store<u8>(place, <u8>carry);
  }
}

/** bigDivide: remainder by: divisor into: quotient, which starts out zero; the divisor's highest bit is set. */
export function primitiveBigDivide(): void {
  if (!takes(3)) return;
  const remainder = largeArgument(0);
  const divisor = largeArgument(1);
  const quotient = largeArgument(2);
  if (failed()) return;
  if (isReadOnly(<Address>remainder) || isReadOnly(<Address>quotient)) return fail(ERROR_NO_MODIFICATION);
  const count = byteSize(divisor);
  const size = byteSize(remainder);
  if (count < 2 || load<u8>(bodyOf(divisor) + count - 1) == 0) return fail(ERROR_BAD_ARGUMENT);
  if (size > count && byteSize(quotient) < size - count) return fail(ERROR_BAD_ARGUMENT);
  for (let top = size; top > count; top--) {
    const part = bodyOf(remainder) + top - 1 - count;
    let digit = estimateDigit(part, bodyOf(divisor), count);
    if (digit > 0 && subtractMultiple(part, bodyOf(divisor), count, digit)) {
      digit--;
      addBack(part, bodyOf(divisor), count);
    }
    store<u8>(bodyOf(quotient) + top - 1 - count, <u8>digit);
  }
}

/** Function and constant of a step of SHA-1. */
// @ts-ignore: decorator
@inline
function mix(step: u32, b: u32, c: u32, d: u32): u32 {
  if (step < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (step < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (step < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

/** The quotient digit of a part, count + 1 bytes, by the divisor: right, or one too large. */
function estimateDigit(part: Address, divisor: Address, count: u32): u32 {
  const first = <u32>load<u8>(divisor + count - 1);
  const second = <u32>load<u8>(divisor + count - 2);
  const top = ((<u32>load<u8>(part + count)) << 8) | load<u8>(part + count - 1);
  const third = <u32>load<u8>(part + count - 2);
  let digit = min<u32>(top / first, 255);
  for (let i = 0; i < 2 && second * digit > ((top - digit * first) << 8) + third; i++) digit--;
  return digit;
}

/** part -= digit * divisor; answers whether that went below zero. */
function subtractMultiple(part: Address, divisor: Address, count: u32, digit: u32): bool {
  let borrow: i32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    borrow += <i32>load<u8>(part + i) - <i32>(digit * load<u8>(divisor + i));
    store<u8>(part + i, <u8>borrow);
    borrow >>= 8;
  }
  borrow += load<u8>(part + count);
  store<u8>(part + count, <u8>borrow);
  return borrow < 0;
}

function addBack(part: Address, divisor: Address, count: u32): void {
  let carry: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    carry += <u32>load<u8>(part + i) + load<u8>(divisor + i);
    store<u8>(part + i, <u8>carry);
    carry >>= 8;
  }
  store<u8>(part + count, <u8>(load<u8>(part + count) + carry));
}

function largeArgument(index: u32): Oop {
  const large = argument(index);
  if (isClassIndex(large, CLASS_INDEX_LARGE_POSITIVE)) return large;
  fail(ERROR_BAD_ARGUMENT);
  return 0;
}

function isWords(oop: Oop, count: u32): bool {
  return isObject(oop) && (formatOf(<Address>oop) & ~1) == FORMAT_WORDS32 && elementCountOf(oop) == count;
}
