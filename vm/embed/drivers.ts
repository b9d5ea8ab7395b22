// The platform contract (vm/host.ts) as TypeScript sees it: strings and byte views in place of addresses. Node and the
// browser implement `HostDrivers` whole; an embedder may override any of its functions (VmOptions.drivers).

/** "Nothing there yet": minus EAGAIN. Only reading and writing a stream may answer it. */
export const WOULD_WAIT = -11;

// Errors are negative numbers: minus an errno of Linux.
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EIO: 5,
  EBADF: 9,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENOSPC: 28,
  EROFS: 30,
  ENAMETOOLONG: 36,
  ENOTEMPTY: 39,
} as const;

// Flags of fileOpen.
export const OPEN_WRITE = 1;
export const OPEN_CREATE = 2;
export const OPEN_TRUNCATE = 4;
export const OPEN_EXCLUSIVE = 8;
export const OPEN_APPEND = 16;

// Kinds of stream.
export const KIND_NONE = 0;
export const KIND_TERMINAL = 1;
export const KIND_PIPE = 2;
export const KIND_FILE = 3;

export const LOG_LEVELS = ["none", "error", "warning", "information", "debug", "trace"] as const;
/** 1 error, 2 warning, 3 information, 4 debug, 5 trace. */
export type LogLevel = 1 | 2 | 3 | 4 | 5;

/** What stat tells of a path. Times are seconds since 1970, UTC. */
export interface PathStat {
  readonly mode: number;
  readonly inode: number;
  readonly device: number;
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly accessTime: number;
  readonly modificationTime: number;
  readonly changeTime: number;
  readonly creationTime: number;
}

/**
 * Everything that a virtual machine needs from outside; vm/host.ts documents each function. A byte view reaches into
 * linear memory and is good only during the call. Numbers below zero are errors.
 */
export interface HostDrivers {
  log(level: LogLevel, message: string): void;
  utcMicroseconds(): bigint;
  monotonicMicroseconds(): bigint;
  timezoneOffsetSeconds(): number;
  entropy(bytes: Uint8Array): void;

  imageRead(offset: number, bytes: Uint8Array): number;
  snapshotBegin(name: string): number;
  snapshotWrite(bytes: Uint8Array): number;
  snapshotEnd(keep: boolean): number;
  attribute(number: number): string | undefined;
  environment(name: string): string | undefined;
  setImageName(name: string): number;

  fileOpen(path: string, flags: number): number;
  fileClose(handle: number): number;
  fileRead(handle: number, offset: number, bytes: Uint8Array): number;
  fileWrite(handle: number, offset: number, bytes: Uint8Array): number;
  fileSize(handle: number): number;
  fileTruncate(handle: number, size: number): number;
  fileFlush(handle: number, toDevice: boolean): number;
  fileWatch(handle: number, semaphore: number): number;
  fileKind(handle: number): number;
  fileDelete(path: string): number;
  fileRename(from: string, to: string): number;
  directoryCreate(path: string): number;
  directoryDelete(path: string): number;
  directoryOpen(path: string): number;
  /** The next entry's name, undefined at the end, or an error. */
  directoryNext(handle: number): string | undefined | number;
  directoryRewind(handle: number): number;
  directoryClose(handle: number): number;
  pathStat(path: string, follow: boolean): PathStat | number;
  pathAccess(path: string, mode: number): number;
  pathReadLink(path: string): string | number;
  pathChangeMode(path: string, mode: number): number;
  pathChangeOwner(path: string, uid: number, gid: number, follow: boolean): number;

  displayChanged(left: number, top: number, right: number, bottom: number): void;

  /** Gives every handle back; no call follows. */
  close(): void;
  /** Resolves when all that was written to a stream has left. */
  drained(): Promise<void>;
  /** Whoever drives the virtual machine: to be called when something that would have waited can be tried again. */
  onReady: (() => void) | undefined;
  /** And to be called to signal an external semaphore of the image. */
  onSignal: ((semaphore: number) => void) | undefined;
}

/** Overrides of single functions, as an embedder gives them. */
export type DriverOverrides = Partial<Omit<HostDrivers, "close" | "drained" | "onReady" | "onSignal">>;
