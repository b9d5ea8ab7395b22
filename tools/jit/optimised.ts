// Runs an image and hears what its second tier makes, or cannot make, and where its code is left.

import { heapOf } from "../../vm/embed/heap.js";
import { createVm, type Vm, type VmOptions } from "../../vm/embed/node.js";
import { Reflection } from "../../vm/embed/reflection.js";
import type { VmExports } from "../../vm/embed/module.js";
import { codeName, firstBytecode } from "../codeName.js";
import { methodNamed } from "../lookup.js";
import type { Session } from "../session.js";
import { causeName } from "./exits.js";
import { listOptimised, type OptimisedListing } from "./optimisedListing.js";
import { loadDisassembler } from "./wasmText.js";

/** What has become of a method or block, or of several that have the same name. */
export interface OptimisedCode {
  readonly name: string;
  /** How often it was optimised; each time but the first since its code was left too often, or dropped. */
  times: number;
  /** Exits from it so far, by cause. */
  readonly exits: Map<string, number>;
  /** The last time it was optimised. */
  listing?: OptimisedListing;
  /** Why it was not, where that was tried. */
  refusal?: string;
}

export interface OptimisedRun {
  readonly code: readonly OptimisedCode[];
  /** How the image ended; undefined where it was left before. */
  readonly end?: string;
  /** What a method or block is by the end, for one that was not optimised. */
  stateOf(name: string): Promise<string>;
  close(): void;
}

/** Runs until `isEnough`, which is asked after each slice, or to the image's end. Nothing that it saves is kept. */
export async function runOptimised(
  options: VmOptions,
  isEnough: (code: ReadonlyMap<string, OptimisedCode>) => boolean,
  check: (session: Session) => Promise<void>,
  areExitsWhole = false,
): Promise<OptimisedRun> {
  const disassemble = await loadDisassembler();
  const code = new Map<string, OptimisedCode>();
  const named = (name: string) => {
    const known = code.get(name) ?? { name, times: 0, exits: new Map<string, number>() };
    code.set(name, known);
    return known;
  };
  const vm = await createVm({
    // Its output is not what was asked for.
    stdout: (bytes) => void process.stderr.write(bytes),
    ...options,
    optimises: true,
    onSnapshot: () => {},
    log: (_level, line) => {
      const told = read(line);
      if (told === undefined) return;
      const session = sessionOf(vm);
      const one = named(codeName(session, told.method, told.start));
      if (told.kind === "exit") {
        const cause = causeName(told.cause);
        one.exits.set(cause, (one.exits.get(cause) ?? 0) + 1);
      } else if (told.kind === "refused") one.refusal = told.reason;
      else {
        one.times++;
        const wasm = new Uint8Array(vm.exports.memory.buffer, told.at, told.bytes).slice();
        one.listing = listOptimised(session, { ...told, wasm }, disassemble, areExitsWhole);
      }
    },
  });
  await check(sessionOf(vm));
  (vm.exports.tellOptimiser as () => void)();
  const end = await runUntil(vm, () => isEnough(code));
  return {
    code: [...code.values()],
    end,
    stateOf: (name) => stateOf(sessionOf(vm), name, options.image as string, code),
    close: () => vm.destroy(),
  };
}

/** As things lie just now. */
function sessionOf(vm: Vm): Session {
  const heap = heapOf(vm.exports);
  return { vm, heap, reflection: new Reflection(heap) };
}

/** Answers how the image ended, if it did. */
async function runUntil(vm: Vm, isEnough: () => boolean): Promise<string | undefined> {
  for (;;) {
    const outcome = vm.run();
    if (isEnough()) return undefined;
    if (outcome.kind === "quit") return `exit code ${outcome.code}`;
    if (outcome.kind === "fatal") return outcome.message;
    await vm.wait(outcome);
  }
}

type Told =
  | {
      readonly kind: "made";
      readonly method: number;
      readonly start: number;
      readonly bytes: number;
      readonly at: number;
      readonly rounds: number;
      readonly homes: number;
      readonly floats: number;
    }
  | { readonly kind: "refused"; readonly method: number; readonly start: number; readonly reason: string }
  | { readonly kind: "exit"; readonly method: number; readonly start: number; readonly cause: number };

const MADE = /^optimised method (\d+) from (\d+) bytes (\d+) at (\d+) rounds (\d+) homes (\d+) floats (\d+)$/;
const REFUSED = /^not optimised method (\d+) from (\d+): (.*)$/;
const EXIT = /^exit of method (\d+) from (\d+) cause (\d+)$/;

/** A line of vm/interpreter/optimiserLog.ts. */
function read(line: string): Told | undefined {
  const made = MADE.exec(line);
  if (made !== null) {
    const [method, start, bytes, at, rounds, homes, floats] = made.slice(1).map(Number) as Numbers;
    return { kind: "made", method, start, bytes, at, rounds, homes, floats };
  }
  const refused = REFUSED.exec(line);
  if (refused !== null) {
    return { kind: "refused", method: Number(refused[1]), start: Number(refused[2]), reason: refused[3]! };
  }
  const exit = EXIT.exec(line);
  if (exit === null) return undefined;
  return { kind: "exit", method: Number(exit[1]), start: Number(exit[2]), cause: Number(exit[3]) };
}

type Numbers = [number, number, number, number, number, number, number];

/** Why a method or block has no code of the second tier, as far as that can be seen at the end. */
async function stateOf(
  session: Session,
  name: string,
  image: string,
  code: ReadonlyMap<string, OptimisedCode>,
): Promise<string> {
  const refusal = code.get(name)?.refusal;
  if (refusal !== undefined) return refusal;
  const inliners = [...code.values()].filter(({ listing }) =>
    listing?.scopes.slice(1).some((each) => each.name === name),
  );
  if (inliners.length > 0) return `it is inlined in ${inliners.map((each) => each.name).join(", ")}`;
  if (name.startsWith("[] in ")) return "it was not found active often enough, or it is inlined where it is made";
  const method = await methodNamed(session, name, image);
  const exports = session.vm.exports as StateExports;
  const state = exports.compileState(method, method + firstBytecode(session, method));
  if (state === 0) return "it was not called often enough to be compiled at all; see --jit-threshold";
  if (state === 1) return "it cannot be compiled, and stays interpreted";
  return `it was found active ${state >> 2} times, which is not often enough`;
}

interface StateExports extends VmExports {
  /** vm/interpreter/codeRecords.ts. */
  compileState(method: number, start: number): number;
}
