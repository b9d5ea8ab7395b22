// The loop of a line: the BitBlt's shape is copied at every step from one end to the other.

import { copyBits } from "./copy";
import { blit } from "./operation";
import { showAffected } from "./show";

/** Pixels of a rectangle after which it is shown, and a new one begun. */
const SHOW_AT: i64 = 4000;

let left: i32 = 0;
let top: i32 = 0;
let right: i32 = 0;
let bottom: i32 = 0;

/** Copies along a line that goes so far across and down; both ends are left to the caller. BitBltSimulation>>drawLoopX:Y: */
export function drawLine(across: i64, down: i64): void {
  const stepX = sign(across);
  const stepY = sign(down);
  const columns = abs(across);
  const rows = abs(down);
  const flat = columns > rows;
  const steps = max(columns, rows);
  const rise = min(columns, rows);
  let error = steps / 2;
  resetRectangle();
  for (let i: i64 = 1; i <= steps; i++) {
    if (flat) blit.destX += stepX;
    else blit.destY += stepY;
    error -= rise;
    if (error < 0) {
      if (flat) blit.destY += stepY;
      else blit.destX += stepX;
      error += steps;
    }
    if (i == steps) break;
    copyBits();
    growRectangle();
  }
  blit.left = left;
  blit.top = top;
  blit.right = right;
  blit.bottom = bottom;
}

function sign(value: i64): i64 {
  return value > 0 ? 1 : value < 0 ? -1 : 0;
}

function resetRectangle(): void {
  left = i32.MAX_VALUE;
  top = i32.MAX_VALUE;
  right = 0;
  bottom = 0;
}

/** Adds the rectangle just copied to; a large one is shown at once. */
function growRectangle(): void {
  if (blit.left >= blit.right || blit.top >= blit.bottom) return;
  left = min(left, blit.left);
  top = min(top, blit.top);
  right = max(right, blit.right);
  bottom = max(bottom, blit.bottom);
  if (<i64>(right - left) * (bottom - top) <= SHOW_AT) return;
  blit.left = left;
  blit.top = top;
  blit.right = right;
  blit.bottom = bottom;
  showAffected();
  resetRectangle();
}
