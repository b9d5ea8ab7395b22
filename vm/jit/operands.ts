// The operand stack while code is written: where each value is (a constant, a temporary, the receiver, a local of its
// own), and whether the frame has it too.

import { TAG_MASK, TAG_SMALL_INTEGER } from "../layout";
import { Address } from "../memory/oop";
import { CALL_FLOAT } from "./moduleHead";
import { FIRST_TEMP, LOW, RECEIVER, firstFloat, firstSlot, giveUp, slotOffset } from "./shape";
import * as wasm from "./encoder";
import * as units from "./units";

/** The operand stack while code is written: where each value is. */
export const VALUE_SLOT: u32 = 0;
export const VALUE_CONSTANT: u32 = 1;
export const VALUE_TEMP: u32 = 2;
export const VALUE_RECEIVER: u32 = 3;
/** In its local as an oop, or, where that is 0, in its floating-point local: made an oop where one is wanted. */
export const VALUE_FLOAT: u32 = 4;

// For each depth: kind u8 | stored u8 | unused | operand u64.
export const values: Address = <Address>memory.data(1024, 8);
export let depth: u32 = 0;

export function setDepth(newDepth: u32): void {
  depth = newDepth;
}

/** The top is in memory too. */
export function markTopStored(): void {
  store<u8>(values + ((depth - 1) << 4), 1, 1);
}

/** Puts every operand into its own local, where whoever joins expects it. */
export function beginMerge(): void {
  for (let position: u32 = 0; position < depth; position++) toSlot(position);
}

/** The operand stack behind a join: all in their locals, none in memory. */
export function setCanonical(newDepth: u32): void {
  depth = newDepth;
  for (let position: u32 = 0; position < depth; position++) setValue(position, VALUE_SLOT, 0);
}

function setValue(position: u32, valueKind: u32, operand: u64): void {
  const at = values + (position << 4);
  store<u8>(at, valueKind);
  store<u8>(at, 0, 1);
  store<u64>(at, operand, 8);
}

export function kindOf(position: u32): u32 {
  return load<u8>(values + (position << 4));
}

export function operandOf(position: u32): u64 {
  return load<u64>(values + (position << 4), 8);
}

export function pushValue(valueKind: u32, operand: u64): void {
  if (depth > units.maxDepth) {
    giveUp();
    return;
  }
  setValue(depth++, valueKind, operand);
}

/** Takes the value on WebAssembly's stack as the new top. */
export function pushSlot(): void {
  wasm.set(firstSlot + depth);
  pushValue(VALUE_SLOT, 0);
}

/** The top, in its local, may be in its floating-point local instead. */
export function markTopFloat(): void {
  store<u8>(values + ((depth - 1) << 4), VALUE_FLOAT);
}

/** Puts an operand on WebAssembly's stack, 0 where it is in its floating-point local. */
export function getUnboxed(position: u32): void {
  if (kindOf(position) == VALUE_FLOAT) wasm.get(firstSlot + position);
  else getValue(position);
}

/** Puts an operand on WebAssembly's stack. */
export function getValue(position: u32): void {
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
    case VALUE_FLOAT:
      emitBoxing(position);
      wasm.get(firstSlot + position);
      break;
    default:
      wasm.get(firstSlot + position);
  }
}

/** Makes an oop of what may be in a floating-point local. */
function emitBoxing(position: u32): void {
  wasm.get(firstSlot + position);
  wasm.op(wasm.I64_EQZ);
  wasm.op(wasm.IF);
  wasm.op(wasm.VOID);
  wasm.get(firstFloat + position);
  wasm.call(CALL_FLOAT);
  wasm.set(firstSlot + position);
  wasm.op(wasm.END);
}

export function toSlot(position: u32): void {
  if (kindOf(position) == VALUE_SLOT) return;
  if (kindOf(position) == VALUE_FLOAT) emitBoxing(position);
  else {
    getValue(position);
    wasm.set(firstSlot + position);
  }
  store<u8>(values + (position << 4), VALUE_SLOT);
}

/** Writes the operands that are not in memory yet; `isFinal` where the code that follows can rely on it. */
export function flush(isFinal: bool): void {
  for (let position: u32 = 0; position < depth; position++) {
    const at = values + (position << 4);
    if (load<u8>(at, 1) != 0) continue;
    wasm.get(LOW);
    getValue(position);
    wasm.store64(slotOffset(position));
    if (isFinal) store<u8>(at, 1, 1);
  }
}

export function isConstantInteger(position: u32): bool {
  return kindOf(position) == VALUE_CONSTANT && ((<u32>operandOf(position)) & TAG_MASK) == TAG_SMALL_INTEGER;
}

export function emitDuplicate(): void {
  const top = depth - 1;
  if (kindOf(top) == VALUE_FLOAT) toSlot(top);
  if (kindOf(top) == VALUE_SLOT) {
    wasm.get(firstSlot + top);
    pushSlot();
  } else pushValue(kindOf(top), operandOf(top));
}
