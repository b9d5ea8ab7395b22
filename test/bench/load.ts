// What starting costs: time to the end of `inspect` and to the first bytecode, and memory, beyond bare Node's.

import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { type Benchmark, type Sample } from "./benchmark.js";
import { cuisFolder, cuisImage } from "./cuis.js";
import type { Cost } from "./probe.js";
import { currentNode } from "./ways.js";

const COMMAND = resolve("bin/stvm.mjs");
const PROBE = new URL("probe.js", import.meta.url).href;
const MEGABYTE = 1_000_000;
const GOAL_MILLISECONDS = 150;

/** `cpu` is that of all threads: less disturbed by other processes, but more than the wall clock on a quiet machine. */
export function loadBenchmarks(): Benchmark[] {
  const bare = () => cost(["-e", "0"], "end");
  const times: Benchmark["figures"] = [
    { key: "wall", unit: "ms", compare: "difference", goal: GOAL_MILLISECONDS },
    { key: "cpu", unit: "ms", compare: "difference" },
  ];
  return [
    {
      name: "load-inspect",
      against: "node -e 0",
      figures: times,
      measure: () => cost([COMMAND, "inspect", cuisImage()], "end"),
      measureOther: bare,
    },
    {
      name: "load-first-bytecode",
      against: "node -e 0",
      figures: times,
      measure: () => cost([COMMAND, "run", cuisImage(), "-s", "quit.st"], "first"),
      measureOther: bare,
    },
    {
      name: "memory-run",
      against: "node -e 0",
      get figures(): Benchmark["figures"] {
        const goal = (2 * statSync(cuisImage()).size + 60 * MEGABYTE) / MEGABYTE;
        return [
          { key: "peak", unit: "MB", compare: "difference", goal },
          { key: "linear", unit: "MB", compare: "difference", goal },
        ];
      },
      measure: () => cost([COMMAND, "run", cuisImage(), "-s", "quit.st"], "end"),
      measureOther: bare,
    },
  ];
}

/** Runs Node with the probe; wall and cpu in milliseconds, peak and linear memory in megabytes. */
function cost(words: readonly string[], until: "first" | "end"): Sample {
  const start = performance.now();
  const { status, output } = spawnSync(currentNode(), ["--import", PROBE, ...words], {
    cwd: cuisFolder(),
    env: { ...process.env, STVM_PROBE: until },
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    encoding: "utf8",
    timeout: 60_000,
  });
  const wall = performance.now() - start;
  if (status !== 0) throw new Error(`stvm: node ${words.join(" ")}: exit code ${status}; ${output[2]}`);
  const { cpu, peakBytes, linearBytes } = JSON.parse(output[3]!) as Cost;
  return { wall, cpu, peak: peakBytes / MEGABYTE, linear: linearBytes / MEGABYTE };
}
