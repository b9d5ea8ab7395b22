// What is known, while code is written, of every variable and operand of the open scopes: where its value is, whether
// its frame's memory has it too, and what kind of object it is. Entries lie in the order of the frames' memory: of each
// scope its receiver, its temporaries, its operands.

import { TAG_CHARACTER, TAG_MASK, TAG_SMALL_FLOAT, TAG_SMALL_INTEGER } from "../layout";
import { nameInCode } from "../memory/codeObjects";
import { classIndexOf } from "../memory/header";
import { Address, Oop, smallIntegerValue } from "../memory/oop";
import { falseObject, trueObject } from "../memory/roots";
import { giveUp } from "./round";
import { Scope, scope } from "./scope";

// Where a value is.
/** An oop in a local. */
export const IN_LOCAL: u8 = 0;
/** The oop is known. */
export const CONSTANT: u8 = 1;
/** A double in a local, not an object. */
export const FLOAT: u8 = 2;
/** 0 or 1 in a local of 32 bits, for false or true. */
export const BOOLEAN: u8 = 3;
/** A closure that may not have been made yet (closures.ts); `local` is its place there. */
export const CLOSURE: u8 = 4;

// What kind of object it is.
export const ANY: u8 = 0;
export const INTEGER: u8 = 1;
/** An immediate float. */
export const SMALL_FLOAT: u8 = 2;
/** An object with `classIndex`, of any class where that is 0; no forwarder. */
export const INSTANCE: u8 = 3;
/** True or false. */
export const TRUTH: u8 = 4;

// @ts-ignore: decorator
@unmanaged
export class Value {
  kind: u8;
  /** Whether the frame's memory has it, as an oop. */
  isStored: u8;
  type: u8;
  /** In the state that a label expects: whether it has been decided that the value is moved to its home. */
  isHome: u8;
  local: u32;
  /** Of a constant; in a local, what was there while code was written, which is likely again; 0 where that is not known. */
  oop: Oop;
  classIndex: u32;
  /** Whether it was made since code was entered, and so needs no write barrier. */
  isFresh: u8;
  /** Of an integer: its magnitude is below two to this; 0 where that is not known. */
  bits: u8;
  /** The local with the count of its elements, an i64 times 8, as elements.ts has it; 0 for none. */
  countLocal: u16;
  /** Whether it has been found not to be read-only since code last called anything. */
  isWritable: u8;
  unused: u8;
  unused2: u16;
  unused3: u32;
}

export const VALUE_BYTES: u32 = offsetof<Value>();
const MAX_VALUES: u32 = 320;
export const values: Address = <Address>memory.data(10240, 8);
if (MAX_VALUES * VALUE_BYTES != 10240) ERROR("state: values has the wrong size");

export function valueAt(place: u32): Value {
  return changetype<Value>(<usize>(values + place * VALUE_BYTES));
}

export function receiverOf(owner: Scope): Value {
  return valueAt(owner.base);
}

export function temporary(index: u32): Value {
  if (index >= scope.tempCount) {
    giveUp();
    return valueAt(scope.base);
  }
  return valueAt(scope.base + 1 + index);
}

export function operandPlace(position: u32): u32 {
  return scope.base + 1 + scope.tempCount + position;
}

export function operand(position: u32): Value {
  return valueAt(operandPlace(position));
}

/** The operand that lies so many below the top one. */
export function operandBelow(below: u32): Value {
  return operand(scope.depth - 1 - below);
}

/** Behind the last entry of a scope. */
export function endOf(owner: Scope): u32 {
  return owner.base + 1 + owner.tempCount + owner.depth;
}

/** A new top operand, of which all but the kind is zero. */
export function push(kind: u8): Value {
  const place = endOf(scope);
  if (scope.depth > scope.maxDepth || place >= MAX_VALUES) {
    giveUp();
    return valueAt(0);
  }
  scope.depth++;
  const value = valueAt(place);
  memory.fill(changetype<usize>(value), 0, VALUE_BYTES);
  value.kind = kind;
  return value;
}

export function pop(count: u32): void {
  if (count > scope.depth) giveUp();
  else scope.depth -= count;
}

export function hasRoomFor(count: u32): bool {
  return endOf(scope) + count < MAX_VALUES;
}

/** Takes over where a value is and what is known of it; not whether it is stored. */
export function copyValue(to: Value, from: Value): void {
  memory.copy(changetype<usize>(to), changetype<usize>(from), VALUE_BYTES);
  to.isStored = 0;
}

export function setConstant(value: Value, oop: Oop): void {
  value.kind = CONSTANT;
  value.isStored = 0;
  value.local = 0;
  value.oop = oop;
  value.classIndex = 0;
  value.isFresh = 0;
  value.isWritable = 0;
  value.bits = 0;
  value.countLocal = 0;
  nameInCode(oop);
  const tag = (<u32>oop) & TAG_MASK;
  if (tag == TAG_SMALL_INTEGER) {
    value.type = INTEGER;
    value.bits = bitsOf(smallIntegerValue(oop));
  } else if (tag == TAG_SMALL_FLOAT) value.type = SMALL_FLOAT;
  else if (tag == TAG_CHARACTER) value.type = ANY;
  else if (oop == trueObject || oop == falseObject) value.type = TRUTH;
  else {
    value.type = INSTANCE;
    value.classIndex = classIndexOf(<Address>oop);
  }
}

export function pushConstant(oop: Oop): void {
  setConstant(push(CONSTANT), oop);
}

/** Makes a value an oop in a local, of which nothing is known. */
export function setLocal(value: Value, local: u32): void {
  memory.fill(changetype<usize>(value), 0, VALUE_BYTES);
  value.kind = IN_LOCAL;
  value.local = local;
}

export function pushLocal(local: u32): Value {
  const value = push(IN_LOCAL);
  value.local = local;
  return value;
}

/** Pushes a SmallInteger whose magnitude is below two to `bits`, 0 where that is not known. */
export function pushInteger(local: u32, bits: u32): void {
  const value = pushLocal(local);
  value.type = INTEGER;
  value.bits = <u8>bits;
}

/** Notes of a value, and of all others in its local, what kind of object it is. */
export function learn(value: Value, type: u8, classIndex: u32): void {
  value.type = type;
  value.classIndex = classIndex;
  if (value.kind != IN_LOCAL) return;
  const end = endOf(scope);
  for (let place: u32 = 0; place < end; place++) {
    const other = valueAt(place);
    if (other.kind != IN_LOCAL || other.local != value.local) continue;
    other.type = type;
    other.classIndex = classIndex;
  }
}

/** The least power of two above an integer's magnitude, at least 1. */
function bitsOf(integer: i64): u8 {
  return <u8>(65 - clz((<u64>(integer < 0 ? ~integer : integer)) | 1));
}

/** Notes of an integer, and of all others in its local, that its magnitude is below a power of two. */
export function learnBits(value: Value, bits: u32): void {
  if (value.kind != IN_LOCAL) return;
  const end = endOf(scope);
  for (let place: u32 = 0; place < end; place++) {
    const other = valueAt(place);
    if (other.kind != IN_LOCAL || other.local != value.local) continue;
    if (other.bits == 0 || other.bits > bits) other.bits = <u8>bits;
  }
}

/** Notes of a value, and of all others in its local, that it is not read-only. */
export function learnWritable(value: Value): void {
  const end = endOf(scope);
  for (let place: u32 = 0; place < end; place++) {
    const other = valueAt(place);
    if (other.kind == IN_LOCAL && other.local == value.local) other.isWritable = 1;
  }
}

/** Behind a call, which may have made anything read-only. */
export function forgetWritable(): void {
  const end = endOf(scope);
  for (let place: u32 = 0; place < end; place++) valueAt(place).isWritable = 0;
}

/** Notes of a value, and of all others in its local, where the count of its elements is. */
export function learnCount(value: Value, local: u32): void {
  const end = endOf(scope);
  for (let place: u32 = 0; place < end; place++) {
    const other = valueAt(place);
    if (other.kind == IN_LOCAL && other.local == value.local) other.countLocal = <u16>local;
  }
}

/** Notes of a value, and of all others in its local, which object it is. */
export function learnConstant(value: Value, oop: Oop): void {
  const local = value.local;
  const end = endOf(scope);
  for (let place: u32 = 0; place < end; place++) {
    const other = valueAt(place);
    if (other.kind != IN_LOCAL || other.local != local) continue;
    const isStored = other.isStored;
    setConstant(other, oop);
    other.isStored = isStored;
  }
}

export function isInteger(value: Value): bool {
  return value.type == INTEGER;
}

export function isConstantInteger(value: Value): bool {
  return value.kind == CONSTANT && value.type == INTEGER;
}

/** Whether a value is a double, or an immediate float. */
export function isFloat(value: Value): bool {
  return value.kind == FLOAT || value.type == SMALL_FLOAT;
}

/** The class index that a value is known to have; 0 where none is. */
export function knownClass(value: Value): u32 {
  if (value.kind == CONSTANT) {
    const tag = (<u32>value.oop) & TAG_MASK;
    return tag != 0 ? tag : classIndexOf(<Address>value.oop);
  }
  if (value.kind == FLOAT || value.type == SMALL_FLOAT) return value.type == SMALL_FLOAT ? TAG_SMALL_FLOAT : 0;
  if (value.type == INTEGER) return TAG_SMALL_INTEGER;
  return value.type == INSTANCE ? value.classIndex : 0;
}

/** Whether a value can be no forwarder. */
export function isNoForwarder(value: Value): bool {
  return value.kind != IN_LOCAL || value.type != ANY;
}
