// Test entry, AssemblyScript: the graphics primitives with just enough of the virtual machine to be called from
// outside, on objects that the test has laid out in linear memory (testHeap.ts).

import { resetEden } from "../../vm/memory/allocation";
import { edenStart, layOutMemory } from "../../vm/memory/map";
import { setOldSpaceEnd } from "../../vm/memory/oldspace";
import { setFirstObjects, setSpecialObjects } from "../../vm/memory/roots";
import { Address, beginPrimitive, failureCode, Oop, result, signalQueueAt, signalQueueCount } from "../../vm/plugin";

export * from "../../primitives/plugins/BitBltPlugin";
export * from "../../primitives/plugins/BMPReadWriterPlugin";
export * from "../../primitives/plugins/JPEGReadWriter2Plugin";
export * from "../../primitives/plugins/JPEGReaderPlugin";
export * from "../../primitives/plugins/Matrix2x3Plugin";
export {
  primitiveBeCursor,
  primitiveBeDisplay,
  primitiveClipboardText,
  primitiveDeferDisplayUpdates,
  primitiveScanCharacters,
  primitiveScreenSize,
  primitiveSetDisplayMode,
  primitiveShowDisplayRect,
  primitiveTestDisplayDepth,
} from "../../primitives/display";
export * from "../../primitives/input";

/** Makes room for new objects; the test's own go behind, into old space. */
export function prepareMemory(): void {
  layOutMemory(65536, 0);
  resetEden(edenStart);
}

/** Forgets the new objects; `end` is where the test's own end. */
export function clearNewObjects(end: Address): void {
  resetEden(edenStart);
  setOldSpaceEnd(end);
}

export function setUpObjects(
  nil: Address,
  falseOop: Address,
  trueOop: Address,
  hidden: Address,
  special: Address,
): void {
  setFirstObjects(nil, falseOop, trueOop, hidden);
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

/** The index of the semaphore signalled last, 0 for none. */
export function lastSignal(): u32 {
  return signalQueueCount == 0 ? 0 : signalQueueAt(signalQueueCount - 1);
}
