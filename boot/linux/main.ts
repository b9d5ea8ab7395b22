// A Linux program that is an image: the virtual machine's module linked with this one, the image laid out in its memory
// when it was built (boot/link). It starts where the kernel enters the process, runs slices, waits, and exits.

import { memoryBase, setMemoryPages, setStackLimit } from "../cpu";
import { COUNT_SLICES } from "../../vm/layout";
import {
  aheadFunctions,
  hasCompiler,
  installCode as install,
  installedBytes,
  installedFunctions,
  isCompilerAskedFor,
  startCompilers,
  wantsCompiler,
} from "../common/code";
import { put, putByte, putBytes, putFixed, putNumber } from "../common/text";
import { initializeImageName } from "./attributes";
import { monotonicMicroseconds, startClock, utcMicroseconds } from "./clocks";
import { arenaEnd, makeCodeArea } from "./codeArea";
import { giveOutside, setInitialStack } from "./commandLine";
import { compileFile } from "./compiling";
import { imageNameBytes, imageNameStart } from "../common/embedded";
import {
  compileThreshold,
  compileWord,
  logLevel,
  maxOldSpaceBytes,
  readOptions,
  REQUEST_RUN,
  wantsCompilerReport,
  wantsTiming,
  workingDirectoryWord,
} from "./options";
import { path, PATH_BYTES } from "./paths";
import { errorWasShown, panic, setReport, writeLine } from "./output";
import { listenToSignals, nextSignal, SIGINT, SIGUSR1 } from "./signals";
import { Address, changeDirectory, exit, PROT_READ_WRITE, protect, reserveAddresses, stackBytes } from "./systemCalls";
import { answerRequest } from "./usage";
import { hasWatches, wait } from "./waiting";

export { fault } from "./faults";
export { imageNameRecord } from "../common/embedded";
// The platform contract, vm/host.ts.
export { log, panic } from "./output";
export { aheadFunctions, dropInstalledCode, hasCompiler } from "../common/code";
export { entropy, monotonicMicroseconds, timezoneOffsetSeconds, utcMicroseconds } from "./clocks";
export { environment } from "./commandLine";
export { attribute, setImageName } from "./attributes";
export { snapshotBegin, snapshotEnd, snapshotWrite } from "./snapshots";
export {
  fileClose,
  fileDelete,
  fileFlush,
  fileKind,
  fileOpen,
  fileRead,
  fileRename,
  fileSize,
  fileTruncate,
  fileWatch,
  fileWrite,
} from "./files";
export {
  directoryClose,
  directoryCreate,
  directoryDelete,
  directoryNext,
  directoryOpen,
  directoryRewind,
  pathAccess,
  pathChangeMode,
  pathChangeOwner,
  pathReadLink,
  pathStat,
} from "./directories";

/** Installs code, and counts how long that takes where someone will ask. */
export function installCode(address: Address, bytes: u32): i32 {
  if (!wantsCompilerReport) return install(address, bytes);
  const start = monotonicMicroseconds();
  const first = install(address, bytes);
  installingMicroseconds += monotonicMicroseconds() - start;
  return first;
}

let installingMicroseconds: i64 = 0;

/** There is no screen. */
export function displayChanged(left: i32, top: i32, right: i32, bottom: i32): void {}

// @ts-ignore: decorator
@external("env", "run")
declare function run(polls: i32): i32;
// @ts-ignore: decorator
@external("env", "outcomeDetail")
declare function outcomeDetail(): i64;
// @ts-ignore: decorator
@external("env", "setMaxOldSpaceBytes")
declare function setMaxOldSpaceBytes(bytes: u32): void;
// @ts-ignore: decorator
@external("env", "usedOldSpaceBytes")
declare function usedOldSpaceBytes(): u32;
// @ts-ignore: decorator
@external("env", "logProcesses")
declare function logProcesses(): void;

// @ts-ignore: decorator
@external("env", "codeCounts")
declare function codeCounts(): Address;

/** Polls of one `run`: some milliseconds. */
const SLICE_POLLS: i32 = 100_000;
// vm/interpreter/stop.ts.
const OUTCOME_SLICE: i32 = 0;
const OUTCOME_IDLE: i32 = 1;
const OUTCOME_QUIT: i32 = 2;
const OUTCOME_WAITING: i32 = 4;

const PAGE_BYTES: i64 = 65536;
/** From linear memory's first byte on, all that it does not have is reserved (boot/native/abi.ts). */
const RANGE_BYTES: i64 = (8 << 30) + 65536;
/** What the deepest function below the limit may need, and the kernel. */
const STACK_RESERVE_BYTES: u64 = 65536;
const MAX_STACK_BYTES: u64 = 64 << 20;
const LEAST_STACK_BYTES: u64 = 65536;

/** Ctrl-C again within this time ends the program. */
const SECOND_INTERRUPT_MICROSECONDS: i64 = 5_000_000;
let lastInterrupt: i64 = -SECOND_INTERRUPT_MICROSECONDS;

const scratch: Address = memory.data(256, 8);

/** The start: `stack` is the stack pointer at the process's entry. Never returns. */
export function start(stack: i64): void {
  startClock();
  setInitialStack(stack);
  limitStack(stack);
  const request = readOptions();
  if (request != REQUEST_RUN) exit(answerRequest(request));
  reserveMemoryRange();
  listenToSignals();
  if (workingDirectoryWord != 0) enterWorkingDirectory();
  if (compileWord != 0) exit(hasCompiler ? compileFile(compileWord) : refuseCompiler());
  initializeImageName();
  limitMemory();
  if (wantsCompiler()) {
    if (hasCompiler) startCompiler();
    else if (isCompilerAskedFor()) exit(refuseCompiler());
  }
  if (wantsTiming) {
    put("stvm: ");
    putFixed(monotonicMicroseconds(), 3);
    put(" ms from entry to the first bytecode");
    writeLine();
  }
  runToEnd();
}

/** Until then functions do not look at the limit. */
function limitStack(stack: i64): void {
  const bytes = min(stackBytes(scratch), MAX_STACK_BYTES);
  if (bytes >= STACK_RESERVE_BYTES + LEAST_STACK_BYTES)
    return setStackLimit(stack - <i64>(bytes - STACK_RESERVE_BYTES));
  put("stvm: ");
  putBytes(imageNameStart(), imageNameBytes());
  put(": a stack of ");
  putNumber(bytes >> 10);
  put(" KB is too small; raise its limit to 128 KB or more (ulimit -s 8192)");
  writeLine();
  exit(1);
}

function runToEnd(): void {
  while (true) {
    const outcome = run(SLICE_POLLS);
    if (outcome == OUTCOME_QUIT) {
      if (wantsCompilerReport) reportCompiler();
      exit((<i32>outcomeDetail()) & 0xff);
    }
    if (outcome == OUTCOME_SLICE) {
      if (hasWatches()) wait(0);
    } else if (outcome == OUTCOME_WAITING) wait(-1);
    else if (outcome == OUTCOME_IDLE) waitUntil(outcomeDetail());
    else endFatally();
    hearSignals();
  }
}

/** Waits for a time (microseconds UTC, 0 for never) or for what the image watches. */
function waitUntil(time: i64): void {
  if (time == 0) return wait(-1);
  wait(max<i64>(0, time - utcMicroseconds()) * 1000);
}

function endFatally(): void {
  if (!errorWasShown) {
    put("stvm: ");
    putBytes(imageNameStart(), imageNameBytes());
    put(": the virtual machine stopped; --logLevel=1 says why");
    writeLine();
  }
  if (logLevel >= 3) showProcesses();
  exit(1);
}

function hearSignals(): void {
  for (let signal = nextSignal(); signal != 0; signal = nextSignal()) {
    if (signal == SIGUSR1) showProcesses();
    if (signal != SIGINT) continue;
    const now = monotonicMicroseconds();
    if (now - lastInterrupt < SECOND_INTERRUPT_MICROSECONDS) exit(130);
    lastInterrupt = now;
    showProcesses();
    put("stvm: press Ctrl-C again to quit");
    writeLine();
  }
}

function showProcesses(): void {
  setReport(true);
  logProcesses();
  setReport(false);
}

/** Sets aside what linear memory may grow to, so that accesses beyond its end fault. */
function reserveMemoryRange(): void {
  const present = <i64>memory.size() * PAGE_BYTES;
  const status = reserveAddresses(memoryBase() + present, RANGE_BYTES - present);
  if (status >= 0) return;
  put("stvm: 8 GiB of addresses cannot be reserved (error ");
  putByte(0x30 + <u32>(-status / 10));
  putByte(0x30 + <u32>(-status % 10));
  put("); raise the limit of virtual memory (ulimit -v)");
  writeLine();
  exit(1);
}

/** What memory.grow calls: pages to add in, the number before out, or -1. */
export function growMemory(pages: u32): i32 {
  const before = memory.size();
  if (pages == 0) return before;
  if (<u64>before + pages > 65535) return -1;
  const start = memoryBase() + <i64>before * PAGE_BYTES;
  if (protect(start, <i64>pages * PAGE_BYTES, PROT_READ_WRITE) < 0) return -1;
  setMemoryPages(before + pages);
  return before;
}

/** Tells the virtual machine what old space may take; the image itself must fit. */
function limitMemory(): void {
  setMaxOldSpaceBytes(maxOldSpaceBytes);
  if (maxOldSpaceBytes == 0 || usedOldSpaceBytes() <= maxOldSpaceBytes) return;
  put("stvm: ");
  putBytes(imageNameStart(), imageNameBytes());
  put(": its objects do not fit into memory; raise --maxOldSpaceSize");
  writeLine();
  exit(1);
}

/** Methods that are called often are compiled; where the system does not allow that, all are interpreted. */
function startCompiler(): void {
  const hasArea = makeCodeArea();
  // What was compiled with the program needs no area.
  if (hasArea || aheadFunctions != 0) startCompilers(compileThreshold);
  if (hasArea || logLevel < 2) return;
  put(
    "stvm: the system gives no memory for code (memfd_create, mmap): methods are interpreted; --jit=off says the same",
  );
  writeLine();
}

/** The exit code. */
function refuseCompiler(): i32 {
  put("stvm: ");
  putBytes(imageNameStart(), imageNameBytes());
  put(": its program was built without the compiler; build it without --jit=off");
  writeLine();
  return 2;
}

function reportCompiler(): void {
  put("stvm: compiled ");
  putNumber(installedFunctions);
  put(" methods and blocks to ");
  putNumber(installedBytes);
  put(" bytes in ");
  putFixed(installingMicroseconds, 3);
  put(" ms, besides ");
  putNumber(aheadFunctions);
  put(" with the program; slices interpreted ");
  putNumber(load<u64>(codeCounts() + (COUNT_SLICES << 3)));
  put(", compiled ");
  putNumber(load<u64>(codeCounts() + ((COUNT_SLICES + 1) << 3)));
  writeLine();
}

function enterWorkingDirectory(): void {
  const length = <u32>giveOutside(workingDirectoryWord, path, PATH_BYTES - 1);
  store<u8>(path + min(length, PATH_BYTES - 1), 0);
  if (changeDirectory(path) >= 0) return;
  put("stvm: --workingDirectory: no such folder; give one that exists");
  writeLine();
  exit(2);
}

/** Where the data of this module, and what it sets aside, end. */
export function bootEnd(): u32 {
  return arenaEnd();
}

/** asc's `abort`. */
export function abort(message: usize, fileName: usize, line: u32, column: u32): void {
  panic(<Address>message, message == 0 ? 0 : load<u32>(message - 4));
  unreachable();
}
