// `npm start`: the main job. A real Pharo image starts, says its version and quits; then our own default image is built
// from its sources and shows what it can do.

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const IMAGE = "../shared/images/pharo8-kernel/Pharo.image";

const DEFAULT_IMAGE = "build/default.image";

if (existsSync(IMAGE)) runKernel();
else
  console.log(`${IMAGE} is not there. Run an image of your own:

  node bin/stvm.mjs run IMAGE [ARGUMENT…]

An image is a file of Pharo, Squeak or Cuis; https://files.pharo.org/image has some.`);

if (!process.exitCode) runDefault();

/** Runs a copy, since the image saves itself at its first start; the second start prints the version. */
function runKernel() {
  const folder = mkdtempSync(join(tmpdir(), "stvm-"));
  const image = join(folder, "Pharo.image");
  copyFileSync(IMAGE, image);
  for (let i = 0; i < 2; i++) {
    console.log(`stvm run Pharo.image printVersion${i === 0 ? " (the first start initialises and saves)" : ""}`);
    const { status } = spawnSync(process.execPath, ["bin/stvm.mjs", "run", image, "printVersion"], {
      stdio: "inherit",
    });
    process.exitCode = status ?? 1;
    if (status !== 0) break;
  }
  rmSync(folder, { recursive: true, force: true });
}

function runDefault() {
  for (const words of [
    ["build-image", "images/default", "-o", DEFAULT_IMAGE],
    ["run", DEFAULT_IMAGE, "--demo"],
  ]) {
    console.log(`\nstvm ${words.join(" ")}`);
    const { status } = spawnSync(process.execPath, ["bin/stvm.mjs", ...words], { stdio: "inherit" });
    process.exitCode = status ?? 1;
    if (status !== 0) return;
  }
}
