// Makes the module of one program: a platform's module (build/linux.wasm, build/xen.wasm) with the values that its
// variables have once the image is loaded, and without what this image and this platform never call. Variables that
// nothing writes any more become constants: where the heap lies, nil, true, false (DESIGN, decision 10).

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { PAGE_BYTES } from "../../vm/layout.js";
import { type AheadModule } from "./ahead.js";
import { isCallable } from "./callable.js";
import { type Preload, readGlobals } from "./preload.js";
import { shiftSourceMap, WasmFile } from "./wasmFile.js";

/** A platform's module as it was built, and what it says of its own layout. */
export interface PlatformModule {
  readonly bytes: Uint8Array;
  readonly sourceMap: string;
  /** Linear memory from `dataStart` to `dataEnd` is the platform's own; `data` is what it holds at the start. */
  readonly dataStart: number;
  readonly dataEnd: number;
  readonly data: Uint8Array;
  /** Bit patterns of all variables by their names, as the modules' own start leaves them. */
  readonly globals: ReadonlyMap<string, bigint>;
  /** Where the platform keeps the image's name: its length as u32, then at most 256 bytes. */
  readonly imageNameRecord: number;
  /** The compilers' places in the table. */
  readonly compilerPlaces: readonly number[];
  /** How many places the table has. */
  readonly tablePlaces: number;
}

export interface SpecialisedModule {
  readonly bytes: Uint8Array;
  /** Undefined unless asked for. */
  readonly sourceMap: string | undefined;
  /** Linear memory at the program's start. */
  readonly memory: Uint8Array;
  /** What was compiled already, and its first place in the table. */
  readonly ahead?: { readonly modules: readonly AheadModule[]; readonly firstPlace: number };
}

/** The variable that tells the platform whether the compilers are in the program (boot/common/code.ts). */
const HAS_COMPILER = "boot/common/code/hasCompiler";

/** The variable that tells it how many methods were compiled with the program. */
const AHEAD_FUNCTIONS = "boot/common/code/aheadFunctions";

/** Pages of a memory that code of boot/native can have (boot/native/abi.ts). */
const MAX_PAGES = 65535;

/** What asc and boot/native both know of WebAssembly, for binaryen's tools. */
const FEATURES = ["mutable-globals", "sign-ext", "nontrapping-float-to-int", "bulk-memory", "bulk-memory-opt"].map(
  (feature) => `--enable-${feature}`,
);

/**
 * Constants, then what they make unreachable. Nothing is inlined: what the dispatch loop calls stays outside of it
 * (decision 0003).
 */
const PASSES = [
  "--remove-unused-module-elements",
  "--simplify-globals",
  "--precompute",
  "--optimize-instructions",
  "--vacuum",
  "--remove-unused-module-elements",
];

/** Reads a platform's module and asks it where its data lies. Its start is run here, once, not in the program. */
export function readPlatform(file: URL): PlatformModule {
  const bytes = readFileSync(file);
  const variables = WasmFile.parse(bytes);
  const names = variables.exportMutableGlobals();
  const module = new WebAssembly.Module(variables.toBytes() as Uint8Array<ArrayBuffer>);
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 0;
  const { exports } = new WebAssembly.Instance(module, imports);
  const answer = (name: string, ...values: number[]) =>
    (exports[name] as (...values: number[]) => number)(...values) >>> 0;
  const compilerPlaces: number[] = [];
  for (let place = answer("compilerPlace", 0); place !== 0;) {
    compilerPlaces.push(place);
    place = answer("compilerPlace", compilerPlaces.length);
  }
  const [dataStart, dataEnd] = [answer("moduleEnd"), answer("bootEnd")];
  return {
    bytes,
    sourceMap: readFileSync(new URL(`${file.href}.map`), "utf8"),
    dataStart,
    dataEnd,
    data: new Uint8Array((exports.memory as WebAssembly.Memory).buffer).slice(dataStart, dataEnd),
    globals: readGlobals(exports, names),
    imageNameRecord: answer("imageNameRecord"),
    compilerPlaces,
    tablePlaces: (exports.table as WebAssembly.Table).length,
  };
}

/**
 * Makes a program's module; `entries` are the exported functions that the start-up code calls. With `debug` it has a
 * source map, which takes a while; without `hasCompiler` it interprets all methods, and is smaller.
 */
export async function specialise(
  platform: PlatformModule,
  preload: Preload,
  imageName: string,
  entries: readonly string[],
  { debug = false, hasCompiler = true }: { debug?: boolean; hasCompiler?: boolean } = {},
): Promise<SpecialisedModule> {
  const file = WasmFile.parse(platform.bytes);
  const before = file.codeOffset;
  const memory = preload.memory.slice();
  memory.set(platform.data, platform.dataStart);
  putImageName(memory, platform.imageNameRecord, imageName);
  const chosen: [string, bigint][] = [
    [HAS_COMPILER, hasCompiler ? 1n : 0n],
    [AHEAD_FUNCTIONS, BigInt(preload.ahead?.modules.length ?? 0)],
  ];
  file.setGlobals(new Map([...platform.globals, ...preload.globals, ...chosen]));
  file.dropStart();
  file.dropElements(new Set([...preload.unusedTablePlaces, ...(hasCompiler ? [] : platform.compilerPlaces)]));
  file.dropData();
  file.setMemory(memory.length / PAGE_BYTES, MAX_PAGES);
  const callable = file.exports().filter(({ name }) => isCallable(name));
  file.keepExports(new Set([...entries, ...callable.map(({ name }) => name)]));
  const sourceMap = debug ? shiftSourceMap(platform.sourceMap, file.codeOffset - before) : undefined;
  return { ...(await optimise(file.toBytes(), sourceMap)), memory, ahead: preload.ahead };
}

function putImageName(memory: Uint8Array, record: number, name: string): void {
  const bytes = new TextEncoder().encode(name).subarray(0, 256);
  new DataView(memory.buffer, memory.byteOffset).setUint32(record, bytes.length, true);
  memory.set(bytes, record + 4);
}

/** Runs binaryen's wasm-opt, which keeps the names and, where there is one, the source map. */
async function optimise(
  bytes: Uint8Array,
  sourceMap: string | undefined,
): Promise<{ bytes: Uint8Array; sourceMap: string | undefined }> {
  const folder = mkdtempSync(join(tmpdir(), "stvm-build-"));
  try {
    const [input, output] = [join(folder, "in.wasm"), join(folder, "out.wasm")];
    const [inputMap, outputMap] = [`${input}.map`, `${output}.map`];
    writeFileSync(input, bytes);
    if (sourceMap !== undefined) writeFileSync(inputMap, sourceMap);
    const tool = join(dirname(createRequire(import.meta.url).resolve("binaryen")), "bin", "wasm-opt");
    const maps = sourceMap === undefined ? [] : ["-ism", inputMap, "-osm", outputMap];
    await promisify(execFile)(process.execPath, [tool, input, "-o", output, ...maps, "-g", ...FEATURES, ...PASSES]);
    return {
      bytes: readFileSync(output),
      sourceMap: sourceMap === undefined ? undefined : readFileSync(outputMap, "utf8"),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
