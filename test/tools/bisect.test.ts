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
const setting = { vm: { image: smallImage(), arguments: ["-e", WORK] }, limitMilliseconds: 20_000 };
const { Module } = WebAssembly;
afterEach(() => void (WebAssembly.Module = Module));

const run = (ranges: readonly Range[]) => runCompiled(setting, 1, ranges);

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

test("the command says so, and what is wrong with its options", () => {
  const folder = mkdtempSync(join(tmpdir(), "stvm-bisect-"));
  try {
    const image = join(folder, "small.image");
    writeFileSync(image, smallImage());
    writeFileSync(join(folder, "good.txt"), "8\n");
    const stvm = (...words: string[]) =>
      spawnSync(process.execPath, ["bin/stvm.mjs", "bisect", ...words], { encoding: "utf8", timeout: 50_000 });
    const same = stvm(image, "-e", "3 + 4");
    expect([same.status, same.stdout]).toEqual([0, "compiled and interpreted show the same\n"]);
    const good = stvm(`--good-output=${join(folder, "good.txt")}`, "--json", image, "-e", "3 + 5");
    expect([good.status, JSON.parse(good.stdout)]).toEqual([0, { kind: "same" }]);
    const bad = stvm(`--good-output=${join(folder, "good.txt")}`, image, "-e", "3 + 6");
    expect([bad.status, bad.stderr]).toEqual([1, expect.stringContaining("the interpreted run shows something else")]);
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

const I64_CONST = 0x42;
const LOCAL_SET = 0x21;
// SmallIntegers.
const ONE = (1 << 3) | 1;
const TWO = (2 << 3) | 1;

/** WebAssembly's form of a positive number. */
function signedBytes(value: number): number[] {
  if (value < 64) return [value];
  return [(value & 127) | 128, ...signedBytes(Math.floor(value / 128))];
}
