// Compiled code outlives full collections: what it names stays where it is, also where everything around it moves.

import { afterAll, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JitStatistics } from "../../vm/embed/jitStatistics.js";
import { smallImage } from "./smallImage.js";

const folder = mkdtempSync(join(tmpdir(), "stvm-collections-"));
afterAll(() => rmSync(folder, { recursive: true }));

const EXPRESSION = `| kept sum |
kept := OrderedCollection new.
sum := 0.
1 to: 40 do: [ :round |
  1 to: 3000 do: [ :index | kept addLast: index printString ].
  kept := kept select: [ :each | each size > 2 ].
  Smalltalk garbageCollect.
  kept do: [ :each | sum := sum + each size ] ].
sum`;

test.each(["baseline", "on"])(
  "--jit=%s",
  (tier) => {
    const image = join(folder, "default.image");
    writeFileSync(image, smallImage());
    const run = (...options: string[]) => {
      const words = ["bin/stvm.mjs", "run", ...options, image, "-e", EXPRESSION];
      return spawnSync(process.execPath, words, { encoding: "utf8", timeout: 100_000 });
    };
    const interpreted = run("--jit=off");
    const compiled = run(`--jit=${tier}`, "--jit-threshold=10", "--jit-stats=json");
    expect(interpreted.stdout).toMatch(/^\d+\n$/);
    expect(compiled.stdout).toBe(interpreted.stdout);
    const statistics = JSON.parse(compiled.stderr) as JitStatistics;
    expect(statistics.baseline.methods).toBeGreaterThan(20);
    expect(statistics.drops).toEqual({ full: 0, moved: 0, become: 0, debugger: 0 });
  },
  200_000,
);
