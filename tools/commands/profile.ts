// `stvm profile`: runs an image as `stvm run` does and tells where its time goes: tables, a flame graph, a list of hot
// methods for `stvm build --aot`.

import { type CommandModule } from "yargs";
import { takeOwnOptions } from "../ownOptions.js";
import { parseRunArguments, VERSION_TEXT } from "../runOptions.js";
import { errorColours, UsageError } from "../terminal.js";
import { startRun } from "./run.js";

/** For `stvm --help` and shells; the words themselves are read by profileWithArguments. */
export const profileCommand: CommandModule<object, { words?: string[] }> = {
  command: "profile <image> [words..]",
  describe: "run an image and show where its time goes",
  builder: (parser) => parser,
  handler: ({ words }) => profileWithArguments(words ?? []),
};

export const PROFILE_HELP = `stvm profile [options] IMAGE [ARGUMENT…]

Runs an image to its end and samples the stack of its active process about every millisecond. Prints, on standard error,
which methods and blocks took the time, and in which tier (interpreted, baseline, optimised) they ran; opti+base is
mostly optimised, then baseline.

  --output=FILE            writes the profile: FILE.html is a flame graph for a browser; other names, such as
                           FILE.speedscope.json, are for https://www.speedscope.app
  --methods=FILE           writes the hot methods, [{"method": "Class>>selector", "samples": N}, …], the hottest first:
                           what \`stvm build --aot\` reads
  --json                   prints that list on standard output, and no table; what the image prints goes to standard
                           error
  --top=N                  lines of the table (default 30)

These come before the options of \`stvm run\`, which may follow: --jit=on, --jit-threshold, …`;

const VALUED = new Set(["output", "methods", "top"]);
const FLAGS = new Set(["json"]);
const QUIET_MILLISECONDS = 2000;

export async function profileWithArguments(words: readonly string[]): Promise<void> {
  const { values, rest } = takeOwnOptions(words, VALUED, FLAGS);
  const top = values.get("top") ?? "30";
  if (!/^[1-9]\d{0,4}$/.test(top)) throw new UsageError(`--top=${top}: not a number of lines; give one from 1 up`);
  const request = parseRunArguments(rest, "profile");
  if (request.kind !== "run") {
    console.log(request.kind === "help" ? PROFILE_HELP : VERSION_TEXT);
    return;
  }
  const [{ sample }, reports, { writeAtomically }] = await Promise.all([
    import("../profile/sampler.js"),
    import("../profile/reports.js"),
    import("../atomicFile.js"),
  ]);
  const { options } = request;
  const vm = await startRun(
    options,
    () => {},
    values.has("json") ? { stdout: (bytes) => void process.stderr.write(bytes) } : {},
  );
  const { outcome, profile } = await sample(vm, progressAfter(performance.now()));
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  const output = values.get("output");
  const title = [options.image, ...options.imageArguments].join(" ");
  if (output !== undefined) {
    const { flameGraph } = await import("../profile/flameGraph.js");
    const text = /\.html?$/.test(output)
      ? flameGraph(profile, title)
      : `${JSON.stringify(reports.speedscope(profile, title, VERSION_TEXT))}\n`;
    writeAtomically(output, Buffer.from(text));
  }
  const methods = `${JSON.stringify(reports.hotMethods(profile), undefined, 1)}\n`;
  const methodsFile = values.get("methods");
  if (methodsFile !== undefined) writeAtomically(methodsFile, Buffer.from(methods));
  if (values.has("json")) process.stdout.write(methods);
  else for (const line of reports.tableLines(profile, Number(top))) console.error(line);
  vm.destroy();
  if (outcome.kind === "fatal") console.error(`stvm: ${options.image}: ${outcome.message}`);
  process.exitCode = outcome.kind === "quit" ? outcome.code & 0xff : 1;
}

/** Tells how many samples there are, at a terminal and once it has taken a while. */
function progressAfter(start: number): (samples: number) => void {
  return (samples) => {
    if (!process.stderr.isTTY || performance.now() - start < QUIET_MILLISECONDS) return;
    process.stderr.write(`\r\x1b[K${errorColours.dim(`${samples} samples`)}`);
  };
}
