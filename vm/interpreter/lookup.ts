// Message lookup: the global method cache, the walk through the method dictionaries, and what happens when nothing
// is found. Source of the protocol: StackInterpreter>>lookupMethodInClass:, createActualMessageTo:.

import {
  CLASS_INDEX_ARRAY,
  CLASS_METHOD_DICTIONARY,
  CLASS_SUPERCLASS,
  HEADER_BYTES,
  MESSAGE_ARGUMENTS,
  MESSAGE_LOOKUP_CLASS,
  MESSAGE_SELECTOR,
  METHOD_DICTIONARY_KEYS,
  METHOD_DICTIONARY_VALUES,
  SPECIAL_CANNOT_INTERPRET,
  SPECIAL_CLASS_MESSAGE,
  SPECIAL_DOES_NOT_UNDERSTAND,
  SPECIAL_SELECTORS,
} from "../layout";
import { instanceSizeOf, instantiate, newArray } from "../memory/allocation";
import { classAtIndex, classIndexOfOop } from "../memory/classes";
import { isForwardedOop, rawHashOf, slotCountOf } from "../memory/header";
import { oldSpaceStart } from "../memory/map";
import { fetchPointer, storePointer } from "../memory/object";
import { Address, isImmediate, Oop, smallIntegerValue } from "../memory/oop";
import { nil, specialObject } from "../memory/roots";
import { followForwarded } from "../memory/walk";
import { METHOD_CACHE_BYTES, METHOD_CACHE_ENTRIES } from "../tuning";
import {
  firstBytecode,
  headerBytecodeSet,
  headerTempCount,
  isCompiledMethod,
  methodHeader,
  primitiveNumberOf,
} from "./methods";
import { PRIMITIVE_INVOKE_OBJECT } from "./primitiveTable";
import { clearSites, clearSitesOf, recordOf } from "./codeRecords";
import { codeOrCountdown, dropCodeOf, NEVER } from "./compileQueue";
import { doubtOptimised, hasOptimised } from "./optimisedCode";
import { disturbCode, forgetBlocks, translateMethod } from "./compiledCode";
import { push, setSp, setStackValue, sp, stackValue } from "./registers";
import { reportEndlessDoesNotUnderstand, reportRecursiveDoesNotUnderstand } from "./stacktrace";

/** The cache is static data: a constant address saves a load in every send. */
const METHOD_CACHE: Address = <Address>memory.data(METHOD_CACHE_BYTES, 16);

// A cache entry: selector u32 | class index u32 | method u32 | primitive number u32, then what an activation needs of the
// method's header: address of the first bytecode u32 | bytes of arguments and temporaries u32 | bytecode set u32 | compiled code,
// or a countdown (compiledCode.ts) i32.
export const ENTRY_SELECTOR = 0;
export const ENTRY_METHOD = 8;
export const ENTRY_PRIMITIVE = 12;
export const ENTRY_START = 16;
export const ENTRY_TEMP_BYTES = 20;
export const ENTRY_BYTECODE_SET = 24;
export const ENTRY_CODE = 28;
const ENTRY_SHIFT = 5;

// What the last lookup found. The argument count is here because a failed lookup changes it.
export let newMethod: Oop = 0;
/** The method's primitive number, 0 for none. */
export let newPrimitive: u32 = 0;
export let argumentCount: u32 = 0;
/** The cache entry of what the last lookup found, 0 where it is in none. */
let newEntry: Address = 0;
/** The selector of the last lookup that went past the cache. */
export let lastSelector: Oop = 0;

/** What an entry's first 64 bits are for a selector and class index. */
// @ts-ignore: decorator
@inline
export function cacheKey(selector: Oop, classIndex: u32): u64 {
  return selector | ((<u64>classIndex) << 32);
}

/** The entry where a selector and class index may be cached. */
// @ts-ignore: decorator
@inline
export function cacheEntry(selector: Oop, classIndex: u32): Address {
  const hash = ((<u32>selector) >> 3) ^ (classIndex * 0x9e5);
  return METHOD_CACHE + ((hash & (METHOD_CACHE_ENTRIES - 1)) << ENTRY_SHIFT);
}

export function flushMethodCache(): void {
  disturbCode();
  clearSites();
  forgetBlocks();
  doubtOptimised();
  memory.fill(METHOD_CACHE, 0, METHOD_CACHE_BYTES);
}

/** Drops every entry with this selector, or with this method, whose code goes too: it may be another's from now on. */
export function flushMethodCacheFor(selectorOrMethod: Oop): void {
  disturbCode();
  clearSitesOf(selectorOrMethod, <Address>specialObject(SPECIAL_SELECTORS) + HEADER_BYTES);
  if (isCompiledMethod(selectorOrMethod)) {
    dropCodeOf(<Address>selectorOrMethod);
    forgetBlocks();
  }
  for (let entry = METHOD_CACHE; entry < METHOD_CACHE + METHOD_CACHE_BYTES; entry += 1 << ENTRY_SHIFT) {
    if (load<u32>(entry, ENTRY_SELECTOR) == selectorOrMethod || load<u32>(entry, ENTRY_METHOD) == selectorOrMethod) {
      store<u64>(entry, 0);
    }
  }
  doubtOptimised();
  refreshCode();
}

/** Has everything that knows compiled code ask for it again: code of the second tier has been made, or dropped. */
export function refreshCode(): void {
  if (!hasOptimised) return;
  disturbCode();
  clearSites();
  forgetBlocks();
  for (let entry = METHOD_CACHE; entry < METHOD_CACHE + METHOD_CACHE_BYTES; entry += 1 << ENTRY_SHIFT) {
    if (load<u64>(entry) == 0 || load<u32>(entry, ENTRY_PRIMITIVE) != 0 || load<i32>(entry, ENTRY_CODE) <= 0) continue;
    store<i32>(entry, codeOrCountdown(load<u32>(entry, ENTRY_METHOD), load<u32>(entry, ENTRY_START)), ENTRY_CODE);
  }
}

/** Drops what a scavenge has made stale: entries with a young selector or method. Call sites know of none. */
export function flushYoungMethods(): void {
  disturbCode();
  for (let entry = METHOD_CACHE; entry < METHOD_CACHE + METHOD_CACHE_BYTES; entry += 1 << ENTRY_SHIFT) {
    if (load<u32>(entry, ENTRY_SELECTOR) < oldSpaceStart || load<u32>(entry, ENTRY_METHOD) < oldSpaceStart) {
      store<u64>(entry, 0);
    }
  }
}

/** Takes code that has been made into the entries of its methods. */
export function takeCodeIntoCache(): void {
  forgetBlocks();
  for (let entry = METHOD_CACHE; entry < METHOD_CACHE + METHOD_CACHE_BYTES; entry += 1 << ENTRY_SHIFT) {
    if (load<u64>(entry) == 0 || load<u32>(entry, ENTRY_PRIMITIVE) != 0 || load<i32>(entry, ENTRY_CODE) > 0) continue;
    const method = load<u32>(entry, ENTRY_METHOD);
    const start = load<u32>(entry, ENTRY_START);
    if (recordOf(method, start) != 0) store<i32>(entry, codeOrCountdown(method, start), ENTRY_CODE);
  }
}

/** All code is gone, or will begin to be counted for: sets every entry's countdown. */
export function forgetCodeInCache(countdown: i32): void {
  disturbCode();
  forgetBlocks();
  for (let entry = METHOD_CACHE; entry < METHOD_CACHE + METHOD_CACHE_BYTES; entry += 1 << ENTRY_SHIFT) {
    store<i32>(entry, countdown, ENTRY_CODE);
  }
}

/**
 * Finds the method for a selector and the class with an index, leaving it in `newMethod` and `newPrimitive`. Where there
 * is none the stack is rewritten for doesNotUnderstand: (or cannotInterpret:), whose method is found instead.
 */
export function findMethod(selector: Oop, classIndex: u32, count: u32): void {
  argumentCount = count;
  const entry = cacheEntry(selector, classIndex);
  if (load<u64>(entry) == cacheKey(selector, classIndex)) {
    newMethod = load<u32>(entry, ENTRY_METHOD);
    newPrimitive = load<u32>(entry, ENTRY_PRIMITIVE);
    newEntry = entry;
    return;
  }
  newEntry = 0;
  // An object in place of a method is looked up each time: it is told the selector, which the lookup notes.
  if (lookUp(selector, classAtIndex(classIndex)) && newPrimitive != PRIMITIVE_INVOKE_OBJECT) {
    store<u64>(entry, cacheKey(selector, classIndex));
    store<u32>(entry, <u32>newMethod, ENTRY_METHOD);
    store<u32>(entry, newPrimitive, ENTRY_PRIMITIVE);
    newEntry = entry;
    if (newPrimitive == 0) fillActivation(entry, newMethod);
  }
}

function fillActivation(entry: Address, method: Oop): void {
  const header = methodHeader(method);
  store<u32>(entry, firstBytecode(method, header), ENTRY_START);
  store<u32>(entry, headerTempCount(header) << 3, ENTRY_TEMP_BYTES);
  store<u32>(entry, headerBytecodeSet(header), ENTRY_BYTECODE_SET);
  store<i32>(entry, codeOrCountdown(method, firstBytecode(method, header)), ENTRY_CODE);
}

export function setNewMethod(method: Oop): void {
  newMethod = method;
}

/** As `findMethod` for the receiver on the stack, which is put right first where it was forwarded. */
export function findMethodForReceiver(selector: Oop, count: u32): void {
  const receiver = stackValue(count);
  if (isForwardedOop(receiver)) setStackValue(count, followForwarded(receiver));
  if (isForwardedOop(selector)) selector = followForwarded(selector);
  findMethod(selector, classIndexOfOop(stackValue(count)), count);
}

/** As `findMethod`, starting at a class object (super sends). */
export function findMethodInClass(selector: Oop, classObject: Oop, count: u32): void {
  argumentCount = count;
  // A class without an index has no instances, but may be a superclass: then there is nothing to cache by.
  const classIndex = rawHashOf(<Address>classObject);
  if (classIndex != 0 && classAtIndex(classIndex) == classObject) findMethod(selector, classIndex, count);
  else {
    newEntry = 0;
    lookUp(selector, classObject);
  }
}

/** The code of the method without a primitive that the last lookup found, or a number below 1: counts an activation. */
export function codeOfFound(): i32 {
  return newEntry == 0 ? 0 : countedCode(newEntry);
}

/** The code of a cache entry's method, which has no primitive, or a number below 1: counts an activation. */
export function countedCode(entry: Address): i32 {
  let code = load<i32>(entry, ENTRY_CODE);
  if (code > 0 || code == NEVER) return code;
  code++;
  if (code >= -1) code = translateMethod(load<u32>(entry, ENTRY_METHOD));
  store<i32>(entry, code, ENTRY_CODE);
  return code;
}

/** The method that a class or its superclasses have for a selector, or 0; no side effect. */
export function methodInHierarchy(selector: Oop, classObject: Oop): Oop {
  while (classObject != nil) {
    classObject = followForwarded(classObject);
    const dictionary = followForwarded(fetchPointer(CLASS_METHOD_DICTIONARY, classObject));
    if (dictionary == nil) return 0;
    const method = methodInDictionary(selector, dictionary);
    if (method != 0) return method;
    classObject = fetchPointer(CLASS_SUPERCLASS, classObject);
  }
  return 0;
}

/** The number of the primitive that runs a method; an object that is no method is run by one of its own. */
export function primitiveToRun(method: Oop): u32 {
  return isCompiledMethod(method) ? primitiveNumberOf(method) : PRIMITIVE_INVOKE_OBJECT;
}

/** Looks a selector up from a class on. Answers whether the selector itself was found. */
function lookUp(selector: Oop, classObject: Oop): bool {
  lastSelector = selector;
  let current = classObject;
  while (current != nil) {
    current = followForwarded(current);
    const dictionary = followForwarded(fetchPointer(CLASS_METHOD_DICTIONARY, current));
    if (dictionary == nil) {
      lookUpCannotInterpret(selector, current);
      return false;
    }
    const method = methodInDictionary(selector, dictionary);
    if (method != 0) {
      newMethod = method;
      newPrimitive = primitiveToRun(method);
      return true;
    }
    current = fetchPointer(CLASS_SUPERCLASS, current);
  }
  if (selector == specialObject(SPECIAL_DOES_NOT_UNDERSTAND)) {
    reportRecursiveDoesNotUnderstand(classObject);
    newMethod = 0;
    newPrimitive = 0;
    return false;
  }
  makeMessage(selector, classObject);
  lookUp(specialObject(SPECIAL_DOES_NOT_UNDERSTAND), classObject);
  if (newMethod != 0 && reportEndlessDoesNotUnderstand(newMethod, classObject)) newMethod = 0;
  return false;
}

/** A class without a method dictionary: its superclass is asked to interpret (StackInterpreter, cannotInterpret:). */
function lookUpCannotInterpret(selector: Oop, classObject: Oop): void {
  makeMessage(selector, classObject);
  const superclass = fetchPointer(CLASS_SUPERCLASS, classObject);
  if (selector == specialObject(SPECIAL_CANNOT_INTERPRET))
    lookUp(specialObject(SPECIAL_DOES_NOT_UNDERSTAND), superclass);
  else lookUp(specialObject(SPECIAL_CANNOT_INTERPRET), superclass);
}

function methodInDictionary(selector: Oop, dictionary: Oop): Oop {
  const keys = slotCountOf(<Address>dictionary) - METHOD_DICTIONARY_KEYS;
  const mask = keys - 1;
  const hash = isImmediate(selector) ? <u32>smallIntegerValue(selector) : rawHashOf(<Address>selector);
  for (let i: u32 = 0, index = hash & mask; i < keys; i++, index = (index + 1) & mask) {
    const key = fetchPointer(index + METHOD_DICTIONARY_KEYS, dictionary);
    if (key == nil) return 0;
    if (key == selector || followForwarded(key) == selector) {
      const method = fetchPointer(index, followForwarded(fetchPointer(METHOD_DICTIONARY_VALUES, dictionary)));
      return followForwarded(method);
    }
  }
  return 0;
}

/** Replaces the arguments on the stack by a Message that holds them (StackInterpreter>>createActualMessageTo:). */
function makeMessage(selector: Oop, lookupClass: Oop): void {
  const count = argumentCount;
  const messageClass = specialObject(SPECIAL_CLASS_MESSAGE);
  const array = newArray(count, CLASS_INDEX_ARRAY);
  const message = instantiate(messageClass, 0);
  for (let i: u32 = 0; i < count; i++) storePointer(i, array, stackValue(count - 1 - i));
  storePointer(MESSAGE_SELECTOR, message, selector);
  storePointer(MESSAGE_ARGUMENTS, message, array);
  if (instanceSizeOf(messageClass) > MESSAGE_LOOKUP_CLASS) storePointer(MESSAGE_LOOKUP_CLASS, message, lookupClass);
  setSp(sp + (count << 3));
  push(message);
  argumentCount = 1;
}
