// What an image may do and rarely does: deep stacks, contexts that outlive frames, memory without end.

import { expect } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { imagePath, testWithImages } from "../images.js";

const SCRIPTS = resolve("test/conformance");

/** Runs a script in a copy of Cuis. */
function runInCuis(script: string, ...options: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "stvm-attack-"));
  try {
    const image = join(folder, "cuis.image");
    copyFileSync(imagePath("cuis5/cuis5-tests-64"), image);
    copyFileSync(imagePath("cuis5/cuis5-tests-64").replace(/image$/, "changes"), join(folder, "cuis.changes"));
    const words = ["bin/stvm.mjs", "run", "--headless", ...options, image, "-s", join(SCRIPTS, script)];
    return spawnSync(process.execPath, words, { encoding: "utf8", timeout: 100_000 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

testWithImages("deep stacks and contexts that outlive their frames", () => {
  const { stdout, status } = runInCuis("attack.st");
  expect(stdout.split("\n").slice(0, -1)).toEqual([
    "arguments of a context whose frame has returned: #(#(1 #x nil) #(2 #x nil) #(3 #x nil))",
    "return from far below: 100000",
    "the same through ensure blocks: #(2000 2000)",
    "resumed from far below: 50005",
    "terminated far below: #(500 true)",
    "terminated in a critical section: 11",
  ]);
  expect(status).toBe(0);
});

testWithImages("recursion without end stops at the limit with the stack, exit code 1", () => {
  const { stderr, status } = runInCuis("endless.st", "--maxOldSpaceSize=40m");
  expect(stderr).toMatch(/out of memory: the objects in use fill it; give more with --maxOldSpaceSize; .*\n/);
  expect(stderr).toMatch(/\[\] in UndefinedObject>>DoIt/);
  expect(status).toBe(1);
});

testWithImages("objects without end: the image catches OutOfMemory in time", () => {
  const { stdout, status } = runInCuis("outOfMemory.st", "--maxOldSpaceSize=40m");
  expect(stdout).toBe("caught OutOfMemory\n");
  expect(status).toBe(0);
});
