// `stvm build-image`: makes an image from the Smalltalk sources that a recipe names.

import { type CommandModule } from "yargs";
import type { BuildReport } from "../smalltalk/image/buildReport.js";
import { colours, errorColours, UsageError } from "../terminal.js";

interface Arguments {
  recipe: string;
  output: string;
  bytecodes?: string;
  strip?: string;
  report?: string;
  sources: boolean;
  json: boolean;
}

/** Progress is shown after so long. */
const QUIET_MILLISECONDS = 2000;

export const buildImageCommand: CommandModule<object, Arguments> = {
  command: "build-image <recipe>",
  describe: "make an image from Smalltalk sources",
  builder: (parser) =>
    parser
      .positional("recipe", { type: "string", demandOption: true, describe: "recipe.json, or the folder that has it" })
      .option("output", {
        type: "string",
        alias: "o",
        requiresArg: true,
        demandOption: true,
        describe: "the image file to write; X.sources.json beside X.image holds the sources",
      })
      .option("bytecodes", {
        type: "string",
        requiresArg: true,
        choices: ["sista", "v3"],
        describe: "bytecode set, instead of the recipe's",
      })
      .option("strip", {
        type: "string",
        requiresArg: true,
        choices: ["none", "unreachable"],
        describe: "what to drop, instead of what the recipe says",
      })
      .option("report", {
        type: "string",
        requiresArg: true,
        describe: "write what was kept and dropped, why, and which primitives can be called",
      })
      .option("sources", {
        type: "boolean",
        default: true,
        describe: "write X.sources.json; --no-sources leaves it out",
      })
      .option("json", { type: "boolean", default: false, describe: "print JSON; the report is JSON too" })
      .example("$0 build-image images/default -o build/default.image", "")
      .example("$0 build-image images/default -o small.image --strip unreachable --report small.txt", ""),
  handler: build,
};

async function build(given: Arguments): Promise<void> {
  const start = performance.now();
  const [{ buildImage }, { BYTECODE_SETS, readRecipe }, { reportBuild, reportLines }, { renderDiagnostic }, files] =
    await Promise.all([
      import("../smalltalk/image/buildImage.js"),
      import("../smalltalk/image/recipe.js"),
      import("../smalltalk/image/buildReport.js"),
      import("../smalltalk/diagnostics.js"),
      import("../atomicFile.js"),
    ]);
  const [{ compile }, { readTonelPackage }, { sourcesPathOf }] = await Promise.all([
    import("../smalltalk/compiler.js"),
    import("../smalltalk/tonel.js"),
    import("../smalltalk/sourcesFile.js"),
  ]);
  const recipe = withOptions(readRecipe(given.recipe), given, BYTECODE_SETS);
  const result = buildImage(recipe, { compile, readTonelPackage }, progressAfter(start));
  endProgress();
  if (result.kind === "errors") {
    const { errors } = result;
    if (given.json) console.log(JSON.stringify({ recipe: recipe.path, errors }, undefined, 2));
    else for (const error of errors) console.error(renderDiagnostic(error));
    const places = new Set(errors.map(({ file }) => file)).size;
    throw new UsageError(
      `${recipe.path}: ${counted(errors.length, "error")} in ${counted(places, "file")}; no image was written`,
    );
  }
  if (!given.json) for (const warning of result.warnings) console.error(renderDiagnostic(warning));
  const report = reportBuild(recipe, given.output, result);
  files.writeAtomically(given.output, result.image.bytes);
  if (given.sources)
    files.writeAtomically(sourcesPathOf(given.output), Buffer.from(`${JSON.stringify(result.sources)}\n`));
  if (given.report !== undefined) {
    const text = given.json ? JSON.stringify(report, undefined, 2) : reportLines(report).join("\n");
    files.writeAtomically(given.report, Buffer.from(`${text}\n`));
  }
  print(report, given.json, performance.now() - start);
}

function withOptions<Kind extends { bytecodes: unknown; strip: unknown }>(
  recipe: Kind,
  { bytecodes, strip }: Arguments,
  sets: Readonly<Record<string, unknown>>,
): Kind {
  return {
    ...recipe,
    bytecodes: bytecodes === undefined ? recipe.bytecodes : sets[bytecodes],
    strip: strip ?? recipe.strip,
  };
}

function print(report: BuildReport, json: boolean, milliseconds: number): void {
  const { image, bytes, classes, methods, unreachable } = report;
  const lost = { classes: unreachable.classes.length, methods: unreachable.methods.length };
  const isStripped = report.strip === "unreachable";
  if (json) {
    const dropped = isStripped ? lost : { classes: 0, methods: 0 };
    console.log(JSON.stringify({ image, bytes, objects: report.objects, classes, methods, dropped }, undefined, 2));
    return;
  }
  const dropped = isStripped
    ? `, dropped ${counted(lost.classes, "class")} and ${counted(lost.methods, "method")}`
    : "";
  console.log(
    `${colours.bold(image)}: ${bytes} bytes, ${counted(classes, "class")}, ${counted(methods, "method")}${dropped} (${(milliseconds / 1000).toFixed(1)} s)`,
  );
}

/** Tells how far a step is, at a terminal and once it has taken a while. */
function progressAfter(start: number): (step: string, done: number, total: number) => void {
  let shown = 0;
  return (step, done, total) => {
    const now = performance.now();
    if (!process.stderr.isTTY || now - start < QUIET_MILLISECONDS || now - shown < 100) return;
    shown = now;
    process.stderr.write(`\r\x1b[K${errorColours.dim(`${step} ${done} of ${total}`)}`);
  };
}

function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}

function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun}${noun.endsWith("s") ? "es" : "s"}`;
}
