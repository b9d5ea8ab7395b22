// The default image, from its sources: it is built in both bytecode sets, starts, evaluates, waits, saves itself and
// starts again.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readImageFile } from "../../tools/imageReader.js";

const MAX_IMAGE_BYTES = 400 * 1024;
const folder = mkdtempSync(join(tmpdir(), "stvm-default-"));
const images = { sista: join(folder, "sista.image"), v3: join(folder, "v3.image") };
afterAll(() => rmSync(folder, { recursive: true }));

function stvm(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["bin/stvm.mjs", ...words], {
    encoding: "utf8",
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}

function build(set: keyof typeof images, ...words: string[]) {
  return stvm("build-image", "images/default", "-o", images[set], "--bytecodes", set, ...words);
}

/** What expressions print, in one run under the debug module. */
function evaluate(image: string, ...expressions: string[]) {
  return stvm("run", "--debug-module", image, "-e", ...expressions);
}

beforeAll(() => {
  for (const set of ["sista", "v3"] as const) expect(build(set)).toMatchObject({ status: 0, stderr: "" });
});

describe.each(["sista", "v3"] as const)("the default image in %s", (set) => {
  test("is small, and has the same bytes every time", () => {
    const bytes = readFileSync(images[set]);
    if (set === "sista") expect(statSync(images[set]).size).toBeLessThanOrEqual(MAX_IMAGE_BYTES);
    rmSync(images[set]);
    build(set);
    expect(Buffer.compare(readFileSync(images[set]), bytes)).toBe(0);
  });

  test("evaluates", () => {
    const { status, stdout, stderr } = evaluate(
      images[set],
      "100 factorial printString size",
      "(1/3) + (2/3)",
      "#(3 1 2) asSortedCollection asArray",
      "[ 1/0 ] on: ZeroDivide do: [ :error | error return: 7 ]",
    );
    expect([status, stdout, stderr]).toEqual([0, "158\n1\n#(1 2 3)\n7\n", ""]);
  });

  test("waits for delays, and for a timer that is told to never signal", () => {
    const { status, stdout } = evaluate(images[set], "(Delay forMilliseconds: 5) wait. 5", "Processor yield. 6");
    expect([status, stdout]).toEqual([0, "5\n6\n"]);
  });

  test("finds what the writer hashed: globals, class variables, symbols, methods", () => {
    const { stdout } = evaluate(
      images[set],
      "(Smalltalk at: #Object) == Object",
      "(Smalltalk includesKey: #Nonsense)",
      "('at:' , 'put:') asSymbol == #at:put:",
      "Object includesSelector: #printString",
      "(3 perform: ('pri' , 'ntString') asSymbol)",
    );
    expect(stdout.split("\n").slice(0, 5)).toEqual(["true", "false", "true", "true", "'3'"]);
  });
});

test("a snapshot starts where it was taken, and can be saved again", () => {
  const image = join(folder, "saved.image");
  copyFileSync(images.sista, image);
  const save = "Smalltalk at: #Kept put: 42. (Smalltalk snapshot: true andQuit: false) printString";
  expect(evaluate(image, save)).toEqual({ status: 0, stdout: "'false'\n", stderr: "" });
  // The saved process goes on with the rest of its own command line: the answer of the snapshot is printed again.
  expect(stvm("run", "--debug-module", image)).toEqual({ status: 0, stdout: "'true'\n", stderr: "" });
  expect(stvm("run", "--debug-module", image)).toEqual({ status: 0, stdout: "'true'\n", stderr: "" });
});

test("what is reachable is smaller and still runs", () => {
  const image = join(folder, "small.image");
  const words = ["build-image", "images/default", "-o", image, "--strip", "unreachable"];
  expect(stvm(...words)).toMatchObject({ status: 0, stderr: "" });
  expect(statSync(image).size).toBeLessThan(0.8 * statSync(images.sista).size);
  expect(stvm("run", "--debug-module", image, "-e", "3 + 4")).toEqual({ status: 0, stdout: "7\n", stderr: "" });
});

test("every reference in the file leads to an object, every class to its metaclass", () => {
  const image = readImageFile(readFileSync(images.sista));
  let references = 0;
  for (const object of image.objects) {
    for (let i = 0; i < image.pointerSlots(object); i++) {
      if (image.slot(object, i).kind === "dangling") throw new Error(`slot ${i} at byte ${object.offset} dangles`);
      references++;
    }
  }
  expect(references).toBeGreaterThan(20_000);
});
