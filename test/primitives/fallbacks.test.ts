// Primitives against the Smalltalk code that the Cuis image runs where they fail: fallbacks.st does it inside the image.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { expect } from "@jest/globals";
import { imagePath, testWithImages } from "../images.js";

const CUIS = imagePath("cuis5/cuis5-tests-64");
const COMPARISONS = 33;

testWithImages("primitives answer what the image's own code answers", () => {
  const folder = mkdtempSync(join(tmpdir(), "stvm-"));
  try {
    for (const file of ["cuis5-tests-64.image", "cuis5-tests-64.changes", "CuisV5.sources"]) {
      copyFileSync(join(dirname(CUIS), file), join(folder, file));
    }
    const seed = process.env.SEED ?? `${Date.now() % 1_000_000_007}`;
    process.stderr.write(`test/primitives/fallbacks: SEED=${seed}\n`);
    const script = readFileSync("test/primitives/fallbacks.st", "utf8").replace("SEED", seed);
    writeFileSync(join(folder, "fallbacks.st"), script);
    const words = [resolve("bin/stvm.mjs"), "run", "cuis5-tests-64.image", "-s", "fallbacks.st"];
    execFileSync(process.execPath, words, { cwd: folder, timeout: 50_000 });
    const lines = readFileSync(join(folder, "fallbacks.txt"), "latin1").trimEnd().split("\n");
    expect(lines.filter((line) => !line.startsWith("same "))).toEqual(["done"]);
    expect(lines).toHaveLength(COMPARISONS + 1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
