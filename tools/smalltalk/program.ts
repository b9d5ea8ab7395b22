// The tree between syntax and bytecodes: names bound, control messages inlined. lower.ts makes it, closures.ts decides
// which temps live in vectors, generator.ts reads it.

import type { Binding, Literal, SourceRange } from "./compiledMethod.js";

export interface Temp {
  /** Undefined for what the compiler added: limits of loops, temp vectors. */
  readonly name: string | undefined;
  /** Arguments cannot be assigned by source; a loop's counter is a block argument. */
  readonly role: "argument" | "blockArgument" | "temporary" | "vector";
  /** Counts declarations in source order. */
  readonly order: number;
  readonly scope: Scope;
  /** Set by closures.ts: the vector that holds it, instead of the frame. */
  vector: Temp | undefined;
  /** Of a vector. */
  readonly contents: Temp[];
  readonly reads: Reference[];
  readonly writes: Reference[];
}

/** Where a temp is read or written: in which real scope, and at which count of block entries and exits. */
export interface Reference {
  readonly scope: Scope;
  readonly at: number;
}

export interface Scope {
  readonly kind: "method" | "block" | "inlined";
  /** The method or block whose frame it uses: itself unless inlined. */
  readonly actual: Scope;
  /** Whether it is inlined and run more than once. */
  readonly isLoop: boolean;
  parameters: Temp[];
  temps: Temp[];
  statements: Node[];
  readonly range: SourceRange;
  vector: Temp | undefined;
  /** Count at entry and exit, of real scopes. */
  entry: number;
  exit: number;
}

export type Assignable =
  | { readonly kind: "temp"; readonly temp: Temp; readonly range: SourceRange }
  | { readonly kind: "instanceVariable"; readonly index: number; readonly range: SourceRange }
  | { readonly kind: "global"; readonly binding: Binding; readonly range: SourceRange };

export interface Send {
  readonly kind: "send";
  /** Undefined in a cascade, where it is on the stack. */
  readonly receiver: Node | undefined;
  readonly selector: string;
  readonly arguments: readonly Node[];
  readonly isSuper: boolean;
  readonly range: SourceRange;
}

export interface Case {
  readonly test: Scope;
  readonly value: Scope;
}

export interface ToDo {
  readonly kind: "toDo";
  readonly counter: Temp;
  readonly start: Node;
  readonly limit: Node;
  /** Holds the limit where that is neither a variable nor a number. */
  readonly limitTemp: Temp | undefined;
  readonly increment: Literal;
  readonly body: Scope;
  /** timesRepeat: answers its receiver, to:do: the start. */
  readonly answersLimit: boolean;
  readonly range: SourceRange;
}

export type Node =
  | Assignable
  | Send
  | ToDo
  | { readonly kind: "literal"; readonly value: Literal; readonly range: SourceRange }
  | { readonly kind: "constant"; readonly value: "nil" | "true" | "false"; readonly range: SourceRange }
  | { readonly kind: "self"; readonly range: SourceRange }
  | { readonly kind: "pseudo"; readonly name: "thisContext" | "thisProcess"; readonly range: SourceRange }
  | { readonly kind: "assign"; readonly target: Assignable; readonly value: Node; readonly range: SourceRange }
  | { readonly kind: "newVector"; readonly vector: Temp; readonly range: SourceRange }
  | {
      readonly kind: "cascade";
      readonly receiver: Node;
      readonly messages: readonly Send[];
      readonly range: SourceRange;
    }
  | { readonly kind: "brace"; readonly elements: readonly Node[]; readonly range: SourceRange }
  | { readonly kind: "block"; readonly scope: Scope; readonly range: SourceRange }
  | { readonly kind: "return"; readonly value: Node; readonly range: SourceRange }
  | {
      readonly kind: "if";
      readonly condition: Node;
      readonly whenTrue: Scope;
      readonly whenFalse: Scope;
      readonly range: SourceRange;
    }
  | { readonly kind: "ifNil"; readonly receiver: Node; readonly whenNil: Scope; readonly range: SourceRange }
  | {
      readonly kind: "while";
      readonly condition: Scope;
      readonly body: Scope;
      /** whileFalse: */
      readonly isUntil: boolean;
      readonly range: SourceRange;
    }
  | { readonly kind: "repeat"; readonly body: Scope; readonly range: SourceRange }
  | {
      readonly kind: "case";
      readonly receiver: Node;
      readonly cases: readonly Case[];
      readonly otherwise: Scope | undefined;
      readonly range: SourceRange;
    };

/** Whether control never leaves the statements at their end: a return stands there, or in both branches. */
export function returns({ statements }: Scope): boolean {
  const last = statements.at(-1);
  if (last === undefined) return false;
  return last.kind === "return" || isReturningIf(last);
}

export function isReturningIf(node: Node): boolean {
  return node.kind === "if" && returns(node.whenTrue) && returns(node.whenFalse);
}

/** Whether a scope does nothing but answer nil. */
export function isJustNil({ statements }: Scope): boolean {
  return statements.length === 1 && statements[0].kind === "constant" && statements[0].value === "nil";
}

/** The scopes that run inside a node's own frame, in the order in which closures.ts looks at them. */
export function inlinedScopesOf(node: Node): readonly Scope[] {
  switch (node.kind) {
    case "if":
      return [node.whenTrue, node.whenFalse];
    case "ifNil":
      return [node.whenNil];
    case "while":
      return [node.condition, node.body];
    case "repeat":
    case "toDo":
      return [node.body];
    case "case":
      return [...node.cases.flatMap(({ test, value }) => [test, value]), ...(node.otherwise ? [node.otherwise] : [])];
    default:
      return [];
  }
}
