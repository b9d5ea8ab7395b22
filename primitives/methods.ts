// Primitives 68, 69 and 79: the oops in compiled methods, and new methods.
// Source: VMMaker, InterpreterPrimitives; Spur64BitMemoryManager>>instantiateCompiledMethodClass:indexableSize:.

import {
  Address,
  answer,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_INDEX,
  ERROR_BAD_RECEIVER,
  ERROR_NO_MEMORY,
  ERROR_NO_MODIFICATION,
  fail,
  fetchPointer,
  FORMAT_COMPILED_METHOD,
  formatOf,
  instanceFormatOf,
  instantiate,
  isBehavior,
  isCompiledMethodFormat,
  isObject,
  isReadOnly,
  isSmallInteger,
  literalCountOf,
  METHOD_LITERAL_COUNT_MASK,
  nil,
  Oop,
  smallIntegerValue,
  storePointer,
} from "../vm/plugin";
import { fromTop, takesAtLeast } from "./operands";

/** A method of more bytes than this cannot be; nor would its slots fit any heap. */
const MAX_BYTECODES: u64 = 1 << 30;

/** 68: the header (1) or a literal (2 and up) of a compiled method. */
export function primitiveObjectAt(): void {
  if (!takesAtLeast(1)) return;
  const index = fromTop(0);
  const method = fromTop(1);
  if (!isSmallInteger(index)) return fail(ERROR_BAD_ARGUMENT);
  if (!isMethod(method)) return fail(ERROR_BAD_RECEIVER);
  if (!isLiteralIndex(index, method)) return fail(ERROR_BAD_INDEX);
  answer(fetchPointer(<u32>smallIntegerValue(index) - 1, method));
}

/** 69: stores the header, a SmallInteger, or a literal. */
export function primitiveObjectAtPut(): void {
  if (!takesAtLeast(2)) return;
  const value = fromTop(0);
  const index = fromTop(1);
  const method = fromTop(2);
  if (!isSmallInteger(index)) return fail(ERROR_BAD_ARGUMENT);
  if (smallIntegerValue(index) == 1 && !isSmallInteger(value)) return fail(ERROR_BAD_ARGUMENT);
  if (!isMethod(method)) return fail(ERROR_BAD_RECEIVER);
  if (isReadOnly(<Address>method)) return fail(ERROR_NO_MODIFICATION);
  if (!isLiteralIndex(index, method)) return fail(ERROR_BAD_INDEX);
  storePointer(<u32>smallIntegerValue(index) - 1, method, value);
  answer(value);
}

/** 79: a method of the receiving class with so many bytes of bytecodes and a header; its literals are nil. */
export function primitiveNewMethod(): void {
  if (!takesAtLeast(2)) return;
  const header = fromTop(0);
  const bytecodes = fromTop(1);
  const methodClass = fromTop(2);
  if (!isSmallInteger(header) || !isSmallInteger(bytecodes)) return fail(ERROR_BAD_ARGUMENT);
  const bytecodeCount = smallIntegerValue(bytecodes);
  if (bytecodeCount < 0) return fail(ERROR_BAD_ARGUMENT);
  if (!isBehavior(methodClass)) return fail(ERROR_BAD_RECEIVER);
  if (instanceFormatOf(methodClass) != FORMAT_COMPILED_METHOD) return fail(ERROR_BAD_RECEIVER);
  if (<u64>bytecodeCount > MAX_BYTECODES) return fail(ERROR_NO_MEMORY);

  const literals = (<u32>smallIntegerValue(header)) & METHOD_LITERAL_COUNT_MASK;
  const method = instantiate(methodClass, (literals + 1) * 8 + <u32>bytecodeCount);
  if (method == 0) return fail(ERROR_NO_MEMORY);
  storePointer(0, method, header);
  for (let i: u32 = 1; i <= literals; i++) storePointer(i, method, nil);
  answer(method);
}

function isMethod(oop: Oop): bool {
  return isObject(oop) && isCompiledMethodFormat(formatOf(<Address>oop));
}

function isLiteralIndex(index: Oop, method: Oop): bool {
  const value = smallIntegerValue(index);
  return value > 0 && value <= <i64>literalCountOf(method) + 1;
}
