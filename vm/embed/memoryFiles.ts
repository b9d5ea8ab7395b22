// Files and directories in memory, for the browser and for tests: the file drivers without an operating system, with the
// errors that Linux has. Paths are POSIX, absolute or from the working directory; there are no symbolic links. There is one
// user, whom permissions bind. boot/xen/files has the like for kernels.

import {
  ERRNO,
  type HostDrivers,
  KIND_FILE,
  KIND_NONE,
  OPEN_APPEND,
  OPEN_CREATE,
  OPEN_EXCLUSIVE,
  OPEN_TRUNCATE,
  OPEN_WRITE,
} from "./drivers.js";
import { type FileAccess, filePolicy } from "./filePolicy.js";

interface Times {
  mode: number;
  accessTime: number;
  modificationTime: number;
  changeTime: number;
  readonly creationTime: number;
  readonly inode: number;
}

interface MemoryFile extends Times {
  /** The content is the first `size` bytes; the rest is room to grow. */
  bytes: Uint8Array;
  size: number;
}

interface Folder extends Times {
  readonly entries: Map<string, Entry>;
  /** The directory that it is in; undefined for the root. */
  parent: Folder | undefined;
}

type Entry = MemoryFile | Folder;

/** Where a path leads (path_resolution(7)): its last name need not be there. */
interface Place {
  /** The directory that the last name is looked for in. */
  readonly folder: Folder;
  readonly name: string;
  readonly last: "root" | "name" | "." | "..";
  readonly entry: Entry | undefined;
  /** A slash behind: only a directory can be meant. */
  readonly hasSlash: boolean;
}

const FOLDER_MODE = 0o40755;
const FILE_MODE = 0o100644;
const PERMISSIONS = 0o7777;
const MOST_NAME_BYTES = 255;
const MOST_PATH_BYTES = 4095;

const EXECUTE = 1;
const WRITE = 2;
const READ = 4;

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
  const handles = new Map<number, { file: MemoryFile; isWritable: boolean; appends: boolean }>();
  const listings = new Map<number, { folder: Folder; names: Iterator<string> }>();
  let lastHandle = 2;
  let lastInode = 0;
  const root = newFolder(undefined);
  const absolute = (path: string) => normalize(path.startsWith("/") ? path : `${workingDirectory}/${path}`);
  const policy = filePolicy(access, absolute);

  function newTimes(mode: number): Times {
    const time = now();
    return { mode, accessTime: time, modificationTime: time, changeTime: time, creationTime: time, inode: ++lastInode };
  }

  function newFolder(parent: Folder | undefined): Folder {
    return { ...newTimes(FOLDER_MODE), entries: new Map(), parent };
  }

  function newFile(bytes: Uint8Array): MemoryFile {
    return { ...newTimes(FILE_MODE), bytes, size: bytes.length };
  }

  /** The folder of a path, made with all above it. */
  function folderAt(path: string): Folder {
    let folder = root;
    for (const name of path.split("/").filter((part) => part !== "")) {
      let entry = folder.entries.get(name);
      if (entry === undefined || !isFolder(entry)) addEntry(folder, name, (entry = newFolder(folder)));
      folder = entry;
    }
    return folder;
  }

  function put(path: string, content: Uint8Array): void {
    const target = absolute(path);
    addEntry(folderAt(parentOf(target)), nameOf(target), newFile(content.slice()));
  }

  /** Follows a path up to its last name, which may even be too long; an error where there is no way. */
  function locate(path: string): Place | number {
    if (path === "" || path.includes("\0")) return -ERRNO.ENOENT;
    if (byteCount(path) > MOST_PATH_BYTES) return -ERRNO.ENAMETOOLONG;
    let place: Place = { folder: root, name: "", last: "root", entry: root, hasSlash: false };
    for (const name of (path.startsWith("/") ? path : `${workingDirectory}/${path}`).split("/")) {
      if (name === "") continue;
      const folder = place.entry;
      if (folder === undefined) return isTooLong(place) ? -ERRNO.ENAMETOOLONG : -ERRNO.ENOENT;
      if (!isFolder(folder)) return -ERRNO.ENOTDIR;
      if (!permits(folder, EXECUTE)) return -ERRNO.EACCES;
      const found = { folder, name, hasSlash: false };
      if (name === ".") place = { ...found, last: name, entry: folder };
      else if (name === "..") place = { ...found, last: name, entry: folder.parent ?? folder };
      else place = { ...found, last: "name", entry: folder.entries.get(name) };
    }
    return { ...place, hasSlash: path.endsWith("/") && place.last !== "root" };
  }

  /** Runs an action on the place of a path that the policy lets through. */
  function onAnyPlace<Answer>(path: string, write: boolean, action: (place: Place) => Answer): Answer | number {
    if (path === "") return -ERRNO.ENOENT;
    const refusal = policy.check(path, write);
    if (refusal < 0) return refusal;
    const place = locate(path);
    return typeof place === "number" ? place : action(place);
  }

  /** The same where the last name can be one. */
  function onPlace<Answer>(path: string, write: boolean, action: (place: Place) => Answer): Answer | number {
    return onAnyPlace(path, write, (place) => (isTooLong(place) ? -ERRNO.ENAMETOOLONG : action(place)));
  }

  /** The same for what must be there. */
  function onEntry<Answer>(path: string, write: boolean, action: (entry: Entry) => Answer): Answer | number {
    return onPlace(path, write, ({ entry, hasSlash }) => {
      if (entry === undefined) return -ERRNO.ENOENT;
      return hasSlash && !isFolder(entry) ? -ERRNO.ENOTDIR : action(entry);
    });
  }

  function openAt({ folder, name, last, entry, hasSlash }: Place, flags: number): number {
    const creates = (flags & OPEN_CREATE) !== 0;
    if (creates && hasSlash && last === "name") return -ERRNO.EISDIR;
    let file = entry;
    if (file === undefined) {
      if (!creates) return -ERRNO.ENOENT;
      if (!permits(folder, WRITE)) return -ERRNO.EACCES;
      addEntry(folder, name, (file = newFile(new Uint8Array())));
    } else {
      if (creates && (flags & OPEN_EXCLUSIVE) !== 0) return -ERRNO.EEXIST;
      if (isFolder(file)) return -ERRNO.EISDIR;
      if (hasSlash) return -ERRNO.ENOTDIR;
      if (!permits(file, (flags & (OPEN_WRITE | OPEN_TRUNCATE)) !== 0 ? READ | WRITE : READ)) return -ERRNO.EACCES;
    }
    if (isFolder(file)) return -ERRNO.EISDIR;
    if ((flags & OPEN_TRUNCATE) !== 0 && file.size > 0) resize(file, 0);
    const isWritable = (flags & OPEN_WRITE) !== 0;
    handles.set(++lastHandle, { file, isWritable, appends: (flags & OPEN_APPEND) !== 0 });
    return lastHandle;
  }

  function rename(source: Place, target: Place): number {
    const { entry } = source;
    if (source.last !== "name" || target.last !== "name") return -ERRNO.EBUSY;
    if (isTooLong(source)) return -ERRNO.ENAMETOOLONG;
    if (entry === undefined) return -ERRNO.ENOENT;
    if (isTooLong(target)) return -ERRNO.ENAMETOOLONG;
    if (!isFolder(entry) && (source.hasSlash || target.hasSlash)) return -ERRNO.ENOTDIR;
    if (isWithin(target.folder, entry)) return -ERRNO.EINVAL;
    if (target.entry !== undefined && isWithin(source.folder, target.entry)) return -ERRNO.ENOTEMPTY;
    if (target.entry === entry) return 0;
    if (!permits(source.folder, WRITE) || !permits(target.folder, WRITE)) return -ERRNO.EACCES;
    if (target.entry !== undefined) {
      if (isFolder(entry) && !isFolder(target.entry)) return -ERRNO.ENOTDIR;
      if (!isFolder(entry) && isFolder(target.entry)) return -ERRNO.EISDIR;
      if (isFolder(target.entry) && target.entry.entries.size > 0) return -ERRNO.ENOTEMPTY;
    }
    removeEntry(source.folder, source.name);
    if (target.entry !== undefined) removeEntry(target.folder, target.name);
    addEntry(target.folder, target.name, entry);
    return 0;
  }

  folderAt(absolute("."));
  for (const [path, content] of Object.entries(given)) put(path, content);

  const drivers: MemoryFiles["drivers"] = {
    fileOpen: (path, flags) =>
      onPlace(path, (flags & (OPEN_WRITE | OPEN_CREATE)) !== 0, (place) => openAt(place, flags)),
    fileClose: (handle) => (handle <= 2 || handles.delete(handle) ? 0 : -ERRNO.EBADF),
    fileRead(handle, offset, bytes) {
      const file = handles.get(handle)?.file;
      if (file === undefined) return -ERRNO.EBADF;
      if (!(offset >= 0)) return -ERRNO.EINVAL;
      const part = file.bytes.subarray(Math.min(offset, file.size), Math.min(offset + bytes.length, file.size));
      bytes.set(part);
      file.accessTime = now();
      return part.length;
    },
    fileWrite(handle, offset, bytes) {
      const open = handles.get(handle);
      if (open === undefined || !open.isWritable) return -ERRNO.EBADF;
      if (!(offset >= 0)) return -ERRNO.EINVAL;
      if (bytes.length === 0) return 0;
      const { file } = open;
      const start = open.appends ? file.size : offset;
      resize(file, Math.max(file.size, start + bytes.length));
      file.bytes.set(bytes, start);
      return bytes.length;
    },
    fileSize: (handle) => handles.get(handle)?.file.size ?? (handle <= 2 ? 0 : -ERRNO.EBADF),
    fileTruncate(handle, size) {
      const open = handles.get(handle);
      if (open === undefined) return -ERRNO.EBADF;
      if (!open.isWritable || !(size >= 0)) return -ERRNO.EINVAL;
      resize(open.file, size);
      return 0;
    },
    fileFlush: (handle) => (handle <= 2 || handles.has(handle) ? 0 : -ERRNO.EBADF),
    fileKind: (handle) => (handles.has(handle) ? KIND_FILE : KIND_NONE),
    fileDelete: (path) =>
      onPlace(path, true, ({ folder, name, last, entry, hasSlash }) => {
        if (last !== "name") return -ERRNO.EISDIR;
        if (entry === undefined) return -ERRNO.ENOENT;
        if (hasSlash) return isFolder(entry) ? -ERRNO.EISDIR : -ERRNO.ENOTDIR;
        if (!permits(folder, WRITE)) return -ERRNO.EACCES;
        if (isFolder(entry)) return -ERRNO.EISDIR;
        removeEntry(folder, name);
        return 0;
      }),
    fileRename: (from, to) =>
      onAnyPlace(from, true, (source) => onAnyPlace(to, true, (target) => rename(source, target))),

    directoryCreate: (path) =>
      onPlace(path, true, ({ folder, name, entry }) => {
        if (entry !== undefined) return -ERRNO.EEXIST;
        if (!permits(folder, WRITE)) return -ERRNO.EACCES;
        addEntry(folder, name, newFolder(folder));
        return 0;
      }),
    directoryDelete: (path) =>
      onPlace(path, true, ({ folder, name, last, entry }) => {
        if (last === "root") return -ERRNO.EBUSY;
        if (last !== "name") return last === "." ? -ERRNO.EINVAL : -ERRNO.ENOTEMPTY;
        if (entry === undefined) return -ERRNO.ENOENT;
        if (!permits(folder, WRITE)) return -ERRNO.EACCES;
        if (!isFolder(entry)) return -ERRNO.ENOTDIR;
        if (entry.entries.size > 0) return -ERRNO.ENOTEMPTY;
        removeEntry(folder, name);
        return 0;
      }),
    directoryOpen: (path) =>
      onEntry(path, false, (entry) => {
        if (!isFolder(entry)) return -ERRNO.ENOTDIR;
        if (!permits(entry, READ)) return -ERRNO.EACCES;
        listings.set(++lastHandle, { folder: entry, names: entry.entries.keys() });
        return lastHandle;
      }),
    directoryNext(handle) {
      const listing = listings.get(handle);
      if (listing === undefined) return -ERRNO.EBADF;
      // A Map's keys are what is there when each is asked for.
      const next = listing.names.next();
      return next.done === true ? undefined : next.value;
    },
    directoryRewind(handle) {
      const listing = listings.get(handle);
      if (listing === undefined) return -ERRNO.EBADF;
      listing.names = listing.folder.entries.keys();
      return 0;
    },
    directoryClose: (handle) => (listings.delete(handle) ? 0 : -ERRNO.EBADF),

    pathStat: (path) =>
      onEntry(path, false, (entry) => {
        const { mode, inode, accessTime, modificationTime, changeTime, creationTime } = entry;
        const size = isFolder(entry) ? 0 : entry.size;
        const times = { accessTime, modificationTime, changeTime, creationTime };
        return { mode, inode, device: 1, links: 1, uid: 0, gid: 0, size, ...times };
      }),
    pathAccess: (path, mode) =>
      onEntry(path, (mode & WRITE) !== 0, (entry) => (permits(entry, mode) ? 0 : -ERRNO.EACCES)),
    pathReadLink: (path) => onEntry(path, false, () => -ERRNO.EINVAL),
    pathChangeMode: (path, mode) =>
      onEntry(path, true, (entry) => {
        entry.mode = (entry.mode & ~PERMISSIONS) | (mode & PERMISSIONS);
        entry.changeTime = now();
        return 0;
      }),
    /** Nobody may give a file away; -1 leaves a user or group as it is. */
    pathChangeOwner: (path, uid, gid) =>
      onEntry(path, true, () => ([uid, gid].every((id) => id === 0 || id === -1) ? 0 : -ERRNO.EPERM)),
  };

  return {
    drivers,
    absolute,
    contents() {
      const files = new Map<string, Uint8Array>();
      const collect = (folder: Folder, path: string) => {
        for (const [name, entry] of folder.entries) {
          if (isFolder(entry)) collect(entry, `${path}/${name}`);
          else files.set(`${path}/${name}`, entry.bytes.slice(0, entry.size));
        }
      };
      collect(root, "");
      return files;
    },
    put,
  };
}

function now(): number {
  return Date.now() / 1000;
}

function isFolder(entry: Entry): entry is Folder {
  return "entries" in entry;
}

function isTooLong({ last, name }: Place): boolean {
  return last === "name" && byteCount(name) > MOST_NAME_BYTES;
}

/** Whether a directory is another entry or below it. */
function isWithin(inner: Folder, outer: Entry): boolean {
  for (let at: Folder | undefined = inner; at !== undefined; at = at.parent) if (at === outer) return true;
  return false;
}

/** Whether the owner's permissions allow all of some accesses. */
function permits(entry: Entry, access: number): boolean {
  return ((entry.mode >> 6) & access) === access;
}

function addEntry(folder: Folder, name: string, entry: Entry): void {
  folder.entries.set(name, entry);
  if (isFolder(entry)) entry.parent = folder;
  entry.changeTime = folder.modificationTime = folder.changeTime = now();
}

function removeEntry(folder: Folder, name: string): void {
  folder.entries.delete(name);
  folder.modificationTime = folder.changeTime = now();
}

function resize(file: MemoryFile, size: number): void {
  if (size > file.bytes.length) {
    const larger = new Uint8Array(Math.max(size, file.bytes.length * 2));
    larger.set(file.bytes.subarray(0, file.size));
    file.bytes = larger;
  } else if (size > file.size) file.bytes.fill(0, file.size, size);
  file.size = size;
  file.modificationTime = file.changeTime = now();
}

function byteCount(text: string): number {
  return new TextEncoder().encode(text).length;
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
