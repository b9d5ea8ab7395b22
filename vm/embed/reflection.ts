// What the objects of a heap mean to Smalltalk: names of classes and variables, method dictionaries, and how objects
// print. Squeak, Pharo and Cuis lay some of it out differently; those differences end here.

import {
  CLASS_FORMAT,
  CLASS_FORMAT_FORMAT_SHIFT,
  CLASS_FORMAT_SIZE_MASK,
  CLASS_INDEX_FLOAT,
  CLASS_INDEX_LARGE_NEGATIVE,
  CLASS_INDEX_LARGE_POSITIVE,
  CLASS_INSTANCE_VARIABLES,
  CLASS_METHOD_DICTIONARY,
  CLASS_NAME,
  CLASS_SUPERCLASS,
  METACLASS_THIS_CLASS,
  METHOD_DICTIONARY_KEYS,
  METHOD_DICTIONARY_VALUES,
  SPECIAL_CLASS_BYTE_STRING,
  SPECIAL_CLASS_SMALL_INTEGER,
  SPECIAL_DOES_NOT_UNDERSTAND,
} from "../layout.js";
import type { Address, Heap, Oop } from "./heap.js";

const MAX_PRINTED_ELEMENTS = 10;
const MAX_PRINTED_CHARACTERS = 80;
const MAX_SUPERCLASSES = 200;

export interface MethodEntry {
  readonly selector: string;
  readonly method: Address;
}

export class Reflection {
  /** Counts calls of `forget`: addresses that were found before the last one are stale. */
  generation = 0;
  private metaclass: Address = 0;
  private readonly classNames = new Map<Address, string>();
  private knownClasses: readonly Address[] | undefined;
  private knownNames: ReadonlyMap<string, Address> | undefined;

  constructor(readonly heap: Heap) {
    this.forget();
  }

  /** To be called when the image has run: objects may have moved. */
  forget(): void {
    this.generation++;
    // SmallInteger is an instance of "SmallInteger class", and that of Metaclass, in every image.
    const smallInteger = this.heap.specialObject(SPECIAL_CLASS_SMALL_INTEGER);
    this.metaclass = this.heap.classOfObject(this.heap.classOfObject(smallInteger));
    this.classNames.clear();
    this.knownClasses = undefined;
    this.knownNames = undefined;
  }

  // Classes.

  isMetaclass(object: Address): boolean {
    return this.heap.isPointers(object) && this.heap.classOfObject(object) === this.metaclass;
  }

  /** Whether an object is a class or metaclass: an instance of a metaclass, or one itself. */
  isClass(object: Address): boolean {
    return (
      this.heap.isPointers(object) && (this.isMetaclass(object) || this.isMetaclass(this.heap.classOfObject(object)))
    );
  }

  /** A class's name; that of a metaclass ends in " class". Undefined where it has none. */
  className(classObject: Address): string {
    const known = this.classNames.get(classObject);
    if (known !== undefined) return known;
    const name = this.readClassName(classObject);
    this.classNames.set(classObject, name);
    return name;
  }

  private readClassName(classObject: Address): string {
    const { heap } = this;
    if (!heap.isPointers(classObject)) return "(no class)";
    if (!this.isMetaclass(classObject)) return this.ownName(classObject);
    return `${this.ownName(heap.reference(classObject, METACLASS_THIS_CLASS))} class`;
  }

  /** Of a class, not a metaclass; images that were stripped of names have numbers instead. */
  private ownName(classObject: Address): string {
    const { heap } = this;
    if (!heap.isPointers(classObject)) return "(no class)";
    const name = heap.slotCountOf(classObject) > CLASS_NAME ? heap.reference(classObject, CLASS_NAME) : heap.nil;
    if (heap.isBytes(name)) return heap.string(name);
    // A class that never had an instance has no index; its metaclass has one.
    const index = heap.identityHashOf(classObject);
    return index !== 0 ? `(class ${index})` : `(class under ${heap.identityHashOf(heap.classOfObject(classObject))})`;
  }

  /** Every class, no metaclass: one that never had an instance need not be in the class table, but its metaclass is. */
  allClasses(): readonly Address[] {
    this.knownClasses ??= [
      ...new Set(
        this.heap
          .classes()
          .map(({ address }) =>
            this.isMetaclass(address) ? this.heap.reference(address, METACLASS_THIS_CLASS) : address,
          )
          .filter((address) => this.isClass(address) && !this.isMetaclass(address)),
      ),
    ];
    return this.knownClasses;
  }

  /** Classes by name; metaclasses are reached from their class. */
  classesByName(): ReadonlyMap<string, Address> {
    if (this.knownNames !== undefined) return this.knownNames;
    const byName = new Map<string, Address>();
    for (const address of this.allClasses()) {
      const name = this.className(address);
      if (!byName.has(name)) byName.set(name, address);
    }
    this.knownNames = byName;
    return byName;
  }

  /** `Foo` or `Foo class`; undefined where there is none. */
  classNamed(name: string): Address | undefined {
    const meta = name.endsWith(" class");
    const classObject = this.classesByName().get(meta ? name.slice(0, -" class".length) : name);
    return meta && classObject !== undefined ? this.heap.classOfObject(classObject) : classObject;
  }

  superclassOf(classObject: Address): Address | undefined {
    const superclass = this.heap.reference(classObject, CLASS_SUPERCLASS);
    return this.isClass(superclass) ? superclass : undefined;
  }

  /** A class and its superclasses, the class first. */
  hierarchyOf(classObject: Address): Address[] {
    const chain: Address[] = [];
    for (let at: Address | undefined = classObject; at !== undefined && chain.length < MAX_SUPERCLASSES;) {
      chain.push(at);
      at = this.superclassOf(at);
    }
    return chain;
  }

  inheritsFrom(classObject: Address, name: string): boolean {
    return this.hierarchyOf(classObject).some((each) => this.className(each) === name);
  }

  /** Named instance variables that a class defines itself. */
  instanceVariablesOf(classObject: Address): string[] {
    const { heap } = this;
    const holder = heap.reference(classObject, CLASS_INSTANCE_VARIABLES);
    if (heap.isArray(holder)) return this.elements(holder).flatMap((name) => this.stringOf(name));
    return this.slotsOfLayout(holder).flatMap((slot) => this.stringOf(heap.reference(slot, 0)));
  }

  /** Pharo: a layout's second variable is a scope, which holds its outer scope and slots; these begin with their name. */
  private slotsOfLayout(layout: Address): Address[] {
    const { heap } = this;
    if (!heap.isPointers(layout) || heap.slotCountOf(layout) < 2) return [];
    const scope = heap.reference(layout, 1);
    if (!heap.isPointers(scope)) return [];
    return this.elements(scope)
      .slice(1)
      .filter((slot) => heap.isPointers(slot) && heap.slotCountOf(slot) > 0);
  }

  private stringOf(object: Address): string[] {
    return this.heap.isBytes(object) ? [this.heap.string(object)] : [];
  }

  /** Inherited instance variables too, in the order of the slots. */
  allInstanceVariablesOf(classObject: Address): string[] {
    return this.hierarchyOf(classObject)
      .reverse()
      .flatMap((each) => this.instanceVariablesOf(each));
  }

  /** The object that a named instance variable refers to. */
  variable(object: Address, name: string): Address | undefined {
    const index = this.allInstanceVariablesOf(this.heap.classOfObject(object)).indexOf(name);
    return index < 0 || index >= this.heap.slotCountOf(object) ? undefined : this.heap.reference(object, index);
  }

  /** Named slots of instances, and their format (layout.ts, FORMAT_…). */
  instanceLayoutOf(classObject: Address): { size: number; format: number } {
    const bits = this.heap.integer(classObject, CLASS_FORMAT) ?? 0;
    return { size: bits & CLASS_FORMAT_SIZE_MASK, format: (bits >> CLASS_FORMAT_FORMAT_SHIFT) & 31 };
  }

  /** The system category or package of a class; undefined where the image does not say. */
  categoryOf(classObject: Address): string | undefined {
    const own = this.variable(classObject, "category");
    if (own !== undefined && this.heap.isBytes(own)) return this.heap.string(own);
    return this.systemCategories().get(this.className(classObject));
  }

  /** Squeak's and Cuis's SystemOrganizer: names of categories, where each ends, and the classes in order. */
  private systemCategories(): Map<string, string> {
    const categories = new Map<string, string>();
    const organizerClass = this.classNamed("SystemOrganizer");
    if (organizerClass === undefined) return categories;
    for (const organizer of this.instancesOf(organizerClass)) {
      const [names, stops, elements] = ["categoryArray", "categoryStops", "elementArray"].map((name) =>
        this.variable(organizer, name),
      );
      if (names === undefined || stops === undefined || elements === undefined) continue;
      let element = 0;
      this.elements(names).forEach((name, index) => {
        const stop = this.heap.integer(stops, index) ?? 0;
        for (; element < stop; element++) categories.set(this.string(elements, element), this.heap.string(name));
      });
    }
    return categories;
  }

  private string(array: Address, index: number): string {
    const object = this.heap.reference(array, index);
    return this.heap.isBytes(object) ? this.heap.string(object) : "";
  }

  instancesOf(classObject: Address): Address[] {
    const wanted = this.heap.identityHashOf(classObject);
    const found: Address[] = [];
    this.heap.forEachObject((object, classIndex) => {
      if (classIndex === wanted) found.push(object);
    });
    return found;
  }

  // Methods.

  methodsOf(classObject: Address): MethodEntry[] {
    const { heap } = this;
    const dictionary = heap.reference(classObject, CLASS_METHOD_DICTIONARY);
    if (!heap.isPointers(dictionary) || heap.slotCountOf(dictionary) < METHOD_DICTIONARY_KEYS) return [];
    const values = heap.reference(dictionary, METHOD_DICTIONARY_VALUES);
    if (!heap.isPointers(values)) return [];
    const keyCount = Math.min(heap.slotCountOf(dictionary) - METHOD_DICTIONARY_KEYS, heap.slotCountOf(values));
    const entries: MethodEntry[] = [];
    for (let i = 0; i < keyCount; i++) {
      const key = heap.reference(dictionary, METHOD_DICTIONARY_KEYS + i);
      if (!heap.isBytes(key)) continue;
      const method = heap.reference(values, i);
      if (heap.isMethod(method)) entries.push({ selector: heap.string(key), method });
    }
    return entries;
  }

  methodNamed(classObject: Address, selector: string): Address | undefined {
    return this.methodsOf(classObject).find((entry) => entry.selector === selector)?.method;
  }

  /** The method that a compiled block belongs to (its last literal is the enclosing code); a method itself. */
  homeMethodOf(method: Address): Address {
    let at = method;
    for (let depth = 0; depth < 16; depth++) {
      const count = this.heap.literalCountOf(at);
      const last = count === 0 ? 0 : this.heap.reference(at, count);
      if (!this.heap.isMethod(last)) return at;
      at = last;
    }
    return at;
  }

  /** The class that a method was compiled for: its last literal's value. */
  methodClassOf(method: Address): Address | undefined {
    const home = this.homeMethodOf(method);
    const count = this.heap.literalCountOf(home);
    const association = count === 0 ? 0 : this.heap.reference(home, count);
    if (!this.heap.isPointers(association) || this.heap.slotCountOf(association) < 2) return undefined;
    const value = this.heap.reference(association, 1);
    return this.isClass(value) ? value : undefined;
  }

  /** A method's selector: the literal before the last, or the selector that an AdditionalMethodState there holds. */
  selectorOf(method: Address): string | undefined {
    const home = this.homeMethodOf(method);
    const count = this.heap.literalCountOf(home);
    if (count < 2) return undefined;
    const literal = this.heap.reference(home, count - 1);
    if (this.heap.isBytes(literal)) return this.heap.string(literal);
    if (!this.heap.isPointers(literal) || this.heap.slotCountOf(literal) < 2) return undefined;
    const selector = this.heap.reference(literal, 1);
    return this.heap.isBytes(selector) ? this.heap.string(selector) : undefined;
  }

  /** `Class>>selector`, with "[] in " before it for a compiled block. */
  methodName(method: Address): string {
    const owner = this.methodClassOf(method);
    const block = this.homeMethodOf(method) === method ? "" : "[] in ";
    return `${block}${owner === undefined ? "?" : this.className(owner)}>>${this.selectorOf(method) ?? "?"}`;
  }

  // Objects.

  /** What the slots of an array or other pointers object refer to; 0 for immediates. */
  elements(object: Address): Address[] {
    return Array.from({ length: this.heap.slotCountOf(object) }, (_, index) => this.heap.reference(object, index));
  }

  /** An object in one line, the way Smalltalk prints it as far as that needs no code to run. */
  print(oop: Oop, depth = 0): string {
    const value = this.heap.value(oop);
    switch (value.kind) {
      case "integer":
        return value.value.toString();
      case "character":
        return printCharacter(value.codePoint);
      case "float":
        return printFloat(value.value);
      case "object":
        return this.printObject(value.address, depth);
    }
  }

  printObject(object: Address, depth = 0): string {
    const { heap } = this;
    const { nil, trueObject, falseObject } = heap.roots;
    if (!heap.isObject(object)) return `(no object at ${hexadecimal(object)})`;
    if (object === nil) return "nil";
    if (object === trueObject) return "true";
    if (object === falseObject) return "false";
    const classIndex = heap.classIndexOf(object);
    if (classIndex === CLASS_INDEX_FLOAT) return printFloat(heap.float64At(object));
    if (classIndex === CLASS_INDEX_LARGE_POSITIVE) return this.printLarge(object, 1n);
    if (classIndex === CLASS_INDEX_LARGE_NEGATIVE) return this.printLarge(object, -1n);
    if (heap.isMethod(object)) return `(${this.methodName(object)})`;
    if (this.isClass(object)) return this.className(object);
    const className = this.className(heap.classOfObject(object));
    if (heap.isBytes(object)) return this.printBytes(object, className);
    if (className === "Array") return this.printArray(object, depth);
    if (this.isAssociation(object)) {
      const key = heap.slot(object, 0);
      return depth > 0 ? `{${this.print(key, 1)}}` : `${this.print(key, 1)} -> ${this.print(heap.slot(object, 1), 1)}`;
    }
    return `${/^[AEIOU]/.test(className) ? "an" : "a"} ${className}`;
  }

  isAssociation(object: Address): boolean {
    if (!this.heap.isPointers(object) || this.heap.slotCountOf(object) < 2) return false;
    return /(Association|Binding|GlobalVariable|ClassVariable)$/.test(this.className(this.heap.classOfObject(object)));
  }

  private printLarge(object: Address, sign: bigint): string {
    let magnitude = 0n;
    for (const byte of [...this.heap.bytesOf(object)].reverse()) magnitude = (magnitude << 8n) + BigInt(byte);
    return (sign * magnitude).toString();
  }

  private printBytes(object: Address, className: string): string {
    // In images without names, the special objects tell what is a symbol and what a string.
    const classObject = this.heap.classOfObject(object);
    const symbolClass = this.heap.classOfObject(this.heap.specialObject(SPECIAL_DOES_NOT_UNDERSTAND));
    const stringClass = this.heap.specialObject(SPECIAL_CLASS_BYTE_STRING);
    if (/Symbol$/.test(className) || classObject === symbolClass) return printSymbol(this.heap.string(object));
    if (/String$/.test(className) || classObject === stringClass)
      return `'${shorten(this.heap.string(object)).replaceAll("'", "''")}'`;
    const size = this.heap.byteSizeOf(object);
    if (className !== "ByteArray" || size > MAX_PRINTED_ELEMENTS * 2) return `a ${className} of ${size} bytes`;
    return `#[${[...this.heap.bytesOf(object)].join(" ")}]`;
  }

  private printArray(object: Address, depth: number): string {
    const size = this.heap.slotCountOf(object);
    if (depth > 1) return `an Array of ${size}`;
    const shown = Math.min(size, MAX_PRINTED_ELEMENTS);
    const elements = Array.from({ length: shown }, (_, index) => this.print(this.heap.slot(object, index), depth + 1));
    return `{${elements.join(". ")}${size > shown ? `. … ${size - shown} more` : ""}}`;
  }
}

export function hexadecimal(address: Address): string {
  return `0x${address.toString(16)}`;
}

function printSymbol(text: string): string {
  return /^([A-Za-z_][\w]*:?([A-Za-z_]\w*:)*|[-+*/\\~<>=@%|&?,!]+)$/.test(text) ? `#${text}` : `#'${text}'`;
}

function printCharacter(codePoint: number): string {
  return codePoint > 32 && codePoint !== 127 ? `$${String.fromCodePoint(codePoint)}` : `Character value: ${codePoint}`;
}

function printFloat(value: number): string {
  if (Number.isNaN(value)) return "Float nan";
  if (!Number.isFinite(value)) return value > 0 ? "Float infinity" : "Float negativeInfinity";
  const text = Object.is(value, -0) ? "-0" : `${value}`;
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function shorten(text: string): string {
  return text.length > MAX_PRINTED_CHARACTERS ? `${text.slice(0, MAX_PRINTED_CHARACTERS)}…` : text;
}
