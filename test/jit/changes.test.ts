// What code has found out of classes, methods and numbers may change while it runs, or be more than it can hold.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "stvm-changes-"));
const image = join(folder, "changes.image");

const EXPECTED = `changeClass: 222999->nil
adoptInstance: 222999->nil
removeMethod: 3000249012
compareLarge: #(0 60000 60000 60000)
addLarge: -8.0
`;

function stvm(...words: string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["bin/stvm.mjs", ...words], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  return stdout;
}

beforeAll(() => {
  stvm("build-image", "test/jit/changes", "-o", image, "--no-sources");
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["off", "1"],
  ["baseline", "1"],
  ["on", "1"],
  ["on", "40"],
])(
  "--jit=%s --jit-threshold=%s",
  (tier, threshold) => {
    expect(stvm("run", `--jit=${tier}`, `--jit-threshold=${threshold}`, image)).toBe(EXPECTED);
  },
  60_000,
);
