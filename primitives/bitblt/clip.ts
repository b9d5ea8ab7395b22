// Clipping, and what follows from the clipped rectangle: masks, words of a row, the order of copying.

import { blit, dest, source } from "./operation";

/**
 * Clips to the clipping rectangle and, with a source, to its extent. Answers whether anything is left.
 * BitBltSimulation>>clipRange
 */
export function clip(toSource: bool): bool {
  const left = max(blit.destX, blit.clipX);
  const top = max(blit.destY, blit.clipY);
  let fromX = blit.sourceX + (left - blit.destX);
  let fromY = blit.sourceY + (top - blit.destY);
  let x = left;
  let y = top;
  let right = min(blit.destX + blit.width, blit.clipX + blit.clipWidth);
  let bottom = min(blit.destY + blit.height, blit.clipY + blit.clipHeight);
  if (toSource) {
    if (fromX < 0) {
      x -= fromX;
      fromX = 0;
    }
    if (fromY < 0) {
      y -= fromY;
      fromY = 0;
    }
    right = min(right, x + source.width - fromX);
    bottom = min(bottom, y + source.height - fromY);
  }
  if (right <= x || bottom <= y) {
    blit.columns = 0;
    blit.rows = 0;
    return false;
  }
  blit.x = <i32>x;
  blit.y = <i32>y;
  blit.fromX = <i32>fromX;
  blit.fromY = <i32>fromY;
  blit.columns = <i32>(right - x);
  blit.rows = <i32>(bottom - y);
  return true;
}

/** Masks and number of the words of a row. BitBltSimulation>>destMaskAndPointerInit */
export function setUpWords(): void {
  const last = dest.perWord - 1;
  const inFirst = dest.perWord - (blit.x & last);
  const inLast = ((blit.x + blit.columns - 1) & last) + 1;
  const firstMask = maskOfPixels(inFirst, !dest.bigEndian);
  const lastMask = maskOfPixels(inLast, dest.bigEndian);
  if (blit.columns < inFirst) {
    blit.firstMask = firstMask & lastMask;
    blit.lastMask = 0;
    blit.words = 1;
  } else {
    blit.firstMask = firstMask;
    blit.lastMask = lastMask;
    blit.words = (blit.columns - inFirst + last) / dest.perWord + 1;
  }
  blit.rightToLeft = false;
  blit.bottomUp = false;
}

/** A mask of some pixels in a word's high or low bits. */
function maskOfPixels(count: i32, high: bool): u32 {
  const unused = 32 - count * <i32>dest.depth;
  return high ? (<u32>0xffffffff) << unused : (<u32>0xffffffff) >> unused;
}

/** Which way to copy within one Form. BitBltSimulation>>checkSourceOverlap */
export function chooseDirection(): void {
  if (!blit.sameForm) return;
  blit.bottomUp = blit.y > blit.fromY;
  blit.rightToLeft = blit.y == blit.fromY && blit.x > blit.fromX;
}
