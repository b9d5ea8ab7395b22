#!/usr/bin/env node
// Starts the stvm command as it was built.

import { existsSync } from "node:fs";

const command = new URL("../build/js/tools/stvm.js", import.meta.url);
if (existsSync(command)) {
  await import(command.href);
} else {
  console.error("stvm: the command has not been built; run `npm run build` in its folder");
  process.exitCode = 1;
}
