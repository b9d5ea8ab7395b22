// Which methods and blocks may be compiled, and which optimised, for tools that look for one whose code is wrong: each has
// a number that is the same in every run, made from its bytecodes and the names among its literals, and only a range of
// them is compiled.

import { formatOf, slotCountOf } from "../memory/header";
import { byteSizeOf, literalCountOf, literalOf } from "../memory/object";
import { Address, isObject, Oop } from "../memory/oop";
import { FORMAT_BYTES, FORMAT_COMPILED_METHOD, HEADER_BYTES } from "../layout";
import { LOG_TRACE, logEnd, logNumber, logText } from "./log";

// Of each tier a count u32, then ranges: first u32 | last u32.
const MAX_RANGES: u32 = 32;
const TIER_BYTES: u32 = 4 + (MAX_RANGES << 3);
const tiers: Address = <Address>memory.data(520, 4);
if (2 * TIER_BYTES != 520) ERROR("codeSelection: the ranges of both tiers need other room");

/** From now on only what has a number in this range, or in one given before, is compiled; what is compiled is logged. */
export function selectCode(first: u32, last: u32): void {
  select(0, first, last);
}

/** The same of what is optimised. */
export function selectOptimised(first: u32, last: u32): void {
  select(1, first, last);
}

function select(tier: u32, first: u32, last: u32): void {
  const ranges = tiers + tier * TIER_BYTES;
  const count = load<u32>(ranges);
  if (count == MAX_RANGES) return;
  store<u32>(ranges, count + 1);
  const range = ranges + 4 + (count << 3);
  store<u32>(range, first);
  store<u32>(range, last, 4);
}

/** Whether a method, or the block in it that begins at `start`, may be compiled by a tier: 0 baseline, 1 the second. */
export function isSelected(tier: u32, method: Oop, start: Address): bool {
  const ranges = tiers + tier * TIER_BYTES;
  if (load<u32>(ranges) == 0) return true;
  const number = numberOf(method, start);
  if (!isInRange(ranges, number)) return false;
  logText(tier == 0 ? "compiles " : "optimises ");
  logNumber(number);
  logText(" method ");
  logNumber(<Address>method);
  logText(" from ");
  logNumber(start - <Address>method);
  logEnd(LOG_TRACE);
  return true;
}

function isInRange(ranges: Address, number: u32): bool {
  const end = ranges + 4 + (load<u32>(ranges) << 3);
  for (let range = ranges + 4; range < end; range += 8) {
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
