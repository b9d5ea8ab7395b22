// Program to bytecodes. Branches are made from the inside out, so the size of what a jump passes is known when the
// jump is written. Literals get their places in the order in which Squeak's compiler sizes the parts (selector before
// receiver, branches before conditions), which is why some pieces are made before those that precede them.

import type { CompiledBlock, DebugEntry, Literal, SourceRange } from "./compiledMethod.js";
import { copiedValues } from "./closures.js";
import { emit, NOTHING, otherBranch, sequence, type Code } from "./code.js";
import { signOf } from "./controlMessages.js";
import type { Encoder } from "./encoder.js";
import { LiteralFrame } from "./literalFrame.js";
import {
  isJustNil,
  returns,
  type Assignable,
  type Node,
  type Scope,
  type Send,
  type Temp,
  type ToDo,
} from "./program.js";

/** Larger braces are filled one by one: each element of a smaller one takes a slot of the frame meanwhile. */
const MAX_PUSHED_ELEMENTS = 16;

/** What all code of one method shares. */
export interface GeneratorContext {
  readonly encoder: Encoder;
  /** SistaV1: blocks are compiled by themselves. */
  readonly hasFullBlocks: boolean;
  /** Index of a selector that has a bytecode of its own. */
  specialSelector(selector: string): number | undefined;
  /** Whether an instance variable may be a context's. */
  isContextVariable(index: number): boolean;
  readonly sentSelectors: Set<string>;
  /** The class Array, for braces that are too large to be pushed. */
  arrayClass(range: SourceRange): Node;
  /** Finishes a full block. */
  finishBlock(unit: BlockUnit): CompiledBlock;
  /** Says where an EncodingLimit was met. */
  place: SourceRange;
}

export interface BlockUnit {
  readonly scope: Scope;
  readonly code: Code;
  readonly frame: readonly Temp[];
  readonly copiedCount: number;
  readonly literals: LiteralFrame;
}

/** Generates for one frame: a method, or a block (a V3 block shares its method's literals). */
export class Generator {
  /** Most slots that a block inside, compiled into the same bytes, has in use. */
  innerSlots = 0;

  constructor(
    private readonly context: GeneratorContext,
    private readonly frame: readonly Temp[],
    readonly literals: LiteralFrame,
  ) {}

  private get encoder(): Encoder {
    return this.context.encoder;
  }

  /** A scope's statements; the last one's value stays on the stack, or is returned. */
  scopeForValue({ statements }: Scope): Code {
    const before = statements.slice(0, -1).map((each) => this.forEffect(each));
    return sequence(...before, this.forValue(statements[statements.length - 1]));
  }

  private scopeForEffect(scope: Scope): Code {
    if (!returns(scope)) return sequence(...scope.statements.map((each) => this.forEffect(each)));
    return sequence(this.scopeForValue(scope), otherBranch(1));
  }

  forEffect(node: Node): Code {
    this.context.place = node.range;
    switch (node.kind) {
      // What has no effect leaves no code.
      case "literal":
      case "constant":
      case "self":
      case "pseudo":
      case "temp":
      case "instanceVariable":
      case "global":
        return NOTHING;
      case "assign":
        return this.assign(node, false);
      case "newVector":
        return sequence(
          emit(this.encoder.newArray(node.vector.contents.length), 1, node.range),
          emit(this.encoder.popIntoTemp(this.indexOf(node.vector)), -1),
        );
      case "if":
        return this.ifForEffect(node);
      case "ifNil":
        return this.ifNil(node, false);
      case "while":
        return this.whileLoop(node);
      case "repeat":
        return this.repeat(node);
      case "toDo":
        return this.toDo(node, false);
      default:
        return sequence(this.forValue(node), emit(this.encoder.pop(), -1));
    }
  }

  forValue(node: Node): Code {
    this.context.place = node.range;
    const { encoder } = this;
    switch (node.kind) {
      case "literal":
        return this.pushLiteral(node.value, node.range);
      case "constant":
        return emit(encoder.pushConstant(node.value), 1, node.range);
      case "self":
        return emit(encoder.pushReceiver(), 1, node.range);
      case "pseudo":
        return emit(encoder.pushPseudo(node.name), 1, node.range);
      case "temp":
      case "instanceVariable":
      case "global":
        return this.push(node);
      case "assign":
        return this.assign(node, true);
      case "newVector":
        throw new Error("a vector is made for its effect");
      case "send":
        return this.send(node);
      case "cascade":
        return this.cascade(node);
      case "brace":
        return this.brace(node);
      case "block":
        return this.block(node.scope, node.range);
      case "return":
        return this.returnValue(node.value, node.range);
      case "if":
        return this.ifForValue(node);
      case "ifNil":
        return this.ifNil(node, true);
      case "while":
        return sequence(this.whileLoop(node), emit(encoder.pushConstant("nil"), 1));
      case "repeat":
        return sequence(this.repeat(node), emit(encoder.pushConstant("nil"), 1));
      case "toDo":
        return this.toDo(node, true);
      case "case":
        return this.caseOf(node);
    }
  }

  // Variables and literals.

  private indexOf(temp: Temp): number {
    const index = this.frame.indexOf(temp);
    if (index < 0) throw new Error(`the temp ${temp.name} is not in the frame that uses it`);
    return index;
  }

  private pushLiteral(literal: Literal, range: SourceRange): Code {
    const { encoder } = this;
    const direct =
      literal.kind === "integer"
        ? encoder.pushInteger(literal.value)
        : literal.kind === "character"
          ? encoder.pushCharacter(literal.codePoint)
          : undefined;
    return emit(direct ?? encoder.pushLiteral(this.literals.literal(literal)), 1, range);
  }

  private push(node: Assignable): Code {
    const { encoder } = this;
    if (node.kind === "temp") return this.pushTemp(node.temp, node.range);
    if (node.kind === "global") return emit(encoder.pushVariable(this.literals.variable(node.binding)), 1, node.range);
    return emit(encoder.pushInstanceVariable(node.index, this.context.isContextVariable(node.index)), 1, node.range);
  }

  private pushTemp(temp: Temp, range: SourceRange): Code {
    const { vector } = temp;
    if (vector === undefined) return emit(this.encoder.pushTemp(this.indexOf(temp)), 1, range);
    return emit(this.encoder.pushRemoteTemp(vector.contents.indexOf(temp), this.indexOf(vector)), 1, range);
  }

  private assign({ target, value, range }: Node & { kind: "assign" }, forValue: boolean): Code {
    if (target.kind === "global") this.literals.variable(target.binding);
    return sequence(this.forValue(value), this.store(target, range, forValue));
  }

  private store(target: Assignable, range: SourceRange, keeps: boolean): Code {
    const { encoder } = this;
    const net = keeps ? 0 : -1;
    if (target.kind === "global") {
      const index = this.literals.variable(target.binding);
      return emit(keeps ? encoder.storeVariable(index) : encoder.popIntoVariable(index), net, range);
    }
    if (target.kind === "instanceVariable") {
      const isLong = this.context.isContextVariable(target.index);
      const store = keeps ? encoder.storeInstanceVariable : encoder.popIntoInstanceVariable;
      return emit(store(target.index, isLong), net, range);
    }
    const { temp } = target;
    if (temp.vector === undefined) {
      const index = this.indexOf(temp);
      return emit(keeps ? encoder.storeTemp(index) : encoder.popIntoTemp(index), net, range);
    }
    const store = keeps ? encoder.storeRemoteTemp : encoder.popIntoRemoteTemp;
    return emit(store(temp.vector.contents.indexOf(temp), this.indexOf(temp.vector)), net, range);
  }

  private returnValue(value: Node, range: SourceRange): Code {
    const { encoder } = this;
    if (value.kind === "self") return emit(encoder.returnReceiver(), 1, range);
    if (value.kind === "constant") return emit(encoder.returnConstant(value.value), 1, range);
    return sequence(this.forValue(value), emit(encoder.returnTop(), 0, range));
  }

  // Messages.

  private send(node: Send): Code {
    const bytes = this.sendBytes(node);
    const receiver = node.receiver === undefined ? NOTHING : this.forValue(node.receiver);
    const values = node.arguments.map((each) => this.forValue(each));
    return sequence(receiver, ...values, emit(bytes, -node.arguments.length, node.range));
  }

  private sendBytes({ selector, arguments: { length }, isSuper, range }: Send): readonly number[] {
    this.context.sentSelectors.add(selector);
    this.context.place = range;
    if (isSuper) return this.encoder.superSend(this.literals.selector(selector), length);
    const special = this.context.specialSelector(selector);
    if (special !== undefined) return this.encoder.specialSend(special);
    return this.encoder.send(this.literals.selector(selector), length);
  }

  private cascade({ receiver, messages }: Node & { kind: "cascade" }): Code {
    const parts = [this.forValue(receiver)];
    messages.forEach((message, index) => {
      const isLast = index === messages.length - 1;
      if (!isLast) parts.push(emit(this.encoder.duplicate(), 1));
      parts.push(this.send(message));
      if (!isLast) parts.push(emit(this.encoder.pop(), -1));
    });
    return sequence(...parts);
  }

  private brace({ elements, range }: Node & { kind: "brace" }): Code {
    if (elements.length > MAX_PUSHED_ELEMENTS) return this.largeBrace(elements, range);
    const parts = elements.map((each) => this.forValue(each));
    return sequence(...parts, emit(this.encoder.arrayOf(elements.length), 1 - elements.length, range));
  }

  /** `(Array new: n) at: 1 put: …; …; yourself`. */
  private largeBrace(elements: readonly Node[], range: SourceRange): Code {
    const number = (value: number): Node => ({
      kind: "literal",
      value: { kind: "integer", value: BigInt(value) },
      range,
    });
    const message = (selector: string, ...list: Node[]): Send => {
      return { kind: "send", receiver: undefined, selector, arguments: list, isSuper: false, range };
    };
    const receiver = { ...message("new:", number(elements.length)), receiver: this.context.arrayClass(range) };
    const stores = elements.map((each, index) => message("at:put:", number(index + 1), each));
    return this.cascade({ kind: "cascade", receiver, messages: [...stores, message("yourself")], range });
  }

  // Blocks.

  private block(scope: Scope, range: SourceRange): Code {
    const copied = copiedValues(scope, this.frame);
    const pushes = copied.map((temp) => emit(this.encoder.pushTemp(this.indexOf(temp)), 1, range));
    const frame = [...scope.parameters, ...copied, ...scope.temps];
    if (this.context.hasFullBlocks) return sequence(...pushes, this.fullBlock(scope, frame, copied.length, range));
    const body = this.inlineBlock(scope, frame);
    this.context.place = range;
    const bytes = this.encoder.pushBlock(copied.length, scope.parameters.length, body.bytes.length);
    return sequence(...pushes, emit(bytes, 1 - copied.length, range), { ...body, net: 0, peak: 0 });
  }

  /** V3: the block's code stands in the method's, behind the instruction that pushes it. */
  private inlineBlock(scope: Scope, frame: readonly Temp[]): Code {
    const inner = new Generator(this.context, frame, this.literals);
    const nils = scope.temps.map(() => emit(this.encoder.pushConstant("nil"), 1));
    const code = sequence(...nils, inner.blockBody(scope));
    const slots = frame.length - scope.temps.length + code.peak;
    this.innerSlots = Math.max(this.innerSlots, slots, inner.innerSlots);
    return code;
  }

  private fullBlock(scope: Scope, frame: readonly Temp[], copiedCount: number, range: SourceRange): Code {
    const inner = new Generator(this.context, frame, new LiteralFrame());
    const code = inner.blockBody(scope);
    const block = this.context.finishBlock({ scope, code, frame, copiedCount, literals: inner.literals });
    this.context.place = range;
    const index = this.literals.add({ kind: "block", block });
    return emit(this.encoder.pushFullBlock(index, copiedCount), 1 - copiedCount, range);
  }

  private blockBody(scope: Scope): Code {
    const last = scope.statements[scope.statements.length - 1];
    const nilReturn = last.kind === "constant" && last.value === "nil" ? this.encoder.blockReturnNil() : undefined;
    if (nilReturn !== undefined) {
      const before = scope.statements.slice(0, -1).map((each) => this.forEffect(each));
      return sequence(...before, emit(nilReturn, 1, last.range));
    }
    const body = this.scopeForValue(scope);
    return returns(scope) ? body : sequence(body, emit(this.encoder.blockReturnTop(), 0, last.range));
  }

  // Branches and loops.

  private branch(condition: boolean, over: Code, range: SourceRange): Code {
    const distance = over.bytes.length;
    this.context.place = range;
    return emit(distance === 0 ? this.encoder.pop() : this.encoder.branch(condition, distance), -1, range);
  }

  private jump(over: Code): Code {
    return over.bytes.length === 0 ? NOTHING : emit(this.encoder.jump(over.bytes.length), 0);
  }

  private ifForValue({ condition, whenTrue, whenFalse, range }: Node & { kind: "if" }): Code {
    const otherwise = this.scopeForValue(whenFalse);
    const then = this.scopeForValue(whenTrue);
    const thenAndJump = returns(whenTrue) ? then : sequence(then, this.jump(otherwise));
    const test = this.forValue(condition);
    return sequence(test, this.branch(false, thenAndJump, range), thenAndJump, otherBranch(1), otherwise);
  }

  private ifForEffect(node: Node & { kind: "if" }): Code {
    const { condition, whenTrue, whenFalse, range } = node;
    if (!isJustNil(whenTrue) && !isJustNil(whenFalse)) {
      return sequence(this.ifForValue(node), emit(this.encoder.pop(), -1));
    }
    const [jumpsIf, scope] = isJustNil(whenFalse) ? ([false, whenTrue] as const) : ([true, whenFalse] as const);
    const arm = this.scopeForEffect(scope);
    // An arm without code: the condition is popped in either case.
    return sequence(this.forValue(condition), this.branch(jumpsIf, arm, range), arm);
  }

  private ifNil({ receiver, whenNil, range }: Node & { kind: "ifNil" }, forValue: boolean): Code {
    const { encoder } = this;
    const popped = forValue ? emit(encoder.pop(), -1) : NOTHING;
    const arm = forValue ? sequence(popped, this.scopeForValue(whenNil)) : this.scopeForEffect(whenNil);
    const test = sequence(
      this.forValue(receiver),
      forValue ? emit(encoder.duplicate(), 1) : NOTHING,
      emit(encoder.pushConstant("nil"), 1),
      emit(this.identical(range), -1, range),
    );
    return sequence(test, this.branch(false, arm, range), arm);
  }

  private identical(range: SourceRange): readonly number[] {
    return this.sendBytes({
      kind: "send",
      receiver: undefined,
      selector: "==",
      arguments: [{ kind: "constant", value: "nil", range }],
      isSuper: false,
      range,
    });
  }

  private whileLoop({ condition, body, isUntil, range }: Node & { kind: "while" }): Code {
    const statements = this.scopeForEffect(body);
    const test = this.scopeForValue(condition);
    return this.loop(test, isUntil, statements, range);
  }

  private repeat({ body }: Node & { kind: "repeat" }): Code {
    const statements = this.scopeForEffect(body);
    return sequence(statements, emit(this.encoder.jumpBack(statements.bytes.length), 0));
  }

  /** The test, out of the loop where it answers `leavesOn`, the statements, and back. */
  private loop(test: Code, leavesOn: boolean, statements: Code, range: SourceRange): Code {
    // The jump back has one size at any distance, so a first one measures it.
    const size = this.encoder.jumpBack(0).length;
    const passed: Code = { ...statements, bytes: [...statements.bytes, ...Array<number>(size).fill(0)] };
    const branch = this.branch(leavesOn, passed, range);
    const back = this.encoder.jumpBack(test.bytes.length + branch.bytes.length + statements.bytes.length);
    return sequence(test, branch, statements, emit(back, 0));
  }

  private toDo(node: ToDo, forValue: boolean): Code {
    const { counter, start, limit, limitTemp, increment, body, answersLimit, range } = node;
    const temp = (each: Temp): Assignable => ({ kind: "temp", temp: each, range });
    const one: Node = { kind: "literal", value: increment, range };
    const limitNode = limitTemp === undefined ? limit : temp(limitTemp);
    const message = (selector: string, value: Node): Node => {
      return { kind: "send", receiver: temp(counter), selector, arguments: [value], isSuper: false, range };
    };
    const keepsStart = forValue && !answersLimit;
    const init = this.assign({ kind: "assign", target: temp(counter), value: start, range }, keepsStart);
    const limitInit =
      limitTemp === undefined
        ? NOTHING
        : this.assign({ kind: "assign", target: temp(limitTemp), value: limit, range }, false);
    const statements = this.scopeForEffect(body);
    const step = this.assign({ kind: "assign", target: temp(counter), value: message("+", one), range }, false);
    const test = this.forValue(message(signOf(increment) > 0 ? "<=" : ">=", limitNode));
    const loop = this.loop(test, false, sequence(statements, step), range);
    const answer = forValue && answersLimit ? this.forValue(limitNode) : NOTHING;
    return sequence(limitInit, init, loop, answer);
  }

  private caseOf({ receiver, cases, otherwise, range }: Node & { kind: "case" }): Code {
    const { encoder } = this;
    let rest = otherwise === undefined ? this.caseError(range) : this.scopeForValue(otherwise);
    // Squeak's decompiler finds the end of the otherwise block by a jump around it: there is always one.
    const allReturn = cases.every(({ value }) => returns(value));
    for (let index = cases.length - 1; index >= 0; index--) {
      const { test, value } = cases[index];
      const isLast = index === cases.length - 1;
      const answer = this.scopeForValue(value);
      const jump = !returns(value) || (isLast && allReturn) ? this.jump(rest) : NOTHING;
      const then = sequence(isLast ? NOTHING : emit(encoder.pop(), -1), answer, jump);
      const duplicate = isLast ? NOTHING : emit(encoder.duplicate(), 1);
      const key = this.scopeForValue(test);
      const equal = emit(this.sendBytes(equality(range)), -1, range);
      const branch = this.branch(false, then, range);
      // Either way the value takes the place of what was tested.
      rest = sequence(duplicate, key, equal, branch, then, otherBranch(isLast ? 1 : 0), rest);
    }
    return sequence(this.forValue(receiver), rest);
  }

  private caseError(range: SourceRange): Code {
    const receiver: Node = { kind: "self", range };
    return this.send({ kind: "send", receiver, selector: "caseError", arguments: [], isSuper: false, range });
  }
}

function equality(range: SourceRange): Send {
  const value: Node = { kind: "constant", value: "nil", range };
  return { kind: "send", receiver: undefined, selector: "=", arguments: [value], isSuper: false, range };
}

/** The map of a finished piece: sorted, one entry for a pc, the outermost range of several. */
export function debugMapOf(marks: readonly DebugEntry[]): DebugEntry[] {
  const map: DebugEntry[] = [];
  for (const mark of [...marks].sort((a, b) => a.pc - b.pc)) {
    if (map.at(-1)?.pc !== mark.pc) map.push(mark);
  }
  return map;
}
