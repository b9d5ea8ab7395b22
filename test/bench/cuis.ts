// Scripts in a copy of the Cuis image, since an image writes beside itself.

import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Missing } from "./benchmark.js";
import { currentNode } from "./ways.js";

const SOURCE = "../shared/images/cuis5";
const SCRIPTS = "test/bench/scripts";
export const SCRIPT_IMAGE = "cuis5-tests-64.image";
/** Scripts that measure themselves; each writes its milliseconds to a file. */
export const SCRIPT_NAMES = [
  "sieve",
  "sends",
  "churn",
  "dictionary",
  "strings",
  "exceptions",
  "processes",
  "recursion",
  "largeIntegers",
  "streams",
] as const;
const COMMAND = resolve("bin/stvm.mjs");
const TIMEOUT_MILLISECONDS = 300_000;

let folder: string | undefined;

/** The folder with the copy, made at the first call and removed at the end of the process. */
export function cuisFolder(): string {
  if (folder !== undefined) return folder;
  if (!existsSync(SOURCE)) throw new Missing(`${SOURCE} is missing`);
  const made = mkdtempSync(join(tmpdir(), "stvm-bench-"));
  process.on("exit", () => rmSync(made, { recursive: true, force: true }));
  for (const [from, name] of [
    ...readdirSync(SOURCE).map((name) => [SOURCE, name]),
    ...readdirSync(SCRIPTS).map((name) => [SCRIPTS, name]),
  ]) {
    copyFileSync(join(from, name), join(made, name));
    chmodSync(join(made, name), 0o644);
  }
  folder = made;
  return made;
}

export function cuisImage(): string {
  return join(cuisFolder(), SCRIPT_IMAGE);
}

/** Runs a script of test/bench/scripts and answers the milliseconds that it measured and wrote to a file. */
export function runScript(name: string): number {
  const text = runForFile(`${name}.st`, "milliseconds.txt");
  const milliseconds = Number(text.trim());
  if (text.trim() === "" || !(milliseconds >= 0)) throw new Error(`stvm: ${name}.st: wrote ${JSON.stringify(text)}`);
  return milliseconds;
}

/** Runs the image's own tests; answers milliseconds of the whole process. */
export function runSuite(): number {
  const start = performance.now();
  const lines = runForFile("run-tests.st", "tests.txt").trim().split("\n");
  const milliseconds = performance.now() - start;
  if (lines.at(-1) !== "done") throw new Error(`stvm: run-tests.st: ended after ${lines.length} tests`);
  return milliseconds;
}

function runForFile(script: string, file: string): string {
  const cwd = cuisFolder();
  const path = join(cwd, file);
  rmSync(path, { force: true });
  const { status, stderr, error } = spawnSync(currentNode(), [COMMAND, "run", SCRIPT_IMAGE, "-s", script], {
    cwd,
    encoding: "utf8",
    timeout: TIMEOUT_MILLISECONDS,
  });
  if (error !== undefined) throw new Error(`stvm: ${script}: ${error.message}`);
  if (status !== 0 || !existsSync(path)) throw new Error(`stvm: ${script}: exit code ${status}, no ${file}; ${stderr}`);
  return readFileSync(path, "utf8");
}
