// Images of a test's own package, built and run by the stvm command.

import { afterAll, beforeAll, expect } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

function stvm(...words: string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["bin/stvm.mjs", ...words], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  return stdout;
}

/** Has the image of a recipe's folder built before the file's tests; answers what runs it, with options, for its output. */
export function ownImage(recipe: string): (...options: string[]) => string {
  const folder = mkdtempSync(join(tmpdir(), "stvm-own-"));
  const image = join(folder, "own.image");
  beforeAll(() => void stvm("build-image", recipe, "-o", image, "--no-sources"), 60_000);
  afterAll(() => rmSync(folder, { recursive: true }));
  return (...options) => stvm("run", ...options, image);
}
