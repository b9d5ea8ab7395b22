// A loaded image for the tools that look inside: the virtual machine, quiet, and its heap.

import { createVm, type LogLevel, type Vm, type VmOptions } from "../vm/embed/node.js";
import { type Heap, heapOf } from "../vm/embed/heap.js";
import { Reflection } from "../vm/embed/reflection.js";

export interface Session {
  readonly vm: Vm;
  readonly heap: Heap;
  readonly reflection: Reflection;
}

export async function openImage(image: string, options: Partial<VmOptions> = {}): Promise<Session> {
  const vm = await createVm({ log: (_level: LogLevel, _message: string) => {}, ...options, image });
  const heap = heapOf(vm.exports);
  return { vm, heap, reflection: new Reflection(heap) };
}
