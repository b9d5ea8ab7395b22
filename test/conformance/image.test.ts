// The conformance image, built and run for both bytecode sets as `stvm test` does it; a crash, a hang and a failure of its
// own are reported as such.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "@jest/globals";
import { judge, readExpectations } from "../../tools/conformance/expectedFailures.js";
import { tapReader } from "../../tools/conformance/tapReader.js";

const MINUTES = 60_000;
/** No fewer than the issue that asked for it wants. */
const FEWEST_TESTS = 1000;

interface Report {
  readonly tests: number;
  readonly failed: number;
  readonly results: readonly {
    bytecodes: string;
    name: string;
    outcome: string;
    message: string;
    isExpected: boolean;
  }[];
}

function runTests(...options: string[]): { status: number | null; report: Report } {
  const words = [resolve("bin/stvm.mjs"), "test", "--json", ...options];
  const run = spawnSync(process.execPath, words, { encoding: "utf8", maxBuffer: 1 << 28, timeout: 5 * MINUTES });
  if (run.stdout === "") throw new Error(run.stderr);
  return { status: run.status, report: JSON.parse(run.stdout) as Report };
}

test(
  "every test of the conformance image passes, and of the image of what is ours alone, with both bytecode sets",
  () => {
    const { status, report } = runTests();
    const failures = report.results.filter(({ outcome, isExpected }) => outcome === "failed" && !isExpected);
    expect(failures.map(({ bytecodes, name, message }) => `${bytecodes} ${name}: ${message}`)).toEqual([]);
    expect(status).toBe(0);
    for (const set of ["sista", "v3"]) {
      const names = report.results.filter(({ bytecodes }) => bytecodes === set).map(({ name }) => name);
      expect(names.length).toBeGreaterThan(FEWEST_TESTS);
      expect(new Set(names).size).toBe(names.length);
      expect(names.filter((name) => name.startsWith("ChecksumPluginTest>>")).length).toBeGreaterThan(0);
    }
    process.stderr.write(`test/conformance/image: ${report.tests} tests in both images\n`);
  },
  6 * MINUTES,
);

test("a report that breaks off names the test under way; cuts in lines do no harm", () => {
  const reader = tapReader();
  const text = [
    "TAP version 13",
    "1..4",
    "# run 1 A>>one",
    "ok 1 - A>>one",
    "# run 2 A>>two",
    "not ok 2 - A>>two",
    "  ---",
    "  message: 'it''s wrong'",
    "  ...",
    "# run 3 A>>three",
    "ok 3 - A>>three # SKIP no reason",
    "# run 4 A>>four",
    "",
  ].join("\n");
  for (let at = 0; at < text.length; at += 7) reader.take(text.slice(at, at + 7), 0);
  reader.end();
  expect(reader.planned).toBe(4);
  expect(reader.underWay).toEqual({ number: 4, name: "A>>four" });
  expect(reader.results.map(({ outcome, message }) => `${outcome} ${message}`)).toEqual([
    "passed ",
    "failed it's wrong",
    "skipped no reason",
  ]);
});

test("a listed failure is expected, a listed pass is a failure", () => {
  const folder = mkdtempSync(join(tmpdir(), "stvm-"));
  try {
    const path = join(folder, "interpreter.txt");
    writeFileSync(path, "# remarks\nA>>one  a reason\nv3 A>>two  another\n");
    const expected = readExpectations(path);
    const results = ["one", "two"].map((name) => ({ name: `A>>${name}`, message: "", milliseconds: 0 }));
    const failed = judge(
      results.map((each) => ({ ...each, outcome: "failed" })),
      "sista",
      expected,
    );
    expect(failed.map(({ isExpected }) => isExpected)).toEqual([true, false]);
    const passed = judge(
      results.map((each) => ({ ...each, outcome: "passed" })),
      "v3",
      expected,
    );
    expect(passed.map(({ outcome }) => outcome)).toEqual(["failed", "failed"]);
    writeFileSync(path, "A>>one\n");
    expect(() => readExpectations(path)).toThrow(/interpreter\.txt:1: /);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test(
  "a filter and a seed choose and shuffle; JUnit and TAP have what was run",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "stvm-"));
    try {
      const files = ["--junit", join(folder, "j.xml"), "--tap", join(folder, "t.tap")];
      const { status, report } = runTests(
        "--filter",
        "ControlMessageTest",
        "--seed",
        "3",
        "--bytecodes",
        "v3",
        ...files,
      );
      expect(status).toBe(0);
      const names = report.results.map(({ name }) => name);
      expect(names.every((name) => name.startsWith("ControlMessageTest>>"))).toBe(true);
      expect(names).not.toEqual([...names].sort());
      expect(readFileSync(join(folder, "j.xml"), "utf8").match(/<testcase /g)).toHaveLength(names.length);
      expect(readFileSync(join(folder, "t.tap"), "utf8").match(/^ok \d+ - v3 /gm)).toHaveLength(names.length);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  MINUTES,
);
