// From a BitBlt, its Forms, halftone and colour map to the operation that the engine works on. Everything is checked
// here, so that the engine can load and store without checks: depths, sizes of bits, tables.

import {
  Address,
  bodyOf,
  byteSizeOf,
  elementCountOf,
  ERROR_GENERIC,
  ERROR_NO_MODIFICATION,
  fail,
  failed,
  fetchFollowed,
  FORMAT_SHORTS,
  FORMAT_WORDS32,
  floatValue,
  formatOf,
  isBitsFormat,
  isFloat,
  isObject,
  isPointersFormat,
  isReadOnly,
  isSmallInteger,
  nil,
  Oop,
  slotCountOf,
  smallIntegerValue,
} from "../../vm/plugin";
import { isIdentityMap, setUpColorMasks } from "./colors";
import {
  blit,
  clearAffected,
  dest,
  isDepth,
  LAST_RULE,
  MAP_FIXED,
  MAP_INDEXED,
  MAP_NEW_STYLE,
  MAP_PRESENT,
  Pixels,
  rowBytes,
  setPixels,
  source,
} from "./operation";
import { quadrilateral } from "./warp";

// Fields of Form and BitBlt (BitBltSimulation class>>initialize).
const FORM_BITS: u32 = 0;
const FORM_WIDTH: u32 = 1;
const FORM_HEIGHT: u32 = 2;
const FORM_DEPTH: u32 = 3;
const FORM_FIELDS: u32 = 4;
const DEST_FORM: u32 = 0;
const SOURCE_FORM: u32 = 1;
const HALFTONE_FORM: u32 = 2;
const RULE: u32 = 3;
export const DEST_X: u32 = 4;
export const DEST_Y: u32 = 5;
const WIDTH: u32 = 6;
const HEIGHT: u32 = 7;
const SOURCE_X: u32 = 8;
const SOURCE_Y: u32 = 9;
const CLIP_X: u32 = 10;
const CLIP_Y: u32 = 11;
const CLIP_WIDTH: u32 = 12;
const CLIP_HEIGHT: u32 = 13;
const COLOR_MAP: u32 = 14;
const BITBLT_FIELDS: u32 = 15;
const CORNERS: u32 = 15;
const WARP_FIELDS: u32 = 27;

/** Reads a BitBlt; fails, and answers false, where anything is wrong. BitBltSimulation>>loadBitBltFrom:warping: */
export function loadBitBlt(bitBlt: Oop): bool {
  if (!loadAll(bitBlt)) fail(ERROR_GENERIC);
  return !failed();
}

/** Reads a WarpBlt with its corners. BitBltSimulation>>loadWarpBltFrom: */
export function loadWarpBlt(warpBlt: Oop): bool {
  if (!loadBitBlt(warpBlt)) return false;
  if (slotCountOf(<Address>warpBlt) < WARP_FIELDS) fail(ERROR_GENERIC);
  if (failed()) return false;
  quadrilateral.x1 = integerField(CORNERS, warpBlt);
  quadrilateral.y1 = integerField(CORNERS + 1, warpBlt);
  quadrilateral.x2 = integerField(CORNERS + 3, warpBlt);
  quadrilateral.y2 = integerField(CORNERS + 4, warpBlt);
  quadrilateral.x3 = integerField(CORNERS + 6, warpBlt);
  quadrilateral.y3 = integerField(CORNERS + 7, warpBlt);
  quadrilateral.x4 = integerField(CORNERS + 9, warpBlt);
  quadrilateral.y4 = integerField(CORNERS + 10, warpBlt);
  return !failed();
}

/** Whether an oop is an object with at least so many slots, all oops. */
export function hasFields(oop: Oop, count: u32): bool {
  return isObject(oop) && isPointersFormat(formatOf(<Address>oop)) && slotCountOf(<Address>oop) >= count;
}

/** Whether an oop is an object of 32-bit words. */
export function isWords(oop: Oop): bool {
  if (!isObject(oop)) return false;
  const format = formatOf(<Address>oop);
  return format >= FORMAT_WORDS32 && format < FORMAT_SHORTS;
}

/** The sizes and bits of a Form; false where it is none, or has fewer bits than its extent wants. */
export function loadForm(form: Oop, pixels: Pixels): bool {
  if (!hasFields(form, FORM_FIELDS)) return false;
  const bits = fetchFollowed(FORM_BITS, form);
  const width = integerField(FORM_WIDTH, form);
  const height = integerField(FORM_HEIGHT, form);
  const depthOop = fetchFollowed(FORM_DEPTH, form);
  if (failed() || !isSmallInteger(depthOop)) return false;
  const depth = smallIntegerValue(depthOop);
  if (!isDepth(abs(depth)) || width < 0 || height < 0 || width > i32.MAX_VALUE || height > i32.MAX_VALUE) return false;
  if (!isObject(bits) || !isBitsFormat(formatOf(<Address>bits))) return false;
  if (<u64>byteSizeOf(bits) < <u64>rowBytes(<i32>width, <u32>abs(depth)) * height) return false;
  setPixels(pixels, bodyOf(bits), <i32>width, <i32>height, <i32>depth);
  return true;
}

function loadAll(bitBlt: Oop): bool {
  clearAffected();
  if (!hasFields(bitBlt, BITBLT_FIELDS)) return false;
  const rule = fetchFollowed(RULE, bitBlt);
  if (!isSmallInteger(rule)) return false;
  const number = smallIntegerValue(rule);
  // 16 and 17 were painting and masking by simulation; images do these themselves.
  if (number < 0 || number > LAST_RULE || number == 16 || number == 17) return false;
  blit.rule = <u32>number;
  blit.destForm = fetchFollowed(DEST_FORM, bitBlt);
  if (!loadForm(blit.destForm, dest)) return false;
  if (isReadOnly(<Address>fetchFollowed(FORM_BITS, blit.destForm))) fail(ERROR_NO_MODIFICATION);
  blit.destX = integerOr(0, DEST_X, bitBlt);
  blit.destY = integerOr(0, DEST_Y, bitBlt);
  blit.width = integerOr(dest.width, WIDTH, bitBlt);
  blit.height = integerOr(dest.height, HEIGHT, bitBlt);
  if (failed() || !loadSource(bitBlt) || !loadHalftone(fetchFollowed(HALFTONE_FORM, bitBlt))) return false;
  return loadClipping(bitBlt);
}

/** Whether the rule needs neither source nor halftone, or there is none. BitBltSimulation>>ignoreSourceOrHalftone: */
function isIgnored(oop: Oop): bool {
  const rule = blit.rule;
  return oop == nil || rule == 0 || rule == 5 || rule == 10 || rule == 15;
}

function loadSource(bitBlt: Oop): bool {
  const form = fetchFollowed(SOURCE_FORM, bitBlt);
  blit.noSource = isIgnored(form);
  blit.sameForm = form == blit.destForm;
  blit.mapFlags = 0;
  blit.mapTable = 0;
  blit.sourceX = 0;
  blit.sourceY = 0;
  if (blit.noSource) return true;
  if (!loadForm(form, source) || !loadColorMap(fetchFollowed(COLOR_MAP, bitBlt))) return false;
  if ((blit.mapFlags & MAP_NEW_STYLE) == 0) setUpColorMasks();
  blit.sourceX = integerOr(0, SOURCE_X, bitBlt);
  blit.sourceY = integerOr(0, SOURCE_Y, bitBlt);
  return !failed();
}

/**
 * A colour map: nil, words to look pixels up in (2^depth of them, or 2^9, 2^12, 2^15 for colours), or a ColorMap of
 * shifts, masks and words. BitBltSimulation>>loadColorMap
 */
function loadColorMap(map: Oop): bool {
  blit.mapMask = 0;
  blit.mapBitsPerColor = 0;
  blit.mapShifts = 0;
  blit.mapMasks = 0;
  if (map == nil) return true;
  blit.mapFlags = MAP_PRESENT;
  if (isWords(map)) {
    if (!loadTable(map)) return false;
    setUpColorMasks();
  } else {
    if (!hasFields(map, 3)) return false;
    blit.mapShifts = fourWords(fetchFollowed(0, map));
    blit.mapMasks = fourWords(fetchFollowed(1, map));
    if (failed() || !loadTable(fetchFollowed(2, map))) return false;
    blit.mapFlags |= MAP_NEW_STYLE;
  }
  if (isIdentityMap(blit.mapShifts, blit.mapMasks)) {
    blit.mapShifts = 0;
    blit.mapMasks = 0;
  } else {
    blit.mapFlags |= MAP_FIXED;
  }
  return true;
}

function loadTable(words: Oop): bool {
  if (words == nil) return true;
  if (!isWords(words)) return false;
  const size = elementCountOf(words);
  if ((size & (size - 1)) != 0) return false;
  if (size == 0) return true;
  if (isTallying() && isReadOnly(<Address>words)) fail(ERROR_NO_MODIFICATION);
  blit.mapTable = bodyOf(words);
  blit.mapMask = size - 1;
  if (size == 512) blit.mapBitsPerColor = 3;
  else if (size == 4096) blit.mapBitsPerColor = 4;
  else if (size == 32768) blit.mapBitsPerColor = 5;
  blit.mapFlags |= MAP_INDEXED;
  return !failed();
}

function isTallying(): bool {
  return blit.rule == 23 || blit.rule == 33;
}

/** Where the four shifts or masks of a ColorMap are; 0 for nil. */
function fourWords(words: Oop): Address {
  if (words == nil) return 0;
  if (isWords(words) && elementCountOf(words) == 4) return bodyOf(words);
  fail(ERROR_GENERIC);
  return 0;
}

/** A halftone: words, or a Form of depth 1 and width 32. BitBltSimulation>>loadHalftoneForm */
function loadHalftone(halftone: Oop): bool {
  blit.halftoneHeight = 0;
  if (isIgnored(halftone)) return true;
  let words = halftone;
  let height: i64;
  if (hasFields(halftone, FORM_FIELDS)) {
    words = fetchFollowed(FORM_BITS, halftone);
    const heightOop = fetchFollowed(FORM_HEIGHT, halftone);
    if (!isSmallInteger(heightOop)) return false;
    if (!isWords(words)) return true;
    height = smallIntegerValue(heightOop);
  } else {
    if (!isWords(words)) return false;
    height = elementCountOf(words);
  }
  if (height <= 0 || height > <i64>elementCountOf(words)) return false;
  blit.halftoneBits = bodyOf(words);
  blit.halftoneHeight = <u32>height;
  return true;
}

function loadClipping(bitBlt: Oop): bool {
  const left = integerOr(0, CLIP_X, bitBlt);
  const top = integerOr(0, CLIP_Y, bitBlt);
  const right = left + integerOr(dest.width, CLIP_WIDTH, bitBlt);
  const bottom = top + integerOr(dest.height, CLIP_HEIGHT, bitBlt);
  blit.clipX = max<i64>(left, 0);
  blit.clipY = max<i64>(top, 0);
  blit.clipWidth = min<i64>(right, dest.width) - blit.clipX;
  blit.clipHeight = min<i64>(bottom, dest.height) - blit.clipY;
  return !failed();
}

/** An integer field, or the whole part of a Float. BitBltSimulation>>fetchIntOrFloat:ofObject: */
function integerField(index: u32, object: Oop): i64 {
  const oop = fetchFollowed(index, object);
  if (isSmallInteger(oop)) return smallIntegerValue(oop);
  if (isFloat(oop)) {
    const value = floatValue(oop);
    if (value >= -2147483648 && value <= 2147483647) return <i64>value;
  }
  fail(ERROR_GENERIC);
  return 0;
}

function integerOr(absent: i64, index: u32, object: Oop): i64 {
  return fetchFollowed(index, object) == nil ? absent : integerField(index, object);
}
