// Scripts in a copy of the Cuis image, since an image writes beside itself.

import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Missing } from "./benchmark.js";
import { runIn, type WayName } from "./ways.js";

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
export function runScript(name: string, way: WayName = "off"): number {
  const text = runForFile(way, `${name}.st`, "milliseconds.txt").trim();
  if (!/^\d+(\.\d+)?$/.test(text)) throw new Error(`${name}.st: wrote ${JSON.stringify(text)} and no milliseconds`);
  return Number(text);
}

/** Runs the image's own tests; answers milliseconds of the whole process. */
export function runSuite(way: WayName): number {
  let lines: string[] = [];
  const milliseconds = millisecondsOf(() => {
    lines = runForFile(way, "run-tests.st", "tests.txt").trim().split("\n");
  });
  if (lines.at(-1) !== "done") throw new Error(`run-tests.st: ended after ${lines.length} tests`);
  return milliseconds;
}

export function millisecondsOf(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function runForFile(way: WayName, script: string, file: string): string {
  const cwd = cuisFolder();
  const path = join(cwd, file);
  rmSync(path, { force: true });
  runIn(way, { image: cuisImage(), words: ["-s", script], cwd, primitives: "all" });
  if (!existsSync(path)) throw new Error(`${script}: wrote no ${file}`);
  return readFileSync(path, "utf8");
}
