// Compiles an AssemblyScript test entry to a module: parts of the virtual machine, with the test's own exports.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** The instance of an entry (a path from the repository's root); host functions do nothing unless given. */
export async function compileEntry(
  entry: string,
  host: Record<string, (...values: never[]) => unknown> = {},
): Promise<WebAssembly.Instance> {
  const module = await compileEntryModule(entry);
  const functions: Record<string, WebAssembly.ImportValue> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (from !== "host") throw new Error(`${entry}: imports ${from}.${name}; an entry may import host only`);
    functions[name] = host[name] ?? (() => 0);
  }
  return WebAssembly.instantiate(module, { host: functions });
}

/** The module of an entry, compiled as a configuration says; what it imports is the caller's to give. */
export async function compileEntryModule(
  entry: string,
  configuration = "test/asconfig.json",
): Promise<WebAssembly.Module> {
  const out = join("build", "test", `${basename(entry, ".ts")}.wasm`);
  mkdirSync(join("build", "test"), { recursive: true });
  const options = ["--outFile", out, "-O3", "--debug"];
  const asc = join("node_modules", "assemblyscript", "bin", "asc.js");
  const config = ["--config", configuration];
  execFileSync(process.execPath, [asc, entry, ...config, ...options], { stdio: ["ignore", "inherit", "inherit"] });
  return WebAssembly.compile(readFileSync(out));
}
