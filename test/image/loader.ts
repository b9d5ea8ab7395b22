// The loader as tests see it: image bytes in, status or snapshot out. The module is loaderEntry.ts, compiled once.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";
import { describeLoadFault } from "../../vm/embed/imageErrors.js";

const ENTRY = "test/image/loaderEntry.ts";
const OUT = "build/image-test.wasm";
const IMAGES = "../shared/images";

export const REAL_IMAGES = [
  "candle/candle-64",
  "candle/fib40-64",
  "codeparadise/client-environment-32",
  "codeparadise/client-environment-64",
  "cuis5/cuis5-32",
  "cuis5/cuis5-tests-64",
  "headless/headless-32",
  "headless/headless-64",
  "pharo8-kernel/Pharo",
];
export const OLD_IMAGES = [
  "v3/mini",
  "v3/mini-running-exit",
  "v3/benchmark",
  "v3/squeakjs-big-endian",
  "v3/bootstrapped",
];

interface Exports {
  readonly memory: WebAssembly.Memory;
  loadImage(bytes: number, edenBytes: number, maxOldBytes: number): number;
  prepareForSnapshot(): number;
  writeSnapshot(name: number, nameBytes: number): number;
  readonly [name: string]: unknown;
}

export interface Loaded {
  readonly status: number;
  /** What the embedder would say about the status. */
  readonly message: string;
  readonly memoryBytes: number;
  /** Collects everything, as before a snapshot; whether memory is ready for one then. */
  collect(): boolean;
  /** The image that the virtual machine would write now. */
  snapshot(): Uint8Array;
}

export type Loader = (image: Uint8Array, maxOldBytes?: number) => Loaded;

/** Loads images with a small eden, each into an instance of its own. */
export async function openLoader(): Promise<Loader> {
  const module = new WebAssembly.Module(await compiled());
  return (image, maxOldBytes = 0) => instantiate(module)(image, maxOldBytes);
}

/** As `openLoader`, but all into one instance, where memory still holds what the image before left. */
export async function openSharedLoader(): Promise<Loader> {
  return instantiate(new WebAssembly.Module(await compiled()));
}

/** A real image's bytes, or undefined (and a line that says so) where the folder is missing. */
export function realImage(name: string): Uint8Array | undefined {
  const path = join(IMAGES, `${name}.image`);
  return existsSync(path) ? readFileSync(path) : undefined;
}

/** `test` or, without the images, `test.skip`, having said why. */
export function imagesArePresent(): boolean {
  const present = existsSync(IMAGES);
  if (!present)
    console.log(`skipped: ${IMAGES} is missing, ${REAL_IMAGES.length + OLD_IMAGES.length} images not tested`);
  return present;
}

function instantiate(module: WebAssembly.Module): Loader {
  let image: Uint8Array = new Uint8Array();
  const chunks: Uint8Array[] = [];
  const bytesAt = (address: number, bytes: number) => new Uint8Array(exports.memory.buffer, address >>> 0, bytes >>> 0);
  const host: Record<string, (...values: number[]) => number | bigint> = {
    imageRead(offset, address, bytes) {
      const part = image.subarray(offset, offset + bytes);
      bytesAt(address, part.length).set(part);
      return part.length;
    },
    snapshotBegin: () => (chunks.length = 0),
    snapshotWrite(address, bytes) {
      chunks.push(bytesAt(address, bytes).slice());
      return 0;
    },
    snapshotEnd: () => 0,
    monotonicMicroseconds: () => 0n,
  };
  const unknown = (name: string) => () => {
    throw new Error(`the loader called host.${name}`);
  };
  const imports = new Proxy(host, { get: (target, name: string) => target[name] ?? unknown(name) });
  const exports = new WebAssembly.Instance(module, { host: imports }).exports as unknown as Exports;
  return (bytes, maxOldBytes = 0) => {
    image = bytes;
    const status = exports.loadImage(image.length, 1 << 18, maxOldBytes);
    return {
      status,
      message: status === 0 ? "" : describeLoadFault(status, exports),
      memoryBytes: exports.memory.buffer.byteLength,
      collect: () => exports.prepareForSnapshot() !== 0,
      snapshot() {
        const answer = exports.writeSnapshot(0, 0);
        if (answer !== 0) throw new Error(`writeSnapshot answered ${answer}`);
        return Buffer.concat(chunks);
      },
    };
  };
}

/** The module's bytes, compiled again where a source is newer. */
async function compiled(): Promise<Uint8Array<ArrayBuffer>> {
  if (!existsSync(OUT) || newestSource() > statSync(OUT).mtimeMs) {
    mkdirSync("build", { recursive: true });
    const options = ["-O3", "--noAssert", "--runtime", "stub", "--memoryBase", "1024", "--initialMemory", "16"];
    const limits = ["--maximumMemory", "65536", "--use", "abort=vm/host/abort", "--disableWarning"];
    const { error, stderr } = await asc.main([ENTRY, "--config", "none.json", ...options, ...limits, "-o", OUT], {
      readFile: (name, base) => (existsSync(join(base, name)) ? readFileSync(join(base, name), "utf8") : null),
      writeFile: (name, contents, base) => writeFileSync(join(base, name), contents),
      listFiles: () => [],
    });
    if (error) throw new Error(`${ENTRY}: ${error.message}\n${stderr.toString()}`);
  }
  return new Uint8Array(readFileSync(OUT));
}

function newestSource(): number {
  const files = ["vm", "vm/image", "vm/memory", "vm/tables"].flatMap((folder) =>
    readdirSync(folder).map((name) => join(folder, name)),
  );
  return Math.max(...[...files, ENTRY].map((file) => statSync(file).mtimeMs));
}
