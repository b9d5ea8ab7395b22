// Placing compiled code: relocations, the context block with its table, memory's segments, the table of symbols, and
// debug information read back by a small decoder.

import { expect, test } from "@jest/globals";
import { debugSections } from "../../../boot/link/dwarf.js";
import { contextBytes, memorySegments, placeAssembled, placeModule } from "../../../boot/link/layout.js";
import { addressOf, assemble } from "../../../boot/link/assembler.js";
import { symbolTable } from "../../../boot/link/symbols.js";
import {
  CONTEXT_BIAS,
  CONTEXT_MEMORY_PAGES,
  CONTEXT_TABLE,
  CONTEXT_TABLE_SIZE,
  TYPE_NONE,
} from "../../../boot/native/abi.js";
import { type NativeModule } from "../../../boot/native/output.js";

const MODULE: NativeModule = {
  code: new Uint8Array(64),
  relocations: [{ kind: "linked", offset: 8, number: 3 }],
  functions: [
    {
      name: "cpu.syscall",
      parameters: [],
      result: "i64",
      from: { module: "cpu", name: "syscall" },
      offset: 0,
      bytes: 0,
    },
    { name: "second", parameters: [], result: undefined, offset: 32, bytes: 32 },
    { name: "first", parameters: [], result: undefined, offset: 0, bytes: 32 },
  ],
  exports: [{ name: "start", kind: "function", index: 1 }],
  start: undefined,
  memory: { initialPages: 1, maximumPages: 65535 },
  contextBytes: CONTEXT_BIAS + 24,
  globals: [
    { type: "i32", mutable: true, contextOffset: 0, initial: 0xfffffffen },
    { type: "i64", mutable: true, contextOffset: 8, initial: 0x123456789abcdef0n },
  ],
  contextWords: [{ contextOffset: 16, value: 77 }],
  table: [undefined, { index: 2, type: 9 }],
  data: [],
  lines: Uint32Array.from([0, 100, 16, 110, 40, 120]),
};
const PLACEMENT = {
  code: 0x400040n,
  context: 0x500000n,
  memory: 0x1_0000_0000n,
  memoryPages: 5,
  linked: new Map([[3, 0x1122334455667788n]]),
};

test("constants, entries and symbols", () => {
  const placed = placeModule(MODULE, PLACEMENT);
  expect(new DataView(placed.code.buffer).getBigUint64(8, true)).toBe(0x1122334455667788n);
  expect(placed.entry("start")).toBe(0x400060n);
  expect(() => placed.entry("none")).toThrow(/no function none/);
  expect(placed.symbols.map(({ name, address }) => [name, address])).toEqual([
    ["second", 0x400060n],
    ["first", 0x400040n],
  ]);
});

test("what nothing provides is named", () => {
  const calls: NativeModule = { ...MODULE, relocations: [{ kind: "call", offset: 0, index: 0 }] };
  expect(() => placeModule(calls, PLACEMENT)).toThrow(/cpu.syscall is called and nothing provides it/);
  expect(() => placeModule(MODULE, { ...PLACEMENT, linked: new Map() })).toThrow(/linked\(3\)/);
});

test("the context block holds sizes, globals, words and then the table", () => {
  const { context, contextRegister } = placeModule(MODULE, PLACEMENT);
  const view = new DataView(context.buffer);
  expect(contextRegister).toBe(0x500000n + BigInt(CONTEXT_BIAS));
  expect(view.getUint32(CONTEXT_BIAS + CONTEXT_MEMORY_PAGES, true)).toBe(5);
  expect(view.getUint32(CONTEXT_BIAS + CONTEXT_TABLE_SIZE, true)).toBe(2);
  expect(view.getInt32(CONTEXT_BIAS, true)).toBe(-2);
  expect(view.getBigUint64(CONTEXT_BIAS + 8, true)).toBe(0x123456789abcdef0n);
  expect(view.getUint32(CONTEXT_BIAS + 16, true)).toBe(77);
  const table = Number(view.getBigUint64(CONTEXT_BIAS + CONTEXT_TABLE, true) - 0x500000n);
  expect(view.getUint32(table + 8, true)).toBe(TYPE_NONE);
  expect(view.getBigUint64(table + 16, true)).toBe(0x400040n);
  expect(view.getUint32(table + 24, true)).toBe(9);
  expect(context.length).toBe(contextBytes(MODULE));
});

test("memory without its holes", () => {
  const memory = new Uint8Array(40 * 65536);
  memory[5] = 1;
  memory[8192] = 2;
  memory[20 * 65536 + 4096] = 3;
  const segments = memorySegments(memory, 0x1_0000_0000n, 40);
  expect(segments.map(({ address, bytes, memoryBytes }) => [address, bytes.length, memoryBytes])).toEqual([
    [0x1_0000_0000n, 12288, 20 * 65536 + 4096],
    [0x1_0000_0000n + BigInt(20 * 65536 + 4096), 4096, 20 * 65536 - 4096],
  ]);
});

test("start-up code is bound to addresses", () => {
  const code = assemble([
    ["call", "start"],
    ["mov", "rbx", addressOf("memory", 1)],
  ]);
  const bytes = placeAssembled(
    code,
    0x400000n,
    new Map([
      ["start", 0x400100n],
      ["memory", 0x1_0000_0000n],
    ]),
  );
  expect(Buffer.from(bytes).toString("hex")).toBe("e8fb00000048bb0100000001000000");
  expect(() => placeAssembled(code, 0n, new Map())).toThrow(/names start/);
});

test("the table of symbols is sorted, with names behind it", () => {
  const bytes = Buffer.from(symbolTable(MODULE.functions));
  expect(bytes.readUInt32LE(0)).toBe(2);
  const entry = (index: number) => {
    const place = bytes.readUInt32LE(8 + index * 8);
    return [bytes.readUInt32LE(4 + index * 8), bytes.toString("utf8", place, bytes.indexOf(0, place))];
  };
  expect([entry(0), entry(1)]).toEqual([
    [0, "first"],
    [32, "second"],
  ]);
});

test("lines: code offsets through the module's offsets to source lines", () => {
  // Offset 100: line 5 of a.ts; 110: line 7 of b.ts; 120: line 3 of a.ts.
  const map = JSON.stringify({ sources: ["a.ts", "b.ts"], mappings: "oGAIA,UCEA,UDJA" });
  const [, , line] = debugSections(MODULE, map, 0x400040n);
  expect(readLines(line!.bytes)).toEqual([
    [0x400040n, "a.ts", 5],
    [0x400050n, "b.ts", 7],
    [0x400068n, "a.ts", 3],
    [0x400080n, "a.ts", 3],
  ]);
});

/** A line number program of version 4, as far as we write such: address, file and line of each row. */
function readLines(bytes: Uint8Array): [address: bigint, file: string, line: number][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  expect(view.getUint32(0, true)).toBe(bytes.length - 4);
  expect(view.getUint16(4, true)).toBe(4);
  const end = 10 + view.getUint32(6, true);
  const [minimum, , , base, range, opcodes] = [10, 11, 12, 13, 14, 15].map((at) => view.getUint8(at));
  expect(minimum).toBe(1);
  let at = 15 + opcodes! + 1;
  const files: string[] = [];
  while (bytes[at] !== 0) {
    const stop = bytes.indexOf(0, at);
    files.push(Buffer.from(bytes.subarray(at, stop)).toString());
    at = stop + 4;
  }
  expect(at + 1).toBe(end);
  at = end;
  const unsigned = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return [value, shift + 7, byte] as const;
    }
  };
  const signed = () => {
    const [value, bits, last] = unsigned();
    return (last & 64) !== 0 ? value - 2 ** bits : value;
  };
  const rows: [bigint, string, number][] = [];
  let [address, file, line] = [0n, 1, 1];
  for (;;) {
    const opcode = bytes[at++]!;
    if (opcode >= opcodes!) {
      address += BigInt(Math.floor((opcode - opcodes!) / range!));
      line += ((base! << 24) >> 24) + ((opcode - opcodes!) % range!);
      rows.push([address, files[file - 1]!, line]);
    } else if (opcode === 0) {
      const size = bytes[at++]!;
      if (bytes[at] === 1) return [...rows, [address, files[file - 1]!, line]];
      address = view.getBigUint64(at + 1, true);
      at += size;
    } else if (opcode === 1) rows.push([address, files[file - 1]!, line]);
    else if (opcode === 2) address += BigInt(unsigned()[0]);
    else if (opcode === 3) line += signed();
    else if (opcode === 4) file = unsigned()[0];
    else throw new Error(`opcode ${opcode}`);
  }
}
