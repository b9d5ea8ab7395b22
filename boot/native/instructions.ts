// One instruction of a function: from its opcode to whoever makes its code.

import { CONTEXT_MEMORY_PAGES, TRAP_UNREACHABLE } from "./abi";
import { fail, FAILURE_OPCODE } from "./arena";
import { memoryAt, NO_REGISTER, RBP, trap, withMemory, emit32 } from "./assembler";
import { branchTable } from "./branchTable";
import { callFunction, callIndirect, growMemory } from "./calls";
import {
  isConditionAssigned,
  isConditionLocal,
  noteConditionLocal,
  useConditionLocal,
  selectValue,
} from "./conditions";
import { block, branch, branchIfValue, end, ifValue, loop, otherwise, returnFromFunction, stopHere } from "./control";
import { localIsFloat, localType } from "./events";
import { bitsOfFloat, changePrecision, convert, floatArithmetic, floatCompare, floatOfBits, truncate } from "./floats";
import { callHelper, HELPER_COPY, HELPER_FILL, HELPER_POPCNT, initHelper, placeForHelper } from "./helpers";
import { compare, countZeros, equalsZero, extendSigned, extendUnsigned, integerBinary, wrap } from "./integers";
import { globalGet, globalSet, loadInstruction, storeInstruction } from "./linear";
import { segmentIsPassive, segmentSizeOffset, TYPE_F32, TYPE_F64, TYPE_I32, TYPE_I64 } from "./module";
import {
  allocate,
  drop,
  flushMemoryReaders,
  flushReaders,
  free,
  isWideType,
  KIND_REGISTER,
  kindOf,
  loadInto,
  localSlotOperand,
  pushConstant,
  pushLocal,
  pushRegister,
  readable,
  registerOf,
  restore,
  setBits,
  take,
} from "./operands";
import {
  moveReader,
  OP_BLOCK,
  OP_BR,
  OP_BR_IF,
  OP_BR_TABLE,
  OP_CALL,
  OP_CALL_INDIRECT,
  OP_DROP,
  OP_ELSE,
  OP_END,
  OP_GLOBAL_GET,
  OP_GLOBAL_SET,
  OP_IF,
  OP_LOCAL_GET,
  OP_LOCAL_SET,
  OP_LOCAL_TEE,
  OP_LOOP,
  OP_NOP,
  OP_PREFIX,
  OP_RETURN,
  OP_SELECT,
  OP_SELECT_TYPED,
  OP_UNREACHABLE,
  position,
  readByte,
  readSigned,
  readUnsigned,
} from "./reader";
import { IN_MEMORY, localRegister } from "./registers";
import { takeEvent } from "./select";

let growFunction: i32 = -1;

/** The function that memory.grow calls, or -1. */
export function setGrowFunction(index: i32): void {
  growFunction = index;
}

/** Makes the code of an instruction whose opcode has been read. */
export function emitInstruction(opcode: i32): void {
  if (opcode >= 0x45) numeric(opcode);
  else if (opcode >= 0x41) constant(opcode);
  else if (opcode >= 0x36 && opcode <= 0x3e) storeInstruction(opcode);
  else if (opcode >= 0x28 && opcode <= 0x35) loadInstruction(opcode);
  else other(opcode);
}

function constant(opcode: i32): void {
  if (opcode == 0x41) {
    pushConstant(TYPE_I32, <i64>(<i32>readSigned()));
  } else if (opcode == 0x42) {
    pushConstant(TYPE_I64, readSigned());
  } else if (opcode == 0x43) {
    pushConstant(TYPE_F32, <i64>load<u32>(position));
    moveReader(position + 4);
  } else {
    pushConstant(TYPE_F64, load<i64>(position));
    moveReader(position + 8);
  }
}

function other(opcode: i32): void {
  switch (opcode) {
    case OP_NOP:
      break;
    case OP_UNREACHABLE:
      takeEvent();
      trap(TRAP_UNREACHABLE);
      stopHere();
      break;
    case OP_BLOCK:
      block();
      break;
    case OP_LOOP:
      loop();
      break;
    case OP_IF:
      ifValue();
      break;
    case OP_ELSE:
      otherwise();
      break;
    case OP_END:
      end();
      break;
    case OP_BR:
      branch();
      break;
    case OP_BR_IF:
      branchIfValue();
      break;
    case OP_BR_TABLE:
      branchTable();
      break;
    case OP_RETURN:
      returnFromFunction();
      break;
    case OP_CALL:
      callFunction();
      break;
    case OP_CALL_INDIRECT:
      callIndirect();
      break;
    case OP_DROP:
      drop();
      break;
    case OP_SELECT_TYPED:
      readUnsigned();
      readByte();
      selectValue();
      break;
    case OP_SELECT:
      selectValue();
      break;
    case OP_LOCAL_GET:
      getLocal();
      break;
    case OP_LOCAL_SET:
    case OP_LOCAL_TEE:
      setLocal(opcode == OP_LOCAL_TEE);
      break;
    case OP_GLOBAL_GET:
      globalGet();
      break;
    case OP_GLOBAL_SET:
      globalSet();
      break;
    case 0x3f:
      readUnsigned();
      memorySize();
      break;
    case 0x40:
      readUnsigned();
      growMemory(growFunction);
      break;
    default:
      fail(FAILURE_OPCODE, opcode);
  }
}

function memorySize(): void {
  const result = allocate(false);
  memoryAt(RBP, NO_REGISTER, 0, CONTEXT_MEMORY_PAGES);
  withMemory(0, false, 0x8b, result);
  setBits(pushRegister(TYPE_I32, result), 17);
}

function getLocal(): void {
  const isLast = load<u32>(takeEvent(), 12) != 0;
  const number = readUnsigned();
  if (isLast && isConditionLocal(number)) useConditionLocal();
  else pushLocal(number);
}

function setLocal(isTee: bool): void {
  const number = readUnsigned();
  // A value that nobody reads is not kept.
  if (load<u32>(takeEvent(), 12) != 0) {
    if (!isTee) drop();
    return;
  }
  const register = localRegister(number);
  const entry = take();
  if (register == IN_MEMORY) {
    setMemoryLocal(number, entry, isTee);
    return;
  }
  // Made in its place already?
  if (kindOf(entry) != KIND_REGISTER || registerOf(entry) != register) {
    flushReaders(register);
    const isCondition = isConditionAssigned();
    loadInto(entry, register);
    free(entry);
    if (isCondition && !isTee) noteConditionLocal(number);
  }
  if (isTee) pushLocal(number);
}

function setMemoryLocal(number: u32, entry: usize, isTee: bool): void {
  const value = readable(entry);
  flushMemoryReaders(number);
  const isCondition = isConditionAssigned() && !isTee;
  localSlotOperand(number);
  const type = localType(number);
  if (localIsFloat(number)) withMemory(type == TYPE_F32 ? 0xf3 : 0xf2, false, 0x0f11, value);
  else withMemory(0, isWideType(type), 0x89, value);
  if (isTee) restore(entry);
  else free(entry);
  if (isCondition) noteConditionLocal(number);
}

function numeric(opcode: i32): void {
  if (opcode <= 0x66) comparison(opcode);
  else if (opcode <= 0x8a) integer(opcode);
  else if (opcode <= 0xa6) float(opcode);
  else if (opcode <= 0xc4) conversion(opcode);
  else if (opcode == OP_PREFIX) prefixed(<i32>readUnsigned());
  else fail(FAILURE_OPCODE, opcode);
}

function comparison(opcode: i32): void {
  if (opcode == 0x45) equalsZero(TYPE_I32);
  else if (opcode < 0x50) compare(opcode - 0x46, TYPE_I32);
  else if (opcode == 0x50) equalsZero(TYPE_I64);
  else if (opcode < 0x5b) compare(opcode - 0x51, TYPE_I64);
  else if (opcode < 0x61) floatCompare(opcode - 0x5b, TYPE_F32);
  else floatCompare(opcode - 0x61, TYPE_F64);
}

function integer(opcode: i32): void {
  if (opcode == 0x69 || opcode == 0x7b) {
    placeForHelper(1, HELPER_POPCNT);
    callHelper(HELPER_POPCNT);
    pushRegister(opcode == 0x69 ? TYPE_I32 : TYPE_I64, 0);
  } else if (opcode < 0x69) {
    countZeros(opcode - 0x67, TYPE_I32);
  } else if (opcode < 0x79) {
    integerBinary(opcode - 0x6a, TYPE_I32);
  } else if (opcode < 0x7b) {
    countZeros(opcode - 0x79, TYPE_I64);
  } else {
    integerBinary(opcode - 0x7c, TYPE_I64);
  }
}

function float(opcode: i32): void {
  if (opcode < 0x99) floatArithmetic(opcode - 0x8b, TYPE_F32);
  else floatArithmetic(opcode - 0x99, TYPE_F64);
}

function conversion(opcode: i32): void {
  if (opcode == 0xa7) wrap();
  else if (opcode <= 0xab) truncate(opcode - 0xa8, TYPE_I32, false);
  else if (opcode == 0xac) extendSigned(2, TYPE_I64);
  else if (opcode == 0xad) extendUnsigned();
  else if (opcode <= 0xb1) truncate(opcode - 0xae, TYPE_I64, false);
  else if (opcode <= 0xb5) convert(opcode - 0xb2, TYPE_F32);
  else if (opcode == 0xb6) changePrecision(TYPE_F32);
  else if (opcode <= 0xba) convert(opcode - 0xb7, TYPE_F64);
  else if (opcode == 0xbb) changePrecision(TYPE_F64);
  else if (opcode == 0xbc) bitsOfFloat(TYPE_I32);
  else if (opcode == 0xbd) bitsOfFloat(TYPE_I64);
  else if (opcode == 0xbe) floatOfBits(TYPE_F32);
  else if (opcode == 0xbf) floatOfBits(TYPE_F64);
  else if (opcode <= 0xc1) extendSigned(opcode - 0xc0, TYPE_I32);
  else extendSigned(opcode - 0xc2, TYPE_I64);
}

/** Instructions behind the prefix fch: saturating conversions and bulk memory. */
function prefixed(operation: i32): void {
  if (operation < 8) {
    truncate(operation & 3, operation < 4 ? TYPE_I32 : TYPE_I64, true);
  } else if (operation == 8) {
    const segment = readUnsigned();
    readUnsigned();
    bulk(initHelper(segment));
  } else if (operation == 9) {
    dropSegment(readUnsigned());
  } else if (operation == 10) {
    readUnsigned();
    readUnsigned();
    bulk(HELPER_COPY);
  } else if (operation == 11) {
    readUnsigned();
    bulk(HELPER_FILL);
  } else {
    fail(FAILURE_OPCODE, (OP_PREFIX << 8) | operation);
  }
}

function bulk(helper: i32): void {
  placeForHelper(3, helper);
  callHelper(helper);
}

/** data.drop: nothing is left of a passive segment. */
function dropSegment(segment: u32): void {
  if (!segmentIsPassive(segment)) return;
  memoryAt(RBP, NO_REGISTER, 0, segmentSizeOffset(segment));
  withMemory(0, false, 0xc7, 0);
  emit32(0);
}
