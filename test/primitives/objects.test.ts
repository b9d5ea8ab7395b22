// Subscripts, slots, copying, identity, class changes, bytes and memory: answers, failure codes and read-only objects.

import { beforeAll, expect, test } from "@jest/globals";
import { MAX_SMALL, World } from "./world.js";

let world: World;

beforeAll(async () => {
  world = await World.load({ utcMicroseconds: () => 86_400_000_000n, timezoneOffsetSeconds: () => 3600 });
});

const int = (value: number | bigint) => world.integer(BigInt(value));

test("at: and at:put: on every format", () => {
  const cases: [string, bigint, bigint, number][] = [
    ["ByteArray", 255n, 256n, 3],
    ["ShortArray", 65535n, 65536n, 3],
    ["Bitmap", 0xffffffffn, 0x100000000n, 1],
    ["WordArray64", 2n ** 64n - 1n, 2n ** 64n, 1],
  ];
  for (const [className, largest, tooLarge, code] of cases) {
    const object = world.instance(className, 3);
    expect(world.result("primitiveSize", object)).toBe(3n);
    expect(world.result("primitiveAtPut", object, int(3), int(largest))).toBe(largest);
    expect([1, 2, 3].map((i) => world.result("primitiveAt", object, int(i)))).toEqual([0n, 0n, largest]);
    expect(world.call("primitiveAtPut", object, int(1), int(tooLarge))).toEqual({ failed: code });
    expect(world.call("primitiveAtPut", object, int(1), int(-1))).toEqual({ failed: code });
    for (const index of [0, 4, -1]) expect(world.call("primitiveAt", object, int(index))).toEqual({ failed: 4 });
    expect(world.call("primitiveAt", object, world.float(1))).toEqual({ failed: 3 });
    world.exports.makeReadOnly(object, 1);
    expect(world.call("primitiveAtPut", object, int(1), int(1))).toEqual({ failed: 8 });
  }
  for (const className of ["Array", "WeakArray", "OrderedThing"]) {
    const object = world.instance(className, 2);
    expect(world.call("primitiveAtPut", object, int(2), object)).toEqual({ oop: object });
    expect([1, 2].map((i) => world.call("primitiveAt", object, int(i)))).toEqual([{ oop: world.nil }, { oop: object }]);
    expect(world.result("primitiveSize", object)).toBe(2n);
  }
  const fixed = world.instance("Point");
  expect(world.call("primitiveAt", fixed, int(1))).toEqual({ failed: 2 });
  expect(world.call("primitiveSize", fixed)).toEqual({ failed: 2 });
  expect(world.call("primitiveAt", int(5), int(1))).toEqual({ failed: 6 });
  expect(world.call("primitiveAt", world.newContext(), int(1))).toEqual({ failed: 2 });
  // As mirror primitives the object is an argument.
  expect(world.result("primitiveAt", world.nil, world.bytes([7]), int(1))).toBe(7n);
});

test("characters in strings", () => {
  const string = world.string("abc");
  expect(world.result("primitiveStringAt", string, int(2))).toEqual({ character: 98 });
  expect(world.result("primitiveStringAtPut", string, int(2), world.character(200))).toEqual({ character: 200 });
  expect(world.textOf(string)).toBe("a\xc8c");
  expect(world.call("primitiveStringAtPut", string, int(1), world.character(256))).toEqual({ failed: 3 });
  expect(world.call("primitiveStringAtPut", string, int(1), int(65))).toEqual({ failed: 3 });
  const wide = world.words([0x1f600, 2 ** 31]);
  expect(world.result("primitiveStringAt", wide, int(1))).toEqual({ character: 0x1f600 });
  expect(world.call("primitiveStringAt", wide, int(2))).toEqual({ failed: 2 });
});

test("instance variables and slots", () => {
  const thing = world.instance("OrderedThing", 1);
  expect(world.result("primitiveInstVarAtPut", thing, int(2), int(5))).toBe(5n);
  expect(world.result("primitiveInstVarAt", thing, int(2))).toBe(5n);
  expect(world.call("primitiveInstVarAt", thing, int(3))).toEqual({ failed: 4 });
  expect(world.result("primitiveSlotAtPut", thing, int(3), int(6))).toBe(6n);
  expect(world.result("primitiveSlotAt", thing, int(3))).toBe(6n);
  expect(world.call("primitiveSlotAt", thing, int(4))).toEqual({ failed: 4 });
  expect(world.result("primitiveSlotAt", world.string("A"), int(1))).toBe(65n);
  expect(world.call("primitiveSlotAtPut", world.words([1]), int(1), int(2n ** 32n))).toEqual({ failed: 3 });
  expect(world.call("primitiveInstVarAt", int(1), int(1))).toEqual({ failed: 6 });
});

test("compiled methods", () => {
  const header = int(2);
  const method = (
    world.result("primitiveNewMethod", world.classNamed("CompiledMethod"), int(5), header) as { object: bigint }
  ).object;
  expect(world.result("primitiveSize", method)).toBe(29n);
  expect(world.call("primitiveObjectAt", method, int(1))).toEqual({ oop: header });
  expect(world.call("primitiveObjectAt", method, int(3))).toEqual({ oop: world.nil });
  expect(world.call("primitiveObjectAt", method, int(4))).toEqual({ failed: 4 });
  expect(world.call("primitiveObjectAtPut", method, int(1), world.nil)).toEqual({ failed: 3 });
  expect(world.call("primitiveAt", method, int(24))).toEqual({ failed: 4 });
  expect(world.result("primitiveAtPut", method, int(25), int(1))).toBe(1n);
  expect(world.call("primitiveAt", method, int(30))).toEqual({ failed: 4 });
  expect(world.call("primitiveSlotAt", method, int(1))).toEqual({ failed: 7 });
  expect(world.call("primitiveObjectAt", world.string("xxxxxxxx"), int(1))).toEqual({ failed: 2 });
  expect(world.call("primitiveNewMethod", world.classNamed("Array"), int(5), header)).toEqual({ failed: 2 });
});

test("new objects", () => {
  const make = (className: string, size: bigint) =>
    world.call("primitiveNewWithArg", world.classNamed(className), size);
  expect(make("ByteArray", int(9))).not.toHaveProperty("failed");
  expect(make("ByteArray", int(-1))).toEqual({ failed: 3 });
  expect(make("ByteArray", world.float(1))).toEqual({ failed: 3 });
  for (const size of [2n ** 32n, 2n ** 40n, MAX_SMALL, 2n ** 63n])
    expect(make("Array", int(size))).toEqual({ failed: 9 });
  expect(make("Point", int(0))).not.toHaveProperty("failed");
  expect(make("Point", int(1))).toEqual({ failed: 2 });
  expect(make("CompiledMethod", int(20))).toEqual({ failed: 2 });
  expect(make("Float", int(3))).toEqual({ failed: 2 });
  expect(world.call("primitiveNew", world.classNamed("Array"))).toEqual({ failed: 2 });
  expect(world.call("primitiveNew", int(1))).toEqual({ failed: 2 });
  const pinned = world.call("primitiveNewPinned", world.classNamed("Point")) as { oop: bigint };
  expect(world.result("primitiveIsPinned", pinned.oop)).toBe(true);
  expect(world.result("primitiveIsPinned", world.instance("Point"))).toBe(false);
});

test("replaceFrom:to:with:startingAt:", () => {
  const replace = (to: bigint, ...values: (number | bigint)[]) =>
    world.call("primitiveStringReplace", to, int(values[0]!), int(values[1]!), values[2] as bigint, int(values[3]!));
  const text = world.string("abcdef");
  expect(replace(text, 2, 4, world.string("XYZW"), 2)).toEqual({ oop: text });
  expect(world.textOf(text)).toBe("aYZWef");
  expect(replace(text, 2, 6, text, 1)).toEqual({ oop: text });
  expect(world.textOf(text)).toBe("aaaaaa");
  for (const [start, stop, first] of [
    [0, 1, 1],
    [1, 7, 1],
    [1, 2, 0],
    [1, 3, 2],
    [3, 1, 1],
  ]) {
    expect(replace(text, start!, stop!, world.string("XYZ"), first!)).toEqual({ failed: 4 });
  }
  expect(replace(text, 3, 2, world.string(""), 1)).toEqual({ oop: text });
  expect(replace(text, 1, 1, world.words([1]), 1)).toEqual({ failed: 6 });
  const old = world.instance("Array", 3, true);
  const young = world.string("young");
  expect(replace(old, 2, 3, world.array(int(1), young, int(2)), 2)).toEqual({ oop: old });
  expect(world.slotsOf(old)).toEqual([world.nil, young, int(2)]);
  world.exports.makeReadOnly(text, 1);
  expect(replace(text, 1, 1, world.string("x"), 1)).toEqual({ failed: 8 });
});

test("identity, copies and classes", () => {
  const point = world.object("Point", int(1), int(2));
  const hash = world.result("primitiveIdentityHash", point) as bigint;
  expect(world.result("primitiveIdentityHash", point)).toBe(hash);
  expect(hash > 0n && hash < 2n ** 22n).toBe(true);
  expect(world.result("primitiveIdentityHash", int(1))).toEqual({ failed: 1 });
  const copy = world.call("primitiveClone", point) as { oop: bigint };
  expect(world.slotsOf(copy.oop)).toEqual([int(1), int(2)]);
  expect(world.result("primitiveIdentical", point, copy.oop)).toBe(false);
  expect(world.call("primitiveClass", point)).toEqual({ oop: world.classNamed("Point") });
  world.call("primitiveCopyObject", copy.oop, world.object("Point", int(8), int(9)));
  expect(world.slotsOf(copy.oop)).toEqual([int(8), int(9)]);
  expect(world.call("primitiveCopyObject", point, world.string("x"))).toEqual({ failed: 3 });
  expect(world.result("primitiveAsCharacter", int(65))).toEqual({ character: 65 });
  expect(world.result("primitiveAsCharacter", int(-1))).toEqual({ failed: 2 });
  expect(world.result("primitiveImmediateAsInteger", world.character(65))).toBe(65n);
  expect(world.result("primitiveImmediateAsInteger", world.float(-1))).toBe(
    (BigInt((1023 - 896) * 2 ** 20) << 32n) - 2n ** 60n,
  );
});

test("changing classes", () => {
  const bytes = world.bytes([1, 2, 3, 4, 5, 6]);
  expect(world.call("primitiveAdoptInstance", world.classNamed("ShortArray"), bytes)).not.toHaveProperty("failed");
  expect(world.result("primitiveAt", bytes, int(3))).toBe(0x0605n);
  expect(world.call("primitiveAdoptInstance", world.classNamed("Bitmap"), bytes)).toEqual({ failed: 3 });
  expect(world.call("primitiveAdoptInstance", world.classNamed("Array"), bytes)).toEqual({ failed: 6 });
  expect(world.call("primitiveChangeClass", world.instance("Point"), world.instance("Triple"))).toEqual({ failed: 2 });
  const array = world.array(int(1), int(2));
  expect(world.call("primitiveChangeClass", array, world.instance("Point"))).toEqual({ oop: array });
  expect(world.call("primitiveSize", array)).toEqual({ failed: 2 });
  world.exports.makeReadOnly(array, 1);
  expect(world.call("primitiveChangeClass", array, world.instance("Point"))).toEqual({ failed: 8 });
});

test("words, shorts and filling", () => {
  const bytes = world.bytes([255, 255, 1, 0, 9]);
  expect(world.result("primitiveShortAt", bytes, int(1))).toBe(-1n);
  expect(world.call("primitiveShortAt", bytes, int(3))).toEqual({ failed: 4 });
  expect(world.result("primitiveShortAtPut", bytes, int(2), int(-2))).toBe(-2n);
  expect(world.bytesOf(bytes)).toEqual([255, 255, 254, 255, 9]);
  expect(world.result("primitiveIntegerAt", bytes, int(3))).toBe(-2n);
  expect(world.call("primitiveIntegerAtPut", bytes, int(1), int(128))).toEqual({ failed: 3 });
  expect(world.call("primitiveIntegerAtPut", bytes, int(1), world.nil)).toEqual({ failed: 3 });
  expect(world.call("primitiveIntegerAtPut", bytes, int(6), int(1))).toEqual({ failed: 4 });
  world.call("primitiveConstantFill", bytes, int(7));
  expect(world.bytesOf(bytes)).toEqual([7, 7, 7, 7, 7]);
  expect(world.slotsOf(bytes)).toEqual([0x0707070707n]);
  expect(world.call("primitiveConstantFill", bytes, int(256))).toEqual({ failed: 1 });
});

test("C types in bytes", () => {
  const bytes = world.bytes([0x80, 1, 2, 3, 4, 5, 6, 0xff, 9]);
  const load = (type: string, at: number) => world.result(`primitiveLoad${type}FromBytes`, bytes, int(at));
  expect(load("Int8", 0)).toBe(-128n);
  expect(load("UInt16", 1)).toBe(0x0201n);
  expect(load("UInt64", 0)).toBe(0xff06050403020180n);
  expect(load("Int64", 0)).toBe(BigInt.asIntN(64, 0xff06050403020180n));
  expect(load("UInt64", 2)).toEqual({ failed: 4 });
  expect(load("Char8", 8)).toEqual({ character: 9 });
  const put = (type: string, at: number, value: bigint) =>
    world.result(`primitiveStore${type}IntoBytes`, bytes, int(at), value);
  expect(put("Float64", 1, world.float(Math.PI))).toBe(Math.PI);
  expect(load("Float64", 1)).toBe(Math.PI);
  expect(put("Float32", 0, world.float(0.1))).toBe(0.1);
  expect(load("Float32", 0)).toBe(Math.fround(0.1));
  expect(put("UInt32", 0, int(2n ** 32n))).toEqual({ failed: 1 });
  expect(put("UInt8", 0, int(-1))).toEqual({ failed: 3 });
  expect(put("Boolean8", 0, world.true)).toBe(true);
  expect(load("Boolean8", 0)).toBe(true);
  expect(put("Boolean8", 0, int(1))).toEqual({ failed: 3 });
  expect(world.call("primitiveLoadInt8FromBytes", world.nil, int(0))).toEqual({ failed: 3 });
});

test("memory and flags", () => {
  const object = world.string("123456789");
  expect(world.result("primitiveSizeInBytes", object)).toBe(24n);
  const sizeOf = (className: string, ...size: number[]) =>
    world.result("primitiveSizeInBytesOfInstance", world.classNamed(className), ...size.map(int));
  expect(sizeOf("ByteString", 9)).toBe(24n);
  expect(sizeOf("Array", 300)).toBe(2416n);
  expect(sizeOf("Point")).toBe(24n);
  expect(sizeOf("Point", 1)).toEqual({ failed: 2 });
  expect(sizeOf("Array")).toEqual({ failed: 2 });
  expect(sizeOf("Array", -1)).toEqual({ failed: 3 });
  expect(sizeOf("Array", 2 ** 40)).toEqual({ failed: 15 });
  expect(world.result("primitiveSetImmutability", object, world.true)).toBe(false);
  expect(world.result("primitiveGetImmutability", object)).toBe(true);
  expect(world.call("primitiveAtPut", object, int(1), int(1))).toEqual({ failed: 8 });
  expect(world.result("primitiveGetImmutability", int(1))).toBe(true);
  expect(world.call("primitiveSetImmutability", world.instance("WeakArray", 1), world.true)).toEqual({ failed: 6 });
  expect(world.call("primitiveSetImmutability", world.instance("Semaphore"), world.true)).toEqual({ failed: 6 });
  expect(world.result("primitiveObjectPointsTo", world.array(object), object)).toBe(true);
  expect(world.result("primitiveObjectPointsTo", object, object)).toBe(false);
  expect(world.call("primitiveLowSpaceSemaphore", world.nil, object)).toEqual({ failed: 3 });
});

test("clocks", () => {
  const since1901 = 2177452800n + 86400n;
  expect(world.result("primitiveUTCMicrosecondClock", world.nil)).toBe(since1901 * 1000000n);
  expect(world.result("primitiveLocalMicrosecondClock", world.nil)).toBe((since1901 + 3600n) * 1000000n);
  expect(world.result("primitiveSecondsClock", world.nil)).toBe(since1901 + 3600n);
  const pair = world.call("primitiveUtcWithOffset", world.nil) as { oop: bigint };
  expect(world.slotsOf(pair.oop)).toEqual([int(86_400_000_000n), int(3600)]);
});

test("comparing and hashing strings", () => {
  const compare = (a: string, b: string) =>
    world.result("primitiveStringCompareWith", world.string(a), world.string(b));
  expect([compare("ab", "ac"), compare("ab", "ab"), compare("abc", "ab")]).toEqual([-1n, 0n, 1n]);
  expect(world.result("primitiveCompareBytes", world.string("ab"), world.string("ab"))).toBe(true);
  expect(world.result("primitiveCompareBytes", world.string("ab"), world.nil)).toEqual({ failed: 1 });
  expect(world.result("primitiveHashMultiply", int(12345))).toBe((12345n * 1664525n) & 0xfffffffn);
});
