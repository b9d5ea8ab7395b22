// `stvm bisect`: an image that shows something else when its methods are compiled: finds the method whose code does it.

import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { type CommandModule } from "yargs";
import type { Bisection, Shown } from "../bisect/bisect.js";
import type { Tier } from "../bisect/runs.js";
import { takeOwnOptions } from "../ownOptions.js";
import { imageOptions, parseRunArguments, type RunOptions, VERSION_TEXT } from "../runOptions.js";
import { colours, errorColours, UsageError } from "../terminal.js";

/** For `stvm --help` and shells; the words themselves are read by bisectWithArguments. */
export const bisectCommand: CommandModule<object, { words?: string[] }> = {
  command: "bisect <image> [words..]",
  describe: "find the method whose compilation or optimisation changes what an image shows",
  builder: (parser) => parser,
  handler: ({ words }) => bisectWithArguments(words ?? []),
};

export const BISECT_HELP = `stvm bisect [options] IMAGE [ARGUMENT…]

Runs an image interpreted and compiled, and compares output and exit code. Where they differ, it runs again with half of
the methods compiled, and so on, until one method is left: or a few, where one is compiled only when others are. Where
they do not differ, it does so with what is optimised, everything being compiled. The image must show the same whenever
it is interpreted (where a method was found, that is tried once more); what it saves is dropped, and its input is empty.

  --good-output=FILE       what a good run prints: the interpreted one is checked against it first
  --good-code=CODE         its exit code (default 0), with --good-output
  --timeout=SECONDS        a run that takes longer is a bad one (default: 20 times the interpreted run, at least 20)
  --tier=baseline|optimised
                           looks at this tier only
  --json                   prints JSON

These come before the options of \`stvm run\`, of which --jit-threshold (default 1: methods are compiled at once, and
optimised when they are first found active), --edenSize, --maxOldSpaceSize, --workingDirectory and --debug-module count.
Exit code 0 where nothing differs, 1 where a method was found.`;

const VALUED = new Set(["good-output", "good-code", "timeout", "tier"]);
const TIERS: readonly Tier[] = ["baseline", "optimised"];
const FLAGS = new Set(["json"]);

export async function bisectWithArguments(words: readonly string[]): Promise<void> {
  const { values, rest } = takeOwnOptions(words, VALUED, FLAGS);
  const limitSeconds = wholeNumber(values.get("timeout"), "timeout");
  const goodCode = wholeNumber(values.get("good-code"), "good-code") ?? 0;
  const tiers = tiersOf(values.get("tier"));
  const request = parseRunArguments(rest, "bisect");
  if (request.kind !== "run") {
    console.log(request.kind === "help" ? BISECT_HELP : VERSION_TEXT);
    return;
  }
  const [{ bisect }, { runCompiled, runInterpreted }] = await Promise.all([
    import("../bisect/bisect.js"),
    import("../bisect/runs.js"),
  ]);
  const { options } = request;
  const vm = imageOptions(options);
  const start = performance.now();
  const goodOutput = values.get("good-output");
  const good = goodOutput === undefined ? undefined : textOf(goodOutput);
  const expected = await runInterpreted({ vm, limitMilliseconds: Infinity });
  if (good !== undefined && (expected.output !== good || expected.end !== `exit code ${goodCode}`))
    throw new UsageError(`--good-output=${goodOutput}: the interpreted run shows something else; look there first`);
  const shortest = Math.max(20_000, 20 * (performance.now() - start));
  const limitMilliseconds = limitSeconds === undefined ? shortest : limitSeconds * 1000;
  const threshold = options.jitThreshold ?? 1;
  let tier = tiers[0]!;
  let result: Bisection = { kind: "same" };
  for (tier of tiers) {
    result = await bisect(
      expected,
      (ranges) => runCompiled({ vm, limitMilliseconds }, tier, threshold, ranges),
      (runs, candidates) => {
        if (!process.stderr.isTTY) return;
        const left = candidates === 0 ? "" : `, ${candidates} methods left`;
        process.stderr.write(`\r\x1b[K${errorColours.dim(`${tier}: run ${runs}${left}`)}`);
      },
    );
    if (result.kind === "found") break;
  }
  const again = result.kind === "same" ? expected : await runInterpreted({ vm, limitMilliseconds });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  if (again.output !== expected.output || again.end !== expected.end)
    throw new UsageError(`${options.image}: ${changeText(expected, again)}; leave out what depends on time or chance`);
  if (values.has("json"))
    console.log(JSON.stringify(result.kind === "same" ? result : { tier, ...result }, undefined, 2));
  else if (result.kind === "same") console.log(sameLine(tiers));
  else for (const line of resultLines(result, tier, options, threshold)) console.log(line);
  process.exitCode = result.kind === "same" ? 0 : 1;
}

function tiersOf(text: string | undefined): readonly Tier[] {
  if (text === undefined) return TIERS;
  const tier = TIERS.find((each) => each === text);
  if (tier === undefined) throw new UsageError(`--tier=${text}: give ${TIERS.join(" or ")}, or leave it out for both`);
  return [tier];
}

function sameLine(tiers: readonly Tier[]): string {
  const ways = tiers.map((tier) => (tier === "baseline" ? "compiled" : "optimised"));
  return `${["interpreted", ...ways].join(" and ")} show the same`;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new UsageError(`--good-output=${path}: cannot be read; give a file with what a good run prints`);
  }
}

function wholeNumber(text: string | undefined, name: string): number | undefined {
  if (text === undefined || /^\d{1,6}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new UsageError(`--${name}=${text}: not a whole number; give one from 0 on`);
}

function resultLines(
  { methods, expected, seen, runs }: Extract<Bisection, { kind: "found" }>,
  tier: Tier,
  { image, imageArguments }: RunOptions,
  threshold: number,
): string[] {
  const [line, good, bad] = firstDifference(expected.output, seen.output);
  const quoted = (word: string) => (/^[\w./=-]+$/.test(word) ? word : `'${word}'`);
  const words = [image, ...imageArguments].map(quoted).join(" ");
  const names = methods.map((each) => each.names.join(" = ") || "?");
  const [first] = methods.flatMap((each) => each.names);
  const isOptimised = tier === "optimised";
  const numbers = methods.map(({ number }) => number).join(",");
  const optimisedCode = (name: string) =>
    `--tier=optimised --at-end --jit-threshold=${threshold} ${[image, name, ...imageArguments].map(quoted).join(" ")}`;
  const options = `--jit-threshold=${threshold} ${isOptimised ? `--jit=on --optimise-only=${numbers}` : `--jit-only=${numbers}`}`;
  return [
    `${names.map((each) => colours.bold(each)).join("\n")}`,
    `${isOptimised ? "optimised" : "compiled"}${names.length > 1 ? " together" : ""}, this changes what is shown (${runs} runs)`,
    ...(good === bad ? [] : [`  line ${line}, good: ${good}`, `  line ${line}, bad:  ${bad}`]),
    ...(expected.end === seen.end ? [] : [`  good end: ${expected.end}`, `  bad end:  ${seen.end}`]),
    `again: stvm run ${options} ${words}`,
    ...(first === undefined
      ? []
      : [`code:  stvm jit ${isOptimised ? optimisedCode(first) : `${quoted(image)} '${first}'`}`]),
  ];
}

/** How two interpreted runs differ, which makes every comparison one of chance. */
function changeText(expected: Shown, again: Shown): string {
  const [line, first, second] = firstDifference(expected.output, again.output);
  if (expected.output === again.output) return `interpreted, it ends with ${expected.end}, then with ${again.end}`;
  return `interpreted, its line ${line} is '${first}', then '${second}'`;
}

/** The first line, counted from 1, in which two texts differ; "" where one has ended. */
function firstDifference(a: string, b: string): [line: number, a: string, b: string] {
  const [first, second] = [a.split("\n"), b.split("\n")];
  const index = first.findIndex((line, position) => line !== second[position]);
  const at = index < 0 ? first.length : index;
  return [at + 1, first[at] ?? "", second[at] ?? ""];
}
