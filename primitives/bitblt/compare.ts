// Compares the pixels of source and destination with two colours, for collision tests (Scratch).
// VMMaker's BitBltGeneric.c, genericCompareColors.

import { clip } from "./clip";
import { blit, depthShift, dest, Pixels, pixelMask, source } from "./operation";

const BOTH_MATCH: u32 = 0;
const NEITHER_MATCHES: u32 = 1;
const TALLY: u32 = 8;

/** The pixel at a column and row, which lie inside. */
export function pixelAtColumn(pixels: Pixels, column: i32, row: i32): u32 {
  const depth = pixels.depth;
  const word = load<u32>(pixels.bits + <u32>row * pixels.pitch + (((<u32>column) >> (5 - depthShift(depth))) << 2));
  const last = pixels.perWord - 1;
  const place = (column & last) ^ (pixels.bigEndian ? last : 0);
  return (word >> (<u32>place * depth)) & pixelMask(depth);
}

/** Clips for a comparison; answers whether anything is left. */
export function clipComparison(): bool {
  return clip(true);
}

/**
 * How many pixels of the clipped rectangle pass the test: 0 the source's is `colorA` and the destination's `colorB`,
 * 1 neither is so, 2 only the destination's; without 8 added it stops at the first.
 */
export function compareColors(colorA: u32, colorB: u32, test: u32): u32 {
  const a = opaque(source, colorA);
  const b = opaque(dest, colorB);
  const kind = test & 3;
  let count: u32 = 0;
  for (let row = 0; row < blit.rows; row++) {
    for (let column = 0; column < blit.columns; column++) {
      const matchesA = pixelAtColumn(source, blit.fromX + column, blit.fromY + row) == a;
      const matchesB = pixelAtColumn(dest, blit.x + column, blit.y + row) == b;
      const passes = (kind == BOTH_MATCH ? matchesA : !matchesA) && (kind == NEITHER_MATCHES ? !matchesB : matchesB);
      if (!passes) continue;
      count++;
      if ((test & TALLY) == 0) return count;
    }
  }
  return count;
}

/** Colours on a 32-bit Form have their alpha set. */
function opaque(pixels: Pixels, color: u32): u32 {
  return pixels.depth == 32 && color != 0 ? color | 0xff000000 : color;
}
