// The table of numbered primitives against the functions in the sources: nothing named twice, nothing unsupported
// without a reason.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { MARKER_PRIMITIVES, NUMBERED_PRIMITIVES } from "../../vm/tables/primitives.js";

test("numbers rise, so that each stands once; markers are none of them", () => {
  const numbers = NUMBERED_PRIMITIVES.map(([number]) => number);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(MARKER_PRIMITIVES.filter(([number]) => numbers.includes(number))).toEqual([]);
});

test("just those primitives that only say unsupported have a reason", () => {
  const sources = ["primitives", "vm/interpreter"].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(join(folder, name), "utf8")),
  );
  const only = /^export function (primitive\w+)\(\): void \{\s*fail\(ERROR_UNSUPPORTED\);\s*\}/gm;
  const unsupported = sources.flatMap((text) => [...text.matchAll(only)].map(([, name]) => name));
  const defined = sources.flatMap((text) =>
    [...text.matchAll(/^export function (primitive\w+)\(\): void/gm)].map(([, name]) => name),
  );
  const withReason = NUMBERED_PRIMITIVES.filter(([, name, reason]) => reason !== undefined && defined.includes(name));
  const numbered = new Set(NUMBERED_PRIMITIVES.map(([, name]) => name));
  expect(withReason.map(([, name]) => name).sort()).toEqual(unsupported.filter((name) => numbered.has(name)).sort());
});
