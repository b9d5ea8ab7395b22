// What compiled code refers to: literals of every depth, those of blocks included.

import type { CompiledCode, CompiledMethod, Literal } from "../compiledMethod.js";
import { isPrimitivePragma } from "./methodObjects.js";

/** Every literal of a method and its blocks, elements of arrays and arguments of pragmas included. */
export function* literalsOf(code: CompiledCode): Iterable<Literal> {
  for (const literal of code.literals) yield* withParts(literal);
}

/** What the method calls by module and name; undefined where it has no such primitive. */
export function namedPrimitiveOf(compiled: CompiledMethod): { module: string; name: string } | undefined {
  if (compiled.primitive !== NAMED_PRIMITIVE) return undefined;
  const [description] = compiled.literals;
  if (description?.kind !== "array") return undefined;
  const [module, name] = description.elements.map(textOf);
  return name === undefined ? undefined : { module: module ?? "", name };
}

/** Names of the classes that a literal is an instance of, beside those that every image has. */
export function classOfLiteral(literal: Literal): string | undefined {
  switch (literal.kind) {
    case "fraction":
      return "Fraction";
    case "scaledDecimal":
      return "ScaledDecimal";
    case "string":
      return isWide(literal.value) ? "WideString" : undefined;
    case "symbol":
      return isWide(literal.value) ? "WideSymbol" : undefined;
    case "block":
      return "CompiledBlock";
    case "methodState":
      return literal.pragmas.some(({ keyword }) => !isPrimitivePragma(keyword)) ? "AdditionalMethodState" : undefined;
    default:
      return undefined;
  }
}

const NAMED_PRIMITIVE = 117;

function* withParts(literal: Literal): Iterable<Literal> {
  yield literal;
  switch (literal.kind) {
    case "array":
      for (const element of literal.elements) yield* withParts(element);
      return;
    case "block":
      yield* literalsOf(literal.block);
      return;
    case "methodState":
      for (const pragma of literal.pragmas) {
        if (isPrimitivePragma(pragma.keyword)) continue;
        for (const argument of pragma.arguments) yield* withParts(argument);
      }
  }
}

function textOf(literal: Literal): string | undefined {
  return literal.kind === "string" || literal.kind === "symbol" ? literal.value : undefined;
}

function isWide(text: string): boolean {
  return Array.from(text).some((each) => each.codePointAt(0)! > 255);
}
