// Samples of what an image does: the active process's stack wherever a short slice ends, weighed with the time that the
// slice took. Slices are irregular, so that no loop keeps step with them.

import { performance } from "node:perf_hooks";
import { exported, heapOf } from "../../vm/embed/heap.js";
import type { FinalOutcome, Vm } from "../../vm/embed/node.js";
import { Reflection } from "../../vm/embed/reflection.js";
import { type Activation, stackReader } from "../../vm/embed/stack.js";
import { FRAME_IS_COMPILED } from "../../vm/layout.js";

export const TIERS = ["interpreted", "baseline", "optimised"] as const;
export type Tier = (typeof TIERS)[number];

/** A method or block in one tier: `Class>>selector`, with "[] in " before it for a block. */
export interface ProfiledFrame {
  readonly name: string;
  readonly tier: Tier;
}

export interface Profile {
  readonly frames: readonly ProfiledFrame[];
  /** Indices of `frames`, outermost first. */
  readonly samples: readonly (readonly number[])[];
  /** Milliseconds of each sample. */
  readonly weights: readonly number[];
  /** Milliseconds that the image did nothing, or waited. */
  readonly idleMilliseconds: number;
}

const SLICE_MILLISECONDS = 1;
const FIRST_POLLS = 2000;
const MIN_POLLS = 50;
const MAX_POLLS = 1_000_000;
/** Of a deeper stack the outermost and the innermost frames are kept. */
const MAX_DEPTH = 400;
const OUTER_DEPTH = 100;
/** FRAMES_OF_SLICE of vm/interpreter/compiledCode.ts. */
const REMEMBERED_TIERS = 4;

/** Runs an image to its end; answers how it ended. `progress` is told how many samples there are. */
export async function sample(
  vm: Vm,
  progress: (samples: number) => void,
): Promise<{ outcome: FinalOutcome; profile: Profile }> {
  const frames = new FrameTable(vm);
  const samples: number[][] = [];
  const weights: number[] = [];
  let idleMilliseconds = 0;
  let polls = FIRST_POLLS;
  for (;;) {
    const budget = Math.round(polls * (0.5 + Math.random()));
    const start = performance.now();
    const outcome = vm.run((machine) => machine.run(budget));
    const milliseconds = performance.now() - start;
    if (outcome.kind === "quit" || outcome.kind === "fatal") {
      await vm.drivers.drained();
      return { outcome, profile: { frames: frames.all, samples, weights, idleMilliseconds } };
    }
    if (outcome.kind === "slice") {
      samples.push(frames.stack());
      weights.push(milliseconds);
      if (samples.length % 100 === 0) progress(samples.length);
      const wanted = (polls * SLICE_MILLISECONDS) / Math.max(milliseconds, 0.01);
      polls = Math.min(MAX_POLLS, Math.max(MIN_POLLS, (3 * polls + wanted) / 4));
    }
    const end = performance.now();
    await vm.wait(outcome);
    if (outcome.kind !== "slice") idleMilliseconds += performance.now() - end;
  }
}

/** Numbers frames by what they run. */
class FrameTable {
  readonly all: ProfiledFrame[] = [];
  private readonly numbers = new Map<string, number>();
  /** Of methods in old space, until they move. */
  private readonly names = new Map<number, string>();
  private readonly heap;
  private readonly reflection;
  private readonly reader;
  private collections = "";

  constructor(private readonly vm: Vm) {
    this.heap = heapOf(vm.exports);
    this.reflection = new Reflection(this.heap);
    this.reader = stackReader(vm.exports, this.heap);
  }

  /** The active process's stack, outermost first. */
  stack(): number[] {
    this.forgetWhatMoved();
    const chain = this.reader.active();
    const kept =
      chain.length <= MAX_DEPTH ? chain : [...chain.slice(0, MAX_DEPTH - OUTER_DEPTH), ...chain.slice(-OUTER_DEPTH)];
    // Of the innermost frames the module remembers what they were in; the flags of the others tell.
    const tiers = Number(exported(this.vm.exports, "sliceTiers").value);
    return kept
      .map((activation, index) =>
        this.numberOf(
          activation,
          index < REMEMBERED_TIERS ? TIERS[(tiers >> (2 * index)) & 3] : tierOf(activation.flags),
        ),
      )
      .reverse();
  }

  private numberOf(activation: Activation, tier: Tier): number {
    const name = `${activation.closure === 0 ? "" : "[] in "}${this.nameOf(activation.method)}`;
    const key = `${tier} ${name}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.all.length);
    return this.all.push({ name, tier }) - 1;
  }

  private nameOf(method: number): string {
    const known = this.names.get(method);
    if (known !== undefined) return known;
    const name = this.reflection.methodName(this.reflection.homeMethodOf(method));
    if (method >= this.heap.roots.oldSpaceStart) this.names.set(method, name);
    return name;
  }

  private forgetWhatMoved(): void {
    const [scavenges, collections] = ["scavengeCount", "fullCollectionCount"].map((name) =>
      Number(exported(this.vm.exports, name).value),
    );
    const now = `${scavenges} ${collections}`;
    if (now === this.collections) return;
    if (!this.collections.endsWith(` ${collections}`)) this.names.clear();
    this.collections = now;
    this.reflection.forget();
  }
}

function tierOf(flags: number): Tier {
  return (flags & FRAME_IS_COMPILED) === 0 ? "interpreted" : "baseline";
}
