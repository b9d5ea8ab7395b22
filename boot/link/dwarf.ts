// Debug information for gdb: which AssemblyScript line each piece of machine code comes from, and the functions. Source:
// DWARF Debugging Information Format, version 4, sections 6.2 (line numbers) and 7.5 (debugging entries).

import { type NativeModule } from "../native/output.js";
import { type ElfSection } from "./elf.js";
import { decodeVlq } from "./wasmFile.js";

/** A piece of code from `address` on; a line of 0 belongs to none. */
interface Row {
  readonly address: bigint;
  /** An index into the sources, and the line there, from 1. */
  readonly source: number;
  readonly line: number;
}

// Of the debugging entries: tags, attributes, forms.
const TAG_COMPILE_UNIT = 0x11;
const TAG_SUBPROGRAM = 0x2e;
const HAS_CHILDREN = 1;
const NO_CHILDREN = 0;
const NAME = 0x03;
const STATEMENT_LIST = 0x10;
const LOW_PC = 0x11;
const HIGH_PC = 0x12;
const LANGUAGE = 0x13;
const FORM_ADDRESS = 0x01;
const FORM_DATA2 = 0x05;
const FORM_DATA4 = 0x06;
const FORM_STRING = 0x08;
const FORM_SECTION_OFFSET = 0x17;
/** DW_LANG_C_plus_plus: gdb has no language of ours, and this one lets names have slashes in quotes. */
const LANGUAGE_CODE = 0x04;

// The line number program: special opcodes advance the address and the line at once.
const OPCODE_BASE = 13;
const LINE_BASE = -5;
const LINE_RANGE = 14;
const COPY = 1;
const ADVANCE_ADDRESS = 2;
const ADVANCE_LINE = 3;
const SET_FILE = 4;
const EXTENDED = 0;
const END_SEQUENCE = 1;
const SET_ADDRESS = 2;
/** Operands of the standard opcodes 1 to 12. */
const OPERAND_COUNTS = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];

/** The sections `.debug_line`, `.debug_info` and `.debug_abbrev` of a module whose code lies at an address. */
export function debugSections(module: NativeModule, sourceMap: string, code: bigint): ElfSection[] {
  const { sources, rows } = readRows(module, sourceMap, code);
  return [
    { name: ".debug_abbrev", bytes: abbreviations() },
    { name: ".debug_info", bytes: information(module, code) },
    { name: ".debug_line", bytes: lineTable(sources, rows, code + BigInt(module.code.length)) },
  ];
}

/** Joins code offset -> module offset (the native compiler's) with module offset -> source (asc's). */
function readRows(module: NativeModule, sourceMap: string, code: bigint): { sources: string[]; rows: Row[] } {
  const map = JSON.parse(sourceMap) as { sources: string[]; mappings: string };
  const { offsets, places } = readMappings(map.mappings);
  const rows: Row[] = [];
  let last: Row | undefined;
  for (let i = 0; i < module.lines.length; i += 2) {
    const found = lastAtOrBefore(offsets, module.lines[i + 1]!);
    const [source, line] = found < 0 ? [0, 0] : places[found]!;
    if (last !== undefined && last.source === source && last.line === line) continue;
    last = { address: code + BigInt(module.lines[i]!), source, line };
    rows.push(last);
  }
  return { sources: map.sources, rows };
}

function readMappings(mappings: string): { offsets: number[]; places: [source: number, line: number][] } {
  const offsets: number[] = [];
  const places: [number, number][] = [];
  let [offset, source, line] = [0, 0, 0];
  for (const segment of mappings.split(/[,;]/)) {
    if (segment === "") continue;
    const [column, sourceStep, lineStep] = decodeVlq(segment);
    offset += column!;
    source += sourceStep ?? 0;
    line += lineStep ?? 0;
    offsets.push(offset);
    places.push(sourceStep === undefined ? [0, 0] : [source, line + 1]);
  }
  return { offsets, places };
}

/** The index of the largest element that is not above a value; -1 where all are. */
function lastAtOrBefore(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function abbreviations(): Uint8Array {
  return Uint8Array.of(
    ...[1, TAG_COMPILE_UNIT, HAS_CHILDREN, NAME, FORM_STRING, LANGUAGE, FORM_DATA2],
    ...[LOW_PC, FORM_ADDRESS, HIGH_PC, FORM_DATA4, STATEMENT_LIST, FORM_SECTION_OFFSET, 0, 0],
    ...[2, TAG_SUBPROGRAM, NO_CHILDREN, NAME, FORM_STRING, LOW_PC, FORM_ADDRESS, HIGH_PC, FORM_DATA4, 0, 0],
    0,
  );
}

function information(module: NativeModule, code: bigint): Uint8Array {
  const output = new Bytes();
  output.u32(0);
  output.u16(4);
  output.u32(0);
  output.u8(8);
  output.u8(1);
  output.text("stvm");
  output.u16(LANGUAGE_CODE);
  output.u64(code);
  output.u32(module.code.length);
  output.u32(0);
  for (const { name, offset, bytes, from } of module.functions) {
    if (from !== undefined) continue;
    output.u8(2);
    output.text(name);
    output.u64(code + BigInt(offset));
    output.u32(bytes);
  }
  output.u8(0);
  return output.withLength();
}

function lineTable(sources: readonly string[], rows: readonly Row[], end: bigint): Uint8Array {
  const header = new Bytes();
  header.u8(1);
  header.u8(1);
  header.u8(1);
  header.u8(LINE_BASE & 255);
  header.u8(LINE_RANGE);
  header.u8(OPCODE_BASE);
  OPERAND_COUNTS.forEach((count) => header.u8(count));
  // No directories: names are from the folder where the module was built.
  header.u8(0);
  for (const source of sources) {
    header.text(source);
    for (let i = 0; i < 3; i++) header.u8(0);
  }
  header.u8(0);

  const output = new Bytes();
  output.u32(0);
  output.u16(4);
  output.u32(header.size);
  output.append(header);
  lineProgram(output, rows, end);
  return output.withLength();
}

function lineProgram(output: Bytes, rows: readonly Row[], end: bigint): void {
  if (rows.length === 0) return;
  let [address, file, line] = [rows[0]!.address, 1, 1];
  output.u8(EXTENDED);
  output.u8(9);
  output.u8(SET_ADDRESS);
  output.u64(address);
  for (const row of rows) {
    if (row.source + 1 !== file) {
      file = row.source + 1;
      output.u8(SET_FILE);
      output.unsigned(file);
    }
    const lineStep = row.line - line;
    const addressStep = Number(row.address - address);
    const special = lineStep - LINE_BASE + LINE_RANGE * addressStep + OPCODE_BASE;
    if (lineStep >= LINE_BASE && lineStep < LINE_BASE + LINE_RANGE && special <= 255) output.u8(special);
    else {
      output.u8(ADVANCE_LINE);
      output.signed(lineStep);
      output.u8(ADVANCE_ADDRESS);
      output.unsigned(addressStep);
      output.u8(COPY);
    }
    [address, line] = [row.address, row.line];
  }
  output.u8(ADVANCE_ADDRESS);
  output.unsigned(Number(end - address));
  output.u8(EXTENDED);
  output.u8(1);
  output.u8(END_SEQUENCE);
}

/** Bytes that grow. */
class Bytes {
  private bytes = new Uint8Array(4096);
  size = 0;

  u8(value: number): void {
    if (this.size === this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes[this.size++] = value;
  }

  u16(value: number): void {
    this.u8(value & 255);
    this.u8((value >> 8) & 255);
  }

  u32(value: number): void {
    this.u16(value & 0xffff);
    this.u16(value >>> 16);
  }

  u64(value: bigint): void {
    this.u32(Number(value & 0xffffffffn));
    this.u32(Number((value >> 32n) & 0xffffffffn));
  }

  text(value: string): void {
    for (const byte of Buffer.from(value, "utf8")) this.u8(byte);
    this.u8(0);
  }

  unsigned(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.u8((rest & 127) | 128);
    this.u8(rest);
  }

  signed(value: number): void {
    for (let rest = value; ;) {
      const low = rest & 127;
      rest >>= 7;
      const isLast = (rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0);
      this.u8(isLast ? low : low | 128);
      if (isLast) return;
    }
  }

  append(other: Bytes): void {
    for (let i = 0; i < other.size; i++) this.u8(other.bytes[i]!);
  }

  /** The bytes, whose first word becomes the number of those after it. */
  withLength(): Uint8Array {
    const result = this.bytes.slice(0, this.size);
    new DataView(result.buffer).setUint32(0, this.size - 4, true);
    return result;
  }
}
