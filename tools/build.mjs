// Builds everything: generates what comes from tables, compiles AssemblyScript (release and debug), then TypeScript.
// Usage: node tools/build.mjs [--only wasm,debug,boot,native,js]. A step whose inputs did not change since its output is skipped.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildBootModule, stripModule } from "./bootModules.mjs";
import { generate } from "./generate.mjs";

const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1].split(",") : undefined;
const isWanted = (step) => only === undefined || only.includes(step);

mkdirSync("build", { recursive: true });
generate();

const assemblyScript = sources(["vm", "primitives", "build/generated", "asconfig.json"], ["embed"]);
if (isWanted("wasm") || isWanted("boot")) {
  step("stvm.wasm", assemblyScript, () => {
    asc("release");
    stripModule("build/stvm-names.wasm", "build/stvm.wasm");
  });
}
if (isWanted("debug")) step("stvm-debug.wasm", assemblyScript, () => asc("debug"));
if (isWanted("boot")) {
  for (const platform of ["linux", "xen"]) {
    if (!existsSync(join("boot", platform, "main.ts"))) continue;
    const inputs = sources(
      [
        join("boot", platform),
        "boot/common",
        "boot/native",
        "boot/cpu.ts",
        "boot/vm.ts",
        "boot/outcomes.ts",
        "boot/asconfig.json",
        "tools/bootModules.mjs",
      ],
      [],
    );
    step(`${platform}.wasm`, [...assemblyScript, ...inputs], () => buildBootModule(platform));
  }
}
const nativeCompiler = sources(["boot/native"], []);
if (isWanted("native")) step("native.wasm", nativeCompiler, () => asc("native", "boot/native/asconfig.json"));
if (isWanted("js")) {
  const typeScript = sources(
    [
      "vm/embed",
      "vm/tables",
      "vm/layout.ts",
      "boot/fake",
      "boot/link",
      "boot/native",
      "boot/common/linked.ts",
      "boot/linux/linked.ts",
      "boot/xen/links.ts",
      "tools",
      "test",
      "tsconfig.json",
    ],
    [],
  );
  step("js", typeScript, () => run("tsc", ["-p", "tsconfig.json"]));
}

function asc(target, config = "asconfig.json") {
  run("asc", ["--config", config, "--target", target]);
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
  if (/\.(ts|mjs|json)$/.test(path)) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return besides.includes(entry.name) ? [] : list(join(path, entry.name), besides);
    return /\.(ts|mjs)$/.test(entry.name) ? [join(path, entry.name)] : [];
  });
}
