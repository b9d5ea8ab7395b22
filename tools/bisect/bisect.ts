// Finds the first method, in the order of the numbers that the module gives to code, whose compilation changes what a
// run shows: by halves, each half a run in which only methods up to a number are compiled.

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

/** Runs with only the methods from one number to another compiled. */
export type RunWith = (first: number, last: number) => Promise<CompiledRun>;

export type Bisection =
  | { readonly kind: "same" }
  | {
      readonly kind: "found";
      readonly names: readonly string[];
      /** Runs that compile from 0 to this number go wrong, those that stop before it do not. */
      readonly number: number;
      /** Whether it goes wrong also where nothing else is compiled. */
      readonly isAlone: boolean;
      readonly expected: Shown;
      readonly seen: Shown;
      readonly runs: number;
    };

export const LAST_NUMBER = 2 ** 32 - 1;

export async function bisect(
  expected: Shown,
  run: RunWith,
  progress: (runs: number, candidates: number) => void,
): Promise<Bisection> {
  let runs = 1;
  progress(runs, 0);
  const whole = await run(0, LAST_NUMBER);
  if (isSame(expected, whole)) return { kind: "same" };
  const names = new Map(whole.compiled);
  let numbers = [...names.keys()].sort((a, b) => a - b);
  let seen: CompiledRun = whole;
  // Up to numbers[good] all is well (-1: nothing compiled), up to numbers[bad] it is not.
  let good = -1;
  let bad = numbers.length - 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    progress(++runs, bad - good);
    const half = await run(0, numbers[middle]);
    for (const [number, found] of half.compiled) names.set(number, found);
    if (isSame(expected, half)) good = middle;
    else {
      bad = middle;
      seen = half;
    }
    if (bad - good > 1) continue;
    // A run that does not go wrong goes further, and compiles what was not known to be compiled at all.
    const [low, high] = [good < 0 ? -1 : numbers[good], numbers[bad]];
    const between = [...names.keys()].filter((number) => number > low && number < high);
    if (between.length === 0) continue;
    numbers = [...(good < 0 ? [] : [low]), ...between.sort((a, b) => a - b), high];
    good = good < 0 ? -1 : 0;
    bad = numbers.length - 1;
  }
  const number = numbers[bad] ?? LAST_NUMBER;
  progress(++runs, 1);
  const alone = await run(number, number);
  return {
    kind: "found",
    names: [...(names.get(number) ?? [])].sort(),
    number,
    isAlone: !isSame(expected, alone),
    expected,
    seen,
    runs,
  };
}

function isSame(a: Shown, b: Shown): boolean {
  return a.output === b.output && a.end === b.end;
}
