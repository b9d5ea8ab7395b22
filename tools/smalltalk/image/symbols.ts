// Symbols of an image: one object for each text, with an identity hash from its characters, and the table that the
// library's Symbol class looks them up in (docs/decisions/0006).

import { FORMAT_ARRAY, FORMAT_BYTES, FORMAT_WORDS32, HASH_MASK } from "../../../vm/layout.js";
import { type HeapObject, pointersObject, rawObject } from "./heap.js";

/** What fills a hashed table: where each entry's search starts, and the entry. */
interface Entry {
  readonly hash: number;
  readonly object: HeapObject;
}

const HASH_MULTIPLIER = 1664525;
const HASH_BITS = 0xfffffff;
/** The low bits of the hash change little from word to word. */
const IDENTITY_HASH_SHIFT = 6;

export class Symbols {
  private readonly byText = new Map<string, HeapObject>();

  constructor(
    private readonly byteSymbol: HeapObject,
    /** Undefined where the library has no such class. */
    private readonly wideSymbol: HeapObject | undefined,
  ) {}

  /** The symbol with this text. */
  named(text: string): HeapObject {
    const present = this.byText.get(text);
    if (present !== undefined) return present;
    const symbol = this.create(text);
    this.byText.set(text, symbol);
    return symbol;
  }

  private create(text: string): HeapObject {
    const hash = (stringHash(text) >>> IDENTITY_HASH_SHIFT) & HASH_MASK || 1;
    const bytes = byteText(text);
    if (bytes !== undefined) return rawObject(this.byteSymbol, FORMAT_BYTES, bytes, hash);
    if (this.wideSymbol === undefined) throw new Error(`#${text} needs a class WideSymbol`);
    return rawObject(this.wideSymbol, FORMAT_WORDS32, wideText(text), hash);
  }

  /** All symbols so far, in the order of their texts. */
  all(): { text: string; symbol: HeapObject }[] {
    return [...this.byText]
      .map(([text, symbol]) => ({ text, symbol }))
      .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
  }
}

/** The characters as bytes; undefined where one is above 255. */
export function byteText(text: string): Uint8Array | undefined {
  const codePoints = codePointsOf(text);
  return codePoints.every((each) => each < 256) ? Uint8Array.from(codePoints) : undefined;
}

/** The characters as words of 32 bits. */
export function wideText(text: string): Uint8Array {
  const codePoints = codePointsOf(text);
  const bytes = new Uint8Array(codePoints.length * 4);
  const view = new DataView(bytes.buffer);
  codePoints.forEach((each, index) => view.setUint32(index * 4, each, true));
  return bytes;
}

/** 28 bits, from 0 (MiscPrimitivePlugin, primitiveStringHash; for wide strings the same on code points). */
export function stringHash(text: string): number {
  let hash = 0;
  for (const codePoint of codePointsOf(text)) hash = Math.imul(hash + codePoint, HASH_MULTIPLIER) & HASH_BITS;
  return hash;
}

/** Slots of an open table for so many entries: three quarters of them used. */
export function tableCapacity(entries: number): number {
  return Math.ceil((entries * 4) / 3) + 1;
}

/** The keys of a method dictionary, whose places the virtual machine masks: a power of two, up to seven eighths used. */
export function methodDictionaryCapacity(entries: number): number {
  let capacity = 1;
  while (entries * 8 > capacity * 7) capacity *= 2;
  return capacity;
}

/** Puts entries where their hash says, or behind it. */
export function openTable(entries: readonly Entry[], capacity: number, nil: HeapObject): HeapObject[] {
  const slots = new Array<HeapObject>(capacity).fill(nil);
  for (const { hash, object } of entries) {
    let index = hash % capacity;
    while (slots[index] !== nil) index = (index + 1) % capacity;
    slots[index] = object;
  }
  return slots;
}

/** The array of all symbols by the hash of their characters. */
export function symbolTable(symbols: Symbols, nil: HeapObject, arrayClass: HeapObject, format = FORMAT_ARRAY) {
  const entries = symbols.all().map(({ text, symbol }) => ({ hash: stringHash(text), object: symbol }));
  return {
    tally: entries.length,
    array: pointersObject(arrayClass, format, openTable(entries, tableCapacity(entries.length), nil)),
  };
}

function codePointsOf(text: string): number[] {
  return Array.from(text, (each) => each.codePointAt(0)!);
}
