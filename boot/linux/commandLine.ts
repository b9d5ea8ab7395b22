// What the process was started with: the words behind the program's name and the environment. They lie in the initial
// stack (System V ABI for x86-64, section 3.4.1), outside linear memory.

import { load64, load8 } from "../cpu";
import { Address } from "./systemCalls";

/** Where the stack that the program itself has filled ends. */
export let stackEnd: i64 = 0;
let wordsStart: i64 = 0;
/** Words of the command line, the program's name first. */
export let wordCount: u32 = 0;
let environmentStart: i64 = 0;

/** `stack` is what the stack pointer was at the program's entry: count, words, zero, environment, zero. */
export function setInitialStack(stack: i64): void {
  stackEnd = stack;
  wordCount = <u32>load64(stack);
  wordsStart = stack + 8;
  environmentStart = wordsStart + (<i64>wordCount + 1) * 8;
}

/** Address of a word's first byte; a zero ends it. */
export function wordAt(index: u32): i64 {
  return load64(wordsStart + <i64>index * 8);
}

/** Copies as much of a word as there is room for; answers its whole length, or -1 where there is none. */
export function giveWord(index: u32, address: Address, room: u32): i32 {
  return index < wordCount ? giveOutside(wordAt(index), address, room) : -1;
}

/** A variable of the environment by its name in memory, as vm/host.ts has it. */
export function environment(name: Address, nameBytes: u32, address: Address, room: u32): i32 {
  for (let at = environmentStart; load64(at) != 0; at += 8) {
    const variable = load64(at);
    let i: u32 = 0;
    while (i < nameBytes && load8(variable + i) == load<u8>(name + i)) i++;
    if (i == nameBytes && load8(variable + i) == 0x3d) return giveOutside(variable + i + 1, address, room);
  }
  return -1;
}

/** The same by a literal of ASCII. */
export function commandEnvironment(name: string, address: Address, room: u32): i32 {
  const source = <Address>changetype<usize>(name);
  const count = <u32>name.length;
  for (let i: u32 = 0; i < count; i++) store<u8>(literal + i, load<u8>(source + (i << 1)));
  return environment(literal, count, address, room);
}

const literal: Address = memory.data(64, 8);

/** Whether the bytes of a word from `at` on begin with a literal, in lower case, whatever case the word has. */
export function beginsWith(at: i64, literal: string): bool {
  const source = <Address>changetype<usize>(literal);
  const count = <u32>literal.length;
  for (let i: u32 = 0; i < count; i++) {
    let byte = load8(at + i);
    if (byte >= 0x41 && byte <= 0x5a) byte += 0x20;
    if (byte != <i32>load<u16>(source + (i << 1))) return false;
  }
  return true;
}

/** As `giveWord`, of text anywhere in the process's memory. */
export function giveOutside(text: i64, address: Address, room: u32): i32 {
  let length: u32 = 0;
  for (let byte = load8(text); byte != 0; byte = load8(text + ++length)) {
    if (length < room) store<u8>(address + length, byte);
  }
  return <i32>length;
}
