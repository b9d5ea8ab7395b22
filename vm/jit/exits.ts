// How compiled code leaves, polls, and has the interpreter do what it does not do itself.

import { slowMarkOf } from "../interpreter/codeRecords";
import { CELL_POLLS_LEFT, CELL_STACK_LIMIT, CLASS_INDEX_FORWARDED, CLASS_INDEX_MASK } from "../layout";
import { Address } from "../memory/oop";
import { CALL_EXTEND, CALL_HANDLE } from "./moduleHead";
import { depth, flush, markTopStored, pushSlot, setDepth } from "./operands";
import { FRAME, LOW, WORD_A, giveUp, record, slotOffset } from "./shape";
import * as wasm from "./encoder";
import * as instruction from "../../build/generated/instruction";

/** Leaves code with a frame whose operand stack has that depth and is in memory. */
export function emitLeave(how: u32, address: Address, operands: u32): void {
  wasm.i32Const(address);
  emitStackPointer(operands);
  wasm.get(FRAME);
  wasm.call(how);
  wasm.i64Const(0);
  wasm.op(wasm.RETURN);
}

/** Address of the last of so many operands. */
export function emitStackPointer(operands: u32): void {
  wasm.get(LOW);
  wasm.i32Const(slotOffset(operands) + 8);
  wasm.op(wasm.I32_ADD);
}

/** Counts a poll; on WebAssembly's stack is then whether one is due. */
export function emitPollCondition(): void {
  emitPollOf(NO_LOCAL);
}

const NO_LOCAL: u32 = u32.MAX_VALUE;

/** As `emitPollCondition`, counting as many as a local says. */
export function emitPollOf(count: u32): void {
  emitPollSign(count);
  wasm.i32Const(0);
  wasm.op(wasm.I32_LT_S);
}

/** As `emitPollCondition`; also where the word at an address is negative. */
export function emitLoopPollCondition(word: Address): void {
  emitPollSign(NO_LOCAL);
  wasm.i32Const(word);
  wasm.load32(0);
  wasm.op(wasm.I32_OR);
  wasm.i32Const(0);
  wasm.op(wasm.I32_LT_S);
}

/** Counts polls; on WebAssembly's stack is a number that is negative where one is due. */
function emitPollSign(count: u32): void {
  wasm.i32Const(0);
  emitPollsLeft(count);
  wasm.tee(WORD_A);
  wasm.store32(CELL_POLLS_LEFT);
  wasm.get(WORD_A);
  wasm.get(LOW);
  wasm.i32Const(0);
  wasm.load32(CELL_STACK_LIMIT);
  wasm.op(wasm.I32_SUB);
  wasm.op(wasm.I32_OR);
}

/** On WebAssembly's stack: how many polls are left after so many. */
export function emitPollsLeft(count: u32): void {
  wasm.i32Const(0);
  wasm.load32(CELL_POLLS_LEFT);
  if (count == NO_LOCAL) wasm.i32Const(1);
  else wasm.get(count);
  wasm.op(wasm.I32_SUB);
}

/** An instruction that the interpreter's handler does. */
export function emitHandler(): void {
  flush(true);
  emitHandlerCallFlushed();
  if (instruction.pops > depth) {
    giveUp();
    return;
  }
  setDepth(depth - instruction.pops);
  if (instruction.pushes != 0) {
    wasm.get(LOW);
    wasm.load64(slotOffset(depth));
    pushSlot();
    markTopStored();
  }
}

/** Calls the interpreter's handler for the decoded instruction, with the operand stack in memory; leaves where it must. */
export function emitHandlerCall(): void {
  flush(false);
  emitHandlerCallFlushed();
}

/** Marks that the decoded instruction's slow path is taken. */
export function emitSlowMark(): void {
  const mark = record == 0 ? 0 : slowMarkOf(record, instruction.first);
  if (mark == 0) return;
  wasm.i32Const(mark);
  wasm.i32Const(1);
  wasm.store32(0);
}

function emitHandlerCallFlushed(): void {
  emitSlowMark();
  if (instruction.extensionA != 0 || instruction.extensionB != 0) {
    wasm.i32Const(instruction.extensionA);
    wasm.i32Const(instruction.extensionB);
    wasm.call(CALL_EXTEND);
  }
  wasm.i32Const(instruction.main);
  emitStackPointer(depth);
  wasm.get(FRAME);
  wasm.i32Const(instruction.next);
  wasm.call(CALL_HANDLE);
  wasm.op(wasm.I32_EQZ);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  wasm.i64Const(0);
  wasm.op(wasm.RETURN);
  wasm.op(wasm.END);
}

/** On WebAssembly's stack: whether the object whose address is in WORD_A has become another. */
export function emitIsForwarded(): void {
  emitIsOf(CLASS_INDEX_FORWARDED);
}

/** On WebAssembly's stack: whether the object whose address is in WORD_A has a class index. */
export function emitIsOf(classIndex: u32): void {
  wasm.get(WORD_A);
  wasm.load32(0);
  wasm.i32Const(CLASS_INDEX_MASK);
  wasm.op(wasm.I32_AND);
  wasm.i32Const(classIndex);
  wasm.op(wasm.I32_EQ);
}
