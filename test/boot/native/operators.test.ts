// Every numeric instruction on edge values, as machine code and on V8: operands in locals, as constants, and both.

import { describe, expect, test } from "@jest/globals";
import type { ValueType } from "../../../boot/native/output.js";
import { type Call, differences, toBits } from "./compare.js";
import { constant, encodeModule, type FunctionText } from "./encode.js";

const I32 = [
  0n,
  1n,
  2n,
  7n,
  31n,
  32n,
  255n,
  0x7fn,
  0x80n,
  0x8000n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0xfffffffen,
  0xdeadbeefn,
];
const I64 = [
  ...I32,
  63n,
  64n,
  0x100000000n,
  0xffffffff00000000n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffffffffffffn,
  0xffffffff80000000n,
  0x123456789abcdef0n,
];
const FLOATS = [
  0,
  -0,
  0.5,
  -0.5,
  1,
  -1,
  1.5,
  2.5,
  -2.5,
  0.49999999999999994,
  3.7,
  -3.7,
  1e10,
  -1e10,
  2147483647,
  2147483648,
  -2147483648,
  -2147483649,
  4294967295,
  4294967296,
  4503599627370497.5,
  9223372036854775807,
  -9223372036854775808,
  18446744073709551615,
  1e300,
  -1e300,
  5e-324,
  Infinity,
  -Infinity,
  NaN,
  -0.99999,
  8388609,
  9007199254740993,
];
const VALUES: Readonly<Record<ValueType, readonly bigint[]>> = {
  i32: I32,
  i64: I64,
  f32: FLOATS.map((value) => toBits("f32", value)),
  f64: FLOATS.map((value) => toBits("f64", value)),
};

interface Operator {
  readonly code: readonly number[];
  readonly operand: ValueType;
  readonly result: ValueType;
  readonly operands: 1 | 2;
}

function range(from: number, to: number, operand: ValueType, result: ValueType, operands: 1 | 2): Operator[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({ code: [from + index], operand, result, operands }));
}

const OPERATORS: Readonly<Record<string, readonly Operator[]>> = {
  "i32 comparison": [...range(0x45, 0x45, "i32", "i32", 1), ...range(0x46, 0x4f, "i32", "i32", 2)],
  "i64 comparison": [...range(0x50, 0x50, "i64", "i32", 1), ...range(0x51, 0x5a, "i64", "i32", 2)],
  "float comparison": [...range(0x5b, 0x60, "f32", "i32", 2), ...range(0x61, 0x66, "f64", "i32", 2)],
  "i32 arithmetic": [...range(0x67, 0x69, "i32", "i32", 1), ...range(0x6a, 0x78, "i32", "i32", 2)],
  "i64 arithmetic": [...range(0x79, 0x7b, "i64", "i64", 1), ...range(0x7c, 0x8a, "i64", "i64", 2)],
  "f32 arithmetic": [...range(0x8b, 0x91, "f32", "f32", 1), ...range(0x92, 0x98, "f32", "f32", 2)],
  "f64 arithmetic": [...range(0x99, 0x9f, "f64", "f64", 1), ...range(0xa0, 0xa6, "f64", "f64", 2)],
  conversion: [
    ...range(0xa7, 0xa7, "i64", "i32", 1),
    ...range(0xa8, 0xa9, "f32", "i32", 1),
    ...range(0xaa, 0xab, "f64", "i32", 1),
    ...range(0xac, 0xad, "i32", "i64", 1),
    ...range(0xae, 0xaf, "f32", "i64", 1),
    ...range(0xb0, 0xb1, "f64", "i64", 1),
    ...range(0xb2, 0xb3, "i32", "f32", 1),
    ...range(0xb4, 0xb5, "i64", "f32", 1),
    ...range(0xb6, 0xb6, "f64", "f32", 1),
    ...range(0xb7, 0xb8, "i32", "f64", 1),
    ...range(0xb9, 0xba, "i64", "f64", 1),
    ...range(0xbb, 0xbb, "f32", "f64", 1),
    ...range(0xbc, 0xbc, "f32", "i32", 1),
    ...range(0xbd, 0xbd, "f64", "i64", 1),
    ...range(0xbe, 0xbe, "i32", "f32", 1),
    ...range(0xbf, 0xbf, "i64", "f64", 1),
  ],
  "sign extension": [...range(0xc0, 0xc1, "i32", "i32", 1), ...range(0xc2, 0xc4, "i64", "i64", 1)],
  "saturating conversion": ["f32", "f32", "f64", "f64", "f32", "f32", "f64", "f64"].map((operand, index) => ({
    code: [0xfc, index],
    operand: operand as ValueType,
    result: index < 4 ? ("i32" as const) : ("i64" as const),
    operands: 1 as const,
  })),
};

const ADD_ONE: Readonly<Record<ValueType, readonly number[]>> = {
  i32: [0x41, 1, 0x6a],
  i64: [0x42, 1, 0x7c],
  f32: [],
  f64: [],
};

/** Functions that apply an operator, and the calls that try them. */
function forms(operator: Operator, number: number): { functions: FunctionText[]; calls: Call[] } {
  const { code, operand, result, operands } = operator;
  const values = VALUES[operand];
  const functions: FunctionText[] = [];
  const calls: Call[] = [];
  const add = (kind: string, parameters: ValueType[], body: number[], locals: ValueType[], inputs: bigint[][]) => {
    const name = `${number}.${kind}`;
    functions.push({ name, parameters, result, locals, body });
    for (const input of inputs) calls.push({ name, arguments: input });
  };
  const operandTypes: ValueType[] = operands === 1 ? [operand] : [operand, operand];
  const all = operands === 1 ? values.map((a) => [a]) : values.flatMap((a) => values.map((b) => [a, b]));
  const reads = operandTypes.flatMap((_, index) => [0x20, index]);
  add("locals", operandTypes, [...reads, ...code], [], all);
  // Into a local that is also an operand, then used twice.
  if (operand === result)
    add("assigned", operandTypes, [...reads, ...code, 0x21, operands - 1, 0x20, operands - 1], [], all);
  if (result === "i32") {
    // As a condition of an if, a br_if and a select, also negated.
    add("if", operandTypes, [...reads, ...code, 0x04, 0x7f, 0x41, 3, 0x05, 0x41, 4, 0x0b], [], all);
    add("select", operandTypes, [0x41, 5, 0x41, 6, ...reads, ...code, 0x45, 0x1b], [], all);
    add("br_if", operandTypes, [0x02, 0x7f, 0x41, 9, ...reads, ...code, 0x0d, 0, 0x1a, 0x41, 8, 0x0b], [], all);
  }
  // Operands that are sums which wait.
  if (operand === "i32" || operand === "i64") {
    const sums = operandTypes.flatMap((_, index) => [0x20, index, ...ADD_ONE[operand]]);
    add("sums", operandTypes, [...sums, ...code], [], all);
  }
  if (operands === 2) {
    values.forEach((value, index) => {
      if (index % 3 !== number % 3) return;
      add(
        `right${index}`,
        [operand],
        [0x20, 0, ...constant(operand, value), ...code],
        [],
        values.map((a) => [a]),
      );
      add(
        `left${index}`,
        [operand],
        [...constant(operand, value), 0x20, 0, ...code],
        [],
        values.map((a) => [a]),
      );
    });
  } else {
    values.forEach((value, index) => {
      if (index % 3 === number % 3) add(`constant${index}`, [], [...constant(operand, value), ...code], [], [[]]);
    });
  }
  return { functions, calls };
}

describe("numeric instructions as machine code", () => {
  test.each(Object.keys(OPERATORS))("%s", (family) => {
    const parts = OPERATORS[family].map(forms);
    const wasm = encodeModule(parts.flatMap(({ functions }) => functions));
    const calls = parts.flatMap((part) => part.calls);
    expect(calls.length).toBeGreaterThan(50);
    expect(differences(wasm, calls)).toEqual([]);
  });
});
