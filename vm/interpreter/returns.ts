// Returns that are more than a step to the caller's frame: from a page's base frame, out of a block, past unwind
// blocks, and to where nothing can be returned. Protocol: StackInterpreter>>baseFrameReturn, commonReturn:,
// internalAboutToReturn:through:, internalCannotReturn:.

import {
  CLOSURE_OUTER_CONTEXT,
  CONTEXT_CLOSURE,
  CONTEXT_METHOD,
  CONTEXT_PC,
  CONTEXT_SENDER,
  SPECIAL_ABOUT_TO_RETURN,
  SPECIAL_CANNOT_RETURN,
} from "../layout";
import {
  activePage,
  callerFp,
  callerIp,
  callerSp,
  frameMethod,
  headFp,
  isBaseFrame,
  isBlockFrame,
  pageOf,
  releasePage,
  senderContextOfBase,
  setHeadFp,
  setHeadIp,
  setHeadSp,
} from "../memory/frames";
import { fetchPointer, storePointerUnchecked } from "../memory/object";
import { Address, Oop } from "../memory/oop";
import { nil, specialObject } from "../memory/roots";
import { executeMethod } from "./activation";
import {
  closureOf,
  contextOf,
  evictPage,
  externalizeHead,
  frameOf,
  isAlive,
  isContext,
  resumeContext,
  senderOf,
} from "./contexts";
import { argumentCount, findMethodForReceiver, findMethodInClass, newMethod, newPrimitive } from "./lookup";
import { primitiveNumberOf } from "./methods";
import { takeOutsideAnswer } from "./outside";
import { reportUnknownBytecode } from "./stacktrace";
import { leaveAbandonedCode } from "./compiledCode";
import { fp, ip, push, setRegisters, sp } from "./registers";

/** The number that marks `ensure:` and `ifCurtailed:`; there is no such primitive. */
export const PRIMITIVE_UNWIND_MARK: u32 = 198;

/** Sends a message whose receiver and arguments are on the stack, as a bytecode would. */
export function send(selector: Oop, count: u32): void {
  findMethodForReceiver(selector, count);
  if (newMethod == 0) return;
  executeMethod(newMethod, newPrimitive, argumentCount);
}

/** A super send: the lookup starts at a class. Receiver and arguments are on the stack. */
export function sendSuper(selector: Oop, lookupClass: Oop, count: u32): void {
  findMethodInClass(selector, lookupClass, count);
  if (newMethod != 0) executeMethod(newMethod, newPrimitive, argumentCount);
}

/** `thisContext unusedBytecode` for a byte that cannot be run, where the image has a selector for that. */
export function sendUnknownBytecode(byte: u32): void {
  const selector = reportUnknownBytecode(byte, frameMethod(fp));
  if (selector == 0) return;
  push(contextOf(fp));
  send(selector, 0);
}

/** Returns a value from a page's base frame to its sender context, wherever that is. */
function returnFromBaseFrame(value: Oop): void {
  const sender = senderContextOfBase(fp);
  if (!isContext(sender) || !isAlive(sender)) {
    if (!takeOutsideAnswer(value)) sendCannotReturn(value);
    return;
  }
  releasePage(activePage);
  resumeContext(sender);
  push(value);
}

/** `^ value`, or the end of a method: from a block it returns from the block's home. */
export function returnFromMethod(value: Oop): void {
  if (isBlockFrame(fp)) returnFromHome(value);
  else returnToCaller(value);
}

/** The end of a block: returns to whoever evaluated it. */
export function returnFromBlock(value: Oop): void {
  returnToCaller(value);
}

/** Returns a value from the active frame to its caller or sender. */
function returnToCaller(value: Oop): void {
  if (isBaseFrame(fp)) {
    returnFromBaseFrame(value);
    return;
  }
  const slot = callerSp(fp);
  store<u64>(slot, value);
  setRegisters(callerIp(fp), slot, callerFp(fp));
}

/**
 * `^ value` in a block: returns from the block's home method, if that is still below on this process's stack, after
 * giving unwind blocks in between their turn.
 */
function returnFromHome(value: Oop): void {
  const home = homeOf(closureOf(fp));
  if (home == nil || !isAlive(home)) {
    sendCannotReturn(value);
    return;
  }
  const homeFrame = frameOf(home);
  // Frames of the active page first: most homes are there.
  let frame = fp;
  while (frame != homeFrame) {
    if (!isBlockFrame(frame) && isUnwindMarked(frameMethod(frame))) {
      sendAboutToReturn(value, contextOf(frame));
      return;
    }
    if (isBaseFrame(frame)) {
      returnThroughContexts(value, home, senderContextOfBase(frame));
      return;
    }
    frame = callerFp(frame);
  }
  setRegisters(ip, sp, homeFrame);
  returnToCaller(value);
  leaveAbandonedCode();
}

/** The rest of `returnFromHome`, from the sender of the active page's base frame on. */
function returnThroughContexts(value: Oop, home: Oop, first: Oop): void {
  let context = first;
  while (context != home) {
    if (!isContext(context)) {
      sendCannotReturn(value);
      return;
    }
    if (isMarkedContext(context, PRIMITIVE_UNWIND_MARK)) {
      sendAboutToReturn(value, context);
      return;
    }
    context = senderOf(context);
  }
  const target = senderOf(home);
  if (!isContext(target) || !isAlive(target)) {
    sendCannotReturn(value);
    return;
  }
  killFrom(first, home);
  releasePage(activePage);
  resumeContext(target);
  push(value);
}

/** Marks the contexts from `first` through `last`, along senders, as returned from. */
export function killFrom(first: Oop, last: Oop): void {
  externalizeHead();
  let context = first;
  for (;;) {
    const next = senderOf(context);
    const frame = frameOf(context);
    if (frame != 0 && headFp(pageOf(frame)) != frame) evictPage(pageOf(frame));
    else if (frame != 0) dropFrame(frame);
    storePointerUnchecked(CONTEXT_SENDER, context, nil);
    storePointerUnchecked(CONTEXT_PC, context, nil);
    if (context == last) return;
    context = next;
  }
}

/** Takes a frame, its page's head by now, off its page. */
function dropFrame(frame: Address): void {
  const page = pageOf(frame);
  if (isBaseFrame(frame)) {
    releasePage(page);
    return;
  }
  setHeadSp(page, callerSp(frame) + 8);
  setHeadIp(page, callerIp(frame));
  setHeadFp(page, callerFp(frame));
}

/** The method context that a block was made in, through nested blocks; nil for a block without. */
function homeOf(closure: Oop): Oop {
  let context: Oop = nil;
  while (closure != nil) {
    context = fetchPointer(CLOSURE_OUTER_CONTEXT, closure);
    if (!isContext(context)) return nil;
    closure = fetchPointer(CONTEXT_CLOSURE, context);
  }
  return context;
}

/** Whether a context is of a method (not of a block in it) with that primitive. */
export function isMarkedContext(context: Oop, primitive: u32): bool {
  if (fetchPointer(CONTEXT_CLOSURE, context) != nil) return false;
  return primitiveNumberOf(fetchPointer(CONTEXT_METHOD, context)) == primitive;
}

/** Whether a method is `ensure:` or `ifCurtailed:`. */
function isUnwindMarked(method: Oop): bool {
  return primitiveNumberOf(method) == PRIMITIVE_UNWIND_MARK;
}

/** `thisContext aboutToReturn: value through: unwindContext`. */
function sendAboutToReturn(value: Oop, unwindContext: Oop): void {
  push(contextOf(fp));
  push(value);
  push(unwindContext);
  send(specialObject(SPECIAL_ABOUT_TO_RETURN), 2);
}

/** `thisContext cannotReturn: value`; the active frame stays and never continues past its return. */
function sendCannotReturn(value: Oop): void {
  push(contextOf(fp));
  push(value);
  send(specialObject(SPECIAL_CANNOT_RETURN), 1);
}
