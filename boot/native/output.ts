// What the native compiler answers for a module: machine code and everything that a linker needs to lay it out. The
// registers, the context block and the traps are in abi.ts. compile.ts exports
// `compileNative(wasm: Uint8Array, options?: NativeOptions): NativeModule`, which throws an Error with one line of text.

export type ValueType = "i32" | "i64" | "f32" | "f64";

export interface NativeModule {
  /**
   * Machine code, read only, with its constants and jump tables; to be placed at any address that is a multiple of 64.
   * Functions call each other relatively, so only `relocations` are to be filled in.
   */
  readonly code: Uint8Array;
  readonly relocations: readonly NativeRelocation[];
  /** All functions, imported ones first; an index is its place here. */
  readonly functions: readonly NativeFunction[];
  readonly exports: readonly NativeExport[];
  /** Index of the function to call once everything is laid out; undefined where there is none. */
  readonly start: number | undefined;
  readonly memory: { readonly initialPages: number; readonly maximumPages: number };
  /** Bytes of the context block, which starts CONTEXT_BIAS bytes below what rbp points to. Zeroed beyond what is told. */
  readonly contextBytes: number;
  readonly globals: readonly NativeGlobal[];
  /** 32-bit words of the context block that are not zero at the start: sizes of passive segments. */
  readonly contextWords: readonly { readonly contextOffset: number; readonly value: number }[];
  /** The table's entries; undefined is an empty one. */
  readonly table: readonly (NativeTableEntry | undefined)[];
  /** Active data segments, in order. Passive ones are in `code`. */
  readonly data: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  /**
   * Where code comes from: pairs (offset in code, offset in the module's bytes), by rising code offset; a pair holds up
   * to the next. asc's source map speaks of the same offsets in the module.
   */
  readonly lines: Uint32Array;
}

/** Something to be filled in, at `offset` in the code. */
export type NativeRelocation =
  /** 4 bytes: address of the imported function `functions[index]` minus address of the byte behind these four. */
  | { readonly kind: "call"; readonly offset: number; readonly index: number }
  /** 4 bytes, likewise: the routine for memory.grow (NativeOptions.growOutside). */
  | { readonly kind: "grow"; readonly offset: number }
  /** 8 bytes: the linker's constant of that number, asked for by `cpu.linked(number)`. */
  | { readonly kind: "linked"; readonly offset: number; readonly number: number };

export interface NativeFunction {
  /** From the name section, else the export's, else `function[index]`; `module.name` of an import. */
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly result: ValueType | undefined;
  /** Set for an imported function; `cpu` functions are never called, so they need no address. */
  readonly from?: { readonly module: string; readonly name: string };
  /** Place in the code; 0 and 0 for an imported function. */
  readonly offset: number;
  readonly bytes: number;
}

export interface NativeExport {
  readonly name: string;
  readonly kind: "function" | "table" | "memory" | "global";
  readonly index: number;
}

export interface NativeGlobal {
  readonly type: ValueType;
  readonly mutable: boolean;
  /** Where it lives: 4 or 8 bytes at rbp plus this. */
  readonly contextOffset: number;
  /** Bits at the start, little end first in memory; 0 for an imported global, which the linker gives its value. */
  readonly initial: bigint;
  readonly from?: { readonly module: string; readonly name: string };
}

export interface NativeTableEntry {
  /** The function, an index into `functions`. */
  readonly index: number;
  /** What goes into the entry at TABLE_ENTRY_TYPE. Equal signatures have equal numbers, in all modules. */
  readonly type: number;
}

export interface NativeOptions {
  /**
   * The module never reaches the first 1,024 bytes of memory by a sum that wraps around 4 GiB, as asc assumes of its
   * own code from memoryBase 1,024 on. Constants below 1,024 are then added by the addressing mode.
   */
  readonly lowMemoryUnused?: boolean;
  /**
   * Export that memory.grow calls: pages to add in, old number of pages out or -1, having set CONTEXT_MEMORY_PAGES
   * (cpu.setMemoryPages). Without it memory.grow answers -1 for anything but 0.
   */
  readonly growFunction?: string;
  /**
   * Without growFunction: memory.grow jumps to a routine that the linker provides. It finds the pages to add in rax and
   * leaves the answer there, returns by `ret`, and alters nothing but rax, rcx, rdx and xmm0 to xmm3.
   */
  readonly growOutside?: boolean;
}
