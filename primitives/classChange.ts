// Primitives 115 and 160: giving an object another class, where its shape allows it.
// Source: VMMaker, Spur64BitMemoryManager>>changeClassOf:to:.

import {
  Address,
  byteSizeOf,
  CLASS_INDEX_CONTEXT,
  classIndexForInstancesOf,
  classOf,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_RECEIVER,
  ERROR_INAPPROPRIATE,
  ERROR_LIMIT_EXCEEDED,
  ERROR_NO_MODIFICATION,
  ERROR_NONE,
  fail,
  FORMAT_BYTES,
  FORMAT_COMPILED_METHOD,
  FORMAT_EPHEMERON,
  FORMAT_FIXED,
  FORMAT_SHORTS,
  FORMAT_WORDS32,
  FORMAT_WORDS64,
  formatOf,
  instanceFormatOf,
  instanceSizeOf,
  isBehavior,
  isClassIndex,
  isCompiledMethodFormat,
  isObject,
  isPointersFormat,
  isReadOnly,
  Oop,
  setClassIndex,
  setFormat,
  slotCountOf,
} from "../vm/plugin";
import { fromTop, takesAtLeast } from "./operands";

/** 115: the receiver becomes an instance of the argument's class. */
export function primitiveChangeClass(): void {
  if (!takesAtLeast(1)) return;
  const model = fromTop(0);
  const object = fromTop(1);
  if (!isObject(model) || !isObject(object)) return fail();
  const error = changeClass(object, classOf(model));
  if (error != ERROR_NONE) fail(error);
}

/** 160: the argument becomes an instance of the receiver. */
export function primitiveAdoptInstance(): void {
  if (!takesAtLeast(1)) return;
  const object = fromTop(0);
  const classObject = fromTop(1);
  if (!isObject(object) || !isBehavior(classObject)) return fail(ERROR_BAD_ARGUMENT);
  const error = changeClass(object, classObject);
  // The codes of changeClass speak of the object as the receiver; here it is the argument.
  if (error == ERROR_BAD_RECEIVER) fail(ERROR_BAD_ARGUMENT);
  else if (error == ERROR_BAD_ARGUMENT) fail(ERROR_BAD_RECEIVER);
  else if (error != ERROR_NONE) fail(error);
}

/** Changes the class, and the format with it; answers ERROR_NONE or why not. */
function changeClass(object: Oop, classObject: Oop): u32 {
  if (isReadOnly(<Address>object)) return ERROR_NO_MODIFICATION;
  if (!isBehavior(classObject)) return ERROR_BAD_ARGUMENT;
  if (isClassIndex(object, CLASS_INDEX_CONTEXT)) return ERROR_INAPPROPRIATE;
  const classIndex = classIndexForInstancesOf(classObject);
  if (classIndex == 0) return ERROR_LIMIT_EXCEEDED;
  const format = instanceFormatOf(classObject);
  const error = isPointersFormat(format)
    ? checkPointers(object, format, instanceSizeOf(classObject))
    : checkBits(object, format);
  if (error != ERROR_NONE) return error;
  if (format < FORMAT_COMPILED_METHOD) {
    setFormat(<Address>object, isPointersFormat(format) ? format : bitsFormatFor(format, byteSizeOf(object)));
  }
  setClassIndex(<Address>object, classIndex);
  return ERROR_NONE;
}

function checkPointers(object: Oop, format: u32, fixedFields: u32): u32 {
  if (!isPointersFormat(formatOf(<Address>object))) return ERROR_INAPPROPRIATE;
  const slots = slotCountOf(<Address>object);
  const isFixedSize = format <= FORMAT_FIXED || format == FORMAT_EPHEMERON;
  if (slots < fixedFields || (isFixedSize && slots > fixedFields)) return ERROR_BAD_RECEIVER;
  return ERROR_NONE;
}

function checkBits(object: Oop, format: u32): u32 {
  if (format == FORMAT_COMPILED_METHOD) {
    return isCompiledMethodFormat(formatOf(<Address>object)) ? ERROR_NONE : ERROR_INAPPROPRIATE;
  }
  const bytes = byteSizeOf(object);
  if (format == FORMAT_WORDS64) return bytes & 7 ? ERROR_BAD_RECEIVER : ERROR_NONE;
  if (format == FORMAT_WORDS32) return bytes & 3 ? ERROR_BAD_RECEIVER : ERROR_NONE;
  if (format == FORMAT_SHORTS) return bytes & 1 ? ERROR_BAD_RECEIVER : ERROR_NONE;
  return format == FORMAT_BYTES ? ERROR_NONE : ERROR_BAD_ARGUMENT;
}

/** The class's format with the count of unused elements for that many bytes. */
function bitsFormatFor(format: u32, bytes: u32): u32 {
  const unusedBytes = (8 - bytes) & 7;
  if (format >= FORMAT_BYTES) return format + unusedBytes;
  if (format >= FORMAT_SHORTS) return format + (unusedBytes >> 1);
  return format >= FORMAT_WORDS32 ? format + (unusedBytes >> 2) : format;
}
