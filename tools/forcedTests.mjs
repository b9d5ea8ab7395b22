// `npm run test:forced`: the conformance image interpreted, compiled and optimised, with what is rare happening all the
// time: a poll wherever there may be one, a scavenge behind every allocation, and exits at guards of optimised code, whatever they find.
// Words behind go to `stvm test`: `npm run test:forced -- --bytecodes v3 --filter BecomeTest`.

import { spawnSync } from "node:child_process";

const WAYS = [
  ["interpreted", "--force=polls,scavenges"],
  ["compiled", "--jit-threshold=1", "--force=polls,scavenges"],
  ["optimised", "--jit=on", "--jit-threshold=1", "--force=polls,scavenges,exits"],
];

const failed = WAYS.filter(([name, ...options]) => {
  console.log(`${name}: stvm test ${options.join(" ")}`);
  const words = ["bin/stvm.mjs", "test", "--timeout=600", ...options, ...process.argv.slice(2)];
  return spawnSync(process.execPath, words, { stdio: "inherit" }).status !== 0;
});
if (failed.length > 0) console.error(`test:forced: ${failed.map(([name]) => name).join(", ")} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;
