// `npm run fuzz:image [-- SEED]`: every real image cut at 200 places and changed 2,000 times; exit code 1 for a failure.

import { openSharedLoader, REAL_IMAGES, realImage } from "../image/loader.js";
import { fuzzImage } from "./imageFuzz.js";

const CUTS = 200;
const MUTATIONS = 2000;

const seed = Number(process.argv[2] ?? Date.now() % 2 ** 32);
console.log(`seed ${seed}`);
let failed = 0;
for (const name of REAL_IMAGES) {
  const image = realImage(name);
  if (image === undefined) {
    console.log(`${name}: skipped, the image is missing`);
    continue;
  }
  const result = fuzzImage(await openSharedLoader(), image, CUTS, MUTATIONS, seed);
  const taken = result.messages.get("") ?? 0;
  console.log(
    `${name}: ${CUTS + MUTATIONS} images, ${taken} loaded, slowest ${result.slowestMilliseconds.toFixed(0)} ms`,
  );
  for (const failure of result.failures) console.log(`  ${failure}`);
  failed += result.failures.length;
}
console.log(`${failed} failures, seed ${seed}`);
process.exitCode = failed > 0 ? 1 : 0;
