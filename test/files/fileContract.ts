// What files in memory must do, wherever they are (vm/host.ts): the tests of both file systems, and of their likeness to
// Linux's, over the file drivers as TypeScript sees them.

import { beforeEach, describe, expect, test } from "@jest/globals";
import { type PathStat } from "../../vm/embed/drivers.js";
import { type MemoryFiles } from "../../vm/embed/memoryFiles.js";
import { compareWithLinux } from "./randomOperations.js";

export type FileDrivers = MemoryFiles["drivers"];

export const READ = 0;
export const WRITE = 1;
export const CREATE = 3;
export const CREATE_NEW = 11;
const TRUNCATE = 5;
const APPEND = 17;

const EPERM = -1;
const ENOENT = -2;
const EBADF = -9;
const EACCES = -13;
const EBUSY = -16;
const EEXIST = -17;
const ENOTDIR = -20;
const EISDIR = -21;
const EINVAL = -22;
const ENAMETOOLONG = -36;
const ENOTEMPTY = -39;

/** Declares the tests. `make` answers an empty file system. */
export function describeFiles(name: string, make: () => Promise<FileDrivers>): void {
  let files: FileDrivers;

  beforeEach(async () => {
    files = await make();
  });

  describe(name, () => {
    test("a file is what was written to it", () => {
      const handle = files.fileOpen("/a", CREATE);
      expect(files.fileWrite(handle, 0, Buffer.from("hello"))).toBe(5);
      expect(files.fileWrite(handle, 7, Buffer.from("!"))).toBe(1);
      expect(files.fileSize(handle)).toBe(8);
      expect(readText(files, handle)).toBe("hello\0\0!");
      expect(files.fileRead(handle, 8, Buffer.alloc(3))).toBe(0);
      expect(files.fileTruncate(handle, 2)).toBe(0);
      expect(files.fileTruncate(handle, 4)).toBe(0);
      expect(readText(files, handle)).toBe("he\0\0");
      expect([files.fileFlush(handle, true), files.fileKind(handle)]).toEqual([0, 3]);
      expect([files.fileClose(handle), files.fileClose(handle)]).toEqual([0, EBADF]);
    });

    test("is large, and has holes", () => {
      const handle = files.fileOpen("/large", CREATE);
      const part = Buffer.from("the end");
      for (const offset of [9_000_000, 4_000_000, 4093]) expect(files.fileWrite(handle, offset, part)).toBe(7);
      expect(files.fileSize(handle)).toBe(9_000_007);
      for (const offset of [9_000_000, 4_000_000, 4093]) {
        expect(readText(files, handle, offset - 2, 9)).toBe("\0\0the end");
      }
      expect(readText(files, handle, 5_000_000, 3)).toBe("\0\0\0");
      files.fileTruncate(handle, 4095);
      files.fileTruncate(handle, 10_000);
      expect(readText(files, handle, 4092, 6)).toBe("\0th\0\0\0");
    });

    test("what is opened to read cannot be written; appending is at the end", () => {
      write(files, "/a", "one");
      const reader = files.fileOpen("/a", READ);
      const appender = files.fileOpen("/a", APPEND);
      expect(files.fileWrite(reader, 0, Buffer.from("x"))).toBe(EBADF);
      expect(files.fileTruncate(reader, 0)).toBe(EINVAL);
      expect(files.fileWrite(appender, 0, Buffer.from(" two"))).toBe(4);
      expect(readText(files, reader)).toBe("one two");
      files.fileOpen("/a", TRUNCATE);
      expect(files.fileSize(reader)).toBe(0);
    });

    test("numbers that cannot be places in a file are refused", () => {
      const handle = files.fileOpen("/a", CREATE);
      expect(files.fileRead(handle, -1, Buffer.alloc(1))).toBe(EINVAL);
      expect(files.fileRead(handle, NaN, Buffer.alloc(1))).toBe(EINVAL);
      expect(files.fileWrite(handle, -1, Buffer.alloc(1))).toBe(EINVAL);
      expect(files.fileTruncate(handle, -1)).toBe(EINVAL);
    });

    test("handles that there are not are refused", () => {
      for (const handle of [4, 5000, -7, 2 ** 31 - 1]) {
        expect(files.fileRead(handle, 0, Buffer.alloc(1))).toBe(EBADF);
        expect(files.fileWrite(handle, 0, Buffer.alloc(1))).toBe(EBADF);
        expect(files.fileTruncate(handle, 0)).toBe(EBADF);
        expect(files.directoryNext(handle)).toBe(EBADF);
        expect(files.directoryRewind(handle)).toBe(EBADF);
        expect(files.directoryClose(handle)).toBe(EBADF);
      }
      const listing = files.directoryOpen("/");
      expect([files.fileSize(listing), files.fileClose(listing)]).toEqual([EBADF, EBADF]);
      const file = files.fileOpen("/a", CREATE);
      expect([files.directoryNext(file), files.directoryClose(file)]).toEqual([EBADF, EBADF]);
    });

    test("a file that is deleted, or replaced, goes on while it is open", () => {
      write(files, "/a", "old");
      const old = files.fileOpen("/a", WRITE);
      expect(files.fileDelete("/a")).toBe(0);
      expect(files.fileOpen("/a", READ)).toBe(ENOENT);
      expect(readText(files, old)).toBe("old");
      write(files, "/a", "new");
      const replaced = files.fileOpen("/a", READ);
      write(files, "/b", "newer");
      expect(files.fileRename("/b", "/a")).toBe(0);
      expect([readText(files, old), readText(files, replaced)]).toEqual(["old", "new"]);
      expect(readText(files, files.fileOpen("/a", READ))).toBe("newer");
      expect(files.fileClose(old)).toBe(0);
    });

    test("a new file is made only where there is none, if so wished", () => {
      expect(files.fileOpen("/a", CREATE_NEW)).toBeGreaterThan(2);
      expect(files.fileOpen("/a", CREATE_NEW)).toBe(EEXIST);
      expect(files.fileOpen("/d/a", CREATE_NEW)).toBe(ENOENT);
      expect(files.fileOpen("/a/b", CREATE_NEW)).toBe(ENOTDIR);
      expect(files.fileOpen("/b/", CREATE_NEW)).toBe(EISDIR);
    });

    test("paths are followed part by part", () => {
      files.directoryCreate("/d");
      write(files, "/d/a", "x");
      expect(files.pathAccess("d//./../d/a", 0)).toBe(0);
      expect(files.pathAccess("/../../d/", 0)).toBe(0);
      expect(files.pathAccess("/d/a/", 0)).toBe(ENOTDIR);
      expect(files.pathAccess("/d/a/..", 0)).toBe(ENOTDIR);
      expect(files.pathAccess("/none/..", 0)).toBe(ENOENT);
      expect(files.pathAccess("", 0)).toBe(ENOENT);
      expect(files.pathAccess("/d/a\0", 0)).toBe(ENOENT);
      expect(files.pathReadLink("/d/a")).toBe(EINVAL);
    });

    test("names have 255 bytes at most, paths 4095", () => {
      const longest = "ü".repeat(127) + "x";
      write(files, `/${longest}`, "x");
      expect(list(files, "/")).toEqual([longest]);
      expect(files.fileOpen(`/${longest}x`, CREATE)).toBe(ENAMETOOLONG);
      expect(files.directoryCreate(`/${longest}x`)).toBe(ENAMETOOLONG);
      expect(files.pathAccess(`${"/.".repeat(2047)}/`, 0)).toBe(0);
      expect(files.pathAccess("/.".repeat(2048), 0)).toBe(ENAMETOOLONG);
    });

    test("a directory cannot be opened as a file, nor a file listed", () => {
      files.directoryCreate("/d");
      for (const flags of [READ, WRITE, CREATE]) expect(files.fileOpen("/d", flags)).toBe(EISDIR);
      write(files, "/a", "x");
      expect(files.directoryOpen("/a")).toBe(ENOTDIR);
      expect(files.directoryOpen("/none")).toBe(ENOENT);
      expect(files.fileDelete("/d")).toBe(EISDIR);
      expect(files.directoryDelete("/a")).toBe(ENOTDIR);
    });

    test("the root, and what is not called by its name, stays", () => {
      files.directoryCreate("/d");
      files.directoryCreate("/d/e");
      expect([files.directoryDelete("/"), files.directoryDelete("/d/e/."), files.directoryDelete("/d/e/..")]).toEqual([
        EBUSY,
        EINVAL,
        ENOTEMPTY,
      ]);
      expect([files.fileDelete("/"), files.fileDelete("/d/.")]).toEqual([EISDIR, EISDIR]);
      expect([files.fileRename("/", "/x"), files.fileRename("/d/.", "/x")]).toEqual([EBUSY, EBUSY]);
      expect(files.directoryCreate("/")).toBe(EEXIST);
    });

    test("a rename keeps what is in a directory, and puts none into itself", () => {
      files.directoryCreate("/d");
      files.directoryCreate("/d/e");
      write(files, "/d/e/a", "deep");
      expect(files.fileRename("/d", "/d/e/f")).toBe(EINVAL);
      expect(files.fileRename("/d/e", "/d")).toBe(ENOTEMPTY);
      expect(files.fileRename("/d", "/f")).toBe(0);
      expect(readText(files, files.fileOpen("/f/e/../e/a", READ))).toBe("deep");
      files.directoryCreate("/g");
      expect(files.fileRename("/g", "/f")).toBe(ENOTEMPTY);
      expect(files.fileRename("/f", "/g")).toBe(0);
      expect(files.fileRename("/g/e/a", "/g")).toBe(ENOTEMPTY);
      expect(files.fileRename("/g", "/g/e/a")).toBe(EINVAL);
      expect(list(files, "/")).toEqual(["g"]);
    });

    test("a listing tells each entry once, whatever happens meanwhile", () => {
      files.directoryCreate("/d");
      const names = Array.from({ length: 1500 }, (_, index) => `file ${index}`);
      for (const name of names) files.fileClose(files.fileOpen(`/d/${name}`, CREATE));
      const listing = files.directoryOpen("/d");
      const seen = new Set<unknown>();
      for (let i = 0; i < 500; i++) seen.add(files.directoryNext(listing));
      expect(seen.size).toBe(500);
      const left = names.filter((name) => !seen.has(name));
      for (const name of [...[...seen].slice(0, 100), ...left.slice(0, 100)]) {
        expect(files.fileDelete(`/d/${String(name)}`)).toBe(0);
      }
      for (let i = 0; i < 100; i++) files.fileClose(files.fileOpen(`/d/late ${i}`, CREATE));
      const rest = listFrom(files, listing);
      expect(rest.filter((name) => name.startsWith("file")).sort()).toEqual(left.slice(100).sort());
      expect(new Set(rest).size).toBe(rest.length);
      expect(files.directoryRewind(listing)).toBe(0);
      expect(listFrom(files, listing)).toHaveLength(1400);
      expect(files.directoryClose(listing)).toBe(0);
    });

    test("a listing whose directory is deleted is at its end", () => {
      files.directoryCreate("/d");
      const listing = files.directoryOpen("/d");
      expect(files.directoryDelete("/d")).toBe(0);
      expect(files.directoryNext(listing)).toBeUndefined();
      expect(files.directoryClose(listing)).toBe(0);
    });

    test("stat tells mode, size and times", () => {
      const before = (files.pathStat("/", true) as PathStat).modificationTime;
      write(files, "/a", "12345");
      const { mode, size, links, uid, gid, modificationTime, creationTime } = files.pathStat("/a", true) as PathStat;
      expect({ mode, size, links, uid, gid }).toEqual({ mode: 0o100644, size: 5, links: 1, uid: 0, gid: 0 });
      expect(creationTime).toBeGreaterThanOrEqual(before);
      expect(modificationTime).toBeGreaterThanOrEqual(creationTime);
      files.directoryCreate("/d");
      expect((files.pathStat("/d/", false) as PathStat).mode).toBe(0o40755);
      expect(files.pathStat("/none", true)).toBe(ENOENT);
      const inodes = ["/", "/a", "/d"].map((path) => (files.pathStat(path, true) as PathStat).inode);
      expect(new Set(inodes).size).toBe(3);
    });

    test("permissions bind; owners stay", () => {
      write(files, "/a", "x");
      expect(files.pathChangeMode("/a", 0o400)).toBe(0);
      expect([files.pathAccess("/a", 4), files.pathAccess("/a", 2), files.pathAccess("/a", 5)]).toEqual([
        0,
        EACCES,
        EACCES,
      ]);
      expect([files.fileOpen("/a", WRITE), files.fileOpen("/a", CREATE)]).toEqual([EACCES, EACCES]);
      expect(files.fileOpen("/a", READ)).toBeGreaterThan(2);
      expect([files.pathChangeOwner("/a", 0, -1, true), files.pathChangeOwner("/a", 7, -1, true)]).toEqual([0, EPERM]);
      files.directoryCreate("/d");
      write(files, "/d/b", "x");
      files.pathChangeMode("/d", 0o500);
      expect([files.fileDelete("/d/b"), files.directoryCreate("/d/e"), files.fileRename("/a", "/d/a")]).toEqual([
        EACCES,
        EACCES,
        EACCES,
      ]);
      files.pathChangeMode("/d", 0o200);
      expect([files.pathAccess("/d/b", 0), files.directoryOpen("/d")]).toEqual([EACCES, EACCES]);
    });

    test.each([1, 2, 3])("answers as Linux does, whatever is done (seed %i)", (seed) => {
      compareWithLinux(files, seed);
    });
  });
}

export function write(files: FileDrivers, path: string, text: string): void {
  const handle = files.fileOpen(path, CREATE);
  expect(files.fileWrite(handle, 0, Buffer.from(text))).toBe(Buffer.byteLength(text));
  expect(files.fileClose(handle)).toBe(0);
}

export function readText(files: FileDrivers, handle: number, offset = 0, count = 100): string {
  const bytes = Buffer.alloc(count, "?");
  return bytes.toString("utf8", 0, files.fileRead(handle, offset, bytes));
}

export function list(files: FileDrivers, path: string): string[] {
  const listing = files.directoryOpen(path);
  const names = listFrom(files, listing);
  expect(files.directoryClose(listing)).toBe(0);
  return names;
}

function listFrom(files: FileDrivers, listing: number): string[] {
  const names: string[] = [];
  for (let name = files.directoryNext(listing); name !== undefined; name = files.directoryNext(listing)) {
    if (typeof name === "number") throw new Error(`the listing answers ${name}`);
    names.push(name);
  }
  return names;
}
