// FileAttributesPlugin: what the file system says about paths, and going through directories (VMMaker,
// FileAttributesPlugin; faCommon.c, faSupport.c for Unix). Failures carry the plugin's own codes as the error of the
// operating system, as the image's FileAttributesPluginPrims expects. Path encoding is UTF-8 on both sides.

import {
  Address,
  answer,
  answerBoolean,
  answerInteger,
  answerNew,
  answerNil,
  argument,
  bodyOf,
  byteSize,
  bytesArgument,
  CLASS_INDEX_ARRAY,
  CLASS_INDEX_BYTE_ARRAY,
  ERROR_BAD_ARGUMENT,
  ERROR_NO_MEMORY,
  fail,
  failed,
  failForOperatingSystem,
  falseObject,
  hostDirectoryNext,
  hostDirectoryOpen,
  hostDirectoryRewind,
  hostPathAccess,
  hostPathChangeMode,
  hostPathChangeOwner,
  hostPathReadLink,
  integerArgument,
  integerOop,
  newArray,
  newBytes,
  newString,
  nil,
  Oop,
  storePointer,
  succeeded,
  trueObject,
  unsignedOop,
} from "../../vm/plugin";
import {
  closeDirectory,
  directoryHandle,
  directoryOf,
  isDirectoryRecord,
  newDirectoryRecord,
  rememberDirectory,
  useDirectoryPath,
} from "../files/openDirectories";
import { fileAccessAllowed } from "../files/security";
import {
  appendName,
  MODE_DIRECTORY,
  MODE_SYMBOLIC_LINK,
  MODE_TYPE_MASK,
  nameAddress,
  NAME_ROOM,
  pathAddress,
  pathBytes,
  PATH_MAX,
  setPathOf,
  smalltalkSeconds,
  STAT_ACCESS_TIME,
  STAT_CHANGE_TIME,
  STAT_DEVICE,
  STAT_GID,
  STAT_INODE,
  STAT_LINKS,
  STAT_MODE,
  STAT_MODIFICATION_TIME,
  STAT_SIZE,
  STAT_UID,
  statPath,
  statValue,
} from "../files/stat";

// FileAttributesPlugin, protocol "errors / status".
const STRING_TOO_LONG: i32 = -1;
const CANNOT_STAT_PATH: i32 = -3;
const INVALID_ARGUMENTS: i32 = -6;
const CANNOT_OPEN_DIRECTORY: i32 = -9;
const UNABLE_TO_CLOSE: i32 = -12;
const CANNOT_READ_DIRECTORY: i32 = -16;
const BAD_SESSION: i32 = -17;

// Access modes of hostPathAccess.
const EXISTS: i32 = 0;
const EXECUTE: i32 = 1;
const WRITE: i32 = 2;
const READ: i32 = 4;

// Masks of primitiveFileAttributes.
const WITH_STAT: i64 = 1;
const WITH_ACCESS: i64 = 2;
const OF_LINK: i64 = 4;

/** Whether a path exists. FileAttributesPlugin>>primitiveFileExists. */
export function primitiveFileExists(): void {
  if (takePath()) answerBoolean(canAccess(EXISTS));
}

/**
 * One attribute of a path, by number: 2 to 12 those of stat (mode, inode, device, links, uid, gid, size, access,
 * modification, change and creation time), 13 to 15 whether it can be read, written, executed, 16 whether it is a
 * symbolic link. FileAttributesPlugin>>primitiveFileAttribute.
 */
export function primitiveFileAttribute(): void {
  const number = integerArgument(1);
  if (failed() || number < 1 || number > 16) return fail(ERROR_BAD_ARGUMENT);
  if (!takePath()) return;
  if (number == 13) return answerBoolean(canAccess(READ));
  if (number == 14) return answerBoolean(canAccess(WRITE));
  if (number == 15) return answerBoolean(canAccess(EXECUTE));
  if (statPath(number != 16) < 0) return failForOperatingSystem(CANNOT_STAT_PATH);
  if (number == 16) return answerBoolean(fileType() == MODE_SYMBOLIC_LINK);
  answerNew(attribute(<u32>number - 1));
}

/**
 * The attributes of a path as an Array: of 13 with bit 0 of the mask (link target, then as primitiveFileAttribute 2 to
 * 12, and nil), of 3 with bit 1 (readable, writable, executable), both in an Array of 2; bit 2: of a symbolic link
 * itself. FileAttributesPlugin>>primitiveFileAttributes.
 */
export function primitiveFileAttributes(): void {
  const mask = integerArgument(1);
  if (!takePath()) return;
  if ((mask & (WITH_STAT | WITH_ACCESS)) == 0) return failForOperatingSystem(INVALID_ARGUMENTS);
  let attributes: Oop = nil;
  if ((mask & WITH_STAT) != 0) {
    if (statPath((mask & OF_LINK) == 0) < 0) return failForOperatingSystem(CANNOT_STAT_PATH);
    attributes = attributeArray();
    if ((mask & WITH_ACCESS) == 0) return answerNew(attributes);
  }
  const access = accessArray();
  if ((mask & WITH_STAT) == 0) return answerNew(access);
  const both = newArray(2, CLASS_INDEX_ARRAY);
  if (attributes == 0 || access == 0 || both == 0) return fail(ERROR_NO_MEMORY);
  storePointer(0, both, attributes);
  storePointer(1, both, access);
  answer(both);
}

/** The masks of file types in a mode: of all, then socket, link, file, block device, directory, character device, fifo. */
export function primitiveFileMasks(): void {
  const masks = newArray(8, CLASS_INDEX_ARRAY);
  if (masks == 0) return fail(ERROR_NO_MEMORY);
  for (let i: u32 = 0; i < 8; i++) storePointer(i, masks, unsignedOop(load<u16>(FILE_MASKS + (i << 1))));
  answer(masks);
}

const FILE_MASKS: Address = memory.data<u16>([0xf000, 0xc000, 0xa000, 0x8000, 0x6000, 0x4000, 0x2000, 0x1000]);

/** Sets the permissions of a path. FileAttributesPlugin>>primitiveChangeMode. */
export function primitiveChangeMode(): void {
  const mode = integerArgument(1);
  if (!takePath()) return;
  answerNilUnless(hostPathChangeMode(pathAddress(), pathBytes, <i32>mode));
}

/** Sets owner and group of a path. FileAttributesPlugin>>primitiveChangeOwner. */
export function primitiveChangeOwner(): void {
  const owner = integerArgument(1);
  const group = integerArgument(2);
  if (!takePath()) return;
  answerNilUnless(hostPathChangeOwner(pathAddress(), pathBytes, <i32>owner, <i32>group, 1));
}

/** The same for a symbolic link itself. FileAttributesPlugin>>primitiveSymlinkChangeOwner. */
export function primitiveSymlinkChangeOwner(): void {
  const owner = integerArgument(1);
  const group = integerArgument(2);
  if (!takePath()) return;
  answerNilUnless(hostPathChangeOwner(pathAddress(), pathBytes, <i32>owner, <i32>group, 0));
}

/** Windows only. FileAttributesPlugin>>primitiveLogicalDrives. */
export function primitiveLogicalDrives(): void {
  fail();
}

/** FileAttributesPlugin>>primitivePathMax. */
export function primitivePathMax(): void {
  answerInteger(PATH_MAX);
}

/** A path of the platform in UTF-8, which it is. FileAttributesPlugin>>primitivePlatToStPath. */
export function primitivePlatToStPath(): void {
  if (takePath()) answerNew(byteArray(pathAddress(), pathBytes));
}

/** A path in UTF-8 as the platform's, which it is. FileAttributesPlugin>>primitiveStToPlatPath. */
export function primitiveStToPlatPath(): void {
  if (takePath()) answerNew(byteArray(pathAddress(), pathBytes));
}

/** FileAttributesPlugin>>primitiveVersionString. */
export function primitiveVersionString(): void {
  answerNew(newString(VERSION, 5));
}

const VERSION: Address = memory.data<u8>([0x32, 0x2e, 0x30, 0x2e, 0x39]);

/**
 * Opens a directory: an Array of its first entry's name, that entry's attributes (nil where they cannot be had) and the
 * record for going on; nil for an empty directory. FileAttributesPlugin>>primitiveOpendir.
 */
export function primitiveOpendir(): void {
  if (!takePath()) return;
  const handle = hostDirectoryOpen(pathAddress(), pathBytes);
  const directory = handle < 0 ? 0 : rememberDirectory(handle);
  if (directory == 0) return failForOperatingSystem(CANNOT_OPEN_DIRECTORY);
  const entry = nextEntry(directory);
  if (failed() || entry == nil) {
    closeDirectory(directory);
    if (succeeded()) answerNil();
    return;
  }
  const record = newDirectoryRecord(directory);
  if (record == 0) return fail(ERROR_NO_MEMORY);
  storePointer(2, entry, record);
  answer(entry);
}

/** The next entry, as primitiveOpendir; nil at the end. FileAttributesPlugin>>primitiveReaddir. */
export function primitiveReaddir(): void {
  const directory = directoryArgument();
  if (directory == 0) return;
  const entry = nextEntry(directory);
  if (succeeded()) answer(entry);
}

/** Starts again with the first entry. FileAttributesPlugin>>primitiveRewinddir. */
export function primitiveRewinddir(): void {
  const directory = directoryArgument();
  if (directory == 0) return;
  if (hostDirectoryRewind(directoryHandle(directory)) < 0) return failForOperatingSystem(CANNOT_READ_DIRECTORY);
  const entry = nextEntry(directory);
  if (succeeded()) answer(entry);
}

/** Answers the record, which is no directory any more. FileAttributesPlugin>>primitiveClosedir. */
export function primitiveClosedir(): void {
  const directory = directoryArgument();
  if (directory == 0) return;
  if (closeDirectory(directory) < 0) return failForOperatingSystem(UNABLE_TO_CLOSE);
  answer(argument(0));
}

/** Takes the first argument as the path of stat.ts; false after failing. */
function takePath(): bool {
  const path = bytesArgument(0);
  if (failed()) {
    fail(ERROR_BAD_ARGUMENT);
    return false;
  }
  if (!setPathOf(path)) failForOperatingSystem(STRING_TOO_LONG);
  else if (!fileAccessAllowed()) failForOperatingSystem(CANNOT_STAT_PATH);
  return succeeded();
}

function directoryArgument(): Address {
  if (!isDirectoryRecord(argument(0))) {
    fail(ERROR_BAD_ARGUMENT);
    return 0;
  }
  const directory = directoryOf(argument(0));
  if (directory == 0) failForOperatingSystem(BAD_SESSION);
  return directory;
}

/** An Array of name, attributes and nil; nil at the end; fails where the directory cannot be read. */
function nextEntry(directory: Address): Oop {
  const bytes = hostDirectoryNext(directoryHandle(directory), nameAddress(), NAME_ROOM);
  if (bytes < 0) failForOperatingSystem(CANNOT_READ_DIRECTORY);
  if (bytes <= 0) return nil;
  const name = byteArray(nameAddress(), bytes);
  useDirectoryPath(directory);
  const isKnown = appendName(nameAddress(), bytes) && statPath(true) == 0;
  const attributes = isKnown ? attributeArray() : nil;
  const entry = newArray(3, CLASS_INDEX_ARRAY);
  if (name == 0 || attributes == 0 || entry == 0) {
    fail(ERROR_NO_MEMORY);
    return nil;
  }
  storePointer(0, entry, name);
  storePointer(1, entry, attributes);
  return entry;
}

/** The 13 attributes after a stat; 0 without memory (FileAttributesPlugin, faFileStatAttributes). */
function attributeArray(): Oop {
  const attributes = newArray(13, CLASS_INDEX_ARRAY);
  if (attributes == 0) return 0;
  for (let i: u32 = 1; i < 11; i++) {
    const value = attribute(i);
    if (value == 0) return 0;
    storePointer(i, attributes, value);
  }
  if (fileType() != MODE_SYMBOLIC_LINK) return attributes;
  const bytes = hostPathReadLink(pathAddress(), pathBytes, nameAddress(), NAME_ROOM);
  if (bytes < 0 || <u32>bytes > NAME_ROOM) return attributes;
  const target = byteArray(nameAddress(), bytes);
  if (target == 0) return 0;
  storePointer(0, attributes, target);
  return attributes;
}

/** An attribute after a stat by its place in the Array; nil for those that Unix does not tell. */
function attribute(index: u32): Oop {
  switch (index) {
    case 1:
      return unsignedOop(<u64>statValue(STAT_MODE));
    case 2:
      return unsignedOop(<u64>statValue(STAT_INODE));
    case 3:
      return unsignedOop(<u64>statValue(STAT_DEVICE));
    case 4:
      return unsignedOop(<u64>statValue(STAT_LINKS));
    case 5:
      return unsignedOop(<u64>statValue(STAT_UID));
    case 6:
      return unsignedOop(<u64>statValue(STAT_GID));
    case 7:
      return unsignedOop(fileType() == MODE_DIRECTORY ? 0 : <u64>statValue(STAT_SIZE));
    case 8:
      return integerOop(smalltalkSeconds(statValue(STAT_ACCESS_TIME)));
    case 9:
      return integerOop(smalltalkSeconds(statValue(STAT_MODIFICATION_TIME)));
    case 10:
      return integerOop(smalltalkSeconds(statValue(STAT_CHANGE_TIME)));
    default:
      return nil;
  }
}

function accessArray(): Oop {
  const access = newArray(3, CLASS_INDEX_ARRAY);
  if (access == 0) return 0;
  storePointer(0, access, canAccess(READ) ? trueObject : falseObject);
  storePointer(1, access, canAccess(WRITE) ? trueObject : falseObject);
  storePointer(2, access, canAccess(EXECUTE) ? trueObject : falseObject);
  return access;
}

function fileType(): u32 {
  return (<u32>statValue(STAT_MODE)) & MODE_TYPE_MASK;
}

function canAccess(mode: i32): bool {
  return hostPathAccess(pathAddress(), pathBytes, mode) == 0;
}

function byteArray(address: Address, bytes: u32): Oop {
  const array = newBytes(bytes, CLASS_INDEX_BYTE_ARRAY);
  if (array != 0) memory.copy(bodyOf(array), address, bytes);
  return array;
}

/** Answers nil, or fails with the errno that the host gave. */
function answerNilUnless(status: i32): void {
  if (status < 0) failForOperatingSystem(-status);
  else answerNil();
}
