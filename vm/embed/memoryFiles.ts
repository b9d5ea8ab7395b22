// Files and directories in memory, for the browser and for tests: the file drivers without an operating system. Paths
// are POSIX, absolute or from the working directory; there are no symbolic links.

import {
  ERRNO,
  type HostDrivers,
  KIND_FILE,
  KIND_NONE,
  OPEN_CREATE,
  OPEN_EXCLUSIVE,
  OPEN_TRUNCATE,
  OPEN_WRITE,
} from "./drivers.js";
import { type FileAccess, filePolicy } from "./filePolicy.js";

interface MemoryFile {
  /** The content is the first `size` bytes; the rest is room to grow. */
  bytes: Uint8Array;
  size: number;
  mode: number;
  modifiedSeconds: number;
  readonly inode: number;
}

interface Folder {
  readonly isFolder: true;
  mode: number;
  modifiedSeconds: number;
  readonly inode: number;
}

type Entry = MemoryFile | Folder;

const FOLDER_MODE = 0o40755;
const FILE_MODE = 0o100644;

export interface MemoryFiles {
  readonly drivers: Pick<
    HostDrivers,
    | "fileOpen"
    | "fileClose"
    | "fileRead"
    | "fileWrite"
    | "fileSize"
    | "fileTruncate"
    | "fileFlush"
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
  readonly absolute: (path: string) => string;
  /** Every file with its content, by absolute path. */
  contents(): Map<string, Uint8Array>;
  /** Puts a file there with its folders, whatever was there before. */
  put(path: string, content: Uint8Array): void;
}

export function memoryFiles(
  given: Readonly<Record<string, Uint8Array>>,
  workingDirectory: string,
  access: FileAccess,
): MemoryFiles {
  const entries = new Map<string, Entry>();
  const handles = new Map<number, { file: MemoryFile; isWritable: boolean }>();
  const listings = new Map<number, { folder: string; names: string[]; next: number }>();
  let lastHandle = 2;
  let lastInode = 0;
  const now = () => Date.now() / 1000;
  const absolute = (path: string) => normalize(path.startsWith("/") ? path : `${workingDirectory}/${path}`);
  const policy = filePolicy(access, absolute);

  const addFolder = (path: string) =>
    entries.set(path, { isFolder: true, mode: FOLDER_MODE, modifiedSeconds: now(), inode: ++lastInode });
  const addFile = (path: string, bytes: Uint8Array) => {
    const file = { bytes, size: bytes.length, mode: FILE_MODE, modifiedSeconds: now(), inode: ++lastInode };
    entries.set(path, file);
    return file;
  };
  const addFolders = (path: string) => {
    for (let at = path; !entries.has(at); at = parentOf(at)) addFolder(at);
  };
  const put = (path: string, content: Uint8Array) => {
    const target = absolute(path);
    addFolders(parentOf(target));
    addFile(target, content.slice());
  };
  const childrenOf = (folder: string) =>
    [...entries.keys()].filter((path) => path !== "/" && parentOf(path) === folder).map((path) => nameOf(path));
  /** Runs an action on an absolute path that the policy lets through. */
  const onPath = <Answer>(path: string, write: boolean, action: (path: string) => Answer): Answer | number => {
    if (path === "") return -ERRNO.ENOENT;
    const refusal = policy.check(path, write);
    return refusal < 0 ? refusal : action(absolute(path));
  };
  const onEntry = (path: string, write: boolean, action: (entry: Entry) => number) =>
    onPath(path, write, (target) => {
      const entry = entries.get(target);
      return entry === undefined ? -ERRNO.ENOENT : action(entry);
    });

  addFolder("/");
  addFolders(absolute("."));
  for (const [path, content] of Object.entries(given)) put(path, content);

  const drivers: MemoryFiles["drivers"] = {
    fileOpen: (path, flags) =>
      onPath(path, (flags & (OPEN_WRITE | OPEN_CREATE)) !== 0, (target) => {
        let entry = entries.get(target);
        if (entry === undefined) {
          if ((flags & OPEN_CREATE) === 0) return -ERRNO.ENOENT;
          if (!isFolder(entries.get(parentOf(target)))) return -ERRNO.ENOENT;
          entry = addFile(target, new Uint8Array());
        } else if ((flags & OPEN_EXCLUSIVE) !== 0) return -ERRNO.EEXIST;
        if (isFolder(entry)) return -ERRNO.EISDIR;
        if ((flags & OPEN_TRUNCATE) !== 0) entry.size = 0;
        handles.set(++lastHandle, { file: entry, isWritable: (flags & OPEN_WRITE) !== 0 });
        return lastHandle;
      }),
    fileClose: (handle) => (handle <= 2 || handles.delete(handle) ? 0 : -ERRNO.EBADF),
    fileRead(handle, offset, bytes) {
      const file = handles.get(handle)?.file;
      if (file === undefined) return -ERRNO.EBADF;
      const part = file.bytes.subarray(Math.min(offset, file.size), Math.min(offset + bytes.length, file.size));
      bytes.set(part);
      return part.length;
    },
    fileWrite(handle, offset, bytes) {
      const open = handles.get(handle);
      if (open === undefined || !open.isWritable) return -ERRNO.EBADF;
      resize(open.file, Math.max(open.file.size, offset + bytes.length));
      open.file.bytes.set(bytes, offset);
      open.file.modifiedSeconds = now();
      return bytes.length;
    },
    fileSize: (handle) => handles.get(handle)?.file.size ?? (handle <= 2 ? 0 : -ERRNO.EBADF),
    fileTruncate(handle, size) {
      const open = handles.get(handle);
      if (open === undefined || !open.isWritable) return -ERRNO.EBADF;
      resize(open.file, size);
      open.file.modifiedSeconds = now();
      return 0;
    },
    fileFlush: (handle) => (handle <= 2 || handles.has(handle) ? 0 : -ERRNO.EBADF),
    fileKind: (handle) => (handles.has(handle) ? KIND_FILE : KIND_NONE),
    fileDelete: (path) =>
      onEntry(path, true, (entry) => {
        if (isFolder(entry)) return -ERRNO.EISDIR;
        entries.delete(absolute(path));
        return 0;
      }),
    fileRename: (from, to) =>
      onEntry(from, true, (entry) =>
        onPath(to, true, (target) => {
          const source = absolute(from);
          if (!isFolder(entries.get(parentOf(target)))) return -ERRNO.ENOENT;
          if (target.startsWith(`${source}/`)) return -ERRNO.EINVAL;
          entries.delete(source);
          entries.set(target, entry);
          for (const [path, each] of [...entries]) {
            if (!path.startsWith(`${source}/`)) continue;
            entries.delete(path);
            entries.set(target + path.slice(source.length), each);
          }
          return 0;
        }),
      ),

    directoryCreate: (path) =>
      onPath(path, true, (target) => {
        if (entries.has(target)) return -ERRNO.EEXIST;
        if (!isFolder(entries.get(parentOf(target)))) return -ERRNO.ENOENT;
        addFolder(target);
        return 0;
      }),
    directoryDelete: (path) =>
      onEntry(path, true, (entry) => {
        if (!isFolder(entry)) return -ERRNO.ENOTDIR;
        if (childrenOf(absolute(path)).length > 0) return -ERRNO.ENOTEMPTY;
        entries.delete(absolute(path));
        return 0;
      }),
    directoryOpen: (path) =>
      onEntry(path, false, (entry) => {
        if (!isFolder(entry)) return -ERRNO.ENOTDIR;
        listings.set(++lastHandle, { folder: absolute(path), names: childrenOf(absolute(path)), next: 0 });
        return lastHandle;
      }),
    directoryNext(handle) {
      const listing = listings.get(handle);
      return listing === undefined ? -ERRNO.EBADF : listing.names[listing.next++];
    },
    directoryRewind(handle) {
      const listing = listings.get(handle);
      if (listing === undefined) return -ERRNO.EBADF;
      listing.names = childrenOf(listing.folder);
      listing.next = 0;
      return 0;
    },
    directoryClose: (handle) => (listings.delete(handle) ? 0 : -ERRNO.EBADF),

    pathStat: (path) =>
      onPath(path, false, (target) => {
        const entry = entries.get(target);
        if (entry === undefined) return -ERRNO.ENOENT;
        const { mode, inode, modifiedSeconds: seconds } = entry;
        const size = isFolder(entry) ? 0 : entry.size;
        const times = { accessTime: seconds, modificationTime: seconds, changeTime: seconds, creationTime: seconds };
        return { mode, inode, device: 1, links: 1, uid: 0, gid: 0, size, ...times };
      }),
    pathAccess: (path, mode) => onEntry(path, (mode & 2) !== 0, (entry) => permits(entry, mode)),
    pathReadLink: (path) => onEntry(path, false, () => -ERRNO.EINVAL),
    pathChangeMode: (path, mode) =>
      onEntry(path, true, (entry) => {
        entry.mode = (entry.mode & ~0o7777) | (mode & 0o7777);
        return 0;
      }),
    pathChangeOwner: () => -ERRNO.EPERM,
  };

  return {
    drivers,
    absolute,
    contents() {
      const files = new Map<string, Uint8Array>();
      for (const [path, entry] of entries) if (!isFolder(entry)) files.set(path, entry.bytes.slice(0, entry.size));
      return files;
    },
    put,
  };
}

function isFolder(entry: Entry | undefined): entry is Folder {
  return entry !== undefined && "isFolder" in entry;
}

/** Whether the owner's permissions allow an access (1 execute, 2 write, 4 read). */
function permits(entry: Entry, access: number): number {
  return ((entry.mode >> 6) & access) === access ? 0 : -ERRNO.EACCES;
}

function resize(file: MemoryFile, size: number): void {
  if (size > file.bytes.length) {
    const larger = new Uint8Array(Math.max(size, file.bytes.length * 2));
    larger.set(file.bytes.subarray(0, file.size));
    file.bytes = larger;
  } else if (size > file.size) file.bytes.fill(0, file.size, size);
  file.size = size;
}

/** An absolute path without ".", ".." and double slashes. */
function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function parentOf(path: string): string {
  return normalize(path.slice(0, path.lastIndexOf("/")));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
