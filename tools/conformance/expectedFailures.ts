// Tests that are known to fail in a tier, one a line: `Class>>test  why`, or `sista Class>>test  why` for one bytecode set.
// Lines that begin with # are remarks. A test that is listed and passes is a failure too: the list must not outlive its reason.

import { existsSync, readFileSync } from "node:fs";
import { UsageError } from "../terminal.js";
import type { TestResult } from "./tapReader.js";

export interface Judged extends TestResult {
  readonly bytecodes: string;
  /** Failed as expected. */
  readonly isExpected: boolean;
}

export type Expectations = ReadonlyMap<string, string>;

/** The expectations in a file, by test; none where there is no file. Throws a UsageError on a line that cannot be read. */
export function readExpectations(path: string): Expectations {
  const found = new Map<string, string>();
  if (!existsSync(path)) return found;
  readFileSync(path, "utf8")
    .split("\n")
    .forEach((line, index) => {
      if (line.trim() === "" || line.startsWith("#")) return;
      const match = /^((?:sista |v3 )?(?:(?:first|second) restart: )?\w+>>\w+)\s+(.+)$/.exec(line.trim());
      if (match === null)
        throw new UsageError(`${path}:${index + 1}: no expectation; write Class>>test, spaces, and why it fails`);
      found.set(match[1], match[2]);
    });
  return found;
}

/** Holds results against what is expected; unexpected passes become failures. */
export function judge(results: readonly TestResult[], bytecodes: string, expected: Expectations): Judged[] {
  return results.map((result) => {
    const isListed = expected.has(result.name) || expected.has(`${bytecodes} ${result.name}`);
    if (!isListed) return { ...result, bytecodes, isExpected: false };
    if (result.outcome !== "passed") return { ...result, bytecodes, isExpected: result.outcome === "failed" };
    const message = "passed, though its failure is expected; take it off the list";
    return { ...result, bytecodes, outcome: "failed", message, isExpected: false };
  });
}
