// Arithmetic on runs of 32-bit digits in memory, least significant first: the inner loops of LargeIntegers, which is why
// they load and store themselves. Lengths count digits. Knuth, The Art of Computer Programming, volume 2, 4.3.1.

import { Address } from "../vm/plugin";

// @ts-ignore: decorator
@inline
export function digitAt(digits: Address, index: u32): u32 {
  return load<u32>(digits + (index << 2));
}

// @ts-ignore: decorator
@inline
function setDigit(digits: Address, index: u32, value: u32): void {
  store<u32>(digits + (index << 2), value);
}

/** Digits up to the last that is not zero. */
export function usedDigits(digits: Address, count: u32): u32 {
  while (count > 0 && digitAt(digits, count - 1) == 0) count--;
  return count;
}

/** Bits up to the last that is set. */
export function bitsOfDigits(digits: Address, count: u32): u64 {
  const used = usedDigits(digits, count);
  return used == 0 ? 0 : ((<u64>used) << 5) - <u64>clz(digitAt(digits, used - 1));
}

/** 1, 0 or -1 for two magnitudes without zero digits at the end. */
export function compareDigits(a: Address, aCount: u32, b: Address, bCount: u32): i32 {
  if (aCount != bCount) return aCount > bCount ? 1 : -1;
  for (let i = aCount; i > 0; i--) {
    const x = digitAt(a, i - 1);
    const y = digitAt(b, i - 1);
    if (x != y) return x > y ? 1 : -1;
  }
  return 0;
}

/** long + short, into one digit more than long has. */
export function addDigits(long: Address, longCount: u32, short: Address, shortCount: u32, result: Address): void {
  let carry: u64 = 0;
  for (let i: u32 = 0; i < shortCount; i++) {
    carry += <u64>digitAt(long, i) + digitAt(short, i);
    setDigit(result, i, <u32>carry);
    carry >>= 32;
  }
  for (let i = shortCount; i < longCount; i++) {
    carry += digitAt(long, i);
    setDigit(result, i, <u32>carry);
    carry >>= 32;
  }
  setDigit(result, longCount, <u32>carry);
}

/** larger - smaller, into as many digits as larger has. */
export function subtractDigits(
  larger: Address,
  largerCount: u32,
  smaller: Address,
  smallerCount: u32,
  result: Address,
): void {
  let borrow: i64 = 0;
  for (let i: u32 = 0; i < largerCount; i++) {
    borrow += <i64>digitAt(larger, i) - (i < smallerCount ? <i64>digitAt(smaller, i) : 0);
    setDigit(result, i, <u32>borrow);
    borrow >>= 32;
  }
}

/** short * long, into the digits of both together. */
export function multiplyDigits(short: Address, shortCount: u32, long: Address, longCount: u32, result: Address): void {
  memory.fill(result, 0, (shortCount + longCount) << 2);
  for (let i: u32 = 0; i < shortCount; i++) {
    const factor = <u64>digitAt(short, i);
    if (factor == 0) continue;
    let carry: u64 = 0;
    let place = result + (i << 2);
    for (let digit = long, end = long + (longCount << 2); digit < end; digit += 4, place += 4) {
      carry += factor * load<u32>(digit) + load<u32>(place);
      store<u32>(place, <u32>carry);
      carry >>= 32;
    }
    store<u32>(place, <u32>carry);
  }
}

/** digits << shift, into `resultCount` digits, which hold it. */
export function shiftDigitsLeft(digits: Address, count: u32, shift: u64, result: Address, resultCount: u32): void {
  const whole = <u32>(shift >> 5);
  const bits = <u64>(shift & 31);
  memory.fill(result, 0, min(whole, resultCount) << 2);
  let carry: u64 = 0;
  for (let i = whole; i < resultCount; i++) {
    const index = i - whole;
    carry |= index < count ? (<u64>digitAt(digits, index)) << bits : 0;
    setDigit(result, i, <u32>carry);
    carry >>= 32;
  }
}

/** digits >> shift, into `resultCount` digits. */
export function shiftDigitsRight(digits: Address, count: u32, shift: u64, result: Address, resultCount: u32): void {
  const whole = <u32>(shift >> 5);
  const bits = <u64>(shift & 31);
  for (let i: u32 = 0; i < resultCount; i++) {
    const index = i + whole;
    const low = index < count ? <u64>digitAt(digits, index) : 0;
    const high = index + 1 < count ? <u64>digitAt(digits, index + 1) : 0;
    setDigit(result, i, <u32>(((high << 32) | low) >> bits));
  }
}

/**
 * dividend / divisor: the quotient into dividendCount - divisorCount + 1 zero digits, the remainder into the first
 * divisorCount digits of `remainder`. The divisor's last digit is not zero; `scaled` takes its digits, `remainder` one
 * more than the dividend has.
 */
export function divideDigits(
  dividend: Address,
  dividendCount: u32,
  divisor: Address,
  divisorCount: u32,
  scaled: Address,
  remainder: Address,
  quotient: Address,
): void {
  const shift = <u64>clz(digitAt(divisor, divisorCount - 1));
  shiftDigitsLeft(divisor, divisorCount, shift, scaled, divisorCount);
  shiftDigitsLeft(dividend, dividendCount, shift, remainder, dividendCount + 1);
  for (let i = dividendCount - divisorCount + 1; i > 0; i--) {
    const part = remainder + ((i - 1) << 2);
    let digit = estimateDigit(part, scaled, divisorCount);
    if (digit != 0 && subtractMultiple(part, scaled, divisorCount, digit)) {
      digit--;
      addBack(part, scaled, divisorCount);
    }
    setDigit(quotient, i - 1, <u32>digit);
  }
  shiftDigitsRight(remainder, divisorCount, shift, remainder, divisorCount);
}

/** The quotient of the top digits of a part by the divisor: right, or one too large. */
function estimateDigit(part: Address, divisor: Address, count: u32): u64 {
  const top = ((<u64>digitAt(part, count)) << 32) | digitAt(part, count - 1);
  const first = <u64>digitAt(divisor, count - 1);
  let digit = top / first;
  let rest = top % first;
  const second = count > 1 ? <u64>digitAt(divisor, count - 2) : 0;
  const third = count > 1 ? <u64>digitAt(part, count - 2) : 0;
  while (digit >> 32 != 0 || digit * second > ((rest << 32) | third)) {
    digit--;
    rest += first;
    if (rest >> 32 != 0) break;
  }
  return digit;
}

/** part -= digit * divisor; answers whether that went below zero. */
function subtractMultiple(part: Address, divisor: Address, count: u32, digit: u64): bool {
  let carry: u64 = 0;
  let borrow: i64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    carry += digit * digitAt(divisor, i);
    borrow += <i64>digitAt(part, i) - <i64>(carry & u32.MAX_VALUE);
    setDigit(part, i, <u32>borrow);
    borrow >>= 32;
    carry >>= 32;
  }
  borrow += <i64>digitAt(part, count) - <i64>carry;
  setDigit(part, count, <u32>borrow);
  return borrow < 0;
}

function addBack(part: Address, divisor: Address, count: u32): void {
  let carry: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    carry += <u64>digitAt(part, i) + digitAt(divisor, i);
    setDigit(part, i, <u32>carry);
    carry >>= 32;
  }
  setDigit(part, count, digitAt(part, count) + <u32>carry);
}

/**
 * a * b * 2^(-32 count) modulo a modulus of `count` digits, into count + 1 digits of `result`. P. L. Montgomery,
 * "Modular multiplication without trial division", 1985; `inverse` is -1 / modulus modulo 2^32.
 */
export function montgomeryMultiply(
  a: Address,
  aCount: u32,
  b: Address,
  bCount: u32,
  modulus: Address,
  count: u32,
  inverse: u32,
  result: Address,
): void {
  memory.fill(result, 0, (count + 1) << 2);
  for (let i: u32 = 0; i < count; i++) {
    const factor = i < aCount ? digitAt(a, i) : 0;
    const quotient = (digitAt(result, 0) + factor * digitAt(b, 0)) * inverse;
    let product: u64 = 0;
    let reduction: u64 = 0;
    for (let k: u32 = 0; k < count; k++) {
      product += (k < bCount ? <u64>factor * digitAt(b, k) : 0) + digitAt(result, k);
      reduction += <u64>quotient * digitAt(modulus, k) + (product & u32.MAX_VALUE);
      if (k > 0) setDigit(result, k - 1, <u32>reduction);
      product >>= 32;
      reduction >>= 32;
    }
    reduction += product + digitAt(result, count);
    setDigit(result, count - 1, <u32>reduction);
    setDigit(result, count, <u32>(reduction >> 32));
  }
  const isBelow = digitAt(result, count) == 0 && isLess(result, modulus, count);
  if (!isBelow) subtractDigits(result, count, modulus, count, result);
}

function isLess(a: Address, b: Address, count: u32): bool {
  for (let i = count; i > 0; i--) {
    if (digitAt(a, i - 1) != digitAt(b, i - 1)) return digitAt(a, i - 1) < digitAt(b, i - 1);
  }
  return false;
}
