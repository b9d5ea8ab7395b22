// The command line of `stvm run`: pharo-vm's options, with one dash or two, and Squeak's. The first word that is no
// option is the image; what follows it belongs to the image.

import { TRACES } from "./tracing.js";
import { UsageError } from "./terminal.js";
import { VM_VERSION } from "../vm/embed/attributes.js";

export interface RunOptions {
  readonly image: string;
  readonly imageArguments: readonly string[];
  /** The options as given, for an image that asks. */
  readonly vmArguments: readonly string[];
  readonly edenBytes?: number;
  readonly maxOldSpaceBytes?: number;
  readonly workingDirectory?: string;
  readonly screenshot?: string;
  /** 0 nothing to 5 everything. */
  readonly logLevel: number;
  /** What to log as it happens. */
  readonly trace: readonly string[];
  readonly debugModule: boolean;
  /** Activations after which a method is compiled; undefined for never. */
  readonly jitThreshold?: number;
  /** Says at the end what was compiled: as a table, or as JSON. */
  readonly jitStatistics?: "table" | "json";
  /** Whether compiled methods are optimised, too. */
  readonly optimises: boolean;
  /** Only methods with these numbers are compiled (`stvm bisect` tells them). */
  readonly jitOnly?: readonly (readonly [first: number, last: number])[];
  /** Of what is compiled, only methods with these numbers are optimised. */
  readonly optimiseOnly?: readonly (readonly [first: number, last: number])[];
  readonly interactive: boolean;
}

export type RunRequest = { kind: "help" } | { kind: "version" } | { kind: "run"; options: RunOptions };

/** The Cuis suite takes 7 % less processor time with 300 than with 1000: code that is compiled early costs little in batches. */
export const DEFAULT_JIT_THRESHOLD = 300;

export const VERSION_TEXT = `stvm ${VM_VERSION} (node ${process.versions.node})`;

export const RUN_HELP = `stvm run [options] IMAGE [ARGUMENT…]
stvm IMAGE [ARGUMENT…]

Runs an image of Squeak, Pharo or Cuis (Spur) until it quits, and exits with its code. Everything after IMAGE goes to
the image untouched. Options may be written with one dash or two.

  --headless               no window (always so; accepted as other virtual machines do)
  --interactive            the image may think that someone looks
  --logLevel=LEVEL         what to report on standard error: 0 or none, 1 error (default), 2 warn, 3 info, 4 debug,
                           5 trace
  --log                    the same as --logLevel=3
  --maxOldSpaceSize=SIZE   bytes that old objects may take; k, m, g as suffix (default: up to 4 GiB)
  --edenSize=SIZE          bytes for new objects (default 4m)
  --workingDirectory=DIR   where relative paths start
  --screenshot=FILE.png    writes the Display as it is at the end
  --trace=WHAT             logs ${TRACES.join(", ")}; several with commas
  --debug-module           runs the module with assertions and heap checks
  --jit=off|baseline|on    interprets only (default); compiles what is called often to WebAssembly; and optimises
                           what takes most of the time
  --jit-threshold=CALLS    calls before a method is compiled (default ${DEFAULT_JIT_THRESHOLD}; 1 compiles everything);
                           without --jit it asks for --jit=baseline
  --jit-stats[=json]       says on standard error, at the end, what was compiled and where the time went
  --jit-only=NUMBERS       of what --jit would compile, only methods with these numbers or ranges of them, as
                           stvm bisect tells them
  --optimise-only=NUMBERS  optimises only these, with --jit=on
  -vm KEY=VALUE, -vm-display-null, -vm-sound-null
                           Squeak's options; the null drivers are what there is
  --version, --help

Ctrl-C or SIGUSR1 prints the stack of every process; Ctrl-C twice quits with code 130.`;

const LOG_LEVELS = new Map([
  ["none", 0],
  ["error", 1],
  ["warn", 2],
  ["warning", 2],
  ["info", 3],
  ["information", 3],
  ["debug", 4],
  ["trace", 5],
]);

type Draft = { -readonly [Key in keyof RunOptions]?: RunOptions[Key] } & { jit?: string };

/** What an option does with its value, "" where it takes none or may do without. */
interface OptionRule {
  readonly takesValue: boolean | "inline";
  apply(draft: Draft, value: string, name: string): void;
}

const nothing: OptionRule = { takesValue: false, apply() {} };
const withValue = (apply: OptionRule["apply"]): OptionRule => ({ takesValue: true, apply });

const RULES = new Map<string, OptionRule>([
  ["headless", nothing],
  ["interactive", { takesValue: false, apply: (draft) => void (draft.interactive = true) }],
  ["loglevel", withValue((draft, value) => void (draft.logLevel = logLevel(value)))],
  ["log", { takesValue: false, apply: (draft) => void (draft.logLevel = Math.max(3, draft.logLevel ?? 0)) }],
  ["maxoldspacesize", withValue((draft, value, name) => void (draft.maxOldSpaceBytes = byteCount(value, name)))],
  ["memory", withValue((draft, value, name) => void (draft.maxOldSpaceBytes = byteCount(value, name)))],
  ["edensize", withValue((draft, value, name) => void (draft.edenBytes = byteCount(value, name)))],
  ["eden", withValue((draft, value, name) => void (draft.edenBytes = byteCount(value, name)))],
  ["workingdirectory", withValue((draft, value) => void (draft.workingDirectory = value))],
  ["screenshot", withValue((draft, value) => void (draft.screenshot = value))],
  ["trace", withValue((draft, value) => void (draft.trace = traces(value)))],
  ["debug-module", { takesValue: false, apply: (draft) => void (draft.debugModule = true) }],
  ["jit", withValue((draft, value) => setJit(draft, value))],
  ["jit-threshold", withValue((draft, value, name) => void (draft.jitThreshold = callCount(value, name)))],
  ["jit-stats", { takesValue: "inline", apply: (draft, value) => void (draft.jitStatistics = statisticsForm(value)) }],
  ["jit-only", withValue((draft, value, name) => void (draft.jitOnly = numberRanges(value, name)))],
  ["optimise-only", withValue((draft, value, name) => void (draft.optimiseOnly = numberRanges(value, name)))],
  ["vm", withValue(() => {})],
  ["vm-display-null", nothing],
  ["vm-sound-null", nothing],
  ["nodisplay", nothing],
  ["nosound", nothing],
  ["nohandlers", nothing],
  ["blockonerror", nothing],
  ["codesize", withValue(() => {})],
  ["avoidsearchingsegmentswithpinnedobjects", nothing],
  ["worker", nothing],
]);

/** `command` is what an error about the options calls the command. */
export function parseRunArguments(words: readonly string[], command = "run"): RunRequest {
  const draft: Draft = {};
  let position = 0;
  while (position < words.length && words[position]!.startsWith("-") && words[position] !== "--") {
    const word = words[position++]!;
    const [, name, inline] = /^--?([^=]*)(?:=(.*))?$/s.exec(word)!;
    if (name === "help" || name === "h") return { kind: "help" };
    if (name === "version") return { kind: "version" };
    const rule = RULES.get(name!.toLowerCase());
    if (rule === undefined) throw unknownOption(word, command);
    if (rule.takesValue === "inline") {
      rule.apply(draft, inline ?? "", name!);
      continue;
    }
    if (!rule.takesValue) {
      if (inline !== undefined) throw new UsageError(`${word}: takes no value; write --${name}`);
      rule.apply(draft, "", name!);
      continue;
    }
    const value = inline ?? words[position++];
    if (value === undefined) throw new UsageError(`${word}: needs a value; write --${name}=VALUE`);
    rule.apply(draft, value, name!);
  }
  // There is no window: an image that asks (Pharo's isInteractive) finds the option that says so.
  const given = words.slice(0, position);
  const vmArguments = draft.interactive || given.some(isHeadless) ? given : [...given, "--headless"];
  if (words[position] === "--") position++;
  const image = words[position];
  if (image === undefined) throw new UsageError(`no image given; \`stvm ${command} --help\` says how`);
  return {
    kind: "run",
    options: {
      logLevel: 1,
      trace: [],
      debugModule: false,
      optimises: false,
      interactive: false,
      ...withCompiler(draft),
      image,
      imageArguments: words.slice(position + 1),
      vmArguments,
    },
  };
}

/** Which image is run and with what, for a tool that runs it in its own way. */
export function imageOptions(options: RunOptions) {
  return {
    image: options.image,
    arguments: options.imageArguments,
    vmArguments: options.vmArguments,
    workingDirectory: options.workingDirectory,
    edenBytes: options.edenBytes,
    maxOldSpaceBytes: options.maxOldSpaceBytes,
    wasm: options.debugModule ? ("debug" as const) : ("release" as const),
  };
}

function isHeadless(word: string): boolean {
  return /^(--?headless|-vm-display-null)$/.test(word);
}

/** A size with k, m or g behind it, in bytes; `what` is how an error names it. */
export function byteCount(text: string, name: string, what = `--${name}=${text}`): number {
  const match = /^(\d+)([kmg]?)b?$/i.exec(text);
  if (match === null) throw new UsageError(`${what}: not a size; write a number with k, m or g, such as 512m`);
  const bytes = Number(match[1]) * 1024 ** ["", "k", "m", "g"].indexOf(match[2]!.toLowerCase());
  if (bytes >= 2 ** 32) throw new UsageError(`${what}: more than the 4 GiB that a heap can have`);
  return bytes;
}

function logLevel(text: string): number {
  const level = LOG_LEVELS.get(text.toLowerCase()) ?? (/^[0-5]$/.test(text) ? Number(text) : undefined);
  if (level === undefined) {
    throw new UsageError(
      `--logLevel=${text}: unknown level; give 0 to 5, or one of ${[...LOG_LEVELS.keys()].join(", ")}`,
    );
  }
  return level;
}

function traces(text: string): string[] {
  const wanted = text.split(",");
  const unknown = wanted.find((word) => !TRACES.includes(word));
  if (unknown !== undefined) {
    throw new UsageError(`--trace=${unknown}: cannot be traced; give ${TRACES.join(", ")}, or several with commas`);
  }
  return wanted;
}

function setJit(draft: Draft, text: string): void {
  if (!["off", "baseline", "on"].includes(text)) throw new UsageError(`--jit=${text}: give off, baseline or on`);
  draft.jit = text;
}

/** A threshold asks for the compiler too, before or behind --jit; only --jit=off does not have it. */
function withCompiler({ jit, jitThreshold, ...others }: Draft): Draft {
  if (jit === "off" || (jit ?? jitThreshold) === undefined) return others;
  return { ...others, jitThreshold: jitThreshold ?? DEFAULT_JIT_THRESHOLD, optimises: jit === "on" };
}

/** Commands with options of their own take those of `stvm run` too. */
function unknownOption(word: string, command: string): UsageError {
  const own = command === "run" ? "" : `\`stvm ${command} --help\` and `;
  return new UsageError(`${word}: unknown option; ${own}\`stvm run --help\` list${own ? "" : "s"} them`);
}

function statisticsForm(text: string): "table" | "json" {
  if (text === "json") return "json";
  if (text !== "") throw new UsageError(`--jit-stats=${text}: give json, or nothing for a table`);
  return "table";
}

function callCount(text: string, name: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new UsageError(`--${name}=${text}: not a number of calls; give one from 1 to 999999999`);
  return Number(text);
}

function numberRanges(text: string, name: string): [first: number, last: number][] {
  return text.split(",").map((range) => {
    const [, first, last] = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(range) ?? [];
    if (first === undefined || Number(first) >= 2 ** 32 || Number(last ?? 0) >= 2 ** 32)
      throw new UsageError(`--${name}=${range}: no number; give numbers or FIRST-LAST as stvm bisect prints them`);
    return [Number(first), Number(last ?? first)];
  });
}
