// An image laid out when a program is built: the virtual machine's module loads it here, under Node, and what memory and
// the module's variables hold then is where the program starts. Nothing is copied or relocated later. What depends on
// the host (times, arguments, limits) is not in it: the platform sets it at its start.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { virtualClock } from "../../vm/embed/clock.js";
import { heapOf } from "../../vm/embed/heap.js";
import { describeLoadFault } from "../../vm/embed/imageErrors.js";
import { hostImports } from "../../vm/embed/imports.js";
import { type VmExports } from "../../vm/embed/module.js";
import { createNodeHost } from "../../vm/embed/nodeHost.js";
import { VmError } from "../../vm/embed/vm.js";
import { PAGE_BYTES } from "../../vm/layout.js";
import { IMAGE_NO_MEMORY } from "../../vm/tables/imageFaults.js";
import { type AheadCompiler } from "./ahead.js";
import { leaveOutPrimitives, type PrimitiveChoice } from "./primitives.js";
import { WasmFile, type WasmGlobal } from "./wasmFile.js";

export interface PreloadOptions {
  /** The image file's path. */
  readonly image: string;
  /** The module with its names: build/stvm-names.wasm. */
  readonly module: Uint8Array;
  /** Linear memory below this, behind the module's own data, is the platform's. */
  readonly reservedEnd: number;
  readonly edenBytes?: number;
  /** Which primitives the program shall have; those that the image's methods name if not given. */
  readonly primitives?: PrimitiveChoice;
  /** Compiles methods that the program shall have compiled from its start. */
  readonly ahead?: AheadCompiler;
}

export interface Preload {
  /** Linear memory from its first byte on, a multiple of 64 KiB. */
  readonly memory: Uint8Array;
  /** Bit patterns of the module's variables by their names. */
  readonly globals: ReadonlyMap<string, bigint>;
  /** Places of the table whose functions the image cannot reach. */
  readonly unusedTablePlaces: ReadonlySet<number>;
  /** Where the objects start. */
  readonly heapStart: number;
  /** What linear memory must be able to grow to. */
  readonly leastMemoryBytes: number;
  readonly ahead?: AheadCompiler;
}

interface LoaderExports extends VmExports {
  reserveMemory(end: number): void;
  leastMemoryBytes(): bigint;
}

/** Loads an image as a program shall find it. Throws a VmError that names the image, the reason and the way out. */
export function preloadImage(options: PreloadOptions): Preload {
  const file = WasmFile.parse(options.module);
  const variables = file.exportMutableGlobals();
  const image = readImage(options.image);
  const errors: string[] = [];
  const drivers = createNodeHost({
    image,
    imageName: basename(options.image),
    // Not this moment's: the same image makes the same program.
    clock: virtualClock(),
    log: (level, message) => {
      if (level === 1) errors.push(message);
    },
  });
  let exports: LoaderExports | undefined;
  const imports = { host: hostImports(drivers, () => exports!.memory, options.ahead?.code) };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(file.toBytes() as Uint8Array<ArrayBuffer>), imports);
  exports = instance.exports as unknown as LoaderExports;

  exports.reserveMemory(options.reservedEnd);
  const status = exports.loadImage(image.length, options.edenBytes ?? 0, 0);
  drivers.close();
  if (status === IMAGE_NO_MEMORY) {
    throw new VmError(
      "image",
      `${options.image}: its objects and its eden do not fit into 4 GiB; give it a smaller eden`,
    );
  }
  if (status !== 0) throw new VmError("image", `${options.image}: ${describeLoadFault(status, exports)}`);
  if (errors.length > 0) throw new VmError("image", `${options.image}: ${errors[0]}; save the image anew`);

  const unusedTablePlaces = leaveOutPrimitives(exports, heapOf(exports), options.primitives ?? "reachable");
  options.ahead?.run(exports);
  return {
    ahead: options.ahead,
    memory: withoutScratch(exports),
    globals: readGlobals(instance.exports, variables),
    unusedTablePlaces,
    leastMemoryBytes: Number(exports.leastMemoryBytes()),
    heapStart: Number((exports.oldSpaceStart as WebAssembly.Global).value) >>> 0,
  };
}

function readImage(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as { code?: string };
    const reason = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "not a file" : String(code);
    throw new VmError("file", `${path}: ${reason}; give the path of an image file`);
  }
}

/** A copy of memory, with zeros where calls between runs leave their texts. */
function withoutScratch(exports: VmExports): Uint8Array {
  const memory = new Uint8Array(exports.memory.buffer).slice();
  const scratch = exports.scratchMemory();
  memory.fill(0, scratch, scratch + PAGE_BYTES);
  return memory;
}

/** Bit patterns of exported variables by the names that the module has for them (WasmFile.exportMutableGlobals). */
export function readGlobals(
  exports: WebAssembly.Exports,
  variables: ReadonlyMap<string, WasmGlobal>,
): Map<string, bigint> {
  const bits = new Map<string, bigint>();
  const view = new DataView(new ArrayBuffer(8));
  for (const [name, { name: own, type }] of variables) {
    const { value } = exports[name] as WebAssembly.Global;
    view.setBigUint64(0, 0n);
    if (type === "f64") view.setFloat64(0, value as number, true);
    else if (type === "f32") view.setFloat32(0, value as number, true);
    else view.setBigInt64(0, BigInt(value as number | bigint), true);
    bits.set(own, view.getBigUint64(0, true));
  }
  return bits;
}
