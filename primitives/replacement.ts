// Primitive 105: copying a run of elements from one object to another of the same format.
// Source: VMMaker, InterpreterPrimitives>>primitiveStringReplace.

import {
  Address,
  bodyOf,
  CLASS_INDEX_CONTEXT,
  elementCountOf,
  elementShiftOfFormat,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_INDEX,
  ERROR_BAD_RECEIVER,
  ERROR_INAPPROPRIATE,
  ERROR_NO_MODIFICATION,
  fail,
  fetchPointer,
  FORMAT_COMPILED_METHOD,
  FORMAT_FORWARDED,
  formatOf,
  isClassIndex,
  isObject,
  isPointersFormat,
  isReadOnly,
  isSmallInteger,
  isYoungObject,
  Oop,
  smallIntegerValue,
  storePointer,
  unusedElementsOfFormat,
} from "../vm/plugin";
import { fromTop, takesAtLeast } from "./operands";
import { fixedFieldsOf } from "./subscripts";

/** 105: `array replaceFrom: start to: stop with: replacement startingAt: first`. Elements are copied in rising order. */
export function primitiveStringReplace(): void {
  if (!takesAtLeast(4)) return;
  const array = fromTop(4);
  const start = fromTop(3);
  const stop = fromTop(2);
  const source = fromTop(1);
  const first = fromTop(0);
  if (!isSmallInteger(start) || !isSmallInteger(stop) || !isSmallInteger(first)) return fail(ERROR_BAD_ARGUMENT);
  if (!isObject(source)) return fail(ERROR_BAD_ARGUMENT);
  if (!isObject(array)) return fail(ERROR_BAD_RECEIVER);
  replace(array, smallIntegerValue(start), smallIntegerValue(stop), source, smallIntegerValue(first));
}

function replace(array: Oop, start: i64, stop: i64, source: Oop, first: i64): void {
  if (stop >= start && isReadOnly(<Address>array)) return fail(ERROR_NO_MODIFICATION);
  const format = pureFormatOf(array);
  if (format != pureFormatOf(source) || format >= FORMAT_COMPILED_METHOD) return fail(ERROR_INAPPROPRIATE);
  if (format == FORMAT_FORWARDED || isClassIndex(array, CLASS_INDEX_CONTEXT)) return fail(ERROR_INAPPROPRIATE);
  if (isClassIndex(source, CLASS_INDEX_CONTEXT)) return fail(ERROR_INAPPROPRIATE);

  const arrayFixed = <i64>fixedFieldsOf(array, format);
  const sourceFixed = <i64>fixedFieldsOf(source, format);
  if (start < 1 || start - 1 > stop || stop + arrayFixed > <i64>elementCountOf(array)) return fail(ERROR_BAD_INDEX);
  if (first < 1 || stop - start + first + sourceFixed > <i64>elementCountOf(source)) return fail(ERROR_BAD_INDEX);
  const to = <u32>(start - 1 + arrayFixed);
  const from = <u32>(first - 1 + sourceFixed);
  copyElements(array, to, source, from, <u32>(stop - start + 1), format);
}

function copyElements(array: Oop, to: u32, source: Oop, from: u32, count: u32, format: u32): void {
  if (isPointersFormat(format) && !isYoungObject(<Address>array)) {
    for (let i: u32 = 0; i < count; i++) storePointer(to + i, array, fetchPointer(from + i, source));
    return;
  }
  const shift = elementShiftOfFormat(format);
  const target = bodyOf(array) + (to << shift);
  const origin = bodyOf(source) + (from << shift);
  if (target > origin && target < origin + (count << shift)) repeatForwards(target, origin, count, shift);
  else memory.copy(target, origin, count << shift);
}

/** Overlapping upwards within one object, elements already copied are copied again: a run repeats itself. */
function repeatForwards(target: Address, origin: Address, count: u32, shift: u32): void {
  // An inner loop over raw elements, where a call for each would cost more than the copy.
  const end = target + (count << shift);
  if (shift == 3) for (; target < end; target += 8, origin += 8) store<u64>(target, load<u64>(origin));
  else if (shift == 2) for (; target < end; target += 4, origin += 4) store<u32>(target, load<u32>(origin));
  else if (shift == 1) for (; target < end; target += 2, origin += 2) store<u16>(target, load<u16>(origin));
  else for (; target < end; target++, origin++) store<u8>(target, load<u8>(origin));
}

/** The format without the count of unused elements (SpurMemoryManager>>classFormatFromInstFormat:). */
function pureFormatOf(object: Oop): u32 {
  const format = formatOf(<Address>object);
  return format - unusedElementsOfFormat(format);
}
