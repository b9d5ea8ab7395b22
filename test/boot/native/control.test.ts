// Control, calls, memory and traps as machine code against V8: functions written out as instructions.

import { describe, expect, test } from "@jest/globals";
import type { ValueType } from "../../../boot/native/output.js";
import { TRAP_STACK } from "../../../boot/native/abi.js";
import { compileNative } from "../../../boot/native/compile.js";
import { type Call, differences, toBits } from "./compare.js";
import { constant, encodeModule, type FunctionText } from "./encode.js";
import { runNative } from "./runner.js";

const I32: readonly ValueType[] = ["i32"];

function calls(name: string, ...inputs: readonly (readonly number[])[]): Call[] {
  return inputs.map((values) => ({ name, arguments: values.map((value) => toBits("i32", value)) }));
}

const EDGES = [[0], [1], [2], [3], [4], [5], [100], [-1], [-2147483648]];

describe("control as machine code", () => {
  test("br_table takes results along, in registers that the table's own jump does not touch", () => {
    // block block block (result i32) (local.get 0 * 7) (local.get 0) br_table 0 1 2; each adds its number.
    const body = [
      ...[0x02, 0x7f, 0x02, 0x7f, 0x02, 0x7f],
      ...[0x20, 0, 0x41, 7, 0x6c, 0x20, 0, 0x0e, 2, 0, 1, 2],
      ...[0x0b, 0x41, 1, 0x6a, 0x0b, 0x41, 16, 0x6a, 0x0b],
    ];
    const floats = [
      ...[0x02, 0x7c, 0x02, 0x7c],
      ...[...constant("f64", toBits("f64", 2.5)), 0x20, 0, 0x0e, 1, 0, 1],
      ...[0x0b, ...constant("f64", toBits("f64", 1)), 0xa0, 0x0b],
    ];
    const wasm = encodeModule([
      { name: "integers", parameters: I32, result: "i32", body },
      { name: "floats", parameters: I32, result: "f64", body: floats },
    ]);
    expect(differences(wasm, [...calls("integers", ...EDGES), ...calls("floats", ...EDGES)])).toEqual([]);
  });

  test("code that is seldom stands behind the rest: exits in arms and behind blocks, within each other and in loops", () => {
    const less = (local: number, limit: number) => [0x20, local, 0x41, limit, 0x48];
    const leave = (number: number) => [0x20, 0, 0x10, 0, 0x41, number, 0x6a, 0x0f];
    const arm = (condition: number[], number: number) => [...condition, 0x04, 0x40, ...leave(number), 0x0b];
    const behind = (condition: number[], exit: number[], ...hot: number[]) => [
      ...[0x02, 0x40, 0x02, 0x40, ...condition, 0x0d, 0, ...hot, 0x0c, 1, 0x0b, ...exit, 0x0b],
    ];
    const bodies = [
      [...arm(less(0, 2), 10), ...arm(less(1, 2), 20), 0x20, 1],
      [...less(0, 2), 0x04, 0x40, 0x41, 5, 0x21, 1, 0x05, ...leave(30), 0x0b, 0x20, 1],
      [...less(0, 2), 0x04, 0x40, ...leave(40), 0x05, ...less(1, 3), 0x04, 0x40, 0x41, 7, 0x0f, 0x0b, 0x0b, 0x20, 1],
      [...behind(less(0, 2), leave(50), 0x41, 9, 0x21, 1), ...behind(less(1, 3), leave(60)), 0x20, 1],
      // An exit within an exit, both on their own; one that a loop and a condition of conditions lead to.
      [...behind(less(0, 3), [...arm(less(1, 2), 70), ...leave(80)]), 0x20, 1],
      [
        0x03,
        0x40,
        ...arm(less(1, -5 & 0x7f), 90),
        0x20,
        1,
        0x41,
        1,
        0x6b,
        0x22,
        1,
        0x41,
        -2 & 0x7f,
        0x4a,
        0x0d,
        0,
        0x0b,
        0x20,
        1,
      ],
      [...arm([...less(0, 2), 0x04, 0x7f, ...less(1, 3), 0x05, 0x41, 0, 0x0b], 100), 0x20, 0],
      // Both arms: one of them must be where the condition falls.
      [
        ...[...less(0, 2), 0x04, 0x7f, 0x41, 1, 0x05, ...less(1, 3), 0x0b],
        0x04,
        0x40,
        ...leave(120),
        0x05,
        ...leave(130),
        0x0b,
        0x41,
        0,
      ],
      [
        ...[...less(0, 2), 0x04, 0x7f, ...less(1, 3), 0x05, 0x41, 0, 0x0b],
        0x04,
        0x40,
        ...leave(120),
        0x05,
        ...leave(130),
        0x0b,
        0x41,
        0,
      ],
      // What a local holds between a comparison and the branch by it; one that is read twice is a number.
      [
        ...behind([0x41, 0], leave(110), ...less(0, 2), 0x21, 1),
        0x20,
        1,
        0x45,
        0x04,
        0x40,
        0x41,
        3,
        0x0f,
        0x0b,
        0x41,
        4,
      ],
      [...less(0, 2), 0x21, 1, 0x20, 1, 0x04, 0x40, 0x20, 1, 0x0f, 0x0b, 0x41, 4],
    ];
    const wasm = encodeModule([
      { name: "called", parameters: I32, result: "i32", body: [0x20, 0, 0x41, 3, 0x6c] },
      ...bodies.map((body, number) => ({
        name: `f${number}`,
        parameters: ["i32", "i32"] as const,
        result: "i32" as const,
        body,
      })),
    ]);
    const pairs = EDGES.flatMap(([a]) => [-9, 1, 2, 3, 8].map((b) => [a!, b]));
    for (let number = 0; number < bodies.length; number++)
      expect(differences(wasm, calls(`f${number}`, ...pairs))).toEqual([]);
  });

  test("conditions of conditions: && and || in all nestings, negated, in if, br_if and loops", () => {
    const less = (local: number, limit: number) => [0x20, local, 0x41, limit, 0x48];
    const and = (a: number[], b: number[]) => [...a, 0x04, 0x7f, ...b, 0x05, 0x41, 0, 0x0b];
    const or = (a: number[], b: number[]) => [...a, 0x04, 0x7f, 0x41, 1, 0x05, ...b, 0x0b];
    const not = (a: number[]) => [...a, 0x45];
    const two = constant("f64", toBits("f64", 2));
    const isTwo = [0x20, 0, 0xb7, ...two, 0x61];
    const isLarge = [0x20, 0, 0xb7, ...two, 0x62];
    const isOdd = [0x20, 0, 0x41, 1, 0x71];
    const conditions = [
      and(less(0, 3), less(1, 3)),
      or(less(0, 2), not(less(1, 4))),
      and(or(less(0, 1), less(1, 1)), not(and(less(0, 5), less(1, 5)))),
      or(and(less(0, 3), or(less(1, 2), [0x20, 0])), not(or(less(1, 4), [0x20, 1]))),
      [0x02, 0x7f, 0x41, 1, ...less(0, 2), 0x0d, 0, 0x1a, ...less(1, 3), 0x0b],
      [0x02, 0x7f, 0x20, 1, ...less(0, 2), 0x0d, 0, 0x20, 0, 0x6a, 0x0b],
      // A comparison that a br takes along, and a br that is taken where a br_if is not.
      [0x02, 0x7f, 0x02, 0x40, ...less(0, 3), 0x0d, 0, ...less(1, 4), 0x0c, 1, 0x0b, ...less(1, 2), 0x0b],
      [0x02, 0x40, 0x02, 0x40, ...less(0, 2), 0x0d, 0, 0x0c, 1, 0x0b, 0x41, 5, 0x0f, 0x0b, ...less(1, 3)],
      [0x02, 0x40, 0x02, 0x40, ...isTwo, 0x0d, 0, 0x0c, 1, 0x0b, 0x41, 5, 0x0f, 0x0b, ...less(1, 3)],
      [
        0x03,
        0x40,
        0x20,
        0,
        0x41,
        1,
        0x6a,
        0x21,
        0,
        0x02,
        0x40,
        ...isLarge,
        0x0d,
        0,
        0x0c,
        1,
        0x0b,
        0x0b,
        ...less(1, 3),
      ],
      [0x03, 0x40, 0x20, 0, 0x41, 1, 0x72, 0x21, 0, 0x02, 0x40, ...isOdd, 0x0d, 0, 0x0c, 1, 0x0b, 0x0b, ...less(1, 3)],
    ];
    const functions = conditions.flatMap((condition, index): FunctionText[] => {
      const name = (use: string) => `${use}${index}`;
      const common = { parameters: ["i32", "i32"] as const, result: "i32" as const };
      return [
        { ...common, name: name("if"), body: [...condition, 0x04, 0x7f, 0x41, 5, 0x05, 0x41, 6, 0x0b] },
        {
          ...common,
          name: name("eqz"),
          body: [...condition, 0x45, 0x45, 0x45, 0x04, 0x7f, 0x41, 5, 0x05, 0x41, 6, 0x0b],
        },
        { ...common, name: name("br_if"), body: [0x02, 0x40, ...condition, 0x0d, 0, 0x41, 7, 0x0f, 0x0b, 0x41, 8] },
        { ...common, name: name("value"), body: [0x02, 0x7f, 0x20, 1, ...condition, 0x0d, 0, 0x1a, 0x41, 9, 0x0b] },
        { ...common, name: name("plain"), body: condition },
        {
          ...common,
          name: name("below"),
          body: [0x20, 0, ...condition, 0x04, 0x7f, 0x41, 5, 0x05, 0x41, 6, 0x0b, 0x6b],
        },
        {
          ...common,
          name: name("loop"),
          locals: ["i32"],
          body: [
            ...[0x03, 0x40, 0x20, 2, 0x41, 1, 0x6a, 0x21, 2, 0x20, 0, 0x41, 1, 0x6a, 0x21, 0],
            ...[...condition, 0x20, 2, 0x41, 20, 0x48, 0x71, 0x0d, 0, 0x0b, 0x20, 2],
          ],
        },
      ];
    });
    const inputs = [-1, 0, 1, 2, 3, 4, 6].flatMap((a) => [-1, 0, 1, 2, 3, 4, 6].map((b) => [a, b]));
    expect(
      differences(
        encodeModule(functions),
        functions.flatMap(({ name }) => calls(name, ...inputs)),
      ),
    ).toEqual([]);
  });

  test("more arguments than registers, all types, and results through indirect calls", () => {
    const types: ValueType[] = Array.from(
      { length: 24 },
      (_, index) => (["i32", "i64", "f32", "f64"] as const)[index % 4],
    );
    const toF64: Readonly<Record<ValueType, number[]>> = { i32: [0xb7], i64: [0xb9], f32: [0xbb], f64: [] };
    const weighted = types.flatMap((type, index) => [
      ...[0x20, index, ...toF64[type], ...constant("f64", toBits("f64", index + 1)), 0xa2],
      ...(index === 0 ? [] : [0xa0]),
    ]);
    const backwards = types.map((_, index) => types.length - 4 - (index - (index % 4)) + (index % 4));
    const wasm = encodeModule(
      [
        { name: "sum", parameters: types, result: "f64", body: weighted },
        {
          name: "turned",
          parameters: types,
          result: "f64",
          body: [...backwards.flatMap((index) => [0x20, index]), 0x10, 0],
        },
        {
          name: "indirect",
          parameters: types,
          result: "f64",
          body: [...types.flatMap((_, index) => [0x20, index]), 0x41, 0, 0x11, 0, 0],
        },
        { name: "wrong", parameters: I32, result: "i32", body: [0x20, 0, 0x20, 0, 0x11, 3, 0] },
      ],
      { elements: [0, 3, 0] },
    );
    const values = types.map((type, index) => toBits(type, type === "i64" ? BigInt(index * 3 - 20) : index * 3 - 20));
    const all = ["sum", "turned", "indirect"].map((name) => ({ name, arguments: values }));
    expect(differences(wasm, [...all, ...calls("wrong", [0], [2], [3], [4], [5], [-1])])).toEqual([]);
  });

  test("recursion, locals that live over calls, and a stack that ends", () => {
    const fib: FunctionText = {
      name: "fib",
      parameters: I32,
      result: "i32",
      body: [
        ...[0x20, 0, 0x41, 2, 0x48, 0x04, 0x7f, 0x20, 0, 0x05],
        ...[0x20, 0, 0x41, 1, 0x6b, 0x10, 0, 0x20, 0, 0x41, 2, 0x6b, 0x10, 0, 0x6a, 0x0b],
      ],
    };
    const endless: FunctionText = {
      name: "endless",
      parameters: I32,
      result: "i32",
      body: [0x20, 0, 0x10, 1, 0x41, 1, 0x6a],
    };
    const wasm = encodeModule([fib, endless]);
    expect(differences(wasm, calls("fib", [0], [1], [10], [20]))).toEqual([]);
    const module = compileNative(wasm);
    const { answers } = runNative(module, [
      { index: 1, arguments: [7n] },
      { index: 0, arguments: [12n] },
    ]);
    expect(answers.map(({ trap }) => trap)).toEqual([TRAP_STACK, 0]);
    expect(answers[1].bits).toBe(144n);
  });
});

describe("memory as machine code", () => {
  const LOADS = Array.from({ length: 14 }, (_, index) => 0x28 + index);
  const STORES = Array.from({ length: 9 }, (_, index) => 0x36 + index);
  const loaded = (code: number): ValueType =>
    code === 0x2a ? "f32" : code === 0x2b ? "f64" : code === 0x28 || (code >= 0x2c && code <= 0x2f) ? "i32" : "i64";
  const stored = (code: number): ValueType =>
    code === 0x38 ? "f32" : code === 0x39 ? "f64" : code === 0x36 || code === 0x3a || code === 0x3b ? "i32" : "i64";
  const SIZE = 2 * 65536;
  const ADDRESSES = [
    0,
    1,
    8,
    100,
    SIZE - 16,
    SIZE - 8,
    SIZE - 4,
    SIZE - 1,
    SIZE,
    SIZE + 1,
    -1,
    -8,
    -16,
    -65536,
    0x7fffffff,
    -0x80000000,
  ];
  const OFFSETS = [[0], [7], [0x80, 0x80, 0x04], [0xff, 0xff, 0xff, 0xff, 0x07], [0xff, 0xff, 0xff, 0xff, 0x0f]];

  test.each([false, true])(
    "loads and stores at the edges, by sums that wrap; low memory unused: %s",
    (lowMemoryUnused) => {
      const functions: FunctionText[] = [];
      const data = new Uint8Array(256).map((_, index) => index * 37 + 11);
      for (const [index, offset] of OFFSETS.entries()) {
        for (const code of LOADS) {
          const result = loaded(code);
          functions.push({
            name: `load${code}.${index}`,
            parameters: I32,
            result,
            body: [0x20, 0, code, 0, ...offset],
          });
          for (const sum of lowMemoryUnused ? [[0x78]] : [[0x78], [0x10], [0x80, 0x80, 0x7c]]) {
            const body = [0x20, 0, 0x41, ...sum, 0x6a, code, 0, ...offset];
            functions.push({ name: `sum${sum.length}${sum[0]}.${code}.${index}`, parameters: I32, result, body });
          }
          const scaled = [0x20, 0, 0x41, 7, 0x71, 0x41, 3, 0x74, 0x41, 16, 0x6a, code, 0, ...offset];
          functions.push({ name: `scaled${code}.${index}`, parameters: I32, result, body: scaled });
        }
        for (const code of STORES) {
          const value = constant(stored(code), 0x8182838485868788n);
          functions.push({
            name: `store${code}.${index}`,
            parameters: I32,
            body: [0x20, 0, ...value, code, 0, ...offset],
          });
        }
      }
      const wasm = encodeModule(functions, { data });
      const inputs = ADDRESSES.map((address) => [address]);
      expect(
        differences(
          wasm,
          functions.flatMap(({ name }) => calls(name, ...inputs)),
          { lowMemoryUnused },
        ),
      ).toEqual([]);
    },
  );

  test("fill, copy, init and drop, overlapping and out of bounds; grow and size", () => {
    const three: readonly ValueType[] = ["i32", "i32", "i32"];
    const reads = [0x20, 0, 0x20, 1, 0x20, 2];
    const wasm = encodeModule(
      [
        { name: "fill", parameters: three, body: [...reads, 0xfc, 11, 0] },
        { name: "copy", parameters: three, body: [...reads, 0xfc, 10, 0, 0] },
        { name: "init", parameters: three, body: [...reads, 0xfc, 8, 1, 0] },
        { name: "drop", parameters: [], body: [0xfc, 9, 1] },
        { name: "grow", parameters: I32, result: "i32", body: [0x20, 0, 0x40, 0] },
        { name: "size", parameters: [], result: "i32", body: [0x3f, 0] },
      ],
      {
        data: new Uint8Array(200).map((_, index) => index),
        passive: new Uint8Array(70).map((_, index) => 200 - index),
      },
    );
    const list = [
      ...calls(
        "fill",
        [1000, 0x1ff, 3],
        [1010, 7, 8],
        [2000, 5, 600],
        [SIZE - 4, 9, 4],
        [SIZE - 4, 9, 5],
        [SIZE, 0, 0],
        [-1, 0, 0],
      ),
      ...calls(
        "copy",
        [300, 0, 200],
        [3, 0, 100],
        [0, 3, 100],
        [50, 51, 5],
        [51, 50, 5],
        [400, 1, 0],
        [4000, 2000, 600],
        [2100, 2000, 600],
      ),
      ...calls("copy", [SIZE - 3, 0, 3], [SIZE - 3, 0, 4], [0, SIZE - 3, 4], [-1, 0, 0], [5, 5, 9]),
      ...calls("init", [5000, 0, 70], [5100, 60, 10], [5100, 60, 11], [SIZE - 1, 0, 2], [0, 70, 0], [0, 71, 0]),
      ...calls("drop", []),
      ...calls("init", [0, 0, 1], [0, 0, 0]),
      ...calls("size", []),
      ...calls("grow", [0], [1], [100], [-1], [3]),
      ...calls("size", []),
      ...calls("fill", [SIZE + 65530, 3, 20]),
    ];
    expect(differences(wasm, list)).toEqual([]);
  });
});
