// A jest reporter that leaves the counts for tools/test.mjs, which prints them as the last line.

import { mkdirSync, writeFileSync } from "node:fs";

export default class CountReporter {
  onRunComplete(_contexts, results) {
    const counts = {
      passed: results.numPassedTests,
      // A file that could not be loaded has no tests to fail: it counts as one.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    };
    mkdirSync("build", { recursive: true });
    writeFileSync("build/test-counts.json", JSON.stringify(counts));
  }
}
