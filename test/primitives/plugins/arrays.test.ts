// FloatArrayPlugin, Float64ArrayPlugin, DSAPrims, UUIDPlugin and LocalePlugin.

import { createHash } from "node:crypto";
import { beforeAll, expect, test } from "@jest/globals";
import { Random, World } from "../world.js";

let world: World;
let entropy = 0;

beforeAll(async () => {
  const imports = {
    entropy: (address: number, bytes: number) => {
      new Uint8Array(world.memory.buffer, address, bytes).fill(0xff);
      entropy += bytes;
    },
    timezoneOffsetSeconds: () => -3600,
  };
  world = await World.load(imports);
});

const int = (value: number) => world.integer(BigInt(value));
const bitsOf = (values: number[]) => new Uint32Array(Float32Array.from(values).buffer);
const floats = (...values: number[]) => world.words(bitsOf(values));
const floatsOf = (array: bigint) => [...new Float32Array(Uint32Array.from(world.wordsOf(array)).buffer)];

test("float arrays", () => {
  const a = floats(1, 2, 3);
  const b = floats(0.5, 4, -1);
  expect(world.call("primitiveAddFloatArray", a, b)).toEqual({ oop: a });
  expect(floatsOf(a)).toEqual([1.5, 6, 2]);
  expect(world.call("primitiveDivFloatArray", a, floats(1, 0, 1))).toEqual({ failed: 1 });
  expect(world.call("primitiveAddFloatArray", a, floats(1))).toEqual({ failed: 1 });
  world.call("primitiveDivScalar", a, world.float(2));
  expect(floatsOf(a)).toEqual([0.75, 3, 1]);
  expect(world.call("primitiveAddScalar", a, int(1))).toEqual({ failed: 1 });
  expect(world.result("primitiveDotProduct", floats(1, 2), floats(3, 4))).toBe(11);
  expect(world.result("primitiveSum", floats(1, 2.5))).toBe(3.5);
  expect(world.result("primitiveLength", floats(3, 4))).toBe(5);
  expect(world.result("primitiveLength", floats(0, 0))).toEqual({ failed: 2 });
  expect(world.result("floatArrayEqual", floats(1, NaN), floats(1, NaN))).toBe(false);
  expect(world.result("floatArrayEqual", floats(0), floats(-0))).toBe(true);
  expect(world.result("floatArrayAt", floats(1, 0.1), int(2))).toBe(Math.fround(0.1));
  expect(world.result("floatArrayAt", floats(1), int(2))).toEqual({ failed: 1 });
  expect(world.result("floatArrayAtPut", a, int(1), int(7))).toBe(7n);
  expect(world.result("floatArrayAt", a, int(1))).toBe(7);
  const sum = [...bitsOf([1, -2])].reduce((total, bits) => total + BigInt(bits | 0), 0n);
  expect(world.result("primitiveHashArray", floats(1, -2))).toBe(sum & 0x1fffffffn);
  const unit = floats(3, 4);
  world.call("primitiveNormalize", unit);
  expect(floatsOf(unit)).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  world.exports.makeReadOnly(a, 1);
  expect(world.call("primitiveAddScalar", a, world.float(1))).toEqual({ failed: 8 });
});

test("float arrays of 64 bits", () => {
  const doubles = (...values: number[]) => {
    const array = world.instance("WordArray64", values.length);
    new Float64Array(world.memory.buffer, world.body(array), values.length).set(values);
    return array;
  };
  const a = doubles(0.1, 2);
  expect(world.call("primitiveAddFloat64Array", a, doubles(0.2, 1))).toEqual({ oop: a });
  expect(world.result("float64ArrayAt", a, int(1))).toBe(0.1 + 0.2);
  expect(world.result("float64ArrayDotProduct", a, a)).toBe((0.1 + 0.2) ** 2 + 9);
  expect(world.call("primitiveAddFloat64Array", a, floats(1, 2))).toEqual({ failed: 1 });
  const narrow = floats(0, 0);
  world.call("primitiveFromFloat64Array", narrow, a);
  expect(floatsOf(narrow)).toEqual([Math.fround(0.1 + 0.2), 3]);
  const total = doubles(0, 0);
  expect(world.call("primitiveFloat64ArrayAdd", world.nil, a, a, total)).toEqual({ oop: total });
  expect(world.result("float64ArrayAt", total, int(2))).toBe(6);
});

test("SHA-1 by blocks", () => {
  const message = Buffer.from("abc");
  const block = Buffer.alloc(64);
  message.copy(block);
  block[3] = 0x80;
  block[63] = 24;
  const schedule = world.words(new Array<number>(80).fill(0));
  const state = world.words([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]);
  expect(world.call("primitiveExpandBlock", world.nil, world.bytes(block), schedule)).toEqual({ oop: world.nil });
  expect(world.call("primitiveHashBlock", world.nil, schedule, state)).toEqual({ oop: world.nil });
  const hex = world.wordsOf(state).map((word) => word.toString(16).padStart(8, "0"));
  expect(hex.join("")).toBe(createHash("sha1").update(message).digest("hex"));
  expect(world.call("primitiveHashBlock", world.nil, state, state)).toEqual({ failed: 3 });
  expect(world.result("primitiveHasSecureHashPrimitive", world.nil)).toBe(true);
});

test("multiplication and division in place", () => {
  const random = new Random("DSA");
  const large = (value: bigint, bytes: number) =>
    world.bytes(
      Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 255n)),
      "LargePositiveInteger",
    );
  for (let round = 0; round < 300; round++) {
    const [n, m] = [2 + random.below(20), 2 + random.below(20)];
    const some = (bytes: number) => random.integer(8 * bytes) & ((1n << BigInt(8 * bytes)) - 1n);
    const [a, b] = [some(n), some(m)];
    const product = large(0n, n + m);
    world.call("primitiveBigMultiply", world.nil, large(a, n), large(b, m), product);
    expect(world.value(product)).toBe(a * b);

    const divisor = b | (1n << BigInt(8 * m - 1));
    const dividend = some(n + m);
    const remainder = large(dividend, n + m + 1);
    const quotient = large(0n, n + 1);
    world.call("primitiveBigDivide", world.nil, remainder, large(divisor, m), quotient);
    expect([world.value(quotient), world.value(remainder)]).toEqual([dividend / divisor, dividend % divisor]);
    expect(world.result("primitiveHighestNonZeroDigitIndex", world.nil, large(1n << 24n, n + 4))).toBe(4n);
    world.exports.forgetYoung();
  }
});

test("UUIDs and locale", () => {
  const uuid = world.bytes(new Array<number>(16).fill(0));
  expect(world.call("primitiveMakeUUID", uuid)).toEqual({ oop: uuid });
  expect(entropy).toBe(16);
  expect(Buffer.from(world.bytesOf(uuid)).toString("hex")).toBe("ffffffffffff4fffbfffffffffffffff");
  expect(world.call("primitiveMakeUUID", world.bytes([1]))).toEqual({ failed: 1 });
  expect(world.call("primitiveMakeUUID", world.nil)).toEqual({ failed: 1 });
  const text = (name: string) => world.textOf((world.result(name, world.nil) as { object: bigint }).object);
  expect(text("primitiveCountry") + text("primitiveLanguage")).toBe("USAeng");
  expect(text("primitiveDecimalSymbol") + text("primitiveDigitGroupingSymbol")).toBe(".,");
  expect(text("primitiveShortDateFormat") + text("primitiveTimeFormat")).toBe("yyyy-mm-ddHH:mm:ss");
  expect(world.result("primitiveTimezoneOffset", world.nil)).toBe(-60n);
});
