// Methods compiled when a program is built. vm/jit emits them under Node, in the machine that the program starts from: its
// records and call sites are in the memory that the program gets. Each module becomes machine code behind the program's
// own, and a place of the table.

import { type CodeHost } from "../../vm/embed/compiledCode.js";
import { type VmExports } from "../../vm/embed/module.js";
import { compileNative } from "../native/compile.js";
import { type NativeFunction, type NativeModule, type NativeRelocation } from "../native/output.js";
import { signatureOf } from "./callable.js";

/** A function that vm/jit has emitted: the module, and the name that it shall have. */
export interface AheadModule {
  readonly wasm: Uint8Array;
  readonly name: string;
}

/** Who compiles methods in the machine that a program starts from (tools/programs/ahead.ts). */
export interface AheadCompiler {
  /** Takes what vm/jit emits; answers places from `firstPlace` on. */
  readonly code: CodeHost;
  readonly firstPlace: number;
  readonly modules: readonly AheadModule[];
  /** Called when the image is loaded. */
  run(exports: VmExports): void;
}

const CODE_ALIGNMENT = 64;

/**
 * Answers the program with the modules behind it; their functions are at the table's places from `firstPlace` on. Throws an
 * Error where one calls what the program does not export.
 */
export function withAheadModules(
  program: NativeModule,
  ahead: { readonly modules: readonly AheadModule[]; readonly firstPlace: number } | undefined,
): NativeModule {
  if (ahead === undefined || ahead.modules.length === 0) return program;
  const { modules, firstPlace } = ahead;
  if (program.table.length > firstPlace)
    throw new Error("link: compiled methods lie in the program's part of the table");
  const parts: Uint8Array[] = [program.code];
  const relocations: NativeRelocation[] = [...program.relocations];
  const functions: NativeFunction[] = [...program.functions];
  const table = [...program.table];
  while (table.length < firstPlace) table.push(undefined);
  const exported = new Map(program.exports.filter(({ kind }) => kind === "function").map((each) => [each.name, each]));
  let end = program.code.length;
  for (const { wasm, name } of modules) {
    const padding = (CODE_ALIGNMENT - (end % CODE_ALIGNMENT)) % CODE_ALIGNMENT;
    parts.push(new Uint8Array(padding));
    end += padding;
    const module = compileNative(wasm, { lowMemoryUnused: true });
    for (const relocation of module.relocations) {
      if (relocation.kind !== "call") throw new Error(`link: ${name} asks for what only a program has`);
      const wanted = module.functions[relocation.index]!.from!;
      const target = wanted.module === "vm" ? exported.get(wanted.name) : undefined;
      if (target === undefined)
        throw new Error(`link: ${name} calls ${wanted.name}, which the program does not export`);
      relocations.push({ kind: "call", offset: end + relocation.offset, index: target.index });
    }
    for (const { index } of module.exports.filter(({ kind }) => kind === "function")) {
      const { offset, bytes, parameters, result } = module.functions[index]!;
      table.push({ index: functions.length, type: signatureOf(parameters, result) });
      functions.push({ name, parameters, result, offset: end + offset, bytes });
    }
    parts.push(module.code);
    end += module.code.length;
  }
  return { ...program, code: Buffer.concat(parts), relocations, functions, table };
}
