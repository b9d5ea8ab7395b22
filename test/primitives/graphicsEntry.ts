// Test entry, AssemblyScript: the graphics primitives with just enough of the virtual machine to be called from
// outside, on objects that the test has laid out in linear memory (testHeap.ts).

import { setFirstObjects, setSpecialObjects } from "../../vm/memory/roots";
import { Address, beginPrimitive, failureCode, Oop, result } from "../../vm/plugin";

export * from "../../primitives/plugins/BitBltPlugin";

export function setUpObjects(nil: Address, falseObject: Address, trueObject: Address, special: Address): void {
  setFirstObjects(nil, falseObject, trueObject, nil);
  setSpecialObjects(special);
}

export function begin(slot: Address, count: u32): void {
  beginPrimitive(slot, count);
}

export function failure(): u32 {
  return failureCode;
}

export function answer(): Oop {
  return result;
}
