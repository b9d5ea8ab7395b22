// `stvm build-image` from Tonel files to a running image: both bytecode sets, errors of all sources, reports, the sources
// beside the image and what the debugger makes of them.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readImageFile } from "../../../../tools/imageReader.js";
import { writeTonel } from "./miniLibrary.js";

const folder = mkdtempSync(join(tmpdir(), "stvm-build-"));
const recipe = join(folder, "recipe.json");
const image = join(folder, "x.image");
afterAll(() => rmSync(folder, { recursive: true }));

const START = `Start class >> start [
	| sum |
	sum := #(30 4) size + 5.
	[ :code |
		self unused: nil.
		self quit: code ] value: sum
]

Start class >> quit: code [
	<primitive: 113>
	^ nil
]

Start class >> unused: x [
	^ x
]

Start class >> never [
	^ Fraction
]`;
const BODIES = {
  Start: START,
  BlockClosure: "BlockClosure >> value: x [\n\t<primitive: 202>\n\t^ nil\n]",
  FullBlockClosure: "FullBlockClosure >> value: x [\n\t<primitive: 207>\n\t^ nil\n]",
  Array: "Array >> size [\n\t<primitive: 62>\n\t^ nil\n]",
};

interface Line {
  class: string;
  instances: number;
  bytes: number;
}

function stvm(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["bin/stvm.mjs", ...words], { encoding: "utf8" });
  return { status, stdout, stderr };
}

function build(...words: string[]) {
  return stvm("build-image", folder, "-o", image, ...words);
}

function writeRecipe(changes: object = {}): void {
  writeFileSync(recipe, JSON.stringify({ packages: ["Mini"], entry: "Start start", ...changes }, undefined, 2));
}

beforeAll(() => {
  writeTonel(join(folder, "Mini"), BODIES);
  writeRecipe();
});

describe("an image from Tonel files", () => {
  test.each([
    ["sista", 68533],
    ["v3", 68021],
  ])("runs, in %s", (set, format) => {
    const { status, stdout, stderr } = build("--bytecodes", set);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/x\.image: \d+ bytes, \d+ classes, 7 methods \(/);
    expect(readImageFile(readFileSync(image)).header.format).toBe(format);
    expect(stvm("run", "--debug-module", image)).toEqual({ status: 7, stdout: "", stderr: "" });
  });

  test("has the same bytes again, and a file that is not written again", () => {
    build();
    const [bytes, { mtimeMs }] = [readFileSync(image), statSync(image)];
    build();
    expect(Buffer.compare(readFileSync(image), bytes)).toBe(0);
    expect(statSync(image).mtimeMs).toBe(mtimeMs);
    rmSync(image);
    build();
    expect(Buffer.compare(readFileSync(image), bytes)).toBe(0);
    expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("can be stripped, with a report that says why", () => {
    const report = join(folder, "report.json");
    const { status, stdout } = build("--strip", "unreachable", "--report", report, "--json");
    expect(status).toBe(0);
    const { dropped, methods } = JSON.parse(stdout) as {
      dropped: { classes: number; methods: number };
      methods: number;
    };
    expect([dropped.methods, methods]).toEqual([1, 6]);
    const content = JSON.parse(readFileSync(report, "utf8")) as Record<string, any>;
    expect(content.unreachable.methods).toEqual([
      { name: "Start class>>never", because: "nothing reachable sends its selector" },
    ]);
    expect(content.unreachable.classes).toContainEqual({ name: "Fraction", because: "nothing reachable refers to it" });
    expect(content.primitives).toEqual({ numbered: [62, 113, 202, 207], named: [] });
    expect(stvm("run", image).status).toBe(7);
  });

  test("has as many instances of each class as the virtual machine counts", () => {
    const report = join(folder, "report.json");
    build("--report", report, "--json");
    const { histogram } = JSON.parse(readFileSync(report, "utf8")) as { histogram: Line[] };
    const counted = JSON.parse(stvm("inspect", image, "--json").stdout) as { histogram: Line[] };
    const isOrdinary = ({ class: name }: Line) => !/^\(|class$/.test(name);
    const inOrder = (lines: Line[]) => lines.filter(isOrdinary).sort((a, b) => (a.class < b.class ? -1 : 1));
    expect(inOrder(counted.histogram)).toEqual(inOrder(histogram));
    expect(inOrder(histogram).length).toBeGreaterThan(10);
  });

  test("can be reported on as text", () => {
    const report = join(folder, "report.txt");
    build("--report", report);
    const text = readFileSync(report, "utf8");
    expect(text).toMatch(/methods unreachable, but kept \(strip: none\): 1\n {2}Start class>>never: nothing reachable/);
    expect(text).toMatch(/\n {2}113 primitiveQuit\n/);
  });
});

describe("sources beside the image", () => {
  test.each(["sista", "v3"])("show in the debugger, in %s", (set) => {
    build("--bytecodes", set);
    const commands = ["break Start class>>unused:", "continue", "stack", "frame 1", "list", "temps", "quit"];
    const { stdout } = stvm("debug", image, ...commands.flatMap((line) => ["-c", line]));
    expect(stdout).toMatch(/\[\] in Start class>>start/);
    expect(stdout).toMatch(/\[\] in Start class>>start .*Mini\/Start\.class\.st:15\n/);
    expect(stdout).toMatch(/ 5 \| self unused: nil\./);
    expect(stdout).toMatch(/> {3}5 \| \t\tself unused: nil\.\n {4}6 \| /);
    if (set === "sista") expect(stdout).toMatch(/ {2}code +7/);
  });

  test("are for whoever knows the method", () => {
    build();
    const { stdout } = stvm("inspect", image, "--method", "Start class>>unused:");
    expect(stdout).toMatch(/source \(.*x\.sources\.json\)\n {2}unused: x\n {2}\t\^ x\n/);
  });

  test("are not shown for a method that is another by now", () => {
    build("--bytecodes", "v3");
    const sources = join(folder, "x.sources.json");
    const others = readFileSync(sources);
    build("--bytecodes", "sista");
    writeFileSync(sources, others);
    expect(stvm("inspect", image, "--method", "Start class>>start").stdout).toMatch(/source: the method has no source/);
  });

  test("need not be", () => {
    rmSync(join(folder, "x.sources.json"));
    build("--no-sources");
    expect(existsSync(join(folder, "x.sources.json"))).toBe(false);
  });
});

describe("errors", () => {
  const broken = { ...BODIES, Array: "Array >> size [\n\t^ nosuch\n]\n\nArray >> other [\n\t^ (1 + 2\n]" };

  test("of all sources come at once, with carets, and leave no image", () => {
    rmSync(image, { force: true });
    writeTonel(join(folder, "Mini"), { ...broken, Point: "Point >> z [\n\t^ zz\n]" });
    const { status, stdout, stderr } = build();
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/Array\.class\.st:12:\d+: error: .*nosuch.*\n12 \| \t\^ nosuch\n +\| \t +\^{6}\n/);
    expect(stderr.match(/: error: /g)!.length).toBeGreaterThanOrEqual(3);
    expect(stderr).toMatch(/Point\.class\.st:12/);
    expect(stderr).toMatch(/stvm: .*recipe\.json: \d errors in 2 files; no image was written\n$/);
    expect(existsSync(image)).toBe(false);
    const { errors } = JSON.parse(build("--json").stdout) as { errors: { file: string; line: number }[] };
    expect(errors.map(({ line }) => line)).toContain(12);
    writeTonel(join(folder, "Mini"), BODIES);
  });

  test.each([
    [{ packages: ["Mini", "Maxi"] }, /recipe\.json:\d+:\d+: error: package .*Maxi: no such folder/],
    [{ entry: "Strat start" }, /no class Strat to start with; did you mean Start\?/],
    [{ entry: "Start begin" }, /Start class has no method begin to start with/],
    [{ keep: ["Nothing*"] }, /"keep": nothing matches Nothing\*/],
    [{ keep: ["#nothing"] }, /"keep": nothing matches #nothing/],
    [{ globals: { Lock: { new: "Semafore" } } }, /"globals": no class Semafore; did you mean Semaphore\?/],
    [{ globals: { Array: 1 } }, /"globals": Array is a class already/],
  ])("of a recipe are shown in it: %j", (changes, expected) => {
    writeRecipe(changes);
    const { status, stderr } = build();
    expect(status).toBe(1);
    expect(stderr).toMatch(expected);
    writeRecipe();
  });

  test("of the command line say the way out", () => {
    expect(stvm("build-image", "nosuch", "-o", image).stderr).toMatch(/^stvm: nosuch: no such file or folder; .*\n$/);
    expect(stvm("build-image", folder).stderr).toMatch(/^stvm: .*output; .*--help.*\n$/);
    expect(stvm("build-image").stderr).toMatch(/^stvm: no recipe given; .*\n$/);
    expect(build("--strip", "all").stderr).toMatch(/^stvm: .*strip.*\n$/s);
    const nowhere = stvm("build-image", folder, "-o", join(recipe, "x.image"));
    expect([nowhere.status, nowhere.stderr]).toEqual([
      1,
      expect.stringMatching(/cannot be written .*; choose another/),
    ]);
  });
});
