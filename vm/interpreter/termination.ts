// Cuts frames out of the active stack, as exceptions do when they return: in place, where the general way would turn every
// frame of every process into a context and back.

import { CONTEXT_SENDER } from "../layout";
import {
  activePage,
  baseFp,
  callerFp,
  callerIp,
  callerSp,
  frameContext,
  hasContext,
  headFp,
  isBaseFrame,
  pageOf,
  releasePage,
  senderContextOfBase,
  setCallerFp,
  setCallerIp,
  setCallerSp,
  setHeadFp,
  setHeadIp,
  setHeadSp,
  setSenderContextOfBase,
} from "../memory/frames";
import { forcePoll } from "../memory/allocation";
import { storePointerUnchecked } from "../memory/object";
import { Address, Oop, smallInteger } from "../memory/oop";
import { disturbCode, nesting } from "./compiledCode";
import { frameOf, isContext } from "./contexts";
import { fp, ip, setRegisters, sp } from "./registers";

/**
 * Makes `target` the sender of a frame of the active page; what is between is gone, its contexts widowed as after returns.
 * Answers false, with nothing changed, unless all of that is frames, each page's head the sender of the page above it
 * (StackInterpreterPrimitives>>primitiveTerminateTo has such a short cut).
 */
export function cutFrames(first: Address, target: Oop): bool {
  const targetFrame = frameOf(target);
  if (targetFrame == 0) return false;
  let frame = first;
  // The frame above on the same page; 0 where it is that page's head.
  let callee: Address = 0;
  while (frame != targetFrame) {
    if (isBaseFrame(frame)) {
      frame = headOf(senderContextOfBase(frame));
      if (frame == 0) return false;
      callee = 0;
    } else {
      callee = frame;
      frame = callerFp(frame);
    }
  }
  if (callee == first) return true;
  leaveCode();
  const page = pageOf(targetFrame);
  if (page == activePage) {
    moveFrames(first, callee);
    return true;
  }
  releasePagesAbove(page);
  if (callee != 0) {
    setHeadSp(page, callerSp(callee) + 8);
    setHeadIp(page, callerIp(callee));
    setHeadFp(page, targetFrame);
  }
  const base = baseFp(activePage);
  moveFrames(first, base);
  setSenderContextOfBase(base, target);
  return true;
}

/** Compiled code that waits for frames which are gone or elsewhere cannot go on. */
function leaveCode(): void {
  disturbCode();
  if (nesting != 0) forcePoll();
}

/** The frame of a base frame's sender, if it is the head of another page; 0 if not. */
function headOf(sender: Oop): Address {
  if (!isContext(sender)) return 0;
  const frame = frameOf(sender);
  if (frame == 0 || pageOf(frame) == activePage) return 0;
  return headFp(pageOf(frame)) == frame ? frame : 0;
}

/** Frees the pages between the active one and another further down. */
function releasePagesAbove(last: Address): void {
  let page = pageOf(frameOf(senderContextOfBase(baseFp(activePage))));
  while (page != last) {
    const below = pageOf(frameOf(senderContextOfBase(baseFp(page))));
    releasePage(page);
    page = below;
  }
}

/** Moves a frame and those above it into the place of an older one of the page, and thus into its caller's hands. */
function moveFrames(first: Address, place: Address): void {
  const distance = place - first;
  if (distance == 0) return;
  // The receiver or, for a block, the closure.
  store<u64>(callerSp(place), load<u64>(callerSp(first)));
  for (let frame = fp; frame != first;) {
    const caller = callerFp(frame);
    if (hasContext(frame)) storePointerUnchecked(CONTEXT_SENDER, frameContext(frame), smallInteger(frame + distance));
    setCallerFp(frame, caller + distance);
    setCallerSp(frame, callerSp(frame) + distance);
    frame = caller;
  }
  if (hasContext(first)) storePointerUnchecked(CONTEXT_SENDER, frameContext(first), smallInteger(place));
  setCallerFp(first, callerFp(place));
  setCallerIp(first, callerIp(place));
  setCallerSp(first, callerSp(place));
  memory.copy(sp + distance, sp, first + 8 - sp);
  setRegisters(ip, sp + distance, fp + distance);
}
