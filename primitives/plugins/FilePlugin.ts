// FilePlugin: files as records that Smalltalk holds, and the standard streams (VMMaker, FilePlugin;
// sqFilePluginBasicPrims.c). A file that has nothing to read yet makes the call wait, not the virtual machine.
// Directories are in FilePlugin's second half, primitives/files/directories.ts.

import {
  Address,
  answer,
  answerBoolean,
  answerInteger,
  answerNew,
  answerNil,
  argument,
  bitsArgument,
  bodyOf,
  booleanArgument,
  byteSize,
  bytesArgument,
  CLASS_INDEX_ARRAY,
  elementCountOf,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_INDEX,
  ERROR_INAPPROPRIATE,
  ERROR_NO_MEMORY,
  ERROR_NO_MODIFICATION,
  ERROR_UNSUPPORTED,
  fail,
  failed,
  HOST_WOULD_WAIT,
  hostFileClose,
  hostFileDelete,
  hostFileFlush,
  hostFileKind,
  hostFileOpen,
  hostFileRead,
  hostFileRename,
  hostFileSize,
  hostFileTruncate,
  hostFileWatch,
  hostFileWrite,
  integerArgument,
  isReadOnly,
  newArray,
  Oop,
  scratchMemory,
  signed64Argument,
  storePointer,
  succeeded,
  unsigned32Argument,
  waitForHost,
} from "../../vm/plugin";
import {
  fileOf,
  forgetFile,
  handleOf,
  isAtEnd,
  isStdio,
  isStream,
  isWritable,
  lastCharacter,
  newFileRecord,
  NO_CHARACTER,
  positionOf,
  progressOf,
  pushedBack,
  setAtEnd,
  setLastCharacter,
  setPosition,
  setProgress,
  setPushedBack,
} from "../files/openFiles";
import { fileAccessAllowed } from "../files/security";
import { PATH_MAX } from "../files/stat";

// Flags of hostFileOpen.
const OPEN_WRITE: u32 = 1;
const OPEN_CREATE: u32 = 2;
const OPEN_EXCLUSIVE: u32 = 8;
// Errors of Linux.
const NO_ENTRY: i32 = -2;
const EXISTS: i32 = -17;

/** Opens a file: name, whether to write; one to be written is created. FilePlugin>>primitiveFileOpen. */
export function primitiveFileOpen(): void {
  const name = bytesArgument(0);
  const writable = booleanArgument(1);
  if (!checkPath(name)) return;
  let handle = openNamed(name, writable ? OPEN_WRITE : 0);
  if (writable && handle == NO_ENTRY) {
    handle = openNamed(name, OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE);
    // Somebody made it between the two calls.
    if (handle == EXISTS) handle = openNamed(name, OPEN_WRITE);
  }
  answerRecord(handle, writable);
}

/** Creates a file that must not exist (ERROR_INAPPROPRIATE if it does). FilePlugin>>primitiveFileOpenNew. */
export function primitiveFileOpenNew(): void {
  const name = bytesArgument(0);
  if (!checkPath(name)) return;
  const handle = openNamed(name, OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE);
  if (handle == EXISTS) fail(ERROR_INAPPROPRIATE);
  else answerRecord(handle, true);
}

/** FilePlugin>>primitiveFileClose. The record is no file afterwards, whether or not the host was content. */
export function primitiveFileClose(): void {
  const file = fileOf(argument(0));
  if (file == 0) return;
  const handle = handleOf(file);
  forgetFile(file, argument(0));
  if (hostFileClose(handle) < 0) fail();
}

/**
 * Reads elements into a buffer of bytes or words: file, buffer, first index, count. Answers how many were read; fewer
 * only at the end, or from a terminal. FilePlugin>>primitiveFileRead.
 */
export function primitiveFileRead(): void {
  const file = fileOf(argument(0));
  const buffer = bufferArgument();
  if (failed()) return;
  if (isReadOnly(<Address>buffer)) return fail(ERROR_NO_MODIFICATION);
  if (isWritable(file) && isStdio(file)) return fail();
  const elementBytes = elementBytesOf(buffer);
  const bytes = readBytes(file, bodyOf(buffer) + rangeStart(elementBytes), rangeBytes(elementBytes));
  if (bytes < 0) return;
  answerInteger(bytes / elementBytes);
}

/** Writes elements of a buffer: file, buffer, first index, count. FilePlugin>>primitiveFileWrite. */
export function primitiveFileWrite(): void {
  const file = fileOf(argument(0));
  const buffer = bufferArgument();
  if (failed()) return;
  if (!isWritable(file)) return fail();
  const elementBytes = elementBytesOf(buffer);
  const bytes = rangeBytes(elementBytes);
  const start = bodyOf(buffer) + rangeStart(elementBytes);
  // What a call that had to wait has written already.
  let written = progressOf(file);
  setProgress(file, 0);
  while (written < bytes) {
    const count = hostFileWrite(handleOf(file), <f64>positionOf(file), start + written, bytes - written);
    if (count == HOST_WOULD_WAIT) {
      setProgress(file, written);
      return waitForHost();
    }
    if (count <= 0) return fail();
    written += count;
    setPosition(file, positionOf(file) + count);
  }
  answerInteger(bytes / elementBytes);
}

/** FilePlugin>>primitiveFileAtEnd: a terminal is at its end when that was read; others when nothing is left. */
export function primitiveFileAtEnd(): void {
  const file = fileOf(argument(0));
  if (file == 0) return;
  const handle = handleOf(file);
  if (handle == 1 || handle == 2) return answerBoolean(false);
  if (isStdio(file)) return answerBoolean(isAtEnd(file));
  if (!isStream(file)) return answerBoolean(<f64>positionOf(file) >= hostFileSize(handle));
  if (pushedBack(file) != NO_CHARACTER) return answerBoolean(false);
  const peeked = scratchMemory();
  const count = isAtEnd(file) ? 0 : hostFileRead(handle, 0, peeked, 1);
  if (count == HOST_WOULD_WAIT) return waitForHost();
  if (count == 1) setPushedBack(file, load<u8>(peeked));
  else setAtEnd(file, true);
  answerBoolean(count != 1);
}

/** FilePlugin>>primitiveFileGetPosition. */
export function primitiveFileGetPosition(): void {
  const file = fileOf(argument(0));
  if (file == 0) return;
  if (isStdio(file) && !isWritable(file)) return answerInteger(lastCharacter(file) == NO_CHARACTER ? 0 : 1);
  if (isStream(file)) return fail();
  answerInteger(positionOf(file));
}

/** FilePlugin>>primitiveFileSetPosition. A terminal can step back by the one byte read last. */
export function primitiveFileSetPosition(): void {
  const position = signed64Argument(1);
  const file = fileOf(argument(0));
  if (failed()) return;
  if (position < 0) return fail();
  if (!isStdio(file)) {
    setPosition(file, position);
    return;
  }
  if (isWritable(file) || lastCharacter(file) == NO_CHARACTER || position > 1) return fail();
  if (position == 1) return;
  setPushedBack(file, lastCharacter(file));
  setLastCharacter(file, NO_CHARACTER);
}

/** FilePlugin>>primitiveFileSize, in bytes. */
export function primitiveFileSize(): void {
  const file = fileOf(argument(0));
  if (file == 0) return;
  const size = isStdio(file) || isStream(file) ? -1.0 : hostFileSize(handleOf(file));
  if (size < 0) fail();
  else answerInteger(<i64>size);
}

/** FilePlugin>>primitiveFileTruncate: to a size in bytes. */
export function primitiveFileTruncate(): void {
  const size = signed64Argument(1);
  const file = fileOf(argument(0));
  if (failed()) return;
  if (size < 0 || hostFileTruncate(handleOf(file), <f64>size) < 0) fail();
}

/** FilePlugin>>primitiveFileFlush. */
export function primitiveFileFlush(): void {
  flush(false);
}

/** FilePlugin>>primitiveFileSync: down to the device. */
export function primitiveFileSync(): void {
  flush(true);
}

/** FilePlugin>>primitiveFileDelete. */
export function primitiveFileDelete(): void {
  const name = bytesArgument(0);
  if (checkPath(name) && hostFileDelete(bodyOf(name), byteSize(name)) < 0) fail();
}

/** FilePlugin>>primitiveFileRename: old name, new name. */
export function primitiveFileRename(): void {
  const from = bytesArgument(0);
  const to = bytesArgument(1);
  if (!checkPath(from) || !checkPath(to)) return;
  if (hostFileRename(bodyOf(from), byteSize(from), bodyOf(to), byteSize(to)) < 0) fail();
}

/** Answers an Array with records of standard input, output and error. FilePlugin>>primitiveFileStdioHandles. */
export function primitiveFileStdioHandles(): void {
  const handles = newArray(3, CLASS_INDEX_ARRAY);
  if (handles == 0) return fail(ERROR_NO_MEMORY);
  for (let i = 0; i < 3; i++) {
    if (hostFileKind(i) < 0) continue;
    const record = newFileRecord(i, i > 0);
    if (record == 0) return fail(ERROR_NO_MEMORY);
    storePointer(i, handles, record);
  }
  answer(handles);
}

/** What a descriptor is: -1 an error, 1 a terminal, 2 a pipe, 3 a file. FilePlugin>>primitiveFileDescriptorType. */
export function primitiveFileDescriptorType(): void {
  const descriptor = integerArgument(0);
  if (failed()) return;
  const kind = descriptor >= 0 && descriptor <= i32.MAX_VALUE ? hostFileKind(<i32>descriptor) : -1;
  answerInteger(kind <= 0 ? -1 : kind);
}

/** A record for a descriptor that is open already: one of the standard ones. primitiveConnectToFileDescriptor. */
export function primitiveConnectToFileDescriptor(): void {
  const descriptor = integerArgument(0);
  const writable = booleanArgument(1);
  if (failed()) return fail(ERROR_BAD_ARGUMENT);
  if (descriptor < 0 || descriptor > 2 || writable != descriptor > 0) return fail();
  answerRecord(<i32>descriptor, writable);
}

/** FilePlugin>>primitiveConnectToFile takes the address of a C FILE, of which there are none here. */
export function primitiveConnectToFile(): void {
  bytesArgument(0);
  booleanArgument(1);
  fail(ERROR_UNSUPPORTED);
}

/** Signals a semaphore, by index, once when a file has something to read. primitiveWaitForDataWithSemaphore. */
export function primitiveWaitForDataWithSemaphore(): void {
  const file = fileOf(argument(0));
  const semaphore = unsigned32Argument(1);
  if (succeeded() && hostFileWatch(handleOf(file), semaphore) < 0) fail();
}

export {
  primitiveDirectoryCreate,
  primitiveDirectoryDelete,
  primitiveDirectoryDelimitor,
  primitiveDirectoryEntry,
  primitiveDirectoryGetMacTypeAndCreator,
  primitiveDirectoryLookup,
  primitiveDirectorySetMacTypeAndCreator,
} from "../files/directories";

/**
 * Reads into memory; answers the count, or -1 after it failed or made the call wait. What a pipe gives short of the
 * count stays in the buffer, and `progress` remembers it for the next try.
 */
function readBytes(file: Address, start: Address, bytes: u32): i32 {
  const handle = handleOf(file);
  let count = min(progressOf(file), bytes);
  setProgress(file, 0);
  if (count < bytes && pushedBack(file) != NO_CHARACTER) {
    store<u8>(start + count++, <u8>pushedBack(file));
    setPushedBack(file, NO_CHARACTER);
  }
  while (count < bytes) {
    const part = hostFileRead(handle, <f64>positionOf(file), start + count, bytes - count);
    if (part == HOST_WOULD_WAIT) {
      if (isStdio(file) && count > 0) break;
      setProgress(file, count);
      waitForHost();
      return -1;
    }
    if (part < 0) {
      fail();
      return -1;
    }
    setAtEnd(file, part == 0);
    if (part == 0) break;
    count += part;
    if (!isStream(file)) setPosition(file, positionOf(file) + part);
    if (isStdio(file)) break;
  }
  if (isStdio(file) && count > 0) setLastCharacter(file, load<u8>(start + count - 1));
  return count;
}

/** The buffer of a read or write (second argument), its range (third and fourth) checked. */
function bufferArgument(): Oop {
  const start = unsigned32Argument(2);
  const count = unsigned32Argument(3);
  const buffer = bitsArgument(1);
  if (failed()) {
    fail(ERROR_BAD_ARGUMENT);
    return 0;
  }
  if (start < 1 || <u64>start + count - 1 > elementCountOf(buffer)) fail(ERROR_BAD_INDEX);
  return buffer;
}

function elementBytesOf(buffer: Oop): u32 {
  const elements = elementCountOf(buffer);
  return elements == 0 ? 1 : byteSize(buffer) / elements;
}

function rangeStart(elementBytes: u32): u32 {
  return (unsigned32Argument(2) - 1) * elementBytes;
}

function rangeBytes(elementBytes: u32): u32 {
  return unsigned32Argument(3) * elementBytes;
}

function openNamed(name: Oop, flags: u32): i32 {
  return hostFileOpen(bodyOf(name), byteSize(name), flags);
}

function answerRecord(handle: i32, writable: bool): void {
  if (handle < 0) return fail();
  const record = newFileRecord(handle, writable);
  if (record == 0) hostFileClose(handle);
  answerNew(record);
}

function flush(toDevice: bool): void {
  const file = fileOf(argument(0));
  if (file != 0 && hostFileFlush(handleOf(file), toDevice ? 1 : 0) < 0) fail();
}

/** Whether a name can be used; fails if not. */
function checkPath(name: Oop): bool {
  if (succeeded() && (byteSize(name) >= PATH_MAX || !fileAccessAllowed())) fail();
  return succeeded();
}
