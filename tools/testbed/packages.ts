// Debian packages without root: finds which ones a program needs, downloads them and unpacks them into a folder. Nothing
// is installed and the machine's own lists and packages are left as they are.

import { execFile } from "node:child_process";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
const APT_TIMEOUT_MILLISECONDS = 300_000;

/** Packages could not be had; the message names them, the reason and a way out. */
export class PackageError extends Error {}

/**
 * Downloads `names` with the libraries that they need and unpacks them all into `folder`, which it makes. `lists` is a
 * folder for lists of packages, used only where apt has none. `isLibrary` says which dependencies are taken along.
 */
export async function unpackPackages(
  names: readonly string[],
  folder: string,
  lists: string,
  isLibrary: (name: string) => boolean,
): Promise<void> {
  const archives = `${folder}.archives`;
  await mkdir(folder, { recursive: true });
  await mkdir(archives, { recursive: true });
  try {
    await download(names, archives, lists, isLibrary);
    for (const archive of await readdir(archives)) {
      await execute("dpkg-deb", ["-x", join(archives, archive), folder], { timeout: APT_TIMEOUT_MILLISECONDS });
    }
  } catch (error) {
    throw new PackageError(`${names.join(", ")}: ${reasonOf(error)}; they are Debian packages for amd64`);
  } finally {
    await rm(archives, { recursive: true, force: true });
  }
}

/** With apt's own lists, and where these are missing or too old with fresh ones. */
async function download(
  names: readonly string[],
  archives: string,
  lists: string,
  isLibrary: (name: string) => boolean,
): Promise<void> {
  const attempt = async (options: readonly string[]) => {
    const all = await closure(names, options, isLibrary);
    await apt("apt-get", [...options, "download", "-q", ...all], archives);
  };
  try {
    await attempt([]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw error;
    await mkdir(join(lists, "partial"), { recursive: true });
    const options = [
      "-o",
      `Dir::State::Lists=${lists}`,
      "-o",
      "Dir::Cache::srcpkgcache=",
      "-o",
      "Dir::Cache::pkgcache=",
    ];
    await apt("apt-get", [...options, "update", "-q"], archives);
    await attempt(options);
  }
}

/** The packages and all they depend on, as far as `isLibrary` says, in the order in which they are found. */
async function closure(
  names: readonly string[],
  options: readonly string[],
  isLibrary: (name: string) => boolean,
): Promise<string[]> {
  const found = new Set(names);
  let level = [...names];
  while (level.length > 0) {
    const kinds = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map(
      (kind) => `--no-${kind}`,
    );
    const answer = await apt("apt-cache", [...options, "depends", ...kinds, ...level]);
    const next = new Set<string>();
    for (const [, name] of answer.matchAll(/^ *\|?(?:Pre)?Depends: ([^<\s]+)$/gm)) {
      if (!found.has(name) && isLibrary(name)) next.add(name);
    }
    for (const name of next) found.add(name);
    level = [...next];
  }
  return [...found];
}

async function apt(command: string, words: readonly string[], cwd?: string): Promise<string> {
  const { stdout } = await execute(command, words, {
    cwd,
    timeout: APT_TIMEOUT_MILLISECONDS,
    maxBuffer: 64 << 20,
    env: { ...process.env, LC_ALL: "C" },
  });
  return stdout;
}

/** The first line in which apt says what is wrong. */
function reasonOf(error: unknown): string {
  const { code, stderr, path, message } = error as NodeJS.ErrnoException & { stderr?: string };
  if (code === "ENOENT") return `${path ?? "apt"} is missing`;
  const line = stderr?.split("\n").find((text) => text.startsWith("E: ")) ?? message.split("\n")[0];
  return line.replace(/^E: /, "");
}
