// Literals out of tokens: negative numbers, arrays and byte arrays. Inside literal arrays words, operators and
// punctuation are symbols, and keywords that stand together are one (Scanner>>scanLitVec of Squeak).

import type { Literal } from "./compiledMethod.js";
import { negated } from "./numbers.js";
import type { Token } from "./scanner.js";
import type { TokenStream } from "./tokenStream.js";

const CONSTANTS: Record<string, Literal> = {
  nil: { kind: "nil" },
  true: { kind: "boolean", value: true },
  false: { kind: "boolean", value: false },
};
const MAX_DEPTH = 200;

export class LiteralParser {
  private depth = 0;

  constructor(private readonly tokens: TokenStream) {}

  /** A literal as it stands in an expression; undefined where none starts. */
  literal(): Literal | undefined {
    const { kind, text, value } = this.tokens.peek();
    if (kind === "literal") {
      this.tokens.next();
      return value!;
    }
    if (this.tokens.isNegativeNumber()) return this.negativeNumber();
    if (kind !== "punctuation") return undefined;
    if (text === "#(") return this.array(")");
    if (text === "#[") return this.byteArray();
    if (text === "#{") throw this.tokens.failure("literal bindings #{…} are not supported; use the variable");
    return undefined;
  }

  /** The same, and nil, true and false: an argument of a pragma. */
  literalOrConstant(): Literal | undefined {
    const { kind, text } = this.tokens.peek();
    if (kind !== "name" || !(text in CONSTANTS)) return this.literal();
    this.tokens.next();
    return CONSTANTS[text];
  }

  private negativeNumber(): Literal {
    this.tokens.next();
    return negated(this.tokens.next().value!);
  }

  private array(closing: string): Literal {
    if (this.depth >= MAX_DEPTH) throw this.tokens.failure(`more than ${MAX_DEPTH} literal arrays inside each other`);
    const { start } = this.tokens.next();
    const elements: Literal[] = [];
    this.depth++;
    try {
      while (!this.tokens.is(closing)) {
        if (this.tokens.peek().kind === "end") throw this.unclosed("array", closing, start);
        elements.push(this.element());
      }
    } finally {
      this.depth--;
    }
    this.tokens.next();
    return { kind: "array", elements };
  }

  private byteArray(): Literal {
    const { start } = this.tokens.next();
    const bytes: number[] = [];
    while (!this.tokens.is("]")) {
      const { kind, value } = this.tokens.peek();
      if (kind === "end") throw this.unclosed("byte array", "]", start);
      if (value?.kind !== "integer" || value.value > 255n) {
        throw this.tokens.expected("an integer from 0 to 255 of the byte array");
      }
      bytes.push(Number(value.value));
      this.tokens.next();
    }
    this.tokens.next();
    return { kind: "byteArray", bytes: Uint8Array.from(bytes) };
  }

  private element(): Literal {
    const { kind, text } = this.tokens.peek();
    if (kind === "punctuation") {
      if (text === "(") return this.array(")");
      if (text === "[" && this.isByteArray()) return this.byteArray();
      if (text === "#(" || text === "#[") return this.literal()!;
      if (text === "|") return { kind: "symbol", value: this.tokens.binary() };
      return { kind: "symbol", value: this.tokens.next().text };
    }
    if (kind === "name" && text in CONSTANTS && !touches(this.tokens.peek(), this.tokens.peek(1))) {
      return this.literalOrConstant()!;
    }
    if (kind === "name" || kind === "keyword") return { kind: "symbol", value: this.word() };
    if (kind === "literal" || this.tokens.isNegativeNumber(true)) return this.literal()!;
    if (kind === "binary") return { kind: "symbol", value: this.tokens.binary() };
    return { kind: "symbol", value: this.tokens.next().text };
  }

  /** Whether only integers stand up to the bracket: Pharo's byte array. In Squeak these brackets are symbols. */
  private isByteArray(): boolean {
    for (let ahead = 1; ; ahead++) {
      const { kind, text, value } = this.tokens.peek(ahead);
      if (kind === "punctuation" && text === "]") return true;
      if (value?.kind !== "integer") return false;
    }
  }

  /** `at:put:`: keywords and names without space between them. */
  private word(): string {
    let token = this.tokens.next();
    let text = token.text;
    while (token.kind === "keyword" && touches(token, this.tokens.peek())) {
      token = this.tokens.next();
      text += token.text;
    }
    return text;
  }

  private unclosed(what: string, closing: string, start: number) {
    return this.tokens.expected(`${closing} to close the ${what} of ${this.tokens.placeOf(start)}`);
  }
}

function touches(token: Token, next: Token): boolean {
  return token.end === next.start && (next.kind === "keyword" || next.kind === "name");
}
