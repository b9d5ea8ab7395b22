// Writes ELF64 executables for x86-64: program headers, notes, symbols, debug sections. One file is a Linux program
// and a Xen guest alike; what is in it is decided in layout.ts. Source of every number: the System V ABI's ELF-64
// chapter, and its x86-64 supplement.

export const PAGE_BYTES = 4096;

/** What a segment may be used for; never writable and executable together, but for code that is made at run time. */
export interface Protection {
  readonly write: boolean;
  readonly execute: boolean;
}

/** A part of memory: the file's bytes, then zeros up to `memoryBytes`. Addresses are multiples of the page size. */
export interface ElfSegment {
  /** For readelf and gdb: the name of the section that covers the segment. */
  readonly name: string;
  readonly address: bigint;
  /** Where it is loaded in physical memory; the address if not given. */
  readonly physicalAddress?: bigint;
  readonly bytes: Uint8Array;
  readonly memoryBytes: number;
  readonly protection: Protection;
}

/** A note: Xen finds the entry point in one (XEN_ELFNOTE_PHYS32_ENTRY). */
export interface ElfNote {
  /** Without its final zero. */
  readonly owner: string;
  readonly type: number;
  readonly descriptor: Uint8Array;
}

export interface ElfSymbol {
  readonly name: string;
  readonly address: bigint;
  readonly bytes: number;
  readonly kind: "function" | "object";
}

/** A section that is not loaded: `.debug_line` and its kin. */
export interface ElfSection {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface ElfFile {
  readonly entry: bigint;
  readonly segments: readonly ElfSegment[];
  readonly notes?: readonly ElfNote[];
  readonly symbols?: readonly ElfSymbol[];
  readonly sections?: readonly ElfSection[];
  /** Linux shall not make the stack executable. On by default; a kernel has no use for the header. */
  readonly stackHeader?: boolean;
}

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const TYPE_EXECUTABLE = 2;
const MACHINE_X86_64 = 62;
const PROGRAM_LOAD = 1;
const PROGRAM_NOTE = 4;
const PROGRAM_GNU_STACK = 0x6474e551;
const SECTION_PROGRAM = 1;
const SECTION_SYMBOLS = 2;
const SECTION_STRINGS = 3;
const SECTION_NOTE = 7;
const FLAG_EXECUTE = 1;
const FLAG_WRITE = 2;
const FLAG_READ = 4;

/** The file's bytes. Throws an Error where segments overlap or are not aligned to pages. */
export function writeElf(file: ElfFile): Uint8Array {
  checkSegments(file.segments);
  const notes = encodeNotes(file.notes ?? []);
  const hasStackHeader = file.stackHeader ?? true;
  const programHeaders = file.segments.length + (notes.length > 0 ? 1 : 0) + (hasStackHeader ? 1 : 0);
  const chunks = new Chunks();
  chunks.skip(HEADER_BYTES + programHeaders * PROGRAM_HEADER_BYTES);

  const program: ProgramHeader[] = [];
  const sections: SectionHeader[] = [emptySection()];
  if (notes.length > 0) {
    const offset = chunks.add(notes, 4);
    program.push({ type: PROGRAM_NOTE, flags: FLAG_READ, offset, size: notes.length, align: 4 });
    sections.push({ name: ".note", type: SECTION_NOTE, offset, size: notes.length, align: 4 });
  }
  for (const segment of file.segments) {
    const offset = chunks.add(segment.bytes, PAGE_BYTES);
    const { write, execute } = segment.protection;
    const flags = FLAG_READ | (write ? FLAG_WRITE : 0) | (execute ? FLAG_EXECUTE : 0);
    const { address, physicalAddress, memoryBytes } = segment;
    const size = segment.bytes.length;
    program.push({ type: PROGRAM_LOAD, flags, offset, size, address, physicalAddress, memoryBytes, align: PAGE_BYTES });
    // Bits of a section's flags: 1 write, 2 in memory, 4 code.
    const sectionFlags = 2 | (write ? 1 : 0) | (execute ? 4 : 0);
    sections.push({ name: segment.name, type: SECTION_PROGRAM, offset, size, address, flags: sectionFlags, align: 1 });
  }
  if (hasStackHeader)
    program.push({ type: PROGRAM_GNU_STACK, flags: FLAG_READ | FLAG_WRITE, offset: 0, size: 0, align: 16 });

  for (const section of file.sections ?? []) {
    const offset = chunks.add(section.bytes, 1);
    sections.push({ name: section.name, type: SECTION_PROGRAM, offset, size: section.bytes.length, align: 1 });
  }
  addSymbols(chunks, sections, file);
  return finish(chunks, file.entry, program, sections);
}

function checkSegments(segments: readonly ElfSegment[]): void {
  const sorted = [...segments].sort((a, b) => (a.address < b.address ? -1 : 1));
  sorted.forEach((segment, index) => {
    if (segment.address % BigInt(PAGE_BYTES) !== 0n) {
      throw new Error(`ELF: segment ${segment.name}: address 0x${segment.address.toString(16)} is inside a page`);
    }
    if (segment.bytes.length > segment.memoryBytes) {
      throw new Error(`ELF: segment ${segment.name}: more bytes in the file than in memory`);
    }
    const next = sorted[index + 1];
    if (next !== undefined && segment.address + BigInt(segment.memoryBytes) > next.address) {
      throw new Error(`ELF: segments ${segment.name} and ${next.name} overlap`);
    }
  });
}

/** Parts of the file in order, with padding between; nothing is copied before the end. */
class Chunks {
  private readonly parts: { offset: number; bytes: Uint8Array }[] = [];
  size = 0;

  skip(bytes: number): void {
    this.size += bytes;
  }

  add(bytes: Uint8Array, align: number): number {
    this.size = Math.ceil(this.size / align) * align;
    const offset = this.size;
    this.parts.push({ offset, bytes });
    this.size += bytes.length;
    return offset;
  }

  write(into: Uint8Array): void {
    for (const { offset, bytes } of this.parts) into.set(bytes, offset);
  }
}

interface ProgramHeader {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
  readonly address?: bigint;
  readonly physicalAddress?: bigint;
  readonly memoryBytes?: number;
  readonly align: number;
}

interface SectionHeader {
  readonly name: string;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly address?: bigint;
  readonly flags?: number;
  readonly link?: number;
  readonly info?: number;
  readonly entryBytes?: number;
  readonly align: number;
}

function emptySection(): SectionHeader {
  return { name: "", type: 0, offset: 0, size: 0, align: 0 };
}

function encodeNotes(notes: readonly ElfNote[]): Uint8Array {
  const parts = notes.map(({ owner, type, descriptor }) => {
    const name = new TextEncoder().encode(`${owner}\0`);
    const nameRoom = (name.length + 3) & ~3;
    const bytes = new Uint8Array(12 + nameRoom + ((descriptor.length + 3) & ~3));
    const view = new DataView(bytes.buffer);
    [name.length, descriptor.length, type].forEach((value, index) => view.setUint32(index * 4, value, true));
    bytes.set(name, 12);
    bytes.set(descriptor, 12 + nameRoom);
    return bytes;
  });
  return Buffer.concat(parts);
}

/** Zero-terminated strings, each kept once. */
class StringTable {
  private text = "\0";
  private readonly places = new Map<string, number>([["", 0]]);

  place(name: string): number {
    const known = this.places.get(name);
    if (known !== undefined) return known;
    const place = this.text.length;
    this.text += `${name}\0`;
    this.places.set(name, place);
    return place;
  }

  bytes(): Uint8Array {
    return Buffer.from(this.text, "latin1");
  }
}

function addSymbols(chunks: Chunks, sections: SectionHeader[], file: ElfFile): void {
  const symbols = file.symbols ?? [];
  if (symbols.length === 0) return;
  const names = new StringTable();
  const bytes = new Uint8Array((symbols.length + 1) * SYMBOL_BYTES);
  const view = new DataView(bytes.buffer);
  symbols.forEach((symbol, index) => {
    const at = (index + 1) * SYMBOL_BYTES;
    view.setUint32(at, names.place(symbol.name), true);
    // Local binding; 1 is an object, 2 a function.
    view.setUint8(at + 4, symbol.kind === "function" ? 2 : 1);
    view.setUint16(at + 6, sectionOf(sections, symbol.address), true);
    view.setBigUint64(at + 8, symbol.address, true);
    view.setBigUint64(at + 16, BigInt(symbol.bytes), true);
  });
  const offset = chunks.add(bytes, 8);
  const strings = names.bytes();
  sections.push({
    name: ".symtab",
    type: SECTION_SYMBOLS,
    offset,
    size: bytes.length,
    link: sections.length + 1,
    // Every symbol is local: the index past the last.
    info: symbols.length + 1,
    entryBytes: SYMBOL_BYTES,
    align: 8,
  });
  sections.push({
    name: ".strtab",
    type: SECTION_STRINGS,
    offset: chunks.add(strings, 1),
    size: strings.length,
    align: 1,
  });
}

/** The section that holds an address; "absolute" where none does. */
function sectionOf(sections: readonly SectionHeader[], address: bigint): number {
  const found = sections.findIndex(
    (section) =>
      section.address !== undefined && address >= section.address && address < section.address + BigInt(section.size),
  );
  return found < 0 ? 0xfff1 : found;
}

function finish(chunks: Chunks, entry: bigint, program: ProgramHeader[], sections: SectionHeader[]): Uint8Array {
  const names = new StringTable();
  sections.forEach((section) => names.place(section.name));
  names.place(".shstrtab");
  const nameBytes = names.bytes();
  sections.push({
    name: ".shstrtab",
    type: SECTION_STRINGS,
    offset: chunks.add(nameBytes, 1),
    size: nameBytes.length,
    align: 1,
  });
  const headers = encodeSections(sections, names);
  const sectionsOffset = chunks.add(headers, 8);

  const file = new Uint8Array(chunks.size);
  chunks.write(file);
  const view = new DataView(file.buffer);
  // Identification: magic, 64-bit, little-endian, version 1, System V.
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);
  view.setUint16(16, TYPE_EXECUTABLE, true);
  view.setUint16(18, MACHINE_X86_64, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, entry, true);
  view.setBigUint64(32, BigInt(HEADER_BYTES), true);
  view.setBigUint64(40, BigInt(sectionsOffset), true);
  view.setUint16(52, HEADER_BYTES, true);
  view.setUint16(54, PROGRAM_HEADER_BYTES, true);
  view.setUint16(56, program.length, true);
  view.setUint16(58, SECTION_HEADER_BYTES, true);
  view.setUint16(60, sections.length, true);
  view.setUint16(62, sections.length - 1, true);
  program.forEach((header, index) => putProgramHeader(view, HEADER_BYTES + index * PROGRAM_HEADER_BYTES, header));
  return file;
}

function putProgramHeader(view: DataView, at: number, header: ProgramHeader): void {
  const address = header.address ?? 0n;
  view.setUint32(at, header.type, true);
  view.setUint32(at + 4, header.flags, true);
  view.setBigUint64(at + 8, BigInt(header.offset), true);
  view.setBigUint64(at + 16, address, true);
  view.setBigUint64(at + 24, header.physicalAddress ?? address, true);
  view.setBigUint64(at + 32, BigInt(header.size), true);
  view.setBigUint64(at + 40, BigInt(header.memoryBytes ?? header.size), true);
  view.setBigUint64(at + 48, BigInt(header.align), true);
}

function encodeSections(sections: readonly SectionHeader[], names: StringTable): Uint8Array {
  const bytes = new Uint8Array(sections.length * SECTION_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  sections.forEach((section, index) => {
    const at = index * SECTION_HEADER_BYTES;
    view.setUint32(at, names.place(section.name), true);
    view.setUint32(at + 4, section.type, true);
    view.setBigUint64(at + 8, BigInt(section.flags ?? 0), true);
    view.setBigUint64(at + 16, section.address ?? 0n, true);
    view.setBigUint64(at + 24, BigInt(section.offset), true);
    view.setBigUint64(at + 32, BigInt(section.size), true);
    view.setUint32(at + 40, section.link ?? 0, true);
    view.setUint32(at + 44, section.info ?? 0, true);
    view.setBigUint64(at + 48, BigInt(section.align), true);
    view.setBigUint64(at + 56, BigInt(section.entryBytes ?? 0), true);
  });
  return bytes;
}
