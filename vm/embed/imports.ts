// The functions that the WebAssembly module imports from "host" (vm/host.ts), made from drivers: addresses and lengths
// become strings and byte views here and nowhere else.

import type { CodeHost } from "./compiledCode.js";
import { ERRNO, type HostDrivers, type LogLevel } from "./drivers.js";

/** What the module's `panic` import throws: an assertion or an impossible state. The instance is dead after it. */
export class Panic extends Error {
  readonly isPanic = true;
}

type I32 = number;

export function hostImports(
  drivers: HostDrivers,
  memory: () => WebAssembly.Memory,
  code: CodeHost = { install: () => -ERRNO.EINVAL, drop() {} },
): WebAssembly.ModuleImports {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();

  const bytesAt = (address: I32, bytes: I32) => new Uint8Array(memory().buffer, address >>> 0, bytes >>> 0);
  const stringAt = (address: I32, bytes: I32) => decoder.decode(bytesAt(address, bytes));
  /** Writes as much of a text as there is room for; answers its whole length. */
  const putString = (text: string, address: I32, room: I32) => {
    const encoded = encoder.encode(text);
    bytesAt(address, Math.min(room >>> 0, encoded.length)).set(encoded.subarray(0, room >>> 0));
    return encoded.length;
  };

  return {
    panic(address: I32, bytes: I32) {
      throw new Panic(messageText(bytesAt(address, bytes)));
    },
    log: (level: I32, address: I32, bytes: I32) => drivers.log(level as LogLevel, messageText(bytesAt(address, bytes))),
    installCode: (address: I32, bytes: I32) => code.install(bytesAt(address, bytes)),
    dropInstalledCode: () => code.drop(),
    utcMicroseconds: () => drivers.utcMicroseconds(),
    monotonicMicroseconds: () => drivers.monotonicMicroseconds(),
    timezoneOffsetSeconds: () => drivers.timezoneOffsetSeconds(),
    entropy: (address: I32, bytes: I32) => drivers.entropy(bytesAt(address, bytes)),

    imageRead: (offset: number, address: I32, bytes: I32) => drivers.imageRead(offset, bytesAt(address, bytes)),
    snapshotBegin: (address: I32, bytes: I32) => drivers.snapshotBegin(stringAt(address, bytes)),
    snapshotWrite: (address: I32, bytes: I32) => drivers.snapshotWrite(bytesAt(address, bytes)),
    snapshotEnd: (keep: I32) => drivers.snapshotEnd(keep !== 0),
    attribute(number: I32, address: I32, room: I32) {
      const value = drivers.attribute(number);
      return value === undefined ? -1 : putString(value, address, room);
    },
    environment(name: I32, nameBytes: I32, address: I32, room: I32) {
      const value = drivers.environment(stringAt(name, nameBytes));
      return value === undefined ? -1 : putString(value, address, room);
    },
    setImageName: (address: I32, bytes: I32) => drivers.setImageName(stringAt(address, bytes)),

    fileOpen: (address: I32, bytes: I32, flags: I32) => drivers.fileOpen(stringAt(address, bytes), flags),
    fileClose: (handle: I32) => drivers.fileClose(handle),
    fileRead: (handle: I32, offset: number, address: I32, bytes: I32) =>
      drivers.fileRead(handle, offset, bytesAt(address, bytes)),
    fileWrite: (handle: I32, offset: number, address: I32, bytes: I32) =>
      drivers.fileWrite(handle, offset, bytesAt(address, bytes)),
    fileSize: (handle: I32) => drivers.fileSize(handle),
    fileTruncate: (handle: I32, size: number) => drivers.fileTruncate(handle, size),
    fileFlush: (handle: I32, toDevice: I32) => drivers.fileFlush(handle, toDevice !== 0),
    fileWatch: (handle: I32, semaphore: I32) => drivers.fileWatch(handle, semaphore),
    fileKind: (handle: I32) => drivers.fileKind(handle),
    fileDelete: (address: I32, bytes: I32) => drivers.fileDelete(stringAt(address, bytes)),
    fileRename: (from: I32, fromBytes: I32, to: I32, toBytes: I32) =>
      drivers.fileRename(stringAt(from, fromBytes), stringAt(to, toBytes)),

    directoryCreate: (address: I32, bytes: I32) => drivers.directoryCreate(stringAt(address, bytes)),
    directoryDelete: (address: I32, bytes: I32) => drivers.directoryDelete(stringAt(address, bytes)),
    directoryOpen: (address: I32, bytes: I32) => drivers.directoryOpen(stringAt(address, bytes)),
    directoryNext(handle: I32, address: I32, room: I32) {
      const name = drivers.directoryNext(handle);
      if (typeof name === "number") return name;
      return name === undefined ? 0 : putString(name, address, room);
    },
    directoryRewind: (handle: I32) => drivers.directoryRewind(handle),
    directoryClose: (handle: I32) => drivers.directoryClose(handle),

    pathStat(address: I32, bytes: I32, follow: I32, values: I32) {
      const stat = drivers.pathStat(stringAt(address, bytes), follow !== 0);
      if (typeof stat === "number") return stat;
      const view = new DataView(memory().buffer, values >>> 0, 88);
      const fields = [stat.mode, stat.inode, stat.device, stat.links, stat.uid, stat.gid, stat.size];
      const times = [stat.accessTime, stat.modificationTime, stat.changeTime, stat.creationTime];
      [...fields, ...times].forEach((value, index) => view.setFloat64(index * 8, value, true));
      return 0;
    },
    pathAccess: (address: I32, bytes: I32, mode: I32) => drivers.pathAccess(stringAt(address, bytes), mode),
    pathReadLink(address: I32, bytes: I32, into: I32, room: I32) {
      const target = drivers.pathReadLink(stringAt(address, bytes));
      return typeof target === "number" ? target : putString(target, into, room);
    },
    pathChangeMode: (address: I32, bytes: I32, mode: I32) => drivers.pathChangeMode(stringAt(address, bytes), mode),
    pathChangeOwner: (address: I32, bytes: I32, uid: I32, gid: I32, follow: I32) =>
      drivers.pathChangeOwner(stringAt(address, bytes), uid, gid, follow !== 0),

    displayChanged: (left: I32, top: I32, right: I32, bottom: I32) => drivers.displayChanged(left, top, right, bottom),
  };
}

/** A message for people. asc keeps string literals in UTF-16, where every second byte of ours is zero. */
function messageText(bytes: Uint8Array): string {
  const isWide = bytes.length >= 2 && bytes.length % 2 === 0 && bytes[1] === 0;
  return new TextDecoder(isWide ? "utf-16le" : "utf-8").decode(bytes);
}

/** Runs a driver's body; what it throws becomes an error number (its own, where it names one). */
export function guarded(action: () => number): number {
  try {
    return action();
  } catch (error) {
    return errorNumber(error);
  }
}

/** Minus the errno that an error of node:fs carries; -EIO for others. */
export function errorNumber(error: unknown): number {
  const { errno } = error as { errno?: number };
  if (typeof errno === "number" && errno < 0) return errno;
  return -ERRNO.EIO;
}
