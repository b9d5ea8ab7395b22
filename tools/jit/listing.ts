// Bytecodes beside the WebAssembly that they become, as text.

import type { Session } from "../session.js";
import { Symbols } from "./symbols.js";
import type { Locals, Translation } from "./translation.js";
import { dedented, loadDisassembler } from "./wasmText.js";

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
  const bodyLines = await loadDisassembler();
  return (translation) => {
    const { wasm } = translation;
    if (wasm === undefined) return { name: translation.name, bytes: 0, instructions: interpreted(translation) };
    return { name: translation.name, bytes: wasm.length, instructions: split(session, translation, bodyLines(wasm)) };
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

function interpreted({ instructions }: Translation): ListedInstruction[] {
  return instructions.map(({ pc, text }) => ({ pc, bytecode: text, wasm: [] }));
}

/** Cuts the lines at the marks, which are constants dropped at once. */
function split(session: Session, translation: Translation, lines: readonly string[]): ListedInstruction[] {
  const code = new Map<number | undefined, string[]>([[undefined, []]]);
  let current = code.get(undefined)!;
  const symbols = new Symbols(session, (index) => localName(translation.locals, index));
  symbols.enter(translation.method, translation.instructions);
  for (let index = 0; index < lines.length; index++) {
    const mark = lines[index + 1]?.trim() === "drop" ? /^\s*i32\.const (-?\d+)$/.exec(lines[index]) : null;
    if (mark === null) {
      current.push(symbols.inLine(lines[index], lines, index));
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

const PARAMETERS = ["$frame", "$entry", "$receiver"];
const SCRATCH = ["$low", "$wordA", "$wordB", "$wordC", "$longA", "$longB"];

function localName({ firstTemp, tempCount, operandCount }: Locals, index: number): string {
  if (index < PARAMETERS.length) return PARAMETERS[index];
  if (index < firstTemp) return SCRATCH[index - PARAMETERS.length] ?? `$scratch${index}`;
  const temp = index - firstTemp;
  if (temp < tempCount) return `$temp${temp}`;
  return temp - tempCount < operandCount ? `$operand${temp - tempCount}` : `$local${index}`;
}
