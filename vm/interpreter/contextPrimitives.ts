// Primitives on contexts: their fields wherever they are, searches along senders, termination. Those that also answer
// for other objects hand these on to primitives/.

import {
  CLASS_INDEX_CONTEXT,
  CONTEXT_FIRST_TEMP,
  CONTEXT_PC,
  CONTEXT_SENDER,
  CONTEXT_STACK_POINTER,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_INDEX,
  ERROR_BAD_RECEIVER,
  ERROR_NO_MODIFICATION,
} from "../layout";
import { allocateSlots } from "../memory/allocation";
import { formatOf, isReadOnly, slotCountOf } from "../memory/header";
import {
  activePage,
  callerFp,
  frameContext,
  frameMethod,
  hasContext,
  isBaseFrame,
  isBlockFrame,
  pageOf,
  senderContextOfBase,
} from "../memory/frames";
import { fetchPointer, storePointer, storePointerUnchecked } from "../memory/object";
import { Address, isSmallInteger, Oop, smallInteger, smallIntegerValue } from "../memory/oop";
import { nil } from "../memory/roots";
import { answer, answerNew, argument, argumentCount, fail, framesChanged, receiver } from "../plugin";
import { primitiveClone as cloneObject } from "../../primitives/objects";
import {
  primitiveAt as elementAt,
  primitiveInstVarAt as instVarAt,
  primitiveInstVarAtPut as instVarAtPut,
  primitiveSize as size,
  primitiveSlotAt as slotAt,
  primitiveSlotAtPut as slotAtPut,
} from "../../primitives/subscripts";
import {
  contextOf,
  contextSlot,
  evictAllPages,
  frameOf,
  isContext,
  normalizeWidow,
  resumeContext,
  resumeSingleActive,
  senderOf,
  setContextSlot,
  stackDepthOf,
  wasMarried,
} from "./contexts";
import { primitiveNumberOf } from "./methods";
import { fp, popThenAnswer, stackValue } from "./registers";
import { isMarkedContext, PRIMITIVE_UNWIND_MARK } from "./returns";
import { cutFrames } from "./termination";

/** The number that marks `on:do:`; there is no such primitive. */
const PRIMITIVE_HANDLER_MARK: u32 = 199;

/** 60. at:; of a context its temporaries and operands (StackInterpreter>>stObject:at:). */
export function primitiveAt(): void {
  if (isContext(stackValue(1))) primitiveContextAt();
  else elementAt();
}

/** 62. size; of a context the depth of its stack. */
export function primitiveSize(): void {
  if (isContext(stackValue(0))) primitiveContextSize();
  else size();
}

/** 210. Context>>at: (its temporaries and operands); of any other object its elements. */
export function primitiveContextAt(): void {
  const context = stackValue(1);
  if (!isContext(context)) return elementAt();
  const index = indexArgument(context, stackValue(0));
  if (index > 0) answer(contextSlot(CONTEXT_FIRST_TEMP + <u32>index - 1, context));
}

/** 211. Context>>at:put:. */
export function primitiveContextAtPut(): void {
  const context = stackValue(2);
  const value = stackValue(0);
  const index = indexArgument(context, stackValue(1));
  if (index <= 0) return;
  setContextSlot(CONTEXT_FIRST_TEMP + <u32>index - 1, context, value);
  answer(value);
}

/** A one-based index within a context's stack; 0, having failed, for anything else. */
function indexArgument(context: Oop, indexOop: Oop): i64 {
  if (!isContext(context)) fail(ERROR_BAD_RECEIVER);
  else if (!isSmallInteger(indexOop)) fail(ERROR_BAD_ARGUMENT);
  else {
    const index = smallIntegerValue(indexOop);
    if (index >= 1 && index <= <i64>stackDepthOf(context)) return index;
    fail(ERROR_BAD_INDEX);
  }
  return 0;
}

/** 212. Context>>size: how deep its stack is. */
export function primitiveContextSize(): void {
  const context = stackValue(0);
  if (isContext(context)) answer(smallInteger(stackDepthOf(context)));
  else size();
}

/** 213. Context>>xray: bit 0 it had a frame, bit 1 it has one now. */
export function primitiveContextXray(): void {
  const context = receiver();
  answer(smallInteger(!wasMarried(context) ? 0 : frameOf(context) != 0 ? 3 : 1));
}

/** 76. Context>>stackp:. The cells that become part of the stack are nil. */
export function primitiveStoreStackp(): void {
  const context = receiver();
  const depth = argument(0);
  if (!isContext(context) || !isSmallInteger(depth) || frameOf(context) == fp) {
    fail();
    return;
  }
  const newDepth = smallIntegerValue(depth);
  if (newDepth < 0 || newDepth > <i64>(slotCountOf(<Address>context) - CONTEXT_FIRST_TEMP)) {
    fail();
    return;
  }
  popThenAnswer(argumentCount, context);
  const oldDepth = stackDepthOf(context);
  setContextSlot(CONTEXT_STACK_POINTER, context, depth);
  for (let i = oldDepth; i < <u32>newDepth; i++) storePointerUnchecked(CONTEXT_FIRST_TEMP + i, context, nil);
  framesChanged();
}

// Slots of any object, contexts included. With one more argument the receiver only mirrors for the first one.

/** 73. instVarAt:. */
export function primitiveInstVarAt(): void {
  if (!answerContextSlot(CONTEXT_FIRST_TEMP)) instVarAt();
}

/** 173. slotAt:. */
export function primitiveSlotAt(): void {
  if (!answerContextSlot(u32.MAX_VALUE)) slotAt();
}

/** 74. instVarAt:put:. */
export function primitiveInstVarAtPut(): void {
  if (!storeSlotOfContext(CONTEXT_FIRST_TEMP)) instVarAtPut();
}

/** 174. slotAt:put:. */
export function primitiveSlotAtPut(): void {
  if (!storeSlotOfContext(u32.MAX_VALUE)) slotAtPut();
}

/** Whether the subject is a context; its slot, one of the first `limit`, is answered then, or the primitive has failed. */
function answerContextSlot(limit: u32): bool {
  const context = stackValue(1);
  if (!isContext(context)) return false;
  const index = slotArgument(context, stackValue(0), limit);
  if (index > 0) answer(contextSlot(<u32>index - 1, context));
  return true;
}

function storeSlotOfContext(limit: u32): bool {
  const context = stackValue(2);
  if (!isContext(context)) return false;
  const value = stackValue(0);
  const index = slotArgument(context, stackValue(1), limit);
  if (index <= 0) return true;
  if (isReadOnly(<Address>context)) {
    fail(ERROR_NO_MODIFICATION);
    return true;
  }
  popThenAnswer(argumentCount, value);
  setContextSlot(<u32>index - 1, context, value);
  resumeSingleActive();
  framesChanged();
  return true;
}

function slotArgument(context: Oop, indexOop: Oop, limit: u32): i64 {
  if (!isSmallInteger(indexOop)) {
    fail(ERROR_BAD_ARGUMENT);
    return 0;
  }
  const index = smallIntegerValue(indexOop);
  if (index >= 1 && index <= <i64>min(limit, slotCountOf(<Address>context))) return index;
  fail(ERROR_BAD_INDEX);
  return 0;
}

/** 148. shallow copy; a context's copy is single, with the state that the context has now. */
export function primitiveClone(): void {
  const original = receiver();
  if (!isContext(original)) {
    cloneObject();
    return;
  }
  const slots = slotCountOf(<Address>original);
  const copy = allocateSlots(slots, formatOf(<Address>original), CLASS_INDEX_CONTEXT);
  if (copy != 0) {
    for (let i: u32 = 0; i < slots; i++) storePointer(i, copy, contextSlot(i, original));
  }
  answerNew(copy);
}

// Searches along senders.

/** 195. The next context from the receiver's sender on, before the argument, that runs `ensure:` or `ifCurtailed:`. */
export function primitiveFindNextUnwindContext(): void {
  const stop = argument(0);
  if (stop != nil && !isContext(stop)) fail(ERROR_BAD_ARGUMENT);
  else answer(findMarked(senderOf(receiver()), stop, PRIMITIVE_UNWIND_MARK));
}

/** 197. The next context from the receiver on that runs `on:do:`. */
export function primitiveFindHandlerContext(): void {
  answer(findMarked(receiver(), nil, PRIMITIVE_HANDLER_MARK));
}

/** Frames are passed without giving them contexts: most are looked at once, and are not what is searched for. */
function findMarked(first: Oop, stop: Oop, primitive: u32): Oop {
  let context = first;
  while (isContext(context) && context != stop) {
    let frame = frameOf(context);
    if (frame == 0) {
      if (isMarkedContext(context, primitive)) return context;
      context = senderOf(context);
      continue;
    }
    for (;;) {
      if (!isBlockFrame(frame) && primitiveNumberOf(frameMethod(frame)) == primitive) return contextOf(frame);
      if (isBaseFrame(frame)) break;
      frame = callerFp(frame);
      if (hasContext(frame) && frameContext(frame) == stop) return nil;
    }
    context = senderContextOfBase(frame);
  }
  return nil;
}

/** 196. terminateTo: cuts the contexts between the receiver and the argument, which becomes the receiver's sender. */
export function primitiveTerminateTo(): void {
  const context = receiver();
  const target = argument(0);
  if (target == context || (target != nil && !isContext(target))) {
    fail(ERROR_BAD_ARGUMENT);
    return;
  }
  popThenAnswer(argumentCount, context);
  const frame = frameOf(context);
  if (frame != 0 && pageOf(frame) == activePage && cutFrames(frame, target)) {
    framesChanged();
    return;
  }
  const isOnChain = hasSender(context, target);
  const active = evictAllPages();
  if (isOnChain) {
    let dead = fetchPointer(CONTEXT_SENDER, context);
    while (dead != target && dead != nil) {
      const next = fetchPointer(CONTEXT_SENDER, dead);
      normalizeWidow(dead);
      storePointerUnchecked(CONTEXT_SENDER, dead, nil);
      storePointerUnchecked(CONTEXT_PC, dead, nil);
      dead = next;
    }
  }
  storePointer(CONTEXT_SENDER, context, target);
  resumeContext(active);
  framesChanged();
}

function hasSender(context: Oop, target: Oop): bool {
  let current = senderOf(context);
  while (isContext(current)) {
    if (current == target) return true;
    current = senderOf(current);
  }
  return target == nil;
}
