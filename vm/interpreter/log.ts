// Lines for the log, put together from literals, names and numbers in a fixed buffer.

import { hostLog } from "../host";
import { bodyOf, byteSizeOf } from "../memory/object";
import { Address, Oop } from "../memory/oop";

export const LOG_ERROR: u32 = 1;
export const LOG_WARNING: u32 = 2;
export const LOG_INFORMATION: u32 = 3;
export const LOG_DEBUG: u32 = 4;
export const LOG_TRACE: u32 = 5;

const LINE_BYTES: u32 = 4096;
const line: Address = memory.data(4096, 1);
let used: u32 = 0;

export function logText(text: string): void {
  const source = <Address>changetype<usize>(text);
  for (let i: u32 = 0; i < <u32>text.length && used < LINE_BYTES; i++)
    store<u8>(line + used++, load<u8>(source + (i << 1)));
}

/** The bytes of a String or Symbol. */
export function logBytes(object: Oop): void {
  const bytes = min(byteSizeOf(object), LINE_BYTES - used);
  memory.copy(line + used, bodyOf(object), bytes);
  used += bytes;
}

export function logNumber(value: i64): void {
  if (value < 0) {
    logText("-");
    value = -value;
  }
  if (value > 9) logNumber(value / 10);
  if (used < LINE_BYTES) store<u8>(line + used++, <u8>(48 + (value % 10)));
}

export function logEnd(level: u32): void {
  hostLog(level, line, used);
  used = 0;
}
