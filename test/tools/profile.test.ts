// `stvm profile` on the default image: where the time goes, as tables, files and a list of hot methods.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { smallImage } from "../jit/smallImage.js";

const folder = mkdtempSync(join(tmpdir(), "stvm-profile-"));
const image = join(folder, "small.image");
const WORK = "(1 to: 20) inject: 0 into: [ :sum :each | sum + 1500 factorial printString size ]";
beforeAll(() => writeFileSync(image, smallImage()));
afterAll(() => rmSync(folder, { recursive: true }));

function profile(...words: string[]) {
  return spawnSync(process.execPath, ["bin/stvm.mjs", "profile", ...words], { encoding: "utf8", timeout: 50_000 });
}

test("tells the hot methods and their tiers, and writes a profile for speedscope", () => {
  const output = join(folder, "p.speedscope.json");
  const words = [`--output=${output}`, "--top", "5", "--jit-threshold=200", image, "-e", WORK];
  const { status, stdout, stderr } = profile(...words);
  expect([status, stdout]).toEqual([0, "82300\n"]);
  expect(stderr).toMatch(/^\d+ samples in \d+\.\d+ s; idle/);
  expect(stderr).toMatch(/% +[\d.]+% +\w[\w+]* +\w.*>>/);
  const { shared, profiles, $schema } = JSON.parse(readFileSync(output, "utf8"));
  expect($schema).toBe("https://www.speedscope.app/file-format-schema.json");
  const [{ samples, weights, endValue, unit }] = profiles;
  expect(samples.length).toBe(weights.length);
  expect(unit).toBe("milliseconds");
  expect(Math.abs(weights.reduce((sum: number, each: number) => sum + each, 0) - endValue)).toBeLessThan(0.01);
  for (const stack of samples) for (const index of stack) expect(shared.frames[index].name).toContain(">>");
  const tiers = new Set(shared.frames.map(({ file }: { file: string }) => file));
  expect(tiers).toContain("baseline");
  expect([...tiers].every((tier) => ["interpreted", "baseline", "optimised"].includes(tier as string))).toBe(true);
});

test("writes a flame graph and a list of methods; what the image prints is kept out of JSON", () => {
  const output = join(folder, "p.html");
  const { status, stdout, stderr } = profile("--json", `--output=${output}`, image, "-e", WORK);
  expect([status, stderr]).toEqual([0, "82300\n"]);
  const methods = JSON.parse(stdout);
  expect(methods.length).toBeGreaterThan(3);
  for (const { method, samples } of methods) {
    expect(method).toMatch(/^[A-Z]\w*( class)?>>\S+$/);
    expect(samples).toBeGreaterThan(0);
  }
  const html = readFileSync(output, "utf8");
  expect(html).toContain(`title="all, 100.0%"`);
  expect(html).toContain("factorial");
});

test("says what is wrong with its options", () => {
  expect(profile("--top=x", image).stderr).toMatch(/^stvm: --top=x: not a number of lines/);
  expect(profile().stderr).toMatch(/^stvm: no image given/);
  expect(profile("--help").stdout).toMatch(/^stvm profile/);
});
