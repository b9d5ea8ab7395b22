// `npm start`: the main job. The default image is built from its Smalltalk source, put into a kernel, and booted in a
// virtual machine: it greets, shows a few computations on its console and powers off. Where QEMU cannot be had, the same
// image runs as a Linux program.

import { spawnSync } from "node:child_process";

const IMAGE = "build/default.image";
const ARGUMENTS = ["--demo"];
const TIMEOUT_SECONDS = 120;

const { findQemu } = await import("../build/js/tools/testbed/qemu.js");

process.exitCode = await main();

/** Answers the exit code. */
async function main() {
  if (stvm("build-image", "images/default", "-o", IMAGE) !== 0) return 1;
  const reason = await reasonWithoutQemu();
  if (reason !== undefined) return runOnLinux(reason);
  const kernel = "build/default.xen";
  if (stvm("build", IMAGE, "--target", "xen", "-o", kernel) !== 0) return 1;
  return stvm("boot", "--timing", "--timeout", String(TIMEOUT_SECONDS), kernel, ...ARGUMENTS);
}

function runOnLinux(reason) {
  console.log(`There is no QEMU to boot a kernel in (${reason}): the Linux program runs instead.`);
  const program = "build/default";
  if (stvm("build", IMAGE, "--target", "linux", "-o", program) !== 0) return 1;
  return run(program, ["--timing", ...ARGUMENTS], `${program} --timing ${ARGUMENTS.join(" ")}`);
}

/** Why there is no QEMU; undefined where there is one, installed or unpacked from Debian's packages. */
async function reasonWithoutQemu() {
  try {
    await findQemu((message) => console.error(message));
    return undefined;
  } catch (error) {
    return error.message;
  }
}

/** Runs a command of ours and shows it; answers its exit code. */
function stvm(...words) {
  return run(process.execPath, ["bin/stvm.mjs", ...words], `stvm ${words.join(" ")}`);
}

function run(program, words, shown) {
  console.log(`$ ${shown}`);
  // A pipe's end for input: the demonstration asks nothing.
  const { status } = spawnSync(program, words, { stdio: ["ignore", "inherit", "inherit"] });
  return status ?? 1;
}
