// Directories in memory and what is told of paths, with the functions of vm/host.ts for them and Linux's errors (mkdir(2),
// rmdir(2), stat(2), access(2)). There is one user, 0, whom permissions bind.

import { Address } from "../../../vm/memory/oop";
import { EACCES, EBADF, EBUSY, EEXIST, EINVAL, EMFILE, ENOENT, ENOSPC, ENOTDIR, ENOTEMPTY, EPERM } from "./errors";
import { addEntry, dropNode, removeEntry } from "./folders";
import { closeHandle, HANDLE_LISTS, hasHandle, isListing, nextEntry, openHandle, rewindListing } from "./handles";
import {
  ACCESSED,
  CHANGED,
  CREATED,
  groupOf,
  isFolder,
  MODIFIED,
  modeOf,
  nameBytesOf,
  nameOf,
  newFolder,
  permits,
  READ,
  setPermissions,
  sizeOf,
  timeOf,
  touch,
  userOf,
  WRITE,
} from "./nodes";
import { copyOut, PAGE_SHIFT, Place } from "./pageStore";
import { findNode, findPath, folder, last, LAST_DOT, LAST_NAME, LAST_ROOT, name, nameBytes, node } from "./paths";

const DEVICE: f64 = 1;
const LINKS: f64 = 1;
const MICROSECONDS: f64 = 1e6;

export function makeDirectory(path: Address, bytes: u32): i32 {
  const error = findPath(path, bytes);
  if (error < 0) return error;
  if (node != 0) return EEXIST;
  if (!permits(folder, WRITE)) return EACCES;
  const made = newFolder();
  if (made == 0) return ENOSPC;
  addEntry(folder, made, name, nameBytes);
  return 0;
}

export function deleteDirectory(path: Address, bytes: u32): i32 {
  const error = findPath(path, bytes);
  if (error < 0) return error;
  if (last != LAST_NAME) return last == LAST_ROOT ? EBUSY : last == LAST_DOT ? EINVAL : ENOTEMPTY;
  if (node == 0) return ENOENT;
  if (!permits(folder, WRITE)) return EACCES;
  if (!isFolder(node)) return ENOTDIR;
  if (sizeOf(node) > 0) return ENOTEMPTY;
  removeEntry(node);
  dropNode(node);
  return 0;
}

export function openDirectory(path: Address, bytes: u32): i32 {
  const error = findNode(path, bytes);
  if (error < 0) return error;
  if (!isFolder(node)) return ENOTDIR;
  if (!permits(node, READ)) return EACCES;
  return hasHandle() ? openHandle(node, HANDLE_LISTS) : EMFILE;
}

/** The next entry's name, as much as there is room for; answers its length, 0 at the end, or an error. */
export function nextName(handle: i32, address: Address, room: u32): i32 {
  if (!isListing(handle)) return EBADF;
  const entry = nextEntry(handle);
  if (entry == 0) return 0;
  const bytes = nameBytesOf(entry);
  copyOut(nameOf(entry), address, min(bytes, room));
  return <i32>bytes;
}

export function rewindDirectory(handle: i32): i32 {
  if (!isListing(handle)) return EBADF;
  rewindListing(handle);
  return 0;
}

export function closeDirectory(handle: i32): i32 {
  return closeHandle(handle, HANDLE_LISTS) ? 0 : EBADF;
}

/** The values in the order of vm/host.ts. A directory has no size of its own. */
export function statPath(path: Address, bytes: u32, values: Address): i32 {
  const error = findNode(path, bytes);
  if (error < 0) return error;
  store<f64>(values, <f64>modeOf(node));
  store<f64>(values, <f64>(node >> PAGE_SHIFT), 8);
  store<f64>(values, DEVICE, 16);
  store<f64>(values, LINKS, 24);
  store<f64>(values, <f64>userOf(node), 32);
  store<f64>(values, <f64>groupOf(node), 40);
  store<f64>(values, isFolder(node) ? 0 : <f64>sizeOf(node), 48);
  store<f64>(values, secondsOf(node, ACCESSED), 56);
  store<f64>(values, secondsOf(node, MODIFIED), 64);
  store<f64>(values, secondsOf(node, CHANGED), 72);
  store<f64>(values, secondsOf(node, CREATED), 80);
  return 0;
}

function secondsOf(node: Place, field: u32): f64 {
  return <f64>timeOf(node, field) / MICROSECONDS;
}

export function accessPath(path: Address, bytes: u32, mode: i32): i32 {
  const error = findNode(path, bytes);
  if (error < 0) return error;
  return permits(node, mode) ? 0 : EACCES;
}

/** There are no symbolic links. */
export function readLink(path: Address, bytes: u32): i32 {
  const error = findNode(path, bytes);
  return error < 0 ? error : EINVAL;
}

export function changeMode(path: Address, bytes: u32, mode: i32): i32 {
  const error = findNode(path, bytes);
  if (error < 0) return error;
  setPermissions(node, mode);
  touch(node, CHANGED);
  return 0;
}

/** Nobody may give a file away; -1 leaves a user or group as it is. */
export function changeOwner(path: Address, bytes: u32, user: i32, group: i32): i32 {
  const error = findNode(path, bytes);
  if (error < 0) return error;
  if (user != -1 && user != <i32>userOf(node)) return EPERM;
  return group == -1 || group == <i32>groupOf(node) ? 0 : EPERM;
}
