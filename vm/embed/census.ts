// Counts what is in the heap of a loaded image, by vm/interpreter/census.ts.

import { CLASS_TABLE_PAGE_SLOTS, PRIMITIVE_NUMBERS } from "../layout.js";
import type { Address, Heap } from "./heap.js";
import type { VmExports } from "./module.js";

export interface Census {
  /** Objects, and their bytes with headers, by class index. */
  readonly instances: Uint32Array;
  readonly bytes: Float64Array;
  /** Methods and blocks of each bytecode set. */
  readonly v3Methods: number;
  readonly sistaMethods: number;
  /** How many methods have each numbered primitive. */
  readonly primitives: ReadonlyMap<number, number>;
  /** Methods that call a primitive by name. */
  readonly namedPrimitiveMethods: readonly Address[];
  /** Objects of the class index that was asked for. */
  readonly wanted: readonly Address[];
  /** Unused pieces of old space. */
  readonly freeBytes: number;
}

/** Counts every object. Throws where eden has too little room for the counts, which is never so in a loaded image. */
export function takeCensus(exports: VmExports, heap: Heap, wantedIndex: number): Census {
  const indexCount = heap.classTablePages() * CLASS_TABLE_PAGE_SLOTS;
  const at = exports.takeCensus(indexCount, wantedIndex) >>> 0;
  if (at === 0) throw new Error("stvm: eden has no room to count the image's objects; collect garbage first");
  const view = new DataView(exports.memory.buffer);
  const classes = at + 16;
  const numbers = classes + indexCount * 16;
  const listed = numbers + PRIMITIVE_NUMBERS * 4;
  const instances = new Uint32Array(indexCount);
  const bytes = new Float64Array(indexCount);
  for (let index = 0; index < indexCount; index++) {
    instances[index] = view.getUint32(classes + index * 16, true);
    bytes[index] = Number(view.getBigUint64(classes + index * 16 + 8, true));
  }
  const primitives = new Map<number, number>();
  new Uint32Array(exports.memory.buffer, numbers, PRIMITIVE_NUMBERS).forEach((methods, number) => {
    if (number !== 0 && methods !== 0) primitives.set(number, methods);
  });
  const addresses = [...new Uint32Array(exports.memory.buffer, listed, view.getUint32(at + 12, true))];
  return {
    v3Methods: view.getUint32(at, true),
    sistaMethods: view.getUint32(at + 4, true),
    freeBytes: view.getUint32(at + 8, true),
    instances,
    bytes,
    primitives,
    namedPrimitiveMethods: addresses.filter((address) => heap.classIndexOf(address) !== wantedIndex),
    wanted: addresses.filter((address) => heap.classIndexOf(address) === wantedIndex),
  };
}
