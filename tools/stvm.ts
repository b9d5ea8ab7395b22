// The stvm command: finds the subcommand and reports errors in one form. `stvm IMAGE …` is short for `stvm run IMAGE …`.

import { existsSync, readFileSync } from "node:fs";
import { commands } from "./commands/index.js";
import { nearest } from "./suggestions.js";
import { reportError, UsageError } from "./terminal.js";

const words = process.argv.slice(2);
/** Options of `boot` whose value is the next word. */
const VALUE_OPTIONS = new Set(["--memory", "--timeout", "--word"]);

try {
  await main();
} catch (error) {
  reportError(error);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  // "run" hands everything behind IMAGE to the image untouched and takes options in pharo-vm's spelling, which yargs
  // would read its own way.
  const [first] = words;
  if (first === undefined) throw new UsageError("no command and no image given; `stvm --help` lists the commands");
  const isHelp = first === "--help" || first === "-h" || first === "help";
  if (!isHelp && (first === "run" || !isCommand(first))) {
    refuseMisspelling(first);
    const { runWithArguments } = await import("./commands/run.js");
    return runWithArguments(first === "run" ? words.slice(1) : words);
  }
  if (first === "profile") {
    const { profileWithArguments } = await import("./commands/profile.js");
    return profileWithArguments(words.slice(1));
  }
  if (first === "bisect") {
    const { bisectWithArguments } = await import("./commands/bisect.js");
    return bisectWithArguments(words.slice(1));
  }
  if (first === "jit" && words.some((word) => word.includes("optimised"))) {
    const { isOptimisedRequest, jitOptimisedWithArguments } = await import("./commands/jitOptimised.js");
    if (isOptimisedRequest(words)) return jitOptimisedWithArguments(words.slice(1));
  }

  const { default: yargs } = await import("yargs");
  // Lines are left to the terminal: yargs would break them inside words.
  const parser = yargs(isHelp ? ["--help"] : first === "boot" ? withSeparator(words) : words)
    .scriptName("stvm")
    .usage("$0 COMMAND [options]\n\nRuns Squeak, Pharo and Cuis images.")
    .version(version())
    .alias("help", "h")
    .strict()
    .wrap(null)
    .fail((message, error) => {
      // yargs reports an option without its value as an error, named so.
      if (error && error.name !== "YError") throw error;
      throw new UsageError(usageMessage(message ?? error.message, knownOptions(parser)));
    });
  if (isHelp) parser.epilogue("stvm COMMAND --help says more; stvm IMAGE … is short for stvm run IMAGE …");
  const wanted = isHelp ? Object.keys(commands) : [first];
  for (const name of wanted) parser.command(await commands[name]());
  await parser.parseAsync();
}

/** Puts `--` behind the first word of `boot` that is no option: what follows is the image's, dashes or not. */
function withSeparator(words: readonly string[]): string[] {
  let at = 1;
  while (at < words.length && words[at]!.startsWith("-") && words[at] !== "--")
    at += VALUE_OPTIONS.has(words[at]!) ? 2 : 1;
  if (words[at] === "--") return [...words];
  return [...words.slice(0, at + 1), ...(words.length > at + 1 ? ["--"] : []), ...words.slice(at + 1)];
}

/** A word near a command's name, or that looks like one, and is no file is no image either. */
function refuseMisspelling(word: string): void {
  if (isCommand(word) || existsSync(word)) return;
  const [near] = nearest(word, Object.keys(commands));
  if (near !== undefined) throw new UsageError(`${word}: no such command or file; did you mean ${near}?`);
  if (/^[a-z]+$/i.test(word)) {
    throw new UsageError(`${word}: no such command or file; give an image, or a command that \`stvm --help\` lists`);
  }
}

/** The options that yargs has been told of; its types leave this out. */
function knownOptions(parser: object): object {
  return (parser as { getOptions(): { key: object } }).getOptions().key;
}

/** What yargs finds wrong, in our form: the thing, the reason, the way out. */
function usageMessage(message: string, known: object): string {
  const wayOut = `\`stvm ${words[0]} --help\` says how`;
  const options = words.slice(0, words.includes("--") ? words.indexOf("--") : undefined);
  const unknown = options.find((word) => /^--?[a-z]/i.test(word) && !(nameOf(word) in known));
  if (words[0] === "jit" && ["--at-end", "--exits", "--list"].includes(unknown ?? ""))
    return `${unknown}: goes with --tier=optimised, before the image; \`stvm jit --tier=optimised --help\` says how`;
  if (unknown !== undefined) return `${unknown}: unknown option; ${wayOut}`;
  if (message.startsWith("Not enough non-option")) return `no ${wantedWord()} given; ${wayOut}`;
  const [, option] = /^Not enough arguments following: (.*)$/.exec(message) ?? [];
  if (option !== undefined) return `${option.length === 1 ? "-" : "--"}${option}: needs a value; ${wayOut}`;
  const [, choice, given, choices] = /^\s*Argument: (\S+), Given: (.*), Choices: (.*)$/m.exec(message) ?? [];
  if (choice !== undefined)
    return `--${choice}=${JSON.parse(given!)}: not one of ${choices!.replaceAll('"', "")}; ${wayOut}`;
  const [, word] = /^Unknown argument: (.*)$/.exec(message) ?? [];
  return word === undefined ? `${message}; ${wayOut}` : `${word}: one word too many; ${wayOut}`;
}

/** What a command cannot do without. */
function wantedWord(): string {
  switch (words[0]) {
    case "build-image":
      return "recipe";
    case "boot":
      return "kernel or image";
    case "jit":
      return words.length > 1 ? "method" : "image";
    default:
      return "image";
  }
}

function nameOf(option: string): string {
  return option.replace(/^--?(no-)?/, "").replace(/=.*$/s, "");
}

function isCommand(word: string): boolean {
  return Object.hasOwn(commands, word);
}

function version(): string {
  return JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")).version as string;
}
