// What images show in a guest: the report of the conformance image, and the default image at work with files.

import { expect } from "@jest/globals";

/** Every test of the report has passed. */
export function expectAllPassed(report: string): void {
  expect(report.match(/^not ok .*$/gm)).toBeNull();
  const [, total, skipped] = /^# (\d+) tests, 0 failed, (\d+) skipped$/m.exec(report) ?? [];
  expect(Number(total)).toBeGreaterThan(2900);
  expect(report.match(/^ok \d+ /gm)).toHaveLength(Number(total));
  expect(skipped).toBe("0");
}

/** Methods and blocks that were compiled in the guest, and when its kernel was built: what stvm.jit-stats says. */
export function compiledCounts(report: string): { atRun: number; ahead: number } {
  const [, atRun, ahead] = /^stvm: compiled (\d+) methods .* besides (\d+) with the kernel$/m.exec(report) ?? [];
  return { atRun: Number(atRun), ahead: Number(ahead) };
}

/** Writes a file in parts and reads it, saves the image, lists the root, and deletes. */
export const FILE_EXPRESSIONS = [
  "FileStream forceNewFileNamed: 'd' do: [ :f | 1 to: 3000 do: [ :i | f nextPutAll: i printString; nextPut: $; ] ]",
  "(FileStream contentsOf: 'd') size",
  "Smalltalk snapshot: true andQuit: false",
  "FileStream readOnlyFileNamed: 'default.image' do: [ :f | f binary. (f next: 4) -> (f size > 300000) ]",
  "FileStream entriesIn: '/'",
  "FileStream delete: 'd'; delete: '/default.image'; entriesIn: '/'",
];
export const FILE_ANSWERS = ["#[181 11 1 0]->true", "#('d' 'default.image')", "#()"];
