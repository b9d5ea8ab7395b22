// `stvm test`: builds the conformance image for each bytecode set, runs it, and says which tests fail and why.

import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CommandModule } from "yargs";
import type { JitStatistics } from "../../vm/embed/jitStatistics.js";
import type { Judged } from "../conformance/expectedFailures.js";
import { errorColours, UsageError } from "../terminal.js";
import { FORCE_EXITS, FORCE_FULL_COLLECTIONS, FORCE_POLLS, FORCE_SCAVENGES } from "../../vm/layout.js";

interface Arguments {
  filter?: string;
  seed?: number;
  bytecodes: string;
  recipe: string;
  "jit-threshold"?: number;
  force?: string;
  jit?: string;
  "jit-stats": boolean;
  junit?: string;
  tap?: string;
  json: boolean;
  megabytes: number;
  timeout: number;
  "debug-module": boolean;
}

export const RECIPE = fileURLToPath(new URL("../../../../images/conformance", import.meta.url));
/** What only this virtual machine has; run beside the conformance image, never saved and restarted. */
const OWN_RECIPE = `${RECIPE}-stvm`;

const FORCES: readonly (readonly [name: string, bit: number])[] = [
  ["polls", FORCE_POLLS],
  ["scavenges", FORCE_SCAVENGES],
  ["collections", FORCE_FULL_COLLECTIONS],
  ["exits", FORCE_EXITS],
];

export const testCommand: CommandModule<object, Arguments> = {
  command: "test",
  describe: "prove this virtual machine with the conformance image",
  builder: (parser) =>
    parser
      .option("filter", {
        type: "string",
        requiresArg: true,
        describe: "only tests whose name, Class>>test, holds this",
      })
      .option("seed", { type: "number", requiresArg: true, describe: "shuffle the tests; a number gives one order" })
      .option("bytecodes", {
        type: "string",
        requiresArg: true,
        choices: ["both", "sista", "v3"],
        default: "both",
        describe: "bytecode set of the image; both are run side by side",
      })
      .option("jit-threshold", {
        type: "number",
        requiresArg: true,
        describe: "calls before a method is compiled; only interpreted without it",
      })
      .option("force", {
        type: "string",
        requiresArg: true,
        describe: `make happen all the time: ${FORCES.map(([name]) => name).join(", ")}; several with commas (slow)`,
      })
      .option("jit", {
        type: "string",
        requiresArg: true,
        choices: ["baseline", "on"],
        describe: "with --jit-threshold: compiled only (default), or optimised as well, in short slices",
      })
      .option("jit-stats", {
        type: "boolean",
        default: false,
        describe: "say on standard error what was compiled, in all runs together",
      })
      .option("junit", { type: "string", requiresArg: true, describe: "write the results as JUnit's XML" })
      .option("tap", { type: "string", requiresArg: true, describe: "write the results as TAP 14" })
      .option("json", { type: "boolean", default: false, describe: "print the results as JSON" })
      .option("megabytes", {
        type: "number",
        requiresArg: true,
        default: 128,
        describe: "what the image that is saved and restarted holds besides",
      })
      .option("timeout", {
        type: "number",
        requiresArg: true,
        default: 40,
        describe: "seconds without a word after which a test hangs",
      })
      .option("debug-module", { type: "boolean", default: false, describe: "with assertions and heap checks" })
      .option("recipe", {
        type: "string",
        requiresArg: true,
        default: RECIPE,
        describe: "another recipe",
        hidden: true,
      })
      .example("$0 test", "all of it, exit code 0 if it passes")
      .example("$0 test --filter BecomeTest --bytecodes v3", "")
      .example("$0 test --seed 4711 --junit results.xml", ""),
  handler: test,
};

async function test(given: Arguments): Promise<void> {
  checkNumbers(given);
  const start = performance.now();
  const [{ runSuite }, { judge, readExpectations }, reports, { writeAtomically }] = await Promise.all([
    import("../conformance/runSuite.js"),
    import("../conformance/expectedFailures.js"),
    import("../conformance/reports.js"),
    import("../atomicFile.js"),
  ]);
  const tier = given["jit-threshold"] === undefined ? "interpreter" : "jit";
  const sets = given.bytecodes === "both" ? ["sista", "v3"] : [given.bytecodes];
  const folder = mkdtempSync(join(tmpdir(), "stvm-test-"));
  const progress = progressLine(sets);
  try {
    const judged: Judged[][] = [];
    const statistics: JitStatistics[] = [];
    for (const recipe of recipesOf(given.recipe)) {
      const expected = readExpectations(join(recipe, "expected-failures", `${tier}.txt`));
      const isOwn = recipe === OWN_RECIPE;
      const place = join(folder, isOwn ? "own" : "all");
      mkdirSync(place);
      const images = await buildImages(recipe, sets, place);
      const runs = sets.map(async (set) => {
        const own = join(place, set);
        mkdirSync(own);
        const results = await runSuite({
          image: images.get(set)!,
          folder: own,
          filter: given.filter,
          seed: given.seed,
          megabytes: given.megabytes,
          timeoutSeconds: given.timeout,
          jitThreshold: given["jit-threshold"],
          forced: forcedBits(given.force),
          optimises: given.jit === "on",
          wasm: given["debug-module"] ? "debug" : "release",
          isRestarted: !isOwn,
          onStatistics: (one) => void statistics.push(one),
          progress: (done, planned, failed) => progress.show(set, done, planned, failed),
        });
        return judge(results, set, expected);
      });
      judged.push(...(await Promise.all(runs)));
    }
    progress.clear();
    const results = judged.flat();
    if (results.length === 0)
      throw new UsageError(
        `--filter=${given.filter}: no test has that in its name; stvm test --tap FILE lists all names`,
      );
    if (given.tap !== undefined) writeAtomically(given.tap, Buffer.from(reports.tapText(results)));
    if (given.junit !== undefined) writeAtomically(given.junit, Buffer.from(reports.junitText(results)));
    reportNotTaken(statistics);
    if (given["jit-stats"]) await printJitStatistics(statistics);
    print(results, given.json, performance.now() - start);
  } finally {
    progress.clear();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Code that the host does not take stays in the tier below, and would pass. */
function reportNotTaken(all: readonly JitStatistics[]): void {
  const modules = all.reduce((sum, { notTaken }) => sum + notTaken.modules, 0);
  if (modules === 0) return;
  console.error(`stvm: ${modules} modules of compiled code were not taken by the host; \`stvm run --log\` says why`);
  process.exitCode = 1;
}

/** Of runs that were stopped, since a test had hung, there is nothing to tell. */
async function printJitStatistics(all: readonly JitStatistics[]): Promise<void> {
  const [{ summedStatistics }, { jitReport }] = await Promise.all([
    import("../../vm/embed/jitStatistics.js"),
    import("../jitReport.js"),
  ]);
  const sum = summedStatistics(all);
  if (sum !== undefined) console.error(`stvm: compiled code in ${all.length} runs\n${jitReport(sum)}`);
}

/** What the words of --force mean together; undefined without any. */
function forcedBits(text: string | undefined): number | undefined {
  return text?.split(",").reduce((bits, word) => {
    const found = FORCES.find(([name]) => name === word);
    if (found !== undefined) return bits | found[1];
    throw new UsageError(`--force=${word}: cannot be forced; give ${FORCES.map(([name]) => name).join(", ")}`);
  }, 0);
}

function recipesOf(recipe: string): string[] {
  return recipe === RECIPE && existsSync(OWN_RECIPE) ? [recipe, OWN_RECIPE] : [recipe];
}

function checkNumbers(given: Arguments): void {
  for (const name of ["jit-threshold", "seed", "megabytes", "timeout"] as const) {
    const value = given[name];
    const least = name === "jit-threshold" ? 1 : 0;
    if (value !== undefined && !(Number.isInteger(value) && value >= least))
      throw new UsageError(
        `--${name}${Number.isNaN(value) ? "" : `=${value}`}: no whole number from ${least} on; give one`,
      );
  }
  if (given.jit !== undefined && given["jit-threshold"] === undefined)
    throw new UsageError(`--jit=${given.jit}: nothing is compiled without a threshold; add --jit-threshold=1`);
}

/** Builds an image for each bytecode set into a folder; answers their paths. */
export async function buildImages(
  recipePath: string,
  sets: readonly string[],
  folder: string,
): Promise<ReadonlyMap<string, string>> {
  const [
    { buildImage },
    { BYTECODE_SETS, readRecipe },
    { renderDiagnostic },
    { compile },
    { readTonelPackage },
    files,
  ] = await Promise.all([
    import("../smalltalk/image/buildImage.js"),
    import("../smalltalk/image/recipe.js"),
    import("../smalltalk/diagnostics.js"),
    import("../smalltalk/compiler.js"),
    import("../smalltalk/tonel.js"),
    import("../atomicFile.js"),
  ]);
  const recipe = readRecipe(recipePath);
  const paths = new Map<string, string>();
  for (const set of sets) {
    const result = buildImage({ ...recipe, bytecodes: BYTECODE_SETS[set] }, { compile, readTonelPackage });
    if (result.kind === "errors") {
      for (const error of result.errors) console.error(renderDiagnostic(error));
      throw new UsageError(`${recipe.path}: the image cannot be built; see above`);
    }
    const path = join(folder, `conformance-${set}.image`);
    files.writeAtomically(path, result.image.bytes);
    paths.set(set, path);
  }
  return paths;
}

/** A line at a terminal that says how far each set is. */
function progressLine(sets: readonly string[]) {
  const states = new Map(sets.map((set) => [set, `${set} …`]));
  let shown = 0;
  return {
    show(set: string, done: number, planned: number, failed: number): void {
      states.set(set, `${set} ${done} of ${planned}${failed === 0 ? "" : `, ${failed} failed`}`);
      const now = performance.now();
      if (!process.stderr.isTTY || now - shown < 100) return;
      shown = now;
      process.stderr.write(`\r\x1b[K${errorColours.dim([...states.values()].join("; "))}`);
    },
    clear(): void {
      if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
    },
  };
}

function print(results: readonly Judged[], json: boolean, milliseconds: number): void {
  const failures = results.filter(({ outcome, isExpected }) => outcome === "failed" && !isExpected);
  const expected = results.filter(({ isExpected }) => isExpected);
  const skipped = results.filter(({ outcome }) => outcome === "skipped");
  const passed = results.filter(({ outcome }) => outcome === "passed").length;
  if (failures.length > 0) process.exitCode = 1;
  if (json) {
    const counts = { tests: results.length, passed, failed: failures.length, expected: expected.length };
    console.log(JSON.stringify({ ...counts, skipped: skipped.length, milliseconds, results }, undefined, 2));
    return;
  }
  for (const { bytecodes, name, message } of failures) console.log(`FAIL ${bytecodes} ${name}: ${message}`);
  for (const { bytecodes, name, message } of skipped) console.log(`skipped ${bytecodes} ${name}: ${message}`);
  const known = expected.length === 0 ? "" : `, ${expected.length} failed as expected`;
  const seconds = (milliseconds / 1000).toFixed(1);
  console.log(
    `conformance: ${results.length} tests, ${passed} passed, ${failures.length} failed${known}, ${skipped.length} skipped (${seconds} s)`,
  );
}
