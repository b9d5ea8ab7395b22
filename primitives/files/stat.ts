// Paths and what stat tells of them, in scratch memory: a path is put together there and its attributes come back there.

import {
  Address,
  bodyOf,
  byteSize,
  hostPathStat,
  hostTimezoneOffsetSeconds,
  Oop,
  scratchMemory,
} from "../../vm/plugin";

/** PATH_MAX of Linux: a path needs to be shorter. */
export const PATH_MAX: u32 = 4096;
/** Seconds from 1901, Smalltalk's epoch, to 1970. */
const EPOCH_SECONDS: i64 = (52 * 365 + 17 * 366) * 24 * 60 * 60;

// The values of hostPathStat, in its order.
export const STAT_MODE: u32 = 0;
export const STAT_INODE: u32 = 1;
export const STAT_DEVICE: u32 = 2;
export const STAT_LINKS: u32 = 3;
export const STAT_UID: u32 = 4;
export const STAT_GID: u32 = 5;
export const STAT_SIZE: u32 = 6;
export const STAT_ACCESS_TIME: u32 = 7;
export const STAT_MODIFICATION_TIME: u32 = 8;
export const STAT_CHANGE_TIME: u32 = 9;
export const STAT_CREATION_TIME: u32 = 10;

export const MODE_TYPE_MASK: u32 = 0xf000;
export const MODE_DIRECTORY: u32 = 0x4000;
export const MODE_SYMBOLIC_LINK: u32 = 0xa000;

/** In scratch memory: the path, then a name, then the attributes. */
const NAME_OFFSET: u32 = 16384;
const VALUES_OFFSET: u32 = 32768;

export let pathBytes: u32 = 0;

export function pathAddress(): Address {
  return scratchMemory();
}

/** Room for one name of a directory entry. */
export function nameAddress(): Address {
  return scratchMemory() + NAME_OFFSET;
}

export const NAME_ROOM: u32 = 8192;

/** Starts a path with the bytes of a string; false where it is too long. */
export function setPath(address: Address, bytes: u32): bool {
  if (bytes >= PATH_MAX) return false;
  memory.copy(pathAddress(), address, bytes);
  pathBytes = bytes;
  return true;
}

export function setPathOf(string: Oop): bool {
  return setPath(bodyOf(string), byteSize(string));
}

/** Appends a name, with a slash before it where the path needs one; false where it gets too long. */
export function appendName(address: Address, bytes: u32): bool {
  if (pathBytes + 1 + bytes >= 2 * PATH_MAX) return false;
  if (pathBytes > 0 && load<u8>(pathAddress() + pathBytes - 1) != 0x2f) store<u8>(pathAddress() + pathBytes++, 0x2f);
  memory.copy(pathAddress() + pathBytes, address, bytes);
  pathBytes += bytes;
  return true;
}

/** Fetches the attributes of the path; 0 or the host's error. */
export function statPath(follow: bool): i32 {
  return hostPathStat(pathAddress(), pathBytes, follow ? 1 : 0, scratchMemory() + VALUES_OFFSET);
}

/** A STAT_… value of the last `statPath` that answered 0. */
export function statValue(index: u32): f64 {
  return load<f64>(scratchMemory() + VALUES_OFFSET + (index << 3));
}

/** A time of stat as Smalltalk counts: local seconds since 1901 (convertToSqueakTime). */
export function smalltalkSeconds(unixSeconds: f64): i64 {
  return <i64>floor(unixSeconds) + EPOCH_SECONDS + hostTimezoneOffsetSeconds();
}
