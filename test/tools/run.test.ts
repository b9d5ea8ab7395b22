// The command line of `stvm run`: its options, its errors, exit codes.

import { describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { byteCount, parseRunArguments, type RunOptions } from "../../tools/runOptions.js";
import { encodePng } from "../../tools/png.js";
import { pictureOf } from "../../vm/embed/display.js";
import { imagesArePresent } from "../image/loader.js";

const testImage = imagesArePresent() ? test : test.skip;

function optionsOf(...words: string[]): RunOptions {
  const request = parseRunArguments(words);
  if (request.kind !== "run") throw new Error(`${words.join(" ")} asks for ${request.kind}`);
  return request.options;
}

function stvm(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["bin/stvm.mjs", ...words], { encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("options", () => {
  test("come before the image; all behind it is the image's", () => {
    const options = optionsOf(
      "--headless",
      "-edenSize=8m",
      "--maxOldSpaceSize",
      "1g",
      "a.image",
      "--headless",
      "-x",
      "y",
    );
    expect(options.image).toBe("a.image");
    expect(options.imageArguments).toEqual(["--headless", "-x", "y"]);
    expect(options.vmArguments).toEqual(["--headless", "-edenSize=8m", "--maxOldSpaceSize", "1g"]);
    expect(options.edenBytes).toBe(8 << 20);
    expect(options.maxOldSpaceBytes).toBe(2 ** 30);
  });

  test("of Squeak are accepted", () => {
    expect(optionsOf("-vm-display-null", "-vm-sound-null", "-vm", "display=null", "a.image").image).toBe("a.image");
  });

  test("say that there is no window, unless someone looks", () => {
    expect(optionsOf("a").vmArguments).toEqual(["--headless"]);
    expect(optionsOf("-vm-display-null", "a").vmArguments).toEqual(["-vm-display-null"]);
    expect(optionsOf("--interactive", "a").vmArguments).toEqual(["--interactive"]);
  });

  test("of logging and tracing", () => {
    expect(optionsOf("a").logLevel).toBe(1);
    expect(optionsOf("--log", "a").logLevel).toBe(3);
    expect(optionsOf("--logLevel=debug", "a").logLevel).toBe(4);
    expect(optionsOf("--trace=sends,gc", "a").trace).toEqual(["sends", "gc"]);
  });

  test("that are wrong are named, with a way out", () => {
    const failure = (...words: string[]) => {
      try {
        optionsOf(...words);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    for (const words of [
      ["--nosuch", "a"],
      ["--edenSize=many", "a"],
      ["--logLevel=7", "a"],
      ["--trace=x", "a"],
      ["--edenSize"],
      [],
    ]) {
      expect(failure(...words)).toMatch(/^.+; .+$/);
    }
    expect(failure("--headless=1", "a")).toMatch(/takes no value/);
  });

  test("of compiling mean the same in any order", () => {
    const compiler = (...words: string[]) => {
      const { jitThreshold, optimises } = optionsOf(...words, "a");
      return [jitThreshold, optimises];
    };
    expect(compiler()).toEqual([undefined, false]);
    expect(compiler("--jit=baseline")).toEqual([300, false]);
    expect(compiler("--jit-threshold=7")).toEqual([7, false]);
    for (const [tier, expected] of [
      ["off", [undefined, false]],
      ["baseline", [7, false]],
      ["on", [7, true]],
    ] as const) {
      expect(compiler(`--jit=${tier}`, "--jit-threshold=7")).toEqual(expected);
      expect(compiler("--jit-threshold=7", `--jit=${tier}`)).toEqual(expected);
    }
  });

  test("that are wrong name the command that takes them", () => {
    expect(() => parseRunArguments(["--nosuch", "a"])).toThrow(/; `stvm run --help` lists them$/);
    expect(() => parseRunArguments(["--nosuch", "a"], "bisect")).toThrow(
      /; `stvm bisect --help` and `stvm run --help` list them$/,
    );
    expect(() => parseRunArguments([], "bisect")).toThrow(/^no image given; `stvm bisect --help` says how$/);
  });

  test("sizes have suffixes", () => {
    expect(["1", "2k", "3M", "1g"].map((text) => byteCount(text, "edenSize"))).toEqual([1, 2048, 3 << 20, 1 << 30]);
    expect(() => byteCount("9g", "edenSize")).toThrow(/4 GiB/);
  });
});

describe("the command", () => {
  test("helps, and says its version", () => {
    expect(stvm("--help").stdout).toMatch(/run/);
    expect(stvm("run", "--help").stdout).toMatch(/--maxOldSpaceSize/);
    expect(stvm("--version")).toEqual({ status: 0, stdout: expect.stringMatching(/^stvm \d/), stderr: "" });
  });

  test("reports bad input in one line with exit code 1", () => {
    const none = stvm("run", "none.image");
    expect(none).toEqual({
      status: 1,
      stdout: "",
      stderr: "stvm: none.image: no such file; give the path of an image file\n",
    });
    expect(stvm("none.image").stderr).toBe(none.stderr);
    const folder = mkdtempSync(join(tmpdir(), "stvm-run-"));
    writeFileSync(join(folder, "bad.image"), "no image at all".repeat(100));
    const bad = stvm(join(folder, "bad.image"));
    expect(bad.status).toBe(1);
    expect(bad.stderr).toMatch(/^stvm: .*bad.image: [^\n]+; [^\n]+\n$/);
    rmSync(folder, { recursive: true });
  });

  test("takes neither a misspelt command nor a misspelt option for an image", () => {
    expect(stvm("inspct", "a.image").stderr).toBe("stvm: inspct: no such command or file; did you mean inspect?\n");
    expect(stvm("inspect", "--nosuch", "a.image").stderr).toMatch(/^stvm: --nosuch: unknown option; [^\n]+\n$/);
    expect(stvm("inspect", "a.image", "b.image").stderr).toMatch(/^stvm: b.image: one word too many; [^\n]+\n$/);
    expect(stvm("debug").stderr).toMatch(/^stvm: no image given; [^\n]+\n$/);
    expect(stvm("inspect", "a.image", "--class").stderr).toMatch(/^stvm: --class: needs a value; [^\n]+\n$/);
    expect(stvm("debug").status).toBe(1);
    expect(stvm()).toEqual({ status: 1, stdout: "", stderr: expect.stringMatching(/^stvm: no command[^\n]+\n$/) });
    for (const word of ["--help", "-h", "help"]) expect(stvm(word).stdout).toMatch(/inspect <image>/);
  });

  testImage("exits with the image's code", () => {
    expect(stvm("../shared/images/headless/headless-64.image")).toEqual({ status: 0, stdout: "", stderr: "" });
  });
});

describe("screenshots", () => {
  test("hold a form's pixels of every depth", () => {
    const rgb = (words: number[], width: number, depth: number) => [
      ...pictureOf(Uint32Array.from(words), width, 1, depth)!.rgb,
    ];
    expect(rgb([0x12345678], 1, 32)).toEqual([0x34, 0x56, 0x78]);
    expect(rgb([0x7fff001f], 2, 16)).toEqual([255, 255, 255, 0, 0, 255]);
    expect(rgb([0x7fff001f], 2, -16)).toEqual([0, 0, 255, 255, 255, 255]);
    expect(rgb([0x04050000], 2, 8)).toEqual([255, 0, 0, 0, 255, 0]);
    expect(rgb([0x80000000], 2, 1)).toEqual([0, 0, 0, 255, 255, 255]);
    expect(pictureOf(Uint32Array.from([0]), 2, 1, 32)).toBeUndefined();
    expect(pictureOf(Uint32Array.from([0]), 1, 1, 7)).toBeUndefined();
  });

  test("are PNG files", () => {
    const png = Buffer.from(encodePng(2, 1, Uint8Array.of(1, 2, 3, 4, 5, 6)));
    expect(png.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
    expect([png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]]).toEqual([2, 1, 8, 2]);
    const start = png.indexOf("IDAT") + 4;
    const rows = inflateSync(png.subarray(start, start + png.readUInt32BE(start - 8)));
    expect([...rows]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    // The checksum of an empty IEND chunk, as in every PNG file.
    expect(png.subarray(-4).toString("hex")).toBe("ae426082");
  });
});
