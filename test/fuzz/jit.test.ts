// Some images of random methods: compiled code shows what the interpreter shows. `npm run fuzz:jit` runs more of them.

import { expect, test } from "@jest/globals";
import { fuzzSeed } from "./jitFuzz.js";
import { BASELINE, FORCED_WAYS } from "./jitImages.js";
import { reportOf } from "./jitReport.js";

test.each([1, 2, 3, 4])("seed %i", async (seed) => {
  const findings = await fuzzSeed(seed, seed % 2 === 0 ? "sista" : "v3", [BASELINE, ...FORCED_WAYS]);
  expect(await Promise.all(findings.map((finding) => reportOf(finding)))).toEqual([]);
});
