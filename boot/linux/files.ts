// Files and standard streams of the platform contract (vm/host.ts), over system calls.

import {
  adopt,
  closeHandle,
  isRegular,
  KIND_FILE,
  KIND_NONE,
  kindOf,
  readStatus,
  STATE_CLOSED,
  STATE_DIRECTORY,
  STATE_FILE,
  STATE_STREAM,
  stateOf,
  STATX_SIZE,
  status,
} from "./descriptors";
import { path, secondPath, setPath } from "./paths";
import {
  Address,
  EAGAIN,
  EBADF,
  O_APPEND,
  O_CREAT,
  O_EXCL,
  O_RDWR,
  O_TRUNC,
  open,
  POLLIN,
  POLLOUT,
  read,
  readAt,
  rename,
  synchronize,
  truncate,
  unlink,
  write,
  writeAt,
} from "./systemCalls";
import { forgetWatches, isReady, watch } from "./waiting";

/** A pipe that has room at all takes so many bytes without blocking (PIPE_BUF). */
const STREAM_WRITE_BYTES: u32 = 4096;
/** No more than this in one call: answers are i32. */
const MAX_BYTES: u32 = 1 << 30;

export function fileOpen(name: Address, bytes: u32, flags: u32): i32 {
  const error = setPath(path, name, bytes);
  if (error < 0) return error;
  const descriptor = open(path, openFlags(flags), 0o666);
  if (descriptor < 0) return descriptor;
  readStatus(descriptor);
  return adopt(descriptor, isRegular() ? STATE_FILE : STATE_STREAM);
}

/** The contract's flags: 1 write, 2 create, 4 truncate, 8 exclusive, 16 append. */
function openFlags(flags: u32): i32 {
  let result = (flags & 1) != 0 ? O_RDWR : 0;
  if ((flags & 2) != 0) result |= O_CREAT;
  if ((flags & 4) != 0) result |= O_TRUNC;
  if ((flags & 8) != 0) result |= O_EXCL;
  if ((flags & 16) != 0) result |= O_APPEND;
  return result;
}

export function fileClose(handle: i32): i32 {
  if (isStandard(handle)) return 0;
  forgetWatches(handle);
  return closeHandle(handle);
}

export function fileRead(handle: i32, offset: f64, address: Address, bytes: u32): i32 {
  const count = min(bytes, MAX_BYTES);
  if (handle == 0) {
    // A closed standard input is at its end.
    if (kindOf(0) == KIND_NONE || bytes == 0) return 0;
    return isReady(0, POLLIN) ? <i32>read(0, address, count) : EAGAIN;
  }
  const state = stateOf(handle);
  if (state == STATE_CLOSED || state == STATE_DIRECTORY) return EBADF;
  if (state == STATE_FILE) return <i32>readAt(handle, address, count, <i64>offset);
  return isReady(handle, POLLIN) ? <i32>read(handle, address, count) : EAGAIN;
}

export function fileWrite(handle: i32, offset: f64, address: Address, bytes: u32): i32 {
  if (handle == 1 || handle == 2) return writeStream(handle, address, bytes);
  const state = stateOf(handle);
  if (state == STATE_CLOSED || state == STATE_DIRECTORY) return EBADF;
  if (state == STATE_FILE) return <i32>writeAt(handle, address, min(bytes, MAX_BYTES), <i64>offset);
  return writeStream(handle, address, bytes);
}

function writeStream(descriptor: i32, address: Address, bytes: u32): i32 {
  if (kindOf(descriptor) == KIND_FILE) return <i32>write(descriptor, address, min(bytes, MAX_BYTES));
  if (!isReady(descriptor, POLLOUT)) return EAGAIN;
  return <i32>write(descriptor, address, min(bytes, STREAM_WRITE_BYTES));
}

export function fileSize(handle: i32): f64 {
  if (isStandard(handle)) return 0;
  if (stateOf(handle) == STATE_CLOSED) return EBADF;
  const error = readStatus(handle);
  return error < 0 ? <f64>error : <f64>load<u64>(status, STATX_SIZE);
}

export function fileTruncate(handle: i32, size: f64): i32 {
  return stateOf(handle) == STATE_CLOSED ? EBADF : truncate(handle, <i64>size);
}

/** Nothing is kept back here, so there is something to do only where the device is meant. */
export function fileFlush(handle: i32, toDevice: i32): i32 {
  if (isStandard(handle)) return 0;
  if (stateOf(handle) == STATE_CLOSED) return EBADF;
  return toDevice == 0 ? 0 : synchronize(handle);
}

export function fileWatch(handle: i32, semaphore: u32): i32 {
  if (handle != 0 && stateOf(handle) == STATE_CLOSED) return EBADF;
  return watch(handle, semaphore);
}

export function fileKind(handle: i32): i32 {
  return isStandard(handle) || stateOf(handle) != STATE_CLOSED ? kindOf(handle) : EBADF;
}

export function fileDelete(name: Address, bytes: u32): i32 {
  const error = setPath(path, name, bytes);
  return error < 0 ? error : unlink(path);
}

export function fileRename(from: Address, fromBytes: u32, to: Address, toBytes: u32): i32 {
  let error = setPath(path, from, fromBytes);
  if (error == 0) error = setPath(secondPath, to, toBytes);
  return error < 0 ? error : rename(path, secondPath);
}

function isStandard(handle: i32): bool {
  return handle >= 0 && handle <= 2;
}
