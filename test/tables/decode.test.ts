// The decoder: every bytecode of both sets, with and without prefixes, against golden files whose lines start with
// the input bytes in hexadecimal (at pc 100); a line may be added with its bytes alone and UPDATE=1.

import { describe, expect, test } from "@jest/globals";
import { decode, decodeAll, specialSelector, type BytecodeSet } from "../../vm/tables/decode.js";
import { expectGolden } from "../golden.js";

const PC = 100;

describe.each<[BytecodeSet, string]>([
  ["V3PlusClosures", "test/tables/v3.golden"],
  ["SistaV1", "test/tables/sista.golden"],
])("%s", (set, golden) => {
  test("every bytecode decodes as its golden file says", () => {
    expectGolden(golden, (text) => {
      const covered = new Set<number>();
      const rendered = text.replace(/^([0-9a-f ]+?) *(\|.*)?$/gm, (_, input: string) => {
        const instruction = decodeAt(set, input);
        covered.add(instruction.bytecode);
        return [input, instruction.length, instruction.handler, instruction.text, json(instruction.operand)].join(
          " | ",
        );
      });
      expect([...covered].sort((a, b) => a - b)).toEqual([...Array(256).keys()]);
      return rendered;
    });
  });

  test("an instruction cut short says so and stays inside the bytes", () => {
    const wrong: unknown[] = [];
    for (let byte = 0; byte < 256; byte++) {
      for (const prefix of [[], [0xe0, 1], [0xe1, 2]]) {
        const whole = Uint8Array.of(...prefix, byte, 3, 4, 5);
        const { length } = decode(whole, 0, set);
        for (let size = 1; size <= whole.length; size++) {
          const cut = decode(whole.subarray(0, size), 0, set);
          if (size >= length ? cut.length !== length : cut.length > size || cut.length < 1)
            wrong.push([byte, size, cut]);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

test("names replace numbers in the text", () => {
  const names = {
    selector: () => "foo:",
    temp: (index: number) => `t${index}`,
    literal: () => undefined,
  };
  const bytes = Uint8Array.of(0x10, 0x20, 0xe0, 0xd0);
  const texts = decodeAll(bytes, "V3PlusClosures", 0, 4, names).map(({ text }) => text);
  expect(texts).toEqual(["push temp t0", "push literal 0", "send foo:", "send foo:"]);
});

test("a prefix belongs to the instruction after it", () => {
  const bytes = Uint8Array.of(0xe0, 1, 0xe1, 0xff, 0xe2, 2, 0x5c);
  const [first, second] = decodeAll(bytes, "SistaV1");
  expect(first).toMatchObject({ pc: 0, length: 6, operand: { kind: "instanceVariable", index: 258 } });
  expect(second).toMatchObject({ pc: 6, length: 1, handler: "returnTop" });
});

test("special selectors have the argument count that their names show", () => {
  for (let index = 0; index < 32; index++) {
    const { selector, argumentCount } = specialSelector(index);
    const expected = /^\w/.test(selector) ? selector.split(":").length - 1 : 1;
    expect([selector, argumentCount]).toEqual([selector, expected]);
  }
});

function decodeAt(set: BytecodeSet, input: string) {
  const code = input.split(" ").map((byte) => parseInt(byte, 16));
  const bytes = new Uint8Array(PC + code.length);
  bytes.set(code, PC);
  return decode(bytes, PC, set);
}

function json(operand: unknown): string {
  return operand === undefined ? "-" : JSON.stringify(operand);
}
