// A Linux program from an image: the virtual machine's module and the Linux platform, specialised for the image, as
// machine code, with the image laid out in its memory. One static ELF file.

import { compileNative } from "../native/compile.js";
import { contextBytes, memorySegments, placeAssembled, placeModule } from "./layout.js";
import {
  FAULT_STACK_BYTES,
  LINKED_CODE_END,
  LINKED_CODE_START,
  LINKED_FAULT_HANDLER,
  LINKED_FAULT_STACK,
  LINKED_SIGNAL_RETURN,
  LINKED_SYMBOLS,
} from "../linux/linked.js";
import { debugSections } from "./dwarf.js";
import { type ElfSegment, PAGE_BYTES, writeElf } from "./elf.js";
import { linuxStart } from "./linuxStart.js";
import { LINKED_CALLABLE } from "../common/linked.js";
import { withAheadModules } from "./ahead.js";
import { callableTable } from "./callable.js";
import { type SpecialisedModule } from "./specialise.js";
import { symbolTable } from "./symbols.js";

/** Exported functions that the start-up code, and memory.grow, call. */
export const LINUX_ENTRIES = ["start", "fault", "growMemory"];

const TEXT_ADDRESS = 0x400000n;
const MEMORY_ADDRESS = 0x1_0000_0000n;
const CODE_ALIGNMENT = 64;
const WASM_PAGE_BYTES = 65536;

/** The program's file, and the sizes of its parts. */
export interface Program {
  readonly file: Uint8Array;
  readonly codeBytes: number;
  readonly memoryBytes: number;
}

/** Compiles and lays out a program; symbols and lines for gdb are in its file where the module has a source map. */
export function linkLinuxProgram(module: SpecialisedModule): Program {
  const program = compileNative(module.bytes, { lowMemoryUnused: true, growFunction: "growMemory" });
  const native = withAheadModules(program, module.ahead);
  const start = linuxStart();
  const startBytes = roundUp(start.bytes.length, CODE_ALIGNMENT);
  const code = TEXT_ADDRESS + BigInt(startBytes);
  const symbols = symbolTable(native.functions);
  const symbolsAt = native.code.length;
  const callableAt = roundUp(symbolsAt + symbols.length, 8);
  const callable = callableTable(native, callableAt);
  const textBytes = startBytes + callableAt + callable.length;
  const context = TEXT_ADDRESS + BigInt(roundUp(textBytes, PAGE_BYTES));
  const faultStack = context + BigInt(roundUp(contextBytes(native), PAGE_BYTES));
  const label = (name: string) => TEXT_ADDRESS + BigInt(start.labels.get(name)!);

  const memoryPages = module.memory.length / WASM_PAGE_BYTES;
  const linked = new Map([
    [LINKED_FAULT_HANDLER, label("faultHandler")],
    [LINKED_SIGNAL_RETURN, label("signalReturn")],
    [LINKED_FAULT_STACK, faultStack],
    [LINKED_CODE_START, code],
    [LINKED_CODE_END, code + BigInt(native.code.length)],
    [LINKED_SYMBOLS, code + BigInt(symbolsAt)],
    [LINKED_CALLABLE, code + BigInt(callableAt)],
  ]);
  const placed = placeModule(native, { code, context, memory: MEMORY_ADDRESS, memoryPages, linked });
  const startCode = placeAssembled(
    start,
    TEXT_ADDRESS,
    new Map([
      ["memory", MEMORY_ADDRESS],
      ["context", placed.contextRegister],
      ["faultStack", faultStack],
      ["start", placed.entry("start")],
      ["fault", placed.entry("fault")],
    ]),
  );

  const text = new Uint8Array(textBytes);
  text.set(startCode);
  text.set(placed.code, startBytes);
  text.set(symbols, startBytes + symbolsAt);
  text.set(callable, startBytes + callableAt);
  const segments: ElfSegment[] = [
    {
      name: ".text",
      address: TEXT_ADDRESS,
      bytes: text,
      memoryBytes: textBytes,
      protection: { write: false, execute: true },
    },
    {
      name: ".context",
      address: context,
      bytes: placed.context,
      memoryBytes: Number(faultStack - context) + FAULT_STACK_BYTES,
      protection: { write: true, execute: false },
    },
    ...memorySegments(module.memory, MEMORY_ADDRESS, memoryPages),
  ];
  const file = writeElf({
    entry: label("process"),
    segments,
    symbols: module.sourceMap === undefined ? [] : placed.symbols,
    sections: module.sourceMap === undefined ? [] : debugSections(native, module.sourceMap, code),
  });
  const memoryBytes = segments.slice(2).reduce((sum, { bytes }) => sum + bytes.length, 0);
  return { file, codeBytes: textBytes, memoryBytes };
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
