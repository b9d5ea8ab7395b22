// The code of a module that holds one function, and pieces of it that are aside (vm/optimiser/aside.ts), as lines of
// WebAssembly's text (wabt).

import { UsageError } from "../terminal.js";

/** The lines of the module's function `code`, without its head and its locals; pieces stand where they are called. */
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

function bodyLines(text: string): string[] {
  const bodies = functionsIn(text);
  const lines = bodies.get("$code") ?? [];
  return lines.flatMap((line, at) => {
    const piece = bodies.get(/^\s*call (\$f\d+)$/.exec(line)?.[1] ?? "");
    if (piece !== undefined) return withNames(piece, argumentsBefore(lines, at), /^ */.exec(line)![0]);
    return isForPiece(lines, at, bodies) ? [] : [line];
  });
}

/** The lines of each function by name, without its head, its locals and the parenthesis that closes it. */
function functionsIn(text: string): Map<string, string[]> {
  const bodies = new Map<string, string[]>();
  let body: string[] | undefined;
  for (const line of text.split("\n")) {
    const name = /^ {2}\((\w+)(?: (\$\w+))?/.exec(line);
    if (name !== null) body = undefined;
    if (name?.[1] === "func") bodies.set(name[2]!, (body = []));
    else if (body !== undefined && !line.startsWith("    (local ")) body.push(line.slice(4));
  }
  for (const lines of bodies.values()) lines.push(lines.pop()!.replace(/\)$/, ""));
  return bodies;
}

/** What a piece is given: a load of a local each, some with a conversion behind it; or a constant. */
const ARGUMENT = /^\s*(local\.get|i32\.const) (.*)$/;
const CONVERSION = /^\s*i64\.(reinterpret_f64|extend_i32_u)$/;

/** Place of the first argument of a call. */
function firstArgument(lines: readonly string[], call: number): number {
  let first = call;
  while (first > 0 && (ARGUMENT.test(lines[first - 1]!) || CONVERSION.test(lines[first - 1]!))) first--;
  return first;
}

function argumentsBefore(lines: readonly string[], call: number): string[] {
  return lines.slice(firstArgument(lines, call), call).flatMap((line) => ARGUMENT.exec(line)?.[2] ?? []);
}

/** Whether a line is an argument of a piece, or the return behind it, which the piece has too. */
function isForPiece(lines: readonly string[], at: number, bodies: ReadonlyMap<string, unknown>): boolean {
  const isCall = (line: string | undefined) => bodies.has(/^\s*call (\$f\d+)$/.exec(line ?? "")?.[1] ?? "");
  if (lines[at]!.trim() === "return") return isCall(lines[at - 1]);
  let next = at;
  while (ARGUMENT.test(lines[next] ?? "") || CONVERSION.test(lines[next] ?? "")) next++;
  return next !== at && isCall(lines[next]);
}

/** A piece's lines, its parameters by the names of what is passed. */
function withNames(piece: readonly string[], names: readonly string[], indent: string): string[] {
  return piece.map(
    (line) => indent + line.replace(/\$p(\d+)$/, (whole, place: string) => names[Number(place)] ?? whole),
  );
}
