// The entropy-coded bits of a scan, and Huffman codes over them. After a marker or the end of the data every further bit
// is 0, so that a damaged file decodes to something in bounded time.

import { Address } from "../../vm/plugin";

/** Where the next byte of the file is, and where the file ends. */
export let position: Address = 0;
let limit: Address = 0;
let buffer: u32 = 0;
let available: i32 = 0;

const MARKER_PREFIX: u32 = 0xff;

/** Begins to read at an address. */
export function startBits(start: Address, end: Address): void {
  position = start;
  limit = end;
  dropBits();
}

/** Forgets the bits of a byte begun. */
export function dropBits(): void {
  buffer = 0;
  available = 0;
}

/** Goes to the next marker and, if it is a restart marker, behind it; answers whether it was. */
export function skipToRestart(): bool {
  dropBits();
  while (position + 1 < limit) {
    const second = load<u8>(position, 1);
    if (load<u8>(position) == MARKER_PREFIX && second != 0 && second != MARKER_PREFIX) {
      if (second < 0xd0 || second > 0xd7) return false;
      position += 2;
      return true;
    }
    position++;
  }
  return false;
}

/** Makes at least 16 bits available, so zeros where there are none. */
function fill(): void {
  while (available <= 24) {
    buffer |= nextByte() << (24 - available);
    available += 8;
  }
}

function nextByte(): u32 {
  if (position >= limit) return 0;
  const byte = <u32>load<u8>(position);
  if (byte != MARKER_PREFIX) {
    position++;
    return byte;
  }
  // 255 stands for itself only with a 0 behind it; else a marker begins here, and the bits are at their end.
  if (position + 1 >= limit || load<u8>(position, 1) != 0) return 0;
  position += 2;
  return byte;
}

/** The next bits, up to 16, as a number. */
export function readBits(count: i32): u32 {
  if (count == 0) return 0;
  if (available < count) fill();
  const value = buffer >> (32 - count);
  buffer <<= count;
  available -= count;
  return value;
}

// @ts-ignore: decorator
@inline
export function readBit(): u32 {
  return readBits(1);
}

/** A signed number of `count` bits, of which the negative ones lack their lowest. ITU-T T.81, F.2.2.1 (EXTEND). */
export function readSigned(count: i32): i32 {
  if (count == 0) return 0;
  const value = <i32>readBits(count);
  return value < 1 << (count - 1) ? value - (1 << count) + 1 : value;
}

// A decoding table: for every first byte of the bits length and symbol of its code (0: longer than 8 bits); for each
// length the code that is too large for it, and what to add to a code for the place of its symbol; the symbols.
const FAST: u32 = 0;
const TOO_LARGE: u32 = 512;
const OFFSETS: u32 = 512 + 72;
const SYMBOLS: u32 = 512 + 144;
const TABLE_BYTES: u32 = 1024;
const tables = <Address>memory.data(8192, 8);

/** The place of a table: four of kind 0 (for DC), four of kind 1 (AC). */
// @ts-ignore: decorator
@inline
export function tableAt(kind: u32, number: u32): Address {
  return tables + ((kind << 2) | number) * TABLE_BYTES;
}

/** Makes all tables ones that know no code. */
export function clearTables(): void {
  memory.fill(tables, 0, 8 * TABLE_BYTES);
}

/** Fills a table from the counts of codes by length (16 bytes) and the symbols; false where they make no code. */
export function defineTable(table: Address, counts: Address, symbols: Address): bool {
  memory.fill(table, 0, TABLE_BYTES);
  let code: u32 = 0;
  let index: u32 = 0;
  for (let length: u32 = 1; length <= 16; length++) {
    const count = <u32>load<u8>(counts + length - 1);
    if (code + count > 1 << length || index + count > 256) return false;
    store<i32>(table + OFFSETS + (length << 2), <i32>index - <i32>code);
    for (let i: u32 = 0; i < count; i++) {
      const symbol = load<u8>(symbols + index);
      store<u8>(table + SYMBOLS + index, symbol);
      if (length <= 8) defineFast(table, code, length, symbol);
      code++;
      index++;
    }
    // Compared with 16 bits: all codes of this length, and what follows them, are below.
    store<u32>(table + TOO_LARGE + (length << 2), count == 0 ? 0 : code << (16 - length));
    code <<= 1;
  }
  return true;
}

function defineFast(table: Address, code: u32, length: u32, symbol: u8): void {
  const first = code << (8 - length);
  const end = first + (1 << (8 - length));
  for (let i = first; i < end; i++) store<u16>(table + FAST + (i << 1), <u16>((length << 8) | symbol));
}

/** The next symbol; 0 for bits that are no code. */
export function readSymbol(table: Address): u32 {
  if (available < 16) fill();
  const entry = <u32>load<u16>(table + FAST + ((buffer >> 24) << 1));
  if (entry != 0) {
    const length = entry >> 8;
    buffer <<= length;
    available -= <i32>length;
    return entry & 255;
  }
  const bits = buffer >> 16;
  for (let length: u32 = 9; length <= 16; length++) {
    if (bits >= load<u32>(table + TOO_LARGE + (length << 2))) continue;
    const index = <i32>(bits >> (16 - length)) + load<i32>(table + OFFSETS + (length << 2));
    buffer <<= length;
    available -= <i32>length;
    return index >= 0 && index < 256 ? load<u8>(table + SYMBOLS + <u32>index) : 0;
  }
  buffer <<= 16;
  available -= 16;
  return 0;
}
