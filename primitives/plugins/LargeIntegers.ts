// LargeIntegers: arithmetic on the magnitudes of integers of any length, digit by digit; a digit is 32 bits, least first.
// Signs are the image's business: a result has the receiver's, or the one asked for. digits.ts does the arithmetic.
// Source: VMMaker, LargeIntegersPlugin.

import {
  Address,
  answer,
  answerBoolean,
  answerInteger,
  answerNew,
  argument,
  bodyOf,
  booleanArgument,
  byteAt,
  byteSize,
  CLASS_INDEX_ARRAY,
  CLASS_INDEX_LARGE_NEGATIVE,
  CLASS_INDEX_LARGE_POSITIVE,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_RECEIVER,
  ERROR_NO_MEMORY,
  fail,
  failed,
  integerArgument,
  isClassIndex,
  isSmallInteger,
  newArray,
  newBytes,
  newString,
  Oop,
  receiver,
  SCRATCH_BYTES,
  scratchMemory,
  smallInteger,
  smallIntegerValue,
  storePointer,
  succeeded,
} from "../../vm/plugin";
import { integerOopOf, takes } from "../operands";
import {
  addDigits,
  bitsOfDigits,
  compareDigits,
  digitAt,
  divideDigits,
  montgomeryMultiply,
  multiplyDigits,
  shiftDigitsLeft,
  shiftDigitsRight,
  subtractDigits,
  usedDigits,
} from "../digits";

/** Shifts beyond this ask for more memory than there is. */
const MAX_SHIFT: i64 = 1 << 34;

/** The sum of the magnitudes, with the receiver's sign. */
export function primDigitAdd(): void {
  if (!loadOperands()) return;
  const longest = max(firstDigits, secondDigits);
  const room = roomFor(longest + 1);
  if (room == 0) return;
  if (firstDigits >= secondDigits) addDigits(first, firstDigits, second, secondDigits, room);
  else addDigits(second, secondDigits, first, firstDigits, room);
  answerNew(normalized(room, longest + 1, firstIsNegative));
}

/** The difference of the magnitudes, with the receiver's sign, or the opposite one where the argument's is larger. */
export function primDigitSubtract(): void {
  if (!loadOperands()) return;
  firstDigits = usedDigits(first, firstDigits);
  secondDigits = usedDigits(second, secondDigits);
  const room = roomFor(max(firstDigits, secondDigits));
  if (room == 0) return;
  if (compareDigits(first, firstDigits, second, secondDigits) >= 0) {
    subtractDigits(first, firstDigits, second, secondDigits, room);
    answerNew(normalized(room, firstDigits, firstIsNegative));
  } else {
    subtractDigits(second, secondDigits, first, firstDigits, room);
    answerNew(normalized(room, secondDigits, !firstIsNegative));
  }
}

/** The product, negative if the second argument is true. */
export function primDigitMultiplyNegative(): void {
  const negative = negativeArgument();
  if (failed() || !loadOperands()) return;
  const room = roomFor(firstDigits + secondDigits);
  if (room == 0) return;
  if (firstDigits <= secondDigits) multiplyDigits(first, firstDigits, second, secondDigits, room);
  else multiplyDigits(second, secondDigits, first, firstDigits, room);
  answerNew(normalized(room, firstDigits + secondDigits, negative));
}

/**
 * An Array of quotient, negative if the second argument is true, and remainder with the receiver's sign. Neither is
 * normalized. Fails for a divisor of zero, and for operands with zero bytes at the end.
 */
export function primDigitDivNegative(): void {
  const negative = negativeArgument();
  if (failed() || !loadOperands()) return;
  if (isUnnormalized(receiver()) || isUnnormalized(argument(0)) || argument(0) == smallInteger(0)) return fail();
  if (firstDigits < secondDigits) return answerPair(smallInteger(0), receiver());

  const quotientDigits = firstDigits - secondDigits + 1;
  const quotient = newLarge(quotientDigits << 2, negative);
  // Scratch holds the shifted divisor, then the shifted dividend with one digit more: the remainder in the end.
  const room = quotient == 0 ? 0 : roomFor(secondDigits + firstDigits + 1);
  if (room == 0) return fail(ERROR_NO_MEMORY);
  const remainder = room + (secondDigits << 2);
  divideDigits(first, firstDigits, second, secondDigits, room, remainder, bodyOf(quotient));
  answerPair(quotient, trimmed(remainder, secondDigits, firstIsNegative));
}

/** bitAnd: of two non-negative integers. */
export function primDigitBitAnd(): void {
  combine(0);
}

/** bitOr: of two non-negative integers. */
export function primDigitBitOr(): void {
  combine(1);
}

/** bitXor: of two non-negative integers. */
export function primDigitBitXor(): void {
  combine(2);
}

/** The magnitude shifted to the left, or to the right by a negative count, with the receiver's sign. */
export function primDigitBitShiftMagnitude(): void {
  if (!takes(1)) return;
  const shift = integerArgument(0);
  if (failed() || !loadFirst()) return;
  const bits = <i64>bitsOfDigits(first, firstDigits);
  if (bits + shift <= 0 || bits == 0) return answer(smallInteger(0));
  if (shift > MAX_SHIFT) return fail(ERROR_NO_MEMORY);
  const digits = <u32>((bits + shift + 31) >> 5);
  const room = roomFor(digits);
  if (room == 0) return;
  if (shift >= 0) shiftDigitsLeft(first, firstDigits, <u64>shift, room, digits);
  else shiftDigitsRight(first, firstDigits, <u64>-shift, room, digits);
  answerNew(normalized(room, digits, firstIsNegative));
}

/** 1, 0 or -1: the receiver's magnitude is larger, the same or smaller. */
export function primDigitCompare(): void {
  if (!loadOperands()) return;
  const firstIsSmall = isSmallInteger(receiver());
  const secondIsSmall = isSmallInteger(argument(0));
  if (firstIsSmall != secondIsSmall) return answerInteger(firstIsSmall ? -1 : 1);
  answerInteger(compareDigits(first, usedDigits(first, firstDigits), second, usedDigits(second, secondDigits)));
}

/** Whether the magnitude has a bit set from one one-based position to another. */
export function primAnyBitFromTo(): void {
  if (!takes(2)) return;
  const from = integerArgument(0);
  const to = integerArgument(1);
  if (failed() || !loadFirst()) return;
  if (from < 1 || to < 1) return fail();
  const last = min(to, <i64>bitsOfDigits(first, firstDigits));
  answerBoolean(from <= last && hasBitBetween(<u32>(from - 1), <u32>(last - 1)));
}

/** Bits of a digit as montgomeryTimes counts them. */
export function primMontgomeryDigitLength(): void {
  answerInteger(32);
}

/** receiver * first argument * 2^-32n modulo the second argument of n digits; the third is -1 / modulus mod 2^32. */
export function primMontgomeryTimesModulo(): void {
  if (!takes(3)) return;
  const inverse = argument(2);
  if (!isSmallInteger(inverse) || <u64>smallIntegerValue(inverse) > u32.MAX_VALUE) return fail(ERROR_BAD_ARGUMENT);
  if (!loadOperands()) return;
  const modulus = digitsOf(argument(1), thirdSmall);
  const modulusDigits = digitCount;
  if (failed()) return fail(ERROR_BAD_ARGUMENT);
  if (firstDigits > modulusDigits || secondDigits > modulusDigits || secondDigits == 0) return fail();
  const room = roomFor(modulusDigits + 1);
  if (room == 0) return;
  const times = <u32>smallIntegerValue(inverse);
  montgomeryMultiply(first, firstDigits, second, secondDigits, modulus, modulusDigits, times, room);
  answerNew(normalized(room, modulusDigits, false));
}

/** A LargePositiveInteger without zero bytes at the end, as a SmallInteger where it is one. */
export function primNormalizePositive(): void {
  normalizeReceiver(CLASS_INDEX_LARGE_POSITIVE);
}

/** A LargeNegativeInteger in its shortest form. */
export function primNormalizeNegative(): void {
  normalizeReceiver(CLASS_INDEX_LARGE_NEGATIVE);
}

const moduleName: Address = <Address>(
  memory.data<u8>([0x4c, 0x61, 0x72, 0x67, 0x65, 0x49, 0x6e, 0x74, 0x65, 0x67, 0x65, 0x72, 0x73])
);

/** The module's name: images ask whether it is there. */
export function primGetModuleName(): void {
  answerNew(newString(moduleName, 13));
}

// Operands. A SmallInteger's magnitude is written out, so that all are digits in memory.

const firstSmall: Address = <Address>memory.data(8, 8);
const secondSmall: Address = <Address>memory.data(8, 8);
const thirdSmall: Address = <Address>memory.data(8, 8);

let first: Address = 0;
let firstDigits: u32 = 0;
let firstIsNegative: bool = false;
let second: Address = 0;
let secondDigits: u32 = 0;
let secondIsNegative: bool = false;

/** What `digitsOf` found beside the address. */
let digitCount: u32 = 0;
let isNegative: bool = false;

function loadFirst(): bool {
  first = digitsOf(receiver(), firstSmall);
  firstDigits = digitCount;
  firstIsNegative = isNegative;
  if (first == 0) fail(ERROR_BAD_RECEIVER);
  return succeeded();
}

function loadOperands(): bool {
  if (!loadFirst()) return false;
  second = digitsOf(argument(0), secondSmall);
  secondDigits = digitCount;
  secondIsNegative = isNegative;
  if (second == 0) fail(ERROR_BAD_ARGUMENT);
  return succeeded();
}

/** Where the digits of an integer are; `room` takes those of a SmallInteger. 0 for anything else. */
function digitsOf(oop: Oop, room: Address): Address {
  if (isSmallInteger(oop)) {
    const value = smallIntegerValue(oop);
    isNegative = value < 0;
    const magnitude: u64 = value < 0 ? -value : value;
    store<u64>(room, magnitude);
    digitCount = magnitude > u32.MAX_VALUE ? 2 : 1;
    return room;
  }
  isNegative = isClassIndex(oop, CLASS_INDEX_LARGE_NEGATIVE);
  if (!isNegative && !isClassIndex(oop, CLASS_INDEX_LARGE_POSITIVE)) return 0;
  digitCount = (byteSize(oop) + 3) >> 2;
  return bodyOf(oop);
}

function negativeArgument(): bool {
  return takes(2) && booleanArgument(1);
}

/** A large integer that has no bytes, or a last one of zero. */
function isUnnormalized(oop: Oop): bool {
  if (isSmallInteger(oop)) return false;
  const bytes = byteSize(oop);
  return bytes == 0 || byteAt(oop, bytes - 1) == 0;
}

function combine(operation: u32): void {
  if (!loadOperands()) return;
  if (firstIsNegative || secondIsNegative) return fail();
  const digits = max(firstDigits, secondDigits);
  const room = roomFor(digits);
  if (room == 0) return;
  for (let i: u32 = 0; i < digits; i++) {
    const a = i < firstDigits ? digitAt(first, i) : 0;
    const b = i < secondDigits ? digitAt(second, i) : 0;
    store<u32>(room + (i << 2), operation == 0 ? a & b : operation == 1 ? a | b : a ^ b);
  }
  answerNew(normalized(room, digits, false));
}

function hasBitBetween(from: u32, to: u32): bool {
  const lastDigit = to >> 5;
  for (let i = from >> 5; i <= lastDigit; i++) {
    let digit = digitAt(first, i);
    if (i == from >> 5) digit &= u32.MAX_VALUE << (from & 31);
    if (i == lastDigit) digit &= u32.MAX_VALUE >> (31 - (to & 31));
    if (digit != 0) return true;
  }
  return false;
}

function normalizeReceiver(classIndex: u32): void {
  const large = receiver();
  if (!isClassIndex(large, classIndex)) return fail(ERROR_BAD_RECEIVER);
  const digits = usedDigits(bodyOf(large), (byteSize(large) + 3) >> 2);
  const isShort = digits <= 2 || isUnnormalized(large);
  if (isShort) answerNew(normalized(bodyOf(large), digits, classIndex == CLASS_INDEX_LARGE_NEGATIVE));
}

// Results.

/** Room for so many digits while the primitive runs, 0 (and failed) without memory. Its content is undefined. */
function roomFor(digits: u32): Address {
  if (digits <= SCRATCH_BYTES >> 2) return scratchMemory();
  const object = digits >> 29 != 0 ? 0 : newBytes(digits << 2, CLASS_INDEX_LARGE_POSITIVE);
  if (object != 0) return bodyOf(object);
  fail(ERROR_NO_MEMORY);
  return 0;
}

/** The integer with these digits, small where it can be; 0 without memory. */
function normalized(digits: Address, count: u32, negative: bool): Oop {
  const used = usedDigits(digits, count);
  if (used > 2) return trimmed(digits, used, negative);
  const magnitude = (used > 1 ? (<u64>digitAt(digits, 1)) << 32 : 0) | (used > 0 ? digitAt(digits, 0) : 0);
  return integerOopOf(magnitude, negative);
}

/** A large integer, whatever its value, of the bytes in use. */
function trimmed(digits: Address, count: u32, negative: bool): Oop {
  const bytes = <u32>((bitsOfDigits(digits, count) + 7) >> 3);
  const large = newLarge(bytes, negative);
  if (large != 0) memory.copy(bodyOf(large), digits, bytes);
  return large;
}

function newLarge(bytes: u32, negative: bool): Oop {
  return newBytes(bytes, negative ? CLASS_INDEX_LARGE_NEGATIVE : CLASS_INDEX_LARGE_POSITIVE);
}

function answerPair(quotient: Oop, remainder: Oop): void {
  const pair = remainder == 0 ? 0 : newArray(2, CLASS_INDEX_ARRAY);
  if (pair == 0) return fail(ERROR_NO_MEMORY);
  storePointer(0, pair, quotient);
  storePointer(1, pair, remainder);
  answer(pair);
}
