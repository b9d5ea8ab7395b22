// The compiler against another one: all methods of the Cuis image, compiled to V3PlusClosures, must have the bytecodes
// that they have there, but for the few in the golden file, each with a cause that docs/compiler-differences.md explains.

import { expect } from "@jest/globals";
import { expectGolden } from "../../golden.js";
import { imagePath, testWithImages } from "../../images.js";
import { compareCuis, comparisonReport } from "./cuisComparison.js";

testWithImages("the methods of Cuis compile to the bytecodes that the image has", async () => {
  const comparison = await compareCuis(imagePath("cuis5/cuis5-tests-64"));
  expectGolden("test/tools/smalltalk/cuis.golden", () => comparisonReport(comparison, false));
  expect(comparison.equalBytecodes / comparison.compared).toBeGreaterThan(0.98);
});
