// `stvm debug`: a prompt over a stopped image. Lines come from --command, then from standard input.

import { type CommandModule } from "yargs";
import type { DebugSession } from "../debugCommands.js";
import type { Debugger } from "../debugger.js";
import { colours, reportError, UsageError } from "../terminal.js";

interface Arguments {
  image: string;
  arguments?: string[];
  command?: string[];
  /** What follows `--`, after the command's own name. */
  _: (string | number)[];
}

export const debugCommand: CommandModule<object, Arguments> = {
  command: "debug <image> [arguments..]",
  describe: "run an image under a debugger",
  builder: (parser) =>
    parser
      .positional("image", { type: "string", demandOption: true, describe: "the image file" })
      .positional("arguments", {
        type: "string",
        array: true,
        describe: "what the image gets as its arguments; options after --",
      })
      .option("command", {
        type: "string",
        array: true,
        nargs: 1,
        alias: "c",
        describe: "execute a line of the prompt before reading any; may be repeated",
      })
      .example("$0 debug Pharo.image -c 'break Delay>>wait' -c continue -c stack -c quit", ""),
  handler: debug,
};

async function debug(given: Arguments): Promise<void> {
  // Loaded here: the other commands start without them.
  const [{ openImage }, { Debugger }, { DebugSession }, { Sources }] = await Promise.all([
    import("../session.js"),
    import("../debugger.js"),
    import("../debugCommands.js"),
    import("../sources.js"),
  ]);
  const session = await openImage(given.image, {
    arguments: [...(given.arguments ?? []), ...given._.slice(1).map(String)],
    // Standard input is the prompt's.
    stdin: () => undefined,
    log: (level, message) => {
      if (level <= 2) console.error(`stvm: ${message}`);
    },
  });
  const machine = new Debugger(session, given.image);
  const prompt = new DebugSession(machine, new Sources(session.reflection, given.image));
  // At a terminal the prompt reads Ctrl-C itself; this is for a pipe, and while --command lines run.
  process.on("SIGINT", () => machine.interrupt());
  print(prompt.where());
  let failed = false;
  for (const line of given.command ?? []) {
    if (prompt.isOver) break;
    if (!(await execute(prompt, line))) failed = true;
  }
  if (!prompt.isOver) await converse(machine, prompt);
  const { ended } = machine;
  session.vm.destroy();
  const code = ended?.kind === "quit" ? ended.code & 0xff : ended?.kind === "fatal" || failed ? 1 : 0;
  process.exit(code);
}

/** Reads lines until `quit` or the end of input. Ctrl-C stops a running image; an empty line repeats the last one. */
async function converse(machine: Debugger, prompt: DebugSession): Promise<void> {
  const { createInterface } = await import("node:readline");
  const isTerminal = process.stdin.isTTY === true;
  const lines = createInterface({ input: process.stdin, output: isTerminal ? process.stdout : undefined });
  lines.setPrompt(colours.cyan("stvm> "));
  lines.on("SIGINT", () => machine.interrupt());
  let last = "";
  if (isTerminal) lines.prompt();
  for await (const line of lines) {
    if (line.trim() !== "") last = line;
    else if (!isTerminal) continue;
    await execute(prompt, last);
    if (prompt.isOver) break;
    if (isTerminal) lines.prompt();
  }
  lines.close();
}

/** Prints what a line answers, or what is wrong with it; answers whether it made sense. */
async function execute(prompt: DebugSession, line: string): Promise<boolean> {
  try {
    print(await prompt.execute(line));
    return true;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    reportError(error);
    return false;
  }
}

function print(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(""));
}
