// AssemblyScript for the tests of the plugins about files: primitivesEntry.ts and these plugins.

import { failureCode, operatingSystemError, signalQueueAt, signalQueueCount, WAITING_FOR_HOST } from "../../vm/plugin";

export * from "./primitivesEntry";
export * from "../../primitives/environment";
export * from "../../primitives/plugins/AsynchFilePlugin";
export * from "../../primitives/plugins/FilePlugin";
export * from "../../primitives/plugins/FileAttributesPlugin";
export * from "../../primitives/plugins/SecurityPlugin";

/** Whether the last call is to be made again when the host has something. */
export function isWaiting(): bool {
  return failureCode == WAITING_FOR_HOST;
}

export function systemError(): i32 {
  return failureCode == 21 ? operatingSystemError : 0;
}

/** The external semaphore signalled last, by index; 0 for none. */
export function lastSignal(): u32 {
  return signalQueueCount == 0 ? 0 : signalQueueAt(signalQueueCount - 1);
}
