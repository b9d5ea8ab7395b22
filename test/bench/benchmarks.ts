// The list of benchmarks, in the order of the table.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Benchmark, Missing } from "./benchmark.js";
import { runScript, runSuite, SCRIPT_NAMES } from "./cuis.js";
import { loadBenchmarks } from "./load.js";
import { currentNode } from "./ways.js";
import { yardstick } from "./yardstick.js";

const FIB_IMAGE = "../shared/images/candle/fib40-64.image";
/** Rounds of scripts/sieve.st, and of the yardstick, which needs more to be measured; both are told for 1000. */
const SIEVE_ROUNDS = 400;
const YARDSTICK_SIEVE_ROUNDS = 20_000;
/** As scripts/sends.st has it. */
const SENDS_FIB = 35;
/** Scripts but the first two, sieve and sends, are measured against this one, long enough to be steady. */
const CLOCK_FIB = 37;

export function allBenchmarks(): Benchmark[] {
  return [
    againstYardstick("fib40", runFib, "fib", 40, 11),
    {
      name: "sieve",
      against: "yardstick sieve",
      figures: [{ key: "ms", unit: "ms", compare: "ratio" }],
      measure: () => ({ ms: (runScript("sieve") * 1000) / SIEVE_ROUNDS }),
      measureOther: () => ({ ms: (yardstick("sieve", YARDSTICK_SIEVE_ROUNDS) * 1000) / YARDSTICK_SIEVE_ROUNDS }),
    },
    againstYardstick("sends", () => runScript("sends"), "fib", SENDS_FIB),
    ...SCRIPT_NAMES.slice(2).map((name) => againstYardstick(name, () => runScript(name), "fib", CLOCK_FIB)),
    { ...againstYardstick("suite", runSuite, "fib", 40), isLong: true },
    ...loadBenchmarks(),
  ];
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

/** `40 benchFib` in an image that does nothing else; the whole process. */
function runFib(): number {
  if (!existsSync(FIB_IMAGE)) throw new Missing(`${FIB_IMAGE} is missing`);
  const start = performance.now();
  const { status, stderr } = spawnSync(currentNode(), ["bin/stvm.mjs", "run", FIB_IMAGE], { encoding: "utf8" });
  const milliseconds = performance.now() - start;
  if (status !== 0) throw new Error(`stvm: ${FIB_IMAGE}: exit code ${status}; ${stderr}`);
  return milliseconds;
}
