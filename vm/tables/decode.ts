// The one decoder of both bytecode sets, driven by the rows of bytecodes.ts. Disassembler, debugger, stack printer and
// JIT ask it; nothing else looks into an instruction. Pure: it reads bytes and answers plain data.

import {
  SISTA_BYTECODES,
  SISTA_FIRST_SPECIAL_SEND,
  SPECIAL_SELECTORS,
  V3_BYTECODES,
  V3_FIRST_SPECIAL_SEND,
  type BytecodeRow,
} from "./bytecodes.js";

export type BytecodeSet = "V3PlusClosures" | "SistaV1";

/** What an instruction works on. Indices are zero-based; a pc counts bytes from where the given bytes start. */
export type Operand =
  | { kind: "instanceVariable" | "temp" | "literal" | "variable"; index: number }
  | { kind: "remoteTemp"; index: number; vector: number }
  | { kind: "integer" | "character"; value: number }
  | { kind: "pseudo"; name: "thisContext" | "thisProcess" | "unknown" }
  | { kind: "send"; lookup: Lookup; selector: number; argumentCount: number }
  | { kind: "specialSend"; special: number; argumentCount: number }
  | { kind: "jump"; target: number }
  | { kind: "array"; size: number; filled: boolean }
  | { kind: "block"; argumentCount: number; copiedCount: number; start: number; end: number }
  | {
      kind: "fullBlock";
      literal: number;
      copiedCount: number;
      receiverOnStack: boolean;
      ignoresOuterContext: boolean;
    }
  | { kind: "primitive" | "inlinedPrimitive"; number: number }
  | { kind: "enclosing"; level: number };

/** Where a send starts its lookup: the receiver's class, the method's superclass, or above a class on the stack. */
export type Lookup = "receiver" | "super" | "directedSuper";

export interface Instruction {
  /** Where it starts: at its first extension prefix, where it has one. */
  readonly pc: number;
  /** Bytes, prefixes included. */
  readonly length: number;
  /** The byte after the prefixes. */
  readonly bytecode: number;
  /** The row's handler; "truncated" where the bytes end inside the instruction. */
  readonly handler: string;
  readonly operand: Operand | undefined;
  readonly text: string;
}

/** How operands read; where a function is absent or answers undefined, they read as numbers. */
export interface Names {
  literal?(index: number): string | undefined;
  variable?(index: number): string | undefined;
  selector?(index: number): string | undefined;
  specialSelector?(index: number): string | undefined;
  instanceVariable?(index: number): string | undefined;
  temp?(index: number): string | undefined;
}

/** The instruction at `pc`. Reads nothing outside `bytes`. */
export function decode(bytes: Uint8Array, pc: number, set: BytecodeSet, names: Names = {}): Instruction {
  const rows = set === "SistaV1" ? SISTA_ROWS : V3_ROWS;
  let at = pc;
  let a = 0;
  let b = 0;
  let hasB = false;
  // A prefix that nothing follows is an instruction of its own.
  while (at < bytes.length - 2) {
    const { handler } = rows[bytes[at]];
    const byte = bytes[at + 1];
    if (handler === "extendA") a = (a << 8) + byte;
    else if (handler === "extendB") {
      b = !hasB && byte > 127 ? byte - 256 : (b << 8) + byte;
      hasB = true;
    } else break;
    at += 2;
  }
  const row = rows[bytes[at]];
  if (at + row.bytes > bytes.length) return truncated(bytes, pc, at);
  const next = at + row.bytes;
  const source: Source = { bytecode: bytes[at], byte: (n) => bytes[at + n], a, b, next, set };
  const { verb, operand } = row.read(source);
  const text = operand === undefined ? verb : `${verb} ${describe(operand, names)}`.trim();
  return { pc, length: next - pc, bytecode: bytes[at], handler: row.handler, operand, text };
}

/** The instructions from `start` up to `end`, where a method's trailer begins. */
export function decodeAll(
  bytes: Uint8Array,
  set: BytecodeSet,
  start = 0,
  end = bytes.length,
  names: Names = {},
): Instruction[] {
  const code = bytes.subarray(0, end);
  const instructions: Instruction[] = [];
  for (let pc = start; pc < end; pc += instructions[instructions.length - 1].length) {
    instructions.push(decode(code, pc, set, names));
  }
  return instructions;
}

/** The name and argument count of a special selector as every image had them when the sets were defined. */
export function specialSelector(index: number): { selector: string; argumentCount: number } {
  const [selector, argumentCount] = SPECIAL_SELECTORS[index];
  return { selector, argumentCount };
}

function truncated(bytes: Uint8Array, pc: number, at: number): Instruction {
  return {
    pc,
    length: bytes.length - pc,
    bytecode: bytes[at],
    handler: "truncated",
    operand: undefined,
    text: "truncated",
  };
}

// Reading operands.

/** An instruction's bytes: `byte(1)` follows the bytecode, `next` is where the next instruction starts. */
interface Source {
  bytecode: number;
  byte(offset: number): number;
  a: number;
  b: number;
  next: number;
  set: BytecodeSet;
}

interface Reading {
  verb: string;
  operand: Operand | undefined;
}

interface Row {
  handler: string;
  bytes: number;
  read(source: Source): Reading;
}

const FIELDS: Record<string, (source: Source) => number> = {
  low3: (source) => source.bytecode & 7,
  low4: (source) => source.bytecode & 15,
  low5: (source) => source.bytecode & 31,
  byte1: (source) => source.byte(1),
  extA1: (source) => (source.a << 8) + source.byte(1),
  extB1: (source) => (source.b << 8) + source.byte(1),
};

const JUMPS: Record<string, (source: Source) => number> = {
  short: (source) => (source.bytecode & 7) + 1,
  v3: (source) => ((source.bytecode & 7) - 4) * 256 + source.byte(1),
  v3conditional: (source) => (source.bytecode & 3) * 256 + source.byte(1),
  extB1: FIELDS.extB1,
};

const SENDS: Record<string, (source: Source) => [selector: number, argumentCount: number]> = {
  low4: (source) => [source.bytecode & 15, 0],
  v3: (source) => [source.byte(1) & 31, source.byte(1) >> 5],
  v3wide: (source) => [source.byte(1) & 63, source.byte(1) >> 6],
  sista: (source) => [(source.a << 5) + (source.byte(1) >> 3), (source.b << 3) + (source.byte(1) & 7)],
};

/** The kinds that braces name; the field, where there is one, says which bits. */
const KINDS: Record<string, (source: Source, field: string) => Operand> = {
  instanceVariable: (source, field) => ({ kind: "instanceVariable", index: FIELDS[field](source) }),
  temp: (source, field) => ({ kind: "temp", index: FIELDS[field](source) }),
  literal: (source, field) => ({ kind: "literal", index: FIELDS[field](source) }),
  variable: (source, field) => ({ kind: "variable", index: FIELDS[field](source) }),
  remoteTemp: (source) => ({ kind: "remoteTemp", index: source.byte(1), vector: source.byte(2) }),
  place: (source) => ({ kind: PLACES[source.byte(1) >> 6], index: source.byte(1) & 63 }),
  integer: (source, field) => ({ kind: "integer", value: FIELDS[field](source) }),
  character: (source, field) => ({ kind: "character", value: FIELDS[field](source) }),
  pseudo: (source) => ({ kind: "pseudo", name: PSEUDO_VARIABLES[source.b] ?? "unknown" }),
  send: (source, field) => send("receiver", ...SENDS[field](source)),
  send0: (source, field) => send("receiver", SENDS[field](source)[0], 0),
  send1: (source, field) => send("receiver", SENDS[field](source)[0], 1),
  send2: (source, field) => send("receiver", SENDS[field](source)[0], 2),
  superSend: (source, field) => superSend(source, field),
  special: (source) => specialSend(source),
  jump: (source, field) => ({ kind: "jump", target: source.next + JUMPS[field](source) }),
  array: (source) => ({ kind: "array", size: source.byte(1) & 127, filled: source.byte(1) > 127 }),
  block: (source, field) => (field === "sista" ? sistaBlock(source) : v3Block(source)),
  fullClosure: (source) => ({
    kind: "fullBlock",
    literal: FIELDS.extA1(source),
    copiedCount: source.byte(2) & 63,
    receiverOnStack: (source.byte(2) & 128) !== 0,
    ignoresOuterContext: (source.byte(2) & 64) !== 0,
  }),
  primitive: (source) => primitive(source),
  inlinedPrimitive: (source, field) => ({ kind: "inlinedPrimitive", number: FIELDS[field](source) }),
  enclosing: (source) => ({ kind: "enclosing", level: source.a }),
};

const PLACES = ["instanceVariable", "temp", "literal", "variable"] as const;
const PSEUDO_VARIABLES = ["thisContext", "thisProcess"] as const;

function send(lookup: Lookup, selector: number, argumentCount: number): Operand {
  return { kind: "send", lookup, selector, argumentCount };
}

/** SistaV1: an extension B of 64 or more says that the class to look above is on the stack. */
function superSend(source: Source, field: string): Operand {
  if (field === "sista" && source.b >= 64)
    return send("directedSuper", ...SENDS.sista({ ...source, b: source.b - 64 }));
  return send("super", ...SENDS[field](source));
}

function specialSend(source: Source): Operand {
  const first = source.set === "SistaV1" ? SISTA_FIRST_SPECIAL_SEND : V3_FIRST_SPECIAL_SEND;
  const special = source.bytecode - first;
  return { kind: "specialSend", special, argumentCount: specialSelector(special).argumentCount };
}

/** SistaV1: the top bit says that it stands for an unsafe operation inside a method, not for the method's own primitive. */
function primitive(source: Source): Operand {
  const number = source.byte(1) + (source.byte(2) << 8);
  if (source.set === "SistaV1" && number > 0x7fff) return { kind: "inlinedPrimitive", number: number & 0x7fff };
  return { kind: "primitive", number };
}

function v3Block(source: Source): Operand {
  return {
    kind: "block",
    argumentCount: source.byte(1) & 15,
    copiedCount: source.byte(1) >> 4,
    start: source.next,
    end: source.next + (source.byte(2) << 8) + source.byte(3),
  };
}

function sistaBlock(source: Source): Operand {
  return {
    kind: "block",
    argumentCount: (source.byte(1) & 7) + (source.a % 16) * 8,
    copiedCount: ((source.byte(1) >> 3) & 7) + (source.a >> 4) * 8,
    start: source.next,
    end: source.next + (source.b << 8) + source.byte(2),
  };
}

/** V3 132: the top three bits of the second byte say what, its low five bits count arguments. */
function readAnything(source: Source): Reading {
  const index = source.byte(2);
  switch (source.byte(1) >> 5) {
    case 0:
      return { verb: "send", operand: send("receiver", index, source.byte(1) & 31) };
    case 1:
      return { verb: "super send", operand: send("super", index, source.byte(1) & 31) };
    case 2:
      return { verb: "push", operand: { kind: "instanceVariable", index } };
    case 3:
      return { verb: "push", operand: { kind: "literal", index } };
    case 4:
      return { verb: "push", operand: { kind: "variable", index } };
    case 5:
      return { verb: "store into", operand: { kind: "instanceVariable", index } };
    case 6:
      return { verb: "pop into", operand: { kind: "instanceVariable", index } };
    default:
      return { verb: "store into", operand: { kind: "variable", index } };
  }
}

const V3_ROWS = readers(V3_BYTECODES);
const SISTA_ROWS = readers(SISTA_BYTECODES);

function readers(table: readonly BytecodeRow[]): Row[] {
  return table.flatMap(([first, last, handler, bytes, reads]) => {
    const row: Row = { handler, bytes, read: reader(reads) };
    return Array<Row>(last - first + 1).fill(row);
  });
}

/** How a row's operand is read, from the words in its braces. */
function reader(reads: string): (source: Source) => Reading {
  if (reads === "{anything}") return readAnything;
  const match = /^(.*?) ?\{(\w+)(?::(\w+))?\}$/.exec(reads);
  if (match === null) return () => ({ verb: reads, operand: undefined });
  const [, verb, kind, field = ""] = match;
  const read = KINDS[kind];
  if (read === undefined) throw new Error(`bytecodes.ts: "${reads}": no operand kind ${kind} in decode.ts`);
  return (source) => ({ verb, operand: read(source, field) });
}

// Words for operands.

function describe(operand: Operand, names: Names): string {
  switch (operand.kind) {
    case "instanceVariable":
      return `instance variable ${names.instanceVariable?.(operand.index) ?? operand.index}`;
    case "temp":
      return `temp ${names.temp?.(operand.index) ?? operand.index}`;
    case "literal":
      return names.literal?.(operand.index) ?? `literal ${operand.index}`;
    case "variable":
      return `variable ${names.variable?.(operand.index) ?? `in literal ${operand.index}`}`;
    case "remoteTemp":
      return `temp ${operand.index} of vector ${names.temp?.(operand.vector) ?? operand.vector}`;
    case "integer":
      return `${operand.value}`;
    case "character":
      return `character ${operand.value}`;
    case "pseudo":
      return operand.name;
    case "send": {
      const above = operand.lookup === "directedSuper" ? " above the class on the stack" : "";
      const name = names.selector?.(operand.selector);
      return name === undefined
        ? `literal ${operand.selector}, arguments ${operand.argumentCount}${above}`
        : `${name}${above}`;
    }
    case "specialSend":
      return names.specialSelector?.(operand.special) ?? specialSelector(operand.special).selector;
    case "jump":
      return `to ${operand.target}`;
    case "array":
      return operand.filled ? `of ${operand.size} popped elements` : `of ${operand.size} nils`;
    case "block":
      return `arguments ${operand.argumentCount}, copied ${operand.copiedCount}, ${operand.start} up to ${operand.end}`;
    case "fullBlock": {
      const name = names.literal?.(operand.literal) ?? `literal ${operand.literal}`;
      const receiver = operand.receiverOnStack ? ", receiver on stack" : "";
      return `${name}, copied ${operand.copiedCount}${receiver}${operand.ignoresOuterContext ? ", no outer context" : ""}`;
    }
    case "primitive":
      return `${operand.number}`;
    case "inlinedPrimitive":
      return `${operand.number}, inlined`;
    case "enclosing":
      return operand.level === 0 ? "block" : `enclosing block ${operand.level}`;
  }
}
