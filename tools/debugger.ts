// The debugger's engine: runs the image by the module's stepping loop, keeps breakpoints, says why it stopped. How people
// talk to it is debugCommands.ts.

import * as layout from "../vm/layout.js";
import type { Outcome } from "../vm/embed/node.js";
import { methodNamed } from "./lookup.js";
import type { Address } from "../vm/embed/heap.js";
import { instructionsOf } from "./disassembly.js";
import type { Session } from "./session.js";
import { type Activation, type StackReader, stackReader } from "../vm/embed/stack.js";

/** Why control is back. */
export type Stop =
  | { kind: "step" }
  | { kind: "breakpoint"; label: string }
  | { kind: "interrupted" }
  | { kind: "quit"; code: number }
  | { kind: "fatal"; message: string; stack: readonly string[] };

interface Breakpoint {
  /** `Class>>selector` of the methods at which to stop. */
  readonly methods: readonly string[];
  /** Whether to stop, in a method that has just started; its label may say more. */
  readonly applies: (activation: Activation) => string | undefined;
}

// The reasons of vm/interpreter/stepping.ts.
const BREAK_METHOD = 1;

/** Sends and backward jumps between looks at the keyboard. */
const SLICE_POLLS = 50_000;
const MAX_STEPS_AT_ONCE = 50_000;

export class Debugger {
  readonly stack: StackReader;
  readonly breakpoints = new Map<string, Breakpoint>();
  /** Set when the image has ended. */
  ended: Stop | undefined;
  private interrupted = false;
  private wake: (() => void) | undefined;

  constructor(
    readonly session: Session,
    readonly image: string,
  ) {
    this.stack = stackReader(session.vm.exports, session.heap);
  }

  /** Ends the run under way at the next slice. */
  interrupt(): void {
    this.interrupted = true;
    this.wake?.();
  }

  // Breakpoints.

  /** Stops where `Class>>selector` starts. */
  async breakOnMethod(name: string): Promise<string> {
    const method = await methodNamed(this.session, name, this.image);
    const label = this.session.reflection.methodName(method);
    return this.add(label, [label], () => label);
  }

  /** Stops where a doesNotUnderstand: starts, of whatever class. */
  async breakOnDoesNotUnderstand(): Promise<string> {
    const { heap, reflection } = this.session;
    const names = heap
      .classes()
      .filter(({ address }) => reflection.isClass(address))
      .flatMap(({ address }) =>
        reflection.methodsOf(address).filter(({ selector }) => selector === "doesNotUnderstand:"),
      )
      .map(({ method }) => reflection.methodName(method));
    return this.add("doesNotUnderstand:", names, ({ receiver, values }) => {
      const message = heap.value(values[0]);
      const selector = message.kind === "object" ? heap.slot(message.address, layout.MESSAGE_SELECTOR) : undefined;
      return `doesNotUnderstand: ${selector === undefined ? "?" : reflection.print(selector)} by ${reflection.print(receiver)}`;
    });
  }

  /** Stops where an Error is signalled. */
  async breakOnError(): Promise<string> {
    const { heap, reflection } = this.session;
    const signal = await methodNamed(this.session, "Exception>>signal", this.image);
    return this.add("error", [reflection.methodName(signal)], ({ receiver }) => {
      const exceptionClass = heap.classOf(receiver);
      if (!reflection.inheritsFrom(exceptionClass, "Error")) return undefined;
      const value = heap.value(receiver);
      const text = value.kind === "object" ? reflection.variable(value.address, "messageText") : undefined;
      const words = text !== undefined && heap.isBytes(text) ? `: ${heap.string(text)}` : "";
      return `error ${reflection.className(exceptionClass)}${words}`;
    });
  }

  private add(label: string, methods: string[], applies: Breakpoint["applies"]): string {
    this.breakpoints.set(label, { methods, applies });
    this.arm(methods, true);
    return label;
  }

  /** Forgets a breakpoint; answers whether there was one. */
  remove(label: string): boolean {
    const breakpoint = this.breakpoints.get(label);
    if (breakpoint === undefined) return false;
    this.breakpoints.delete(label);
    const kept = new Set([...this.breakpoints.values()].flatMap(({ methods }) => methods));
    this.arm(
      breakpoint.methods.filter((name) => !kept.has(name)),
      false,
    );
    return true;
  }

  /** By name, since methods move. */
  private arm(names: readonly string[], on: boolean): void {
    const { vm, reflection } = this.session;
    const set = vm.exports[on ? "setBreakpoint" : "clearBreakpoint"] as (method: Address) => number;
    for (const name of names) {
      const [className, selector] = name.split(">>");
      const owner = reflection.classNamed(className);
      const method = owner === undefined ? undefined : reflection.methodNamed(owner, selector);
      if (method !== undefined && set(method) === 1) {
        throw new Error(`stvm: ${name}: no room for another breakpoint; delete one first`);
      }
    }
  }

  // Running.

  /** Runs to the next breakpoint, or the end. */
  async go(): Promise<Stop> {
    return this.run(0, 0);
  }

  /** Executes that many bytecodes. */
  async step(count: number): Promise<Stop> {
    let stop: Stop = { kind: "step" };
    for (let left = count; left > 0 && stop.kind === "step"; left -= MAX_STEPS_AT_ONCE) {
      stop = await this.run(Math.min(left, MAX_STEPS_AT_ONCE), 0);
    }
    return stop;
  }

  /** Executes one bytecode, and all that it sends. */
  async next(): Promise<Stop> {
    const { depth } = this.place();
    const home = this.activeProcess();
    const stop = await this.step(1);
    return stop.kind === "step" ? this.returnTo(depth, home) : stop;
  }

  /** Runs until the active method has answered. */
  async finish(): Promise<Stop> {
    const { depth } = this.place();
    return depth <= 1 ? this.go() : this.returnTo(depth - 1, this.activeProcess());
  }

  /** Runs until a process is active again with no more than `depth` activations; others may come in between. */
  private async returnTo(depth: number, home: Address): Promise<Stop> {
    for (;;) {
      const stack = this.stack.active();
      const isHome = this.activeProcess() === home;
      if (isHome && stack.length <= depth) return { kind: "step" };
      // Where the activation waited for has lost its frame to a full stack, its nearest callee with one comes first.
      const waiting = isHome
        ? stack.slice(0, stack.length - depth + 1).findLast(({ frame }) => frame !== 0)
        : undefined;
      const isActive = waiting === undefined || waiting.frame === stack[0].frame;
      const stop = isActive ? await this.run(1, 0) : await this.run(0, waiting.frame);
      if (stop.kind !== "step") return stop;
    }
  }

  /** Executes bytecodes up to the next send, or the start or end of a method. */
  async toSend(): Promise<Stop> {
    const { frame } = this.place();
    for (;;) {
      const stop = await this.step(1);
      if (stop.kind !== "step" || this.place().frame !== frame || this.isAtSend()) return stop;
    }
  }

  /** Executes bytecodes, sends at once, until `lineOf` answers another line or the method changes. */
  async nextLine(lineOf: (activation: Activation) => number | undefined): Promise<Stop> {
    const [start] = this.stack.active();
    const line = lineOf(start);
    for (;;) {
      const stop = await this.next();
      const [now] = this.stack.active();
      if (stop.kind !== "step" || now.frame !== start.frame || lineOf(now) !== line) return stop;
    }
  }

  private isAtSend(): boolean {
    const [activation] = this.stack.active();
    const instruction = instructionsOf(this.session.reflection, activation.method).find(
      ({ pc }) => pc === activation.pc,
    );
    return instruction?.operand?.kind === "send" || instruction?.operand?.kind === "specialSend";
  }

  private place(): { frame: Address; depth: number } {
    const stack = this.stack.active();
    return { frame: stack[0]?.frame ?? 0, depth: stack.length };
  }

  private activeProcess(): Address {
    const { heap } = this.session;
    const scheduler = heap.reference(heap.specialObject(layout.SPECIAL_SCHEDULER), layout.ASSOCIATION_VALUE);
    return heap.reference(scheduler, layout.SCHEDULER_ACTIVE_PROCESS);
  }

  private async run(steps: number, frame: Address): Promise<Stop> {
    if (this.ended !== undefined) return this.ended;
    this.interrupted = false;
    const polls = Math.max(SLICE_POLLS, steps);
    for (;;) {
      const outcome = this.session.vm.run((machine) => {
        const enter = machine.runStepping as (polls: number, steps: number, frame: Address) => number;
        return enter(polls, steps, frame);
      });
      this.session.reflection.forget();
      const stop = this.stopFor(outcome);
      if (stop !== undefined) return stop;
      await this.wait(outcome);
      if (this.interrupted) return { kind: "interrupted" };
    }
  }

  /** What an outcome means here; undefined to go on. */
  private stopFor(outcome: Outcome): Stop | undefined {
    switch (outcome.kind) {
      case "break": {
        if (outcome.reason !== BREAK_METHOD) return { kind: "step" };
        const label = this.breakpointHere();
        return label === undefined ? undefined : { kind: "breakpoint", label };
      }
      case "quit":
      case "fatal":
        this.ended = outcome;
        return outcome;
      case "slice":
      case "idle":
      case "waiting":
      case "answered":
        return undefined;
    }
  }

  private breakpointHere(): string | undefined {
    const [activation] = this.stack.active();
    const name = this.session.reflection.methodName(activation.method);
    for (const { methods, applies } of this.breakpoints.values()) {
      const label = methods.includes(name) ? applies(activation) : undefined;
      if (label !== undefined) return label;
    }
    return undefined;
  }

  private async wait(outcome: Outcome): Promise<void> {
    const interrupted = new Promise<void>((resolve) => (this.wake = resolve));
    await Promise.race([this.session.vm.wait(outcome), interrupted]);
    this.wake = undefined;
  }
}
