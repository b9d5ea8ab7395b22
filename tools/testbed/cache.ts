// Folders that cost seconds to make and are kept between runs: in $XDG_CACHE_HOME/stvm or ~/.cache/stvm, named by a
// digest of what they were made from. A folder appears whole or not at all, also where several programs make it at once.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** What lies about unfinished for so long was left by a program that was killed. */
const ABANDONED_MILLISECONDS = 3_600_000;

export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "stvm");
}

/**
 * Answers the folder `NAME-DIGEST` of the cache, made by `make` in a folder that it is handed where it is not there.
 * Older folders of that name are removed when a new one is made.
 */
export async function cachedFolder(
  name: string,
  inputs: readonly (string | Uint8Array)[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const digest = createHash("sha256");
  for (const input of inputs) digest.update(createHash("sha256").update(input).digest());
  const cache = cacheFolder();
  const finished = join(cache, `${name}-${digest.digest("hex").slice(0, 16)}`);
  if (existsSync(finished)) return finished;

  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, `draft-${name}-`));
  try {
    await make(draft);
    await rename(draft, finished).catch((error) => {
      // Another program was faster.
      if (!existsSync(finished)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  await removeOld(cache, name, finished);
  return finished;
}

async function removeOld(cache: string, name: string, finished: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    const path = join(cache, entry);
    const isOlder = entry.startsWith(`${name}-`) && path !== finished;
    const isDraft = entry.startsWith(`draft-${name}-`);
    if (!isOlder && !isDraft) continue;
    // A program may be running from it: only what was made long ago goes.
    const made = await stat(path).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > ABANDONED_MILLISECONDS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
