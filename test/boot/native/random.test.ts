// Random modules as machine code against V8; `npm run fuzz:native` does the same for as long as wanted.

import { expect, test } from "@jest/globals";
import { fuzzNative } from "../../fuzz/nativeModules.js";

const SEED = 20_000;
const MODULES = 300;

test(`${MODULES} random modules do the same as machine code`, async () => {
  const report = await fuzzNative(SEED, MODULES);
  expect(report.problems).toEqual([]);
  // What is refused is not tried.
  expect([...report.refused.values()].reduce((sum, count) => sum + count, 0)).toBeLessThan(MODULES / 10);
  expect(report.calls).toBeGreaterThan(MODULES * 5);
}, 600_000);
