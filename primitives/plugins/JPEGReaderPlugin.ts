// The inner loops of the JPEG reader written in Smalltalk (JPEGReadWriter): one block's entropy code, its transform, and
// a unit's colours. Tables, blocks and bits are word arrays of the image, read and written here as i32 in their places.

import {
  Address,
  argument,
  argumentCount,
  bodyOf,
  byteSize,
  elementCountOf,
  ERROR_BAD_ARGUMENT_COUNT,
  ERROR_GENERIC,
  ERROR_NO_MODIFICATION,
  fail,
  failed,
  fetchFollowed,
  formatOf,
  integerArgument,
  isBytesFormat,
  isObject,
  isReadOnly,
  isSmallInteger,
  Oop,
  slotCountOf,
  smallInteger,
  smallIntegerValue,
  storePointerUnchecked,
} from "../../vm/plugin";
import { hasFields, isWords } from "../bitblt/load";
import { naturalPosition } from "../jpeg/tables";
import { inverseTransformCutting } from "../jpeg/transform";

const BLOCK_WORDS: u32 = 64;
const MAX_BITS: i32 = 16;
const MAX_BLOCKS: u32 = 128;

// Fields of JPEGColorComponent and JPEGReadStream (JPEGReaderPlugin class>>initialize).
const SCALE_X: u32 = 2;
const SCALE_Y: u32 = 3;
const BLOCKS: u32 = 4;
const BLOCKS_ACROSS: u32 = 5;
const UNIT_BLOCKS_ACROSS: u32 = 8;
const PRIOR_DC: u32 = 10;
const COMPONENT_FIELDS: u32 = 11;
const STREAM_BYTES: u32 = 0;
const STREAM_POSITION: u32 = 1;
const STREAM_LIMIT: u32 = 2;
const STREAM_BUFFER: u32 = 3;
const STREAM_BIT_COUNT: u32 = 4;
const STREAM_FIELDS: u32 = 5;

// The stream under way.
let bytes: Address = 0;
let position: i64 = 0;
let limit: i64 = 0;
let buffer: i64 = 0;
let bitCount: i64 = 0;

/** Coefficients, quantisers: 64 words each. JPEGReaderPlugin>>primitiveIdctInt */
export function primitiveIdctInt(): void {
  if (argumentCount != 2) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const block = blockOf(argument(0));
  const quantisers = blockOf(argument(1));
  if (failed()) return;
  requireWritable(argument(0));
  if (!failed()) inverseTransformCutting(block, quantisers);
}

/** Block, component, DC table, AC table, stream. JPEGReaderPlugin>>primitiveDecodeMCU */
export function primitiveDecodeMCU(): void {
  if (argumentCount != 5) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const block = blockOf(argument(0));
  const component = argument(1);
  const stream = argument(4);
  if (failed() || !isWords(argument(2)) || !isWords(argument(3))) return fail(ERROR_GENERIC);
  if (!hasFields(component, COMPONENT_FIELDS) || !loadStream(stream)) return fail(ERROR_GENERIC);
  const prior = integerField(PRIOR_DC, component);
  requireWritable(argument(0));
  requireWritable(component);
  requireWritable(stream);
  if (failed()) return;
  const value = decodeBlock(block, prior, argument(2), argument(3));
  if (failed()) return;
  storePointerUnchecked(STREAM_POSITION, stream, smallInteger(position));
  storePointerUnchecked(STREAM_BUFFER, stream, smallInteger(buffer));
  storePointerUnchecked(STREAM_BIT_COUNT, stream, smallInteger(bitCount));
  storePointerUnchecked(PRIOR_DC, component, smallInteger(value));
}

/** Three components, bits, residuals, mask of the bits dithered. JPEGReaderPlugin>>primitiveColorConvertMCU */
export function primitiveColorConvertMCU(): void {
  const components = argument(0);
  if (argumentCount != 4 || !hasFields(components, 3)) return fail(ERROR_GENERIC);
  const mask = <i32>integerArgument(3);
  const count = bitsCount();
  for (let i: u32 = 0; i < 3; i++) requireComponent(fetchFollowed(i, components), count);
  if (!failed()) convertUnit(components, mask);
}

/** Component, bits, residuals, mask of the bits dithered. JPEGReaderPlugin>>primitiveColorConvertGrayscaleMCU */
export function primitiveColorConvertGrayscaleMCU(): void {
  if (argumentCount != 4) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const mask = <i32>integerArgument(3);
  requireComponent(argument(0), bitsCount());
  if (failed()) return;
  const bits = bodyOf(argument(1));
  const residual = bodyOf(argument(2)) + 4;
  const count = elementCountOf(argument(1));
  for (let i: u32 = 0; i < count; i++) {
    const grey = dithered(sampleAt(argument(0), i), residual, mask);
    store<u32>(bits + (i << 2), 0xff000000 | (grey * 0x10101));
  }
}

function convertUnit(components: Oop, mask: i32): void {
  const bits = bodyOf(argument(1));
  const residuals = bodyOf(argument(2));
  const count = elementCountOf(argument(1));
  const luminances = fetchFollowed(0, components);
  const blues = fetchFollowed(1, components);
  const reds = fetchFollowed(2, components);
  for (let i: u32 = 0; i < count; i++) {
    const luminance = sampleAt(luminances, i);
    const blueDifference = sampleAt(blues, i) - 127;
    const redDifference = sampleAt(reds, i) - 127;
    const greenPart = (22554 * blueDifference) / 65536 + (46802 * redDifference) / 65536;
    const red = dithered(luminance + (91881 * redDifference) / 65536, residuals, mask);
    const green = dithered(luminance - greenPart, residuals + 4, mask);
    const blue = dithered(luminance + (116130 * blueDifference) / 65536, residuals + 8, mask);
    store<u32>(bits + (i << 2), 0xff000000 | (red << 16) | (green << 8) | blue);
  }
}

/** Adds what the pixel before left over, keeps the masked bits for the next, and never answers 0. */
function dithered(value: i32, residual: Address, mask: i32): u32 {
  const sum = min(max(value + load<i32>(residual), 0), 255);
  store<i32>(residual, sum & mask);
  return <u32>max(sum & (255 - mask), 1);
}

/** The sample of a component for pixel `index` of the unit. JPEGReaderPlugin>>nextSampleFrom:blocks: */
function sampleAt(component: Oop, index: u32): i32 {
  const across = (<u32>integerField(UNIT_BLOCKS_ACROSS, component)) << 3;
  let x = index % across;
  let y = index / across;
  const scaleX = <u32>integerField(SCALE_X, component);
  const scaleY = <u32>integerField(SCALE_Y, component);
  if (scaleX != 0 || scaleY != 0) {
    x /= scaleX;
    y /= scaleY;
  }
  const block = (y >> 3) * <u32>integerField(BLOCKS_ACROSS, component) + (x >> 3);
  const words = bodyOf(fetchFollowed(block, fetchFollowed(BLOCKS, component)));
  return load<i32>(words + ((y & 7) << 5) + ((x & 7) << 2));
}

/** Fails unless a component has samples for so many pixels. */
function requireComponent(component: Oop, pixels: u32): void {
  if (failed()) return;
  if (!hasFields(component, COMPONENT_FIELDS)) return fail(ERROR_GENERIC);
  const blocks = fetchFollowed(BLOCKS, component);
  if (!hasFields(blocks, 0) || slotCountOf(<Address>blocks) > MAX_BLOCKS) return fail(ERROR_GENERIC);
  const count = slotCountOf(<Address>blocks);
  for (let i: u32 = 0; i < count; i++) blockOf(fetchFollowed(i, blocks));
  const across = integerField(UNIT_BLOCKS_ACROSS, component);
  const stride = integerField(BLOCKS_ACROSS, component);
  let scaleX = integerField(SCALE_X, component);
  let scaleY = integerField(SCALE_Y, component);
  if (scaleX == 0 && scaleY == 0) {
    scaleX = 1;
    scaleY = 1;
  }
  if (!isSmall(across) || !isSmall(scaleX) || !isSmall(scaleY) || stride < 0 || stride > 128) fail(ERROR_GENERIC);
  if (failed() || pixels == 0) return;
  const lastX = (across * 8 - 1) / scaleX;
  const lastY = <i64>((pixels - 1) / <u32>(across * 8)) / scaleY;
  if ((lastY >> 3) * stride + (lastX >> 3) >= <i64>count) fail(ERROR_GENERIC);
}

function isSmall(value: i64): bool {
  return value > 0 && value <= 128;
}

/** The pixels to be made; fails unless bits and residuals are words that may be written. */
function bitsCount(): u32 {
  if (!isWords(argument(1)) || !isWords(argument(2)) || elementCountOf(argument(2)) != 3) fail(ERROR_GENERIC);
  if (failed()) return 0;
  requireWritable(argument(1));
  requireWritable(argument(2));
  return elementCountOf(argument(1));
}

function requireWritable(oop: Oop): void {
  if (isReadOnly(<Address>oop)) fail(ERROR_NO_MODIFICATION);
}

/** Where a block's 64 words are. */
function blockOf(oop: Oop): Address {
  if (isWords(oop) && elementCountOf(oop) == BLOCK_WORDS) return bodyOf(oop);
  fail(ERROR_GENERIC);
  return 0;
}

function integerField(index: u32, object: Oop): i64 {
  const oop = fetchFollowed(index, object);
  if (isSmallInteger(oop)) return smallIntegerValue(oop);
  fail(ERROR_GENERIC);
  return 0;
}

// Entropy code.

/** JPEGReaderPlugin>>loadJPEGStreamFrom: */
function loadStream(stream: Oop): bool {
  if (!hasFields(stream, STREAM_FIELDS)) return false;
  const collection = fetchFollowed(STREAM_BYTES, stream);
  if (!isObject(collection) || !isBytesFormat(formatOf(<Address>collection))) return false;
  bytes = bodyOf(collection);
  position = integerField(STREAM_POSITION, stream);
  limit = integerField(STREAM_LIMIT, stream);
  buffer = integerField(STREAM_BUFFER, stream);
  bitCount = integerField(STREAM_BIT_COUNT, stream);
  if (failed() || bitCount < 0 || bitCount > 32) return false;
  return limit <= <i64>byteSize(collection) && position >= 0 && position < limit;
}

/** Fills a block with coefficients, and answers the first. JPEGReaderPlugin>>decodeBlockInto:component: */
function decodeBlock(block: Address, prior: i64, dcTable: Oop, acTable: Oop): i64 {
  const size = nextSymbol(dcTable);
  if (size < 0 || size > MAX_BITS) {
    fail(ERROR_GENERIC);
    return 0;
  }
  const first = prior + nextSigned(size);
  memory.fill(block, 0, 256);
  store<i32>(block, <i32>first);
  for (let index: u32 = 1; index < BLOCK_WORDS; index++) {
    const symbol = nextSymbol(acTable);
    if (symbol < 0) fail(ERROR_GENERIC);
    const run = (<u32>symbol) >> 4;
    if ((symbol & 15) == 0) {
      if (failed() || run != 15) return first;
      index += 15;
      continue;
    }
    index += run;
    if (index >= BLOCK_WORDS) fail(ERROR_GENERIC);
    if (failed()) return first;
    store<i32>(block + (naturalPosition(index) << 2), <i32>nextSigned(symbol & 15));
  }
  return first;
}

/** A symbol by tables of tables, each entry a symbol or the place and width of a table; -1 where there is none. */
function nextSymbol(table: Oop): i32 {
  const words = bodyOf(table);
  const size = <i64>elementCountOf(table);
  if (size == 0) return -1;
  let width = load<i32>(words) >> 24;
  let start: i64 = 2;
  while (width >= 0 && width <= MAX_BITS) {
    const bits = nextBits(width);
    const index = start + bits - 1;
    if (bits < 0 || index < 0 || index >= size) return -1;
    const entry = load<u32>(words + ((<u32>index) << 2));
    if ((entry & 0x3f000000) == 0) return <i32>entry;
    start = entry & 0xffff;
    width = <i32>(entry >> 24);
  }
  return -1;
}

/** A number of which the negative values lack their lowest; JPEGReaderPlugin>>scaleAndSignExtend:inFieldWidth: */
function nextSigned(width: i32): i64 {
  if (width == 0) return 0;
  const bits = nextBits(width);
  return bits < (<i64>1) << (width - 1) ? bits - ((<i64>1) << width) + 1 : bits;
}

/** The next bits, -1 where there are not so many. JPEGReaderPlugin>>getBits: */
function nextBits(count: i32): i64 {
  if (count > bitCount) fillBuffer();
  if (count > bitCount) return -1;
  bitCount -= count;
  const value = buffer >> bitCount;
  buffer &= ((<i64>1) << bitCount) - 1;
  return value;
}

function fillBuffer(): void {
  while (bitCount <= 16 && position < limit) {
    const byte = load<u8>(bytes + <u32>position);
    const isStuffed = byte == 0xff && position + 1 < limit && load<u8>(bytes + <u32>position, 1) == 0;
    if (byte == 0xff && !isStuffed) return;
    position += isStuffed ? 2 : 1;
    buffer = (buffer << 8) | byte;
    bitCount += 8;
  }
}
