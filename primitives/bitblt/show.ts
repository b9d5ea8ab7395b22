// Tells the host which part of the Display has new pixels, unless the image has put that off.

import { hostDisplayChanged, Oop, SPECIAL_DISPLAY, specialObject } from "../../vm/plugin";
import { blit } from "./operation";

/** Set by primitive 126: the image shows rectangles itself, by primitive 127. */
export let updatesDeferred: bool = false;

export function deferUpdates(flag: bool): void {
  updatesDeferred = flag;
}

/** Shows the operation's affected rectangle where its destination is the Display. StackInterpreter>>showDisplayBits:Left:Top:Right:Bottom: */
export function showAffected(): void {
  showRectangle(blit.destForm, blit.left, blit.top, blit.right, blit.bottom);
}

function showRectangle(form: Oop, left: i32, top: i32, right: i32, bottom: i32): void {
  if (updatesDeferred || left >= right || top >= bottom || form != specialObject(SPECIAL_DISPLAY)) return;
  hostDisplayChanged(left, top, right, bottom);
}
