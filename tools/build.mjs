// Builds everything: generates what comes from tables, compiles AssemblyScript (release and debug), then TypeScript.
// Usage: node tools/build.mjs [--only wasm,debug,js]. A step whose inputs did not change since its output is skipped.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "./generate.mjs";

const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1].split(",") : undefined;
const isWanted = (step) => only === undefined || only.includes(step);

mkdirSync("build", { recursive: true });
generate();

const assemblyScript = sources(["vm", "primitives", "boot", "build/generated", "asconfig.json"], ["embed"]);
if (isWanted("wasm")) step("stvm.wasm", assemblyScript, () => asc("release"));
if (isWanted("debug")) step("stvm-debug.wasm", assemblyScript, () => asc("debug"));
if (isWanted("js")) {
  const typeScript = sources(
    ["vm/embed", "vm/tables", "vm/layout.ts", "boot/link", "tools", "test", "tsconfig.json"],
    [],
  );
  step("js", typeScript, () => run("tsc", ["-p", "tsconfig.json"]));
}

function asc(target) {
  run("asc", ["--config", "asconfig.json", "--target", target]);
}

function run(command, args) {
  execFileSync(join("node_modules", ".bin", command), args, { stdio: "inherit" });
}

/** Runs `action` unless the recorded digest of the inputs is that of the last successful run. */
function step(name, inputs, action) {
  const digest = createHash("sha256");
  for (const file of inputs) digest.update(file).update("\0").update(readFileSync(file));
  const stamp = join("build", `.${name}.stamp`);
  const value = digest.digest("hex");
  if (existsSync(join("build", name)) && existsSync(stamp) && readFileSync(stamp, "utf8") === value) return;
  const start = Date.now();
  action();
  writeFileSync(stamp, value);
  console.error(`build: ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
}

function sources(roots, besides) {
  return roots.flatMap((root) => (existsSync(root) ? list(root, besides) : [])).sort();
}

function list(path, besides) {
  if (/\.(ts|json)$/.test(path)) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return besides.includes(entry.name) ? [] : list(join(path, entry.name), besides);
    return /\.(ts|mjs)$/.test(entry.name) ? [join(path, entry.name)] : [];
  });
}
