// Damaged images, a few of each kind; `npm run fuzz:image` makes many.

import { expect, test } from "@jest/globals";
import { fuzzImage } from "../fuzz/imageFuzz.js";
import { imagesArePresent, openSharedLoader, realImage } from "./loader.js";

const testImage = imagesArePresent() ? test : test.skip;
const load = await openSharedLoader();
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32);

testImage.each([
  ["headless/headless-64", 200, 500],
  ["headless/headless-32", 200, 500],
  ["codeparadise/client-environment-32", 50, 200],
  ["pharo8-kernel/Pharo", 20, 40],
  ["cuis5/cuis5-32", 5, 10],
])("%s: damaged %i and %i times, it ends in a status or loads soundly", (name, cuts, mutations) => {
  const result = fuzzImage(load, realImage(name)!, cuts, mutations, seed);
  expect({ seed, failures: result.failures }).toEqual({ seed, failures: [] });
  // Damage is found, and not all of it is.
  expect(result.messages.size).toBeGreaterThan(1);
});
