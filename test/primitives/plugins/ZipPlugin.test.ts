// ZipPlugin against Node's zlib: what it deflates, Node inflates, and the other way round. Checksums against known values.

import { deflateRawSync, inflateRawSync, crc32 } from "node:zlib";
import { beforeAll, beforeEach, expect, test } from "@jest/globals";
import { Random, World } from "../world.js";

let world: World;

beforeAll(async () => {
  world = await World.load();
  world.define("WriteStream", 100, 1, 4);
  world.define("DeflateStream", 101, 1, 15, -1, world.classNamed("WriteStream"));
  world.define("ZipEncoder", 102, 1, 7, -1, world.classNamed("WriteStream"));
  world.define("ReadStream", 103, 1, 3);
  world.define("InflateStream", 104, 1, 13, -1, world.classNamed("ReadStream"));
  world.define("Pair", 105, 1, 2);
});

beforeEach(() => {
  world.exports.forgetYoung();
});

const int = (value: number) => world.integer(BigInt(value));
const zeros = (count: number) => new Array<number>(count).fill(0);

test("checksums", () => {
  const bytes = world.string("Wikipedia!");
  expect(world.result("primitiveAdler32", world.nil, world.string("Wikipedia"))).toBe(0x11e60398n);
  expect(world.result("primitiveUpdateAdler32", world.nil, int(1), int(1), int(9), bytes)).toBe(0x11e60398n);
  const sum = BigInt(crc32("Wikipedia!"));
  expect(world.result("primitiveCrc32", world.nil, bytes)).toBe(sum);
  const crc = world.result("primitiveUpdateGZipCrc32", world.nil, int(0xffffffff), int(1), int(10), bytes) as bigint;
  expect(crc ^ 0xffffffffn).toBe(sum);
  expect(world.call("primitiveUpdateGZipCrc32", world.nil, int(0), int(1), int(11), bytes)).toEqual({ failed: 1 });
  expect(world.call("primitiveAdler32", world.nil, world.nil)).toEqual({ failed: 3 });
});

const TEXTS = (random: Random) => [
  "a",
  "abcabcabcabcabcabcabcabcabcabc",
  "x".repeat(3000),
  Array.from({ length: 400 }, (_, i) => `line ${i % 37} of ${(i * i) % 101}\n`).join(""),
  String.fromCharCode(...Array.from({ length: 6000 }, () => random.below(256))),
];

test("what it deflates, Node inflates", () => {
  for (const text of TEXTS(new Random("deflate"))) {
    expect(deflate(text)).toBe(text);
    world.exports.forgetYoung();
  }
});

test("what Node deflates with its own trees, it inflates", () => {
  // The random bytes would be stored, not deflated.
  const random = new Random("inflate");
  const bytes = Array.from({ length: 9000 }, (_, i) => (i % 1000 < 100 ? random.below(256) : (i % 211) + 40));
  for (const text of [...TEXTS(random).slice(0, -1), String.fromCharCode(...bytes)]) {
    const packed = deflateRawSync(Buffer.from(text, "latin1"), { strategy: 4 });
    expect(inflateFixed(packed, text.length)).toBe(text);
    world.exports.forgetYoung();
  }
});

test("a stream with numbers out of range fails", () => {
  const table = world.words(fixedLiteralTable());
  const distances = world.words(fixedDistanceTable());
  const source = world.bytes([3, 0, 0, 0]);
  const stream = (limit: number, bitPosition: number, from: bigint) =>
    world.object(
      "InflateStream",
      world.bytes(zeros(100)),
      int(0),
      int(limit),
      ...[0, 0, bitPosition].map(int),
      from,
      int(1),
      int(4),
    );
  const inflate = (s: bigint, t = table) => world.call("primitiveInflateDecompressBlock", s, t, distances);
  expect(inflate(stream(0, 0, source))).not.toHaveProperty("failed");
  expect(inflate(stream(-1, 0, source))).toEqual({ failed: 1 });
  expect(inflate(stream(0, 60, source))).toEqual({ failed: 1 });
  expect(inflate(stream(0, 0, world.nil))).toEqual({ failed: 1 });
  expect(inflate(stream(0, 0, source), world.words([99 << 24, 0]))).toEqual({ failed: 1 });
  expect(inflate(stream(0, 0, source), world.words([]))).toEqual({ failed: 1 });
  expect(inflate(stream(0, 0, source), world.nil)).toEqual({ failed: 1 });
});

test("hash tables move with the window", () => {
  const table = world.words([0, 5, 10, 32768]);
  world.call("primitiveDeflateUpdateHashTable", world.nil, table, int(8));
  expect(world.wordsOf(table)).toEqual([0, 0, 2, 32760]);
});

/** Deflates with the primitives and fixed trees into one block, and inflates that with Node. */
function deflate(text: string): string {
  const window = world.bytes([...Buffer.from(text, "latin1"), ...zeros(300)], "ByteString");
  const literals = world.bytes(zeros(8192));
  const distances = world.words(zeros(8192));
  const literalCounts = world.words(zeros(286));
  const stream = world.object("DeflateStream");
  const values = [window, int(text.length), int(text.length), int(0)].concat(
    [world.words(zeros(0x8000)), world.words(zeros(0x8000)), int(0), int(0), int(0)],
    [literals, distances, literalCounts, world.words(zeros(30)), int(0), int(0)],
  );
  const fill = new DataView(world.memory.buffer);
  values.forEach((value, i) => fill.setBigUint64(world.body(stream) + 8 * i, value, true));
  const flush = world.result("primitiveDeflateBlock", stream, int(text.length - 1), int(32), int(16));
  expect(flush).toBe(false);
  const count = Number(world.value(world.slotsOf(stream)[13]!));
  expect(world.wordsOf(literalCounts).reduce((sum, n) => sum + n, 0)).toBe(count);

  // 011: the last block, with fixed trees, lowest bit first.
  const sink = world.bytes(zeros(20_000));
  const encoder = world.object("ZipEncoder", sink, int(0), int(0), int(20_000), world.nil, int(3), int(3));
  const literalStream = world.object("Triple", literals, int(0), int(count));
  const distanceStream = world.object("Triple", distances, int(0), int(count));
  const literalTree = world.object("Pair", world.words(literalLengths()), world.words(codesOf(literalLengths())));
  const fives = new Array<number>(30).fill(5);
  const distanceTree = world.object("Pair", world.words(fives), world.words(codesOf(fives)));
  const sent = world.result("primitiveZipSendBlock", encoder, literalStream, distanceStream, literalTree, distanceTree);
  expect(sent).toBe(BigInt(text.length));
  const [, position, , , , bits] = world.slotsOf(encoder).map((oop) => world.value(oop));
  const packed = world.bytesOf(sink).slice(0, Number(position));
  return inflateRawSync(Buffer.from([...packed, Number(bits), 0, 0])).toString("latin1");
}

/** Inflates one block of fixed trees, after its three bits of header. */
function inflateFixed(packed: Buffer, size: number): string {
  expect(packed[0]! & 7).toBe(3);
  const target = world.bytes(zeros(size + 300));
  const buffers = [int(0), int(packed[0]! >> 3), int(5), world.bytes(packed), int(1), int(packed.length)];
  const stream = world.object("InflateStream", target, int(0), int(0), ...buffers);
  const tables = [world.words(fixedLiteralTable()), world.words(fixedDistanceTable())];
  expect(world.call("primitiveInflateDecompressBlock", stream, ...tables)).toEqual({ oop: stream });
  const end = Number(world.value(world.slotsOf(stream)[2]!));
  return Buffer.from(world.bytesOf(target).slice(0, end)).toString("latin1");
}

function literalLengths(): number[] {
  return Array.from({ length: 286 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
}

/** Canonical codes of RFC 1951, 3.2.2, bits reversed as they are written. */
function codesOf(lengths: number[]): number[] {
  const counts = zeros(17);
  for (const length of lengths.concat(lengths.length === 286 ? [8, 8] : [])) counts[length]!++;
  const next = zeros(17);
  for (let bits = 1; bits < 17; bits++) next[bits] = (next[bits - 1]! + (bits === 1 ? 0 : counts[bits - 1]!)) << 1;
  return lengths.map((length) => {
    const code = next[length]!++;
    return parseInt([...code.toString(2).padStart(length, "0")].reverse().join(""), 2);
  });
}

function fixedLiteralTable(): number[] {
  return twoLevels(literalLengths(), literalEntry, 7);
}

function fixedDistanceTable(): number[] {
  return twoLevels(new Array<number>(30).fill(5), distanceEntry, 5);
}

/** The image's form: in the first word the bits to look up; entries; sub-tables for codes of more bits. */
function twoLevels(lengths: number[], entry: (value: number) => number, first: number): number[] {
  const table = [first << 24, ...zeros(1 << first)];
  const codes = codesOf(lengths);
  const subBits = new Map<number, number>();
  codes.forEach((code, value) => {
    const low = code & ((1 << first) - 1);
    const extra = lengths[value]! - first;
    if (extra > 0) subBits.set(low, Math.max(extra, subBits.get(low) ?? 0));
    else table[1 + low] = entry(value);
  });
  for (const [low, bits] of subBits) {
    const values = codes.flatMap((code, value) => ((code & ((1 << first) - 1)) === low ? [value] : []));
    table[1 + low] = ((bits << 24) | (table.length + 1)) >>> 0;
    const start = table.length;
    table.push(...zeros(1 << bits));
    for (const value of values) table[start + (codes[value]! >> first)] = entry(value);
  }
  return table;
}

function literalEntry(value: number): number {
  if (value <= 256) return value;
  if (value === 285) return (1 << 16) | 258;
  const extra = value < 265 ? 0 : (value - 261) >> 2;
  const base = value < 265 ? value - 254 : ((4 | ((value - 265) & 3)) << extra) + 3;
  return ((extra + 1) << 16) | base;
}

function distanceEntry(value: number): number {
  const extra = value < 4 ? 0 : (value - 2) >> 1;
  return (extra << 16) | (value < 4 ? value + 1 : ((2 | (value & 1)) << extra) + 1);
}
