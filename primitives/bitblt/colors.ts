// Colours between depths: colour maps of both kinds, expansion and reduction of components, dithering.
// The tables it reads are words of Smalltalk objects, so it uses load and store on their addresses.

import { Address } from "../../vm/plugin";
import { blit, dest, MAP_FIXED, MAP_INDEXED, MAP_PRESENT, source } from "./operation";

const DERIVED_SHIFTS: Address = memory.data(16, 4);
const DERIVED_MASKS: Address = memory.data(16, 4);

/** A pixel of the source as the colour map makes it. BitBltSimulation>>mapPixel:flags: */
export function mapPixel(pixel: u32): u32 {
  const flags = blit.mapFlags;
  if ((flags & MAP_PRESENT) == 0) return pixel;
  let mapped = pixel;
  if ((flags & MAP_FIXED) != 0) {
    mapped = moveComponents(pixel);
    // A colour does not become transparent by losing bits.
    if (mapped == 0 && pixel != 0) mapped = 1;
  }
  return (flags & MAP_INDEXED) != 0 ? tableEntry(mapped) : mapped;
}

/** An entry of the colour map's table. */
// @ts-ignore: decorator
@inline
export function tableEntry(index: u32): u32 {
  return load<u32>(blit.mapTable + ((index & blit.mapMask) << 2));
}

/** Adds one to an entry of the colour map's table, for the rules that tally. */
// @ts-ignore: decorator
@inline
export function countTableEntry(index: u32): void {
  const entry = blit.mapTable + ((index & blit.mapMask) << 2);
  store<u32>(entry, load<u32>(entry) + 1);
}

/** BitBltSimulation>>rgbMapPixel:flags: */
function moveComponents(pixel: u32): u32 {
  return moveComponent(pixel, 0) | moveComponent(pixel, 4) | moveComponent(pixel, 8) | moveComponent(pixel, 12);
}

// @ts-ignore: decorator
@inline
function moveComponent(pixel: u32, offset: u32): u32 {
  const bits = pixel & load<u32>(blit.mapMasks + offset);
  const shift = load<i32>(blit.mapShifts + offset);
  return shift < 0 ? bits >> -shift : bits << shift;
}

/** Whether shifts and masks (0: absent) leave every pixel as it is. BitBltSimulation>>isIdentityMap:with: */
export function isIdentityMap(shifts: Address, masks: Address): bool {
  if (shifts == 0 || masks == 0) return true;
  if ((load<u64>(shifts) | load<u64>(shifts, 8)) != 0) return false;
  return (
    load<u32>(masks) == 0xff0000 &&
    load<u32>(masks, 4) == 0xff00 &&
    load<u32>(masks, 8) == 0xff &&
    load<u32>(masks, 12) == 0xff000000
  );
}

/** Derives shifts and masks from the depths of source and destination or table. BitBltSimulation>>setupColorMasks */
export function setUpColorMasks(): void {
  if (source.depth <= 8) return;
  let target = blit.mapBitsPerColor;
  if (target == 0) {
    if (dest.depth <= 8) return;
    target = dest.depth == 16 ? 5 : 8;
  }
  setUpColorMasksFrom(source.depth == 16 ? 5 : 8, target);
}

/** Derives shifts and masks between bits per colour. BitBltSimulation>>setupColorMasksFrom:to: */
export function setUpColorMasksFrom(sourceBits: u32, targetBits: u32): void {
  const delta = <i32>targetBits - <i32>sourceBits;
  if (delta == 0) return;
  const drop: u32 = delta < 0 ? <u32>-delta : 0;
  const mask: u32 = (1 << min(sourceBits, targetBits)) - 1;
  store<u32>(DERIVED_MASKS, mask << (sourceBits * 2 + drop));
  store<u32>(DERIVED_MASKS, mask << (sourceBits + drop), 4);
  store<u32>(DERIVED_MASKS, mask << drop, 8);
  store<u32>(DERIVED_MASKS, 0, 12);
  store<i32>(DERIVED_SHIFTS, delta * 3);
  store<i32>(DERIVED_SHIFTS, delta * 2, 4);
  store<i32>(DERIVED_SHIFTS, delta, 8);
  store<i32>(DERIVED_SHIFTS, 0, 12);
  blit.mapShifts = DERIVED_SHIFTS;
  blit.mapMasks = DERIVED_MASKS;
  blit.mapFlags |= MAP_PRESENT | MAP_FIXED;
}

/**
 * A colour with another number of bits for each component: filled with zeros, or cut, but not to 0 (transparent).
 * The sums go beyond 32 bits for some arguments, as in the reference. BitBltSimulation>>rgbMap:from:to:
 */
export function changeColorBits(pixel: u64, bitsIn: u32, bitsOut: u32): u64 {
  if (bitsOut > bitsIn) {
    const grow = <u64>(bitsOut - bitsIn);
    const mask: u64 = ((1 << (<u64>bitsIn)) - 1) << grow;
    const low = (pixel << grow) & mask;
    const middle = (pixel << (2 * grow)) & shiftLeft(mask, bitsOut);
    return low + middle + (shiftLeft(pixel, <u32>(3 * grow)) & shiftLeft(mask, 2 * bitsOut));
  }
  if (bitsOut == bitsIn) {
    if (bitsIn == 5) return pixel & 0x7fff;
    return bitsIn == 8 ? pixel & 0xffffff : pixel;
  }
  if (pixel == 0) return 0;
  const drop = bitsIn - bitsOut;
  const mask: u64 = (1 << (<u64>bitsOut)) - 1;
  const low = shiftRight(pixel, drop) & mask;
  const middle = shiftRight(pixel, 2 * drop) & shiftLeft(mask, bitsOut);
  const high = shiftRight(pixel, 3 * drop) & shiftLeft(mask, 2 * bitsOut);
  return max<u64>(low + middle + high, 1);
}

function shiftLeft(value: u64, bits: u32): u64 {
  return bits > 63 ? 0 : value << bits;
}

function shiftRight(value: u64, bits: u32): u64 {
  return bits > 63 ? 0 : value >> bits;
}

/** A colour of five bits each as one of eight. BitBltSimulation>>rgbMap16To32: */
// @ts-ignore: decorator
@inline
export function expand16To32(pixel: u32): u32 {
  return ((pixel & 31) << 3) | ((pixel & 0x3e0) << 6) | ((pixel & 0x7c00) << 9);
}

const DITHER_MATRIX: Address = memory.data<u8>([0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5]);
const DITHER_THRESHOLDS: Address = memory.data<u8>([0, 2, 4, 6, 8, 12, 14, 16]);

/** The threshold of a pixel by its column and row. */
// @ts-ignore: decorator
@inline
export function ditherThreshold(column: i32, row: i32): u32 {
  return load<u8>(DITHER_MATRIX + ((row & 3) << 2) + (column & 3));
}

/** A colour of eight bits each, dithered to five; alpha is dropped. BitBltSimulation>>dither32To16:threshold: */
export function dither32To16(pixel: u32, threshold: u32): u32 {
  return (
    (ditherComponent((pixel >> 16) & 255, threshold) << 10) +
    (ditherComponent((pixel >> 8) & 255, threshold) << 5) +
    ditherComponent(pixel & 255, threshold)
  );
}

// @ts-ignore: decorator
@inline
function ditherComponent(value: u32, threshold: u32): u32 {
  const level = value >> 3;
  return (level == 0 ? 0 : level - 1) + <u32>(threshold < load<u8>(DITHER_THRESHOLDS + (value & 7)));
}

// The colours of Squeak's eight-bit pixels: forty listed ones, then a cube of six levels.
const LISTED_COLORS: Address = memory.data<u32>([
  0x00000000, 0xff000001, 0xffffffff, 0xff808080, 0xffff0000, 0xff00ff00, 0xff0000ff, 0xff00ffff, 0xffffff00,
  0xffff00ff, 0xff202020, 0xff404040, 0xff606060, 0xff9f9f9f, 0xffbfbfbf, 0xffdfdfdf, 0xff080808, 0xff101010,
  0xff181818, 0xff282828, 0xff303030, 0xff383838, 0xff484848, 0xff505050, 0xff585858, 0xff686868, 0xff707070,
  0xff787878, 0xff878787, 0xff8f8f8f, 0xff979797, 0xffa7a7a7, 0xffafafaf, 0xffb7b7b7, 0xffc7c7c7, 0xffcfcfcf,
  0xffd7d7d7, 0xffe7e7e7, 0xffefefef, 0xfff7f7f7,
]);

/** The 32-bit colour of an eight-bit pixel. BitBltSimulation>>default8To32Table */
export function defaultColor(pixel: u32): u32 {
  if (pixel < 40) return load<u32>(LISTED_COLORS + (pixel << 2));
  const place = pixel - 40;
  if (place == 0) return 0xff000001;
  const red = (place / 36) * 0x33;
  const blue = ((place / 6) % 6) * 0x33;
  const green = (place % 6) * 0x33;
  return 0xff000000 | (red << 16) | (green << 8) | blue;
}
