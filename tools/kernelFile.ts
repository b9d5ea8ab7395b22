// What `stvm boot` has to know of a kernel's file before a machine is started with it: that it is one, that it is whole,
// and how much memory it fills. A loader that is given another file says little, or nothing and hangs.

import { readFileSync } from "node:fs";
import { UsageError } from "./terminal.js";

const PT_LOAD = 1;
const PT_NOTE = 4;
/** XEN_ELFNOTE_PHYS32_ENTRY: where a PVH guest starts. */
const NOTE_ENTRY = 18;
const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;

/**
 * Where the memory ends that a kernel fills when it is loaded, in bytes; undefined for a file that is no ELF file. Throws
 * a UsageError for an ELF file that is no kernel, or not all of one, and for what cannot be read.
 */
export function kernelMemoryEnd(path: string): number | undefined {
  const file = readKernelFile(path);
  if (file.toString("latin1", 0, 4) !== "\x7fELF") return undefined;
  const wrong = (reason: string) => new UsageError(`${path}: ${reason}; make one with \`stvm build --target xen\``);
  const segments = segmentsOf(file);
  if (segments === undefined || segments.some(({ offset, fileBytes }) => offset + fileBytes > file.length))
    throw wrong("the file of a program or kernel that is cut off or damaged");
  if (!segments.some((segment) => segment.type === PT_NOTE && hasEntryNote(file, segment)))
    throw wrong("a program, but no kernel that starts as a guest");
  return Math.max(...segments.filter(({ type }) => type === PT_LOAD).map(({ address, bytes }) => address + bytes));
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly bytes: number;
}

function readKernelFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as { code?: string };
    const reason = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "not a file" : String(code);
    throw new UsageError(`${path}: ${reason}; give a kernel or an image`);
  }
}

/** The program headers of a 64-bit ELF file (System V ABI, chapter 5); undefined where they are not there. */
function segmentsOf(file: Buffer): Segment[] | undefined {
  if (file.length < HEADER_BYTES || file[4] !== 2) return undefined;
  const start = Number(file.readBigUInt64LE(32));
  const count = file.readUInt16LE(56);
  if (count === 0 || start + count * SEGMENT_BYTES > file.length) return undefined;
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * SEGMENT_BYTES;
    const field = (offset: number) => Number(file.readBigUInt64LE(at + offset));
    return {
      type: file.readUInt32LE(at),
      offset: field(8),
      address: field(24),
      fileBytes: field(32),
      bytes: field(40),
    };
  });
}

/** Notes are name bytes u32, data bytes u32, type u32, name and data, each up to a multiple of four bytes. */
function hasEntryNote(file: Buffer, { offset, fileBytes }: Segment): boolean {
  const end = offset + fileBytes;
  for (let at = offset; at + 12 <= end;) {
    const [nameBytes, dataBytes] = [file.readUInt32LE(at), file.readUInt32LE(at + 4)];
    if (file.readUInt32LE(at + 8) === NOTE_ENTRY && file.toString("latin1", at + 12, at + 16) === "Xen\0") return true;
    at += 12 + ((nameBytes + 3) & ~3) + ((dataBytes + 3) & ~3);
  }
  return false;
}
