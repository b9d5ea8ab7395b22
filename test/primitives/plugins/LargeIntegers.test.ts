// LargeIntegers against BigInt: magnitudes of up to some hundred digits, and the edges of SmallInteger and of a digit.

import { isDeepStrictEqual } from "node:util";
import { beforeAll, beforeEach, expect, test } from "@jest/globals";
import { MAX_SMALL, MIN_SMALL, Random, World } from "../world.js";

let world: World;

beforeAll(async () => {
  world = await World.load();
});

beforeEach(() => {
  world.exports.forgetYoung();
});

const EDGES = [
  0n,
  1n,
  255n,
  256n,
  2n ** 32n - 1n,
  2n ** 32n,
  MAX_SMALL,
  -MIN_SMALL,
  2n ** 64n - 1n,
  2n ** 64n,
  2n ** 96n,
]
  .concat([2n ** 96n - 1n, 2n ** 128n - 2n ** 64n, 2n ** 160n - 2n ** 96n, 2n ** 2048n - 1n, 2n ** 63n, 2n ** 127n])
  .flatMap((value) => [value, -value]);

const abs = (value: bigint) => (value < 0n ? -value : value);
const withSignOf = (sign: bigint, value: bigint) => (sign < 0n ? -value : value);

function pairs(subject: string, bits: number): [bigint, bigint][] {
  const random = new Random(subject);
  const fixed = EDGES.flatMap((a) => EDGES.map((b): [bigint, bigint] => [a, b]));
  for (let i = 0; i < 600; i++) fixed.push([random.integer(bits), random.integer(random.below(2) === 0 ? bits : 100)]);
  return fixed;
}

/** Runs a primitive on each pair and compares with a model. */
function compare(name: string, bits: number, model: (a: bigint, b: bigint) => unknown, ...more: boolean[]): void {
  for (const [a, b] of pairs(name, bits)) {
    const flags = more.map((flag) => (flag ? world.true : world.false));
    const actual = world.result(name, world.integer(a), world.integer(b), ...flags);
    const wanted = model(a, b);
    if (actual !== wanted && !(typeof wanted === "object" && isDeepStrictEqual(actual, wanted))) {
      expect({ name, a, b, actual }).toEqual({ name, a, b, actual: wanted });
    }
    world.exports.forgetYoung();
  }
}

test("digitAdd", () => compare("primDigitAdd", 5000, (a, b) => withSignOf(a, abs(a) + abs(b))));

test("digitSubtract", () => compare("primDigitSubtract", 5000, (a, b) => withSignOf(a, abs(a) - abs(b))));

test("digitMultiply", () => {
  compare("primDigitMultiplyNegative", 3000, (a, b) => abs(a) * abs(b), false);
  compare("primDigitMultiplyNegative", 300, (a, b) => -(abs(a) * abs(b)), true);
});

test("digitDiv answers quotient and remainder", () => {
  for (const negative of [false, true]) {
    for (const [a, b] of pairs("primDigitDivNegative", 3000)) {
      const outcome = world.call(
        "primDigitDivNegative",
        world.integer(a),
        world.integer(b),
        negative ? world.true : world.false,
      );
      if (b === 0n) {
        expect(outcome).toEqual({ failed: 1 });
        continue;
      }
      if ("failed" in outcome) throw new Error(`${a} / ${b}: failed ${outcome.failed}`);
      const [quotient, remainder] = world.slotsOf(outcome.oop).map((oop) => world.value(oop));
      const wanted = [(abs(a) / abs(b)) * (negative ? -1n : 1n), withSignOf(a, abs(a) % abs(b))];
      // Minus zero is a large integer without digits, or with zeros only.
      if (quotient !== wanted[0] || remainder !== wanted[1])
        expect([a, b, quotient, remainder]).toEqual([a, b, ...wanted]);
      world.exports.forgetYoung();
    }
  }
  const unnormalized = world.bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 0], "LargePositiveInteger");
  const five = world.integer(5n);
  expect(world.call("primDigitDivNegative", unnormalized, five, world.false)).toEqual({ failed: 1 });
});

test.each([
  ["And", (a: bigint, b: bigint) => a & b],
  ["Or", (a: bigint, b: bigint) => a | b],
  ["Xor", (a: bigint, b: bigint) => a ^ b],
])("digitBit%s", (name, model) => {
  compare(`primDigitBit${name}`, 2000, (a, b) => (a < 0n || b < 0n ? { failed: 1 } : model(a, b)));
});

test("digitCompare takes every SmallInteger for shorter than every large one", () => {
  const isSmall = (value: bigint) => value >= MIN_SMALL && value <= MAX_SMALL;
  const byMagnitude = (a: bigint, b: bigint) => (abs(a) === abs(b) ? 0n : abs(a) > abs(b) ? 1n : -1n);
  compare("primDigitCompare", 2000, (a, b) => (isSmall(a) === isSmall(b) ? byMagnitude(a, b) : isSmall(a) ? -1n : 1n));
});

test("shifts of magnitudes", () => {
  const random = new Random("primDigitBitShiftMagnitude");
  for (const a of EDGES) {
    for (let i = 0; i < 60; i++) {
      const shift = BigInt(random.below(600) - 300);
      const actual = world.result("primDigitBitShiftMagnitude", world.integer(a), world.integer(shift));
      const magnitude = shift >= 0n ? abs(a) << shift : abs(a) >> -shift;
      if (actual !== withSignOf(a, magnitude)) expect([a, shift, actual]).toEqual([a, shift, withSignOf(a, magnitude)]);
    }
    world.exports.forgetYoung();
  }
  const huge = world.integer(2n ** 59n);
  expect(world.call("primDigitBitShiftMagnitude", world.integer(1n), huge)).toEqual({ failed: 9 });
  expect(world.result("primDigitBitShiftMagnitude", world.integer(0n), huge)).toBe(0n);
});

test("anyBit", () => {
  const random = new Random("primAnyBitFromTo");
  for (const a of EDGES) {
    for (let i = 0; i < 40; i++) {
      const from = BigInt(1 + random.below(200));
      const to = BigInt(1 + random.below(300));
      const mask = to < from ? 0n : ((1n << (to - from + 1n)) - 1n) << (from - 1n);
      const actual = world.result("primAnyBitFromTo", world.integer(a), world.integer(from), world.integer(to));
      if (actual !== ((abs(a) & mask) !== 0n)) expect([a, from, to, actual]).toEqual([a, from, to, !actual]);
    }
    world.exports.forgetYoung();
  }
  expect(world.call("primAnyBitFromTo", world.integer(5n), world.integer(0n), world.integer(1n))).toEqual({
    failed: 1,
  });
});

test("normalize", () => {
  const positive = (bytes: number[]) =>
    world.result("primNormalizePositive", world.bytes(bytes, "LargePositiveInteger"));
  const negative = (bytes: number[]) =>
    world.result("primNormalizeNegative", world.bytes(bytes, "LargeNegativeInteger"));
  expect(positive([])).toBe(0n);
  expect(positive([5, 0, 0, 0, 0])).toBe(5n);
  expect(positive([255, 255, 255, 255, 255, 255, 255, 15])).toBe(MAX_SMALL);
  expect(positive([0, 0, 0, 0, 0, 0, 0, 16])).toBe(MAX_SMALL + 1n);
  expect(negative([0, 0, 0, 0, 0, 0, 0, 16, 0])).toBe(MIN_SMALL);
  expect(negative([1, 0, 0, 0, 0, 0, 0, 16, 0])).toBe(MIN_SMALL - 1n);
  const short = world.bytes([1, 2, 3, 4, 5, 6, 7, 8, 9], "LargePositiveInteger");
  expect(world.call("primNormalizePositive", short)).toEqual({ oop: short });
  expect(world.call("primNormalizePositive", world.integer(1n))).toEqual({ failed: 2 });
});

test("Montgomery multiplication", () => {
  const random = new Random("primMontgomeryTimesModulo");
  for (let i = 0; i < 200; i++) {
    const modulus = abs(random.integer(900)) | 1n | (1n << 70n);
    const digits = BigInt(Math.ceil(modulus.toString(2).length / 32));
    const a = abs(random.integer(900)) % modulus;
    const b = abs(random.integer(900)) % modulus;
    const radix = 1n << 32n;
    const inverse = radix - inverseModulo(modulus, radix);
    const actual = world.result(
      "primMontgomeryTimesModulo",
      ...[a, b, modulus, inverse].map((value) => world.integer(value)),
    );
    const wanted = (a * b * inverseModulo(1n << (32n * digits), modulus)) % modulus;
    expect(actual).toBe(wanted);
    world.exports.forgetYoung();
  }
  expect(world.result("primMontgomeryDigitLength", world.integer(1n))).toBe(32n);
});

test("numbers longer than the scratch memory", () => {
  const a = 3n ** 200_000n;
  const b = 7n ** 100_000n;
  expect(world.result("primDigitMultiplyNegative", world.integer(a), world.integer(b), world.false)).toBe(a * b);
  const outcome = world.call("primDigitDivNegative", world.integer(a), world.integer(b), world.false);
  if ("failed" in outcome) throw new Error(`failed ${outcome.failed}`);
  expect(world.slotsOf(outcome.oop).map((oop) => world.value(oop))).toEqual([a / b, a % b]);
});

test("operands that are no integers", () => {
  const three = world.integer(3n);
  expect(world.call("primDigitAdd", three, world.nil)).toEqual({ failed: 3 });
  expect(world.call("primDigitAdd", world.nil, three)).toEqual({ failed: 2 });
  expect(world.call("primDigitMultiplyNegative", three, three, three)).toEqual({ failed: 3 });
  expect(world.textOf((world.result("primGetModuleName", three) as { object: bigint }).object)).toBe("LargeIntegers");
});

function inverseModulo(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (b !== 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % modulus) + modulus) % modulus;
}
