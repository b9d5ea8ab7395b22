// Translates methods and blocks to a WebAssembly module, each to one function, (frame i32, entry i32, receiver i64) -> i64.
// Two passes over the bytecodes: the first (units.ts) finds instructions, targets, loops and stack depths; the second
// writes structured code. A level is a loop's body or the whole; all its forward targets are blocks that begin with it,
// so that one br_table at its start enters it anywhere. Temporaries are written through to the frame; the operand stack
// stays in locals until something may look at it.

import { hostInstallCode, hostMonotonicMicroseconds } from "../host";
import {
  areaMark,
  discardSince,
  isAreaFull,
  newRecord,
  noteFull,
  publishRecord,
  recordOf,
  setFeedback,
  offerAt,
  setRecordEntry,
} from "../interpreter/codeRecords";
import { isSelected } from "../interpreter/codeSelection";
import { countFunction, countModule, countNotTaken, countRefused } from "../interpreter/codeStatistics";
import {
  shapeOfClosure,
  WAITING_BYTES,
  WAITING_METHOD,
  WAITING_RECORD,
  WAITING_SHAPE,
  WAITING_START,
} from "../interpreter/compileQueue";
import { isCompiledMethod } from "../interpreter/methods";
import { isYoung } from "../memory/map";
import { Address, Oop } from "../memory/oop";
import { falseObject, nil, trueObject } from "../memory/roots";
import { emitArithmetic, emitCondition } from "./arithmetic";
import { emitHandler, emitLeave, emitLoopPollCondition, emitStackPointer } from "./exits";
import { emitPrologue } from "./frame";
import { markInstruction, setListing } from "./listing";
import { LOOP_LABEL, NO_UNIT, closeLabel, labelDepth, pushLabel, resetLabels } from "./labels";
import { CALL_CLASS, CALL_LEAVE, CALL_POLL, CALL_RETURN, FIRST_FUNCTION, HEAD_BYTES, writeHeadFor } from "./moduleHead";
import {
  VALUE_CONSTANT,
  VALUE_RECEIVER,
  VALUE_TEMP,
  beginMerge,
  depth,
  emitDuplicate,
  flush,
  getValue,
  pushSlot,
  pushValue,
  setCanonical,
  setDepth,
} from "./operands";
import {
  emitLiteral,
  emitPushInstanceVariable,
  emitPushThisContext,
  emitPushRemoteTemp,
  emitPushVariable,
  emitStoreInstanceVariable,
  emitStoreRemoteTemp,
  emitStoreTemp,
  emitStoreVariable,
} from "./places";
import { emitSend, emitSuperSend } from "./sends";
import {
  ENTRY,
  FIRST_TEMP,
  FRAME,
  LONG_B,
  LONG_LOCALS,
  WORD_LOCALS,
  bytecodeSet,
  expectsFloats,
  failed,
  firstFloat,
  floatB,
  giveUp,
  isBlock,
  leadingNils,
  method,
  record,
  setFrame,
  setOwnFunction,
  setRecord,
  takeShape,
  tempCount,
} from "./shape";
import * as wasm from "./encoder";
import * as instruction from "../../build/generated/instruction";
import * as units from "./units";

let isReachable: bool = true;

/** Minus an errno of Linux: the host has no room for more code. */
const NO_SPACE: i32 = -28;

/**
 * Compiles what waits (interpreter/compileQueue.ts), in one module if it fits, and makes it known. What cannot be
 * compiled (too large, of irreducible flow) is left to the interpreter for good; what is young, until it has grown old.
 */
export function compileBatch(first: Address, count: u32): void {
  const end = first + count * WAITING_BYTES;
  while (first < end) first = compileModule(first, end);
}

/** Compiles what waits from a place on into one module, as far as that goes. Answers the place behind it. */
function compileModule(first: Address, end: Address): Address {
  const startMicroseconds = hostMonotonicMicroseconds();
  beginBodies();
  let functions: u32 = 0;
  let waiting = first;
  for (; waiting < end; waiting += WAITING_BYTES) {
    store<u32>(waiting, 0, WAITING_RECORD);
    const methodOop = <Oop>load<u32>(waiting, WAITING_METHOD);
    const start = load<u32>(waiting, WAITING_START);
    if (isYoung(methodOop) || !isCompiledMethod(methodOop) || recordOf(<Address>methodOop, start) != 0) continue;
    if (!isSelected(0, methodOop, start)) {
      refuse(methodOop, start);
      continue;
    }
    const bodyStart = wasm.position();
    const mark = areaMark();
    setOwnFunction(FIRST_FUNCTION + functions);
    if (emitFunction(methodOop, start, load<u32>(waiting, WAITING_SHAPE))) {
      store<u32>(waiting, record, WAITING_RECORD);
      functions++;
      continue;
    }
    const isTooMuch = wasm.isFull();
    wasm.setPosition(bodyStart);
    discardSince(mark);
    if (isAreaFull || (isTooMuch && functions != 0)) break;
    refuse(methodOop, start);
  }
  if (functions != 0) install(first, waiting, functions, startMicroseconds);
  // What finds no room is asked for again when there is some.
  return isAreaFull ? end : waiting;
}

/** Notes that a method or block cannot be compiled. */
function refuse(methodOop: Oop, start: Address): void {
  countRefused();
  const refused = newRecord(<Address>methodOop, start, 0, 0);
  if (refused != 0) publishRecord(refused, 0);
}

/** Installs the module in the buffer, and makes its functions known. */
function install(first: Address, end: Address, functions: u32, startMicroseconds: i64): void {
  const bytes = finishModule(functions);
  const installed = hostInstallCode(moduleStart, bytes);
  countModule(0, bytes, hostMonotonicMicroseconds() - startMicroseconds);
  if (installed == NO_SPACE) {
    noteFull();
    return;
  }
  if (installed <= 0) countNotTaken(installed);
  let code = <u32>installed;
  for (let waiting = first; waiting < end; waiting += WAITING_BYTES) {
    const made = load<u32>(waiting, WAITING_RECORD);
    if (made == 0) continue;
    if (installed > 0) {
      publishRecord(made, code++);
      countFunction(0, load<u32>(waiting, WAITING_SHAPE) != 0);
    } else if (functions == 1) {
      // A host that installs nothing, or a module that it refuses.
      countRefused();
      publishRecord(made, 0);
    } else compileModule(waiting, waiting + WAITING_BYTES);
  }
}

/**
 * For tools: translates as `compileBatch` does, with a mark before each instruction's code (listing.ts), and installs
 * nothing. Answers the bytes of the module at `listedCode`, 0 for what cannot be compiled.
 */
export function listCode(methodOop: Oop, start: Address, closure: Oop): u32 {
  if (!isCompiledMethod(methodOop)) return 0;
  const mark = areaMark();
  beginBodies();
  setListing(true);
  setOwnFunction(FIRST_FUNCTION);
  const isWhole = emitFunction(methodOop, start, closure == 0 ? 0 : shapeOfClosure(closure));
  setListing(false);
  discardSince(mark);
  return isWhole ? finishModule(1) : 0;
}

/** Where the module is that `listCode` wrote last. */
export function listedCode(): Address {
  return moduleStart;
}

/** The locals of the function that `listCode` wrote last: temporaries and operands, and the first of each. */
export function listedLocals(what: u32): u32 {
  if (what == 0) return FIRST_TEMP;
  return what == 1 ? tempCount : units.maxDepth;
}

// A module is written bodies first, behind room for its head.

let moduleStart: Address = 0;

function beginBodies(): void {
  wasm.beginBuffer();
  wasm.setPosition(wasm.bufferStart() + HEAD_BYTES);
}

/** Writes the head right before the bodies, at `moduleStart`; answers the module's bytes. */
function finishModule(functions: u32): u32 {
  const bodies = wasm.bufferStart() + HEAD_BYTES;
  const end = wasm.position();
  wasm.beginBuffer();
  writeHeadFor(functions, end - bodies);
  const headBytes = wasm.position() - wasm.bufferStart();
  moduleStart = bodies - headBytes;
  memory.copy(moduleStart, wasm.bufferStart(), headBytes);
  return end - moduleStart;
}

/** Writes the body of one function, with a new record. Answers false where it cannot be: all is to be given back. */
function emitFunction(methodOop: Oop, start: Address, blockShape: u32): bool {
  if (!takeShape(methodOop, start, blockShape)) return false;
  if (!units.scan(method, start, bytecodeSet, leadingNils)) return false;
  if (!setFrame(units.maxDepth)) return false;
  setRecord(newRecord(method, start, units.entryCount, feedbackCount()));
  if (record == 0) return false;
  fillRecord();
  setDepth(0);
  resetLabels();
  isReachable = true;
  const body = wasm.reserveLength();
  wasm.unsigned(expectsFloats ? 3 : 2);
  wasm.unsigned(WORD_LOCALS);
  wasm.op(wasm.TYPE_I32);
  wasm.unsigned(LONG_LOCALS + tempCount + units.maxDepth + 1);
  wasm.op(wasm.TYPE_I64);
  if (expectsFloats) {
    wasm.unsigned(floatB + 1 - firstFloat);
    wasm.op(wasm.TYPE_F64);
  }
  emitPrologue();
  emitLevel(0, units.count - 1, false);
  // Nothing falls off the end.
  wasm.i64Const(0);
  wasm.op(wasm.END);
  wasm.fillLength(body);
  return !failed && !wasm.isFull();
}

/** Whether the decoded instruction is a send, or one whose slow path is noted. */
function hasFeedback(): bool {
  switch (instruction.kind) {
    case instruction.SEND:
    case instruction.SUPER_SEND:
    case instruction.ARITHMETIC:
    case instruction.COMPARISON:
    case instruction.IDENTICAL:
    case instruction.CLASS:
    case instruction.HANDLER:
    case instruction.THIS_CONTEXT:
    case instruction.HANDLER_SEND:
      return true;
    default:
      return false;
  }
}

function feedbackCount(): u32 {
  let count: u32 = 0;
  for (let unit: u32 = 0; unit < units.count; unit++) {
    instruction.decodeAt(units.addressOf(unit), bytecodeSet);
    if (hasFeedback()) count++;
  }
  return count;
}

/** Tells the record where the code can be entered, and which bytecodes have feedback. */
function fillRecord(): void {
  let entries: u32 = 0;
  let feedback: u32 = 0;
  for (let unit: u32 = 0; unit < units.count; unit++) {
    const address = units.addressOf(unit);
    if (units.entryOf(unit) != 0) setRecordEntry(record, entries++, address, tempCount + units.depthOf(unit));
    instruction.decodeAt(address, bytecodeSet);
    if (hasFeedback()) setFeedback(record, feedback++, address);
  }
}

/** Writes the units from `first` to `last`: a loop with the first as its head, or everything. */
function emitLevel(first: u32, last: u32, isLoop: bool): void {
  if (isLoop) {
    wasm.op(wasm.LOOP);
    wasm.op(wasm.VOID);
    pushLabel(first | LOOP_LABEL);
  }
  let targets: u32 = 0;
  for (let unit = last; unit > first; unit--) {
    if (!isTargetOfLevel(unit, first, isLoop)) continue;
    wasm.op(wasm.BLOCK);
    wasm.op(wasm.VOID);
    pushLabel(unit);
    targets++;
  }
  emitEntries(first, last, isLoop);
  for (let unit = first; unit <= last;) {
    if (unit != first && isTargetOfLevel(unit, first, isLoop)) beginBlock(unit);
    const loopEnd = units.loopEndOf(unit);
    if (loopEnd != 0 && (unit != first || !isLoop)) {
      if (isReachable) beginMerge();
      if (!units.isKnown(unit)) {
        unit = loopEnd + 1;
        continue;
      }
      setCanonical(units.depthOf(unit));
      isReachable = true;
      emitLevel(unit, loopEnd, true);
      unit = loopEnd + 1;
      continue;
    }
    if (isReachable && units.isKnown(unit)) unit = emitUnit(unit);
    else unit++;
  }
  if (isLoop) closeLabel();
}

/** Whether a unit is branched to at this level: not within a loop inside, but perhaps its head. */
function isTargetOfLevel(unit: u32, first: u32, isLoop: bool): bool {
  if (!units.isTarget(unit) && units.entryOf(unit) == 0 && !units.hasEntries(unit)) return false;
  return units.outermostLoopWithin(unit, first, isLoop) == unit;
}

/** The br_table that enters the level at one of its units. */
function emitEntries(first: u32, last: u32, isLoop: bool): void {
  if (!units.hasEntriesBetween(first, last)) return;
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  pushLabel(NO_UNIT);
  wasm.get(ENTRY);
  wasm.op(wasm.I32_EQZ);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  wasm.get(ENTRY);
  wasm.op(wasm.BR_TABLE);
  wasm.unsigned(units.entryCount + 1);
  wasm.unsigned(0);
  for (let entry: u32 = 1; entry <= units.entryCount; entry++) {
    const unit = units.unitOfEntry(entry);
    if (unit < first || unit > last) wasm.unsigned(0);
    else {
      const destination = units.outermostLoopWithin(unit, first, isLoop);
      wasm.unsigned(destination == first ? 0 : labelDepth(destination));
    }
  }
  wasm.unsigned(0);
  closeLabel();
  if (isLoop && units.entryOf(first) != 0) clearEntry();
}

function clearEntry(): void {
  wasm.i32Const(0);
  wasm.set(ENTRY);
}

function beginBlock(unit: u32): void {
  if (isReachable) beginMerge();
  closeLabel();
  if (units.isKnown(unit)) setCanonical(units.depthOf(unit));
  isReachable = units.isKnown(unit);
  // Within a loop, its head must not jump here again; a loop's own head does that behind its table.
  if (units.entryOf(unit) != 0 && units.loopEndOf(unit) == 0) clearEntry();
}

/** Writes one instruction, or two that go together; answers the next unit. */
function emitUnit(unit: u32): u32 {
  const address = units.addressOf(unit);
  markInstruction(address);
  instruction.decodeAt(address, bytecodeSet);
  const index = instruction.index;
  switch (instruction.kind) {
    case instruction.PUSH_CONSTANT:
      pushValue(VALUE_CONSTANT, instruction.constant);
      break;
    case instruction.PUSH_RECEIVER:
      pushValue(VALUE_RECEIVER, 0);
      break;
    case instruction.PUSH_TEMP:
      if (index >= tempCount) giveUp();
      else pushValue(VALUE_TEMP, index);
      break;
    case instruction.PUSH_LITERAL:
      emitLiteral(index);
      pushSlot();
      break;
    case instruction.PUSH_VARIABLE:
      emitPushVariable(index);
      break;
    case instruction.PUSH_INSTANCE_VARIABLE:
      emitPushInstanceVariable(index);
      break;
    case instruction.PUSH_REMOTE_TEMP:
      emitPushRemoteTemp(index);
      break;
    case instruction.DUPLICATE:
      emitDuplicate();
      break;
    case instruction.POP:
      setDepth(depth - 1);
      break;
    case instruction.NOTHING:
      break;
    case instruction.STORE_TEMP:
      emitStoreTemp(index);
      break;
    case instruction.STORE_INSTANCE_VARIABLE:
      emitStoreInstanceVariable(index);
      break;
    case instruction.STORE_REMOTE_TEMP:
      emitStoreRemoteTemp(index);
      break;
    case instruction.STORE_VARIABLE:
      emitStoreVariable(index);
      break;
    case instruction.JUMP:
      emitJump(unit);
      break;
    case instruction.JUMP_IF:
      emitJumpIf(unit);
      break;
    case instruction.RETURN_TOP:
      emitReturn(depth - 1, depth);
      break;
    case instruction.RETURN_RECEIVER:
    case instruction.RETURN_CONSTANT:
      if (instruction.kind == instruction.RETURN_RECEIVER) pushValue(VALUE_RECEIVER, 0);
      else pushValue(VALUE_CONSTANT, instruction.constant);
      emitReturn(depth - 1, depth - 1);
      break;
    case instruction.BLOCK_RETURN_TOP:
      emitBlockReturn(unit);
      break;
    case instruction.BLOCK_RETURN_NIL:
      if (isBlock) pushValue(VALUE_CONSTANT, nil);
      emitBlockReturn(unit);
      break;
    case instruction.SEND:
      emitSend();
      break;
    case instruction.SUPER_SEND:
      emitSuperSend();
      break;
    case instruction.ARITHMETIC:
      emitArithmetic(index);
      break;
    case instruction.COMPARISON:
    case instruction.IDENTICAL:
      return emitComparison(unit);
    case instruction.CLASS:
      getValue(depth - 1);
      wasm.call(CALL_CLASS);
      setDepth(depth - 1);
      pushSlot();
      break;
    case instruction.THIS_CONTEXT:
      emitPushThisContext();
      break;
    case instruction.HANDLER:
    case instruction.HANDLER_SEND:
      emitHandler();
      break;
    default:
      flush(true);
      emitLeave(CALL_LEAVE, units.addressOf(unit), depth);
      isReachable = false;
  }
  return unit + 1;
}

function emitJump(unit: u32): void {
  const target = units.unitAt(instruction.target);
  beginMerge();
  if (target <= unit) emitBackward(target);
  else {
    wasm.op(wasm.BR);
    wasm.unsigned(labelDepth(target));
  }
  isReachable = false;
}

function emitBackward(target: u32): void {
  emitLoopPollCondition(offerAt(record, units.entryOf(target)));
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  flush(false);
  emitLeave(CALL_POLL, units.addressOf(target), depth);
  wasm.op(wasm.END);
  wasm.op(wasm.BR);
  wasm.unsigned(labelDepth(target | LOOP_LABEL));
}

function emitJumpIf(unit: u32): void {
  const target = units.unitAt(instruction.target);
  const flag = instruction.index;
  const address = units.addressOf(unit);
  beginMerge();
  const top = depth - 1;
  // Neither true nor false: the interpreter sends mustBeBoolean.
  getValue(top);
  wasm.i64Const(flag != 0 ? trueObject : falseObject);
  wasm.op(wasm.I64_NE);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  getValue(top);
  wasm.i64Const(flag != 0 ? falseObject : trueObject);
  wasm.op(wasm.I64_NE);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  flush(false);
  emitLeave(CALL_LEAVE, address, depth);
  wasm.op(wasm.END);
  wasm.op(wasm.ELSE);
  setDepth(depth - 1);
  pushLabel(NO_UNIT);
  if (target <= unit) emitBackward(target);
  else {
    wasm.op(wasm.BR);
    wasm.unsigned(labelDepth(target));
  }
  closeLabel();
}

/** Returns an operand from the method; from a block, where `operands` are left on its stack, by way of its home. */
function emitReturn(position: u32, operands: u32): void {
  isReachable = false;
  if (isBlock) {
    flush(true);
    wasm.i32Const(instruction.next);
    emitStackPointer(operands);
    wasm.get(FRAME);
    getValue(position);
    wasm.call(CALL_RETURN);
    wasm.i64Const(0);
  } else getValue(position);
  wasm.op(wasm.RETURN);
}

/** The end of a block, returning the top; a method has none. */
function emitBlockReturn(unit: u32): void {
  isReachable = false;
  if (isBlock) {
    getValue(depth - 1);
    wasm.op(wasm.RETURN);
    return;
  }
  flush(true);
  emitLeave(CALL_LEAVE, units.addressOf(unit), depth);
}

/** A comparison, with a conditional jump behind it where there is one. */
function emitComparison(unit: u32): u32 {
  const next = unit + 1;
  const hasJump = next < units.count && !units.isTarget(next) && units.entryOf(next) == 0 && isJumpIf(next);
  instruction.decodeAt(units.addressOf(unit), bytecodeSet);
  emitCondition(hasJump);
  if (hasJump) {
    markInstruction(units.addressOf(next));
    instruction.decodeAt(units.addressOf(next), bytecodeSet);
    emitFusedJump(next);
    return next + 1;
  }
  wasm.get(LONG_B);
  pushSlot();
  return next;
}

function isJumpIf(unit: u32): bool {
  instruction.decodeAt(units.addressOf(unit), bytecodeSet);
  return instruction.kind == instruction.JUMP_IF;
}

/** Jumps on the i32 on WebAssembly's stack. */
function emitFusedJump(unit: u32): void {
  const target = units.unitAt(instruction.target);
  const flag = instruction.index;
  beginMerge();
  if (flag == 0) wasm.op(wasm.I32_EQZ);
  if (target > unit) {
    wasm.op(wasm.BR_IF);
    wasm.unsigned(labelDepth(target));
    return;
  }
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  pushLabel(NO_UNIT);
  emitBackward(target);
  closeLabel();
}
