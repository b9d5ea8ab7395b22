// Bytecodes beside the WebAssembly that they become, as text. Constants that are places of the running machine (bytecodes,
// literals, call sites, nil) are shown as what they mean, so that a listing is the same wherever things lie.

import * as layout from "../../vm/layout.js";
import type { VmExports } from "../../vm/embed/module.js";
import { exported } from "../../vm/embed/heap.js";
import type { Instruction } from "../../vm/tables/decode.js";
import type { Session } from "../session.js";
import { UsageError } from "../terminal.js";
import type { Locals, Translation } from "./translation.js";

export interface ListedInstruction {
  /** Undefined for what precedes the first bytecode: the frame, and where code is entered again. */
  readonly pc?: number;
  readonly bytecode: string;
  /** Lines of WebAssembly, indented as the blocks inside are. */
  readonly wasm: readonly string[];
}

export interface Listing {
  readonly name: string;
  /** Bytes of the whole module; 0 for what stays interpreted. */
  readonly bytes: number;
  readonly instructions: readonly ListedInstruction[];
}

/** Answers what lists translations of one session; rejects where wabt is missing. */
export async function listerFor(session: Session): Promise<(translation: Translation) => Listing> {
  const wabt = await loadWabt();
  return (translation) => {
    const { wasm } = translation;
    if (wasm === undefined) return { name: translation.name, bytes: 0, instructions: interpreted(translation) };
    const module = wabt.readWasm(wasm, { readDebugNames: true });
    try {
      module.generateNames();
      module.applyNames();
      const lines = bodyLines(module.toText({ foldExprs: false, inlineExport: false }));
      return { name: translation.name, bytes: wasm.length, instructions: split(session, translation, lines) };
    } finally {
      module.destroy();
    }
  };
}

/** A listing for people: each bytecode, and its code below it. */
export function listingText({ name, bytes, instructions }: Listing, paint = { bold: plain, cyan: plain }): string {
  const head = bytes === 0 ? "stays interpreted" : `${bytes} bytes`;
  return [
    `${paint.bold(name)}  ${head}`,
    ...instructions.flatMap(({ pc, bytecode, wasm }) => [
      paint.cyan(`${String(pc ?? "").padStart(5)}  ${bytecode}`),
      ...wasm.map((line) => `           ${line}`),
    ]),
    "",
  ].join("\n");
}

function plain(text: string): string {
  return text;
}

async function loadWabt() {
  try {
    return await (await import("wabt")).default();
  } catch {
    throw new UsageError("wabt: the npm package that shows WebAssembly is not installed; run `npm install`");
  }
}

function interpreted({ instructions }: Translation): ListedInstruction[] {
  return instructions.map(({ pc, text }) => ({ pc, bytecode: text, wasm: [] }));
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

/** Cuts the lines at the marks, which are constants dropped at once. */
function split(session: Session, translation: Translation, lines: readonly string[]): ListedInstruction[] {
  const code = new Map<number | undefined, string[]>([[undefined, []]]);
  let current = code.get(undefined)!;
  const symbols = new Symbols(session, translation);
  for (let index = 0; index < lines.length; index++) {
    const mark = lines[index + 1]?.trim() === "drop" ? /^\s*i32\.const (-?\d+)$/.exec(lines[index]) : null;
    if (mark === null) {
      current.push(symbols.inLine(lines[index], lines[index - 1]));
      continue;
    }
    index++;
    const pc = symbols.pcOf(Number(mark[1]));
    current = code.get(pc) ?? [];
    code.set(pc, current);
    symbols.at(translation.instructions.find((each) => each.pc === pc));
  }
  return [
    { bytecode: "start", wasm: code.get(undefined)! },
    ...translation.instructions.map(({ pc, text }) => ({ pc, bytecode: text, wasm: dedented(code.get(pc) ?? []) })),
  ];
}

/** Without the indentation that all lines share: code is often deep inside the blocks that its entries need. */
function dedented(lines: readonly string[]): string[] {
  const shared = Math.min(...lines.map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(shared));
}

const PARAMETERS = ["$frame", "$entry", "$receiver"];
const SCRATCH = ["$low", "$wordA", "$wordB", "$wordC", "$longA", "$longB"];
const CELLS = new Map([
  [layout.CELL_EDEN_FREE, "edenFree"],
  [layout.CELL_EDEN_LIMIT, "edenLimit"],
  [layout.CELL_STACK_LIMIT, "stackLimit"],
  [layout.CELL_POLLS_LEFT, "pollsLeft"],
]);

/** What numbers mean in the code of one method. */
class Symbols {
  private readonly oops: ReadonlyMap<bigint, string>;
  private readonly isInCompiledArea: (address: number) => boolean;
  private readonly oldSpaceStart: number;
  private selector = "";
  private readonly integers: ReadonlySet<bigint>;

  constructor(
    private readonly session: Session,
    private readonly translation: Translation,
  ) {
    const { heap, vm } = session;
    const { nil, trueObject, falseObject } = heap.roots;
    this.oops = new Map([
      [BigInt(nil), "nil"],
      [BigInt(trueObject), "true"],
      [BigInt(falseObject), "false"],
      [BigInt(translation.method), "method"],
    ]);
    this.integers = new Set(
      translation.instructions.flatMap(({ text }) => {
        const integer = /^push (-?\d+)$/.exec(text);
        return integer === null ? [] : [BigInt(integer[1])];
      }),
    );
    const exports = vm.exports as AreaExports;
    this.isInCompiledArea = (address) => exports.isInCompiledArea(address) !== 0;
    this.oldSpaceStart = Number(exported(exports, "oldSpaceStart").value) >>> 0;
  }

  /** Says which bytecode the lines that follow are of. */
  at(instruction: Instruction | undefined): void {
    const { operand, text } = instruction ?? {};
    const isSend = operand?.kind === "send" || operand?.kind === "specialSend";
    this.selector = isSend ? ` ${text!.replace(/^[a-z ]*?:? /, "")}` : "";
  }

  /** The one-based pc of a bytecode's address. */
  pcOf(address: number): number {
    return (address >>> 0) - this.translation.method - layout.HEADER_BYTES + 1;
  }

  inLine(line: string, before = ""): string {
    return line
      .replace(/\$([pl])(\d+)\b/g, (_, _kind, index) => localName(this.translation.locals, Number(index)))
      .replace(/i32\.const (-?\d+)$/, (all, text) => this.wrap(all, "i32.const", this.word(Number(text) >>> 0)))
      .replace(/i64\.const (-?\d+)$/, (all, text) => this.wrap(all, "i64.const", this.longWord(BigInt(text))))
      .replace(/^(\s*i(?:32|64)\.(?:load|store)\S*) offset=(\d+)(.*)$/, (all, operation, offset, rest) => {
        const cell = CELLS.get(Number(offset));
        const isCell = operation.endsWith("i32.store") || /i32\.const 0$/.test(before);
        return cell === undefined || !isCell ? all : `${operation} offset={${cell}}${rest}`;
      });
  }

  private wrap(original: string, operation: string, meaning: string | undefined): string {
    return meaning === undefined ? original : `${operation} {${meaning}}`;
  }

  private word(address: number): string | undefined {
    if (address === this.oldSpaceStart) return "oldSpaceStart";
    if (this.isInCompiledArea(address)) return `site${this.selector}`;
    return this.place(address);
  }

  /** What is at an address in the method. */
  private place(address: number): string | undefined {
    const { method } = this.translation;
    const { heap, reflection } = this.session;
    if (address === method) return "method";
    if (address < method || address >= method + heap.totalBytesOf(method)) return undefined;
    const index = (address - method - 2 * layout.HEADER_BYTES) / layout.WORD_BYTES;
    if (index >= heap.literalCountOf(method)) return `pc ${this.pcOf(address)}`;
    return `literal ${index} ${reflection.print(heap.slot(method, index + 1), 1)}`;
  }

  private longWord(value: bigint): string | undefined {
    const known = this.oops.get(value);
    if (known !== undefined) return known;
    const high = Number(BigInt.asUintN(64, value) >> 32n);
    const meaning = (value & 0xffffffffn) === 0n ? this.place(high) : undefined;
    if (meaning !== undefined) return `${meaning} << 32`;
    const isInteger = Number(value & 7n) === layout.TAG_SMALL_INTEGER;
    return isInteger && this.integers.has(value >> 3n) ? `integer ${value >> 3n}` : undefined;
  }
}

interface AreaExports extends VmExports {
  isInCompiledArea(address: number): number;
}

function localName({ firstTemp, tempCount, operandCount }: Locals, index: number): string {
  if (index < PARAMETERS.length) return PARAMETERS[index];
  if (index < firstTemp) return SCRATCH[index - PARAMETERS.length] ?? `$scratch${index}`;
  const temp = index - firstTemp;
  if (temp < tempCount) return `$temp${temp}`;
  return temp - tempCount < operandCount ? `$operand${temp - tempCount}` : `$local${index}`;
}
