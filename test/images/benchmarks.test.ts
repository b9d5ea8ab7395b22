// The benchmark programs: each has the right result in both bytecode sets, interpreted and compiled by
// both tiers, and a wrong result is an error.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "stvm-benchmarks-"));
afterAll(() => rmSync(folder, { recursive: true }));

function stvm(...words: string[]) {
  return spawnSync(process.execPath, [resolve("bin/stvm.mjs"), ...words], {
    cwd: folder,
    encoding: "utf8",
    timeout: 60_000,
  });
}

function build(recipe: string, image: string, set: string): void {
  const { status, stderr } = stvm("build-image", recipe, "-o", image, "--bytecodes", set, "--no-sources");
  expect([status, stderr]).toEqual([0, ""]);
}

const imageOf = (set: string) => join(folder, `${set}.image`);

beforeAll(() => {
  for (const set of ["sista", "v3"]) build(resolve("images/benchmarks"), imageOf(set), set);
}, 60_000);

describe.each(["sista", "v3"])("the benchmarks in %s", (set) => {
  const image = imageOf(set);

  test.each([
    [["--jit=off"], 1],
    [["--jit=baseline", "--jit-threshold=1"], 1],
    [["--jit=on", "--jit-threshold=3"], 4],
  ])(
    "have the right results with %j, %i times",
    (options, iterations) => {
      const names = stvm("run", image, "--list").stdout.trim().split("\n");
      expect(names.length).toBeGreaterThanOrEqual(20);
      const { status, stdout, stderr } = stvm("run", ...options, image, "--all", String(iterations));
      expect([stderr, status]).toEqual(["", 0]);
      const lines = stdout.trim().split("\n");
      expect(lines.map((line) => line.replace(/\d+ us/g, "N us"))).toEqual(
        names.map((name) => `${name}: ${iterations} iterations, N us, fastest N us`),
      );
    },
    60_000,
  );
});

test("a wrong result ends the run with exit code 1 and says what it should have been", () => {
  const copy = join(folder, "images");
  cpSync(resolve("images/source"), join(copy, "source"), { recursive: true });
  cpSync(resolve("images/benchmarks"), join(copy, "benchmarks"), { recursive: true });
  const file = join(copy, "benchmarks/Benchmarks/QueensBenchmark.class.st");
  writeFileSync(file, readFileSync(file, "utf8").replace("^ 724", "^ 725"));
  const image = join(folder, "wrong.image");
  build(join(copy, "benchmarks"), image, "sista");
  const { status, stdout, stderr } = stvm("run", image, "queens", "1");
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("queens: the result is 724, not 725");
});

test.each([
  [[], /give the name of a benchmark/],
  [["nosuch"], /nosuch: no such benchmark/],
  [["sieve", "0"], /0: no number of iterations/],
  [["sieve", "many"], /many: no number of iterations/],
])("words that say nothing, %j, end it with exit code 2", (words, message) => {
  const { status, stderr } = stvm("run", imageOf("sista"), ...words);
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
});
