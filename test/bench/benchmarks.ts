// The list of benchmarks, in the order of the table.

import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { type Benchmark, Missing } from "./benchmark.js";
import { cuisFolder, millisecondsOf, runScript, runSuite, SCRIPT_NAMES } from "./cuis.js";
import { loadBenchmarks } from "./load.js";
import { prepare, runIn, type WayName } from "./ways.js";
import { yardstick } from "./yardstick.js";

const FIB_IMAGE = "../shared/images/candle/fib40-64.image";
/** Rounds that scripts/sieve.st tells of, and of the yardstick, which needs more to be measured; both are told for 1000. */
const SIEVE_ROUNDS = 400;
const YARDSTICK_SIEVE_ROUNDS = 20_000;
/** As scripts/sends.st has it. */
const SENDS_FIB = 35;
/** Scripts but the first two, sieve and sends, are measured against this one, long enough to be steady. */
const CLOCK_FIB = 37;

/** With goals for a version of Node, as `v24.1.0`. */
export function allBenchmarks(nodeVersion: string): Benchmark[] {
  const isNew = Number(/\d+/.exec(nodeVersion)) >= 24;
  return [
    fib("fib40", "off", 11),
    fib("fib40-on", "on", isNew ? 1 : 1.3),
    fib("fib40-linux-on", "linux-on", 1.3),
    sieve("sieve", "off"),
    sieve("sieve-on", "on", isNew ? 0.5 : 0.4),
    sieve("sieve-linux-on", "linux-on", 0.4),
    againstYardstick("sends", () => runScript("sends"), "fib", SENDS_FIB),
    ...SCRIPT_NAMES.slice(2).map((name) => againstYardstick(name, () => runScript(name), "fib", CLOCK_FIB)),
    { ...againstYardstick("suite", () => runSuite("off"), "fib", 40), isLong: true },
    { ...againstYardstick("suite-on", () => runSuite("on"), "fib", 40), isLong: true },
    ...loadBenchmarks(),
  ];
}

/** `40 benchFib` in an image that does nothing else; the whole process. */
function fib(name: string, way: WayName, goal: number): Benchmark {
  return againstYardstick(name, () => runFib(way), "fib", 40, goal);
}

/** Its goal is a share of the yardstick's rounds a second. */
function sieve(name: string, way: WayName, share?: number): Benchmark {
  return {
    name,
    against: "yardstick sieve",
    figures: [{ key: "ms", unit: "ms", compare: "share", goal: share }],
    measure: () => ({ ms: (runScript("sieve", way) * 1000) / SIEVE_ROUNDS }),
    measureOther: () => ({ ms: (yardstick("sieve", YARDSTICK_SIEVE_ROUNDS) * 1000) / YARDSTICK_SIEVE_ROUNDS }),
  };
}

function againstYardstick(
  name: string,
  milliseconds: () => number,
  work: "fib" | "sieve",
  size: number,
  goal?: number,
): Benchmark {
  return {
    name,
    against: `yardstick ${work} ${size}`,
    figures: [{ key: "ms", unit: "ms", compare: "ratio", goal }],
    measure: () => ({ ms: milliseconds() }),
    measureOther: () => ({ ms: yardstick(work, size) }),
  };
}

function runFib(way: WayName): number {
  if (!existsSync(FIB_IMAGE)) throw new Missing(`${FIB_IMAGE} is missing`);
  const image = join(cuisFolder(), "fib40.image");
  if (!existsSync(image)) cpSync(FIB_IMAGE, image);
  const run = { image, words: [], primitives: "reachable" } as const;
  prepare(way, run);
  return millisecondsOf(() => runIn(way, run));
}
