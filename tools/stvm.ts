// The stvm command: finds the subcommand and reports errors in one form. `stvm IMAGE …` is short for `stvm run IMAGE …`.

import { readFileSync } from "node:fs";
import { commands } from "./commands/index.js";
import { reportError } from "./terminal.js";

const words = process.argv.slice(2);

try {
  await main();
} catch (error) {
  reportError(error);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  // "run" hands everything behind IMAGE to the image untouched and takes options in pharo-vm's spelling, which yargs
  // would read its own way.
  const isHelp = words.length === 0 || words[0] === "--help" || words[0] === "-h" || words[0] === "help";
  if (!isHelp && (words[0] === "run" || !isCommand(words[0]!))) {
    const { runWithArguments } = await import("./commands/run.js");
    return runWithArguments(words[0] === "run" ? words.slice(1) : words);
  }

  const { default: yargs } = await import("yargs");
  const parser = yargs(words)
    .scriptName("stvm")
    .usage("$0 COMMAND [options]\n\nRuns Squeak, Pharo and Cuis images.")
    .version(version())
    .strict()
    .demandCommand(1)
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .fail((message, error) => {
      throw error ?? new Error(`stvm: ${message}; see \`stvm --help\``);
    });
  const wanted = isHelp ? Object.keys(commands) : [words[0]!];
  for (const name of wanted) parser.command(await commands[name]());
  await parser.parseAsync();
}

function isCommand(word: string): boolean {
  return Object.hasOwn(commands, word);
}

function version(): string {
  return JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")).version as string;
}
