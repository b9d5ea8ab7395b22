// What code has found out of classes, methods and numbers may change while it runs, or be more than it can hold.

import { expect, test } from "@jest/globals";
import { ownImage } from "./ownImage.js";

const run = ownImage("test/jit/changes");

const EXPECTED = `changeClass: 222999->nil
adoptInstance: 222999->nil
removeMethod: 3000249012
compareLarge: #(0 60000 60000 60000)
addLarge: -8.0
`;

test.each([
  ["off", "1"],
  ["baseline", "1"],
  ["on", "1"],
  ["on", "40"],
])(
  "--jit=%s --jit-threshold=%s",
  (tier, threshold) => {
    expect(run(`--jit=${tier}`, `--jit-threshold=${threshold}`)).toBe(EXPECTED);
  },
  60_000,
);
