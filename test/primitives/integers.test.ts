// SmallInteger and 64-bit integer primitives against BigInt.

import { beforeAll, expect, test } from "@jest/globals";
import { MAX_SMALL, MIN_SMALL, Random, World } from "./world.js";

let world: World;

beforeAll(async () => {
  world = await World.load();
});

const EDGES = [0n, 1n, 2n, 3n, 7n, 255n, 256n, 2n ** 31n, 2n ** 32n, 2n ** 59n, MAX_SMALL, MAX_SMALL - 1n]
  .flatMap((value) => [value, -value])
  .concat(MIN_SMALL, MIN_SMALL + 1n);
const LARGE_EDGES = [...EDGES, 2n ** 60n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n].flatMap((value) => [
  value,
  -value,
]);

const abs = (value: bigint) => (value < 0n ? -value : value);
const floorDiv = (a: bigint, b: bigint) => (a % b !== 0n && a < 0n !== b < 0n ? a / b - 1n : a / b);
const floorMod = (a: bigint, b: bigint) => a - floorDiv(a, b) * b;

type Model = (a: bigint, b: bigint) => bigint | boolean | undefined;

/** Model answers undefined where the primitive fails. */
const BOTH: Record<string, Model> = {
  Add: (a, b) => a + b,
  Subtract: (a, b) => a - b,
  LessThan: (a, b) => a < b,
  GreaterThan: (a, b) => a > b,
  LessOrEqual: (a, b) => a <= b,
  GreaterOrEqual: (a, b) => a >= b,
  Equal: (a, b) => a === b,
  NotEqual: (a, b) => a !== b,
  Multiply: (a, b) => a * b,
  Divide: (a, b) => (b === 0n || a % b !== 0n ? undefined : a / b),
  Mod: (a, b) => (b === 0n ? undefined : floorMod(a, b)),
  Div: (a, b) => (b === 0n ? undefined : floorDiv(a, b)),
  Quo: (a, b) => (b === 0n ? undefined : a / b),
};

function pairs(random: Random, edges: bigint[], bits: number): [bigint, bigint][] {
  const fixed = edges.flatMap((a) => edges.map((b): [bigint, bigint] => [a, b]));
  for (let i = 0; i < 1500; i++) fixed.push([random.integer(bits), random.integer(bits)]);
  return fixed;
}

function check(name: string, model: Model, a: bigint, b: bigint, fits: (value: bigint) => boolean): void {
  const expected = model(a, b);
  const failing = expected === undefined || (typeof expected === "bigint" && !fits(expected));
  const actual = world.result(name, world.integer(a), world.integer(b));
  const wanted = failing ? { failed: 1 } : expected;
  // Compared by hand: a matcher call for each of these pairs would take minutes.
  if (typeof wanted === "object" ? JSON.stringify(actual) !== JSON.stringify(wanted) : actual !== wanted) {
    expect({ name, a, b, actual }).toEqual({ name, a, b, actual: wanted });
  }
}

const isSmall = (value: bigint) => value >= MIN_SMALL && value <= MAX_SMALL;

test.each(Object.keys(BOTH))("primitive%s on SmallIntegers", (operation) => {
  const random = new Random(operation);
  for (const [a, b] of pairs(random, EDGES, 60)) check(`primitive${operation}`, BOTH[operation]!, a, b, isSmall);
});

test.each(Object.keys(BOTH))("primitive%sLargeIntegers", (operation) => {
  const random = new Random(`${operation}LargeIntegers`);
  const signed = /Less|Greater|Equal/.test(operation);
  const inRange = (value: bigint) => (signed ? value >= -(2n ** 63n) && value < 2n ** 63n : abs(value) < 2n ** 64n);
  for (const [a, b] of pairs(random, LARGE_EDGES, 66)) {
    const model: Model = (a, b) => (inRange(a) && inRange(b) ? BOTH[operation]!(a, b) : undefined);
    check(`primitive${operation}LargeIntegers`, model, a, b, (value) => abs(value) < 2n ** 64n);
    world.exports.forgetYoung();
  }
});

test("bit operations", () => {
  const random = new Random("bits");
  const positive = (value: bigint) => value >= 0n && value < 2n ** 64n;
  const models: Record<string, (a: bigint, b: bigint) => bigint> = {
    BitAnd: (a, b) => a & b,
    BitOr: (a, b) => a | b,
    BitXor: (a, b) => a ^ b,
  };
  for (const [a, b] of pairs(random, LARGE_EDGES, 66)) {
    for (const [name, model] of Object.entries(models)) {
      const allowed = positive(a) && positive(b);
      check(
        `primitive${name}`,
        (a, b) => (allowed || (isSmall(a) && isSmall(b)) ? model(a, b) : undefined),
        a,
        b,
        () => true,
      );
      check(
        `primitive${name}LargeIntegers`,
        (a, b) => (allowed ? model(a, b) : undefined),
        a,
        b,
        () => true,
      );
    }
    world.exports.forgetYoung();
  }
});

test("shifts", () => {
  const random = new Random("shifts");
  const shifted = (a: bigint, by: bigint) => (by >= 0n ? a << by : a >> -by);
  for (let i = 0; i < 4000; i++) {
    const a = i < LARGE_EDGES.length ? LARGE_EDGES[i]! : random.integer(66);
    const by = BigInt(random.below(160) - 80);
    const signed = (value: bigint) => value >= -(2n ** 63n) && value < 2n ** 63n;
    check("primitiveBitShift", (a, by) => (signed(a) && abs(by) <= 61n ? shifted(a, by) : undefined), a, by, signed);
    const fits = (value: bigint) => abs(value) < 2n ** 64n;
    check("primitiveBitShiftLargeIntegers", (a, by) => (fits(a) && by < 64n ? shifted(a, by) : undefined), a, by, fits);
    world.exports.forgetYoung();
  }
});

test("the remainder of truncated division", () => {
  const random = new Random("rem");
  for (const [a, b] of pairs(random, LARGE_EDGES, 64)) {
    check(
      "primitiveRemLargeIntegers",
      (a, b) => (b === 0n ? undefined : a % b),
      a,
      b,
      () => true,
    );
    world.exports.forgetYoung();
  }
});

test("operands that are no integers fail, and points take numbers only", () => {
  const three = world.integer(3n);
  for (const name of Object.keys(BOTH)) {
    expect(world.call(`primitive${name}`, three, world.nil)).toEqual({ failed: 1 });
    expect(world.call(`primitive${name}LargeIntegers`, world.string("x"), three)).toEqual({ failed: 1 });
  }
  expect(world.call("primitiveAdd", three)).toEqual({ failed: 5 });
  expect(world.call("primitiveMakePoint", three, world.character(65))).toEqual({ failed: 3 });
  const point = world.result("primitiveMakePoint", three, world.float(1.5)) as { object: bigint };
  expect(world.slotsOf(point.object).map((oop) => world.value(oop))).toEqual([3n, 1.5]);
});
