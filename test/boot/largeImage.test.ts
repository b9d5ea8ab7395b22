// An image of 64 MB starts as quickly as a small one, as a kernel and as a Linux program: it is laid out when these are
// built, and nothing is copied or relocated at the start.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { kernelCommandLine } from "../../tools/kernelWords.js";
import { buildXenKernel } from "../../tools/programs/xen.js";
import { bootInQemu } from "../../tools/qemuBoot.js";
import { PackageError } from "../../tools/testbed/packages.js";
import { findQemu } from "../../tools/testbed/qemu.js";

const MEGABYTE = 1 << 20;
/** Arrays that the image keeps, of 30 words each. */
const ARRAYS = 270_000;
const KERNEL_GOAL_MILLISECONDS = 60;
const LINUX_GOAL_MILLISECONDS = 5;
/** Other programs on this machine may take the processor meanwhile: the best of so many. */
const TRIES = 4;

const folder = mkdtempSync(join(tmpdir(), "stvm-large-"));
const image = join(folder, "large.image");

beforeAll(() => {
  const small = join(folder, "small.image");
  stvm("build-image", "images/default", "-o", small, "--no-sources");
  const keep = `| pattern | pattern := (1 to: 28) asArray.
    Smalltalk globals at: #Kept put: ((1 to: ${ARRAYS}) collect: [ :each | pattern copy ])`;
  stvm("run", small, "-e", `${keep}. nil`, `Smalltalk saveAs: '${image}'`, "(Smalltalk globals at: #Kept) size");
  expect(statSync(image).size).toBeGreaterThan(61 * MEGABYTE);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function stvm(...words: string[]): void {
  execFileSync(process.execPath, ["bin/stvm.mjs", ...words]);
}

const missing = await findQemu().then(
  () => undefined,
  (error: unknown) => {
    if (error instanceof PackageError) return error.message;
    throw error;
  },
);
if (missing !== undefined) console.log(`skipped: the kernel of a large image under QEMU: ${missing}`);

(missing === undefined ? test : test.skip)(
  "as a kernel under QEMU it reaches its first bytecode within 60 ms",
  async () => {
    const kernel = join(folder, "large.xen");
    const options = { image, output: kernel, primitives: "reachable", debug: false } as const;
    writeFileSync(kernel, (await buildXenKernel(options, () => {})).file);
    const times: number[] = [];
    for (let i = 0; i < TRIES && !(Math.min(...times) <= KERNEL_GOAL_MILLISECONDS); i++) {
      const [, milliseconds] = /^stvm: entry to first bytecode ([\d.]+) ms/.exec(await bootedText(kernel)) ?? [];
      times.push(Number(milliseconds));
    }
    expect(Math.min(...times)).toBeLessThanOrEqual(KERNEL_GOAL_MILLISECONDS);
  },
  300_000,
);

/** What the kernel prints: its timing, and what the image says where it goes on after its snapshot. */
async function bootedText(kernel: string): Promise<string> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const parts: Buffer[] = [];
  output.on("data", (bytes: Buffer) => void parts.push(bytes));
  input.end();
  const commandLine = kernelCommandLine(["stvm.echo=off", "stvm.timing"], []);
  const request = { kernel, commandLine, memoryMegabytes: 128, timeoutMilliseconds: 60_000, emulate: true, say() {} };
  expect(await bootInQemu(request, { input, output })).toEqual({ kind: "quit", code: 0 });
  const text = Buffer.concat(parts).toString().replaceAll("\r\n", "\n");
  expect(text).toContain(`\ntrue\n${ARRAYS}\n`);
  return text;
}

const isLinux = process.platform === "linux" && process.arch === "x64";
if (!isLinux) console.log("skipped: Linux programs run on Linux on x86-64 only");

(isLinux ? test : test.skip)(
  "as a Linux program it does within 5 ms",
  () => {
    const program = join(folder, "large");
    stvm("build", image, "--target", "linux", "-o", program);
    const times = Array.from({ length: TRIES }, () => {
      const { stdout, stderr, status } = spawnSync(program, ["--timing"], { encoding: "utf8" });
      expect([stdout, status]).toEqual([`true\n${ARRAYS}\n`, 0]);
      return Number(/^stvm: ([\d.]+) ms from entry to the first bytecode\n$/.exec(stderr)?.[1]);
    });
    expect(Math.min(...times)).toBeLessThanOrEqual(LINUX_GOAL_MILLISECONDS);
  },
  120_000,
);
