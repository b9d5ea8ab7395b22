// Programs that are measured in several ways: those of images/benchmarks, and the scripts of test/bench in the Cuis image.

import { Missing } from "./benchmark.js";
import { cuisFolder, runScript, SCRIPT_NAMES } from "./cuis.js";
import { runIn, stvm, type WayName } from "./ways.js";

const RECIPE = "images/benchmarks";
const IMAGE = "build/benchmarks.image";

/** Of one run, in milliseconds, by the image's own clock: without starting. */
export interface Times {
  readonly total: number;
  /** The fastest iteration; the whole for a program without iterations. */
  readonly fastest: number;
}

export interface Program {
  readonly name: string;
  readonly isLong?: boolean;
  /** Throws where the program fails or has a wrong result. */
  run(way: WayName): Times;
}

/**
 * Those of images/benchmarks, which is built for it, with so many iterations each if not their own count. By the processor's
 * time where a busy machine is to disturb less.
 */
export function allPrograms(isProcessorTime: boolean, iterations?: number): Program[] {
  stvm("build-image", RECIPE, "-o", IMAGE, "--no-sources");
  const names = runIn("off", { image: IMAGE, words: ["--list"], primitives: "reachable" })
    .trim()
    .split("\n");
  const clock = isProcessorTime ? ["--cpu"] : [];
  const count = iterations === undefined ? [] : [String(iterations)];
  return names.map((name) => ({
    name,
    run: (way) => timesIn(runIn(way, { image: IMAGE, words: [...clock, name, ...count], primitives: "reachable" })),
  }));
}

function timesIn(output: string): Times {
  const found = /^\w+: \d+ iterations, (\d+) us, fastest (\d+) us$/m.exec(output);
  if (found === null) throw new Error(`printed ${JSON.stringify(output)} and no times`);
  return { total: Number(found[1]) / 1000, fastest: Number(found[2]) / 1000 };
}

/** The scripts of test/bench/scripts; none, with the reason printed, where the Cuis image is missing. */
export function allScripts(): Program[] {
  try {
    cuisFolder();
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.error(`bench: scripts are not measured, since ${error.message}`);
    return [];
  }
  return SCRIPT_NAMES.map((name) => ({
    name: `cuis-${name}`,
    run(way) {
      const milliseconds = runScript(name, way);
      return { total: milliseconds, fastest: milliseconds };
    },
  }));
}
