// The code of a module that holds one function, as lines of WebAssembly's text (wabt).

import { UsageError } from "../terminal.js";

/** The lines of the module's function `code`, without its head and its locals. */
export type Disassembler = (wasm: Uint8Array) => string[];

/** Rejects where wabt is missing. */
export async function loadDisassembler(): Promise<Disassembler> {
  const wabt = await loadWabt();
  return (wasm) => {
    const module = wabt.readWasm(wasm, { readDebugNames: true });
    try {
      module.generateNames();
      module.applyNames();
      return bodyLines(module.toText({ foldExprs: false, inlineExport: false }));
    } finally {
      module.destroy();
    }
  };
}

/** Without the indentation that all lines share: code is often deep inside the blocks that its entries need. */
export function dedented(lines: readonly string[]): string[] {
  const shared = Math.min(...lines.map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(shared));
}

async function loadWabt() {
  try {
    return await (await import("wabt")).default();
  } catch {
    throw new UsageError("wabt: the npm package that shows WebAssembly is not installed; run `npm install`");
  }
}

/** The lines between the function's head and its end, without the parenthesis that closes it. */
function bodyLines(text: string): string[] {
  const lines = text.split("\n");
  const head = lines.findIndex((line) => line.startsWith("  (func $code"));
  const end = lines.findIndex((line, index) => index > head && line.startsWith("  (export"));
  const body = lines.slice(head + 1, end).filter((line) => !line.startsWith("    (local "));
  const last = body.pop();
  return [...body, ...(last === undefined ? [] : [last.replace(/\)$/, "")])].map((line) => line.slice(4));
}
