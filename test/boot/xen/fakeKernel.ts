// The drivers' module over an in-memory Xen or PC, for tests.

import { createFakeConsole, type FakeConsole } from "../../../boot/fake/console.js";
import { createFakeMachine, type FakeMachine } from "../../../boot/fake/machine.js";
import { createFakeStore, type FakeStore } from "../../../boot/fake/store.js";
import { createFakeXen, type FakeXen } from "../../../boot/fake/xen.js";
import { compileEntryModule } from "../../compileEntry.js";

type Exported = (...values: (number | bigint)[]) => number;

export interface FakeKernel {
  readonly machine: FakeMachine;
  readonly xen: FakeXen;
  readonly console: FakeConsole;
  readonly store: FakeStore;
  /** The module's functions by name. */
  readonly call: Record<string, Exported>;
  /** Value of an exported global. */
  global(name: string): number | bigint;
  /** Puts a text into memory, at the scratch area unless told; answers address and size. */
  put(text: string, offset?: number): [number, number];
  textAt(address: number, bytes: number): string;
  /** What was called of the virtual machine: name and arguments. */
  readonly vmCalls: [string, ...(number | bigint)[]][];
  /** Outcomes that `run` answers in turn, each with its detail; each may do something first. */
  readonly outcomes: { code: number; detail?: bigint; before?: () => void }[];
  readonly debugText: string;
  /** Whether the heap is content with memory that ends there; always if not set. */
  heapFits: (memoryBytes: bigint) => boolean;
}

/** Where the virtual machine would have its area of compiled methods: 2 MiB of linear memory that nothing here uses. */
export const COMPILED_AREA = 1 << 20;

/** What the virtual machine's objects use. */
const USED_BYTES = 1 << 20;

let compiled: Promise<WebAssembly.Module> | undefined;

/** A domain with console and xenstore, nothing started. */
export async function fakeKernel(): Promise<FakeKernel> {
  compiled ??= compileEntryModule("test/boot/xen/driversEntry.ts", "test/boot/xen/asconfig.json");
  const machine = createFakeMachine();
  const xen = createFakeXen(machine);
  const vmCalls: FakeKernel["vmCalls"] = [];
  const outcomes: FakeKernel["outcomes"] = [];
  let detail = 0n;
  const noted =
    (name: string) =>
    (...values: (number | bigint)[]) => {
      vmCalls.push([name, ...values]);
      return 1;
    };
  const env = {
    run() {
      const outcome = outcomes.shift();
      if (outcome === undefined) throw new Error("fake kernel: run was called more often than expected");
      outcome.before?.();
      detail = outcome.detail ?? 0n;
      return outcome.code;
    },
    outcomeDetail: () => detail,
    logStack: noted("logStack"),
    signalSemaphore: noted("signalSemaphore"),
    requestInterrupt: noted("requestInterrupt"),
    queueEvent: noted("queueEvent"),
    fitOldSpace(memoryBytes: bigint, wantedBytes: number) {
      noted("fitOldSpace")(memoryBytes, wantedBytes);
      return fake.heapFits(memoryBytes) ? 1 : 0;
    },
    usedOldSpaceBytes: () => USED_BYTES,
    leastMemoryBytes: () => BigInt(8 << 20),
    compiledArea: () => COMPILED_AREA,
    enableJit: noted("enableJit"),
    enableOptimiser: noted("enableOptimiser"),
  };
  // The native compiler is not there: no kernel here has room for code.
  const compiler: Record<string, () => number> = {};
  for (const { module, name } of WebAssembly.Module.imports(await compiled)) {
    if (module === "compiler") compiler[name] = () => 0;
  }
  const instance = await WebAssembly.instantiate(await compiled, { cpu: machine.imports, env, compiler });
  const exports = instance.exports as Record<string, unknown>;
  const call = exports as Record<string, Exported>;
  const memory = exports["memory"] as WebAssembly.Memory;
  machine.attach(memory);
  const fake: FakeKernel = {
    machine,
    xen,
    console: createFakeConsole(machine, xen),
    store: createFakeStore(machine, xen),
    call,
    vmCalls,
    outcomes,
    global: (name) => (exports[name] as WebAssembly.Global).value as number | bigint,
    put(text, offset = 0) {
      const address = call["scratchAddress"]!() + offset;
      const bytes = Buffer.from(text, "utf8");
      new Uint8Array(memory.buffer).set(bytes, address);
      return [address, bytes.length];
    },
    textAt: (address, bytes) => Buffer.from(memory.buffer, address, bytes).toString("utf8"),
    get debugText() {
      return Buffer.from(machine.debug).toString("utf8");
    },
    heapFits: () => true,
  };
  return fake;
}

/** Runs until the domain ends; answers the reason. */
export function reasonOf(action: () => void): number {
  try {
    action();
  } catch (error) {
    if (error instanceof Error && "reason" in error) return error.reason as number;
    throw error;
  }
  throw new Error("the domain has not ended");
}
