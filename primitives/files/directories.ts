// The directory primitives of FilePlugin (VMMaker, FilePlugin; sqUnixFile.c). Entries are asked for by path and index;
// the last directory stays open, so that going through it in order reads each entry once.

import {
  Address,
  answer,
  answerNil,
  bodyOf,
  byteSize,
  bytesArgument,
  CLASS_INDEX_ARRAY,
  character,
  fail,
  failed,
  falseObject,
  hostDirectoryClose,
  hostDirectoryCreate,
  hostDirectoryDelete,
  hostDirectoryNext,
  hostDirectoryOpen,
  integerArgument,
  newArray,
  newString,
  ERROR_NO_MEMORY,
  Oop,
  storePointer,
  succeeded,
  trueObject,
  unsignedOop,
} from "../../vm/plugin";
import { fileAccessAllowed } from "./security";
import {
  appendName,
  MODE_DIRECTORY,
  MODE_SYMBOLIC_LINK,
  MODE_TYPE_MASK,
  nameAddress,
  NAME_ROOM,
  PATH_MAX,
  setPath,
  smalltalkSeconds,
  STAT_CHANGE_TIME,
  STAT_MODE,
  STAT_MODIFICATION_TIME,
  STAT_SIZE,
  statPath,
  statValue,
} from "./stat";

const SLASH: u32 = 0x2f;

/** The directory looked at last: its path, the host's handle (0 for none) and the index of the last entry. */
const lastPath: Address = memory.data(4096);
let lastPathBytes: u32 = 0;
let lastHandle: i32 = 0;
let lastIndex: i64 = 0;

/** FilePlugin>>primitiveDirectoryCreate. */
export function primitiveDirectoryCreate(): void {
  const path = pathArgument();
  if (succeeded() && hostDirectoryCreate(bodyOf(path), byteSize(path)) < 0) fail();
}

/** FilePlugin>>primitiveDirectoryDelete: an empty one. */
export function primitiveDirectoryDelete(): void {
  const path = pathArgument();
  if (failed()) return;
  closeLast();
  if (hostDirectoryDelete(bodyOf(path), byteSize(path)) < 0) fail();
}

/** FilePlugin>>primitiveDirectoryDelimitor. */
export function primitiveDirectoryDelimitor(): void {
  answer(character(SLASH));
}

/**
 * The entry at an index, from 1: an Array of name, creation and modification time (local seconds since 1901), whether it
 * is a directory, size, permissions, whether it is a symbolic link; nil past the last. An empty path is the working
 * directory. FilePlugin>>primitiveDirectoryLookup.
 */
export function primitiveDirectoryLookup(): void {
  const path = pathArgument();
  const index = integerArgument(1);
  if (failed()) return;
  if (index < 1 || !openAt(path, index)) return fail();
  let bytes: i32 = 0;
  while (lastIndex < index) {
    bytes = hostDirectoryNext(lastHandle, nameAddress(), NAME_ROOM);
    if (bytes < 0) return fail();
    if (bytes == 0) {
      closeLast();
      return answerNil();
    }
    lastIndex++;
  }
  setDirectoryPath(path);
  if (!appendName(nameAddress(), bytes)) return fail();
  answerEntry(nameAddress(), bytes, statEither());
}

/** The same for a name in a directory; nil where there is none. FilePlugin>>primitiveDirectoryEntry. */
export function primitiveDirectoryEntry(): void {
  const path = pathArgument();
  const name = bytesArgument(1);
  if (failed()) return;
  setDirectoryPath(path);
  if (byteSize(name) >= PATH_MAX || !appendName(bodyOf(name), byteSize(name))) return fail();
  if (statEither()) answerEntry(bodyOf(name), byteSize(name), true);
  else answerNil();
}

/** File types are a matter of old Macintoshes: accepted, and without effect elsewhere. */
export function primitiveDirectoryGetMacTypeAndCreator(): void {
  checkMacArguments();
}

/** See primitiveDirectoryGetMacTypeAndCreator. */
export function primitiveDirectorySetMacTypeAndCreator(): void {
  checkMacArguments();
}

function checkMacArguments(): void {
  bytesArgument(0);
  const type = bytesArgument(1);
  const creator = bytesArgument(2);
  if (succeeded() && (byteSize(type) != 4 || byteSize(creator) != 4)) fail();
}

function pathArgument(): Oop {
  const path = bytesArgument(0);
  if (succeeded() && (byteSize(path) >= PATH_MAX || !fileAccessAllowed())) fail();
  return path;
}

/** Makes sure that the directory is open with no entry past `index` read. */
function openAt(path: Oop, index: i64): bool {
  const bytes = byteSize(path);
  const isLast = lastHandle != 0 && bytes == lastPathBytes && memory.compare(lastPath, bodyOf(path), bytes) == 0;
  if (isLast && lastIndex < index) return true;
  closeLast();
  setDirectoryPath(path);
  const handle = bytes == 0 ? hostDirectoryOpen(DOT, 1) : hostDirectoryOpen(bodyOf(path), bytes);
  if (handle < 0) return false;
  lastHandle = handle;
  lastIndex = 0;
  lastPathBytes = bytes;
  memory.copy(lastPath, bodyOf(path), bytes);
  return true;
}

const DOT: Address = memory.data<u8>([0x2e]);

function closeLast(): void {
  if (lastHandle != 0) hostDirectoryClose(lastHandle);
  lastHandle = 0;
}

function setDirectoryPath(path: Oop): void {
  if (byteSize(path) == 0) setPath(DOT, 1);
  else setPath(bodyOf(path), byteSize(path));
}

/** The attributes of what the path leads to; of the link itself where it leads nowhere. */
function statEither(): bool {
  return statPath(true) == 0 || statPath(false) == 0;
}

/** FilePlugin>>makeDirEntryName:…; an entry that cannot be examined has zeros. */
function answerEntry(name: Address, bytes: u32, isKnown: bool): void {
  const mode = isKnown ? <u32>statValue(STAT_MODE) : 0;
  const isDirectory = (mode & MODE_TYPE_MASK) == MODE_DIRECTORY;
  const entry = newArray(7, CLASS_INDEX_ARRAY);
  const string = newString(name, bytes);
  if (entry == 0 || string == 0) return fail(ERROR_NO_MEMORY);
  storePointer(0, entry, string);
  storePointer(1, entry, unsignedOop(isKnown ? smalltalkSeconds(statValue(STAT_CHANGE_TIME)) : 0));
  storePointer(2, entry, unsignedOop(isKnown ? smalltalkSeconds(statValue(STAT_MODIFICATION_TIME)) : 0));
  storePointer(3, entry, isDirectory ? trueObject : falseObject);
  storePointer(4, entry, unsignedOop(isKnown && !isDirectory ? <u64>statValue(STAT_SIZE) : 0));
  storePointer(5, entry, unsignedOop(mode & 0o777));
  storePointer(6, entry, (mode & MODE_TYPE_MASK) == MODE_SYMBOLIC_LINK ? trueObject : falseObject);
  answer(entry);
}
