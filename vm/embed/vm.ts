// One virtual machine: an instance of the module, its drivers, and the loop that waits where the image has nothing to
// do. Node and the browser share this; they differ in drivers only.

import { type Clock } from "./clock.js";
import { type HostDrivers, type LogLevel } from "./drivers.js";
import { heapOf } from "./heap.js";
import { CODE_BATCH, codeHost } from "./compiledCode.js";
import { hostImports, Panic } from "./imports.js";
import { type VmExports } from "./module.js";
import { processLines } from "./processes.js";
import { Reflection } from "./reflection.js";
import { nextTurn, timerMilliseconds } from "./scheduler.js";

/**
 * Why `run` came back (DESIGN, decision 4).
 * slice: the budget is used up, run again. idle: nothing can happen before a time (UTC microseconds, 0n for never) or a
 * signal from outside. waiting: a primitive needs input or room for output, run again when the drivers are ready. quit:
 * the image ended, with its exit code. fatal: the virtual machine cannot go on; the message says why and the stack is
 * Smalltalk's, innermost first. break: a debugger's stop, its reason a BREAK_… of vm/interpreter/stepping.ts. answered: a message sent from outside was answered.
 */
export type Outcome =
  | { readonly kind: "slice" }
  | { readonly kind: "idle"; readonly untilMicroseconds: bigint }
  | { readonly kind: "waiting" }
  | { readonly kind: "quit"; readonly code: number }
  | { readonly kind: "fatal"; readonly message: string; readonly stack: readonly string[] }
  | { readonly kind: "break"; readonly reason: number }
  | { readonly kind: "answered" };

/** The outcomes after which nothing more runs. */
export type FinalOutcome = Extract<Outcome, { kind: "quit" | "fatal" }>;

/** An image that cannot be loaded, or a virtual machine used in a state that does not allow it. */
export class VmError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = "VmError";
    this.code = code;
  }
}

export interface VmCoreOptions {
  readonly imageBytes: number;
  /** What to call the image in messages. */
  readonly imageLabel: string;
  readonly edenBytes?: number;
  readonly maxOldSpaceBytes?: number;
  /**
   * Polls of one `run`; a poll comes with every method entry and backward jump that needs one. If not given, as many as take
   * some milliseconds; 100,000 where `clock` is given, so that runs can be repeated.
   */
  readonly slicePolls?: number;
  readonly jitThreshold?: number;
  /** Has the engine collect its garbage at once. */
  readonly collectGarbage?: () => void;
  /** Whether what is compiled and runs often is optimised, too. */
  readonly optimises?: boolean;
  readonly clock?: Clock;
  readonly describeFault: (status: number, exports: VmExports) => string;
}

export interface Vm {
  /**
   * Runs one slice and says why it ended; `enter` is for debuggers that call the module in another way. Throws VmError
   * after `destroy` or a final outcome.
   */
  run(enter?: (machine: VmExports) => number): Outcome;
  /** Waits until there is something to run again after an outcome. */
  wait(outcome: Outcome): Promise<void>;
  /** Runs until the image quits or cannot go on, waiting in the event loop where it is idle. */
  runToEnd(): Promise<FinalOutcome>;
  /** Signals an external semaphore (an index into the image's table of external objects, one-based). */
  signalSemaphore(index: number): void;
  /** As the interrupt key of the image: its user-interrupt handler runs. */
  interrupt(): void;
  /** Ends a wait early: something that the image may have waited for has happened. */
  wake(): void;
  /** Whether a `runToEnd` is under way. */
  readonly isRunning: boolean;
  /** Called within `run` when a message from outside was answered or the image has ended, before the image runs again (mirrors.ts). */
  onAnswered: (() => void) | undefined;
  /** Every process with its stack, a line for each process and each activation. */
  processStacks(): string[];
  /** Gives memory and files back; nothing may be called after. A `runToEnd` under way rejects. */
  destroy(): void;
  /** The module's exports, for tools that look inside. */
  readonly exports: VmExports;
  readonly drivers: HostDrivers;
}

const SLICE_POLLS = 100_000;
const MOST_SLICE_POLLS = 32 * SLICE_POLLS;
/** Ending a slice makes all compiled code leave: it must be rare, and often enough for what waits outside. */
const SLICE_MILLISECONDS = 2;
const OUTCOMES = ["slice", "idle", "quit", "fatal", "waiting", "break", "answered"] as const;

/** Instantiates a module over drivers and loads the image that these read. */
export async function startVm(module: WebAssembly.Module, drivers: HostDrivers, options: VmCoreOptions): Promise<Vm> {
  const errors: string[] = [];
  const logged = drivers.log;
  drivers.log = (level: LogLevel, message: string) => {
    if (level === 1) errors.push(message);
    logged(level, message);
  };

  let exports: VmExports | undefined;
  const imports = {
    host: hostImports(
      drivers,
      () => exports!.memory,
      codeHost(
        () => exports!,
        (message) => drivers.log(2, message),
        options.collectGarbage,
      ),
    ),
  };
  const instance = await WebAssembly.instantiate(module, imports);
  exports = instance.exports as unknown as VmExports;
  try {
    const status = exports.loadImage(options.imageBytes, options.edenBytes ?? 0, options.maxOldSpaceBytes ?? 0);
    if (status !== 0) {
      throw new VmError("image", `${options.imageLabel}: ${options.describeFault(status, exports)}`);
    }
  } catch (error) {
    drivers.close();
    throw error instanceof VmError ? error : new VmError("image", `${options.imageLabel}: ${String(error)}`);
  }
  if (options.jitThreshold !== undefined) {
    exports.enableJit(options.jitThreshold, CODE_BATCH);
    if (options.optimises === true) exports.enableOptimiser(options.jitThreshold === 1);
  }
  return vmOver(exports, drivers, options, errors);
}

function vmOver(vmExports: VmExports, drivers: HostDrivers, options: VmCoreOptions, errors: string[]): Vm {
  let exports: VmExports | undefined = vmExports;
  let final: FinalOutcome | undefined;
  let wake: (() => void) | undefined;
  let running = 0;
  let slicePolls = SLICE_POLLS;
  const alive = () => {
    if (exports === undefined) throw new VmError("destroyed", "stvm: the virtual machine was destroyed");
    return exports;
  };
  drivers.onReady = () => wake?.();
  drivers.onSignal = (semaphore) => vm.signalSemaphore(semaphore);

  const vm: Vm = {
    run(enter = runForSlice) {
      const machine = alive();
      if (final !== undefined) throw new VmError("ended", "stvm: the image has ended; create a new virtual machine");
      errors.length = 0;
      const outcome = runSlice(machine, enter, errors);
      if (outcome.kind === "quit" || outcome.kind === "fatal") final = outcome;
      if (outcome.kind === "answered" || final !== undefined) vm.onAnswered?.();
      return outcome;
    },
    async runToEnd() {
      running++;
      try {
        for (;;) {
          const outcome = vm.run();
          if (outcome.kind === "quit" || outcome.kind === "fatal") {
            await drivers.drained();
            return outcome;
          }
          await vm.wait(outcome);
          alive();
        }
      } finally {
        running--;
      }
    },
    async wait(outcome) {
      if (outcome.kind === "waiting") await sleep(0n);
      else if (outcome.kind === "idle") await sleep(outcome.untilMicroseconds);
      else await nextTurn();
    },
    signalSemaphore(index) {
      // A driver may signal what the image began before it was destroyed.
      exports?.signalSemaphore(index);
      wake?.();
    },
    wake: () => wake?.(),
    get isRunning() {
      return running > 0;
    },
    onAnswered: undefined,
    interrupt() {
      alive().requestInterrupt?.();
      wake?.();
    },
    processStacks() {
      const machine = alive();
      return processLines(machine, new Reflection(heapOf(machine)));
    },
    destroy() {
      if (exports === undefined) return;
      exports = undefined;
      drivers.close();
      wake?.();
    },
    get exports() {
      return alive();
    },
    drivers,
  };
  return vm;

  function runForSlice(machine: VmExports): number {
    if (options.slicePolls !== undefined || options.clock !== undefined) {
      return machine.run(options.slicePolls ?? SLICE_POLLS);
    }
    const start = performance.now();
    const code = machine.run(slicePolls);
    if (OUTCOMES[code] === "slice") {
      const milliseconds = performance.now() - start;
      if (milliseconds < SLICE_MILLISECONDS / 2) slicePolls = Math.min(slicePolls * 2, MOST_SLICE_POLLS);
      else if (milliseconds > SLICE_MILLISECONDS * 2) slicePolls = Math.max(slicePolls / 2, SLICE_POLLS);
    }
    return code;
  }

  /** Waits for a time (0n: without end) or a wake-up, whichever comes first. */
  async function sleep(untilMicroseconds: bigint): Promise<void> {
    if (untilMicroseconds !== 0n && options.clock?.skipTo) {
      options.clock.skipTo(untilMicroseconds);
      return nextTurn();
    }
    const milliseconds = timerMilliseconds(untilMicroseconds, drivers.utcMicroseconds());
    if (milliseconds === 0) return nextTurn();
    return new Promise((resolve) => {
      const timer = setTimeout(end, milliseconds);
      function end() {
        clearTimeout(timer);
        if (wake === end) wake = undefined;
        resolve();
      }
      wake = end;
    });
  }
}

function runSlice(machine: VmExports, enter: (machine: VmExports) => number, errors: string[]): Outcome {
  let code: number;
  try {
    code = enter(machine);
  } catch (error) {
    return fatalOutcome(error, errors);
  }
  const kind = OUTCOMES[code];
  const detail = machine.outcomeDetail();
  switch (kind) {
    case "idle":
      return { kind, untilMicroseconds: BigInt(detail) };
    case "quit":
      return { kind, code: Number(detail) };
    case "fatal":
      return { kind, message: errors[0] ?? "the virtual machine stopped", stack: errors.slice(1) };
    case "break":
      return { kind, reason: Number(detail) };
    case "slice":
    case "waiting":
    case "answered":
      return { kind };
    case undefined:
      throw new VmError("module", `stvm: outcome ${code} of the module is unknown; build the library and it again`);
  }
}

/** A trap or a panic inside the module, or an error that a driver threw. */
function fatalOutcome(error: unknown, errors: string[]): FinalOutcome {
  if (!(error instanceof Error) || !(error instanceof Panic || error instanceof WebAssembly.RuntimeError)) throw error;
  const text = error instanceof Panic ? error.message : `trap: ${error.message}`;
  // What was logged before it stopped says more than the panic, which may have no message.
  const message = text === "" ? (errors.shift() ?? "the virtual machine stopped") : text;
  return { kind: "fatal", message, stack: [...errors] };
}
