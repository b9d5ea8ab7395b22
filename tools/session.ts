// A loaded image for the tools that look inside: the virtual machine, quiet, and its heap.

import { CELL_EDEN_FREE } from "../vm/layout.js";
import { createVm, type LogLevel, type Vm, type VmOptions } from "../vm/embed/node.js";
import { Heap, type HeapRoots } from "./heap.js";
import { Reflection } from "./reflection.js";

export interface Session {
  readonly vm: Vm;
  readonly heap: Heap;
  readonly reflection: Reflection;
}

export async function openImage(image: string, options: Partial<VmOptions> = {}): Promise<Session> {
  const vm = await createVm({ log: (_level: LogLevel, _message: string) => {}, ...options, image });
  const heap = heapOf(vm);
  return { vm, heap, reflection: new Reflection(heap) };
}

/** The heap of a virtual machine, through the globals that the module exports. */
export function heapOf(vm: Vm): Heap {
  const { exports } = vm;
  const memory = exports.memory;
  const variable = (name: string) => exported(exports, name);
  const [nil, falseObject, trueObject] = ["nil", "falseObject", "trueObject"].map(variable);
  const [hiddenRoots, specialObjects] = ["hiddenRoots", "specialObjects"].map(variable);
  const [oldSpaceStart, oldSpaceEnd, edenStart] = ["oldSpaceStart", "oldSpaceEnd", "edenStart"].map(variable);
  const survivors = "pastStart" in exports ? ["pastStart", "pastFree"].map(variable) : [];
  const roots: HeapRoots = {
    // These four never move.
    nil: Number(nil.value),
    falseObject: Number(falseObject.value),
    trueObject: Number(trueObject.value),
    hiddenRoots: Number(hiddenRoots.value),
    get specialObjects() {
      return Number(specialObjects.value);
    },
    get oldSpaceStart() {
      return oldSpaceStart.value >>> 0;
    },
    get oldSpaceEnd() {
      return oldSpaceEnd.value >>> 0;
    },
    get newSpaces() {
      const edenFree = new DataView(memory.buffer).getUint32(CELL_EDEN_FREE, true);
      const eden = [edenStart.value >>> 0, edenFree] as const;
      if (survivors.length === 0) return [eden];
      return [[survivors[0].value >>> 0, survivors[1].value >>> 0] as const, eden];
    },
  };
  return new Heap(memory, roots);
}

/** An exported variable of the module. */
export function exported(exports: Vm["exports"], name: string): WebAssembly.Global {
  const found = exports[name];
  if (found instanceof WebAssembly.Global) return found;
  throw new Error(`stvm: the module has no variable ${name}; run \`npm run build\``);
}
