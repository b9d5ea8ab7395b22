// The library as a browser uses it: no files but those in memory, streams as callbacks. Runs in Node, which has what it
// needs of a browser (fetch aside).

import { expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { createVm } from "../../vm/embed/browser.js";
import { createBrowserHost } from "../../vm/embed/browserHost.js";
import { type PathStat } from "../../vm/embed/drivers.js";
import { imagesArePresent, realImage } from "../image/loader.js";

const testImage = imagesArePresent() ? test : test.skip;
const OPEN = { read: 0, write: 1, create: 3, createNew: 11, truncate: 5 };

testImage("an image runs to its end", async () => {
  const vm = await createVm({ image: realImage("headless/headless-64")!, wasm: readFileSync("build/stvm.wasm") });
  expect(await vm.runToEnd()).toEqual({ kind: "quit", code: 0 });
  expect([...vm.files().keys()]).toEqual([]);
  vm.destroy();
});

function host(files: Record<string, string> = {}) {
  const bytes = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
  return createBrowserHost({ image: new Uint8Array(), files: bytes, stdout: () => {} });
}

test("files in memory are opened, read, written, renamed and deleted", () => {
  const { drivers, files } = host({ "/d/a.txt": "hello" });
  expect(drivers.fileOpen("/none", OPEN.read)).toBe(-2);
  expect(drivers.fileOpen("/d", OPEN.read)).toBe(-21);
  expect(drivers.fileOpen("/d/a.txt", OPEN.createNew)).toBe(-17);
  const handle = drivers.fileOpen("d/../d/a.txt", OPEN.write);
  const buffer = new Uint8Array(10);
  expect(drivers.fileRead(handle, 1, buffer)).toBe(4);
  expect(drivers.fileWrite(handle, 7, Buffer.from("!"))).toBe(1);
  expect(drivers.fileSize(handle)).toBe(8);
  drivers.fileTruncate(handle, 2);
  drivers.fileTruncate(handle, 4);
  expect(drivers.fileClose(handle)).toBe(0);
  expect(drivers.fileClose(handle)).toBe(-9);
  expect(drivers.fileRename("/d", "/e")).toBe(0);
  expect([...files.contents()].map(([path, content]) => [path, [...content]])).toEqual([
    ["/e/a.txt", [104, 101, 0, 0]],
  ]);
  expect(drivers.fileDelete("/e/a.txt")).toBe(0);
  expect(drivers.fileDelete("/e/a.txt")).toBe(-2);
});

test("folders in memory are created, listed and deleted", () => {
  const { drivers } = host();
  expect(drivers.directoryCreate("/x/y")).toBe(-2);
  expect(drivers.directoryCreate("/x")).toBe(0);
  expect(drivers.directoryCreate("/x")).toBe(-17);
  drivers.fileClose(drivers.fileOpen("/x/f", OPEN.create));
  expect(drivers.directoryDelete("/x")).toBe(-39);
  const listing = drivers.directoryOpen("/x");
  expect([drivers.directoryNext(listing), drivers.directoryNext(listing)]).toEqual(["f", undefined]);
  drivers.directoryRewind(listing);
  expect(drivers.directoryNext(listing)).toBe("f");
  expect(drivers.directoryClose(listing)).toBe(0);
  expect((drivers.pathStat("/x", true) as PathStat).mode).toBe(0o40755);
  drivers.pathChangeMode("/x/f", 0o400);
  expect(drivers.pathAccess("/x/f", 4)).toBe(0);
  expect(drivers.pathAccess("/x/f", 2)).toBe(-13);
  drivers.fileDelete("/x/f");
  expect(drivers.directoryDelete("/x")).toBe(0);
});

test("a snapshot is a file in memory", () => {
  const { drivers, files } = host();
  drivers.snapshotBegin("saved.image");
  drivers.snapshotWrite(Buffer.from("ab"));
  drivers.snapshotWrite(Buffer.from("c"));
  expect(files.contents().size).toBe(0);
  drivers.snapshotEnd(true);
  expect(Buffer.from(files.contents().get("/saved.image")!).toString()).toBe("abc");
});

test("entropy fills more than one call of the browser gives", () => {
  const bytes = new Uint8Array(200_000);
  host().drivers.entropy(bytes);
  expect(bytes.subarray(-1000).some((byte) => byte !== 0)).toBe(true);
});
