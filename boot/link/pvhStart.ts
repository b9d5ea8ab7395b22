// The kernel's start-up code. A PVH loader enters it in 32-bit mode without paging; it fills the page tables, goes to
// 64-bit mode, and calls the compiled kernel. Exceptions come back here, leave their registers in memory and end in
// the kernel's own report. Sources: xen/docs/misc/pvh.pandoc; Intel's manual, volume 3, chapters 4 to 7 and 10.

import { CONTEXT_STACK_LIMIT } from "../native/abi.js";
import { BOOT_ENTRY_TICKS, BOOT_START_INFO, SAVED_ERROR, SAVED_VECTOR } from "../xen/links.js";
import { addressOf, assemble, type AssembledCode, type Operand, type Statement } from "./assembler.js";

export const PAGE_BYTES = 4096;
export const LARGE_PAGE_BYTES = 2 << 20;
const ENTRIES = 512;
/** Page directories of the first 4 GiB of physical memory, and of linear memory. */
export const DIRECTORIES = 4;

const PRESENT_WRITABLE = 3;
const LARGE = 0x80;
/** The upper half of an entry whose page holds no code. */
const NO_EXECUTE_HIGH = 0x80000000;

const CR0_SET = 0x80010002; // paging, write protection, monitor coprocessor
const CR0_CLEAR = ~0xc; // emulation, task switched
const CR4_SET = 0x620; // physical address extension, SSE and its exceptions
const EFER = 0xc0000080;
const EFER_SET = 0x900; // long mode, no-execute
const MXCSR_RESET = 0x1f80;

const CODE_SELECTOR = 0x08;
const DATA_SELECTOR = 0x10;
const TASK_SELECTOR = 0x18;
const EXCEPTIONS = 32;
/** Exceptions for which the processor pushes an error code. */
const WITH_ERROR = new Set([8, 10, 11, 12, 13, 14, 17, 21, 29, 30]);
/** Registers saved in this order, which boot/xen/exceptions.ts knows; the place of rsp is left out. */
const SAVED = ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", undefined, "r8", "r9", "r10", "r11"];

/** Names that the code refers to, all below 2 GiB: the linker gives each an address. */
export const START_SYMBOLS = [
  "bootRecord",
  "registers",
  "contextRegister",
  "topTable",
  "lowPointers",
  "lowDirectories",
  "lowTables",
  "linearPointers",
  "linearDirectories",
  "linearTables",
  "codePointers",
  "codeDirectory",
  "stackLimit",
  "stackTop",
  "descriptorTable",
  "interruptTable",
  "start64",
] as const;

export interface StartPlan {
  /** Physical address of linear memory's first byte, a multiple of 2 MiB. */
  readonly memoryStart: number;
  /** Large pages of linear memory that are mapped by small ones, from its start on. */
  readonly smallMappedPages: number;
  /** Large pages of linear memory at the start, the former among them. */
  readonly memoryLargePages: number;
  /** Page tables (ready made) for the kernel's own part of physical memory. */
  readonly lowTables: number;
  /** Address of linear memory's first byte: the first of an entry of the top table. */
  readonly memoryBase: bigint;
}

/** From the loader's entry to 64-bit mode. */
export function startCode32(plan: StartPlan): AssembledCode {
  const topEntry = Number((plan.memoryBase >> 39n) & 511n);
  return assemble(
    [
      ["cli"],
      ["cld"],
      ["mov", at("bootRecord", BOOT_START_INFO), "ebx"],
      ["rdtsc"],
      ["mov", at("bootRecord", BOOT_ENTRY_TICKS), "eax"],
      ["mov", at("bootRecord", BOOT_ENTRY_TICKS + 4), "edx"],
      // All of the first 4 GiB at its own addresses, no code, but for what the kernel's tables say.
      ...fill("lowDirectories", 0, DIRECTORIES * ENTRIES, 0, LARGE_PAGE_BYTES, LARGE),
      ...tableEntries("lowDirectories", "lowTables", plan.lowTables),
      ...tableEntries("lowPointers", "lowDirectories", DIRECTORIES),
      ...tableEntries("topTable", "lowPointers", 1),
      // Linear memory: small pages where drivers share some, large ones behind.
      ...fill("linearTables", 0, plan.smallMappedPages * ENTRIES, plan.memoryStart, PAGE_BYTES, 0),
      ...fill(
        "linearDirectories",
        plan.smallMappedPages,
        plan.memoryLargePages - plan.smallMappedPages,
        plan.memoryStart + plan.smallMappedPages * LARGE_PAGE_BYTES,
        LARGE_PAGE_BYTES,
        LARGE,
      ),
      ...tableEntries("linearDirectories", "linearTables", plan.smallMappedPages),
      ...tableEntries("linearPointers", "linearDirectories", DIRECTORIES),
      ...tableEntries("topTable", "linearPointers", 1, topEntry),
      // Code that is made at run time: the kernel fills in the directory.
      ...tableEntries("codePointers", "codeDirectory", 1, ENTRIES - 1),
      ...tableEntries("topTable", "codePointers", 1, ENTRIES - 1),

      ["mov", "eax", "cr4"],
      ["or", "eax", CR4_SET],
      ["mov", "cr4", "eax"],
      ["mov", "eax", addressOf("topTable")],
      ["mov", "cr3", "eax"],
      ["mov", "ecx", EFER],
      ["rdmsr"],
      ["or", "eax", EFER_SET],
      ["wrmsr"],
      ["mov", "eax", "cr0"],
      ["and", "eax", CR0_CLEAR],
      ["or", "eax", CR0_SET],
      ["mov", "cr0", "eax"],
      ["lgdt", { displacement: "descriptorTable" }],
      ["jmpfar", addressOf("start64"), CODE_SELECTOR],
    ],
    32,
  );
}

/** `count` entries from the `first` on that map memory from `start` on in steps; none hold code. */
function fill(table: string, first: number, count: number, start: number, step: number, flags: number): Statement[] {
  if (count <= 0) return [];
  const again = `fill_${table}_${first}`;
  return [
    ["mov", "edi", addressOf(table, first * 8)],
    ["mov", "eax", start + flags + PRESENT_WRITABLE],
    ["mov", "ecx", count],
    `${again}:`,
    ["mov", { base: "edi", bytes: 4 }, "eax"],
    ["mov", { base: "edi", displacement: 4, bytes: 4 }, NO_EXECUTE_HIGH],
    ["add", "eax", step],
    ["add", "edi", 8],
    ["dec", "ecx"],
    ["jnz", again],
  ];
}

/** Makes entries from the `first` on point to tables that lie one after another. */
function tableEntries(table: string, target: string, count: number, first = 0): Statement[] {
  return Array.from({ length: count }, (_, index): Statement[] => [
    ["mov", "eax", addressOf(target, index * PAGE_BYTES + PRESENT_WRITABLE)],
    ["mov", at(table, (first + index) * 8), "eax"],
    // Where large pages were filled in, the upper half forbids code.
    ["mov", { ...at(table, (first + index) * 8 + 4), bytes: 4 }, 0],
  ]).flat();
}

/** In 64-bit mode: segments, stack, registers of compiled code, the kernel; and the exceptions' entries. */
export function startCode64(plan: StartPlan): AssembledCode {
  return assemble([
    "start64:",
    ["mov", "eax", DATA_SELECTOR],
    ["mov", "ds", "eax"],
    ["mov", "es", "eax"],
    ["mov", "ss", "eax"],
    ["xor", "eax", "eax"],
    ["mov", "fs", "eax"],
    ["mov", "gs", "eax"],
    ["lea", "rsp", { displacement: "stackTop" }],
    ["lidt", { displacement: "interruptTable" }],
    ["mov", "eax", TASK_SELECTOR],
    ["ltr", "ax"],
    ["fninit"],
    ["push", MXCSR_RESET],
    ["ldmxcsr", { base: "rsp" }],
    ["pop", "rax"],
    ...compiledRegisters(plan),
    ["lea", "rax", { displacement: "stackLimit" }],
    ["mov", { base: "rbp", displacement: CONTEXT_STACK_LIMIT }, "rax"],
    ["call", "startKernel"],
    ["ud2"],
    ...exceptionEntries(),
    "exception:",
    ...SAVED.flatMap((register, index): Statement[] =>
      register === undefined ? [] : [["mov", at("registers", index * 8), register]],
    ),
    ...["r12", "r13", "r14", "r15"].map((register, index): Statement => [
      "mov",
      at("registers", (12 + index) * 8),
      register,
    ]),
    // Vector, error, rip, cs, flags, rsp: as they lie on the stack.
    ...Array.from({ length: 6 }, (_, index): Statement[] => [
      ["pop", "rax"],
      ["mov", at("registers", (SAVED_VECTOR + index) * 8), "rax"],
    ]).flat(),
    ...compiledRegisters(plan),
    ["xor", "eax", "eax"],
    ["mov", { base: "rbp", displacement: CONTEXT_STACK_LIMIT }, "rax"],
    ["cld"],
    ["call", "reportException"],
    ["ud2"],
  ]);
}

/** What compiled code expects in rbx and rbp (boot/native/abi.ts). */
function compiledRegisters(plan: StartPlan): Statement[] {
  return [
    ["movabs", "rbx", plan.memoryBase],
    ["lea", "rbp", { displacement: "contextRegister" }],
  ];
}

function exceptionEntries(): Statement[] {
  return Array.from({ length: EXCEPTIONS }, (_, vector): Statement[] => [
    `vector${vector}:`,
    ...(WITH_ERROR.has(vector) ? [] : [["push", 0] as Statement]),
    ["push", vector],
    ["jmp", "exception"],
  ]).flat();
}

function at(symbol: string, addend = 0): Operand & object {
  return { displacement: symbol, addend };
}

if (SAVED_ERROR !== SAVED_VECTOR + 1) throw new Error("pvhStart: the error code lies behind the vector");

export interface SystemTables {
  readonly bytes: Uint8Array;
  /** Offsets of the pseudo descriptors that lgdt and lidt load. */
  readonly descriptorTable: number;
  readonly interruptTable: number;
}

const TASK_BYTES = 104;
const TASK_OFFSET = 48;
const GATES_OFFSET = 160;
const POINTERS_OFFSET = GATES_OFFSET + EXCEPTIONS * 16;

/**
 * Segment descriptors, the task state that names the exceptions' own stack, and the interrupt gates, to lie at an
 * address. `vector` tells where an exception's entry is.
 */
export function systemTables(address: number, faultStackTop: number, vector: (number: number) => number): SystemTables {
  const bytes = Buffer.alloc(POINTERS_OFFSET + 32);
  bytes.writeBigUInt64LE(0x00af9b000000ffffn, CODE_SELECTOR);
  bytes.writeBigUInt64LE(0x00cf93000000ffffn, DATA_SELECTOR);
  const task = address + TASK_OFFSET;
  // An available 64-bit task state segment, present; its base in three parts and an upper half of zero.
  bytes.writeUInt16LE(TASK_BYTES - 1, TASK_SELECTOR);
  bytes.writeUIntLE(task & 0xffffff, TASK_SELECTOR + 2, 3);
  bytes.writeUInt8(0x89, TASK_SELECTOR + 5);
  bytes.writeUInt8(task >>> 24, TASK_SELECTOR + 7);
  // Interrupt stack 1, and no map of ports.
  bytes.writeBigUInt64LE(BigInt(faultStackTop), TASK_OFFSET + 36);
  bytes.writeUInt16LE(TASK_BYTES, TASK_OFFSET + 102);
  for (let number = 0; number < EXCEPTIONS; number++) {
    const at = GATES_OFFSET + number * 16;
    const target = vector(number);
    bytes.writeUInt16LE(target & 0xffff, at);
    bytes.writeUInt16LE(CODE_SELECTOR, at + 2);
    // An interrupt gate that takes interrupt stack 1.
    bytes.writeUInt16LE(0x8e01, at + 4);
    bytes.writeUInt16LE(target >>> 16, at + 6);
  }
  writePointer(bytes, POINTERS_OFFSET, GATES_OFFSET, EXCEPTIONS * 16, address);
  writePointer(bytes, POINTERS_OFFSET + 16, 0, TASK_OFFSET, address);
  return { bytes, interruptTable: POINTERS_OFFSET, descriptorTable: POINTERS_OFFSET + 16 };
}

function writePointer(bytes: Buffer, at: number, start: number, size: number, address: number): void {
  bytes.writeUInt16LE(size - 1, at);
  bytes.writeBigUInt64LE(BigInt(address + start), at + 2);
}
