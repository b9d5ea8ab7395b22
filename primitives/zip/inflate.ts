// Inflating a block of Deflate with Huffman tables as the image builds them. RFC 1951; VMMaker, InflatePlugin.
//
// A table is words: the first has in its high byte the bits to look up first; then come entries. An entry with none of
// bits 24 to 29 is a value; else the low 16 bits name a sub-table and the high byte the bits to look up there.

import { Address, fail, failed } from "../../vm/plugin";

const MAX_BITS: u32 = 16;
const END_OF_BLOCK: u32 = 256;
/** Past the end of the source zeros are read: a table looks up more bits than its last code may have. */
const MAX_BITS_HELD: i64 = 40;

export let bitBuffer: i64 = 0;
export let bitPosition: i64 = 0;
/** One less than the one-based position last read, as in the reference. */
export let sourcePosition: i64 = 0;
export let readLimit: i64 = 0;

let source: Address = 0;
let sourceSize: u32 = 0;

/** Sets the state that the stream holds; positions are zero-based. */
export function beginInflating(buffer: i64, position: i64, limit: i64, at: i64, bytes: Address, size: u32): void {
  bitBuffer = buffer;
  bitPosition = position;
  readLimit = limit;
  sourcePosition = at;
  source = bytes;
  sourceSize = size;
  if (position > MAX_BITS_HELD) fail();
}

/**
 * Decodes until the block ends (true), the source does, or `size` bytes of `target` are nearly full. A match that does not
 * fit is taken back.
 */
export function inflateBlock(
  target: Address,
  size: u32,
  limit: i64,
  literals: Address,
  literalSize: u32,
  distances: Address,
  distanceSize: u32,
): bool {
  const last = <i64>size - 1;
  while (readLimit < last && sourcePosition <= limit) {
    const buffer = bitBuffer;
    const position = bitPosition;
    const start = sourcePosition;
    const value = decode(literals, literalSize);
    if (failed()) return false;
    if (value < END_OF_BLOCK) {
      store<u8>(target + <u32>++readLimit, <u8>value);
      continue;
    }
    if (value == END_OF_BLOCK) return true;
    const length = valueWithExtra(value, (value >> 16) - 1);
    const code = decode(distances, distanceSize);
    const distance = valueWithExtra(code, code >> 16);
    if (failed()) return false;
    if (readLimit + length >= last) {
      bitBuffer = buffer;
      bitPosition = position;
      sourcePosition = start;
      return false;
    }
    copyMatch(target, length, distance);
  }
  return false;
}

function copyMatch(target: Address, length: u32, distance: u32): void {
  if (<i64>distance > readLimit + 1) return fail();
  let place = target + <u32>(readLimit + 1);
  for (let i: u32 = 0; i < length; i++, place++) store<u8>(place, load<u8>(place - distance));
  readLimit += length;
}

function decode(table: Address, size: u32): u32 {
  let bits = size == 0 ? MAX_BITS + 1 : load<u32>(table) >> 24;
  let start: u32 = 2;
  while (true) {
    if (bits > MAX_BITS) break;
    const index = start + nextBits(bits) - 1;
    if (index >= size) break;
    const entry = load<u32>(table + (index << 2));
    if ((entry & 0x3f000000) == 0) return entry;
    start = entry & 0xffff;
    bits = (entry >> 24) & 0xff;
  }
  fail();
  return 0;
}

function valueWithExtra(value: u32, extra: u32): u32 {
  const base = value & 0xffff;
  if (<i32>extra <= 0) return base;
  if (extra <= MAX_BITS) return base + nextBits(extra);
  fail();
  return 0;
}

function nextBits(count: u32): u32 {
  while (bitPosition < <i64>count) {
    sourcePosition++;
    const byte: i64 = sourcePosition < <i64>sourceSize ? load<u8>(source + <u32>sourcePosition) : 0;
    bitBuffer += byte << bitPosition;
    bitPosition += 8;
  }
  const bits = (<u32>bitBuffer) & ((1 << count) - 1);
  bitBuffer >>= <i64>count;
  bitPosition -= count;
  return bits;
}
