// Linux programs made of images: what they print is what the same image prints under `stvm run`; options, signals,
// faults, memory's limit, and the compiler inside. Runs where the machine is Linux on x86-64.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileNative } from "../../../boot/native/compile.js";
import { imagePath, testWithImages } from "../../images.js";

const isLinux = process.platform === "linux" && process.arch === "x64";
const onLinux = isLinux ? describe : describe.skip;
if (!isLinux) console.log("skipped: Linux programs run on Linux on x86-64 only");

/** Those that a test has started. */
const children: ChildProcess[] = [];
let folder: string;
let image: string;
let program: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stvm-linux-"));
  image = join(folder, "default.image");
  program = join(folder, "default");
  if (!isLinux) return;
  stvm("build-image", "images/default", "-o", image);
  stvm("build", image, "--target", "linux", "-o", program);
}, 120_000);

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function stvm(...words: string[]): string {
  return execFileSync(process.execPath, ["bin/stvm.mjs", ...words], { encoding: "utf8" });
}

function run(path: string, words: readonly string[], input = "") {
  const { status, stdout, stderr } = spawnSync(path, words, { encoding: "utf8", input, timeout: 60_000 });
  return { status, stdout, stderr };
}

onLinux("a program of the default image", () => {
  test.each([
    ["3 + 4"],
    ["100 factorial printString size"],
    ["(1 to: 10) inject: 0 into: [ :sum :each | sum + (each / 3) ]"],
    ["2 sqrt"],
    ["[ 1 / 0 ] on: ZeroDivide do: [ :error | error messageText ]"],
    ["((1 to: 30000) collect: [ :each | each printString ]) last size"],
    ["nil foo"],
  ])("answers %s as under stvm run", (expression) => {
    const here = run(program, ["-e", expression]);
    const there = run(process.execPath, ["bin/stvm.mjs", "run", image, "-e", expression]);
    expect(here.stdout).toBe(there.stdout);
    expect(here.status).toBe(there.status);
    expect(here.stderr).toBe(there.stderr);
    expect(here.stdout + here.stderr).not.toBe("");
  });

  test("is one static file without libc, small, writable nowhere where it can be executed", () => {
    const file = readFileSync(program);
    expect(statSync(program).mode & 0o111).toBe(0o111);
    const small = join(folder, "interpreting");
    stvm("build", image, "-o", small, "--jit", "off");
    expect(statSync(small).size).toBeLessThan(900 * 1024);
    const count = file.readUInt16LE(56);
    const headers = Array.from({ length: count }, (_, index) => 64 + index * 56).map((at) => ({
      type: file.readUInt32LE(at),
      flags: file.readUInt32LE(at + 4),
    }));
    // PT_INTERP and PT_DYNAMIC would mean a libc; flags are 1 execute, 2 write.
    expect(headers.filter(({ type }) => type === 2 || type === 3)).toEqual([]);
    expect(headers.filter(({ flags }) => (flags & 3) === 3)).toEqual([]);
  }, 60_000);

  test("is the same file each time", () => {
    const again = join(folder, "again");
    stvm("build", image, "-o", again);
    expect(readFileSync(again).equals(readFileSync(program))).toBe(true);
  });

  test("starts in milliseconds, as it says itself", () => {
    const { stderr, stdout } = run(program, ["--timing", "-e", "6 * 7"]);
    const [, milliseconds] = /^stvm: ([\d.]+) ms from entry to the first bytecode\n$/.exec(stderr)!;
    expect(Number(milliseconds)).toBeLessThan(3);
    expect(stdout).toBe("42\n");
  });

  test("has options of its own; other words go to the image", () => {
    expect(run(program, ["--version"]).stdout).toMatch(/^stvm \S+ \(x86-64 Linux, default.image\)\n$/);
    expect(run(program, ["--help"]).stdout).toContain("--maxOldSpaceSize");
    expect(run(program, ["--", "--version"]).stdout).toMatch(/^stvm library/);
    expect(run(program, ["--logLevel=9"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("--logLevel=9"),
    });
    expect(run(program, ["--logLevel"])).toMatchObject({ status: 2, stderr: expect.stringContaining("needs a value") });
    expect(run(program, ["--edenSize=8m"])).toMatchObject({ status: 2, stderr: expect.stringContaining("stvm build") });
    expect(run(program, ["--workingDirectory=/nonexistent"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("no such folder"),
    });
    expect(run(program, ["--no-such-option"]).stderr).toContain("unknown argument --no-such-option");
  });

  test("says in one line that memory is too small for the image", () => {
    const { status, stderr } = run(program, ["--maxOldSpaceSize=64k"]);
    expect(status).toBe(1);
    expect(stderr).toBe("stvm: default.image: its objects do not fit into memory; raise --maxOldSpaceSize\n");
  });

  test("says that memory is full, with the stack", () => {
    const expression = "| all | all := OrderedCollection new. [ all add: (Array new: 100000) ] repeat";
    const { status, stderr, stdout } = run(program, ["--maxOldSpaceSize=20m", "-e", expression]);
    expect(status).toBe(1);
    expect(stderr + stdout).toMatch(/memory/i);
  });

  test("takes an image that cannot be read as stvm run does", () => {
    const broken = join(folder, "broken.image");
    writeFileSync(broken, readFileSync(image).subarray(0, 1000));
    const result = run(process.execPath, ["bin/stvm.mjs", "build", broken, "-o", join(folder, "broken")]);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/broken\.image: .*; /);
    const missing = run(process.execPath, ["bin/stvm.mjs", "build", "none.image", "-o", join(folder, "none")]);
    expect(missing.stderr).toMatch(/none\.image: no such file/);
  });

  test("the compiler inside compiles itself and the virtual machine as it does under Node", () => {
    for (const name of ["native.wasm", "stvm.wasm"]) {
      const wasm = join("build", name);
      const expected = compileNative(readFileSync(wasm), { lowMemoryUnused: true }).code;
      const { status, stdout } = spawnSync(program, [`--compile=${wasm}`], { maxBuffer: 1 << 26 });
      expect(status).toBe(0);
      expect(stdout.equals(Buffer.from(expected))).toBe(true);
    }
    expect(run(program, ["--compile=package.json"])).toMatchObject({ status: 1, stdout: "" });
  });
});

onLinux("signals", () => {
  test("SIGUSR1 shows every process, SIGINT too, and twice ends the program", async () => {
    const child = started();
    const errors = collected(child);
    await printed(child, "ready after");
    child.kill("SIGUSR1");
    await errors.until(/process priority \d+, running[^]*Console/);
    child.kill("SIGINT");
    await errors.until(/press Ctrl-C again to quit/);
    child.kill("SIGINT");
    expect(await exitCode(child)).toBe(130);
  });

  test("a fault is reported with the function where it happened, and the Smalltalk stack", async () => {
    const child = started();
    const errors = collected(child);
    await printed(child, "ready after");
    child.kill("SIGFPE");
    expect(await exitCode(child)).toBe(1);
    expect(errors.text()).toMatch(/^stvm: trap: divide by zero or overflow at 0x[0-9a-f]+ in \S+ \+ \d+\n/);
    expect(errors.text()).toMatch(/called from in \S*start/);
    expect(errors.text()).toMatch(SMALLTALK_STACK);
  });

  test("and so where the program has hardly anything above its stack, wherever that lies", async () => {
    const started = Array.from({ length: 12 }, () => spawn(program, ["--repl"], { env: {} }));
    children.push(...started);
    const reports = started.map(async (child) => {
      const errors = collected(child);
      const ended = new Promise((resolve) => child.once("close", resolve));
      await printed(child, "ready after");
      child.kill("SIGFPE");
      await ended;
      return errors.text();
    });
    for (const report of await Promise.all(reports)) expect(report).toMatch(SMALLTALK_STACK);
  });
});

onLinux("programs of other images", () => {
  testWithImages("the Pharo kernel prints its version as a Linux program", () => {
    const copy = join(folder, "Pharo.image");
    writeFileSync(copy, readFileSync(imagePath("pharo8-kernel/Pharo")));
    expect(stvm("run", copy, "printVersion")).toBe("");
    const path = join(folder, "pharo");
    stvm("build", copy, "-o", path);
    const { status, stdout } = run(path, ["printVersion"]);
    expect(stdout).toContain("Pharo8.0.0");
    expect(stdout).toBe(stvm("run", copy, "printVersion"));
    expect(status).toBe(0);
  });
});

/** One line of it at least. */
const SMALLTALK_STACK = /^ {2}(\[\] in )?\S+( class)?>>\S+$/m;

/** The program, reading expressions. */
function started(): ChildProcess {
  const child = spawn(program, ["--repl"]);
  children.push(child);
  return child;
}

/** What a program writes on standard error. */
function collected(child: ChildProcess) {
  let text = "";
  let wake = () => {};
  child.stderr!.on("data", (part: Buffer) => {
    text += part.toString();
    wake();
  });
  return {
    text: () => text,
    async until(pattern: RegExp): Promise<void> {
      while (!pattern.test(text)) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

async function printed(child: ChildProcess, text: string): Promise<void> {
  let whole = "";
  await new Promise<void>((resolve) => {
    child.stdout!.on("data", (part: Buffer) => {
      whole += part.toString();
      if (whole.includes(text)) resolve();
    });
  });
}

function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.on("close", (code) => resolve(code)));
}
