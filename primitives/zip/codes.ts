// The codes of Deflate for lengths and distances, computed instead of tabled. RFC 1951, section 3.2.5.

export const MIN_MATCH: u32 = 3;
export const MAX_MATCH: u32 = 258;
export const LITERAL_CODES: u32 = 286;
export const DISTANCE_CODES: u32 = 30;
export const FIRST_LENGTH_CODE: u32 = 257;

/**
 * The code of a match length less MIN_MATCH, 0 to 255. The longest gets 284 with all extra bits set, as in the image's
 * tables (ZipConstants, MatchLengthCodes), and never 285: ZipWriteStream>>fixedBlockSizeFor:and: does not know that code.
 */
export function lengthCode(length: u32): u32 {
  if (length < 8) return FIRST_LENGTH_CODE + length;
  const extra = 29 - <u32>clz(length);
  return FIRST_LENGTH_CODE + (extra << 2) + (length >> extra);
}

/** Bits that follow a length's code. */
export function extraLengthBits(code: u32): u32 {
  return code < 265 ? 0 : (code - 261) >> 2;
}

/** The least length less MIN_MATCH with a code. */
export function baseLength(code: u32): u32 {
  const extra = extraLengthBits(code);
  return (code - FIRST_LENGTH_CODE - (extra << 2)) << extra;
}

/** The code of a distance less one, 0 to 32767. */
export function distanceCode(distance: u32): u32 {
  if (distance < 4) return distance;
  const extra = 30 - <u32>clz(distance);
  return (extra << 1) + (distance >> extra);
}

/** Bits that follow a distance's code. */
export function extraDistanceBits(code: u32): u32 {
  return code < 4 ? 0 : (code - 2) >> 1;
}

/** The least distance less one with a code. */
export function baseDistance(code: u32): u32 {
  return code < 4 ? code : (2 | (code & 1)) << extraDistanceBits(code);
}
