// What the second tier makes of a method and of what is inlined in it: the bytecodes of all of them in the order in which
// they are written, each with its WebAssembly. The marks in the code say what is what (vm/optimiser/listing.ts).

import type { Address } from "../../vm/embed/heap.js";
import type { Instruction } from "../../vm/tables/decode.js";
import { codeName } from "../codeName.js";
import { instructionsOf } from "../disassembly.js";
import type { Session } from "../session.js";
import { exitMeanings } from "./exits.js";
import { Symbols } from "./symbols.js";
import { dedented, type Disassembler } from "./wasmText.js";

/** A method or block that is translated: the root, or one inlined. */
export interface ListedScope {
  readonly name: string;
  /** How many scopes it is inlined in. */
  readonly depth: number;
}

export interface OptimisedInstruction {
  /** Place among the scopes. */
  readonly scope: number;
  /** Undefined for what a scope begins with. */
  readonly pc?: number;
  readonly bytecode: string;
  /** Whether what precedes it has interrupted it: something inlined for the same bytecode. */
  readonly isContinued: boolean;
  readonly wasm: readonly string[];
}

export interface OptimisedListing {
  readonly name: string;
  /** How often the code was written until what it assumes of loops and joins held. */
  readonly rounds: number;
  /** Bytes of the whole module, without the marks. */
  readonly bytes: number;
  /** The root first, then what is inlined, in order. */
  readonly scopes: readonly ListedScope[];
  readonly instructions: readonly OptimisedInstruction[];
}

/** What the module tells of code that it has just made. */
export interface MadeCode {
  readonly method: Address;
  /** Of the first bytecode, from the method's address. */
  readonly start: number;
  readonly wasm: Uint8Array;
  readonly rounds: number;
  /** Locals for values where paths join, and for doubles. */
  readonly homes: number;
  readonly floats: number;
}

interface Scope extends ListedScope {
  readonly method: Address;
  readonly instructions: readonly Instruction[];
  readonly firstHome: number;
  readonly tempCount: number;
}

/** A piece of code between two marks. */
interface Piece {
  readonly scope: number;
  /** The bytecode's address; undefined where the scope begins. */
  readonly address?: number;
  readonly lines: string[];
}

/**
 * To be called while the module tells of the code: nothing has moved then. Exits are a line each unless they are wanted
 * whole.
 */
export function listOptimised(
  session: Session,
  code: MadeCode,
  disassemble: Disassembler,
  areExitsWhole: boolean,
): OptimisedListing {
  const { scopes, pieces, markBytes } = cut(session, disassemble(code.wasm));
  const symbols = new Symbols(session, (index) => localName(code, scopes, index));
  const instructions: OptimisedInstruction[] = [];
  pieces.forEach(({ scope, address, lines }, index) => {
    const { method, instructions: whole } = scopes[scope]!;
    symbols.enter(method, whole);
    const pc = address === undefined ? undefined : symbols.pcOf(address);
    const instruction = whole.find((each) => each.pc === pc);
    const isContinued = pieces.slice(0, index).some((each) => each.scope === scope && each.address === address);
    symbols.at(instruction);
    if (isContinued && lines.length === 0) return;
    const known = exitMeanings(lines, symbols.isInCompiledArea);
    const wasm = lines.map((line, at) => known.get(at) ?? symbols.inLine(line, lines, at));
    const shown = dedented(areExitsWhole ? wasm.filter((line) => line !== EXIT) : withoutExits(wasm));
    instructions.push({ scope, pc, bytecode: instruction?.text ?? "start", isContinued, wasm: shown });
  });
  return {
    name: codeName(session, code.method, code.start),
    rounds: code.rounds,
    bytes: code.wasm.length - markBytes,
    scopes: scopes.map(({ name, depth }) => ({ name, depth })),
    instructions,
  };
}

/** A listing for people: what is inlined stands further to the right. */
export function optimisedText({ name, rounds, bytes, scopes, instructions }: OptimisedListing, paint = PLAIN): string {
  const lines = [`${paint.bold(name)}  ${bytes} bytes, ${rounds} ${rounds === 1 ? "round" : "rounds"}`];
  for (const { scope, pc, bytecode, isContinued, wasm } of instructions) {
    const margin = "| ".repeat(scopes[scope]!.depth);
    if (pc === undefined && scope !== 0) lines.push(`${margin}${paint.bold(scopes[scope]!.name)}  inlined, ${scope}`);
    const head = `${String(pc ?? "").padStart(5)}  ${bytecode}${isContinued ? ", continued" : ""}`;
    lines.push(`${margin}${paint.cyan(head)}`, ...wasm.map((line) => `${margin}           ${line}`));
  }
  return [...lines, ""].join("\n");
}

const plain = (text: string) => text;
const PLAIN = { bold: plain, cyan: plain };

/** Stands for a mark of an exit among the lines. */
const EXIT = "exit";

/** The code of each exit as one line. */
function withoutExits(lines: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < lines.length; index++) {
    if (lines[index] !== EXIT) {
      kept.push(lines[index]!);
      continue;
    }
    const end = lines.findIndex((line, at) => at > index && line.trim() === "return");
    const code = lines.slice(index, end + 1);
    const at = code.findIndex((line) => /\{(exit|poll)/.test(line));
    const [what, place] = code.slice(at, at + 2).map((line) => /\{(.*)\}/.exec(line)?.[1]);
    kept.push(`${/^ */.exec(lines[end]!)![0]}${what} (leaves at ${place})`);
    index = end;
  }
  return kept;
}

/** Cuts the lines at the marks, which are constants dropped at once. */
function cut(session: Session, lines: readonly string[]): { scopes: Scope[]; pieces: Piece[]; markBytes: number } {
  const scopes: Scope[] = [];
  const open: number[] = [];
  const pieces: Piece[] = [];
  let markBytes = 0;
  for (let index = 0; index < lines.length; index++) {
    const mark = markAt(lines, index);
    if (mark === undefined) {
      pieces.at(-1)?.lines.push(lines[index]!);
      continue;
    }
    index++;
    const { address, depth, scope } = mark;
    markBytes += mark.bytes;
    if (mark.isExit) {
      pieces.at(-1)?.lines.push(EXIT);
      continue;
    }
    if (scope !== undefined) {
      open[depth] = scopes.length;
      // The next mark of a bytecode is of its first: where that is says whether this is a block.
      let next = index + 1;
      while (next < lines.length && (markAt(lines, next)?.isExit ?? true)) next++;
      const name = codeName(session, address, (markAt(lines, next)?.address ?? 0) - address);
      scopes.push({
        ...scope,
        name,
        depth,
        method: address,
        instructions: instructionsOf(session.reflection, address),
      });
    }
    pieces.push({ scope: open[depth]!, address: scope === undefined ? address : undefined, lines: [] });
  }
  return { scopes, pieces, markBytes };
}

/** What the mark at a line says; undefined where there is none. */
function markAt(lines: readonly string[], index: number) {
  const constant = lines[index + 1]?.trim() === "drop" ? /^\s*i64\.const (-?\d+)$/.exec(lines[index]!) : null;
  if (constant === null) return undefined;
  const mark = BigInt(constant[1]!);
  const bits = (shift: number, count: number) => Number(BigInt.asUintN(count, mark >> BigInt(shift)));
  const scope = bits(40, 1) === 0 ? undefined : { firstHome: bits(41, 12), tempCount: bits(53, 7) };
  return { address: bits(0, 32), depth: bits(32, 8), scope, isExit: bits(60, 1) !== 0, bytes: 2 + lengthOf(mark) };
}

/** Bytes of a positive number in WebAssembly's form. */
function lengthOf(number: bigint): number {
  return number < 64n ? 1 : 1 + lengthOf(number >> 7n);
}

// Locals, in the order of vm/optimiser/locals.ts.

const FLAGS = Array.from({ length: 8 }, (_, index) => `$flag${index}`);
const FIRST = ["$frame", "$entry", "$receiver", "$low", "$wordA", "$wordB", "$wordC", ...FLAGS, "$written", "$jumps"];
const SCRATCH = 3;
const KEPT = 40;

function localName({ homes, floats }: MadeCode, scopes: readonly Scope[], index: number): string {
  const firstHome = scopes[0]?.firstHome ?? FIRST.length;
  if (index < firstHome) return FIRST[index] ?? `$local${index}`;
  if (index < firstHome + homes) return homeName(scopes, index);
  let place = index - firstHome - homes;
  if (place < floats) return `$float${place}`;
  place -= floats;
  if (place < SCRATCH) return `$scratch${place}`;
  place -= SCRATCH;
  return place < KEPT ? `$kept${place}` : `$value${place - KEPT}`;
}

function homeName(scopes: readonly Scope[], home: number): string {
  const owner = scopes.findLastIndex(({ firstHome }) => firstHome <= home);
  if (owner < 0) return `$home${home}`;
  const { firstHome, tempCount } = scopes[owner]!;
  const prefix = owner === 0 ? "$" : `$${owner}.`;
  const position = home - firstHome - 1;
  if (position < 0) return `${prefix}receiver`;
  return position < tempCount ? `${prefix}temp${position}` : `${prefix}operand${position - tempCount}`;
}
