// Numbers of all kinds at the same bytecodes: what is learnt of one kind does not change another's results.

import { expect, test } from "@jest/globals";
import { ownImage } from "./ownImage.js";

const run = ownImage("test/jit/numbers");

test.each([
  ["baseline", "1"],
  ["on", "1"],
  ["on", "50"],
])(
  "--jit=%s --jit-threshold=%s",
  (tier, threshold) => {
    const interpreted = run();
    expect(interpreted).toMatch(/^add:to: 4\.0 3\.5 3 5 -5 3\.5 4296631820 /);
    expect(run(`--jit=${tier}`, `--jit-threshold=${threshold}`)).toBe(interpreted);
  },
  60_000,
);
