// What the parser makes of source: names as they are written, control messages as messages. Binding names and deciding
// what is inlined is lower.ts.

import type { Literal, SourceRange } from "./compiledMethod.js";

export interface Name {
  readonly name: string;
  readonly range: SourceRange;
}

export interface MessageSyntax {
  readonly selector: string;
  readonly arguments: readonly Expression[];
  /** From the first keyword or operator to the last argument's end. */
  readonly range: SourceRange;
}

export interface BlockSyntax {
  readonly kind: "block";
  readonly parameters: readonly Name[];
  readonly temporaries: readonly Name[];
  readonly statements: readonly Statement[];
  readonly range: SourceRange;
}

export type Expression =
  | { readonly kind: "literal"; readonly value: Literal; readonly range: SourceRange }
  | { readonly kind: "variable"; readonly name: string; readonly range: SourceRange }
  | { readonly kind: "assignment"; readonly variable: Name; readonly value: Expression; readonly range: SourceRange }
  | {
      readonly kind: "message";
      readonly receiver: Expression;
      readonly message: MessageSyntax;
      readonly range: SourceRange;
    }
  | {
      readonly kind: "cascade";
      readonly receiver: Expression;
      readonly messages: readonly MessageSyntax[];
      readonly range: SourceRange;
    }
  | { readonly kind: "brace"; readonly elements: readonly Expression[]; readonly range: SourceRange }
  | BlockSyntax;

export type Statement =
  Expression | { readonly kind: "return"; readonly value: Expression; readonly range: SourceRange };

export interface PragmaSyntax {
  readonly keyword: string;
  readonly arguments: readonly Literal[];
  /** The name after `error:` in a primitive pragma, where it is written as a variable. */
  readonly range: SourceRange;
}

export interface MethodSyntax {
  readonly selector: string;
  readonly selectorRange: SourceRange;
  readonly parameters: readonly Name[];
  readonly temporaries: readonly Name[];
  readonly pragmas: readonly PragmaSyntax[];
  readonly statements: readonly Statement[];
  readonly range: SourceRange;
}
