// The public library on Node: `import { createVm } from "stvm"`.

import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describeLoadFault } from "./imageErrors.js";
import { cachedModule } from "./module.js";
import { createNodeHost, type NodeHostOptions } from "./nodeHost.js";
import { startVm, type Vm, VmError } from "./vm.js";

export { systemClock, virtualClock, type Clock } from "./clock.js";
export { WOULD_WAIT, type DriverOverrides, type HostDrivers, type LogLevel, type PathStat } from "./drivers.js";
export { displayOf, type Picture } from "./display.js";
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

export interface VmOptions extends NodeHostOptions {
  /** Bytes of new space for fresh objects; 4 MiB if not given. */
  readonly edenBytes?: number;
  /** Bytes that old space may take; as much as there is if not given (4 GiB in all). */
  readonly maxOldSpaceBytes?: number;
  /** Polls of one `run`: how long it stays away from the event loop. */
  readonly slicePolls?: number;
  /** Methods become WebAssembly after so many activations; only interpreted if not given. */
  readonly jitThreshold?: number;
  /** Whether what is compiled and runs often is optimised, too. */
  readonly optimises?: boolean;
  /** The module to run: "release" (as shipped), "debug" (with assertions and heap checks), a file's URL, or bytes. */
  readonly wasm?: "release" | "debug" | URL | Uint8Array;
}

/**
 * Loads an image and answers a virtual machine ready to run it. Rejects with a VmError whose message names the image,
 * the reason and the way out.
 *
 *   const vm = await createVm({ image: "Pharo.image", arguments: ["printVersion"] });
 *   const outcome = await vm.runToEnd();
 *   if (outcome.kind === "quit") process.exitCode = outcome.code;
 */
export async function createVm(options: VmOptions): Promise<Vm> {
  const imageLabel = typeof options.image === "string" ? options.image : (options.imageName ?? "image");
  const module = await moduleFor(options.wasm ?? "release");
  const imageBytes = typeof options.image === "string" ? fileBytes(options) : options.image.length;
  return startVm(module, createNodeHost(options), {
    imageBytes,
    imageLabel,
    edenBytes: options.edenBytes,
    maxOldSpaceBytes: options.maxOldSpaceBytes,
    slicePolls: options.slicePolls,
    jitThreshold: options.jitThreshold,
    optimises: options.optimises,
    collectGarbage,
    clock: options.clock,
    describeFault: describeLoadFault,
  });
}

/** The size of the image file, or a VmError that says what is wrong with its path. */
function fileBytes(options: VmOptions): number {
  const image = options.image as string;
  const path = resolve(options.workingDirectory ?? process.cwd(), image);
  try {
    const found = statSync(path);
    if (found.isFile()) {
      accessSync(path, constants.R_OK);
      return found.size;
    }
  } catch (error) {
    const { code } = error as { code?: string };
    const reason = code === "ENOENT" ? "no such file" : code === "EACCES" ? "permission denied" : String(code);
    const wayOut = code === "EACCES" ? "make it readable for you" : "give the path of an image file";
    throw new VmError("file", `${image}: ${reason}; ${wayOut}`);
  }
  throw new VmError("file", `${image}: not a file; give the path of an image file`);
}

function moduleFor(wasm: "release" | "debug" | URL | Uint8Array): Promise<WebAssembly.Module> {
  if (wasm instanceof Uint8Array) return WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>);
  const url = wasm instanceof URL ? wasm : builtModule(wasm);
  return cachedModule(url.href, async () => {
    let bytes;
    try {
      bytes = readFileSync(url);
    } catch {
      throw new VmError("module", `stvm: ${url.pathname}: no module there; run \`npm run build\``);
    }
    return WebAssembly.compile(bytes);
  });
}

/** build/stvm.wasm, seen from build/js/vm/embed. */
function builtModule(name: "release" | "debug"): URL {
  const file = name === "debug" ? "stvm-debug.wasm" : "stvm.wasm";
  return new URL(`../../../${file}`, import.meta.url);
}

let engineCollects: (() => void) | undefined;

/** Collects the engine's garbage; Node has no other way to ask for that while it runs. */
function collectGarbage(): void {
  if (engineCollects === undefined) {
    setFlagsFromString("--expose-gc");
    engineCollects = runInNewContext("gc") as () => void;
  }
  engineCollects();
}
