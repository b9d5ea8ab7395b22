// Loaded before a program (node --import) to say what that process cost: writes to descriptor 3, at its end or, where
// STVM_PROBE is "first", when the virtual machine is about to run its first bytecode, which then ends the process.

import { writeSync } from "node:fs";

export interface Cost {
  /** Milliseconds on all processors, this process's. */
  readonly cpu: number;
  /** The most bytes of physical memory. */
  readonly peakBytes: number;
  /** Bytes of the virtual machine's linear memory; 0 without one. */
  readonly linearBytes: number;
}

let memory: WebAssembly.Memory | undefined;
const instantiate = WebAssembly.instantiate as (module: WebAssembly.Module, imports: object) => Promise<Instance>;

interface Instance {
  readonly exports: WebAssembly.Exports;
}

Object.assign(WebAssembly, {
  async instantiate(module: WebAssembly.Module, imports: object): Promise<Instance> {
    const instance = await instantiate(module, imports);
    memory = instance.exports.memory as WebAssembly.Memory;
    if (process.env.STVM_PROBE !== "first") return instance;
    return { exports: { ...instance.exports, run: () => process.exit() } };
  },
});

process.on("exit", () => {
  const { user, system } = process.cpuUsage();
  const cost: Cost = {
    cpu: (user + system) / 1000,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    linearBytes: memory?.buffer.byteLength ?? 0,
  };
  writeSync(3, JSON.stringify(cost));
});
