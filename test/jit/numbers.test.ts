// Numbers of all kinds at the same bytecodes: what is learnt of one kind does not change another's results.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "stvm-numbers-"));
const image = join(folder, "numbers.image");

function stvm(...words: string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["bin/stvm.mjs", ...words], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  return stdout;
}

beforeAll(() => {
  stvm("build-image", "test/jit/numbers", "-o", image, "--no-sources");
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["baseline", "1"],
  ["on", "1"],
  ["on", "50"],
])(
  "--jit=%s --jit-threshold=%s",
  (tier, threshold) => {
    const interpreted = stvm("run", image);
    expect(interpreted).toMatch(/^add:to: 4\.0 3\.5 3 5 -5 3\.5 4296631820 /);
    expect(stvm("run", `--jit=${tier}`, `--jit-threshold=${threshold}`, image)).toBe(interpreted);
  },
  60_000,
);
