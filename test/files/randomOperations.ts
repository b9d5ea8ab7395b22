// Random operations on a file system and on a folder of this machine's, which is Linux: every answer must be the same,
// errors by their number, and so must what is there in the end.

import { expect } from "@jest/globals";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OPEN_APPEND, OPEN_CREATE, OPEN_EXCLUSIVE, OPEN_TRUNCATE, OPEN_WRITE } from "../../vm/embed/drivers.js";
import { type PathStat } from "../../vm/embed/drivers.js";
import { type FileDrivers, list } from "./fileContract.js";

const OPERATIONS = 3000;
/** Deep enough that no path gets out of it, which has two ".." at most. */
const BASE = "/base/folder";
const NAMES = ["a", "b", "c", "d", ".", "..", "n".repeat(255), "n".repeat(256)];
/** Whatever user this runs as, these permit the owner the same as they permit root. */
const MODES = [0o755, 0o700];

/** An open file, here and there. */
interface Pair {
  readonly handle: number;
  readonly descriptor: number;
}

export function compareWithLinux(files: FileDrivers, seed: number): void {
  const root = fs.mkdtempSync(join(tmpdir(), "stvm-files-"));
  const pairs: Pair[] = [];
  try {
    for (const folder of ["/base", BASE]) {
      files.directoryCreate(folder);
      fs.mkdirSync(root + folder);
    }
    const random = generator(seed);
    for (let i = 0; i < OPERATIONS; i++) {
      const [description, here, there] = operate(files, root, pairs, random);
      expect([i, description, here]).toEqual([i, description, there]);
    }
    for (const { handle, descriptor } of pairs) {
      files.fileClose(handle);
      fs.closeSync(descriptor);
    }
    expect(treeHere(files, "/base")).toEqual(treeThere(`${root}/base`));
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

type Random = (below: number) => number;

/** Does something at random on both sides; answers what it was, and both answers. */
function operate(files: FileDrivers, root: string, pairs: Pair[], random: Random): [string, unknown, unknown] {
  const path = randomPath(random);
  const real = root + path;
  const pair = pairs.length > 0 ? pairs[random(pairs.length)]! : undefined;
  const number = random(20);
  switch (number) {
    case 0:
      return [`mkdir ${path}`, files.directoryCreate(path), guarded(() => fs.mkdirSync(real, 0o755))];
    case 1:
      return [`rmdir ${path}`, files.directoryDelete(path), guarded(() => fs.rmdirSync(real))];
    case 2:
    case 3:
      return [`unlink ${path}`, files.fileDelete(path), guarded(() => fs.unlinkSync(real))];
    case 4:
    case 5:
    case 6: {
      const target = randomPath(random);
      const there = guarded(() => fs.renameSync(real, root + target));
      return [`rename ${path} to ${target}`, files.fileRename(path, target), there];
    }
    case 7: {
      const mode = random(8);
      const there = guarded(() => fs.accessSync(real, mode));
      return [`access ${path} ${mode}`, files.pathAccess(path, mode), there];
    }
    case 8: {
      const stat = files.pathStat(path, true);
      const there = guarded(() => statThere(real));
      return [`stat ${path}`, typeof stat === "number" ? stat : statHere(stat), there];
    }
    case 9: {
      const mode = MODES[random(MODES.length)]!;
      const there = guarded(() => fs.chmodSync(real, mode));
      return [`chmod ${path} ${mode}`, files.pathChangeMode(path, mode), there];
    }
    case 10: {
      const handle = files.directoryOpen(path);
      if (handle >= 0) files.directoryClose(handle);
      const there = guarded(() => fs.readdirSync(real).sort());
      return [`list ${path}`, handle < 0 ? handle : list(files, path).sort(), there];
    }
    case 11:
    case 12:
    case 13:
      return open(files, path, real, random(32), pairs);
    case 14: {
      if (pair === undefined || pairs.length < 4) return ["nothing", 0, 0];
      pairs.splice(pairs.indexOf(pair), 1);
      return ["close", files.fileClose(pair.handle), guarded(() => fs.closeSync(pair.descriptor))];
    }
    default:
      return pair === undefined ? ["nothing", 0, 0] : transfer(files, pair, number, random);
  }
}

function open(
  files: FileDrivers,
  path: string,
  real: string,
  flags: number,
  pairs: Pair[],
): [string, unknown, unknown] {
  const description = `open ${path} ${flags}`;
  // Exclusive without creating means nothing on Linux, cutting what is opened to read depends on the file system.
  if ((flags & OPEN_WRITE) === 0) flags &= ~OPEN_TRUNCATE;
  const handle = files.fileOpen(path, flags);
  let descriptor = -1;
  const there = guarded(() => {
    descriptor = fs.openSync(real, flagsThere(flags), 0o644);
    // Linux lets a directory be opened to read.
    return fs.fstatSync(descriptor).isDirectory() ? -21 : 0;
  });
  if (handle >= 0 && there === 0) pairs.push({ handle, descriptor });
  else if (descriptor >= 0) fs.closeSync(descriptor);
  return [description, Math.min(handle, 0), there];
}

/** Reading, writing, sizes. */
function transfer(files: FileDrivers, pair: Pair, number: number, random: Random): [string, unknown, unknown] {
  const { handle, descriptor } = pair;
  const size = fs.fstatSync(descriptor).size;
  // Now and then beyond what the first level of a file's pages holds.
  const offset = random(40) === 0 ? 4_000_000 + random(8_000_000) : random(size + 3000);
  const count = random(4) === 0 ? random(20_000) : random(200);
  switch (number) {
    case 15:
      return ["size", files.fileSize(handle), size];
    case 16:
      return [
        `truncate to ${offset}`,
        files.fileTruncate(handle, offset),
        guarded(() => fs.ftruncateSync(descriptor, offset)),
      ];
    case 17: {
      const [here, there] = [Buffer.alloc(count), Buffer.alloc(count)];
      const answers = [files.fileRead(handle, offset, here), fs.readSync(descriptor, there, 0, count, offset)];
      return [`read ${count} at ${offset}`, [answers[0], digest(here)], [answers[1], digest(there)]];
    }
    default: {
      const bytes = Buffer.alloc(count, String.fromCharCode(97 + random(26)));
      const there = guarded(() => fs.writeSync(descriptor, bytes, 0, count, offset));
      return [`write ${count} at ${offset}`, files.fileWrite(handle, offset, bytes), there];
    }
  }
}

function digest(bytes: Buffer): string {
  return bytes.toString("latin1");
}

function randomPath(random: Random): string {
  let path = BASE;
  let parents = 0;
  const parts = 1 + random(4);
  for (let i = 0; i < parts; i++) {
    let name = NAMES[random(random(4) === 0 ? NAMES.length : 4)]!;
    if (name === ".." && ++parents > 2) name = "a";
    path += random(12) === 0 ? `//${name}` : `/${name}`;
  }
  return random(10) === 0 ? `${path}/` : path;
}

function flagsThere(flags: number): number {
  return (
    ((flags & OPEN_WRITE) !== 0 ? fs.constants.O_RDWR : fs.constants.O_RDONLY) |
    ((flags & OPEN_CREATE) !== 0 ? fs.constants.O_CREAT : 0) |
    ((flags & OPEN_TRUNCATE) !== 0 ? fs.constants.O_TRUNC : 0) |
    ((flags & OPEN_EXCLUSIVE) !== 0 ? fs.constants.O_EXCL : 0) |
    ((flags & OPEN_APPEND) !== 0 ? fs.constants.O_APPEND : 0)
  );
}

/** The answer, 0 for none; minus the number of the error. */
function guarded<Answer>(action: () => Answer | void): Answer | number {
  try {
    return action() ?? 0;
  } catch (error) {
    const { errno } = error as { errno?: number };
    if (errno === undefined) throw error;
    return errno;
  }
}

function statHere({ mode, size }: PathStat): unknown {
  return { mode, size };
}

function statThere(path: string): unknown {
  const stat = fs.statSync(path);
  return { mode: stat.mode, size: stat.isDirectory() ? 0 : stat.size };
}

/** What is in a folder, and below: names, and the contents of files. */
type Tree = { [name: string]: Tree | string };

function treeHere(files: FileDrivers, path: string): Tree {
  const tree: Tree = {};
  for (const name of list(files, path).sort()) {
    const below = `${path}/${name}`;
    const { mode, size } = files.pathStat(below, true) as PathStat;
    if ((mode & 0o40000) !== 0) tree[name] = treeHere(files, below);
    else {
      const bytes = Buffer.alloc(size);
      const handle = files.fileOpen(below, 0);
      for (let at = 0; at < size;) at += files.fileRead(handle, at, bytes.subarray(at, at + 100_000));
      files.fileClose(handle);
      tree[name] = digest(bytes);
    }
  }
  return tree;
}

function treeThere(path: string): Tree {
  const tree: Tree = {};
  for (const name of fs.readdirSync(path).sort()) {
    const below = `${path}/${name}`;
    tree[name] = fs.statSync(below).isDirectory() ? treeThere(below) : digest(fs.readFileSync(below));
  }
  return tree;
}

/** Numbers from 0 on, below what is asked for (mulberry32). */
function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) % below;
  };
}
