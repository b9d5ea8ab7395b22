// The stvm command: finds the subcommand and reports errors in one form. `stvm IMAGE …` is short for `stvm run IMAGE …`.

import { readFileSync } from "node:fs";
import yargs from "yargs";
import { commands } from "./commands/index.js";
import { runWithArguments } from "./commands/run.js";
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
  if (!isHelp && words[0] === "run") return runWithArguments(words.slice(1));
  if (!isHelp && !isCommand(words[0]!)) return runWithArguments(words);

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
  for (const command of commands) parser.command(command);
  await parser.parseAsync();
}

function isCommand(word: string): boolean {
  return commands.some(({ command }) => String(command).split(" ")[0] === word);
}

function version(): string {
  return JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")).version as string;
}
