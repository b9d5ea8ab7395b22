// `stvm eval` on images that nobody here wrote and on ours: values, errors of the source, errors that run.

import { beforeAll, describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll } from "@jest/globals";
import { imagePath, testWithImages } from "../images.js";

function evaluate(image: string, expression: string, input?: string) {
  const words = ["bin/stvm.mjs", "eval", image, ...(expression === "" ? [] : [expression])];
  return spawnSync(process.execPath, words, { encoding: "utf8", timeout: 60_000, input });
}

const REAL = ["pharo8-kernel/Pharo", "cuis5/cuis5-tests-64", "cuis5/cuis5-32"];

for (const name of REAL) {
  describe(name, () => {
    testWithImages("prints values as the image prints them", () => {
      const image = imagePath(name);
      expect(evaluate(image, "3 + 4")).toMatchObject({ stdout: "7\n", status: 0 });
      expect(evaluate(image, "(1/3) + (2/3)").stdout).toBe("1\n");
      expect(evaluate(image, "#(3 1 2) asSortedCollection asArray").stdout).toBe("#(1 2 3)\n");
      // The Pharo kernel has no factorial.
      const product = "((1 to: 100) inject: 1 into: [:product :each | product * each]) printString size";
      expect(evaluate(image, product).stdout).toBe("158\n");
    });

    testWithImages("an error prints its message and the stack, exit code 1", () => {
      const { stderr, status } = evaluate(imagePath(name), "#(1) do: [:each | each zork]");
      expect(stderr).toMatch(/^MessageNotUnderstood: SmallInteger>> ?#?zork\n/);
      expect(stderr).toMatch(
        /\n {2}\[\] in UndefinedObject>>DoIt {2}expression:1: #\(1\) do: \[:each \| each zork\]\n/,
      );
      expect(status).toBe(1);
    });
  });
}

testWithImages("a syntax error shows the place, exit code 1", () => {
  const { stderr, status } = evaluate(imagePath("pharo8-kernel/Pharo"), "3 + ");
  expect(stderr).toBe("expression:1:4: error: the source ends where an expression is expected\n1 | 3 + \n  |    ^\n");
  expect(status).toBe(1);
});

testWithImages("lines of input are evaluated one after another, with variables that stay", () => {
  const { stdout, stderr, status } = evaluate(
    imagePath("cuis5/cuis5-tests-64"),
    "",
    "x := 3 + 4\nx * 2\nnil zork\n99\n",
  );
  expect(stdout).toBe("7\n14\n");
  expect(stderr).toMatch(/input:3: nil zork/);
  expect(status).toBe(1);
});

describe("the default image", () => {
  const folder = mkdtempSync(join(tmpdir(), "stvm-eval-"));
  const image = join(folder, "default.image");
  beforeAll(() => {
    const words = ["bin/stvm.mjs", "build-image", "images/default", "-o", image];
    expect(spawnSync(process.execPath, words, { timeout: 60_000 }).status).toBe(0);
  }, 70_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  test("evaluates, and shows the lines of its own sources", () => {
    expect(evaluate(image, "100 factorial printString size").stdout).toBe("158\n");
    expect(evaluate(image, "#(3 1 2) asSortedCollection asArray").stdout).toBe("#(1 2 3)\n");
    const { stderr, status } = evaluate(image, "nil foo");
    expect(stderr).toMatch(/foo/);
    expect(stderr).toMatch(/Object\.class\.st:\d+/);
    expect(status).toBe(1);
  });
});
