// Which messages are control flow and need no send: those that Squeak's compiler inlines (MessageNode), and
// timesRepeat: as Pharo does. Decides by syntax alone.

import type { Literal, SourceRange } from "./compiledMethod.js";
import type { BlockSyntax, Expression, MessageSyntax } from "./syntaxTree.js";

/** A block, or a constant that stands for the missing one. */
export type Arm = BlockSyntax | "nil" | "true" | "false";

export type Control =
  | { readonly kind: "if"; readonly whenTrue: Arm; readonly whenFalse: Arm }
  | { readonly kind: "ifNil"; readonly whenNil: BlockSyntax }
  | { readonly kind: "ifNilElse"; readonly whenNil: Arm; readonly whenNotNil: BlockSyntax }
  | { readonly kind: "while"; readonly condition: BlockSyntax; readonly body: Arm; readonly isUntil: boolean }
  | { readonly kind: "repeat"; readonly body: BlockSyntax }
  | { readonly kind: "toDo"; readonly limit: Expression; readonly increment: Literal; readonly body: BlockSyntax }
  | { readonly kind: "timesRepeat"; readonly body: BlockSyntax }
  | {
      readonly kind: "case";
      readonly cases: readonly { readonly test: BlockSyntax; readonly value: BlockSyntax }[];
      readonly otherwise: BlockSyntax | undefined;
    }
  /** A literal block with arguments that nobody passes. */
  | { readonly kind: "wrong"; readonly range: SourceRange; readonly message: string };

/** What a message to `receiver` is to be compiled as; undefined for a send. */
export function controlOf(
  receiver: Expression,
  message: MessageSyntax,
  notInlined: ReadonlySet<string> | undefined,
): Control | undefined {
  const match = MATCHERS.get(message.selector);
  if (match === undefined || notInlined?.has(message.selector)) return undefined;
  return match(receiver, message.arguments, message.selector);
}

type Matcher = (receiver: Expression, values: readonly Expression[], selector: string) => Control | undefined;

const MATCHERS: ReadonlyMap<string, Matcher> = new Map<string, Matcher>([
  ["ifTrue:", (_, [arm], s) => arms(s, [arm], ([whenTrue]) => ({ kind: "if", whenTrue, whenFalse: "nil" }))],
  ["ifFalse:", (_, [arm], s) => arms(s, [arm], ([whenFalse]) => ({ kind: "if", whenTrue: "nil", whenFalse }))],
  [
    "ifTrue:ifFalse:",
    (_, [a, b], s) => arms(s, [a, b], ([whenTrue, whenFalse]) => ({ kind: "if", whenTrue, whenFalse })),
  ],
  [
    "ifFalse:ifTrue:",
    (_, [a, b], s) => arms(s, [a, b], ([whenFalse, whenTrue]) => ({ kind: "if", whenTrue, whenFalse })),
  ],
  ["and:", (_, [arm], s) => arms(s, [arm], ([whenTrue]) => ({ kind: "if", whenTrue, whenFalse: "false" }))],
  ["or:", (_, [arm], s) => arms(s, [arm], ([whenFalse]) => ({ kind: "if", whenTrue: "true", whenFalse }))],
  ["ifNil:", (_, [arm], s) => arms(s, [arm], ([whenNil]) => ({ kind: "ifNil", whenNil }))],
  ["ifNotNil:", (_, [arm], s) => notNil(s, undefined, arm)],
  ["ifNil:ifNotNil:", (_, [a, b], s) => notNil(s, a, b)],
  ["ifNotNil:ifNil:", (_, [a, b], s) => notNil(s, b, a)],
  ["whileTrue:", (r, [a], s) => arms(s, [r, a], ([condition, body]) => loop(condition, body, false))],
  ["whileFalse:", (r, [a], s) => arms(s, [r, a], ([condition, body]) => loop(condition, body, true))],
  ["whileTrue", (r, _, s) => arms(s, [r], ([condition]) => loop(condition, "nil", false))],
  ["whileFalse", (r, _, s) => arms(s, [r], ([condition]) => loop(condition, "nil", true))],
  ["repeat", (r, _, s) => arms(s, [r], ([body]) => ({ kind: "repeat", body }))],
  ["timesRepeat:", (_, [arm], s) => arms(s, [arm], ([body]) => ({ kind: "timesRepeat", body }))],
  ["to:do:", (_, [limit, body]) => toDo(limit, { kind: "integer", value: 1n }, body)],
  ["to:by:do:", (_, [limit, step, body]) => (step.kind === "literal" ? toDo(limit, step.value, body) : undefined)],
  ["caseOf:", (_, [cases]) => caseOf(cases, undefined)],
  ["caseOf:otherwise:", (_, [cases, otherwise]) => caseOf(cases, otherwise)],
]);

/** The names of all control messages. */
export const CONTROL_SELECTORS: readonly string[] = [...MATCHERS.keys()];

/** What `make` says where all are literal blocks without arguments. */
function arms(
  selector: string,
  candidates: readonly Expression[],
  make: (blocks: readonly BlockSyntax[]) => Control,
): Control | undefined {
  const blocks = candidates.filter((each) => each.kind === "block");
  if (blocks.length < candidates.length) return undefined;
  return blocks.map((block) => tooMany(selector, block, 0)).find((each) => each !== undefined) ?? make(blocks);
}

function notNil(selector: string, whenNil: Expression | undefined, whenNotNil: Expression): Control | undefined {
  if (whenNotNil.kind !== "block") return undefined;
  const wrong = tooMany(selector, whenNotNil, 1);
  if (wrong !== undefined) return wrong;
  if (whenNil === undefined) return { kind: "ifNilElse", whenNil: "nil", whenNotNil };
  return arms(selector, [whenNil], ([block]) => ({ kind: "ifNilElse", whenNil: block, whenNotNil }));
}

function loop(condition: BlockSyntax, body: Arm, isUntil: boolean): Control {
  return { kind: "while", condition, body, isUntil };
}

function tooMany(selector: string, block: BlockSyntax, most: number): Control | undefined {
  if (block.parameters.length <= most) return undefined;
  const { range } = block.parameters[most];
  const takes = most === 0 ? "no argument" : "one argument at most";
  return { kind: "wrong", range, message: `a block of ${selector} takes ${takes}` };
}

/** The counter must not skip or change its limit: the step is a number other than 0, the limit is not assigned. */
function toDo(limit: Expression, increment: Literal, body: Expression): Control | undefined {
  if (body.kind !== "block" || body.parameters.length !== 1) return undefined;
  if (signOf(increment) === 0) return undefined;
  if (limit.kind === "variable" && assigns(body, limit.name)) return undefined;
  return { kind: "toDo", limit, increment, body };
}

/** 0 for what is no number, too. */
export function signOf(literal: Literal): number {
  switch (literal.kind) {
    case "integer":
      return literal.value > 0n ? 1 : literal.value < 0n ? -1 : 0;
    case "float":
      return Math.sign(literal.value);
    case "fraction":
    case "scaledDecimal":
      return literal.numerator > 0n ? 1 : literal.numerator < 0n ? -1 : 0;
    default:
      return 0;
  }
}

function assigns(block: BlockSyntax, name: string): boolean {
  let found = false;
  const visit = (node: Expression): void => {
    switch (node.kind) {
      case "assignment":
        if (node.variable.name === name) found = true;
        return visit(node.value);
      case "message":
        visit(node.receiver);
        return node.message.arguments.forEach(visit);
      case "cascade":
        visit(node.receiver);
        return node.messages.forEach((message) => message.arguments.forEach(visit));
      case "brace":
        return node.elements.forEach(visit);
      case "block":
        return node.statements.forEach((each) => visit(each.kind === "return" ? each.value : each));
    }
  };
  visit(block);
  return found;
}

/** `{[test] -> [value]. …}` written out; anything else is a send. */
function caseOf(list: Expression, otherwise: Expression | undefined): Control | undefined {
  if (list.kind !== "brace" || list.elements.length === 0) return undefined;
  if (otherwise !== undefined && (otherwise.kind !== "block" || otherwise.parameters.length > 0)) return undefined;
  const cases = list.elements.flatMap((element) => {
    if (element.kind !== "message" || element.message.selector !== "->") return [];
    const test = element.receiver;
    const [value] = element.message.arguments;
    if (test.kind !== "block" || test.parameters.length > 0) return [];
    return value.kind === "block" && value.parameters.length === 0 ? [{ test, value }] : [];
  });
  return cases.length === list.elements.length ? { kind: "case", cases, otherwise } : undefined;
}
