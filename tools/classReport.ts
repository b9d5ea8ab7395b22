// What `stvm inspect --class` shows of one class: plain data, for people and for --json alike.

import * as layout from "../vm/layout.js";
import type { Address } from "../vm/embed/heap.js";
import type { Session } from "./session.js";

export interface ClassReport {
  readonly name: string;
  readonly isMetaclass: boolean;
  readonly superclass: string;
  readonly category?: string;
  /** The index that instances carry in their header. */
  readonly classIndex: number;
  /** A definition as a browser shows it, in lines. */
  readonly definition: readonly string[];
  readonly instanceVariables: readonly string[];
  readonly allInstanceVariables: readonly string[];
  readonly format: string;
  readonly instances: number;
  readonly bytes: number;
  readonly subclasses: readonly string[];
  readonly methods: readonly string[];
  readonly classMethods: readonly string[];
}

export function reportClass({ heap, reflection }: Session, classObject: Address): ClassReport {
  const name = reflection.className(classObject);
  const superclassObject = reflection.superclassOf(classObject);
  const superclass = superclassObject === undefined ? "nil" : reflection.className(superclassObject);
  const instances = reflection.instancesOf(classObject);
  const isMetaclass = reflection.isMetaclass(classObject);
  const { format } = reflection.instanceLayoutOf(classObject);
  const instanceVariables = reflection.instanceVariablesOf(classObject);
  const category = reflection.categoryOf(classObject);
  const subclasses = heap
    .classes()
    .filter(({ address }) => reflection.isClass(address) && reflection.superclassOf(address) === classObject)
    .map(({ address }) => reflection.className(address))
    .sort();
  return {
    name,
    isMetaclass,
    superclass,
    category,
    classIndex: heap.identityHashOf(classObject),
    definition: definition(name, superclass, instanceVariables, category, formatWords(format), isMetaclass),
    instanceVariables,
    allInstanceVariables: reflection.allInstanceVariablesOf(classObject),
    format: formatWords(format),
    instances: instances.length,
    bytes: instances.reduce((sum, instance) => sum + heap.totalBytesOf(instance), 0),
    subclasses,
    methods: selectors(classObject),
    classMethods: isMetaclass ? [] : selectors(heap.classOfObject(classObject)),
  };

  function selectors(owner: Address): string[] {
    return reflection
      .methodsOf(owner)
      .map(({ selector }) => selector)
      .sort();
  }
}

function definition(
  name: string,
  superclass: string,
  variables: readonly string[],
  category: string | undefined,
  format: string,
  isMetaclass: boolean,
): string[] {
  const instanceVariables = `    instanceVariableNames: '${variables.join(" ")}'`;
  if (isMetaclass) return [name, instanceVariables];
  const lines = [`${superclass} subclass: #${name}`, instanceVariables];
  if (category !== undefined) lines.push(`    category: '${category}'`);
  return [...lines, `    "instances: ${format}"`];
}

function formatWords(format: number): string {
  switch (format) {
    case layout.FORMAT_EMPTY:
      return "no slots";
    case layout.FORMAT_FIXED:
      return "named slots";
    case layout.FORMAT_ARRAY:
      return "indexed slots";
    case layout.FORMAT_FIXED_AND_INDEXABLE:
      return "named and indexed slots";
    case layout.FORMAT_WEAK_ARRAY:
      return "named and weak indexed slots";
    case layout.FORMAT_EPHEMERON:
      return "ephemeron";
    case layout.FORMAT_WORDS64:
      return "64-bit words";
    case layout.FORMAT_WORDS32:
      return "32-bit words";
    case layout.FORMAT_SHORTS:
      return "16-bit words";
    case layout.FORMAT_BYTES:
      return "bytes";
    case layout.FORMAT_COMPILED_METHOD:
      return "literals and bytecodes";
    default:
      return `immediate or format ${format}`;
  }
}
