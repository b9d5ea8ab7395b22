// Random methods as trees: expressions that leave one value on the operand stack, with control flow, stores, blocks and
// returns anywhere inside, so that jumps, loops and sends happen above operands of all kinds. The same seed makes the same
// trees; a tree can be made smaller and stays valid.

import type { Literal } from "../../tools/smalltalk/compiledMethod.js";

/** Where a value is kept: indices count in the frame, in the shared vector, among the receiver's variables or globals. */
export type Place =
  | { readonly kind: "temp"; readonly index: number }
  | { readonly kind: "shared"; readonly index: number }
  | { readonly kind: "variable"; readonly index: number; readonly isLong: boolean }
  | { readonly kind: "global"; readonly name: string };

export type Node =
  | { readonly kind: "constant"; readonly value: "nil" | "true" | "false" | "self" | "thisContext" }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "literal"; readonly value: Literal }
  | { readonly kind: "get"; readonly place: Place }
  /** Answers the value. */
  | { readonly kind: "set"; readonly place: Place; readonly value: Node }
  /** The receiver is the first of `operands`; `super` starts above FuzzObject. */
  | { readonly kind: "send"; readonly selector: string; readonly operands: readonly Node[]; readonly isSuper: boolean }
  /** A special selector by its number. */
  | { readonly kind: "special"; readonly index: number; readonly operands: readonly Node[] }
  /** Sends messages to one receiver, which is duplicated; answers the last one's answer. */
  | { readonly kind: "cascade"; readonly receiver: Node; readonly messages: readonly Message[] }
  /** Answers the last value. */
  | { readonly kind: "sequence"; readonly nodes: readonly Node[] }
  | { readonly kind: "if"; readonly jumpsOn: boolean; readonly condition: Node; readonly yes: Node; readonly no: Node }
  /** Runs the body so many times, counting in a temporary of its own; answers nil. */
  | { readonly kind: "loop"; readonly counter: number; readonly times: number; readonly body: Node }
  | { readonly kind: "array"; readonly nodes: readonly Node[] }
  | { readonly kind: "block"; readonly block: Block }
  /** Leaves the method: a block's is non-local. */
  | { readonly kind: "return"; readonly value: Node };

export interface Message {
  readonly selector: string;
  readonly operands: readonly Node[];
}

export interface Block {
  readonly argumentCount: number;
  /** Frame indices, in the code around, of the values that it copies; the shared vector comes first where it does. */
  readonly copied: readonly number[];
  /** Further temporaries. */
  readonly tempCount: number;
  readonly body: Node;
}

export interface MethodTree {
  readonly selector: string;
  readonly argumentCount: number;
  /** Arguments, plain temporaries, counters of loops, and last the shared vector. */
  readonly tempCount: number;
  readonly hasVector: boolean;
  readonly body: Node;
}

/** Methods of one case; the last is called, and may call those before it. */
export interface Case {
  readonly methods: readonly MethodTree[];
  /** Smalltalk expressions: arguments of each call. */
  readonly calls: readonly (readonly string[])[];
}

export const SHARED_COUNT = 2;
const COUNTERS = 2;
/** How often each case is called (FuzzRunner class >> start). */
const ROUNDS = 6;
const MAX_NODES = 60;
const VARIABLES = 4;
const GLOBALS = ["GlobalA", "GlobalB"];

/** Arguments as an image's compiler reads them. */
const ARGUMENTS = [
  ..."0,1,-1,2,3,7,100,SmallInteger maxVal,SmallInteger minVal,1073741823,-1073741824,4294967296,(1 bitShift: 59)".split(
    ",",
  ),
  ..."(1 bitShift: 64),(1 bitShift: 70) negated,0.0,0.0 negated,1.5,-2.25,1.0e300,1.0e-320,Float nan,Float infinity".split(
    ",",
  ),
  ..."nil,true,false,#symbol,'text' copy,'' copy,$a,(3/4),(1@2),FuzzOdd new,#(1 2 3)".split(","),
  "(Array with: 1 with: nil with: 2.5)",
  "(Array new: 3)",
  "(ByteArray new: 4)",
  "[ 5 ]",
  "[ :x | x ]",
  "[ :x | x + 1 ]",
  "[ :x :y | x + y ]",
  "FuzzObject new",
];

const NUMBERS = "0,2,7,-3,1.5,-2.25,0.0,3.0,SmallInteger maxVal,1.0e300".split(",");

const LITERALS: readonly Literal[] = [
  { kind: "integer", value: (1n << 60n) - 1n },
  { kind: "integer", value: -(1n << 60n) },
  { kind: "integer", value: 1n << 60n },
  { kind: "integer", value: 1n << 31n },
  { kind: "integer", value: 12345n },
  { kind: "float", value: 0.5 },
  { kind: "float", value: -0 },
  { kind: "float", value: 1e308 },
  { kind: "float", value: 3 },
  { kind: "string", value: "literal" },
  { kind: "symbol", value: "symbol" },
  { kind: "character", codePoint: 98 },
  { kind: "array", elements: [{ kind: "integer", value: 1n }, { kind: "nil" }, { kind: "string", value: "x" }] },
];

const BIT_SHIFT = 12;
/** Numbers of special selectors and how many operands each has: arithmetic, comparison, at:, value and so on. */
const SPECIALS: readonly (readonly [index: number, operands: number])[] = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15].map((index) => [index, 2] as const),
  [11, 2],
  [16, 2],
  [17, 3],
  [18, 1],
  [22, 2],
  [23, 1],
  [25, 1],
  [26, 2],
];
/** Numbers on both sides are likely there. */
const ARITHMETIC = [0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 10, BIT_SHIFT, 13, 14, 15];

const MESSAGES: readonly (readonly [selector: string, arguments_: number])[] = [
  ["a", 0],
  ["b", 0],
  ["a:", 1],
  ["b:", 1],
  ["echo:", 1],
  ["first:second:", 2],
  ["printString", 0],
  ["isNil", 0],
  ["yourself", 0],
  ["abs", 0],
  ["negated", 0],
  ["truncated", 0],
  ["asInteger", 0],
  ["asCharacter", 0],
  ["identityHash", 0],
  ["class", 0],
  ["species", 0],
  ["asFloat", 0],
  ["max:", 1],
  ["bitXor:", 1],
  ["isString", 0],
  ["noSuchMessage", 0],
  ["noSuch:message:", 2],
  ["basicSize", 0],
  ["size", 0],
  ["at:", 1],
  ["at:put:", 2],
  ["=", 1],
  ["value", 0],
  ["value:", 1],
  ["value:value:", 2],
  ["numArgs", 0],
  ["x", 0],
  ["basicNew", 0],
];
/** Understood by the receiver of a random method. */
const OWN_MESSAGES: readonly (readonly [selector: string, arguments_: number])[] = [
  ["tick", 0],
  ["exchange", 0],
  ["forward", 0],
  ["freeze", 0],
  ["freezeMyself", 0],
  ["thaw", 0],
  ["garbage", 0],
  ["allGarbage", 0],
  ["yield", 0],
  ["changing", 0],
  ["changing", 0],
  ["change", 0],
  ["callerSelector", 0],
  ["callerPlace", 0],
];
/** Of the receiver, with so many arguments for each block. */
const BLOCK_MESSAGES: readonly (readonly [selector: string, ...blocks: number[]])[] = [
  ["run:", 0],
  ["repeat:", 1],
  ["repeat:", 1],
  ["collect:", 1],
  ["inject:", 2],
  ["protect:then:", 0, 0],
  ["curtail:then:", 0, 0],
  ["guard:", 0],
  ["guardAndResume:", 0],
  ["background:", 0],
  ["a:", 0],
  ["b:", 1],
];

/** What a piece of code may refer to. */
interface Scope {
  readonly isBlock: boolean;
  /** Frame indices that hold ordinary values. */
  readonly temps: readonly number[];
  /** Of these, those that Smalltalk code may write from outside. */
  readonly argumentCount: number;
  readonly counters: readonly number[];
  /** Frame index of the shared vector. */
  readonly vector: number | undefined;
}

export class TreeMaker {
  private nodesLeft = 0;

  constructor(private readonly random: () => number) {}

  case(name: string): Case {
    const count = 1 + this.below(3);
    const methods: MethodTree[] = [];
    for (let index = 0; index < count; index++) methods.push(this.method(`${name}${"xyz"[index]}`, methods));
    const { argumentCount } = methods[methods.length - 1];
    const kinds = Array.from({ length: argumentCount }, () => this.pick(ARGUMENTS));
    return {
      methods,
      // Mostly the same kinds twice, so that what a call site has learnt is used and then disappointed; then numbers, of
      // which it may have learnt that they are floats.
      calls: Array.from({ length: ROUNDS }, (_, round) =>
        kinds.map((kind) => {
          if (round === 2 || round === 3) return this.pick(NUMBERS);
          return round === 1 || this.chance(0.3) ? kind : this.pick(ARGUMENTS);
        }),
      ),
    };
  }

  private method(name: string, callable: readonly MethodTree[]): MethodTree {
    const argumentCount = this.below(4);
    const selector = [name, `${name}:`, `${name}:with:`, `${name}:with:with:`][argumentCount];
    const plainTemps = this.below(3);
    const hasVector = this.chance(0.5);
    const firstCounter = argumentCount + plainTemps;
    const scope: Scope = {
      isBlock: false,
      temps: indices(0, firstCounter),
      argumentCount,
      counters: indices(firstCounter, COUNTERS),
      vector: hasVector ? firstCounter + COUNTERS : undefined,
    };
    this.nodesLeft = 5 + this.below(MAX_NODES);
    const body = this.body(scope, callable);
    return { selector, argumentCount, tempCount: firstCounter + COUNTERS + (hasVector ? 1 : 0), hasVector, body };
  }

  private body(scope: Scope, callable: readonly MethodTree[]): Node {
    const maker = new BodyMaker(this, scope, callable);
    const nodes = Array.from({ length: 1 + this.below(4) }, () => maker.node(4));
    const tick: Node = { kind: "send", selector: "tick", operands: [SELF], isSuper: false };
    const isPlain = nodes.every((each) => isQuiet(each));
    return { kind: "sequence", nodes: isPlain && this.chance(0.7) ? nodes : [tick, ...nodes] };
  }

  block(scope: Scope, argumentCount: number, callable: readonly MethodTree[]): Node {
    const copied = [
      ...(scope.vector === undefined ? [] : [scope.vector]),
      ...scope.temps.filter(() => this.chance(0.4)).slice(0, 4),
    ];
    const own = this.below(2);
    const firstPlain = argumentCount + (scope.vector === undefined ? 0 : 1);
    const firstOwn = argumentCount + copied.length;
    const inner: Scope = {
      isBlock: true,
      temps: [...indices(0, argumentCount), ...indices(firstPlain, firstOwn + own - firstPlain)],
      argumentCount,
      counters: indices(firstOwn + own, 1),
      vector: scope.vector === undefined ? undefined : argumentCount,
    };
    return {
      kind: "block",
      block: { argumentCount, copied, tempCount: own + 1, body: this.body(inner, callable) },
    };
  }

  /** Whether there may be another node. */
  takeNode(): boolean {
    return this.nodesLeft-- > 0;
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)];
  }
}

const SELF: Node = { kind: "constant", value: "self" };

/** Makes the nodes of one method or block. */
class BodyMaker {
  private loops = 0;

  constructor(
    private readonly maker: TreeMaker,
    private readonly scope: Scope,
    private readonly callable: readonly MethodTree[],
  ) {}

  node(depth: number): Node {
    const { maker } = this;
    if (depth === 0 || !maker.takeNode()) return this.leaf();
    const choice = maker.below(100);
    if (choice < 12) return this.leaf();
    if (choice < 22) return { kind: "set", place: this.place(), value: this.node(depth - 1) };
    if (choice < 40) return this.special(maker.pick(ARITHMETIC), 2, depth);
    if (choice < 47) return this.special(...maker.pick(SPECIALS), depth);
    if (choice < 58) return this.send(...maker.pick(MESSAGES), this.node(depth - 1), depth);
    if (choice < 64) return this.send(...maker.pick(OWN_MESSAGES), SELF, depth);
    if (choice < 68) return this.ofContext(depth);
    if (choice < 71) return this.superSend(depth);
    if (choice < 75) return this.call(depth);
    if (choice < 81) return this.withBlocks(depth);
    if (choice < 84) return this.maker.block(this.scope, maker.below(3), this.callable);
    if (choice < 91) return this.conditional(depth);
    if (choice < 95) return this.loop(depth);
    if (choice < 97) return this.cascade(depth);
    if (choice < 99)
      return { kind: "array", nodes: Array.from({ length: maker.below(4) }, () => this.node(depth - 1)) };
    return { kind: "return", value: this.node(depth - 1) };
  }

  private leaf(): Node {
    const { maker } = this;
    const choice = maker.below(20);
    if (choice < 9) return { kind: "get", place: this.place() };
    if (choice < 13) return { kind: "integer", value: BigInt(maker.pick([-1, 0, 1, 2, 3, 10, -5])) };
    if (choice < 16) return { kind: "literal", value: maker.pick(LITERALS) };
    return { kind: "constant", value: maker.pick(["nil", "true", "false", "self", "self"] as const) };
  }

  private place(): Place {
    const { maker, scope } = this;
    const choice = maker.below(10);
    if (choice < 5 && scope.temps.length > 0) return { kind: "temp", index: maker.pick(scope.temps) };
    if (choice < 7 && scope.vector !== undefined) return { kind: "shared", index: maker.below(SHARED_COUNT) };
    if (choice === 9) return { kind: "global", name: maker.pick(GLOBALS) };
    return { kind: "variable", index: maker.below(VARIABLES), isLong: maker.chance(0.2) };
  }

  private special(index: number, count: number, depth: number): Node {
    // By a little only: a shift by a random integer would fill memory.
    if (index === BIT_SHIFT) {
      const by: Node = { kind: "integer", value: BigInt(this.maker.below(140) - 70) };
      return { kind: "special", index, operands: [this.node(depth - 1), by] };
    }
    return { kind: "special", index, operands: Array.from({ length: count }, () => this.node(depth - 1)) };
  }

  private send(selector: string, count: number, receiver: Node, depth: number): Node {
    const operands = [receiver, ...Array.from({ length: count }, () => this.node(depth - 1))];
    return { kind: "send", selector, operands, isSuper: false };
  }

  private superSend(depth: number): Node {
    const [selector, count] = this.maker.pick([
      ["echo:", 1] as const,
      ["a:", 1] as const,
      ["first:second:", 2] as const,
    ]);
    return { ...this.send(selector, count, SELF, depth), isSuper: true } as Node;
  }

  /** Looks at this code's frame, or reads or writes an argument in it, or goes deep. */
  private ofContext(depth: number): Node {
    const { maker, scope } = this;
    if (maker.chance(0.2)) {
      const levels: Node = { kind: "integer", value: BigInt(maker.pick([0, 3, 60, 500])) };
      return { kind: "send", selector: "deep:", operands: [SELF, levels], isSuper: false };
    }
    if (scope.argumentCount === 0 || maker.chance(0.3)) {
      // A context is never kept: who writes into one at random writes over what no compiler gives away.
      const selector = maker.pick(["pc", "stackPtr", "selector", "size", "receiver"]);
      return this.send(selector, 0, { kind: "constant", value: "thisContext" }, 0);
    }
    const index: Node = { kind: "integer", value: BigInt(1 + maker.below(scope.argumentCount)) };
    if (maker.chance(0.5)) return { kind: "send", selector: "peek:", operands: [SELF, index], isSuper: false };
    return { kind: "send", selector: "poke:put:", operands: [SELF, index, this.node(depth - 1)], isSuper: false };
  }

  /** A call of a method that came before. */
  private call(depth: number): Node {
    if (this.callable.length === 0) return this.leaf();
    const { selector, argumentCount } = this.maker.pick(this.callable);
    return this.send(selector, argumentCount, SELF, depth);
  }

  private withBlocks(depth: number): Node {
    const { maker } = this;
    const [selector, ...counts] = maker.pick(BLOCK_MESSAGES);
    // Now and then with a block of another number of arguments, or with no block.
    const block = (count: number) =>
      maker.chance(0.05)
        ? this.node(depth - 1)
        : maker.block(this.scope, maker.chance(0.05) ? maker.below(3) : count, this.callable);
    return { kind: "send", selector, operands: [SELF, ...counts.map(block)], isSuper: false };
  }

  private conditional(depth: number): Node {
    const { maker } = this;
    const condition = maker.chance(0.8)
      ? this.special(maker.pick([2, 3, 4, 5, 6, 7, 22]), 2, depth)
      : this.node(depth - 1);
    return { kind: "if", jumpsOn: maker.chance(0.5), condition, yes: this.node(depth - 1), no: this.node(depth - 1) };
  }

  private loop(depth: number): Node {
    const { counters } = this.scope;
    if (this.loops === counters.length) return this.leaf();
    const counter = counters[this.loops++];
    const body = this.node(depth - 1);
    this.loops--;
    return { kind: "loop", counter, times: this.maker.below(4), body };
  }

  private cascade(depth: number): Node {
    const { maker } = this;
    const messages = Array.from({ length: 2 + maker.below(2) }, () => {
      const [selector, count] = maker.pick(MESSAGES);
      return { selector, operands: Array.from({ length: count }, () => this.node(depth - 1)) };
    });
    return { kind: "cascade", receiver: this.node(depth - 1), messages };
  }
}

/** Whether code cannot come back to itself: it sends nothing but arithmetic. */
function isQuiet(node: Node): boolean {
  if (node.kind === "send" || node.kind === "cascade" || node.kind === "block") return false;
  return !(node.kind === "special" && node.index > 15) && childrenOf(node).every(isQuiet);
}

/** The nodes inside a node, those of a block's body left out. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "set":
    case "return":
      return [node.value];
    case "send":
    case "special":
      return node.operands;
    case "cascade":
      return [node.receiver, ...node.messages.flatMap(({ operands }) => operands)];
    case "sequence":
    case "array":
      return node.nodes;
    case "if":
      return [node.condition, node.yes, node.no];
    case "loop":
      return [node.body];
    default:
      return [];
  }
}

/** The trees that a tree becomes by one step towards nothing: smaller ones first. */
export function* smallerNodes(node: Node): Generator<Node> {
  if (node.kind !== "constant") yield { kind: "constant", value: "nil" };
  yield* childrenOf(node);
  switch (node.kind) {
    case "set":
    case "return":
      for (const value of smallerNodes(node.value)) yield { ...node, value };
      return;
    case "send":
    case "special":
      for (const operands of smallerLists(node.operands, false)) yield { ...node, operands };
      return;
    case "cascade":
      for (const receiver of smallerNodes(node.receiver)) yield { ...node, receiver };
      return;
    case "sequence":
      for (const nodes of smallerLists(node.nodes, true)) if (nodes.length > 0) yield { ...node, nodes };
      return;
    case "array":
      for (const nodes of smallerLists(node.nodes, true)) yield { ...node, nodes };
      return;
    case "if":
      for (const condition of smallerNodes(node.condition)) yield { ...node, condition };
      for (const yes of smallerNodes(node.yes)) yield { ...node, yes };
      for (const no of smallerNodes(node.no)) yield { ...node, no };
      return;
    case "loop":
      for (const body of smallerNodes(node.body)) yield { ...node, body };
      return;
    case "block":
      for (const body of smallerNodes(node.block.body)) yield { kind: "block", block: { ...node.block, body } };
      return;
    default:
      return;
  }
}

function* smallerLists(nodes: readonly Node[], canDrop: boolean): Generator<readonly Node[]> {
  for (let index = 0; index < nodes.length; index++) {
    if (canDrop) yield nodes.toSpliced(index, 1);
    for (const node of smallerNodes(nodes[index])) yield nodes.with(index, node);
  }
}

function indices(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
