// Makes a fresh clone ready, with nothing but node and npm: installs what package-lock.json names where it is missing
// or of another version, then builds. Arguments go to tools/build.mjs. The installation is no `npm ci`, which refuses a
// lock file without the packages of other platforms; `npm install --no-save` keeps to the lock file as well.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));

const [major] = process.versions.node.split(".");
if (Number(major) < 20) stop(`stvm: node ${process.versions.node}: too old; install node 20 or later`);
if (!isInstalled())
  run(process.platform === "win32" ? "npm.cmd" : "npm", ["install", "--no-save", "--no-audit", "--no-fund"]);
run(process.execPath, ["tools/build.mjs", ...process.argv.slice(2)]);

/** Whether node_modules holds every package of the lock file in the version that this names. */
function isInstalled() {
  const record = "node_modules/.package-lock.json";
  if (!existsSync(record)) return false;
  const present = JSON.parse(readFileSync(record, "utf8")).packages;
  const wanted = JSON.parse(readFileSync("package-lock.json", "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional, peer }]) =>
      path === "" || present[path]?.version === version || (present[path] === undefined && (optional || peer)),
  );
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  if (error) stop(`stvm: ${command}: ${error.message}; is it on the PATH?`);
  if (status !== 0) process.exit(status ?? 1);
}

function stop(message) {
  console.error(message);
  process.exit(1);
}
