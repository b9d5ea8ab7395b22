// Which primitives this virtual machine answers, as tools/generate.mjs found them in the sources it was built from.

import { existsSync, readFileSync } from "node:fs";

interface Answers {
  /** Numbers of tables/primitives.ts whose function exists and does not only say "unsupported". */
  readonly numbered: readonly number[];
  /** Functions by module; "" holds those that need no module name. */
  readonly named: Readonly<Record<string, readonly string[]>>;
}

let answers: Answers | undefined;

export function answeredNumbers(): Set<number> {
  return new Set(read().numbered);
}

export function answeredNamed(module: string, name: string): boolean {
  return read().named[module]?.includes(name) ?? false;
}

export function answeredModules(): Readonly<Record<string, readonly string[]>> {
  return read().named;
}

function read(): Answers {
  if (answers !== undefined) return answers;
  const file = new URL("../../generated/primitives.json", import.meta.url);
  if (!existsSync(file)) throw new Error("stvm: build/generated/primitives.json is missing; run `npm run build`");
  answers = JSON.parse(readFileSync(file, "utf8")) as Answers;
  return answers;
}
