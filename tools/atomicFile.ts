// Files that appear whole or not at all.

import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "./terminal.js";

/**
 * Writes a file under another name and then renames it; folders on the way are made. A file that has these bytes already
 * is left alone; `mode` is that of a new file. Throws a UsageError with the path and the reason; also where a device, a
 * pipe or a folder is there, which a rename would replace.
 */
export function writeAtomically(path: string, bytes: Uint8Array, mode?: number): void {
  if (path === "") throw new UsageError("the file to write has no name; give one");
  // A short name of its own: the file's may be as long as a name can be.
  const temporary = join(dirname(path), `.stvm.${process.pid}.part`);
  try {
    if (existsSync(path)) {
      if (!statSync(path).isFile()) throw new Error("it is there and no file");
      if (Buffer.compare(readFileSync(path), bytes) === 0) return;
    }
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, bytes);
    if (mode !== undefined) chmodSync(temporary, mode);
    renameSync(temporary, path);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary);
    throw new UsageError(`${path}: cannot be written (${(error as Error).message}); choose another place`);
  }
}

/** Throws a UsageError where what is to be written is one of the files that it is made from; undefined names are passed over. */
export function refuseOverwriting(output: string, inputs: readonly (string | undefined)[]): void {
  for (const input of inputs) {
    if (input !== undefined && isSameFile(output, input))
      throw new UsageError(`${output}: would take the place of ${input}, which it is made from; choose another name`);
  }
}

function isSameFile(one: string, other: string): boolean {
  if (!existsSync(one) || !existsSync(other)) return false;
  const [first, second] = [statSync(one), statSync(other)];
  return first.dev === second.dev && first.ino === second.ino;
}
