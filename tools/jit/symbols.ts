// What the numbers in WebAssembly mean that is made for methods: places of the running machine (bytecodes, literals, call
// sites, nil) are shown as what they are, so that a listing is the same wherever things lie.

import * as layout from "../../vm/layout.js";
import type { Address } from "../../vm/embed/heap.js";
import { exported } from "../../vm/embed/heap.js";
import type { VmExports } from "../../vm/embed/module.js";
import type { Instruction } from "../../vm/tables/decode.js";
import type { Session } from "../session.js";

const CELLS = new Map([
  [layout.CELL_EDEN_FREE, "edenFree"],
  [layout.CELL_EDEN_LIMIT, "edenLimit"],
  [layout.CELL_STACK_LIMIT, "stackLimit"],
  [layout.CELL_POLLS_LEFT, "pollsLeft"],
]);

/** What numbers mean in the code of some methods and blocks. */
export class Symbols {
  private readonly oops: Map<bigint, string>;
  /** Whether an address is of a call site or record. */
  readonly isInCompiledArea: (address: number) => boolean;
  private readonly oldSpaceStart: number;
  /** Objects that literals refer to, by address; of an association its value's place. */
  private readonly words = new Map<number, string>();
  private readonly methods: Address[] = [];
  private readonly integers = new Set<bigint>();
  private method: Address = 0;
  private selector = "";

  constructor(
    private readonly session: Session,
    /** The name of a local by its number. */
    private readonly localName: (index: number) => string,
  ) {
    const { heap, vm } = session;
    const { nil, trueObject, falseObject } = heap.roots;
    this.oops = new Map([
      [BigInt(nil), "nil"],
      [BigInt(trueObject), "true"],
      [BigInt(falseObject), "false"],
    ]);
    const exports = vm.exports as AreaExports;
    this.isInCompiledArea = (address) => exports.isInCompiledArea(address) !== 0;
    this.oldSpaceStart = Number(exported(exports, "oldSpaceStart").value) >>> 0;
  }

  /** The lines that follow are of a method or block, whose places and integers are known from now on. */
  enter(method: Address, instructions: readonly Instruction[]): void {
    this.method = method;
    this.oops.set(BigInt(method), this.nameOf(method));
    if (!this.methods.includes(method)) {
      this.methods.push(method);
      this.takeLiterals(method);
    }
    for (const { text } of instructions) {
      const integer = /^push (-?\d+)$/.exec(text);
      if (integer !== null) this.integers.add(BigInt(integer[1]));
    }
  }

  private takeLiterals(method: Address): void {
    const { heap, reflection } = this.session;
    for (let index = 1; index <= heap.literalCountOf(method); index++) {
      const oop = heap.slot(method, index);
      if (heap.value(oop).kind !== "object") continue;
      const [address, name] = [Number(oop), reflection.print(oop, 1)];
      if (!this.oops.has(oop)) this.oops.set(oop, name);
      this.words.set(address, name);
      if (reflection.isAssociation(address)) this.words.set(address + 2 * layout.HEADER_BYTES, `value of ${name}`);
    }
  }

  /** Says which bytecode the lines that follow are of. */
  at(instruction: Instruction | undefined): void {
    const { operand, text } = instruction ?? {};
    const isSend = operand?.kind === "send" || operand?.kind === "specialSend";
    this.selector = isSend ? ` ${text!.replace(/^[a-z ]*?:? /, "")}` : "";
  }

  /** The one-based pc of a bytecode's address. */
  pcOf(address: number): number {
    return pcIn(this.method, address);
  }

  /** A line, the one at a place among others, with its numbers as what they mean. */
  inLine(line: string, lines: readonly string[], at: number): string {
    const before = lines[at - 1] ?? "";
    const classIndex = /^(\s*)i32\.const (\d+)$/.exec(line);
    if (classIndex !== null && isAfterMask(lines, at)) {
      const name = this.className(Number(classIndex[2]));
      if (name !== undefined) return `${classIndex[1]}i32.const {class ${name}}`;
    }
    return line
      .replace(/\$([pl])(\d+)\b/g, (_, _kind, index) => this.localName(Number(index)))
      .replace(/i32\.const (-?\d+)$/, (all, text) => this.wrap(all, "i32.const", this.word(Number(text) >>> 0)))
      .replace(/i64\.const (-?\d+)$/, (all, text) => this.wrap(all, "i64.const", this.longWord(BigInt(text))))
      .replace(/^(\s*i(?:32|64)\.(?:load|store)\S*) offset=(\d+)(.*)$/, (all, operation, offset, rest) => {
        const cell = CELLS.get(Number(offset));
        const isCell = operation.endsWith("i32.store") || /i32\.const 0$/.test(before);
        return cell === undefined || !isCell ? all : `${operation} offset={${cell}}${rest}`;
      });
  }

  private className(index: number): string | undefined {
    const { heap, reflection } = this.session;
    const classObject = heap.classAt(index);
    return reflection.isClass(classObject) ? reflection.className(classObject) : undefined;
  }

  private wrap(original: string, operation: string, meaning: string | undefined): string {
    return meaning === undefined ? original : `${operation} {${meaning}}`;
  }

  private word(address: number): string | undefined {
    if (address === this.oldSpaceStart) return "oldSpaceStart";
    if (this.isInCompiledArea(address)) return `site${this.selector}`;
    return this.place(address) ?? this.words.get(address);
  }

  /** What is at an address in one of the methods. */
  private place(address: number): string | undefined {
    const { heap, reflection } = this.session;
    const method = this.methods.find((each) => address >= each && address < each + heap.totalBytesOf(each));
    if (method === undefined) return undefined;
    const name = this.nameOf(method);
    if (address === method) return name;
    const where = name === "method" ? "" : `${name} `;
    const index = (address - method - 2 * layout.HEADER_BYTES) / layout.WORD_BYTES;
    if (index >= heap.literalCountOf(method)) return `${where}pc ${pcIn(method, address)}`;
    return `${where}literal ${index} ${reflection.print(heap.slot(method, index + 1), 1)}`;
  }

  /** The first method is that of the listing itself. */
  private nameOf(method: Address): string {
    return method === (this.methods[0] ?? method) ? "method" : this.session.reflection.methodName(method);
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

function pcIn(method: Address, address: number): number {
  return (address >>> 0) - method - layout.HEADER_BYTES + 1;
}

/** Whether the constant at a line is compared with what the mask of class indices has left. */
function isAfterMask(lines: readonly string[], at: number): boolean {
  const before = lines.slice(Math.max(0, at - 3), at).map((line) => line.trim());
  if (before.at(-1) === "end") before.pop();
  return before.at(-1) === "i32.and" && before.at(-2) === `i32.const ${layout.CLASS_INDEX_MASK}`;
}

interface AreaExports extends VmExports {
  isInCompiledArea(address: number): number;
}
