// AssemblyScript for the tests of primitives: a small heap with the classes that they need and a fake stack, beside every
// function of primitives/. world.ts compiles it and speaks to it.

import { allocateOldSlots, allocateSlots, fillSlots, instantiate, resetEden } from "../../vm/memory/allocation";
import { setRawHash, setReadOnly, formatOf, classIndexOf, slotCountOf } from "../../vm/memory/header";
import { edenStart, layOutMemory, oldSpaceStart, stackPagesStart } from "../../vm/memory/map";
import { bodyOf, elementCountOf, storePointer } from "../../vm/memory/object";
import { setOldSpaceEnd } from "../../vm/memory/oldspace";
import { Address, Oop, smallInteger } from "../../vm/memory/oop";
import { setFirstObjects, setSpecialObjects, specialObjects } from "../../vm/memory/roots";
import { argumentCount, beginPrimitive, failureCode, result } from "../../vm/plugin";

export * from "../../primitives/classChange";
export * from "../../primitives/floats";
export * from "../../primitives/identity";
export * from "../../primitives/integers";
export * from "../../primitives/methods";
export * from "../../primitives/objects";
export * from "../../primitives/replacement";
export * from "../../primitives/subscripts";
export * from "../../primitives/clock";
export * from "../../primitives/strings";
export * from "../../primitives/system";
export * from "../../primitives/words";
export * from "../../primitives/bytesAccess";
export * from "../../primitives/memory";
export * from "../../primitives/walking";
export * from "../../primitives/plugins/ChecksumPlugin";
export * from "../../primitives/plugins/DSAPrims";
export * from "../../primitives/plugins/LargeIntegers";
export * from "../../primitives/plugins/LocalePlugin";
export * from "../../primitives/plugins/MiscPrimitivePlugin";
export * from "../../primitives/plugins/UUIDPlugin";
export * from "../../primitives/plugins/ZipPlugin";
export {
  primitiveAddFloatArray,
  primitiveAddScalar,
  primitiveAt as floatArrayAt,
  primitiveAtPut as floatArrayAtPut,
  primitiveDivFloatArray,
  primitiveDivScalar,
  primitiveDotProduct,
  primitiveEqual as floatArrayEqual,
  primitiveFromFloat64Array,
  primitiveHashArray,
  primitiveLength,
  primitiveNormalize,
  primitiveSum,
} from "../../primitives/plugins/FloatArrayPlugin";
export {
  primitiveAddFloat64Array,
  primitiveAt as float64ArrayAt,
  primitiveDotProduct as float64ArrayDotProduct,
} from "../../primitives/plugins/Float64ArrayPlugin";

const FORMAT_FIXED = 1;
const FORMAT_ARRAY = 2;
const PUN_ARRAY = 16;
const TABLE_SLOTS = 4096 + 8;

/** Lays out nil, false, true, the class table and the special objects; classes come with `defineClass`. */
export function setUp(): void {
  layOutMemory(4 << 20, 8 << 20);
  resetEden(edenStart);
  setOldSpaceEnd(oldSpaceStart);
  const nil = allocateOldSlots(0, 0, 1024);
  const falseObject = allocateOldSlots(0, 0, 1025);
  const trueObject = allocateOldSlots(0, 0, 1026);
  const table = allocateOldSlots(TABLE_SLOTS, FORMAT_ARRAY, PUN_ARRAY);
  fillSlots(table, TABLE_SLOTS, nil);
  setFirstObjects(<Address>nil, <Address>falseObject, <Address>trueObject, <Address>table);
  for (let i = 0; i < 2; i++) {
    const page = allocateOldSlots(1024, FORMAT_ARRAY, PUN_ARRAY);
    fillSlots(page, 1024, nil);
    storePointer(i, table, page);
  }
  const specials = allocateOldSlots(64, FORMAT_ARRAY, 51);
  fillSlots(specials, 64, nil);
  setSpecialObjects(specials);
}

/** A class at an index of the table, with format and number of named instance variables; a special object too if not -1. */
export function defineClass(index: u32, format: u32, size: u32, special: i32): Oop {
  const table = fetch(0);
  const behavior = allocateOldSlots(4, FORMAT_FIXED, 1027);
  fillSlots(behavior, 4, nilOop());
  storePointer(2, behavior, smallInteger((format << 16) | size));
  setRawHash(<Address>behavior, index);
  storePointer(index & 1023, load<u64>(bodyOf(table) + ((index >> 10) << 3)), behavior);
  if (special >= 0) storePointer(special, specialObjects, behavior);
  return behavior;
}

/** Pushes nothing yet: where the receiver goes; arguments follow below, eight bytes each. */
export function receiverSlot(): Address {
  return stackPagesStart + 8192;
}

export function begin(count: u32): void {
  beginPrimitive(receiverSlot(), count);
}

export function failure(): u32 {
  return failureCode;
}

export function answered(): Oop {
  return result;
}

export function countOfArguments(): u32 {
  return argumentCount;
}

/** An object with so many slots, uninitialised, of any format and class index. */
export function newObject(slots: u32, format: u32, classIndex: u32): Oop {
  const object = allocateSlots(slots, format, classIndex);
  fillSlots(object, slots, format < 9 ? nilOop() : 0);
  return object;
}

export function newInstance(classObject: Oop, size: u32, old: bool): Oop {
  return instantiate(classObject, size, old);
}

/** Empties eden: everything young is gone. */
export function forgetYoung(): void {
  resetEden(edenStart);
}

export function body(object: Oop): Address {
  return bodyOf(object);
}

export function elements(object: Oop): u32 {
  return elementCountOf(object);
}

export function slots(object: Oop): u32 {
  return slotCountOf(<Address>object);
}

export function format(object: Oop): u32 {
  return formatOf(<Address>object);
}

export function classIndex(object: Oop): u32 {
  return classIndexOf(<Address>object);
}

export function makeReadOnly(object: Oop, flag: bool): void {
  setReadOnly(<Address>object, flag);
}

export function nilOop(): Oop {
  return oldSpaceStart;
}

export function falseOop(): Oop {
  return oldSpaceStart + 16;
}

export function trueOop(): Oop {
  return oldSpaceStart + 32;
}

function fetch(index: u32): Oop {
  // The class table is the fourth object; it has an overflow header.
  return oldSpaceStart + 48 + 8;
}
