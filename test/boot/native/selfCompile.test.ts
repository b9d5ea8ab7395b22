// The compiler compiled by itself: run as machine code, it makes of its own module the very bytes that it makes under V8,
// and the virtual machine's module too.

import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { compileNative } from "../../../boot/native/compile.js";
import { runNative } from "./runner.js";

const PAGES = 1024;
const FLAG_LINES = 2;

test.each(["native.wasm", "stvm.wasm"])("machine code of the compiler compiles %s as V8 does", (name) => {
  const compiler = compileNative(readFileSync("build/native.wasm"));
  const wasm = readFileSync(`build/${name}`);
  const expected = compileNative(wasm);

  const indexOf = (wanted: string) => compiler.exports.find((each) => each.name === wanted)!.index;
  const begin = { index: indexOf("begin"), arguments: [BigInt(wasm.length)] };
  const roomy = { ...compiler, memory: { ...compiler.memory, initialPages: PAGES } };
  const address = Number(runNative(roomy, [begin]).answers[0].bits);
  expect(address).toBeGreaterThan(0);

  const run = runNative({ ...roomy, data: [...roomy.data, { address, bytes: wasm }] }, [
    begin,
    { index: indexOf("compile"), arguments: [BigInt(FLAG_LINES), 0xffffffffn] },
    { index: indexOf("codeAddress"), arguments: [] },
    { index: indexOf("codeBytes"), arguments: [] },
  ]);
  expect(run.answers.map(({ trap }) => trap)).toEqual([0, 0, 0, 0]);
  const [, failure, codeAddress, codeBytes] = run.answers.map(({ bits }) => Number(bits));
  expect(failure).toBe(0);
  expect(codeBytes).toBe(expected.code.length);
  const code = run.memory.subarray(codeAddress, codeAddress + codeBytes);
  expect(Buffer.compare(code, expected.code)).toBe(0);
});
