// Tells the host which part of the Display has new pixels, unless the image has put that off.

import { hostDisplayChanged, SPECIAL_DISPLAY, specialObject } from "../../vm/plugin";
import { loadForm } from "./load";
import { blit, Pixels } from "./operation";

/** Set by primitive 126: the image shows rectangles itself, by primitive 127. */
export let updatesDeferred: bool = false;

export function deferUpdates(flag: bool): void {
  updatesDeferred = flag;
}

/**
 * Shows the operation's affected rectangle where its destination is the Display.
 * StackInterpreter>>showDisplayBits:Left:Top:Right:Bottom:
 */
export function showAffected(): void {
  if (updatesDeferred || blit.destForm != specialObject(SPECIAL_DISPLAY)) return;
  if (blit.left < blit.right && blit.top < blit.bottom)
    hostDisplayChanged(blit.left, blit.top, blit.right, blit.bottom);
}

/** Shows a rectangle of the Display, deferred or not. StackInterpreter>>displayBitsOf:Left:Top:Right:Bottom: */
export function showOnDisplay(left: i64, top: i64, right: i64, bottom: i64): void {
  if (!loadForm(specialObject(SPECIAL_DISPLAY), shown)) return;
  const fromLeft = <i32>max<i64>(left, 0);
  const fromTop = <i32>max<i64>(top, 0);
  const toRight = <i32>min<i64>(right, shown.width);
  const toBottom = <i32>min<i64>(bottom, shown.height);
  if (fromLeft < toRight && fromTop < toBottom) hostDisplayChanged(fromLeft, fromTop, toRight, toBottom);
}

const shown = changetype<Pixels>(memory.data(offsetof<Pixels>(), 8));
