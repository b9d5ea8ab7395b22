// Methods that are compiled, changed and compiled again answer what they are changed to, and memory does not grow with how
// many there were (`npm run measure:churn` does the same with 20,000).

import { expect, test } from "@jest/globals";
import { runChurn } from "./churnRun.js";

test("5000 methods compiled, changed and compiled again", () => {
  const [interpreted, compiled] = runChurn(5000, ["off", "2"]);
  expect(compiled!.output).toBe(interpreted!.output);
  const { baseline, drops } = compiled!.statistics;
  expect(baseline.methods).toBeGreaterThan(8000);
  expect(drops.full).toBeGreaterThan(1);
  expect(compiled!.megabytes).toBeLessThan(300);
}, 120_000);
