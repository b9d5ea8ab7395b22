// The arithmetic of the benchmarks: medians, ratios, differences.

import { expect, test } from "@jest/globals";
import { type Benchmark, median, resultsOf } from "./benchmark.js";

const benchmark: Benchmark = {
  name: "example",
  against: "other",
  figures: [
    { key: "ms", unit: "ms", compare: "ratio", goal: 3 },
    { key: "peak", unit: "MB", compare: "difference" },
  ],
  measure: () => ({}),
  measureOther: () => ({}),
};

test("the median is the middle, or the mean of the two in the middle", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 1, 2, 4])).toBe(3);
});

test("medians are compared, so that one slow round changes nothing", () => {
  const samples = [4, 400, 6].map((ms) => ({ ms, peak: 100 }));
  const others = [2, 3, 2].map((ms) => ({ ms, peak: 40 }));
  const [ratio, difference] = resultsOf(benchmark, samples, others);
  expect(ratio).toMatchObject({ key: "ms", median: 6, otherMedian: 2, value: 3, goal: 3, rounds: 3 });
  expect(difference).toMatchObject({ key: "peak", value: 60, goal: undefined });
});
