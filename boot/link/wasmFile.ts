// Reads and rewrites sections of WebAssembly modules: globals, exports, table entries, data. Code is never touched, so
// a source map stays right but for one distance. Source: the WebAssembly core specification 2.0, chapter 5.

const MAGIC_BYTES = 8;
const SECTION_CUSTOM = 0;
const SECTION_IMPORT = 2;
const SECTION_MEMORY = 5;
const SECTION_GLOBAL = 6;
const SECTION_EXPORT = 7;
const SECTION_START = 8;
const SECTION_ELEMENT = 9;
const SECTION_CODE = 10;
const SECTION_DATA = 11;
const SECTION_DATA_COUNT = 12;
const KIND_FUNCTION = 0;
const KIND_TABLE = 1;
const KIND_MEMORY = 2;
const KIND_GLOBAL = 3;
const NAMES_OF_GLOBALS = 7;
const TYPE_NAMES: Record<number, WasmValueType> = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64" };
const TYPE_BYTES: Record<WasmValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };
const END = 0x0b;

export type WasmValueType = "i32" | "i64" | "f32" | "f64";

export interface WasmSection {
  readonly id: number;
  readonly bytes: Uint8Array;
}

export interface WasmGlobal {
  /** From the name section, else empty. */
  readonly name: string;
  readonly type: WasmValueType;
  readonly mutable: boolean;
  /** The constant expression that gives its first value, with its end. */
  readonly initializer: Uint8Array;
}

export interface WasmExport {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

/** A run of table entries: functions by their index, from a place in the table on. */
export interface WasmElements {
  readonly offset: number;
  readonly functions: readonly number[];
}

/** An active data segment. */
export interface WasmData {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** A module in parts that can be replaced; `toBytes` puts it together again. */
export class WasmFile {
  private constructor(private sections: readonly WasmSection[]) {}

  static parse(bytes: Uint8Array): WasmFile {
    if (bytes.length < MAGIC_BYTES || new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) !== 0x6d736100) {
      throw new Error("wasm: not a WebAssembly module");
    }
    const sections: WasmSection[] = [];
    const reader = new Reader(bytes, MAGIC_BYTES);
    while (!reader.isAtEnd) {
      const id = reader.byte();
      sections.push({ id, bytes: reader.take(reader.unsigned()) });
    }
    return new WasmFile(sections);
  }

  toBytes(): Uint8Array {
    const parts: Uint8Array[] = [Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)];
    for (const { id, bytes } of this.sections) parts.push(Uint8Array.of(id, ...unsigned(bytes.length)), bytes);
    return Buffer.concat(parts);
  }

  /** Where the contents of the code section start in the file: what a source map's offsets move with. */
  get codeOffset(): number {
    let offset = MAGIC_BYTES;
    for (const { id, bytes } of this.sections) {
      const start = offset + 1 + unsigned(bytes.length).length;
      if (id === SECTION_CODE) return start;
      offset = start + bytes.length;
    }
    return offset;
  }

  globals(): WasmGlobal[] {
    if (this.importedGlobalCount() > 0) throw new Error("wasm: a module with imported globals is not handled here");
    const names = this.globalNames();
    return this.list(SECTION_GLOBAL, (reader, index) => {
      const type = TYPE_NAMES[reader.byte()];
      if (type === undefined) throw new Error("wasm: a global of a type that is not handled here");
      const mutable = reader.byte() === 1;
      return { name: names.get(index) ?? "", type, mutable, initializer: reader.constantExpression() };
    });
  }

  /** Gives globals new first values; `values` are bit patterns by name. Every name must be there. */
  setGlobals(values: ReadonlyMap<string, bigint>): void {
    const missing = new Set(values.keys());
    const globals = this.globals().map((global) => {
      const bits = values.get(global.name);
      if (bits === undefined) return global;
      missing.delete(global.name);
      return { ...global, initializer: constant(global.type, bits) };
    });
    if (missing.size > 0) throw new Error(`wasm: no global ${[...missing].join(", ")}`);
    const encoded = globals.map(({ type, mutable, initializer }) =>
      Buffer.concat([Uint8Array.of(TYPE_BYTES[type], mutable ? 1 : 0), initializer]),
    );
    this.replace(SECTION_GLOBAL, vector(encoded));
  }

  exports(): WasmExport[] {
    return this.list(SECTION_EXPORT, (reader) => ({
      name: reader.text(),
      kind: reader.byte(),
      index: reader.unsigned(),
    }));
  }

  setExports(exports: readonly WasmExport[]): void {
    const encoded = exports.map(({ name, kind, index }) => {
      const bytes = new TextEncoder().encode(name);
      return Buffer.concat([Uint8Array.from(unsigned(bytes.length)), bytes, Uint8Array.of(kind, ...unsigned(index))]);
    });
    this.replace(SECTION_EXPORT, vector(encoded));
  }

  /** Exports every mutable global as `global:INDEX`, so that its value can be read; answers them by that name. */
  exportMutableGlobals(): Map<string, WasmGlobal> {
    const added = new Map<string, WasmGlobal>();
    const exports = this.exports();
    this.globals().forEach((global, index) => {
      if (!global.mutable) return;
      const name = `global:${index}`;
      added.set(name, global);
      exports.push({ name, kind: KIND_GLOBAL, index });
    });
    this.setExports(exports);
    return added;
  }

  /** Keeps of the exported functions those named, and nothing else that is exported but memory. */
  keepExports(names: ReadonlySet<string>): void {
    const all = this.exports();
    const kept = all.filter(({ name, kind }) => kind === KIND_MEMORY || (kind === KIND_FUNCTION && names.has(name)));
    const missing = [...names].filter((name) => !kept.some((each) => each.name === name));
    if (missing.length > 0) throw new Error(`wasm: no export ${missing.join(", ")}`);
    this.setExports(kept);
  }

  elements(): WasmElements[] {
    return this.list(SECTION_ELEMENT, (reader) => {
      if (reader.unsigned() !== 0) throw new Error("wasm: a table's segment of a kind that is not handled here");
      const offset = constantValue(reader.constantExpression());
      const functions = Array.from({ length: reader.unsigned() }, () => reader.unsigned());
      return { offset, functions };
    });
  }

  setElements(elements: readonly WasmElements[]): void {
    const encoded = elements.map(({ offset, functions }) =>
      Uint8Array.from([
        0,
        ...constant("i32", BigInt(offset)),
        ...unsigned(functions.length),
        ...functions.flatMap((index) => unsigned(index)),
      ]),
    );
    this.replace(SECTION_ELEMENT, vector(encoded));
  }

  /** Empties places of the table. */
  dropElements(places: ReadonlySet<number>): void {
    const kept: WasmElements[] = [];
    for (const { offset, functions } of this.elements()) {
      let run: number[] = [];
      let start = offset;
      functions.forEach((index, i) => {
        if (!places.has(offset + i)) {
          if (run.length === 0) start = offset + i;
          run.push(index);
        } else if (run.length > 0) {
          kept.push({ offset: start, functions: run });
          run = [];
        }
      });
      if (run.length > 0) kept.push({ offset: start, functions: run });
    }
    this.setElements(kept);
  }

  data(): WasmData[] {
    return this.list(SECTION_DATA, (reader) => {
      if (reader.unsigned() !== 0) throw new Error("wasm: a passive data segment is not handled here");
      const address = constantValue(reader.constantExpression());
      return { address, bytes: reader.take(reader.unsigned()) };
    });
  }

  /** Leaves data out: what is in memory at the start comes from elsewhere. */
  dropData(): void {
    this.sections = this.sections.filter(({ id }) => id !== SECTION_DATA && id !== SECTION_DATA_COUNT);
  }

  /** Leaves the start out: what it does has been done. */
  dropStart(): void {
    this.sections = this.sections.filter(({ id }) => id !== SECTION_START);
  }

  /** Sizes of the memory in pages of 64 KiB. */
  setMemory(minimum: number, maximum: number): void {
    this.replace(SECTION_MEMORY, Uint8Array.from([1, 1, ...unsigned(minimum), ...unsigned(maximum)]));
  }

  private replace(id: number, bytes: Uint8Array): void {
    this.sections = this.sections.map((section) => (section.id === id ? { id, bytes } : section));
  }

  private list<T>(id: number, read: (reader: Reader, index: number) => T): T[] {
    const section = this.sections.find((each) => each.id === id);
    if (section === undefined) return [];
    const reader = new Reader(section.bytes);
    return Array.from({ length: reader.unsigned() }, (_, index) => read(reader, index));
  }

  private importedGlobalCount(): number {
    let count = 0;
    this.list(SECTION_IMPORT, (reader) => {
      reader.text();
      reader.text();
      const kind = reader.byte();
      if (kind === KIND_FUNCTION) reader.unsigned();
      else if (kind === KIND_GLOBAL) {
        reader.take(2);
        count++;
      } else {
        if (kind === KIND_TABLE) reader.byte();
        const hasMaximum = (reader.byte() & 1) !== 0;
        reader.unsigned();
        if (hasMaximum) reader.unsigned();
      }
    });
    return count;
  }

  private globalNames(): Map<number, string> {
    const names = new Map<number, string>();
    for (const { id, bytes } of this.sections) {
      if (id !== SECTION_CUSTOM) continue;
      const reader = new Reader(bytes);
      if (reader.text() !== "name") continue;
      while (!reader.isAtEnd) {
        const kind = reader.byte();
        const part = new Reader(reader.take(reader.unsigned()));
        if (kind !== NAMES_OF_GLOBALS) continue;
        for (let count = part.unsigned(); count > 0; count--) names.set(part.unsigned(), part.text());
      }
    }
    return names;
  }
}

/** Moves every offset of a source map by a distance: the first mapping's, since the others count from it. */
export function shiftSourceMap(map: string, distance: number): string {
  const parsed = JSON.parse(map) as { mappings: string };
  const match = /^[A-Za-z0-9+/]+/.exec(parsed.mappings);
  if (match === null || distance === 0) return map;
  const [column, ...rest] = decodeVlq(match[0]);
  const shifted = [column! + distance, ...rest].map(encodeVlq).join("");
  return JSON.stringify({ ...parsed, mappings: shifted + parsed.mappings.slice(match[0].length) });
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The numbers of one segment of a source map's mappings (source map revision 3). */
export function decodeVlq(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let scale = 1;
  for (const character of text) {
    const digit = BASE64.indexOf(character);
    value += (digit & 31) * scale;
    scale *= 32;
    if ((digit & 32) !== 0) continue;
    numbers.push((value & 1) !== 0 ? -(value >>> 1) : value >>> 1);
    value = 0;
    scale = 1;
  }
  return numbers;
}

function encodeVlq(number: number): string {
  let value = number < 0 ? -number * 2 + 1 : number * 2;
  let text = "";
  do {
    const digit = value & 31;
    value >>>= 5;
    text += BASE64[value > 0 ? digit | 32 : digit];
  } while (value > 0);
  return text;
}

class Reader {
  constructor(
    private readonly bytes: Uint8Array,
    private at = 0,
  ) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new Error("wasm: the module ends inside a section");
    return byte;
  }

  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  take(count: number): Uint8Array {
    if (this.at + count > this.bytes.length) throw new Error("wasm: the module ends inside a section");
    const part = this.bytes.subarray(this.at, this.at + count);
    this.at += count;
    return part;
  }

  text(): string {
    return new TextDecoder().decode(this.take(this.unsigned()));
  }

  /** A constant or `global.get`, and the end behind it. */
  constantExpression(): Uint8Array {
    const start = this.at;
    const opcode = this.byte();
    if (opcode === 0x43) this.take(4);
    else if (opcode === 0x44) this.take(8);
    else if (opcode === 0x41 || opcode === 0x42 || opcode === 0x23) while (this.byte() >= 128);
    else throw new Error(`wasm: a constant expression with opcode ${opcode} is not handled here`);
    if (this.byte() !== END) throw new Error("wasm: a longer constant expression is not handled here");
    return this.bytes.subarray(start, this.at);
  }
}

/** The value of an `i32.const` expression, unsigned. */
function constantValue(expression: Uint8Array): number {
  if (expression[0] !== 0x41) throw new Error("wasm: an offset that is no constant is not handled here");
  let value = 0n;
  let shift = 0n;
  let at = 1;
  for (;;) {
    const byte = expression[at++]!;
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte >= 128) continue;
    if ((byte & 64) !== 0) value |= -1n << shift;
    return Number(BigInt.asUintN(32, value));
  }
}

/** A constant expression of a type with that bit pattern. */
function constant(type: WasmValueType, bits: bigint): Uint8Array {
  const bytes = new Uint8Array(9);
  const view = new DataView(bytes.buffer);
  switch (type) {
    case "i32":
      return Uint8Array.of(0x41, ...signed(BigInt.asIntN(32, bits)), END);
    case "i64":
      return Uint8Array.of(0x42, ...signed(BigInt.asIntN(64, bits)), END);
    case "f32":
      view.setUint32(0, Number(BigInt.asUintN(32, bits)), true);
      return Uint8Array.of(0x43, ...bytes.subarray(0, 4), END);
    case "f64":
      view.setBigUint64(0, BigInt.asUintN(64, bits), true);
      return Uint8Array.of(0x44, ...bytes.subarray(0, 8), END);
  }
}

function vector(items: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.from(unsigned(items.length)), ...items]);
}

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 128 : low);
  } while (rest > 0);
  return bytes;
}

function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ;) {
    const low = Number(rest & 127n);
    rest >>= 7n;
    const isLast = (rest === 0n && (low & 64) === 0) || (rest === -1n && (low & 64) !== 0);
    bytes.push(isLast ? low : low | 128);
    if (isLast) return bytes;
  }
}
