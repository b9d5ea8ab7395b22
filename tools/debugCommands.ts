// What can be typed at the debugger's prompt: one table of commands, each answering lines to print.

import type { Oop } from "../vm/embed/heap.js";
import type { Debugger, Stop } from "./debugger.js";
import { disassemble, instructionsOf } from "./disassembly.js";
import { lineMap } from "./sourceMap.js";
import type { Sources, SourceText } from "./sources.js";
import { outlineOf } from "./smalltalk/evaluationOrder.js";
import { processLines, stackLines } from "../vm/embed/processes.js";
import { type Activation, activationLine } from "../vm/embed/stack.js";
import { suggestion } from "./suggestions.js";
import { colours, UsageError } from "./terminal.js";

const MAX_INDEXED_SLOTS = 50;
const CONTEXT_LINES = 4;

interface Command {
  /** Names, the first of which help shows. */
  readonly names: readonly string[];
  readonly argument?: string;
  readonly help: string;
  run(argument: string): Promise<readonly string[]> | readonly string[];
}

export class DebugSession {
  /** Set by `quit`. */
  isOver = false;
  /** Which activation of the active process `self`, `temps` and `list` speak of; 0 is the innermost. */
  private selected = 0;
  private readonly commands: readonly Command[];

  constructor(
    private readonly machine: Debugger,
    private readonly sources: Sources,
  ) {
    this.commands = this.table();
  }

  /** Executes one line; answers what to print. Throws UsageError for what makes no sense. */
  async execute(line: string): Promise<readonly string[]> {
    const [, word, argument] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? [];
    if (word === undefined) return [];
    const command = this.commands.find(({ names }) => names.includes(word));
    if (command !== undefined) return command.run(argument);
    const near = suggestion(
      word,
      this.commands.flatMap(({ names }) => names),
    );
    throw new UsageError(`${word}: no such command${near || "; `help` lists them"}`);
  }

  /** Where the active process is. */
  where(): string[] {
    const [activation] = this.machine.stack.active();
    if (activation === undefined) return ["no process is active"];
    return [
      colours.bold(activationLine(this.reflection, activation)),
      ...this.sourceLine(activation),
      this.codeLine(activation),
    ];
  }

  private table(): Command[] {
    const { machine } = this;
    return [
      {
        names: ["continue", "c", "run", "r"],
        help: "run to the next breakpoint",
        run: () => this.resume(machine.go()),
      },
      {
        names: ["step", "s"],
        argument: "[N]",
        help: "execute N bytecodes, into what they send",
        run: (argument) => this.resume(machine.step(count(argument))),
      },
      {
        names: ["next", "n"],
        help: "execute a bytecode, and all that it sends",
        run: () => this.resume(machine.next()),
      },
      { names: ["send"], help: "execute bytecodes up to the next send", run: () => this.resume(machine.toSend()) },
      {
        names: ["line", "l"],
        help: "go on to the next line of source",
        run: () => this.resume(machine.nextLine((activation) => this.lineOf(activation))),
      },
      { names: ["finish", "f"], help: "run until this method has answered", run: () => this.resume(machine.finish()) },
      {
        names: ["break", "b"],
        argument: "Class>>selector | dnu | error",
        help: "stop where a method starts, at a doesNotUnderstand:, or where an Error is signalled",
        run: (argument) => this.addBreakpoint(argument),
      },
      {
        names: ["delete", "d"],
        argument: "NAME",
        help: "remove a breakpoint",
        run: (argument) => this.deleteBreakpoint(argument),
      },
      {
        names: ["breakpoints"],
        help: "list them",
        run: () => (machine.breakpoints.size === 0 ? ["none"] : [...machine.breakpoints.keys()]),
      },
      { names: ["stack", "bt", "where"], help: "the active process's stack", run: () => this.stackLines() },
      {
        names: ["processes", "ps"],
        help: "every process with its stack",
        run: () => processLines(machine.session.vm.exports, this.reflection),
      },
      {
        names: ["frame"],
        argument: "N",
        help: "select an activation of the stack, 0 the innermost",
        run: (argument) => this.select(Number(argument || "0")),
      },
      { names: ["up"], help: "select the sender", run: () => this.select(this.selected + 1) },
      { names: ["down"], help: "select what it called", run: () => this.select(this.selected - 1) },
      { names: ["self"], help: "inspect the receiver", run: () => this.inspect("self") },
      { names: ["temps", "t"], help: "arguments, temporaries and operands", run: () => this.tempLines() },
      {
        names: ["inspect", "i", "p"],
        argument: "self | tN | NAME | Class | 0xADDRESS [.slot …]",
        help: "show an object's slots; a slot is a name or a one-based index",
        run: (argument) => this.inspect(argument),
      },
      { names: ["list"], help: "source around the current line", run: () => this.list() },
      { names: ["bytecodes"], help: "the method's bytecodes", run: () => this.bytecodes() },
      { names: ["help", "h", "?"], help: "this list", run: () => this.help() },
      {
        names: ["quit", "q", "exit"],
        help: "leave the debugger",
        run: () => {
          this.isOver = true;
          return [];
        },
      },
    ];
  }

  private get reflection() {
    return this.machine.session.reflection;
  }

  private get heap() {
    return this.machine.session.heap;
  }

  // Running.

  private async resume(running: Promise<Stop>): Promise<string[]> {
    const stop = await running;
    this.selected = 0;
    switch (stop.kind) {
      case "step":
        return this.where();
      case "breakpoint":
        return [colours.yellow(`stopped: ${stop.label}`), ...this.where()];
      case "interrupted":
        return [colours.yellow("interrupted"), ...this.where()];
      case "quit":
        return [`the image quit with exit code ${stop.code}`];
      case "fatal":
        return [colours.red(`the virtual machine stopped: ${stop.message}`), ...stop.stack, ...this.where()];
    }
  }

  private async addBreakpoint(argument: string): Promise<string[]> {
    switch (argument) {
      case "":
        throw new UsageError("break: at what? Class>>selector, dnu or error");
      case "dnu":
      case "doesNotUnderstand:":
        return [`stops at ${await this.machine.breakOnDoesNotUnderstand()}`];
      case "error":
        return [`stops at ${await this.machine.breakOnError()}`];
      default:
        return [`stops at ${await this.machine.breakOnMethod(argument)}`];
    }
  }

  private deleteBreakpoint(argument: string): string[] {
    const label = argument === "dnu" ? "doesNotUnderstand:" : argument;
    if (this.machine.remove(label)) return [`removed ${label}`];
    throw new UsageError(`${argument}: no such breakpoint${suggestion(label, this.machine.breakpoints.keys())}`);
  }

  // The stack.

  private activation(): Activation {
    const activation = this.machine.stack.active()[this.selected];
    if (activation === undefined) throw new UsageError("no process is active");
    return activation;
  }

  private stackLines(): string[] {
    const stack = this.machine.stack.active();
    return stackLines(this.reflection, stack).map((line, index) => {
      const place = this.sources.recordedPlaceOf(stack[index].method, stack[index].pc, index > 0);
      const text = place === undefined ? line : `${line}  ${colours.dim(`${place.file}:${place.line}`)}`;
      return index === this.selected ? `>${text.slice(1)}` : text;
    });
  }

  private select(index: number): string[] {
    const depth = this.machine.stack.active().length;
    if (!(index >= 0 && index < depth)) throw new UsageError(`frame ${index}: the stack has 0 to ${depth - 1}`);
    this.selected = index;
    const activation = this.activation();
    return [
      `${index}  ${activationLine(this.reflection, activation)}`,
      ...this.sourceLine(activation),
      this.codeLine(activation),
    ];
  }

  private tempLines(): string[] {
    const activation = this.activation();
    const names = this.tempNames(activation);
    const lines = activation.values.map(
      (oop, index) => `  ${(names[index] ?? `t${index}`).padEnd(16)}${this.described(oop)}`,
    );
    return lines.length === 0 ? ["no temporaries"] : lines;
  }

  /** Names known for certain: a method's arguments; its temporaries too where no block shares them. */
  private tempNames(activation: Activation): string[] {
    const isBlock = activation.closure !== 0;
    const source = this.sources.sourceOf(activation.method);
    // A compiled block has temporaries of its own on record; in V3PlusClosures the method is its home.
    if (isBlock && this.reflection.homeMethodOf(activation.method) === activation.method) return [];
    if (typeof source === "string") return [];
    if (source.recorded !== undefined) return source.recorded.temps.map((name, index) => name ?? `t${index}`);
    if (isBlock) return [];
    const { argumentNames, tempNames } = outlineOf(source.text);
    const instructions = instructionsOf(this.reflection, activation.method);
    const shares = instructions.some(({ operand }) => operand?.kind === "remoteTemp" || operand?.kind === "array");
    return shares ? [...argumentNames] : [...argumentNames, ...tempNames];
  }

  // Source and code.

  private lineOf(activation: Activation): number | undefined {
    const source = this.sources.sourceOf(activation.method);
    if (typeof source === "string") throw new UsageError(`line: ${source}; use step, next or send`);
    return this.lineIn(source, activation);
  }

  private lineIn({ text, recorded }: SourceText, { method, pc }: Activation): number | undefined {
    // What an activation called stands before its pc.
    if (recorded !== undefined) return recorded.lineOf(this.selected > 0 ? pc - 1 : pc);
    const { heap, reflection } = this;
    const selectorOf = (literal: number) => {
      const selector = heap.reference(method, literal + 1);
      return heap.isBytes(selector) ? heap.string(selector) : undefined;
    };
    return lineMap(text, instructionsOf(reflection, method), selectorOf)(pc);
  }

  private sourceLine(activation: Activation): string[] {
    const source = this.sources.sourceOf(activation.method);
    if (typeof source === "string") return [];
    const line = this.lineIn(source, activation);
    return line === undefined ? [] : [`  ${String(line).padStart(4)} | ${source.text.split("\n")[line - 1].trim()}`];
  }

  private codeLine({ method, pc }: Activation): string {
    const instruction = instructionsOf(this.reflection, method).find((each) => each.pc === pc);
    return `  pc ${pc}: ${instruction?.text ?? "?"}`;
  }

  private list(): string[] {
    const activation = this.activation();
    const source = this.sources.sourceOf(activation.method);
    if (typeof source === "string") return [`${source}; \`bytecodes\` shows the code`];
    const current = this.lineIn(source, activation) ?? 1;
    return source.text.split("\n").flatMap((text, index) => {
      if (Math.abs(index + 1 - current) > CONTEXT_LINES) return [];
      return [`${index + 1 === current ? ">" : " "}${String(index + 1).padStart(4)} | ${text}`];
    });
  }

  private bytecodes(): string[] {
    const { method, pc } = this.activation();
    const mark = new RegExp(`^ (\\s*${pc}  <)`);
    return disassemble(this.reflection, method).map((line) => line.replace(mark, ">$1"));
  }

  // Objects.

  private inspect(expression: string): string[] {
    if (expression === "") throw new UsageError("inspect: what? self, t0, a temporary's name, a class or 0xADDRESS");
    const [base, ...path] = expression.split(".");
    const oop = path.reduce((value, slot) => this.slotOf(value, slot), this.baseValue(base));
    return [this.described(oop), ...this.slotLines(oop)];
  }

  private baseValue(name: string): Oop {
    const { heap, reflection } = this;
    if (name === "nil") return BigInt(heap.nil);
    if (/^0x[0-9a-f]+$/i.test(name)) {
      const address = Number(name);
      if (!heap.isObject(address)) throw new UsageError(`${name}: no object there`);
      return BigInt(address);
    }
    const activation = this.activation();
    if (name === "self") return activation.receiver;
    if (name === "thisContext" && activation.context !== 0) return BigInt(activation.context);
    const index = /^t\d+$/.test(name) ? Number(name.slice(1)) : this.tempNames(activation).indexOf(name);
    if (index >= 0 && index < activation.values.length) return activation.values[index];
    const variables = reflection.allInstanceVariablesOf(heap.classOf(activation.receiver));
    if (variables.includes(name)) return this.slotOf(activation.receiver, name);
    const classObject = reflection.classNamed(name);
    if (classObject !== undefined) return BigInt(classObject);
    const near = suggestion(name, [...variables, ...this.tempNames(activation), ...reflection.classesByName().keys()]);
    throw new UsageError(`${name}: no temporary, instance variable or class of this name${near}`);
  }

  private slotOf(oop: Oop, slot: string): Oop {
    const { heap, reflection } = this;
    const value = heap.value(oop);
    const printed = reflection.print(oop, 1);
    if (value.kind !== "object") throw new UsageError(`${printed} has no slots`);
    const names = reflection.allInstanceVariablesOf(heap.classOf(oop));
    const index = /^\d+$/.test(slot) ? Number(slot) - 1 + names.length : names.indexOf(slot);
    if (index < 0 || index >= heap.pointerCountOf(value.address)) {
      throw new UsageError(`${printed} has no slot ${slot}${suggestion(slot, names)}`);
    }
    return heap.slot(value.address, index);
  }

  private slotLines(oop: Oop): string[] {
    const value = this.heap.value(oop);
    if (value.kind !== "object") return [];
    if (this.heap.isMethod(value.address))
      return disassemble(this.reflection, value.address).map((line) => `  ${line}`);
    const names = this.reflection.allInstanceVariablesOf(this.heap.classOf(oop));
    const count = this.heap.pointerCountOf(value.address);
    const shown = Math.min(count, names.length + MAX_INDEXED_SLOTS);
    const lines = Array.from({ length: shown }, (_, index) => {
      const name = names[index] ?? String(index - names.length + 1);
      return `  ${name.padEnd(20)}${this.described(this.heap.slot(value.address, index))}`;
    });
    return shown < count ? [...lines, `  … ${count - shown} more`] : lines;
  }

  /** An object as printed, with its address, by which it can be inspected. */
  private described(oop: Oop): string {
    const value = this.heap.value(oop);
    const printed = this.reflection.print(oop);
    return value.kind === "object" && value.address !== this.heap.nil
      ? `${printed}  0x${value.address.toString(16)}`
      : printed;
  }

  private help(): string[] {
    const rows = this.commands.map(
      ({ names, argument, help }) => [`${names.join(", ")} ${argument ?? ""}`, help] as const,
    );
    return rows.map(([usage, help]) =>
      usage.length > 26 ? `  ${usage}\n${" ".repeat(30)}${help}` : `  ${usage.padEnd(28)}${help}`,
    );
  }
}

function count(argument: string): number {
  if (argument === "") return 1;
  if (!/^[1-9]\d*$/.test(argument)) throw new UsageError(`${argument}: not a number of steps`);
  return Number(argument);
}
