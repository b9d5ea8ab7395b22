// What `stvm inspect` finds out about an image as a whole: plain data, for people and for --json alike.

import * as layout from "../vm/layout.js";
import { MARKER_PRIMITIVES, NUMBERED_PRIMITIVES } from "../vm/tables/primitives.js";
import type { BytecodeSet } from "../vm/tables/decode.js";
import { type Census, takeCensus } from "../vm/embed/census.js";
import type { Address } from "../vm/embed/heap.js";
import { type ImageHeader, readImageHeader } from "./imageFile.js";
import { namedPrimitive } from "./methods.js";
import { answeredNamed, answeredNumbers } from "./primitiveAnswers.js";
import type { Session } from "./session.js";

export interface ImageReport {
  readonly image: string;
  readonly header: ImageHeader;
  /** What the image says of its own version; empty where it has no such object. */
  readonly version: Record<string, string>;
  readonly heap: { objects: number; bytes: number; freeBytes: number; classes: number; methods: number };
  readonly bytecodeSets: Record<BytecodeSet, number>;
  readonly histogram: readonly HistogramLine[];
  readonly specialObjects: readonly { index: number; role: string; value: string }[];
  readonly numberedPrimitives: readonly NumberedUse[];
  readonly namedPrimitives: readonly NamedUse[];
}

export interface HistogramLine {
  readonly class: string;
  readonly instances: number;
  readonly bytes: number;
}

/** A numbered primitive that methods of the image name. */
export interface NumberedUse {
  readonly number: number;
  readonly name: string;
  readonly methods: number;
  /** Or fails as it must, being a marker. */
  readonly answered: boolean;
}

export interface NamedUse {
  readonly module: string;
  readonly name: string;
  readonly methods: number;
  readonly answered: boolean;
}

export function reportImage(path: string, session: Session): ImageReport {
  const { reflection } = session;
  const counts = countObjects(session);
  const uses = primitiveUses(session, counts.census);
  return {
    image: path,
    header: readImageHeader(path),
    version: imageVersion(session, counts.version),
    heap: {
      objects: counts.objects,
      bytes: counts.bytes,
      freeBytes: counts.census.freeBytes,
      classes: reflection.allClasses().length,
      methods: counts.census.v3Methods + counts.census.sistaMethods,
    },
    bytecodeSets: uses.sets,
    histogram: counts.histogram,
    specialObjects: specialObjects(session),
    numberedPrimitives: uses.numbered,
    namedPrimitives: uses.named,
  };
}

function countObjects({ vm, heap, reflection }: Session) {
  const versionClass = reflection.classNamed("SystemVersion");
  const versionIndex = versionClass === undefined ? -1 : heap.identityHashOf(versionClass);
  const census = takeCensus(vm.exports, heap, versionIndex);
  const { instances, bytes, wanted } = census;
  return {
    version: wanted.at(0),
    objects: instances.reduce((sum, count) => sum + count, 0),
    bytes: bytes.reduce((sum, size) => sum + size, 0),
    census,
    histogram: histogramOf(instances, bytes, (index) => reflection.className(heap.classAt(index))),
  };
}

/** By class name, largest first; what only the virtual machine uses is one line. */
function histogramOf(instances: Uint32Array, sizes: Float64Array, nameOf: (index: number) => string): HistogramLine[] {
  const lines = new Map<string, { instances: number; bytes: number }>();
  instances.forEach((count, index) => {
    if (count === 0) return;
    const name = index <= layout.LAST_CLASS_INDEX_PUN ? "(internal to the virtual machine)" : nameOf(index);
    const line = lines.get(name) ?? { instances: 0, bytes: 0 };
    lines.set(name, { instances: line.instances + count, bytes: line.bytes + sizes[index] });
  });
  return [...lines]
    .map(([name, line]) => ({ class: name, ...line }))
    .sort((a, b) => b.bytes - a.bytes || b.instances - a.instances);
}

/** Bytecode sets and primitives of every method in the heap. */
function primitiveUses({ heap }: Session, census: Census) {
  const sets: Record<BytecodeSet, number> = { V3PlusClosures: census.v3Methods, SistaV1: census.sistaMethods };
  const numbered = [...census.primitives].filter(([number]) => number !== layout.PRIMITIVE_EXTERNAL_CALL);
  const named = new Map<string, number>();
  for (const method of census.namedPrimitiveMethods) {
    const { module, name } = namedPrimitive(heap, method);
    const key = `${module}\0${name}`;
    named.set(key, (named.get(key) ?? 0) + 1);
  }
  const answers = answeredNumbers();
  const names = new Map([...NUMBERED_PRIMITIVES, ...MARKER_PRIMITIVES].map(([number, name]) => [number, name]));
  const markers = new Set(MARKER_PRIMITIVES.map(([number]) => number));
  return {
    sets,
    numbered: numbered
      .sort(([a], [b]) => a - b)
      .map(([number, uses]) => ({
        number,
        name: names.get(number) ?? (isQuick(number) ? quickName(number) : "unknown"),
        methods: uses,
        answered: isQuick(number) || markers.has(number) || answers.has(number),
      })),
    named: [...named]
      .map(([key, uses]) => {
        const [module, name] = key.split("\0");
        return { module, name, methods: uses, answered: answeredNamed(module, name) };
      })
      .sort((a, b) => compare(a.module, b.module) || compare(a.name, b.name)),
  };
}

/** 256 to 519: the method answers self, a constant, or an instance variable. */
function isQuick(number: number): boolean {
  return number >= 256 && number <= 519;
}

function quickName(number: number): string {
  const constants = ["self", "true", "false", "nil", "-1", "0", "1", "2"];
  return number < 264 ? `return ${constants[number - 256]}` : `return instance variable ${number - 264}`;
}

/** Squeak, Pharo and Cuis keep an instance of SystemVersion; its variables differ. */
function imageVersion({ heap, reflection }: Session, version: Address | undefined): Record<string, string> {
  if (version === undefined) return {};
  const versionClass = heap.classOfObject(version);
  const { nil } = heap.roots;
  const entries = reflection.allInstanceVariablesOf(versionClass).flatMap((name, index) => {
    const isShort = heap.reference(version, index) !== nil;
    return isShort ? [[name, reflection.print(heap.slot(version, index))] as const] : [];
  });
  return Object.fromEntries(entries.filter(([, value]) => !/^an? [A-Z]/.test(value)));
}

/** Names of the special objects: SPECIAL_… of layout.ts, as words. */
function specialObjects({ heap, reflection }: Session) {
  const roles = new Map<number, string>();
  for (const [name, value] of Object.entries(layout)) {
    if (name.startsWith("SPECIAL_") && typeof value === "number") {
      roles.set(value, name.slice("SPECIAL_".length).toLowerCase().replaceAll("_", " "));
    }
  }
  const array = heap.roots.specialObjects;
  return Array.from({ length: heap.slotCountOf(array) }, (_, index) => ({
    index,
    role: roles.get(index) ?? "",
    value: reflection.print(heap.slot(array, index), 2),
  }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
