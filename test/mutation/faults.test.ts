// The list of faults against the sources as they are: a place that is gone or not alone any more would make the mutation
// check stop long after the change that is to blame. The check itself is `npm run mutate`.

import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { FAULTS } from "./faults.js";
import { awaken, type Fault, locate, withFaults } from "./seeding.js";

const FEWEST_FAULTS = 40;

test("every fault's place is in its file exactly once, and its name is its own", () => {
  const problems = FAULTS.flatMap((fault) => {
    try {
      locate(fault, readFileSync(fault.file, "utf8"));
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
  expect(problems).toEqual([]);
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
  expect(FAULTS.length).toBeGreaterThanOrEqual(FEWEST_FAULTS);
});

test("expressions are chosen by ?:, statements by if, each where it stands", () => {
  const place = (text: string, wrong: string): Fault => ({ name: text, file: "vm/a/b.ts", place: text, wrong });
  const faults = new Map([
    [3, place("f(«a + 1»)", "a")],
    [4, place("}\n«g();»", "")],
  ]);
  expect(withFaults("x = f(a + 1);\n{}\ng();\n", "vm/a/b.ts", faults)).toBe(
    'import { seededFault } from "../../vm/seededFault";\n' +
      "x = f((seededFault == 3 ? (a) : (a + 1)));\n{}\nif (seededFault == 4) {  } else { g(); }\n",
  );
  expect(() => withFaults("f(a + 1); f(a + 1);", "vm/a/b.ts", faults)).toThrow(/more than once/);
  expect(() => withFaults("nothing", "vm/a/b.ts", faults)).toThrow(/no longer has/);
  expect(() => awaken(new Uint8Array(8), 1)).toThrow(/exactly once/);
});
