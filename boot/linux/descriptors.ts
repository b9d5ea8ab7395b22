// What the image has open: a state for each descriptor of the process, so that an image reaches none but its own.
// Handles are descriptors; 0, 1 and 2 are the standard streams.

import { Address, close, EBADF, EMFILE, isTerminal, statDescriptor } from "./systemCalls";

export const STATE_CLOSED: u32 = 0;
export const STATE_FILE: u32 = 1;
/** Pipes, terminals, devices: no offsets, and reading may have to wait. */
export const STATE_STREAM: u32 = 2;
export const STATE_DIRECTORY: u32 = 3;

/** What a stream is, as the contract numbers it. */
export const KIND_NONE: i32 = 0;
export const KIND_TERMINAL: i32 = 1;
export const KIND_PIPE: i32 = 2;
export const KIND_FILE: i32 = 3;

const MODE_KIND: u32 = 0o170000;
const MODE_REGULAR: u32 = 0o100000;
const MODE_PIPE: u32 = 0o010000;
const MODE_SOCKET: u32 = 0o140000;

/** Offsets in struct statx. */
export const STATX_MODE: u32 = 28;
export const STATX_SIZE: u32 = 40;

const MAX_DESCRIPTORS: i32 = 4096;
const states: Address = memory.data(4096, 8);
/** struct statx, also room for a struct termios. */
export const status: Address = memory.data(256, 8);
/** A zero byte: the empty path. */
const empty: Address = memory.data(8, 8);

/** Notes a new descriptor; answers it as a handle, or closes it where there are too many. */
export function adopt(descriptor: i32, state: u32): i32 {
  if (descriptor < 0) return descriptor;
  if (descriptor >= MAX_DESCRIPTORS) {
    close(descriptor);
    return EMFILE;
  }
  store<u8>(states + descriptor, state);
  return descriptor;
}

/** What is open under a handle above 2. */
export function stateOf(handle: i32): u32 {
  return handle > 2 && handle < MAX_DESCRIPTORS ? load<u8>(states + handle) : STATE_CLOSED;
}

export function closeHandle(handle: i32): i32 {
  if (stateOf(handle) == STATE_CLOSED) return EBADF;
  store<u8>(states + handle, STATE_CLOSED);
  return close(handle);
}

/** Reads the status of a descriptor into `status`. */
export function readStatus(descriptor: i32): i32 {
  return statDescriptor(descriptor, empty, status);
}

/** Whether the last status read is that of a regular file. */
export function isRegular(): bool {
  return (load<u16>(status, STATX_MODE) & MODE_KIND) == MODE_REGULAR;
}

/** Kinds of the standard streams, plus one: they do not change, and every write asks. 0 is not known yet. */
const standardKinds: Address = memory.data(8, 8);

/** A KIND_… number. */
export function kindOf(descriptor: i32): i32 {
  if (descriptor > 2) return askKind(descriptor);
  const known = load<u8>(standardKinds + descriptor);
  if (known != 0) return <i32>known - 1;
  const kind = askKind(descriptor);
  store<u8>(standardKinds + descriptor, kind + 1);
  return kind;
}

function askKind(descriptor: i32): i32 {
  if (isTerminal(descriptor, status)) return KIND_TERMINAL;
  if (readStatus(descriptor) < 0) return KIND_NONE;
  const kind = load<u16>(status, STATX_MODE) & MODE_KIND;
  return kind == MODE_PIPE || kind == MODE_SOCKET ? KIND_PIPE : KIND_FILE;
}
