// Reading Smalltalk source for the tools: events in the order of evaluation, names, and lines for pcs.

import { describe, expect, test } from "@jest/globals";
import { instructionsOf } from "../../tools/disassembly.js";
import { openImage } from "../../tools/session.js";
import { outlineOf } from "../../tools/smalltalk/evaluationOrder.js";
import { lineMap } from "../../tools/sourceMap.js";
import { selectorOfSource, Sources } from "../../tools/sources.js";
import { decodeAll } from "../../vm/tables/decode.js";
import { imagePath, testWithImages } from "../images.js";

function eventsOf(source: string): string {
  return outlineOf(source)
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

test("arguments and temporaries by name", () => {
  expect(outlineOf("at: i put: v | a b | <primitive: 61> ^ v")).toMatchObject({
    argumentNames: ["i", "v"],
    tempNames: ["a", "b"],
  });
  expect(outlineOf("| other ^ 1")).toMatchObject({ argumentNames: ["other"], tempNames: [] });
});

test.each([
  ["foo\n\t^ 1", "foo"],
  ['"first" foo: "an" a bar: b\n^a', "foo:bar:"],
  ["-> other ^ 1", "->"],
  ["size", "size"],
])("the selector of %j", (source, selector) => expect(selectorOfSource(source)).toBe(selector));

test("broken source has an empty outline", () => {
  for (const source of ["", "foo ^ (", "foo [:a", "foo #(", "foo 'x", "foo )]}", "foo ^ a ; ; b:"]) {
    expect(outlineOf(source).events).toEqual([]);
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

testWithImages("methods compiled again: each send lies on the line that says so", async () => {
  const image = imagePath("cuis5/cuis5-tests-64");
  const { reflection, heap, vm } = await openImage(image);
  const sources = new Sources(reflection, image);
  const counts = { methods: 0, sends: 0 };
  const wrong: string[] = [];
  for (const className of ["OrderedCollection", "Integer", "SystemDictionary", "ContextPart", "Morph class"]) {
    for (const { selector, method } of reflection.methodsOf(reflection.classNamed(className)!)) {
      const source = sources.sourceOf(method);
      if (typeof source === "string" || source.recorded === undefined) continue;
      counts.methods++;
      const lines = source.text.split("\n");
      for (const { pc, operand } of instructionsOf(reflection, method)) {
        if (operand?.kind !== "send") continue;
        counts.sends++;
        const [keyword] = /^\w+:?|.*/.exec(heap.string(heap.reference(method, operand.selector + 1)))!;
        const line = source.recorded.lineOf(pc);
        if (line === undefined || !lines[line - 1].includes(keyword))
          wrong.push(`${className}>>${selector} ${keyword} ${line}`);
      }
    }
  }
  vm.destroy();
  // A caseError is sent where the source has only caseOf:.
  expect(wrong.filter((each) => !each.includes("caseError"))).toEqual([]);
  expect(counts.methods).toBeGreaterThan(400);
  expect(counts.sends).toBeGreaterThan(2500);
});
