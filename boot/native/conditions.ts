// Conditions: a comparison leaves flags, and whoever comes next uses them: a branch, an `if`, a `select`. Only what nobody
// uses at once becomes a number.

import {
  at,
  bindShort,
  IF_EQUAL,
  IF_FLOAT_EQUAL,
  IF_FLOAT_NOT_EQUAL,
  IF_NO_PARITY,
  IF_NOT_EQUAL,
  IF_PARITY,
  jumpShort,
  moveFloat,
  moveTo,
  withOperand,
  withRegister,
} from "./assembler";
import {
  branchIfNext,
  constructAt,
  FALLS_NOWHERE,
  ifCondition,
  innermost,
  isConditional,
  stopHere,
  testTop,
  whereConditionFalls,
  yieldCondition,
} from "./control";
import { isBoundHere } from "./labels";
import { TYPE_I32, TYPE_I64 } from "./module";
import {
  allocate,
  free,
  isFloatType,
  pushRegister,
  readable,
  release,
  setBits,
  setFlagsLive,
  take,
  typeOf,
  writable,
} from "./operands";
import {
  moveReader,
  OP_BR,
  OP_BR_IF,
  OP_ELSE,
  OP_END,
  OP_IF,
  OP_SELECT,
  peekByte,
  position,
  readByte,
  readUnsigned,
} from "./reader";
import { freeOperand, nextEvent, operand, operandFromEntry, takeEvent } from "./select";

/** Whether the next instruction wants no more of a number than whether it is zero. */
export function isConditionNext(): bool {
  const next = peekByte();
  if (next == OP_IF || next == OP_BR_IF || next == OP_SELECT || next == 0x45) return true;
  if (next == OP_BR) return isBranchOfCondition();
  return (next == OP_ELSE || next == OP_END) && isConditional(innermost);
}

/** Whether the next instruction, a branch, takes a condition along that shall be jumps. A long depth is not looked at. */
function isBranchOfCondition(): bool {
  const depth = <u32>load<u8>(position, 1);
  return depth < 0x80 && isConditional(constructAt(depth));
}

/** The flags hold a condition: whoever comes next uses it, else it becomes a number. */
export function useCondition(condition: i32): void {
  while (peekByte() == 0x45) {
    // i32.eqz
    readByte();
    condition ^= 1;
  }
  const next = peekByte();
  if (next == OP_BR_IF) {
    readByte();
    branchIfNext(condition);
  } else if (next == OP_IF) {
    readByte();
    ifCondition(condition);
  } else if (next == OP_SELECT) {
    readByte();
    selectCondition(condition);
  } else if (next == OP_BR && isBranchOfCondition()) {
    readByte();
    takeEvent();
    takeEvent();
    yieldCondition(constructAt(readUnsigned()), condition, FALLS_NOWHERE);
    stopHere();
  } else if ((next == OP_ELSE || next == OP_END) && isConditional(innermost)) {
    readByte();
    const falls = next == OP_END ? whereConditionFalls(nextEvent + 1) : FALLS_NOWHERE;
    moveReader(position - 1);
    yieldCondition(innermost, condition, falls);
    stopHere();
  } else {
    setCondition(condition);
  }
}

// A condition that became a number for a local which is read but once, at once: then it is a condition again.
let conditionStart: usize = 0;
let conditionEnd: usize = 0;
let conditionCode: i32 = 0;
let conditionLocal: u32 = 0;

/** Whether nothing has been emitted since a condition became the number that is being assigned. */
export function isConditionAssigned(): bool {
  return at == conditionEnd;
}

/** That number has just been put into a local; nothing else was done since. */
export function noteConditionLocal(number: u32): void {
  conditionLocal = number + 1;
  conditionEnd = at;
}

/** Whether the last read of a local, which comes now, can be the condition that it was made of. */
export function isConditionLocal(number: u32): bool {
  return conditionLocal == number + 1 && at == conditionEnd && !isBoundHere() && isConditionNext();
}

/** Takes back the number and uses the condition. */
export function useConditionLocal(): void {
  moveTo(conditionStart);
  conditionEnd = 0;
  useCondition(conditionCode);
}

function setCondition(condition: i32): void {
  conditionStart = at;
  conditionCode = condition;
  conditionLocal = 0;
  setFlagsLive(true);
  const result = allocate(false);
  if (condition >= IF_FLOAT_EQUAL) {
    const other = allocate(false);
    const isEqual = condition == IF_FLOAT_EQUAL;
    withRegister(0, false, 0x0f90 | (isEqual ? IF_EQUAL : IF_NOT_EQUAL), 0, result);
    withRegister(0, false, 0x0f90 | (isEqual ? IF_NO_PARITY : IF_PARITY), 0, other);
    withRegister(0, false, isEqual ? 0x23 : 0x0b, result, other);
    release(other);
  } else {
    withRegister(0, false, 0x0f90 | condition, 0, result);
  }
  withRegister(0, false, 0x0fb6, result, result);
  setFlagsLive(false);
  setBits(pushRegister(TYPE_I32, result), 1);
  conditionEnd = at;
}

export function selectValue(): void {
  testTop();
  selectCondition(IF_NOT_EQUAL);
}

function selectCondition(condition: i32): void {
  setFlagsLive(true);
  let other = take();
  let chosen = take();
  const type = typeOf(chosen);
  if (isFloatType(type)) {
    selectFloat(condition, chosen, other);
    setFlagsLive(false);
    return;
  }
  if (condition == IF_FLOAT_NOT_EQUAL) {
    const swap = chosen;
    chosen = other;
    other = swap;
    condition = IF_FLOAT_EQUAL;
  }
  operandFromEntry(other);
  const result = writable(chosen);
  const wide = type == TYPE_I64;
  if (condition == IF_FLOAT_EQUAL) {
    withOperand(0, wide, 0x0f40 | IF_NOT_EQUAL, result, operand());
    withOperand(0, wide, 0x0f40 | IF_PARITY, result, operand());
  } else {
    withOperand(0, wide, 0x0f40 | (condition ^ 1), result, operand());
  }
  freeOperand();
  pushRegister(type, result);
  setFlagsLive(false);
}

function selectFloat(condition: i32, chosen: usize, other: usize): void {
  const type = typeOf(chosen);
  const second = readable(other);
  const result = writable(chosen);
  if (condition == IF_FLOAT_EQUAL) {
    const isUnequal = jumpShort(IF_NOT_EQUAL);
    const isEqual = jumpShort(IF_NO_PARITY);
    bindShort(isUnequal);
    moveFloat(result, second);
    bindShort(isEqual);
  } else if (condition == IF_FLOAT_NOT_EQUAL) {
    const isUnequal = jumpShort(IF_NOT_EQUAL);
    const isUnordered = jumpShort(IF_PARITY);
    moveFloat(result, second);
    bindShort(isUnequal);
    bindShort(isUnordered);
  } else {
    const skip = jumpShort(condition);
    moveFloat(result, second);
    bindShort(skip);
  }
  free(other);
  pushRegister(type, result);
}
