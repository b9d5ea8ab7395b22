// `stvm bisect`: an image that shows something else when its methods are compiled: finds the method whose code does it.

import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { type CommandModule } from "yargs";
import type { Bisection } from "../bisect/bisect.js";
import { takeOwnOptions } from "../ownOptions.js";
import { imageOptions, parseRunArguments, type RunOptions, VERSION_TEXT } from "../runOptions.js";
import { colours, errorColours, UsageError } from "../terminal.js";

/** For `stvm --help` and shells; the words themselves are read by bisectWithArguments. */
export const bisectCommand: CommandModule<object, { words?: string[] }> = {
  command: "bisect <image> [words..]",
  describe: "find the method whose compilation changes what an image shows",
  builder: (parser) => parser,
  handler: ({ words }) => bisectWithArguments(words ?? []),
};

export const BISECT_HELP = `stvm bisect [options] IMAGE [ARGUMENT…]

Runs an image interpreted and compiled, and compares output and exit code. Where they differ, it runs again with half of
the methods compiled, and so on, until one method is left: or a few, where one is compiled only when others are. The image must show the same whenever it is interpreted; what
it saves is dropped, and its input is empty.

  --good-output=FILE       what a good run prints: the interpreted one is checked against it first
  --good-code=CODE         its exit code (default 0), with --good-output
  --timeout=SECONDS        a run that takes longer is a bad one (default: 20 times the interpreted run, at least 20)
  --json                   prints JSON

These come before the options of \`stvm run\`, of which --jit-threshold (default 1), --edenSize, --maxOldSpaceSize,
--workingDirectory and --debug-module count. Exit code 0 where nothing differs, 1 where a method was found.`;

const VALUED = new Set(["good-output", "good-code", "timeout"]);
const FLAGS = new Set(["json"]);

export async function bisectWithArguments(words: readonly string[]): Promise<void> {
  const { values, rest } = takeOwnOptions(words, VALUED, FLAGS);
  const limitSeconds = wholeNumber(values.get("timeout"), "timeout");
  const goodCode = wholeNumber(values.get("good-code"), "good-code") ?? 0;
  const request = parseRunArguments(rest);
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
  const result = await bisect(
    expected,
    (ranges) => runCompiled({ vm, limitMilliseconds }, threshold, ranges),
    (runs, candidates) => {
      if (!process.stderr.isTTY) return;
      const left = candidates === 0 ? "" : `, ${candidates} methods left`;
      process.stderr.write(`\r\x1b[K${errorColours.dim(`run ${runs}${left}`)}`);
    },
  );
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  if (values.has("json")) console.log(JSON.stringify(result, undefined, 2));
  else for (const line of resultLines(result, options, threshold)) console.log(line);
  process.exitCode = result.kind === "same" ? 0 : 1;
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

function resultLines(result: Bisection, { image, imageArguments }: RunOptions, threshold: number): string[] {
  if (result.kind === "same") return ["compiled and interpreted show the same"];
  const { methods, expected, seen, runs } = result;
  const [line, good, bad] = firstDifference(expected.output, seen.output);
  const words = [image, ...imageArguments].map((word) => (/^[\w./=-]+$/.test(word) ? word : `'${word}'`)).join(" ");
  const names = methods.map((each) => each.names.join(" = ") || "?");
  const [first] = methods.flatMap((each) => each.names);
  return [
    `${names.map((each) => colours.bold(each)).join("\n")}`,
    `compiled${names.length > 1 ? " together" : ""}, this changes what is shown (${runs} runs)`,
    ...(good === bad ? [] : [`  line ${line}, good: ${good}`, `  line ${line}, bad:  ${bad}`]),
    ...(expected.end === seen.end ? [] : [`  good end: ${expected.end}`, `  bad end:  ${seen.end}`]),
    `again: stvm run --jit-threshold=${threshold} --jit-only=${methods.map(({ number }) => number).join(",")} ${words}`,
    ...(first === undefined ? [] : [`code:  stvm jit ${image} '${first}'`]),
  ];
}

/** The first line, counted from 1, in which two texts differ; "" where one has ended. */
function firstDifference(a: string, b: string): [line: number, a: string, b: string] {
  const [first, second] = [a.split("\n"), b.split("\n")];
  const index = first.findIndex((line, position) => line !== second[position]);
  const at = index < 0 ? first.length : index;
  return [at + 1, first[at] ?? "", second[at] ?? ""];
}
