// The arithmetic of the benchmarks: medians, ratios, differences, and programs measured in several ways.

import { expect, test } from "@jest/globals";
import { type Benchmark, median, resultsOf } from "./benchmark.js";
import type { Program } from "./programs.js";
import { measurePrograms, speedUp, summariesOf } from "./programTable.js";

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

test("programs are run in turn, one that fails costs only its own way, and speed-ups are of medians", () => {
  const order: string[] = [];
  const program = (name: string, baseline: () => number): Program => ({
    name,
    run(way) {
      order.push(`${name} ${way}`);
      const total = way === "off" ? 100 : baseline();
      return { total, fastest: total / 10 };
    },
  });
  const programs = [
    program("quick", () => 25),
    program("slow", () => 104),
    program("equal", () => 102),
    program("wrong", () => {
      throw new Error("the result is 1, not 2");
    }),
  ];
  const measured = measurePrograms(programs, ["off", "baseline"], { rounds: 3, fastest: true });
  expect(order.slice(0, 4)).toEqual(["quick off", "quick baseline", "quick off", "quick baseline"]);
  expect(order.filter((word) => word.startsWith("wrong"))).toEqual(
    ["off", "baseline", "off", "off"].map((w) => `wrong ${w}`),
  );
  expect(measured.rows[0]!.samples).toEqual({ off: [10, 10, 10], baseline: [2.5, 2.5, 2.5] });
  expect(speedUp(measured.rows[0]!, "off", "baseline")).toBe(4);
  expect(measured.rows[3]!.failures).toEqual(["wrong baseline: the result is 1, not 2"]);
  expect(speedUp(measured.rows[3]!, "off", "baseline")).toBeUndefined();
  const [summary] = summariesOf(measured);
  expect(summary).toMatchObject({ way: "baseline", slower: [{ name: "slow", ratio: 1.04 }] });
  expect(summary!.speedUp).toBeCloseTo(100 / 102);
});
