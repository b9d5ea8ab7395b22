// AsynchFilePlugin: reading and writing that is started, ends with a semaphore's signal, and has its result fetched
// (VMMaker, AsynchFilePlugin). Files on disk answer at once here, so an operation is done when it is started or
// fetched; the image sees the protocol it expects.

import {
  Address,
  answerInteger,
  answerNew,
  argument,
  bitsArgument,
  bodyOf,
  booleanArgument,
  byteSize,
  bytesArgument,
  elementCountOf,
  fail,
  failed,
  hostFileClose,
  hostFileOpen,
  hostFileRead,
  hostFileWrite,
  integerArgument,
  Oop,
  signalSemaphoreWithIndex,
  succeeded,
} from "../../vm/plugin";
import {
  fileOf,
  forgetFile,
  handleOf,
  isWritable,
  newFileRecord,
  positionOf,
  progressOf,
  semaphoreOf,
  setPosition,
  setProgress,
  setSemaphore,
} from "../files/openFiles";
import { fileAccessAllowed } from "../files/security";
import { PATH_MAX } from "../files/stat";

const OPEN_WRITE_CREATE: u32 = 3;
/** A result: the operation failed. */
const FAILED: i64 = -1;

/** Opens a file: name, whether to write, semaphore index. AsynchFilePlugin>>primitiveAsyncFileOpen:forWrite:semaIndex: */
export function primitiveAsyncFileOpen(): void {
  const name = bytesArgument(0);
  const writable = booleanArgument(1);
  const semaphore = integerArgument(2);
  if (failed()) return;
  if (byteSize(name) >= PATH_MAX || !fileAccessAllowed()) return fail();
  const handle = hostFileOpen(bodyOf(name), byteSize(name), writable ? OPEN_WRITE_CREATE : 0);
  if (handle < 0) return fail();
  const record = newFileRecord(handle, writable);
  if (record == 0) hostFileClose(handle);
  else setSemaphore(fileOf(record), <u32>semaphore);
  answerNew(record);
}

/** AsynchFilePlugin>>primitiveAsyncFileClose: */
export function primitiveAsyncFileClose(): void {
  const file = fileOf(argument(0));
  if (file == 0) return;
  hostFileClose(handleOf(file));
  forgetFile(file, argument(0));
}

/** Starts reading: file, position (negative: where the last operation ended), count of bytes. */
export function primitiveAsyncFileReadStart(): void {
  const position = integerArgument(1);
  integerArgument(2);
  const file = fileOf(argument(0));
  if (failed()) return;
  if (position >= 0) setPosition(file, position);
  signalSemaphoreWithIndex(semaphoreOf(file));
}

/** Fetches what was read: file, buffer, start, count in the buffer's elements. Answers bytes read, -1 for an error. */
export function primitiveAsyncFileReadResult(): void {
  const file = fileOf(argument(0));
  const start = rangeAddress(1);
  if (failed()) return;
  const count = hostFileRead(handleOf(file), <f64>positionOf(file), start, rangeBytes(1));
  if (count > 0) setPosition(file, positionOf(file) + count);
  answerInteger(count < 0 ? FAILED : count);
}

/** Starts writing: file, position, buffer, start, count in the buffer's elements. */
export function primitiveAsyncFileWriteStart(): void {
  const position = integerArgument(1);
  const file = fileOf(argument(0));
  const start = rangeAddress(2);
  if (failed()) return;
  if (!isWritable(file)) return fail();
  if (position >= 0) setPosition(file, position);
  const count = hostFileWrite(handleOf(file), <f64>positionOf(file), start, rangeBytes(2));
  if (count > 0) setPosition(file, positionOf(file) + count);
  setProgress(file, <u32>count);
  signalSemaphoreWithIndex(semaphoreOf(file));
}

/** Answers the bytes that the last write wrote, -1 for an error. */
export function primitiveAsyncFileWriteResult(): void {
  const file = fileOf(argument(0));
  if (file == 0) return;
  const count = <i32>progressOf(file);
  setProgress(file, 0);
  answerInteger(count < 0 ? FAILED : count);
}

/** Where a range of a buffer begins; the arguments from `index` on are buffer, start and count. Fails outside it. */
function rangeAddress(index: u32): Address {
  const buffer = bitsArgument(index);
  const start = integerArgument(index + 1);
  const count = integerArgument(index + 2);
  if (failed()) return 0;
  if (start < 1 || count < 0 || start + count - 1 > <i64>elementCountOf(buffer)) fail();
  return succeeded() ? bodyOf(buffer) + <u32>(start - 1) * elementBytesOf(buffer) : 0;
}

function rangeBytes(index: u32): u32 {
  return <u32>integerArgument(index + 2) * elementBytesOf(argument(index));
}

function elementBytesOf(buffer: Oop): u32 {
  const elements = elementCountOf(buffer);
  return elements == 0 ? 1 : byteSize(buffer) / elements;
}
