// Rewriting sections of WebAssembly modules: what comes out runs in V8 and says what was put in.

import { expect, test } from "@jest/globals";
import wabt from "wabt";
import { decodeVlq, shiftSourceMap, WasmFile } from "../../../boot/link/wasmFile.js";

const TEXT = `(module
  (import "host" "add" (func $add (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (table (export "table") 4 funcref)
  (global $small (mut i32) (i32.const 1))
  (global $large (mut i64) (i64.const 2))
  (global $fixed i32 (i32.const 7))
  (global $real (mut f64) (f64.const 0.5))
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (elem (i32.const 1) func $one $two $one)
  (data (i32.const 16) "abc")
  (func (export "small") (result i32) (global.get $small))
  (func (export "large") (result i64) (global.get $large))
  (func (export "real") (result f64) (global.get $real))
  (func (export "fixed") (result i32) (global.get $fixed))
  (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
)`;

async function compiled(): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  return parseWat("test.wat", TEXT).toBinary({ write_debug_names: true }).buffer;
}

function instance(file: WasmFile): WebAssembly.Instance {
  const module = new WebAssembly.Module(file.toBytes() as Uint8Array<ArrayBuffer>);
  return new WebAssembly.Instance(module, { host: { add: (a: number, b: number) => a + b } });
}

const call = (exports: WebAssembly.Exports, name: string, ...values: number[]) =>
  (exports[name] as (...values: number[]) => unknown)(...values);

test("a module that is only taken apart comes out as it was", async () => {
  const bytes = await compiled();
  expect(Buffer.from(WasmFile.parse(bytes).toBytes()).equals(Buffer.from(bytes))).toBe(true);
});

test("globals get new first values by their names", async () => {
  const file = WasmFile.parse(await compiled());
  file.setGlobals(
    new Map([
      ["small", 0xfffffffen],
      ["large", 0x8000000000000001n],
      ["real", 0xc000000000000000n],
    ]),
  );
  const { exports } = instance(file);
  expect(call(exports, "small")).toBe(-2);
  expect(call(exports, "large")).toBe(-0x7fffffffffffffffn);
  expect(call(exports, "real")).toBe(-2);
  expect(call(exports, "fixed")).toBe(7);
  expect(() => file.setGlobals(new Map([["none", 1n]]))).toThrow(/no global none/);
});

test("mutable globals are exported for reading", async () => {
  const file = WasmFile.parse(await compiled());
  const added = file.exportMutableGlobals();
  expect([...added].map(([name, { name: own, type }]) => [name, own, type])).toEqual([
    ["global:0", "small", "i32"],
    ["global:1", "large", "i64"],
    ["global:3", "real", "f64"],
  ]);
  const { exports } = instance(file);
  expect((exports["global:1"] as WebAssembly.Global).value).toBe(2n);
});

test("places of the table are emptied, the others stay", async () => {
  const file = WasmFile.parse(await compiled());
  file.dropElements(new Set([2]));
  expect(file.elements().map(({ offset, functions }) => [offset, functions.length])).toEqual([
    [1, 1],
    [3, 1],
  ]);
  const { exports } = instance(file);
  expect(call(exports, "call", 1)).toBe(1);
  expect(call(exports, "call", 3)).toBe(1);
  expect(() => call(exports, "call", 2)).toThrow(WebAssembly.RuntimeError);
});

test("data and exports are left out, memory changes its size", async () => {
  const file = WasmFile.parse(await compiled());
  expect(file.data()).toEqual([{ address: 16, bytes: new Uint8Array(Buffer.from("abc")) }]);
  file.dropData();
  file.setMemory(3, 65535);
  file.keepExports(new Set(["small"]));
  const { exports } = instance(file);
  expect(Object.keys(exports).sort()).toEqual(["memory", "small"]);
  const memory = exports.memory as WebAssembly.Memory;
  expect(memory.buffer.byteLength).toBe(3 * 65536);
  expect(new Uint8Array(memory.buffer)[16]).toBe(0);
  expect(() => file.keepExports(new Set(["none"]))).toThrow(/no export none/);
});

test("a start that has been run is left out, what it did is kept", async () => {
  const { parseWat } = await wabt();
  const text = `(module (global $x (mut i32) (i32.const 1)) (func $init (global.set $x (i32.const 5))) (start $init)
    (func (export "x") (result i32) (global.get $x)))`;
  const bytes = parseWat("start.wat", text).toBinary({ write_debug_names: true }).buffer;
  const file = WasmFile.parse(bytes);
  expect(call(instance(file).exports, "x")).toBe(5);
  file.dropStart();
  expect(call(instance(file).exports, "x")).toBe(1);
  file.setGlobals(new Map([["x", 6n]]));
  expect(call(instance(file).exports, "x")).toBe(6);
});

test("a source map moves with the code", () => {
  const map = JSON.stringify({ version: 3, sources: ["a.ts"], mappings: "8kBAAA,EAAE,GACF" });
  for (const distance of [0, 1, -30, 100_000]) {
    const { mappings } = JSON.parse(shiftSourceMap(map, distance)) as { mappings: string };
    const [first, ...rest] = mappings.split(",");
    expect(decodeVlq(first!)[0]).toBe(decodeVlq("8kBAAA")[0]! + distance);
    expect(rest).toEqual(["EAAE", "GACF"]);
  }
});

test("what is no module is said to be none", () => {
  expect(() => WasmFile.parse(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]))).toThrow(/not a WebAssembly module/);
});
