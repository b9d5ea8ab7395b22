// The instructions of boot/cpu.ts that an ordinary process may use, emitted and run; of the privileged ones the bytes.

import { expect, test } from "@jest/globals";
import { CONTEXT_BIAS, CONTEXT_MEMORY_PAGES } from "../../../boot/native/abi.js";
import { compileNative } from "../../../boot/native/compile.js";
import type { ValueType } from "../../../boot/native/output.js";
import { encodeModule, type FunctionText, type ImportText } from "./encode.js";
import { runNative } from "./runner.js";

const LONG: readonly ValueType[] = ["i64"];

function cpu(name: string, parameters: readonly ValueType[], result?: ValueType): ImportText {
  return { module: "cpu", name, parameters, result };
}

const IMPORTS: readonly ImportText[] = [
  cpu("syscall", ["i64", "i64", "i64", "i64", "i64", "i64", "i64"], "i64"),
  cpu("memoryBase", [], "i64"),
  cpu("context", [], "i64"),
  cpu("stackPointer", [], "i64"),
  cpu("load8", LONG, "i32"),
  cpu("load32", LONG, "i32"),
  cpu("load64", LONG, "i64"),
  cpu("store8", ["i64", "i32"]),
  cpu("store32", ["i64", "i32"]),
  cpu("store64", ["i64", "i64"]),
  cpu("exchange32", ["i32", "i32"], "i32"),
  cpu("multiplyHigh", ["i64", "i64"], "i64"),
  cpu("rdtsc", [], "i64"),
  cpu("cpuid", ["i32", "i32", "i32"]),
  cpu("fence", []),
  cpu("pause", []),
  cpu("setMemoryPages", ["i32"]),
  cpu("call", ["i64", "i64", "i64", "i64", "i64"], "i64"),
  cpu("hypercall", ["i64", "i64", "i64", "i64", "i64", "i64"], "i64"),
];
const indexOf = (name: string) => IMPORTS.findIndex((each) => each.name === name);

/** A function that calls one of them with its own parameters, and keeps those live over the call. */
function wrapper(name: string): FunctionText {
  const { parameters, result } = IMPORTS[indexOf(name)];
  const reads = parameters.flatMap((_, index) => [0x20, index]);
  return { name, parameters, result, body: [...reads, 0x10, indexOf(name)] };
}

const FUNCTIONS: readonly FunctionText[] = IMPORTS.map(({ name }) => wrapper(name));
/** All operands again after the call, summed with its answer. */
const KEPT: FunctionText = {
  name: "kept",
  parameters: IMPORTS[0].parameters,
  result: "i64",
  body: [
    ...IMPORTS[0].parameters.flatMap((_, index) => [0x20, index]),
    ...[0x10, 0, 0x1a, 0x20, 0],
    ...[1, 2, 3, 4, 5, 6].flatMap((index) => [0x20, index, 0x7c]),
  ],
};
const MODULE = compileNative(encodeModule([...FUNCTIONS, KEPT], { imports: IMPORTS }));

function run(...calls: readonly (readonly [string, ...bigint[]])[]) {
  const result = runNative(
    MODULE,
    calls.map(([name, ...values]) => ({
      index: MODULE.exports.find((each) => each.name === name)!.index,
      arguments: values,
    })),
  );
  expect(result.answers.map(({ trap }) => trap)).toEqual(calls.map(() => 0));
  return { ...result, bits: result.answers.map(({ bits }) => bits) };
}

test("a system call, and what lives over it", () => {
  const GETPID = 39n;
  const WRITE = 1n;
  const { bits } = run(
    ["syscall", GETPID, 0n, 0n, 0n, 0n, 0n, 0n],
    ["syscall", WRITE, 99n, 0n, 0n, 0n, 0n, 0n],
    ["kept", GETPID, 1n, 20n, 300n, 4000n, 50000n, 600000n],
  );
  expect(bits[0]).toBeGreaterThan(1n);
  expect(BigInt.asIntN(64, bits[1])).toBe(-9n);
  expect(bits[2]).toBe(654321n + GETPID);
});

test("memory by the processor's addresses and by linear ones", () => {
  const base = run(["memoryBase"]).bits[0];
  const { bits, memory } = run(
    ["store64", base + 64n, 0x1122334455667788n],
    ["store32", base + 72n, 0xcafef00dn],
    ["store8", base + 76n, 0x1ffn],
    ["load64", base + 64n],
    ["load32", base + 68n],
    ["load8", base + 76n],
    ["exchange32", 72n, 5n],
    ["exchange32", 72n, 6n],
    ["cpuid", 0n, 0n, 128n],
    ["fence"],
    ["pause"],
  );
  expect(bits.slice(3, 8)).toEqual([0x1122334455667788n, 0x11223344n, 0xffn, 0xcafef00dn, 5n]);
  expect(memory[72]).toBe(6);
  // ebx, edx, ecx of leaf 0 spell the maker's name.
  const words = [132, 140, 136].map((at) => Buffer.from(memory.subarray(at, at + 4)).toString("latin1"));
  expect(words.join("")).toMatch(/^[ -~]{12}$/);
});

test("clock, product, stack pointer, size of memory", () => {
  const context = run(["context"]).bits[0];
  const { bits } = run(
    ["rdtsc"],
    ["rdtsc"],
    ["multiplyHigh", 0xffffffffffffffffn, 0xfffffffffffffffen],
    ["stackPointer"],
    ["setMemoryPages", 1n],
    ["load32", context + BigInt(CONTEXT_MEMORY_PAGES)],
  );
  expect(bits[1]).toBeGreaterThan(bits[0]);
  expect(bits[2]).toBe(0xfffffffffffffffdn);
  expect(bits[3] % 8n).toBe(0n);
  expect(bits[5]).toBe(1n);
  expect(context).toBeGreaterThan(BigInt(CONTEXT_BIAS));
});

test("functions called by address", () => {
  const multiply = MODULE.functions[MODULE.exports.find(({ name }) => name === "multiplyHigh")!.index];
  // The runner's code is at 500000h.
  const address = 0x50_0000n + BigInt(multiply.offset);
  expect(run(["call", address, 1n << 40n, 1n << 30n, 7n, 8n]).bits).toEqual([1n << 6n]);
  expect(run(["hypercall", address, 1n << 40n, 1n << 30n, 7n, 8n, 9n]).bits).toEqual([1n << 6n]);
});

test("privileged instructions have the bytes of the manual", () => {
  const cases: readonly (readonly [ImportText, string])[] = [
    [cpu("hlt", []), "f4"],
    [cpu("cli", []), "fa"],
    [cpu("sti", []), "fb"],
    [cpu("in8", ["i32"], "i32"), "8bd0.*ec"],
    [cpu("in16", ["i32"], "i32"), "8bd0.*66ed"],
    [cpu("in32", ["i32"], "i32"), "8bd0.*ed"],
    [cpu("out8", ["i32", "i32"]), "8bd08bc1ee"],
    [cpu("out16", ["i32", "i32"]), "8bd08bc166ef"],
    [cpu("out32", ["i32", "i32"]), "8bd08bc1ef"],
    [cpu("rdmsr", ["i32"], "i64"), "8bc80f3248c1e220480bc2"],
    [cpu("wrmsr", ["i32", "i64"]), "4887c1488bd048c1ea200f30"],
    [cpu("cr2", [], "i64"), "0f20d0"],
    [cpu("cr3", [], "i64"), "0f20d8"],
    [cpu("setCr3", LONG), "0f22d8"],
    [cpu("invlpg", LONG), "0f0138"],
    [cpu("lidt", LONG), "0f0118"],
    [cpu("rdrand", [], "i64"), "480fc7f0480f43c1"],
    [cpu("breakpoint", []), "cc"],
    [cpu("setStackLimit", LONG), "488945"],
  ];
  for (const [each, expected] of cases) {
    const body = [...each.parameters.flatMap((_, index) => [0x20, index]), 0x10, 0];
    const module = compileNative(
      encodeModule([{ name: "f", parameters: each.parameters, result: each.result, body }], { imports: [each] }),
    );
    expect(`${each.name}: ${Buffer.from(module.code).toString("hex")}`).toMatch(new RegExp(expected));
  }
});

test("an unknown function of the module cpu is refused by name of the place", () => {
  const unknown = cpu("selfDestruct", []);
  const wasm = encodeModule([{ name: "f", parameters: [], body: [0x10, 0] }], { imports: [unknown] });
  expect(() => compileNative(wasm)).toThrow(/native: .* in f/);
});
