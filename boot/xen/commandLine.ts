// The kernel's command line: words that begin with `stvm.` are the virtual machine's, the rest is the image's argument
// list. Words are separated by spaces; quotes of either kind hold one together, and a backslash takes the next character
// as it is (not within single quotes).

import { Address } from "../../vm/memory/oop";
import { NATIVE_JIT_THRESHOLD } from "../../vm/tuning";
import { chooseCompiler } from "../common/code";
import { isName } from "./store/storeErrors";

const MOST_BYTES: u32 = 4095;
const MOST_WORDS: u32 = 256;
/** No time zone is further from UTC. */
const MOST_ZONE_SECONDS: u64 = 86400;
/** The words' characters, one after another, a zero behind each. */
const characters = <Address>memory.data(4352);
/** Offsets of the image's words, and of one past the last. */
const offsets = <Address>memory.data(257 * 4, 4);
let used: u32 = 0;
let imageWords: u32 = 0;

/** What `stvm.` words ask for. */
export let heapBytes: u64 = 0;
/** Memory for files: so much and no more, where `limitsFiles`. */
export let filesBytes: u64 = 0;
export let limitsFiles: bool = false;
export let showsTiming: bool = false;
export let logLevel: u32 = 1;
export let isRaw: bool = false;
export let echoes: bool = true;
export let saysExit: bool = false;
export let timezoneSeconds: i32 = 0;
export let compileThreshold: i32 = NATIVE_JIT_THRESHOLD;
export let wantsCompilerReport: bool = false;

export const LINE_GOOD: i32 = 0;
export const LINE_TOO_LONG: i32 = 1;
export const LINE_UNKNOWN_WORD: i32 = 2;
/** The word that is not understood. */
export let badWord: Address = 0;
export let badWordBytes: u32 = 0;

/** How many words the image has, of which `argumentAt` tells each. */
export function argumentCount(): u32 {
  return imageWords;
}

export function argumentAt(index: u32): Address {
  return characters + load<u32>(offsets + (index << 2));
}

export function argumentBytes(index: u32): u32 {
  let bytes: u32 = 0;
  for (let at = argumentAt(index); load<u8>(at + bytes) != 0;) bytes++;
  return bytes;
}

/** Reads a command line (UTF-8, `bytes` of it). LINE_GOOD, or what is wrong. */
export function readCommandLine(line: Address, bytes: u32): i32 {
  used = 0;
  imageWords = 0;
  if (bytes > MOST_BYTES) return LINE_TOO_LONG;
  let at: u32 = 0;
  while (true) {
    while (at < bytes && load<u8>(line + at) <= 32) at++;
    if (at == bytes) return LINE_GOOD;
    const start = used;
    // Written with a quote or a backslash before it, such a word is the image's.
    const isOurs = startsWith(line + at, bytes - at, "stvm.");
    at = readWord(line, at, bytes);
    const word = characters + start;
    const wordBytes = used - start;
    store<u8>(characters + used++, 0);
    if (isOurs) {
      if (!applyWord(word + 5, wordBytes - 5)) {
        badWord = word;
        badWordBytes = wordBytes;
        return LINE_UNKNOWN_WORD;
      }
      used = start;
      continue;
    }
    if (imageWords == MOST_WORDS) return LINE_TOO_LONG;
    store<u32>(offsets + (imageWords++ << 2), start);
  }
}

/** Copies a word without its quotes; answers where it ends. */
function readWord(line: Address, start: u32, bytes: u32): u32 {
  let quote: u32 = 0;
  let at = start;
  for (; at < bytes; at++) {
    let byte = load<u8>(line + at);
    if (quote == 0 && byte <= 32) break;
    if (byte == quote) {
      quote = 0;
      continue;
    }
    if (quote == 0 && (byte == 34 || byte == 39)) {
      quote = byte;
      continue;
    }
    if (byte == 92 && quote != 39 && at + 1 < bytes) byte = load<u8>(line + ++at);
    store<u8>(characters + used++, byte);
  }
  return at;
}

/** Does what a word asks for, without its prefix; false where it is unknown. */
function applyWord(word: Address, bytes: u32): bool {
  if (isName(word, bytes, "timing")) showsTiming = true;
  else if (isName(word, bytes, "raw")) isRaw = true;
  else if (isName(word, bytes, "exit")) saysExit = true;
  else if (isName(word, bytes, "echo=off")) echoes = false;
  else if (isName(word, bytes, "jit=off")) chooseCompiler(false, false);
  else if (isName(word, bytes, "jit=baseline")) chooseCompiler(true, false);
  else if (isName(word, bytes, "jit=on")) {
    optimises = true;
    chooseCompiler(true, true);
  } else if (isName(word, bytes, "jit-stats")) wantsCompilerReport = true;
  else if (startsWith(word, bytes, "jit-threshold=")) applyThreshold(word + 14, bytes - 14);
  else if (startsWith(word, bytes, "heap=")) heapBytes = sizeAt(word + 5, bytes - 5);
  else if (startsWith(word, bytes, "files=")) {
    filesBytes = sizeAt(word + 6, bytes - 6);
    limitsFiles = true;
  } else if (startsWith(word, bytes, "log=")) logLevel = <u32>min<u64>(decimalAt(word + 4, bytes - 4), 5);
  else if (startsWith(word, bytes, "timezone=-")) timezoneSeconds = -zoneAt(word + 10, bytes - 10);
  else if (startsWith(word, bytes, "timezone=")) timezoneSeconds = zoneAt(word + 9, bytes - 9);
  else return false;
  return isGoodNumber;
}

/** Whether stvm.jit=on was given. */
let optimises: bool = false;

/** A number of calls, from one. It asks for the compiler too. */
function applyThreshold(word: Address, bytes: u32): void {
  const calls = decimalAt(word, bytes);
  if (calls == 0 || calls >= 1 << 30) isGoodNumber = false;
  compileThreshold = <i32>calls;
  chooseCompiler(true, optimises);
}

function startsWith(word: Address, bytes: u32, text: string): bool {
  return bytes >= <u32>text.length && isPrefix(word, text);
}

function isPrefix(word: Address, text: string): bool {
  for (let i = 0; i < text.length; i++) {
    if (load<u8>(word + i) != load<u16>(changetype<usize>(text) + ((<usize>i) << 1))) return false;
  }
  return true;
}

/** Whether the last number read was one; true where none was. */
let isGoodNumber: bool = true;

function decimalAt(word: Address, bytes: u32): u64 {
  let value: u64 = 0;
  if (bytes == 0 || bytes > 18) isGoodNumber = false;
  for (let i: u32 = 0; i < bytes; i++) {
    const digit = <u32>load<u8>(word + i) - 48;
    if (digit > 9) isGoodNumber = false;
    value = value * 10 + digit;
  }
  return value;
}

/** A number of seconds from UTC, up to a day. */
function zoneAt(word: Address, bytes: u32): i32 {
  const seconds = decimalAt(word, bytes);
  if (seconds > MOST_ZONE_SECONDS) isGoodNumber = false;
  return <i32>seconds;
}

/** A number of bytes, with k, m or g behind. */
function sizeAt(word: Address, bytes: u32): u64 {
  const suffix = bytes > 0 ? load<u8>(word + bytes - 1) | 32 : 0;
  const shift: u64 = suffix == 107 ? 10 : suffix == 109 ? 20 : suffix == 103 ? 30 : 0;
  const count = decimalAt(word, shift == 0 ? bytes : bytes - 1);
  if (count > u64.MAX_VALUE >> shift) isGoodNumber = false;
  return count << shift;
}
