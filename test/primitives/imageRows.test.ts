// The small loops that images' own readers of JPEG and BMP files call: JPEGReaderPlugin, BMPReadWriterPlugin.

import { beforeAll, describe, expect, test } from "@jest/globals";
import { compileEntry } from "../compileEntry.js";
import { integer, integerValue, TestHeap } from "./testHeap.js";

let heap: TestHeap;

beforeAll(async () => {
  heap = new TestHeap(await compileEntry("test/primitives/graphicsEntry.ts"));
});

function words(values: ArrayLike<number>): number {
  return heap.words(Uint32Array.from(values, (value) => value >>> 0));
}

function signedWords(object: number, count: number): number[] {
  return [...new Int32Array(heap.memory.buffer, object + 8, count)];
}

describe("JPEGReaderPlugin", () => {
  test("primitiveIdctInt is the inverse cosine transform, cut", () => {
    heap.clear();
    const coefficients = Array.from({ length: 64 }, (_, i) => (i % 7 === 0 ? 40 - i : 0));
    const quantisers = Array.from({ length: 64 }, (_, i) => 1 + (i % 5));
    const block = words(coefficients);
    expect(heap.call("primitiveIdctInt", heap.nil, block, words(quantisers)).failure).toBe(0);
    const scale = (k: number): number => (k === 0 ? Math.SQRT1_2 : 1);
    const wave = (at: number, k: number): number => scale(k) * Math.cos(((2 * at + 1) * k * Math.PI) / 16);
    signedWords(block, 64).forEach((sample, at) => {
      let sum = 0;
      coefficients.forEach((c, k) => (sum += (c * quantisers[k]! * wave(at % 8, k % 8) * wave(at >> 3, k >> 3)) / 4));
      expect(Math.abs(sample - Math.min(Math.max(sum + 127, 0), 255))).toBeLessThan(2);
    });
    expect(heap.call("primitiveIdctInt", heap.nil, block, words([1])).failure).toBe(1);
  });

  // Two bits: 00 ends, 01 is a number of two bits, 10 leads to a table of one bit, 11 is sixteen zeros.
  const TABLE = [2 << 24, 0x00, 0x02, (1 << 24) | 6, 0xf0, 0x13, 0x01];

  test("primitiveDecodeMCU decodes a block and moves the stream on", () => {
    heap.clear();
    const block = words(new Array(64).fill(7));
    const component = heap.pointers(Array.from({ length: 11 }, () => integer(0)));
    heap.setSlot(component, 10, integer(100));
    // DC 01 10 (2), AC 100 101 (a zero, then 5), 01 00 (-3), 11 (sixteen zeros), 101 1 (1), 00 (end); ones to fill.
    const bits = "01 10 100 101 01 00 11 101 1 00 1111111".replaceAll(" ", "");
    const file = (bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2));
    const stream = heap.pointers([heap.bytes(file), integer(0), integer(file.length), integer(0), integer(0)]);
    const values = [block, component, words(TABLE), words(TABLE), stream];
    expect(heap.call("primitiveDecodeMCU", heap.nil, ...values).failure).toBe(0);
    const expected = new Array<number>(64).fill(0);
    expected[0] = 102;
    expected[8] = 5; // the second place of the zigzag
    expected[16] = -3;
    const decoded = signedWords(block, 64);
    expect(decoded.slice(0, 20)).toEqual(expected.slice(0, 20));
    expect(decoded.filter((value) => value === 1)).toHaveLength(1);
    expect(integerValue(heap.slot(component, 10))).toBe(102);
    expect(integerValue(heap.slot(stream, 1))).toBe(file.length);
    const left = integerValue(heap.slot(stream, 4));
    expect(integerValue(heap.slot(stream, 3))).toBe(2 ** left - 1);
  });

  test("a stream that ends too early fails and moves nothing", () => {
    heap.clear();
    const component = heap.pointers(Array.from({ length: 11 }, () => integer(0)));
    const stream = heap.pointers([heap.bytes([0x55]), integer(0), integer(1), integer(0), integer(0)]);
    const values = [words(new Array(64).fill(0)), component, words(TABLE), words(TABLE), stream];
    expect(heap.call("primitiveDecodeMCU", heap.nil, ...values).failure).toBe(1);
    expect(integerValue(heap.slot(stream, 1))).toBe(0);
  });

  /** A component with one block for a unit of `blocks` by `blocks` blocks. */
  function component(samples: number[], blocks: number): number {
    const fields: (number | bigint)[] = Array.from({ length: 11 }, () => integer(0));
    fields[2] = fields[3] = integer(blocks);
    fields[4] = heap.pointers([words(samples)]);
    fields[5] = integer(1);
    fields[8] = integer(blocks);
    return heap.pointers(fields);
  }

  test("primitiveColorConvertMCU makes pixels, with samples repeated", () => {
    heap.clear();
    const constant = (value: number): number => component(new Array(64).fill(value), 2);
    const bits = words(new Array(256).fill(0));
    const residuals = words([0, 0, 0]);
    const parts = heap.pointers([constant(100), constant(127), constant(227)]);
    expect(heap.call("primitiveColorConvertMCU", heap.nil, parts, bits, residuals, integer(0)).failure).toBe(0);
    expect(new Set(heap.wordsOf(bits, 256))).toEqual(new Set([(0xff000000 | (240 << 16) | (29 << 8) | 100) >>> 0]));
    const tooMany = words(new Array(257).fill(0));
    expect(heap.call("primitiveColorConvertMCU", heap.nil, parts, tooMany, residuals, integer(0)).failure).toBe(1);
  });

  test("primitiveColorConvertGrayscaleMCU carries what dithering leaves", () => {
    heap.clear();
    const bits = words(new Array(64).fill(0));
    const residuals = words([0, 0, 0]);
    const part = component(new Array(64).fill(20), 1);
    expect(heap.call("primitiveColorConvertGrayscaleMCU", heap.nil, part, bits, residuals, integer(7)).failure).toBe(0);
    const greys = [...heap.wordsOf(bits, 4)].map((word) => word & 255);
    expect(greys).toEqual([16, 24, 16, 24]);
    expect(signedWords(residuals, 3)).toEqual([0, 0, 0]);
  });
});

describe("BMPReadWriterPlugin", () => {
  test("rows go in and out; black is not transparent", () => {
    heap.clear();
    const bits = words([0, 1, 2, 3]);
    const row = heap.bytes([1, 2, 3, 0, 0, 0]);
    expect(heap.call("primitiveRead24BmpLine", heap.nil, row, bits, integer(3), integer(2)).failure).toBe(0);
    expect([...heap.wordsOf(bits, 4)]).toEqual([0, 1, 0xff030201, 0xff000001]);
    const out = heap.bytes(new Uint8Array(6));
    expect(heap.call("primitiveWrite24BmpLine", heap.nil, out, bits, integer(2), integer(2)).failure).toBe(0);
    expect([...heap.bytesOf(out, 6)]).toEqual([1, 0, 0, 1, 2, 3]);
    for (const [index, width] of [
      [4, 2],
      [0, 1],
      [1, 3],
      [2 ** 40, 1],
    ] as const) {
      const values = [row, bits, integer(index), integer(width)];
      expect(heap.call("primitiveRead24BmpLine", heap.nil, ...values).failure).not.toBe(0);
    }
  });
});
