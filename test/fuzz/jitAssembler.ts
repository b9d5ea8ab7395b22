// Random trees (jitTrees.ts) as compiled methods of either bytecode set, with the encoders of the Smalltalk compiler.

import type {
  BytecodeSet,
  ClassScope,
  CompiledBlock,
  CompiledMethod,
  Literal,
} from "../../tools/smalltalk/compiledMethod.js";
import type { Bytes, Encoder } from "../../tools/smalltalk/encoder.js";
import { sistaEncoder } from "../../tools/smalltalk/encoderSista.js";
import { v3Encoder } from "../../tools/smalltalk/encoderV3.js";
import { LiteralFrame } from "../../tools/smalltalk/literalFrame.js";
import { type Block, type MethodTree, type Node, type Place, SHARED_COUNT } from "./jitTrees.js";

/** Numbers of special selectors. */
const MINUS = 1;
const LESS = 2;
const IDENTICAL = 22;
const NO_RANGE = { start: 0, end: 0 };

export function assemble(tree: MethodTree, set: BytecodeSet, scope: ClassScope): CompiledMethod {
  const assembler = new Assembler(set, scope, new LiteralFrame(), { value: 0 });
  const bytecodes = assembler.methodBytes(tree);
  const literals: Literal[] = [
    ...assembler.literals.all(),
    { kind: "methodState", selector: tree.selector, pragmas: [] },
    { kind: "methodClass", className: "FuzzObject" },
  ];
  return {
    bytecodeSet: set,
    argumentCount: tree.argumentCount,
    tempCount: tree.tempCount,
    tempNames: [],
    needsLargeFrame: true,
    literals,
    bytecodes: Uint8Array.from(bytecodes),
    debugMap: [],
    selector: tree.selector,
    primitive: 0,
    pragmas: [],
    sentSelectors: [],
    inlinedSelectors: [],
  };
}

/** The code of one method or block. */
class Assembler {
  private readonly encoder: Encoder;
  private vector: number | undefined;

  constructor(
    private readonly set: BytecodeSet,
    private readonly scope: ClassScope,
    readonly literals: LiteralFrame,
    /** Numbers blocks, so that no two are one literal. */
    private readonly blocks: { value: number },
  ) {
    this.encoder = set === "SistaV1" ? sistaEncoder : v3Encoder;
  }

  methodBytes(tree: MethodTree): number[] {
    const { encoder } = this;
    this.vector = tree.hasVector ? tree.tempCount - 1 : undefined;
    const start = tree.hasVector ? [...encoder.newArray(SHARED_COUNT), ...encoder.popIntoTemp(tree.tempCount - 1)] : [];
    return [...start, ...this.bytes(tree.body), ...encoder.returnTop()];
  }

  /** A block's code: V3 blocks push their temporaries. */
  private blockBytes(block: Block, hasVector: boolean): number[] {
    const { encoder } = this;
    this.vector = hasVector ? block.argumentCount : undefined;
    const temps = this.set === "SistaV1" ? 0 : block.tempCount;
    const nils = Array.from({ length: temps }, () => encoder.pushConstant("nil")).flat();
    return [...nils, ...this.bytes(block.body), ...encoder.blockReturnTop()];
  }

  /** Code that leaves the node's value on the stack. */
  private bytes(node: Node): number[] {
    const { encoder } = this;
    switch (node.kind) {
      case "constant":
        if (node.value === "self") return [...encoder.pushReceiver()];
        if (node.value === "thisContext") return [...encoder.pushPseudo("thisContext")];
        return [...encoder.pushConstant(node.value)];
      case "integer":
        return [...(encoder.pushInteger(node.value) ?? this.literal({ kind: "integer", value: node.value }))];
      case "literal":
        return [...this.literal(node.value)];
      case "get":
        return [...this.get(node.place)];
      case "set":
        return [...this.bytes(node.value), ...this.keep(node.place)];
      case "send":
        return [
          ...node.operands.flatMap((each) => this.bytes(each)),
          ...this.send(node.selector, node.operands.length - 1, node.isSuper),
        ];
      case "special":
        return [...node.operands.flatMap((each) => this.bytes(each)), ...this.specialSend(node.index)];
      case "cascade":
        return this.cascade(node);
      case "sequence":
        return node.nodes.flatMap((each, index) => [
          ...this.bytes(each),
          ...(index < node.nodes.length - 1 ? encoder.pop() : []),
        ]);
      case "if":
        return this.conditional(node);
      case "loop":
        return this.loop(node);
      case "array":
        return [...node.nodes.flatMap((each) => this.bytes(each)), ...encoder.arrayOf(node.nodes.length)];
      case "block":
        return this.block(node.block);
      case "return":
        return [...this.bytes(node.value), ...this.returnUnlessNil()];
    }
  }

  /** Goes on with nil: behind a return in the middle of a method there would be nothing to test. */
  private returnUnlessNil(): Bytes {
    const { encoder } = this;
    const returns = encoder.returnTop();
    const test = [...encoder.duplicate(), ...encoder.pushConstant("nil"), ...encoder.specialSend(IDENTICAL)];
    return [...test, ...encoder.branch(true, returns.length), ...returns];
  }

  private literal(value: Literal): Bytes {
    return this.encoder.pushLiteral(this.literals.literal(value));
  }

  private variable(name: string): number {
    return this.literals.variable(this.scope.resolve(name)!);
  }

  private get(place: Place): Bytes {
    switch (place.kind) {
      case "temp":
        return this.encoder.pushTemp(place.index);
      case "shared":
        return this.encoder.pushRemoteTemp(place.index, this.vector!);
      case "variable":
        return this.encoder.pushInstanceVariable(place.index, place.isLong);
      case "global":
        return this.encoder.pushVariable(this.variable(place.name));
    }
  }

  /** Stores the top, which stays: in one instruction, or for every second place as a copy that is popped. */
  private keep(place: Place): Bytes {
    const { encoder } = this;
    switch (place.kind) {
      case "temp":
        if (place.index % 2 === 0) return encoder.storeTemp(place.index);
        return [...encoder.duplicate(), ...encoder.popIntoTemp(place.index)];
      case "shared":
        if (place.index % 2 === 0) return encoder.storeRemoteTemp(place.index, this.vector!);
        return [...encoder.duplicate(), ...encoder.popIntoRemoteTemp(place.index, this.vector!)];
      case "variable":
        if (place.index % 2 === 0) return encoder.storeInstanceVariable(place.index, place.isLong);
        return [...encoder.duplicate(), ...encoder.popIntoInstanceVariable(place.index, place.isLong)];
      case "global":
        return encoder.storeVariable(this.variable(place.name));
    }
  }

  private send(selector: string, argumentCount: number, isSuper: boolean): Bytes {
    const literal = this.literals.selector(selector);
    return isSuper ? this.encoder.superSend(literal, argumentCount) : this.encoder.send(literal, argumentCount);
  }

  private specialSend(index: number): Bytes {
    return this.encoder.specialSend(index);
  }

  private cascade({ receiver, messages }: Extract<Node, { kind: "cascade" }>): number[] {
    const { encoder } = this;
    const parts = messages.flatMap(({ selector, operands }, index) => {
      const isLast = index === messages.length - 1;
      const message = [...operands.flatMap((each) => this.bytes(each)), ...this.send(selector, operands.length, false)];
      return isLast ? message : [...encoder.duplicate(), ...message, ...encoder.pop()];
    });
    return [...this.bytes(receiver), ...parts];
  }

  private conditional({ jumpsOn, condition, yes, no }: Extract<Node, { kind: "if" }>): number[] {
    const test = this.bytes(condition);
    const second = this.bytes(no);
    if (yes.kind === "return") {
      const first = [...this.bytes(yes.value), ...this.encoder.returnTop()];
      return [...test, ...this.encoder.branch(jumpsOn, first.length), ...first, ...second];
    }
    const first = this.bytes(yes);
    const over = this.encoder.jump(second.length);
    return [...test, ...this.encoder.branch(jumpsOn, first.length + over.length), ...first, ...over, ...second];
  }

  private loop({ counter, times, body }: Extract<Node, { kind: "loop" }>): number[] {
    const { encoder } = this;
    const integer = (value: bigint) => encoder.pushInteger(value) ?? this.literal({ kind: "integer", value });
    const start = [...integer(BigInt(times)), ...encoder.popIntoTemp(counter)];
    const test = [...integer(0n), ...encoder.pushTemp(counter), ...encoder.specialSend(LESS)];
    const count = [
      ...encoder.pushTemp(counter),
      ...integer(1n),
      ...encoder.specialSend(MINUS),
      ...encoder.popIntoTemp(counter),
    ];
    const inside = [...this.bytes(body), ...encoder.pop(), ...count];
    // The distance of the backward jump depends on the length of the branch, and that on the jump's.
    const backBytes = encoder.jumpBack(0).length;
    const branch = encoder.branch(false, inside.length + backBytes);
    const back = encoder.jumpBack(test.length + branch.length + inside.length);
    return [...start, ...test, ...branch, ...inside, ...back, ...encoder.pushConstant("nil")];
  }

  private block(block: Block): number[] {
    const { encoder, set, scope } = this;
    const pushes = block.copied.flatMap((index) => [...encoder.pushTemp(index)]);
    const hasVector = this.vector !== undefined && block.copied[0] === this.vector;
    const { length: copiedCount } = block.copied;
    if (set === "SistaV1") {
      const inner = new Assembler(set, scope, new LiteralFrame(), this.blocks);
      const bytecodes = Uint8Array.from(inner.blockBytes(block, hasVector));
      const range = { start: ++this.blocks.value, end: 0 };
      const literals: Literal[] = [...inner.literals.all(), { kind: "outerCode" }];
      const compiled: CompiledBlock = {
        bytecodeSet: set,
        argumentCount: block.argumentCount,
        tempCount: block.argumentCount + copiedCount + block.tempCount,
        tempNames: [],
        needsLargeFrame: true,
        literals,
        bytecodes,
        debugMap: [{ pc: 0, range: NO_RANGE }],
        range,
        copiedCount,
        usesHome: true,
      };
      return [...pushes, ...encoder.pushFullBlock(this.literals.add({ kind: "block", block: compiled }), copiedCount)];
    }
    const inner = new Assembler(set, scope, this.literals, this.blocks);
    const bytes = inner.blockBytes(block, hasVector);
    return [...pushes, ...encoder.pushBlock(copiedCount, block.argumentCount, bytes.length), ...bytes];
  }
}
