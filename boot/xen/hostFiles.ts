// Files of the platform contract in the kernel: the console streams, and the stream of shutdown requests. There is no
// disk: a path answers that it does not exist, and writing one that the file system is read-only. A block device and
// files on it come in here, behind these names.

import { Address } from "../../vm/memory/oop";
import { hasReady, takeEnd, takeReady } from "./console/lineInput";
import { writeText } from "./output";
import { closeRequests, openRequests, readRequest, watchRequests } from "./shutdown";
import { isName } from "./store/storeErrors";
import { signalSemaphore } from "../vm";

const ENOENT: i32 = -2;
const EBADF: i32 = -9;
const EAGAIN: i32 = -11;
const EINVAL: i32 = -22;
const EROFS: i32 = -30;

const INPUT: i32 = 0;
const OUTPUT: i32 = 1;
const ERROR_OUTPUT: i32 = 2;
/** What SHUTDOWN_PATH opens. */
const REQUESTS: i32 = 3;
const SHUTDOWN_PATH = "/dev/shutdown";

const KIND_TERMINAL: i32 = 1;
const KIND_PIPE: i32 = 2;
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

export function imageRead(offset: f64, address: Address, bytes: u32): i32 {
  return EROFS;
}

export function snapshotBegin(name: Address, bytes: u32): i32 {
  return EROFS;
}

export function snapshotWrite(address: Address, bytes: u32): i32 {
  return EBADF;
}

export function snapshotEnd(keep: i32): i32 {
  return EBADF;
}

export function setImageName(name: Address, bytes: u32): i32 {
  return EROFS;
}

export function fileOpen(path: Address, bytes: u32, flags: u32): i32 {
  if ((flags & OPEN_CHANGES) != 0) return EROFS;
  if (!isName(path, bytes, SHUTDOWN_PATH)) return ENOENT;
  openRequests();
  return REQUESTS;
}

export function fileClose(handle: i32): i32 {
  if (handle == REQUESTS) closeRequests();
  return isHandle(handle) ? 0 : EBADF;
}

export function fileRead(handle: i32, offset: f64, address: Address, bytes: u32): i32 {
  if (handle == REQUESTS) return readRequest(address, bytes);
  if (handle != INPUT) return EBADF;
  if (bytes == 0) return 0;
  const count = takeReady(address, bytes);
  if (count > 0) return <i32>count;
  return takeEnd() ? 0 : EAGAIN;
}

export function fileWrite(handle: i32, offset: f64, address: Address, bytes: u32): i32 {
  return handle == OUTPUT || handle == ERROR_OUTPUT ? writeText(address, bytes) : EBADF;
}

export function fileSize(handle: i32): f64 {
  return isHandle(handle) ? 0 : EBADF;
}

export function fileTruncate(handle: i32, size: f64): i32 {
  return isHandle(handle) ? EINVAL : EBADF;
}

export function fileFlush(handle: i32, toDevice: i32): i32 {
  return isHandle(handle) ? 0 : EBADF;
}

export function fileWatch(handle: i32, semaphore: u32): i32 {
  if (handle == REQUESTS) watchRequests(semaphore);
  else if (handle == INPUT) {
    inputSemaphore = semaphore;
    tellInput();
  } else return EBADF;
  return 0;
}

export function fileKind(handle: i32): i32 {
  if (handle == REQUESTS) return KIND_PIPE;
  return isHandle(handle) ? KIND_TERMINAL : EBADF;
}

export function fileDelete(path: Address, bytes: u32): i32 {
  return ENOENT;
}

export function fileRename(from: Address, fromBytes: u32, to: Address, toBytes: u32): i32 {
  return ENOENT;
}

export function directoryCreate(path: Address, bytes: u32): i32 {
  return EROFS;
}

export function directoryDelete(path: Address, bytes: u32): i32 {
  return ENOENT;
}

export function directoryOpen(path: Address, bytes: u32): i32 {
  return ENOENT;
}

export function directoryNext(handle: i32, address: Address, bytes: u32): i32 {
  return EBADF;
}

export function directoryRewind(handle: i32): i32 {
  return EBADF;
}

export function directoryClose(handle: i32): i32 {
  return EBADF;
}

export function pathStat(path: Address, bytes: u32, follow: i32, values: Address): i32 {
  return ENOENT;
}

export function pathAccess(path: Address, bytes: u32, mode: i32): i32 {
  return ENOENT;
}

export function pathReadLink(path: Address, bytes: u32, address: Address, room: u32): i32 {
  return ENOENT;
}

export function pathChangeMode(path: Address, bytes: u32, mode: i32): i32 {
  return ENOENT;
}

export function pathChangeOwner(path: Address, bytes: u32, uid: i32, gid: i32, follow: i32): i32 {
  return ENOENT;
}

function isHandle(handle: i32): bool {
  return handle >= INPUT && handle <= REQUESTS;
}
