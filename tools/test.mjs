// `npm test`: the checks, then every test; the last line says `N passed, N failed, N skipped`. The checks count as one
// test. Arguments go to jest: `npm test -- test/embed`.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";

const COUNTS = "build/test-counts.json";

const checks = spawnSync(process.execPath, ["tools/check.mjs"], { stdio: "inherit" });
rmSync(COUNTS, { force: true });
const jest = spawnSync(process.execPath, ["node_modules/jest/bin/jest.js", ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --experimental-vm-modules --no-warnings` },
});

const counts = existsSync(COUNTS) ? JSON.parse(readFileSync(COUNTS, "utf8")) : { passed: 0, failed: 1, skipped: 0 };
if (checks.status === 0) counts.passed++;
else counts.failed++;
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 || jest.status !== 0 ? 1 : 0;
