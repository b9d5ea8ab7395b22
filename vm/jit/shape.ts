// Which method or block is being translated: its counts, the layout of its frame as seen from compiled code, and
// the numbers of the function's locals.

import { headerArgumentCount, headerBytecodeSet, headerTempCount, methodHeader } from "../interpreter/methods";
import { isV3Shape, shapeArgumentCount, shapeCopiedCount } from "../interpreter/compileQueue";
import { usesFloats } from "../interpreter/floatUse";
import { CLASS_INDEX_FLOAT, CLOSURE_FIRST_COPIED, FRAME_FIRST_TEMP, FULL_CLOSURE_FIRST_COPIED } from "../layout";
import { classIndexOfOop } from "../memory/classes";
import { literalCountOf, literalOf } from "../memory/object";
import { Address, Oop, isSmallFloat } from "../memory/oop";
import * as units from "./units";

// Parameters and locals of the function.
export const FRAME: u32 = 0;
export const ENTRY: u32 = 1;
export const RECEIVER: u32 = 2;
/** The lowest word that the frame may use: every access to it has a positive offset from here. */
export const LOW: u32 = 3;
export const WORD_A: u32 = 4;
export const WORD_B: u32 = 5;
export const WORD_C: u32 = 6;
/** Locals of 32 bits behind the parameters. */
export const WORD_LOCALS: u32 = 4;
export const LONG_A: u32 = 7;
export const LONG_B: u32 = 8;
/** Locals of 64 bits before the temporaries. */
export const LONG_LOCALS: u32 = 2;
export const FIRST_TEMP: u32 = 9;
export let firstSlot: u32 = 0;
/** Floating-point locals: of the operand stack, then two for operands at hand. None where no floats are expected. */
export let firstFloat: u32 = 0;
export let floatA: u32 = 0;
export let floatB: u32 = 0;
/** Whether arithmetic on floats is written in line. */
export let expectsFloats: bool = false;

// What is being translated.
export let method: Address = 0;
export let bytecodeSet: u32 = 0;
export let isBlock: bool = false;
export let argumentCount: u32 = 0;
export let copiedCount: u32 = 0;
export let firstCopied: u32 = 0;
export let tempCount: u32 = 0;
export let leadingNils: u32 = 0;
export let frameBytes: u32 = 0;
/** Set where what is being translated turns out to be none of ours to compile. */
export let failed: bool = false;
const MAX_DEPTH: u32 = 64;

/** Says that what is being translated cannot be: it stays interpreted. */
export function giveUp(): void {
  failed = true;
}

/** Its record, to be filled in while it is written. */
export let record: Address = 0;

/** The index of the function that is being written, in its module. */
export let ownFunction: u32 = 0;

export function setRecord(newRecord: Address): void {
  record = newRecord;
}

export function setOwnFunction(index: u32): void {
  ownFunction = index;
}

/** Takes the shape of a method (0), or of a block (interpreter/compileQueue.ts). */
export function takeShape(methodOop: Oop, start: Address, blockShape: u32): bool {
  method = <Address>methodOop;
  const header = methodHeader(method);
  bytecodeSet = headerBytecodeSet(header);
  isBlock = blockShape != 0;
  copiedCount = 0;
  leadingNils = 0;
  if (!isBlock) {
    argumentCount = headerArgumentCount(header);
    tempCount = headerTempCount(header);
  } else {
    argumentCount = shapeArgumentCount(blockShape);
    const isV3 = isV3Shape(blockShape);
    firstCopied = isV3 ? CLOSURE_FIRST_COPIED : FULL_CLOSURE_FIRST_COPIED;
    copiedCount = shapeCopiedCount(blockShape);
    tempCount = argumentCount + copiedCount;
    if (!isV3) tempCount = max(tempCount, headerTempCount(header));
    // A V3 block pushes its temporaries: they are the bottom of its operand stack, and stay there.
    else {
      leadingNils = units.leadingNils(start, tempCount, bytecodeSet, method);
      tempCount += leadingNils;
    }
  }
  return tempCount < MAX_DEPTH;
}

/** Fixes the frame, once the greatest depth of the operand stack is known; false where it is too large. */
export function setFrame(maxDepth: u32): bool {
  if (maxDepth + tempCount >= MAX_DEPTH) return false;
  failed = false;
  firstSlot = FIRST_TEMP + tempCount;
  firstFloat = firstSlot + maxDepth + 1;
  floatA = firstFloat + maxDepth + 1;
  floatB = floatA + 1;
  expectsFloats = usesFloats(method) || hasFloatLiteral();
  // A word more for the next frame's link, and the largest frame's fixed words.
  frameBytes = 32 + ((tempCount + maxDepth + 2) << 3);
  return true;
}

function hasFloatLiteral(): bool {
  const count = literalCountOf(method);
  for (let i: u32 = 0; i < count; i++) {
    const literal = literalOf(i, method);
    if (classIndexOfOop(literal) == CLASS_INDEX_FLOAT || isSmallFloat(literal)) return true;
  }
  return false;
}

/** Offset from LOW of a place in the frame. */
export function fromLow(offset: i32): u32 {
  return <u32>(offset + <i32>frameBytes);
}

export function tempOffset(temp: u32): u32 {
  return fromLow(FRAME_FIRST_TEMP - <i32>(temp << 3));
}

export function slotOffset(position: u32): u32 {
  return tempOffset(tempCount + position);
}
