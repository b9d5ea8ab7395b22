// The first objects of an image under construction: nil, true, false, its classes and metaclasses with their indices,
// symbols, variables. Everything else is built from these.

import * as layout from "../../../vm/layout.js";
import {
  arrayObject,
  emptyObject,
  type HeapObject,
  pointersObject,
  rawObject,
  smallInteger,
  type Value,
} from "./heap.js";
import type { Program, ProgramBinding, ProgramClass } from "./program.js";
import { byteText, Symbols, wideText } from "./symbols.js";

/** What of a program goes into an image: all of it, or what is left of it. */
export interface Selection {
  hasClass(each: ProgramClass): boolean;
  hasMethod(owner: ProgramClass, isClassSide: boolean, selector: string): boolean;
  hasVariable(binding: ProgramBinding): boolean;
}

interface ClassPair {
  readonly classObject: HeapObject;
  readonly metaclass: HeapObject;
}

/** Class indices that Spur reserves, for classes by name (SpurMemoryManager class>>initializeCompactClassIndices). */
const RESERVED_INDICES: Readonly<Record<string, number>> = {
  SmallInteger: layout.TAG_SMALL_INTEGER,
  Character: layout.TAG_CHARACTER,
  SmallFloat64: layout.TAG_SMALL_FLOAT,
  LargeNegativeInteger: layout.CLASS_INDEX_LARGE_NEGATIVE,
  LargePositiveInteger: layout.CLASS_INDEX_LARGE_POSITIVE,
  BoxedFloat64: layout.CLASS_INDEX_FLOAT,
  Message: layout.CLASS_INDEX_MESSAGE,
  Context: layout.CLASS_INDEX_CONTEXT,
  BlockClosure: layout.CLASS_INDEX_BLOCK_CLOSURE,
  FullBlockClosure: layout.CLASS_INDEX_FULL_BLOCK_CLOSURE,
  ByteArray: layout.CLASS_INDEX_BYTE_ARRAY,
  Array: layout.CLASS_INDEX_ARRAY,
  ByteString: layout.CLASS_INDEX_BYTE_STRING,
  Bitmap: layout.CLASS_INDEX_BITMAP,
};
/** SmallIntegers had two tags when words had 32 bits: every Spur image has their class at 3 as well. */
const SECOND_SMALL_INTEGER_INDEX = 3;
const METACLASS_SLOTS = layout.METACLASS_THIS_CLASS + 1;

export class World {
  readonly nil = emptyObject();
  readonly false = emptyObject();
  readonly true = emptyObject();
  readonly symbols: Symbols;
  /** The one that stands wherever the writer needs an empty Array. */
  readonly emptyArray: HeapObject;
  private readonly pairs = new Map<ProgramClass, ClassPair>();
  private readonly associations = new Map<ProgramBinding, HeapObject>();
  private readonly metaclassAssociations = new Map<ProgramClass, HeapObject>();

  constructor(
    readonly program: Program,
    readonly selection: Selection,
  ) {
    this.createClasses();
    this.nil.behavior = this.classNamed("UndefinedObject");
    this.false.behavior = this.classNamed("False");
    this.true.behavior = this.classNamed("True");
    this.symbols = new Symbols(this.classNamed("ByteSymbol"), this.findClass("WideSymbol"));
    this.emptyArray = this.array([]);
  }

  /** Classes that go into the image, in the order of their names. */
  *classes(): Iterable<ProgramClass> {
    yield* this.pairs.keys();
  }

  classObject(each: ProgramClass): HeapObject {
    return this.pair(each).classObject;
  }

  metaclass(each: ProgramClass): HeapObject {
    return this.pair(each).metaclass;
  }

  /** A class that every image has. */
  classNamed(name: string): HeapObject {
    const found = this.findClass(name);
    if (found === undefined) throw new Error(`${name} is not among the image's classes`);
    return found;
  }

  findClass(name: string): HeapObject | undefined {
    const found = this.program.classes.get(name);
    return found === undefined ? undefined : this.pairs.get(found)?.classObject;
  }

  array(slots: Value[]): HeapObject {
    return arrayObject(this.classNamed("Array"), slots);
  }

  string(text: string): HeapObject {
    const bytes = byteText(text);
    if (bytes !== undefined) return rawObject(this.classNamed("ByteString"), layout.FORMAT_BYTES, bytes);
    return rawObject(this.classNamed("WideString"), layout.FORMAT_WORDS32, wideText(text));
  }

  symbol(text: string): HeapObject {
    return this.symbols.named(text);
  }

  /** A new instance of a class with named slots: those given by name, or by place, and nil elsewhere. */
  instance(className: string, fields: Readonly<Record<string, Value>>): HeapObject {
    const definition = this.program.classes.get(className)!;
    const slots = definition.allInstanceVariables.map((name) => fields[name] ?? this.nil);
    for (const [place, value] of Object.entries(fields)) {
      if (/^\d+$/.test(place)) slots[Number(place)] = value;
    }
    return pointersObject(this.classNamed(className), definition.format, slots);
  }

  /** The Association of a variable: one for each, which methods, pools and Smalltalk share. Its value is set later. */
  association(binding: ProgramBinding): HeapObject {
    const present = this.associations.get(binding);
    if (present !== undefined) return present;
    const named = binding.classNamed;
    const value = named === undefined || !this.pairs.has(named) ? this.nil : this.classObject(named);
    const created = this.newAssociation(this.symbol(binding.name), value);
    this.associations.set(binding, created);
    return created;
  }

  /** What ends the literals of a class-side method: an Association without a key that holds the metaclass. */
  metaclassAssociation(owner: ProgramClass): HeapObject {
    const present = this.metaclassAssociations.get(owner);
    if (present !== undefined) return present;
    const created = this.newAssociation(this.nil, this.metaclass(owner));
    this.metaclassAssociations.set(owner, created);
    return created;
  }

  setValue(binding: ProgramBinding, value: Value): void {
    this.association(binding).slots[layout.ASSOCIATION_VALUE] = value;
  }

  /** Names of classes and metaclasses by their objects. */
  classNames(): Map<HeapObject, string> {
    const names = new Map<HeapObject, string>();
    for (const [{ name }, { classObject, metaclass }] of this.pairs) {
      names.set(classObject, name).set(metaclass, `${name} class`);
    }
    return names;
  }

  /** The pages of the class table, each of 1024 slots. */
  classTablePages(): HeapObject[] {
    const entries: HeapObject[] = [];
    for (const { classObject, metaclass } of this.pairs.values()) {
      entries[classObject.hash] = classObject;
      entries[metaclass.hash] = metaclass;
    }
    entries[SECOND_SMALL_INTEGER_INDEX] = this.classNamed("SmallInteger");
    entries[layout.CLASS_INDEX_ARRAY_PUN] = this.classNamed("Array");
    const pages: HeapObject[] = [];
    for (let start = 0; start < entries.length; start += layout.CLASS_TABLE_PAGE_SLOTS) {
      const slots = Array.from({ length: layout.CLASS_TABLE_PAGE_SLOTS }, (_, i) => entries[start + i] ?? this.nil);
      pages.push(arrayObject(layout.CLASS_INDEX_ARRAY_PUN, slots));
    }
    return pages;
  }

  private pair(each: ProgramClass): ClassPair {
    const found = this.pairs.get(each);
    if (found === undefined) throw new Error(`${each.name} is not among the image's classes`);
    return found;
  }

  private newAssociation(key: Value, value: Value): HeapObject {
    return this.instance("Association", { 0: key, 1: value });
  }

  /** Empty classes and metaclasses with their indices; what is in them comes from classObjects.ts. */
  private createClasses(): void {
    let nextIndex: number = layout.CLASS_TABLE_PAGE_SLOTS;
    const metaclassDefinition = this.program.classes.get("Metaclass")!;
    const metaclassSlots = Math.max(METACLASS_SLOTS, metaclassDefinition.allInstanceVariables.length);
    for (const each of this.program.classes.values()) {
      if (!this.selection.hasClass(each)) continue;
      const slots = new Array<Value>(each.allClassInstanceVariables.length).fill(this.nil);
      const metaSlots = new Array<Value>(metaclassSlots).fill(this.nil);
      const metaclass = pointersObject(0, layout.FORMAT_FIXED, metaSlots);
      const classObject = pointersObject(metaclass, layout.FORMAT_FIXED, slots);
      classObject.hash = RESERVED_INDICES[each.name] ?? nextIndex++;
      metaclass.hash = nextIndex++;
      metaclass.slots[layout.CLASS_FORMAT] = classFormat(layout.FORMAT_FIXED, slots.length);
      classObject.slots[layout.CLASS_FORMAT] = classFormat(each.format, each.allInstanceVariables.length);
      this.pairs.set(each, { classObject, metaclass });
    }
    const metaclassOfAll = this.classNamed("Metaclass");
    for (const { metaclass } of this.pairs.values()) metaclass.behavior = metaclassOfAll;
  }
}

/** The integer in a class's format slot: named slots, and above them the format of instances. */
function classFormat(format: number, size: number): bigint {
  return smallInteger((format << layout.CLASS_FORMAT_FORMAT_SHIFT) | (size & layout.CLASS_FORMAT_SIZE_MASK));
}
