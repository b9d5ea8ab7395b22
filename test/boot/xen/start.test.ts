// The start-up code under QEMU, with a few hand-made instructions in place of the compiled kernel: page tables, the
// unmapped ranges, exceptions, the boot record, code that cannot be written and data that cannot be run.

import { describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assemble, type Statement } from "../../../boot/link/assembler.js";
import { KERNEL_MEMORY_BASE, linkKernel } from "../../../boot/link/xen.js";
import { type NativeModule } from "../../../boot/native/output.js";
import { LINK_BOOT_RECORD, LINK_REGISTERS } from "../../../boot/xen/links.js";
import { findQemu } from "../../../tools/testbed/qemu.js";
import { PackageError } from "../../../tools/testbed/packages.js";

const qemu = await findQemu().catch((error: unknown) => {
  if (!(error instanceof PackageError)) throw error;
  console.log(`skipped: the tests of the kernel's start-up code: ${error.message}`);
  return undefined;
});
const testInQemu = qemu === undefined ? test.skip : test;

/** A module of two functions; `linked` constants are asked for by 8-byte places called linkedN. */
function handMade(startKernel: Statement[], reportException: Statement[]): NativeModule {
  const { bytes, labels, relocations } = assemble([
    "startKernel:",
    ...startKernel,
    "reportException:",
    ...reportException,
    [".align", 8],
    "linked16:",
    [".quad", 0],
    "linked18:",
    [".quad", 0],
  ]);
  expect(relocations).toEqual([]);
  const names = ["startKernel", "reportException"];
  return {
    code: bytes,
    relocations: [LINK_BOOT_RECORD, LINK_REGISTERS].map((number) => ({
      kind: "linked",
      offset: labels.get(`linked${number}`)!,
      number,
    })),
    functions: names.map((name) => ({ name, parameters: [], result: undefined, offset: labels.get(name)!, bytes: 1 })),
    exports: names.map((name, index) => ({ name, kind: "function", index })),
    start: undefined,
    memory: { initialPages: 64, maximumPages: 65535 },
    contextBytes: 512,
    globals: [],
    contextWords: [],
    table: [],
    data: [],
    lines: new Uint32Array(),
  };
}

/** Prints the low byte of rax to the serial port, then ends QEMU with twice the byte plus one. */
const answer: Statement[] = [
  ["mov", "edx", 0xf4],
  ["out", "dx", "al"],
];
const vectorAnswer: Statement[] = [
  ["mov", "rcx", { base: "rip", displacement: "linked18" }],
  ["mov", "rax", { base: "rcx", displacement: 16 * 8 }],
  ["or", "eax", 0x40],
  ...answer,
];

/** Runs a kernel; answers the byte that it ended with. */
function run(startKernel: Statement[], memory = new Uint8Array(1 << 22), machine = "microvm"): number {
  const { elf } = linkKernel({
    module: handMade(startKernel, vectorAnswer),
    memory,
    leastMemoryBytes: memory.length,
    driversEnd: 100_000,
  });
  const folder = mkdtempSync(join(tmpdir(), "stvm-start-"));
  try {
    const file = join(folder, "kernel");
    writeFileSync(file, elf);
    const options = ["-M", machine, "-accel", "tcg", "-cpu", "max", "-m", "64", "-nodefaults", "-no-reboot"];
    const display = ["-display", "none", "-device", "isa-debug-exit,iobase=0xf4", "-kernel", file];
    const { status, stderr } = spawnSync(qemu!.program, [...qemu!.words, ...options, ...display], {
      encoding: "utf8",
      timeout: 20_000,
      env: { ...process.env, ...qemu!.environment },
    });
    if (status === null) throw new Error(`QEMU did not end: ${stderr}`);
    return status >> 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const PAGE_FAULT = 0x40 | 14;

describe("the kernel starts", () => {
  testInQemu.each(["microvm", "pc", "q35"])(
    "in 64-bit mode on %s, with linear memory as it was laid out",
    (machine) => {
      const memory = new Uint8Array(5 << 20);
      memory[5] = 17;
      memory[(5 << 20) - 1] = 4;
      const code: Statement[] = [
        ["movzx", "eax", { base: "rbx", displacement: 5, bytes: 1 }],
        ["movzx", "ecx", { base: "rbx", displacement: (5 << 20) - 1, bytes: 1 }],
        ["add", "eax", "ecx"],
        ...answer,
      ];
      expect(run(code, memory, machine)).toBe(21);
    },
  );

  testInQemu("with the loader's start information at hand", () => {
    const code: Statement[] = [
      ["mov", "rcx", { base: "rip", displacement: "linked16" }],
      ["mov", "rcx", { base: "rcx" }],
      // The first byte of the magic number.
      ["movzx", "eax", { base: "rcx", bytes: 1 }],
      ...answer,
    ];
    expect(run(code)).toBe(0x78 & 0x7f);
  });
});

describe("faults reach the kernel with their vector", () => {
  testInQemu.each([
    ["an access behind linear memory", 6 << 20],
    ["an access before it", -8],
    ["an access at its 4 GiB", 0x7ffffff0],
  ])("%s", (_, displacement) => {
    expect(run([["mov", "rax", { base: "rbx", displacement }], ...answer])).toBe(PAGE_FAULT);
  });

  testInQemu("writing the page at 0", () => {
    expect(run([["xor", "ecx", "ecx"], ["mov", { base: "rcx" }, "eax"], ...answer])).toBe(PAGE_FAULT);
  });

  testInQemu("writing code", () => {
    expect(
      run([["lea", "rcx", { base: "rip", displacement: "linked16" }], ["mov", { base: "rcx" }, "eax"], ...answer]),
    ).toBe(PAGE_FAULT);
  });

  testInQemu("running data", () => {
    expect(run([["jmp", "rbx"], ...answer])).toBe(PAGE_FAULT);
  });

  testInQemu("an undefined instruction, and a stack that is used up", () => {
    expect(run([["ud2"]])).toBe(0x40 | 6);
    expect(run(["deeper:", ["call", "deeper"]])).toBe(PAGE_FAULT);
  });
});

test("the file is what loaders of PVH kernels read", () => {
  const { elf, memoryBytes } = linkKernel({
    module: handMade([["ud2"]], vectorAnswer),
    memory: new Uint8Array(1 << 22),
    leastMemoryBytes: 1 << 22,
    driversEnd: 100_000,
  });
  const file = Buffer.from(elf);
  const headers = Array.from({ length: file.readUInt16LE(56) }, (_, i) => file.subarray(64 + i * 56, 120 + i * 56));
  const note = headers.find((header) => header.readUInt32LE(0) === 4)!;
  expect(Number(note.readBigUInt64LE(48))).toBe(4);
  const at = Number(note.readBigUInt64LE(8));
  expect([0, 4, 8].map((offset) => file.readUInt32LE(at + offset))).toEqual([4, 8, 18]);
  expect(file.toString("latin1", at + 12, at + 16)).toBe("Xen\0");
  expect(file.readBigUInt64LE(at + 16)).toBe(0x100000n);
  for (const header of headers.filter((each) => each.readUInt32LE(0) === 1)) {
    expect(header.readUInt32LE(4) & 3).not.toBe(3);
    const end = Number(header.readBigUInt64LE(24) + header.readBigUInt64LE(40));
    expect(end).toBeLessThanOrEqual(memoryBytes);
  }
  expect(KERNEL_MEMORY_BASE % (1n << 39n)).toBe(0n);
});
