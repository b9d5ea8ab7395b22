// `stvm run --trace=…`: runs by the stepping loop, which logs what is asked for at level 5.

import type { FinalOutcome, Vm } from "../vm/embed/node.js";

/** What can be traced, each with its bit in the module's `setTrace` (vm/interpreter/tracing.ts). */
const TRACE_BITS: Readonly<Record<string, number>> = { sends: 1, primitives: 2, gc: 4, processes: 8 };
export const TRACES = Object.keys(TRACE_BITS);

const SLICE_POLLS = 100_000;

/** As `vm.runToEnd()`, logging those kinds of events. */
export async function runTraced(vm: Vm, kinds: readonly string[]): Promise<FinalOutcome> {
  const setTrace = vm.exports.setTrace as (kinds: number) => void;
  setTrace(kinds.reduce((bits, kind) => bits | TRACE_BITS[kind], 0));
  for (;;) {
    const outcome = vm.run((machine) =>
      (machine.runStepping as (polls: number, steps: number, frame: number) => number)(SLICE_POLLS, 0, 0),
    );
    if (outcome.kind === "quit" || outcome.kind === "fatal") {
      await vm.drivers.drained();
      return outcome;
    }
    await vm.wait(outcome);
  }
}
