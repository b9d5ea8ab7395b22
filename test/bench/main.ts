// `npm run bench [-- --rounds N --only NAME --long --json]`: measures every benchmark in turn with the yardstick, prints
// ratios of medians and appends them, one JSON line a run, to build/bench.jsonl.

import { spawnSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import yargs from "yargs";
import { type Benchmark, Missing, type Result, resultsOf, type Sample } from "./benchmark.js";
import { allBenchmarks } from "./benchmarks.js";
import { prepareYardstick } from "./yardstick.js";

const RECORD = "build/bench.jsonl";

const given = await yargs(process.argv.slice(2))
  .scriptName("npm run bench --")
  .usage("$0 [options]\n\nMeasures each benchmark in turn with the yardstick.")
  .option("rounds", { type: "number", default: 5, describe: "how many times each pair is measured" })
  .option("only", { type: "string", array: true, describe: "names of benchmarks, or how they begin" })
  .option("long", { type: "boolean", default: false, describe: "also what takes minutes: the Cuis suite" })
  .option("list", { type: "boolean", default: false, describe: "name the benchmarks and end" })
  .option("json", { type: "boolean", default: false, describe: "print the JSON line and no table" })
  .strict()
  .parseAsync();

const chosen = allBenchmarks().filter(isChosen);
if (given.list) for (const { name, isLong } of chosen) console.log(`${name}${isLong ? " (--long)" : ""}`);
else if (chosen.length === 0) fail(`stvm: no benchmark begins with ${given.only?.join(" or ")}; --list names them`);
else if (!(given.rounds >= 1)) fail("stvm: --rounds wants a number from 1 up");
else measureAll();

function isChosen({ name, isLong }: Benchmark): boolean {
  if (given.only !== undefined) return given.only.some((start) => name.startsWith(start));
  return given.long || given.list || isLong !== true;
}

function measureAll(): void {
  try {
    prepareYardstick();
    const results = chosen.flatMap((benchmark) => measure(benchmark));
    const line = JSON.stringify({ date: new Date().toISOString(), node: process.version, commit: commit(), results });
    appendFileSync(RECORD, `${line}\n`);
    if (given.json) console.log(line);
    else printTable(results);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.log(`bench: not measured, since ${error.message}`);
  }
}

/** Benchmark, other, benchmark, other …: what slows the machine for a while slows both. */
function measure(benchmark: Benchmark): Result[] {
  const samples: Sample[] = [];
  const others: Sample[] = [];
  for (let round = 1; round <= given.rounds; round++) {
    if (!given.json && process.stderr.isTTY) process.stderr.write(`\r${benchmark.name} ${round}/${given.rounds}\x1b[K`);
    samples.push(benchmark.measure());
    others.push(benchmark.measureOther());
  }
  if (!given.json && process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  return resultsOf(benchmark, samples, others);
}

function printTable(results: readonly Result[]): void {
  const rows = results.map((result) => [
    result.benchmark,
    `${result.median.toFixed(1)} ${result.unit} ${result.key === result.unit ? "" : result.key}`.trim(),
    `${result.against}: ${result.otherMedian.toFixed(1)} ${result.unit}`,
    result.compare === "ratio" ? `x ${result.value.toFixed(2)}` : `+ ${result.value.toFixed(1)} ${result.unit}`,
    verdict(result),
  ]);
  const head = ["benchmark", "median", "in turn with", "result", "goal"];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  for (const row of [head, ...rows]) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join("  ")
        .trimEnd(),
    );
  }
  console.log(`medians of ${given.rounds} rounds, appended to ${RECORD}`);
}

function verdict({ benchmark, value, goal }: Result): string {
  // The sieve is told as a share of the yardstick's speed as well.
  if (benchmark === "sieve") return `${(100 / value).toFixed(1)} % of its rounds a second`;
  if (goal === undefined) return "";
  return `at most ${goal.toFixed(0)}: ${value <= goal ? "met" : "MISSED"}`;
}

/** The commit that is checked out, with a + where files differ from it; undefined outside a repository. */
function commit(): string | undefined {
  const git = (...words: string[]) => spawnSync("git", words, { encoding: "utf8" }).stdout?.trim();
  const head = git("rev-parse", "--short", "HEAD");
  return head ? `${head}${git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+"}` : undefined;
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
