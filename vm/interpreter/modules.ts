// Primitives 571 to 573: the modules of named primitives. All are built in; none is loaded from outside.
// Source: VMMaker, InterpreterPrimitives.

import { CLASS_INDEX_BYTE_STRING, ERROR_NO_MEMORY } from "../layout";
import { bodyOf, byteSizeOf } from "../memory/object";
import { isSmallInteger, smallIntegerValue } from "../memory/oop";
import {
  answer,
  answerNil,
  argument,
  argumentCount,
  bytesArgument,
  fail,
  failed,
  failInstead,
  newBytes,
} from "../plugin";
import { copyModuleName, hasModule } from "./primitiveTable";

/** Longer than the name of any module. */
const MAX_NAME_BYTES: u32 = 256;
const nameBuffer = <u32>memory.data(256, 8);

/** 571: forgets a module, to be looked up again at its next use. Fails unless it is there. */
export function primitiveUnloadModule(): void {
  if (argumentCount != 1) return fail();
  const name = bytesArgument(0);
  if (failed()) return failInstead(1);
  if (!hasModule(bodyOf(name), byteSizeOf(name))) fail();
}

/** 572: the name of a built-in module by its one-based index, nil past the end. */
export function primitiveListBuiltinModule(): void {
  if (!hasPositiveIndex()) return;
  const index = smallIntegerValue(argument(0)) - 1;
  const length = index > <i64>u32.MAX_VALUE ? -1 : copyModuleName(<u32>index, nameBuffer);
  if (length < 0 || <u32>length > MAX_NAME_BYTES) return answerNil();
  const name = newBytes(length, CLASS_INDEX_BYTE_STRING);
  if (name == 0) return fail(ERROR_NO_MEMORY);
  memory.copy(bodyOf(name), nameBuffer, length);
  answer(name);
}

/** 573: the same of modules loaded from outside: nil. */
export function primitiveListExternalModule(): void {
  if (hasPositiveIndex()) answerNil();
}

function hasPositiveIndex(): bool {
  const isPositive = argumentCount == 1 && isSmallInteger(argument(0)) && smallIntegerValue(argument(0)) > 0;
  if (!isPositive) fail();
  return isPositive;
}
