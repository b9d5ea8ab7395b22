// `stvm build`: makes a program of an image, for Linux or as a Xen guest.

import { type CommandModule } from "yargs";
import { byteCount } from "../runOptions.js";
import { colours, errorColours } from "../terminal.js";

interface Arguments {
  image: string;
  target: "linux";
  output: string;
  edenSize?: string;
  primitives: "reachable" | "all";
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
      .positional("image", { type: "string", demandOption: true, describe: "the image file" })
      .option("target", {
        type: "string",
        requiresArg: true,
        choices: ["linux"] as const,
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
        describe: "those that the image's methods name, or all that there are",
      })
      .option("debug", { type: "boolean", default: false, describe: "keep symbols and source lines for gdb" })
      .option("json", { type: "boolean", default: false, describe: "print JSON, for programs" })
      .example("$0 build Pharo.image --target linux -o pharo", ""),
  handler: build,
};

async function build(given: Arguments): Promise<void> {
  const start = performance.now();
  const edenBytes = given.edenSize === undefined ? undefined : byteCount(given.edenSize, "edenSize");
  const [{ buildLinuxProgram }, { writeAtomically }] = await Promise.all([
    import("../programs/linux.js"),
    import("../atomicFile.js"),
  ]);
  const { image, primitives, debug } = given;
  const program = await buildLinuxProgram({ image, edenBytes, primitives, debug }, progressAfter(start));
  endProgress();
  writeAtomically(given.output, program.file, 0o755);
  const seconds = (performance.now() - start) / 1000;
  const { codeBytes, memoryBytes } = program;
  const report = { target: given.target, output: given.output, bytes: program.file.length, codeBytes, memoryBytes };
  if (given.json) console.log(JSON.stringify({ ...report, seconds }, undefined, 2));
  else {
    const parts = `code ${kilobytes(codeBytes)}, image ${kilobytes(memoryBytes)}`;
    console.log(
      `${colours.bold(given.output)}: ${kilobytes(report.bytes)} (${parts}) for ${given.target} (${seconds.toFixed(1)} s)`,
    );
  }
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
