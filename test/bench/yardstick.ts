// The yardstick: a C program with the work of a Smalltalk VM in it, compiled once with gcc -O2.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { Missing } from "./benchmark.js";

const SOURCE = "../shared/yardstick/yardstick.c";
const PROGRAM = "build/yardstick";

/** Compiles the yardstick where its program is missing or older than the source. */
export function prepareYardstick(): void {
  if (!existsSync(SOURCE)) throw new Missing(`${SOURCE} is missing`);
  if (existsSync(PROGRAM) && statSync(PROGRAM).mtimeMs > statSync(SOURCE).mtimeMs) return;
  mkdirSync("build", { recursive: true });
  const { status, error } = spawnSync("gcc", ["-O2", "-o", PROGRAM, SOURCE], { stdio: "inherit" });
  if (error !== undefined) throw new Missing("gcc, which compiles the yardstick, is missing");
  if (status !== 0) throw new Missing(`gcc could not compile ${SOURCE}`);
}

/** Milliseconds of `yardstick fib N` or `yardstick sieve ROUNDS`, by its own clock. */
export function yardstick(work: "fib" | "sieve", size: number): number {
  const { stdout } = spawnSync(PROGRAM, [work, String(size)], { encoding: "utf8" });
  const found = / in ([\d.]+) ms/.exec(stdout);
  if (found === null) throw new Error(`stvm: yardstick ${work} ${size}: printed ${JSON.stringify(stdout)}`);
  return Number(found[1]);
}
