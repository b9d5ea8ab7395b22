// What the compiler of methods has done so far, read from the module's counts.

import {
  COUNT_BLOCKS,
  COUNT_BYTES,
  COUNT_DROPS,
  COUNT_EXITS,
  COUNT_METHODS,
  COUNT_MICROSECONDS,
  COUNT_MODULES,
  COUNT_OPTIMISED_BLOCKS,
  COUNT_OPTIMISED_METHODS,
  COUNT_REFUSED,
  COUNT_SLICES,
  EXIT_CAUSES,
} from "../layout.js";
import type { VmExports } from "./module.js";

export interface JitStatistics {
  /** Compiled methods and blocks of each tier; one that is compiled again after a drop counts again. */
  readonly baseline: { readonly methods: number; readonly blocks: number };
  readonly optimised: { readonly methods: number; readonly blocks: number };
  /** Methods and blocks that cannot be compiled. */
  readonly refused: number;
  readonly modules: number;
  /** Of WebAssembly. */
  readonly bytes: number;
  /** Translating, and what the host takes to install; what its engine does later is not in it. */
  readonly compileMicroseconds: number;
  /** Slices that used up their polls, by where the last poll was: a sample every so many sends and loops, not of time. */
  readonly slices: { readonly interpreter: number; readonly baseline: number; readonly optimised: number };
  /** Times that all code was dropped, by cause. */
  readonly drops: Readonly<Record<DropCause, number>>;
  /** Exits from optimised code, by the number of the cause. */
  readonly exits: readonly number[];
}

const DROP_CAUSES = ["full", "moved", "become", "debugger"] as const;
type DropCause = (typeof DROP_CAUSES)[number];

export function jitStatistics(exports: VmExports): JitStatistics {
  const counts = new DataView(exports.memory.buffer, (exports.codeCounts as () => number)() >>> 0);
  const count = (place: number) => Number(counts.getBigUint64(place * 8, true));
  const drops = DROP_CAUSES.map((cause, index) => [cause, count(COUNT_DROPS + index)] as const);
  return {
    baseline: { methods: count(COUNT_METHODS), blocks: count(COUNT_BLOCKS) },
    optimised: { methods: count(COUNT_OPTIMISED_METHODS), blocks: count(COUNT_OPTIMISED_BLOCKS) },
    refused: count(COUNT_REFUSED),
    modules: count(COUNT_MODULES),
    bytes: count(COUNT_BYTES),
    compileMicroseconds: count(COUNT_MICROSECONDS),
    slices: {
      interpreter: count(COUNT_SLICES),
      baseline: count(COUNT_SLICES + 1),
      optimised: count(COUNT_SLICES + 2),
    },
    drops: Object.fromEntries(drops) as Record<DropCause, number>,
    exits: Array.from({ length: EXIT_CAUSES }, (_, cause) => count(COUNT_EXITS + cause)),
  };
}
