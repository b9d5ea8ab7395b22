// Arithmetic and comparison of the special bytecodes beyond the SmallInteger cases that the loop does itself. Each
// answers an oop, or 0 where the message must be sent.

import { CLASS_INDEX_FLOAT } from "../layout";
import { newFloat } from "../memory/allocation";
import { classIndexOf } from "../memory/header";
import { bodyOf } from "../memory/object";
import {
  Address,
  areSmallIntegers,
  fitsSmallInteger,
  isObject,
  isSmallFloat,
  isSmallInteger,
  Oop,
  smallFloatValue,
  smallInteger,
  smallIntegerValue,
} from "../memory/oop";

export const FLOAT_ADD: u32 = 0;
export const FLOAT_SUBTRACT: u32 = 1;
export const FLOAT_MULTIPLY: u32 = 2;
export const FLOAT_DIVIDE: u32 = 3;

export const COMPARE_LESS: u32 = 0;
export const COMPARE_GREATER: u32 = 1;
export const COMPARE_LESS_OR_EQUAL: u32 = 2;
export const COMPARE_GREATER_OR_EQUAL: u32 = 3;
export const COMPARE_EQUAL: u32 = 4;
export const COMPARE_NOT_EQUAL: u32 = 5;

let converted: f64 = 0;

/** Whether an oop is a Float or a SmallInteger; its value is in `converted` then. */
function convert(oop: Oop): bool {
  if (isSmallFloat(oop)) {
    converted = smallFloatValue(oop);
    return true;
  }
  if (isSmallInteger(oop)) {
    converted = <f64>smallIntegerValue(oop);
    return true;
  }
  if (!isObject(oop) || classIndexOf(<Address>oop) != CLASS_INDEX_FLOAT) return false;
  converted = load<f64>(bodyOf(oop));
  return true;
}

/** Float arithmetic where at least one operand is a Float; division by zero is sent. */
export function floatArithmetic(operation: u32, a: Oop, b: Oop): Oop {
  if (!convert(a)) return 0;
  const x = converted;
  if (!convert(b)) return 0;
  const y = converted;
  switch (operation) {
    case FLOAT_ADD:
      return newFloat(x + y);
    case FLOAT_SUBTRACT:
      return newFloat(x - y);
    case FLOAT_MULTIPLY:
      return newFloat(x * y);
    default:
      return y == 0 ? 0 : newFloat(x / y);
  }
}

/** 1 or 0 for numbers that can be compared as floats, at least one being a Float; -1 for a send. */
export function compareNumbers(comparison: u32, a: Oop, b: Oop): i32 {
  // A SmallInteger beyond 2^53 against a Float is compared exactly, by the image's own code.
  if (!convert(a) || (isSmallInteger(a) && !isExact(smallIntegerValue(a)))) return -1;
  const x = converted;
  if (!convert(b) || (isSmallInteger(b) && !isExact(smallIntegerValue(b)))) return -1;
  const y = converted;
  switch (comparison) {
    case COMPARE_LESS:
      return i32(x < y);
    case COMPARE_GREATER:
      return i32(x > y);
    case COMPARE_LESS_OR_EQUAL:
      return i32(x <= y);
    case COMPARE_GREATER_OR_EQUAL:
      return i32(x >= y);
    case COMPARE_EQUAL:
      return i32(x == y);
    default:
      return i32(x != y);
  }
}

function isExact(value: i64): bool {
  return <i64>(<f64>value) == value;
}

/** The product of two SmallIntegers, or 0 where it is no SmallInteger. */
export function productOf(a: Oop, b: Oop): Oop {
  const x = smallIntegerValue(a);
  const y = smallIntegerValue(b);
  const product = x * y;
  if (<i64>(<i32>x) != x || <i64>(<i32>y) != y) {
    if (x != 0 && (product / x != y || (x == -1 && y == i64.MIN_VALUE))) return 0;
  }
  return fitsSmallInteger(product) ? smallInteger(product) : 0;
}

/** The quotient of two SmallIntegers where it is a whole number that fits. */
export function exactQuotientOf(a: Oop, b: Oop): Oop {
  const x = smallIntegerValue(a);
  const y = smallIntegerValue(b);
  if (y == 0 || x % y != 0) return 0;
  return fitsSmallInteger(x / y) ? smallInteger(x / y) : 0;
}

/** `//`, rounding down. */
export function floorQuotientOf(a: Oop, b: Oop): Oop {
  if (!areSmallIntegers(a, b)) return 0;
  const x = smallIntegerValue(a);
  const y = smallIntegerValue(b);
  if (y == 0) return 0;
  const quotient = x / y;
  const floored = x % y != 0 && x < 0 != y < 0 ? quotient - 1 : quotient;
  return fitsSmallInteger(floored) ? smallInteger(floored) : 0;
}

/** `\\\\`, with the divisor's sign. */
export function floorModuloOf(a: Oop, b: Oop): Oop {
  if (!areSmallIntegers(a, b)) return 0;
  const x = smallIntegerValue(a);
  const y = smallIntegerValue(b);
  if (y == 0) return 0;
  const remainder = x % y;
  return smallInteger(remainder != 0 && remainder < 0 != y < 0 ? remainder + y : remainder);
}

/** `bitShift:` of SmallIntegers where no bit is lost to the left. */
export function shiftOf(a: Oop, b: Oop): Oop {
  if (!areSmallIntegers(a, b)) return 0;
  const x = smallIntegerValue(a);
  const shift = smallIntegerValue(b);
  if (shift < 0) return smallInteger(x >> min<i64>(-shift, 63));
  if (shift > 60) return x == 0 ? a : 0;
  const shifted = x << shift;
  return shifted >> shift == x && fitsSmallInteger(shifted) ? smallInteger(shifted) : 0;
}
