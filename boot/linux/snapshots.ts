// Snapshots (vm/host.ts): written beside their place and renamed, so that whatever fails, the old file stays as it is.

import { currentImageName } from "./attributes";
import { isRegular, STATX_MODE, status } from "./descriptors";
import { folderBytes, lengthOf, path, PATH_BYTES, setPath } from "./paths";
import {
  Address,
  close,
  EBADF,
  EINVAL,
  EIO,
  ELOOP,
  ENAMETOOLONG,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_WRONLY,
  open,
  processNumber,
  readLink,
  rename,
  statPath,
  synchronize,
  unlink,
  write,
} from "./systemCalls";

const target: Address = memory.data(4096, 8);
const temporary: Address = memory.data(4096, 8);
let descriptor: i32 = -1;
let isWhole: bool = false;
/** Room for "." and a number and ".tmp". */
const SUFFIX_BYTES: u32 = 32;
const MAX_LINKS: u32 = 40;

export function snapshotBegin(name: Address, bytes: u32): i32 {
  if (descriptor >= 0) snapshotEnd(0);
  const from = bytes == 0 ? currentImageName() : name;
  let error = setPath(target, from, bytes == 0 ? lengthOf(from) : bytes);
  if (error == 0) error = followLinks();
  if (error == 0) error = nameTemporary();
  if (error < 0) return error;
  const isThere = statPath(target, true, status) == 0;
  // A rename would put a file in the place of a device, a pipe or a socket.
  if (isThere && !isRegular()) return EINVAL;
  const mode = isThere ? load<u16>(status, STATX_MODE) & 0o777 : 0o666;
  descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
  isWhole = true;
  return descriptor < 0 ? descriptor : 0;
}

export function snapshotWrite(address: Address, bytes: u32): i32 {
  if (descriptor < 0) return EBADF;
  const whole = bytes;
  while (bytes > 0) {
    const count = <i32>write(descriptor, address, min<u32>(bytes, 1 << 30));
    if (count <= 0) {
      isWhole = false;
      return count < 0 ? count : EIO;
    }
    address += count;
    bytes -= count;
  }
  return whole;
}

export function snapshotEnd(keep: i32): i32 {
  if (descriptor < 0) return EBADF;
  let error = keep != 0 ? synchronize(descriptor) : 0;
  if (!isWhole) error = EIO;
  const closed = close(descriptor);
  descriptor = -1;
  if (error == 0) error = closed;
  if (error == 0 && keep != 0) error = rename(temporary, target);
  if (error < 0 || keep == 0) unlink(temporary);
  if (error == 0 && keep != 0) synchronizeFolder();
  return keep != 0 ? error : 0;
}

/** The file that symbolic links lead to is replaced, not the link. */
function followLinks(): i32 {
  for (let i: u32 = 0; i < MAX_LINKS; i++) {
    const length = readLink(target, path, PATH_BYTES - 1);
    if (length < 0) return 0;
    store<u8>(path + length, 0);
    const start: u32 = load<u8>(path) == 0x2f ? 0 : folderBytes(target);
    if (start + <u32>length >= PATH_BYTES) return ENAMETOOLONG;
    memory.copy(target + start, path, length + 1);
  }
  return ELOOP;
}

/** The target's name with the process's number and ".tmp" behind it. */
function nameTemporary(): i32 {
  const length = lengthOf(target);
  if (length + SUFFIX_BYTES > PATH_BYTES) return ENAMETOOLONG;
  memory.copy(temporary, target, length);
  let end = temporary + length;
  store<u8>(end++, 0x2e);
  let scale: i32 = 1_000_000_000;
  const number = processNumber();
  while (scale > 1 && number / scale == 0) scale /= 10;
  for (; scale > 0; scale /= 10) store<u8>(end++, 0x30 + ((number / scale) % 10));
  // ".tmp" and a zero.
  store<u32>(end, 0x706d742e);
  store<u8>(end + 4, 0);
  return 0;
}

/** Makes a rename last through a loss of power; a file system that cannot do it is left alone. */
function synchronizeFolder(): void {
  const bytes = folderBytes(target);
  memory.copy(path, target, bytes);
  if (bytes == 0) store<u8>(path, 0x2e);
  store<u8>(path + max<u32>(bytes, 1), 0);
  const folder = open(path, O_DIRECTORY, 0);
  if (folder < 0) return;
  synchronize(folder);
  close(folder);
}
