// Linux programs that compile their methods: what the native compiler inside makes of what vm/jit writes answers as the
// interpreter does. Everything at its first call, and in between.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const isLinux = process.platform === "linux" && process.arch === "x64";
const onLinux = isLinux ? describe : describe.skip;
if (!isLinux) console.log("skipped: Linux programs run on Linux on x86-64 only");

const BUILD_MILLISECONDS = 120_000;
/** Signals sent until one meets compiled code. */
const ATTEMPTS = 10;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stvm-compiled-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function stvm(...words: string[]): string {
  return execFileSync(process.execPath, ["bin/stvm.mjs", ...words], { encoding: "utf8" });
}

function build(recipe: string, name: string, ...options: string[]): string {
  const image = join(folder, `${name}.image`);
  const program = join(folder, name);
  stvm("build-image", recipe, "-o", image);
  stvm("build", image, "-o", program, "--jit", "on", ...options);
  return program;
}

function run(program: string, words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, words, {
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 1 << 26,
  });
  return { status, stdout, stderr };
}

/** How many methods and blocks a program says it has compiled. */
function compiledCount(stderr: string): number {
  return Number(/^stvm: compiled (\d+) methods and blocks to \d+ bytes in [\d.]+ ms/m.exec(stderr)?.[1]);
}

onLinux("the default image's program", () => {
  let program: string;
  beforeAll(() => void (program = build("images/default", "default")), BUILD_MILLISECONDS);

  test.each([
    ["100 factorial printString"],
    ["(1 to: 30) inject: 0 into: [ :sum :each | sum + (each / 3) ]"],
    ["[ 1 / 0 ] on: ZeroDivide do: [ :error | error messageText ]"],
    ["| d | d := Dictionary new. 1 to: 3000 do: [ :i | d at: i put: i printString ]. (d at: 777) size"],
    ["[ :x | x > 10 ifTrue: [ 'large' ] ifFalse: [ 'small' ] ] value: 11"],
    ["nil foo"],
  ])("answers %s alike whether compiled or not", (expression) => {
    const words = ["-e", expression];
    const interpreted = run(program, ["--jit=off", ...words]);
    const compiled = run(program, ["--jit-threshold=1", "--jit-stats", ...words]);
    expect(interpreted.stdout + interpreted.stderr).not.toBe("");
    expect(compiled.stdout).toBe(interpreted.stdout);
    expect(compiled.status).toBe(interpreted.status);
    expect(compiledCount(compiled.stderr)).toBeGreaterThan(20);
  });

  test("compiles nothing when told so, and less the more calls it waits for", () => {
    const words = ["--jit-stats", "-e", "(1 to: 2000) inject: 0 into: [ :sum :each | sum + each printString size ]"];
    const counts = ["--jit=off", "--jit-threshold=1000", "--jit-threshold=1"].map((option) =>
      compiledCount(run(program, [option, ...words]).stderr),
    );
    expect(counts[0]).toBe(0);
    expect(compiledCount(run(program, ["--jit=off", "--jit-threshold=1", ...words]).stderr)).toBe(0);
    expect(counts[1]).toBeGreaterThan(0);
    expect(counts[2]).toBeGreaterThan(counts[1]!);
  });

  test.each([["--jit=maybe"], ["--jit-threshold=0"], ["--jit-threshold=many"], ["--jit-threshold"]])(
    "refuses %s",
    (option) => {
      const { status, stderr } = run(program, [option]);
      expect(status).toBe(2);
      expect(stderr).toMatch(/^stvm: --jit\S*: .*\n$/);
    },
  );

  test(
    "a fault in a compiled method says that it is one",
    async () => {
      // The signal comes at any time, also while the virtual machine asks the system something between two slices.
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const { status, errors } = await faultInLoop(program);
        expect(status).toBe(1);
        expect(errors).toMatch(/^stvm: trap: divide by zero or overflow at 0x[0-9a-f]+ in /);
        // Where it happened, or where that was called from: the loop calls the virtual machine too.
        if (/ in compiled code \+ \d+$/m.test(errors)) return;
      }
      throw new Error(`none of ${ATTEMPTS} signals came while compiled code ran`);
    },
    BUILD_MILLISECONDS,
  );
});

/** Sends a division's signal to a program that is in an endless loop; what it says, and its exit code. */
async function faultInLoop(program: string): Promise<{ status: unknown; errors: string }> {
  const loop = "| x | x := 0. [ true ] whileTrue: [ x := x + 1 bitAnd: 1023 ]";
  const child = spawn(program, ["--jit-threshold=1", "-e", loop]);
  let errors = "";
  child.stderr.on("data", (part: Buffer) => void (errors += part.toString()));
  await new Promise((resolve) => setTimeout(resolve, 500));
  child.kill("SIGFPE");
  return { status: await new Promise((resolve) => child.on("close", resolve)), errors };
}

onLinux("the conformance image's program", () => {
  test(
    "passes every test that the interpreter passes, everything compiled at its first call",
    () => {
      const program = build("images/conformance", "conformance", "--primitives", "all");
      const { status, stdout, stderr } = run(program, ["--jit-threshold=1", "--jit-stats"]);
      expect(stdout.match(/^not ok .*/gm) ?? []).toEqual([]);
      expect(stdout).toMatch(/^# \d{4,} tests, 0 failed, 0 skipped$/m);
      expect(status).toBe(0);
      expect(compiledCount(stderr)).toBeGreaterThan(2000);
    },
    BUILD_MILLISECONDS,
  );
});
