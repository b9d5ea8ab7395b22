// Float primitives against JavaScript's numbers, over the whole range: zeros, denormals, infinities, NaN.

import { beforeAll, expect, test } from "@jest/globals";
import { Random, World } from "./world.js";

let world: World;

beforeAll(async () => {
  world = await World.load();
});

const EDGES = [0, -0, 1, -1, 0.5, 1.5, -2.5, 3, 1e308, -1e308, 5e-324, -5e-324, 2.2250738585072014e-308, Math.PI]
  .concat([Infinity, -Infinity, NaN, 2 ** 60, -(2 ** 60), 2 ** 60 - 256, 2 ** 53, 1e-40, -1e-40, 2 ** -127, 2 ** 128])
  .concat([2.938735877055719e-39, 1.4708983551653345e39, 123456.789]);

function doubles(random: Random, count: number): number[] {
  const bits = new DataView(new ArrayBuffer(8));
  return Array.from({ length: count }, () => {
    bits.setUint32(0, random.next());
    bits.setUint32(4, random.next());
    return bits.getFloat64(0);
  });
}

function expectSame(actual: unknown, wanted: unknown, about: object): void {
  if (!Object.is(actual, wanted) && JSON.stringify(actual) !== JSON.stringify(wanted)) {
    expect({ ...about, actual }).toEqual({ ...about, actual: wanted });
  }
}

const BINARY: Record<string, (a: number, b: number) => number | boolean | undefined> = {
  Add: (a, b) => a + b,
  Subtract: (a, b) => a - b,
  Multiply: (a, b) => a * b,
  Divide: (a, b) => (b === 0 ? undefined : a / b),
  LessThan: (a, b) => a < b,
  GreaterThan: (a, b) => a > b,
  LessOrEqual: (a, b) => a <= b,
  GreaterOrEqual: (a, b) => a >= b,
  Equal: (a, b) => a === b,
  NotEqual: (a, b) => a !== b,
};

test.each(Object.keys(BINARY))("primitiveFloat%s and primitiveSmallFloat%s", (operation) => {
  const random = new Random(operation);
  const values = EDGES.concat(doubles(random, 40));
  for (const a of values) {
    for (const b of values) {
      const expected = BINARY[operation]!(a, b);
      const about = { operation, a, b };
      const left = random.below(2) === 0 ? world.float(a) : world.boxedFloat(a);
      const right = random.below(2) === 0 ? world.float(b) : world.boxedFloat(b);
      expectSame(world.result(`primitiveFloat${operation}`, left, right), expected ?? { failed: 1 }, about);
      expectSame(world.result(`primitiveSmallFloat${operation}`, left, right), expected ?? { failed: 3 }, about);
    }
    world.exports.forgetYoung();
  }
});

test("an integer operand counts while it has at most 52 bits", () => {
  const limit = 2n ** 51n;
  expect(world.result("primitiveFloatAdd", world.float(0.5), world.integer(limit - 1n))).toBe(Number(limit) - 0.5);
  expect(world.result("primitiveFloatEqual", world.float(-Number(limit)), world.integer(-limit))).toBe(true);
  expect(world.result("primitiveFloatEqual", world.float(1), world.integer(limit))).toEqual({ failed: 1 });
  expect(world.result("primitiveSmallFloatEqual", world.float(1), world.integer(limit))).toEqual({ failed: 3 });
  expect(world.result("primitiveSmallFloatLessThan", world.float(1), world.nil)).toEqual({ failed: 1 });
});

const UNARY: Record<string, (a: number) => number | bigint | undefined> = {
  Truncated: (a) => (Math.trunc(a) >= -(2 ** 60) && Math.trunc(a) < 2 ** 60 ? BigInt(Math.trunc(a)) : undefined),
  FractionalPart: (a) => (Number.isFinite(a) ? withSign(Math.abs(a % 1), a) : Number.isNaN(a) ? a : withSign(0, a)),
  Exponent: (a) => BigInt(a === 0 || !Number.isFinite(a) ? -1 : exponentOf(a)),
  SquareRoot: (a) => (a >= 0 ? Math.sqrt(a) : undefined),
};

test.each(Object.keys(UNARY))("primitive%s", (operation) => {
  for (const a of EDGES.concat(doubles(new Random(operation), 500))) {
    const expected = UNARY[operation]!(a);
    const wanted = expected ?? { failed: 1 };
    const about = { operation, a };
    const actual = world.result(`primitive${operation}`, world.boxedFloat(a));
    if (typeof wanted === "bigint") expect({ ...about, actual }).toEqual({ ...about, actual: wanted });
    else expectSame(actual, wanted, about);
  }
});

test.each([
  ["Sine", Math.sin],
  ["Arctan", Math.atan],
  ["LogN", Math.log],
  ["Exp", Math.exp],
])("primitive%s is within two units in the last place", (operation, model) => {
  const values = EDGES.concat(doubles(new Random(operation), 500)).filter(
    (a) => operation !== "Sine" || Math.abs(a) < 1e15,
  );
  for (const a of values) {
    const actual = world.result(`primitive${operation}`, world.float(a)) as number;
    const wanted = model(a);
    const close = Math.abs(actual - wanted) <= Math.max(Math.abs(wanted) * 2 ** -51, 2e-323);
    if (!Object.is(actual, wanted) && !close)
      expect({ operation, a, actual }).toEqual({ operation, a, actual: wanted });
  }
});

test("timesTwoPower rounds once", () => {
  const random = new Random("timesTwoPower");
  for (const a of EDGES.concat(doubles(random, 500))) {
    const power = random.below(4400) - 2200;
    const actual = world.result("primitiveTimesTwoPower", world.float(a), world.integer(BigInt(power)));
    expectSame(actual, ldexp(a, power), { a, power });
  }
  expect(world.result("primitiveTimesTwoPower", world.float(-1), world.integer(-(2n ** 59n)))).toBe(-0);
  expect(world.result("primitiveTimesTwoPower", world.float(1), world.integer(2n ** 59n))).toBe(Infinity);
  expect(world.result("primitiveTimesTwoPower", world.float(1), world.float(1))).toEqual({ failed: 3 });
});

test("the words of a Float", () => {
  const pi = world.boxedFloat(Math.PI);
  expect(world.result("primitiveFloatAt", pi, world.integer(1n))).toBe(0x400921fbn);
  expect(world.result("primitiveFloatAt", world.float(Math.PI), world.integer(2n))).toBe(0x54442d18n);
  expect(world.result("primitiveFloatAt", pi, world.integer(3n))).toEqual({ failed: 4 });
  expect(world.result("primitiveFloatAt", pi, world.nil)).toEqual({ failed: 3 });
  expect(world.result("primitiveFloatAtPut", pi, world.integer(2n), world.integer(0n))).toBe(0n);
  expect(world.value(pi)).toBe(3.141592025756836);
  expect(world.result("primitiveFloatAtPut", pi, world.integer(2n), world.integer(2n ** 32n))).toEqual({ failed: 3 });
  expect(world.result("primitiveFloatAtPut", world.float(1), world.integer(1n), world.integer(0n))).toEqual({
    failed: 2,
  });
  world.exports.makeReadOnly(pi, 1);
  expect(world.result("primitiveFloatAtPut", pi, world.integer(1n), world.integer(0n))).toEqual({ failed: 8 });
});

test("integers as Floats round to even", () => {
  expect(world.result("primitiveAsFloat", world.integer(2n ** 53n + 1n))).toBe(2 ** 53);
  expect(world.result("primitiveAsFloat", world.integer(2n ** 53n + 3n))).toBe(2 ** 53 + 4);
  expect(world.result("primitiveAsFloat", world.nil)).toEqual({ failed: 2 });
});

function withSign(value: number, sign: number): number {
  return sign < 0 || Object.is(sign, -0) ? -value : value;
}

function exponentOf(a: number): number {
  let exponent = Math.floor(Math.log2(Math.abs(a)));
  while (2 ** exponent > Math.abs(a)) exponent--;
  while (exponent < 1023 && 2 ** (exponent + 1) <= Math.abs(a)) exponent++;
  return exponent;
}

/** a times 2^power by exact integer arithmetic, rounded to even once. */
function ldexp(a: number, power: number): number {
  if (a === 0 || !Number.isFinite(a)) return a;
  const exponent = exponentOf(a);
  if (exponent < -900) return ldexp(a * 2 ** 200, power - 200);
  const mantissa = BigInt(a * 2 ** (52 - exponent));
  const lowest = Math.max(exponent + power - 52, -1074);
  const shift = lowest - (exponent + power - 52);
  const magnitude = mantissa < 0n ? -mantissa : mantissa;
  const half = shift === 0 ? 0n : 1n << BigInt(shift - 1);
  let rounded = magnitude >> BigInt(shift);
  const rest = magnitude - (rounded << BigInt(shift));
  if (rest > half || (shift > 0 && rest === half && (rounded & 1n) === 1n)) rounded++;
  const scaled = lowest > 1023 ? Infinity : timesPower(Number(rounded), lowest);
  return a < 0 ? -scaled : scaled;
}

/** Exact where the result is: in two steps, since 2^-1074 alone would already round. */
function timesPower(value: number, power: number): number {
  return power < -1000 ? value * 2 ** -500 * 2 ** (power + 500) : value * 2 ** power;
}
