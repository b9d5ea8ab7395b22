// Modules for boot: the virtual machine's module linked with a platform's half (boot/linux, boot/xen), which implements
// vm/host.ts over the processor. Names and source maps stay in; what an image cannot reach is left out later
// (boot/link/specialise.ts).

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const CUSTOM_SECTION = 0;
/** Alignment of a platform's data: pages of the processor, since drivers share them with other guests. */
const DATA_ALIGNMENT = 4096;

/** What asc and boot/native both know of WebAssembly, for binaryen's tools. */
const WASM_FEATURES = ["mutable-globals", "sign-ext", "nontrapping-float-to-int", "bulk-memory", "bulk-memory-opt"].map(
  (feature) => `--enable-${feature}`,
);

/** Copies a module without its custom sections: names, and the address of the source map. */
export function stripModule(from, to) {
  const bytes = readFileSync(from);
  const kept = [bytes.subarray(0, 8)];
  for (let at = 8; at < bytes.length;) {
    const start = at;
    const id = bytes[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    at += size;
    if (id !== CUSTOM_SECTION) kept.push(bytes.subarray(start, at));
  }
  writeFileSync(to, Buffer.concat(kept));
}

/** Platforms whose programs have the native compiler inside, as module "compiler". */
const WITH_COMPILER = ["linux", "xen"];

/**
 * Compiles boot/PLATFORM/main.ts, its data behind the virtual machine's, and links both: build/PLATFORM.wasm with its
 * source map. The platform sees the virtual machine as module "env", and is its module "host".
 */
export function buildBootModule(platform) {
  const parts = [{ file: "build/stvm-names.wasm", name: "env" }];
  let base = dataEnd("build/stvm.wasm", (exports) => exports.moduleEnd());
  if (WITH_COMPILER.includes(platform)) {
    const file = `build/${platform}-compiler.wasm`;
    // Its memory may lie beyond what WebAssembly's own instructions for copying reach (boot/xen/codeArea.ts).
    compileHalf("boot/native/main.ts", file, base, "", ["--disable", "bulk-memory"]);
    parts.push({ file, name: "compiler" });
    // Where it would put the first byte of a module is behind its own data.
    base = dataEnd(file, (exports) => exports.begin(0));
  }
  const half = `build/${platform}-half.wasm`;
  compileHalf(`boot/${platform}/main.ts`, half, base, `boot/${platform}/main/abort`);
  parts.push({ file: half, name: "host" });

  const inputs = parts.flatMap(({ file, name }) => [file, name, "-ism", `${file}.map`]);
  const output = ["-o", `build/${platform}.wasm`, "-osm", `build/${platform}.wasm.map`, "-g"];
  node("binaryen/bin/wasm-merge", [...inputs, ...output, "--skip-export-conflicts", ...WASM_FEATURES]);
}

function compileHalf(entry, output, base, abort, more = []) {
  const options = [...more, "--config", "boot/asconfig.json", "--memoryBase", String(base), "--use", `abort=${abort}`];
  node("assemblyscript/bin/asc.js", [entry, "--outFile", output, ...options]);
}

/** Where the data of a module ends, as itself says, rounded up. */
function dataEnd(file, ask) {
  const module = new WebAssembly.Module(readFileSync(file));
  const imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    const value = kind === "memory" ? new WebAssembly.Memory({ initial: 64, maximum: 65536 }) : () => 0;
    (imports[from] ??= {})[name] = value;
  }
  const end = ask(new WebAssembly.Instance(module, imports).exports);
  return Math.ceil(end / DATA_ALIGNMENT) * DATA_ALIGNMENT;
}

function node(tool, args) {
  execFileSync(process.execPath, [join("node_modules", tool), ...args], { stdio: "inherit" });
}
