// Writing literals and matches of a block with the codes of two Huffman trees. RFC 1951; VMMaker,
// DeflatePlugin>>sendBlock:with:with:with:.

import { Address, fail, failed, Oop } from "../../vm/plugin";
import {
  baseDistance,
  baseLength,
  distanceCode,
  extraDistanceBits,
  extraLengthBits,
  lengthCode,
  MIN_MATCH,
} from "./codes";
import { bytesIn, foundSize, integerIn, requireSlots, storeInteger, wordsIn } from "./streams";

/** More bits than any code or extra has; a buffer that holds more is damaged. */
const MAX_BITS: u32 = 24;
const MAX_BITS_HELD: i64 = 32;
const WINDOW_SIZE: u32 = 0x8000;

export let sentPosition: i64 = 0;
export let sentBitBuffer: i64 = 0;
export let sentBitPosition: i64 = 0;

let sink: Address = 0;
let sinkSize: u32 = 0;

export function setSink(address: Address, size: u32, position: i64, bitBuffer: i64, bitPosition: i64): void {
  sink = address;
  sinkSize = size;
  sentPosition = position;
  sentBitBuffer = bitBuffer;
  sentBitPosition = bitPosition;
  if (bitPosition > MAX_BITS_HELD) fail();
}

/** Sends what fits between the streams' positions and limits, and moves the positions; answers the bytes encoded. */
export function sendBlock(literalStream: Oop, distanceStream: Oop, literalTree: Oop, distanceTree: Oop): i64 {
  if (!requireSlots(literalStream, 3) || !requireSlots(distanceStream, 3)) return 0;
  if (!requireSlots(literalTree, 2) || !requireSlots(distanceTree, 2)) return 0;
  let position = integerIn(1, literalStream);
  const limit = integerIn(2, literalStream);
  const literals = bytesIn(0, literalStream, false);
  if (position > limit || limit > <i64>foundSize) fail();
  const distances = wordsIn(0, distanceStream, false);
  if (limit > <i64>foundSize || integerIn(1, distanceStream) != position || integerIn(2, distanceStream) != limit)
    fail();
  loadTrees(literalTree, distanceTree);
  if (failed()) return 0;

  putBits(0, 0);
  let sum: i64 = 0;
  for (; position < limit && sentPosition + 4 < <i64>sinkSize && !failed(); position++) {
    const literal = <u32>load<u8>(literals + <u32>position);
    const distance = load<u32>(distances + ((<u32>position) << 2));
    sum += distance == 0 ? 1 : literal + MIN_MATCH;
    if (distance == 0) putCode(literal, literalLengths, literalCodes, literalCount);
    else sendMatch(literal, distance);
  }
  if (failed()) return 0;
  storeInteger(1, literalStream, position);
  storeInteger(1, distanceStream, position);
  return sum;
}

let literalLengths: Address = 0;
let literalCodes: Address = 0;
let literalCount: u32 = 0;
let distanceLengths: Address = 0;
let distanceCodes: Address = 0;
let distanceCount: u32 = 0;

/** A tree's first two instance variables: bits of every code, and the codes. */
function loadTrees(literalTree: Oop, distanceTree: Oop): void {
  literalLengths = wordsIn(0, literalTree, false);
  literalCount = foundSize;
  literalCodes = wordsIn(1, literalTree, false);
  if (foundSize != literalCount) fail();
  distanceLengths = wordsIn(0, distanceTree, false);
  distanceCount = foundSize;
  distanceCodes = wordsIn(1, distanceTree, false);
  if (foundSize != distanceCount) fail();
}

function sendMatch(length: u32, distance: u32): void {
  const code = lengthCode(length);
  putCode(code, literalLengths, literalCodes, literalCount);
  const extra = extraLengthBits(code);
  if (extra != 0) putBits(extra, length - baseLength(code));
  if (distance > WINDOW_SIZE) return fail();
  const distanceOfCode = distanceCode(distance - 1);
  putCode(distanceOfCode, distanceLengths, distanceCodes, distanceCount);
  const extraDistance = extraDistanceBits(distanceOfCode);
  if (extraDistance != 0) putBits(extraDistance, distance - 1 - baseDistance(distanceOfCode));
}

function putCode(code: u32, lengths: Address, codes: Address, count: u32): void {
  if (code < count) putBits(load<u32>(lengths + (code << 2)), load<u32>(codes + (code << 2)));
  else fail();
}

function putBits(bits: u32, value: u32): void {
  if (bits > MAX_BITS || value >> bits != 0) return fail();
  sentBitBuffer |= (<i64>value) << sentBitPosition;
  sentBitPosition += bits;
  while (sentBitPosition >= 8 && sentPosition < <i64>sinkSize) {
    store<u8>(sink + <u32>sentPosition, <u8>sentBitBuffer);
    sentPosition++;
    sentBitBuffer >>= 8;
    sentBitPosition -= 8;
  }
}
