// What a benchmark is: something to measure, what it is measured in turn with, and the figures that come of the pair.

/** Names of measured quantities, such as "ms", with their values in one round. */
export type Sample = Readonly<Record<string, number>>;

export type Comparison = "ratio" | "share" | "difference";

export interface Figure {
  /** The quantity, a key of both samples. */
  readonly key: string;
  readonly unit: "ms" | "MB";
  /** "ratio" divides the medians, "share" the other way round; "difference" subtracts what it is measured in turn with. */
  readonly compare: Comparison;
  /** The greatest value of ratio or difference, the least of a share, that is good enough. */
  readonly goal?: number;
}

export interface Benchmark {
  readonly name: string;
  /** What it is measured in turn with, for the table. */
  readonly against: string;
  readonly figures: readonly Figure[];
  /** Only where asked for: it takes minutes. */
  readonly isLong?: boolean;
  measure(): Sample;
  measureOther(): Sample;
}

/** Something that this machine or checkout lacks, so that a benchmark cannot run. */
export class Missing extends Error {}

/** The middle of the values; the mean of the two in the middle where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export interface Result {
  readonly benchmark: string;
  readonly key: string;
  readonly unit: "ms" | "MB";
  readonly median: number;
  readonly against: string;
  readonly otherMedian: number;
  readonly compare: Comparison;
  readonly value: number;
  readonly goal?: number;
  readonly rounds: number;
}

/** Compares the medians of all rounds, one result for each figure. */
export function resultsOf(benchmark: Benchmark, samples: readonly Sample[], others: readonly Sample[]): Result[] {
  return benchmark.figures.map(({ key, unit, compare, goal }) => {
    const own = median(samples.map((sample) => sample[key]));
    const otherMedian = median(others.map((sample) => sample[key]));
    const value = valueOf(compare, own, otherMedian);
    const { name, against } = benchmark;
    const rounds = samples.length;
    return { benchmark: name, key, unit, median: own, against, otherMedian, compare, value, goal, rounds };
  });
}

function valueOf(compare: Comparison, own: number, other: number): number {
  if (compare === "difference") return own - other;
  return compare === "ratio" ? own / other : other / own;
}
