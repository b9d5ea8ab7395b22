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
    valueText(result),
    verdict(result),
  ]);
  printRows(["benchmark", "median", "in turn with", "result", "goal"], rows);
}

function valueText({ compare, value, unit }: Result): string {
  if (compare === "difference") return `+ ${value.toFixed(1)} ${unit}`;
  return compare === "ratio" ? `x ${value.toFixed(2)}` : `${(100 * value).toFixed(1)} % of its speed`;
}

function verdict({ compare, value, goal }: Result): string {
  if (goal === undefined) return "";
  if (compare === "share") return `at least ${100 * goal} %: ${value >= goal ? "met" : "MISSED"}`;
  return `at most ${Number(goal.toFixed(1))}: ${value <= goal ? "met" : "MISSED"}`;
}
