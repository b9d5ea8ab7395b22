// Reads objects in the linear memory of a loaded image: headers, slots, bytes, classes by index. What they mean to
// Smalltalk (names, methods, printing) is reflection.ts. Nothing here writes.

import {
  CELL_EDEN_FREE,
  CLASS_INDEX_FORWARDED,
  CLASS_INDEX_FREE,
  CLASS_INDEX_MASK,
  CLASS_INDEX_SEGMENT_BRIDGE,
  CLASS_TABLE_PAGE_SHIFT,
  CLASS_TABLE_PAGE_SLOTS,
  CLASS_TABLE_ROOT_SLOTS,
  FORMAT_ARRAY,
  FORMAT_BYTES,
  FORMAT_COMPILED_METHOD,
  FORMAT_EPHEMERON,
  FORMAT_MASK,
  FORMAT_SHIFT,
  FORMAT_SHORTS,
  FORMAT_WORDS32,
  HASH_MASK,
  HEADER_BYTES,
  METHOD_LITERAL_COUNT_MASK,
  OVERFLOW_SLOT_COUNT,
  PINNED_SHIFT,
  READ_ONLY_SHIFT,
  SLOT_COUNT_SHIFT,
  TAG_CHARACTER,
  TAG_MASK,
  TAG_SHIFT,
  TAG_SMALL_FLOAT,
  TAG_SMALL_INTEGER,
} from "../layout.js";
import { type VmExports } from "./module.js";

/** Where an object lies, in bytes. */
export type Address = number;
/** Any Smalltalk reference, 64 bits: an address, or a value above a tag. */
export type Oop = bigint;

/** What a heap must know to be read; the module exports each (vm/main.ts). */
export interface HeapRoots {
  readonly nil: Address;
  readonly falseObject: Address;
  readonly trueObject: Address;
  readonly hiddenRoots: Address;
  readonly specialObjects: Address;
  readonly oldSpaceStart: Address;
  readonly oldSpaceEnd: Address;
  /** The used parts of eden and the survivor spaces: from, up to. */
  readonly newSpaces: readonly (readonly [start: Address, end: Address])[];
}

/** What a SmallInteger, a Character or an immediate float stands for, or the address of an object. */
export type Value =
  | { kind: "integer"; value: bigint }
  | { kind: "character"; codePoint: number }
  | { kind: "float"; value: number }
  | { kind: "object"; address: Address };

export class Heap {
  private view: DataView;
  private words: Uint32Array;
  private bytes: Uint8Array;

  /** `roots` answers where things are now: a collection moves them. */
  constructor(
    private readonly memory: { readonly buffer: ArrayBufferLike },
    readonly roots: HeapRoots,
  ) {
    this.view = new DataView(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
    this.bytes = new Uint8Array(memory.buffer);
  }

  get nil(): Address {
    return this.roots.nil;
  }

  // Words of memory. Growing memory detaches its buffer, which empties every view of it.

  private current(): void {
    if (this.words.length !== 0) return;
    this.view = new DataView(this.memory.buffer);
    this.words = new Uint32Array(this.memory.buffer);
    this.bytes = new Uint8Array(this.memory.buffer);
  }

  /** The 32-bit word at an address. */
  word(address: Address): number {
    if (this.words.length === 0) this.current();
    return this.words[address >>> 2];
  }

  doubleWord(address: Address): Oop {
    this.current();
    return this.view.getBigUint64(address, true);
  }

  /** All of memory: valid until the image runs again. */
  memoryBytes(): Uint8Array {
    this.current();
    return this.bytes;
  }

  // Headers.

  classIndexOf(object: Address): number {
    return this.word(object) & CLASS_INDEX_MASK;
  }

  formatOf(object: Address): number {
    return (this.word(object) >>> FORMAT_SHIFT) & FORMAT_MASK;
  }

  identityHashOf(object: Address): number {
    return this.word(object + 4) & HASH_MASK;
  }

  isReadOnly(object: Address): boolean {
    return ((this.word(object) >>> READ_ONLY_SHIFT) & 1) !== 0;
  }

  isPinned(object: Address): boolean {
    return ((this.word(object) >>> PINNED_SHIFT) & 1) !== 0;
  }

  slotCountOf(object: Address): number {
    const count = this.word(object + 4) >>> SLOT_COUNT_SHIFT;
    return count === OVERFLOW_SLOT_COUNT ? this.word(object - HEADER_BYTES) : count;
  }

  /** Bytes that an object takes: header, overflow header and slots. */
  totalBytesOf(object: Address): number {
    const field = this.word(object + 4) >>> SLOT_COUNT_SHIFT;
    if (field !== OVERFLOW_SLOT_COUNT) return HEADER_BYTES + (field === 0 ? 8 : field * 8);
    return 2 * HEADER_BYTES + this.word(object - HEADER_BYTES) * 8;
  }

  /** Bytes of content of an object of bytes, shorts or words; of a method's literals and bytecodes. */
  byteSizeOf(object: Address): number {
    const format = this.formatOf(object);
    const bytes = this.slotCountOf(object) * 8;
    if (format >= FORMAT_BYTES) return bytes - (format & 7);
    if (format >= FORMAT_SHORTS) return bytes - (format & 3) * 2;
    return format >= FORMAT_WORDS32 ? bytes - (format & 1) * 4 : bytes;
  }

  /** Slots that hold oops. */
  pointerCountOf(object: Address): number {
    const format = this.formatOf(object);
    if (format <= FORMAT_EPHEMERON) return this.slotCountOf(object);
    return format >= FORMAT_COMPILED_METHOD ? this.literalCountOf(object) + 1 : 0;
  }

  // Slots, zero-based.

  slot(object: Address, index: number): Oop {
    return this.doubleWord(object + HEADER_BYTES + index * 8);
  }

  /** The object that a slot refers to, forwarders followed; 0 where it holds an immediate. */
  reference(object: Address, index: number): Address {
    const low = this.word(object + HEADER_BYTES + index * 8);
    return (low & TAG_MASK) === 0 ? this.follow(low) : 0;
  }

  /** A SmallInteger slot as a number; undefined where it holds something else. */
  integer(object: Address, index: number): number | undefined {
    const oop = this.slot(object, index);
    return isInteger(oop) ? Number(integerOf(oop)) : undefined;
  }

  follow(object: Address): Address {
    let target = object;
    for (
      let hops = 0;
      hops < 8 && this.isObject(target) && this.classIndexOf(target) === CLASS_INDEX_FORWARDED;
      hops++
    ) {
      target = this.word(target + HEADER_BYTES);
    }
    return target;
  }

  /** Whether an address can be an object's: aligned, and inside memory. */
  isObject(address: Address): boolean {
    this.current();
    return address !== 0 && (address & 7) === 0 && address + 16 <= this.words.length * 4;
  }

  value(oop: Oop): Value {
    const tag = Number(oop & BigInt(TAG_MASK));
    if (tag === 0) return { kind: "object", address: this.follow(Number(oop & 0xffffffffn)) };
    if (tag === TAG_CHARACTER) return { kind: "character", codePoint: Number(oop >> BigInt(TAG_SHIFT)) };
    if (tag === TAG_SMALL_FLOAT) return { kind: "float", value: smallFloatOf(oop) };
    return { kind: "integer", value: integerOf(oop) };
  }

  isBytes(object: Address): boolean {
    if (!this.isObject(object)) return false;
    const format = this.formatOf(object);
    return format >= FORMAT_BYTES && format < FORMAT_COMPILED_METHOD;
  }

  isMethod(object: Address): boolean {
    return this.isObject(object) && this.formatOf(object) >= FORMAT_COMPILED_METHOD;
  }

  isPointers(object: Address): boolean {
    return this.isObject(object) && this.formatOf(object) <= FORMAT_EPHEMERON;
  }

  isArray(object: Address): boolean {
    return this.isObject(object) && this.formatOf(object) === FORMAT_ARRAY;
  }

  /** An object's bytes, as they lie in memory: valid until the image runs again. */
  bytesOf(object: Address): Uint8Array {
    this.current();
    return this.bytes.subarray(object + HEADER_BYTES, object + HEADER_BYTES + this.byteSizeOf(object));
  }

  /** The text of an object of bytes (one a character, as Squeak's ByteString and Symbol hold it). */
  string(object: Address): string {
    this.current();
    const start = object + HEADER_BYTES;
    const end = start + this.byteSizeOf(object);
    let text = "";
    // Most are names: a decoder costs more than they do. Not TextDecoder's "latin1", which is windows-1252.
    for (let at = start; at < end; at++) text += String.fromCharCode(this.bytes[at]);
    return text;
  }

  float64At(object: Address): number {
    this.current();
    return this.view.getFloat64(object + HEADER_BYTES, true);
  }

  word32At(object: Address, index: number): number {
    return this.word(object + HEADER_BYTES + index * 4);
  }

  // Methods.

  /** The low 32 bits of a compiled method's header value, which hold all its fields but the sign. */
  methodHeaderOf(method: Address): number {
    const low = this.word(method + HEADER_BYTES);
    const high = this.word(method + HEADER_BYTES + 4);
    return ((low >>> TAG_SHIFT) | (high << (32 - TAG_SHIFT))) >>> 0;
  }

  /** Whether the header is negative: the method is in SistaV1. */
  isMethodHeaderNegative(method: Address): boolean {
    return this.word(method + HEADER_BYTES + 4) >>> 31 !== 0;
  }

  literalCountOf(method: Address): number {
    return this.methodHeaderOf(method) & METHOD_LITERAL_COUNT_MASK;
  }

  // Classes and special objects.

  specialObject(index: number): Address {
    return this.reference(this.roots.specialObjects, index);
  }

  /** The class with an index; nil where none has it. */
  classAt(index: number): Address {
    const { hiddenRoots, nil } = this.roots;
    const page = this.reference(hiddenRoots, index >> CLASS_TABLE_PAGE_SHIFT);
    return page === nil ? nil : this.reference(page, index & (CLASS_TABLE_PAGE_SLOTS - 1));
  }

  classOf(oop: Oop): Address {
    const tag = Number(oop & BigInt(TAG_MASK));
    if (tag !== 0) return this.classAt((tag & TAG_SMALL_INTEGER) !== 0 ? TAG_SMALL_INTEGER : tag);
    return this.classAt(this.classIndexOf(this.follow(Number(oop))));
  }

  classOfObject(object: Address): Address {
    return this.classAt(this.classIndexOf(object));
  }

  /** Pages of the class table up to the last one in use. */
  classTablePages(): number {
    const { hiddenRoots, nil } = this.roots;
    for (let pages = CLASS_TABLE_ROOT_SLOTS; pages > 1; pages--) {
      if (this.word(hiddenRoots + pages * 8) !== nil) return pages;
    }
    return 1;
  }

  /** Every class in the table, with the index that its instances carry. */
  classes(): { index: number; address: Address }[] {
    const { hiddenRoots, nil } = this.roots;
    const found: { index: number; address: Address }[] = [];
    const pages = this.classTablePages();
    for (let major = 0; major < pages; major++) {
      const page = this.reference(hiddenRoots, major);
      if (page === nil || !this.isObject(page)) continue;
      for (let minor = 0; minor < CLASS_TABLE_PAGE_SLOTS; minor++) {
        const address = this.reference(page, minor);
        if (address !== nil && address !== 0) found.push({ index: major * CLASS_TABLE_PAGE_SLOTS + minor, address });
      }
    }
    return found;
  }

  /**
   * Calls `visit` with every object that is no free space, bridge or forwarder, in the order of addresses, and
   * `visitFree` with the bytes of every unused piece of old space.
   */
  forEachObject(
    visit: (object: Address, classIndex: number, bytes: number) => void,
    visitFree: (bytes: number) => void = () => {},
  ): void {
    const { newSpaces, oldSpaceStart, oldSpaceEnd } = this.roots;
    for (const [start, end] of newSpaces) this.scan(start, end, visit, visitFree);
    this.scan(oldSpaceStart, oldSpaceEnd, visit, visitFree);
  }

  private scan(
    start: Address,
    end: Address,
    visit: (object: Address, classIndex: number, bytes: number) => void,
    visitFree: (bytes: number) => void,
  ): void {
    this.current();
    const words = this.words;
    let at = start;
    while (at + HEADER_BYTES <= end) {
      // An overflow header comes first and shows the same mark in its top byte.
      const slots = words[(at + 4) >>> 2] >>> SLOT_COUNT_SHIFT;
      const isLarge = slots === OVERFLOW_SLOT_COUNT;
      const object = isLarge ? at + HEADER_BYTES : at;
      const size = isLarge ? 2 * HEADER_BYTES + words[at >>> 2] * 8 : HEADER_BYTES + (slots === 0 ? 8 : slots * 8);
      const classIndex = words[object >>> 2] & CLASS_INDEX_MASK;
      if (classIndex === CLASS_INDEX_FREE) visitFree(size);
      else if (classIndex !== CLASS_INDEX_SEGMENT_BRIDGE && classIndex !== CLASS_INDEX_FORWARDED) {
        visit(object, classIndex, size);
      }
      at += size;
    }
  }
}

export function isInteger(oop: Oop): boolean {
  return (Number(oop & 7n) & TAG_SMALL_INTEGER) !== 0;
}

export function integerOf(oop: Oop): bigint {
  return BigInt.asIntN(64, oop) >> BigInt(TAG_SHIFT);
}

/** Spur64BitMemoryManager>>smallFloatBitsOf: backwards. */
export function smallFloatOf(oop: Oop): number {
  let rotated = oop >> BigInt(TAG_SHIFT);
  if (rotated > 1n) rotated += 896n << 53n;
  const bits = (rotated >> 1n) | ((rotated & 1n) << 63n);
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

/** The heap of a virtual machine, through the globals that the module exports. */
export function heapOf(exports: VmExports): Heap {
  const memory = exports.memory;
  const variable = (name: string) => exported(exports, name);
  const [nil, falseObject, trueObject] = ["nil", "falseObject", "trueObject"].map(variable);
  const [hiddenRoots, specialObjects] = ["hiddenRoots", "specialObjects"].map(variable);
  const [oldSpaceStart, oldSpaceEnd, edenStart] = ["oldSpaceStart", "oldSpaceEnd", "edenStart"].map(variable);
  const survivors = "pastStart" in exports ? ["pastStart", "pastFree"].map(variable) : [];
  const roots: HeapRoots = {
    // These four never move.
    nil: Number(nil.value),
    falseObject: Number(falseObject.value),
    trueObject: Number(trueObject.value),
    hiddenRoots: Number(hiddenRoots.value),
    get specialObjects() {
      return Number(specialObjects.value);
    },
    get oldSpaceStart() {
      return oldSpaceStart.value >>> 0;
    },
    get oldSpaceEnd() {
      return oldSpaceEnd.value >>> 0;
    },
    get newSpaces() {
      const edenFree = new DataView(memory.buffer).getUint32(CELL_EDEN_FREE, true);
      const eden = [edenStart.value >>> 0, edenFree] as const;
      if (survivors.length === 0) return [eden];
      return [[survivors[0].value >>> 0, survivors[1].value >>> 0] as const, eden];
    },
  };
  return new Heap(memory, roots);
}

/** An exported variable of the module. */
export function exported(exports: VmExports, name: string): WebAssembly.Global {
  const found = exports[name];
  if (found instanceof WebAssembly.Global) return found;
  throw new Error(`stvm: the module has no variable ${name}; run \`npm run build\``);
}
