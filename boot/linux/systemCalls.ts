// Linux system calls by name: linear memory's addresses become the processor's here and nowhere else. Numbers and flags:
// the kernel's include/uapi for x86-64. A negative answer is minus an errno.

import { memoryBase, syscall } from "../cpu";

/** A place in linear memory. */
export type Address = u32;

export const ENOENT: i32 = -2;
export const EINTR: i32 = -4;
export const EIO: i32 = -5;
export const EBADF: i32 = -9;
export const EAGAIN: i32 = -11;
export const EINVAL: i32 = -22;
export const EMFILE: i32 = -24;
export const EROFS: i32 = -30;
export const ENAMETOOLONG: i32 = -36;
export const ELOOP: i32 = -40;

export const O_WRONLY: i32 = 1;
export const O_RDWR: i32 = 2;
export const O_CREAT: i32 = 0o100;
export const O_EXCL: i32 = 0o200;
export const O_TRUNC: i32 = 0o1000;
export const O_APPEND: i32 = 0o2000;
export const O_DIRECTORY: i32 = 0o200000;
export const O_CLOEXEC: i32 = 0o2000000;

export const PROT_NONE: i32 = 0;
export const PROT_READ_WRITE: i32 = 3;
export const PROT_READ_EXECUTE: i32 = 5;
const MAP_SHARED: i32 = 1;
const MAP_PRIVATE_ANONYMOUS: i32 = 0x22;
const MAP_PRIVATE_ANONYMOUS_NORESERVE: i32 = 0x4022;
const MAP_FIXED_NOREPLACE: i32 = 0x100000;

export const POLLIN: i32 = 1;
export const POLLOUT: i32 = 4;

const F_DUPFD_CLOEXEC: i32 = 1030;
const AT_FDCWD: i32 = -100;
const AT_SYMLINK_NOFOLLOW: i32 = 0x100;
const CLOCK_REALTIME: i32 = 0;
const CLOCK_MONOTONIC: i32 = 1;
const SIGNAL_SET_BYTES: i32 = 8;

/** A name of no bytes. */
const EMPTY: Address = memory.data(1);

// @ts-ignore: decorator
@inline
export function processorAddress(address: Address): i64 {
  return memoryBase() + <i64>address;
}

// @ts-ignore: decorator
@inline
function call1(number: i32, a: i64): i64 {
  return syscall(number, a, 0, 0, 0, 0, 0);
}

// @ts-ignore: decorator
@inline
function call3(number: i32, a: i64, b: i64, c: i64): i64 {
  return syscall(number, a, b, c, 0, 0, 0);
}

// @ts-ignore: decorator
@inline
function call4(number: i32, a: i64, b: i64, c: i64, d: i64): i64 {
  return syscall(number, a, b, c, d, 0, 0);
}

// Descriptors.

export function read(descriptor: i32, address: Address, bytes: u32): i64 {
  return call3(0, descriptor, processorAddress(address), bytes);
}

export function write(descriptor: i32, address: Address, bytes: u32): i64 {
  return call3(1, descriptor, processorAddress(address), bytes);
}

export function readAt(descriptor: i32, address: Address, bytes: u32, offset: i64): i64 {
  return call4(17, descriptor, processorAddress(address), bytes, offset);
}

export function writeAt(descriptor: i32, address: Address, bytes: u32, offset: i64): i64 {
  return call4(18, descriptor, processorAddress(address), bytes, offset);
}

/** `path` ends with a zero byte, as in all that follows. The descriptor is above those of the standard streams. */
export function open(path: Address, flags: i32, mode: i32): i32 {
  return aboveStandard(<i32>call3(2, processorAddress(path), flags | O_CLOEXEC, mode));
}

/**
 * The same file by a number above those of the standard streams. Where the program was started without one of these, the
 * system gives its number to the next file, which would then get what is written to the stream.
 */
function aboveStandard(descriptor: i32): i32 {
  if (descriptor < 0 || descriptor > 2) return descriptor;
  const moved = <i32>call3(72, descriptor, F_DUPFD_CLOEXEC, 3);
  close(descriptor);
  return moved;
}

export function close(descriptor: i32): i32 {
  return <i32>call1(3, descriptor);
}

export function synchronize(descriptor: i32): i32 {
  return <i32>call1(74, descriptor);
}

export function truncate(descriptor: i32, size: i64): i32 {
  return <i32>call3(77, descriptor, size, 0);
}

/** Entries of a directory (struct linux_dirent64); bytes, 0 at the end. */
export function directoryEntries(descriptor: i32, address: Address, bytes: u32): i32 {
  return <i32>call3(217, descriptor, processorAddress(address), bytes);
}

export function seekToStart(descriptor: i32): i32 {
  return <i32>call3(8, descriptor, 0, 0);
}

/** Whether a descriptor is a terminal: it answers TCGETS. */
export function isTerminal(descriptor: i32, scratch: Address): bool {
  return call3(16, descriptor, 0x5401, processorAddress(scratch)) == 0;
}

/** Waits until a descriptor of an array of struct pollfd is ready or nanoseconds have passed (negative: without end). */
export function poll(descriptors: Address, count: u32, nanoseconds: i64, time: Address): i32 {
  if (nanoseconds >= 0) {
    store<i64>(time, nanoseconds / 1_000_000_000);
    store<i64>(time, nanoseconds % 1_000_000_000, 8);
  }
  const timeout = nanoseconds < 0 ? 0 : processorAddress(time);
  return <i32>call4(271, processorAddress(descriptors), count, timeout, 0);
}

// Files by name.

export function unlink(path: Address): i32 {
  return <i32>call1(87, processorAddress(path));
}

export function rename(from: Address, to: Address): i32 {
  return <i32>call3(82, processorAddress(from), processorAddress(to), 0);
}

export function makeDirectory(path: Address): i32 {
  return <i32>call3(83, processorAddress(path), 0o777, 0);
}

export function removeDirectory(path: Address): i32 {
  return <i32>call1(84, processorAddress(path));
}

export function access(path: Address, mode: i32): i32 {
  return <i32>call3(21, processorAddress(path), mode, 0);
}

export function readLink(path: Address, address: Address, bytes: u32): i32 {
  return <i32>call3(89, processorAddress(path), processorAddress(address), bytes);
}

export function changeMode(path: Address, mode: i32): i32 {
  return <i32>call3(90, processorAddress(path), mode, 0);
}

export function changeOwner(path: Address, uid: i32, gid: i32, follow: bool): i32 {
  return <i32>call3(follow ? 92 : 94, processorAddress(path), uid, gid);
}

export function changeDirectory(path: Address): i32 {
  return <i32>call1(80, processorAddress(path));
}

/** The working directory with its final zero; the bytes of both. */
export function workingDirectory(address: Address, bytes: u32): i32 {
  return <i32>call3(79, processorAddress(address), bytes, 0);
}

/** Basic fields and the creation time of a path as struct statx. */
export function statPath(path: Address, follow: bool, address: Address): i32 {
  const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
  return <i32>syscall(332, AT_FDCWD, processorAddress(path), flags, 0xfff, processorAddress(address), 0);
}

/** The same of an open descriptor; `empty` is the address of a zero byte. */
export function statDescriptor(descriptor: i32, empty: Address, address: Address): i32 {
  return <i32>syscall(332, descriptor, processorAddress(empty), 0x1000, 0xfff, processorAddress(address), 0);
}

// Clocks, memory, signals, the process.

function microseconds(clock: i32, time: Address): i64 {
  call3(228, clock, processorAddress(time), 0);
  return load<i64>(time) * 1_000_000 + load<i64>(time, 8) / 1000;
}

export function utcMicrosecondsInto(time: Address): i64 {
  return microseconds(CLOCK_REALTIME, time);
}

export function monotonicMicrosecondsInto(time: Address): i64 {
  return microseconds(CLOCK_MONOTONIC, time);
}

export function randomBytes(address: Address, bytes: u32): i64 {
  return call3(318, processorAddress(address), bytes, 0);
}

/** Sets a part of the address space aside that nothing may touch; fails where something is there. */
export function reserveAddresses(start: i64, bytes: i64): i64 {
  return syscall(9, start, bytes, PROT_NONE, MAP_PRIVATE_ANONYMOUS_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
}

export function protect(start: i64, bytes: i64, protection: i32): i32 {
  return <i32>call3(10, start, bytes, protection);
}

/** A file of that many bytes in memory only, its pages to be written and executed; a descriptor or an error. */
export function memoryFile(bytes: i64): i32 {
  // MFD_CLOEXEC and MFD_EXEC; kernels before 6.3 do not know the second.
  let file = <i32>call3(319, processorAddress(EMPTY), 0x11, 0);
  if (file == EINVAL) file = <i32>call3(319, processorAddress(EMPTY), 1, 0);
  file = aboveStandard(file);
  return file < 0 || truncate(file, bytes) >= 0 ? file : -1;
}

/** Maps a file where the kernel likes; its address, or an error. */
export function mapAnywhere(bytes: i64, protection: i32, file: i32): i64 {
  return syscall(9, 0, bytes, protection, MAP_SHARED, file, 0);
}

/** Maps a file at an address; that address, or an error where something is there. */
export function mapAt(start: i64, bytes: i64, protection: i32, file: i32): i64 {
  return syscall(9, start, bytes, protection, MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
}

/** Zeroed memory that takes room as it is used; its address, or an error. */
export function anonymousMemory(bytes: i64): i64 {
  return syscall(9, 0, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
}

/** Sets a handler from a struct sigaction of the kernel (handler, flags, restorer, mask). */
export function signalAction(signal: i32, action: Address): i32 {
  return <i32>call4(13, signal, processorAddress(action), 0, SIGNAL_SET_BYTES);
}

/** The stack that handlers run on, from a struct sigaltstack. */
export function signalStack(description: Address): i32 {
  return <i32>call3(131, processorAddress(description), 0, 0);
}

/** Blocks signals of a 64-bit set: they wait for `signalDescriptor`. */
export function blockSignals(set: Address): i32 {
  return <i32>call4(14, 0, processorAddress(set), 0, SIGNAL_SET_BYTES);
}

/** A descriptor that reads the blocked signals of a set, without blocking. */
export function signalDescriptor(set: Address): i32 {
  return aboveStandard(<i32>call4(289, -1, processorAddress(set), SIGNAL_SET_BYTES, 0o2004000));
}

/** The soft limit of the stack in bytes, which may be u64.MAX_VALUE for none. */
export function stackBytes(scratch: Address): u64 {
  const status = call4(302, 0, 3, 0, processorAddress(scratch));
  return status < 0 ? 1 << 20 : load<u64>(scratch);
}

/** Names of the system, 65 bytes each (struct utsname). */
export function systemNames(address: Address): i32 {
  return <i32>call1(63, processorAddress(address));
}

export function processNumber(): i32 {
  return <i32>call1(39, 0);
}

export function exit(code: i32): void {
  call1(231, code);
  unreachable();
}
