// ZipPlugin: the inner loops of Deflate, gzip and zlib. Every number that a stream holds is checked before it is used as a
// place; where one does not fit, the primitive fails and the image's own code says what is wrong.
// Source: VMMaker, InflatePlugin and DeflatePlugin; zip/ holds the algorithms.

import {
  Address,
  answerBoolean,
  answerInteger,
  argument,
  argumentCount,
  bodyOf,
  byteSize,
  bytesArgument,
  ERROR_GENERIC,
  fail,
  failed,
  failInstead,
  integerArgument,
  isReadOnly,
  Oop,
  receiver,
} from "../../vm/plugin";
import { positive32Of, takes } from "../operands";
import { sendBlock, sentBitBuffer, sentBitPosition, sentPosition, setSink } from "../zip/blocks";
import { DISTANCE_CODES, LITERAL_CODES } from "../zip/codes";
import {
  blockPosition,
  deflateBlock,
  HASH_TABLE_SIZE,
  hashValue,
  literalCount,
  matchCount,
  setCounts,
  setFrequencies,
  setInput,
  setOutput,
  setTables,
  WINDOW_SIZE,
} from "../zip/deflate";
import { beginInflating, bitBuffer, bitPosition, inflateBlock, readLimit, sourcePosition } from "../zip/inflate";
import {
  bitsIn,
  bytesIn,
  fixedSizeBelow,
  foundSize,
  integerIn,
  requireSlots,
  storeInteger,
  wordsIn,
  wordsOf,
} from "../zip/streams";

// Instance variables of a WriteStream or ReadStream.
const STREAM_COLLECTION: u32 = 0;
const STREAM_POSITION: u32 = 1;
const STREAM_READ_LIMIT: u32 = 2;
/** An InflateStream has at least so many instance variables, a DeflateStream or ZipEncoder at least so many. */
const INFLATE_SIZE: u32 = 13;
const DEFLATE_SIZE: u32 = 7;
const ADLER_MODULUS: u32 = 65521;
const CRC_POLYNOMIAL: u32 = 0xedb88320;

/** InflateStream >> decompressBlock: literalTable with: distanceTable. */
export function primitiveInflateDecompressBlock(): void {
  if (!takes(2)) return failInstead(ERROR_GENERIC);
  const stream = receiver();
  const literals = wordsOf(argument(0), false);
  const literalSize = foundSize;
  const distances = wordsOf(argument(1), false);
  const distanceSize = foundSize;
  if (failed() || !requireSlots(stream, INFLATE_SIZE)) return;
  const fixed = fixedSizeBelow(stream, INFLATE_SIZE);
  if (failed() || !requireSlots(stream, <u32>fixed + 8)) return;
  const first = <u32>fixed;

  const target = bytesIn(STREAM_COLLECTION, stream, true);
  const targetSize = foundSize;
  const source = bytesIn(first + 3, stream, false);
  const sourceSize = foundSize;
  const limit = integerIn(STREAM_READ_LIMIT, stream) - 1;
  const state = integerIn(first, stream);
  const sourceLimit = integerIn(first + 5, stream) - 1;
  beginInflating(
    bitsIn(first + 1, stream),
    integerIn(first + 2, stream),
    limit,
    integerIn(first + 4, stream) - 1,
    source,
    sourceSize,
  );
  if (failed() || isReadOnly(<Address>stream)) return fail();
  const ended = inflateBlock(target, targetSize, sourceLimit, literals, literalSize, distances, distanceSize);
  if (failed()) return;
  storeInteger(STREAM_READ_LIMIT, stream, readLimit + 1);
  // Only "no more data" stays of the state when a block has ended.
  storeInteger(first, stream, ended ? state & 1 : state);
  storeInteger(first + 1, stream, bitBuffer);
  storeInteger(first + 2, stream, bitPosition);
  storeInteger(first + 4, stream, sourcePosition + 1);
}

/** DeflateStream >> deflateBlock: lastIndex chainLength: chain goodMatch: length. Whether the block must be flushed. */
export function primitiveDeflateBlock(): void {
  if (!takes(3)) return failInstead(ERROR_GENERIC);
  const lastIndex = integerArgument(0);
  const chainLength = integerArgument(1);
  const goodMatch = integerArgument(2);
  if (failed() || goodMatch < 0) return failInstead(ERROR_GENERIC);
  const stream = receiver();
  const first = loadDeflateStream(stream);
  if (failed() || isReadOnly(<Address>stream)) return fail();
  const flush = deflateBlock(lastIndex, chainLength, <u32>min<i64>(goodMatch, u32.MAX_VALUE));
  if (failed()) return;
  storeInteger(first + 2, stream, hashValue);
  storeInteger(first + 3, stream, blockPosition);
  storeInteger(first + 9, stream, literalCount);
  storeInteger(first + 10, stream, matchCount);
  answerBoolean(flush);
}

/** DeflateStream >> updateHashTable: table delta: delta: positions move down, those that fall out become 0. */
export function primitiveDeflateUpdateHashTable(): void {
  if (!takes(2)) return failInstead(ERROR_GENERIC);
  const table = wordsOf(argument(0), true);
  const size = foundSize;
  const delta = integerArgument(1);
  if (failed()) return failInstead(ERROR_GENERIC);
  for (let place = table; place < table + (size << 2); place += 4) {
    const entry = <i64>load<i32>(place);
    store<u32>(place, entry >= delta ? <u32>(entry - delta) : 0);
  }
}

/** ZipEncoder >> privateSendBlock: literals with: distances with: literalTree with: distanceTree. Bytes encoded. */
export function primitiveZipSendBlock(): void {
  if (!takes(4)) return failInstead(ERROR_GENERIC);
  const encoder = receiver();
  if (!requireSlots(encoder, 3)) return;
  const fixed = fixedSizeBelow(encoder, DEFLATE_SIZE);
  if (failed() || !requireSlots(encoder, <u32>fixed + 3)) return;
  const first = <u32>fixed;
  const sink = bytesIn(STREAM_COLLECTION, encoder, true);
  const size = foundSize;
  setSink(sink, size, integerIn(STREAM_POSITION, encoder), bitsIn(first + 1, encoder), integerIn(first + 2, encoder));
  if (failed() || isReadOnly(<Address>encoder)) return fail();
  const sum = sendBlock(argument(0), argument(1), argument(2), argument(3));
  if (failed()) return;
  storeInteger(STREAM_POSITION, encoder, sentPosition);
  storeInteger(first + 1, encoder, sentBitBuffer);
  storeInteger(first + 2, encoder, sentBitPosition);
  answerInteger(sum);
}

/** updateAdler32: adler from: start to: stop in: bytes. RFC 1950. */
export function primitiveUpdateAdler32(): void {
  const bytes = loadRange();
  if (failed()) return failInstead(ERROR_GENERIC);
  let low = checksum & 0xffff;
  let high = checksum >> 16;
  for (let i = rangeStart; i < rangeEnd; i++) {
    low = (low + load<u8>(bytes + i)) % ADLER_MODULUS;
    high = (high + low) % ADLER_MODULUS;
  }
  answerInteger(((<i64>high) << 16) + low);
}

/** updateCrc: crc from: start to: stop in: bytes. RFC 1952; inverting it is the image's business. */
export function primitiveUpdateGZipCrc32(): void {
  const bytes = loadRange();
  if (failed()) return failInstead(ERROR_GENERIC);
  if (load<u32>(crcTable, 4) == 0) fillCrcTable();
  let crc = checksum;
  for (let i = rangeStart; i < rangeEnd; i++) {
    crc = load<u32>(crcTable + (((crc ^ load<u8>(bytes + i)) & 0xff) << 2)) ^ (crc >> 8);
  }
  answerInteger(crc);
}

const crcTable = <Address>memory.data(1024, 4);

function fillCrcTable(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? CRC_POLYNOMIAL : 0);
    store<u32>(crcTable + (byte << 2), crc);
  }
}

let checksum: u32 = 0;
/** Zero-based, the end not included. */
let rangeStart: u32 = 0;
let rangeEnd: u32 = 0;

/** Reads checksum, start, stop and bytes; answers where the bytes are. */
function loadRange(): Address {
  if (argumentCount != 4) return refuse();
  checksum = positive32Of(argument(0));
  const start = integerArgument(1);
  const stop = integerArgument(2);
  const bytes = bytesArgument(3);
  if (failed() || start < 1 || stop < start || stop > <i64>byteSize(bytes)) return refuse();
  rangeStart = <u32>(start - 1);
  rangeEnd = <u32>stop;
  return bodyOf(bytes);
}

/** Hands the stream's objects to deflate.ts; answers the index of its first own instance variable. */
function loadDeflateStream(stream: Oop): u32 {
  if (!requireSlots(stream, 15)) return 0;
  const fixed = fixedSizeBelow(stream, DEFLATE_SIZE);
  if (failed() || !requireSlots(stream, <u32>fixed + 11)) return 0;
  const first = <u32>fixed;
  const bytes = bytesIn(STREAM_COLLECTION, stream, false);
  setInput(bytes, foundSize, <u32>integerIn(STREAM_POSITION, stream));
  setTables(tableIn(first, stream, HASH_TABLE_SIZE), tableIn(first + 1, stream, WINDOW_SIZE));
  const literals = bytesIn(first + 5, stream, true);
  const literalSize = foundSize;
  const distances = wordsIn(first + 6, stream, true);
  if (foundSize < literalSize) fail();
  setOutput(literals, literalSize, distances);
  setFrequencies(tableIn(first + 7, stream, LITERAL_CODES), tableIn(first + 8, stream, DISTANCE_CODES));
  const hash = <u32>integerIn(first + 2, stream);
  const position = <u32>integerIn(first + 3, stream);
  setCounts(hash, position, <u32>integerIn(first + 9, stream), <u32>integerIn(first + 10, stream));
  return first;
}

function tableIn(index: u32, stream: Oop, size: u32): Address {
  const table = wordsIn(index, stream, true);
  if (foundSize != size) fail();
  return table;
}

function refuse(): Address {
  fail();
  return 0;
}
