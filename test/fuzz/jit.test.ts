// Some images of random methods: compiled code shows what the interpreter shows. `npm run fuzz:jit` runs more of them.

import { expect, test } from "@jest/globals";
import { fuzzSeed } from "./jitFuzz.js";
import { BASELINE } from "./jitImages.js";
import { reportOf } from "./jitReport.js";

test.each([1, 2, 3, 4, 5, 6])("seed %i", async (seed) => {
  const findings = await fuzzSeed(seed, seed % 2 === 0 ? "sista" : "v3", [BASELINE]);
  expect(await Promise.all(findings.map((finding) => reportOf(finding)))).toEqual([]);
});
