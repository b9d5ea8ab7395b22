// Random valid WebAssembly modules by binaryen (`wasm-opt -ttf`), many in one process: the tool's script is read once
// and its own module compiled once.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the native compiler takes; NaNs become zeros, whose bits WebAssembly leaves open. */
const OPTIONS = [
  "--mvp-features",
  "--enable-bulk-memory",
  "--enable-sign-ext",
  "--enable-nontrapping-float-to-int",
  "--enable-mutable-globals",
  "--denan",
];

type Tool = (
  module: Record<string, unknown>,
  require: NodeJS.Require,
  process: NodeJS.Process,
  file: string,
  directory: string,
) => void;

export class RandomModules {
  private readonly tool: Tool;
  private readonly require = createRequire(join(process.cwd(), "package.json"));
  private compiled: WebAssembly.Module | undefined;

  constructor() {
    const script = readFileSync("node_modules/binaryen/bin/wasm-opt", "utf8").replace(/^#!.*\n/, "");
    this.tool = new Function("Module", "require", "process", "__filename", "__dirname", script) as Tool;
  }

  /** The module that these random bytes become. Passes (`-O2` and the like) may be asked for besides. */
  async fromBytes(bytes: Uint8Array, passes: readonly string[] = []): Promise<Uint8Array> {
    const input = join(tmpdir(), `stvm-random-${process.pid}.bin`);
    const output = join(tmpdir(), `stvm-random-${process.pid}.wasm`);
    writeFileSync(input, bytes);
    try {
      await this.run([input, "-ttf", "-o", output, "-q", ...OPTIONS, ...passes]);
      return readFileSync(output);
    } finally {
      rmSync(input, { force: true });
      rmSync(output, { force: true });
    }
  }

  private async run(options: string[]): Promise<void> {
    const instantiate = WebAssembly.instantiate;
    const ownProcess = Object.create(process, {
      argv: { value: ["node", "wasm-opt", ...options] },
      exitCode: { writable: true, value: 0 },
      on: { value: () => undefined },
    }) as NodeJS.Process;
    WebAssembly.instantiate = (async (source: BufferSource, imports: WebAssembly.Imports) => {
      this.compiled ??= await WebAssembly.compile(source);
      return { module: this.compiled, instance: await instantiate(this.compiled, imports) };
    }) as typeof WebAssembly.instantiate;
    try {
      await new Promise<void>((resolve, reject) => {
        const settings = {
          arguments: options,
          thisProgram: "wasm-opt",
          postRun: () => resolve(),
          onAbort: reject,
          quit: (code: number) => (code === 0 ? resolve() : reject(new Error(`wasm-opt ended with ${code}`))),
          printErr: () => undefined,
        };
        this.tool(settings, this.require, ownProcess, "wasm-opt", process.cwd());
      });
    } finally {
      WebAssembly.instantiate = instantiate;
    }
  }
}

/** Numbers from a seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
