// `stvm build --aot`: programs that start with compiled methods. What they answer is what the interpreter answers, and
// their counts say that compiled code ran though nothing was compiled at run time.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAheadChoice } from "../../../tools/programs/ahead.js";

const isLinux = process.platform === "linux" && process.arch === "x64";
const onLinux = isLinux ? describe : describe.skip;
if (!isLinux) console.log("skipped: Linux programs run on Linux on x86-64 only");

const BUILD_MILLISECONDS = 120_000;
/** So many calls that nothing is compiled for being called. */
const NEVER = "--jit-threshold=1000000000";
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stvm-ahead-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(command: string, words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(command, words, {
    encoding: "utf8",
    timeout: 100_000,
    maxBuffer: 1 << 26,
  });
  return { status, stdout, stderr };
}

function stvm(...words: string[]) {
  return start(process.execPath, ["bin/stvm.mjs", ...words]);
}

function builtImage(name: string): string {
  const image = join(folder, `${name}.image`);
  expect(stvm("build-image", `images/${name}`, "-o", image).status).toBe(0);
  return image;
}

/** What a program says with --jit-stats. */
function counts(stderr: string) {
  const pattern =
    /compiled (\d+) methods .* besides (\d+) with the program; slices interpreted (\d+), compiled (\d+)$/m;
  const [, now, ahead, interpreted, compiled] = (pattern.exec(stderr) ?? []).map(Number);
  return { now, ahead, interpreted, compiled };
}

onLinux("all methods of the conformance image", () => {
  test(
    "pass every test, and run compiled from the start",
    () => {
      const program = join(folder, "conformance");
      const image = builtImage("conformance");
      const built = stvm("build", image, "-o", program, "--primitives", "all", "--aot", "all", "--json");
      const { aot } = JSON.parse(built.stdout) as { aot: { compiled: number; refused: number; unknown: string[] } };
      expect(aot.compiled).toBeGreaterThan(4000);
      expect(aot.unknown).toEqual([]);
      const { status, stdout, stderr } = start(program, [NEVER, "--jit-stats"]);
      expect(stdout.match(/^not ok .*/gm) ?? []).toEqual([]);
      expect(stdout).toMatch(/^# \d{4,} tests, 0 failed, 0 skipped$/m);
      expect(status).toBe(0);
      expect(counts(stderr).ahead).toBe(aot.compiled);
      expect(counts(stderr).compiled).toBeGreaterThan(0);
    },
    BUILD_MILLISECONDS,
  );
});

onLinux("a profile", () => {
  let image: string;
  beforeAll(() => void (image = builtImage("default")), BUILD_MILLISECONDS);
  const profile = (text: string) => {
    const path = join(folder, "profile");
    writeFileSync(path, text);
    return path;
  };

  test(
    "names the methods that are compiled; blocks come with them",
    () => {
      const program = join(folder, "default");
      const names = ["SequenceableCollection>>do:", "Integer>>factorial", "Interval>>collect:", "Nobody>>nothing"];
      const built = stvm("build", image, "-o", program, "--aot", profile(JSON.stringify({ methods: names })), "--json");
      const { aot } = JSON.parse(built.stdout) as { aot: { compiled: number; unknown: string[] } };
      expect(aot.compiled).toBeGreaterThanOrEqual(2);
      expect(aot.compiled).toBeLessThan(10);
      expect(aot.unknown).toContain("Nobody>>nothing");
      expect(built.stderr).toBe("");
      const words = ["-e", "#(1 2 3) do: [ :each | each printNl ]. 100 factorial printString size"];
      const off = start(program, ["--jit=off", "--jit-stats", ...words]);
      const ahead = start(program, ["--jit-stats", NEVER, ...words]);
      expect(ahead.stdout).toBe(off.stdout);
      expect(counts(ahead.stderr)).toMatchObject({ now: 0, ahead: aot.compiled });
      expect(counts(off.stderr).compiled).toBe(0);
    },
    BUILD_MILLISECONDS,
  );

  test("may be JSON or a line each", () => {
    const names = ["Integer>>factorial", "[] in Array class>>new:"];
    expect(readAheadChoice(profile(JSON.stringify(names)))).toEqual(names);
    expect(readAheadChoice(profile(JSON.stringify({ methods: names })))).toEqual(names);
    expect(readAheadChoice(profile(`${names.join("\n")}\n`))).toEqual(names);
    expect(readAheadChoice("all")).toBe("all");
  });

  test.each([
    ["[", /not JSON/],
    ["{}", /no list/],
    ["[1]", /something else/],
    ["factorial\n", /'factorial' is no method; 'Class>>selector' is wanted/],
  ])("%j is refused with the reason", (text, reason) => {
    expect(() => readAheadChoice(profile(text))).toThrow(reason);
  });

  test("that is not there, or for a program without compiler, is refused in one line", () => {
    const target = join(folder, "none");
    expect(stvm("build", image, "-o", target, "--aot", "none.json")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^stvm: --aot none\.json: no such file; .*\n$/),
    });
    expect(stvm("build", image, "-o", target, "--aot", "all", "--jit", "off")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^stvm: --aot: .*\n$/),
    });
  });
});
