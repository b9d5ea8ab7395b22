// Open labels of the structured code, innermost last.

import { Address } from "../memory/oop";
import { giveUp } from "./shape";
import * as wasm from "./encoder";

/** Open labels, innermost last: the unit that a branch leads to, or NO_UNIT; with LOOP_LABEL where it is its head. */
export const NO_UNIT: u32 = 0xffff;
export const LOOP_LABEL: u32 = 0x10000;
export const labels: Address = <Address>memory.data(16384, 4);
const MAX_LABELS: u32 = 4096;
let labelCount: u32 = 0;

export function resetLabels(): void {
  labelCount = 0;
}

export function pushLabel(label: u32): void {
  if (labelCount == MAX_LABELS) {
    giveUp();
    return;
  }
  store<u32>(labels + (labelCount++ << 2), label);
}

export function closeLabel(): void {
  wasm.op(wasm.END);
  if (labelCount > 0) labelCount--;
}

/** How far out a label is. */
export function labelDepth(label: u32): u32 {
  for (let i: u32 = 0; i < labelCount; i++) {
    if (load<u32>(labels + ((labelCount - 1 - i) << 2)) == label) return i;
  }
  giveUp();
  return 0;
}
