// From a path to what is there (path_resolution(7)). A relative path starts at the root, as an absolute one does; there are
// no symbolic links. The answer is in variables, good until the next path is looked at.

import { Address } from "../../../vm/memory/oop";
import { EACCES, ENAMETOOLONG, ENOENT, ENOTDIR } from "./errors";
import { entryNamed } from "./folders";
import { EXECUTE, folderOf, isFolder, MOST_NAME_BYTES, permits, rootFolder } from "./nodes";
import { Place } from "./pageStore";

/** A path has fewer bytes than this (PATH_MAX counts a final zero). */
export const PATH_BYTES: u32 = 4096;
const SLASH: u32 = 0x2f;
const DOT: u32 = 0x2e;

// What the last part of a path is.
export const LAST_ROOT: i32 = 0;
export const LAST_NAME: i32 = 1;
export const LAST_DOT: i32 = 2;
export const LAST_DOT_DOT: i32 = 3;

/** What the path leads to, 0 where nothing is there; and the directory that its last name is looked for in. */
export let node: Place = 0;
export let folder: Place = 0;
export let last: i32 = LAST_ROOT;
/** The last name. */
export let name: Address = 0;
export let nameBytes: u32 = 0;
/** Whether there is a slash behind, so that only a directory can be meant. */
export let hasSlash: bool = false;

/** Follows a path up to its last name, which need not be there. 0, or an error. */
export function findPath(path: Address, bytes: u32): i32 {
  const error = findPlace(path, bytes);
  return error == 0 && isTooLong() ? ENAMETOOLONG : error;
}

/** Whether the last name is more than one can be. */
export function isTooLong(): bool {
  return last == LAST_NAME && nameBytes > MOST_NAME_BYTES;
}

/** The same, though the last name may be too long. */
export function findPlace(path: Address, bytes: u32): i32 {
  if (bytes == 0) return ENOENT;
  if (bytes >= PATH_BYTES) return ENAMETOOLONG;
  for (let i: u32 = 0; i < bytes; i++) if (load<u8>(path + i) == 0) return ENOENT;
  node = rootFolder();
  folder = 0;
  last = LAST_ROOT;
  hasSlash = false;
  for (let at: u32 = 0; at < bytes;) {
    if (load<u8>(path + at) == SLASH) {
      hasSlash = last != LAST_ROOT;
      at++;
      continue;
    }
    const start = at;
    while (at < bytes && load<u8>(path + at) != SLASH) at++;
    const error = step(path + start, at - start);
    if (error < 0) return error;
    hasSlash = false;
  }
  return 0;
}

/** Follows a path to what must be there. 0, or an error. */
export function findNode(path: Address, bytes: u32): i32 {
  const error = findPath(path, bytes);
  if (error < 0) return error;
  if (node == 0) return ENOENT;
  return hasSlash && !isFolder(node) ? ENOTDIR : 0;
}

/** One part further. */
function step(part: Address, bytes: u32): i32 {
  if (node == 0) return isTooLong() ? ENAMETOOLONG : ENOENT;
  if (!isFolder(node)) return ENOTDIR;
  if (!permits(node, EXECUTE)) return EACCES;
  folder = node;
  name = part;
  nameBytes = bytes;
  if (bytes == 1 && load<u8>(part) == DOT) last = LAST_DOT;
  else if (bytes == 2 && load<u8>(part) == DOT && load<u8>(part, 1) == DOT) {
    last = LAST_DOT_DOT;
    if (folderOf(node) != 0) node = folderOf(node);
  } else {
    last = LAST_NAME;
    node = entryNamed(node, part, bytes);
  }
  return 0;
}
