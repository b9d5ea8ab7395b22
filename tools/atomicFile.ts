// Files that appear whole or not at all.

import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "./terminal.js";

/**
 * Writes a file under another name and then renames it; folders on the way are made. A file that has these bytes already
 * is left alone; `mode` is that of a new file. Throws a UsageError with the path and the reason.
 */
export function writeAtomically(path: string, bytes: Uint8Array, mode?: number): void {
  const temporary = `${path}.${process.pid}.part`;
  try {
    if (existsSync(path) && Buffer.compare(readFileSync(path), bytes) === 0) return;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, bytes);
    if (mode !== undefined) chmodSync(temporary, mode);
    renameSync(temporary, path);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary);
    throw new UsageError(`${path}: cannot be written (${(error as Error).message}); choose another place`);
  }
}
