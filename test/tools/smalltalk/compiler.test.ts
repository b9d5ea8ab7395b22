// The compiler's output for one shape of source each, in both bytecode sets: compiler.golden.

import { describe, expect, test } from "@jest/globals";
import { expectGolden } from "../../golden.js";
import { BYTECODE_SETS, compiled, exampleScope, listing, printLiteral, renderCases } from "./listing.js";
import { decodeAll } from "../../../vm/tables/decode.js";
import type { CompiledCode, Literal } from "../../../tools/smalltalk/compiledMethod.js";

test("each shape compiles to the code in compiler.golden", () => {
  expectGolden("test/tools/smalltalk/compiler.golden", (text) =>
    renderCases(text, (source) =>
      BYTECODE_SETS.map((bytecodeSet) => `${bytecodeSet}\n${listing(source, compiled(source, { bytecodeSet }))}`).join(
        "\n",
      ),
    ),
  );
});

describe("literals", () => {
  test.each([
    ["12", "12"],
    ["-12", "-12"],
    ["123456789012345678901234567890", "123456789012345678901234567890"],
    ["16rFF", "255"],
    ["16rff", "255"],
    ["-16rFF", "-255"],
    ["16r-FF", "-255"],
    ["2r1010", "10"],
    ["36rZz", "1295"],
    ["2r1e4", "16"],
    ["16r1e2", "256"],
    ["16r1F.8", "31.5"],
    ["1e3", "1000"],
    ["1e-2", "(1/100)"],
    ["100e-2", "1"],
    ["1.5", "1.5"],
    ["-1.5e3", "-1500.0"],
    ["1.0e-2", "0.01"],
    ["0.1", "0.1"],
    ["-0.0", "-0.0"],
    ["1.5d2", "150.0"],
    ["1.5q2", "150.0"],
    ["1.0e400", "Infinity"],
    ["1.7976931348623157e308", "1.7976931348623157e+308.0"],
    ["4.9e-324", "5e-324"],
    ["3.14s2", "157/50s2"],
    ["3.14s", "157/50s2"],
    ["3s", "3/1s0"],
    ["-3.10s4", "-31/10s4"],
    ["$a", "$a"],
    ["$ ", "$ "],
    ["$'", "$'"],
    ["$é", "$é"],
    ["$😀", "$😀"],
    ["'it''s'", "'it's'"],
    ["'日本'", "'日本'"],
    ["#foo", "#foo"],
    ["##foo", "#foo"],
    ["#foo:bar:", "#foo:bar:"],
    ["#foo:bar", "#foo:bar"],
    ["#+", "#+"],
    ["#|", "#|"],
    ["#'hello world'", "#hello world"],
    ["#größe", "#größe"],
    ["#[1 2 255 16rFF]", "#[1 2 255 255]"],
    ["#()", "#()"],
    ["#(1 -2 $a #b c: d at:put: (3 4) #(5) #[6] [7 8])", "#(1 -2 $a #b #c: #d #at:put: #(3 4) #(5) #[6] #[7 8])"],
    ["#(nil true false #nil nilly)", "#(nil true false #nil #nilly)"],
    ["#(+ - | ; ^ := _ || -> - 1 -1)", "#(#+ #- #| #; #^ #:= #_ #|| #-> #- 1 -1)"],
    ["#(foo: 'x' #'y z' 3.5 2r11)", "#(#foo: 'x' #y z 3.5 3)"],
    ["#([:x | 1])", "#(#[ #: #x #| 1 #])"],
  ])("%s", (source, expected) => {
    const { literals, bytecodes, bytecodeSet } = compiled(`foo: x ^ x at: ${source} at: 'end'`, {
      bytecodeSet: "V3PlusClosures",
    });
    const [, literal] = literals;
    const pushed = decodeAll(bytecodes, bytecodeSet)[1].text;
    const small: Literal = { kind: "integer", value: BigInt(/^push (-?\d+)$/.exec(pushed)?.[1] ?? 0) };
    expect(printLiteral(/^push -?\d+$/.test(pushed) ? small : literal)).toBe(expected);
  });

  test("numbers end where Smalltalk says they do", () => {
    expect(compiled("foo ^ 3max: 4").sentSelectors).toEqual(["max:"]);
    expect(compiled("foo ^ 3 e").sentSelectors).toEqual(["e"]);
    expect(compiled("foo ^ 2sqrt").sentSelectors).toEqual(["sqrt"]);
    expect(compiled("foo 3. ^ 4").sentSelectors).toEqual([]);
    expect(compiled("foo: x ^ x-1").sentSelectors).toEqual(["-"]);
    expect(compiled("foo: x ^ x - -1").sentSelectors).toEqual(["-"]);
    expect(compiled("foo: x ^ x--1").sentSelectors).toEqual(["-"]);
    expect(compiled("foo: x ^ 3>-1").sentSelectors).toEqual([">"]);
  });
});

describe("syntax that images write in more than one way", () => {
  test.each([
    ["assignment by underscore", "foo a _ 3. ^ a", []],
    ["assignment by arrow", "foo a ← 3. ^ a", []],
    ["names with underscores", "foo_bar: _x ^ _x a_b", ["a_b"]],
    ["Unicode names", "grün: größe ^ größe 日本", ["日本"]],
    ["a pragma before and after temps", "foo <one> | x | <two: 3> ^ x", []],
    ["pragmas without space", "foo <one><two: #(1 2)> ^ 1 + 2", ["+"]],
    ["empty temporaries", "foo | | ^ [:x || y | y] value: 1", ["value:"]],
    ["temporaries in two lists", "foo | x | | y | x := y. ^ x", []],
    ["a bar as operator", "| x ^ a | b", ["|"]],
    ["bars as operator", "foo ^ a || b", ["||"]],
    ["an operator of several characters", "foo ^ a <=> b ->>* c", ["->>*", "<=>"]],
    ["a cascade after a keyword message", "foo ^ a at: 1 put: 2; yourself", ["at:put:", "yourself"]],
    ["cascades to an expression in brackets", "foo ^ (a foo; bar) baz; yourself", ["bar", "baz", "foo", "yourself"]],
    ["a cascade of super", "foo super foo; bar", ["bar", "foo"]],
    ["chains of Cuis", "foo ^ a at: 1 :: at: 2", ["at:"]],
    ["full stops at the ends", "foo a bar.. . b baz. ^ a. .", ["bar", "baz"]],
    ["no statements", 'foo "nothing"', []],
    ["a block with arguments only", "foo ^ [:x] value: 1", ["value:"]],
    ["a comment between pattern and body", 'foo: "x" x "y" ^ x', []],
    ["a symbol apart from its hash", "foo ^ a perform: # bar", ["perform:"]],
  ])("%s", (_, source, sent) => expect(compiled(source).sentSelectors).toEqual(sent));
});

test("an expression to evaluate answers its last statement", () => {
  const { selector, bytecodes, bytecodeSet } = compiled("| x | x := 3. x + 4", { isDoIt: true });
  expect(selector).toBe("DoIt");
  expect(decodeAll(bytecodes, bytecodeSet).at(-1)?.text).toBe("return");
  expect(decodeAll(compiled("", { isDoIt: true }).bytecodes, bytecodeSet).at(-1)?.text).toBe("primitive 259");
});

test("contexts' variables take the long bytecodes, others of the same class the short ones", () => {
  const scope = { ...exampleScope, contextVariableCount: 2 };
  const length = (source: string, bytecodeSet: "SistaV1" | "V3PlusClosures") =>
    decodeAll(compiled(source, { bytecodeSet }, scope).bytecodes, bytecodeSet)[0].length;
  expect([length("foo ^ a", "V3PlusClosures"), length("foo ^ a", "SistaV1")]).toEqual([3, 2]);
  expect([length("foo ^ c foo", "V3PlusClosures"), length("foo ^ c foo", "SistaV1")]).toEqual([1, 1]);
});

test("a brace of more elements than are pushed fills an array", () => {
  const elements = Array.from({ length: 17 }, (_, index) => `x${index}`).map((name) => `a ${name}`);
  const { sentSelectors, needsLargeFrame } = compiled(`foo ^ {${elements.join(". ")}}`);
  expect(sentSelectors.filter((each) => !each.startsWith("x"))).toEqual(["at:put:", "new:", "yourself"]);
  expect(needsLargeFrame).toBe(false);
  expect(compiled(`foo ^ {${elements.slice(1).join(". ")}}`).sentSelectors).not.toContain("at:put:");
});

test("control messages can be left as sends", () => {
  const source = "foo ^ 3 timesRepeat: [a bar]";
  expect(compiled(source).sentSelectors).toEqual(["+", "<=", "bar"]);
  expect(compiled(source, { notInlined: new Set(["timesRepeat:"]) }).sentSelectors).toEqual(["bar", "timesRepeat:"]);
});

test("the image's special selectors count, not ours", () => {
  const specialSelectors = [["foo", 0]] as const;
  const { bytecodes, bytecodeSet } = compiled("bar ^ a foo + 1", { specialSelectors });
  const texts = decodeAll(bytecodes, bytecodeSet).map(({ text }) => text);
  // The first special send, which our table calls +; then one with a literal.
  expect(texts.slice(1, 4)).toEqual(["send +", "push 1", "send literal 0, arguments 1"]);
});

test("code for every size of operand decodes to what was meant", () => {
  const many = Array.from({ length: 300 }, (_, index) => `x foo${index}: 1 and: 2 bar: 3.`).join(" ");
  const wide = compiled(`foo: x ${many} ^ x`);
  const sends = decodeAll(wide.bytecodes, "SistaV1").filter(({ operand }) => operand?.kind === "send");
  expect(sends.map(({ operand }) => selectorIn(wide, operand))).toEqual(
    Array.from({ length: 300 }, (_, index) => `foo${index}:and:bar:`),
  );
  const names = Array.from({ length: 15 }, (_, index) => `k${index}: v${index}`).join(" ");
  const call = compiled(`${names} ^ self ${names}`);
  const [send] = decodeAll(call.bytecodes, "SistaV1").filter(({ operand }) => operand?.kind === "send");
  expect(send.operand).toMatchObject({ argumentCount: 15 });
  for (const value of [-32769, -32768, -257, -256, -255, -129, -128, -1, 0, 1, 2, 127, 128, 255, 256, 32767, 32768]) {
    const method = compiled(`foo: x ^ ${value}`);
    const [{ operand, text }] = decodeAll(method.bytecodes, "SistaV1");
    if (operand?.kind === "integer") expect(operand.value).toBe(value);
    else if (operand?.kind === "literal")
      expect(method.literals[operand.index]).toEqual({ kind: "integer", value: BigInt(value) });
    else expect(text).toBe(`push ${value}`);
  }
});

test.each(BYTECODE_SETS)("jumps of every length land where they should: %s", (bytecodeSet) => {
  for (const count of [1, 2, 3, 4, 5, 60, 120, 126, 127, 128, 129, 250]) {
    const body = "a foo. ".repeat(count);
    const { bytecodes } = compiled(`foo: x [x] whileTrue: [${body}]. x ifTrue: [${body}]. ^ x`, { bytecodeSet });
    const instructions = decodeAll(bytecodes, bytecodeSet);
    const starts = new Set(instructions.map(({ pc }) => pc));
    const targets = instructions.flatMap(({ operand }) => (operand?.kind === "jump" ? [operand.target] : []));
    expect(targets).toHaveLength(3);
    expect(targets.filter((target) => !starts.has(target))).toEqual([]);
    // The loop goes back to its condition.
    expect(targets).toContain(0);
  }
});

function selectorIn({ literals }: CompiledCode, operand: { kind: string; selector?: number } | undefined): string {
  const literal = literals[operand?.selector ?? -1];
  return literal?.kind === "symbol" ? literal.value : "?";
}
