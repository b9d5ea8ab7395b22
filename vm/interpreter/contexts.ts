// Contexts and frames: a frame gets a context when someone asks for it (it is married then), the context outlives
// the frame (widowed), and a frame's state moves into its context when the page is needed or the context is changed
// (divorced). Protocol: StackInterpreter, "frame access" and "contexts".

import {
  CLASS_INDEX_CONTEXT,
  CONTEXT_CLOSURE,
  CONTEXT_FIRST_TEMP,
  CONTEXT_METHOD,
  CONTEXT_PC,
  CONTEXT_RECEIVER,
  CONTEXT_SENDER,
  CONTEXT_STACK_POINTER,
  FORMAT_FIXED_AND_INDEXABLE,
  FRAME_ARGUMENT_COUNT_SHIFT,
  FRAME_HAS_CONTEXT,
  FRAME_IS_BLOCK,
  FRAME_RECEIVER,
  CLOSURE_ARGUMENT_COUNT,
} from "../layout";
import { allocateSlots, fillSlots } from "../memory/allocation";
import {
  activePage,
  baseFp,
  callerFp,
  callerIp,
  callerSp,
  frameContext,
  frameFlags,
  frameMethod,
  frameReceiver,
  freePage,
  hasContext,
  headFp,
  headIp,
  headSp,
  isBaseFrame,
  isBlockFrame,
  isFreePage,
  isStackAddress,
  leastRecentlyUsedPage,
  makeActive,
  pageLimit,
  pageOf,
  pageTop,
  releasePage,
  senderContextOfBase,
  setBaseFp,
  setCallerFp,
  setCallerSp,
  setFrameContext,
  setFrameFlags,
  setFrameMethod,
  setFrameReceiver,
  setHeadFp,
  setHeadIp,
  setHeadSp,
  setSenderContextOfBase,
  tempSlot,
} from "../memory/frames";
import { POLL_NOW, setStackLimit, stackLimit, stackPagesStart } from "../memory/map";
import { fetchPointer, storePointer, storePointerUnchecked } from "../memory/object";
import { Address, isObject, isSmallInteger, Oop, smallInteger, smallIntegerValue } from "../memory/oop";
import { nil } from "../memory/roots";
import { followForwarded } from "../memory/walk";
import { STACK_PAGE_BYTES, STACK_PAGE_COUNT } from "../layout";
import { disturbCode } from "./compiledCode";
import { contextSlotsFor, headerArgumentCount, headerBytecodeSet, ipOf, methodHeader, pcOf } from "./methods";
import { fp, ip, setRegisters, sp } from "./registers";
import { classIndexOf } from "../memory/header";
import { stopForMemory } from "./memoryLimits";

export function isContext(oop: Oop): bool {
  return isObject(oop) && classIndexOf(<Address>oop) == CLASS_INDEX_CONTEXT;
}

/** Writes the registers to the active page, so that whoever walks the stack finds its head. */
export function externalizeHead(): void {
  if (activePage == 0) return;
  setHeadFp(activePage, fp);
  setHeadSp(activePage, sp);
  setHeadIp(activePage, ip);
}

/** Takes the registers from a page's head and makes it active. */
export function resumePage(page: Address): void {
  disturbCode();
  makeActive(page);
  // A poll that was asked for stays asked for.
  if (stackLimit() != POLL_NOW) setStackLimit(pageLimit(page));
  setRegisters(headIp(page), headSp(page), headFp(page));
}

/** Whether a context had a frame once: it may have it still. */
// @ts-ignore: decorator
@inline
export function wasMarried(context: Oop): bool {
  return isSmallInteger(fetchPointer(CONTEXT_SENDER, context));
}

/**
 * The frame of a context, or 0 where it has none (any more). A dead frame's memory cannot look like a live one that
 * names this context: only a frame's context word has an address below and a flag above.
 */
export function frameOf(context: Oop): Address {
  const sender = fetchPointer(CONTEXT_SENDER, context);
  if (!isSmallInteger(sender)) return 0;
  const frame = <Address>smallIntegerValue(sender);
  if (!isStackAddress(frame)) return 0;
  const page = pageOf(frame);
  if (isFreePage(page)) return 0;
  if (frame < (page == activePage ? fp : headFp(page)) || frame > baseFp(page)) return 0;
  return hasContext(frame) && frameContext(frame) == context ? frame : 0;
}

/** Whether a context can still be returned to or run: it has a frame, or a pc of its own. */
export function isAlive(context: Oop): bool {
  if (wasMarried(context)) return frameOf(context) != 0;
  return isSmallInteger(fetchPointer(CONTEXT_PC, context));
}

/** A widowed context becomes an ordinary dead one: no sender, no pc. */
export function normalizeWidow(context: Oop): void {
  if (!wasMarried(context) || frameOf(context) != 0) return;
  storePointerUnchecked(CONTEXT_SENDER, context, nil);
  storePointerUnchecked(CONTEXT_PC, context, nil);
}

/** The context of a frame, made on first demand. */
export function contextOf(frame: Address): Oop {
  return hasContext(frame) ? frameContext(frame) : marry(frame);
}

/** The closure of a block frame, nil of a method's. */
export function closureOf(frame: Address): Oop {
  return isBlockFrame(frame) ? load<u64>(callerSp(frame)) : nil;
}

/** The context (or nil) that a frame returns to. */
export function senderOfFrame(frame: Address): Oop {
  return isBaseFrame(frame) ? senderContextOfBase(frame) : contextOf(callerFp(frame));
}

/** A context's sender: a context or nil. */
export function senderOf(context: Oop): Oop {
  if (!wasMarried(context)) return fetchPointer(CONTEXT_SENDER, context);
  const frame = frameOf(context);
  return frame == 0 ? nil : senderOfFrame(frame);
}

/** Where the stack of a frame ends: its last operand. Slow: walks down from the page's head. */
export function frameSp(frame: Address): Address {
  const page = pageOf(frame);
  const head = page == activePage ? fp : headFp(page);
  if (frame == head) return page == activePage ? sp : headSp(page);
  return callerSp(calleeOf(frame)) + 8;
}

/** Where a frame continues. Slow, as `frameSp`. */
export function frameIp(frame: Address): Address {
  const page = pageOf(frame);
  const head = page == activePage ? fp : headFp(page);
  if (frame == head) return page == activePage ? ip : headIp(page);
  return callerIp(calleeOf(frame));
}

/** The frame that a frame called, on the same page; the frame is not its page's head. */
function calleeOf(frame: Address): Address {
  const page = pageOf(frame);
  let callee = page == activePage ? fp : headFp(page);
  while (callerFp(callee) != frame) callee = callerFp(callee);
  return callee;
}

/**
 * Gives a frame a context. Its temporaries stay in the frame; the arguments are kept in the context too, for debuggers
 * that look at it after the frame has returned (StackInterpreter>>marryFrame:SP:copyTemps:).
 */
function marry(frame: Address): Oop {
  const method = frameMethod(frame);
  const slots = CONTEXT_FIRST_TEMP + contextSlotsFor(methodHeader(method));
  const context = allocateSlots(slots, FORMAT_FIXED_AND_INDEXABLE, CLASS_INDEX_CONTEXT);
  if (context == 0) stopForMemory();
  fillSlots(context, slots, nil);
  storePointerUnchecked(CONTEXT_SENDER, context, smallInteger(frame));
  storePointerUnchecked(CONTEXT_PC, context, smallInteger(callerFp(frame)));
  const argumentCount = argumentsOf(frame);
  storePointerUnchecked(CONTEXT_STACK_POINTER, context, smallInteger(argumentCount));
  storePointer(CONTEXT_METHOD, context, method);
  storePointer(CONTEXT_CLOSURE, context, closureOf(frame));
  storePointer(CONTEXT_RECEIVER, context, frameReceiver(frame));
  for (let i: u32 = 0; i < argumentCount; i++) {
    storePointer(CONTEXT_FIRST_TEMP + i, context, load<u64>(tempSlot(frame, i)));
  }
  setFrameContext(frame, context);
  setFrameFlags(frame, frameFlags(frame) | FRAME_HAS_CONTEXT);
  return context;
}

export function argumentsOf(frame: Address): u32 {
  return (frameFlags(frame) >> FRAME_ARGUMENT_COUNT_SHIFT) & 0xff;
}

/** Moves a frame's state into its context, which is single from then on. */
function divorce(frame: Address, frameSpValue: Address, frameIpValue: Address): void {
  const context = contextOf(frame);
  const count = (<u32>(frame + FRAME_RECEIVER - frameSpValue)) >> 3;
  storePointer(CONTEXT_SENDER, context, senderOfFrame(frame));
  storePointerUnchecked(CONTEXT_PC, context, smallInteger(pcOf(frameIpValue, frameMethod(frame))));
  storePointerUnchecked(CONTEXT_STACK_POINTER, context, smallInteger(count));
  for (let i: u32 = 0; i < count; i++) {
    storePointer(CONTEXT_FIRST_TEMP + i, context, load<u64>(tempSlot(frame, i)));
  }
}

/** Divorces every frame of a page and frees it; the registers mean nothing if it was the active one. */
export function evictPage(page: Address): void {
  disturbCode();
  if (page == activePage) externalizeHead();
  let frame = headFp(page);
  let frameSpValue = headSp(page);
  let frameIpValue = headIp(page);
  // Contexts first, all of them: a divorced frame's sender is its caller's context.
  for (let f = frame; f != 0; f = callerFp(f)) contextOf(f);
  while (frame != 0) {
    divorce(frame, frameSpValue, frameIpValue);
    frameSpValue = callerSp(frame) + 8;
    frameIpValue = callerIp(frame);
    frame = callerFp(frame);
  }
  releasePage(page);
}

/** A page without frames; the one that ran longest ago is emptied if there is none. */
export function takePage(besides: Address): Address {
  const page = freePage();
  if (page != 0) return page;
  const oldest = leastRecentlyUsedPage(besides);
  evictPage(oldest);
  return oldest;
}

/**
 * Puts a single context on a page of its own as base frame and makes that page active: the registers are its. The
 * context must have an integer pc.
 */
export function resumeSingleContext(context: Oop): void {
  const page = takePage(0);
  const method = fetchPointer(CONTEXT_METHOD, context);
  const closure = fetchPointer(CONTEXT_CLOSURE, context);
  const isBlock = closure != nil;
  const receiver = followForwarded(fetchPointer(CONTEXT_RECEIVER, context));
  const top = pageTop(page);
  const frame = top - 8;
  const argumentCount = headerArgumentCountOf(closure, method);
  store<u64>(top, isBlock ? closure : receiver);
  setCallerFp(frame, 0);
  setSenderContextOfBase(frame, fetchPointer(CONTEXT_SENDER, context));
  setFrameMethod(frame, method);
  setCallerSp(frame, top);
  setFrameContext(frame, context);
  setFrameFlags(
    frame,
    FRAME_HAS_CONTEXT |
      headerBytecodeSet(methodHeader(method)) |
      (isBlock ? FRAME_IS_BLOCK : 0) |
      (argumentCount << FRAME_ARGUMENT_COUNT_SHIFT),
  );
  setFrameReceiver(frame, receiver);
  const count = <u32>smallIntegerValue(fetchPointer(CONTEXT_STACK_POINTER, context));
  for (let i: u32 = 0; i < count; i++) store<u64>(tempSlot(frame, i), fetchPointer(CONTEXT_FIRST_TEMP + i, context));
  setBaseFp(page, frame);
  setHeadFp(page, frame);
  setHeadSp(page, frame + FRAME_RECEIVER - (count << 3));
  setHeadIp(page, ipOf(<i32>smallIntegerValue(fetchPointer(CONTEXT_PC, context)), method));
  storePointerUnchecked(CONTEXT_SENDER, context, smallInteger(frame));
  storePointerUnchecked(CONTEXT_PC, context, smallInteger(0));
  resumePage(page);
}

function headerArgumentCountOf(closure: Oop, method: Oop): u32 {
  if (closure != nil) return <u32>smallIntegerValue(fetchPointer(CLOSURE_ARGUMENT_COUNT, closure));
  return headerArgumentCount(methodHeader(method));
}

/**
 * Makes a live context the active one, whatever runs now being left where it is. A frame above it on its page (its
 * callee, still alive) is kept as a context.
 */
export function resumeContext(context: Oop): void {
  let frame = frameOf(context);
  if (frame != 0 && headFp(pageOf(frame)) != frame) {
    evictPage(pageOf(frame));
    frame = 0;
  }
  if (frame != 0) resumePage(pageOf(frame));
  else resumeSingleContext(context);
}

/** Makes a context single so that any of its fields can be changed. The active frame keeps running. */
export function makeSingle(context: Oop): void {
  const frame = frameOf(context);
  if (frame == 0) {
    normalizeWidow(context);
    return;
  }
  const page = pageOf(frame);
  if (page != activePage) {
    evictPage(page);
    return;
  }
  const active = contextOf(fp);
  evictPage(page);
  if (active != context) {
    resumeSingleContext(active);
    return;
  }
  // The active context itself: its frame comes back, alone on a page, when the caller resumes it.
  singleActiveContext = active;
}

/** Set by `makeSingle` for the active context; `resumeSingleActive` puts it back on the stack. */
let singleActiveContext: Oop = 0;

export function resumeSingleActive(): void {
  if (singleActiveContext == 0) return;
  const context = singleActiveContext;
  singleActiveContext = 0;
  resumeSingleContext(context);
}

/** Moves the active frame, which found no room on its page, to the base of a new page. */
export function moveActiveFrameToNewPage(): void {
  const old = activePage;
  const caller = callerFp(fp);
  const callerContext = contextOf(caller);
  const page = takePage(old);
  const receiverSlot = callerSp(fp);
  const top = pageTop(page);
  const frame = top - 8;
  const count = (<u32>(fp + FRAME_RECEIVER - sp)) >> 3;

  setHeadFp(old, caller);
  setHeadSp(old, receiverSlot + 8);
  setHeadIp(old, callerIp(fp));

  store<u64>(top, load<u64>(receiverSlot));
  setCallerFp(frame, 0);
  setSenderContextOfBase(frame, callerContext);
  setFrameMethod(frame, frameMethod(fp));
  setCallerSp(frame, top);
  setFrameFlags(frame, frameFlags(fp));
  if (hasContext(fp)) {
    const context = frameContext(fp);
    setFrameContext(frame, context);
    storePointerUnchecked(CONTEXT_SENDER, context, smallInteger(frame));
  }
  setFrameReceiver(frame, frameReceiver(fp));
  memory.copy(frame + FRAME_RECEIVER - (count << 3), sp, count << 3);
  setBaseFp(page, frame);
  setHeadFp(page, frame);
  setHeadSp(page, frame + FRAME_RECEIVER - (count << 3));
  setHeadIp(page, ip);
  resumePage(page);
}

/** Turns every frame into a context, as a snapshot needs it; answers the context that was active. */
export function evictAllPages(): Oop {
  const active = contextOf(fp);
  externalizeHead();
  for (let i: u32 = 0; i < STACK_PAGE_COUNT; i++) {
    const page = stackPagesStart + i * STACK_PAGE_BYTES;
    if (!isFreePage(page)) evictPage(page);
  }
  return active;
}

// Fields of a context as Smalltalk reads them, wherever they are.

/** How many temporaries and operands a context has now. */
export function stackDepthOf(context: Oop): u32 {
  const frame = frameOf(context);
  if (frame == 0) {
    const depth = fetchPointer(CONTEXT_STACK_POINTER, context);
    return isSmallInteger(depth) ? <u32>smallIntegerValue(depth) : 0;
  }
  return (<u32>(frame + FRAME_RECEIVER - frameSp(frame))) >> 3;
}

/** A named or indexed slot of a context, zero-based as in the heap. */
export function contextSlot(index: u32, context: Oop): Oop {
  if (!wasMarried(context)) return fetchPointer(index, context);
  const frame = frameOf(context);
  if (frame == 0) normalizeWidow(context);
  if (frame == 0 || (index >= CONTEXT_METHOD && index < CONTEXT_FIRST_TEMP)) return fetchPointer(index, context);
  if (index == CONTEXT_SENDER) return senderOfFrame(frame);
  if (index == CONTEXT_PC) return smallInteger(pcOf(frameIp(frame), frameMethod(frame)));
  const temp = index - CONTEXT_FIRST_TEMP;
  // How deep the stack is must be looked for; arguments are always there.
  if (index >= CONTEXT_FIRST_TEMP && temp < argumentsOf(frame)) return load<u64>(tempSlot(frame, temp));
  const depth = stackDepthOf(context);
  if (index == CONTEXT_STACK_POINTER) return smallInteger(depth);
  return temp < depth ? load<u64>(tempSlot(frame, temp)) : nil;
}

/**
 * Stores a slot of a context. A temporary is stored in the frame if there is one; any other field makes the context
 * single first, so the caller must take the registers anew (`resumeSingleActive`).
 */
export function setContextSlot(index: u32, context: Oop, value: Oop): void {
  const frame = frameOf(context);
  if (frame != 0 && index >= CONTEXT_FIRST_TEMP) {
    const temp = index - CONTEXT_FIRST_TEMP;
    if (temp < stackDepthOf(context)) {
      store<u64>(tempSlot(frame, temp), value);
      disturbCode();
      return;
    }
  }
  makeSingle(context);
  storePointer(index, context, value);
}
