// Makes what the compiler in the module (vm/jit) has written runnable: one small module for each method.

import { ERRNO } from "./drivers.js";
import type { VmExports } from "./module.js";

/** Instantiates a module over the virtual machine's memory and table. Answers its function's index there, or an error. */
export function installCode(exports: VmExports, bytes: Uint8Array): number {
  try {
    const module = new WebAssembly.Module(bytes.slice());
    const instance = new WebAssembly.Instance(module, { vm: exports as unknown as WebAssembly.ModuleImports });
    const table = exports.table as WebAssembly.Table;
    const index = table.grow(1);
    table.set(index, instance.exports.code);
    return index;
  } catch {
    return -ERRNO.EINVAL;
  }
}
