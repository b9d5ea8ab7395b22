// Golden files: input and expected output together, one case a line or a block. `UPDATE=1 npm test` writes them anew and
// the diff is the review.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "@jest/globals";

/**
 * Compares a golden file with what `render` makes of its text; with UPDATE=1 in the environment writes it instead.
 * `render` must keep the inputs, so that rendering twice gives the same.
 */
export function expectGolden(path: string, render: (text: string) => string): void {
  const present = presentText(path);
  compare(path, present, render(present));
}

/** The same where rendering takes its time. */
export async function expectGoldenOf(path: string, render: (text: string) => Promise<string>): Promise<void> {
  const present = presentText(path);
  compare(path, present, await render(present));
}

function presentText(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function compare(path: string, present: string, rendered: string): void {
  if (process.env.UPDATE === "1") writeFileSync(path, rendered);
  else expect(rendered).toBe(present);
}
