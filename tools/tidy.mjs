// The rules of STYLE that a program can check: where imports point, words that must not stay, sizes, opening comments.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** Lowest first; a file may import its own layer and those before it. Prefixes of paths, the longest match counts. */
const LAYERS = [
  ["vm/layout.ts", "vm/tuning.ts", "vm/host.ts", "vm/tables/"],
  ["vm/memory/"],
  ["vm/image/"],
  ["vm/plugin.ts"],
  ["primitives/"],
  ["vm/interpreter/", "build/generated/"],
  ["vm/jit/", "vm/optimiser/"],
  ["vm/main.ts"],
];
/** What host-side TypeScript may import beside its own folder. */
const HOST_SIDE = {
  "vm/embed/": ["vm/layout", "vm/tables/"],
  "boot/link/": [
    "vm/layout",
    "vm/tables/",
    "vm/embed/",
    "boot/native/",
    "boot/xen/links",
    "boot/linux/linked",
    "boot/common/linked",
  ],
  "tools/": ["vm/layout", "vm/tables/", "vm/embed/", "boot/"],
  "test/": ["vm/", "tools/", "primitives/", "boot/"],
};
const MAX_LINES = 700;
/** Files that must be long, and why. */
const LONG_FILES = {
  "vm/interpreter/loop.ts": "the interpreter is one function: its registers are locals",
};
const FORBIDDEN = [
  [/\b(TODO|FIXME|XXX)\b/, "a note to be done later; do it, or open an issue"],
  [/\bnot (yet )?implemented\b/i, "unfinished work"],
  [/["'`](\/tmp|\/work|\/root|\/home)\//, "a path of one machine"],
];

const problems = [];
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  .filter((file) => /\.(ts|mjs)$/.test(file) && existsSync(file));
for (const file of files) check(file);
for (const problem of problems) console.error(`tidy: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;

function check(file) {
  const text = readFileSync(file, "utf8");
  const lines = text.split("\n");
  if (!/^(#!.*\n)?\/[/*]/.test(text)) problems.push(`${file}: opens without a comment that says what it answers for`);
  if (lines.length > MAX_LINES && !file.startsWith("vm/tables/") && !(file in LONG_FILES)) {
    problems.push(`${file}: ${lines.length} lines; which second idea moved in? (limit ${MAX_LINES})`);
  }
  if (file !== "tools/tidy.mjs") {
    lines.forEach((line, index) => {
      for (const [pattern, reason] of FORBIDDEN) {
        if (pattern.test(line)) problems.push(`${file}:${index + 1}: ${line.trim()}: ${reason}`);
      }
    });
  }
  if (file.endsWith(".mjs")) return;
  for (const [, target] of text.matchAll(/^(?:import|export)\b[^;]*?from "(\.[^"]+)";/gm)) {
    checkImport(file, normalize(join(dirname(file), target)));
  }
}

function checkImport(file, target) {
  const source = layerOf(file);
  if (source >= 0) {
    const layer = layerOf(`${target}.ts`);
    // host.ts names addresses as memory does, and calls nothing there.
    if (file === "vm/host.ts" && target === "vm/memory/oop") return;
    if (layer < 0 || layer > source) problems.push(`${file}: imports ${target}, which is above it`);
    if (file.startsWith("primitives/plugins/") && target !== "vm/plugin" && !target.startsWith("primitives/")) {
      problems.push(`${file}: imports ${target}; a plugin knows only vm/plugin.ts`);
    }
    return;
  }
  const prefix = Object.keys(HOST_SIDE).find((folder) => file.startsWith(folder));
  if (prefix === undefined || target.startsWith(prefix)) return;
  if (!HOST_SIDE[prefix].some((allowed) => target.startsWith(allowed))) {
    problems.push(`${file}: imports ${target}; ${prefix} may import ${HOST_SIDE[prefix].join(", ")}`);
  }
}

function layerOf(file) {
  return LAYERS.findIndex((prefixes) => prefixes.some((prefix) => file.startsWith(prefix)));
}
