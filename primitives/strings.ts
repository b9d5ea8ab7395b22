// Primitives 156, 158 and 159: comparing bytes, and a step of hashing.
// Source: VMMaker, InterpreterPrimitives; 156: StackInterpreter>>primitiveCompareBytes.

import {
  Address,
  answerBoolean,
  answerInteger,
  argument,
  argumentCount,
  byteAt,
  byteSize,
  CLASS_INDEX_LARGE_POSITIVE,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_ARGUMENT_COUNT,
  ERROR_BAD_RECEIVER,
  fail,
  fetchWord32,
  FORMAT_BYTES,
  FORMAT_SHORTS,
  FORMAT_WORDS32,
  FORMAT_WORDS64,
  formatOf,
  isClassIndex,
  isObject,
  isSmallInteger,
  nil,
  Oop,
  receiver,
  smallIntegerValue,
} from "../vm/plugin";
import { fromTop, takes } from "./operands";

const HASH_FACTOR: u32 = 1664525;
const HASH_BITS: u32 = 0xfffffff;

/** 156: whether two objects of bytes, or two of words of the same width, have the same content. */
export function primitiveCompareBytes(): void {
  if (!takes(1)) return;
  if (receiver() == argument(0)) return answerBoolean(true);
  const width = elementWidth(receiver());
  if (width == 0 || width != elementWidth(argument(0))) return fail();
  answerBoolean(byteSize(receiver()) == byteSize(argument(0)) && difference(receiver(), argument(0), nil) == 0);
}

/** 158: negative, zero or positive: the receiver sorts before, with or after the argument, by bytes or a table of 256. */
export function primitiveStringCompareWith(): void {
  if (argumentCount != 1 && argumentCount != 2) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const order = argumentCount == 2 ? argument(1) : nil;
  if (order != nil && (!hasBytes(order) || byteSize(order) != 256)) return fail(ERROR_BAD_ARGUMENT);
  if (!hasBytes(receiver()) || !hasBytes(argument(0))) return fail(ERROR_BAD_ARGUMENT);
  answerInteger(difference(receiver(), argument(0), order));
}

/** 159: the receiver times a constant, 28 bits of it. */
export function primitiveHashMultiply(): void {
  const value = fromTop(0);
  if (isSmallInteger(value)) return answerHash(<u32>smallIntegerValue(value));
  if (!isClassIndex(value, CLASS_INDEX_LARGE_POSITIVE)) return fail(ERROR_BAD_RECEIVER);
  answerHash(fetchWord32(0, value));
}

function answerHash(value: u32): void {
  answerInteger((value * HASH_FACTOR) & HASH_BITS);
}

/** Of the first bytes that differ, taken through the table unless it is nil, else of the sizes. */
function difference(first: Oop, second: Oop, order: Oop): i64 {
  const length = min(byteSize(first), byteSize(second));
  for (let i: u32 = 0; i < length; i++) {
    let a = byteAt(first, i);
    let b = byteAt(second, i);
    if (order != nil) {
      a = byteAt(order, a);
      b = byteAt(order, b);
    }
    if (a != b) return <i64>a - <i64>b;
  }
  return <i64>byteSize(first) - <i64>byteSize(second);
}

/** Bits of an element of raw bits; 0 for any other object. */
function elementWidth(oop: Oop): u32 {
  if (!isObject(oop)) return 0;
  const format = formatOf(<Address>oop);
  if (format >= FORMAT_BYTES) return 8;
  if (format >= FORMAT_SHORTS) return 16;
  if (format >= FORMAT_WORDS32) return 32;
  return format == FORMAT_WORDS64 ? 64 : 0;
}

/** Bytes, of compiled methods too (SpurMemoryManager>>isBytes:). */
function hasBytes(oop: Oop): bool {
  return isObject(oop) && formatOf(<Address>oop) >= FORMAT_BYTES;
}
