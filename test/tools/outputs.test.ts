// Files that commands write, and kernels that they are given: nothing is lost, and what is none is refused in one line.

import { afterAll, describe, expect, test } from "@jest/globals";
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refuseOverwriting, writeAtomically } from "../../tools/atomicFile.js";
import { kernelMemoryEnd } from "../../tools/kernelFile.js";
import { kernelCommandLine } from "../../tools/kernelWords.js";

const folder = mkdtempSync(join(tmpdir(), "stvm-outputs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const onUnix = process.platform === "win32" ? test.skip : test;

function stvm(...words: string[]) {
  const { status, stderr } = spawnSync(process.execPath, ["bin/stvm.mjs", ...words], {
    encoding: "utf8",
    timeout: 60_000,
    input: "",
  });
  return { status, stderr };
}

describe("a file that is written", () => {
  test("may have as long a name as there can be", () => {
    const path = join(folder, "n".repeat(255));
    writeAtomically(path, Buffer.from("whole"));
    expect(readFileSync(path, "utf8")).toBe("whole");
  });

  onUnix("takes the place of no device, pipe or folder", () => {
    const pipe = join(folder, "pipe");
    const place = join(folder, "folder");
    execFileSync("mkfifo", [pipe]);
    mkdirSync(place);
    const before = readdirSync(folder);
    for (const path of [pipe, place]) {
      expect(() => writeAtomically(path, Buffer.from("new"))).toThrow(/cannot be written .*; choose another place/);
    }
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(before);
    expect(() => writeAtomically("", Buffer.from("new"))).toThrow("has no name; give one");
  });

  test("takes the place of none that it is made from, under whatever name", () => {
    const image = join(folder, "an.image");
    writeFileSync(image, "an image");
    const refused = /would take the place of .*an\.image, which it is made from; choose another name/;
    expect(() => refuseOverwriting(join(folder, ".", "an.image"), [undefined, image])).toThrow(refused);
    expect(() => refuseOverwriting(join(folder, "other"), [image])).not.toThrow();
    expect(stvm("build", image, "-o", image)).toMatchObject({ status: 1, stderr: expect.stringMatching(refused) });
    expect(readFileSync(image, "utf8")).toBe("an image");
  });

  test("nor does the configuration that is written beside a kernel", () => {
    const image = join(folder, "app.cfg");
    writeFileSync(image, "an image");
    const kernel = join(folder, "app.xen");
    const { status, stderr } = stvm("build", image, "--target", "xen", "-o", kernel);
    expect(status).toBe(1);
    expect(stderr).toContain("would take the place of");
    expect(readFileSync(image, "utf8")).toBe("an image");
    expect(existsSync(kernel)).toBe(false);
  });
});

describe("a kernel to be booted", () => {
  const [PT_LOAD, PT_NOTE] = [1, 4];

  /** An ELF file of two segments: one that fills memory from 1 MB to 5 MB, and notes. */
  function kernelFile(name: string, noteType: number, cut = 0): string {
    const note = Buffer.alloc(24);
    note.writeUInt32LE(4, 0);
    note.writeUInt32LE(8, 4);
    note.writeUInt32LE(noteType, 8);
    note.write("Xen\0", 12, "latin1");
    const bytes = Buffer.alloc(64 + 2 * 56);
    bytes.write("\x7fELF\x02", 0, "latin1");
    bytes.writeBigUInt64LE(64n, 32);
    bytes.writeUInt16LE(2, 56);
    for (const [at, type, address, size, memory] of [
      [64, PT_LOAD, 1 << 20, 10, 4 << 20],
      [64 + 56, PT_NOTE, 0, note.length, note.length],
    ] as const) {
      bytes.writeUInt32LE(type, at);
      bytes.writeBigUInt64LE(type === PT_NOTE ? BigInt(bytes.length) : 0n, at + 8);
      bytes.writeBigUInt64LE(BigInt(address), at + 24);
      bytes.writeBigUInt64LE(BigInt(size), at + 32);
      bytes.writeBigUInt64LE(BigInt(memory), at + 40);
    }
    const whole = Buffer.concat([bytes, note]);
    const path = join(folder, name);
    writeFileSync(path, whole.subarray(0, whole.length - cut));
    return path;
  }

  test("tells what memory it fills", () => {
    expect(kernelMemoryEnd(kernelFile("good.xen", 18))).toBe(5 << 20);
    expect(kernelMemoryEnd("package.json")).toBeUndefined();
  });

  test("is refused where it is none, or not whole", () => {
    expect(() => kernelMemoryEnd(kernelFile("program", 7))).toThrow(/program: a program, but no kernel .*; make one/);
    expect(() => kernelMemoryEnd(kernelFile("cut", 18, 1))).toThrow(/cut off or damaged; make one/);
    expect(() => kernelMemoryEnd(kernelFile("short", 18, 150))).toThrow(/cut off or damaged; make one/);
    expect(() => kernelMemoryEnd(folder)).toThrow(/not a file; give a kernel or an image/);
    expect(() => kernelMemoryEnd("nosuch")).toThrow(/no such file; give a kernel or an image/);
  });

  test("is given no less memory than it fills, no time that a timer cannot wait, no line that it cannot take", () => {
    const file = kernelFile("small.xen", 18);
    for (const memory of ["0", "1k", "4m"]) {
      expect(stvm("boot", "--memory", memory, file).stderr).toContain(
        `--memory=${memory}: the kernel needs at least 5 MB; give it more`,
      );
    }
    for (const seconds of ["2147484", "Infinity", "0", "soon"])
      expect(stvm("boot", "--timeout", seconds, file).stderr).toMatch(/--timeout: not a time; give .* up to 2147483/);
    expect(stvm("boot", file, "x".repeat(4100)).stderr).toMatch(/arguments: 1 words of \d+ bytes; .* give fewer/);
    expect(() => kernelCommandLine([], new Array<string>(257).fill("x"))).toThrow(/257 words .* give fewer/);
    expect(() => kernelCommandLine([], ["a\0b"])).toThrow(/zero byte/);
    expect(kernelCommandLine([], ["x".repeat(4095)])).toHaveLength(4095);
  });

  test("is no image, and is told from one", () => {
    const { stderr } = stvm("run", kernelFile("app.xen", 18));
    expect(stderr).toMatch(/app\.xen: a program or kernel, no image; start it by itself, a kernel with `stvm boot`/);
  });
});
