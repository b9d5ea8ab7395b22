// Named primitives of the virtual machine itself about its surroundings (VMMaker, InterpreterPrimitives).

import {
  answerNil,
  answerString,
  bodyOf,
  byteSize,
  bytesArgument,
  fail,
  failed,
  hostAttribute,
  hostEnvironment,
  SCRATCH_BYTES,
  scratchMemory,
} from "../vm/plugin";

/** The working directory (vm/embed/attributes.ts). */
const ATTRIBUTE_WORKING_FOLDER: i32 = 9004;

/** A variable of the environment, nil where there is none. InterpreterPrimitives>>primitiveGetenv. */
export function primitiveGetenv(): void {
  const name = bytesArgument(0);
  if (failed()) return;
  const bytes = hostEnvironment(bodyOf(name), byteSize(name), scratchMemory(), SCRATCH_BYTES);
  if (bytes < 0) answerNil();
  else answerScratch(bytes);
}

/** StackInterpreterPrimitives>>primitiveGetCurrentWorkingDirectory. */
export function primitiveGetCurrentWorkingDirectory(): void {
  answerScratch(hostAttribute(ATTRIBUTE_WORKING_FOLDER, scratchMemory(), SCRATCH_BYTES));
}

/** Answers what the host wrote to scratch memory, of that whole length; fails where it found nothing or too much. */
export function answerScratch(bytes: i32): void {
  if (bytes < 0 || <u32>bytes > SCRATCH_BYTES) fail();
  else answerString(scratchMemory(), bytes);
}
