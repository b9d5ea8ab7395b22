// Directories and the attributes of paths (vm/host.ts), over system calls.

import { adopt, closeHandle, STATE_DIRECTORY, stateOf, status } from "./descriptors";
import { giveText, lengthOf, path, PATH_BYTES, secondPath, setPath } from "./paths";
import {
  access,
  Address,
  changeMode,
  changeOwner,
  directoryEntries,
  EBADF,
  EMFILE,
  makeDirectory,
  O_DIRECTORY,
  open,
  readLink,
  removeDirectory,
  seekToStart,
  statPath,
} from "./systemCalls";

// Open directories: handle, then position and end of what its buffer holds. A handle of 0 is a free place.
const DIRECTORY_COUNT: u32 = 16;
const BUFFER_BYTES: u32 = 4096;
const DIRECTORY_BYTES: u32 = 16;
const POSITION: u32 = 4;
const END: u32 = 8;
const directories: Address = memory.data(16 * 16, 8);
const buffers: Address = memory.data(16 * 4096, 8);

// struct linux_dirent64: inode u64, offset i64, bytes u16, type u8, name.
const ENTRY_BYTES: u32 = 16;
const ENTRY_NAME: u32 = 19;

export function directoryCreate(name: Address, bytes: u32): i32 {
  const error = setPath(path, name, bytes);
  return error < 0 ? error : makeDirectory(path);
}

export function directoryDelete(name: Address, bytes: u32): i32 {
  const error = setPath(path, name, bytes);
  return error < 0 ? error : removeDirectory(path);
}

export function directoryOpen(name: Address, bytes: u32): i32 {
  const error = setPath(path, name, bytes);
  if (error < 0) return error;
  const directory = directoryOf(0);
  if (directory == 0) return EMFILE;
  const handle = adopt(open(path, O_DIRECTORY, 0), STATE_DIRECTORY);
  if (handle < 0) return handle;
  store<i32>(directory, handle);
  forgetEntries(directory);
  return handle;
}

export function directoryNext(handle: i32, address: Address, bytes: u32): i32 {
  const directory = stateOf(handle) == STATE_DIRECTORY ? directoryOf(handle) : 0;
  if (directory == 0) return EBADF;
  const buffer = buffers + ((directory - directories) / DIRECTORY_BYTES) * BUFFER_BYTES;
  while (true) {
    if (load<u32>(directory, POSITION) == load<u32>(directory, END)) {
      const count = directoryEntries(handle, buffer, BUFFER_BYTES);
      if (count <= 0) return count;
      store<u32>(directory, 0, POSITION);
      store<u32>(directory, count, END);
    }
    const entry = buffer + load<u32>(directory, POSITION);
    store<u32>(directory, load<u32>(directory, POSITION) + load<u16>(entry, ENTRY_BYTES), POSITION);
    const name = entry + ENTRY_NAME;
    if (!isSelfOrParent(name)) return giveText(name, lengthOf(name), address, bytes);
  }
}

export function directoryRewind(handle: i32): i32 {
  const directory = stateOf(handle) == STATE_DIRECTORY ? directoryOf(handle) : 0;
  if (directory == 0) return EBADF;
  forgetEntries(directory);
  return seekToStart(handle);
}

export function directoryClose(handle: i32): i32 {
  const directory = stateOf(handle) == STATE_DIRECTORY ? directoryOf(handle) : 0;
  if (directory == 0) return EBADF;
  store<i32>(directory, 0);
  return closeHandle(handle);
}

function forgetEntries(directory: Address): void {
  store<u32>(directory, 0, POSITION);
  store<u32>(directory, 0, END);
}

/** The place of an open directory by its handle, or a free one for 0; 0 where there is none. */
function directoryOf(handle: i32): Address {
  for (let i: u32 = 0; i < DIRECTORY_COUNT; i++) {
    const directory = directories + i * DIRECTORY_BYTES;
    if (load<i32>(directory) == handle) return directory;
  }
  return 0;
}

/** "." and "..". */
function isSelfOrParent(name: Address): bool {
  if (load<u8>(name) != 0x2e) return false;
  const second = load<u8>(name, 1);
  return second == 0 || (second == 0x2e && load<u8>(name, 2) == 0);
}

// Attributes of paths. Offsets in struct statx; its times are seconds i64 and nanoseconds u32.

const NANOSECONDS: f64 = 1e9;

export function pathStat(name: Address, bytes: u32, follow: i32, values: Address): i32 {
  let error = setPath(path, name, bytes);
  if (error == 0) error = statPath(path, follow != 0, status);
  if (error < 0) return error;
  store<f64>(values, <f64>load<u16>(status, 28));
  store<f64>(values, <f64>load<u64>(status, 32), 8);
  store<f64>(values, <f64>deviceNumber(load<u32>(status, 136), load<u32>(status, 140)), 16);
  store<f64>(values, <f64>load<u32>(status, 16), 24);
  store<f64>(values, <f64>load<u32>(status, 20), 32);
  store<f64>(values, <f64>load<u32>(status, 24), 40);
  store<f64>(values, <f64>load<u64>(status, 40), 48);
  store<f64>(values, timeAt(64), 56);
  store<f64>(values, timeAt(112), 64);
  store<f64>(values, timeAt(96), 72);
  store<f64>(values, timeAt(80), 80);
  return 0;
}

function timeAt(offset: u32): f64 {
  return <f64>load<i64>(status + offset) + <f64>load<u32>(status + offset, 8) / NANOSECONDS;
}

/** One number for a device's two (makedev(3)). */
function deviceNumber(major: u32, minor: u32): u64 {
  const low: u64 = (minor & 0xff) | ((major & 0xfff) << 8);
  const high: u64 = ((<u64>(minor & ~0xff)) << 12) | ((<u64>(major & ~0xfff)) << 32);
  return low | high;
}

export function pathAccess(name: Address, bytes: u32, mode: i32): i32 {
  const error = setPath(path, name, bytes);
  return error < 0 ? error : access(path, mode);
}

export function pathReadLink(name: Address, bytes: u32, address: Address, room: u32): i32 {
  const error = setPath(path, name, bytes);
  if (error < 0) return error;
  const length = readLink(path, secondPath, PATH_BYTES);
  return length < 0 ? length : giveText(secondPath, length, address, room);
}

export function pathChangeMode(name: Address, bytes: u32, mode: i32): i32 {
  const error = setPath(path, name, bytes);
  return error < 0 ? error : changeMode(path, mode);
}

export function pathChangeOwner(name: Address, bytes: u32, uid: i32, gid: i32, follow: i32): i32 {
  const error = setPath(path, name, bytes);
  return error < 0 ? error : changeOwner(path, uid, gid, follow != 0);
}
