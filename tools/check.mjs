// `npm run check`: formatting, types and the tidy rules, in turn; all three are run even where one fails.

import { spawnSync } from "node:child_process";

const STEPS = [
  ["formatting", "node_modules/prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "--cache", "."],
  ["types", "node_modules/typescript/bin/tsc", "--noEmit", "-p", "tsconfig.json"],
  ["tidy rules", "tools/tidy.mjs"],
];

let failures = 0;
for (const [name, ...command] of STEPS) {
  const { status } = spawnSync(process.execPath, command, { stdio: "inherit" });
  if (status === 0) continue;
  failures++;
  console.error(`check: ${name} failed`);
}
if (failures === 0) console.log("check: formatting, types and tidy rules are in order");
process.exitCode = failures > 0 ? 1 : 0;
