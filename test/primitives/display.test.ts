// Display, input and text measuring without a screen; events as an embedder queues them; affine matrices.

import { beforeAll, describe, expect, test } from "@jest/globals";
import { SPECIAL_DISPLAY, SPECIAL_INTERRUPT_SEMAPHORE } from "../../vm/layout.js";
import { compileEntry } from "../compileEntry.js";
import { integer, integerValue, POINT_INDEX, SEMAPHORE_INDEX, TestHeap } from "./testHeap.js";

let heap: TestHeap;
const shown: number[][] = [];

beforeAll(async () => {
  const displayChanged = (...edges: number[]): void => void shown.push(edges);
  heap = new TestHeap(await compileEntry("test/primitives/graphicsEntry.ts", { displayChanged }));
});

function call(primitive: string, ...values: (number | bigint)[]): bigint {
  const { failure, answer } = heap.call(primitive, heap.nil, ...values);
  if (failure !== 0) throw new Error(`${primitive} fails with ${failure}`);
  return answer;
}

function pointOf(oop: bigint): number[] {
  expect(heap.classIndexOf(oop)).toBe(POINT_INDEX);
  return [0, 1].map((index) => integerValue(heap.slot(Number(oop), index)));
}

describe("the Display", () => {
  test("the screen is 64 by 64 until the image or the embedder chooses", () => {
    expect(pointOf(call("primitiveScreenSize"))).toEqual([64, 64]);
    const set = call("primitiveSetDisplayMode", integer(32), integer(800), integer(600), heap.falseObject);
    expect(set).toBe(BigInt(heap.trueObject));
    expect(pointOf(call("primitiveScreenSize"))).toEqual([800, 600]);
    const refused = call("primitiveSetDisplayMode", integer(7), integer(80), integer(60), heap.falseObject);
    expect(refused).toBe(BigInt(heap.falseObject));
    expect(pointOf(call("primitiveScreenSize"))).toEqual([800, 600]);
  });

  test("all depths of Forms are supported, others are not", () => {
    for (const depth of [1, 2, 4, 8, 16, 32, -32]) {
      expect(call("primitiveTestDisplayDepth", integer(depth))).toBe(BigInt(heap.trueObject));
    }
    expect(call("primitiveTestDisplayDepth", integer(3))).toBe(BigInt(heap.falseObject));
    expect(heap.call("primitiveTestDisplayDepth", heap.nil, heap.nil).failure).not.toBe(0);
  });

  test("beDisplay registers a Form; showing is clipped to it", () => {
    heap.clear();
    const form = heap.form(heap.words(new Uint32Array(100)), 10, 10, 32);
    expect(heap.call("primitiveBeDisplay", form).failure).toBe(0);
    expect(heap.slot(heap.specialObjects, SPECIAL_DISPLAY)).toBe(BigInt(form));
    expect(heap.call("primitiveBeDisplay", integer(1)).failure).not.toBe(0);
    shown.length = 0;
    call("primitiveShowDisplayRect", integer(-5), integer(7), integer(2), integer(99));
    call("primitiveShowDisplayRect", integer(8), integer(8), integer(0), integer(9));
    expect(shown).toEqual([[0, 2, 7, 10]]);
  });

  test("deferred updates are not told to the host", () => {
    heap.clear();
    const form = heap.form(heap.words(new Uint32Array(100)), 10, 10, 32);
    heap.call("primitiveBeDisplay", form);
    const numbers = [0, 0, 10, 10, 0, 0, 0, 0, 10, 10].map(integer);
    const bitBlt = heap.pointers([form, heap.nil, heap.nil, integer(3), ...numbers, heap.nil]);
    shown.length = 0;
    call("primitiveDeferDisplayUpdates", heap.trueObject);
    heap.call("primitiveCopyBits", bitBlt);
    expect(shown).toEqual([]);
    call("primitiveDeferDisplayUpdates", heap.falseObject);
    heap.call("primitiveCopyBits", bitBlt);
    expect(shown).toEqual([[0, 0, 10, 10]]);
  });

  test("the clipboard keeps a copy", () => {
    heap.clear();
    const text = heap.bytes([104, 105]);
    call("primitiveClipboardText", text);
    heap.bytesOf(text, 2)[0] = 0;
    const kept = Number(call("primitiveClipboardText"));
    expect([...heap.bytesOf(kept, 2)]).toEqual([104, 105]);
    expect(heap.call("primitiveClipboardText", heap.nil, integer(1)).failure).not.toBe(0);
  });
});

describe("scanning characters", () => {
  /** Scans a string of which character c is 5 + c pixels wide, with a stop condition for character 9. */
  function scan(bytes: number[], right: number, kern: number): { x: number; lastIndex: number; answer: bigint } {
    heap.clear();
    const edges = [0];
    for (let code = 0; code < 10; code++) edges.push(edges[code]! + 5 + code);
    const map = Array.from({ length: 256 }, (_, code) => integer(Math.min(code, 9)));
    const conditions: (number | bigint)[] = Array.from({ length: 258 }, () => heap.nil);
    conditions[9] = integer(900);
    conditions[256] = integer(256);
    conditions[257] = integer(257);
    const scanner = heap.pointers([integer(100), integer(0), heap.pointers(edges.map(integer)), heap.pointers(map)]);
    const values = [integer(1), integer(bytes.length), heap.bytes(bytes), integer(right)];
    const { failure, answer } = heap.call(
      "primitiveScanCharacters",
      scanner,
      ...values,
      heap.pointers(conditions),
      integer(kern),
    );
    expect(failure).toBe(0);
    return { x: integerValue(heap.slot(scanner, 0)), lastIndex: integerValue(heap.slot(scanner, 1)), answer };
  }

  test("stops at the end, at the right edge, and at a condition", () => {
    expect(scan([0, 1, 2], 1000, 1)).toEqual({ x: 100 + 5 + 6 + 7 + 3, lastIndex: 3, answer: integer(256) });
    expect(scan([0, 1, 2], 111, 0)).toEqual({ x: 111, lastIndex: 3, answer: integer(257) });
    expect(scan([0, 9, 2], 1000, 0)).toEqual({ x: 105, lastIndex: 2, answer: integer(900) });
  });
});

describe("input", () => {
  test("no event is eight zeros; wrong arrays fail", () => {
    heap.clear();
    const event = heap.pointers(Array.from({ length: 8 }, () => heap.nil));
    call("primitiveGetNextEvent", event);
    expect([...Array(8).keys()].map((index) => integerValue(heap.slot(event, index)))).toEqual(Array(8).fill(0));
    expect(heap.call("primitiveGetNextEvent", heap.nil, heap.pointers([heap.nil])).failure).not.toBe(0);
    expect(call("primitiveKbdNext")).toBe(BigInt(heap.nil));
    expect(integerValue(call("primitiveMouseButtons"))).toBe(0);
  });

  test("queued events come out in order and signal the image's semaphore", () => {
    heap.clear();
    call("primitiveInputSemaphore", integer(5));
    expect(heap.exports.lastSignal!()).toBe(0);
    heap.exports.queueEvent!(1, 1000, 30, 40, 4, 2, 0, 1);
    heap.exports.queueEvent!(2, 1001, 97, 0, 1, 97, 0, 1);
    expect(heap.exports.lastSignal!()).toBe(5);
    expect(pointOf(call("primitiveMousePoint"))).toEqual([30, 40]);
    expect(integerValue(call("primitiveMouseButtons"))).toBe(4 + 16);
    expect(integerValue(call("primitiveKbdPeek"))).toBe(97 + 256);
    const event = heap.pointers(Array.from({ length: 8 }, () => heap.nil));
    const next = (): number[] => {
      call("primitiveGetNextEvent", event);
      return [...Array(8).keys()].map((index) => integerValue(heap.slot(event, index)));
    };
    expect(next()).toEqual([1, 1000, 30, 40, 4, 2, 0, 1]);
    expect(next()).toEqual([2, 1001, 97, 0, 1, 97, 0, 1]);
    expect(next()[0]).toBe(0);
  });

  test("a full queue drops the oldest", () => {
    for (let i = 0; i < 300; i++) heap.exports.queueEvent!(5, i, 0, 0, 0, 0, 0, 0);
    const event = heap.pointers(Array.from({ length: 8 }, () => heap.nil));
    call("primitiveGetNextEvent", event);
    expect(integerValue(heap.slot(event, 1))).toBe(300 - 256);
  });

  test("the interrupt semaphore is a Semaphore or nil", () => {
    const semaphore = heap.instance(SEMAPHORE_INDEX, [heap.nil, heap.nil, integer(0)]);
    call("primitiveInterruptSemaphore", semaphore);
    expect(heap.slot(heap.specialObjects, SPECIAL_INTERRUPT_SEMAPHORE)).toBe(BigInt(semaphore));
    call("primitiveInterruptSemaphore", integer(3));
    expect(heap.slot(heap.specialObjects, SPECIAL_INTERRUPT_SEMAPHORE)).toBe(BigInt(heap.nil));
  });
});

describe("Matrix2x3Plugin", () => {
  function matrix(...elements: number[]): number {
    return heap.words(new Uint32Array(Float32Array.from(elements).buffer));
  }

  function elementsOf(object: number): number[] {
    return [...new Float32Array(heap.memory.buffer, object + 8, 6)];
  }

  test("tells identity and translation", () => {
    heap.clear();
    const is = (primitive: string, ...elements: number[]): boolean =>
      heap.call(primitive, matrix(...elements)).answer === BigInt(heap.trueObject);
    expect(is("primitiveIsIdentity", 1, 0, 0, 0, 1, 0)).toBe(true);
    expect(is("primitiveIsIdentity", 1, 0, 2, 0, 1, 0)).toBe(false);
    expect(is("primitiveIsPureTranslation", 1, 0, 2, 0, 1, 3)).toBe(true);
    expect(is("primitiveIsPureTranslation", 1, 1, 2, 0, 1, 3)).toBe(false);
    expect(heap.call("primitiveIsIdentity", heap.words([1, 2])).failure).not.toBe(0);
  });

  test("composes", () => {
    heap.clear();
    const into = matrix(0, 0, 0, 0, 0, 0);
    const { answer } = heap.call("primitiveComposeMatrix", matrix(1, 2, 3, 4, 5, 6), matrix(7, 8, 9, 10, 11, 12), into);
    expect(answer).toBe(BigInt(into));
    expect(elementsOf(into)).toEqual([27, 30, 36, 78, 87, 102]);
  });

  test("transforms points and back, rounding", () => {
    heap.clear();
    const turn = matrix(0, -2, 10, 2, 0, 20);
    const there = heap.call("primitiveTransformPoint", turn, heap.pointAt(integer(3), heap.float(4.3)));
    expect(pointOf(there.answer)).toEqual([1, 26]);
    const back = heap.call("primitiveInvertPoint", turn, heap.pointAt(integer(2), integer(26)));
    expect(pointOf(back.answer)).toEqual([3, 4]);
    expect(
      heap.call("primitiveInvertPoint", matrix(1, 1, 0, 1, 1, 0), heap.pointAt(integer(1), integer(1))).failure,
    ).toBe(1);
    expect(heap.call("primitiveTransformPoint", turn, heap.nil).failure).not.toBe(0);
    const huge = matrix(1e30, 0, 0, 0, 1, 0);
    expect(heap.call("primitiveTransformPoint", huge, heap.pointAt(integer(1), integer(1))).failure).not.toBe(0);
  });

  test("bounds of transformed rectangles go into the one given", () => {
    heap.clear();
    const rectangle = (l: number, t: number, r: number, b: number): number =>
      heap.pointers([heap.pointAt(integer(l), integer(t)), heap.pointAt(integer(r), integer(b))], 1);
    const into = rectangle(0, 0, 0, 0);
    const turn = matrix(0, -2, 10, 2, 0, 20);
    const corners = (): number[] => [...pointOf(heap.slot(into, 0)), ...pointOf(heap.slot(into, 1))];
    expect(heap.call("primitiveTransformRectInto", turn, rectangle(0, 0, 3, 4), into).answer).toBe(BigInt(into));
    expect(corners()).toEqual([2, 20, 10, 26]);
    heap.call("primitiveInvertRectInto", turn, rectangle(2, 20, 10, 26), into);
    expect(corners()).toEqual([0, 0, 3, 4]);
  });
});
