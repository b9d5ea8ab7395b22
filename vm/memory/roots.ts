// What the collector must see and keep up to date: the well-known objects and the registered root words.
// Written here only; everything else reads.

import { HEADER_BYTES, WORD_SHIFT } from "../layout";
import { Address, Oop } from "./oop";

// nil, false, true, the free lists and the hidden roots are the first five objects of old space; they never move.
export let nil: Oop = 0;
export let falseObject: Oop = 0;
export let trueObject: Oop = 0;
/** The object whose slots are the class table's pages, then eight more roots. */
export let hiddenRoots: Oop = 0;
export let specialObjects: Oop = 0;

/** Names the five first objects of old space. */
export function setFirstObjects(
  nilAddress: Address,
  falseAddress: Address,
  trueAddress: Address,
  hidden: Address,
): void {
  nil = nilAddress;
  falseObject = falseAddress;
  trueObject = trueAddress;
  hiddenRoots = hidden;
}

export function setSpecialObjects(array: Oop): void {
  specialObjects = array;
}

/** A special object by its zero-based index (SPECIAL_… in layout.ts). */
// @ts-ignore: decorator
@inline
export function specialObject(index: u32): Oop {
  return load<u64>(<Address>specialObjects + HEADER_BYTES + (index << WORD_SHIFT));
}

// Root words: oops kept outside the heap by interpreter, primitives and embedder. Each is a slot of a small
// table; a holder asks for a slot once and reads it again after anything that may collect.
export const ROOT_WORD_COUNT: u32 = 256;
const rootWords: Address = memory.data(256 * 8, 8);
let rootWordsUsed: u32 = 0;

/** Reserves one root word, zero (no oop) at first; answers its address. */
export function newRootWord(): Address {
  assert(rootWordsUsed < ROOT_WORD_COUNT, "root words: table full; raise ROOT_WORD_COUNT");
  const word = rootWords + (rootWordsUsed++ << WORD_SHIFT);
  return word;
}

export function rootWordsStart(): Address {
  return rootWords;
}

export function rootWordsEnd(): Address {
  return rootWords + (rootWordsUsed << WORD_SHIFT);
}

// @ts-ignore: decorator
@inline
export function rootWord(word: Address): Oop {
  return load<u64>(word);
}

// @ts-ignore: decorator
@inline
export function setRootWord(word: Address, oop: Oop): void {
  store<u64>(word, oop);
}
