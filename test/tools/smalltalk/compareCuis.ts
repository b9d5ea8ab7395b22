// `npm run compare:cuis`: the comparison of cuisComparison.ts with the source of each method that differs.

import { existsSync } from "node:fs";
import { compareCuis, comparisonReport } from "./cuisComparison.js";

const image = process.argv[2] ?? "../shared/images/cuis5/cuis5-tests-64.image";
if (existsSync(image)) process.stdout.write(comparisonReport(await compareCuis(image), true));
else {
  console.error(`compare:cuis: ${image} is missing; give the path of a Cuis image that lies beside its sources`);
  process.exitCode = 2;
}
