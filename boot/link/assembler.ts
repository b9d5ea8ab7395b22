// A small x86 assembler for start-up sequences and trampolines, 32-bit and 64-bit. Statements are arrays, labels are
// strings that end in ":"; what it encodes is the table in instructions.ts. Names that no label defines become
// relocations, which the linker resolves (layout.ts).

import { INSTRUCTIONS } from "./instructions.js";

/** A memory operand. `bytes` is needed only where no register tells the size. */
export interface MemoryOperand {
  readonly base?: string;
  readonly index?: string;
  readonly scale?: 1 | 2 | 4 | 8;
  /** A number, or the name of a label or symbol (its absolute address, or relative to rip with base "rip"). */
  readonly displacement?: number | string;
  /** Added to a named displacement. */
  readonly addend?: number;
  readonly bytes?: 1 | 2 | 4 | 8;
}

/** A symbol's address plus an addend, as an immediate. */
export interface AddressOperand {
  readonly address: string;
  readonly addend?: number;
}

/** A register's name, a name (for jumps and calls), a number, an address as an immediate, or memory. */
export type Operand = string | number | bigint | MemoryOperand | AddressOperand;

/** `"label:"`, `["mov", "rax", 1]`, or `[".bytes", …]`, `[".quad", …]`, `[".align", n]`. */
export type Statement = string | readonly [mnemonic: string, ...operands: Operand[]];

export type RelocationKind = "absolute64" | "absolute32" | "relative32";

/** `bytes[offset …]` shall hold the symbol's address plus the addend, less (if relative) the place's own address. */
export interface Relocation {
  readonly offset: number;
  readonly kind: RelocationKind;
  readonly symbol: string;
  readonly addend: number;
}

export interface AssembledCode {
  readonly bytes: Uint8Array;
  /** Offsets of labels. */
  readonly labels: ReadonlyMap<string, number>;
  /** Against names that are no labels here, and absolute ones against labels too. */
  readonly relocations: readonly Relocation[];
}

/** Memory with a base register and a displacement, the frequent case. */
export function memory(base: string, displacement: number | string = 0, bytes?: MemoryOperand["bytes"]): MemoryOperand {
  return { base, displacement, bytes };
}

/** The address of a symbol or label, as an immediate. */
export function addressOf(symbol: string, addend = 0): AddressOperand {
  return { address: symbol, addend };
}

/** Encodes statements for 64-bit or 32-bit mode. Throws an Error naming the statement that has no encoding. */
export function assemble(statements: readonly Statement[], bits: 32 | 64 = 64): AssembledCode {
  const output = new Output();
  for (const statement of statements) {
    if (typeof statement === "string") output.label(statement.replace(/:$/, ""));
    else if (statement[0].startsWith(".")) directive(output, statement);
    else instruction(output, statement, bits);
  }
  return output.finish();
}

class Output {
  readonly bytes: number[] = [];
  private readonly labels = new Map<string, number>();
  private readonly pending: Relocation[] = [];

  label(name: string): void {
    if (this.labels.has(name)) throw new Error(`assembler: label ${name} is there twice`);
    this.labels.set(name, this.bytes.length);
  }

  number(value: number | bigint, byteCount: number): void {
    const bits = BigInt.asUintN(64, BigInt(value));
    for (let i = 0; i < byteCount; i++) this.bytes.push(Number((bits >> BigInt(8 * i)) & 255n));
  }

  reference(kind: RelocationKind, symbol: string, addend: number): void {
    this.pending.push({ offset: this.bytes.length, kind, symbol, addend });
    this.number(0, kind === "absolute64" ? 8 : 4);
  }

  /** What follows a relative reference within its instruction counts too: the processor adds to the next one's address. */
  endInstruction(firstPending: number): void {
    for (let i = firstPending; i < this.pending.length; i++) {
      const relocation = this.pending[i]!;
      if (relocation.kind !== "relative32") continue;
      this.pending[i] = { ...relocation, addend: relocation.addend - (this.bytes.length - relocation.offset) };
    }
  }

  get pendingCount(): number {
    return this.pending.length;
  }

  finish(): AssembledCode {
    const bytes = Uint8Array.from(this.bytes);
    const view = new DataView(bytes.buffer);
    const relocations: Relocation[] = [];
    for (const relocation of this.pending) {
      const target = this.labels.get(relocation.symbol);
      if (target === undefined || relocation.kind !== "relative32") relocations.push(relocation);
      else view.setInt32(relocation.offset, target + relocation.addend - relocation.offset, true);
    }
    return { bytes, labels: this.labels, relocations };
  }
}

function directive(output: Output, [name, ...operands]: readonly [string, ...Operand[]]): void {
  const sizes: Record<string, number> = { ".bytes": 1, ".word": 2, ".long": 4, ".quad": 8 };
  if (name === ".align") {
    while (output.bytes.length % Number(operands[0]) !== 0) output.bytes.push(0);
    return;
  }
  const byteCount = sizes[name];
  if (byteCount === undefined) throw new Error(`assembler: ${name}: no such directive`);
  for (const operand of operands) {
    if (typeof operand === "number" || typeof operand === "bigint") output.number(operand, byteCount);
    else if (typeof operand === "object" && "address" in operand && byteCount >= 4) {
      output.reference(byteCount === 8 ? "absolute64" : "absolute32", operand.address, operand.addend ?? 0);
    } else throw new Error(`assembler: ${name}: takes numbers and addresses`);
  }
}

// Registers.

const NAMES = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"];
const LOW_BYTES = ["al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"];
const SEGMENTS = ["es", "cs", "ss", "ds", "fs", "gs"];

interface Register {
  readonly number: number;
  /** r8, r16, r32, r64, cr or sreg. */
  readonly kind: string;
}

const REGISTERS: ReadonlyMap<string, Register> = new Map<string, Register>([
  ...NAMES.flatMap((name, number): [string, Register][] => [
    [`r${name}`, { number, kind: "r64" }],
    [`e${name}`, { number, kind: "r32" }],
    [name, { number, kind: "r16" }],
  ]),
  ...LOW_BYTES.map((name, number): [string, Register] => [name, { number, kind: "r8" }]),
  ...[8, 9, 10, 11, 12, 13, 14, 15].flatMap((number): [string, Register][] => [
    [`r${number}`, { number, kind: "r64" }],
    [`r${number}d`, { number, kind: "r32" }],
    [`r${number}w`, { number, kind: "r16" }],
    [`r${number}b`, { number, kind: "r8" }],
  ]),
  ...[0, 2, 3, 4, 8].map((number): [string, Register] => [`cr${number}`, { number, kind: "cr" }]),
  ...SEGMENTS.map((name, number): [string, Register] => [name, { number, kind: "sreg" }]),
]);

/** The number of a register, and what kind it is; undefined for any other name. */
function registerNamed(operand: Operand): Register | undefined {
  return typeof operand === "string" ? REGISTERS.get(operand) : undefined;
}

// Forms: the rows of the table.

interface Form {
  readonly text: string;
  readonly operands: readonly string[];
  readonly wide: boolean;
  readonly prefixes: readonly number[];
  readonly opcode: readonly number[];
  /** "r" for a register in ModRM, a digit for an opcode extension. */
  readonly modRm: string | undefined;
  readonly addsRegister: boolean;
  readonly tail: readonly string[];
}

const FORMS: ReadonlyMap<string, readonly Form[]> = readForms();

function readForms(): Map<string, Form[]> {
  const forms = new Map<string, Form[]>();
  for (const text of INSTRUCTIONS.trim().split("\n")) {
    const [pattern, encoding] = text.split(" | ") as [string, string];
    const [, mnemonic, operands] = /^(\w+) ?(.*)$/.exec(pattern)!;
    const tokens = encoding.trim().split(" ");
    const hex = tokens.filter((token) => /^[0-9A-F]{2}$/.test(token)).map((token) => Number.parseInt(token, 16));
    const isPrefix = (byte: number, index: number) => index < hex.length - 1 && [0x66, 0xf0, 0xf3].includes(byte);
    const prefixCount = hex.length > 0 && isPrefix(hex[0]!, 0) ? 1 : 0;
    const form: Form = {
      text,
      operands: operands === "" ? [] : operands!.split(", "),
      wide: tokens.includes("W"),
      prefixes: hex.slice(0, prefixCount),
      opcode: hex.slice(prefixCount),
      modRm: tokens.find((token) => token.startsWith("/"))?.slice(1),
      addsRegister: tokens.includes("+r"),
      tail: tokens.filter((token) => /^([ci][bwdo])$/.test(token)),
    };
    const known = forms.get(mnemonic!);
    if (known === undefined) forms.set(mnemonic!, [form]);
    else known.push(form);
  }
  return forms;
}

/** Whether an operand can stand where a form says `pattern`. */
function matches(pattern: string, operand: Operand, bits: 32 | 64): boolean {
  const register = registerNamed(operand);
  if (register !== undefined) {
    // "r8" in a pattern is any byte register, not the register of that name.
    if (operand === pattern && pattern !== "r8") return true;
    if (register.kind === "r64" && bits === 32) return false;
    return pattern === register.kind || pattern === register.kind.replace("r", "r/m");
  }
  if (typeof operand === "string") return pattern === "rel32";
  if (typeof operand === "number" || typeof operand === "bigint") return fitsImmediate(pattern, BigInt(operand));
  if ("address" in operand) return pattern === (bits === 32 ? "imm32" : "imm64");
  if (pattern === "m") return true;
  const [, size] = /^r\/m(\d+)$/.exec(pattern) ?? [];
  return size !== undefined && (operand.bytes === undefined || operand.bytes * 8 === Number(size));
}

function fitsImmediate(pattern: string, value: bigint): boolean {
  switch (pattern) {
    case "imm8":
      return value >= -128n && value < 128n;
    case "byte8":
      return value >= 0n && value < 256n;
    case "imm16":
      return value >= -32768n && value < 65536n;
    case "imm32":
      return value >= -(1n << 31n) && value < 1n << 32n;
    case "imm64":
      return true;
    default:
      return false;
  }
}

function instruction(output: Output, statement: readonly [string, ...Operand[]], bits: 32 | 64): void {
  const [mnemonic, ...operands] = statement;
  const form = FORMS.get(mnemonic)?.find((each) => isFormFor(each, operands, bits));
  const text = () =>
    `assembler: ${JSON.stringify(statement, (_, value) => (typeof value === "bigint" ? `${value}` : value))}`;
  if (form === undefined) throw new Error(`${text()}: the table of instructions has no such form`);
  const memoryOperand = operands.find((operand) => typeof operand === "object" && !("address" in operand));
  const isSized = form.operands.every((pattern) => !pattern.startsWith("r/m"));
  const tellsSize = operands.some((operand) => registerNamed(operand) !== undefined);
  if (memoryOperand !== undefined && !isSized && !tellsSize && (memoryOperand as MemoryOperand).bytes === undefined) {
    throw new Error(`${text()}: say how many bytes of memory are meant`);
  }
  const firstPending = output.pendingCount;
  encode(output, form, operands, bits);
  output.endInstruction(firstPending);
}

function isFormFor(form: Form, operands: readonly Operand[], bits: 32 | 64): boolean {
  if (form.operands.length !== operands.length) return false;
  if (form.wide && bits === 32) return false;
  // A 32-bit immediate is extended by its sign in a 64-bit operation.
  const immediate = operands.find((operand) => typeof operand === "number" || typeof operand === "bigint");
  if (form.wide && form.tail[0] === "id" && immediate !== undefined && BigInt(immediate) >= 1n << 31n) return false;
  return form.operands.every((pattern, index) => matches(pattern, operands[index]!, bits));
}

function encode(output: Output, form: Form, operands: readonly Operand[], bits: 32 | 64): void {
  const place = (test: (pattern: string) => boolean) => operands[form.operands.findIndex(test)];
  const inModRm = place((pattern) => pattern.startsWith("r/m") || pattern === "m");
  const plain = place((pattern) => /^(r\d+|cr|sreg)$/.test(pattern));
  const isControl = form.operands.includes("cr");
  // mov to and from control registers has the control register in reg and the general one in r/m.
  const general = isControl ? place((pattern) => /^r\d+$/.test(pattern)) : inModRm;
  const special = isControl ? place((pattern) => pattern === "cr") : plain;
  const onlyRegister = form.modRm !== "r" && form.modRm !== undefined && inModRm === undefined ? plain : general;

  const regField = form.modRm === "r" ? registerNamed(special!)!.number : Number(form.modRm ?? 0);
  const rmField = form.addsRegister ? plain! : onlyRegister;
  output.bytes.push(...form.prefixes);
  const rex = rexFor(form, regField, rmField, operands);
  if (rex !== 0) {
    if (bits === 32) throw new Error(`assembler: ${form.text}: needs 64-bit mode`);
    output.bytes.push(rex);
  }
  const opcode = [...form.opcode];
  if (form.addsRegister) opcode[opcode.length - 1]! += registerNamed(plain!)!.number & 7;
  output.bytes.push(...opcode);
  if (form.modRm !== undefined) modRm(output, regField & 7, rmField!, bits);
  tail(output, form, operands);
}

/** The REX prefix of an instruction, 0 for none: W, and the fourth bits of the registers. */
function rexFor(form: Form, regField: number, rm: Operand | undefined, operands: readonly Operand[]): number {
  let bits = form.wide ? 8 : 0;
  if (form.modRm === "r" && regField > 7) bits |= 4;
  const register = rm === undefined ? undefined : registerNamed(rm);
  if (register !== undefined && register.number > 7) bits |= 1;
  if (typeof rm === "object" && !("address" in rm)) {
    if (rm.index !== undefined && REGISTERS.get(rm.index)!.number > 7) bits |= 2;
    if (rm.base !== undefined && rm.base !== "rip" && REGISTERS.get(rm.base)!.number > 7) bits |= 1;
  }
  const namesNewByte = operands.some((operand) => ["spl", "bpl", "sil", "dil"].includes(operand as string));
  return bits !== 0 || namesNewByte ? 0x40 | bits : 0;
}

function modRm(output: Output, reg: number, rm: Operand, bits: 32 | 64): void {
  const register = registerNamed(rm);
  if (register !== undefined) {
    output.bytes.push(0xc0 | (reg << 3) | (register.number & 7));
    return;
  }
  memoryModRm(output, reg, rm as MemoryOperand, bits);
}

function memoryModRm(output: Output, reg: number, operand: MemoryOperand, bits: 32 | 64): void {
  const { base, index, scale = 1, displacement = 0, addend = 0 } = operand;
  const emitDisplacement = (kind: RelocationKind) => {
    if (typeof displacement === "string") output.reference(kind, displacement, addend);
    else output.number(displacement, 4);
  };
  if (base === "rip") {
    output.bytes.push((reg << 3) | 5);
    return emitDisplacement("relative32");
  }
  if (base === undefined && index === undefined) {
    // In 64-bit mode the short form would be relative to rip.
    if (bits === 32) output.bytes.push((reg << 3) | 5);
    else output.bytes.push((reg << 3) | 4, 0x25);
    return emitDisplacement("absolute32");
  }
  const baseNumber = base === undefined ? 5 : REGISTERS.get(base)!.number & 7;
  const small = typeof displacement === "number" && displacement >= -128 && displacement < 128;
  const none = displacement === 0 && baseNumber !== 5;
  const mode = base === undefined || none ? 0 : small ? 1 : 2;
  if (index !== undefined || baseNumber === 4 || base === undefined) {
    const indexNumber = index === undefined ? 4 : REGISTERS.get(index)!.number & 7;
    output.bytes.push((mode << 6) | (reg << 3) | 4, (Math.log2(scale) << 6) | (indexNumber << 3) | baseNumber);
  } else output.bytes.push((mode << 6) | (reg << 3) | baseNumber);
  if (mode === 1) output.number(displacement as number, 1);
  else if (mode === 2 || base === undefined) emitDisplacement("absolute32");
}

const TAIL_BYTES: Record<string, number> = { ib: 1, iw: 2, id: 4, io: 8 };

function tail(output: Output, form: Form, operands: readonly Operand[]): void {
  const values = operands.filter((_, index) => /^(imm|byte|rel)/.test(form.operands[index]!));
  form.tail.forEach((kind, index) => {
    const value = values[index]!;
    if (kind === "cd") output.reference("relative32", value as string, 0);
    else if (typeof value === "object" && "address" in value) {
      output.reference(kind === "io" ? "absolute64" : "absolute32", value.address, value.addend ?? 0);
    } else output.number(value as number | bigint, TAIL_BYTES[kind]!);
  });
}
