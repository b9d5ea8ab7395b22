// Primitives that collect, exchange identities, change classes or write the image: what moves objects or makes caches stale.

import {
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_ARGUMENT_COUNT,
  ERROR_BAD_RECEIVER,
  ERROR_NO_MEMORY,
  ERROR_OPERATION_FAILED,
  PROCESS_SUSPENDED_CONTEXT,
} from "../layout";
import { writeSnapshot } from "../image/snapshot";
import { become, pin, unpin } from "../memory/become";
import { bytesLeft, prepareForSnapshot } from "../memory/collector";
import { firstObject, nextObject } from "../memory/enumeration";
import { activePage } from "../memory/frames";
import { isForwardedOop, isPinned, slotCountOf } from "../memory/header";
import { fetchPointer, storePointer, storePointerUnchecked } from "../memory/object";
import { isYoung } from "../memory/map";
import { Address, isObject, Oop, smallInteger } from "../memory/oop";
import { falseObject, newRootWord, nil, rootWord, setRootWord, trueObject } from "../memory/roots";
import {
  argument,
  argumentCount,
  beginPrimitive,
  booleanArgument,
  fail,
  failed,
  framesChanged,
  receiver,
} from "../plugin";
import {
  primitiveAdoptInstance as adoptInstance,
  primitiveChangeClass as changeClass,
} from "../../primitives/classChange";
import { imageWriteAllowed } from "../../primitives/files/security";
import { disturbCode } from "./compiledCode";
import { evictAllPages, externalizeHead, isContext, normalizeWidow, resumeContext, resumePage } from "./contexts";
import { clearExternalCall } from "./control";
import { dropAllCode, DROPPED_BY_BECOME } from "./compileQueue";
import { dropOptimised, hasOptimised } from "./optimisedCode";
import { flushMethodCache, refreshCode } from "./lookup";
import { isCompiledMethod } from "./methods";
import { afterCollection, collect } from "./poll";
import { activeProcess } from "./processes";
import { popThenAnswer, setStackValue, sp } from "./registers";

/** 130. Collects everything; answers the bytes free afterwards. */
export function primitiveFullGC(): void {
  collectAndAnswer(true);
}

/** 131. Collects young space; answers the bytes free afterwards. */
export function primitiveIncrementalGC(): void {
  collectAndAnswer(false);
}

function collectAndAnswer(everything: bool): void {
  const count = argumentCount;
  collect(everything, true);
  popThenAnswer(count, smallInteger(bytesLeft()));
  framesChanged();
}

// Become. Contexts among the elements lose their frames first; the active one comes back at the end.

/** 128. Array>>elementsExchangeIdentityWith:. */
export function primitiveArrayBecome(): void {
  exchange(true, false);
}

/** 72. Array>>elementsForwardIdentityTo:, identity hashes staying with the references. */
export function primitiveArrayBecomeOneWay(): void {
  exchange(false, true);
}

/** 248. One way, hashes staying with the objects. */
export function primitiveArrayBecomeOneWayNoCopyHash(): void {
  exchange(false, false);
}

/** 249. Array>>elementsForwardIdentityTo:copyHash:. */
export function primitiveArrayBecomeOneWayCopyHash(): void {
  const copyHash = booleanArgument(1);
  if (!failed()) exchange(false, copyHash);
}

function isOld(oop: Oop): bool {
  return isObject(oop) && !isYoung(oop);
}

function exchange(twoWay: bool, copyHash: bool): void {
  const from = receiver();
  const to = argument(0);
  const count = argumentCount;
  // A method may take another's place, under the same address.
  if (contains(from, isCompiledMethod) || contains(to, isCompiledMethod)) dropAllCode(DROPPED_BY_BECOME);
  // Code of the second tier names old objects.
  else if (hasOptimised && (contains(from, isOld) || contains(to, isOld))) {
    dropOptimised();
    refreshCode();
  }
  if (contains(from, isContext) || contains(to, isContext)) {
    // Every frame becomes a context, so that identities can be exchanged in the heap alone.
    const active = evictAllPages();
    setRootWord(keptContext, active);
    const error = become(from, to, twoWay, copyHash);
    resumeContext(rootWord(keptContext));
    setRootWord(keptContext, 0);
    finishBecome(error, count);
    return;
  }
  // The stack is walked, and the running method may be among the elements.
  externalizeHead();
  const error = become(from, to, twoWay, copyHash);
  resumePage(activePage);
  finishBecome(error, count);
}

const keptContext: Address = newRootWord();

// What gives an object another class: code of the second tier that runs just now may have found out which it had.

/** 115. */
export function primitiveChangeClass(): void {
  changeClass();
  disturbCode();
}

/** 160. */
export function primitiveAdoptInstance(): void {
  adoptInstance();
  disturbCode();
}

/** 184: pins an object or lets it go; answers whether it was pinned. A young one moves to old space for it. */
export function primitivePin(): void {
  const count = argumentCount;
  if (count == 0) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const object = count == 1 ? receiver() : argument(count - 2);
  const flag = argument(count - 1);
  if (!isObject(object) || isForwardedOop(object)) return fail(ERROR_BAD_RECEIVER);
  if (flag != trueObject && flag != falseObject) return fail(ERROR_BAD_ARGUMENT);
  const pinned = isPinned(<Address>object);
  externalizeHead();
  if (flag == falseObject) unpin(object);
  else if (!pinned && pin(object) == 0) return fail(ERROR_NO_MEMORY);
  resumePage(activePage);
  flushMethodCache();
  popThenAnswer(count, pinned ? trueObject : falseObject);
  framesChanged();
}

function finishBecome(error: u32, count: u32): void {
  if (error != 0) {
    beginPrimitive(sp + (count << 3), count);
    fail(error);
    return;
  }
  flushMethodCache();
  popThenAnswer(count, load<u64>(sp + (count << 3)));
  framesChanged();
}

function contains(array: Oop, isOfKind: (oop: Oop) => bool): bool {
  if (!isObject(array)) return false;
  const size = slotCountOf(<Address>array);
  for (let i: u32 = 0; i < size; i++) {
    if (isOfKind(fetchPointer(i, array))) return true;
  }
  return false;
}

/**
 * 97. Writes a snapshot under the present image name. Answers false here; in the image that starts from it the same
 * call answers true (StackInterpreterPrimitives>>primitiveSnapshot).
 */
export function primitiveSnapshot(): void {
  if (argumentCount != 0) {
    fail(ERROR_BAD_ARGUMENT_COUNT);
    return;
  }
  // The image may have given the right up (SecurityPlugin).
  if (!imageWriteAllowed) {
    fail(ERROR_OPERATION_FAILED);
    return;
  }
  setRootWord(keptContext, receiver());
  popThenAnswer(0, trueObject);
  storePointer(PROCESS_SUSPENDED_CONTEXT, activeProcess(), evictAllPages());
  forgetThisRun();
  const written = prepareForSnapshot() && writeSnapshot(0, 0) == 0;
  afterCollection();
  flushMethodCache();

  const process = activeProcess();
  const context = fetchPointer(PROCESS_SUSPENDED_CONTEXT, process);
  storePointerUnchecked(PROCESS_SUSPENDED_CONTEXT, process, nil);
  resumeContext(context);
  const self = rootWord(keptContext);
  setRootWord(keptContext, 0);
  setStackValue(0, written ? falseObject : self);
  if (written) {
    framesChanged();
    return;
  }
  beginPrimitive(sp, 0);
  fail(ERROR_OPERATION_FAILED);
}

/** An image must not hold what only this run knows: where contexts had frames, what named primitives were found. */
function forgetThisRun(): void {
  for (let object = firstObject(); object != 0; object = nextObject(object)) {
    if (isCompiledMethod(object)) clearExternalCall(object);
    else if (isContext(object)) normalizeWidow(object);
  }
}
