// Images full of random methods, run in several ways, and what their lines of output differ in.

import { createVm, VmError } from "../../vm/embed/node.js";
import type { VmExports } from "../../vm/embed/module.js";
import { FORCE_EXITS, FORCE_FULL_COLLECTIONS, FORCE_POLLS, FORCE_SCAVENGES } from "../../vm/layout.js";
import { buildImage } from "../../tools/smalltalk/image/buildImage.js";
import { BYTECODE_SETS, readRecipe } from "../../tools/smalltalk/image/recipe.js";
import type { Compile, MethodDefinition, PackageDefinition } from "../../tools/smalltalk/compiledMethod.js";
import { compile } from "../../tools/smalltalk/compiler.js";
import { renderDiagnostic } from "../../tools/smalltalk/diagnostics.js";
import { readTonelPackage } from "../../tools/smalltalk/tonel.js";
import { assemble } from "./jitAssembler.js";
import type { Case, MethodTree } from "./jitTrees.js";

export type SetName = keyof typeof BYTECODE_SETS & ("sista" | "v3");

/** A way to run an image. */
export interface Way {
  readonly name: string;
  readonly jitThreshold?: number;
  readonly optimises?: boolean;
  readonly isDebugModule?: boolean;
  /** Polls of one slice, where it is to be short. */
  readonly slicePolls?: number;
  /** What to set before the image runs. */
  prepare?(exports: VmExports): void;
}

export const INTERPRETED: Way = { name: "interpreted" };
export const BASELINE: Way = { name: "baseline", jitThreshold: 1 };

/** Both tiers, the second as soon as it may be. */
export const OPTIMISED: Way = { name: "optimised", jitThreshold: 1, optimises: true };

/** Compiled, with what is rare happening all the time. */
export const FORCED_WAYS: readonly Way[] = [
  forcing("polls", FORCE_POLLS),
  forcing("scavenges", FORCE_SCAVENGES),
  forcing("everything", FORCE_POLLS | FORCE_SCAVENGES | FORCE_FULL_COLLECTIONS),
  { name: "slices", jitThreshold: 1, slicePolls: 3 },
];

/** The same in both tiers. */
export const FORCED_OPTIMISED_WAYS: readonly Way[] = [
  ...FORCED_WAYS,
  { ...forcing("exits", FORCE_EXITS), slicePolls: 50 },
].map((way) => ({ ...way, name: `optimised-${way.name}`, optimises: true }));

function forcing(name: string, what: number): Way {
  return { name, jitThreshold: 1, prepare: (exports) => (exports.force as (bits: number) => void)(what) };
}

const RECIPE = "test/fuzz/jitImage";
const SLICE_POLLS = 20_000;
/** A case that takes longer is no good: what random methods do is bounded. */
const MAX_SLICES = 4000;
const MAX_IDLE = 4;
const MAX_OLD_SPACE_BYTES = 128 << 20;

/** An image with cases; each calls its last method some times. */
export function imageOf(cases: readonly Case[], set: SetName): Uint8Array {
  const trees = new Map<string, MethodTree>();
  for (const { methods } of cases) for (const tree of methods) trees.set(tree.selector, tree);
  const recipe = { ...readRecipe(RECIPE), bytecodes: BYTECODE_SETS[set] };
  const compiler: Compile = (source, scope, options) => {
    const tree = source.file === RANDOM ? trees.get(source.text) : undefined;
    if (tree === undefined) return compile(source, scope, options);
    return { kind: "method", method: assemble(tree, options.bytecodeSet, scope), warnings: [] };
  };
  const result = buildImage(recipe, {
    compile: compiler,
    readTonelPackage(folder) {
      const { content, errors } = readTonelPackage(folder);
      return { content: content.name === "Fuzz" ? withCases(content, cases) : content, errors };
    },
  });
  if (result.kind === "errors") throw new Error(result.errors.map(renderDiagnostic).join("\n"));
  return result.image.bytes;
}

const RANDOM = "random";

function withCases(content: PackageDefinition, cases: readonly Case[]): PackageDefinition {
  const random = cases.flatMap(({ methods }) => methods.map(({ selector }) => randomMethod(selector)));
  const callers = cases.map(({ methods, calls }, index) => caller(index, methods[methods.length - 1], calls));
  const names = cases.map((_, index) => `#${caseSelector(index)}`).join(" ");
  const list = classMethod("cases", `cases\n\t^ #(${names})`);
  const added: Record<string, MethodDefinition[]> = { FuzzObject: random, FuzzRunner: [list, ...callers] };
  const classes = content.classes.map((each) => ({ ...each, methods: [...each.methods, ...(added[each.name] ?? [])] }));
  return { ...content, classes };
}

function caseSelector(index: number): string {
  return `case${index}:round:`;
}

function randomMethod(selector: string): MethodDefinition {
  return {
    className: "FuzzObject",
    isClassSide: false,
    selector,
    protocol: "random",
    source: { text: selector, file: RANDOM },
  };
}

function classMethod(selector: string, text: string): MethodDefinition {
  return { className: "FuzzRunner", isClassSide: true, selector, protocol: "cases", source: { text, file: "cases" } };
}

/** Source of the method that calls a case's last method, with other arguments in each round. */
function caller(index: number, { selector }: MethodTree, calls: Case["calls"]): MethodDefinition {
  const words = selector.split(":");
  const sends = calls.map((values, round) => {
    const message = values.length === 0 ? selector : values.map((value, at) => `${words[at]}: ${value}`).join(" ");
    return `\tround = ${round + 1} ifTrue: [ ^ subject ${message} ].`;
  });
  return classMethod(caseSelector(index), [`case${index}: subject round: round`, ...sends].join("\n"));
}

/** What a run of an image showed, by case and round. */
export interface Run {
  readonly lines: ReadonlyMap<string, string>;
  /** How it ended, where not in order; the case under way is the last line that is not whole. */
  readonly fault?: string;
}

/** What the host says of invalid code (vm/embed/compiledCode.ts). */
const NOT_INSTALLED = "compiled code cannot be installed";

/** Runs an image to its end, or until it has taken too long. */
export async function run(image: Uint8Array, way: Way): Promise<Run> {
  let text = "";
  let refusal: string | undefined;
  const decoder = new TextDecoder("latin1");
  const vm = await createVm({
    image,
    fileAccess: "none",
    stdout: (bytes) => void (text += decoder.decode(bytes)),
    stderr: () => {},
    log: (_level, message) => void (refusal ??= message.startsWith(NOT_INSTALLED) ? message : undefined),
    wasm: way.isDebugModule ? "debug" : "release",
    jitThreshold: way.jitThreshold,
    optimises: way.optimises,
    maxOldSpaceBytes: MAX_OLD_SPACE_BYTES,
    slicePolls: way.slicePolls ?? SLICE_POLLS,
  });
  const maxSlices = (MAX_SLICES * SLICE_POLLS) / (way.slicePolls ?? SLICE_POLLS);
  let idle = 0;
  let fault: string | undefined = "does not come to an end";
  try {
    way.prepare?.(vm.exports);
    for (let slice = 0; slice < maxSlices; slice++) {
      const outcome = vm.run();
      if (outcome.kind === "quit") {
        fault = outcome.code === 0 && text.endsWith("end\n") ? undefined : `exit code ${outcome.code}`;
        break;
      }
      if (outcome.kind === "fatal") {
        fault = [outcome.message, ...outcome.stack].join("\n");
        break;
      }
      if (outcome.kind === "slice") continue;
      // The process that runs the cases has ended; nothing random waits.
      if (++idle > MAX_IDLE) {
        fault = "waits for nothing";
        break;
      }
      await vm.wait(outcome);
    }
  } catch (error) {
    fault = error instanceof VmError ? error.message : String(error);
  } finally {
    vm.destroy();
  }
  // All would be interpreted, and be right.
  if (refusal !== undefined) return { lines: new Map(), fault: refusal };
  const lines = new Map(text.split("\n").map((line) => splitLine(line)));
  return { lines, fault };
}

function splitLine(line: string): [key: string, seen: string] {
  const at = line.indexOf(": ");
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 2)];
}

export interface Difference {
  /** Number of the case, or -1 where the whole run went wrong before any. */
  readonly index: number;
  readonly round: number;
  readonly expected: string;
  readonly seen: string;
}

/** The first round of each case in which a run shows something else than the expected one. */
export function differences(expected: Run, seen: Run): Difference[] {
  const found = new Map<number, Difference>();
  for (const [key, line] of expected.lines) {
    const [, number, digit] = /^(\d+) (\d)$/.exec(key) ?? [];
    const index = Number(number) - 1;
    if (number === undefined || found.has(index)) continue;
    const other = seen.lines.get(key);
    if (other === line) continue;
    found.set(index, {
      index,
      round: Number(digit),
      expected: line,
      seen: other ?? "(nothing)",
    });
    // What comes behind a crash says nothing.
    if (seen.fault !== undefined && (other === undefined || other === "")) break;
  }
  const first = [...found.values()];
  if (seen.fault === undefined || first.length === 0) return first;
  return [...first.slice(0, -1), { ...first[first.length - 1], seen: seen.fault }];
}
