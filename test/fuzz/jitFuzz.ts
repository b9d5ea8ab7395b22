// The differential fuzzer of compiled code: images of random methods, interpreted and run in other ways; what differs is
// made as small as it gets.

import { randomFrom } from "./imageMutations.js";
import { type Difference, differences, imageOf, INTERPRETED, run, type SetName, type Way } from "./jitImages.js";
import { type Case, type MethodTree, smallerNodes, TreeMaker } from "./jitTrees.js";
import { EncodingLimit } from "../../tools/smalltalk/encoder.js";

/** Few, since each full collection has all code compiled anew. */
export const CASES_PER_IMAGE = 12;
/** Images built and run to make one difference smaller. */
const MAX_SHRINKING_RUNS = 400;

export interface Finding {
  readonly seed: number;
  readonly set: SetName;
  readonly way: Way;
  readonly cases: readonly Case[];
  readonly difference: Difference;
}

/** The cases of a seed. */
export function casesOf(seed: number, count = CASES_PER_IMAGE): Case[] {
  const maker = new TreeMaker(randomFrom(seed));
  return Array.from({ length: count }, (_, index) => maker.case(`m${index}`));
}

/** Runs the image of one seed in every way; answers the first difference of each, as it was found. */
export async function fuzzSeed(seed: number, set: SetName, ways: readonly Way[]): Promise<Finding[]> {
  const cases = casesOf(seed);
  const image = imageOrNothing(cases, set);
  if (image === undefined) return [];
  const expected = await run(image, INTERPRETED);
  // What even the interpreter cannot run to its end is compared as far as it went.
  const found: Finding[] = [];
  for (const way of ways) {
    const [difference] = differences(expected, await run(image, way));
    if (difference !== undefined) found.push({ seed, set, way, cases, difference });
  }
  return found;
}

/** An image, or nothing where a method is too large for its bytecode set. */
function imageOrNothing(cases: readonly Case[], set: SetName): Uint8Array | undefined {
  try {
    return imageOf(cases, set);
  } catch (error) {
    if (error instanceof EncodingLimit) return undefined;
    throw error;
  }
}

/** The finding with fewer and smaller cases that still differ. */
export async function shrink(finding: Finding, progress: (runs: number, cases: number) => void): Promise<Finding> {
  let best = finding;
  let runs = 0;
  const tryCases = async (cases: readonly Case[]): Promise<boolean> => {
    if (runs >= MAX_SHRINKING_RUNS || cases.length === 0) return false;
    progress(++runs, best.cases.length);
    const difference = await differenceOf(cases, best);
    if (difference === undefined) return false;
    best = { ...best, cases, difference };
    return true;
  };
  const { index } = best.difference;
  if (index >= 0) {
    // Later cases cannot matter; earlier ones may.
    if (!(await tryCases([best.cases[index]]))) await tryCases(best.cases.slice(0, index + 1));
  }
  for (let position = 0; position < best.cases.length && best.cases.length > 1;) {
    if (!(await tryCases(best.cases.toSpliced(position, 1)))) position++;
  }
  for (let changed = true; changed && runs < MAX_SHRINKING_RUNS;) {
    changed = false;
    for (const cases of smallerCases(best.cases)) {
      if (!(await tryCases(cases))) continue;
      changed = true;
      break;
    }
  }
  return best;
}

async function differenceOf(cases: readonly Case[], { set, way }: Finding): Promise<Difference | undefined> {
  const image = imageOrNothing(cases, set);
  if (image === undefined) return undefined;
  return differences(await run(image, INTERPRETED), await run(image, way))[0];
}

/** Cases with one thing less: a call, a method that nothing calls, a part of a method. */
function* smallerCases(cases: readonly Case[]): Generator<readonly Case[]> {
  for (let index = 0; index < cases.length; index++) {
    const { methods, calls } = cases[index];
    for (let method = 0; method < methods.length - 1; method++) {
      const { selector } = methods[method];
      if (methods.some((each) => JSON.stringify(each.body, plain).includes(`"${selector}"`))) continue;
      yield cases.with(index, { calls, methods: methods.toSpliced(method, 1) });
    }
    for (let method = methods.length - 1; method >= 0; method--) {
      for (const body of smallerNodes(methods[method].body)) {
        const tree: MethodTree = { ...methods[method], body };
        yield cases.with(index, { calls, methods: methods.with(method, tree) });
      }
    }
  }
}

function plain(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}
