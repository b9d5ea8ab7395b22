// The class library: its own tests in Smalltalk, in both bytecode sets, and its floats against JavaScript's.

import { afterAll, describe, expect, test } from "@jest/globals";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "stvm-library-"));
afterAll(() => rmSync(folder, { recursive: true }));

function stvm(words: readonly string[], input = "") {
  return spawnSync(process.execPath, [resolve("bin/stvm.mjs"), ...words], {
    cwd: folder,
    encoding: "utf8",
    input,
    timeout: 60_000,
    maxBuffer: 1 << 26,
  });
}

function build(recipe: string, set: string): string {
  const image = join(folder, `${recipe}-${set}.image`);
  const { status, stderr } = stvm(["build-image", resolve("images", recipe), "-o", image, "--bytecodes", set]);
  expect([status, stderr]).toEqual([0, ""]);
  return image;
}

describe.each(["sista", "v3"])("the library in %s", (set) => {
  test("passes its tests in Smalltalk", () => {
    const { status, stdout, stderr } = stvm(["run", build("tests", set)]);
    const failed = stdout.split("\n").filter((line) => line.startsWith("not ok"));
    expect([failed, stderr, status]).toEqual([[], "", 0]);
    const [, planned] = /^1\.\.(\d+)$/m.exec(stdout) ?? [];
    expect(Number(planned)).toBeGreaterThan(100);
    expect(stdout.split("\n").filter((line) => line.startsWith("ok "))).toHaveLength(Number(planned));
  }, 120_000);
});

/** Reads lines of two: a float's 64 bits in decimal, and a decimal fraction; prints the one, and the other's bits. */
const PRINT_AND_READ = `
  | in out line |
  in := FileStream stdin. out := FileStream stdout.
  [ (line := in nextLine) isNil ] whileFalse: [
    out nextPutAll: (Float fromIEEE64Bit: line asNumber) printString; space;
      print: in nextLine asNumber asIEEE64BitWord; lf ].
  out flush`;

test("floats print as in JavaScript, and are read with one rounding", () => {
  const floats = randomFloats(0x5eedn, 2000);
  const decimals = floats.map((float, index) => smalltalkNumber(float.toExponential(index % 40)));
  const input = floats.map((float, index) => `${bitsOf(float)}\n${decimals[index]}\n`).join("");
  const { stdout, stderr } = stvm(["run", build("default", "sista"), "-e", PRINT_AND_READ], input);
  expect(stderr).toBe("");
  const lines = stdout.split("\n");
  const got = floats.map((_, index) => {
    const [printed = "", bits] = (lines[index] ?? "").split(" ");
    return `${digitsOf(printed)} ${bits}`;
  });
  expect(got).toEqual(
    floats.map((float, index) => `${digitsOf(smalltalkNumber(jsText(float)))} ${bitsOf(Number(decimals[index]))}`),
  );
}, 120_000);

test("a process that reads the console leaves the others running", async () => {
  const ticks = "[ 3 timesRepeat: [ (Delay forMilliseconds: 5) wait. Transcript show: 'tick'; cr ] ] fork";
  const image = join(folder, "default-sista.image");
  const words = [resolve("bin/stvm.mjs"), "run", image, "-e", ticks, "FileStream stdin nextLine"];
  const child = spawn(process.execPath, words, { stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  for await (const part of child.stdout) {
    text += part;
    // Nothing was typed so far: the ticks came while the other process waited.
    if (text.split("tick").length === 4) child.stdin.end("hello\n");
  }
  expect(text.split("\n").slice(1)).toEqual(["tick", "tick", "tick", "'hello'", ""]);
}, 60_000);

const view = new DataView(new ArrayBuffer(8));

function bitsOf(float: number): bigint {
  view.setFloat64(0, float);
  return view.getBigUint64(0);
}

function floatOf(bits: bigint): number {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

/** Finite ones: of any exponent, denormal, powers of two, short decimals, and integers times powers of ten. */
function randomFloats(seed: bigint, count: number): number[] {
  const found: number[] = [];
  let state = seed;
  while (found.length < count) {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    const bits = state ^ (state >> 29n);
    const kinds = [
      () => floatOf(bits),
      () => floatOf(bits & 0x800fffffffffffffn),
      () => floatOf((bits & 0x8000000000000000n) | ((bits & 0x7ffn) << 52n)),
      () => Number(bits % 100000n) / 10 ** Number((bits >> 32n) & 7n),
      () => Number(bits >> 20n) * 10 ** (Number(bits & 63n) - 32),
    ];
    const float = kinds[found.length % kinds.length]!();
    if (Number.isFinite(float)) found.push(float);
  }
  return found;
}

function jsText(float: number): string {
  return Object.is(float, -0) ? "-0" : String(float);
}

/** A number as JavaScript writes it, as Smalltalk does: with a point, and no plus sign in the exponent. */
function smalltalkNumber(text: string): string {
  const plain = text.replace("e+", "e");
  return plain.includes(".") ? plain : plain.replace(/^(-?\d+)/, "$1.0");
}

/** Sign, significant digits and the exponent of the last one: the same for all ways to write a number. */
function digitsOf(text: string): string {
  const [, sign = "", whole = "?", fraction = "", exponent = "0"] = /^(-?)(\d+)\.(\d+)(?:e(-?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+(?=\d)/, "");
  const short = digits.replace(/0+$/, "");
  const lastPlace = Number(exponent) - fraction.length + digits.length - short.length;
  return short === "" ? `${sign}0` : `${sign}${short}e${lastPlace}`;
}
