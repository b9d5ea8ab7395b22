// JPEG files to Forms and back: files that libjpeg's cjpeg has made of a drawing of ours, our own files, damaged files.

import { beforeAll, describe, expect, test } from "@jest/globals";
import { compileEntry } from "../compileEntry.js";
import { integer, integerValue, TestHeap } from "./testHeap.js";

const READ_HEADER = "primJPEGReadHeaderfromByteArrayerrorMgr";
const READ_IMAGE = "primJPEGReadImagefromByteArrayonFormdoDitheringerrorMgr";
const WRITE_IMAGE = "primJPEGWriteImageonByteArrayformqualityprogressiveJPEGerrorMgr";

const WIDTH = 40;
const HEIGHT = 24;
const FUZZ_CASES = 1500;

/** The drawing that the files below are of: colours that change evenly, by their components. */
function drawing(x: number, y: number): number[] {
  return [x * 6, y * 10, 255 - x * 3 - y * 5];
}

// cjpeg -progressive -quality 90; -restart 1B -sample 2x1 -quality 80 -optimize; -grayscale -progressive -quality 90
const PROGRESSIVE =
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGB" +
  "YUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wgARCAAY" +
  "ACgDASIAAhEBAxEB/8QAGQABAAMBAQAAAAAAAAAAAAAAAAQFBgMH/8QAFwEBAQEBAAAAAAAAAAAAAAAABgcDCP/aAAwDAQACEAMQAAAB8asNTP" +
  "qx7LWGpniqLlm5EXfGwMuO59gCaLPBF3//xAAWEAADAAAAAAAAAAAAAAAAAAAAAgT/2gAIAQEAAQUCSMSMSMSMSMSMSMSMSMSMSMSMSMSMSM//" +
  "xAAcEQACAgIDAAAAAAAAAAAAAAAAAwIEBWESIjH/2gAIAQMBAT8BoZHZQyOxOR6elB8yg+Yh8+B//8QAHBEAAgIDAQEAAAAAAAAAAAAAAAQDBT" +
  "FRYRIi/9oACAECAQE/AW7ro3ddJbr6yNtS7G2pdkrUvrJ//8QAFBABAAAAAAAAAAAAAAAAAAAAMP/aAAgBAQAGPwJ//8QAFRABAQAAAAAAAAAA" +
  "AAAAAAAAAGH/2gAIAQEAAT8hggggggggggggggg//9oADAMBAAIAAwAAABCaTGCL/wD/xAAXEQEBAQEAAAAAAAAAAAAAAAAAITER/9oACAEDAQ" +
  "E/EMTEkIahrhV//8QAFxEBAQEBAAAAAAAAAAAAAAAAACExEf/aAAgBAgEBPxDc3Km4uOof/8QAFhAAAwAAAAAAAAAAAAAAAAAAADHB/9oACAEB" +
  "AAE/EFSKkVIqRUipFSKkVIqRUipFSKkVJ//Z";

const RESTARTS =
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHBYWICwgIyYnKSopGR8tMC" +
  "0oMCUoKSj/2wBDAQcHBwoIChMKChMoGhYaKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCj/wAARCAAY" +
  "ACgDASEAAhEBAxEB/8QAGAAAAgMAAAAAAAAAAAAAAAAAAAQFBgf/xAAZEAADAQEBAAAAAAAAAAAAAAAAAwViIjH/xAAZAQACAwEAAAAAAAAAAA" +
  "AAAAAGBwIEBQP/xAAaEQACAwEBAAAAAAAAAAAAAAAABAUiMWED/90ABAAB/9oADAMBAAIRAxEAPwDG0TMj6JmRyuv9Kkc1h//QzpEzI+iZkN3X" +
  "+hhHNYf/0ayiZkDQ9n7aONdqh//SqaJmSQRMyGDr/QRjmsP/00kTMkgiZkk6/wBL0c1h/9SSRMyAM+z9tGCu1Q//1XUTPOR9EzJydf6K+Oaw/9" +
  "a2ImZH0TMgY6/0yo5rD//X0tEzICk9n7aby7VD/9k=";

const GREY_PROGRESSIVE =
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGB" +
  "YUGBIUFRT/wgALCAAYACgBAREA/8QAFwABAQEBAAAAAAAAAAAAAAAABAUDB//aAAgBAQAAAAHjVB9B+T6D6GNB9B//xAAWEAADAAAAAAAAAAAA" +
  "AAAAAAAAAgT/2gAIAQEAAQUCSMSMSMSMSMSMSMSMSMSMSMSMSMSMSM//xAAUEAEAAAAAAAAAAAAAAAAAAAAw/9oACAEBAAY/An//xAAVEAEBAA" +
  "AAAAAAAAAAAAAAAAAAYf/aAAgBAQABPyGCCCCCCCCCCCCCCD//2gAIAQEAAAAQqqv/xAAWEAADAAAAAAAAAAAAAAAAAAAAMcH/2gAIAQEAAT8Q" +
  "VIqRUipFSKkVIqRUipFSKkVIqRUn/9k=";

let heap: TestHeap;
let structure = 0;

beforeAll(async () => {
  heap = new TestHeap(await compileEntry("test/primitives/graphicsEntry.ts"), 256);
});

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64, "base64"));
}

function sizeIn(file: number): number[] {
  structure = heap.bytes(new Uint8Array(integerValue(heap.call("primJPEGDecompressStructSize", heap.nil).answer)));
  expect(heap.call(READ_HEADER, heap.nil, structure, file, structure).failure).toBe(0);
  const questions = ["primImageWidth", "primImageHeight", "primImageNumComponents"];
  return questions.map((question) => integerValue(heap.call(question, heap.nil, structure).answer));
}

type Decoded = { failure: number; words: Uint32Array; size: number[] };

/** Decodes to a Form of its own size, or the size given, of which the words have a guard behind. */
function decode(bytes: Uint8Array, depth = 32, size?: number[], dithered = false): Decoded {
  heap.clear();
  const file = heap.bytes(bytes);
  const found = sizeIn(file);
  const [width, height] = (size ?? found) as [number, number];
  const count = Math.ceil((width * Math.abs(depth)) / 32) * height;
  const bits = heap.words(new Uint32Array(count).fill(0x5a5a5a5a));
  const guard = heap.words(new Uint32Array(16).fill(0x12345678));
  const form = heap.form(bits, width, height, depth);
  const flag = dithered ? heap.trueObject : heap.falseObject;
  const { failure } = heap.call(READ_IMAGE, heap.nil, structure, file, form, flag, structure);
  expect([...heap.wordsOf(guard, 16)]).toEqual(Array(16).fill(0x12345678));
  return { failure, words: heap.wordsOf(bits, count).slice(), size: found };
}

function colorOf(word: number): number[] {
  return [(word >>> 16) & 255, (word >>> 8) & 255, word & 255];
}

/** The largest distance of a component from the drawing's. */
function distance(words: Uint32Array): number {
  let largest = 0;
  words.forEach((word, index) => {
    const expected = drawing(index % WIDTH, Math.floor(index / WIDTH));
    colorOf(word).forEach((value, i) => (largest = Math.max(largest, Math.abs(value - expected[i]!))));
  });
  return largest;
}

function encode(
  words: Uint32Array,
  width: number,
  height: number,
  depth: number,
  quality: number,
  room = 20000,
): Uint8Array {
  heap.clear();
  structure = heap.bytes(new Uint8Array(16));
  const file = heap.bytes(new Uint8Array(room));
  const form = heap.form(heap.words(words), width, height, depth);
  const values = [structure, file, form, integer(quality), heap.falseObject, structure];
  const { failure, answer } = heap.call(WRITE_IMAGE, heap.nil, ...values);
  expect(failure).toBe(0);
  return heap.bytesOf(file, integerValue(answer)).slice();
}

function drawnWords(): Uint32Array {
  return Uint32Array.from({ length: WIDTH * HEIGHT }, (_, index) => {
    const [r, g, b] = drawing(index % WIDTH, Math.floor(index / WIDTH)) as [number, number, number];
    return (0xff000000 | (r << 16) | (g << 8) | b) >>> 0;
  });
}

describe("reading", () => {
  test("progressive and sequential files, subsampled, with restarts", () => {
    for (const [file, allowed] of [
      [PROGRESSIVE, 14],
      [RESTARTS, 20],
    ] as const) {
      const { failure, words, size } = decode(bytesOf(file));
      expect([failure, ...size]).toEqual([0, WIDTH, HEIGHT, 3]);
      expect(words[0]! >>> 24).toBe(255);
      expect(distance(words)).toBeLessThan(allowed);
    }
  });

  test("grey files onto 8 and 32 bits", () => {
    const grey = decode(bytesOf(GREY_PROGRESSIVE), 8);
    expect([grey.failure, ...grey.size]).toEqual([0, WIDTH, HEIGHT, 1]);
    const colored = decode(bytesOf(GREY_PROGRESSIVE));
    for (let i = 0; i < WIDTH * HEIGHT; i++) {
      const [r, g, b] = drawing(i % WIDTH, Math.floor(i / WIDTH)) as [number, number, number];
      const luminance = (grey.words[i >> 2]! >>> (24 - 8 * (i & 3))) & 255;
      expect(Math.abs(luminance - (0.299 * r + 0.587 * g + 0.114 * b))).toBeLessThan(4);
      expect(colorOf(colored.words[i]!)).toEqual([luminance, luminance, luminance]);
    }
    const swapped = decode(bytesOf(GREY_PROGRESSIVE), -8);
    expect(swapped.words[0]! & 255).toBe(grey.words[0]! >>> 24);
  });

  test("onto 16 bits, cut or dithered, in both orders", () => {
    const full = decode(bytesOf(PROGRESSIVE)).words;
    const cut = decode(bytesOf(PROGRESSIVE), 16).words;
    const [r, g, b] = colorOf(full[1]!) as [number, number, number];
    expect(cut[0]! & 0xffff).toBe(0x8000 | ((r >> 3) << 10) | ((g >> 3) << 5) | (b >> 3));
    const swapped = decode(bytesOf(PROGRESSIVE), -16).words;
    expect(swapped[0]! >>> 16).toBe(cut[0]! & 0xffff);
    const dithered = decode(bytesOf(PROGRESSIVE), 16, undefined, true).words;
    let sum = 0;
    for (let i = 0; i < WIDTH * HEIGHT; i++) {
      const level = (dithered[i >> 1]! >>> (i & 1 ? 0 : 16)) & 31;
      const exact = ((full[i]! & 255) * 31) / 255;
      expect(Math.abs(level - exact)).toBeLessThan(1.1);
      sum += level - exact;
    }
    expect(Math.abs(sum / (WIDTH * HEIGHT))).toBeLessThan(0.2);
  });

  test("no JPEG file: size 0, and the Form stays as it is", () => {
    const { failure, words, size } = decode(Uint8Array.from([1, 2, 3, 4, 5]), 32, [4, 4]);
    expect([failure, ...size]).toEqual([0, 0, 0, 0]);
    expect(new Set(words)).toEqual(new Set([0x5a5a5a5a]));
  });

  test("a Form too small, or of few bits, fails", () => {
    expect(decode(bytesOf(PROGRESSIVE), 32, [WIDTH - 1, HEIGHT]).failure).not.toBe(0);
    expect(decode(bytesOf(PROGRESSIVE), 32, [WIDTH, HEIGHT - 1]).failure).not.toBe(0);
    expect(decode(bytesOf(PROGRESSIVE), 4).failure).not.toBe(0);
  });

  test("a file cut short gives its beginning", () => {
    const bytes = bytesOf(RESTARTS);
    const { failure, words } = decode(bytes.subarray(0, bytes.length - 50));
    expect(failure).toBe(0);
    expect(distance(words.subarray(0, WIDTH * 4))).toBeLessThan(20);
  });

  test(`${FUZZ_CASES} damaged files neither trap nor write beyond the Form`, () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    let state = seed;
    const below = (limit: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * limit);
    };
    const files = [PROGRESSIVE, RESTARTS, GREY_PROGRESSIVE].map(bytesOf);
    for (let i = 0; i < FUZZ_CASES; i++) {
      const bytes = files[i % 3]!.slice();
      for (let k = below(5); k >= 0; k--) bytes[below(bytes.length)] = below(256);
      try {
        decode(i & 1 ? bytes : bytes.subarray(0, 4 + below(bytes.length)), 32, [64, 64]);
      } catch (error) {
        throw new Error(`seed ${seed}, case ${i}: ${error}`);
      }
    }
  });
});

describe("writing", () => {
  test("what is written can be read: 32 and 16 bits in colour, 8 in grey", () => {
    const words = drawnWords();
    const file = encode(words, WIDTH, HEIGHT, 32, 95);
    expect([...file.subarray(0, 4), ...file.subarray(-2)]).toEqual([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xd9]);
    expect(distance(decode(file).words)).toBeLessThan(12);
    const packed = new Uint32Array((WIDTH * HEIGHT) / 2);
    words.forEach((word, i) => {
      const pixel = ((word >>> 9) & 0x7c00) | ((word >>> 6) & 0x3e0) | ((word >>> 3) & 31);
      packed[i >> 1]! |= i & 1 ? pixel : pixel << 16;
    });
    expect(distance(decode(encode(packed, WIDTH, HEIGHT, 16, 95)).words)).toBeLessThan(20);
    const grey = Uint32Array.from({ length: 16 * 4 }, (_, i) => (i * 3 * 0x01010101) >>> 0);
    const { words: read, size } = decode(encode(grey, 16, 16, 8, 100), 8);
    expect(size).toEqual([16, 16, 1]);
    read.forEach((word, i) => expect(Math.abs((word & 255) - (grey[i]! & 255))).toBeLessThan(4));
  });

  test("less quality is fewer bytes; too little room is 0", () => {
    const words = Uint32Array.from({ length: 64 * 64 }, (_, i) => Math.imul(i, 2654435761) >>> 0);
    const sizes = [90, 50, 10].map((quality) => encode(words, 64, 64, 32, quality).length);
    expect(sizes[0]!).toBeGreaterThan(sizes[1]!);
    expect(sizes[1]!).toBeGreaterThan(sizes[2]!);
    expect(encode(words, 64, 64, 32, -1)).toEqual(encode(words, 64, 64, 32, 75));
    expect(encode(words, 64, 64, 32, 90, sizes[0]! - 1)).toHaveLength(0);
    expect(encode(words, 64, 64, 32, 90, sizes[0]!)).toHaveLength(sizes[0]!);
  });

  test("any size, down to one pixel", () => {
    for (const [width, height] of [
      [1, 1],
      [3, 2],
      [17, 9],
      [16, 33],
    ] as const) {
      const words = new Uint32Array(width * height).fill(0xff336699);
      const read = decode(encode(words, width, height, 32, 90));
      expect(read.size).toEqual([width, height, 3]);
      for (const word of read.words)
        colorOf(word).forEach((v, i) => expect(Math.abs(v - [0x33, 0x66, 0x99][i]!)).toBeLessThan(4));
    }
  });
});
