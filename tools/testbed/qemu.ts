// QEMU for x86: the machine's own, or Debian's packages unpacked into the cache, which needs no root and installs
// nothing.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheFolder, cachedFolder } from "./cache.js";
import { PackageError, unpackPackages } from "./packages.js";

const PROGRAM = "qemu-system-x86_64";
const PACKAGE = "qemu-system-x86";
const LIBRARY_FOLDERS = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];
/** Another number makes another folder. */
const FORMAT = "2";

/** How QEMU is started: the program, with variables of its environment and words that come first. */
export interface Qemu {
  readonly program: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * QEMU from the PATH or from the cache, downloaded at first (some 35 MB). `say` hears what takes long. Throws a
 * PackageError where it cannot be had.
 */
export async function findQemu(say: (message: string) => void = () => {}): Promise<Qemu> {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const installed = folders.map((folder) => join(folder, PROGRAM)).find((path) => existsSync(path));
  if (installed !== undefined) return { program: installed, words: [], environment: {} };
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new PackageError(`${PROGRAM}: not on the PATH; install QEMU`);
  }
  const folder = await cachedFolder("qemu", [FORMAT, PACKAGE], async (draft) => {
    say("QEMU is not installed: unpacking Debian's into the cache");
    await unpackPackages([PACKAGE], draft, join(cacheFolder(), "lists"), isNeeded);
  });
  const libraries = LIBRARY_FOLDERS.map((name) => join(folder, name)).join(":");
  return {
    program: join(folder, "usr/bin", PROGRAM),
    words: ["-L", join(folder, "usr/share/seabios"), "-L", join(folder, "usr/share/qemu")],
    environment: { LD_LIBRARY_PATH: libraries, QEMU_MODULE_DIR: join(folder, LIBRARY_FOLDERS[0], "qemu") },
  };
}

/** Libraries, firmware and modules (the emulation itself is one); not libc, which is the machine's. */
function isNeeded(name: string): boolean {
  if (name === "libc6") return false;
  return /^(lib|zlib1g$|seabios$|qemu-system-(common|data)$)/.test(name);
}
