// Reading Smalltalk source for the tools: events in the order of evaluation, names, and lines for pcs.

import { describe, expect, test } from "@jest/globals";
import { parseMethod } from "../../tools/methodSyntax.js";
import { lineMap } from "../../tools/sourceMap.js";
import { selectorOfSource } from "../../tools/sources.js";
import { decodeAll } from "../../vm/tables/decode.js";

function eventsOf(source: string): string {
  return parseMethod(source)
    .events.map(({ name }) => name)
    .join(" ");
}

describe("events come in the order of evaluation", () => {
  test.each([
    ["foo ^ self bar", "bar ^"],
    ["foo ^ a b + c d", "b d + ^"],
    ["foo x := y at: 1 + 2 put: z size", "+ size at:put: :="],
    ["foo s nextPut: $'; nl; print: 3 - -4", "nextPut: nl - print:"],
    ["foo ^ #(1 $a #b (2 3) foo: nil) size", "size ^"],
    ["foo ^ {a x. b y} , #[1 2]", "x y , ^"],
    ["foo \"a comment ^ here\" ^ 'it''s' size", "size ^"],
    ["foo ^ c collect: [:e | | t | t := e x. t]", "x := collect: ^"],
    ["foo <primitive: 1> ^ a | b", "| ^"],
    ["foo self changed: #bar. self baz", "changed: baz"],
    ["foo ^ 16rFF + 1.5e10 - 2", "+ - ^"],
    ["foo x _ 3. ^ x", ":= ^"],
  ])("%s", (source, events) => expect(eventsOf(source)).toBe(events));
});

test("patterns name selector and arguments, temporaries follow", () => {
  const { selector, argumentNames, tempNames } = parseMethod("at: i put: v | a b | <primitive: 61> ^ v");
  expect({ selector, argumentNames, tempNames }).toEqual({
    selector: "at:put:",
    argumentNames: ["i", "v"],
    tempNames: ["a", "b"],
  });
  expect(parseMethod("\\\\ other ^ 1")).toMatchObject({ selector: "\\\\", argumentNames: ["other"] });
  expect(parseMethod("| other ^ 1")).toMatchObject({ selector: "|", argumentNames: ["other"] });
});

test.each([
  ["foo\n\t^ 1", "foo"],
  ['"first" foo: "an" a bar: b\n^a', "foo:bar:"],
  ["-> other ^ 1", "->"],
  ["size", "size"],
])("the selector of %j", (source, selector) => expect(selectorOfSource(source)).toBe(selector));

test("broken source is read as far as it goes", () => {
  for (const source of ["", "foo ^ (", "foo [:a", "foo #(", "foo 'x", "foo )]}", "foo ^ a ; ; b:"]) {
    expect(() => parseMethod(source)).not.toThrow();
  }
});

test("pcs lead to lines", () => {
  // push self, send 0, pop; push temp 0, send 1, return.
  const bytes = Uint8Array.of(0x70, 0xd0, 0x87, 0x10, 0xd1, 0x7c);
  const lineOf = lineMap("run: x\n\tself first.\n\n\t^ x second", decodeAll(bytes, "V3PlusClosures"), (index) =>
    index === 0 ? "first" : "second",
  );
  expect([0, 1, 2, 3, 4, 5].map(lineOf)).toEqual([2, 2, 4, 4, 4, 4]);
});
