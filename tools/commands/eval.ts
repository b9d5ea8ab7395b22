// `stvm eval`: evaluates an expression in an image, or reads and evaluates lines.

import { type CommandModule } from "yargs";
import type { Evaluation, Evaluator, StackLine } from "../evaluate.js";
import type { SourceText } from "../smalltalk/compiledMethod.js";
import { colours, errorColours } from "../terminal.js";

interface Arguments {
  image: string;
  expression?: string;
  time: boolean;
  json: boolean;
}

export const evalCommand: CommandModule<object, Arguments> = {
  command: "eval <image> [expression]",
  describe: "evaluate an expression in an image, or lines from the terminal",
  builder: (parser) =>
    parser
      .positional("image", { type: "string", demandOption: true, describe: "the image file; it is not changed" })
      .positional("expression", {
        type: "string",
        describe:
          "Smalltalk statements; without them each line of standard input is evaluated, of a pipe up to the first that fails",
      })
      .option("time", { type: "boolean", default: false, describe: "print how long each evaluation took" })
      .option("json", { type: "boolean", default: false, describe: "print JSON, one line an evaluation" })
      .example("$0 eval Pharo.image '3 + 4'", "")
      .example("$0 eval Cuis.image", "a prompt, at a terminal"),
  handler: evaluateAll,
};

async function evaluateAll(given: Arguments): Promise<void> {
  const [{ openImage }, { Evaluator }] = await Promise.all([import("../session.js"), import("../evaluate.js")]);
  const session = await openImage(given.image, {
    // Standard input is the prompt's; an expression's program may read it.
    ...(given.expression === undefined ? { stdin: () => undefined } : {}),
    log: (level, message) => {
      if (level <= 1) console.error(`stvm: ${message}`);
    },
  });
  const evaluator = new Evaluator(session, given.image);
  const succeeds =
    given.expression === undefined
      ? await readAndEvaluate(evaluator, given)
      : await evaluateOne(evaluator, { text: given.expression, file: "expression" }, given, false);
  session.vm.destroy();
  process.exitCode = succeeds ? 0 : 1;
}

/** The prompt; of lines from a pipe the first that fails ends it. */
async function readAndEvaluate(evaluator: Evaluator, given: Arguments): Promise<boolean> {
  const { createInterface } = await import("node:readline");
  const isTerminal = process.stdin.isTTY === true;
  const lines = createInterface({
    input: process.stdin,
    output: isTerminal ? process.stdout : undefined,
    prompt: isTerminal ? "> " : "",
  });
  let number = 0;
  lines.prompt();
  for await (const line of lines) {
    number++;
    if (line.trim() !== "") {
      const succeeded = await evaluateOne(evaluator, { text: line, file: "input", line: number }, given, true);
      if (!succeeded && !isTerminal) return false;
    }
    lines.prompt();
  }
  return true;
}

async function evaluateOne(
  evaluator: Evaluator,
  source: SourceText,
  given: Arguments,
  definesGlobals: boolean,
): Promise<boolean> {
  const start = performance.now();
  const result = await evaluator.evaluate(source, definesGlobals);
  const milliseconds = performance.now() - start;
  if (given.json) console.log(JSON.stringify(given.time ? { ...result, milliseconds } : result));
  else await show(result);
  if (given.time && !given.json) console.error(errorColours.dim(`${milliseconds.toFixed(1)} ms`));
  return result.kind === "value";
}

async function show(result: Evaluation): Promise<void> {
  switch (result.kind) {
    case "value":
      console.log(result.text);
      return;
    case "errors": {
      const { renderDiagnostic } = await import("../smalltalk/diagnostics.js");
      for (const each of result.errors) console.error(renderDiagnostic(each));
      return;
    }
    case "failure":
      console.error(errorColours.red(result.message));
      for (const line of result.stack) console.error(`  ${stackText(line)}`);
  }
}

function stackText({ name, place }: StackLine): string {
  if (place === undefined) return name;
  const file = place.file.replace(/^.*\//, "");
  return `${name}  ${colours.dim(`${file}:${place.line}: ${place.text}`)}`;
}
