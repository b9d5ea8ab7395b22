// The platform contract: everything that the virtual machine needs from outside, declared once. Node and the browser
// (vm/embed), Linux and Xen (boot) implement it. No call blocks. Addresses and lengths are bytes in linear memory,
// which the virtual machine owns; an implementation reads or writes there only during the call. Strings are UTF-8.
// A negative i32 answer is an error: minus an errno of Linux, of which -11 (EAGAIN) says "would wait".

import { Address } from "./memory/oop";

/** "Nothing there yet": the caller suspends itself with `waitForHost` and tries again. */
export const HOST_WOULD_WAIT: i32 = -11;

/** Stops the instance at once with a message; used by `assert` and impossible states. Never returns. */
// @ts-ignore: decorator
@external("host", "panic")
export declare function hostPanic(message: Address, bytes: u32): void;

/** Reports a line for the log. Level: 1 error, 2 warning, 3 information, 4 debug, 5 trace. */
// @ts-ignore: decorator
@external("host", "log")
export declare function hostLog(level: u32, message: Address, bytes: u32): void;

/** Coordinated universal time, microseconds since 1970-01-01. */
// @ts-ignore: decorator
@external("host", "utcMicroseconds")
export declare function hostUtcMicroseconds(): i64;

/** A clock that never goes back, microseconds from an arbitrary start. */
// @ts-ignore: decorator
@external("host", "monotonicMicroseconds")
export declare function hostMonotonicMicroseconds(): i64;

/** Seconds that local time is ahead of coordinated universal time now. */
// @ts-ignore: decorator
@external("host", "timezoneOffsetSeconds")
export declare function hostTimezoneOffsetSeconds(): i32;

/** Fills memory with bytes fit for keys. */
// @ts-ignore: decorator
@external("host", "entropy")
export declare function hostEntropy(address: Address, bytes: u32): void;

/** Reads bytes of the image being loaded, from `offset` on. Answers how many were read; fewer only at its end. */
// @ts-ignore: decorator
@external("host", "imageRead")
export declare function hostImageRead(offset: f64, address: Address, bytes: u32): i32;

// Writing a snapshot: begin, any number of writes in order, then commit, which makes it visible whole or not at all.

/** Starts a snapshot with the name in memory (the current image name if `bytes` is 0). 0, or an error. */
// @ts-ignore: decorator
@external("host", "snapshotBegin")
export declare function hostSnapshotBegin(name: Address, bytes: u32): i32;

// @ts-ignore: decorator
@external("host", "snapshotWrite")
export declare function hostSnapshotWrite(address: Address, bytes: u32): i32;

/** Flushes and puts the snapshot in place, or (`keep` 0) drops it. 0, or an error. */
// @ts-ignore: decorator
@external("host", "snapshotEnd")
export declare function hostSnapshotEnd(keep: i32): i32;

/**
 * A system attribute by Squeak's number (Smalltalk>>getSystemAttribute:). Writes at most `bytes` of it and answers its
 * whole length, or -1 where there is none.
 */
// @ts-ignore: decorator
@external("host", "attribute")
export declare function hostAttribute(number: i32, address: Address, bytes: u32): i32;

/** A variable of the environment by its name, as `hostAttribute`. */
// @ts-ignore: decorator
@external("host", "environment")
export declare function hostEnvironment(name: Address, nameBytes: u32, address: Address, bytes: u32): i32;

/** Sets the image's name (a path) for later snapshots. */
// @ts-ignore: decorator
@external("host", "setImageName")
export declare function hostSetImageName(name: Address, bytes: u32): i32;

// Files. A handle is a positive i32; 0, 1 and 2 are standard input, output and error. Offsets are bytes from the start.

/** Opens a file. Flags: 1 write, 2 create, 4 truncate, 8 exclusive, 16 append. Answers a handle or an error. */
// @ts-ignore: decorator
@external("host", "fileOpen")
export declare function hostFileOpen(path: Address, bytes: u32, flags: u32): i32;

// @ts-ignore: decorator
@external("host", "fileClose")
export declare function hostFileClose(handle: i32): i32;

/** Reads at an offset (ignored for streams). Answers the count, 0 at the end, HOST_WOULD_WAIT or an error. */
// @ts-ignore: decorator
@external("host", "fileRead")
export declare function hostFileRead(handle: i32, offset: f64, address: Address, bytes: u32): i32;

/** Writes at an offset (ignored for streams). Answers the count or an error. */
// @ts-ignore: decorator
@external("host", "fileWrite")
export declare function hostFileWrite(handle: i32, offset: f64, address: Address, bytes: u32): i32;

/** Bytes in a file, or a negative error. */
// @ts-ignore: decorator
@external("host", "fileSize")
export declare function hostFileSize(handle: i32): f64;

// @ts-ignore: decorator
@external("host", "fileTruncate")
export declare function hostFileTruncate(handle: i32, size: f64): i32;

/** Pushes written bytes on: to the device too where `toDevice` is not 0. */
// @ts-ignore: decorator
@external("host", "fileFlush")
export declare function hostFileFlush(handle: i32, toDevice: i32): i32;

/** Signals an external semaphore, by index, once when a file has something to read. 0, or an error. */
// @ts-ignore: decorator
@external("host", "fileWatch")
export declare function hostFileWatch(handle: i32, semaphore: u32): i32;

/** What a stream is: 0 none, 1 terminal, 2 pipe, 3 file. */
// @ts-ignore: decorator
@external("host", "fileKind")
export declare function hostFileKind(handle: i32): i32;

// @ts-ignore: decorator
@external("host", "fileDelete")
export declare function hostFileDelete(path: Address, bytes: u32): i32;

// @ts-ignore: decorator
@external("host", "fileRename")
export declare function hostFileRename(from: Address, fromBytes: u32, to: Address, toBytes: u32): i32;

// @ts-ignore: decorator
@external("host", "directoryCreate")
export declare function hostDirectoryCreate(path: Address, bytes: u32): i32;

// @ts-ignore: decorator
@external("host", "directoryDelete")
export declare function hostDirectoryDelete(path: Address, bytes: u32): i32;

/** Opens a directory for listing; a handle or an error. */
// @ts-ignore: decorator
@external("host", "directoryOpen")
export declare function hostDirectoryOpen(path: Address, bytes: u32): i32;

/** Writes the next entry's name ("." and ".." left out); answers its length, 0 at the end, or an error. */
// @ts-ignore: decorator
@external("host", "directoryNext")
export declare function hostDirectoryNext(handle: i32, address: Address, bytes: u32): i32;

// @ts-ignore: decorator
@external("host", "directoryRewind")
export declare function hostDirectoryRewind(handle: i32): i32;

// @ts-ignore: decorator
@external("host", "directoryClose")
export declare function hostDirectoryClose(handle: i32): i32;

/**
 * Writes the attributes of a path as f64 values: mode, inode, device, links, uid, gid, size, access, modification,
 * change and creation time (seconds since 1970, UTC); 11 in all. `follow` 0 describes a symbolic link itself.
 */
// @ts-ignore: decorator
@external("host", "pathStat")
export declare function hostPathStat(path: Address, bytes: u32, follow: i32, values: Address): i32;

/** Whether a path may be accessed. Mode: 0 exists, 1 execute, 2 write, 4 read. 0, or an error. */
// @ts-ignore: decorator
@external("host", "pathAccess")
export declare function hostPathAccess(path: Address, bytes: u32, mode: i32): i32;

/** Where a symbolic link points, as `hostAttribute`. */
// @ts-ignore: decorator
@external("host", "pathReadLink")
export declare function hostPathReadLink(path: Address, bytes: u32, address: Address, room: u32): i32;

// @ts-ignore: decorator
@external("host", "pathChangeMode")
export declare function hostPathChangeMode(path: Address, bytes: u32, mode: i32): i32;

// @ts-ignore: decorator
@external("host", "pathChangeOwner")
export declare function hostPathChangeOwner(path: Address, bytes: u32, uid: i32, gid: i32, follow: i32): i32;

/** The Display object has new pixels in a rectangle: an embedder that shows it may repaint. */
// @ts-ignore: decorator
@external("host", "displayChanged")
export declare function hostDisplayChanged(left: i32, top: i32, right: i32, bottom: i32): void;

/** asc's `abort`: reached from `assert` in the debug build and from `unreachable` states. */
export function abort(message: usize, fileName: usize, line: u32, column: u32): void {
  hostPanic(<Address>message, message == 0 ? 0 : load<u32>(message - 4));
  unreachable();
}

/**
 * Makes WebAssembly's binary format runnable: a module that imports `vm` (memory, table, functions of vm/main.ts) and
 * exports functions only. Answers the table index of the first, at least 1, the others behind it in their order; or an
 * error: -28 (ENOSPC) where no more fits until all is dropped.
 */
// @ts-ignore: decorator
@external("host", "installCode")
export declare function hostInstallCode(address: Address, bytes: u32): i32;

/** Takes back everything that was installed: none of it is called any more. */
// @ts-ignore: decorator
@external("host", "dropInstalledCode")
export declare function hostDropInstalledCode(): void;
