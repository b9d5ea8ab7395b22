// Programs measured in turn in several ways, the ratios of their medians, and what these come to over all programs.

import { median } from "./benchmark.js";
import type { Program } from "./programs.js";
import { printRows, showProgress } from "./table.js";
import type { WayName } from "./ways.js";

/** What may be slower by less than this counts as equal. */
const TOLERANCE = 1.03;

export interface ProgramRow {
  readonly name: string;
  /** Milliseconds of each round. */
  readonly samples: Readonly<Partial<Record<WayName, number[]>>>;
  /** Why it could not be measured in some way; that way has no samples then. */
  readonly failures: readonly string[];
}

export interface Measured {
  readonly ways: readonly WayName[];
  readonly fastest: boolean;
  readonly rows: readonly ProgramRow[];
}

/** Each round runs a program in every way, so that what slows the machine for a while slows all. */
export function measurePrograms(
  programs: readonly Program[],
  ways: readonly WayName[],
  { rounds, fastest }: { readonly rounds: number; readonly fastest: boolean },
): Measured {
  const rows = programs.map((program) => {
    const samples: Partial<Record<WayName, number[]>> = Object.fromEntries(ways.map((way) => [way, []]));
    const failures: string[] = [];
    for (let round = 1; round <= rounds; round++) {
      for (const way of ways) {
        if (samples[way] === undefined) continue;
        showProgress(`${program.name} ${way} ${round}/${rounds}`);
        try {
          const times = program.run(way);
          samples[way].push(fastest ? times.fastest : times.total);
        } catch (error) {
          delete samples[way];
          failures.push(`${program.name} ${way}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }
    return { name: program.name, samples, failures };
  });
  showProgress("");
  return { ways, fastest, rows };
}

/** What the first way's time is in times of another; undefined where one of them failed. */
export function speedUp(row: ProgramRow, base: WayName, way: WayName): number | undefined {
  const [ours, theirs] = [row.samples[base], row.samples[way]];
  return ours === undefined || theirs === undefined ? undefined : median(ours) / median(theirs);
}

export interface Summary {
  readonly way: WayName;
  readonly speedUp: number;
  /** The programs that take more time than in the first way, by how much of it. */
  readonly slower: readonly { readonly name: string; readonly ratio: number }[];
}

/** One for each way but the first; without those in which every program failed. */
export function summariesOf({ ways, rows }: Measured): Summary[] {
  const [base, ...others] = ways;
  return others.flatMap((way) => {
    const known = rows.flatMap((row) => {
      const value = speedUp(row, base!, way);
      return value === undefined ? [] : [{ name: row.name, value }];
    });
    if (known.length === 0) return [];
    const slower = known
      .filter(({ value }) => 1 / value > TOLERANCE)
      .map(({ name, value }) => ({ name, ratio: 1 / value }));
    return [{ way, speedUp: median(known.map(({ value }) => value)), slower }];
  });
}

export function printPrograms(measured: Measured): void {
  const [base, ...others] = measured.ways;
  const milliseconds = (row: ProgramRow, way: WayName) =>
    row.samples[way] === undefined ? "FAILED" : median(row.samples[way]).toFixed(measured.fastest ? 2 : 0);
  const ratio = (row: ProgramRow, way: WayName) => {
    const value = speedUp(row, base!, way);
    return value === undefined ? "" : `x ${value.toFixed(2)}`;
  };
  const rows = measured.rows.map((row) => [
    row.name,
    milliseconds(row, base!),
    ...others.flatMap((way) => [milliseconds(row, way), ratio(row, way)]),
  ]);
  const what = measured.fastest ? "ms of the fastest iteration" : "ms";
  printRows([`program, ${what}`, base!, ...others.flatMap((way) => [way, "speed-up"])], rows);
  for (const { way, speedUp, slower } of summariesOf(measured)) {
    const names = slower.map(({ name, ratio }) => `${name} (${ratio.toFixed(2)} of the time)`).join(", ");
    const times = `median speed-up x ${speedUp.toFixed(2)} (${(1 / speedUp).toFixed(2)} of the time)`;
    console.log(`${way} over ${base}: ${times}; slower by more than 3 %: ${names || "none"}`);
  }
  for (const failure of measured.rows.flatMap(({ failures }) => failures)) console.log(failure);
}
