// The kernel's program: starts the platform, runs the image in slices, waits where it has nothing to do, and ends the
// domain. The start-up code (boot/link/pvhEntry.ts) calls `startKernel` once and `reportException` on a fault.

import { cr3, fence, linked, load64, pause, rdtsc, setCr3 } from "../cpu";
import { Address } from "../../vm/memory/oop";
import { OUTCOME_IDLE, OUTCOME_QUIT, OUTCOME_SLICE, OUTCOME_WAITING } from "../outcomes";
import { fitOldSpace, leastMemoryBytes, outcomeDetail, requestInterrupt, run, usedOldSpaceBytes } from "../vm";
import {
  badWord,
  badWordBytes,
  compileThreshold,
  echoes,
  filesBytes,
  heapBytes,
  isRaw,
  limitsFiles,
  LINE_GOOD,
  LINE_TOO_LONG,
  readCommandLine,
  saysExit,
  showsTiming,
  wantsCompilerReport,
} from "./commandLine";
import {
  aheadFunctions,
  hasCompiler,
  installedBytes,
  installedFunctions,
  isCompilerAskedFor,
  startCompilers,
  wantsCompiler,
} from "../common/code";
import { codeAreaStart, makeCodeArea } from "./codeArea";
import { startControl } from "./control";
import { scaled, systemNanoseconds, systemTimeAt } from "./clock/clock";
import { hasReady, setLineMode, takeInterrupt } from "./console/lineInput";
import { takeEvents, takeUnseen, waitForEvents } from "./events/eventChannels";
import { fillStore, openStore } from "./files/pageStore";
import { tellInput } from "./hostFiles";
import { BOOT_ENTRY_TICKS, BOOT_START_INFO, LINK_BOOT_RECORD } from "./links";
import { addRest, leastMachineBytes, limitBytes, machineBytes, measureMemory } from "./memoryMap";
import { fullNanoseconds, serviceInput } from "./output";
import { copyPhysical, unmapFirstPage } from "./pages";
import { beginPanic, endPanic, panicWith, stopAtAssertion } from "./panic";
import {
  hasStore,
  onXen,
  START_GOOD,
  START_NO_CLOCK,
  START_NO_CONSOLE,
  START_NO_SHARED_PAGE,
  startPlatform,
} from "./platform";
import { endWithCode, setSaysExit } from "./powerOff";
import * as report from "./report";
import { endReason, quitDeadline, serviceRequests, takeResumed } from "./shutdown";
import { START_MAGIC, StartInfo } from "./startInfo";

export * from "./host";
export * from "./hostFiles";
export { growMemory } from "./memoryMap";
export { aheadFunctions, dropInstalledCode, hasCompiler, installCode } from "../common/code";
export { reportException } from "./exceptions";
export { imageNameRecord } from "../common/embedded";

/** Polls of one slice: a few milliseconds. */
const SLICE_POLLS: i32 = 100_000;
/** A console that takes nothing for so long will not: the domain ends rather than hang. */
const MOST_FULL_NANOSECONDS: u64 = 30_000_000_000;
/** Emulators find translations faster after these were forgotten now and then; a processor hardly notices. */
const SLICES_PER_FLUSH: u32 = 16;
const MAP_ENTRIES: u32 = 64;

const startInfo = <Address>memory.data(56, 16);
const memoryEntries = <Address>memory.data(64 * 24, 16);
const line = <Address>memory.data(4096);
let slices: u32 = 0;

/** Called once by the start-up code; does not return. */
export function startKernel(): void {
  checkStart(startPlatform());
  applyCommandLine();
  checkMemory();
  unmapFirstPage();
  setLineMode(isRaw, echoes);
  setSaysExit(saysExit);
  if (showsTiming) reportTiming();
  runImage();
}

function checkStart(status: i32): void {
  if (status == START_GOOD) return;
  if (status == START_NO_CONSOLE) panicWith("no console: neither a paravirtual one nor a serial port at 3f8h");
  if (status == START_NO_SHARED_PAGE) panicWith("Xen does not give its shared page");
  if (status == START_NO_CLOCK) panicWith("no clock: no timer at 40h to measure the time stamp counter by");
}

/** Copies what the loader left, before the heap may grow over it. */
function applyCommandLine(): void {
  copyPhysical(load64(linked(LINK_BOOT_RECORD) + BOOT_START_INFO), startInfo, offsetof<StartInfo>());
  const info = changetype<StartInfo>(startInfo);
  if (info.magic != START_MAGIC)
    panicWith("not started as a PVH guest: the start information has another magic number");
  if (info.commandLine == 0) return;
  copyPhysical(info.commandLine, line, 4096);
  let bytes: u32 = 0;
  while (bytes < 4096 && load<u8>(line + bytes) != 0) bytes++;
  const status = readCommandLine(line, bytes);
  if (status == LINE_GOOD) return;
  if (status == LINE_TOO_LONG) panicWith("the command line is too long: 256 words and 4095 bytes are the most");
  beginPanic();
  report.bytes(badWord, badWordBytes);
  report.text(": unknown or without a good value; words are stvm.timing, stvm.heap=64m, stvm.files=16m, stvm.log=1,");
  report.text(
    " stvm.exit, stvm.raw, stvm.echo=off, stvm.timezone=3600, stvm.jit=on, stvm.jit-threshold=100, stvm.jit-stats",
  );
  endPanic(false);
}

function checkMemory(): void {
  const info = changetype<StartInfo>(startInfo);
  const hasMap = info.version >= 1 && info.memoryMapEntries > 0;
  const count = hasMap ? min(info.memoryMapEntries, MAP_ENTRIES) : 0;
  copyPhysical(info.memoryMap, memoryEntries, count * 24);
  const wanted = <u32>min<u64>(heapBytes, u32.MAX_VALUE);
  const hasMemory = measureMemory(memoryEntries, count);
  const compiles = hasMemory && wantsCompiler() && startCompiler(wanted);
  const isRunnable = compiles || (hasMemory && fitHeap(wanted));
  if (!isRunnable) {
    beginPanic();
    report.text("too little memory: the machine has ");
    report.number(megabytes(machineBytes));
    report.text(" MB, and the image needs ");
    report.number(megabytes(leastMachineBytes(leastMemoryBytes())));
    report.text(" MB to start; give it more");
    endPanic(false);
  }
  if (wanted != 0 && wanted < usedOldSpaceBytes()) {
    beginPanic();
    report.text("stvm.heap: the image's objects have ");
    report.number((usedOldSpaceBytes() >> 10) + 1);
    report.text(" KB already; give it more");
    endPanic(false);
  }
  if (startFiles(compiles)) return;
  beginPanic();
  report.text("stvm.files: the heap leaves less for files; give them less, or the machine more memory than ");
  report.number(megabytes(machineBytes));
  report.text(" MB");
  endPanic(false);
}

/** As people count memory: a machine has a little less than it was given. */
function megabytes(bytes: u64): u64 {
  return (bytes + 0xf_ffff) >> 20;
}

/** Where there is little, the heap takes all of it. */
function fitHeap(wanted: u32): bool {
  if (fitOldSpace(limitBytes, wanted)) return true;
  addRest();
  return fitOldSpace(limitBytes, wanted);
}

/** Files have the memory that the command line gives them, or what the heap does not need. */
function startFiles(compiles: bool): bool {
  const hasCode = compiles || aheadFunctions != 0;
  if (limitsFiles) return fillStore(filesBytes, hasCode);
  openStore(hasCode);
  return true;
}

/** Methods that are called often are compiled, where there is memory for that; old space gets the rest. */
function startCompiler(wanted: u32): bool {
  if (!hasCompiler) {
    if (!isCompilerAskedFor()) return false;
    panicWith("stvm.jit: the kernel was built without the compiler; build it with --jit=on");
  }
  const start = codeAreaStart();
  if (start != 0 && fitOldSpace(start, wanted) && makeCodeArea()) {
    startCompilers(compileThreshold);
    return true;
  }
  // What was compiled with the kernel needs no room.
  if (aheadFunctions != 0) startCompilers(compileThreshold);
  report.text("stvm: too little memory to compile methods: they are interpreted; stvm.jit=off says the same");
  report.endLine(false);
  return false;
}

function reportCompiler(): void {
  report.text("stvm: compiled ");
  report.number(installedFunctions);
  report.text(" methods and blocks to ");
  report.number(installedBytes);
  report.text(" bytes, besides ");
  report.number(aheadFunctions);
  report.text(" with the kernel");
  report.endLine(false);
}

/** What comes before the first bytecode ends here. */
function reportTiming(): void {
  const microseconds = scaled(rdtsc() - load64(linked(LINK_BOOT_RECORD) + BOOT_ENTRY_TICKS)) / 1000;
  report.text("stvm: entry to first bytecode ");
  report.fixed(microseconds, 3);
  report.text(" ms, heap ");
  report.number((<i64>memory.size() + 15) >> 4);
  report.text(" MB of ");
  report.number(limitBytes >> 20);
  report.text(" MB, ");
  report.text(onXen ? "Xen" : "no Xen");
  report.endLine(false);
}

function runImage(): void {
  let isWatching = false;
  while (true) {
    service();
    const outcome = run(SLICE_POLLS);
    if (hasStore && !isWatching) isWatching = watchRequests();
    if (outcome == OUTCOME_SLICE) refresh();
    else if (outcome == OUTCOME_IDLE) idle(outcomeDetail());
    else if (outcome == OUTCOME_WAITING) idle(0);
    else if (outcome == OUTCOME_QUIT) endImage();
    else panicWith("the image cannot go on");
  }
}

function endImage(): void {
  if (wantsCompilerReport) reportCompiler();
  endWithCode((<u32>outcomeDetail()) & 0xff, endReason());
}

/** Only after the first slice: xenstore may take its time to answer. */
function watchRequests(): bool {
  if (startControl() < 0) {
    report.text("stvm: xenstore does not take a watch: requests to shut down are not heard");
    report.endLine(true);
  }
  return true;
}

/** Looks at everything that may have happened. Events are taken before: none is lost. */
function service(): void {
  if (onXen) takeEvents();
  takeUnseen();
  if (!serviceInput()) panicWith("the console's back end broke its ring", true);
  if (takeInterrupt()) requestInterrupt();
  tellInput();
  if (fullNanoseconds() > MOST_FULL_NANOSECONDS)
    panicWith("the console's ring is full: nobody has read it for 30 s", true);
  if (!hasStore) return;
  serviceRequests();
  if (!takeResumed()) return;
  checkStart(startPlatform());
  if (hasStore) watchRequests();
}

/** Waits until a time (UTC microseconds; 0: without end) or an event. */
function idle(untilMicroseconds: i64): void {
  let until = untilMicroseconds == 0 ? 0 : systemTimeAt(untilMicroseconds);
  const deadline = earliest(quitDeadline(), fullDeadline());
  if (deadline != 0) until = earliest(until, deadline);
  refresh();
  if (onXen) {
    if (takeUnseen()) return;
    if (!waitForEvents(until)) panicWith("Xen refuses to wait for events", true);
    return;
  }
  waitOnMachine(until);
}

/** Without Xen nothing tells of input: it is asked for again and again. */
function waitOnMachine(until: u64): void {
  const hadInput = hasReady();
  while (until == 0 || systemNanoseconds() < until) {
    if (!serviceInput()) return;
    if (hasReady() && !hadInput) return;
    for (let i = 0; i < 100; i++) pause();
  }
}

function fullDeadline(): u64 {
  const full = fullNanoseconds();
  return full == 0 ? 0 : systemNanoseconds() + MOST_FULL_NANOSECONDS - full;
}

/** The earlier of two times, of which 0 is never. */
function earliest(a: u64, b: u64): u64 {
  if (a == 0) return b;
  return b == 0 ? a : min(a, b);
}

function refresh(): void {
  if (++slices % SLICES_PER_FLUSH == 0) setCr3(cr3());
  fence();
}

/** Where the data of this module ends; for the linker. */
export function bootEnd(): u32 {
  return <u32>__heap_base;
}

/** asc's `abort`. */
export function abort(message: usize, fileName: usize, line: u32, column: u32): void {
  stopAtAssertion(message, fileName, line);
}
