// `npm run fuzz:native [-- SEED [COUNT]]`: random modules as machine code against V8. Prints each difference with its
// seed; STVM_KEEP=FOLDER keeps the modules. Exit code 1 for a difference.

import { fuzzNative } from "./nativeModules.js";

const seed = Number(process.argv[2] ?? Date.now() % 2 ** 31);
const count = Number(process.argv[3] ?? 10_000);
console.log(`seed ${seed}, ${count} modules`);
let told = 0;
const report = await fuzzNative(seed, count, (done, problems) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${count}, ${problems.length} differences `);
  for (; told < problems.length; told++) console.log(problems[told]);
});
if (process.stderr.isTTY) process.stderr.write("\n");
for (const [reason, times] of report.refused) console.log(`refused ${times}: ${reason}`);
console.log(`${report.modules} modules, ${report.calls} calls, ${report.problems.length} differences`);
process.exitCode = report.problems.length > 0 ? 1 : 0;
