// Primitive pragmas: `<primitive: 60>`, `<primitive: 1 error: ec>`, `<primitive: 'name' module: 'Plugin' error: ec>`,
// with the parts in any order that Squeak's Parser accepts.

import type { Literal } from "./compiledMethod.js";
import type { Reporter } from "./diagnostics.js";
import type { PragmaSyntax } from "./syntaxTree.js";

const NAMED_PRIMITIVE = 117;
const MAX_PRIMITIVE = 32767;

export interface Primitive {
  readonly number: number;
  /** The variable for the failure code. */
  readonly errorName: string | undefined;
  /** The first literal of a method with a named primitive: module, function, and two places for the VM. */
  readonly literal: Literal | undefined;
}

export const NO_PRIMITIVE: Primitive = { number: 0, errorName: undefined, literal: undefined };

/** The primitive that the pragmas ask for; errors are reported. */
export function primitiveOf(pragmas: readonly PragmaSyntax[], reporter: Reporter): Primitive {
  const [first, second] = pragmas.filter(({ keyword }) => /^primitive:(error:|module:)*$/.test(keyword));
  if (first === undefined) return NO_PRIMITIVE;
  if (second !== undefined) reporter.error(second.range, "a method has one primitive");
  const parts = partsOf(first);
  const error = textOf(parts.get("error:"));
  if (parts.has("error:") && !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(error ?? "")) {
    reporter.error(first.range, "error: takes the name of a variable");
  }
  const errorName = parts.has("error:") ? error : undefined;
  const what = parts.get("primitive:")!;
  if (what.kind === "integer" && !parts.has("module:")) {
    const isValid = what.value > 0n && what.value <= MAX_PRIMITIVE;
    if (!isValid) reporter.error(first.range, `the number of a primitive is from 1 to ${MAX_PRIMITIVE}`);
    return { number: isValid ? Number(what.value) : 0, errorName, literal: undefined };
  }
  const name = textOf(what);
  const module = parts.get("module:");
  if (name === undefined || (module !== undefined && module.kind !== "nil" && textOf(module) === undefined)) {
    reporter.error(first.range, "a primitive is a number, or a name as a string with its module as another");
    return NO_PRIMITIVE;
  }
  const moduleName = textOf(module);
  const zero = { kind: "integer", value: 0n } as const;
  const elements: Literal[] = [
    moduleName === undefined ? { kind: "nil" } : { kind: "symbol", value: moduleName },
    { kind: "symbol", value: name },
    zero,
    zero,
  ];
  return { number: NAMED_PRIMITIVE, errorName, literal: { kind: "array", elements } };
}

function partsOf({ keyword, arguments: values }: PragmaSyntax): Map<string, Literal> {
  return new Map(keyword.match(/[^:]+:/g)!.map((part, index) => [part, values[index]]));
}

function textOf(literal: Literal | undefined): string | undefined {
  return literal?.kind === "string" || literal?.kind === "symbol" ? literal.value : undefined;
}
