// Primitives 121, 142, 149, 250 to 252 and 571 to 573, and a few by name: what the image asks about the machine it runs on.
// Source: VMMaker, InterpreterPrimitives.

import {
  answerBoolean,
  answerInteger,
  answerString,
  argumentCount,
  byteSize,
  bodyOf,
  bytesArgument,
  ERROR_BAD_ARGUMENT,
  ERROR_UNSUPPORTED,
  fail,
  failed,
  hostAttribute,
  hostSetImageName,
  SCRATCH_BYTES,
  scratchMemory,
} from "../vm/plugin";
import { integerFromTop, takes } from "./operands";

// System attributes by number (Smalltalk>>getSystemAttribute:).
const ATTRIBUTE_VM_PATH: i32 = 0;
const ATTRIBUTE_IMAGE_NAME: i32 = 1;

/** The image format that snapshots are written in, with SistaV1 methods or without. */
const IMAGE_FORMAT: i64 = 68021;

/** 121: the image's name; with an argument sets it for later snapshots. */
export function primitiveImageName(): void {
  if (argumentCount == 0) return answerAttribute(ATTRIBUTE_IMAGE_NAME, false);
  const name = bytesArgument(argumentCount - 1);
  if (failed()) return;
  if (hostSetImageName(bodyOf(name), byteSize(name)) < 0) fail();
}

/** 142: the folder of the virtual machine, with a slash at its end. */
export function primitiveVMPath(): void {
  answerAttribute(ATTRIBUTE_VM_PATH, true);
}

/** 149: a system attribute by its number; fails where there is none. */
export function primitiveGetAttribute(): void {
  if (!takes(1)) return;
  const number = integerFromTop(0);
  if (failed()) return;
  if (number < i32.MIN_VALUE || number > i32.MAX_VALUE) return fail(ERROR_BAD_ARGUMENT);
  answerAttribute(<i32>number, false);
}

/** 250: there is no profiler of machine code. */
export function primitiveClearVMProfile(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 251 */
export function primitiveControlVMProfiling(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 252 */
export function primitiveVMProfileSamplesInto(): void {
  fail(ERROR_UNSUPPORTED);
}

/** By name: whether numbers lie in memory with the high byte first. */
export function primitiveIsBigEnder(): void {
  answerBoolean(false);
}

/** By name: the format number of the image. */
export function primitiveImageFormatVersion(): void {
  answerInteger(IMAGE_FORMAT);
}

/** By name: the screen is of 32 bits a pixel. */
export function primitiveScreenDepth(): void {
  answerInteger(32);
}

/** By name: milliseconds between two looks at the clock. */
export function primitiveInterruptChecksPerMSec(): void {
  answerInteger(1);
}

/** By name: nothing to disable. */
export function primitiveDisablePowerManager(): void {
  integerFromTop(0);
}

function answerAttribute(number: i32, folderOnly: bool): void {
  const address = scratchMemory();
  const length = hostAttribute(number, address, SCRATCH_BYTES);
  if (length < 0 || <u32>length > SCRATCH_BYTES) return fail();
  let end = <u32>length;
  // Looking at bytes that the host wrote.
  if (folderOnly) while (end > 0 && load<u8>(address + end - 1) != 0x2f) end--;
  answerString(address, end);
}
