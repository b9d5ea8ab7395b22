// The kernel's own lines: put together from literals, bytes and numbers, written to the console and to port E9h.

import { Address } from "../../vm/memory/oop";
import { writeDebug, writeLastWords } from "./output";

const LINE_BYTES: u32 = 1024;
const line = <Address>memory.data(1024);
let used: u32 = 0;

export function text(literal: string): void {
  for (let i = 0; i < literal.length; i++) byte(load<u16>(changetype<usize>(literal) + ((<usize>i) << 1)));
}

export function byte(value: u32): void {
  // The last byte is kept for the line's end.
  if (used < LINE_BYTES - 1) store<u8>(line + used++, <u8>value);
}

export function bytes(source: Address, count: u32): void {
  for (let i: u32 = 0; i < count; i++) byte(load<u8>(source + i));
}

/** A message for people: literals of asc are UTF-16, where every second byte of ours is zero. */
export function message(source: Address, count: u32): void {
  const isWide = count >= 2 && (count & 1) == 0 && load<u8>(source + 1) == 0;
  for (let i: u32 = 0; i < count; i += isWide ? 2 : 1) byte(load<u8>(source + i));
}

export function number(value: i64): void {
  if (value < 0) byte(45);
  unsigned(value < 0 ? 0 - value : value);
}

function unsigned(value: u64): void {
  if (value > 9) unsigned(value / 10);
  byte(48 + <u32>(value % 10));
}

/** As many hexadecimal digits as asked for. */
export function hexadecimal(value: u64, digits: u32): void {
  for (let i = <i32>digits - 1; i >= 0; i--) {
    const digit = (<u32>(value >> ((<u64>i) << 2))) & 15;
    byte(digit < 10 ? 48 + digit : 87 + digit);
  }
}

/** Ends the line: to the console, and to port E9h where `everywhere`. */
export function endLine(everywhere: bool): void {
  store<u8>(line + used++, 10);
  const count = used;
  used = 0;
  if (everywhere) writeDebug(line, count);
  writeLastWords(line, count);
}

/** Ends the line, to port E9h only. */
export function endDebugLine(): void {
  store<u8>(line + used++, 10);
  writeDebug(line, used);
  used = 0;
}
