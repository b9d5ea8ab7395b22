// Primitives that send, run methods or blocks, and call plugins. Each changes the stack itself, and therefore says
// `framesChanged` when it succeeds.

import {
  CLASS_INDEX_ARRAY,
  CLASS_SUPERCLASS,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_ARGUMENT_COUNT,
  ERROR_BAD_METHOD,
  ERROR_BAD_RECEIVER,
  ERROR_NOT_FOUND,
  FORMAT_ARRAY,
  PRIMITIVE_EXTERNAL_CALL,
  SPECIAL_RUN_WITH_IN,
} from "../layout";
import { newArray } from "../memory/allocation";
import { classOf } from "../memory/classes";
import { formatOf, isBytesFormat, slotCountOf } from "../memory/header";
import {
  bodyOf,
  byteSizeOf,
  fetchPointer,
  literalCountOf,
  literalOf,
  storePointer,
  storePointerUnchecked,
} from "../memory/object";
import { Address, isObject, isSmallInteger, Oop, smallInteger, smallIntegerValue } from "../memory/oop";
import { nil, specialObject } from "../memory/roots";
import {
  answer,
  argument,
  argumentCount,
  beginPrimitive,
  fail,
  failureCode,
  FRAMES_CHANGED,
  framesChanged,
  receiver,
  result,
} from "../plugin";
import {
  activateClosure,
  activateFullClosure,
  closureArgumentCount,
  executeMethod,
  MAX_PUSHED_ARGUMENTS,
  pushElements,
  quickAnswer,
} from "./activation";
import {
  argumentCount as foundCount,
  codeOfFound,
  findMethodForReceiver,
  findMethodInClass,
  lastSelector,
  methodInHierarchy,
  newMethod,
  newPrimitive,
  primitiveToRun,
  setNewMethod,
} from "./lookup";
import { LOG_WARNING, logBytes, logEnd, logText } from "./log";
import { headerArgumentCount, isCompiledMethod, methodHeader, primitiveNumberOf } from "./methods";
import { isQuick, namedPrimitive, numberedPrimitive } from "./primitiveTable";
import { fp, ip, push, setIp, setSp, setStackValue, sp, stackValue } from "./registers";
import { makeClosure } from "./closures";
import { runCompiled, runCompiledClosure } from "./compiledCode";
import { contextOf } from "./contexts";
import { send } from "./returns";

function isArray(oop: Oop): bool {
  return isObject(oop) && formatOf(<Address>oop) == FORMAT_ARRAY;
}

/** Runs what the last lookup found, unless it found nothing at all (the run ends then). */
function runFound(): void {
  if (newMethod != 0) {
    const code = newPrimitive == 0 ? codeOfFound() : 0;
    if (code > 0) runCompiled(code, ip, sp, fp, foundCount);
    else executeMethod(newMethod, newPrimitive, foundCount);
  }
  framesChanged();
}

/** 83. perform: and its relatives: the selector is the first argument. */
export function primitivePerform(): void {
  const count = argumentCount;
  const selector = argument(0);
  if (!takesArguments(selector, receiver(), count - 1)) {
    fail(ERROR_BAD_ARGUMENT_COUNT);
    return;
  }
  // The remaining arguments move up over the selector.
  for (let i = count - 1; i > 0; i--) setStackValue(i, stackValue(i - 1));
  setSp(sp + 8);
  findMethodForReceiver(selector, count - 1);
  runFound();
}

/**
 * Whether the method found for a selector takes that many arguments; true where there is none, because
 * doesNotUnderstand: is sent then (StackInterpreterPrimitives>>primitivePerform).
 */
function takesArguments(selector: Oop, target: Oop, count: u32): bool {
  const method = methodInHierarchy(selector, classOf(target));
  return method == 0 || !isCompiledMethod(method) || headerArgumentCount(methodHeader(method)) == count;
}

/** 84. perform:withArguments:. */
export function primitivePerformWithArgs(): void {
  performWithArray(stackValue(1), stackValue(0), nil, 2);
}

/** 100. perform:withArguments:inSuperclass:; with a receiver as first argument for mirrors. */
export function primitivePerformInSuperclass(): void {
  const lookupClass = stackValue(0);
  const target = argumentCount == 4 ? argument(0) : receiver();
  let current = classOf(target);
  while (current != lookupClass) {
    current = fetchPointer(CLASS_SUPERCLASS, current);
    if (current == nil) {
      fail(ERROR_BAD_ARGUMENT);
      return;
    }
  }
  performWithArray(stackValue(2), stackValue(1), lookupClass, argumentCount);
}

function performWithArray(selector: Oop, array: Oop, lookupClass: Oop, dropped: u32): void {
  const target = argumentCount == 4 ? argument(0) : receiver();
  if (!isArray(array)) {
    fail(ERROR_BAD_ARGUMENT);
    return;
  }
  const count = slotCountOf(<Address>array);
  const startClass = lookupClass == nil ? classOf(target) : lookupClass;
  const method = methodInHierarchy(selector, startClass);
  if (
    count > MAX_PUSHED_ARGUMENTS ||
    (method != 0 && isCompiledMethod(method) && headerArgumentCount(methodHeader(method)) != count)
  ) {
    fail(ERROR_BAD_ARGUMENT_COUNT);
    return;
  }
  setSp(sp + (dropped << 3));
  setStackValue(0, target);
  pushElements(array, MAX_PUSHED_ARGUMENTS);
  findMethodInClass(selector, startClass, count);
  runFound();
}

/** 188. withArgs:executeMethod: and receiver:withArguments:executeMethod:. */
export function primitiveExecuteMethodArgsArray(): void {
  const method = stackValue(0);
  const array = stackValue(1);
  if (!isCompiledMethod(method) || !isArray(array)) {
    fail(ERROR_BAD_ARGUMENT);
    return;
  }
  const count = slotCountOf(<Address>array);
  if (headerArgumentCount(methodHeader(method)) != count) {
    fail(ERROR_BAD_ARGUMENT_COUNT);
    return;
  }
  const target = argumentCount == 3 ? argument(0) : receiver();
  setSp(sp + (argumentCount << 3));
  setStackValue(0, target);
  pushElements(array, MAX_PUSHED_ARGUMENTS);
  setNewMethod(method);
  executeMethod(method, primitiveToRun(method), count);
  framesChanged();
}

/** 189. receiver with the method's arguments, the method last: with:with:executeMethod:. */
export function primitiveExecuteMethod(): void {
  const method = stackValue(0);
  const count = argumentCount - 1;
  if (!isCompiledMethod(method)) {
    fail(ERROR_BAD_ARGUMENT);
    return;
  }
  if (headerArgumentCount(methodHeader(method)) != count) {
    fail(ERROR_BAD_ARGUMENT_COUNT);
    return;
  }
  setSp(sp + 8);
  setNewMethod(method);
  executeMethod(method, primitiveToRun(method), count);
  framesChanged();
}

/** An object in a method dictionary that is no method: `object run: selector with: arguments in: receiver`. */
export function primitiveInvokeObjectAsMethod(): void {
  const count = argumentCount;
  const target = receiver();
  const array = newArray(count, CLASS_INDEX_ARRAY);
  for (let i: u32 = 0; i < count; i++) storePointer(i, array, argument(i));
  const object = newMethod;
  setSp(sp + (count << 3));
  setStackValue(0, object);
  push(lastSelector);
  push(array);
  push(target);
  send(specialObject(SPECIAL_RUN_WITH_IN), 3);
  framesChanged();
}

// Blocks.

/** 201 to 205. BlockClosure>>value and with up to four arguments. */
export function primitiveClosureValue(): void {
  valueOfClosure(receiver(), argumentCount, false);
}

/** 206. BlockClosure>>valueWithArguments:. */
export function primitiveClosureValueWithArgs(): void {
  valueWithArray(false);
}

/** 221, 222. As value, without a switch of process at its start; polls are never between a send and its frame here. */
export function primitiveClosureValueNoContextSwitch(): void {
  valueOfClosure(receiver(), argumentCount, false);
}

/** 207. FullBlockClosure>>value and its relatives. */
export function primitiveFullClosureValue(): void {
  valueOfClosure(receiver(), argumentCount, true);
}

/** 208. FullBlockClosure>>valueWithArguments:. */
export function primitiveFullClosureValueWithArgs(): void {
  valueWithArray(true);
}

/** 209. */
export function primitiveFullClosureValueNoContextSwitch(): void {
  valueOfClosure(receiver(), argumentCount, true);
}

function valueOfClosure(closure: Oop, count: u32, full: bool): void {
  if (closureArgumentCount(closure) != <i32>count) {
    fail(ERROR_BAD_ARGUMENT_COUNT);
    return;
  }
  const isStarted =
    runCompiledClosure(count, full) || (full ? activateFullClosure(closure, count) : activateClosure(closure, count));
  if (isStarted) framesChanged();
  else fail(ERROR_BAD_RECEIVER);
}

function valueWithArray(full: bool): void {
  const closure = receiver();
  const array = argument(0);
  if (!isArray(array)) {
    fail(ERROR_BAD_ARGUMENT);
    return;
  }
  const count = slotCountOf(<Address>array);
  if (closureArgumentCount(closure) != <i32>count || count > MAX_PUSHED_ARGUMENTS) {
    fail(ERROR_BAD_ARGUMENT_COUNT);
    return;
  }
  setSp(sp + 8);
  pushElements(array, MAX_PUSHED_ARGUMENTS);
  if (full ? activateFullClosure(closure, count) : activateClosure(closure, count)) {
    framesChanged();
    return;
  }
  setSp(sp + (count << 3));
  push(array);
  fail(ERROR_BAD_RECEIVER);
}

/**
 * 200. thisContext closureCopy: argumentCount copiedValues: array. The block starts behind the jump over it that follows
 * this send (StackInterpreterPrimitives>>primitiveClosureCopyWithCopiedValues).
 */
export function primitiveClosureCopyWithCopiedValues(): void {
  const count = argument(0);
  const copied = argument(1);
  if (!isSmallInteger(count) || !isArray(copied) || receiver() != contextOf(fp)) {
    fail(ERROR_BAD_ARGUMENT);
    return;
  }
  const callSp = sp;
  const callIp = ip;
  if (!pushElements(copied, MAX_PUSHED_ARGUMENTS)) {
    fail(ERROR_BAD_ARGUMENT);
    return;
  }
  setIp(callIp + JUMP_BYTES);
  const closure = makeClosure(<u32>smallIntegerValue(count), slotCountOf(<Address>copied), sp);
  setIp(callIp);
  setSp(callSp);
  answer(closure);
}

/** Bytes of the long jump over a block. */
const JUMP_BYTES: u32 = 2;

// Named primitives.

/** A slot of the literal array of a method with primitive 117: module, name, session, index. */
const EXTERNAL_MODULE: u32 = 0;
const EXTERNAL_NAME: u32 = 1;
const EXTERNAL_SESSION: u32 = 2;
const EXTERNAL_INDEX: u32 = 3;

/**
 * 117. A named primitive: the method's first literal is an Array of module, name, session and index. The index caches
 * what was found: a table index, or -1 for nothing; the session tells whether it is of this run.
 */
export function primitiveExternalCall(): void {
  const literal = literalCountOf(newMethod) > 0 ? literalOf(0, newMethod) : nil;
  if (!isArray(literal) || slotCountOf(<Address>literal) != 4) {
    fail(ERROR_BAD_METHOD);
    return;
  }
  const index = externalFunction(literal);
  if (index == 0) fail(ERROR_NOT_FOUND);
  else call_indirect<void>(index);
}

/** A number that is this run's, kept in the literals beside cached indices. */
let session: i64 = 0;

/** Starts a new session: cached indices of an earlier run do not count. */
export function startSession(number: i64): void {
  session = number;
}

function externalFunction(literal: Oop): u32 {
  const cached = fetchPointer(EXTERNAL_INDEX, literal);
  if (fetchPointer(EXTERNAL_SESSION, literal) == smallInteger(session) && isSmallInteger(cached)) {
    const index = smallIntegerValue(cached);
    if (index != 0) return index < 0 ? 0 : <u32>index;
  }
  const found = findNamed(fetchPointer(EXTERNAL_MODULE, literal), fetchPointer(EXTERNAL_NAME, literal));
  storePointerUnchecked(EXTERNAL_SESSION, literal, smallInteger(session));
  storePointerUnchecked(EXTERNAL_INDEX, literal, smallInteger(found == 0 ? -1 : <i64>found));
  return found;
}

/** Forgets what a method's named primitive was found to be, so that nothing of this run is in a snapshot. */
export function clearExternalCall(method: Oop): void {
  if (primitiveNumberOf(method) != PRIMITIVE_EXTERNAL_CALL || literalCountOf(method) == 0) return;
  const literal = literalOf(0, method);
  if (!isArray(literal) || slotCountOf(<Address>literal) != 4) return;
  storePointerUnchecked(EXTERNAL_SESSION, literal, smallInteger(0));
  storePointerUnchecked(EXTERNAL_INDEX, literal, smallInteger(0));
}

/** The function of a named primitive; 0, and a line in the log, where there is none. */
function findNamed(module: Oop, name: Oop): u32 {
  const moduleIsText = isText(module);
  if (!isText(name) || !(moduleIsText || module == nil || isSmallInteger(module))) return 0;
  const moduleBytes = moduleIsText ? byteSizeOf(module) : 0;
  const found = namedPrimitive(moduleIsText ? bodyOf(module) : 0, moduleBytes, bodyOf(name), byteSizeOf(name));
  if (found == 0) {
    logText("no primitive ");
    logBytes(name);
    if (moduleIsText) {
      logText(" in module ");
      logBytes(module);
    }
    logText(": the call fails, and the image's own code takes over");
    logEnd(LOG_WARNING);
  }
  return found;
}

function isText(oop: Oop): bool {
  return isObject(oop) && isBytesFormat(formatOf(<Address>oop));
}

/** 570. Forgets what named primitives were found. */
export function primitiveFlushExternalPrimitives(): void {
  session++;
}

/** 118. receiver tryPrimitive: number withArgs: array. */
export function primitiveDoPrimitiveWithArgs(): void {
  const number = stackValue(1);
  const array = stackValue(0);
  if (!isSmallInteger(number) || !isArray(array) || slotCountOf(<Address>array) > MAX_PUSHED_ARGUMENTS) {
    fail(ERROR_BAD_ARGUMENT);
    return;
  }
  const index = <u32>min<u64>(<u64>smallIntegerValue(number), u32.MAX_VALUE);
  // A quick primitive has no function; a method that has one may hold no bytecode to fall back to.
  if (isQuick(index) && slotCountOf(<Address>array) == 0) answer(quickAnswer(index, receiver()));
  else runWithArray(numberedPrimitive(index), receiver(), array);
}

/** 218. receiver tryNamedPrimitive: method literal withArgs: array: the method is the first argument. */
export function primitiveDoNamedPrimitiveWithArgs(): void {
  const method = argument(0);
  const array = stackValue(0);
  if (!isCompiledMethod(method) || !isArray(array) || literalCountOf(method) == 0) {
    fail(ERROR_BAD_ARGUMENT);
    return;
  }
  const literal = literalOf(0, method);
  if (!isArray(literal) || slotCountOf(<Address>literal) != 4) {
    fail(ERROR_BAD_METHOD);
    return;
  }
  // A primitive trusts its method's count of arguments.
  if (headerArgumentCount(methodHeader(method)) != slotCountOf(<Address>array)) {
    fail(ERROR_BAD_ARGUMENT);
    return;
  }
  runWithArray(externalFunction(literal), argumentCount == 3 ? argument(1) : receiver(), array);
}

/**
 * Calls a primitive on a receiver with the elements of an Array, which take the place of this call's own receiver and
 * arguments, so that a primitive that changes frames finds the stack it expects. All is put back where it fails.
 */
function runWithArray(primitiveFunction: u32, target: Oop, array: Oop): void {
  const count = argumentCount;
  const callSp = sp;
  const slot = sp + (count << 3);
  const ownReceiver = receiver();
  const first = argument(0);
  const second = count > 1 ? argument(1) : 0;
  const size = slotCountOf(<Address>array);
  if (primitiveFunction == 0) {
    fail(ERROR_NOT_FOUND);
    return;
  }
  setSp(slot);
  setStackValue(0, target);
  pushElements(array, MAX_PUSHED_ARGUMENTS);
  beginPrimitive(slot, size);
  call_indirect<void>(primitiveFunction);
  if (failureCode == FRAMES_CHANGED) return;
  const code = failureCode;
  const value = result;
  store<u64>(slot, ownReceiver);
  store<u64>(slot - 8, first);
  if (count > 1) store<u64>(slot - 16, second);
  if (count > 2) store<u64>(slot - 24, array);
  setSp(callSp);
  beginPrimitive(slot, count);
  if (code != 0) fail(code);
  else answer(value);
}
