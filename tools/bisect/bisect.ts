// Finds the method whose compilation, or optimisation, changes what a run shows: by halves, each half a run in which only
// methods with low numbers are compiled. Where a method goes wrong only when others are compiled too (it may not be
// called often enough from interpreted code), these are found in the same way, one after another, each with those found
// before.

/** What a run shows. */
export interface Shown {
  readonly output: string;
  /** How it ended: an exit code, or what went wrong. */
  readonly end: string;
}

export interface CompiledRun extends Shown {
  /** The methods and blocks that were compiled: names by number; several where their code is the same. */
  readonly compiled: ReadonlyMap<number, ReadonlySet<string>>;
}

/** Numbers from the first to the last. */
export type Range = readonly [first: number, last: number];

/** Runs with only the methods compiled whose numbers are in these ranges. */
export type RunWith = (ranges: readonly Range[]) => Promise<CompiledRun>;

export type Bisection =
  | { readonly kind: "same" }
  | {
      readonly kind: "found";
      /** Compiled together, without any other, these change what is shown; as a rule there is one. */
      readonly methods: readonly { readonly number: number; readonly names: readonly string[] }[];
      readonly expected: Shown;
      readonly seen: Shown;
      readonly runs: number;
    };

const LAST_NUMBER = 2 ** 32 - 1;
const MAX_METHODS = 16;

export async function bisect(
  expected: Shown,
  run: RunWith,
  progress: (runs: number, candidates: number) => void,
): Promise<Bisection> {
  const names = new Map<number, ReadonlySet<string>>();
  const needed: number[] = [];
  let runs = 0;
  let seen: CompiledRun;
  const isBad = async (ranges: readonly Range[], candidates: number): Promise<boolean> => {
    progress(++runs, candidates);
    const result = await run(ranges);
    for (const [number, found] of result.compiled) names.set(number, found);
    if (result.output === expected.output && result.end === expected.end) return false;
    seen = result;
    return true;
  };
  const only = (): Range[] => needed.map((number) => [number, number]);

  if (!(await isBad([[0, LAST_NUMBER]], 0))) return { kind: "same" };
  do needed.push(await lowestBad((last, candidates) => isBad([[0, last], ...only()], candidates), names));
  while (needed.length < MAX_METHODS && !(await isBad(only(), 1)));
  const methods = needed.map((number) => ({ number, names: [...(names.get(number) ?? [])].sort() }));
  return { kind: "found", methods, expected, seen: seen!, runs };
}

/**
 * The lowest number up to which code must be compiled for a run to go wrong. `names` holds what was ever compiled: a run
 * that goes right goes further and compiles more.
 */
async function lowestBad(
  isBad: (last: number, candidates: number) => Promise<boolean>,
  names: ReadonlyMap<number, unknown>,
): Promise<number> {
  // Compiled up to `good` all is well, up to `bad` it is not.
  let good = -1;
  let bad = Math.max(...names.keys());
  for (;;) {
    const between = [...names.keys()].filter((number) => number > good && number < bad).sort((a, b) => a - b);
    if (between.length === 0) return bad;
    const middle = between[between.length >> 1];
    if (await isBad(middle, between.length)) bad = middle;
    else good = middle;
  }
}
