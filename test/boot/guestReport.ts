// What the conformance image reports from a machine without files.

import { expect } from "@jest/globals";

/** A kernel has no disk yet. */
const NEEDS_FILES = /^File(Attributes)?PluginTest>>/;

/** Every test of the report has passed but some of those that need files. */
export function expectOnlyFilesMissing(report: string): void {
  const failures = [...report.matchAll(/^not ok \d+ - (.*)$/gm)].map(([, name]) => name!);
  expect(failures.filter((name) => !NEEDS_FILES.test(name))).toEqual([]);
  // The day these pass, NEEDS_FILES goes.
  expect(failures).not.toEqual([]);
  const [, total] = /^# (\d+) tests, \d+ failed/m.exec(report) ?? [];
  expect(report.match(/^ok \d+ /gm)).toHaveLength(Number(total) - failures.length);
}
