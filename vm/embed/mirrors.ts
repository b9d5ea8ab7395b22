// Looking into a virtual machine from outside: classes by name, objects with their class, slots and bytes. A mirror is
// good until the image runs again, since a collection moves objects; ask for a new one then.

import { type Address, type Heap, heapOf, type Oop } from "./heap.js";
import { Reflection } from "./reflection.js";
import { type Vm } from "./vm.js";

/** What stands for a Smalltalk object in JavaScript where it can: integers that fit as number, others as bigint. */
export type PlainValue = number | bigint | string | boolean | null;

export interface ObjectMirror {
  /** The 64-bit reference. */
  readonly oop: Oop;
  readonly className: string;
  /** The value of an integer, float, string, symbol, character (a string), boolean or nil; undefined for others. */
  readonly value: PlainValue | undefined;
  /** The class as an object. */
  class(): ObjectMirror;
  /** Every slot that holds a reference, named and indexed. */
  slots(): ObjectMirror[];
  /** A named instance variable; undefined where the class has none of that name. */
  variable(name: string): ObjectMirror | undefined;
  /** The bytes of an object of bytes, shorts or words, copied; undefined for others. */
  bytes(): Uint8Array | undefined;
  /** The object in one line, as Smalltalk prints it as far as that runs no code. */
  toString(): string;
}

export interface ClassMirror extends ObjectMirror {
  readonly name: string;
  superclass(): ClassMirror | undefined;
  /** Selectors of the methods that the class itself defines, sorted. */
  selectors(): string[];
  /** Names of all instance variables, inherited ones first. */
  instanceVariables(): string[];
  allInstances(): ObjectMirror[];
}

export interface Mirrors {
  /** `"Point"`, or `"Point class"` for the metaclass; undefined where the image has no such class. */
  classNamed(name: string): ClassMirror | undefined;
  /** Every class by name, metaclasses left out. */
  allClasses(): ClassMirror[];
  object(oop: Oop): ObjectMirror;
  readonly nil: ObjectMirror;
  readonly true: ObjectMirror;
  readonly false: ObjectMirror;
}

/** Mirrors of what a virtual machine holds now. */
export function mirrorsOf(vm: Vm): Mirrors {
  const heap = heapOf(vm.exports);
  const reflection = new Reflection(heap);
  const object = (oop: Oop) => objectMirror(reflection, oop);
  return {
    classNamed(name) {
      const found = reflection.classNamed(name);
      return found === undefined ? undefined : classMirror(reflection, found);
    },
    allClasses: () =>
      [...reflection.classesByName()]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, address]) => classMirror(reflection, address)),
    object,
    nil: object(BigInt(heap.nil)),
    true: object(BigInt(heap.roots.trueObject)),
    false: object(BigInt(heap.roots.falseObject)),
  };
}

function objectMirror(reflection: Reflection, oop: Oop): ObjectMirror {
  const { heap } = reflection;
  const value = heap.value(oop);
  const address = value.kind === "object" ? value.address : 0;
  const classObject = heap.classOf(oop);
  const mirror = (slot: Oop) => objectMirror(reflection, slot);
  return {
    oop: address === 0 ? oop : BigInt(address),
    className: reflection.className(classObject),
    value: plainValue(reflection, oop),
    class: () => classMirror(reflection, classObject),
    slots: () =>
      address === 0
        ? []
        : Array.from({ length: heap.pointerCountOf(address) }, (_, index) => mirror(heap.slot(address, index))),
    variable(name) {
      const index = address === 0 ? -1 : reflection.allInstanceVariablesOf(classObject).indexOf(name);
      return index < 0 ? undefined : mirror(heap.slot(address, index));
    },
    bytes: () =>
      address === 0 || heap.isPointers(address) || heap.isMethod(address) ? undefined : heap.bytesOf(address).slice(),
    toString: () => reflection.print(oop),
  };
}

function classMirror(reflection: Reflection, address: Address): ClassMirror {
  const superclass = () => reflection.superclassOf(address);
  return {
    ...objectMirror(reflection, BigInt(address)),
    name: reflection.className(address),
    superclass() {
      const found = superclass();
      return found === undefined ? undefined : classMirror(reflection, found);
    },
    selectors: () =>
      reflection
        .methodsOf(address)
        .map(({ selector }) => selector)
        .sort(),
    instanceVariables: () => reflection.allInstanceVariablesOf(address),
    allInstances: () => reflection.instancesOf(address).map((each) => objectMirror(reflection, BigInt(each))),
  };
}

/** The value of an oop in JavaScript; undefined where it has none. */
function plainValue(reflection: Reflection, oop: Oop): PlainValue | undefined {
  const { heap } = reflection;
  const value = heap.value(oop);
  switch (value.kind) {
    case "integer":
      return Number.isSafeInteger(Number(value.value)) ? Number(value.value) : value.value;
    case "character":
      return String.fromCodePoint(value.codePoint);
    case "float":
      return value.value;
    case "object":
      return plainObject(heap, reflection, value.address);
  }
}

function plainObject(heap: Heap, reflection: Reflection, address: Address): PlainValue | undefined {
  if (address === heap.nil) return null;
  if (address === heap.roots.trueObject) return true;
  if (address === heap.roots.falseObject) return false;
  const classObject = heap.classOfObject(address);
  const name = reflection.className(classObject);
  if (name === "LargePositiveInteger" || name === "LargeNegativeInteger") return largeInteger(heap, address, name);
  if (name === "Float" || name === "BoxedFloat64") return heap.float64At(address);
  if (!heap.isBytes(address)) return undefined;
  return reflection.inheritsFrom(classObject, "String") ? heap.string(address) : undefined;
}

function largeInteger(heap: Heap, address: Address, className: string): bigint {
  const magnitude = heap.bytesOf(address).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return className === "LargeNegativeInteger" ? -magnitude : magnitude;
}
