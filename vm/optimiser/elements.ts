// Primitives in line: elements of arrays and bytes by index, sizes; the others' files are told here.

import {
  CLASS_FORMAT_FORMAT_SHIFT,
  CLASS_FORMAT_SIZE_MASK,
  FORMAT_ARRAY,
  FORMAT_BYTES,
  FORMAT_COMPILED_METHOD,
  FORMAT_FIXED_AND_INDEXABLE,
  FORMAT_MASK,
  HEADER_BYTES,
  OVERFLOW_SLOT_COUNT,
  READ_ONLY_SHIFT,
  SLOT_COUNT_SHIFT,
  TAG_CHARACTER,
  TAG_MASK,
  TAG_SHIFT,
  TAG_SMALL_INTEGER,
  FORMAT_SHIFT,
  WORD_SHIFT,
} from "../layout";
import { CAUSE_ELEMENT, isLeftOften } from "../interpreter/optimisedCode";
import { Address } from "../memory/oop";
import * as wasm from "../jit/encoder";
import { pushTaken } from "./bytecodes";
import { formatOfClass } from "./dependencies";
import { emitAsCharacter, emitAsInteger, emitClass, emitIdentityHash } from "./identity";
import { emitNew, emitNewSized } from "./instances";
import { branchOutIf, closeLabel, openBlock, want } from "./joins";
import { WANTS_COUNT } from "./round";
import { WORD_A, WORD_B, WORD_C, isKeptFull, keptLong, newFloat, newLong, scratch } from "./locals";
import { emitDouble, emitExit, emitOop, prepare } from "./memory";

import {
  FLOAT,
  INTEGER,
  IN_LOCAL,
  Value,
  copyValue,
  isFloat,
  learn,
  learnBits,
  learnCount,
  operandBelow,
  pop,
  push,
  pushInteger,
  pushLocal,
} from "./state";
import { emitBarrier, toLocal } from "./stores";

/** The scratch local of a bounds check. */
const OFFSET: u32 = 0;

let instanceFormat: u32 = 0;
let fixedFields: u32 = 0;

/** Writes a send whose method is a primitive, for a receiver of a known class; false where it must be sent. */
export function emitPrimitive(primitive: u32, classIndex: u32, address: Address, count: u32): bool {
  const receiver = operandBelow(count);
  switch (primitive) {
    case 40:
      return count == 0 && emitAsFloat(receiver);
    case 60:
    case 63:
      return count == 1 && emitAt(primitive == 63, classIndex, address);
    case 61:
    case 64:
      return count == 2 && emitAtPut(primitive == 64, classIndex, address);
    case 62:
      return count == 0 && emitSize(classIndex);
    case 70:
      return count == 0 && emitNew(address);
    case 71:
      return count == 1 && emitNewSized(address);
    case 75:
      return count == 0 && emitIdentityHash(classIndex);
    case 111:
      return count == 0 && emitClass(classIndex);
    case 170:
      return emitAsCharacter(address, count);
    case 171:
      return count == 0 && emitAsInteger(classIndex);
    default:
      return false;
  }
}

/** Takes the layout of a class's instances; false unless they are arrays or bytes. */
function takeFormat(classIndex: u32): bool {
  const word = formatOfClass(classIndex);
  if (word == 0) return false;
  const value = <u32>(word >> TAG_SHIFT);
  instanceFormat = (value >> CLASS_FORMAT_FORMAT_SHIFT) & FORMAT_MASK;
  fixedFields = value & CLASS_FORMAT_SIZE_MASK;
  if (instanceFormat == FORMAT_ARRAY) fixedFields = 0;
  return isPointers() || (instanceFormat >= FORMAT_BYTES && instanceFormat < FORMAT_COMPILED_METHOD);
}

function isPointers(): bool {
  return instanceFormat == FORMAT_ARRAY || instanceFormat == FORMAT_FIXED_AND_INDEXABLE;
}

/** The object in a value, its address into WORD_A, its count of elements, an i64 times 8, on WebAssembly's stack. */
function emitElementCount(value: Value): void {
  emitOop(value);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.tee(WORD_A);
  wasm.load32(4);
  wasm.i32Const(SLOT_COUNT_SHIFT);
  wasm.op(wasm.I32_SHR_U);
  wasm.tee(WORD_B);
  wasm.i32Const(OVERFLOW_SLOT_COUNT);
  wasm.op(wasm.I32_EQ);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  wasm.get(WORD_A);
  wasm.i32Const(8);
  wasm.op(wasm.I32_SUB);
  wasm.load32(0);
  wasm.set(WORD_B);
  wasm.op(wasm.END);
  wasm.get(WORD_B);
  if (isPointers()) {
    if (fixedFields != 0) {
      wasm.i32Const(fixedFields);
      wasm.op(wasm.I32_SUB);
    }
  } else {
    wasm.i32Const(3);
    wasm.op(wasm.I32_SHL);
    wasm.get(WORD_A);
    wasm.load32(0);
    wasm.i32Const(FORMAT_SHIFT);
    wasm.op(wasm.I32_SHR_U);
    wasm.i32Const(7);
    wasm.op(wasm.I32_AND);
    wasm.op(wasm.I32_SUB);
  }
  wasm.op(wasm.I64_EXTEND_I32_U);
  wasm.i64Const(3);
  wasm.op(wasm.I64_SHL);
}

/** Takes the count of elements of an object, whose class is known, into a local that is kept, if there is room for one. */
export function keepCount(value: Value): void {
  if (isKeptFull() || !takeFormat(value.classIndex)) return;
  const local = keptLong();
  emitElementCount(value);
  wasm.set(local);
  learnCount(value, local);
}

/** Takes the count of an object's elements anew, where code is entered in the middle. */
export function emitCountAgain(value: Value): void {
  if (value.countLocal == 0 || !takeFormat(value.classIndex)) return;
  emitElementCount(value);
  wasm.set(value.countLocal);
}

/** The address of an object into WORD_A, the count of its elements as above on WebAssembly's stack. */
function emitKnownCount(value: Value): void {
  if (value.countLocal == 0) {
    emitElementCount(value);
    if (value.kind == IN_LOCAL) want(value.local, WANTS_COUNT, 1);
    return;
  }
  emitOop(value);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.set(WORD_A);
  wasm.get(value.countLocal);
}

/**
 * Branches out of one block unless the index is a SmallInteger within bounds; WORD_A is the object's address then, and
 * OFFSET eight times the index from zero.
 */
function emitBounds(object: Value, index: Value): void {
  if (index.type != INTEGER) {
    emitOop(index);
    wasm.op(wasm.I32_WRAP_I64);
    wasm.i32Const(TAG_MASK);
    wasm.op(wasm.I32_AND);
    wasm.i32Const(TAG_SMALL_INTEGER);
    wasm.op(wasm.I32_NE);
    branchOutIf(0);
  }
  // One-based and tagged: eight times the index, and one.
  emitOop(index);
  wasm.i64Const(9);
  wasm.op(wasm.I64_SUB);
  wasm.tee(scratch(OFFSET));
  emitKnownCount(object);
  wasm.op(wasm.I64_LT_U);
  wasm.op(wasm.I32_EQZ);
  branchOutIf(0);
}

/** Into WORD_C, behind `emitBounds`: what the element lies at a fixed offset from, `elementsOffset`. */
function emitElementAddress(): void {
  wasm.get(scratch(OFFSET));
  if (!isPointers()) {
    wasm.i64Const(TAG_SHIFT);
    wasm.op(wasm.I64_SHR_U);
  }
  wasm.op(wasm.I32_WRAP_I64);
  wasm.get(WORD_A);
  wasm.op(wasm.I32_ADD);
  wasm.set(WORD_C);
}

/** From an object's address to its first element. */
function elementsOffset(): u32 {
  return HEADER_BYTES + (isPointers() ? fixedFields << WORD_SHIFT : 0);
}

/** No object has as many elements as two to this. */
const INDEX_BITS: u8 = 33;

function learnIndex(index: Value): void {
  if (index.kind != IN_LOCAL) return;
  learn(index, INTEGER, 0);
  learnBits(index, INDEX_BITS);
}

function emitAt(asCharacter: bool, classIndex: u32, address: Address): bool {
  const object = operandBelow(1);
  const index = operandBelow(0);
  if (!takeFormat(classIndex) || (asCharacter && isPointers()) || isLeftOften(address)) return false;
  const result = newLong();
  prepare(object);
  prepare(index);
  openBlock();
  openBlock();
  emitBounds(object, index);
  emitElementAddress();
  wasm.get(WORD_C);
  if (isPointers()) wasm.load64(elementsOffset());
  else {
    wasm.op(wasm.I32_LOAD8_U);
    wasm.byte(0);
    wasm.unsigned(elementsOffset());
    wasm.op(wasm.I64_EXTEND_I32_U);
    wasm.i64Const(TAG_SHIFT);
    wasm.op(wasm.I64_SHL);
    wasm.i64Const(asCharacter ? TAG_CHARACTER : TAG_SMALL_INTEGER);
    wasm.op(wasm.I64_OR);
  }
  wasm.set(result);
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  closeLabel();
  emitExit(address, CAUSE_ELEMENT);
  closeLabel();
  learnIndex(index);
  pop(2);
  if (!isPointers() && !asCharacter) pushInteger(result, 8);
  else pushLocal(result);
  return true;
}

function emitAtPut(asCharacter: bool, classIndex: u32, address: Address): bool {
  const object = operandBelow(2);
  const index = operandBelow(1);
  const value = operandBelow(0);
  if (!takeFormat(classIndex) || (asCharacter && isPointers()) || isLeftOften(address)) return false;
  prepare(object);
  prepare(index);
  toLocal(value);
  openBlock();
  openBlock();
  emitBounds(object, index);
  emitElementAddress();
  if (isPointers()) {
    emitBarrier(object, value);
    wasm.get(WORD_C);
    emitOop(value);
    wasm.store64(elementsOffset());
  } else emitStoreByte(value, asCharacter);
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  closeLabel();
  emitExit(address, CAUSE_ELEMENT);
  closeLabel();
  learnIndex(index);
  copyValue(object, value);
  pop(2);
  return true;
}

function emitStoreByte(value: Value, isCharacter: bool): void {
  wasm.get(WORD_A);
  wasm.load32(0);
  wasm.i32Const(1 << READ_ONLY_SHIFT);
  wasm.op(wasm.I32_AND);
  branchOutIf(0);
  // Tag and 0 to 255: nothing above the eleven lowest bits, and the tag in the three lowest.
  emitOop(value);
  wasm.i64Const(isCharacter ? TAG_CHARACTER : TAG_SMALL_INTEGER);
  wasm.op(wasm.I64_XOR);
  wasm.i64Const(~(255 << TAG_SHIFT));
  wasm.op(wasm.I64_AND);
  wasm.op(wasm.I64_EQZ);
  wasm.op(wasm.I32_EQZ);
  branchOutIf(0);
  wasm.get(WORD_C);
  emitOop(value);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.i32Const(TAG_SHIFT);
  wasm.op(wasm.I32_SHR_U);
  wasm.op(wasm.I32_STORE8);
  wasm.byte(0);
  wasm.unsigned(elementsOffset());
}

function emitSize(classIndex: u32): bool {
  if (!takeFormat(classIndex)) return false;
  const object = operandBelow(0);
  prepare(object);
  emitKnownCount(object);
  wasm.i64Const(TAG_SMALL_INTEGER);
  wasm.op(wasm.I64_OR);
  pop(1);
  const value = pushTaken();
  value.type = INTEGER;
  value.bits = INDEX_BITS;
  return true;
}

function emitAsFloat(receiver: Value): bool {
  if (receiver.type != INTEGER && !isFloat(receiver)) return false;
  emitDouble(receiver);
  const local = newFloat();
  wasm.set(local);
  pop(1);
  push(FLOAT).local = local;
  return true;
}
