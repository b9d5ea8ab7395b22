// Benchmarks in turn with the yardstick, and the table of their ratios.

import { type Benchmark, Missing, type Result, resultsOf, type Sample } from "./benchmark.js";
import { printRows, showProgress } from "./table.js";
import { prepareYardstick } from "./yardstick.js";

/** Measures all of them; undefined, with the reason printed, where the yardstick is missing. */
export function compareAll(benchmarks: readonly Benchmark[], rounds: number): Result[] | undefined {
  try {
    prepareYardstick();
    return benchmarks.flatMap((benchmark) => compare(benchmark, rounds));
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.error(`bench: not measured, since ${error.message}`);
    return undefined;
  }
}

/** Benchmark, other, benchmark, other …: what slows the machine for a while slows both. */
function compare(benchmark: Benchmark, rounds: number): Result[] {
  const samples: Sample[] = [];
  const others: Sample[] = [];
  for (let round = 1; round <= rounds; round++) {
    showProgress(`${benchmark.name} ${round}/${rounds}`);
    samples.push(benchmark.measure());
    others.push(benchmark.measureOther());
  }
  showProgress("");
  return resultsOf(benchmark, samples, others);
}

export function printComparison(results: readonly Result[]): void {
  const rows = results.map((result) => [
    result.benchmark,
    `${result.median.toFixed(1)} ${result.unit} ${result.key === result.unit ? "" : result.key}`.trim(),
    `${result.against}: ${result.otherMedian.toFixed(1)} ${result.unit}`,
    result.compare === "ratio" ? `x ${result.value.toFixed(2)}` : `+ ${result.value.toFixed(1)} ${result.unit}`,
    verdict(result),
  ]);
  printRows(["benchmark", "median", "in turn with", "result", "goal"], rows);
}

function verdict({ benchmark, value, goal }: Result): string {
  // The sieve is told as a share of the yardstick's speed as well.
  if (benchmark === "sieve") return `${(100 / value).toFixed(1)} % of its rounds a second`;
  if (goal === undefined) return "";
  return `at most ${goal.toFixed(0)}: ${value <= goal ? "met" : "MISSED"}`;
}
