// Checks of single objects whose inside the interpreter trusts: classes, methods, contexts, closures. Each answers 0 or
// the IMAGE_… fault.

import {
  CLASS_FORMAT,
  CLASS_INDEX_BLOCK_CLOSURE,
  CLASS_INDEX_CONTEXT,
  CLASS_INDEX_FULL_BLOCK_CLOSURE,
  CLASS_METHOD_DICTIONARY,
  CLASS_SUPERCLASS,
  CLOSURE_ARGUMENT_COUNT,
  CLOSURE_FIRST_COPIED,
  CLOSURE_START_PC,
  CONTEXT_FIRST_TEMP,
  CONTEXT_METHOD,
  CONTEXT_PC,
  CONTEXT_SENDER,
  CONTEXT_STACK_POINTER,
  FORMAT_COMPILED_METHOD,
  FULL_CLOSURE_COMPILED_BLOCK,
  FULL_CLOSURE_FIRST_COPIED,
  METHOD_DICTIONARY_KEYS,
  METHOD_DICTIONARY_TALLY,
  METHOD_DICTIONARY_VALUES,
  WORD_SHIFT,
} from "../layout";
import { classIndexOf, formatOf, isPointersFormat, slotCountOf } from "../memory/header";
import { byteSizeOf, fetchPointer, literalCountOf } from "../memory/object";
import { Address, isObject, isSmallInteger, Oop, smallIntegerValue } from "../memory/oop";
import {
  IMAGE_BAD_CLASS,
  IMAGE_BAD_CLOSURE,
  IMAGE_BAD_CONTEXT,
  IMAGE_BAD_METHOD,
  IMAGE_OK,
} from "../tables/imageFaults";

/** Superclasses above a class; more is taken for a cycle. */
const MAX_SUPERCLASSES: u32 = 10000;
const MAX_ARGUMENTS: i64 = 255;

/** Whether it can serve as a class in a lookup: slots for superclass, method dictionary and format. */
export function isClassLike(oop: Oop): bool {
  if (!isObject(oop) || !isPointersFormat(formatOf(<Address>oop))) return false;
  return slotCountOf(<Address>oop) > CLASS_FORMAT && isSmallInteger(fetchPointer(CLASS_FORMAT, oop));
}

/** Checks a class and those above it. */
export function checkClass(classObject: Oop, nil: Oop): i32 {
  let current = classObject;
  for (let depth: u32 = 0; depth < MAX_SUPERCLASSES; depth++) {
    if (current == nil) return IMAGE_OK;
    if (!isClassLike(current)) return IMAGE_BAD_CLASS;
    if (!isUsableDictionary(fetchPointer(CLASS_METHOD_DICTIONARY, current), nil)) return IMAGE_BAD_CLASS;
    current = fetchPointer(CLASS_SUPERCLASS, current);
  }
  return IMAGE_BAD_CLASS;
}

/** A method dictionary: nil, or a power of two of keys and an array of as many values. */
function isUsableDictionary(dictionary: Oop, nil: Oop): bool {
  if (dictionary == nil) return true;
  if (!isObject(dictionary) || !isPointersFormat(formatOf(<Address>dictionary))) return false;
  const slots = slotCountOf(<Address>dictionary);
  if (slots <= METHOD_DICTIONARY_KEYS) return false;
  const size = slots - METHOD_DICTIONARY_KEYS;
  if ((size & (size - 1)) != 0 || !isSmallInteger(fetchPointer(METHOD_DICTIONARY_TALLY, dictionary))) return false;
  const values = fetchPointer(METHOD_DICTIONARY_VALUES, dictionary);
  if (!isObject(values) || !isPointersFormat(formatOf(<Address>values))) return false;
  return slotCountOf(<Address>values) >= size;
}

/** Checks what the interpreter reads without a look: methods, contexts, closures. */
export function checkObject(object: Address, classIndex: u32, nil: Oop): i32 {
  if (formatOf(object) >= FORMAT_COMPILED_METHOD) return checkMethod(object);
  if (classIndex == CLASS_INDEX_CONTEXT) return checkContext(object, nil);
  if (classIndex == CLASS_INDEX_BLOCK_CLOSURE) return checkClosure(object);
  if (classIndex == CLASS_INDEX_FULL_BLOCK_CLOSURE) return checkFullClosure(object);
  return IMAGE_OK;
}

function checkMethod(method: Address): i32 {
  const literals = literalCountOf(method);
  return (literals + 1) << WORD_SHIFT <= byteSizeOf(method) ? IMAGE_OK : IMAGE_BAD_METHOD;
}

function isMethod(oop: Oop): bool {
  return isObject(oop) && formatOf(<Address>oop) >= FORMAT_COMPILED_METHOD;
}

function isContextOrNil(oop: Oop, nil: Oop): bool {
  return oop == nil || (isObject(oop) && classIndexOf(<Address>oop) == CLASS_INDEX_CONTEXT);
}

/** A context that has not returned (its pc is an integer) must be one that can go on. */
function checkContext(context: Address, nil: Oop): i32 {
  const slots = slotCountOf(context);
  if (!isPointersFormat(formatOf(context)) || slots < CONTEXT_FIRST_TEMP) return IMAGE_BAD_CONTEXT;
  const pc = fetchPointer(CONTEXT_PC, context);
  const stackPointer = fetchPointer(CONTEXT_STACK_POINTER, context);
  if (isSmallInteger(stackPointer)) {
    const depth = smallIntegerValue(stackPointer);
    if (depth < 0 || depth > <i64>(slots - CONTEXT_FIRST_TEMP)) return IMAGE_BAD_CONTEXT;
  }
  if (!isSmallInteger(pc)) return IMAGE_OK;
  const method = fetchPointer(CONTEXT_METHOD, context);
  if (!isMethod(method) || !isSmallInteger(stackPointer)) return IMAGE_BAD_CONTEXT;
  if (!isContextOrNil(fetchPointer(CONTEXT_SENDER, context), nil)) return IMAGE_BAD_CONTEXT;
  return isPcOf(method, smallIntegerValue(pc)) ? IMAGE_OK : IMAGE_BAD_CONTEXT;
}

/** Whether a one-based pc lies in a method's bytecodes; one past its last byte is that of a context about to end. */
function isPcOf(method: Oop, pc: i64): bool {
  if (!isSmallInteger(fetchPointer(0, method))) return false;
  const first = <i64>((literalCountOf(method) + 1) << WORD_SHIFT) + 1;
  return pc >= first && pc <= <i64>byteSizeOf(method) + 1;
}

function checkClosure(closure: Address): i32 {
  if (!isPointersFormat(formatOf(closure)) || slotCountOf(closure) < CLOSURE_FIRST_COPIED) return IMAGE_BAD_CLOSURE;
  const startPc = fetchPointer(CLOSURE_START_PC, closure);
  const isFull = isMethod(startPc);
  return (isSmallInteger(startPc) || isFull) && hasArgumentCount(closure) ? IMAGE_OK : IMAGE_BAD_CLOSURE;
}

function checkFullClosure(closure: Address): i32 {
  if (!isPointersFormat(formatOf(closure)) || slotCountOf(closure) < FULL_CLOSURE_FIRST_COPIED)
    return IMAGE_BAD_CLOSURE;
  const isFull = isMethod(fetchPointer(FULL_CLOSURE_COMPILED_BLOCK, closure));
  return isFull && hasArgumentCount(closure) ? IMAGE_OK : IMAGE_BAD_CLOSURE;
}

function hasArgumentCount(closure: Address): bool {
  const count = fetchPointer(CLOSURE_ARGUMENT_COUNT, closure);
  return isSmallInteger(count) && smallIntegerValue(count) >= 0 && smallIntegerValue(count) <= MAX_ARGUMENTS;
}
