// `stvm build`: makes a program of an image, for Linux or as a Xen guest.

import { type CommandModule } from "yargs";
import type { AheadChoice, AheadResult } from "../programs/ahead.js";
import { byteCount } from "../runOptions.js";
import { colours, errorColours, UsageError } from "../terminal.js";

interface Arguments {
  image: string;
  target: "linux" | "xen";
  output: string;
  edenSize?: string;
  primitives: "reachable" | "all";
  config?: string;
  jit?: "on" | "off";
  aot?: string;
  debug: boolean;
  json: boolean;
}

/** Progress is shown after so long. */
const QUIET_MILLISECONDS = 2000;

export const buildCommand: CommandModule<object, Arguments> = {
  command: "build <image>",
  describe: "make a program of an image",
  builder: (parser) =>
    parser
      // Of an option that is given twice the last counts.
      .parserConfiguration({ "duplicate-arguments-array": false })
      .positional("image", { type: "string", demandOption: true, describe: "the image file" })
      .option("target", {
        type: "string",
        requiresArg: true,
        choices: ["linux", "xen"] as const,
        default: "linux" as const,
        describe: "what it shall run on",
      })
      .option("output", {
        type: "string",
        alias: "o",
        requiresArg: true,
        demandOption: true,
        describe: "the file to write",
      })
      .option("edenSize", { type: "string", requiresArg: true, describe: "bytes for new objects (default 4m)" })
      .option("primitives", {
        type: "string",
        requiresArg: true,
        choices: ["reachable", "all"] as const,
        default: "reachable" as const,
        describe: "those that the image's methods name, or all: for images that make methods themselves",
      })
      .option("jit", {
        type: "string",
        requiresArg: true,
        choices: ["on", "off"] as const,
        describe:
          "whether the compiler of methods is in: on for linux, off for xen (smaller) unless told or with --aot",
      })
      .option("aot", {
        type: "string",
        requiresArg: true,
        describe:
          "methods to be compiled already: a profile (a list of 'Class>>selector', JSON or a line each), or all",
      })
      .option("config", {
        type: "string",
        requiresArg: true,
        describe:
          "for xen: app.json with name, memory, arguments, heap, eden, words, onPowerOff, onReboot, onCrash, xl",
      })
      .option("debug", { type: "boolean", default: false, describe: "keep symbols and source lines for gdb" })
      .option("json", { type: "boolean", default: false, describe: "print JSON, for programs" })
      .example("$0 build Pharo.image --target linux -o pharo", "")
      .example("$0 build Pharo.image --target xen -o pharo.xen --config pharo.json", ""),
  handler: build,
};

async function build(given: Arguments): Promise<void> {
  if (given.target === "xen") return buildForXen(given);
  if (given.config !== undefined) throw new UsageError("--config: is for --target xen; leave it out");
  const start = performance.now();
  const edenBytes = given.edenSize === undefined ? undefined : byteCount(given.edenSize, "edenSize");
  const [{ buildLinuxProgram }, { refuseOverwriting, writeAtomically }] = await Promise.all([
    import("../programs/linux.js"),
    import("../atomicFile.js"),
  ]);
  const { image, primitives, debug } = given;
  refuseOverwriting(given.output, [image, given.aot]);
  const hasCompiler = given.jit !== "off";
  const ahead = await aheadChoice(given);
  const program = await buildLinuxProgram(
    { image, edenBytes, primitives, debug, hasCompiler, ahead },
    progressAfter(start),
  );
  endProgress();
  writeAtomically(given.output, program.file, 0o755);
  const seconds = (performance.now() - start) / 1000;
  const { codeBytes, memoryBytes } = program;
  const report = {
    target: given.target,
    output: given.output,
    bytes: program.file.length,
    codeBytes,
    memoryBytes,
    ...aheadCounts(program.ahead),
  };
  if (given.json) console.log(JSON.stringify({ ...report, seconds }, undefined, 2));
  else {
    const parts = `code ${kilobytes(codeBytes)}, image ${kilobytes(memoryBytes)}`;
    console.log(
      `${colours.bold(given.output)}: ${kilobytes(report.bytes)} (${parts}) for ${given.target} (${seconds.toFixed(1)} s)${aheadReport(program.ahead)}`,
    );
  }
}

/** Writes the kernel, and beside it the configuration for xl. */
async function buildForXen(given: Arguments): Promise<void> {
  const start = performance.now();
  const edenBytes = given.edenSize === undefined ? undefined : byteCount(given.edenSize, "edenSize");
  const [{ buildXenKernel, configurationPathOf, readKernelConfig }, { refuseOverwriting, writeAtomically }] =
    await Promise.all([import("../programs/xen.js"), import("../atomicFile.js")]);
  const { image, output, primitives, debug } = given;
  for (const path of [output, configurationPathOf(output)]) refuseOverwriting(path, [image, given.config, given.aot]);
  const hasCompiler = given.jit === "on" || given.aot !== undefined;
  const config = given.config === undefined ? undefined : readKernelConfig(given.config);
  const ahead = await aheadChoice(given);
  const kernel = await buildXenKernel(
    { image, output, config, edenBytes, primitives, debug, hasCompiler, ahead },
    progressAfter(start),
  );
  endProgress();
  writeAtomically(output, kernel.file);
  writeAtomically(kernel.configurationPath, Buffer.from(kernel.configuration));
  const seconds = (performance.now() - start) / 1000;
  const { codeBytes, memoryBytes, configurationPath: configuration } = kernel;
  const report = {
    target: given.target,
    output,
    configuration,
    bytes: kernel.file.length,
    codeBytes,
    memoryBytes,
    ...aheadCounts(kernel.ahead),
  };
  if (given.json) return console.log(JSON.stringify({ ...report, seconds }, undefined, 2));
  const parts = `code ${kilobytes(codeBytes)}, starts in ${Math.ceil(memoryBytes / (1 << 20))} MB`;
  const size = `${colours.bold(output)}: ${kilobytes(report.bytes)} (${parts})`;
  console.log(
    `${size} for ${given.target}, with ${configuration} (${seconds.toFixed(1)} s)${aheadReport(kernel.ahead)}`,
  );
}

async function aheadChoice({ aot, jit }: Arguments): Promise<AheadChoice | undefined> {
  if (aot === undefined) return undefined;
  if (jit === "off") throw new UsageError("--aot: compiled methods need the compiler; leave --jit=off out");
  const { readAheadChoice } = await import("../programs/ahead.js");
  return readAheadChoice(aot);
}

/** What became of the methods to be compiled, for people; says of names that they are none of the image's. */
function aheadReport(ahead: AheadResult | undefined): string {
  if (ahead === undefined) return "";
  const { compiled, refused, leftOut, unknown } = ahead;
  if (unknown.length > 0) {
    const some = unknown.slice(0, 3).join(", ") + (unknown.length > 3 ? ", …" : "");
    console.error(`stvm: --aot: the image has no method ${some} (${unknown.length} in all); they are passed over`);
  }
  return `; ${compiled} methods and blocks compiled, ${refused} cannot be, no room for ${leftOut}`;
}

/** The same for programs. */
function aheadCounts(ahead: AheadResult | undefined): object {
  if (ahead === undefined) return {};
  const { compiled, refused, leftOut, unknown } = ahead;
  return { aot: { compiled, refused, leftOut, unknown } };
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} KB`;
}

/** Tells what is being done, at a terminal and once it has taken a while. */
function progressAfter(start: number): (text: string) => void {
  let current = "";
  const show = () => process.stderr.write(`\r\x1b[K${errorColours.dim(current)}`);
  if (process.stderr.isTTY) setTimeout(show, QUIET_MILLISECONDS).unref();
  return (text) => {
    current = text;
    if (process.stderr.isTTY && performance.now() - start > QUIET_MILLISECONDS) show();
  };
}

function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}
