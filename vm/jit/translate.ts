// Translates one method or block to a WebAssembly module with one function, (frame i32, entry i32, receiver i64) -> i64.
// Two passes over the bytecodes: the first (units.ts) finds instructions, targets, loops and stack depths; the second
// writes structured code. A level is a loop's body or the whole; all its forward targets are blocks that begin with it,
// so that one br_table at its start enters it anywhere. Temporaries are written through to the frame; the operand stack
// stays in locals until something may look at it.

import {
  CLASS_INDEX_BLOCK_CLOSURE,
  CLASS_INDEX_FORWARDED,
  CLASS_INDEX_MASK,
  CELL_POLLS_LEFT,
  CELL_STACK_LIMIT,
  CLOSURE_FIRST_COPIED,
  FRAME_ARGUMENT_COUNT_SHIFT,
  FRAME_FIRST_TEMP,
  FRAME_IS_BLOCK,
  FRAME_IS_COMPILED,
  FULL_CLOSURE_FIRST_COPIED,
  READ_ONLY_SHIFT,
  REMEMBERED_SHIFT,
  TAG_MASK,
  TAG_SMALL_INTEGER,
} from "../layout";
import { hostInstallCode } from "../host";
import {
  newRecord,
  newSite,
  publishRecord,
  setRecordEntry,
  SITE_ARGUMENT_COUNT,
  SITE_CODE,
  SITE_RETURN,
  SITE_SELECTOR,
  SITE_SPECIAL,
} from "../interpreter/compiledCode";
import {
  headerArgumentCount,
  headerBytecodeSet,
  headerTempCount,
  isCompiledMethod,
  methodHeader,
} from "../interpreter/methods";
import { classIndexOf, slotCountOf } from "../memory/header";
import { isYoung, oldSpaceStart } from "../memory/map";
import { Address, Oop, smallIntegerValue } from "../memory/oop";
import { falseObject, nil, trueObject } from "../memory/roots";
import * as wasm from "./encoder";
import * as instruction from "../../build/generated/instruction";
import * as units from "./units";

// Parameters and locals of the function.
const FRAME: u32 = 0;
const ENTRY: u32 = 1;
const RECEIVER: u32 = 2;
/** The lowest word that the frame may use: every access to it has a positive offset from here. */
const LOW: u32 = 3;
const WORD_A: u32 = 4;
const WORD_B: u32 = 5;
const LONG_A: u32 = 6;
const LONG_B: u32 = 7;
const LONG_C: u32 = 8;
const FIRST_TEMP: u32 = 9;
let firstSlot: u32 = 0;

// Indices of types and imported functions, in the order of writeHead.
const TYPE_CODE: u32 = 0;
const CALL_SEND: u32 = 0;
const CALL_HANDLE: u32 = 1;
const CALL_EXTEND: u32 = 2;
const CALL_LEAVE: u32 = 3;
const CALL_POLL: u32 = 4;

// What is being translated.
let method: Address = 0;
let bytecodeSet: u32 = 0;
let isBlock: bool = false;
let argumentCount: u32 = 0;
let copiedCount: u32 = 0;
let firstCopied: u32 = 0;
let tempCount: u32 = 0;
let leadingNils: u32 = 0;
let frameBytes: u32 = 0;
let failed: bool = false;

/** The operand stack while code is written: where each value is. */
const VALUE_SLOT: u32 = 0;
const VALUE_CONSTANT: u32 = 1;
const VALUE_TEMP: u32 = 2;
const VALUE_RECEIVER: u32 = 3;
const MAX_DEPTH: u32 = 64;
// For each depth: kind u8 | stored u8 | unused | operand u64.
const values: Address = <Address>memory.data(1024, 8);
let depth: u32 = 0;
let isReachable: bool = true;

/** Open labels, innermost last: the unit that a branch leads to, or NO_UNIT; with LOOP_LABEL where it is its head. */
const NO_UNIT: u32 = 0xffff;
const LOOP_LABEL: u32 = 0x10000;
const labels: Address = <Address>memory.data(16384, 4);
const MAX_LABELS: u32 = 4096;
let labelCount: u32 = 0;

/**
 * Compiles a method, or a block whose closure is given, and makes it known. What cannot be compiled (young, too large,
 * of irreducible flow) is left to the interpreter for good, or until it has grown old.
 */
export function translate(methodOop: Oop, start: Address, closure: Oop): void {
  if (isYoung(methodOop) || !isCompiledMethod(methodOop)) return;
  method = <Address>methodOop;
  const code = begin(start, closure) && units.scan(method, start, bytecodeSet, leadingNils) ? emit() : 0;
  const record = newRecord(method, start, code == 0 ? 0 : units.entryCount);
  if (record == 0) return;
  for (let unit: u32 = 0; code != 0 && unit < units.count; unit++) {
    const entry = units.entryOf(unit);
    if (entry != 0) setRecordEntry(record, entry - 1, units.addressOf(unit));
  }
  publishRecord(record, code);
}

/** Takes the shape of the frame. */
function begin(start: Address, closure: Oop): bool {
  const header = methodHeader(method);
  bytecodeSet = headerBytecodeSet(header);
  isBlock = closure != 0;
  copiedCount = 0;
  leadingNils = 0;
  if (!isBlock) {
    argumentCount = headerArgumentCount(header);
    tempCount = headerTempCount(header);
  } else {
    argumentCount = <u32>smallIntegerValue(load<u64>(<Address>closure + 8 + 16));
    const isV3 = classIndexOf(<Address>closure) == CLASS_INDEX_BLOCK_CLOSURE;
    firstCopied = isV3 ? CLOSURE_FIRST_COPIED : FULL_CLOSURE_FIRST_COPIED;
    copiedCount = slotCountOf(<Address>closure) - firstCopied;
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

function emit(): u32 {
  if (units.maxDepth + tempCount >= MAX_DEPTH) return 0;
  failed = false;
  depth = 0;
  labelCount = 0;
  isReachable = true;
  firstSlot = FIRST_TEMP + tempCount;
  // A word more for the next frame's link, and the largest frame's fixed words.
  frameBytes = 32 + ((tempCount + units.maxDepth + 2) << 3);
  wasm.beginBuffer();
  writeHead();
  const section = beginSection(10);
  wasm.unsigned(1);
  const body = wasm.reserveLength();
  wasm.unsigned(3);
  wasm.unsigned(3);
  wasm.op(wasm.TYPE_I32);
  wasm.unsigned(3);
  wasm.op(wasm.TYPE_I64);
  wasm.unsigned(tempCount + units.maxDepth + 1);
  wasm.op(wasm.TYPE_I64);
  emitPrologue();
  emitLevel(0, units.count - 1, false);
  // Nothing falls off the end.
  wasm.i64Const(0);
  wasm.op(wasm.END);
  wasm.fillLength(body);
  wasm.fillLength(section);
  if (failed || wasm.isFull()) return 0;
  const code = hostInstallCode(wasm.bufferStart(), wasm.position() - wasm.bufferStart());
  return code < 0 ? 0 : <u32>code;
}

function beginSection(id: u32): Address {
  wasm.byte(id);
  return wasm.reserveLength();
}

function writeHead(): void {
  wasm.byte(0);
  wasm.byte(0x61);
  wasm.byte(0x73);
  wasm.byte(0x6d);
  wasm.byte(1);
  wasm.byte(0);
  wasm.byte(0);
  wasm.byte(0);
  const types = beginSection(1);
  wasm.unsigned(5);
  type(2, true, wasm.TYPE_I64);
  type(3, false, wasm.TYPE_I64);
  type(4, false, wasm.TYPE_I32);
  type(2, false, wasm.VOID);
  type(3, false, wasm.VOID);
  wasm.fillLength(types);
  const imports = beginSection(2);
  wasm.unsigned(7);
  importName("memory");
  wasm.byte(2);
  wasm.byte(0);
  wasm.unsigned(0);
  importName("table");
  wasm.byte(1);
  wasm.byte(0x70);
  wasm.byte(0);
  wasm.unsigned(0);
  importFunction("sendFromCode", 1);
  importFunction("handleFromCode", 2);
  importFunction("extendFromCode", 3);
  importFunction("leaveFromCode", 4);
  importFunction("pollFromCode", 4);
  wasm.fillLength(imports);
  const functions = beginSection(3);
  wasm.unsigned(1);
  wasm.unsigned(TYPE_CODE);
  wasm.fillLength(functions);
  const exports = beginSection(7);
  wasm.unsigned(1);
  wasm.name("code");
  wasm.byte(0);
  wasm.unsigned(5);
  wasm.fillLength(exports);
}

/** A function type of that many i32 parameters, then perhaps one i64. */
function type(words: u32, hasLong: bool, result: u32): void {
  wasm.byte(0x60);
  wasm.unsigned(words + u32(hasLong));
  for (let i: u32 = 0; i < words; i++) wasm.byte(wasm.TYPE_I32);
  if (hasLong) wasm.byte(wasm.TYPE_I64);
  if (result == wasm.VOID) wasm.unsigned(0);
  else {
    wasm.unsigned(1);
    wasm.byte(result);
  }
}

function importName(name: string): void {
  wasm.name("vm");
  wasm.name(name);
}

function importFunction(name: string, typeIndex: u32): void {
  importName(name);
  wasm.byte(0);
  wasm.unsigned(typeIndex);
}

// The frame.

/** Offset from LOW of a place in the frame. */
function fromLow(offset: i32): u32 {
  return <u32>(offset + <i32>frameBytes);
}

function tempOffset(temp: u32): u32 {
  return fromLow(FRAME_FIRST_TEMP - <i32>(temp << 3));
}

function slotOffset(position: u32): u32 {
  return tempOffset(tempCount + position);
}

function emitPrologue(): void {
  wasm.get(FRAME);
  wasm.i32Const(frameBytes);
  wasm.op(wasm.I32_SUB);
  wasm.set(LOW);
  wasm.get(ENTRY);
  wasm.op(wasm.I32_EQZ);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  pushLabel(NO_UNIT);
  emitFrame();
  emitPollAtStart();
  wasm.op(wasm.ELSE);
  for (let temp: u32 = 0; temp < tempCount; temp++) {
    wasm.get(LOW);
    wasm.load64(tempOffset(temp));
    wasm.set(FIRST_TEMP + temp);
  }
  for (let position: u32 = 0; position < units.maxDepth; position++) {
    wasm.get(LOW);
    wasm.load64(slotOffset(position));
    wasm.set(firstSlot + position);
  }
  closeLabel();
}

/** The frame as interpreter/activation.ts builds it; the caller has written the link. */
function emitFrame(): void {
  // Method and caller's stack pointer.
  wasm.get(LOW);
  wasm.get(FRAME);
  wasm.i32Const(8 + (argumentCount << 3));
  wasm.op(wasm.I32_ADD);
  wasm.op(wasm.I64_EXTEND_I32_U);
  wasm.i64Const(32);
  wasm.op(wasm.I64_SHL);
  wasm.i64Const(method);
  wasm.op(wasm.I64_OR);
  wasm.store64(fromLow(-8));
  wasm.get(LOW);
  let flags: u32 = FRAME_IS_COMPILED | bytecodeSet | (argumentCount << FRAME_ARGUMENT_COUNT_SHIFT);
  if (isBlock) flags |= FRAME_IS_BLOCK;
  wasm.i64Const((<i64>flags) << 32);
  wasm.store64(fromLow(-16));
  wasm.get(LOW);
  wasm.get(RECEIVER);
  wasm.store64(fromLow(-24));
  for (let i: u32 = 0; i < argumentCount; i++) {
    wasm.get(LOW);
    wasm.load64(fromLow(8 + ((argumentCount - 1 - i) << 3)));
    setTemp(i);
  }
  if (copiedCount != 0) {
    // The closure is where the receiver of `value` is.
    wasm.get(LOW);
    wasm.load64(fromLow(8 + (argumentCount << 3)));
    wasm.op(wasm.I32_WRAP_I64);
    wasm.set(WORD_A);
  }
  for (let i: u32 = 0; i < copiedCount; i++) {
    wasm.get(WORD_A);
    wasm.load64(8 + ((firstCopied + i) << 3));
    setTemp(argumentCount + i);
  }
  for (let i = argumentCount + copiedCount; i < tempCount; i++) {
    wasm.i64Const(nil);
    setTemp(i);
  }
}

/** Takes the value on WebAssembly's stack for a temporary, in its local and in the frame. */
function setTemp(temp: u32): void {
  wasm.set(FIRST_TEMP + temp);
  wasm.get(LOW);
  wasm.get(FIRST_TEMP + temp);
  wasm.store64(tempOffset(temp));
}

/** Counts a poll; on WebAssembly's stack is then whether one is due. */
function emitPollCondition(): void {
  wasm.i32Const(0);
  wasm.i32Const(0);
  wasm.load32(CELL_POLLS_LEFT);
  wasm.i32Const(1);
  wasm.op(wasm.I32_SUB);
  wasm.tee(WORD_A);
  wasm.store32(CELL_POLLS_LEFT);
  wasm.get(WORD_A);
  wasm.get(LOW);
  wasm.i32Const(0);
  wasm.load32(CELL_STACK_LIMIT);
  wasm.op(wasm.I32_SUB);
  wasm.op(wasm.I32_OR);
  wasm.i32Const(0);
  wasm.op(wasm.I32_LT_S);
}

function emitPollAtStart(): void {
  emitPollCondition();
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  emitLeave(CALL_POLL, units.addressOf(0), 0);
  wasm.op(wasm.END);
}

/** Leaves code with a frame whose operand stack has that depth and is in memory. */
function emitLeave(how: u32, address: Address, operands: u32): void {
  wasm.i32Const(address);
  emitStackPointer(operands);
  wasm.get(FRAME);
  wasm.call(how);
  wasm.i64Const(0);
  wasm.op(wasm.RETURN);
}

/** Address of the last of so many operands. */
function emitStackPointer(operands: u32): void {
  wasm.get(LOW);
  wasm.i32Const(slotOffset(operands) + 8);
  wasm.op(wasm.I32_ADD);
}

// Labels.

function pushLabel(label: u32): void {
  if (labelCount == MAX_LABELS) {
    failed = true;
    return;
  }
  store<u32>(labels + (labelCount++ << 2), label);
}

function closeLabel(): void {
  wasm.op(wasm.END);
  if (labelCount > 0) labelCount--;
}

/** How far out a label is. */
function labelDepth(label: u32): u32 {
  for (let i: u32 = 0; i < labelCount; i++) {
    if (load<u32>(labels + ((labelCount - 1 - i) << 2)) == label) return i;
  }
  failed = true;
  return 0;
}

// Levels.

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

/** Puts every operand into its own local, where whoever joins expects it. */
function beginMerge(): void {
  for (let position: u32 = 0; position < depth; position++) toSlot(position);
}

/** The operand stack behind a join: all in their locals, none in memory. */
function setCanonical(newDepth: u32): void {
  depth = newDepth;
  for (let position: u32 = 0; position < depth; position++) setValue(position, VALUE_SLOT, 0);
}

// Operands.

function setValue(position: u32, valueKind: u32, operand: u64): void {
  const at = values + (position << 4);
  store<u8>(at, valueKind);
  store<u8>(at, 0, 1);
  store<u64>(at, operand, 8);
}

function kindOf(position: u32): u32 {
  return load<u8>(values + (position << 4));
}

function operandOf(position: u32): u64 {
  return load<u64>(values + (position << 4), 8);
}

function pushValue(valueKind: u32, operand: u64): void {
  if (depth > units.maxDepth) {
    failed = true;
    return;
  }
  setValue(depth++, valueKind, operand);
}

/** Takes the value on WebAssembly's stack as the new top. */
function pushSlot(): void {
  wasm.set(firstSlot + depth);
  pushValue(VALUE_SLOT, 0);
}

/** Puts an operand on WebAssembly's stack. */
function getValue(position: u32): void {
  switch (kindOf(position)) {
    case VALUE_CONSTANT:
      wasm.i64Const(operandOf(position));
      break;
    case VALUE_TEMP:
      wasm.get(FIRST_TEMP + <u32>operandOf(position));
      break;
    case VALUE_RECEIVER:
      wasm.get(RECEIVER);
      break;
    default:
      wasm.get(firstSlot + position);
  }
}

function toSlot(position: u32): void {
  if (kindOf(position) == VALUE_SLOT) return;
  getValue(position);
  wasm.set(firstSlot + position);
  store<u8>(values + (position << 4), VALUE_SLOT);
}

/** Writes the operands that are not in memory yet; `isFinal` where the code that follows can rely on it. */
function flush(isFinal: bool): void {
  for (let position: u32 = 0; position < depth; position++) {
    const at = values + (position << 4);
    if (load<u8>(at, 1) != 0) continue;
    wasm.get(LOW);
    getValue(position);
    wasm.store64(slotOffset(position));
    if (isFinal) store<u8>(at, 1, 1);
  }
}

function isConstantInteger(position: u32): bool {
  return kindOf(position) == VALUE_CONSTANT && ((<u32>operandOf(position)) & TAG_MASK) == TAG_SMALL_INTEGER;
}

// Units.

/** Writes one instruction, or two that go together; answers the next unit. */
function emitUnit(unit: u32): u32 {
  instruction.decodeAt(units.addressOf(unit), bytecodeSet);
  const index = instruction.index;
  switch (instruction.kind) {
    case instruction.PUSH_CONSTANT:
      pushValue(VALUE_CONSTANT, instruction.constant);
      break;
    case instruction.PUSH_RECEIVER:
      pushValue(VALUE_RECEIVER, 0);
      break;
    case instruction.PUSH_TEMP:
      if (index >= tempCount) failed = true;
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
      wasm.get(RECEIVER);
      wasm.op(wasm.I32_WRAP_I64);
      wasm.load64(8 + (index << 3));
      pushSlot();
      break;
    case instruction.PUSH_REMOTE_TEMP:
      emitPushRemoteTemp(index);
      break;
    case instruction.DUPLICATE:
      emitDuplicate();
      break;
    case instruction.POP:
      depth--;
      break;
    case instruction.NOTHING:
      break;
    case instruction.STORE_TEMP:
      emitStoreTemp(index);
      break;
    case instruction.STORE_INSTANCE_VARIABLE:
      wasm.get(RECEIVER);
      wasm.op(wasm.I32_WRAP_I64);
      wasm.set(WORD_A);
      emitStore(8 + (index << 3), false);
      break;
    case instruction.STORE_REMOTE_TEMP:
      if (instruction.other >= tempCount) failed = true;
      wasm.get(FIRST_TEMP + instruction.other);
      wasm.op(wasm.I32_WRAP_I64);
      wasm.set(WORD_A);
      emitStore(8 + (index << 3), true);
      break;
    case instruction.JUMP:
      emitJump(unit);
      break;
    case instruction.JUMP_IF:
      emitJumpIf(unit);
      break;
    case instruction.RETURN_TOP:
      emitReturn(unit, isBlock);
      break;
    case instruction.RETURN_RECEIVER:
    case instruction.RETURN_CONSTANT:
      if (instruction.kind == instruction.RETURN_RECEIVER) pushValue(VALUE_RECEIVER, 0);
      else pushValue(VALUE_CONSTANT, instruction.constant);
      if (isBlock) depth--;
      emitReturn(unit, isBlock);
      break;
    case instruction.BLOCK_RETURN_TOP:
      emitReturn(unit, !isBlock);
      break;
    case instruction.BLOCK_RETURN_NIL:
      if (isBlock) pushValue(VALUE_CONSTANT, nil);
      emitReturn(unit, !isBlock);
      break;
    case instruction.SEND:
      emitSend(unit);
      break;
    case instruction.ARITHMETIC:
      emitArithmetic(index);
      break;
    case instruction.COMPARISON:
    case instruction.IDENTICAL:
      return emitComparison(unit);
    case instruction.CLASS:
      emitHandler();
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

function emitLiteral(index: u32): void {
  wasm.i32Const(method + 16 + (index << 3));
  wasm.load64(0);
}

/** On WebAssembly's stack: whether the object whose address is in WORD_A has become another. */
function emitIsForwarded(): void {
  wasm.get(WORD_A);
  wasm.load32(0);
  wasm.i32Const(CLASS_INDEX_MASK);
  wasm.op(wasm.I32_AND);
  wasm.i32Const(CLASS_INDEX_FORWARDED);
  wasm.op(wasm.I32_EQ);
}

function emitPushVariable(index: u32): void {
  emitLiteral(index);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.set(WORD_A);
  emitIsForwarded();
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  emitHandlerCall();
  wasm.get(LOW);
  wasm.load64(slotOffset(depth));
  wasm.set(firstSlot + depth);
  wasm.op(wasm.ELSE);
  wasm.get(WORD_A);
  wasm.load64(16);
  wasm.set(firstSlot + depth);
  wasm.op(wasm.END);
  pushValue(VALUE_SLOT, 0);
}

function emitPushRemoteTemp(index: u32): void {
  if (instruction.other >= tempCount) failed = true;
  wasm.get(FIRST_TEMP + instruction.other);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.set(WORD_A);
  emitIsForwarded();
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  emitHandlerCall();
  wasm.get(LOW);
  wasm.load64(slotOffset(depth));
  wasm.set(firstSlot + depth);
  wasm.op(wasm.ELSE);
  wasm.get(WORD_A);
  wasm.load64(8 + (index << 3));
  wasm.set(firstSlot + depth);
  wasm.op(wasm.END);
  pushValue(VALUE_SLOT, 0);
}

function emitDuplicate(): void {
  const top = depth - 1;
  if (kindOf(top) == VALUE_SLOT) {
    wasm.get(firstSlot + top);
    pushSlot();
  } else pushValue(kindOf(top), operandOf(top));
}

function emitStoreTemp(temp: u32): void {
  if (temp >= tempCount) {
    failed = true;
    return;
  }
  const top = depth - 1;
  // Operands that stand for the old value take it now.
  for (let position: u32 = 0; position < depth; position++) {
    if (position != top && kindOf(position) == VALUE_TEMP && operandOf(position) == temp) toSlot(position);
  }
  getValue(top);
  setTemp(temp);
  if (instruction.pops != 0) depth--;
}

/** Stores the top into the object in WORD_A, at an offset from it: a write barrier in line, the rest by the handler. */
function emitStore(offset: u32, mayBeForwarded: bool): void {
  const top = depth - 1;
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  // Simple: not read-only and, for a young value into an old object, that one remembered.
  wasm.get(WORD_A);
  wasm.load32(0);
  wasm.tee(WORD_B);
  wasm.i32Const(1 << READ_ONLY_SHIFT);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  if (mayBeForwarded) {
    emitIsForwarded();
    wasm.op(wasm.BR_IF);
    wasm.unsigned(0);
  }
  const isSurelyOld = kindOf(top) == VALUE_CONSTANT;
  if (!isSurelyOld) {
    wasm.op(wasm.BLOCK);
    wasm.op(wasm.VOID);
    // An immediate, or an old object.
    getValue(top);
    wasm.op(wasm.I32_WRAP_I64);
    wasm.i32Const(TAG_MASK);
    wasm.op(wasm.I32_AND);
    wasm.op(wasm.BR_IF);
    wasm.unsigned(0);
    getValue(top);
    wasm.op(wasm.I32_WRAP_I64);
    wasm.i32Const(oldSpaceStart);
    wasm.op(wasm.I32_GE_U);
    wasm.op(wasm.BR_IF);
    wasm.unsigned(0);
    wasm.get(WORD_A);
    wasm.i32Const(oldSpaceStart);
    wasm.op(wasm.I32_LT_U);
    wasm.op(wasm.BR_IF);
    wasm.unsigned(0);
    wasm.get(WORD_B);
    wasm.i32Const(1 << REMEMBERED_SHIFT);
    wasm.op(wasm.I32_AND);
    wasm.op(wasm.I32_EQZ);
    wasm.op(wasm.BR_IF);
    wasm.unsigned(1);
    wasm.op(wasm.END);
  }
  wasm.get(WORD_A);
  getValue(top);
  wasm.store64(offset);
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  wasm.op(wasm.END);
  emitHandlerCall();
  wasm.op(wasm.END);
  if (instruction.pops != 0) depth--;
}

/** Calls the interpreter's handler for the decoded instruction, with the operand stack in memory; leaves where it must. */
function emitHandlerCall(): void {
  flush(false);
  emitHandlerCallFlushed();
}

function emitHandlerCallFlushed(): void {
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

/** An instruction that the interpreter's handler does. */
function emitHandler(): void {
  flush(true);
  emitHandlerCallFlushed();
  if (instruction.pops > depth) {
    failed = true;
    return;
  }
  depth -= instruction.pops;
  if (instruction.pushes != 0) {
    wasm.get(LOW);
    wasm.load64(slotOffset(depth));
    pushSlot();
    store<u8>(values + ((depth - 1) << 4), 1, 1);
  }
}

// Control.

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
  emitPollCondition();
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
  depth--;
  pushLabel(NO_UNIT);
  if (target <= unit) emitBackward(target);
  else {
    wasm.op(wasm.BR);
    wasm.unsigned(labelDepth(target));
  }
  closeLabel();
}

function emitReturn(unit: u32, isLeft: bool): void {
  if (isLeft) {
    flush(true);
    emitLeave(CALL_LEAVE, units.addressOf(unit), depth);
  } else {
    getValue(depth - 1);
    wasm.op(wasm.RETURN);
  }
  isReachable = false;
}

// Sends.

function emitSend(unit: u32): void {
  const count = instruction.other;
  if (count + 1 > depth) {
    failed = true;
    return;
  }
  const site = newSite();
  if (site == 0) {
    failed = true;
    return;
  }
  if (instruction.index >= instruction.SPECIAL_SEND) {
    store<u32>(site, instruction.index - instruction.SPECIAL_SEND, SITE_SPECIAL);
  } else store<u32>(site, method + 16 + (instruction.index << 3), SITE_SELECTOR);
  store<u32>(site, count, SITE_ARGUMENT_COUNT);
  store<u32>(site, instruction.next, SITE_RETURN);
  flush(true);
  const receiver = depth - 1 - count;
  getValue(receiver);
  wasm.set(LONG_A);
  emitClassIndex();
  wasm.i32Const(site);
  wasm.load32(0);
  wasm.op(wasm.I32_EQ);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_I64);
  // The link of the new frame, then the call.
  wasm.get(LOW);
  wasm.get(FRAME);
  wasm.op(wasm.I64_EXTEND_I32_U);
  wasm.i64Const((<i64>instruction.next) << 32);
  wasm.op(wasm.I64_OR);
  wasm.store64(slotOffset(depth));
  wasm.get(LOW);
  wasm.i32Const(slotOffset(depth));
  wasm.op(wasm.I32_ADD);
  wasm.i32Const(0);
  wasm.get(LONG_A);
  wasm.i32Const(site);
  wasm.load32(SITE_CODE);
  wasm.op(wasm.CALL_INDIRECT);
  wasm.unsigned(TYPE_CODE);
  wasm.unsigned(0);
  wasm.op(wasm.ELSE);
  wasm.i32Const(site);
  emitStackPointer(depth);
  wasm.get(FRAME);
  wasm.call(CALL_SEND);
  wasm.op(wasm.END);
  wasm.tee(LONG_B);
  wasm.op(wasm.I64_EQZ);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  wasm.i64Const(0);
  wasm.op(wasm.RETURN);
  wasm.op(wasm.END);
  depth = receiver;
  wasm.get(LONG_B);
  pushSlot();
}

/** The class index of the oop in LONG_A: its tag, or from its header. */
function emitClassIndex(): void {
  wasm.get(LONG_A);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.tee(WORD_A);
  wasm.i32Const(TAG_MASK);
  wasm.op(wasm.I32_AND);
  wasm.tee(WORD_B);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_I32);
  wasm.get(WORD_B);
  wasm.op(wasm.ELSE);
  wasm.get(WORD_A);
  wasm.load32(0);
  wasm.i32Const(CLASS_INDEX_MASK);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.END);
}

// Arithmetic.

/** Branches out of `labels` blocks unless two operands are SmallIntegers. */
function emitIntegerTest(first: u32, second: u32, out: u32): void {
  const isFirst = isConstantInteger(first);
  const isSecond = isConstantInteger(second);
  if (isFirst && isSecond) return;
  if (isFirst) getValue(second);
  else if (isSecond) getValue(first);
  else {
    getValue(first);
    getValue(second);
    wasm.op(wasm.I64_AND);
  }
  // Tags are one bit each: all have the integer's where the conjunction has it.
  wasm.op(wasm.I32_WRAP_I64);
  wasm.i32Const(TAG_SMALL_INTEGER);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.I32_EQZ);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(out);
}

// Places of the arithmetic selectors among the special ones.
const PLUS: u32 = 0;
const MINUS: u32 = 1;
const TIMES: u32 = 8;
const BIT_AND: u32 = 14;
const BIT_OR: u32 = 15;

function emitArithmetic(operator: u32): void {
  const isInline =
    operator == PLUS || operator == MINUS || operator == BIT_AND || operator == BIT_OR || operator == TIMES;
  if (!isInline) {
    emitHandler();
    return;
  }
  const first = depth - 2;
  const second = depth - 1;
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  emitIntegerTest(first, second, 0);
  if (operator == PLUS || operator == MINUS) emitSum(first, second, operator == PLUS);
  else if (operator == TIMES) emitProduct(first, second);
  else {
    getValue(first);
    getValue(second);
    wasm.op(operator == BIT_AND ? wasm.I64_AND : wasm.I64_OR);
    wasm.set(LONG_A);
  }
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  wasm.op(wasm.END);
  emitOperatorCall(operator == BIT_AND || operator == BIT_OR);
  wasm.get(LOW);
  wasm.load64(slotOffset(first));
  wasm.set(LONG_A);
  wasm.op(wasm.END);
  depth = first;
  wasm.get(LONG_A);
  pushSlot();
}

/** The slow path of an operator. Those without a handler are sent by the interpreter. */
function emitOperatorCall(isSent: bool): void {
  if (!isSent) {
    emitHandlerCall();
    return;
  }
  flush(false);
  emitLeave(CALL_LEAVE, instruction.main, depth);
}

/** a + b or a - b into LONG_A; branches out where it overflows. */
function emitSum(first: u32, second: u32, isSum: bool): void {
  getValue(first);
  if (isConstantInteger(second)) {
    const constant = <i64>operandOf(second) - <i64>TAG_SMALL_INTEGER;
    wasm.i64Const(isSum ? constant : -constant);
    wasm.op(wasm.I64_ADD);
    wasm.tee(LONG_A);
    getValue(first);
    // Overflow: the result is on the wrong side of the other operand.
    const grows = isSum == constant >= 0;
    wasm.op(grows ? wasm.I64_LT_S : wasm.I64_GT_S);
  } else {
    getValue(second);
    wasm.op(isSum ? wasm.I64_ADD : wasm.I64_SUB);
    wasm.i64Const(<i64>TAG_SMALL_INTEGER);
    wasm.op(isSum ? wasm.I64_SUB : wasm.I64_ADD);
    wasm.set(LONG_A);
    getValue(first);
    if (isSum) wasm.get(LONG_A);
    else getValue(second);
    wasm.op(wasm.I64_XOR);
    if (isSum) getValue(second);
    else getValue(first);
    wasm.get(LONG_A);
    wasm.op(wasm.I64_XOR);
    wasm.op(wasm.I64_AND);
    wasm.i64Const(0);
    wasm.op(wasm.I64_LT_S);
  }
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
}

/** a * b into LONG_A where both fit in 32 bits and the product in a SmallInteger; else branches out. */
function emitProduct(first: u32, second: u32): void {
  emitUntagged(first, LONG_A);
  emitUntagged(second, LONG_B);
  wasm.get(LONG_A);
  wasm.get(LONG_B);
  wasm.op(wasm.I64_MUL);
  wasm.tee(LONG_A);
  wasm.i64Const(1 << 60);
  wasm.op(wasm.I64_ADD);
  wasm.i64Const(61);
  wasm.op(wasm.I64_SHR_S);
  wasm.op(wasm.I64_EQZ);
  wasm.op(wasm.I32_EQZ);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  wasm.get(LONG_A);
  wasm.i64Const(3);
  wasm.op(wasm.I64_SHL);
  wasm.i64Const(1);
  wasm.op(wasm.I64_OR);
  wasm.set(LONG_A);
}

function emitUntagged(position: u32, local: u32): void {
  getValue(position);
  wasm.i64Const(3);
  wasm.op(wasm.I64_SHR_S);
  wasm.tee(local);
  wasm.get(local);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.op(wasm.I64_EXTEND_I32_S);
  wasm.op(wasm.I64_NE);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
}

// Comparison: the answer is an i32 in WORD_B, which a conditional jump behind it takes as it is.

function emitComparison(unit: u32): u32 {
  const isIdentity = instruction.kind == instruction.IDENTICAL;
  const operator = instruction.index;
  const first = depth - 2;
  const second = depth - 1;
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  if (isIdentity) emitIdentity(first, second, operator != 0);
  else {
    emitIntegerTest(first, second, 0);
    getValue(first);
    getValue(second);
    wasm.op(comparisonCode(operator));
    wasm.set(WORD_B);
  }
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  wasm.op(wasm.END);
  emitHandlerCall();
  // The handler's answer is true or false, or the answer of a float's comparison: it has sent nothing if it is here.
  wasm.get(LOW);
  wasm.load64(slotOffset(first));
  wasm.i64Const(trueObject);
  wasm.op(wasm.I64_EQ);
  wasm.set(WORD_B);
  wasm.op(wasm.END);
  depth = first;
  const next = unit + 1;
  if (next < units.count && !units.isTarget(next) && units.entryOf(next) == 0) {
    instruction.decodeAt(units.addressOf(next), bytecodeSet);
    if (instruction.kind == instruction.JUMP_IF) {
      emitFusedJump(next);
      return next + 1;
    }
  }
  wasm.i64Const(trueObject);
  wasm.i64Const(falseObject);
  wasm.get(WORD_B);
  wasm.op(0x1b);
  pushSlot();
  return next;
}

/** Jumps on WORD_B. */
function emitFusedJump(unit: u32): void {
  const target = units.unitAt(instruction.target);
  const flag = instruction.index;
  beginMerge();
  wasm.get(WORD_B);
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

/** Whether two oops are one object. Of different ones either may be a forwarder: the handler looks. */
function emitIdentity(first: u32, second: u32, isNegated: bool): void {
  getValue(first);
  getValue(second);
  wasm.op(isNegated ? wasm.I64_NE : wasm.I64_EQ);
  wasm.set(WORD_B);
  emitForwardedTest(first);
  emitForwardedTest(second);
}

/** Branches out where an operand is a forwarder. */
function emitForwardedTest(position: u32): void {
  if (kindOf(position) == VALUE_CONSTANT) return;
  wasm.op(wasm.BLOCK);
  wasm.op(wasm.VOID);
  getValue(position);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.tee(WORD_A);
  wasm.i32Const(TAG_MASK);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  emitIsForwarded();
  wasm.op(wasm.BR_IF);
  wasm.unsigned(1);
  wasm.op(wasm.END);
}

function comparisonCode(operator: u32): u32 {
  switch (operator) {
    case 2:
      return wasm.I64_LT_S;
    case 3:
      return wasm.I64_GT_S;
    case 4:
      return wasm.I64_LE_S;
    case 5:
      return wasm.I64_GE_S;
    case 6:
      return wasm.I64_EQ;
    default:
      return wasm.I64_NE;
  }
}
