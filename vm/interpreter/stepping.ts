// What a debugger asks of the interpreter: run for so many bytecodes, stop where a method starts or where a frame goes
// on. Only the stepping loop calls it, a copy of interpreter/loop.ts that tools/generate.mjs makes; the ordinary loop
// pays nothing. Comparisons with the jump behind them count as one bytecode.

import { FRAME_BREAK_REPORTED } from "../layout";
import { frameFlags, isFreePage, pageOf, setFrameFlags } from "../memory/frames";
import { Address, Oop } from "../memory/oop";
import { newRootWord, rootWord, setRootWord } from "../memory/roots";
import { firstBytecode, headerHasPrimitive, CALL_PRIMITIVE_BYTES, methodHeader } from "./methods";
import { OUTCOME_BREAK, stop } from "./stop";
import { isTracing, traceFrame } from "./tracing";

// Why a stepping run stopped: the detail of OUTCOME_BREAK.
export const BREAK_STEPS: i64 = 0;
export const BREAK_METHOD: i64 = 1;
export const BREAK_FRAME: i64 = 2;

/** One root word for each breakpoint, so that it follows its method; they lie side by side. */
const MAX_BREAKPOINTS: u32 = 32;
const firstWord: Address = reserveWords();
let breakpointCount: u32 = 0;

let stepsLeft: u32 = 0;
let stopFrame: Address = 0;
let lastFrame: Address = 0;

/** Stops the stepping loop where `method` starts (after its primitive failed, if it has one). 0, or 1 without room. */
export function setBreakpoint(method: u32): i32 {
  if (wordOf(method) != 0) return 0;
  const word = wordOf(0);
  if (word == 0) return 1;
  setRootWord(word, method);
  breakpointCount++;
  return 0;
}

export function clearBreakpoint(method: u32): void {
  const word = wordOf(method);
  if (word == 0) return;
  setRootWord(word, 0);
  breakpointCount--;
}

/**
 * Before a run of the stepping loop: it stops after `steps` bytecodes (0 for no limit), or where control is back in
 * `frame` or in one below it that the frame returned to (0 for no frame). `current` is the active frame.
 */
export function beginStepping(steps: u32, frame: Address, current: Address): void {
  stepsLeft = steps == 0 ? u32.MAX_VALUE : steps;
  stopFrame = frame;
  lastFrame = current;
}

/** Before each bytecode: whether to stop instead; the outcome is set then. */
export function stopsBefore(ip: Address, fp: Address, method: Address): bool {
  if (stepsLeft == 0) return stopWith(BREAK_STEPS);
  if (fp != lastFrame) {
    lastFrame = fp;
    if (isTracing) traceFrame(fp, method, isStart(ip, method));
    if (isBack(fp)) return stopWith(BREAK_FRAME);
    if (breakpointCount != 0 && wordOf(method) != 0 && isStart(ip, method)) {
      // Another process may have come before the frame could go on.
      if ((frameFlags(fp) & FRAME_BREAK_REPORTED) == 0) {
        setFrameFlags(fp, frameFlags(fp) | FRAME_BREAK_REPORTED);
        return stopWith(BREAK_METHOD);
      }
    }
  }
  if (stepsLeft != u32.MAX_VALUE) stepsLeft--;
  return false;
}

function stopWith(reason: i64): bool {
  stop(OUTCOME_BREAK, reason);
  return true;
}

/** Whether the frame waited for, or one that it returned to, is active again. */
function isBack(fp: Address): bool {
  if (stopFrame == 0) return false;
  const page = pageOf(stopFrame);
  return isFreePage(page) || (pageOf(fp) == page && fp >= stopFrame);
}

function isStart(ip: Address, method: Address): bool {
  const header = methodHeader(method);
  const start = firstBytecode(method, header);
  return ip == (headerHasPrimitive(header) ? start + CALL_PRIMITIVE_BYTES : start);
}

/** The root word that holds a method, or (for 0) a free one; 0 where there is none. */
function wordOf(method: Oop): Address {
  for (let i: u32 = 0; i < MAX_BREAKPOINTS; i++) {
    const word = firstWord + (i << 3);
    if (rootWord(word) == method) return word;
  }
  return 0;
}

function reserveWords(): Address {
  const first = newRootWord();
  for (let i: u32 = 1; i < MAX_BREAKPOINTS; i++) newRootWord();
  return first;
}
