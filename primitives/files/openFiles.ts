// The files that the image has open. Smalltalk holds a ByteArray with a session number, a slot and a generation; the
// host's handle, the position and the state of the stream stay here, so that a record from an earlier session, or one
// whose file is closed, is recognised. Loads and stores: this file is the layout of both structures.

import {
  Address,
  bodyOf,
  byteSize,
  CLASS_INDEX_BYTE_ARRAY,
  fail,
  formatOf,
  hostEntropy,
  hostFileKind,
  isBytesFormat,
  isObject,
  newBytes,
  Oop,
} from "../../vm/plugin";

/** As large as the reference's SQFile on 64 bits: images ask for no size, but some show it. */
const RECORD_BYTES: u32 = 24;
const RECORD_SESSION: u32 = 0;
const RECORD_SLOT: u32 = 4;
const RECORD_GENERATION: u32 = 8;

const FILE_COUNT: u32 = 1024;
const FILE_BYTES: u32 = 40;
const files: Address = memory.data(1024 * 40, 8);
const FILE_HANDLE: u32 = 0;
const FILE_FLAGS: u32 = 4;
const FILE_POSITION: u32 = 8;
const FILE_GENERATION: u32 = 16;
const FILE_LAST_CHARACTER: u32 = 20;
const FILE_PUSHED_BACK: u32 = 24;
const FILE_PROGRESS: u32 = 28;
const FILE_SEMAPHORE: u32 = 32;

const IN_USE: u32 = 1;
const WRITABLE: u32 = 2;
/** A stream without positions that is not read in full: standard output, error, input from a terminal. */
const STDIO: u32 = 4;
const AT_END: u32 = 8;
/** A host stream: a terminal or pipe, where offsets mean nothing. */
const STREAM: u32 = 16;

/** No character: in `lastCharacter` and `pushedBack`. */
export const NO_CHARACTER: i32 = -1;

let session: u32 = 0;

/** A number that two runs of virtual machines will hardly share; never 0 (sqFileInit). */
export function fileSession(): u32 {
  while (session == 0) {
    const place = files + FILE_COUNT * FILE_BYTES - 8;
    const kept = load<u32>(place);
    hostEntropy(place, 4);
    session = load<u32>(place);
    store<u32>(place, kept);
  }
  return session;
}

/** A new file record (ByteArray) for a host handle; 0 without memory or where too many files are open. */
export function newFileRecord(handle: i32, writable: bool): Oop {
  const file = freeFile();
  if (file == 0) return 0;
  const record = newBytes(RECORD_BYTES, CLASS_INDEX_BYTE_ARRAY);
  if (record == 0) return 0;
  const generation = load<u32>(file, FILE_GENERATION) + 1;
  store<i32>(file, handle, FILE_HANDLE);
  store<u32>(file, IN_USE | (writable ? WRITABLE : 0) | streamFlags(handle), FILE_FLAGS);
  store<i64>(file, 0, FILE_POSITION);
  store<u32>(file, generation, FILE_GENERATION);
  store<i32>(file, NO_CHARACTER, FILE_LAST_CHARACTER);
  store<i32>(file, NO_CHARACTER, FILE_PUSHED_BACK);
  store<u32>(file, 0, FILE_PROGRESS);

  const body = bodyOf(record);
  store<u32>(body, fileSession(), RECORD_SESSION);
  store<u32>(body, (file - files) / FILE_BYTES, RECORD_SLOT);
  store<u32>(body, generation, RECORD_GENERATION);
  return record;
}

/** The open file of a record; fails, and answers 0, where it is none, closed, or of another session (sqFileValid). */
export function fileOf(record: Oop): Address {
  if (!isObject(record) || !isBytesFormat(formatOf(<Address>record)) || byteSize(record) != RECORD_BYTES) {
    fail();
    return 0;
  }
  const body = bodyOf(record);
  const slot = load<u32>(body, RECORD_SLOT);
  const file = files + slot * FILE_BYTES;
  if (
    slot >= FILE_COUNT ||
    load<u32>(body, RECORD_SESSION) != fileSession() ||
    load<u32>(body, RECORD_GENERATION) != load<u32>(file, FILE_GENERATION) ||
    (load<u32>(file, FILE_FLAGS) & IN_USE) == 0
  ) {
    fail();
    return 0;
  }
  return file;
}

/** Frees a file's slot and wipes its record. */
export function forgetFile(file: Address, record: Oop): void {
  store<u32>(file, 0, FILE_FLAGS);
  memory.fill(bodyOf(record), 0, RECORD_BYTES);
}

export function handleOf(file: Address): i32 {
  return load<i32>(file, FILE_HANDLE);
}

export function isWritable(file: Address): bool {
  return (load<u32>(file, FILE_FLAGS) & WRITABLE) != 0;
}

export function isStdio(file: Address): bool {
  return (load<u32>(file, FILE_FLAGS) & STDIO) != 0;
}

export function isStream(file: Address): bool {
  return (load<u32>(file, FILE_FLAGS) & STREAM) != 0;
}

export function isAtEnd(file: Address): bool {
  return (load<u32>(file, FILE_FLAGS) & AT_END) != 0;
}

export function setAtEnd(file: Address, atEnd: bool): void {
  const flags = load<u32>(file, FILE_FLAGS) & ~AT_END;
  store<u32>(file, atEnd ? flags | AT_END : flags, FILE_FLAGS);
}

export function positionOf(file: Address): i64 {
  return load<i64>(file, FILE_POSITION);
}

export function setPosition(file: Address, position: i64): void {
  store<i64>(file, position, FILE_POSITION);
}

/** The last byte read from a terminal, which may be pushed back. */
export function lastCharacter(file: Address): i32 {
  return load<i32>(file, FILE_LAST_CHARACTER);
}

export function setLastCharacter(file: Address, byte: i32): void {
  store<i32>(file, byte, FILE_LAST_CHARACTER);
}

/** A byte to be read before all others. */
export function pushedBack(file: Address): i32 {
  return load<i32>(file, FILE_PUSHED_BACK);
}

export function setPushedBack(file: Address, byte: i32): void {
  store<i32>(file, byte, FILE_PUSHED_BACK);
}

/** Bytes of a read under way that are in the buffer already: the call waits for the rest. */
export function progressOf(file: Address): u32 {
  return load<u32>(file, FILE_PROGRESS);
}

export function setProgress(file: Address, bytes: u32): void {
  store<u32>(file, bytes, FILE_PROGRESS);
}

/** The external semaphore that AsynchFilePlugin signals when an operation on the file has ended, by index. */
export function semaphoreOf(file: Address): u32 {
  return load<u32>(file, FILE_SEMAPHORE);
}

export function setSemaphore(file: Address, index: u32): void {
  store<u32>(file, index, FILE_SEMAPHORE);
}

/** Standard input counts as stdio only on a terminal; output and error always (sqFileStdioHandlesInto). */
function streamFlags(handle: i32): u32 {
  const kind = hostFileKind(handle);
  const stream = kind == 1 || kind == 2 ? STREAM : 0;
  if (handle == 1 || handle == 2) return stream | STDIO;
  return handle == 0 && kind == 1 ? stream | STDIO : stream;
}

function freeFile(): Address {
  for (let file = files; file < files + FILE_COUNT * FILE_BYTES; file += FILE_BYTES) {
    if ((load<u32>(file, FILE_FLAGS) & IN_USE) == 0) return file;
  }
  return 0;
}
