// The objects of an image under construction, as plain data that refer to each other: no addresses. spurFile.ts lays
// them out. Encodes what Spur 64 has as immediates.

import {
  FORMAT_ARRAY,
  FORMAT_EMPTY,
  TAG_CHARACTER,
  TAG_SHIFT,
  TAG_SMALL_FLOAT,
  TAG_SMALL_INTEGER,
} from "../../../vm/layout.js";

/** A reference: an object, or the 64 bits of an immediate with its tag. */
export type Value = HeapObject | bigint;

export interface HeapObject {
  /** Its class, whose identity hash is its index in the class table; or a class index that names no class. */
  behavior: HeapObject | number;
  /** FORMAT_… of vm/layout.ts, without the bits for unused elements. */
  format: number;
  /** 22 bits, 0 for none so far. */
  hash: number;
  /** Of a method: its header and literals. */
  readonly slots: Value[];
  /** What follows the slots: elements that are no references, little-endian. */
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);
const SMALL_INTEGER_BITS = 61;
/** What the exponents of immediate floats lack (Spur64BitMemoryManager>>smallFloatTagBitsOf:). */
const SMALL_FLOAT_EXPONENT_OFFSET = 896n;
const SMALL_FLOAT_EXPONENTS = 256n;
const MANTISSA_BITS = 52n;

/** An object of references. */
export function pointersObject(behavior: HeapObject | number, format: number, slots: Value[], hash = 0): HeapObject {
  return { behavior, format, hash, slots, bytes: NO_BYTES };
}

/** An object of bytes, shorts or words, as its format says. */
export function rawObject(behavior: HeapObject | number, format: number, bytes: Uint8Array, hash = 0): HeapObject {
  return { behavior, format, hash, slots: [], bytes };
}

/** nil, false or true: an object without slots, whose class comes later. */
export function emptyObject(): HeapObject {
  return pointersObject(0, FORMAT_EMPTY, []);
}

export function arrayObject(arrayClass: HeapObject | number, slots: Value[]): HeapObject {
  return pointersObject(arrayClass, FORMAT_ARRAY, slots);
}

export function isSmallInteger(value: bigint): boolean {
  return BigInt.asIntN(SMALL_INTEGER_BITS, value) === value;
}

/** The oop of an integer, which must be a SmallInteger. */
export function smallInteger(value: bigint | number): bigint {
  const integer = BigInt(value);
  if (!isSmallInteger(integer)) throw new RangeError(`${integer} is no SmallInteger`);
  return BigInt.asUintN(64, (integer << BigInt(TAG_SHIFT)) | BigInt(TAG_SMALL_INTEGER));
}

export function character(codePoint: number): bigint {
  return (BigInt(codePoint) << BigInt(TAG_SHIFT)) | BigInt(TAG_CHARACTER);
}

/** The 64 bits of a float in IEEE 754. */
export function floatBits(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/**
 * The oop of an immediate float, or undefined where its exponent does not fit: the sign goes to the lowest bit and the
 * exponent loses 896; both zeros are immediate (Spur64BitMemoryManager>>isSmallFloatValue:, smallFloatObjectOf:).
 */
export function smallFloat(value: number): bigint | undefined {
  const bits = floatBits(value);
  const rotated = BigInt.asUintN(64, (bits << 1n) | (bits >> 63n));
  const tag = BigInt(TAG_SMALL_FLOAT);
  if (rotated <= 1n) return (rotated << BigInt(TAG_SHIFT)) | tag;
  const exponent = (bits >> MANTISSA_BITS) & 0x7ffn;
  const reduced = exponent - SMALL_FLOAT_EXPONENT_OFFSET;
  if (reduced < 0n || reduced >= SMALL_FLOAT_EXPONENTS) return undefined;
  const shifted = rotated - (SMALL_FLOAT_EXPONENT_OFFSET << (MANTISSA_BITS + 1n));
  // A mantissa of zero at the lowest exponent would be taken for zero.
  if (shifted <= 1n) return undefined;
  return (shifted << BigInt(TAG_SHIFT)) | tag;
}

/** Magnitude bytes of an integer, least significant first, without leading zeros. */
export function magnitudeBytes(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value < 0n ? -value : value; rest > 0n; rest >>= 8n) bytes.push(Number(rest & 0xffn));
  return Uint8Array.from(bytes);
}
