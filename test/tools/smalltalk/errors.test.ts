// What people read when their source is wrong: errors.golden. And that whatever comes in, no exception comes out.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { compile } from "../../../tools/smalltalk/compiler.js";
import type { CompileResult } from "../../../tools/smalltalk/compiledMethod.js";
import { renderDiagnostic } from "../../../tools/smalltalk/diagnostics.js";
import { decodeAll } from "../../../vm/tables/decode.js";
import { expectGolden } from "../../golden.js";
import { BYTECODE_SETS, compiled, exampleScope, renderCases, sourceOf } from "./listing.js";

const SEED = 20_240_607;

test("errors read as in errors.golden", () => {
  expectGolden("test/tools/smalltalk/errors.golden", (text) => renderCases(text, errorsIn));
});

function errorsIn(source: string): string {
  const result = compile(sourceOf(source), exampleScope, { bytecodeSet: "SistaV1" });
  return result.kind === "errors" ? result.errors.map(renderDiagnostic).join("\n") : "compiles";
}

test("places are those of the file that the source stands in", () => {
  const source = { text: "foo\n\t^ yyyyyyyy", file: "A.class.st", line: 20, column: 7 };
  const result = compile(source, exampleScope, { bytecodeSet: "SistaV1" });
  expect(result).toMatchObject({ kind: "errors", errors: [{ file: "A.class.st", line: 21, column: 4, width: 8 }] });
  const first = compile({ ...source, text: "foo ^ yyyyyyyy" }, exampleScope, { bytecodeSet: "SistaV1" });
  expect(first).toMatchObject({ errors: [{ line: 20, column: 14 }] });
  const carriageReturns = compile({ text: "foo\r\r\t^ yyyyyyyy", file: "x" }, exampleScope, { bytecodeSet: "SistaV1" });
  expect(carriageReturns).toMatchObject({ errors: [{ line: 3, column: 4, sourceLine: "\t^ yyyyyyyy" }] });
});

test("shadowing is allowed, and warned of", () => {
  const result = compile(sourceOf("foo: x ^ x do: [:x | | a | a := x]"), exampleScope, { bytecodeSet: "SistaV1" });
  expect(result).toMatchObject({
    kind: "method",
    warnings: [{ message: "x hides another x around it" }, { message: "a hides the instance variable a" }],
  });
});

describe("what the bytecode sets have no room for is an error at its place", () => {
  const literals = (count: number) =>
    Array.from({ length: count }, (_, index) => `x foo: ${index + 100000}.`).join("\n");
  test.each([
    ["a branch over too much", "V3PlusClosures", `foo: x x ifTrue: [${"x foo. ".repeat(600)}]`, /room for 1024/],
    ["a loop over too much", "V3PlusClosures", `foo: x [x] whileTrue: [${"x foo. ".repeat(400)}]`, /room for/],
    ["too many literals", "V3PlusClosures", `foo: x ${literals(300)}`, /room for 256/],
    ["a stack too deep", "SistaV1", `foo: x ^ ${"x a: 1 b: (".repeat(40)}x${")".repeat(40)}`, /slots of the frame/],
    [
      "too many temporaries",
      "SistaV1",
      `foo | ${Array.from({ length: 70 }, (_, i) => `t${i}`).join(" ")} | ^ t69 foo`,
      /.*/,
    ],
  ] as const)("%s", (_, bytecodeSet, source, message) => {
    const result = compile(sourceOf(source), exampleScope, { bytecodeSet });
    expect(result.kind === "errors" ? result.errors[0].message : "compiles").toMatch(message);
  });
});

describe("no source makes the compiler throw", () => {
  const golden = ["compiler", "errors"].map((name) => readFileSync(`test/tools/smalltalk/${name}.golden`, "utf8"));
  const sources = golden.flatMap((text) =>
    text
      .split(/^### .*\n/m)
      .slice(1)
      .map((each) => each.split(/^---$/m)[0].trimEnd()),
  );

  test("cut off anywhere", () => {
    for (const source of sources) {
      for (let end = 0; end < source.length; end++) expectSound(source.slice(0, end));
    }
  });

  test(`with pieces swapped, doubled and left out (seed ${SEED})`, () => {
    const random = generator(SEED);
    for (let round = 0; round < 1500; round++) expectSound(mutated(sources, random));
  });

  test("deeply nested", () => {
    for (const [open, close] of ["()", "[]", "{}", ["#(", ")"]]) {
      for (const depth of [50, 10_000]) expectSound(`foo ^ ${open.repeat(depth)}3${close.repeat(depth)}`);
    }
    expectSound(`foo ^ ${"a := ".repeat(10_000)}3`);
    expectSound(`foo ^ 3 ${"foo ".repeat(20_000)}`);
    expectSound(`foo: x ^ x ${"ifTrue: [x ".repeat(5000)}`);
  });
});

/** Either way the answer is whole: code that decodes to its end, or errors that name a place in the source. */
function expectSound(source: string): void {
  for (const bytecodeSet of BYTECODE_SETS) {
    const result: CompileResult = compile(sourceOf(source), exampleScope, { bytecodeSet });
    if (result.kind === "method") {
      const { bytecodes } = result.method;
      expect(decodeAll(bytecodes, bytecodeSet).some(({ handler }) => handler === "truncated")).toBe(false);
      continue;
    }
    expect(result.errors.length).toBeGreaterThan(0);
    for (const error of result.errors) {
      expect(error.line).toBeGreaterThan(0);
      expect(error.range.start).toBeLessThanOrEqual(source.length);
      expect(renderDiagnostic(error)).not.toMatch(/undefined|\[object/);
    }
  }
}

function mutated(sources: readonly string[], random: (below: number) => number): string {
  const pieces = sources[random(sources.length)].split(/(\s+|[[\](){}|^.;:#'"])/);
  const others = sources[random(sources.length)].split(/(\s+|[[\](){}|^.;:#'"])/);
  for (let count = 1 + random(4); count > 0; count--) {
    const at = random(pieces.length);
    const what = random(4);
    if (what === 0) pieces.splice(at, 1);
    else if (what === 1) pieces.splice(at, 0, others[random(others.length)]);
    else if (what === 2) pieces.splice(at, 1, others[random(others.length)]);
    else pieces.splice(at, 0, pieces[random(pieces.length)]);
  }
  return pieces.join("");
}

/** A linear congruential generator: the same faults at every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test("a method of many statements compiles in reasonable time", () => {
  const start = process.cpuUsage().user;
  compiled(`foo: x ${Array.from({ length: 3000 }, (_, index) => `x foo: ${index % 100}.`).join(" ")}`);
  expect((process.cpuUsage().user - start) / 1000).toBeLessThan(3000);
});
