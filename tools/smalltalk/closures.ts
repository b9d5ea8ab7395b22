// Which temps blocks may copy, and which must live in a vector that blocks share: those written in another block than
// their own, or after a block took its copy. The reasoning is that of Squeak's BlockNode>>analyseArguments:...: each
// entry and exit of a real block advances a count, and every read and write notes the count. What a loop that is
// inlined writes counts as written after it too, since the loop comes round.

import { inlinedScopesOf, type Node, type Scope, type Temp } from "./program.js";
import { readBeforeWritten } from "./readBeforeWritten.js";

/** Moves temps of inlined scopes to their frames' scopes, and those that need it to vectors. */
export function analyseClosures(method: Scope): void {
  new Analysis().scope(method);
}

/**
 * What a block copies from the frame around it: temps and vectors that it, or a block in it, uses and does not
 * define. In no particular order.
 */
export function copiedValues(block: Scope, candidates: readonly Temp[]): Temp[] {
  return candidates.filter((temp) =>
    [...temp.reads, ...temp.writes].some(({ at }) => block.entry < at && at < block.exit),
  );
}

class Analysis {
  private count = -1;
  /** For each loop that is under way, the temps of its frame that it writes. */
  private readonly loopWrites: { scope: Scope; temps: Set<Temp> }[] = [];

  scope(scope: Scope): void {
    const isReal = scope.kind !== "inlined";
    if (isReal) scope.entry = this.enter();
    for (const statement of scope.statements) this.node(statement, scope.actual);
    if (isReal) scope.exit = this.enter();
    else if (this.isRepeated(scope)) nilReadBeforeWritten(scope);
    this.settle(scope);
  }

  /** Whether an inlined scope may run more than once in its frame: Squeak asks only whether it is a loop's own block. */
  private isRepeated(scope: Scope): boolean {
    return this.loopWrites.some((loop) => loop.scope.actual === scope.actual);
  }

  private enter(): number {
    this.count += 2;
    return this.count - 1;
  }

  private node(node: Node, actual: Scope): void {
    switch (node.kind) {
      case "temp":
        addReference(node.temp, node.temp.reads, { scope: actual, at: this.count });
        return;
      case "assign":
        this.node(node.value, actual);
        if (node.target.kind === "temp") this.write(node.target.temp, actual);
        return;
      case "send":
        if (node.receiver !== undefined) this.node(node.receiver, actual);
        node.arguments.forEach((each) => this.node(each, actual));
        return;
      case "cascade":
        this.node(node.receiver, actual);
        node.messages.forEach((each) => this.node(each, actual));
        return;
      case "brace":
        node.elements.forEach((each) => this.node(each, actual));
        return;
      case "block":
        this.scope(node.scope);
        return;
      case "return":
        this.node(node.value, actual);
        return;
      case "while":
      case "repeat":
        this.loop(inlinedScopesOf(node), () => inlinedScopesOf(node).forEach((each) => this.scope(each)));
        return;
      case "toDo":
        this.loop([node.body], () => this.toDo(node, actual));
        return;
      case "if":
        this.node(node.condition, actual);
        break;
      case "ifNil":
      case "case":
        this.node(node.receiver, actual);
        break;
      default:
        return;
    }
    inlinedScopesOf(node).forEach((each) => this.scope(each));
  }

  private toDo(node: Node & { kind: "toDo" }, actual: Scope): void {
    const read = (temp: Temp) => temp.reads.push({ scope: actual, at: this.count });
    this.node(node.start, actual);
    this.node(node.limit, actual);
    this.write(node.counter, actual);
    if (node.limitTemp !== undefined) {
      this.write(node.limitTemp, actual);
      read(node.limitTemp);
    }
    this.scope(node.body);
    read(node.counter);
    this.node(node.limit, actual);
    this.write(node.counter, actual);
  }

  private write(temp: Temp, actual: Scope): void {
    addReference(temp, temp.writes, { scope: actual, at: this.count });
    for (const { scope, temps } of this.loopWrites) {
      if (scope.actual === temp.scope.actual) temps.add(temp);
    }
  }

  /** What the loop's statements write is written once more behind them. */
  private loop(scopes: readonly Scope[], statements: () => void): void {
    const writes = scopes.map((scope) => ({ scope, temps: new Set<Temp>() }));
    this.loopWrites.push(...writes);
    statements();
    this.loopWrites.length -= writes.length;
    const written = new Set<Temp>();
    for (const { scope, temps } of writes) {
      for (const temp of temps) {
        if (temp.role === "blockArgument") continue;
        written.add(temp);
        addReference(temp, temp.writes, { scope: scope.actual, at: this.count });
      }
    }
    const ordered = [...written].sort((a, b) => a.order - b.order);
    ordered.forEach(share);
    for (const scope of new Set(ordered.map((temp) => temp.scope))) initializeVector(scope);
  }

  /** All reads and writes of the scope's own temps are known now. */
  private settle(scope: Scope): void {
    for (const temp of [...scope.temps]) if (temp.role !== "vector") share(temp);
    if (scope.kind === "inlined") hoist(scope);
    initializeVector(scope);
  }
}

/** Puts a temp into its scope's vector if a copy would not do. Arguments are never written. */
function share(temp: Temp): void {
  if (temp.role !== "temporary" || temp.vector !== undefined) return;
  const home = temp.scope.actual;
  const lastWrite = Math.max(0, ...temp.writes.map(({ at }) => at));
  const isWrittenElsewhere = temp.writes.some(({ scope }) => scope !== home);
  const isCopiedEarly = temp.reads.some(({ scope, at }) => scope !== home && at < lastWrite);
  if (!isWrittenElsewhere && !isCopiedEarly) return;
  const vector = vectorOf(temp.scope);
  temp.vector = vector;
  vector.contents.push(temp);
  vector.reads.push(...temp.reads, ...temp.writes);
  removeTemp(temp.scope, temp);
  removeTemp(temp.scope.actual, temp);
}

function vectorOf(scope: Scope): Temp {
  if (scope.vector !== undefined) return scope.vector;
  const vector: Temp = {
    name: undefined,
    role: "vector",
    order: scope.parameters.length + scope.temps.length,
    scope,
    vector: undefined,
    contents: [],
    reads: [],
    writes: [],
  };
  scope.vector = vector;
  addTemps(scope.actual, [vector]);
  return vector;
}

/** The statement that makes the vector, once, first in its scope: a loop's vector is new each time round. */
function initializeVector(scope: Scope): void {
  if (scope.vector === undefined) return;
  const [first] = scope.statements;
  if (first.kind === "newVector" && first.vector === scope.vector) return;
  const range = { start: scope.range.start, end: scope.range.start };
  scope.statements.unshift({ kind: "newVector", vector: scope.vector, range });
}

/** An inlined scope's arguments and temps are slots of the frame it runs in. */
function hoist(scope: Scope): void {
  addTemps(scope.actual, scope.parameters);
  addTemps(scope.actual, scope.temps);
  scope.parameters = [];
  scope.temps = [];
}

/** A vector of the scope stays last. */
function addTemps(scope: Scope, temps: readonly Temp[]): void {
  const last = scope.temps.at(-1);
  if (last?.role === "vector" && temps.some((temp) => temp !== last)) scope.temps.splice(-1, 0, ...temps);
  else scope.temps.push(...temps);
}

function removeTemp(scope: Scope, temp: Temp): void {
  const index = scope.temps.indexOf(temp);
  if (index >= 0) scope.temps.splice(index, 1);
}

/** A temp that is already in a vector passes its references on. */
function addReference(temp: Temp, list: Temp["writes"], reference: Temp["writes"][number]): void {
  list.push(reference);
  temp.vector?.reads.push(reference);
}

/** A block's temps are nil each time it starts; those of a loop that is inlined must be made so. */
function nilReadBeforeWritten(scope: Scope): void {
  const early = readBeforeWritten(scope);
  for (const temp of [...scope.temps].reverse()) {
    if (temp.role !== "temporary" || temp.vector !== undefined || !early.has(temp)) continue;
    const { range } = scope;
    const value: Node = { kind: "constant", value: "nil", range };
    scope.statements.unshift({ kind: "assign", target: { kind: "temp", temp, range }, value, range });
  }
}
