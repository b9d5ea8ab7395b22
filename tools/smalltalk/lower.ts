// Syntax to program: binds names, opens scopes, inlines control messages. Reports unknown and unassignable variables.

import { suggestion } from "../suggestions.js";
import type { Binding, ClassScope, CompileOptions, SourceRange } from "./compiledMethod.js";
import { controlOf, type Arm, type Control } from "./controlMessages.js";
import type { Reporter } from "./diagnostics.js";
import { isReturningIf, type Assignable, type Node, type Scope, type Send, type Temp } from "./program.js";
import type { BlockSyntax, Expression, MessageSyntax, MethodSyntax, Name, Statement } from "./syntaxTree.js";

const MAX_ARGUMENTS = 15;
const PSEUDO_VARIABLES = ["self", "super", "nil", "true", "false", "thisContext"];

export interface Lowered {
  readonly scope: Scope;
  /** Where the failure code of the primitive goes, after all other temps. */
  readonly errorTemp: Temp | undefined;
  readonly inlinedSelectors: readonly string[];
}

export interface LoweringInput {
  readonly method: MethodSyntax;
  readonly classScope: ClassScope;
  readonly options: CompileOptions;
  readonly reporter: Reporter;
  /** The variable that a primitive pragma names after `error:`. */
  readonly errorName: string | undefined;
}

export function lower(input: LoweringInput): Lowered {
  return new Lowering(input).run();
}

interface Environment {
  readonly scope: Scope;
  readonly names: Map<string, Temp>;
  readonly outer: Environment | undefined;
}

class Lowering {
  private environment!: Environment;
  private order = 0;
  private readonly inlined = new Set<string>();
  private readonly classScope: ClassScope;
  private readonly reporter: Reporter;

  constructor(private readonly input: LoweringInput) {
    this.classScope = input.classScope;
    this.reporter = input.reporter;
  }

  run(): Lowered {
    const { method, options, errorName } = this.input;
    const scope = newScope("method", undefined, false, method.range);
    this.environment = { scope, names: new Map(), outer: undefined };
    this.declareAll(method.parameters, "argument", scope.parameters);
    this.declareAll(method.temporaries, "temporary", scope.temps);
    const errorTemp = errorName === undefined ? undefined : this.errorTemp(errorName, method.range);
    scope.statements = this.statements(method.statements);
    endMethod(scope, options.isDoIt === true, method.range);
    return { scope, errorTemp, inlinedSelectors: [...this.inlined].sort() };
  }

  /** Declared in the method's scope for lookup, but no temp of it: its place is behind those of inlined blocks. */
  private errorTemp(name: string, range: SourceRange): Temp {
    const temp = this.newTemp(name, "argument");
    if (this.environment.names.has(name)) this.reporter.error(range, `${name} is declared twice`);
    this.environment.names.set(name, temp);
    return temp;
  }

  private statements(list: readonly Statement[]): Node[] {
    return list.map((statement) => {
      if (statement.kind !== "return") return this.expression(statement);
      const value = this.expression(statement.value);
      return isReturningIf(value) ? value : { kind: "return", value, range: statement.range };
    });
  }

  private expression(syntax: Expression): Node {
    const { range } = syntax;
    switch (syntax.kind) {
      case "literal":
        return { kind: "literal", value: syntax.value, range };
      case "variable":
        return this.variable(syntax.name, range);
      case "assignment": {
        // The variable comes first in the literals, the value first in evaluation.
        const target = this.assignable(syntax.variable);
        return { kind: "assign", target, value: this.expression(syntax.value), range };
      }
      case "message":
        return this.message(syntax.receiver, syntax.message, range);
      case "cascade":
        return this.cascade(syntax);
      case "brace":
        return { kind: "brace", elements: syntax.elements.map((each) => this.expression(each)), range };
      case "block":
        return { kind: "block", scope: this.scopeOf(syntax, "block", false), range };
    }
  }

  private message(receiver: Expression, message: MessageSyntax, range: SourceRange): Node {
    const control = controlOf(receiver, message, this.input.options.notInlined);
    if (control === undefined) return this.send(this.expression(receiver), isSuper(receiver), message);
    if (control.kind === "wrong") {
      this.reporter.error(control.range, control.message);
      return { kind: "constant", value: "nil", range };
    }
    this.inlined.add(message.selector);
    return this.control(receiver, control, message.range);
  }

  private send(
    receiver: Node | undefined,
    isSuper: boolean,
    { selector, arguments: list, range }: MessageSyntax,
  ): Send {
    if (list.length > MAX_ARGUMENTS) {
      this.reporter.error(range, `a message has at most ${MAX_ARGUMENTS} arguments, this one ${list.length}`);
    }
    const values = list.map((each) => this.expression(each));
    return { kind: "send", receiver, selector, arguments: values, isSuper, range };
  }

  private cascade({ receiver, messages, range }: Expression & { kind: "cascade" }): Node {
    const lowered = this.expression(receiver);
    const sends = messages.map((message) => this.send(undefined, isSuper(receiver), message));
    return { kind: "cascade", receiver: lowered, messages: sends, range };
  }

  private control(receiver: Expression, control: Exclude<Control, { kind: "wrong" }>, range: SourceRange): Node {
    switch (control.kind) {
      case "if": {
        const condition = this.expression(receiver);
        const [whenTrue, whenFalse] = this.arms(control.whenTrue, control.whenFalse, range);
        return { kind: "if", condition, whenTrue, whenFalse, range };
      }
      case "ifNil": {
        const value = this.expression(receiver);
        return { kind: "ifNil", receiver: value, whenNil: this.arm(control.whenNil, range), range };
      }
      case "ifNilElse":
        return this.ifNilElse(receiver, control.whenNil, control.whenNotNil, range);
      case "while": {
        const condition = this.scopeOf(control.condition, "inlined", true);
        return { kind: "while", condition, body: this.arm(control.body, range, true), isUntil: control.isUntil, range };
      }
      case "repeat":
        return { kind: "repeat", body: this.scopeOf(control.body, "inlined", true), range };
      case "toDo":
        return this.toDo(receiver, control, range);
      case "timesRepeat":
        return this.timesRepeat(receiver, control.body, range);
      case "case": {
        const value = this.expression(receiver);
        const cases = control.cases.map((each) => ({
          test: this.arm(each.test, range),
          value: this.arm(each.value, range),
        }));
        const otherwise = control.otherwise === undefined ? undefined : this.arm(control.otherwise, range);
        return { kind: "case", receiver: value, cases, otherwise, range };
      }
    }
  }

  /** `(each := receiver) == nil`: the argument of the block is a temp of the frame around. */
  private ifNilElse(receiver: Expression, whenNil: Arm, whenNotNil: BlockSyntax, range: SourceRange): Node {
    const value = this.expression(receiver);
    const [nilScope, notNilScope] = this.arms(whenNil, whenNotNil, range);
    const [argument] = notNilScope.parameters;
    const tested: Node =
      argument === undefined
        ? value
        : { kind: "assign", target: { kind: "temp", temp: argument, range: value.range }, value, range: value.range };
    const nil: Node = { kind: "constant", value: "nil", range };
    const condition: Node = { kind: "send", receiver: tested, selector: "==", arguments: [nil], isSuper: false, range };
    return { kind: "if", condition, whenTrue: nilScope, whenFalse: notNilScope, range };
  }

  private toDo(receiver: Expression, control: Control & { kind: "toDo" }, range: SourceRange): Node {
    const start = this.expression(receiver);
    const limit = this.expression(control.limit);
    const body = this.scopeOf(control.body, "inlined", true);
    const [counter] = body.parameters;
    const limitTemp = this.limitTemp(control.limit, body);
    const { increment } = control;
    return { kind: "toDo", counter, start, limit, limitTemp, increment, body, answersLimit: false, range };
  }

  private timesRepeat(receiver: Expression, block: BlockSyntax, range: SourceRange): Node {
    const limit = this.expression(receiver);
    const body = this.scopeOf(block, "inlined", true);
    const counter = this.newTemp(undefined, "blockArgument", body);
    body.parameters.push(counter);
    // A variable might be assigned in the block: the limit is always kept.
    const limitTemp = receiver.kind === "literal" ? undefined : this.limitTemp(undefined, body);
    const start: Node = { kind: "literal", value: { kind: "integer", value: 1n }, range };
    const increment = { kind: "integer", value: 1n } as const;
    return { kind: "toDo", counter, start, limit, limitTemp, increment, body, answersLimit: true, range };
  }

  private limitTemp(limit: Expression | undefined, body: Scope): Temp | undefined {
    if (limit?.kind === "variable") return undefined;
    if (limit?.kind === "literal" && /^(integer|float|fraction|scaledDecimal)$/.test(limit.value.kind))
      return undefined;
    const temp = this.newTemp(undefined, "blockArgument", body);
    body.temps.push(temp);
    return temp;
  }

  // Scopes.

  /** Two branches, lowered in source order. */
  private arms(first: Arm, second: Arm, range: SourceRange): [Scope, Scope] {
    if (typeof first === "string" || typeof second === "string" || first.range.start < second.range.start) {
      return [this.arm(first, range), this.arm(second, range)];
    }
    const scope = this.arm(second, range);
    return [this.arm(first, range), scope];
  }

  private arm(arm: Arm, range: SourceRange, isLoop = false): Scope {
    if (typeof arm !== "string") return this.scopeOf(arm, "inlined", isLoop);
    const scope = newScope("inlined", this.environment.scope.actual, isLoop, range);
    scope.statements = [{ kind: "constant", value: arm, range }];
    return scope;
  }

  private scopeOf(block: BlockSyntax, kind: "block" | "inlined", isLoop: boolean): Scope {
    const outer = this.environment;
    const scope = newScope(kind, kind === "inlined" ? outer.scope.actual : undefined, isLoop, block.range);
    this.environment = { scope, names: new Map(), outer };
    this.declareAll(block.parameters, "blockArgument", scope.parameters);
    this.declareAll(block.temporaries, "temporary", scope.temps);
    scope.statements = this.statements(block.statements);
    if (scope.statements.length === 0) scope.statements.push({ kind: "constant", value: "nil", range: block.range });
    this.environment = outer;
    return scope;
  }

  private declareAll(names: readonly Name[], role: Temp["role"], into: Temp[]): void {
    for (const { name, range } of names) {
      if (PSEUDO_VARIABLES.includes(name)) this.reporter.error(range, `${name} cannot be the name of a variable`);
      if (this.environment.names.has(name)) this.reporter.error(range, `${name} is declared twice`);
      else this.warnShadowed(name, range);
      const temp = this.newTemp(name, role);
      this.environment.names.set(name, temp);
      into.push(temp);
    }
    if (role !== "temporary" && names.length > MAX_ARGUMENTS) {
      const what = role === "argument" ? "method" : "block";
      this.reporter.error(names[MAX_ARGUMENTS].range, `a ${what} has at most ${MAX_ARGUMENTS} arguments`);
    }
  }

  private warnShadowed(name: string, range: SourceRange): void {
    if (this.lookup(name) !== undefined) this.reporter.warning(range, `${name} hides another ${name} around it`);
    else if (this.classScope.instanceVariables.includes(name)) {
      this.reporter.warning(range, `${name} hides the instance variable ${name}`);
    }
  }

  private newTemp(name: string | undefined, role: Temp["role"], scope = this.environment.scope): Temp {
    return { name, role, order: this.order++, scope, vector: undefined, contents: [], reads: [], writes: [] };
  }

  // Names.

  private lookup(name: string): Temp | undefined {
    for (let each: Environment | undefined = this.environment; each !== undefined; each = each.outer) {
      const temp = each.names.get(name);
      if (temp !== undefined) return temp;
    }
    return undefined;
  }

  private variable(name: string, range: SourceRange): Node {
    switch (name) {
      case "self":
      case "super":
        return { kind: "self", range };
      case "nil":
      case "true":
      case "false":
        return { kind: "constant", value: name, range };
      case "thisContext":
        return { kind: "pseudo", name, range };
    }
    const found = this.named(name, range);
    if (found !== undefined) return found;
    if (name === "thisProcess" && this.input.options.bytecodeSet === "SistaV1") return { kind: "pseudo", name, range };
    this.unknown(name, range);
    return { kind: "constant", value: "nil", range };
  }

  private named(name: string, range: SourceRange): Assignable | undefined {
    const temp = this.lookup(name);
    if (temp !== undefined) return { kind: "temp", temp, range };
    const index = this.classScope.instanceVariables.lastIndexOf(name);
    if (index >= 0) return { kind: "instanceVariable", index, range };
    const binding = this.classScope.resolve(name);
    return binding === undefined ? undefined : { kind: "global", binding, range };
  }

  private assignable({ name, range }: Name): Assignable {
    const found = PSEUDO_VARIABLES.includes(name) ? undefined : this.named(name, range);
    if (found === undefined) {
      if (PSEUDO_VARIABLES.includes(name)) this.reporter.error(range, `${name} cannot be assigned`);
      else this.unknown(name, range);
      return { kind: "instanceVariable", index: 0, range };
    }
    if (found.kind === "temp" && found.temp.role !== "temporary" && name !== this.input.errorName) {
      this.reporter.error(range, `the argument ${name} cannot be assigned; use a temporary`);
    }
    if (found.kind === "global" && !found.binding.isWritable) {
      this.reporter.error(range, `${describe(found.binding)} cannot be assigned`);
    }
    return found;
  }

  private unknown(name: string, range: SourceRange): void {
    const names = [...this.classScope.instanceVariables, ...(this.classScope.names?.() ?? []), ...PSEUDO_VARIABLES];
    for (let each: Environment | undefined = this.environment; each !== undefined; each = each.outer) {
      names.push(...each.names.keys());
    }
    this.reporter.error(range, `unknown variable ${name}${suggestion(name, names)}`);
  }
}

function newScope(kind: Scope["kind"], actual: Scope | undefined, isLoop: boolean, range: SourceRange): Scope {
  const scope = {
    kind,
    isLoop,
    parameters: [],
    temps: [],
    statements: [],
    range,
    vector: undefined,
    entry: 0,
    exit: 0,
  };
  // Real scopes are their own.
  const made: Scope = Object.assign(scope, { actual: undefined as unknown as Scope });
  return Object.assign(made, { actual: actual ?? made });
}

/** A method answers self where it ends without a return, an expression to evaluate its last value. */
function endMethod(scope: Scope, isDoIt: boolean, range: SourceRange): void {
  const place = { start: range.end, end: range.end };
  const last = scope.statements.at(-1);
  if (last?.kind === "return" || (last !== undefined && isReturningIf(last))) return;
  if (isDoIt) {
    const value: Node = scope.statements.pop() ?? { kind: "constant", value: "nil", range: place };
    scope.statements.push({ kind: "return", value, range: value.range });
    return;
  }
  if (last?.kind === "self") scope.statements.pop();
  scope.statements.push({ kind: "return", value: { kind: "self", range: last?.range ?? place }, range: place });
}

function isSuper(expression: Expression): boolean {
  return expression.kind === "variable" && expression.name === "super";
}

function describe({ name, owner, isWritable }: Binding): string {
  return owner === "Smalltalk" && !isWritable ? `the class ${name}` : `${name} of ${owner}`;
}
