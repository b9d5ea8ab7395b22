// Methods that are compiled, changed and compiled again answer what they are changed to, and memory does not grow with how
// many there were (`npm run measure:churn` does the same with 20,000).

import { expect, test } from "@jest/globals";
import { runChurn } from "./churnRun.js";

test.each(["1", "3", "40"])(
  "nothing stale runs, compiled at call %s",
  (threshold) => {
    const [compiled] = runChurn(100, [threshold]);
    expect(compiled!.output.split("\n").slice(3)).toEqual([
      "at first: 65, 75",
      "a bytecode changed: 55, 75",
      "methods became each other: 75, 55",
      "another method installed: 75, 95",
      "another class: 5500, 95",
      "a method removed: 75, 95",
      "collected: 75, 95",
      "",
    ]);
    expect(compiled!.statistics.drops.become).toBeGreaterThan(0);
    // A method that was compiled has died.
    expect(compiled!.statistics.drops.moved).toBeGreaterThan(0);
  },
  60_000,
);

test("5000 methods compiled, changed and compiled again", () => {
  const [interpreted, compiled] = runChurn(5000, ["off", "2"]);
  expect(compiled!.output).toBe(interpreted!.output);
  const { baseline, drops } = compiled!.statistics;
  expect(baseline.methods).toBeGreaterThan(8000);
  expect(drops.full).toBeGreaterThan(1);
  expect(compiled!.megabytes).toBeLessThan(300);
}, 120_000);
