// Runs the native compiler, build/native.wasm, under Node: a module's bytes in, machine code and what a linker needs out.

import { existsSync, readFileSync } from "node:fs";
import type {
  NativeFunction,
  NativeGlobal,
  NativeModule,
  NativeOptions,
  NativeRelocation,
  NativeTableEntry,
} from "./output.js";
import { type ModuleSections, readSections } from "./sections.js";

/** What boot/native/main.ts exports. */
interface CompilerExports {
  readonly memory: WebAssembly.Memory;
  begin(bytes: number): number;
  compile(flags: number, growFunction: number): number;
  failureInformation(part: number): number;
  codeAddress(): number;
  codeBytes(): number;
  functionOffset(index: number): number;
  functionBytes(index: number): number;
  referenceTable(): number;
  referencesInTable(): number;
  lineTable(): number;
  linesInTable(): number;
  fact(number: number): number;
  globalPlace(index: number): number;
  globalBits(index: number): bigint;
  slotFunction(slot: number): number;
  slotType(slot: number): number;
  segmentPlace(segment: number): number;
  segmentLength(segment: number): number;
}

const FLAG_LOW_MEMORY_UNUSED = 1;
const FLAG_LINES = 2;
const FLAG_GROWS_OUTSIDE = 4;
const LINKED = 0x80000000;
const GROW = 0x7fffffff;

// Numbers of main.ts's `fact`.
const FACT_INITIAL_PAGES = 0;
const FACT_MAXIMUM_PAGES = 1;
const FACT_CONTEXT_BYTES = 2;
const FACT_TABLE_SIZE = 3;
const FACT_SEGMENTS = 4;

/** One for all modules: each begins anew in its memory. */
let instance: WebAssembly.Instance | undefined;

/**
 * Compiles a WebAssembly module to x86-64. Throws an Error whose message names the reason and where in the module;
 * a module with more than MVP, sign extension, saturating conversions and bulk memory is refused.
 */
export function compileNative(wasm: Uint8Array, options: NativeOptions = {}): NativeModule {
  instance ??= new WebAssembly.Instance(new WebAssembly.Module(readFileSync(compilerFile())), {});
  const compiler = instance.exports as unknown as CompilerExports;
  const sections = readSections(wasm);
  const address = compiler.begin(wasm.length);
  if (address === 0) throw new Error(`native: no memory for a module of ${wasm.length} bytes`);
  new Uint8Array(compiler.memory.buffer).set(wasm, address);
  const flags =
    FLAG_LINES |
    (options.lowMemoryUnused ? FLAG_LOW_MEMORY_UNUSED : 0) |
    (options.growOutside ? FLAG_GROWS_OUTSIDE : 0);
  const failure = compiler.compile(flags, growFunction(sections, options));
  if (failure !== 0) throw new Error(`native: ${explain(failure, compiler, sections)}`);
  return collect(compiler, sections);
}

/** build/native.wasm, seen from build/js/boot/native or from the sources. */
function compilerFile(): URL {
  const candidates = ["../../../native.wasm", "../../build/native.wasm"].map((path) => new URL(path, import.meta.url));
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found === undefined) throw new Error("native: build/native.wasm is missing; `npm run build` makes it");
  return found;
}

function growFunction(sections: ModuleSections, options: NativeOptions): number {
  if (options.growFunction === undefined) return -1;
  const wanted = sections.exports.find(({ name, kind }) => name === options.growFunction && kind === "function");
  if (wanted === undefined) throw new Error(`native: the module exports no function ${options.growFunction}`);
  return wanted.index;
}

function explain(failure: number, compiler: CompilerExports, sections: ModuleSections): string {
  const detail = compiler.failureInformation(0) >>> 0;
  const index = compiler.failureInformation(1) >>> 0;
  const where =
    index === 0xffffffff
      ? ""
      : ` in ${sections.names.get(index) ?? `function[${index}]`}, near offset ${compiler.failureInformation(2)}`;
  switch (failure) {
    case 1:
      return "memory is used up; the module is too large";
    case 2:
      return "this is not a WebAssembly module of version 1";
    case 3:
      return `opcode ${detail.toString(16)}h${where} is none that the compiler knows; build the module without that feature`;
    case 4:
      return `section ${detail} holds something beyond MVP and bulk memory; build the module without that feature`;
    default:
      return `a limit of the compiler is reached (${detail.toString(16)}h)${where}`;
  }
}

function collect(compiler: CompilerExports, sections: ModuleSections): NativeModule {
  const bytes = new Uint8Array(compiler.memory.buffer);
  const words = new Uint32Array(compiler.memory.buffer);
  const codeStart = compiler.codeAddress();
  const functions = collectFunctions(compiler, sections);
  const imported = sections.importedFunctions.length;
  const lineStart = compiler.lineTable() >>> 2;
  return {
    code: bytes.slice(codeStart, codeStart + compiler.codeBytes()),
    relocations: collectRelocations(compiler, words, imported),
    functions,
    exports: sections.exports,
    start: sections.start,
    memory: { initialPages: compiler.fact(FACT_INITIAL_PAGES), maximumPages: compiler.fact(FACT_MAXIMUM_PAGES) },
    contextBytes: compiler.fact(FACT_CONTEXT_BYTES),
    globals: collectGlobals(compiler, sections),
    contextWords: collectSegments(compiler),
    table: collectTable(compiler),
    data: sections.data,
    lines: words.slice(lineStart, lineStart + compiler.linesInTable() * 2),
  };
}

function collectFunctions(compiler: CompilerExports, sections: ModuleSections): NativeFunction[] {
  const imported = sections.importedFunctions.map(({ module, name, type }) => ({
    name: `${module}.${name}`,
    ...sections.types[type],
    from: { module, name },
    offset: 0,
    bytes: 0,
  }));
  const exported = new Map(
    sections.exports.filter(({ kind }) => kind === "function").map(({ name, index }) => [index, name]),
  );
  const defined = sections.functionTypes.map((type, position) => {
    const index = imported.length + position;
    return {
      name: sections.names.get(index) ?? exported.get(index) ?? `function[${index}]`,
      ...sections.types[type],
      offset: compiler.functionOffset(index),
      bytes: compiler.functionBytes(index),
    };
  });
  return [...imported, ...defined];
}

function collectRelocations(compiler: CompilerExports, words: Uint32Array, imported: number): NativeRelocation[] {
  const start = compiler.referenceTable() >>> 2;
  const relocations: NativeRelocation[] = [];
  for (let i = 0; i < compiler.referencesInTable(); i++) {
    const offset = words[start + 2 * i];
    const target = words[start + 2 * i + 1];
    if (target >= LINKED) relocations.push({ kind: "linked", offset, number: target - LINKED });
    else if (target === GROW) relocations.push({ kind: "grow", offset });
    else if (target < imported) relocations.push({ kind: "call", offset, index: target });
  }
  return relocations;
}

function collectGlobals(compiler: CompilerExports, sections: ModuleSections): NativeGlobal[] {
  const all = [
    ...sections.importedGlobals.map(({ module, name, ...global }) => ({ ...global, from: { module, name } })),
    ...sections.globals,
  ];
  return all.map((global, index) => ({
    ...global,
    contextOffset: compiler.globalPlace(index),
    initial: BigInt.asUintN(64, compiler.globalBits(index)),
  }));
}

function collectSegments(compiler: CompilerExports): { contextOffset: number; value: number }[] {
  return Array.from({ length: compiler.fact(FACT_SEGMENTS) }, (_, segment) => ({
    contextOffset: compiler.segmentPlace(segment),
    value: compiler.segmentLength(segment),
  })).filter(({ contextOffset }) => contextOffset !== 0);
}

function collectTable(compiler: CompilerExports): (NativeTableEntry | undefined)[] {
  return Array.from({ length: compiler.fact(FACT_TABLE_SIZE) }, (_, slot) => {
    const entry = compiler.slotFunction(slot);
    return entry === 0 ? undefined : { index: entry - 1, type: compiler.slotType(slot) >>> 0 };
  });
}
