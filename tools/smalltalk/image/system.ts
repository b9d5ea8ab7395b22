// What makes a heap of classes a system: special objects, scheduler and the process that starts, globals, symbol table,
// class table. Sources: SmalltalkImage>>recreateSpecialObjectsArray (Squeak), SpurMemoryManager class>>
// initializeSpecialObjectIndices, VMClass class>>initializePrimitiveErrorCodes.

import * as layout from "../../../vm/layout.js";
import { SPECIAL_SELECTORS } from "../../../vm/tables/bytecodes.js";
import type { CompiledMethod } from "../compiledMethod.js";
import { arrayObject, type HeapObject, pointersObject, rawObject, smallInteger, type Value } from "./heap.js";
import { entryContext } from "./methodObjects.js";
import type { ProgramClass } from "./program.js";
import { openTable, symbolTable, tableCapacity } from "./symbols.js";
import type { World } from "./world.js";

/** The method that the image starts with. */
export interface Entry {
  readonly owner: ProgramClass;
  readonly compiled: CompiledMethod;
  readonly method: HeapObject;
}

/** The value of a global that a recipe sets. */
export type GlobalValue = null | boolean | number | string | { readonly new: string };

const SPECIAL_OBJECT_COUNT = 60;
const PRIORITIES = 80;
const USER_PRIORITY = 40;
const EXTERNAL_OBJECT_SLOTS = 20;
/** Symbols for codes from 2 on; code 1, a failure without a reason, has nil. */
const PRIMITIVE_ERRORS = [
  "bad receiver",
  "bad argument",
  "bad index",
  "bad number of arguments",
  "inappropriate operation",
  "unsupported operation",
  "no modification",
  "insufficient object memory",
  "insufficient C memory",
  "not found",
  "bad method",
  "internal error in named primitive machinery",
  "object may move",
  "resource limit exceeded",
  "object is pinned",
  "primitive write beyond end of object",
  "object moved",
  "object not pinned",
  "callback error",
];
const CLASSES: Readonly<Record<number, string>> = {
  [layout.SPECIAL_CLASS_BITMAP]: "Bitmap",
  [layout.SPECIAL_CLASS_SMALL_INTEGER]: "SmallInteger",
  [layout.SPECIAL_CLASS_BYTE_STRING]: "ByteString",
  [layout.SPECIAL_CLASS_ARRAY]: "Array",
  [layout.SPECIAL_CLASS_FLOAT]: "BoxedFloat64",
  [layout.SPECIAL_CLASS_CONTEXT]: "Context",
  [layout.SPECIAL_CLASS_POINT]: "Point",
  [layout.SPECIAL_CLASS_LARGE_POSITIVE]: "LargePositiveInteger",
  [layout.SPECIAL_CLASS_MESSAGE]: "Message",
  [layout.SPECIAL_CLASS_COMPILED_METHOD]: "CompiledMethod",
  [layout.SPECIAL_CLASS_SEMAPHORE]: "Semaphore",
  [layout.SPECIAL_CLASS_CHARACTER]: "Character",
  [layout.SPECIAL_CLASS_BYTE_ARRAY]: "ByteArray",
  [layout.SPECIAL_CLASS_PROCESS]: "Process",
  [layout.SPECIAL_CLASS_BLOCK_CLOSURE]: "BlockClosure",
  [layout.SPECIAL_CLASS_FULL_BLOCK_CLOSURE]: "FullBlockClosure",
  [layout.SPECIAL_CLASS_MUTEX]: "Mutex",
  [layout.SPECIAL_CLASS_LARGE_NEGATIVE]: "LargeNegativeInteger",
  [layout.SPECIAL_CLASS_EXTERNAL_ADDRESS]: "ExternalAddress",
  44: "ExternalStructure",
  45: "ExternalData",
  46: "ExternalFunction",
  47: "ExternalLibrary",
  52: "Alien",
  54: "UnsafeAlien",
};
const SELECTORS: Readonly<Record<number, string>> = {
  [layout.SPECIAL_DOES_NOT_UNDERSTAND]: "doesNotUnderstand:",
  [layout.SPECIAL_CANNOT_RETURN]: "cannotReturn:",
  [layout.SPECIAL_MUST_BE_BOOLEAN]: "mustBeBoolean",
  [layout.SPECIAL_CANNOT_INTERPRET]: "cannotInterpret:",
  [layout.SPECIAL_ABOUT_TO_RETURN]: "aboutToReturn:through:",
  [layout.SPECIAL_RUN_WITH_IN]: "run:with:in:",
  [layout.SPECIAL_ATTEMPT_TO_ASSIGN]: "attemptToAssign:withIndex:",
  53: "invokeCallbackContext:",
  [layout.SPECIAL_UNKNOWN_BYTECODE]: "unusedBytecode",
  58: "conditionalBranchCounterTrippedOn:",
  59: "classTrapFor:",
};

/** Classes that the virtual machine makes instances of, or sends to: none may be left out of an image. */
export const SPECIAL_CLASSES: readonly string[] = Object.values(CLASSES);
/** Selectors that the virtual machine sends by itself. */
export const SPECIAL_SENDS: readonly string[] = Object.values(SELECTORS);

/** Gives Smalltalk and Processor their objects; the dictionary is filled last. */
export function createGlobals(world: World): void {
  const globals = world.program.globals;
  world.setValue(globals.get("Smalltalk")!, world.instance("SystemDictionary", {}));
  world.setValue(globals.get("Processor")!, world.instance("ProcessorScheduler", {}));
}

/** Sets the recipe's globals. */
export function setGlobals(world: World, values: Readonly<Record<string, GlobalValue>>): void {
  for (const [name, value] of Object.entries(values)) {
    world.setValue(world.program.globals.get(name)!, globalValue(world, value));
  }
}

/** The special objects array; the process in it is about to start the entry method. */
export function specialObjectsArray(world: World, entry: Entry): HeapObject {
  const slots = new Array<Value>(SPECIAL_OBJECT_COUNT).fill(world.nil);
  for (const [index, name] of Object.entries(CLASSES)) slots[Number(index)] = world.findClass(name) ?? world.nil;
  for (const [index, selector] of Object.entries(SELECTORS)) slots[Number(index)] = world.symbol(selector);
  const globals = world.program.globals;
  const processor = world.association(globals.get("Processor")!);
  const semaphore = () => world.instance("Semaphore", { 2: smallInteger(0) });
  slots[layout.SPECIAL_FALSE] = world.false;
  slots[layout.SPECIAL_TRUE] = world.true;
  slots[layout.SPECIAL_SCHEDULER] = processor;
  // Squeak has Smalltalk here.
  slots[8] = world.association(globals.get("Smalltalk")!).slots[layout.ASSOCIATION_VALUE];
  slots[layout.SPECIAL_LOW_SPACE_SEMAPHORE] = semaphore();
  slots[layout.SPECIAL_SELECTORS] = specialSelectors(world);
  slots[layout.SPECIAL_INTERRUPT_SEMAPHORE] = semaphore();
  slots[layout.SPECIAL_EXTERNAL_OBJECTS] = world.array(new Array<Value>(EXTERNAL_OBJECT_SLOTS).fill(world.nil));
  slots[layout.SPECIAL_FINALIZATION_SEMAPHORE] = semaphore();
  slots[layout.SPECIAL_PRIMITIVE_ERRORS] = world.array([
    world.nil,
    ...PRIMITIVE_ERRORS.map((name) => world.symbol(name)),
  ]);
  fillScheduler(world, processor.slots[layout.ASSOCIATION_VALUE] as HeapObject, entry);
  return world.array(slots);
}

function specialSelectors(world: World): HeapObject {
  return world.array(
    SPECIAL_SELECTORS.flatMap(([selector, argumentCount]) => [world.symbol(selector), smallInteger(argumentCount)]),
  );
}

function fillScheduler(world: World, scheduler: HeapObject, { owner, compiled, method }: Entry): void {
  const context = entryContext(world, compiled, method, world.classObject(owner));
  const process = world.instance("Process", {
    [layout.PROCESS_SUSPENDED_CONTEXT]: context,
    [layout.PROCESS_PRIORITY]: smallInteger(USER_PRIORITY),
  });
  const lists = Array.from({ length: PRIORITIES }, () => world.instance("LinkedList", {}));
  scheduler.slots[layout.SCHEDULER_LISTS] = world.array(lists);
  scheduler.slots[layout.SCHEDULER_ACTIVE_PROCESS] = process;
}

/** Fills Smalltalk with the Associations of all globals, where their keys' identity hashes say. */
export function fillSmalltalk(world: World): void {
  const { program, selection } = world;
  const smalltalk = world.association(program.globals.get("Smalltalk")!).slots[layout.ASSOCIATION_VALUE] as HeapObject;
  const entries = [...program.globals.values()]
    .filter((binding) => binding.classNamed === undefined || selection.hasClass(binding.classNamed))
    .map((binding) => ({ hash: world.symbol(binding.name).hash, object: world.association(binding) }));
  setNamed(world, "SystemDictionary", smalltalk, {
    tally: smallInteger(entries.length),
    array: world.array(openTable(entries, tableCapacity(entries.length), world.nil)),
  });
}

/** Makes the table of all symbols; to be called when every other symbol is there. */
export function fillSymbolTable(world: World): void {
  const { program, selection } = world;
  const binding = program.classes.get("Symbol")?.classVariables.get("SymbolTable");
  if (binding === undefined || !selection.hasVariable(binding)) return;
  // Before the table: its own name is a symbol.
  world.association(binding);
  const weakClass = world.findClass("WeakArray");
  const format = weakClass === undefined ? layout.FORMAT_ARRAY : layout.FORMAT_WEAK_ARRAY;
  const { tally, array } = symbolTable(world.symbols, world.nil, weakClass ?? world.classNamed("Array"), format);
  if (world.findClass("SymbolTable") === undefined) return world.setValue(binding, array);
  const table = world.instance("SymbolTable", {});
  setNamed(world, "SymbolTable", table, { tally: smallInteger(tally), array });
  world.setValue(binding, table);
}

/** The objects that every Spur heap begins with: nil, false, true, the free lists, and the class table with its pages. */
export function firstObjects(world: World): HeapObject[] {
  const freeLists = rawObject(
    layout.CLASS_INDEX_WORDS64_PUN,
    layout.FORMAT_WORDS64,
    new Uint8Array(layout.FREE_LIST_COUNT * layout.WORD_BYTES),
  );
  const roots = new Array<Value>(layout.CLASS_TABLE_ROOT_SLOTS + layout.HIDDEN_ROOT_SLOTS).fill(world.nil);
  const pages = world.classTablePages();
  pages.forEach((page, index) => (roots[index] = page));
  const hiddenRoots = arrayObject(layout.CLASS_INDEX_ARRAY_PUN, roots);
  return [world.nil, world.false, world.true, freeLists, hiddenRoots, ...pages];
}

function setNamed(world: World, className: string, object: HeapObject, values: Readonly<Record<string, Value>>): void {
  const names = world.program.classes.get(className)!.allInstanceVariables;
  for (const [name, value] of Object.entries(values)) {
    const index = names.indexOf(name);
    if (index >= 0) object.slots[index] = value;
  }
}

function globalValue(world: World, value: GlobalValue): Value {
  if (value === null) return world.nil;
  if (typeof value === "boolean") return value ? world.true : world.false;
  if (typeof value === "number") return smallInteger(value);
  if (typeof value === "string") return world.string(value);
  const definition = world.program.classes.get(value.new)!;
  const slots = new Array<Value>(definition.allInstanceVariables.length).fill(world.nil);
  return pointersObject(world.classNamed(value.new), definition.format, slots);
}
