// ELF files that this project writes: read back field by field, and run where the machine is Linux on x86-64.

import { expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assemble, memory } from "../../../boot/link/assembler.js";
import { type ElfSegment, writeElf } from "../../../boot/link/elf.js";

const isLinux = process.platform === "linux" && process.arch === "x64";

test("program headers, notes and symbols are where readers look for them", () => {
  const file = writeElf({
    entry: 0x100010n,
    segments: [segment(".text", 0x100000n, Uint8Array.of(0x90, 0xc3), 2, { write: false, execute: true })],
    notes: [{ owner: "Xen", type: 18, descriptor: new Uint8Array(8).fill(9) }],
    symbols: [{ name: "start", address: 0x100000n, bytes: 2, kind: "function" }],
    stackHeader: false,
  });
  const view = new DataView(file.buffer);
  expect(view.getBigUint64(24, true)).toBe(0x100010n);
  expect(view.getUint16(56, true)).toBe(2);
  const note = programHeader(view, 0);
  expect(note).toMatchObject({ type: 4, flags: 4, align: 4, size: 24 });
  expect(Buffer.from(file.subarray(note.offset, note.offset + 24)).toString("latin1")).toBe(
    "\x04\0\0\0\x08\0\0\0\x12\0\0\0Xen\0" + "\t".repeat(8),
  );
  const load = programHeader(view, 1);
  expect(load).toMatchObject({ type: 1, flags: 5, address: 0x100000, physical: 0x100000, size: 2, align: 4096 });
  expect(load.offset % 4096).toBe(0);
  const sections = Number(view.getBigUint64(40, true));
  const symbols = sections + 3 * 64;
  expect(view.getUint32(symbols + 4, true)).toBe(2);
  const at = Number(view.getBigUint64(symbols + 24, true));
  expect(view.getBigUint64(at + 24 + 8, true)).toBe(0x100000n);
  expect(view.getUint16(at + 24 + 6, true)).toBe(2);
});

test("overlapping and misaligned segments are refused by name", () => {
  const one = segment("one", 0x1000n, new Uint8Array(1), 0x2000);
  const two = segment("two", 0x2000n, new Uint8Array(1), 1);
  expect(() => writeElf({ entry: 0n, segments: [one, two] })).toThrow(/one and two overlap/);
  expect(() => writeElf({ entry: 0n, segments: [segment("odd", 0x1001n, new Uint8Array(1), 1)] })).toThrow(/odd/);
});

(isLinux ? test : test.skip)("a program with memory at 4 GiB, a hole of zeros in it, runs", () => {
  const code = assemble([
    ["mov", "rcx", 0x100000000n],
    ["mov", "rdi", memory("rcx")],
    ["mov", "rcx", 0x1001ff000n],
    ["add", "rdi", memory("rcx")],
    ["mov", "rcx", 0x100200000n],
    ["add", "rdi", memory("rcx")],
    ["mov", "eax", 60],
    ["syscall"],
  ]);
  const file = writeElf({
    entry: 0x400000n,
    segments: [
      segment(".text", 0x400000n, code.bytes, code.bytes.length, { write: false, execute: true }),
      segment(".low", 0x100000000n, Uint8Array.of(7), 0x200000),
      segment(".high", 0x100200000n, Uint8Array.of(3), 0x4000),
    ],
  });
  const folder = mkdtempSync(join(tmpdir(), "stvm-elf-"));
  try {
    const path = join(folder, "app");
    writeFileSync(path, file, { mode: 0o755 });
    expect(spawnSync(path).status).toBe(10);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function segment(
  name: string,
  address: bigint,
  bytes: Uint8Array,
  memoryBytes: number,
  protection = { write: true, execute: false },
): ElfSegment {
  return { name, address, bytes, memoryBytes, protection };
}

function programHeader(view: DataView, index: number) {
  const at = 64 + index * 56;
  const long = (offset: number) => Number(view.getBigUint64(at + offset, true));
  return {
    type: view.getUint32(at, true),
    flags: view.getUint32(at + 4, true),
    offset: long(8),
    address: long(16),
    physical: long(24),
    size: long(32),
    memoryBytes: long(40),
    align: long(48),
  };
}
