// MiscPrimitivePlugin against plain models.

import { beforeAll, expect, test } from "@jest/globals";
import { Random, World } from "../world.js";

let world: World;

beforeAll(async () => {
  world = await World.load();
});

const int = (value: number) => world.integer(BigInt(value));
const identity = () => world.bytes(Array.from({ length: 256 }, (_, i) => i));
const lowerCase = () => world.bytes(Array.from({ length: 256 }, (_, i) => (i >= 65 && i <= 90 ? i + 32 : i)));

test("strings are compared through a table", () => {
  const compare = (a: string, b: string, table: bigint) =>
    world.result("primitiveCompareString", world.nil, world.string(a), world.string(b), table);
  expect(compare("abc", "abd", identity())).toBe(1n);
  expect(compare("abc", "ABC", lowerCase())).toBe(2n);
  expect(compare("abcd", "abc", identity())).toBe(3n);
  expect(compare("\xff", "a", identity())).toBe(3n);
  expect(compare("a", "b", world.bytes([1]))).toEqual({ failed: 3 });
});

test("searches", () => {
  const hay = world.string("the quick brown fox");
  expect(world.result("primitiveIndexOfAsciiInString", world.nil, int(113), hay, int(1))).toBe(5n);
  expect(world.result("primitiveIndexOfAsciiInString", world.nil, int(113), hay, int(6))).toBe(0n);
  expect(world.result("primitiveIndexOfAsciiInString", world.nil, int(113), hay, int(0))).toEqual({ failed: 4 });
  const find = (key: string, start: number) =>
    world.result("primitiveFindSubstring", world.nil, world.string(key), hay, int(start), lowerCase());
  expect(find("BROWN", 1)).toBe(11n);
  expect(find("brown", 12)).toBe(0n);
  expect(find("fox", -5)).toBe(17n);
  expect(find("foxx", 1)).toBe(0n);
  expect(find("", 1)).toBe(0n);
  const set = world.bytes(Array.from({ length: 256 }, (_, i) => (i === 113 || i === 120 ? 1 : 0)));
  expect(world.result("primitiveFindFirstInString", world.nil, hay, set, int(6))).toBe(19n);
  expect(world.result("primitiveFindFirstInString", world.nil, hay, world.bytes([1]), int(1))).toBe(0n);
});

test("hash and translation", () => {
  const hash = [...Buffer.from("hello")].reduce(
    (sum, byte) => BigInt.asUintN(32, (sum + BigInt(byte)) * 0x19660dn),
    7n,
  );
  expect(world.result("primitiveStringHash", world.nil, world.string("hello"), int(7))).toBe(hash & 0xfffffffn);
  const text = world.string("HELLO World");
  const translate = (from: number, to: number) =>
    world.call("primitiveTranslateStringWithTable", world.nil, text, int(from), int(to), lowerCase());
  expect(translate(2, 4)).toEqual({ oop: world.nil });
  expect(world.textOf(text)).toBe("HellO World");
  expect(translate(2, 12)).toEqual({ failed: 4 });
  world.exports.makeReadOnly(text, 1);
  expect(translate(1, 1)).toEqual({ failed: 8 });
});

test("8-bit samples", () => {
  const buffer = world.instance("ShortArray", 3);
  world.call("primitiveConvert8BitSigned", world.nil, world.bytes([0, 127, 128]), buffer);
  const view = new DataView(world.memory.buffer, world.body(buffer));
  expect([0, 2, 4].map((at) => view.getInt16(at, true))).toEqual([0, 127 * 256, -128 * 256]);
});

test("packed bitmaps come back, and the format is the image's", () => {
  const random = new Random("compress");
  const samples = [[], [0x01020304], [5, 5, 5], [0x11111111, 0x11111111, 7, 8, 9, 9], [1, 2, 3]];
  for (let i = 0; i < 200; i++) {
    samples.push(Array.from({ length: random.below(60) }, () => [0, 0, 0x7f7f7f7f, random.next()][random.below(4)]!));
  }
  samples.push(Array.from({ length: 9000 }, (_, i) => (i < 8500 ? 0xdeadbeef : i)));
  for (const words of samples) {
    const bitmap = world.instance("Bitmap", words.length);
    const view = () => new Uint32Array(world.memory.buffer, world.body(bitmap), words.length);
    view().set(words);
    const packed = world.instance("ByteArray", words.length * 4 + 7 + Math.floor(words.length / 1984) * 3);
    const size = world.result("primitiveCompressToByteArray", world.nil, bitmap, packed);
    expect(Array.from(unpack(world.bytesOf(packed).slice(0, Number(size))))).toEqual(words);

    const content = world.bytes(world.bytesOf(packed).slice(0, Number(size)));
    const start = world.bytesOf(packed)[0]! <= 223 ? 2 : world.bytesOf(packed)[0]! <= 254 ? 3 : 6;
    view().fill(99);
    const outcome = world.call("primitiveDecompressFromByteArray", world.nil, bitmap, content, int(start));
    expect(outcome).toEqual({ oop: world.nil });
    expect([...view()]).toEqual(words);
    world.exports.forgetYoung();
  }
});

test("packed bitmaps that are cut short or too long fail", () => {
  const bitmap = world.instance("Bitmap", 2);
  const decompress = (...bytes: number[]) =>
    world.call("primitiveDecompressFromByteArray", world.nil, bitmap, world.bytes(bytes), int(1));
  expect(decompress((2 << 2) | 1, 9)).toEqual({ oop: world.nil });
  expect(decompress((3 << 2) | 1, 9)).toEqual({ failed: 4 });
  expect(decompress((2 << 2) | 3, 9, 9, 9, 9)).toEqual({ failed: 4 });
  expect(decompress(255, 1)).toEqual({ failed: 4 });
});

/** The format as the comment in the plugin tells it. */
function* unpack(bytes: number[]): Generator<number> {
  let at = 0;
  const word = () => ((bytes[at++]! << 24) | (bytes[at++]! << 16) | (bytes[at++]! << 8) | bytes[at++]!) >>> 0;
  const number = () => {
    const first = bytes[at++]!;
    return first <= 223 ? first : first < 255 ? (first - 224) * 256 + bytes[at++]! : word();
  };
  number();
  while (at < bytes.length) {
    const run = number();
    const count = run >> 2;
    if ((run & 3) === 3) for (let i = 0; i < count; i++) yield word();
    else {
      const value = (run & 3) === 1 ? (bytes[at++]! * 0x01010101) >>> 0 : word();
      for (let i = 0; i < count; i++) yield value;
    }
  }
}
