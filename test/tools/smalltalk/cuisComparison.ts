// Every method of the Cuis image whose source is known, compiled by our compiler to V3PlusClosures and compared with
// what the image holds: bytecodes, header and literals. Each difference gets a cause; docs/compiler-differences.md
// explains them. `npm run compare:cuis` prints all of them.

import { Sources } from "../../../tools/sources.js";
import { methodParts } from "../../../tools/methods.js";
import { openImage } from "../../../tools/session.js";
import { compile } from "../../../tools/smalltalk/compiler.js";
import type { CompiledMethod, Literal } from "../../../tools/smalltalk/compiledMethod.js";
import { ImageNames, type ImageBinding } from "../../../tools/smalltalk/imageScope.js";
import type { Address, Heap } from "../../../vm/embed/heap.js";
import type { Reflection } from "../../../vm/embed/reflection.js";
import { decodeAll } from "../../../vm/tables/decode.js";

export interface Difference {
  readonly method: string;
  readonly cause: string;
  readonly detail: string;
  readonly source: string;
}

export interface Comparison {
  /** Methods with source. */
  readonly compared: number;
  readonly withoutSource: number;
  readonly equalBytecodes: number;
  /** Of those, with equal literals, counts and flags too. */
  readonly equalMethods: number;
  /** Methods whose bytecodes differ, or that we do not compile. */
  readonly differences: readonly Difference[];
  /** Methods with equal bytecodes that differ otherwise. */
  readonly otherDifferences: readonly Difference[];
}

/** Stands for what Cuis evaluated while it compiled: any object is taken for it. */
function evaluate(expression: string): Literal {
  return { kind: "string", value: EVALUATED + expression };
}

const EVALUATED = "evaluated by the compiler: ";

/** What Cuis 5 inlines not. */
const NOT_INLINED = new Set(["timesRepeat:"]);

export async function compareCuis(image: string): Promise<Comparison> {
  const { reflection, heap, vm } = await openImage(image);
  const sources = new Sources(reflection, image);
  const names = new ImageNames(reflection);
  const specialSelectors = names.specialSelectors();
  const counts = { compared: 0, withoutSource: 0, equalBytecodes: 0, equalMethods: 0 };
  const differences: Difference[] = [];
  const otherDifferences: Difference[] = [];
  for (const classObject of reflection.allClasses().flatMap((each) => [each, heap.classOfObject(each)])) {
    const scope = names.scopeOf(classObject);
    for (const { selector, method } of reflection.methodsOf(classObject)) {
      const found = sources.sourceOf(method);
      if (typeof found === "string") {
        counts.withoutSource++;
        continue;
      }
      counts.compared++;
      const name = `${scope.name}>>${selector}`;
      const result = compile({ text: found.text, file: name }, scope, {
        bytecodeSet: "V3PlusClosures",
        notInlined: NOT_INLINED,
        specialSelectors,
        evaluate,
      });
      const add = (list: Difference[], cause: string, detail: string) =>
        list.push({ method: name, cause, detail, source: found.text });
      if (result.kind === "errors") {
        const messages = result.errors.map(({ message }) => message);
        add(differences, messages[0].replace(/^the class \w+/, "a class"), messages.join("; "));
        continue;
      }
      const difference = compareCode(heap, method, result.method);
      if (difference !== undefined) {
        add(differences, difference.cause, difference.detail);
        continue;
      }
      counts.equalBytecodes++;
      const other = compareRest(reflection, method, result.method);
      if (other === undefined) counts.equalMethods++;
      else add(otherDifferences, other.cause, other.detail);
    }
  }
  vm.destroy();
  return { ...counts, differences, otherDifferences };
}

type Found = Pick<Difference, "cause" | "detail"> | undefined;

function compareCode(heap: Heap, method: Address, ours: CompiledMethod): Found {
  const { start, end } = methodParts(heap, method);
  const theirs = heap.bytesOf(method).slice(start, end);
  if (equalBytes(theirs, ours.bytecodes)) return undefined;
  const hasLargeBrace = Array.from({ length: heap.literalCountOf(method) }, (_, index) => {
    const literal = heap.reference(method, index + 1);
    return heap.isBytes(literal) && heap.string(literal) === "braceStream:";
  }).includes(true);
  const extraNils = countOf(ours.bytecodes, "push nil") - countOf(theirs, "push nil");
  const cause = hasLargeBrace
    ? "a brace of more than eight elements"
    : extraNils > 0
      ? "a temp of a branch in a loop starts as nil"
      : "other";
  return { cause, detail: firstDifference(theirs, ours.bytecodes) };
}

function countOf(bytecodes: Uint8Array, text: string): number {
  return decodeAll(bytecodes, "V3PlusClosures").filter((each) => each.text === text).length;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function firstDifference(theirs: Uint8Array, ours: Uint8Array): string {
  const [a, b] = [theirs, ours].map((bytes) => decodeAll(bytes, "V3PlusClosures"));
  const index = a.findIndex((each, at) => each.text !== b[at]?.text);
  const show = (list: typeof a) =>
    list
      .slice(Math.max(0, index), index + 3)
      .map(({ pc, text }) => `${pc} ${text}`)
      .join(" / ");
  return `image: ${show(a)}; ours: ${show(b)}`;
}

function compareRest(reflection: Reflection, method: Address, ours: CompiledMethod): Found {
  const { heap } = reflection;
  const parts = methodParts(heap, method);
  const facts = [
    ["arguments", parts.argumentCount, ours.argumentCount],
    ["temps", parts.tempCount, ours.tempCount],
    ["primitive", parts.primitive, ours.primitive],
    ["large frame", parts.hasLargeFrame, ours.needsLargeFrame],
  ] as const;
  for (const [what, theirs, mine] of facts) {
    if (theirs !== mine) return { cause: what, detail: `image: ${theirs}; ours: ${mine}` };
  }
  // Squeak puts inlined selectors into the literals, for its browsers: behind ours, before the last two.
  const used = ours.literals.length - 2;
  for (let index = 0; index < used; index++) {
    if (!matches(reflection, heap.slot(method, index + 1), ours.literals[index])) {
      const theirs = reflection.print(heap.slot(method, index + 1));
      return { cause: "literal", detail: `image: ${theirs}; ours: ${printLiteral(ours.literals[index])}` };
    }
  }
  const extra = parts.literalCount - ours.literals.length;
  const theirs = Array.from({ length: extra }, (_, index) => reflection.print(heap.slot(method, used + index + 1)));
  const inlined = ours.inlinedSelectors.map((each) => `#${each}`);
  const known = new Set(ours.literals.flatMap(symbolsIn));
  const missing = inlined.filter((each) => !theirs.includes(each) && !known.has(each));
  const unknown = theirs.filter((each) => !inlined.includes(each));
  if (missing.length + unknown.length === 0) return undefined;
  return { cause: "inlined selectors", detail: `only image: ${unknown.join(" ")}; only ours: ${missing.join(" ")}` };
}

function symbolsIn(literal: Literal): string[] {
  if (literal.kind === "array") return literal.elements.flatMap(symbolsIn);
  return literal.kind === "symbol" ? [`#${literal.value}`] : [];
}

function printLiteral(literal: Literal): string {
  return JSON.stringify(literal, (_, value) => (typeof value === "bigint" ? `${value}` : value));
}

/** Whether an object is what a literal says. */
function matches(reflection: Reflection, oop: bigint, literal: Literal): boolean {
  const { heap } = reflection;
  const value = heap.value(oop);
  const address = value.kind === "object" ? value.address : 0;
  const className = address === 0 ? "" : reflection.className(heap.classOfObject(address));
  const named = (name: string) => reflection.variable(address, name) ?? 0;
  switch (literal.kind) {
    case "integer":
      return reflection.print(oop) === `${literal.value}` && !/Float/.test(className);
    case "float":
      if (value.kind === "float") return Object.is(value.value, literal.value);
      return /Float/.test(className) && Object.is(heap.float64At(address), literal.value);
    case "fraction":
      return className === "Fraction" && sameParts(reflection, address, literal.numerator, literal.denominator);
    case "scaledDecimal":
      return className === "ScaledDecimal" && named("scale") !== undefined;
    case "character":
      return value.kind === "character" && value.codePoint === literal.codePoint;
    case "string":
      if (literal.value.startsWith(EVALUATED)) return true;
      return /String$/.test(className) && normal(heap.string(address)) === normal(literal.value);
    case "symbol":
      return /Symbol$/.test(className) && heap.string(address) === literal.value;
    case "byteArray":
      return className === "ByteArray" && equalBytes(heap.bytesOf(address), literal.bytes);
    case "array":
      return (
        className === "Array" &&
        heap.slotCountOf(address) === literal.elements.length &&
        literal.elements.every((each, index) => matches(reflection, heap.slot(address, index), each))
      );
    case "nil":
      return address === heap.nil;
    case "boolean":
      return address === (literal.value ? heap.roots.trueObject : heap.roots.falseObject);
    case "variable":
      return address === (literal.binding as ImageBinding).address;
    default:
      return false;
  }
}

function sameParts(reflection: Reflection, fraction: Address, numerator: bigint, denominator: bigint): boolean {
  const [a, b] = [0, 1].map((index) => reflection.print(reflection.heap.slot(fraction, index)));
  return a === `${numerator}` && b === `${denominator}`;
}

/** The sources were read with newlines for carriage returns. */
function normal(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
}

/** Counts first, then each difference by its cause. */
export function comparisonReport(comparison: Comparison, withSources: boolean): string {
  const { compared, withoutSource, equalBytecodes, equalMethods, differences, otherDifferences } = comparison;
  const percent = ((100 * equalBytecodes) / compared).toFixed(2);
  const lines = [
    `${compared} methods with source, ${withoutSource} without`,
    `${equalBytecodes} have equal bytecodes (${percent} %), ${equalMethods} of them equal literals and headers too`,
  ];
  const list = (title: string, all: readonly Difference[]) => {
    for (const cause of [...new Set(all.map((each) => each.cause))].sort()) {
      const found = all.filter((each) => each.cause === cause).sort((a, b) => (a.method < b.method ? -1 : 1));
      lines.push("", `${title}: ${cause}: ${found.length}`);
      for (const { method, detail, source } of found) {
        lines.push(`  ${method}`);
        if (withSources) lines.push(`    ${detail}`, ...source.split("\n").map((line) => `      ${line}`));
      }
    }
  };
  list("other bytecodes", differences);
  list("equal bytecodes", otherDifferences);
  return `${lines.join("\n")}\n`;
}
