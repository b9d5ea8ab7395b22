// The kernel's drivers as a module for tests: the test gives texts by address and runs them over boot/fake.

import { typeByte } from "../../../boot/xen/console/lineInput";
import { addBytes, addByte, beginRequest } from "../../../boot/xen/store/storeClient";

export { startPlatform, onXen, hasStore } from "../../../boot/xen/platform";
export * from "../../../boot/xen/host";
export * from "../../../boot/xen/hostFiles";
export { drainOutput, fullNanoseconds, serviceInput, writeLastWords, writeText } from "../../../boot/xen/output";
export {
  hasReady,
  setLineMode,
  takeEnd,
  takeInterrupt,
  takeReady,
  endInput,
} from "../../../boot/xen/console/lineInput";
export { answerPayload, perform, takeWatchEvents } from "../../../boot/xen/store/storeClient";
export { takeRequest } from "../../../boot/xen/control";
export { quitDeadline, serviceRequests, takeResumed } from "../../../boot/xen/shutdown";
export { endAccess, freeGrants, grantAccess, startGrantTable } from "../../../boot/xen/grants/grantTable";
export { closePort, listenTo, takeEvents, waitForEvents } from "../../../boot/xen/events/eventChannels";
export { allocateUnboundPort, bindInterdomainPort, xenVersion } from "../../../boot/xen/hypercalls/hypercalls";
export { frameOf, physicalOf } from "../../../boot/xen/pages";
export {
  addRest,
  endOfMemory,
  giveLargePage,
  growMemory,
  limitBytes,
  measureMemory,
  takeLargePage,
} from "../../../boot/xen/memoryMap";
export { fillStore, givePage, openStore, takePage, usedPages } from "../../../boot/xen/files/pageStore";
export {
  argumentAt,
  argumentBytes,
  argumentCount,
  badWordBytes,
  compileThreshold,
  heapBytes,
  filesBytes,
  limitsFiles,
  logLevel,
  readCommandLine,
  showsTiming,
  timezoneSeconds,
} from "../../../boot/xen/commandLine";
export { wantsCompiler } from "../../../boot/common/code";
export { systemNanoseconds, systemTimeAt } from "../../../boot/xen/clock/clock";
export { counterHertz } from "../../../boot/xen/clock/counterSpeed";
export { daysSince1970 } from "../../../boot/xen/clock/batteryClock";
export { reportException } from "../../../boot/xen/exceptions";
export { startKernel } from "../../../boot/xen/main";

const scratch = memory.data(16384, 16);
const pages = memory.data(12288, 16);

/** 16 KiB for the test's texts. */
export function scratchAddress(): usize {
  return scratch;
}

/** Two whole pages. */
export function pageAddress(): usize {
  return (pages + 4095) & ~4095;
}

export function typeBytes(address: u32, bytes: u32): void {
  for (let i: u32 = 0; i < bytes; i++) typeByte(load<u8>(address + i));
}

/** A request whose payload lies in memory. */
export function requestBytes(type: u32, address: u32, bytes: u32): void {
  beginRequest(type);
  addBytes(address, bytes);
}

/** A request with one zero behind what lies in memory. */
export function requestPath(type: u32, address: u32, bytes: u32): void {
  requestBytes(type, address, bytes);
  addByte(0);
}
