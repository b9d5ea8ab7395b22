// Files of the platform contract in the kernel: the console's streams, the stream of requests to shut down, and files in
// memory (files/). There is no disk: what was written is gone with the domain. A block device and files on it come in here,
// behind these names.

import { Address } from "../../vm/memory/oop";
import { hasReady, takeEnd, takeReady } from "./console/lineInput";
import {
  accessPath,
  changeMode,
  changeOwner,
  closeDirectory,
  deleteDirectory,
  makeDirectory,
  nextName,
  openDirectory,
  readLink,
  rewindDirectory,
  statPath,
} from "./files/directories";
import { EBADF, EINVAL } from "./files/errors";
import {
  closeFile,
  deleteFile,
  fileBytes,
  openFile,
  readFile,
  renameNode,
  truncateFile,
  writeFile,
} from "./files/files";
import { fileOf } from "./files/handles";
import { beginSnapshot, endSnapshot, setImagePath, writeSnapshot } from "./files/snapshots";
import { writeText } from "./output";
import { closeRequests, openRequests, readRequest, watchRequests } from "./shutdown";
import { isName } from "./store/storeErrors";
import { signalSemaphore } from "../vm";

const EAGAIN: i32 = -11;
const EROFS: i32 = -30;

const INPUT: i32 = 0;
const OUTPUT: i32 = 1;
const ERROR_OUTPUT: i32 = 2;
/** What SHUTDOWN_PATH opens; files have handles behind it. */
const REQUESTS: i32 = 3;
const SHUTDOWN_PATH = "/dev/shutdown";

const KIND_TERMINAL: i32 = 1;
const KIND_PIPE: i32 = 2;
const KIND_FILE: i32 = 3;
/** Flags of fileOpen that ask for more than reading. */
const OPEN_CHANGES: u32 = 1 | 2 | 4;

/** An external semaphore to signal when there is input; 0 for none. */
let inputSemaphore: u32 = 0;

/** Signals who waits for input. To be called when some may have come. */
export function tellInput(): void {
  if (inputSemaphore == 0 || !hasReady()) return;
  signalSemaphore(inputSemaphore);
  inputSemaphore = 0;
}

/** The image is in memory already. */
export function imageRead(offset: f64, address: Address, bytes: u32): i32 {
  return EROFS;
}

export function snapshotBegin(name: Address, bytes: u32): i32 {
  return beginSnapshot(name, bytes);
}

export function snapshotWrite(address: Address, bytes: u32): i32 {
  return writeSnapshot(address, bytes);
}

export function snapshotEnd(keep: i32): i32 {
  return endSnapshot(keep != 0);
}

export function setImageName(name: Address, bytes: u32): i32 {
  return setImagePath(name, bytes);
}

export function fileOpen(path: Address, bytes: u32, flags: u32): i32 {
  if (!isName(path, bytes, SHUTDOWN_PATH)) return openFile(path, bytes, flags);
  if ((flags & OPEN_CHANGES) != 0) return EROFS;
  openRequests();
  return REQUESTS;
}

export function fileClose(handle: i32): i32 {
  if (handle == REQUESTS) closeRequests();
  return isStream(handle) ? 0 : closeFile(handle);
}

export function fileRead(handle: i32, offset: f64, address: Address, bytes: u32): i32 {
  if (handle == REQUESTS) return readRequest(address, bytes);
  if (handle != INPUT) return readFile(handle, offset, address, bytes);
  if (bytes == 0) return 0;
  const count = takeReady(address, bytes);
  if (count > 0) return <i32>count;
  return takeEnd() ? 0 : EAGAIN;
}

export function fileWrite(handle: i32, offset: f64, address: Address, bytes: u32): i32 {
  const isOutput = handle == OUTPUT || handle == ERROR_OUTPUT;
  return isOutput ? writeText(address, bytes) : writeFile(handle, offset, address, bytes);
}

export function fileSize(handle: i32): f64 {
  return isStream(handle) ? 0 : fileBytes(handle);
}

export function fileTruncate(handle: i32, size: f64): i32 {
  return isStream(handle) ? EINVAL : truncateFile(handle, size);
}

export function fileFlush(handle: i32, toDevice: i32): i32 {
  return isStream(handle) || fileOf(handle) != 0 ? 0 : EBADF;
}

export function fileWatch(handle: i32, semaphore: u32): i32 {
  if (handle == REQUESTS) watchRequests(semaphore);
  else if (handle == INPUT) {
    inputSemaphore = semaphore;
    tellInput();
  } else if (fileOf(handle) != 0) signalSemaphore(semaphore);
  else return EBADF;
  return 0;
}

export function fileKind(handle: i32): i32 {
  if (handle == REQUESTS) return KIND_PIPE;
  if (isStream(handle)) return KIND_TERMINAL;
  return fileOf(handle) != 0 ? KIND_FILE : EBADF;
}

export function fileDelete(path: Address, bytes: u32): i32 {
  return deleteFile(path, bytes);
}

export function fileRename(from: Address, fromBytes: u32, to: Address, toBytes: u32): i32 {
  return renameNode(from, fromBytes, to, toBytes);
}

export function directoryCreate(path: Address, bytes: u32): i32 {
  return makeDirectory(path, bytes);
}

export function directoryDelete(path: Address, bytes: u32): i32 {
  return deleteDirectory(path, bytes);
}

export function directoryOpen(path: Address, bytes: u32): i32 {
  return openDirectory(path, bytes);
}

export function directoryNext(handle: i32, address: Address, bytes: u32): i32 {
  return nextName(handle, address, bytes);
}

export function directoryRewind(handle: i32): i32 {
  return rewindDirectory(handle);
}

export function directoryClose(handle: i32): i32 {
  return closeDirectory(handle);
}

export function pathStat(path: Address, bytes: u32, follow: i32, values: Address): i32 {
  return statPath(path, bytes, values);
}

export function pathAccess(path: Address, bytes: u32, mode: i32): i32 {
  return accessPath(path, bytes, mode);
}

export function pathReadLink(path: Address, bytes: u32, address: Address, room: u32): i32 {
  return readLink(path, bytes);
}

export function pathChangeMode(path: Address, bytes: u32, mode: i32): i32 {
  return changeMode(path, bytes, mode);
}

export function pathChangeOwner(path: Address, bytes: u32, uid: i32, gid: i32, follow: i32): i32 {
  return changeOwner(path, bytes, uid, gid);
}

function isStream(handle: i32): bool {
  return handle >= INPUT && handle <= REQUESTS;
}
