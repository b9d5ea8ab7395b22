// Files and directories on Node, with node:fs. Every path passes the policy first. Handles are ours, from 3 on, so that
// an image can reach no descriptor of the process but those it opened.

import * as fs from "node:fs";
import { basename, dirname, resolve } from "node:path";
import {
  ERRNO,
  type HostDrivers,
  OPEN_APPEND,
  OPEN_CREATE,
  OPEN_EXCLUSIVE,
  OPEN_TRUNCATE,
  OPEN_WRITE,
} from "./drivers.js";
import { type FileAccess, filePolicy } from "./filePolicy.js";
import { errorNumber, guarded } from "./imports.js";
import { descriptorKind } from "./nodeStreams.js";
import { type InputStream, type OutputStream } from "./streams.js";

export type FileDrivers = Pick<
  HostDrivers,
  | "fileOpen"
  | "fileClose"
  | "fileRead"
  | "fileWrite"
  | "fileSize"
  | "fileTruncate"
  | "fileFlush"
  | "fileWatch"
  | "fileKind"
  | "fileDelete"
  | "fileRename"
  | "directoryCreate"
  | "directoryDelete"
  | "directoryOpen"
  | "directoryNext"
  | "directoryRewind"
  | "directoryClose"
  | "pathStat"
  | "pathAccess"
  | "pathReadLink"
  | "pathChangeMode"
  | "pathChangeOwner"
>;

interface OpenFile {
  readonly descriptor: number;
  readonly isRegular: boolean;
}

interface OpenDirectory {
  readonly path: string;
  names: string[];
  next: number;
}

export interface Streams {
  readonly input: InputStream;
  readonly output: OutputStream;
  readonly error: OutputStream;
}

/** `workingDirectory` is where relative paths start; `streams` are the handles 0 to 2. */
export function nodeFiles(
  workingDirectory: string,
  access: FileAccess,
  streams: Streams,
  signal: (semaphore: number) => void,
) {
  const files = new Map<number, OpenFile>();
  const directories = new Map<number, OpenDirectory>();
  let lastHandle = 2;
  const absolute = (path: string) => resolve(workingDirectory, path);
  const policy = filePolicy(access, (path) => realPath(absolute(path)));
  /** Runs an action on an absolute path that the policy lets through. */
  const onPath = (path: string, write: boolean, action: (path: string) => number) => {
    if (path.includes("\0") || path === "") return -ERRNO.ENOENT;
    const refusal = policy.check(path, write);
    return refusal < 0 ? refusal : guarded(() => action(absolute(path)));
  };
  const onFile = (handle: number, action: (file: OpenFile) => number) => {
    const file = files.get(handle);
    return file === undefined ? -ERRNO.EBADF : guarded(() => action(file));
  };
  const onDirectory = (handle: number, action: (directory: OpenDirectory) => number) => {
    const directory = directories.get(handle);
    return directory === undefined ? -ERRNO.EBADF : guarded(() => action(directory));
  };

  const drivers: FileDrivers = {
    fileOpen: (path, flags) =>
      onPath(path, (flags & (OPEN_WRITE | OPEN_CREATE)) !== 0, (target) => {
        const descriptor = fs.openSync(target, openFlags(flags), 0o666);
        files.set(++lastHandle, { descriptor, isRegular: fs.fstatSync(descriptor).isFile() });
        return lastHandle;
      }),
    fileClose: (handle) =>
      handle >= 0 && handle <= 2
        ? 0
        : onFile(handle, ({ descriptor }) => {
            files.delete(handle);
            fs.closeSync(descriptor);
            return 0;
          }),
    fileRead: (handle, offset, bytes) =>
      handle === 0
        ? streams.input.read(bytes)
        : onFile(handle, ({ descriptor, isRegular }) =>
            fs.readSync(descriptor, bytes, 0, bytes.length, isRegular ? offset : null),
          ),
    fileWrite(handle, offset, bytes) {
      if (handle === 1) return streams.output.write(bytes);
      if (handle === 2) return streams.error.write(bytes);
      return onFile(handle, ({ descriptor, isRegular }) =>
        fs.writeSync(descriptor, bytes, 0, bytes.length, isRegular ? offset : null),
      );
    },
    fileSize: (handle) => (handle <= 2 ? 0 : onFile(handle, ({ descriptor }) => fs.fstatSync(descriptor).size)),
    fileTruncate: (handle, size) =>
      onFile(handle, ({ descriptor }) => {
        fs.ftruncateSync(descriptor, size);
        return 0;
      }),
    fileFlush: (handle, toDevice) =>
      handle <= 2
        ? 0
        : onFile(handle, ({ descriptor }) => {
            if (toDevice) fs.fsyncSync(descriptor);
            return 0;
          }),
    fileWatch(handle, semaphore) {
      if (handle === 0) streams.input.watch(() => signal(semaphore));
      else if (!files.has(handle)) return -ERRNO.EBADF;
      else setImmediate(signal, semaphore);
      return 0;
    },
    fileKind(handle) {
      if (handle === 0) return streams.input.kind();
      if (handle === 1) return streams.output.kind();
      if (handle === 2) return streams.error.kind();
      return onFile(handle, ({ descriptor }) => descriptorKind(descriptor));
    },
    fileDelete: (path) => onPath(path, true, done(fs.unlinkSync)),
    fileRename: (from, to) =>
      onPath(from, true, (source) =>
        onPath(to, true, (target) => {
          fs.renameSync(source, target);
          return 0;
        }),
      ),

    directoryCreate: (path) => onPath(path, true, done(fs.mkdirSync)),
    directoryDelete: (path) => onPath(path, true, done(fs.rmdirSync)),
    directoryOpen: (path) =>
      onPath(path, false, (target) => {
        directories.set(++lastHandle, { path: target, names: fs.readdirSync(target), next: 0 });
        return lastHandle;
      }),
    directoryNext(handle) {
      const directory = directories.get(handle);
      if (directory === undefined) return -ERRNO.EBADF;
      return directory.names[directory.next++];
    },
    directoryRewind: (handle) =>
      onDirectory(handle, (directory) => {
        directory.names = fs.readdirSync(directory.path);
        directory.next = 0;
        return 0;
      }),
    directoryClose: (handle) => onDirectory(handle, () => (directories.delete(handle) ? 0 : -ERRNO.EBADF)),

    pathStat(path, follow) {
      if (path.includes("\0")) return -ERRNO.ENOENT;
      const refusal = policy.check(path, false);
      if (refusal < 0) return refusal;
      try {
        const stat = follow ? fs.statSync(absolute(path)) : fs.lstatSync(absolute(path));
        return {
          mode: stat.mode,
          inode: stat.ino,
          device: stat.dev,
          links: stat.nlink,
          uid: stat.uid,
          gid: stat.gid,
          size: stat.size,
          accessTime: stat.atimeMs / 1000,
          modificationTime: stat.mtimeMs / 1000,
          changeTime: stat.ctimeMs / 1000,
          creationTime: stat.birthtimeMs / 1000,
        };
      } catch (error) {
        return errorNumber(error);
      }
    },
    pathAccess: (path, mode) =>
      onPath(path, (mode & 2) !== 0, (target) => {
        fs.accessSync(target, mode);
        return 0;
      }),
    pathReadLink(path) {
      const refusal = policy.check(path, false);
      if (refusal < 0) return refusal;
      try {
        return fs.readlinkSync(absolute(path));
      } catch (error) {
        return errorNumber(error);
      }
    },
    pathChangeMode: (path, mode) =>
      onPath(path, true, (target) => {
        fs.chmodSync(target, mode);
        return 0;
      }),
    pathChangeOwner: (path, uid, gid, follow) =>
      onPath(path, true, (target) => {
        if (follow) fs.chownSync(target, uid, gid);
        else fs.lchownSync(target, uid, gid);
        return 0;
      }),
  };

  return {
    drivers,
    absolute,
    policy,
    /** Closes what the image left open. */
    closeAll() {
      for (const { descriptor } of files.values()) guarded(() => (fs.closeSync(descriptor), 0));
      files.clear();
      directories.clear();
    },
  };
}

function done(action: (path: string) => void): (path: string) => number {
  return (path) => {
    action(path);
    return 0;
  };
}

function openFlags(flags: number): number {
  return (
    ((flags & OPEN_WRITE) !== 0 ? fs.constants.O_RDWR : fs.constants.O_RDONLY) |
    ((flags & OPEN_CREATE) !== 0 ? fs.constants.O_CREAT : 0) |
    ((flags & OPEN_TRUNCATE) !== 0 ? fs.constants.O_TRUNC : 0) |
    ((flags & OPEN_EXCLUSIVE) !== 0 ? fs.constants.O_EXCL : 0) |
    ((flags & OPEN_APPEND) !== 0 ? fs.constants.O_APPEND : 0)
  );
}

/** A path with the symbolic links of its longest existing part followed. */
function realPath(path: string): string {
  try {
    return fs.realpathSync(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : resolve(realPath(folder), basename(path));
  }
}
