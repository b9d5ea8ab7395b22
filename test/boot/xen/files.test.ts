// The kernel's files over boot/fake: what all files in memory must do, and what only a machine with little memory has:
// its use, its end, and what is given back; snapshots.

import { beforeEach, describe, expect, test } from "@jest/globals";
import { CREATE, describeFiles, type FileDrivers, list, READ, readText, write } from "../../files/fileContract.js";
import { type FakeKernel, fakeKernel } from "./fakeKernel.js";
import { kernelFiles } from "./kernelFiles.js";

const MB = 1 << 20;
const PAGE = 4096;
const ENOSPC = -28;
/** Where linear memory begins; the fake machine's has 4 MiB at the start. */
const LINEAR_START = 2 * MB;

let kernel: FakeKernel;
let files: FileDrivers;

/** A kernel on a machine with so much memory, nothing decided about its files. */
async function machineOf(memoryBytes: number): Promise<FakeKernel> {
  const made = await fakeKernel();
  made.machine.linked.set(19, BigInt(LINEAR_START));
  const map = Buffer.alloc(24);
  map.writeBigUInt64LE(BigInt(memoryBytes), 8);
  map.writeUInt32LE(1, 16);
  const [address] = made.put("");
  new Uint8Array(made.machine.memory.buffer).set(map, address);
  expect(made.call["startPlatform"]!()).toBe(0);
  expect(made.call["measureMemory"]!(address, 1)).toBe(1);
  return made;
}

async function use(memoryBytes: number): Promise<void> {
  kernel = await machineOf(memoryBytes);
  files = kernelFiles(kernel);
}

const usedPages = () => kernel.global("usedPages");
const limit = () => Number(kernel.global("limitBytes"));

/** Writes to a new file until no more fits; answers how many bytes. */
function fill(path: string): number {
  const handle = files.fileOpen(path, CREATE);
  if (handle < 0) return handle;
  const bytes = Buffer.alloc(200_000, path);
  let size = 0;
  for (let count = 0; (count = files.fileWrite(handle, size, bytes)) > 0;) size += count;
  expect(files.fileWrite(handle, size, bytes)).toBe(ENOSPC);
  expect(files.fileSize(handle)).toBe(size);
  expect(files.fileClose(handle)).toBe(0);
  return size;
}

describeFiles("files of a kernel", async () => {
  const made = await machineOf(64 * MB);
  made.call["openStore"]!(0);
  return kernelFiles(made);
});

describe("memory for files", () => {
  beforeEach(() => use(17 * MB));

  test("is not touched before it is needed", () => {
    kernel.call["openStore"]!(1);
    expect(list(files, "/")).toEqual([]);
    expect(files.fileOpen("/a", READ)).toBe(-2);
    expect([usedPages(), limit()]).toEqual([0, 14 * MB]);
  });

  test("is first what nobody else has, then large pages, which go back when they are free", () => {
    kernel.call["openStore"]!(0);
    const size = (large: number) => (511 + 255 + large * 511) * PAGE;
    write(files, "/a", "small");
    expect([usedPages(), limit()]).toEqual([2, 14 * MB]);
    // Half of the heap's memory at most: 3 large pages.
    const filled = fill("/b");
    expect(limit()).toBe(8 * MB);
    // Nodes and pages of cells are not content.
    expect(filled).toBeGreaterThan(size(3) - 16 * PAGE);
    expect(filled).toBeLessThan(size(3));
    expect(files.fileOpen("/c", CREATE)).toBe(ENOSPC);
    expect(files.directoryCreate("/c")).toBe(ENOSPC);
    expect(files.fileRename("/a", "/another name")).toBe(0);
    expect(files.fileDelete("/b")).toBe(0);
    expect([usedPages(), limit()]).toEqual([2, 14 * MB]);
    expect(readText(files, files.fileOpen("/another name", READ))).toBe("small");
    // Given back in full: the same fits again.
    expect(fill("/b")).toBe(filled);
  });

  test("is left to the heap where that needs it", () => {
    kernel.call["openStore"]!(1);
    kernel.heapFits = (bytes) => bytes >= 10 * MB;
    const filled = fill("/a");
    expect(limit()).toBe(10 * MB);
    expect(filled).toBeLessThan((255 + 2 * 511) * PAGE);
    kernel.heapFits = () => true;
    expect(fill("/b")).toBeGreaterThan(1.9 * MB);
  });

  test("that the heap has grown over and does not use goes to files, and back", () => {
    kernel.call["openStore"]!(1);
    const start = kernel.machine.memory.buffer.byteLength;
    expect(kernel.call["growMemory"]!((14 * MB - start) >> 16)).toBe(start >> 16);
    expect(fill("/a")).toBeGreaterThan(6 * MB);
    expect(limit()).toBe(8 * MB);
    expect(files.fileDelete("/a")).toBe(0);
    expect(limit()).toBe(14 * MB);
  });

  test("is what the command line gives, and stays", () => {
    expect(kernel.call["fillStore"]!(BigInt(6 * MB), 1)).toBe(1);
    // One megabyte is there without the heap's.
    expect(limit()).toBe(8 * MB);
    const filled = fill("/a");
    expect(filled).toBeGreaterThan(6.9 * MB);
    files.fileDelete("/a");
    expect(limit()).toBe(8 * MB);
    expect(fill("/a")).toBe(filled);
  });

  test("is none if the command line says so", () => {
    expect(kernel.call["fillStore"]!(0n, 0)).toBe(1);
    expect(files.fileOpen("/a", CREATE)).toBe(ENOSPC);
    expect(list(files, "/")).toEqual([]);
  });

  test("is refused at the start where the heap needs it", () => {
    kernel.heapFits = (bytes) => bytes >= 10 * MB;
    expect(kernel.call["fillStore"]!(BigInt(8 * MB), 1)).toBe(0);
  });

  test("goes to the heap to the last part where there is little", () => {
    kernel.call["addRest"]!();
    kernel.call["openStore"]!(1);
    const start = kernel.machine.memory.buffer.byteLength;
    const pages = (14 * MB - start) / 65536 + 15;
    expect(limit()).toBe(14 * MB + 15 * 65536);
    expect(kernel.call["growMemory"]!(pages + 1)).toBe(-1);
    expect(kernel.call["growMemory"]!(pages)).toBe(start >> 16);
    expect(Number(kernel.call["physicalOf"]!(14 * MB + 5))).toBe(LINEAR_START + 14 * MB + 5);
    expect(Number(kernel.call["physicalOf"]!(14 * MB + 15 * 65536))).toBe(0);
    expect(files.fileOpen("/a", CREATE)).toBe(ENOSPC);
  });

  test("is all back after whatever was done and deleted", () => {
    kernel.call["openStore"]!(1);
    let state = 7;
    const random = (below: number) => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) % below;
    const open: number[] = [];
    for (let i = 0; i < 1000; i++) {
      const path = `/${random(40)}`;
      const number = random(4);
      if (number === 0) files.fileDelete(path);
      else if (open.length > 100 || (number === 1 && open.length > 10))
        files.fileClose(open.splice(random(open.length), 1)[0]!);
      else {
        const handle = files.fileOpen(path, CREATE);
        if (handle < 0) {
          expect(handle).toBe(ENOSPC);
          continue;
        }
        files.fileWrite(handle, random(9 * MB), Buffer.alloc(random(100_000)));
        if (random(3) === 0) files.fileTruncate(handle, random(9 * MB));
        open.push(handle);
      }
    }
    for (const handle of open) expect(files.fileClose(handle)).toBe(0);
    for (const name of list(files, "/")) expect(files.fileDelete(`/${name}`)).toBe(0);
    expect([usedPages(), limit()]).toEqual([0, 14 * MB]);
  });
});

describe("handles", () => {
  beforeEach(async () => {
    await use(64 * MB);
    kernel.call["openStore"]!(1);
  });

  test("run out with an answer; the lowest free one is next", () => {
    let handle = files.fileOpen("/a", CREATE);
    let count = 1;
    while (files.fileOpen("/a", READ) > 0) count++;
    expect(count).toBe(1024);
    expect([files.fileOpen("/new", CREATE), files.directoryOpen("/")]).toEqual([-24, -24]);
    for (; count > 0; count--) expect(files.fileClose(handle++)).toBe(0);
    expect(list(files, "/")).toEqual(["a"]);
  });

  test("that are closed are used again", () => {
    const [first, second] = [files.fileOpen("/a", CREATE), files.fileOpen("/b", CREATE)];
    files.fileClose(first);
    expect(files.directoryOpen("/")).toBe(first);
    expect(files.fileOpen("/a", READ)).toBe(second + 1);
  });

  test("of files tell at once that there is something to read", () => {
    const handle = files.fileOpen("/a", CREATE);
    expect(kernel.call["fileWatch"]!(handle, 9)).toBe(0);
    expect(kernel.vmCalls).toContainEqual(["signalSemaphore", 9]);
    expect(kernel.call["fileWatch"]!(handle + 1, 9)).toBe(-9);
  });
});

describe("a snapshot", () => {
  const begin = (name: string) => kernel.call["snapshotBegin"]!(...kernel.put(name));
  const writePart = (text: string) => kernel.call["snapshotWrite"]!(...kernel.put(text));
  const end = (keep: boolean) => kernel.call["snapshotEnd"]!(keep ? 1 : 0);
  const textOf = (path: string) => readText(files, files.fileOpen(path, READ));

  beforeEach(async () => {
    await use(17 * MB);
    kernel.call["openStore"]!(1);
  });

  test("is there when it is whole, in place of what was there", () => {
    write(files, "/saved.image", "old");
    files.pathChangeMode("/saved.image", 0o600);
    expect(begin("saved.image")).toBe(0);
    expect([writePart("ab"), writePart("c")]).toEqual([2, 1]);
    expect([list(files, "/"), textOf("/saved.image")]).toEqual([["saved.image"], "old"]);
    expect(end(true)).toBe(0);
    expect(textOf("/saved.image")).toBe("abc");
    expect(files.pathStat("/saved.image", true)).toMatchObject({ mode: 0o100600, size: 3 });
    expect([end(true), writePart("x")]).toEqual([-9, -9]);
  });

  test("goes to the image's name, which can be changed", () => {
    const imageName = () => {
      const [address] = kernel.put("", 8192);
      return kernel.textAt(address, kernel.call["attribute"]!(1, address, 100));
    };
    expect(kernel.call["setImageName"]!(...kernel.put("new.image"))).toBe(0);
    expect(imageName()).toBe("/new.image");
    kernel.call["snapshotBegin"]!(0, 0);
    writePart("x");
    expect(end(true)).toBe(0);
    expect(textOf("/new.image")).toBe("x");
  });

  test("that is dropped, or begun anew, leaves nothing", () => {
    const before = usedPages();
    begin("/a");
    writePart("x");
    expect(end(false)).toBe(0);
    begin("/a");
    begin("/b");
    expect(end(false)).toBe(0);
    expect([list(files, "/"), usedPages()]).toEqual([[], before]);
  });

  test("that cannot be there is refused", () => {
    files.directoryCreate("/d");
    expect([begin("/d"), begin("/none/a"), begin("/a/"), begin("n".repeat(300))]).toEqual([-21, -2, -21, -36]);
  });

  test("that memory does not suffice for answers ENOSPC, and the old one stays", () => {
    write(files, "/a", "old");
    const before = usedPages();
    expect(begin("/a")).toBe(0);
    const [address] = kernel.put("");
    let answer = 0;
    while ((answer = kernel.call["snapshotWrite"]!(address, 1 << 20)) > 0);
    expect(answer).toBe(ENOSPC);
    expect(end(true)).toBe(ENOSPC);
    expect([textOf("/a"), usedPages()]).toEqual(["old", before]);
  });
});
