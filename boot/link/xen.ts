// Lays the Xen kernel out and writes its ELF file. In physical memory, which is also where its code runs:
//
//   1 MiB  start-up code | hypercall page | compiled code | callable functions || system tables, boot record, registers | low page tables |
//   context block and table | (zero) page tables, stacks | up to a multiple of 2 MiB || linear memory
//
// Linear memory is seen once more from KERNEL_MEMORY_BASE on, with nothing around it: that is what compiled code uses.
// Pages hold code or can be written, never both; the part below 1 MiB holds nothing of the kernel.

import { CONTEXT_BIAS } from "../native/abi.js";
import { type NativeModule } from "../native/output.js";
import {
  BOOT_RECORD_BYTES,
  LINK_BOOT_RECORD,
  LINK_HYPERCALL_PAGE,
  LINK_MEMORY_START,
  LINK_REGISTERS,
  SAVED_WORDS,
} from "../xen/links.js";
import { LINKED_CALLABLE } from "../common/linked.js";
import { callableTable } from "./callable.js";
import { type ElfSection, type ElfSymbol, PAGE_BYTES, writeElf } from "./elf.js";
import { contextBytes, memorySegments, placeAssembled, placeModule } from "./layout.js";
import { DIRECTORIES, LARGE_PAGE_BYTES, startCode32, startCode64, type StartPlan, systemTables } from "./pvhStart.js";

/** Where linear memory's first byte is seen: the second entry of the top page table. */
export const KERNEL_MEMORY_BASE = 1n << 39n;
const KERNEL_START = 0x100000;
const STACK_BYTES = 256 << 10;
const FAULT_STACK_BYTES = 64 << 10;
/** Below the stack's limit: what the deepest function may use without asking (boot/native/abi.ts). */
const STACK_RESERVE_BYTES = 32 << 10;
const WASM_PAGE_BYTES = 65536;
/** Start information, tables of the machine: QEMU keeps 128 KiB, Xen some pages. */
const LOADER_BYTES = 128 << 10;
const LARGE_PAGE_WASM_PAGES = LARGE_PAGE_BYTES / WASM_PAGE_BYTES;
const XEN_NOTE_PHYS32_ENTRY = 18;
/** Exported functions that the start-up code, and memory.grow, call. */
const START_ENTRIES = ["startKernel", "reportException"] as const;
export const KERNEL_ENTRIES: readonly string[] = [...START_ENTRIES, "growMemory"];

export interface KernelParts {
  readonly module: NativeModule;
  /** Linear memory at the start. */
  readonly memory: Uint8Array;
  /** What linear memory must be able to grow to. */
  readonly leastMemoryBytes: number;
  /** Linear memory up to here is mapped by small pages: the drivers' own data is there. */
  readonly driversEnd: number;
  /** Makes the sections for gdb, told where the code is; symbols are put into the file with them. */
  readonly debugSections?: (code: bigint) => readonly ElfSection[];
}

export interface Kernel {
  readonly elf: Uint8Array;
  /** Bytes of code. */
  readonly codeBytes: number;
  /** Bytes of the file that are not the image's: code, tables, headers. */
  readonly kernelBytes: number;
  /** Physical memory that the kernel needs to start, from address 0 on. */
  readonly memoryBytes: number;
}

/** Puts a kernel together. */
export function linkKernel(parts: KernelParts): Kernel {
  const { module, memory } = parts;
  const isDebug = parts.debugSections !== undefined;
  const memoryLargePages = Math.ceil(memory.length / LARGE_PAGE_BYTES);
  const plan = planKernel(module, memoryLargePages, Math.ceil(parts.driversEnd / LARGE_PAGE_BYTES));
  const callable = callableTable(module, callableOffset(module));
  const placed = placeModule(module, {
    code: BigInt(plan.code),
    context: BigInt(plan.context),
    memory: KERNEL_MEMORY_BASE,
    memoryPages: memoryLargePages * LARGE_PAGE_WASM_PAGES,
    linked: new Map([
      [LINK_BOOT_RECORD, BigInt(plan.bootRecord)],
      [LINK_HYPERCALL_PAGE, BigInt(plan.hypercallPage)],
      [LINK_REGISTERS, BigInt(plan.registers)],
      [LINK_MEMORY_START, BigInt(plan.start.memoryStart)],
      [LINKED_CALLABLE, BigInt(plan.code + callableOffset(module))],
    ]),
  });

  const code32 = startCode32(plan.start);
  const code64 = startCode64(plan.start);
  const symbols = new Map<string, bigint>(Object.entries(plan.symbols).map(([name, value]) => [name, BigInt(value)]));
  for (const name of START_ENTRIES) symbols.set(name, placed.entry(name));
  const text = Buffer.alloc(plan.code - KERNEL_START + codeAndTableBytes(module));
  text.set(placeAssembled(code32, BigInt(KERNEL_START), symbols));
  text.set(placeAssembled(code64, BigInt(plan.symbols.start64), symbols), plan.symbols.start64 - KERNEL_START);
  text.set(placed.code, plan.code - KERNEL_START);
  text.set(callable, plan.code - KERNEL_START + callableOffset(module));

  const data = Buffer.alloc(plan.zeroStart - plan.dataStart);
  const vector = (number: number) => plan.symbols.start64 + code64.labels.get(`vector${number}`)!;
  const tables = systemTables(plan.dataStart, plan.faultStackTop, vector);
  data.set(tables.bytes);
  data.set(lowTables(plan), plan.symbols.lowTables - plan.dataStart);
  data.set(placed.context, plan.context - plan.dataStart);

  const heap = memorySegments(memory, BigInt(plan.start.memoryStart), memoryLargePages * LARGE_PAGE_WASM_PAGES);

  const entry = Buffer.alloc(8);
  entry.writeUInt32LE(KERNEL_START);
  const elf = writeElf({
    entry: BigInt(KERNEL_START),
    segments: [
      {
        name: ".text",
        address: BigInt(KERNEL_START),
        bytes: text,
        memoryBytes: text.length,
        protection: { write: false, execute: true },
      },
      {
        name: ".data",
        address: BigInt(plan.dataStart),
        bytes: data,
        memoryBytes: plan.end - plan.dataStart,
        protection: { write: true, execute: false },
      },
      ...heap,
    ],
    notes: [{ owner: "Xen", type: XEN_NOTE_PHYS32_ENTRY, descriptor: entry }],
    symbols: isDebug ? [...startSymbols(plan, code32.bytes.length, code64.bytes.length), ...placed.symbols] : [],
    sections: parts.debugSections?.(BigInt(plan.code)) ?? [],
    stackHeader: false,
  });
  return {
    elf,
    codeBytes: placed.code.length,
    kernelBytes: elf.length - heap.reduce((sum, { bytes }) => sum + bytes.length, 0),
    memoryBytes: plan.start.memoryStart + leastBytes(memoryLargePages, parts.leastMemoryBytes),
  };
}

/** What is loaded, and the heap's least with a page table and what loaders keep at the end of memory. */
function leastBytes(memoryLargePages: number, leastMemoryBytes: number): number {
  const grown = Math.ceil(leastMemoryBytes / WASM_PAGE_BYTES) * WASM_PAGE_BYTES + PAGE_BYTES;
  return Math.max(memoryLargePages * LARGE_PAGE_BYTES, grown) + LOADER_BYTES;
}

/** Where the table of callable functions lies, behind the code. */
function callableOffset(module: NativeModule): number {
  return Math.ceil(module.code.length / 8) * 8;
}

function codeAndTableBytes(module: NativeModule): number {
  return callableOffset(module) + callableTable(module, 0).length;
}

interface KernelPlan {
  readonly start: StartPlan;
  readonly hypercallPage: number;
  readonly code: number;
  /** First byte that can be written. */
  readonly dataStart: number;
  readonly bootRecord: number;
  readonly registers: number;
  readonly context: number;
  /** From here to the end there are zeros at the start. */
  readonly zeroStart: number;
  readonly stackBottom: number;
  readonly faultStackTop: number;
  readonly end: number;
  readonly symbols: Record<string, number> & { readonly start64: number; readonly lowTables: number };
}

/** Room for the system tables. */
const SYSTEM_BYTES = 1024;

/** Where everything goes. The number of low page tables depends on the size, and the size on that: two rounds do. */
function planKernel(module: NativeModule, memoryLargePages: number, smallMappedPages: number): KernelPlan {
  let lowTableCount = 1;
  while (true) {
    const plan = planWith(module, memoryLargePages, smallMappedPages, lowTableCount);
    if (plan.start.memoryStart <= lowTableCount * LARGE_PAGE_BYTES) return plan;
    lowTableCount = plan.start.memoryStart / LARGE_PAGE_BYTES;
  }
}

function planWith(module: NativeModule, largePages: number, smallPages: number, lowTableCount: number): KernelPlan {
  const place = new Placer(KERNEL_START);
  const start = {
    memoryStart: LARGE_PAGE_BYTES,
    smallMappedPages: smallPages,
    memoryLargePages: largePages,
    lowTables: lowTableCount,
    memoryBase: KERNEL_MEMORY_BASE,
  };
  place.take(startCode32(start).bytes.length, 1);
  const start64 = place.take(startCode64(start).bytes.length, 16);
  const hypercallPage = place.take(PAGE_BYTES, PAGE_BYTES);
  const code = place.take(codeAndTableBytes(module), PAGE_BYTES);

  const dataStart = place.take(SYSTEM_BYTES, PAGE_BYTES);
  const bootRecord = place.take(BOOT_RECORD_BYTES, 16);
  const registers = place.take(SAVED_WORDS * 8, 16);
  const lowTablesAt = place.take(lowTableCount * PAGE_BYTES, PAGE_BYTES);
  const context = place.take(contextBytes(module), 64);
  const zeroStart = place.take(0, PAGE_BYTES);
  const tables = {
    topTable: place.take(PAGE_BYTES, PAGE_BYTES),
    lowPointers: place.take(PAGE_BYTES, PAGE_BYTES),
    lowDirectories: place.take(DIRECTORIES * PAGE_BYTES, PAGE_BYTES),
    linearPointers: place.take(PAGE_BYTES, PAGE_BYTES),
    linearDirectories: place.take(DIRECTORIES * PAGE_BYTES, PAGE_BYTES),
    linearTables: place.take(smallPages * PAGE_BYTES, PAGE_BYTES),
    codePointers: place.take(PAGE_BYTES, PAGE_BYTES),
    codeDirectory: place.take(PAGE_BYTES, PAGE_BYTES),
  };
  // An unmapped page below each stack.
  place.take(PAGE_BYTES, PAGE_BYTES);
  const stackBottom = place.take(STACK_BYTES, PAGE_BYTES);
  place.take(PAGE_BYTES, PAGE_BYTES);
  const faultStackTop = place.take(FAULT_STACK_BYTES, PAGE_BYTES) + FAULT_STACK_BYTES;
  const end = place.take(0, PAGE_BYTES);
  return {
    start: { ...start, memoryStart: Math.ceil(end / LARGE_PAGE_BYTES) * LARGE_PAGE_BYTES },
    hypercallPage,
    code,
    dataStart,
    bootRecord,
    registers,
    context,
    zeroStart,
    stackBottom,
    faultStackTop,
    end,
    symbols: {
      ...tables,
      start64,
      lowTables: lowTablesAt,
      bootRecord,
      registers,
      contextRegister: context + CONTEXT_BIAS,
      stackLimit: stackBottom + STACK_RESERVE_BYTES,
      stackTop: stackBottom + STACK_BYTES,
      interruptTable: dataStart + systemTables(0, 0, () => 0).interruptTable,
      descriptorTable: dataStart + systemTables(0, 0, () => 0).descriptorTable,
    },
  };
}

/** Gives out addresses one after another. */
class Placer {
  constructor(private next: number) {}

  take(bytes: number, alignment: number): number {
    const address = Math.ceil(this.next / alignment) * alignment;
    this.next = address + bytes;
    return address;
  }
}

const PRESENT = 1n;
const WRITABLE = 2n;
const NO_EXECUTE = 1n << 63n;

/** Page tables for what lies below linear memory: code and the first page read only, the rest without code. */
function lowTables(plan: KernelPlan): Uint8Array {
  const count = (plan.start.lowTables * LARGE_PAGE_BYTES) / PAGE_BYTES;
  const bytes = Buffer.alloc(count * 8);
  for (let page = 0; page < count; page++) {
    bytes.writeBigUInt64LE(lowEntry(plan, page * PAGE_BYTES), page * 8);
  }
  return bytes;
}

function lowEntry(plan: KernelPlan, address: number): bigint {
  const isGuard =
    address === plan.stackBottom - PAGE_BYTES || address === plan.faultStackTop - FAULT_STACK_BYTES - PAGE_BYTES;
  if (isGuard) return 0n;
  // The loader may have left the start information there; the kernel takes it out of the map when it has read it.
  if (address === 0) return NO_EXECUTE | PRESENT;
  if (address >= KERNEL_START && address < plan.dataStart) return BigInt(address) | PRESENT;
  return BigInt(address) | NO_EXECUTE | WRITABLE | PRESENT;
}

function startSymbols(plan: KernelPlan, bytes32: number, bytes64: number): ElfSymbol[] {
  return [
    { name: "start32", address: BigInt(KERNEL_START), bytes: bytes32, kind: "function" },
    { name: "start64", address: BigInt(plan.symbols.start64), bytes: bytes64, kind: "function" },
    { name: "hypercallPage", address: BigInt(plan.hypercallPage), bytes: PAGE_BYTES, kind: "object" },
  ];
}
