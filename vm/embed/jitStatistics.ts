// What the compiler of methods has done so far, read from the module's counts.

import * as layout from "../layout.js";
import type { VmExports } from "./module.js";

/** What one tier has compiled. */
export interface TierStatistics {
  /** One that is compiled again counts again. */
  readonly methods: number;
  readonly blocks: number;
  readonly modules: number;
  /** Of WebAssembly. */
  readonly bytes: number;
  /** Translating, and what the host takes to install; what its engine does later is not in it. */
  readonly compileMicroseconds: number;
}

export interface JitStatistics {
  readonly baseline: TierStatistics;
  readonly optimised: TierStatistics;
  /** Methods and blocks that cannot be compiled. */
  readonly refused: number;
  /** Modules that the host did not take, and the errno of the last; 0 for none. */
  readonly notTaken: { readonly modules: number; readonly lastError: number };
  /**
   * Where the time of running went, compiling not counted: that of a slice counts for the tier in which it ended. `untold`
   * is what came after the last slice that used up its polls.
   */
  readonly microseconds: Readonly<Record<(typeof TIERS)[number] | "untold", number>>;
  /** Slices that used up their polls, by where the last poll was. */
  readonly slices: Readonly<Record<(typeof TIERS)[number], number>>;
  /** Times that all code was dropped, by cause. */
  readonly drops: Readonly<Record<(typeof DROP_CAUSES)[number], number>>;
  /** Exits from optimised code (deoptimisations), by cause. */
  readonly exits: Readonly<Record<(typeof EXIT_CAUSES)[number], number>>;
  /** Optimised methods and blocks whose code was thrown away: it was left too often, or what it took for granted changed. */
  readonly thrownAway: { readonly leftTooOften: number; readonly outOfDate: number };
}

const TIERS = ["interpreter", "baseline", "optimised"] as const;
const DROP_CAUSES = ["full", "moved", "become", "debugger"] as const;
/** By number (vm/interpreter/optimisedCode.ts). */
export const EXIT_CAUSES = ["unreached", "class", "number", "element", "boolean", "bytecode"] as const;

export function jitStatistics(exports: VmExports): JitStatistics {
  const counts = new DataView(exports.memory.buffer, (exports.codeCounts as () => number)() >>> 0);
  const count = (place: number) => Number(counts.getBigUint64(place * 8, true));
  const named = <Name extends string>(names: readonly Name[], first: number) =>
    Object.fromEntries(names.map((name, index) => [name, count(first + index)])) as Record<Name, number>;
  const tier = (methods: number, modules: number) => ({
    methods: count(methods),
    blocks: count(methods + 1),
    modules: count(modules),
    bytes: count(modules + 1),
    compileMicroseconds: count(modules + 2),
  });
  return {
    baseline: tier(layout.COUNT_METHODS, layout.COUNT_MODULES),
    optimised: tier(layout.COUNT_OPTIMISED_METHODS, layout.COUNT_OPTIMISED_MODULES),
    refused: count(layout.COUNT_REFUSED),
    notTaken: { modules: count(layout.COUNT_NOT_TAKEN), lastError: count(layout.COUNT_NOT_TAKEN_ERROR) },
    microseconds: { ...named(TIERS, layout.COUNT_TIME), untold: count(layout.COUNT_TIME_UNTOLD) },
    slices: named(TIERS, layout.COUNT_SLICES),
    drops: named(DROP_CAUSES, layout.COUNT_DROPS),
    exits: named(EXIT_CAUSES, layout.COUNT_EXITS),
    thrownAway: { leftTooOften: count(layout.COUNT_LEFT_TOO_OFTEN), outOfDate: count(layout.COUNT_OUT_OF_DATE) },
  };
}

/** The statistics of several virtual machines together; undefined of none. */
export function summedStatistics(all: readonly JitStatistics[]): JitStatistics | undefined {
  if (all.length === 0) return undefined;
  const [sum, lastError] = [all.reduce(add), Math.max(...all.map(({ notTaken }) => notTaken.lastError))];
  return { ...sum, notTaken: { ...sum.notTaken, lastError } };
}

/** Adds all numbers in two objects of the same shape. */
function add<Counts extends object>(a: Counts, b: Counts): Counts {
  const entries = Object.entries(a).map(([name, value]) => {
    const other = b[name as keyof Counts];
    return [name, typeof value === "number" ? value + (other as number) : add(value, other as object)];
  });
  return Object.fromEntries(entries) as Counts;
}
