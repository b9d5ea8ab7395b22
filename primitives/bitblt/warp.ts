// WarpBlt: the destination's rows and columns walk over a quadrilateral of the source, in fixed point with 14 bits of
// fraction; with smoothing, each pixel is the average of a grid of samples. Loads are on the source Form's bits.

import { Address } from "../../vm/plugin";
import { clip, setUpWords } from "./clip";
import { expand16To32, mapPixel, setUpColorMasksFrom } from "./colors";
import { halftoneWord, mergeMapped } from "./copy";
import { blit, clearAffected, depthShift, dest, MAP_NEW_STYLE, pixelMask, setAffected, source } from "./operation";

const FRACTION_BITS = 14;
const ONE: i64 = 1 << FRACTION_BITS;
const PAINT: u32 = 25;

/** The corners of the source, in the order of WarpBlt's fields: down the left side, then up the right. */
@unmanaged
export class Quadrilateral {
  x1: i64;
  y1: i64;
  x2: i64;
  y2: i64;
  x3: i64;
  y3: i64;
  x4: i64;
  y4: i64;
}

export const quadrilateral = changetype<Quadrilateral>(memory.data(offsetof<Quadrilateral>(), 8));

// One side of the quadrilateral as it is walked down.
@unmanaged
class Side {
  x: i64;
  y: i64;
  stepX: i64;
  stepY: i64;
}

const leftSide = changetype<Side>(memory.data(offsetof<Side>(), 8));
const rightSide = changetype<Side>(memory.data(offsetof<Side>(), 8));

/** Where the next pixel comes from, and how it moves along the row. */
let x: i32 = 0;
let y: i32 = 0;
let stepX: i64 = 0;
let stepY: i64 = 0;

/**
 * Warps the quadrilateral into the clipped destination. `samples` is the side of the smoothing grid, 1 for none;
 * `sourceColors` the words of 32-bit colours of a source's pixels below 16 bits. BitBltSimulation>>warpBits, warpLoop
 */
export function warpBits(samples: i32, sourceColors: Address): void {
  clearAffected();
  if (blit.noSource || !clip(false)) return;
  setUpWords();
  const down = max<i64>(blit.height - 1, 1);
  const across = max<i64>(blit.width - 1, 1);
  setSide(leftSide, quadrilateral.x1, quadrilateral.y1, quadrilateral.x2, quadrilateral.y2, down);
  setSide(rightSide, quadrilateral.x4, quadrilateral.y4, quadrilateral.x3, quadrilateral.y3, down);
  const skippedRows = blit.destY < blit.clipY ? blit.clipY - blit.destY : 0;
  const skippedColumns = blit.destX < blit.clipX ? blit.clipX - blit.destX : 0;
  descend(leftSide, skippedRows);
  descend(rightSide, skippedRows);
  if (samples > 1 && (blit.mapFlags & MAP_NEW_STYLE) == 0) setUpSmoothColors();

  for (let row = 0; row < blit.rows; row++) {
    stepX = stepBetween(leftSide.x, rightSide.x, across);
    stepY = stepBetween(leftSide.y, rightSide.y, across);
    const startX = stepX >= 0 ? leftSide.x : rightSide.x - across * stepX;
    const startY = stepY >= 0 ? leftSide.y : rightSide.y - across * stepY;
    x = <i32>(startX + skippedColumns * stepX);
    y = <i32>(startY + skippedColumns * stepY);
    warpRow(row, samples, sourceColors);
    descend(leftSide, 1);
    descend(rightSide, 1);
  }
  setAffected();
}

function setSide(side: Side, x1: i64, y1: i64, x2: i64, y2: i64, steps: i64): void {
  side.stepX = stepBetween(x1, x2, steps);
  side.stepY = stepBetween(y1, y2, steps);
  side.x = side.stepX < 0 ? x2 - steps * side.stepX : x1;
  side.y = side.stepY < 0 ? y2 - steps * side.stepY : y1;
}

function descend(side: Side, rows: i64): void {
  side.x += rows * side.stepX;
  side.y += rows * side.stepY;
}

/** The increment that leads from one place to another and a little beyond. BitBltSimulation>>deltaFrom:to:nSteps: */
function stepBetween(from: i64, to: i64, steps: i64): i64 {
  if (to > from) return (to - from + ONE) / (steps + 1) + 1;
  return to == from ? 0 : -((from - to + ONE) / (steps + 1) + 1);
}

function setUpSmoothColors(): void {
  if (blit.mapTable != 0) setUpColorMasksFrom(8, blit.mapBitsPerColor);
  else if (dest.depth == 16) setUpColorMasksFrom(8, 5);
}

function warpRow(row: i32, samples: i32, sourceColors: Address): void {
  const perWord = dest.perWord;
  const words = blit.words;
  const halftone = halftoneWord(blit.y + row);
  const rowStart = dest.bits + <u32>(blit.y + row) * dest.pitch;
  let to = rowStart + (((<u32>blit.x) >> (5 - depthShift(dest.depth))) << 2);
  let place = blit.x & (perWord - 1);
  let left = blit.columns;
  for (let word = 0; word < words; word++) {
    const count = min(left, perWord - place);
    const mask = word == 0 ? blit.firstMask : word == words - 1 ? blit.lastMask : 0xffffffff;
    mergeMapped(to, pickWord(count, place, samples, sourceColors) & halftone, mask);
    left -= count;
    place = 0;
    to += 4;
  }
}

/** A word of `count` pixels, the first at pixel `place`. BitBltSimulation>>warpPickSourcePixels:…, warpPickSmoothPixels:… */
function pickWord(count: i32, place: i32, samples: i32, sourceColors: Address): u32 {
  const mask = pixelMask(dest.depth);
  const flip = dest.bigEndian ? dest.perWord - 1 : 0;
  let result: u32 = 0;
  for (let i = 0; i < count; i++) {
    const pixel = samples == 1 ? mapPixel(pixelAt(x, y)) : smoothPixel(samples, sourceColors);
    const shift = <u32>((place + i) ^ flip) * dest.depth;
    result |= (pixel & mask) << shift;
    x = <i32>(x + stepX);
    y = <i32>(y + stepY);
  }
  return result;
}

/** The source's pixel at a place in fixed point, 0 outside. BitBltSimulation>>pickWarpPixelAtX:y: */
function pixelAt(atX: i32, atY: i32): u32 {
  if (atX < 0 || atY < 0) return 0;
  const column = atX >> FRACTION_BITS;
  const row = atY >> FRACTION_BITS;
  if (column >= source.width || row >= source.height) return 0;
  const depth = source.depth;
  const word = load<u32>(source.bits + <u32>row * source.pitch + (((<u32>column) >> (5 - depthShift(depth))) << 2));
  const last = source.perWord - 1;
  const place = (column & last) ^ (source.bigEndian ? last : 0);
  return (word >> (<u32>place * depth)) & pixelMask(depth);
}

/** The average of a grid of samples, mapped. */
function smoothPixel(samples: i32, sourceColors: Address): u32 {
  const acrossX = <i32>(stepX / samples);
  const acrossY = <i32>(stepY / samples);
  const downX = <i32>(leftSide.stepX / samples);
  const downY = <i32>(leftSide.stepY / samples);
  let red: u32 = 0;
  let green: u32 = 0;
  let blue: u32 = 0;
  let alpha: u32 = 0;
  let counted: u32 = 0;
  for (let j = 0; j < samples; j++) {
    let atX = x + j * downX;
    let atY = y + j * downY;
    for (let i = 0; i < samples; i++, atX += acrossX, atY += acrossY) {
      const pixel = pixelAt(atX, atY);
      if (blit.rule == PAINT && pixel == 0) continue;
      counted++;
      const color = colorOf(pixel, sourceColors);
      blue += color & 255;
      green += (color >> 8) & 255;
      red += (color >> 16) & 255;
      alpha += color >> 24;
    }
  }
  if (counted == 0 || (blit.rule == PAINT && counted < <u32>(samples * samples) / 2)) return 0;
  const average = ((alpha / counted) << 24) | ((red / counted) << 16) | ((green / counted) << 8) | (blue / counted);
  return mapPixel(average);
}

// @ts-ignore: decorator
@inline
function colorOf(pixel: u32, sourceColors: Address): u32 {
  if (source.depth < 16) return load<u32>(sourceColors + (pixel << 2));
  return source.depth == 16 ? expand16To32(pixel) : pixel;
}
