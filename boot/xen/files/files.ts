// Files in memory, with the functions of vm/host.ts for them and Linux's errors (open(2), pread(2), unlink(2), rename(2)).
// A directory cannot be opened as a file, not even for reading.

import { Address } from "../../../vm/memory/oop";
import { readContent, resizeContent, writeContent } from "./contents";
import {
  EACCES,
  EBADF,
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  EMFILE,
  ENAMETOOLONG,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENOTEMPTY,
} from "./errors";
import { addEntry, dropNode, removeEntry } from "./folders";
import { closeHandle, fileOf, HANDLE_APPENDS, HANDLE_WRITES, handleHas, hasHandle, openHandle } from "./handles";
import {
  ACCESSED,
  FILE_MODE,
  folderOf,
  isFolder,
  newFile,
  permits,
  READ,
  sizeOf,
  touch,
  touchContent,
  WRITE,
} from "./nodes";
import { Place } from "./pageStore";
import { findPath, findPlace, folder, hasSlash, isTooLong, last, LAST_NAME, name, nameBytes, node } from "./paths";

const OPEN_WRITE: u32 = 1;
const OPEN_CREATE: u32 = 2;
const OPEN_TRUNCATE: u32 = 4;
const OPEN_EXCLUSIVE: u32 = 8;
const OPEN_APPEND: u32 = 16;
/** Beyond this no f64 is a place in a file. */
const MOST_OFFSET: f64 = 9e15;

export function openFile(path: Address, bytes: u32, flags: u32): i32 {
  const error = findPath(path, bytes);
  if (error < 0) return error;
  const refusal = node == 0 ? refusalToMake(flags) : refusalToOpen(flags);
  if (refusal < 0) return refusal;
  if (!hasHandle()) return EMFILE;
  const file = node != 0 ? node : makeFile();
  if (file == 0) return ENOSPC;
  if ((flags & OPEN_TRUNCATE) != 0 && sizeOf(file) > 0) resizeFile(file, 0);
  const writes = (flags & OPEN_WRITE) != 0 ? HANDLE_WRITES : 0;
  return openHandle(file, writes | ((flags & OPEN_APPEND) != 0 ? HANDLE_APPENDS : 0));
}

function refusalToMake(flags: u32): i32 {
  if ((flags & OPEN_CREATE) == 0) return ENOENT;
  if (hasSlash) return EISDIR;
  return permits(folder, WRITE) ? 0 : EACCES;
}

function refusalToOpen(flags: u32): i32 {
  const creates = (flags & OPEN_CREATE) != 0;
  if (creates && hasSlash && last == LAST_NAME) return EISDIR;
  if (creates && (flags & OPEN_EXCLUSIVE) != 0) return EEXIST;
  if (isFolder(node)) return EISDIR;
  if (hasSlash) return ENOTDIR;
  const changes = (flags & (OPEN_WRITE | OPEN_TRUNCATE)) != 0;
  return permits(node, changes ? READ | WRITE : READ) ? 0 : EACCES;
}

function makeFile(): Place {
  const file = newFile(FILE_MODE);
  if (file != 0) addEntry(folder, file, name, nameBytes);
  return file;
}

function resizeFile(file: Place, size: u64): i32 {
  const error = resizeContent(file, size);
  if (error == 0) touchContent(file);
  return error;
}

export function closeFile(handle: i32): i32 {
  return closeHandle(handle, 0) ? 0 : EBADF;
}

export function readFile(handle: i32, offset: f64, address: Address, bytes: u32): i32 {
  const file = fileOf(handle);
  if (file == 0) return EBADF;
  if (!isOffset(offset)) return EINVAL;
  touch(file, ACCESSED);
  return readContent(file, <u64>offset, address, bytes);
}

export function writeFile(handle: i32, offset: f64, address: Address, bytes: u32): i32 {
  if (!handleHas(handle, HANDLE_WRITES)) return EBADF;
  if (!isOffset(offset)) return EINVAL;
  const file = fileOf(handle);
  const count = writeContent(file, handleHas(handle, HANDLE_APPENDS) ? sizeOf(file) : <u64>offset, address, bytes);
  if (count > 0) touchContent(file);
  return count;
}

/** Bytes of a file by its handle, or an error. */
export function fileBytes(handle: i32): f64 {
  const file = fileOf(handle);
  return file == 0 ? EBADF : <f64>sizeOf(file);
}

export function truncateFile(handle: i32, size: f64): i32 {
  const file = fileOf(handle);
  if (file == 0) return EBADF;
  if (!handleHas(handle, HANDLE_WRITES) || !isOffset(size)) return EINVAL;
  return resizeFile(file, <u64>size);
}

/** Whether a number can be a place in a file; a NaN cannot. */
function isOffset(offset: f64): bool {
  return offset >= 0 && offset <= MOST_OFFSET;
}

export function deleteFile(path: Address, bytes: u32): i32 {
  const error = findPath(path, bytes);
  if (error < 0) return error;
  if (last != LAST_NAME) return EISDIR;
  if (node == 0) return ENOENT;
  if (hasSlash) return isFolder(node) ? EISDIR : ENOTDIR;
  if (!permits(folder, WRITE)) return EACCES;
  if (isFolder(node)) return EISDIR;
  removeEntry(node);
  dropNode(node);
  return 0;
}

/** Takes the place of what has the new name, as one step; needs no memory. */
export function renameNode(from: Address, fromBytes: u32, to: Address, toBytes: u32): i32 {
  let error = findPlace(from, fromBytes);
  if (error < 0) return error;
  const source = node;
  const sourceFolder = folder;
  const sourceIsNamed = last == LAST_NAME;
  const sourceHasSlash = hasSlash;
  const sourceIsTooLong = isTooLong();
  error = findPlace(to, toBytes);
  if (error < 0) return error;
  if (!sourceIsNamed || last != LAST_NAME) return EBUSY;
  if (sourceIsTooLong) return ENAMETOOLONG;
  if (source == 0) return ENOENT;
  if (isTooLong()) return ENAMETOOLONG;
  if (!isFolder(source) && (sourceHasSlash || hasSlash)) return ENOTDIR;
  if (isWithin(folder, source)) return EINVAL;
  if (node != 0 && isWithin(sourceFolder, node)) return ENOTEMPTY;
  if (node == source) return 0;
  if (!permits(sourceFolder, WRITE) || !permits(folder, WRITE)) return EACCES;
  if (node != 0) {
    if (isFolder(source) && !isFolder(node)) return ENOTDIR;
    if (!isFolder(source) && isFolder(node)) return EISDIR;
    if (isFolder(node) && sizeOf(node) > 0) return ENOTEMPTY;
  }
  removeEntry(source);
  putInPlace(source);
  return 0;
}

/** Gives a node that has no name the one that was found last, in place of what has it now. */
export function putInPlace(successor: Place): void {
  const before = node;
  if (before != 0) removeEntry(before);
  addEntry(folder, successor, name, nameBytes);
  if (before != 0) dropNode(before);
}

/** Whether a directory is another node or below it. */
function isWithin(inner: Place, outer: Place): bool {
  for (let at = inner; at != 0; at = folderOf(at)) if (at == outer) return true;
  return false;
}
