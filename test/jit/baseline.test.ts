// Compiled code answers what the interpreter answers, with everything compiled at its first call and with a usual threshold.

import { describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { imagePath, testWithImages } from "../images.js";

function run(words: readonly string[], input?: string) {
  return spawnSync(process.execPath, ["bin/stvm.mjs", ...words], { encoding: "utf8", timeout: 200_000, input });
}

/** Runs an image in a folder of its own. */
function runCopy(name: string, options: readonly string[], words: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "stvm-jit-"));
  try {
    const image = join(folder, "copy.image");
    copyFileSync(imagePath(name), image);
    return run(["run", ...options, image, ...words]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.each([1, 100])("threshold %i", (threshold) => {
  const options = [`--jit-threshold=${threshold}`];

  testWithImages("the Pharo kernel starts, saves and answers", () => {
    const folder = mkdtempSync(join(tmpdir(), "stvm-jit-"));
    try {
      const image = join(folder, "Pharo.image");
      copyFileSync(imagePath("pharo8-kernel/Pharo"), image);
      expect(run(["run", ...options, image, "printVersion"])).toMatchObject({ stdout: "", status: 0 });
      expect(run(["run", ...options, image, "printVersion"]).stdout).toMatch(/^\[version\] 'Pharo8\.0\.0'/);
      // What was saved while code was compiled has nothing of it.
      expect(run(["run", "--jit=off", image, "printVersion"]).stdout).toMatch(/^\[version\] 'Pharo8\.0\.0'/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  testWithImages("a small image in SistaV1's time starts and quits", () => {
    expect(runCopy("headless/headless-64", options, [])).toMatchObject({ status: 0, stderr: "" });
  });

  testWithImages("deep stacks, contexts and unwinding in Cuis", () => {
    const { stdout, status } = runCopy("cuis5/cuis5-tests-64", options, ["-s", resolve("test/conformance/attack.st")]);
    expect(stdout).toMatch(/return from far below: 100000\n/);
    expect(stdout).toMatch(/terminated in a critical section: 11\n/);
    expect(status).toBe(0);
  });
});

test.each([["--jit-threshold=20"], ["--jit-threshold=1", "--jit=on"]])(
  "the conformance image, %s %s",
  (...options) => {
    const { stdout, status } = run(["test", ...options]);
    const [, passed, failed] = /tests, (\d+) passed, (\d+) failed/.exec(stdout) ?? [];
    expect({ failed, status }).toEqual({ failed: "0", status: 0 });
    expect(Number(passed)).toBeGreaterThan(1000);
  },
  240_000,
);
