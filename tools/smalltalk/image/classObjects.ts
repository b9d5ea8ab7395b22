// Fills the classes and metaclasses of an image: hierarchy, method dictionaries, names of variables, class pools and,
// where wanted, comments and protocols (docs/decisions/0006).

import * as layout from "../../../vm/layout.js";
import { type HeapObject, pointersObject, smallInteger, type Value } from "./heap.js";
import type { MethodObjects } from "./methodObjects.js";
import type { ProgramClass, ProgramMethod } from "./program.js";
import { methodDictionaryCapacity, openTable } from "./symbols.js";
import type { World } from "./world.js";

export interface ClassContents {
  readonly protocols: boolean;
  readonly comments: boolean;
}

/** Fills every class; answers the objects of the methods. */
export function fillClasses(
  world: World,
  methods: MethodObjects,
  contents: ClassContents,
): Map<ProgramMethod, HeapObject> {
  const objects = new Map<ProgramMethod, HeapObject>();
  for (const each of world.classes()) {
    const classObject = world.classObject(each);
    const metaclass = world.metaclass(each);
    const { superclass } = each;
    setSuperclass(classObject, superclass === undefined ? world.nil : world.classObject(superclass));
    setSuperclass(metaclass, superclass === undefined ? world.classNamed("Class") : world.metaclass(superclass));
    metaclass.slots[layout.METACLASS_THIS_CLASS] = classObject;
    for (const isClassSide of [false, true]) {
      const side = isClassSide ? metaclass : classObject;
      const chosen = [...(isClassSide ? each.classMethods : each.methods).values()].filter(({ definition }) =>
        world.selection.hasMethod(each, isClassSide, definition.selector),
      );
      const names = isClassSide ? each.definition.classInstanceVariables : each.definition.instanceVariables;
      side.slots[layout.CLASS_INSTANCE_VARIABLES] = arrayOf(
        world,
        names.map((name) => world.symbol(name)),
      );
      if (contents.protocols) side.slots[layout.CLASS_ORGANIZATION] = protocolsOf(world, chosen);
      side.slots[layout.CLASS_METHOD_DICTIONARY] = methodDictionary(world, methods, chosen, objects);
    }
    fillNamedSlots(world, each, contents);
  }
  return objects;
}

function setSuperclass(classObject: HeapObject, superclass: HeapObject): void {
  classObject.slots[layout.CLASS_SUPERCLASS] = superclass;
}

function fillNamedSlots(world: World, each: ProgramClass, contents: ClassContents): void {
  const { slots } = world.classObject(each);
  const set = (name: string, value: () => Value): void => {
    const index = each.allClassInstanceVariables.indexOf(name);
    if (index >= 0) slots[index] = value();
  };
  const { category, comment } = each.definition;
  const variables = [...each.classVariables.values()].filter((binding) => world.selection.hasVariable(binding));
  const pools = each.pools.filter((pool) => world.selection.hasClass(pool));
  slots[layout.CLASS_NAME] = world.symbol(each.name);
  set("subclasses", () => arrayOf(world, subclassesOf(world, each)));
  set("sharedPools", () =>
    arrayOf(
      world,
      pools.map((pool) => world.association(pool.binding)),
    ),
  );
  set("environment", () => smalltalkOf(world));
  if (category !== "") set("category", () => world.symbol(category));
  if (contents.comments && comment !== "") set("comment", () => world.string(comment));
  if (variables.length > 0) set("classPool", () => world.array(variables.map((each) => world.association(each))));
}

/** The dictionary of globals, which system.ts has set as the value of its own variable. */
function smalltalkOf(world: World): Value {
  return world.association(world.program.globals.get("Smalltalk")!).slots[layout.ASSOCIATION_VALUE];
}

function subclassesOf(world: World, each: ProgramClass): HeapObject[] {
  return each.subclasses
    .filter((subclass) => world.selection.hasClass(subclass))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((subclass) => world.classObject(subclass));
}

/** Keys by their identity hash, as MethodDictionary and every virtual machine look them up; values beside them. */
function methodDictionary(
  world: World,
  methods: MethodObjects,
  chosen: readonly ProgramMethod[],
  objects: Map<ProgramMethod, HeapObject>,
): HeapObject {
  const byKey = new Map<HeapObject, HeapObject>();
  for (const method of chosen) {
    const object = methods.method(method.compiled!, method.owner, method.isClassSide);
    objects.set(method, object);
    byKey.set(world.symbol(method.definition.selector), object);
  }
  const entries = [...byKey.keys()].map((object) => ({ hash: object.hash, object }));
  const keys = openTable(entries, methodDictionaryCapacity(entries.length), world.nil);
  const values = world.array(keys.map((key) => byKey.get(key) ?? world.nil));
  return pointersObject(world.classNamed("MethodDictionary"), layout.FORMAT_FIXED_AND_INDEXABLE, [
    smallInteger(byKey.size),
    values,
    ...keys,
  ]);
}

/** Protocols and their selectors in turn: protocol, selectors, protocol, selectors … */
function protocolsOf(world: World, chosen: readonly ProgramMethod[]): HeapObject {
  const selectors = new Map<string, HeapObject[]>();
  for (const { definition } of chosen) {
    const list = selectors.get(definition.protocol) ?? [];
    list.push(world.symbol(definition.selector));
    selectors.set(definition.protocol, list);
  }
  return arrayOf(
    world,
    [...selectors].flatMap(([protocol, list]) => [world.symbol(protocol), world.array(list)]),
  );
}

function arrayOf(world: World, slots: Value[]): HeapObject {
  return slots.length === 0 ? world.emptyArray : world.array(slots);
}
