// Lays compiled code out at fixed addresses: fills relocations in, builds the context block and the table behind it, and
// cuts linear memory into segments without its holes. What is common to the Linux program and the Xen kernel; the
// addresses are theirs to choose.

import {
  CONTEXT_BIAS,
  CONTEXT_MEMORY_PAGES,
  CONTEXT_TABLE,
  CONTEXT_TABLE_SIZE,
  TABLE_ENTRY_BYTES,
  TABLE_ENTRY_TYPE,
  TYPE_NONE,
} from "../native/abi.js";
import { type NativeModule } from "../native/output.js";
import { PAGE_BYTES as WASM_PAGE_BYTES } from "../../vm/layout.js";
import { type AssembledCode } from "./assembler.js";
import { type ElfSegment, type ElfSymbol, PAGE_BYTES } from "./elf.js";

export interface Placement {
  /** Where the compiled code goes: a multiple of 64. */
  readonly code: bigint;
  /** Where the context block and the table go: a multiple of 16. */
  readonly context: bigint;
  /** Linear memory's first byte. */
  readonly memory: bigint;
  /** Pages of 64 KiB that linear memory has at the start. */
  readonly memoryPages: number;
  /** Constants that the code asks for by number (cpu.linked). */
  readonly linked: ReadonlyMap<number, bigint>;
}

export interface PlacedModule {
  readonly code: Uint8Array;
  /** The context block, then the table. */
  readonly context: Uint8Array;
  /** What rbp holds in compiled code. */
  readonly contextRegister: bigint;
  /** Address of an exported function. */
  entry(name: string): bigint;
  readonly symbols: readonly ElfSymbol[];
}

/** Bytes of the context block with the table behind it. */
export function contextBytes(module: NativeModule): number {
  return tableOffset(module) + module.table.length * TABLE_ENTRY_BYTES;
}

function tableOffset(module: NativeModule): number {
  return Math.ceil(module.contextBytes / TABLE_ENTRY_BYTES) * TABLE_ENTRY_BYTES;
}

/** Fills everything in. Throws an Error where the code calls what nothing provides. */
export function placeModule(module: NativeModule, placement: Placement): PlacedModule {
  return {
    code: placeCode(module, placement),
    context: placeContext(module, placement),
    contextRegister: placement.context + BigInt(CONTEXT_BIAS),
    entry(name) {
      const found = module.exports.find((each) => each.name === name && each.kind === "function");
      if (found === undefined) throw new Error(`link: the module has no function ${name}`);
      return functionAddress(module, placement, found.index);
    },
    symbols: module.functions
      .filter(({ from }) => from === undefined)
      .map(({ name, offset, bytes }) => ({
        name,
        address: placement.code + BigInt(offset),
        bytes,
        kind: "function" as const,
      })),
  };
}

function functionAddress(module: NativeModule, placement: Placement, index: number): bigint {
  const found = module.functions[index]!;
  if (found.from !== undefined) {
    throw new Error(`link: ${found.from.module}.${found.from.name} is called and nothing provides it`);
  }
  return placement.code + BigInt(found.offset);
}

function placeCode(module: NativeModule, placement: Placement): Uint8Array {
  const code = module.code.slice();
  const view = new DataView(code.buffer);
  for (const relocation of module.relocations) {
    switch (relocation.kind) {
      case "call": {
        const next = placement.code + BigInt(relocation.offset + 4);
        view.setInt32(relocation.offset, Number(functionAddress(module, placement, relocation.index) - next), true);
        break;
      }
      case "linked": {
        const value = placement.linked.get(relocation.number);
        if (value === undefined) throw new Error(`link: cpu.linked(${relocation.number}) has no value`);
        view.setBigUint64(relocation.offset, value, true);
        break;
      }
      case "grow":
        throw new Error("link: memory.grow has no routine; compile with growFunction");
    }
  }
  return code;
}

function placeContext(module: NativeModule, placement: Placement): Uint8Array {
  const bytes = new Uint8Array(contextBytes(module));
  const view = new DataView(bytes.buffer);
  const table = tableOffset(module);
  view.setUint32(CONTEXT_BIAS + CONTEXT_MEMORY_PAGES, placement.memoryPages, true);
  view.setUint32(CONTEXT_BIAS + CONTEXT_TABLE_SIZE, module.table.length, true);
  view.setBigUint64(CONTEXT_BIAS + CONTEXT_TABLE, placement.context + BigInt(table), true);
  for (const { type, contextOffset, initial } of module.globals) {
    const at = CONTEXT_BIAS + contextOffset;
    if (type === "i32" || type === "f32") view.setUint32(at, Number(BigInt.asUintN(32, initial)), true);
    else view.setBigUint64(at, BigInt.asUintN(64, initial), true);
  }
  for (const { contextOffset, value } of module.contextWords) view.setUint32(CONTEXT_BIAS + contextOffset, value, true);
  module.table.forEach((entry, index) => {
    const at = table + index * TABLE_ENTRY_BYTES;
    view.setUint32(at + TABLE_ENTRY_TYPE, entry === undefined ? TYPE_NONE : entry.type, true);
    if (entry !== undefined) view.setBigUint64(at, functionAddress(module, placement, entry.index), true);
  });
  return bytes;
}

/** Fills in the relocations of assembled code that is to lie at an address; `symbols` are what labels do not name. */
export function placeAssembled(
  assembled: AssembledCode,
  address: bigint,
  symbols: ReadonlyMap<string, bigint>,
): Uint8Array {
  const bytes = assembled.bytes.slice();
  const view = new DataView(bytes.buffer);
  for (const { offset, kind, symbol, addend } of assembled.relocations) {
    const label = assembled.labels.get(symbol);
    const target = label === undefined ? symbols.get(symbol) : address + BigInt(label);
    if (target === undefined) throw new Error(`link: the start-up code names ${symbol}, which nothing defines`);
    const value = target + BigInt(addend) - (kind === "relative32" ? address + BigInt(offset) : 0n);
    if (kind === "absolute64") view.setBigUint64(offset, BigInt.asUintN(64, value), true);
    else if (kind === "absolute32" && value >= 0n && value < 1n << 32n) view.setUint32(offset, Number(value), true);
    else if (value >= -(1n << 31n) && value < 1n << 31n) view.setInt32(offset, Number(value), true);
    else throw new Error(`link: ${symbol} is too far away for 32 bits`);
  }
  return bytes;
}

/** Zeros that are worth a segment of their own, in bytes: fewer are kept in the file. */
const MIN_HOLE_BYTES = 4 * PAGE_BYTES;

/**
 * Segments for linear memory, without the file holding its larger holes: each goes on with zeros to where the next
 * starts, and the last to memory's end.
 */
export function memorySegments(memory: Uint8Array, address: bigint, memoryPages: number): ElfSegment[] {
  const end = memoryPages * WASM_PAGE_BYTES;
  const parts = filledParts(memory);
  return parts.map(([start, stop], index) => ({
    name: `.memory${index}`,
    address: address + BigInt(start),
    bytes: memory.subarray(start, stop),
    memoryBytes: (parts[index + 1]?.[0] ?? end) - start,
    protection: { write: true, execute: false },
  }));
}

/** Parts that are not all zeros, in pages; the first starts at 0. */
function filledParts(memory: Uint8Array): [start: number, end: number][] {
  const words = new BigUint64Array(memory.buffer, memory.byteOffset, memory.length >> 3);
  const parts: [number, number][] = [[0, PAGE_BYTES]];
  for (let page = PAGE_BYTES; page < memory.length; page += PAGE_BYTES) {
    if (isZero(words, page >> 3)) continue;
    const last = parts[parts.length - 1]!;
    if (page - last[1] < MIN_HOLE_BYTES) last[1] = page + PAGE_BYTES;
    else parts.push([page, page + PAGE_BYTES]);
  }
  return parts;
}

function isZero(words: BigUint64Array, start: number): boolean {
  for (let i = start; i < start + PAGE_BYTES / 8; i++) {
    if (words[i] !== 0n) return false;
  }
  return true;
}
