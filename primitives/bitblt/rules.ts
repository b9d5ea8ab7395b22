// The combination rules: what becomes of a word of the destination when a word of the source comes over it.
// Words hold one or more pixels; a rule may look at blit.mask to leave pixels outside the rectangle alone.

import { changeColorBits, countTableEntry, expand16To32 } from "./colors";
import { componentAlpha32 } from "./componentAlpha";
import { blit, dest, MAP_INDEXED, MAP_PRESENT, pixelMask } from "./operation";

/** Combines a source word with a destination word by the operation's rule. BitBltSimulation class>>initializeRuleTable */
export function combine(rule: u32, from: u32, to: u32): u32 {
  switch (rule) {
    case 0:
      return 0;
    case 1:
      return from & to;
    case 2:
      return from & ~to;
    case 3:
      return from;
    case 4:
      return ~from & to;
    case 5:
      return to;
    case 6:
      return from ^ to;
    case 7:
      return from | to;
    case 8:
      return ~from & ~to;
    case 9:
      return ~from ^ to;
    case 10:
      return ~to;
    case 11:
      return from | ~to;
    case 12:
      return ~from;
    case 13:
      return ~from | to;
    case 14:
      return ~from | ~to;
    case 15:
      return to;
    case 16:
      return to;
    case 17:
      return to;
    case 18:
      return from + to;
    case 19:
      return from - to;
    case 20:
      return addColors(from, to);
    case 21:
      return byComponent(DIFFERENCE, from, to);
    case 22:
      return sumDifferencesOfWord(from, to);
    case 23:
      return tallyWord(to);
    case 24:
      return alphaBlend(from, to);
    case 25:
      return paint(from, to);
    case 26:
      return erase(from, to);
    case 27:
      return byComponent(MAXIMUM, from, to);
    case 28:
      return byComponent(MINIMUM, from, to);
    case 29:
      return byComponent(MINIMUM, ~from, to);
    case 30:
      return blendConstant(from, to, false);
    case 31:
      return from == 0 ? to : blendConstant(from, to, true);
    case 32:
      return sumDifferences(from, to);
    case 33:
      return tally(to);
    case 34:
      return alphaBlendScaled(from, to);
    case 35:
      return alphaBlendScaled(from, to);
    case 36:
      return alphaBlendScaled(from, to);
    case 37:
      return byComponent(PRODUCT, from, to);
    case 38:
      return swapPixels(to);
    case 39:
      return clearEqual(from, to);
    case 40:
      return fixAlpha(from, to);
    default:
      return blendComponents(from, to);
  }
}

/** Rule 24: source over destination by the source's alpha; 32-bit pixels. BitBltSimulation>>alphaBlend:with: */
export function alphaBlend(from: u32, to: u32): u32 {
  const alpha = from >> 24;
  if (alpha == 0) return to;
  if (alpha == 255) return from;
  const rest = 255 - alpha;
  const redBlue = (from & 0xff00ff) * alpha + (to & 0xff00ff) * rest + 0xff00ff;
  const alphaGreen = (((from >> 8) | 0xff0000) & 0xff00ff) * alpha + ((to >> 8) & 0xff00ff) * rest + 0xff00ff;
  return divideBy255(redBlue) | (divideBy255(alphaGreen) << 8);
}

/** Two products of bytes, each rounded up beforehand, divided by 255. */
// @ts-ignore: decorator
@inline
function divideBy255(pair: u32): u32 {
  return ((pair + (((pair - 0x10001) >> 8) & 0xff00ff)) >> 8) & 0xff00ff;
}

/** Rule 34: the same with a source already multiplied by its alpha. BitBltSimulation>>alphaBlendScaled:with: */
export function alphaBlendScaled(from: u32, to: u32): u32 {
  const rest = 255 - (from >> 24);
  const redBlue = ((((to & 0xff00ff) * rest) >> 8) & 0xff00ff) + (from & 0xff00ff);
  const alphaGreen = (((((to >> 8) & 0xff00ff) * rest) >> 8) & 0xff00ff) + ((from >> 8) & 0xff00ff);
  return saturate(redBlue) | (saturate(alphaGreen) << 8);
}

/** Two sums of bytes, each held at 255. */
// @ts-ignore: decorator
@inline
function saturate(pair: u32): u32 {
  return (pair & 0xff00ff) | (((pair & 0x1000100) * 255) >> 8);
}

/** Rule 25: source pixels that are not 0 replace. BitBltSimulation>>pixPaint:with: */
// @ts-ignore: decorator
@inline
export function paint(from: u32, to: u32): u32 {
  return from == 0 ? to : from | erase(from, to);
}

/** Rule 26: destination pixels stay where the source's are 0, else become 0. BitBltSimulation>>pixMask:with: */
export function erase(from: u32, to: u32): u32 {
  const depth = dest.depth;
  if (depth == 32) return from == 0 ? to : 0;
  let mask = pixelMask(depth);
  let result: u32 = 0;
  for (let i = dest.perWord; i > 0; i--) {
    if ((from & mask) == 0) result |= to & mask;
    mask <<= depth;
  }
  return result;
}

const DIFFERENCE: u32 = 0;
const MAXIMUM: u32 = 1;
const MINIMUM: u32 = 2;
const PRODUCT: u32 = 3;

/**
 * Rules 21, 27, 28, 29 and 37, on each colour component, or on each pixel where it has none.
 * BitBltSimulation>>rgbSub:with:, rgbMax:with:, rgbMin:with:, rgbMinInvert:with:, rgbMul:with:
 */
function byComponent(operator: u32, from: u32, to: u32): u32 {
  // The reference multiplies no more than four fields of a word; the other pixels of few bits become 0.
  const fields = operator == PRODUCT ? min(dest.perWord, 4) : dest.perWord;
  if (dest.depth < 16) return byField(operator, from, to, dest.depth, fields);
  if (dest.depth == 32) return byField(operator, from, to, 8, 4);
  return byField(operator, from, to, 5, 3) + (byField(operator, from >> 16, to >> 16, 5, 3) << 16);
}

/** An operator on each of the lowest fields. BitBltSimulation>>partitionedSub:from:nBits:nPartitions: and others */
function byField(operator: u32, from: u32, to: u32, bits: u32, fields: i32): u32 {
  const mask = pixelMask(bits);
  let result: u32 = 0;
  let shift: u32 = 0;
  for (let i = 0; i < fields; i++) {
    const a = (from >> shift) & mask;
    const b = (to >> shift) & mask;
    let field: u32;
    if (operator == DIFFERENCE) field = a < b ? b - a : a - b;
    else if (operator == MAXIMUM) field = max(a, b);
    else if (operator == MINIMUM) field = min(a, b);
    else field = (((a + 1) * (b + 1) - 1) >> bits) & mask;
    result |= field << shift;
    shift += bits;
  }
  return result;
}

/** Rule 20: components added, held at their maximum. BitBltSimulation>>rgbAdd:with: */
function addColors(from: u32, to: u32): u32 {
  const depth = dest.depth;
  if (depth == 32) return addFields(from, to, 8, 0xff, 0x80808080);
  if (depth == 16) return addFields(from & 0x7fff7fff, to & 0x7fff7fff, 5, 0x1f, 0x42104210);
  const mask = pixelMask(depth);
  return addFields(from, to, depth, mask, (<u32>0xffffffff / mask) << (depth - 1));
}

/** Saturated addition of fields of which `highBits` has the highest bit each. */
function addFields(a: u32, b: u32, bits: u32, mask: u32, highBits: u32): u32 {
  const highA = a & highBits;
  const highB = b & highBits;
  const sum = (a ^ highA) + (b ^ highB);
  const overflow = (highA & highB) | ((highA | highB) & sum);
  return (sum ^ highA ^ highB) | ((overflow >> (bits - 1)) * mask);
}

/** Rule 22: differences of whole words, rectangle or not. BitBltSimulation>>OLDrgbDiff:with: */
function sumDifferencesOfWord(from: u32, to: u32): u32 {
  const depth = dest.depth;
  if (depth == 32) {
    blit.bitCount += sumOfFields(byField(DIFFERENCE, from, to, 8, 3), 8);
    return to;
  }
  if (depth == 16) {
    blit.bitCount += sumOfFields(byField(DIFFERENCE, from, to, 5, 3), 5);
    blit.bitCount += sumOfFields(byField(DIFFERENCE, from >> 16, to >> 16, 5, 3), 5);
    return to;
  }
  for (let different = from ^ to; different != 0; different >>= depth) {
    if ((different & pixelMask(depth)) != 0) blit.bitCount++;
  }
  return to;
}

/** Rule 32: differences within the rectangle, by component or by pixel. BitBltSimulation>>rgbDiff:with: */
function sumDifferences(from: u32, to: u32): u32 {
  const depth = dest.depth;
  const mask = pixelMask(depth);
  const bits: u32 = depth == 16 ? 5 : 8;
  let inside = blit.mask;
  let a = from;
  let b = to;
  for (let i = dest.perWord; i > 0; i--) {
    if ((inside & mask) != 0) {
      if (depth < 16) blit.bitCount += <i64>((a & mask) != (b & mask));
      else blit.bitCount += sumOfFields(byField(DIFFERENCE, a & mask, b & mask, bits, 3), bits);
    }
    inside >>= depth & 31;
    a >>= depth & 31;
    b >>= depth & 31;
  }
  return to;
}

function sumOfFields(word: u32, bits: u32): u32 {
  const mask = pixelMask(bits);
  return (word & mask) + ((word >> bits) & mask) + ((word >> (2 * bits)) & mask);
}

// @ts-ignore: decorator
@inline
function canTally(): bool {
  return (blit.mapFlags & (MAP_PRESENT | MAP_INDEXED)) == (MAP_PRESENT | MAP_INDEXED);
}

/** Rule 23: counts the pixels of whole words in the colour map. BitBltSimulation>>OLDtallyIntoMap:with: */
function tallyWord(to: u32): u32 {
  blit.mask = 0xffffffff;
  return tally(to);
}

/** Rule 33: counts the rectangle's pixels in the colour map. BitBltSimulation>>tallyIntoMap:with: */
function tally(to: u32): u32 {
  if (!canTally()) return to;
  const depth = dest.depth;
  const mask = pixelMask(depth);
  let inside = blit.mask;
  let rest = to;
  for (let i = dest.perWord; i > 0; i--) {
    if ((inside & mask) != 0) countTableEntry(tallyIndex(rest & mask));
    inside >>= depth & 31;
    rest >>= depth & 31;
  }
  return to;
}

function tallyIndex(pixel: u32): u32 {
  if (dest.depth < 16) return pixel;
  return <u32>changeColorBits(pixel, dest.depth == 16 ? 5 : 8, blit.mapBitsPerColor);
}

/** Rules 30 and 31: one alpha for all pixels; painting leaves pixels of 0 out. BitBltSimulation>>alphaBlendConst:with:paintMode: */
function blendConstant(from: u32, to: u32, painting: bool): u32 {
  const alpha = blit.alpha;
  const rest = 255 - alpha;
  if (dest.depth < 16) return to;
  if (dest.depth == 32) {
    const redBlue = (from & 0xff00ff) * alpha + (to & 0xff00ff) * rest + 0xff00ff;
    const alphaGreen = ((from >> 8) & 0xff00ff) * alpha + ((to >> 8) & 0xff00ff) * rest + 0xff00ff;
    return divideBy255(redBlue) | (divideBy255(alphaGreen) << 8);
  }
  let result = to;
  for (let shift: u32 = 0; shift < 32; shift += 16) {
    const a = (from >> shift) & 0xffff;
    if (((blit.mask >> shift) & 0xffff) == 0 || (painting && a == 0)) continue;
    const blended = blend16(a, (to >> shift) & 0xffff, alpha, rest);
    result = (result & ~((<u32>0xffff) << shift)) | (blended << shift);
  }
  return result;
}

function blend16(from: u32, to: u32, alpha: u32, rest: u32): u32 {
  let result: u32 = 0;
  for (let shift: u32 = 0; shift < 15; shift += 5) {
    const sum = ((from >> shift) & 31) * alpha + ((to >> shift) & 31) * rest + 254;
    result |= ((sum / 255) & 31) << shift;
  }
  return result;
}

/** Rule 38: the order of the word's pixels reversed. BitBltSimulation>>pixSwap:with: */
function swapPixels(to: u32): u32 {
  const depth = dest.depth;
  if (depth == 32) return to;
  const mask = pixelMask(depth);
  let result: u32 = 0;
  for (let shift: u32 = 0; shift < 32; shift += depth) result |= ((to >> shift) & mask) << (32 - depth - shift);
  return result;
}

/** Rule 39: destination pixels equal to the source's become 0. BitBltSimulation>>pixClear:with: */
function clearEqual(from: u32, to: u32): u32 {
  const depth = dest.depth;
  if (depth == 32) return from == to ? 0 : to;
  let mask = pixelMask(depth);
  let result: u32 = 0;
  for (let i = dest.perWord; i > 0; i--) {
    if ((from & mask) != (to & mask)) result |= to & mask;
    mask <<= depth;
  }
  return result;
}

/** Rule 40: a coloured destination pixel without alpha takes the source's. BitBltSimulation>>fixAlpha:with: */
function fixAlpha(from: u32, to: u32): u32 {
  if (dest.depth != 32 || to == 0 || (to & 0xff000000) != 0) return to;
  return to | (from & 0xff000000);
}

/** Rule 41 on any depth. BitBltSimulation>>partitionedRgbComponentAlpha:dest:nBits:nPartitions: */
function blendComponents(from: u32, to: u32): u32 {
  if (from == 0) return to;
  const depth = dest.depth;
  if (depth == 32) return componentAlpha32(from, to);
  const mask = pixelMask(depth);
  let result: u32 = 0;
  for (let shift: u32 = 0; shift < 32; shift += depth) {
    const a = widen((from >> shift) & mask, depth);
    const b = widen((to >> shift) & mask, depth);
    result |= (<u32>changeColorBits(componentAlpha32(a, b), 32, depth)) << shift;
  }
  return result;
}

function widen(pixel: u32, depth: u32): u32 {
  if (depth == 16) return expand16To32(pixel) | 0xff000000;
  return (<u32>changeColorBits(pixel, depth, 32)) | 0xff000000;
}
