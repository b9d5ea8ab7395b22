// Writes one bytecode: what each means for the values, and the code that it needs.

import { CAUSE_BOOLEAN, CAUSE_BYTECODE, CAUSE_ELEMENT, isLeftOften } from "../interpreter/optimisedCode";
import { CLASS_INDEX_ARRAY, CLASS_INDEX_CONTEXT, CLASS_INDEX_FORWARDED, CLASS_INDEX_MASK } from "../layout";
import { classIndexOf } from "../memory/header";
import { nameInCode } from "../memory/codeObjects";
import { isYoung } from "../memory/map";
import { Address, isImmediate, Oop } from "../memory/oop";
import { falseObject, nil, trueObject } from "../memory/roots";
import * as wasm from "../jit/encoder";
import * as units from "../jit/units";
import { pushClosure } from "./closures";
import { emitBackward } from "./flow";
import { CALL_EXTEND, CALL_HANDLE } from "./imports";
import { emitClassOf } from "./identity";
import { emitReturn, emitReturnFromHome } from "./inline";
import { emitArray } from "./instances";
import {
  FORWARD,
  UNNAMED,
  closeLabel,
  jumpTo,
  labelOf,
  openIf,
  openLabel,
  restoreState,
  restoreWritten,
  saveState,
  setReachable,
  writtenScopes,
} from "./joins";
import { markUnit } from "./listing";
import { LOW, WORD_A, newLong } from "./locals";
import { emitExit, emitFrameOf, emitOop, emitFlush, emitStackPointer, fromLow, prepare } from "./memory";
import { emitArithmetic, emitComparison, emitIdentity } from "./numbers";
import { giveUp } from "./round";
import { memoryOffset, scope, top } from "./scope";
import { emitSend, emitSuperSend } from "./sends";
import {
  BOOLEAN,
  CONSTANT,
  INSTANCE,
  IN_LOCAL,
  TRUTH,
  VALUE_BYTES,
  Value,
  copyValue,
  forgetWritable,
  isNoForwarder,
  knownClass,
  learn,
  operandBelow,
  pop,
  push,
  pushConstant,
  pushLocal,
  receiverOf,
  temporary,
} from "./state";
import { emitStoreInto } from "./stores";
import * as instruction from "../../build/generated/instruction";

/** Writes the instruction at a unit of the innermost scope; answers the next unit. */
export function emitUnit(unit: u32): u32 {
  instruction.decodeAt(units.addressOf(unit), scope.bytecodeSet);
  if (instruction.pops > scope.depth) {
    giveUp();
    return unit + 1;
  }
  markUnit(unit);
  const index = instruction.index;
  switch (instruction.kind) {
    case instruction.PUSH_CONSTANT:
      pushConstant(instruction.constant);
      break;
    case instruction.PUSH_RECEIVER:
      copyValue(push(IN_LOCAL), receiverOf(scope));
      break;
    case instruction.PUSH_TEMP: {
      const value = temporary(index);
      copyValue(push(IN_LOCAL), value);
      break;
    }
    case instruction.PUSH_LITERAL:
      pushLiteral(load<u64>(scope.method + 16 + (index << 3)), index);
      break;
    case instruction.PUSH_VARIABLE:
      pushVariable(index);
      break;
    case instruction.PUSH_INSTANCE_VARIABLE:
      if (instruction.mayBeContext && !emitNoContext(receiverOf(scope), units.addressOf(unit))) {
        emitHandler();
        break;
      }
      emitAddress(receiverOf(scope));
      pushLoaded(8 + (index << 3));
      break;
    case instruction.PUSH_REMOTE_TEMP:
      emitVector(temporary(instruction.other), units.addressOf(unit));
      pushLoaded(8 + (index << 3));
      break;
    case instruction.DUPLICATE: {
      const value = operandBelow(0);
      copyValue(push(IN_LOCAL), value);
      break;
    }
    case instruction.POP:
      pop(1);
      break;
    case instruction.NOTHING:
      break;
    case instruction.STORE_TEMP:
      copyValue(temporary(index), operandBelow(0));
      if (instruction.pops != 0) pop(1);
      break;
    case instruction.STORE_INSTANCE_VARIABLE:
      if (instruction.mayBeContext && !emitNoContext(receiverOf(scope), units.addressOf(unit))) {
        emitHandler();
        break;
      }
      emitAddress(receiverOf(scope));
      wasm.set(WORD_A);
      emitStoreInto(receiverOf(scope), 8 + (index << 3), units.addressOf(unit));
      break;
    case instruction.STORE_VARIABLE: {
      const association = load<u64>(scope.method + 16 + (index << 3));
      if (!isSteady(association) || isImmediate(association)) {
        emitHandler();
        break;
      }
      nameInCode(association);
      wasm.i32Const(<Address>association);
      wasm.set(WORD_A);
      emitStoreInto(null, 16, units.addressOf(unit));
      break;
    }
    case instruction.STORE_REMOTE_TEMP:
      emitVector(temporary(instruction.other), units.addressOf(unit));
      wasm.set(WORD_A);
      emitStoreInto(temporary(instruction.other), 8 + (index << 3), units.addressOf(unit));
      break;
    case instruction.JUMP: {
      const target = units.unitAt(instruction.target);
      emitJump(unit, target);
      break;
    }
    case instruction.JUMP_IF:
      emitJumpIf(unit);
      break;
    case instruction.RETURN_TOP:
      emitReturnFromHome(unit);
      break;
    case instruction.RETURN_RECEIVER:
      copyValue(push(IN_LOCAL), receiverOf(scope));
      emitReturnFromHome(unit);
      break;
    case instruction.RETURN_CONSTANT:
      pushConstant(instruction.constant);
      emitReturnFromHome(unit);
      break;
    case instruction.BLOCK_RETURN_TOP:
      emitReturn(unit);
      break;
    case instruction.BLOCK_RETURN_NIL:
      pushConstant(nil);
      emitReturn(unit);
      break;
    case instruction.SEND:
      emitSend(unit, index, instruction.other);
      break;
    case instruction.SUPER_SEND:
      emitSuperSend(unit, index, instruction.other);
      break;
    case instruction.ARITHMETIC:
      emitArithmetic(unit, index);
      break;
    case instruction.COMPARISON:
      emitComparison(unit, index);
      break;
    case instruction.IDENTICAL:
      emitIdentity(unit, index != 0);
      break;
    case instruction.HANDLER:
      emitMaking();
      break;
    case instruction.CLASS:
      emitClassOf();
      break;
    case instruction.HANDLER_SEND:
      emitHandler();
      break;
    default:
      emitExit(units.addressOf(unit), CAUSE_BYTECODE);
      setReachable(false);
  }
  return unit + 1;
}

/** A literal that stands still is a constant; another is taken from the method each time. */
function pushLiteral(oop: Oop, index: u32): void {
  if (isSteady(oop)) {
    pushConstant(oop);
    return;
  }
  wasm.i32Const(scope.method + 16 + (index << 3));
  wasm.load64(0);
  pushTaken();
}

/** Whether an oop can be part of code: code is dropped when old objects move or become others. */
export function isSteady(oop: Oop): bool {
  return isImmediate(oop) || (!isYoung(oop) && classIndexOf(<Address>oop) != CLASS_INDEX_FORWARDED);
}

/** The value of a literal's association. */
function pushVariable(index: u32): void {
  const association = load<u64>(scope.method + 16 + (index << 3));
  if (isSteady(association) && !isImmediate(association)) {
    nameInCode(association);
    wasm.i32Const(<Address>association + 16);
    wasm.load64(0);
    const value = pushTaken();
    value.oop = load<u64>(<Address>association + 16);
    return;
  }
  emitHandler();
}

/** The address of an object that is no forwarder: a receiver, or an array of temporaries. */
function emitAddress(value: Value): void {
  prepare(value);
  emitOop(value);
  wasm.op(wasm.I32_WRAP_I64);
}

/** Leaves where a receiver is a context: its fields may be in its frame. False where it has often been one. */
function emitNoContext(value: Value, address: Address): bool {
  const classIndex = knownClass(value);
  if (classIndex == CLASS_INDEX_CONTEXT || isLeftOften(address)) return false;
  if (classIndex != 0) return true;
  openLabel(labelOf(top, UNNAMED, 0), wasm.BLOCK);
  emitAddress(value);
  wasm.load32(0);
  wasm.i32Const(CLASS_INDEX_MASK);
  wasm.op(wasm.I32_AND);
  wasm.i32Const(CLASS_INDEX_CONTEXT);
  wasm.op(wasm.I32_NE);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  emitExit(address, CAUSE_ELEMENT);
  closeLabel();
  return true;
}

/** The address of the array in a temporary; code leaves where it has become another. */
function emitVector(value: Value, address: Address): void {
  if (!isNoForwarder(value)) {
    openLabel(labelOf(top, UNNAMED, 0), wasm.BLOCK);
    emitAddress(value);
    wasm.load32(0);
    wasm.i32Const(CLASS_INDEX_MASK);
    wasm.op(wasm.I32_AND);
    wasm.i32Const(CLASS_INDEX_ARRAY);
    wasm.op(wasm.I32_EQ);
    wasm.op(wasm.BR_IF);
    wasm.unsigned(0);
    emitExit(address, CAUSE_ELEMENT);
    closeLabel();
    learn(value, INSTANCE, CLASS_INDEX_ARRAY);
  }
  emitAddress(value);
}

function pushLoaded(offset: u32): void {
  wasm.load64(offset);
  pushTaken();
}

/** Pushes the oop on WebAssembly's stack. */
export function pushTaken(): Value {
  const local = newLong();
  wasm.set(local);
  return pushLocal(local);
}

/** A closure or an array is made without the interpreter where that is possible. */
function emitMaking(): void {
  if (pushClosure()) return;
  const size = instruction.newArraySize;
  if (size == 0) {
    emitHandler();
    return;
  }
  emitArray(size - 1, instruction.pops);
}

/** What the interpreter's handler does: everything is in memory before, and what it pushes is taken from there. */
export function emitHandler(): void {
  emitHandlerCall(true);
  pop(instruction.pops);
  if (instruction.pushes == 0) return;
  wasm.get(LOW);
  wasm.load64(fromLow(memoryOffset(scope, 1 + scope.tempCount + scope.depth)));
  pushTaken().isStored = 1;
}

/**
 * Calls the handler of the decoded instruction; leaves where it says so. `isKept` where the code that follows can rely on
 * what was written for it.
 */
export function emitHandlerCall(isKept: bool): void {
  emitFlush(isKept);
  forgetWritable();
  if (instruction.extensionA != 0 || instruction.extensionB != 0) {
    wasm.i32Const(instruction.extensionA);
    wasm.i32Const(instruction.extensionB);
    wasm.call(CALL_EXTEND);
  }
  wasm.i32Const(instruction.main);
  emitStackPointer();
  emitFrameOf(scope);
  wasm.i32Const(instruction.next);
  wasm.call(CALL_HANDLE);
  wasm.op(wasm.I32_EQZ);
  openIf();
  wasm.i64Const(0);
  wasm.op(wasm.RETURN);
  closeLabel();
}

function emitJump(unit: u32, target: u32): void {
  if (target <= unit) emitBackward(target);
  else jumpTo(labelOf(top, FORWARD, target), scope.depth);
  setReachable(false);
}

/** Jumps on the top operand, which goes. */
function emitJumpIf(unit: u32): void {
  const target = units.unitAt(instruction.target);
  const flag = instruction.index;
  const address = units.addressOf(unit);
  const value = operandBelow(0);
  if (value.kind == CONSTANT && (value.oop == trueObject || value.oop == falseObject)) {
    const jumps = (value.oop == trueObject) == (flag != 0);
    pop(1);
    if (jumps) emitJump(unit, target);
    return;
  }
  if (value.kind == BOOLEAN) {
    wasm.get(value.local);
    if (flag == 0) wasm.op(wasm.I32_EQZ);
  } else {
    prepare(value);
    emitOop(value);
    wasm.i64Const(flag != 0 ? trueObject : falseObject);
    wasm.op(wasm.I64_EQ);
  }
  memory.copy(tested, changetype<usize>(value), VALUE_BYTES);
  pop(1);
  const written = writtenScopes();
  const kept = target <= unit ? saveState() : 0;
  openIf();
  emitJump(unit, target);
  closeLabel();
  restoreState(kept);
  restoreWritten(written);
  setReachable(true);
  emitIsOther(flag != 0 ? falseObject : trueObject, address);
}

/** What a jump has tested. */
const tested: Address = <Address>memory.data(32, 8);
if (VALUE_BYTES != 32) ERROR("bytecodes: tested has the wrong size");

/** Behind a jump that was not taken: leaves where what it tested is not the other boolean; the interpreter sends mustBeBoolean. */
function emitIsOther(other: Oop, address: Address): void {
  if (changetype<Value>(<usize>tested).type == TRUTH) return;
  const value = push(IN_LOCAL);
  memory.copy(changetype<usize>(value), tested, VALUE_BYTES);
  openLabel(labelOf(top, UNNAMED, 0), wasm.BLOCK);
  emitOop(value);
  wasm.i64Const(other);
  wasm.op(wasm.I64_EQ);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  emitExit(address, CAUSE_BOOLEAN);
  closeLabel();
  pop(1);
}
