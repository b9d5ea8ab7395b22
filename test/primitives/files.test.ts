// The plugins about files over Node's drivers, in a folder of their own.

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HostDrivers } from "../../vm/embed/drivers.js";
import { hostImports } from "../../vm/embed/imports.js";
import { createNodeHost, type NodeHostOptions } from "../../vm/embed/nodeHost.js";
import { World } from "./world.js";

const ENTRY = "test/primitives/filesEntry.ts";
const OPERATING_SYSTEM = 21;

let folder: string;
let world: World;
let host: HostDrivers;
let written: string;
let input: Uint8Array | undefined;

beforeEach(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), "stvm-files-"));
  written = "";
  input = new Uint8Array();
  world = await load({});
});

afterEach(() => {
  host.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

async function load(options: Partial<NodeHostOptions>): Promise<World> {
  host = createNodeHost({
    image: new Uint8Array(),
    workingDirectory: folder,
    stdin: () => {
      const chunk = input;
      if (chunk !== undefined) input = new Uint8Array();
      return chunk;
    },
    stdout: (bytes) => (written += Buffer.from(bytes).toString("latin1")),
    stderr: () => {},
    ...options,
  });
  const created: World = await World.load(
    hostImports(host, () => created.memory),
    ENTRY,
  );
  return created;
}

/** Calls a primitive; the receiver, which none of these looks at, is nil. */
const call = (name: string, ...values: bigint[]) => world.call(name, world.nil, ...values);
const failed = { failed: 1 };

function answerOf(name: string, ...values: bigint[]): bigint {
  const outcome = call(name, ...values);
  if ("failed" in outcome) throw new Error(`${name} failed with ${outcome.failed}`);
  return outcome.oop;
}

const value = (name: string, ...values: bigint[]) => world.value(answerOf(name, ...values));
const open = (name: string, writable: boolean) =>
  answerOf("primitiveFileOpen", world.string(name), writable ? world.true : world.false);
const integer = (number: number) => world.integer(BigInt(number));
const utf8 = (object: bigint) => Buffer.from(world.bytesOf(object)).toString("utf8");

describe("files", () => {
  test("are written, positioned, read and truncated", () => {
    const file = open("a.txt", true);
    const text = world.string("hello world");
    expect(value("primitiveFileWrite", file, text, integer(1), integer(11))).toBe(11n);
    expect(value("primitiveFileSize", file)).toBe(11n);
    expect(value("primitiveFileGetPosition", file)).toBe(11n);
    expect(value("primitiveFileAtEnd", file)).toBe(true);
    call("primitiveFileSetPosition", file, integer(6));
    expect(value("primitiveFileAtEnd", file)).toBe(false);
    const buffer = world.string("..........");
    expect(value("primitiveFileRead", file, buffer, integer(3), integer(8))).toBe(5n);
    expect(world.textOf(buffer)).toBe("..world...");
    call("primitiveFileTruncate", file, integer(5));
    expect(fs.readFileSync(join(folder, "a.txt"), "utf8")).toBe("hello");
    call("primitiveFileFlush", file);
    call("primitiveFileSync", file);
    call("primitiveFileClose", file);
    expect(call("primitiveFileSize", file)).toEqual(failed);
  });

  test("hold words too, counted in words", () => {
    const words = world.instance("Bitmap", 2);
    const view = new DataView(world.memory.buffer);
    view.setUint32(world.body(words), 0x11223344, true);
    view.setUint32(world.body(words) + 4, 0xaabbccdd, true);
    const file = open("w", true);
    expect(value("primitiveFileWrite", file, words, integer(2), integer(1))).toBe(1n);
    expect([...fs.readFileSync(join(folder, "w"))]).toEqual([0xdd, 0xcc, 0xbb, 0xaa]);
    call("primitiveFileSetPosition", file, integer(0));
    expect(value("primitiveFileRead", file, words, integer(1), integer(2))).toBe(1n);
    expect(new DataView(world.memory.buffer).getUint32(world.body(words), true)).toBe(0xaabbccdd);
  });

  test("that do not exist fail to open for reading; a new one must not exist", () => {
    expect(call("primitiveFileOpen", world.string("none"), world.false)).toEqual(failed);
    answerOf("primitiveFileOpenNew", world.string("new"));
    expect(call("primitiveFileOpenNew", world.string("new"))).toEqual({ failed: 6 });
  });

  test("refuse ranges outside the buffer, read-only buffers and writing to what was opened to read", () => {
    fs.writeFileSync(join(folder, "r"), "abc");
    const file = open("r", false);
    const buffer = world.string("xyz");
    expect(call("primitiveFileRead", file, buffer, integer(0), integer(1))).toEqual({ failed: 4 });
    expect(call("primitiveFileRead", file, buffer, integer(2), integer(3))).toEqual({ failed: 4 });
    expect(call("primitiveFileRead", file, world.nil, integer(1), integer(1))).toEqual({ failed: 3 });
    expect(call("primitiveFileWrite", file, buffer, integer(1), integer(1))).toEqual(failed);
    world.exports.makeReadOnly(buffer, 1);
    expect(call("primitiveFileRead", file, buffer, integer(1), integer(1))).toEqual({ failed: 8 });
  });

  test("have records that no other session, no closed file and no forgery can use", async () => {
    const file = open("s", true);
    const copy = world.bytes(world.bytesOf(file));
    call("primitiveFileClose", file);
    expect(call("primitiveFileSize", copy)).toEqual(failed);
    const again = open("s", true);
    expect(call("primitiveFileSize", copy)).toEqual(failed);
    const stale = world.bytesOf(again);
    host.close();
    world = await load({});
    open("s", true);
    expect(call("primitiveFileSize", world.bytes(stale))).toEqual(failed);
    expect(call("primitiveFileSize", world.bytes(new Array(24).fill(255)))).toEqual(failed);
  });

  test("are deleted and renamed", () => {
    fs.writeFileSync(join(folder, "x"), "1");
    call("primitiveFileRename", world.string("x"), world.string("y"));
    expect(fs.existsSync(join(folder, "y"))).toBe(true);
    call("primitiveFileDelete", world.string("y"));
    expect(fs.existsSync(join(folder, "y"))).toBe(false);
    expect(call("primitiveFileDelete", world.string("y"))).toEqual(failed);
  });
});

describe("AsynchFilePlugin", () => {
  test("writes and reads in two steps with a signal in between", () => {
    const name = world.string("async");
    const file = answerOf("primitiveAsyncFileOpen", name, world.true, integer(7));
    call("primitiveAsyncFileWriteStart", file, integer(2), world.string("-abc-"), integer(2), integer(3));
    expect(world.exports.lastSignal()).toBe(7);
    expect(value("primitiveAsyncFileWriteResult", file)).toBe(3n);
    expect(fs.readFileSync(join(folder, "async"), "latin1")).toBe("\0\0abc");
    call("primitiveAsyncFileReadStart", file, integer(3), integer(10));
    const buffer = world.string("....");
    expect(value("primitiveAsyncFileReadResult", file, buffer, integer(2), integer(3))).toBe(2n);
    expect(world.textOf(buffer)).toBe(".bc.");
    expect(call("primitiveAsyncFileReadResult", file, buffer, integer(2), integer(4))).toEqual(failed);
    call("primitiveAsyncFileClose", file);
    expect(call("primitiveAsyncFileReadStart", file, integer(0), integer(1))).toEqual(failed);
  });
});

describe("standard streams", () => {
  const streams = () => world.slotsOf(answerOf("primitiveFileStdioHandles"));

  test("output goes out, and has no size", () => {
    const [, output] = streams();
    expect(value("primitiveFileWrite", output!, world.string("hi\n"), integer(1), integer(3))).toBe(3n);
    expect(written).toBe("hi\n");
    expect(call("primitiveFileSize", output!)).toEqual(failed);
    expect(value("primitiveFileAtEnd", output!)).toBe(false);
  });

  test("input waits for bytes, keeps what it has, and ends", () => {
    const [stdin] = streams();
    const buffer = world.string("....");
    const read = () => call("primitiveFileRead", stdin!, buffer, integer(1), integer(4));
    read();
    expect(world.exports.isWaiting()).toBe(1);
    input = Buffer.from("ab");
    read();
    expect(world.exports.isWaiting()).toBe(1);
    input = Buffer.from("cdef");
    expect(read()).toEqual({ oop: world.integer(4n) });
    expect(world.textOf(buffer)).toBe("abcd");
    expect(value("primitiveFileAtEnd", stdin!)).toBe(false);
    expect(value("primitiveFileRead", stdin!, buffer, integer(1), integer(2))).toBe(2n);
    expect(world.textOf(buffer)).toBe("efcd");
    input = undefined;
    expect(value("primitiveFileAtEnd", stdin!)).toBe(true);
    expect(value("primitiveFileRead", stdin!, buffer, integer(1), integer(4))).toBe(0n);
  });

  test("have a type", () => {
    expect(value("primitiveFileDescriptorType", integer(1))).toBe(2n);
    expect(value("primitiveFileDescriptorType", integer(99))).toBe(-1n);
  });
});

describe("directories", () => {
  const entry = (index: number) => {
    const oop = answerOf("primitiveDirectoryLookup", world.string("d"), integer(index));
    return oop === world.nil ? undefined : world.slotsOf(oop);
  };

  test("are created, listed by index and deleted", () => {
    call("primitiveDirectoryCreate", world.string("d"));
    fs.writeFileSync(join(folder, "d/one"), "12345");
    fs.mkdirSync(join(folder, "d/two"));
    fs.symlinkSync("nowhere", join(folder, "d/three"));
    const names = [1, 2, 3].map((index) => world.textOf(entry(index)![0]!));
    expect(names.sort()).toEqual(["one", "three", "two"]);
    expect(entry(4)).toBeUndefined();
    const one = world.slotsOf(answerOf("primitiveDirectoryEntry", world.string("d"), world.string("one")));
    expect(world.value(one[3]!)).toBe(false);
    expect(world.value(one[4]!)).toBe(5n);
    expect(world.value(one[6]!)).toBe(false);
    const offset = BigInt(-new Date().getTimezoneOffset() * 60);
    const seconds = BigInt(Math.floor(fs.statSync(join(folder, "d/one")).mtimeMs / 1000));
    expect(world.value(one[2]!)).toBe(seconds + offset + 2177452800n);
    const link = world.slotsOf(answerOf("primitiveDirectoryEntry", world.string("d"), world.string("three")));
    expect(world.value(link[6]!)).toBe(true);
    expect(answerOf("primitiveDirectoryEntry", world.string("d"), world.string("none"))).toBe(world.nil);
    expect(call("primitiveDirectoryDelete", world.string("d"))).toEqual(failed);
    fs.rmSync(join(folder, "d"), { recursive: true });
    expect(call("primitiveDirectoryLookup", world.string("d"), integer(1))).toEqual(failed);
    expect(value("primitiveDirectoryDelimitor")).toEqual({ character: 47 });
  });
});

describe("FileAttributesPlugin", () => {
  const attributes = (path: string, mask: number) =>
    world.slotsOf(answerOf("primitiveFileAttributes", world.string(path), integer(mask)));
  const systemError = () => world.exports.systemError();

  test("tells what stat and access tell", () => {
    fs.writeFileSync(join(folder, "f"), "four");
    fs.chmodSync(join(folder, "f"), 0o640);
    const stat = attributes("f", 1);
    expect(stat).toHaveLength(13);
    expect(world.value(stat[1]!)).toBe(BigInt(0o100640));
    expect(world.value(stat[7]!)).toBe(4n);
    expect(attributes("f", 2).map((oop) => world.value(oop))).toEqual([true, true, false]);
    expect(attributes("f", 3)).toHaveLength(2);
    expect(value("primitiveFileExists", world.string("f"))).toBe(true);
    expect(value("primitiveFileExists", world.string("g"))).toBe(false);
    expect(value("primitiveFileAttribute", world.string("f"), integer(8))).toBe(4n);
    call("primitiveChangeMode", world.string("f"), integer(0o600));
    expect(fs.statSync(join(folder, "f")).mode & 0o777).toBe(0o600);
  });

  test("fails with its own codes", () => {
    expect(call("primitiveFileAttributes", world.string("none"), integer(1))).toEqual({ failed: OPERATING_SYSTEM });
    expect(systemError()).toBe(-3);
    call("primitiveFileAttributes", world.string("."), integer(0));
    expect(systemError()).toBe(-6);
    call("primitiveOpendir", world.string("none"));
    expect(systemError()).toBe(-9);
    expect(call("primitiveChangeMode", world.string("none"), integer(0o600))).toEqual({ failed: OPERATING_SYSTEM });
    expect(systemError()).toBe(2);
  });

  test("follows links or describes them", () => {
    fs.writeFileSync(join(folder, "target"), "x");
    fs.symlinkSync("target", join(folder, "link"));
    expect(utf8(attributes("link", 5)[0]!)).toBe("target");
    expect(attributes("link", 1)[0]).toBe(world.nil);
    expect(value("primitiveFileAttribute", world.string("link"), integer(16))).toBe(true);
  });

  test("goes through a directory and back to its start", () => {
    expect(answerOf("primitiveOpendir", world.string("."))).toBe(world.nil);
    fs.writeFileSync(join(folder, "ä"), "");
    fs.writeFileSync(join(folder, "b"), "");
    const [name, stat, record] = world.slotsOf(answerOf("primitiveOpendir", world.string(folder)));
    const second = world.slotsOf(answerOf("primitiveReaddir", record!));
    expect([utf8(name!), utf8(second[0]!)].sort()).toEqual(["b", "ä"]);
    expect(world.slotsOf(stat!)).toHaveLength(13);
    expect(answerOf("primitiveReaddir", record!)).toBe(world.nil);
    expect(utf8(world.slotsOf(answerOf("primitiveRewinddir", record!))[0]!)).toBe(utf8(name!));
    expect(answerOf("primitiveClosedir", record!)).toBe(record);
    expect(call("primitiveReaddir", record!)).toEqual({ failed: OPERATING_SYSTEM });
    expect(systemError()).toBe(-17);
  });
});

describe("a sandbox", () => {
  test("closed from the start refuses every path", async () => {
    fs.writeFileSync(join(folder, "f"), "x");
    world = await load({ fileAccess: "none" });
    expect(value("primitiveHasFileAccess")).toBe(false);
    expect(call("primitiveFileOpen", world.string("f"), world.false)).toEqual(failed);
    expect(call("primitiveDirectoryLookup", world.string("."), integer(1))).toEqual(failed);
    expect(call("primitiveFileExists", world.string("f"))).toEqual({ failed: OPERATING_SYSTEM });
  });

  test("open for some folders keeps the image there, through links too", async () => {
    fs.mkdirSync(join(folder, "in"));
    fs.writeFileSync(join(folder, "out"), "x");
    fs.symlinkSync("../out", join(folder, "in/leak"));
    world = await load({ fileAccess: { write: ["in"], read: [] } });
    open("in/new", true);
    for (const path of ["out", "in/../out", "in/leak"]) {
      expect(call("primitiveFileOpen", world.string(path), world.false)).toEqual(failed);
    }
    expect(call("primitiveDirectoryCreate", world.string("dir"))).toEqual(failed);
  });

  test("closes when the image gives its rights up", () => {
    expect(value("primitiveHasFileAccess")).toBe(true);
    call("primitiveDisableFileAccess");
    expect(value("primitiveHasFileAccess")).toBe(false);
    expect(call("primitiveFileOpen", world.string("f"), world.true)).toEqual(failed);
    call("primitiveDisableImageWrite");
    expect(value("primitiveCanWriteImage")).toBe(false);
  });
});

describe("surroundings", () => {
  test("are told: the environment and the working directory", async () => {
    world = await load({ environment: { NAME: "value" } });
    expect(world.textOf(answerOf("primitiveGetenv", world.string("NAME")))).toBe("value");
    expect(answerOf("primitiveGetenv", world.string("NONE"))).toBe(world.nil);
    expect(world.textOf(answerOf("primitiveGetCurrentWorkingDirectory"))).toBe(folder);
  });
});
