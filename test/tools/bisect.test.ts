// `stvm bisect` finds a method whose code is wrong: here one whose constant is another in what the compiler hands out.

import { afterEach, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bisect, type Range } from "../../tools/bisect/bisect.js";
import { runCompiled, runInterpreted } from "../../tools/bisect/runs.js";
import { smallImage, smallSession } from "../jit/smallImage.js";

const WORK = "(1 to: 9) collect: [ :each | each raisedTo: 3 ]";
/** Enough for slices to end in it, and methods to be optimised. */
const LONG_WORK = "(1 to: 60000) collect: [ :each | each raisedTo: 3 ]";
const setting = { vm: { image: smallImage(), arguments: ["-e", WORK] }, limitMilliseconds: 20_000 };
const { Module } = WebAssembly;
afterEach(() => void (WebAssembly.Module = Module));

const run = (ranges: readonly Range[]) => runCompiled(setting, "baseline", 1, ranges);

test("what is sound shows the same", async () => {
  expect(await bisect(await runInterpreted(setting), run, () => {})).toEqual({ kind: "same" });
});

test("the one method with a wrong constant is found", async () => {
  const expected = await runInterpreted(setting);
  expect(expected.output).toBe("#(1 8 27 64 125 216 343 512 729)\n");
  await breakCodeOf("Number", "raisedToInteger:");
  const found = await bisect(expected, run, () => {});
  expect(found).toMatchObject({ kind: "found" });
  if (found.kind !== "found") return;
  expect(found.methods.map(({ names }) => names)).toEqual([["Number>>raisedToInteger:"]]);
  expect(found.runs).toBeLessThan(20);
  const [{ number }] = found.methods;
  const alone = await run([[number, number]]);
  expect([...alone.compiled.keys()]).toEqual([number]);
  expect(alone.output).not.toBe(expected.output);
});

test("the one method with a wrong step is found among those that are optimised", async () => {
  const long = { ...setting, vm: { ...setting.vm, arguments: ["-e", LONG_WORK] } };
  const expected = await runInterpreted(long);
  await breakOptimisedLoopOf("SmallInteger", "printStringBase:");
  expect(
    await bisect(
      expected,
      (ranges) => runCompiled(long, "baseline", 1, ranges),
      () => {},
    ),
  ).toEqual({ kind: "same" });
  const runWith = (ranges: readonly Range[]) => runCompiled(long, "optimised", 1, ranges);
  const found = await bisect(expected, runWith, () => {});
  expect(found).toMatchObject({ kind: "found" });
  if (found.kind !== "found") return;
  expect(found.methods.map(({ names }) => names)).toEqual([["SmallInteger>>printStringBase:"]]);
  expect(found.runs).toBeLessThan(12);
});

test("the command says so, and what is wrong with its options", () => {
  const folder = mkdtempSync(join(tmpdir(), "stvm-bisect-"));
  try {
    const image = join(folder, "small.image");
    writeFileSync(image, smallImage());
    writeFileSync(join(folder, "good.txt"), "8\n");
    const stvm = (...words: string[]) =>
      spawnSync(process.execPath, ["bin/stvm.mjs", "bisect", ...words], { encoding: "utf8", timeout: 50_000 });
    const same = stvm(image, "-e", "3 + 4");
    expect([same.status, same.stdout]).toEqual([0, "interpreted and compiled and optimised show the same\n"]);
    const good = stvm(`--good-output=${join(folder, "good.txt")}`, "--json", image, "-e", "3 + 5");
    expect([good.status, JSON.parse(good.stdout)]).toEqual([0, { kind: "same" }]);
    const bad = stvm(`--good-output=${join(folder, "good.txt")}`, image, "-e", "3 + 6");
    expect([bad.status, bad.stderr]).toEqual([1, expect.stringContaining("the interpreted run shows something else")]);
    const one = stvm("--tier=optimised", image, "-e", "3 + 4");
    expect([one.status, one.stdout]).toEqual([0, "interpreted and optimised show the same\n"]);
    const clock = stvm(image, "-e", "Time primUTCMicrosecondClock");
    expect([clock.status, clock.stdout]).toEqual([1, ""]);
    expect(clock.stderr).toMatch(/^stvm: \S+: interpreted, its line 1 is '\d+', then '\d+'; leave out [^\n]+\n$/);
    expect(stvm("--tier=third", image).stderr).toMatch(/^stvm: --tier=third: give baseline or optimised/);
    expect(stvm("--timeout=x", image).stderr).toMatch(/^stvm: --timeout=x: not a whole number/);
    expect(stvm("--good-output=nosuch", image).stderr).toMatch(/^stvm: --good-output=nosuch: cannot be read/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** From now on what is compiled for a method takes 2 for the 1 that it stores. */
async function breakCodeOf(className: string, selector: string): Promise<void> {
  const { vm, reflection } = await smallSession();
  const method = reflection.methodNamed(reflection.classNamed(className)!, selector)!;
  vm.destroy();
  // The method's address is in its code, to build the frame by; methods lie alike in every run.
  const address = Buffer.from([I64_CONST, ...signedBytes(method)]);
  const store = Buffer.from([I64_CONST, ONE, LOCAL_SET]);
  WebAssembly.Module = class extends Module {
    constructor(source: BufferSource) {
      const bytes = Buffer.from(source as Uint8Array<ArrayBuffer>);
      const at = bytes.includes(address) ? bytes.indexOf(store) : -1;
      if (at >= 0) bytes[at + 1] = TWO;
      super(bytes);
    }
  };
}

/** From now on code that the second tier makes of a method adds 2 where it added 1. */
async function breakOptimisedLoopOf(className: string, selector: string): Promise<void> {
  const { vm, reflection } = await smallSession();
  const method = reflection.methodNamed(reflection.classNamed(className)!, selector)!;
  vm.destroy();
  // The root's frame is built first; the first tier builds none in this way.
  const frame = Buffer.from([I64_CONST, 32, I64_SHL, I64_CONST]);
  const address = Buffer.from([...signedBytes(method), I64_OR]);
  const addOne = Buffer.from([I64_CONST, 1 << 3, I64_ADD]);
  WebAssembly.Module = class extends Module {
    constructor(source: BufferSource) {
      const bytes = Buffer.from(source as Uint8Array<ArrayBuffer>);
      const place = bytes.indexOf(frame) + frame.length;
      const isMeant = bytes.includes("exitFromCode") && bytes.indexOf(address, place) === place;
      for (let at = bytes.indexOf(addOne); isMeant && at >= 0; at = bytes.indexOf(addOne)) bytes[at + 1] = 2 << 3;
      super(bytes);
    }
  };
}

const I64_CONST = 0x42;
const I64_ADD = 0x7c;
const I64_OR = 0x84;
const I64_SHL = 0x86;
const LOCAL_SET = 0x21;
// SmallIntegers.
const ONE = (1 << 3) | 1;
const TWO = (2 << 3) | 1;

/** WebAssembly's form of a positive number. */
function signedBytes(value: number): number[] {
  if (value < 64) return [value];
  return [(value & 127) | 128, ...signedBytes(Math.floor(value / 128))];
}
