// The directories that the image goes through (FileAttributesPlugin). Smalltalk holds a ByteArray with session, slot and
// generation, as for files; path and host handle stay here. Loads and stores: this file is the layout of both.

import {
  Address,
  bodyOf,
  byteSize,
  CLASS_INDEX_BYTE_ARRAY,
  formatOf,
  hostDirectoryClose,
  isBytesFormat,
  isObject,
  newBytes,
  Oop,
} from "../../vm/plugin";
import { fileSession } from "./openFiles";
import { pathAddress, pathBytes, PATH_MAX, setPath } from "./stat";

/** As large as the reference's FAPathPtr on 64 bits. */
const RECORD_BYTES: u32 = 16;
const RECORD_SESSION: u32 = 0;
const RECORD_SLOT: u32 = 4;
const RECORD_GENERATION: u32 = 8;

const DIRECTORY_COUNT: u32 = 64;
const DIRECTORY_BYTES: u32 = 4112;
const directories: Address = memory.data(64 * 4112, 8);
/** The host's handle plus 1; 0 for a free slot. */
const DIRECTORY_HANDLE: u32 = 0;
const DIRECTORY_GENERATION: u32 = 4;
const DIRECTORY_PATH_BYTES: u32 = 8;
const DIRECTORY_PATH: u32 = 16;

/** Keeps a host handle with the path of stat.ts; answers its slot's address, or 0 where too many are open. */
export function rememberDirectory(handle: i32): Address {
  if (pathBytes > PATH_MAX) return 0;
  for (let i: u32 = 0; i < DIRECTORY_COUNT; i++) {
    const directory = directories + i * DIRECTORY_BYTES;
    if (load<i32>(directory, DIRECTORY_HANDLE) != 0) continue;
    store<i32>(directory, handle + 1, DIRECTORY_HANDLE);
    store<u32>(directory, load<u32>(directory, DIRECTORY_GENERATION) + 1, DIRECTORY_GENERATION);
    store<u32>(directory, pathBytes, DIRECTORY_PATH_BYTES);
    memory.copy(directory + DIRECTORY_PATH, pathAddress(), pathBytes);
    return directory;
  }
  return 0;
}

/** A new record (ByteArray) for a directory; 0 without memory. */
export function newDirectoryRecord(directory: Address): Oop {
  const record = newBytes(RECORD_BYTES, CLASS_INDEX_BYTE_ARRAY);
  if (record == 0) return 0;
  store<u32>(bodyOf(record), fileSession(), RECORD_SESSION);
  store<u32>(bodyOf(record), (directory - directories) / DIRECTORY_BYTES, RECORD_SLOT);
  store<u32>(bodyOf(record), load<u32>(directory, DIRECTORY_GENERATION), RECORD_GENERATION);
  return record;
}

/** Whether an oop has the shape of a directory record. */
export function isDirectoryRecord(oop: Oop): bool {
  return isObject(oop) && isBytesFormat(formatOf(<Address>oop)) && byteSize(oop) == RECORD_BYTES;
}

/** The open directory of a record; 0 where it is closed or of another session. */
export function directoryOf(record: Oop): Address {
  const slot = load<u32>(bodyOf(record), RECORD_SLOT);
  if (slot >= DIRECTORY_COUNT || load<u32>(bodyOf(record), RECORD_SESSION) != fileSession()) return 0;
  const directory = directories + slot * DIRECTORY_BYTES;
  const isOpen = load<i32>(directory, DIRECTORY_HANDLE) != 0;
  const generation = load<u32>(directory, DIRECTORY_GENERATION);
  return isOpen && generation == load<u32>(bodyOf(record), RECORD_GENERATION) ? directory : 0;
}

export function directoryHandle(directory: Address): i32 {
  return load<i32>(directory, DIRECTORY_HANDLE) - 1;
}

/** Makes the directory's path the path of stat.ts. */
export function useDirectoryPath(directory: Address): void {
  setPath(directory + DIRECTORY_PATH, load<u32>(directory, DIRECTORY_PATH_BYTES));
}

/** Frees the slot; 0, or the host's error. */
export function closeDirectory(directory: Address): i32 {
  const handle = directoryHandle(directory);
  store<i32>(directory, 0, DIRECTORY_HANDLE);
  return hostDirectoryClose(handle);
}
