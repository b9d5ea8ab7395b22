// `npm run bench [-- --parts … --rounds N --only NAME --node PATH --json]`: measures benchmarks in turn with the yardstick,
// and programs in turn in several ways of running them (interpreted, compiled, as Linux programs). Prints medians and
// ratios, and appends them, one JSON line a run, to build/bench.jsonl.

import { spawnSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import yargs from "yargs";
import { allBenchmarks } from "./benchmarks.js";
import { compareAll, printComparison } from "./comparison.js";
import { allPrograms, allScripts } from "./programs.js";
import { measurePrograms, printPrograms } from "./programTable.js";
import { useNode, WAY_NAMES, type WayName } from "./ways.js";

const RECORD = "build/bench.jsonl";
const PARTS = ["yardstick", "programs", "scripts"] as const;

const given = await yargs(process.argv.slice(2))
  .scriptName("npm run bench --")
  .usage("$0 [options]\n\nMeasures benchmarks in turn with the yardstick, and programs in turn in several ways.")
  .option("parts", {
    choices: PARTS,
    array: true,
    default: ["yardstick", "programs"] as (typeof PARTS)[number][],
    describe: "in turn with the yardstick; programs of images/benchmarks; scripts of test/bench in the Cuis image",
  })
  .option("rounds", { type: "number", default: 5, describe: "how many times each is measured" })
  .option("only", { type: "string", array: true, describe: "names, or how they begin" })
  .option("ways", {
    choices: WAY_NAMES,
    array: true,
    default: ["off", "baseline"] as WayName[],
    describe: "how programs are run; the first is what the others are compared with",
  })
  .option("node", { type: "string", requiresArg: true, describe: "another Node's program (default: this one)" })
  .option("fastest", {
    type: "boolean",
    default: false,
    describe: "of each program's run its fastest iteration, not all: warmed up",
  })
  .option("iterations", {
    type: "number",
    requiresArg: true,
    describe: "how many iterations of each program make a run (default: its own count, about a second interpreted)",
  })
  .option("cpu", {
    type: "boolean",
    default: false,
    describe: "programs by the processor time of their own thread, which a busy machine disturbs less; Linux only",
  })
  .option("long", { type: "boolean", default: false, describe: "also what takes minutes: the Cuis suite" })
  .option("list", { type: "boolean", default: false, describe: "name them and end" })
  .option("json", { type: "boolean", default: false, describe: "print the JSON line and no table" })
  .wrap(null)
  .strict()
  .parseAsync();

const nodeVersion = given.node === undefined ? process.version : chosenNode(given.node);
const has = (part: (typeof PARTS)[number]) => given.parts.includes(part);
const benchmarks = has("yardstick") ? allBenchmarks(nodeVersion).filter(isChosen) : [];
const programs = [
  ...(has("programs") ? allPrograms(given.cpu, given.iterations) : []),
  ...(has("scripts") ? allScripts() : []),
].filter(isChosen);

if (given.list) for (const { name, isLong } of [...benchmarks, ...programs]) listed(name, isLong);
else if (benchmarks.length + programs.length === 0)
  fail(`stvm: nothing begins with ${given.only?.join(" or ")}; --list`);
else if (given.iterations !== undefined && !(given.iterations >= 1))
  fail("stvm: --iterations wants a number from 1 up");
else if (!(given.rounds >= 1)) fail("stvm: --rounds wants a number from 1 up");
else measureAll();

function isChosen({ name, isLong }: { readonly name: string; readonly isLong?: boolean }): boolean {
  if (given.only !== undefined) return given.only.some((start) => name.startsWith(start));
  return given.long || given.list || isLong !== true;
}

function listed(name: string, isLong: boolean | undefined): void {
  console.log(`${name}${isLong ? " (--long)" : ""}`);
}

function measureAll(): void {
  const { rounds, json, fastest } = given;
  const results = benchmarks.length > 0 ? compareAll(benchmarks, rounds) : undefined;
  if (results !== undefined && !json) printComparison(results);
  const measured = programs.length > 0 ? measurePrograms(programs, given.ways, { rounds, fastest }) : undefined;
  if (measured !== undefined && !json) {
    if (results !== undefined) console.log();
    printPrograms(measured);
  }
  const date = new Date().toISOString();
  const line = JSON.stringify({
    date,
    node: nodeVersion,
    cpu: given.cpu,
    commit: commit(),
    results,
    programs: measured,
  });
  appendFileSync(RECORD, `${line}\n`);
  console.log(json ? line : `Node ${nodeVersion}, medians of ${rounds} rounds, appended to ${RECORD}`);
  if (measured?.rows.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
}

/** The commit that is checked out, with a + where files differ from it; undefined outside a repository. */
function commit(): string | undefined {
  const git = (...words: string[]) => spawnSync("git", words, { encoding: "utf8" }).stdout?.trim();
  const head = git("rev-parse", "--short", "HEAD");
  return head ? `${head}${git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+"}` : undefined;
}

function chosenNode(path: string): string {
  try {
    return useNode(path);
  } catch (error) {
    fail((error as Error).message);
    process.exit();
  }
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
