// `stvm run`: loads an image, lets it run to its end and exits with its code.

import { chdir } from "node:process";
import { type CommandModule } from "yargs";
import { createVm, type LogLevel, type Vm, type VmOptions } from "../../vm/embed/node.js";
import { errorColours, UsageError } from "../terminal.js";
import { runTraced } from "../tracing.js";
import { type RunOptions, parseRunArguments, RUN_HELP, VERSION_TEXT } from "../runOptions.js";

/** For `stvm --help` and shells; the words themselves are read by parseRunArguments. */
export const runCommand: CommandModule<object, { words?: string[] }> = {
  command: "run <image> [words..]",
  describe: "run an image to its end",
  builder: (parser) => parser,
  handler: ({ words }) => runWithArguments(words ?? []),
};

const LEVEL_NAMES: Record<LogLevel, string> = { 1: "error", 2: "warning", 3: "info", 4: "debug", 5: "trace" };

export async function runWithArguments(words: readonly string[]): Promise<void> {
  const request = parseRunArguments(words);
  switch (request.kind) {
    case "help":
      console.log(RUN_HELP);
      return;
    case "version":
      console.log(VERSION_TEXT);
      return;
    case "run":
      process.exitCode = await run(request.options);
      // What the image left open (a stream it waits for) must not keep the process.
      process.exit();
  }
}

/** Answers the exit code. */
async function run(options: RunOptions): Promise<number> {
  const shown = new Set<string>();
  const vm = await startRun(options, (message) => void shown.add(message));
  const stopListening = listenToSignals(vm);
  const outcome = await (options.trace.length > 0 ? runTraced(vm, options.trace) : vm.runToEnd());
  stopListening();
  if (options.screenshot !== undefined) {
    const { writeScreenshot } = await import("../screenshot.js");
    writeScreenshot(vm, options.screenshot);
  }
  if (outcome.kind === "fatal" && options.logLevel >= 3) printProcesses(vm);
  if (options.jitStatistics !== undefined) await printJitStatistics(vm, options.jitStatistics);
  vm.destroy();
  if (outcome.kind === "quit") return outcome.code & 0xff;
  if (!shown.has(outcome.message)) console.error(`stvm: ${options.image}: ${outcome.message}`);
  return 1;
}

async function printJitStatistics(vm: Vm, form: "table" | "json"): Promise<void> {
  const [{ jitStatistics }, { jitReport }] = await Promise.all([
    import("../../vm/embed/jitStatistics.js"),
    import("../jitReport.js"),
  ]);
  const statistics = jitStatistics(vm.exports);
  console.error(form === "json" ? JSON.stringify(statistics) : `stvm: compiled code\n${jitReport(statistics)}`);
}

/** The virtual machine that options ask for; `onShown` hears of what was logged where people see it. */
export async function startRun(
  options: RunOptions,
  onShown: (message: string) => void,
  streams: Pick<VmOptions, "stdout"> = {},
): Promise<Vm> {
  if (options.workingDirectory !== undefined) changeFolder(options.workingDirectory);
  const vm = await createVm({
    image: options.image,
    arguments: options.imageArguments,
    vmArguments: options.vmArguments,
    edenBytes: options.edenBytes,
    maxOldSpaceBytes: options.maxOldSpaceBytes,
    jitThreshold: options.jitThreshold,
    optimises: options.optimises,
    wasm: options.debugModule ? "debug" : "release",
    ...streams,
    log: (level, message) => {
      // What is traced is logged at the last level, whatever else is to be seen.
      if (level > options.logLevel && !(level === 5 && options.trace.length > 0)) return;
      printLog(level, message);
      onShown(message);
    },
  });
  for (const range of options.jitOnly ?? []) (vm.exports.selectCode as SelectCode)(...range);
  for (const range of options.optimiseOnly ?? []) (vm.exports.selectOptimised as SelectCode)(...range);
  return vm;
}

/** vm/interpreter/codeSelection.ts. */
type SelectCode = (first: number, last: number) => void;

/** Every process, not only the one that was active; nothing where the heap is too broken to say. */
function printProcesses(vm: Vm): void {
  try {
    for (const line of vm.processStacks()) console.error(line);
  } catch (error) {
    console.error(`stvm: the processes cannot be shown: ${String(error)}`);
  }
}

function printLog(level: LogLevel, message: string): void {
  const colour = level === 1 ? errorColours.red : level === 2 ? errorColours.yellow : errorColours.dim;
  console.error(`${colour(`stvm ${LEVEL_NAMES[level]}:`)} ${message}`);
}

function changeFolder(folder: string): void {
  try {
    chdir(folder);
  } catch {
    throw new UsageError(`${folder}: no such folder; give --workingDirectory a folder that exists`);
  }
}

/** Longer than a full heap takes to be collected, while no signal is heard. */
const SECOND_INTERRUPT_MILLISECONDS = 5000;

/** Ctrl-C and SIGUSR1 show every process's stack; a second Ctrl-C soon after ends the run with 130. */
function listenToSignals(vm: Vm): () => void {
  let lastInterrupt = 0;
  const print = () => printProcesses(vm);
  const interrupt = () => {
    if (Date.now() - lastInterrupt < SECOND_INTERRUPT_MILLISECONDS) process.exit(130);
    lastInterrupt = Date.now();
    print();
    console.error("stvm: press Ctrl-C again to quit");
  };
  process.on("SIGINT", interrupt);
  process.on("SIGUSR1", print);
  return () => {
    process.off("SIGINT", interrupt);
    process.off("SIGUSR1", print);
  };
}
