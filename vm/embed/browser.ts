// The public library in a browser: `import { createVm } from "stvm/browser"`. The image is bytes, files are in memory.

import { type BrowserHostOptions, createBrowserHost } from "./browserHost.js";
import { describeLoadFault } from "./imageErrors.js";
import { cachedModule } from "./module.js";
import { startVm, type Vm, VmError } from "./vm.js";

export { systemClock, virtualClock, type Clock } from "./clock.js";
export { displayOf, type Picture } from "./display.js";
export { WOULD_WAIT, type DriverOverrides, type HostDrivers, type LogLevel, type PathStat } from "./drivers.js";
export { type FileAccess } from "./filePolicy.js";
export {
  type ClassMirror,
  mirrorsOf,
  type Mirrors,
  type ObjectMirror,
  type PlainValue,
  type Sendable,
} from "./mirrors.js";
export { VmError, type FinalOutcome, type Outcome, type Vm } from "./vm.js";

export interface BrowserVmOptions extends BrowserHostOptions {
  /** The module stvm.wasm: where to fetch it from, or its bytes. */
  readonly wasm: string | URL | Uint8Array;
  /** Bytes of new space for fresh objects; 4 MiB if not given. */
  readonly edenBytes?: number;
  /** Bytes that old space may take; as much as there is if not given. */
  readonly maxOldSpaceBytes?: number;
  /** Polls of one `run`: how long it keeps the page from answering. */
  readonly slicePolls?: number;
}

export interface BrowserVm extends Vm {
  /** The files in memory as they are now, by absolute path. */
  files(): Map<string, Uint8Array>;
}

/** Loads an image and answers a virtual machine ready to run it; as createVm on Node. */
export async function createVm(options: BrowserVmOptions): Promise<BrowserVm> {
  const module = await moduleFrom(options.wasm);
  const { drivers, files } = createBrowserHost(options);
  const vm = await startVm(module, drivers, {
    imageBytes: options.image.length,
    imageLabel: options.imageName ?? "image",
    edenBytes: options.edenBytes,
    maxOldSpaceBytes: options.maxOldSpaceBytes,
    slicePolls: options.slicePolls,
    clock: options.clock,
    describeFault: describeLoadFault,
  });
  return Object.assign(vm, { files: () => files.contents() });
}

function moduleFrom(wasm: string | URL | Uint8Array): Promise<WebAssembly.Module> {
  if (wasm instanceof Uint8Array) return WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>);
  return cachedModule(String(wasm), async () => {
    try {
      return await WebAssembly.compileStreaming(fetch(wasm));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new VmError("module", `stvm: ${String(wasm)}: no module from there (${reason}); serve build/stvm.wasm`);
    }
  });
}
