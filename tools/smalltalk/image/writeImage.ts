// From a compiled program to the bytes of an image: the one entry of the image writer's heap side.

import type { HeapObject } from "./heap.js";
import { type ClassContents, fillClasses } from "./classObjects.js";
import { MethodObjects } from "./methodObjects.js";
import type { Program, ProgramMethod } from "./program.js";
import { type SpurFile, writeSpurFile } from "./spurFile.js";
import {
  createGlobals,
  fillSmalltalk,
  fillSymbolTable,
  firstObjects,
  type GlobalValue,
  setGlobals,
  specialObjectsArray,
} from "./system.js";
import { type Selection, World } from "./world.js";

export interface ImageOptions extends ClassContents {
  readonly globals: Readonly<Record<string, GlobalValue>>;
  /** Bytes of new space; 0 for the virtual machine's own choice. */
  readonly edenBytes: number;
  readonly stackPages: number;
  readonly externalSemaphores: number;
  readonly preemptionYields: boolean;
}

export interface WrittenImage extends SpurFile {
  readonly usesSista: boolean;
  /** The methods in it, and their objects. */
  readonly methods: ReadonlyMap<ProgramMethod, HeapObject>;
  /** Names of classes by their objects; a metaclass's ends in " class". */
  readonly classNames: ReadonlyMap<HeapObject, string>;
}

/** The generator of identity hashes starts here; any number but 0 will do. */
const FIRST_HASH = 999;

/** Everything in the image, for images that nothing is dropped from. */
export const EVERYTHING: Selection = { hasClass: () => true, hasMethod: () => true, hasVariable: () => true };

/**
 * Writes the image of a program whose selected methods are all compiled; it starts with `entry`, a unary method of a
 * class side. Equal programs and options give equal bytes.
 */
export function writeImage(
  program: Program,
  entry: ProgramMethod,
  selection: Selection,
  options: ImageOptions,
): WrittenImage {
  const world = new World(program, selection);
  createGlobals(world);
  const code = new MethodObjects(world);
  const methods = fillClasses(world, code, options);
  setGlobals(world, options.globals);
  const special = specialObjectsArray(world, {
    owner: entry.owner,
    compiled: entry.compiled!,
    method: methods.get(entry)!,
  });
  fillSmalltalk(world);
  fillSymbolTable(world);
  const { usesSista } = code;
  return {
    ...writeSpurFile(firstObjects(world), special, { ...options, usesSista, lastHash: FIRST_HASH }),
    usesSista,
    methods,
    classNames: world.classNames(),
  };
}
