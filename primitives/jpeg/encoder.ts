// Encodes the pixels of a Form as a baseline JPEG file: JFIF, 4:2:0 or grey, the standard's tables, the quality scaled as
// in the Independent JPEG Group's library. Works unit by unit, in static memory only.

import { Address } from "../../vm/plugin";
import { Pixels } from "../bitblt/operation";
import { blueDifferenceOf, colorAt, luminanceOf, redDifferenceOf } from "./colors";
import {
  CHROMINANCE_AC,
  CHROMINANCE_DC,
  CHROMINANCE_QUANTISERS,
  LUMINANCE_AC,
  LUMINANCE_DC,
  LUMINANCE_QUANTISERS,
  naturalPosition,
} from "./tables";
import { forwardTransform } from "./transform";

const DEFAULT_QUALITY: i32 = 75;

// Quantisers of luminance, then of colour differences: 64 u8 each.
const quantisers = <Address>memory.data(128, 8);
// Codes by symbol for DC and AC of luminance, then of differences: 256 u32 each, length in the high half.
const codes = <Address>memory.data(4096, 8);
/** The colours of a unit, 16 by 16 words, and a block of 64 i32. */
const unit = <Address>memory.data(1024, 8);
const block = <Address>memory.data(256, 8);
/** The last DC coefficients of the three components. */
const predictions = <Address>memory.data(12, 4);

let position: Address = 0;
let limit: Address = 0;
let buffer: u32 = 0;
let pending: i32 = 0;

/** Writes the file to memory; answers its bytes, or 0 where there is not enough room. Quality is 1 to 100, else the usual. */
export function encode(pixels: Pixels, quality: i32, start: Address, end: Address): u32 {
  position = start;
  limit = end;
  buffer = 0;
  pending = 0;
  memory.fill(predictions, 0, 12);
  const isGrey = pixels.depth == 8;
  scaleQuantisers(quality);
  defineCodes(0, LUMINANCE_DC);
  defineCodes(1, LUMINANCE_AC);
  defineCodes(2, CHROMINANCE_DC);
  defineCodes(3, CHROMINANCE_AC);
  writeHeaders(pixels, isGrey);
  encodeUnits(pixels, isGrey);
  flushBits();
  writeWord(0xffd9);
  return position <= limit ? position - start : 0;
}

function scaleQuantisers(quality: i32): void {
  const grade = quality <= 0 ? DEFAULT_QUALITY : min(quality, 100);
  const scale = grade < 50 ? 5000 / grade : 200 - 2 * grade;
  for (let i: u32 = 0; i < 64; i++) {
    store<u8>(quantisers + i, scaled(load<u8>(LUMINANCE_QUANTISERS + i), scale));
    store<u8>(quantisers + 64 + i, scaled(load<u8>(CHROMINANCE_QUANTISERS + i), scale));
  }
}

function scaled(quantiser: i32, scale: i32): u8 {
  return <u8>min(max((quantiser * scale + 50) / 100, 1), 255);
}

/** Codes of the symbols, in order of length (ITU-T T.81, annex C). */
function defineCodes(number: u32, table: Address): void {
  const to = codes + (number << 10);
  memory.fill(to, 0, 1024);
  let symbol = table + 16;
  let code: u32 = 0;
  for (let length: u32 = 1; length <= 16; length++) {
    for (let i = load<u8>(table + length - 1); i > 0; i--) {
      store<u32>(to + ((<u32>load<u8>(symbol++)) << 2), (length << 16) | code);
      code++;
    }
    code <<= 1;
  }
}

// Headers.

function writeHeaders(pixels: Pixels, isGrey: bool): void {
  const parts: u32 = isGrey ? 1 : 3;
  writeWord(0xffd8);
  writeSegment(0xe0, 16);
  writeWord(0x4a46);
  writeWord(0x4946);
  writeWord(0x0001);
  writeWord(0x0100);
  writeWord(0x0001);
  writeWord(0x0001);
  writeWord(0);
  writeQuantisers(0);
  if (!isGrey) writeQuantisers(1);
  writeSegment(0xc0, 8 + 3 * parts);
  writeByte(8);
  writeWord(pixels.height);
  writeWord(pixels.width);
  writeByte(parts);
  for (let i: u32 = 0; i < parts; i++) {
    writeByte(i + 1);
    writeByte(i == 0 && !isGrey ? 0x22 : 0x11);
    writeByte(i == 0 ? 0 : 1);
  }
  writeCodes(0x00, LUMINANCE_DC);
  writeCodes(0x10, LUMINANCE_AC);
  if (!isGrey) writeCodes(0x01, CHROMINANCE_DC);
  if (!isGrey) writeCodes(0x11, CHROMINANCE_AC);
  writeSegment(0xda, 6 + 2 * parts);
  writeByte(parts);
  for (let i: u32 = 0; i < parts; i++) {
    writeByte(i + 1);
    writeByte(i == 0 ? 0 : 0x11);
  }
  writeByte(0);
  writeByte(63);
  writeByte(0);
}

function writeSegment(marker: u32, bytes: u32): void {
  writeWord(0xff00 | marker);
  writeWord(bytes);
}

function writeQuantisers(number: u32): void {
  writeSegment(0xdb, 67);
  writeByte(number);
  for (let i: u32 = 0; i < 64; i++) writeByte(load<u8>(quantisers + (number << 6) + naturalPosition(i)));
}

function writeCodes(head: u32, table: Address): void {
  let symbols: u32 = 0;
  for (let i: u32 = 0; i < 16; i++) symbols += load<u8>(table + i);
  writeSegment(0xc4, 19 + symbols);
  writeByte(head);
  for (let i: u32 = 0; i < 16 + symbols; i++) writeByte(load<u8>(table + i));
}

// Units: 16 by 16 pixels with four blocks of luminance and one of each difference, or 8 by 8 of grey.

function encodeUnits(pixels: Pixels, isGrey: bool): void {
  const size: i32 = isGrey ? 8 : 16;
  for (let y = 0; y < pixels.height && position <= limit; y += size) {
    for (let x = 0; x < pixels.width; x += size) {
      loadUnit(pixels, x, y, size);
      encodeBlock(0, 0, 0);
      if (isGrey) continue;
      const isWide = x + 8 < pixels.width;
      const isHigh = y + 8 < pixels.height;
      if (isWide) encodeBlock(0, 8, 0);
      else repeatBlock();
      if (isHigh) encodeBlock(0, 0, 8);
      else repeatBlock();
      if (isWide && isHigh) encodeBlock(0, 8, 8);
      else repeatBlock();
      encodeBlock(1, 0, 0);
      encodeBlock(2, 0, 0);
    }
  }
}

/** The unit's colours; beyond the edges the last column and row go on. */
function loadUnit(pixels: Pixels, left: i32, top: i32, size: i32): void {
  for (let y = 0; y < size; y++) {
    const row = <u32>min(top + y, pixels.height - 1);
    for (let x = 0; x < size; x++) {
      const color = colorAt(pixels, <u32>min(left + x, pixels.width - 1), row);
      store<u32>(unit + <u32>((y << 6) + (x << 2)), color);
    }
  }
}

// @ts-ignore: decorator
@inline
function unitColor(x: u32, y: u32): u32 {
  return load<u32>(unit + (y << 6) + (x << 2));
}

/** Encodes a block of part 0 (luminance) at a place of the unit, or the whole unit's of part 1 or 2. */
function encodeBlock(part: u32, left: u32, top: u32): void {
  for (let i: u32 = 0; i < 64; i++) {
    const x = i & 7;
    const y = i >> 3;
    const sample = part == 0 ? luminanceOf(unitColor(left + x, top + y)) : differenceAt(part, 2 * x, 2 * y);
    store<i32>(block + (i << 2), <i32>sample - 128);
  }
  forwardTransform(block);
  const table: u32 = part == 0 ? 0 : 1;
  for (let i: u32 = 0; i < 64; i++) {
    const divisor = (<i32>load<u8>(quantisers + (table << 6) + i)) << 3;
    store<i32>(block + (i << 2), quantised(load<i32>(block + (i << 2)), divisor));
  }
  writeDc(part, table << 1);
  writeAc((table << 1) + 1);
}

/** Stands for a block of luminance outside the image: as bright as the one before. */
function repeatBlock(): void {
  writeCode(0, 0);
  writeCode(1, 0);
}

/** The mean of four pixels' differences; the rounding alternates along the row. */
function differenceAt(part: u32, x: u32, y: u32): u32 {
  const sum =
    differenceOf(part, unitColor(x, y)) +
    differenceOf(part, unitColor(x + 1, y)) +
    differenceOf(part, unitColor(x, y + 1)) +
    differenceOf(part, unitColor(x + 1, y + 1));
  return (sum + 1 + ((x >> 1) & 1)) >> 2;
}

// @ts-ignore: decorator
@inline
function differenceOf(part: u32, color: u32): u32 {
  return part == 1 ? blueDifferenceOf(color) : redDifferenceOf(color);
}

/** Rounded to the nearest, halves away from 0. */
function quantised(value: i32, divisor: i32): i32 {
  return value < 0 ? -((-value + (divisor >> 1)) / divisor) : (value + (divisor >> 1)) / divisor;
}

// Entropy coding: ITU-T T.81, F.1.2.

function writeDc(part: u32, table: u32): void {
  const value = load<i32>(block);
  const difference = value - load<i32>(predictions + (part << 2));
  store<i32>(predictions + (part << 2), value);
  const size = sizeOf(difference);
  writeCode(table, size);
  writeValue(difference, size);
}

function writeAc(table: u32): void {
  let run: u32 = 0;
  for (let i: u32 = 1; i < 64; i++) {
    const value = load<i32>(block + (naturalPosition(i) << 2));
    if (value == 0) {
      run++;
      continue;
    }
    for (; run > 15; run -= 16) writeCode(table, 0xf0);
    const size = sizeOf(value);
    writeCode(table, (run << 4) | size);
    writeValue(value, size);
    run = 0;
  }
  if (run > 0) writeCode(table, 0);
}

/** Bits of a number's magnitude. */
// @ts-ignore: decorator
@inline
function sizeOf(value: i32): u32 {
  return 32 - clz<i32>(abs(value));
}

function writeCode(table: u32, symbol: u32): void {
  const code = load<u32>(codes + (table << 10) + (symbol << 2));
  writeBits(code & 0xffff, <i32>(code >> 16));
}

/** A number of so many bits; a negative one less 1, of which the lowest bits are sent. */
function writeValue(value: i32, size: u32): void {
  if (size == 0) return;
  writeBits((<u32>(value < 0 ? value - 1 : value)) & ((1 << size) - 1), <i32>size);
}

function writeBits(bits: u32, count: i32): void {
  buffer |= bits << (32 - pending - count);
  pending += count;
  while (pending >= 8) {
    const byte = buffer >> 24;
    writeByte(byte);
    if (byte == 0xff) writeByte(0);
    buffer <<= 8;
    pending -= 8;
  }
}

/** Ends with ones, up to a whole byte. */
function flushBits(): void {
  if (pending > 0) writeBits((1 << (8 - pending)) - 1, 8 - pending);
}

/** Goes past the end where there is no more room, without writing: `encode` sees it then. */
function writeByte(byte: u32): void {
  if (position < limit) store<u8>(position, <u8>byte);
  if (position <= limit) position++;
}

function writeWord(word: u32): void {
  writeByte(word >> 8);
  writeByte(word);
}
