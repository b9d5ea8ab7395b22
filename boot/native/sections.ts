// What a linker needs of a module besides code: exports, names, imports, active data. Read from the module's bytes.

import type { NativeExport, ValueType } from "./output.js";

export interface ModuleSections {
  readonly types: readonly { readonly parameters: readonly ValueType[]; readonly result: ValueType | undefined }[];
  readonly importedFunctions: readonly { readonly module: string; readonly name: string; readonly type: number }[];
  readonly importedGlobals: readonly {
    readonly module: string;
    readonly name: string;
    readonly type: ValueType;
    readonly mutable: boolean;
  }[];
  /** Type indices of the functions that the module defines. */
  readonly functionTypes: readonly number[];
  readonly globals: readonly { readonly type: ValueType; readonly mutable: boolean }[];
  readonly exports: readonly NativeExport[];
  readonly start: number | undefined;
  readonly data: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  /** From the name section, by function index. */
  readonly names: ReadonlyMap<number, string>;
}

const VALUE_TYPES: Readonly<Record<number, ValueType>> = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64" };
const EXPORT_KINDS: readonly NativeExport["kind"][] = ["function", "table", "memory", "global"];

/** Reads the sections of a module that the compiler has accepted. Throws an Error on what it does not know. */
export function readSections(wasm: Uint8Array): ModuleSections {
  const types: { parameters: ValueType[]; result: ValueType | undefined }[] = [];
  const importedFunctions: { module: string; name: string; type: number }[] = [];
  const importedGlobals: { module: string; name: string; type: ValueType; mutable: boolean }[] = [];
  const functionTypes: number[] = [];
  const globals: { type: ValueType; mutable: boolean }[] = [];
  const exports: NativeExport[] = [];
  const data: { address: number; bytes: Uint8Array }[] = [];
  const names = new Map<number, string>();
  let start: number | undefined;

  const reader = new Reader(wasm, 8);
  while (reader.position < wasm.length) {
    const section = reader.byte();
    const size = reader.unsigned();
    const end = reader.position + size;
    switch (section) {
      case 0:
        if (reader.name() === "name") readNames(reader, end, names);
        break;
      case 1:
        reader.list(() => {
          reader.byte();
          const parameters = reader.list(() => reader.valueType());
          types.push({ parameters, result: reader.list(() => reader.valueType())[0] });
        });
        break;
      case 2:
        reader.list(() => readImport(reader, importedFunctions, importedGlobals));
        break;
      case 3:
        reader.list(() => functionTypes.push(reader.unsigned()));
        break;
      case 6:
        reader.list(() => {
          globals.push({ type: reader.valueType(), mutable: reader.byte() === 1 });
          reader.constant();
        });
        break;
      case 7:
        reader.list(() => {
          const name = reader.name();
          exports.push({ name, kind: EXPORT_KINDS[reader.byte()], index: reader.unsigned() });
        });
        break;
      case 8:
        start = reader.unsigned();
        break;
      case 11:
        reader.list(() => readSegment(reader, data));
        break;
    }
    reader.position = end;
  }
  return { types, importedFunctions, importedGlobals, functionTypes, globals, exports, start, data, names };
}

function readImport(
  reader: Reader,
  functions: { module: string; name: string; type: number }[],
  globals: { module: string; name: string; type: ValueType; mutable: boolean }[],
): void {
  const module = reader.name();
  const name = reader.name();
  const kind = reader.byte();
  if (kind === 0) functions.push({ module, name, type: reader.unsigned() });
  else if (kind === 3) globals.push({ module, name, type: reader.valueType(), mutable: reader.byte() === 1 });
  else {
    if (kind === 1) reader.byte();
    const flags = reader.byte();
    reader.unsigned();
    if (flags & 1) reader.unsigned();
  }
}

function readSegment(reader: Reader, data: { address: number; bytes: Uint8Array }[]): void {
  const flags = reader.unsigned();
  if (flags === 2) reader.unsigned();
  const address = flags === 1 ? undefined : reader.constant();
  const count = reader.unsigned();
  const bytes = reader.bytes.subarray(reader.position, reader.position + count);
  reader.position += count;
  if (address !== undefined) data.push({ address, bytes });
}

function readNames(reader: Reader, end: number, names: Map<number, string>): void {
  while (reader.position < end) {
    const kind = reader.byte();
    const size = reader.unsigned();
    const next = reader.position + size;
    if (kind === 1) {
      reader.list(() => {
        const index = reader.unsigned();
        names.set(index, reader.name());
      });
    }
    reader.position = next;
  }
}

class Reader {
  readonly bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes;
    this.position = position;
  }

  byte(): number {
    return this.bytes[this.position++];
  }

  unsigned(): number {
    let result = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      result += (byte & 0x7f) * scale;
      if (byte < 0x80) return result;
      scale *= 128;
    }
  }

  name(): string {
    const length = this.unsigned();
    this.position += length;
    return new TextDecoder().decode(this.bytes.subarray(this.position - length, this.position));
  }

  valueType(): ValueType {
    const type = VALUE_TYPES[this.byte()];
    if (type === undefined) throw new Error(`native: value type ${this.bytes[this.position - 1]} is not one of MVP`);
    return type;
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.unsigned() }, read);
  }

  /** A constant expression; the value of an i32.const, unsigned, and 0 of any other. */
  constant(): number {
    const opcode = this.byte();
    let value = 0;
    if (opcode === 0x43) this.position += 4;
    else if (opcode === 0x44) this.position += 8;
    else {
      const start = this.position;
      while (this.byte() >= 0x80);
      if (opcode === 0x41) value = signed32(this.bytes.subarray(start, this.position));
    }
    this.byte();
    return value >>> 0;
  }
}

function signed32(bytes: Uint8Array): number {
  let result = 0;
  bytes.forEach((byte, index) => (result |= (byte & 0x7f) << (7 * index)));
  const shift = 7 * bytes.length;
  return shift < 32 && bytes[bytes.length - 1] & 0x40 ? result | (-1 << shift) : result;
}
