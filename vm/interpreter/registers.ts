// The interpreter's registers outside the loop. The loop keeps its own copies in locals: it writes them here before
// calling anything that reads them and takes them back after anything that may change them.

import { Address, Oop } from "../memory/oop";

/** The next bytecode's address. */
export let ip: Address = 0;
/** The lowest used word of the stack. */
export let sp: Address = 0;
/** The active frame. */
export let fp: Address = 0;

// @ts-ignore: decorator
@inline
export function setRegisters(newIp: Address, newSp: Address, newFp: Address): void {
  ip = newIp;
  sp = newSp;
  fp = newFp;
}

export function setIp(address: Address): void {
  ip = address;
}

export function setSp(address: Address): void {
  sp = address;
}

// @ts-ignore: decorator
@inline
export function push(oop: Oop): void {
  sp -= 8;
  store<u64>(sp, oop);
}

// @ts-ignore: decorator
@inline
export function pop(): Oop {
  const oop = load<u64>(sp);
  sp += 8;
  return oop;
}

/** The operand `depth` words below the top. */
// @ts-ignore: decorator
@inline
export function stackValue(depth: u32): Oop {
  return load<u64>(sp + (depth << 3));
}

// @ts-ignore: decorator
@inline
export function setStackValue(depth: u32, oop: Oop): void {
  store<u64>(sp + (depth << 3), oop);
}

/** Drops `count` operands and puts an answer in place of the next. */
// @ts-ignore: decorator
@inline
export function popThenAnswer(count: u32, oop: Oop): void {
  sp += count << 3;
  store<u64>(sp, oop);
}
