// A compiled method as text: its parts, literals and bytecodes, those of its blocks indented. Pcs are Smalltalk's,
// one-based, as contexts hold them.

import { SPECIAL_SELECTORS } from "../vm/layout.js";
import { decodeAll, type Instruction, type Names } from "../vm/tables/decode.js";
import type { Address } from "../vm/embed/heap.js";
import { methodParts, type MethodParts } from "./methods.js";
import type { Reflection } from "../vm/embed/reflection.js";

const BYTES_COLUMN = 18;

/** Lines that describe a method and, after it, the compiled blocks among its literals. */
export function disassemble(reflection: Reflection, method: Address): string[] {
  const isBlock = reflection.homeMethodOf(method) !== method;
  const parts = methodParts(reflection.heap, method, isBlock);
  const lines = [reflection.methodName(method), `  ${describeParts(parts)}`];
  if (parts.literalCount > 0) lines.push("literals");
  for (let index = 0; index < parts.literalCount; index++) {
    lines.push(`  ${String(index).padStart(3)}  ${reflection.print(reflection.heap.slot(method, index + 1))}`);
  }
  lines.push("bytecodes", ...bytecodeLines(reflection, method, parts));
  for (const block of blocksOf(reflection, method)) {
    lines.push("", ...disassemble(reflection, block).map((line) => `  ${line}`));
  }
  return lines;
}

/** A method's instructions, their pcs one-based, with names from its class and literals. */
export function instructionsOf(reflection: Reflection, method: Address): Instruction[] {
  const isBlock = reflection.homeMethodOf(method) !== method;
  const parts = methodParts(reflection.heap, method, isBlock);
  // A byte in front makes every pc one-based.
  const bytes = reflection.heap.bytesOf(method);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  return decodeAll(shifted, parts.set, parts.start + 1, parts.end + 1, namesFor(reflection, method));
}

/** The compiled blocks that a method's or block's literals hold (FullBlockClosure images). */
export function blocksOf(reflection: Reflection, method: Address): Address[] {
  const { heap } = reflection;
  const literals = Array.from({ length: heap.literalCountOf(method) }, (_, index) => heap.reference(method, index + 1));
  return literals.filter((literal, index) => heap.isMethod(literal) && index < literals.length - 1);
}

function describeParts(parts: MethodParts): string {
  const primitive =
    parts.primitive === 0
      ? "no primitive"
      : parts.named === undefined
        ? `primitive ${parts.primitive}`
        : `primitive '${parts.named.name}' module '${parts.named.module}'`;
  const frame = parts.hasLargeFrame ? "large frame" : "small frame";
  const { set, argumentCount, tempCount, literalCount } = parts;
  return `${set}, arguments ${argumentCount}, temporaries ${tempCount}, literals ${literalCount}, ${frame}, ${primitive}`;
}

function bytecodeLines(reflection: Reflection, method: Address, parts: MethodParts): string[] {
  const bytes = reflection.heap.bytesOf(method);
  const ends: number[] = [];
  const pcWidth = String(parts.end).length + 1;
  return instructionsOf(reflection, method).map(({ pc, length, operand, text }) => {
    while (ends.length > 0 && pc >= ends[ends.length - 1]) ends.pop();
    const code = [...bytes.subarray(pc - 1, pc - 1 + length)].map((byte) => byte.toString(16).padStart(2, "0"));
    const indent = "    ".repeat(ends.length);
    if (operand?.kind === "block") ends.push(operand.end);
    return `  ${String(pc).padStart(pcWidth)}  ${`<${code.join(" ")}>`.padEnd(BYTES_COLUMN)}${indent}${text}`;
  });
}

function namesFor(reflection: Reflection, method: Address): Names {
  const { heap } = reflection;
  const owner = reflection.methodClassOf(method);
  const variables = owner === undefined ? [] : reflection.allInstanceVariablesOf(owner);
  const count = heap.literalCountOf(method);
  const literal = (index: number) => (index < count ? heap.slot(method, index + 1) : undefined);
  const nameOf = (object: Address) => (heap.isBytes(object) ? heap.string(object) : undefined);
  return {
    literal: (index) => printed(literal(index)),
    variable(index) {
      const association = index < count ? heap.reference(method, index + 1) : 0;
      return reflection.isAssociation(association) ? nameOf(heap.reference(association, 0)) : undefined;
    },
    selector: (index) => (index < count ? nameOf(heap.reference(method, index + 1)) : undefined),
    specialSelector: (index) => nameOf(heap.reference(heap.specialObject(SPECIAL_SELECTORS), index * 2)),
    instanceVariable: (index) => variables[index],
  };

  function printed(oop: bigint | undefined): string | undefined {
    return oop === undefined ? undefined : reflection.print(oop, 1);
  }
}
