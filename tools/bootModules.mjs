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

/**
 * Compiles boot/PLATFORM/main.ts, its data behind the virtual machine's, and links both: build/PLATFORM.wasm with its
 * source map. The platform sees the virtual machine as module "env", and is its module "host".
 */
export function buildBootModule(platform) {
  const half = `build/${platform}-half.wasm`;
  const base = Math.ceil(moduleEnd("build/stvm.wasm") / DATA_ALIGNMENT) * DATA_ALIGNMENT;
  const options = ["--config", "boot/asconfig.json", "--memoryBase", String(base)];
  options.push("--use", `abort=boot/${platform}/main/abort`);
  node("assemblyscript/bin/asc.js", [`boot/${platform}/main.ts`, "--outFile", half, ...options]);
  const inputs = [
    "build/stvm-names.wasm",
    "env",
    "-ism",
    "build/stvm-names.wasm.map",
    half,
    "host",
    "-ism",
    `${half}.map`,
  ];
  const output = [
    "-o",
    `build/${platform}.wasm`,
    "-osm",
    `build/${platform}.wasm.map`,
    "-g",
    "--skip-export-conflicts",
    ...WASM_FEATURES,
  ];
  node("binaryen/bin/wasm-merge", [...inputs, ...output]);
}

/** Where the data of a module ends, as itself says. */
function moduleEnd(file) {
  const module = new WebAssembly.Module(readFileSync(file));
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 0;
  return new WebAssembly.Instance(module, imports).exports.moduleEnd();
}

function node(tool, args) {
  execFileSync(process.execPath, [join("node_modules", tool), ...args], { stdio: "inherit" });
}
