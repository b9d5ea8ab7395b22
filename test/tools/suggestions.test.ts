// Near misses.

import { expect, test } from "@jest/globals";
import { editDistance, nearest, suggestion } from "../../tools/suggestions.js";

test.each([
  ["", "", 0],
  ["abc", "abc", 0],
  ["abc", "acb", 1],
  ["kitten", "sitting", 3],
  ["", "abc", 3],
])("from %j to %j in %i", (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test("other case comes first, then few edits; far names are left out", () => {
  expect(nearest("process", ["Processor", "Precess", "Process", "Apple"])).toEqual(["Process", "Precess", "Processor"]);
  expect(nearest("zzz", ["Process"])).toEqual([]);
});

test("words for people", () => {
  expect(suggestion("Procss", ["Process"])).toBe("; did you mean Process?");
  expect(suggestion("Procss", ["Process", "Procsx"])).toBe("; did you mean Process or Procsx?");
  expect(suggestion("Procss", [])).toBe("");
});
