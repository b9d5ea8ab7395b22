// The runs of a bisection: an image from its start to its end, nothing of it saved, its output taken.

import { performance } from "node:perf_hooks";
import { heapOf } from "../../vm/embed/heap.js";
import { createVm, type Vm, type VmOptions } from "../../vm/embed/node.js";
import { Reflection } from "../../vm/embed/reflection.js";
import { codeName } from "../codeName.js";
import type { CompiledRun, Range, Shown } from "./bisect.js";

/** What a run is given, beside what is compiled. */
export interface RunSetting {
  readonly vm: VmOptions;
  /** A run that takes longer has gone wrong. */
  readonly limitMilliseconds: number;
}

export function runInterpreted(setting: RunSetting): Promise<Shown> {
  return run(setting, {}, () => {});
}

export type Tier = "baseline" | "optimised";

/**
 * Runs with the methods compiled whose numbers are in these ranges, from so many calls on; or with all of them compiled,
 * and these optimised.
 */
export async function runCompiled(
  setting: RunSetting,
  tier: Tier,
  threshold: number,
  ranges: readonly Range[],
): Promise<CompiledRun> {
  const isOptimised = tier === "optimised";
  const compiled = new Map<number, Set<string>>();
  let nameOf = (_method: number, _start: number): string => "?";
  const shown = await run(
    setting,
    {
      jitThreshold: threshold,
      optimises: isOptimised,
      log(_level, message) {
        const [, number, method, start] = /^(?:compil|optimis)es (\d+) method (\d+) from (\d+)$/.exec(message) ?? [];
        if (number === undefined) return;
        const names = compiled.get(Number(number)) ?? new Set();
        compiled.set(Number(number), names.add(nameOf(Number(method), Number(start))));
      },
    },
    (vm) => {
      const select = isOptimised ? vm.exports.selectOptimised : vm.exports.selectCode;
      for (const range of ranges) (select as (first: number, last: number) => void)(...range);
      // Methods lie still while the module tells of them.
      nameOf = (method, start) => {
        const heap = heapOf(vm.exports);
        return codeName({ heap, reflection: new Reflection(heap) }, method, start);
      };
    },
  );
  return { ...shown, compiled };
}

async function run(setting: RunSetting, options: Partial<VmOptions>, prepare: (vm: Vm) => void): Promise<Shown> {
  let output = "";
  const decoder = new TextDecoder();
  const take = (bytes: Uint8Array) => void (output += decoder.decode(bytes, { stream: true }));
  const vm = await createVm({
    log: () => {},
    // Each run is to be like the others: left alone, slices would take more or less.
    slicePolls: 100_000,
    stdin: () => undefined,
    onSnapshot: () => {},
    ...setting.vm,
    ...options,
    stdout: take,
    stderr: take,
  });
  try {
    prepare(vm);
    const start = performance.now();
    while (performance.now() - start < setting.limitMilliseconds) {
      const outcome = vm.run();
      if (outcome.kind === "quit") return { output, end: `exit code ${outcome.code}` };
      if (outcome.kind === "fatal") return { output, end: outcome.message };
      await vm.wait(outcome);
    }
    return { output, end: `not after ${setting.limitMilliseconds} ms` };
  } finally {
    vm.destroy();
  }
}
