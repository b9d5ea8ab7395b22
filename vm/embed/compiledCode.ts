// Makes what the compiler in the module (vm/jit) has written runnable. In Node 20 and 22 an instance that imports a table
// lives as long as the table, and each table.set costs time for each of these; there code has a table of its own, which
// is dropped with all instances when it is full (an epoch), and which the module enters through a trampoline.

import { ERRNO } from "./drivers.js";
import type { VmExports } from "./module.js";

/** What installs code for one virtual machine (vm/host.ts: installCode, dropInstalledCode). */
export interface CodeHost {
  /** Answers the table index of a module's first function, or a negative error. */
  install(bytes: Uint8Array): number;
  drop(): void;
}

/** Functions of one epoch: with more, the instances' copies of the table would take more time than the code saves. */
const EPOCH_SLOTS = 4096;

/** How many functions to put into one module: a module costs 25 to 400 microseconds. */
export const CODE_BATCH = 64;

/** Reasons for which modules cannot be had that are told; one that names a place in the module is another each time. */
const MAX_REASONS = 10;

/** Part of the table where code lies: `next` is free, and so is everything behind it. */
interface Slots {
  readonly table: WebAssembly.Table;
  readonly first: number;
  next: number;
}

/**
 * The host for one virtual machine. `warn` hears why a module cannot be had, once for each reason. `collect` has the engine collect at once, where it can be told so: it counts no compiled
 * code as memory, and may let that of several epochs pile up.
 */
export function codeHost(
  exports: () => VmExports,
  warn: (message: string) => void,
  collect = () => {},
  hasEpochs = needsEpochs(),
): CodeHost {
  const reasons = new Set<string>();
  let slots: Slots | undefined;
  let imports: WebAssembly.Imports = {};
  let trampolineSlot = 0;

  const begin = (): Slots => {
    const machine = exports();
    const shared = machine.table as WebAssembly.Table;
    if (!hasEpochs) {
      imports = { vm: machine as unknown as WebAssembly.ModuleImports };
      return { table: shared, first: shared.length, next: shared.length };
    }
    const table = new WebAssembly.Table({ element: "anyfunc", initial: EPOCH_SLOTS });
    imports = { vm: { ...(machine as unknown as WebAssembly.ModuleImports), table } };
    if (trampolineSlot === 0) trampolineSlot = shared.grow(1);
    shared.set(trampolineSlot, trampolineTo(table));
    (machine.setTrampoline as (slot: number) => void)(trampolineSlot);
    const first = shareFunctions(machine, table);
    return { table, first, next: first };
  };

  return {
    install(bytes) {
      try {
        slots ??= begin();
        const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes.slice()), imports);
        const functions = Object.values(instance.exports);
        const { table, next } = slots;
        const missing = next + functions.length - table.length;
        if (missing > 0) {
          if (hasEpochs) return -ERRNO.ENOSPC;
          table.grow(missing);
        }
        functions.forEach((code, index) => table.set(next + index, code));
        slots.next += functions.length;
        return next;
      } catch (error) {
        const reason = String(error);
        if (!reasons.has(reason) && reasons.size < MAX_REASONS) warn(`compiled code cannot be installed: ${reason}`);
        reasons.add(reason);
        return -ERRNO.EINVAL;
      }
    },
    drop() {
      if (slots === undefined) return;
      if (hasEpochs) {
        slots = undefined;
        imports = {};
        (exports().table as WebAssembly.Table).set(trampolineSlot, null);
        collect();
        return;
      }
      for (let index = slots.first; index < slots.next; index++) slots.table.set(index, null);
      slots.next = slots.first;
    },
  };
}

/** Puts what code may call besides code where code looks for it; answers the first index behind, at least 1. */
function shareFunctions(machine: VmExports, table: WebAssembly.Table): number {
  const shared = machine.table as WebAssembly.Table;
  const functionBesideCode = machine.functionBesideCode as (place: number) => number;
  let next = 1;
  for (let place = 0, index = functionBesideCode(0); index !== 0; index = functionBesideCode(++place)) {
    table.set(index, shared.get(index));
    next = Math.max(next, index + 1);
  }
  return next;
}

/** (frame, entry, receiver, code) -> value: calls the code at an index of a table. */
function trampolineTo(table: WebAssembly.Table): unknown {
  return new WebAssembly.Instance(new WebAssembly.Module(TRAMPOLINE), { code: { table } }).exports.enter;
}

const I32 = 0x7f;
const I64 = 0x7e;
// prettier-ignore
const TRAMPOLINE = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  1, 16, 2, 0x60, 3, I32, I32, I64, 1, I64, 0x60, 4, I32, I32, I64, I32, 1, I64,
  2, 16, 1, 4, ...ascii("code"), 5, ...ascii("table"), 1, 0x70, 0, 0,
  3, 2, 1, 1,
  7, 9, 1, 5, ...ascii("enter"), 0, 0,
  10, 15, 1, 13, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0x20, 3, 0x11, 0, 0, 0x0b,
]);

function ascii(text: string): number[] {
  return [...text].map((letter) => letter.charCodeAt(0));
}

/**
 * Whether instances that import a table are never collected. It cannot be asked for; V8 came to keep tables apart from
 * instances shortly before it had 64-bit memories, and other engines do well with epochs too.
 */
function needsEpochs(): boolean {
  // A module with a memory of 64-bit addresses.
  return !WebAssembly.validate(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 4, 0]));
}
