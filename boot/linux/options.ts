// The program's own options: those of `stvm run` that make sense without it, with one dash or two, before the first word
// that is none (tools/runOptions.ts has them for Node). All other words are the image's, as everything behind "--".

import { load8 } from "../cpu";
import { NATIVE_JIT_THRESHOLD } from "../../vm/tuning";
import { chooseCompiler } from "../common/code";
import { beginsWith, wordAt, wordCount } from "./commandLine";

export const REQUEST_RUN: i32 = 0;
export const REQUEST_HELP: i32 = 1;
export const REQUEST_VERSION: i32 = 2;
/** The word is no value for the option before it, or the option cannot be given here: `badWord` and `badOption`. */
export const REQUEST_WRONG: i32 = 3;
/** The word is one of `stvm run` only. */
export const REQUEST_ELSEWHERE: i32 = 4;

/** Index of the first word that belongs to the image. */
export let firstImageWord: u32 = 1;
export let isHeadlessGiven: bool = false;
/** What to report: 0 nothing to 5 everything. */
export let logLevel: u32 = 1;
/** Whether to say how long the start took. */
export let wantsTiming: bool = false;
/** Bytes of old space at most; 0 for as many as there are. */
export let maxOldSpaceBytes: u32 = 0;
/** Address of the folder to start in; 0 for none. */
export let workingDirectoryWord: i64 = 0;
/** Address of the name of a module to compile; 0 for none. */
export let compileWord: i64 = 0;
/** After how many calls methods are compiled. */
export let compileThreshold: i32 = NATIVE_JIT_THRESHOLD;
/** Whether to say at the end what was compiled. */
export let wantsCompilerReport: bool = false;
/** Index of the word that was wrong. */
export let wrongWord: u32 = 0;

/** Reads the command line; answers a REQUEST_… . */
export function readOptions(): i32 {
  let index: u32 = 1;
  while (index < wordCount) {
    const word = wordAt(index);
    if (load8(word) != 0x2d) break;
    const name = word + (load8(word + 1) == 0x2d ? 2 : 1);
    if (load8(name) == 0) {
      // "--" ends the options; a lone dash is a word of the image's.
      if (name == word + 2) index++;
      break;
    }
    if (is(name, "help") || is(name, "h")) return REQUEST_HELP;
    if (is(name, "version")) return REQUEST_VERSION;
    wrongWord = index;
    if (isOnlyInRun(name)) return REQUEST_ELSEWHERE;
    if (applyFlag(name)) {
      index++;
      continue;
    }
    const length = valuedName(name);
    if (length == 0) break;
    // The value is behind "=", or the next word.
    let value = name + length + 1;
    if (load8(name + length) == 0) {
      if (++index == wordCount) return REQUEST_WRONG;
      value = wordAt(index);
    }
    if (!applyValue(name, value)) return REQUEST_WRONG;
    index++;
  }
  firstImageWord = index;
  return REQUEST_RUN;
}

/** Whether a name is that word, alone. */
function is(name: i64, literal: string): bool {
  return beginsWith(name, literal) && load8(name + literal.length) == 0;
}

/** Options without a value. */
function applyFlag(name: i64): bool {
  if (is(name, "timing")) wantsTiming = true;
  else if (is(name, "jit-stats")) wantsCompilerReport = true;
  else if (is(name, "log")) logLevel = max<u32>(logLevel, 3);
  else if (is(name, "headless") || is(name, "interactive") || is(name, "vm-display-null")) isHeadlessGiven = true;
  else return isAcceptedOnly(name);
  return true;
}

/** Options of other virtual machines that say what is so anyway. */
function isAcceptedOnly(name: i64): bool {
  return (
    is(name, "vm-sound-null") ||
    is(name, "nodisplay") ||
    is(name, "nosound") ||
    is(name, "nohandlers") ||
    is(name, "blockonerror") ||
    is(name, "worker") ||
    is(name, "avoidsearchingsegmentswithpinnedobjects")
  );
}

function isOnlyInRun(name: i64): bool {
  return (
    beginsWith(name, "edensize") ||
    beginsWith(name, "screenshot") ||
    beginsWith(name, "trace=") ||
    is(name, "debug-module")
  );
}

/** Length of the name of an option with a value; 0 where it is none. */
function valuedName(name: i64): u32 {
  if (isValued(name, "loglevel")) return 8;
  if (isValued(name, "maxoldspacesize")) return 15;
  if (isValued(name, "memory")) return 6;
  if (isValued(name, "workingdirectory")) return 16;
  if (isValued(name, "codesize")) return 8;
  if (isValued(name, "compile")) return 7;
  if (isValued(name, "jit-threshold")) return 13;
  if (isValued(name, "jit")) return 3;
  return isValued(name, "vm") ? 2 : 0;
}

function isValued(name: i64, literal: string): bool {
  const end = name + literal.length;
  return beginsWith(name, literal) && (load8(end) == 0 || load8(end) == 0x3d);
}

/** Answers false where the value does not fit. */
function applyValue(name: i64, value: i64): bool {
  if (isValued(name, "loglevel")) return applyLogLevel(value);
  if (isValued(name, "maxoldspacesize") || isValued(name, "memory")) return applyMemory(value);
  if (isValued(name, "jit-threshold")) return applyThreshold(value);
  if (isValued(name, "jit")) return applyCompiler(value);
  if (isValued(name, "workingdirectory")) workingDirectoryWord = value;
  if (isValued(name, "compile")) compileWord = value;
  return true;
}

function applyLogLevel(value: i64): bool {
  if (load8(value) >= 0x30 && load8(value) <= 0x35 && load8(value + 1) == 0) logLevel = load8(value) - 0x30;
  else if (is(value, "none")) logLevel = 0;
  else if (is(value, "error")) logLevel = 1;
  else if (is(value, "warn") || is(value, "warning")) logLevel = 2;
  else if (is(value, "info") || is(value, "information")) logLevel = 3;
  else if (is(value, "debug")) logLevel = 4;
  else if (is(value, "trace")) logLevel = 5;
  else return false;
  return true;
}

/** Whether --jit=on was given, or --jit=off. */
let optimises: bool = false;
let isOff: bool = false;

function applyCompiler(value: i64): bool {
  optimises = is(value, "on");
  isOff = is(value, "off");
  chooseCompiler(!isOff, optimises);
  return is(value, "on") || is(value, "baseline") || is(value, "off");
}

/** A number of calls, from one. It asks for the compiler too, unless --jit=off was given. */
function applyThreshold(value: i64): bool {
  let calls: i64 = 0;
  let at = value;
  for (; load8(at) >= 0x30 && load8(at) <= 0x39 && calls < 1 << 30; at++) calls = calls * 10 + (load8(at) - 0x30);
  if (at == value || load8(at) != 0 || calls == 0 || calls >= 1 << 30) return false;
  compileThreshold = <i32>calls;
  chooseCompiler(!isOff, optimises);
  return true;
}

/** A number of bytes, with k, m or g behind it. */
function applyMemory(value: i64): bool {
  let bytes: u64 = 0;
  let at = value;
  for (; load8(at) >= 0x30 && load8(at) <= 0x39; at++) {
    bytes = bytes * 10 + (load8(at) - 0x30);
    if (bytes >= 1 << 32) return false;
  }
  if (at == value) return false;
  const unit = load8(at) | 0x20;
  const shift: u64 = unit == 0x6b ? 10 : unit == 0x6d ? 20 : unit == 0x67 ? 30 : 0;
  if (shift != 0) at++;
  if ((load8(at) | 0x20) == 0x62) at++;
  bytes <<= shift;
  if (load8(at) != 0 || bytes >= 1 << 32) return false;
  maxOldSpaceBytes = <u32>bytes;
  return true;
}
