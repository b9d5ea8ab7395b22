// `stvm jit --tier=optimised`: runs an image until its second tier has optimised a method, and shows the code.

import type { OptimisedCode } from "../jit/optimised.js";
import { takeOwnOptions } from "../ownOptions.js";
import { DEFAULT_JIT_THRESHOLD, imageOptions, parseRunArguments, VERSION_TEXT } from "../runOptions.js";
import { colours, UsageError } from "../terminal.js";

export const JIT_OPTIMISED_HELP = `stvm jit --tier=optimised [options] IMAGE 'Class>>selector' [ARGUMENT…]
stvm jit --tier=optimised --list [options] IMAGE [ARGUMENT…]

Runs an image with ARGUMENTs until the second tier has optimised that method ('[] in Class>>selector' for one of its
blocks), and shows its bytecodes and those of what is inlined in it, each with the WebAssembly that it has become. Where
the image ends before that, says why it was not optimised, with exit code 1. What the image prints goes to standard
error; what it saves is dropped.

  --exits                  shows the code that leaves to the interpreter too, which is a line for each place without it
  --at-end                 runs the image to its end, and shows what it was optimised to last
  --list                   runs the image to its end, and lists what was optimised: how often, in how many rounds, bytes
                           of WebAssembly, exits by cause, and what is inlined
  --json                   prints JSON, for programs

These come before the options of \`stvm run\`, of which --jit-threshold (default ${DEFAULT_JIT_THRESHOLD}; with 1 methods are optimised
when they are first found active), --edenSize, --maxOldSpaceSize, --workingDirectory and --debug-module count.`;

const VALUED = new Set(["tier"]);
const FLAGS = new Set(["at-end", "exits", "list", "json"]);

/** Whether the words behind `stvm jit` are for this; without it they are of the first tier, and nothing is run. */
export function isOptimisedRequest(words: readonly string[]): boolean {
  return words.some((word, at) => word === "--tier=optimised" || (word === "--tier" && words[at + 1] === "optimised"));
}

export async function jitOptimisedWithArguments(words: readonly string[]): Promise<void> {
  const { values, rest } = takeOwnOptions(words, VALUED, FLAGS);
  if (!values.has("tier"))
    throw new UsageError("--tier=optimised: give it before the image; what follows is the image's");
  const request = parseRunArguments(rest, "jit --tier=optimised");
  if (request.kind !== "run") {
    console.log(request.kind === "help" ? JIT_OPTIMISED_HELP : VERSION_TEXT);
    return;
  }
  const { options } = request;
  const isList = values.has("list");
  const [wanted, ...others] = options.imageArguments;
  if (!isList && wanted === undefined) {
    throw new UsageError("no method given; write stvm jit --tier=optimised IMAGE 'Class>>selector', or --list");
  }
  const vm = imageOptions({ ...options, imageArguments: isList ? options.imageArguments : others });
  const threshold = options.jitThreshold ?? DEFAULT_JIT_THRESHOLD;
  const all = { ...vm, jitThreshold: threshold };
  process.exitCode = isList ? await list(all, values.has("json")) : await show(all, wanted!.trim(), values);
  process.exit();
}

type VmOptions = ReturnType<typeof imageOptions> & { readonly jitThreshold: number };

async function show(vm: VmOptions, wanted: string, given: ReadonlyMap<string, string>): Promise<number> {
  const [{ runOptimised }, { methodNamed }, { optimisedText }] = await Promise.all([
    import("../jit/optimised.js"),
    import("../lookup.js"),
    import("../jit/optimisedListing.js"),
  ]);
  const [, block = "", method] = /^(\[\] in\s+)?(.*)$/.exec(wanted)!;
  let name = wanted;
  const run = await runOptimised(
    vm,
    (code) => !given.has("at-end") && code.get(name)?.listing !== undefined,
    async (session) => {
      name = (block && "[] in ") + session.reflection.methodName(await methodNamed(session, method!, vm.image));
    },
    given.has("exits"),
  );
  const found = run.code.find((each) => each.name === name);
  if (found?.listing === undefined) {
    const why = await run.stateOf(name);
    console.error(`stvm: ${name}: not optimised: ${why} (${run.end})`);
    return 1;
  }
  await print(
    given.has("json")
      ? `${JSON.stringify({ tier: "optimised", times: found.times, exits: exitsOf(found), ...found.listing }, undefined, 2)}\n`
      : optimisedText(found.listing, colours),
  );
  run.close();
  return 0;
}

async function list(vm: VmOptions, isJson: boolean): Promise<number> {
  const { runOptimised } = await import("../jit/optimised.js");
  const run = await runOptimised(
    vm,
    () => false,
    async () => {},
  );
  run.close();
  const code = run.code.filter(({ listing }) => listing !== undefined);
  const refused = run.code.filter(({ listing, refusal }) => listing === undefined && refusal !== undefined);
  if (isJson) {
    const made = code.map((one) => ({ ...summary(one), exits: exitsOf(one) }));
    const rest = refused.map(({ name, refusal }) => ({ name, reason: refusal }));
    await print(`${JSON.stringify({ end: run.end, optimised: made, refused: rest }, undefined, 2)}\n`);
    return 0;
  }
  await print(listText(code, refused));
  if (code.length === 0 && refused.length === 0)
    console.error(`stvm: ${vm.image}: nothing was optimised, it did not run for long enough; see --jit-threshold`);
  return 0;
}

function summary({ name, times, listing }: OptimisedCode) {
  const { rounds, bytes, scopes } = listing!;
  return { name, times, rounds, bytes, inlined: scopes.slice(1).map((each) => each.name) };
}

function exitsOf({ exits }: OptimisedCode): Record<string, number> {
  return Object.fromEntries(exits);
}

function listText(code: readonly OptimisedCode[], refused: readonly OptimisedCode[]): string {
  const lines = [
    `${"times".padStart(5)} ${"rounds".padStart(6)} ${"bytes".padStart(7)}  method, exits, what is inlined`,
  ];
  for (const one of code) {
    const { name, times, rounds, bytes, inlined } = summary(one);
    const columns = [String(times).padStart(5), String(rounds).padStart(6), String(bytes).padStart(7)].join(" ");
    const exits = [...one.exits].map(([cause, count]) => `${count} ${cause}`).join(", ");
    lines.push(`${columns}  ${colours.bold(name)}${exits === "" ? "" : `  exits: ${exits}`}`);
    for (const [each, count] of counted(inlined))
      lines.push(`${" ".repeat(22)}${each}${count > 1 ? `, ${count} times` : ""}`);
  }
  for (const { name, refusal } of refused)
    lines.push(`${"".padStart(20)}  ${colours.bold(name)}  not optimised: ${refusal}`);
  return `${lines.join("\n")}\n`;
}

/** How often each stands in a list, in order. */
function counted(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Writes all of it, also where a pipe takes it in parts: the process ends after that. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}
