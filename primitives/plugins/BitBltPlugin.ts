// BitBlt as images call it: copying, warping, lines, strings, single pixels. The work is done in primitives/bitblt.
// Surfaces outside the object memory (an integer as a Form's bits) are on purpose absent: such Forms fail.

import {
  Address,
  answerInteger,
  answerUnsigned,
  argument,
  argumentCount,
  bodyOf,
  byteAt,
  byteSize,
  elementCountOf,
  ERROR_BAD_ARGUMENT_COUNT,
  ERROR_GENERIC,
  ERROR_NO_MODIFICATION,
  fail,
  failed,
  fetchFollowed,
  FORMAT_ARRAY,
  formatOf,
  integerArgument,
  isBytesFormat,
  isObject,
  isReadOnly,
  isSmallInteger,
  nil,
  Oop,
  receiver,
  slotCountOf,
  smallInteger,
  smallIntegerValue,
  storePointerUnchecked,
  unsigned32Argument,
} from "../../vm/plugin";
import { clip, setUpWords } from "../bitblt/clip";
import { clipComparison, compareColors, pixelAtColumn } from "../bitblt/compare";
import { copyBits, copyClipped, copyMapped } from "../bitblt/copy";
import { drawLine } from "../bitblt/line";
import { DEST_X, DEST_Y, isWords, loadBitBlt, loadForm, loadWarpBlt } from "../bitblt/load";
import { blit, dest, setAffected, source } from "../bitblt/operation";
import { showAffected } from "../bitblt/show";
import { warpBits } from "../bitblt/warp";

/** Samples along a side of WarpBlt's smoothing grid: more of them would overflow the sums. */
const MAX_SAMPLES: i64 = 4096;

/** Steps of a line that is drawn without a pause; the image draws longer ones itself, and can be interrupted. */
const MAX_STEPS: i64 = 1 << 20;

/** BitBlt>>copyBits, copyBitsTranslucent:, copyBitsColor:alpha:gammaTable:ungammaTable:. BitBltSimulation>>primitiveCopyBits */
export function primitiveCopyBits(): void {
  if (!loadBitBlt(receiver()) || !loadAlpha()) return;
  copyBits();
  showAffected();
  if (blit.rule == 22 || blit.rule == 32) answerInteger(blit.bitCount);
}

/** WarpBlt>>warpBits, warpBitsSmoothing:sourceMap:. BitBltSimulation>>primitiveWarpBits */
export function primitiveWarpBits(): void {
  if (!loadWarpBlt(receiver())) return;
  setComponentAlpha(0xffffff, 255, 0, 0);
  blit.alpha = 0;
  let samples: i64 = 1;
  let sourceColors: Address = 0;
  if (argumentCount == 2) {
    samples = integerArgument(0);
    if (samples < 1 || samples > MAX_SAMPLES) fail(ERROR_GENERIC);
    sourceColors = smoothingColors(argument(1));
  }
  if (failed()) return;
  warpBits(<i32>samples, sourceColors);
  showAffected();
}

/** BitBlt>>drawLoopX:Y:. BitBltSimulation>>primitiveDrawLoop, drawLoopX:Y: */
export function primitiveDrawLoop(): void {
  if (argumentCount != 2) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const across = integerArgument(0);
  const down = integerArgument(1);
  if (failed() || !loadWithoutAlpha()) return;
  if (max(abs(across), abs(down)) > MAX_STEPS) return fail(ERROR_GENERIC);
  drawLine(across, down);
  showAffected();
  storePointerUnchecked(DEST_X, receiver(), smallInteger(blit.destX));
  storePointerUnchecked(DEST_Y, receiver(), smallInteger(blit.destY));
}

/**
 * BitBlt>>primDisplayString:from:to:map:xTable:kern: draws characters from a Form of glyphs side by side.
 * BitBltSimulation>>primitiveDisplayString
 */
export function primitiveDisplayString(): void {
  if (argumentCount != 6) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const string = argument(0);
  const start = integerArgument(1);
  const stop = integerArgument(2);
  const glyphMap = argument(3);
  const edges = argument(4);
  const kern = integerArgument(5);
  if (failed()) return;
  if (!isArray(edges) || !isArray(glyphMap) || slotCountOf(<Address>glyphMap) != 256) return fail(ERROR_GENERIC);
  if (!isObject(string) || !isBytesFormat(formatOf(<Address>string))) return fail(ERROR_GENERIC);
  if (start <= 0 || stop < 0 || stop > <i64>byteSize(string)) return fail(ERROR_GENERIC);
  if (!loadWithoutAlpha() || stop == 0) return;

  const left = blit.destX;
  for (let i = <u32>start; i <= <u32>stop; i++) {
    if (!selectGlyph(byteAt(string, i - 1), glyphMap, edges)) return fail(ERROR_GENERIC);
    drawGlyph();
    blit.destX += blit.width + kern;
  }
  blit.left = <i32>min<i64>(max<i64>(left, 0), i32.MAX_VALUE);
  showAffected();
  storePointerUnchecked(DEST_X, receiver(), smallInteger(blit.destX));
}

/** Form>>pixelValueAt:, 0 outside. BitBltSimulation>>primitivePixelValueAtX:y: */
export function primitivePixelValueAt(): void {
  const x = integerArgument(0);
  const y = integerArgument(1);
  if (failed()) return;
  if (x < 0 || y < 0) return answerInteger(0);
  if (!loadForm(receiver(), source) || !source.bigEndian) return fail(ERROR_GENERIC);
  if (x >= source.width || y >= source.height) return answerInteger(0);
  answerUnsigned(pixelAtColumn(source, <i32>x, <i32>y));
}

/** BitBlt>>primCompareColor:to:test:. BitBltSimulation>>primitiveCompareColorA:to:test: */
export function primitiveCompareColors(): void {
  const colorA = unsigned32Argument(0);
  const colorB = unsigned32Argument(1);
  const test = integerArgument(2);
  if (failed() || !loadBitBlt(receiver())) return;
  if (blit.noSource || !clipComparison()) return fail(ERROR_GENERIC);
  answerUnsigned(compareColors(colorA, colorB, <u32>test));
}

/** The arguments of rules 30, 31 and 41. BitBltSimulation>>copyBitsLockedAndClipped, copyBitsRule41Test */
function loadAlpha(): bool {
  const rule = blit.rule;
  if (rule == 41) {
    loadComponentAlpha();
  } else if (rule == 30 || rule == 31) {
    const alpha = argumentCount == 1 ? integerArgument(0) : -1;
    if (alpha < 0 || alpha > 255) fail(ERROR_GENERIC);
    blit.alpha = <u32>alpha;
  }
  return !failed();
}

function loadComponentAlpha(): void {
  if (argumentCount == 0) return fail(ERROR_GENERIC);
  const color = <u32>integerArgument(0);
  const alpha = argumentCount > 1 ? <u32>integerArgument(1) : 255;
  const gamma = argumentCount == 4 ? byteTable(argument(2)) : 0;
  const ungamma = argumentCount == 4 ? byteTable(argument(3)) : 0;
  setComponentAlpha(color, alpha, gamma, ungamma);
}

function setComponentAlpha(color: u32, alpha: u32, gamma: Address, ungamma: Address): void {
  blit.componentColor = color;
  blit.componentAlpha = alpha;
  blit.gammaTable = gamma;
  blit.ungammaTable = ungamma;
}

/** A table of 256 bytes, or 0 where the object is none. */
function byteTable(oop: Oop): Address {
  if (!isObject(oop) || !isBytesFormat(formatOf(<Address>oop))) return 0;
  return byteSize(oop) >= 256 ? bodyOf(oop) : 0;
}

/** Where the colours of a source's pixels are that smoothing averages; fails where it needs them and they are too few. */
function smoothingColors(map: Oop): Address {
  const needed = !blit.noSource && source.depth < 16;
  if (map == nil) {
    if (needed) fail(ERROR_GENERIC);
    return 0;
  }
  if (!isWords(map) || (needed && elementCountOf(map) < (<u32>1) << source.depth)) fail(ERROR_GENERIC);
  return failed() ? 0 : bodyOf(map);
}

/** Loads the receiver, which will be written to, for an operation that has no arguments for rules 30, 31 and 41. */
function loadWithoutAlpha(): bool {
  if (!loadBitBlt(receiver())) return false;
  if (blit.rule == 30 || blit.rule == 31) fail(ERROR_GENERIC);
  if (isReadOnly(<Address>receiver())) fail(ERROR_NO_MODIFICATION);
  setComponentAlpha(0xffffff, 255, 0, 0);
  return !failed();
}

function isArray(oop: Oop): bool {
  return isObject(oop) && formatOf(<Address>oop) == FORMAT_ARRAY;
}

/** Sets the source to a character's glyph; false where map or edges say nothing. */
function selectGlyph(code: u32, glyphMap: Oop, edges: Oop): bool {
  const glyph = fetchFollowed(code, glyphMap);
  if (!isSmallInteger(glyph)) return false;
  const index = smallIntegerValue(glyph);
  if (index < 0 || index > <i64>slotCountOf(<Address>edges) - 2) return false;
  const left = fetchFollowed(<u32>index, edges);
  const right = fetchFollowed(<u32>index + 1, edges);
  if (!isSmallInteger(left) || !isSmallInteger(right)) return false;
  blit.sourceX = smallIntegerValue(left);
  blit.width = smallIntegerValue(right) - blit.sourceX;
  return true;
}

/** The reference draws converted glyphs by their rule, past the quick loops of rules 34 and 41; so does this. */
function drawGlyph(): void {
  if (!clip(!blit.noSource)) return;
  const converting = blit.mapFlags != 0 || source.bigEndian != dest.bigEndian || source.depth != dest.depth;
  if (blit.noSource || blit.sameForm || !converting) return copyClipped();
  setUpWords();
  copyMapped();
  setAffected();
}
