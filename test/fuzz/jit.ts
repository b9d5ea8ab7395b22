// `npm run fuzz:jit [-- SEED [IMAGES [WAYS]]]`: random methods in both bytecode sets, interpreted and compiled; WAYS are
// names with commas between. Each difference is printed with its seed, made small, and shown with bytecodes and their
// WebAssembly. Exit code 1 for a difference.

import { reportOf } from "./jitReport.js";
import { BASELINE, FORCED_OPTIMISED_WAYS, FORCED_WAYS, OPTIMISED, type SetName, type Way } from "./jitImages.js";
import { fuzzSeed, shrink } from "./jitFuzz.js";

const WAYS: readonly Way[] = [BASELINE, OPTIMISED, ...FORCED_WAYS, ...FORCED_OPTIMISED_WAYS];

const seed = Number(process.argv[2] ?? Date.now() % 2 ** 31);
const count = Number(process.argv[3] ?? 200);
const wanted = process.argv[4]?.split(",");
const ways = WAYS.filter(({ name }) => wanted === undefined || wanted.includes(name));
if (ways.length === 0) {
  console.error(
    `fuzz:jit: ${process.argv[4]}: no such way to run; there are ${WAYS.map(({ name }) => name).join(", ")}`,
  );
  process.exit(2);
}
console.log(`seed ${seed}, ${count} images, ${ways.map(({ name }) => name).join(", ")}`);
let found = 0;
for (let index = 0; index < count; index++) {
  tell(`image ${index} of ${count}, ${found} differences`);
  const set: SetName = (seed + index) % 2 === 0 ? "sista" : "v3";
  for (const finding of await fuzzSeed(seed + index, set, ways)) {
    found++;
    console.log(`difference: npm run fuzz:jit -- ${finding.seed} 1 ${finding.way.name} (${finding.set})`);
    const small = await shrink(finding, (runs, cases) => tell(`making it smaller: ${runs} runs, ${cases} cases`));
    for (const line of await reportOf(small)) console.log(line);
  }
}
tell("");
console.log(`${count} images, ${found} differences`);
process.exitCode = found > 0 ? 1 : 0;

function tell(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
