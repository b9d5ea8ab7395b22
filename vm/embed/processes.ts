// Every process of an image with its stack: what Ctrl-C on a running image, a fatal outcome and the debugger print.

import * as layout from "../layout.js";
import type { Address } from "./heap.js";
import type { VmExports } from "./module.js";
import type { Reflection } from "./reflection.js";
import { type Activation, activationLine, stackReader } from "./stack.js";

// Of a deeper stack, the innermost and the outermost activations are shown.
const INNER_LINES = 45;
const OUTER_LINES = 10;

export interface ProcessState {
  readonly process: Address;
  readonly name?: string;
  readonly priority: number;
  /** What it does: "running", "ready", "waiting on a Semaphore", "suspended". */
  readonly state: string;
  readonly stack: readonly Activation[];
}

/** The running process first, then the others by falling priority; processes that have ended are left out. */
export function processes(exports: VmExports, reflection: Reflection): ProcessState[] {
  const { heap } = reflection;
  const reader = stackReader(exports, heap);
  const scheduler = heap.reference(heap.specialObject(layout.SPECIAL_SCHEDULER), layout.ASSOCIATION_VALUE);
  const running = heap.reference(scheduler, layout.SCHEDULER_ACTIVE_PROCESS);
  const lists = heap.reference(scheduler, layout.SCHEDULER_LISTS);
  const readyLists = new Set(reflection.elements(lists));
  const others = processObjects(reflection)
    .filter((process) => process !== running)
    .map((process) => describe(process))
    .filter((state) => state !== undefined)
    .sort((a, b) => b.priority - a.priority || a.process - b.process);
  const active = { ...facts(running), state: "running", stack: reader.active() };
  return [active, ...others];

  function describe(process: Address): ProcessState | undefined {
    const context = heap.reference(process, layout.PROCESS_SUSPENDED_CONTEXT);
    if (!heap.isObject(context) || heap.classIndexOf(context) !== layout.CLASS_INDEX_CONTEXT) return undefined;
    const stack = reader.from(context);
    const list = heap.reference(process, layout.PROCESS_MY_LIST);
    if (stack.length === 0 || (list === heap.nil && stack[0].pc === 0)) return undefined;
    const state = list === heap.nil ? "suspended" : readyLists.has(list) ? "ready" : `waiting on ${print(list)}`;
    return { ...facts(process), state, stack };
  }

  function facts(process: Address) {
    const name = reflection.variable(process, "name");
    return {
      process,
      name: name !== undefined && heap.isBytes(name) ? heap.string(name) : undefined,
      priority: heap.integer(process, layout.PROCESS_PRIORITY) ?? 0,
    };
  }

  function print(object: Address): string {
    return `${reflection.printObject(object, 1)} 0x${object.toString(16)}`;
  }
}

/** The lines that people read: a head for each process, its stack below. */
export function processLines(exports: VmExports, reflection: Reflection): string[] {
  return processes(exports, reflection).flatMap(({ process, name, priority, state, stack }) => [
    `process 0x${process.toString(16)}${name === undefined ? "" : ` '${name}'`} priority ${priority}, ${state}`,
    ...stackLines(reflection, stack),
    "",
  ]);
}

export function stackLines(reflection: Reflection, stack: readonly Activation[]): string[] {
  const line = (activation: Activation) => `  ${activationLine(reflection, activation)}`;
  if (stack.length <= INNER_LINES + OUTER_LINES + 1) return stack.map(line);
  const hidden = stack.length - INNER_LINES - OUTER_LINES;
  return [...stack.slice(0, INNER_LINES).map(line), `  … ${hidden} more`, ...stack.slice(-OUTER_LINES).map(line)];
}

/** Instances of Process and of its subclasses. */
function processObjects(reflection: Reflection): Address[] {
  const { heap } = reflection;
  const processClass = heap.specialObject(layout.SPECIAL_CLASS_PROCESS);
  const indices = new Set(
    heap
      .classes()
      .filter(({ address }) => reflection.isClass(address) && reflection.hierarchyOf(address).includes(processClass))
      .map(({ index }) => index),
  );
  const found: Address[] = [];
  heap.forEachObject((object, classIndex) => {
    if (indices.has(classIndex)) found.push(object);
  });
  return found;
}
