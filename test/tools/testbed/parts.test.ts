// The test bed's parts that need no QEMU: archives for dom0, configurations for xl, what is said where packages are not
// to be had, and the cache.

import { afterAll, describe, expect, test } from "@jest/globals";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cachedFolder } from "../../../tools/testbed/cache.js";
import { cpioArchive } from "../../../tools/testbed/cpio.js";
import { configString, formatGuestConfig, parseGuestConfig, stringValue } from "../../../tools/testbed/guestConfig.js";
import { PackageError, unpackPackages } from "../../../tools/testbed/packages.js";
import { quoted } from "../../../tools/testbed/toolstack.js";

const folder = mkdtempSync(join(tmpdir(), "stvm-testbed-parts-"));
const { PATH, XDG_CACHE_HOME } = process.env;

afterAll(() => {
  process.env.PATH = PATH;
  if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
  rmSync(folder, { recursive: true });
});

test("an archive has a header, name and contents for each entry, at multiples of 4, and a trailer", () => {
  const archive = cpioArchive([
    { kind: "folder", path: "bin" },
    { kind: "file", path: "bin/sh", bytes: Buffer.from("hello"), isProgram: true },
    { kind: "link", path: "sbin", target: "bin" },
  ]);
  const members = [];
  for (let at = 0; ;) {
    const field = (index: number) =>
      Number.parseInt(archive.toString("latin1", at + 6 + 8 * index, at + 14 + 8 * index), 16);
    expect(archive.toString("latin1", at, at + 6)).toBe("070701");
    const name = archive.toString("latin1", at + 110, at + 110 + field(11) - 1);
    const start = (at + 110 + field(11) + 3) & ~3;
    if (name === "TRAILER!!!") break;
    members.push([name, field(1).toString(8), archive.toString("latin1", start, start + field(6))]);
    at = (start + field(6) + 3) & ~3;
  }
  expect(members).toEqual([
    ["bin", "40755", ""],
    ["bin/sh", "100755", "hello"],
    ["sbin", "120777", "bin"],
  ]);
});

describe("a configuration for xl", () => {
  test("is read, changed and written", () => {
    const config = parseGuestConfig(`# comment\ntype = "pvh"\nmemory=64\ndisk = [ 'a,\n  b' ]\n cmdline = 'say "x"'\n`);
    expect([...config.keys()]).toEqual(["type", "memory", "disk", "cmdline"]);
    expect(stringValue(config, "type")).toBe("pvh");
    expect(stringValue(config, "cmdline")).toBe('say "x"');
    expect(stringValue(config, "memory")).toBeUndefined();
    config.set("memory", "16");
    const text = formatGuestConfig(config);
    expect(text).toContain("memory = 16\n");
    expect(parseGuestConfig(text)).toEqual(config);
  });

  test("has strings with whatever is in them", () => {
    for (const text of ["it's", `both ' and "`, "C:\\new\\", "two\nlines", ""]) {
      const config = parseGuestConfig(`cmdline = ${configString(text)}\n`);
      expect(stringValue(config, "cmdline")).toBe(text);
    }
    expect(configString(`say "x"`)).toBe(`"say \\"x\\""`);
  });
});

test("a word for a script stays one word", () => {
  expect(quoted("it's $HOME")).toBe(`'it'\\''s $HOME'`);
});

describe("packages that cannot be had are named, with the reason", () => {
  test("where there is no apt", async () => {
    process.env.PATH = folder;
    const unpacked = unpackPackages(["some-package"], join(folder, "packages"), join(folder, "lists"), () => false);
    await expect(unpacked).rejects.toThrow(PackageError);
    await expect(unpacked).rejects.toThrow(/^some-package: apt-cache is missing; [^\n]+$/);
  });

  test("where apt knows no such package", async () => {
    const script = "#!/bin/sh\necho 'N: for you' >&2; echo 'E: No packages found' >&2; exit 100\n";
    for (const name of ["apt-cache", "apt-get"]) writeFileSync(join(folder, name), script, { mode: 0o755 });
    process.env.PATH = folder;
    const unpacked = unpackPackages(["some-package"], join(folder, "packages"), join(folder, "lists"), () => false);
    await expect(unpacked).rejects.toThrow(/^some-package: No packages found; [^\n]+$/);
    process.env.PATH = PATH;
  });
});

describe("the cache", () => {
  test("makes a folder once for equal inputs, and leaves nothing of one that failed", async () => {
    process.env.XDG_CACHE_HOME = folder;
    let count = 0;
    const make = async (draft: string) => {
      count++;
      writeFileSync(join(draft, "file"), "contents");
    };
    const first = await cachedFolder("thing", ["a", "b"], make);
    expect(await cachedFolder("thing", ["a", "b"], make)).toBe(first);
    expect(count).toBe(1);
    expect(readFileSync(join(first, "file"), "utf8")).toBe("contents");
    expect(await cachedFolder("thing", ["ab"], make)).not.toBe(first);
    // A program may still run from the older one.
    expect(existsSync(first)).toBe(true);
    const failing = cachedFolder("other", [], async () => {
      throw new Error("disk full");
    });
    await expect(failing).rejects.toThrow("disk full");
    expect(readdirSync(join(folder, "stvm")).filter((name) => /draft|other/.test(name))).toEqual([]);
  });
});
