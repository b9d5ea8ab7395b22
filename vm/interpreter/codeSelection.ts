// Which methods and blocks may be compiled, for tools that look for one whose code is wrong: each has a number that is the
// same in every run, made from its bytecodes and the names among its literals, and only a range of them is compiled.

import { formatOf, slotCountOf } from "../memory/header";
import { byteSizeOf, literalCountOf, literalOf } from "../memory/object";
import { Address, isObject, Oop } from "../memory/oop";
import { FORMAT_BYTES, FORMAT_COMPILED_METHOD, HEADER_BYTES } from "../layout";
import { LOG_TRACE, logEnd, logNumber, logText } from "./log";

// Ranges: first u32 | last u32.
const MAX_RANGES: u32 = 32;
const ranges: Address = <Address>memory.data(256, 4);
let rangeCount: u32 = 0;

/** From now on only what has a number in this range, or in one given before, is compiled; what is compiled is logged. */
export function selectCode(first: u32, last: u32): void {
  if (rangeCount == MAX_RANGES) return;
  const range = ranges + (rangeCount++ << 3);
  store<u32>(range, first);
  store<u32>(range, last, 4);
}

/** Whether a method, or the block in it that begins at `start`, may be compiled. */
export function isSelected(method: Oop, start: Address): bool {
  if (rangeCount == 0) return true;
  const number = numberOf(method, start);
  if (!isInRange(number)) return false;
  logText("compiles ");
  logNumber(number);
  logText(" method ");
  logNumber(<Address>method);
  logText(" from ");
  logNumber(start - <Address>method);
  logEnd(LOG_TRACE);
  return true;
}

function isInRange(number: u32): bool {
  for (let range = ranges; range < ranges + (rangeCount << 3); range += 8) {
    if (number >= load<u32>(range) && number <= load<u32>(range, 4)) return true;
  }
  return false;
}

/** FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv. */
const HASH_START: u32 = 0x811c9dc5;
const HASH_PRIME: u32 = 0x01000193;

function numberOf(method: Oop, start: Address): u32 {
  const literals = literalCountOf(method);
  const begin = <Address>method + HEADER_BYTES + ((literals + 1) << 3);
  let hash = hashBytes(begin, <Address>method + HEADER_BYTES + byteSizeOf(method), HASH_START ^ (start - begin));
  for (let i: u32 = 0; i < literals; i++) {
    const literal = literalOf(i, method);
    if (!isObject(literal) || slotCountOf(<Address>literal) == 0) continue;
    const format = formatOf(<Address>literal);
    if (format < FORMAT_BYTES || format >= FORMAT_COMPILED_METHOD) continue;
    const body = <Address>literal + HEADER_BYTES;
    hash = hashBytes(body, body + byteSizeOf(literal), hash);
  }
  return hash;
}

function hashBytes(from: Address, to: Address, start: u32): u32 {
  let hash = start;
  for (let at = from; at < to; at++) hash = (hash ^ load<u8>(at)) * HASH_PRIME;
  return hash;
}
