// Runs what the native compiler made, as a process of its own: a small static ELF file with the code, memory and a list
// of calls. It makes the calls in turn, catches faults, and writes to standard output what came out.

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CONTEXT_BIAS,
  CONTEXT_MEMORY_PAGES,
  CONTEXT_STACK_LIMIT,
  TRAP_DIVISION,
  TRAP_MEMORY,
} from "../../../boot/native/abi.js";
import type { NativeModule, ValueType } from "../../../boot/native/output.js";
import { addressOf, assemble, memory, type Statement } from "../../../boot/link/assembler.js";
import { writeElf } from "../../../boot/link/elf.js";
import { placeAssembled, placeModule } from "../../../boot/link/layout.js";

/** A call: the function's index and arguments as bits. */
export interface NativeCall {
  readonly index: number;
  readonly arguments: readonly bigint[];
}

export interface NativeAnswer {
  /** rax and xmm0: whoever knows the result's type takes the one or the other. */
  readonly bits: bigint;
  readonly floatBits: bigint;
  /** A trap of abi.ts, 0 for none, or `CRASH`. */
  readonly trap: number;
  /** Offset in the code of the instruction that trapped. */
  readonly at: number;
}

/** What a call of an imported function was given: up to two integers and two floats, as bits. */
export interface NativeLog {
  readonly index: number;
  readonly integers: readonly [bigint, bigint];
  readonly floats: readonly [bigint, bigint];
}

export interface NativeRun {
  readonly answers: readonly NativeAnswer[];
  readonly log: readonly NativeLog[];
  /** Linear memory at the end. */
  readonly memory: Uint8Array;
}

/** Anything else that went wrong: a fault outside memory's range, an illegal instruction. */
export const CRASH = 100;

const RUNNER = 0x40_0000n;
const CODE = 0x50_0000n;
const DATA = 0x1000_0000n;
const CONTEXT = 0x3000_0000n;
const MEMORY = 0x10_0000_0000n;
const PAGE = 65536;
const INTEGER_REGISTERS = 6;
const FLOAT_REGISTERS = 8;
const STACK_WORDS = 24;
const CALL_WORDS = 1 + INTEGER_REGISTERS + FLOAT_REGISTERS + STACK_WORDS;
const CALL_BYTES = CALL_WORDS * 8;
const ANSWER_BYTES = 32;
const LOG_BYTES = 64;
const LOG_ENTRIES = 20_000;
const SIGNALS = [4, 5, 7, 8, 11];

// Bytes at the start of the data: cells of the runner.
const CELL_NEXT_CALL = 0;
const CELL_NEXT_ANSWER = 8;
const CELL_CALLS_LEFT = 16;
const CELL_STACK = 24;
const CELL_LOG = 32;
const CELL_LOG_END = 40;
const CELL_SIGNAL_ACTION = 64;
const CELL_SIGNAL_STACK = 128;
const CELLS_BYTES = 256;
const ALTERNATE_STACK_BYTES = 65536;
/** Of a memory that grew beyond, only these come out. */
export const MOST_PAGES_COMPARED = 1024;

/** Runs calls one after another in one process, after the module's start function. */
export function runNative(module: NativeModule, calls: readonly NativeCall[]): NativeRun {
  const all = module.start === undefined ? calls : [{ index: module.start, arguments: [] }, ...calls];
  const answersAt = CELLS_BYTES + all.length * CALL_BYTES;
  const logAt = answersAt + all.length * ANSWER_BYTES;
  const dataBytes = logAt + LOG_BYTES * (LOG_ENTRIES + 1) + ALTERNATE_STACK_BYTES;
  const runner = assemble(program(module, dataBytes));
  const stubs = module.functions.map(({ from }, index) =>
    from === undefined ? undefined : RUNNER + BigInt(runner.labels.get(`stub${index}`)!),
  );
  const placed = placeModule(
    {
      ...withGrowth(module, RUNNER + BigInt(runner.labels.get("grow")!)),
      functions: module.functions.map((each, index) => {
        const stub = stubs[index];
        return stub === undefined ? each : { ...each, from: undefined, offset: Number(stub - CODE) };
      }),
    },
    { code: CODE, context: CONTEXT, memory: MEMORY, memoryPages: module.memory.initialPages, linked: new Map() },
  );
  const data = new Uint8Array(answersAt);
  encodeCalls(new DataView(data.buffer), module, all, answersAt, logAt);
  const file = writeElf({
    entry: RUNNER,
    segments: [
      segment(
        ".runner",
        RUNNER,
        placeAssembled(runner, RUNNER, new Map([["context", placed.contextRegister]])),
        0,
        true,
      ),
      segment(".text", CODE, placed.code, 0, true),
      segment(".data", DATA, data, dataBytes, false),
      segment(".context", CONTEXT, placed.context, 0, false),
      ...memorySegment(module),
    ],
  });
  return decode(module, execute(file), all.length, answersAt, logAt, dataBytes);
}

/** Fills in the jump to the runner's routine for memory.grow. */
function withGrowth(module: NativeModule, routine: bigint): NativeModule {
  const code = module.code.slice();
  const view = new DataView(code.buffer);
  for (const { kind, offset } of module.relocations) {
    if (kind === "grow") view.setInt32(offset, Number(routine - CODE) - offset - 4, true);
  }
  return { ...module, code, relocations: module.relocations.filter(({ kind }) => kind !== "grow") };
}

function segment(name: string, address: bigint, bytes: Uint8Array, memoryBytes: number, execute: boolean) {
  return {
    name,
    address,
    bytes,
    memoryBytes: Math.max(memoryBytes, bytes.length),
    protection: { write: !execute, execute },
  };
}

function memorySegment(module: NativeModule) {
  const bytes = module.memory.initialPages * PAGE;
  if (bytes === 0) return [];
  const last = module.data.reduce((end, { address, bytes }) => Math.max(end, address + bytes.length), 0);
  const content = new Uint8Array(Math.min(last, bytes));
  for (const { address, bytes } of module.data) content.set(bytes, address);
  return [segment(".memory", MEMORY, content, bytes, false)];
}

function encodeCalls(
  view: DataView,
  module: NativeModule,
  calls: readonly NativeCall[],
  answersAt: number,
  logAt: number,
): void {
  view.setBigUint64(CELL_NEXT_CALL, DATA + BigInt(CELLS_BYTES), true);
  view.setBigUint64(CELL_NEXT_ANSWER, DATA + BigInt(answersAt), true);
  view.setBigUint64(CELL_CALLS_LEFT, BigInt(calls.length), true);
  view.setBigUint64(CELL_LOG, DATA + BigInt(logAt), true);
  view.setBigUint64(CELL_LOG_END, DATA + BigInt(logAt + LOG_BYTES * LOG_ENTRIES), true);
  calls.forEach((call, position) => {
    const words = arrange(module.functions[call.index].parameters, call.arguments);
    words[0] = CODE + BigInt(module.functions[call.index].offset);
    words.forEach((word, index) =>
      view.setBigUint64(CELLS_BYTES + position * CALL_BYTES + index * 8, BigInt.asUintN(64, word), true),
    );
  });
}

/** Arguments by register: code, integers, floats, stack. */
function arrange(parameters: readonly ValueType[], values: readonly bigint[]): bigint[] {
  const words: bigint[] = new Array<bigint>(CALL_WORDS).fill(0n);
  let integers = 0;
  let floats = 0;
  let onStack = 0;
  parameters.forEach((type, index) => {
    const value = BigInt.asUintN(type === "i32" || type === "f32" ? 32 : 64, values[index]);
    const isFloat = type === "f32" || type === "f64";
    if (!isFloat && integers < INTEGER_REGISTERS) words[1 + integers++] = value;
    else if (isFloat && floats < FLOAT_REGISTERS) words[1 + INTEGER_REGISTERS + floats++] = value;
    else if (onStack < STACK_WORDS) words[1 + INTEGER_REGISTERS + FLOAT_REGISTERS + onStack++] = value;
    else throw new Error("runner: too many arguments");
  });
  return words;
}

const INTEGER_NAMES = ["rdi", "rsi", "r8", "r9", "r10", "r11"];

/** movsd or movq between xmm register 4 and up and [rax + offset]. */
function moveFloat(register: number, offset: number, isLoad: boolean): Statement {
  const rex = register >= 8 ? [0x44] : [];
  const modrm = 0x80 | ((register & 7) << 3);
  return [".bytes", 0xf2, ...rex, 0x0f, isLoad ? 0x10 : 0x11, modrm, offset & 255, (offset >> 8) & 255, 0, 0];
}

/** The runner: sets up signals, makes the calls, writes the data and linear memory, exits. */
function program(module: NativeModule, dataBytes: number): Statement[] {
  const cell = (offset: number) => memory("r12", offset);
  return [
    ["mov", "r12", DATA],
    ["mov", "rax", "rsp"],
    ["sub", "rax", 0x60000],
    ["movabs", "rbp", addressOf("context")],
    ["mov", memory("rbp", CONTEXT_STACK_LIMIT), "rax"],
    ...signals(dataBytes),
    "next:",
    ["mov", "r12", DATA],
    ["cmp", { base: "r12", displacement: CELL_CALLS_LEFT, bytes: 8 }, 0],
    ["jz", "finish"],
    ["mov", cell(CELL_STACK), "rsp"],
    ["mov", "rax", cell(CELL_NEXT_CALL)],
    ["sub", "rsp", STACK_WORDS * 8],
    ...Array.from({ length: STACK_WORDS }, (_, index): Statement[] => [
      ["mov", "rcx", memory("rax", (1 + INTEGER_REGISTERS + FLOAT_REGISTERS + index) * 8)],
      ["mov", memory("rsp", index * 8), "rcx"],
    ]).flat(),
    ...INTEGER_NAMES.map((name, index): Statement => ["mov", name, memory("rax", (1 + index) * 8)]),
    ...Array.from({ length: FLOAT_REGISTERS }, (_, index) =>
      moveFloat(4 + index, (1 + INTEGER_REGISTERS + index) * 8, true),
    ),
    ["movabs", "rbp", addressOf("context")],
    ["mov", "rbx", MEMORY],
    ["mov", "rax", memory("rax", 0)],
    ["call", "rax"],
    ["mov", "r12", DATA],
    ["mov", "rcx", "rax"],
    ["mov", "rax", cell(CELL_NEXT_ANSWER)],
    ["mov", memory("rax", 0), "rcx"],
    moveFloat(0, 8, false),
    ["jmp", "answered"],

    // A signal: its number in rdi, its information in rsi, the processor's state in rdx.
    "fault:",
    ["mov", "r12", DATA],
    ["mov", "rax", cell(CELL_NEXT_ANSWER)],
    ["mov", memory("rax", 16), "rdi"],
    ["mov", "rcx", memory("rdx", 168)],
    ["mov", memory("rax", 24), "rcx"],
    ["cmp", "rdi", 4],
    ["jne", "notIllegal"],
    ["movzx", "ecx", { base: "rcx", displacement: 2, bytes: 1 }],
    ["mov", memory("rax", 0), "rcx"],
    "notIllegal:",
    ["mov", "rcx", memory("rsi", 16)],
    ["mov", memory("rax", 8), "rcx"],

    "answered:",
    ["mov", "rsp", cell(CELL_STACK)],
    ["add", "rax", ANSWER_BYTES],
    ["mov", cell(CELL_NEXT_ANSWER), "rax"],
    ["mov", "rax", cell(CELL_NEXT_CALL)],
    ["add", "rax", CALL_BYTES],
    ["mov", cell(CELL_NEXT_CALL), "rax"],
    ["mov", "rax", cell(CELL_CALLS_LEFT)],
    ["sub", "rax", 1],
    ["mov", cell(CELL_CALLS_LEFT), "rax"],
    ["jmp", "next"],

    "finish:",
    ["mov", "rsi", DATA],
    ["mov", "rdx", dataBytes],
    ["call", "write"],
    ["movabs", "rbp", addressOf("context")],
    ["mov", "rsi", "rbp"],
    ["sub", "rsi", CONTEXT_BIAS],
    ["mov", "rdx", 8],
    ["call", "write"],
    ["mov", "edx", memory("rbp", CONTEXT_MEMORY_PAGES)],
    ["cmp", "edx", MOST_PAGES_COMPARED],
    ["jbe", "fewPages"],
    ["mov", "edx", MOST_PAGES_COMPARED],
    "fewPages:",
    ["shl", "rdx", 16],
    ["mov", "rsi", MEMORY],
    ["call", "write"],
    ["mov", "eax", 60],
    ["xor", "edi", "edi"],
    ["syscall"],

    "write:",
    ["test", "rdx", "rdx"],
    ["jz", "written"],
    ["mov", "eax", 1],
    ["mov", "edi", 1],
    ["push", "rdx"],
    ["syscall"],
    ["pop", "rdx"],
    ["cmp", "rax", 0],
    ["jl", "written"],
    ["add", "rsi", "rax"],
    ["sub", "rdx", "rax"],
    ["jmp", "write"],
    "written:",
    ["ret"],
    ...growth(module),
    "restorer:",
    ["mov", "eax", 15],
    ["syscall"],
    ...module.functions.flatMap(({ from }, index) => (from === undefined ? [] : importStub(index))),
  ];
}

/** memory.grow: maps the pages that are asked for, up to the module's limit. */
function growth(module: NativeModule): Statement[] {
  const kept = ["rdi", "rsi", "r8", "r9", "r10", "r11"];
  return [
    "grow:",
    ["mov", "ecx", memory("rbp", CONTEXT_MEMORY_PAGES)],
    ["test", "eax", "eax"],
    ["jz", "grown"],
    ["lea", "rdx", { base: "rcx", index: "rax", scale: 1 }],
    ["cmp", "rdx", module.memory.maximumPages],
    ["ja", "notGrown"],
    ...kept.map((name): Statement => ["push", name]),
    ["push", "rcx"],
    ["push", "rdx"],
    ["mov", "rdi", "rcx"],
    ["shl", "rdi", 16],
    ["mov", "rsi", MEMORY],
    ["add", "rdi", "rsi"],
    ["mov", "rsi", "rax"],
    ["shl", "rsi", 16],
    ["mov", "edx", 3],
    // MAP_PRIVATE, MAP_FIXED, MAP_ANONYMOUS, MAP_NORESERVE
    ["mov", "r10d", 0x4032],
    ["mov", "r8", -1],
    ["xor", "r9d", "r9d"],
    ["mov", "eax", 9],
    ["syscall"],
    ["pop", "rdx"],
    ["pop", "rcx"],
    ...kept.reverse().map((name): Statement => ["pop", name]),
    ["cmp", "rax", 0],
    ["jl", "notGrown"],
    ["mov", memory("rbp", CONTEXT_MEMORY_PAGES), "edx"],
    "grown:",
    ["mov", "eax", "ecx"],
    ["ret"],
    "notGrown:",
    ["mov", "eax", -1],
    ["ret"],
  ];
}

function signals(dataBytes: number): Statement[] {
  const stack = DATA + BigInt(dataBytes - ALTERNATE_STACK_BYTES);
  const action = memory("r12", CELL_SIGNAL_ACTION);
  return [
    ["mov", "rax", stack],
    ["mov", memory("r12", CELL_SIGNAL_STACK), "rax"],
    ["mov", { base: "r12", displacement: CELL_SIGNAL_STACK + 16, bytes: 8 }, ALTERNATE_STACK_BYTES],
    ["lea", "rdi", memory("r12", CELL_SIGNAL_STACK)],
    ["xor", "esi", "esi"],
    ["mov", "eax", 131],
    ["syscall"],
    ["movabs", "rax", addressOf("fault")],
    ["mov", action, "rax"],
    // SA_SIGINFO, SA_RESTORER, SA_ONSTACK, SA_NODEFER
    ["mov", "eax", 0x4c000004],
    ["mov", memory("r12", CELL_SIGNAL_ACTION + 8), "rax"],
    ["movabs", "rax", addressOf("restorer")],
    ["mov", memory("r12", CELL_SIGNAL_ACTION + 16), "rax"],
    ...SIGNALS.flatMap((signal): Statement[] => [
      ["mov", "edi", signal],
      ["lea", "rsi", action],
      ["xor", "edx", "edx"],
      ["mov", "r10d", 8],
      ["mov", "eax", 13],
      ["syscall"],
    ]),
  ];
}

/** Notes the call's arguments and answers 0. */
function importStub(index: number): Statement[] {
  return [
    `stub${index}:`,
    ["push", "r12"],
    ["mov", "r12", DATA],
    ["mov", "rax", memory("r12", CELL_LOG)],
    ["cmp", "rax", memory("r12", CELL_LOG_END)],
    ["jae", `full${index}`],
    ["mov", { base: "rax", displacement: 0, bytes: 8 }, index],
    ["mov", memory("rax", 8), "rdi"],
    ["mov", memory("rax", 16), "rsi"],
    moveFloat(4, 24, false),
    moveFloat(5, 32, false),
    ["add", "rax", LOG_BYTES],
    ["mov", memory("r12", CELL_LOG), "rax"],
    `full${index}:`,
    ["pop", "r12"],
    ["xor", "eax", "eax"],
    // xorps xmm0, xmm0
    [".bytes", 0x0f, 0x57, 0xc0],
    ["ret"],
  ];
}

function execute(file: Uint8Array): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "stvm-native-"));
  try {
    const path = join(folder, "program");
    writeFileSync(path, file);
    chmodSync(path, 0o755);
    const { status, signal, stdout, error } = spawnSync(path, [], { maxBuffer: 1 << 30, timeout: 60_000 });
    if (status !== 0) throw new Error(`runner: the process ended with ${signal ?? status ?? String(error)}`);
    return stdout;
  } finally {
    if (process.env.STVM_KEEP === undefined) rmSync(folder, { recursive: true });
    else console.error(folder);
  }
}

function decode(
  module: NativeModule,
  output: Buffer,
  count: number,
  answersAt: number,
  logAt: number,
  dataBytes: number,
): NativeRun {
  const view = new DataView(output.buffer, output.byteOffset, output.byteLength);
  const skipped = module.start === undefined ? 0 : 1;
  const answers: NativeAnswer[] = [];
  const started = skipped === 1 ? answerAt(view, answersAt) : undefined;
  if (started !== undefined && started.trap !== 0) {
    return { answers: Array.from({ length: count }, () => started), log: [], memory: new Uint8Array() };
  }
  for (let i = skipped; i < count; i++) answers.push(answerAt(view, answersAt + i * ANSWER_BYTES));
  const logEnd = Number(view.getBigUint64(CELL_LOG, true) - DATA);
  const log: NativeLog[] = [];
  for (let at = logAt; at < logEnd; at += LOG_BYTES) {
    const word = (index: number) => view.getBigUint64(at + index * 8, true);
    log.push({ index: Number(word(0)), integers: [word(1), word(2)], floats: [word(3), word(4)] });
  }
  return { answers, log, memory: output.subarray(dataBytes + 8) };
}

function answerAt(view: DataView, at: number): NativeAnswer {
  const word = (index: number) => view.getBigUint64(at + index * 8, true);
  const signal = Number(word(2));
  const place = Number(word(3) - CODE);
  return { bits: word(0), floatBits: word(1), trap: trapOf(signal, word(0), word(1)), at: signal === 0 ? 0 : place };
}

function trapOf(signal: number, code: bigint, address: bigint): number {
  if (signal === 0) return 0;
  if (signal === 4) return Number(code & 63n);
  if (signal === 8) return TRAP_DIVISION;
  const isMemory = address >= MEMORY - 0x10000n && address < MEMORY + (1n << 33n);
  return signal === 11 && isMemory ? TRAP_MEMORY : CRASH;
}
