// What the compiler in the module makes of a method and of its blocks, without running or installing anything. Blocks
// need a closure to tell their shape by: one is made for each, which nothing refers to.

import * as layout from "../../vm/layout.js";
import type { Address, Oop } from "../../vm/embed/heap.js";
import type { VmExports } from "../../vm/embed/module.js";
import type { Instruction } from "../../vm/tables/decode.js";
import { instructionsOf } from "../disassembly.js";
import type { Session } from "../session.js";

/** One function that the compiler makes: a method, or a block. */
export interface Translation {
  /** `Class>>selector`, with "[] in " before it for a block. */
  readonly name: string;
  readonly method: Address;
  readonly isBlock: boolean;
  /** Its bytecodes without those of blocks inside; pcs are Smalltalk's, one-based. */
  readonly instructions: readonly Instruction[];
  /** The module that it becomes; undefined for what stays interpreted. */
  readonly wasm?: Uint8Array<ArrayBuffer>;
  readonly locals: Locals;
}

/** Which locals of the function stand for what. */
export interface Locals {
  readonly firstTemp: number;
  readonly tempCount: number;
  readonly operandCount: number;
}

/** A method's translation, and behind it those of its blocks, outer ones first. */
export function translationsOf(session: Session, method: Address): Translation[] {
  const whole = instructionsOf(session.reflection, method);
  const first = whole[0]?.pc ?? 1;
  const own = embeddedBlocks(whole);
  return [
    translate(session, method, first, withoutBlocks(whole, own), undefined),
    ...own.map((block) => {
      const inside = whole.filter(({ pc }) => pc >= block.start && pc < block.end);
      const closure = newClosure(session, layout.CLASS_INDEX_BLOCK_CLOSURE, layout.CLOSURE_FIRST_COPIED, block);
      return translate(session, method, block.start, withoutBlocks(inside, embeddedBlocks(inside)), closure);
    }),
    ...fullBlocks(session, method, whole).flatMap(({ block, copiedCount, argumentCount }) =>
      fullBlockTranslations(session, block, { copiedCount, argumentCount }),
    ),
  ];
}

interface ClosureShape {
  readonly argumentCount: number;
  readonly copiedCount: number;
}

/** Blocks whose bytecodes stand in the method's own (BlockClosure). */
interface EmbeddedBlock extends ClosureShape {
  readonly start: number;
  readonly end: number;
}

function embeddedBlocks(instructions: readonly Instruction[]): EmbeddedBlock[] {
  return instructions.flatMap(({ operand }) => (operand?.kind === "block" ? [operand] : []));
}

function withoutBlocks(instructions: readonly Instruction[], blocks: readonly EmbeddedBlock[]): Instruction[] {
  return instructions.filter(({ pc }) => !blocks.some(({ start, end }) => pc >= start && pc < end));
}

/** The compiled blocks that instructions push (FullBlockClosure). */
function fullBlocks({ heap }: Session, method: Address, instructions: readonly Instruction[]) {
  return instructions.flatMap(({ operand }) => {
    if (operand?.kind !== "fullBlock") return [];
    const block = heap.reference(method, operand.literal + 1);
    if (!heap.isMethod(block)) return [];
    const header = heap.methodHeaderOf(block);
    const argumentCount = (header >> layout.METHOD_ARGUMENT_COUNT_SHIFT) & layout.METHOD_ARGUMENT_COUNT_MASK;
    return [{ block, copiedCount: operand.copiedCount, argumentCount }];
  });
}

function fullBlockTranslations(session: Session, block: Address, shape: ClosureShape): Translation[] {
  const whole = instructionsOf(session.reflection, block);
  const closure = newClosure(session, layout.CLASS_INDEX_FULL_BLOCK_CLOSURE, layout.FULL_CLOSURE_FIRST_COPIED, shape);
  return [
    translate(session, block, whole[0]?.pc ?? 1, whole, closure),
    ...fullBlocks(session, block, whole).flatMap((inner) => fullBlockTranslations(session, inner.block, inner)),
  ];
}

/** A closure of that shape, its other variables nil: the compiler reads no more of it. */
function newClosure(session: Session, classIndex: number, firstCopied: number, shape: ClosureShape): Oop {
  const { heap, vm } = session;
  const slots = firstCopied + shape.copiedCount;
  const classObject = BigInt(heap.classAt(classIndex));
  const closure = vm.exports.newObjectFrom(classObject, layout.FORMAT_FIXED_AND_INDEXABLE, slots);
  const count = BigInt((shape.argumentCount << layout.TAG_SHIFT) | layout.TAG_SMALL_INTEGER);
  vm.exports.storeReferenceFrom(closure, layout.CLOSURE_ARGUMENT_COUNT, count);
  return BigInt.asUintN(64, closure);
}

function translate(
  session: Session,
  method: Address,
  pc: number,
  instructions: readonly Instruction[],
  closure: Oop | undefined,
): Translation {
  const exports = session.vm.exports as ListingExports;
  const start = method + layout.HEADER_BYTES + pc - 1;
  const bytes = exports.listCode(method, start, Number(closure ?? 0n));
  const at = exports.listedCode();
  const home = session.reflection.methodName(session.reflection.homeMethodOf(method));
  return {
    name: closure === undefined ? home : `[] in ${home}`,
    method,
    isBlock: closure !== undefined,
    instructions,
    wasm: bytes === 0 ? undefined : new Uint8Array(exports.memory.buffer, at, bytes).slice(),
    locals: {
      firstTemp: exports.listedLocals(0),
      tempCount: exports.listedLocals(1),
      operandCount: exports.listedLocals(2),
    },
  };
}

/** What vm/main.ts exports for this. */
interface ListingExports extends VmExports {
  /** Translates; answers how many bytes the module takes, 0 for what cannot be compiled. */
  listCode(method: Address, start: Address, closure: Address): number;
  listedCode(): Address;
  listedLocals(what: number): number;
}
