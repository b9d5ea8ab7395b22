// Objects laid out by hand in linear memory, in the format of layout.ts, for calling primitives without an image.

import {
  CLASS_INDEX_ARRAY,
  CLASS_INDEX_BITMAP,
  CLASS_INDEX_BYTE_ARRAY,
  CLASS_INDEX_FLOAT,
  FORMAT_ARRAY,
  FORMAT_BYTES,
  FORMAT_FIXED,
  FORMAT_SHIFT,
  FORMAT_WORDS32,
  OVERFLOW_SLOT_COUNT,
  SLOT_COUNT_SHIFT,
  SPECIAL_CLASS_POINT,
  SPECIAL_CLASS_SEMAPHORE,
  TAG_SHIFT,
  TAG_SMALL_INTEGER,
} from "../../vm/layout.js";

export const POINT_INDEX = 60;
export const SEMAPHORE_INDEX = 61;

type Exports = Record<string, (...values: (number | bigint)[]) => number | bigint | void>;

/** What a primitive did: the code of its failure, 0 for none, and its answer. */
export type Outcome = { failure: number; answer: bigint };

export class TestHeap {
  readonly memory: WebAssembly.Memory;
  readonly exports: Exports;
  readonly nil: number;
  readonly falseObject: number;
  readonly trueObject: number;
  readonly specialObjects: number;
  readonly point: number;
  readonly semaphore: number;
  private readonly classes: number;
  private readonly stack: number;
  private readonly start: number;
  private readonly end: number;
  private free: number;

  constructor(instance: WebAssembly.Instance, pages = 64) {
    this.memory = instance.exports.memory as WebAssembly.Memory;
    this.exports = instance.exports as unknown as Exports;
    this.exports.prepareMemory!();
    this.free = this.memory.grow(pages) * 65536;
    this.end = this.free + pages * 65536;
    this.stack = this.free + 1024;
    this.free += 1032;
    this.nil = this.pointers([], FORMAT_FIXED);
    this.falseObject = this.pointers([], FORMAT_FIXED);
    this.trueObject = this.pointers([], FORMAT_FIXED);
    this.specialObjects = this.pointers(Array.from({ length: 60 }, () => this.nil));
    this.classes = this.pointers(Array.from({ length: 1024 }, () => this.nil));
    const hidden = this.pointers([this.classes, ...Array.from({ length: 4103 }, () => this.nil)]);
    this.point = this.defineClass(POINT_INDEX, SPECIAL_CLASS_POINT, 2);
    this.semaphore = this.defineClass(SEMAPHORE_INDEX, SPECIAL_CLASS_SEMAPHORE, 3);
    this.start = this.free;
    this.exports.setUpObjects!(this.nil, this.falseObject, this.trueObject, hidden, this.specialObjects);
    this.clear();
  }

  /** Forgets all objects but nil, false, true and the special objects. */
  clear(): void {
    this.free = this.start;
    this.exports.clearNewObjects!(this.end);
  }

  /** An instance of a class made by `defineClass`. */
  instance(classIndex: number, slots: readonly (number | bigint)[]): number {
    const object = this.pointers(slots, FORMAT_FIXED);
    this.view().setUint32(object, (FORMAT_FIXED << FORMAT_SHIFT) | classIndex, true);
    return object;
  }

  pointAt(x: number | bigint, y: number | bigint): number {
    return this.instance(POINT_INDEX, [x, y]);
  }

  classIndexOf(object: number | bigint): number {
    return this.view().getUint32(Number(object), true) & 0x3fffff;
  }

  /** An object of oops: addresses of objects, or bigints that are oops already. */
  pointers(slots: readonly (number | bigint)[], format = FORMAT_ARRAY): number {
    const object = this.allocate(slots.length, format, CLASS_INDEX_ARRAY);
    slots.forEach((slot, index) => this.setSlot(object, index, slot));
    return object;
  }

  /** A Bitmap with these words, which may be read and written afterwards through `wordsOf`. */
  words(words: ArrayLike<number>): number {
    const slots = (words.length + 1) >> 1;
    const object = this.allocate(slots, FORMAT_WORDS32 + (words.length & 1), CLASS_INDEX_BITMAP);
    this.wordsOf(object, words.length).set(words);
    return object;
  }

  bytes(bytes: ArrayLike<number>): number {
    const slots = (bytes.length + 7) >> 3;
    const object = this.allocate(slots, FORMAT_BYTES + (slots * 8 - bytes.length), CLASS_INDEX_BYTE_ARRAY);
    this.bytesOf(object, bytes.length).set(bytes);
    return object;
  }

  /** A boxed Float. */
  float(value: number): number {
    const object = this.allocate(1, FORMAT_WORDS32, CLASS_INDEX_FLOAT);
    this.view().setFloat64(object + 8, value, true);
    return object;
  }

  form(bits: number, width: number, height: number, depth: number): number {
    return this.pointers([bits, integer(width), integer(height), integer(depth), this.nil], FORMAT_FIXED);
  }

  wordsOf(object: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, object + 8, length);
  }

  bytesOf(object: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, object + 8, length);
  }

  slot(object: number, index: number): bigint {
    return this.view().getBigUint64(object + 8 + index * 8, true);
  }

  setSlot(object: number, index: number, value: number | bigint): void {
    this.view().setBigUint64(object + 8 + index * 8, BigInt.asUintN(64, BigInt(value)), true);
  }

  setReadOnly(object: number): void {
    this.view().setUint32(object, this.view().getUint32(object, true) | (1 << 23), true);
  }

  /** Calls a primitive as the interpreter does. */
  call(primitive: string, receiver: number | bigint, ...values: (number | bigint)[]): Outcome {
    const view = this.view();
    view.setBigUint64(this.stack, BigInt.asUintN(64, BigInt(receiver)), true);
    values.forEach((value, index) => {
      view.setBigUint64(this.stack - 8 * (index + 1), BigInt.asUintN(64, BigInt(value)), true);
    });
    this.exports.begin!(this.stack, values.length);
    this.exports[primitive]!();
    const answer = BigInt.asUintN(64, this.exports.answer!() as bigint);
    return { failure: this.exports.failure!() as number, answer };
  }

  /** A class whose instances have so many slots, at an index of the class table and among the special objects. */
  private defineClass(index: number, special: number, slots: number): number {
    const object = this.pointers([this.nil, this.nil, integer((FORMAT_FIXED << 16) | slots)], FORMAT_FIXED);
    this.view().setUint32(object + 4, this.view().getUint32(object + 4, true) | index, true);
    this.setSlot(this.classes, index, object);
    this.setSlot(this.specialObjects, special, object);
    return object;
  }

  private allocate(slots: number, format: number, classIndex: number): number {
    const view = this.view();
    const large = slots >= OVERFLOW_SLOT_COUNT;
    if (large) {
      view.setBigUint64(this.free, BigInt(slots) | (255n << 56n), true);
      this.free += 8;
    }
    const object = this.free;
    this.free += 8 + Math.max(slots, 1) * 8;
    if (this.free > this.end) throw new Error("TestHeap: full; ask for more pages");
    view.setUint32(object, (format << FORMAT_SHIFT) | classIndex, true);
    view.setUint32(object + 4, Math.min(slots, OVERFLOW_SLOT_COUNT) << SLOT_COUNT_SHIFT, true);
    new Uint8Array(this.memory.buffer, object + 8, Math.max(slots, 1) * 8).fill(0);
    return object;
  }

  private view(): DataView {
    return new DataView(this.memory.buffer);
  }
}

/** The oop of a SmallInteger. */
export function integer(value: number): bigint {
  return BigInt.asUintN(64, (BigInt(value) << BigInt(TAG_SHIFT)) | BigInt(TAG_SMALL_INTEGER));
}

/** The value of a SmallInteger's oop. */
export function integerValue(oop: bigint): number {
  return Number(BigInt.asIntN(64, oop) >> BigInt(TAG_SHIFT));
}
