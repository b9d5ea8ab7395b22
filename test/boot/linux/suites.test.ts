// Whole suites of tests as Linux programs: the conformance image interpreted, and the tests of a Cuis image interpreted
// and compiled, with the results of a reference virtual machine.

import { afterAll, describe, expect, test } from "@jest/globals";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { imagePath, imagesPresent } from "../../images.js";

const isLinux = process.platform === "linux" && process.arch === "x64";
const onLinux = isLinux ? describe : describe.skip;
if (!isLinux) console.log("skipped: Linux programs run on Linux on x86-64 only");
else if (!imagesPresent) console.log("skipped: the tests of the Cuis image as a Linux program: no image");

const SUITE_MILLISECONDS = 300_000;
/** Tests that fail where the machine is busy: they measure that something takes no longer than it may. */
const MEASURES_TIME = /\tProcessorTest>>testGrabProcessorOnlyFor|\tDelayTest>>/;

const folder = mkdtempSync(join(tmpdir(), "stvm-suites-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function stvm(...words: string[]): void {
  execFileSync(process.execPath, ["bin/stvm.mjs", ...words]);
}

onLinux("the conformance image as a Linux program", () => {
  test(
    "passes all of its tests",
    () => {
      const image = join(folder, "conformance.image");
      const program = join(folder, "conformance");
      stvm("build-image", "images/conformance", "-o", image, "--no-sources");
      // Tests make methods of their own, with primitives that no method of the image names.
      stvm("build", image, "--target", "linux", "--primitives", "all", "--jit", "on", "-o", program);
      const { status, stdout } = spawnSync(program, ["--jit=off"], {
        encoding: "utf8",
        cwd: folder,
        maxBuffer: 1 << 26,
      });
      expect(stdout.match(/^not ok .*/gm) ?? []).toEqual([]);
      expect(stdout).toMatch(/^# \d{4,} tests, 0 failed, 0 skipped$/m);
      expect(status).toBe(0);
    },
    SUITE_MILLISECONDS,
  );
});

const withImages = imagesPresent ? test.each : test.skip.each;

onLinux("the Cuis image as a Linux program", () => {
  withImages([["--jit=off"], ["--jit=baseline"]])(
    "has the results of the reference with %s",
    (option) => {
      const own = join(folder, `cuis${option}`);
      copyCuis(own);
      const program = join(own, "suite");
      stvm(
        "build",
        join(own, "cuis5-tests-64.image"),
        "--target",
        "linux",
        "--primitives",
        "all",
        "--jit",
        "on",
        "-o",
        program,
      );
      const { status, stderr } = spawnSync(program, [option, "-s", "run-tests.st"], { cwd: own, encoding: "utf8" });
      expect([stderr, status]).toEqual(["", 0]);
      const results = linesOf(join(own, "tests.txt"));
      expect(results.pop()).toBe("done");
      const expected = linesOf(join(own, "expected-64.txt"));
      expect(results).toHaveLength(expected.length);
      const different = results.filter((line, index) => line !== expected[index] && !mayDiffer(expected[index]!));
      expect(different).toEqual([]);
    },
    SUITE_MILLISECONDS,
  );
});

/** The image, its sources and its script, since it writes beside itself. */
function copyCuis(to: string): void {
  const from = join(imagePath("cuis5/cuis5-tests-64"), "..");
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    copyFileSync(join(from, name), join(to, name));
    chmodSync(join(to, name), 0o644);
  }
}

function linesOf(path: string): string[] {
  return readFileSync(path, "utf8").trimEnd().split("\n");
}

/** Where the reference itself has now the one, now the other result, or the clock decides. */
function mayDiffer(line: string): boolean {
  return line.startsWith("varies\t") || MEASURES_TIME.test(line);
}
