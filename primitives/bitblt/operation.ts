// One copy operation: what a BitBlt asks for, and what clipping and set-up make of it. There is one, at a fixed place;
// the engine reads and writes its fields, so tests drive the engine on plain memory without any object.

import { Address, Oop } from "../../vm/plugin";

/** A colour map is given. */
export const MAP_PRESENT: u32 = 1;
/** It moves the colour components by shifts and masks. */
export const MAP_FIXED: u32 = 2;
/** It looks the pixel up in a table. */
export const MAP_INDEXED: u32 = 4;
/** It is a ColorMap: its shifts and masks stand for themselves, none are derived from the depths. */
export const MAP_NEW_STYLE: u32 = 8;

export const LAST_RULE: i64 = 41;

/** Pixels in memory: 32-bit words, rows filled up to whole words; the first pixel is in a word's highest or lowest bits. */
@unmanaged
export class Pixels {
  bits: Address;
  /** Bytes from one row to the next. */
  pitch: u32;
  width: i32;
  height: i32;
  /** Bits of a pixel: 1, 2, 4, 8, 16 or 32. */
  depth: u32;
  perWord: i32;
  bigEndian: bool;
}

@unmanaged
export class Operation {
  // What is asked for.
  rule: u32;
  noSource: bool;
  /** Source and destination are one Form, so the order of copying matters. */
  sameForm: bool;
  destX: i64;
  destY: i64;
  width: i64;
  height: i64;
  sourceX: i64;
  sourceY: i64;
  clipX: i64;
  clipY: i64;
  clipWidth: i64;
  clipHeight: i64;
  halftoneBits: Address;
  /** Words of the halftone, one a row; 0 without one. */
  halftoneHeight: u32;
  /** MAP_… flags. */
  mapFlags: u32;
  mapShifts: Address;
  mapMasks: Address;
  mapTable: Address;
  /** Entries of the table, a power of two, less one. */
  mapMask: u32;
  /** Bits of each colour in an index of the table, where that is made from a colour: 3, 4 or 5; else 0. */
  mapBitsPerColor: u32;
  /** Of rules 30 and 31, 0 to 255. */
  alpha: u32;
  /** Of rule 41: colour, its alpha, and tables of 256 bytes or 0. */
  componentColor: u32;
  componentAlpha: u32;
  gammaTable: Address;
  ungammaTable: Address;

  // After clipping.
  x: i32;
  y: i32;
  fromX: i32;
  fromY: i32;
  columns: i32;
  rows: i32;

  // While copying.
  /** The bits of the first and of the last word of a row that belong to the rectangle; the first serves alone if one. */
  firstMask: u32;
  lastMask: u32;
  words: i32;
  /** The mask of the word that a rule is applied to now. */
  mask: u32;
  rightToLeft: bool;
  bottomUp: bool;

  // What comes out.
  /** Of rules 22 and 32: the differences. */
  bitCount: i64;
  left: i32;
  top: i32;
  right: i32;
  bottom: i32;

  destForm: Oop;
}

/** The operation, the destination's pixels and the source's. */
export const blit = changetype<Operation>(memory.data(offsetof<Operation>(), 8));
export const dest = changetype<Pixels>(memory.data(offsetof<Pixels>(), 8));
export const source = changetype<Pixels>(memory.data(offsetof<Pixels>(), 8));

/** A mask of the low `depth` bits. */
// @ts-ignore: decorator
@inline
export function pixelMask(depth: u32): u32 {
  return (<u32>0xffffffff) >> (32 - depth);
}

/** Log2 of a depth. */
// @ts-ignore: decorator
@inline
export function depthShift(depth: u32): u32 {
  return ctz(depth);
}

export function isDepth(depth: i64): bool {
  return depth > 0 && depth <= 32 && (depth & (depth - 1)) == 0;
}

/** Describes pixels of which depth (negative: first pixel in the low bits), width and height are good. */
export function setPixels(pixels: Pixels, bits: Address, width: i32, height: i32, depth: i32): void {
  pixels.bigEndian = depth > 0;
  pixels.depth = abs(depth);
  pixels.perWord = 32 / <i32>pixels.depth;
  pixels.pitch = rowBytes(width, pixels.depth);
  pixels.bits = bits;
  pixels.width = width;
  pixels.height = height;
}

/** Bytes of a row of `width` pixels. */
export function rowBytes(width: i32, depth: u32): u32 {
  return <u32>(((<u64>width * depth + 31) >> 5) << 2);
}

/** The affected rectangle as nothing. */
export function clearAffected(): void {
  blit.left = 0;
  blit.top = 0;
  blit.right = 0;
  blit.bottom = 0;
}

/** The affected rectangle as the clipped one. */
export function setAffected(): void {
  blit.left = blit.x;
  blit.top = blit.y;
  blit.right = blit.x + blit.columns;
  blit.bottom = blit.y + blit.rows;
}
