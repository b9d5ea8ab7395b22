// Files of the build that programs are made from, as the compiled tools see them.

import { existsSync } from "node:fs";
import { UsageError } from "../terminal.js";

/** The address of a file in build/; a UsageError where it is missing. */
export function buildFile(name: string): URL {
  const file = new URL(`../../../${name}`, import.meta.url);
  if (!existsSync(file)) throw new UsageError(`build/${name}: not there; run \`npm run build\``);
  return file;
}
