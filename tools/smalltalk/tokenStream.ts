// The parser's view of the tokens: look, take, and say what was expected instead.

import type { SourceRange } from "./compiledMethod.js";
import type { Token } from "./scanner.js";

/** Thrown inside the parser only, and caught there: the statement is given up. */
export class SyntaxError {
  constructor(
    readonly range: SourceRange,
    readonly message: string,
  ) {}
}

export class TokenStream {
  private at = 0;

  constructor(
    private readonly tokens: Token[],
    private readonly lineOf: (offset: number) => string,
  ) {}

  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)];
  }

  next(): Token {
    const token = this.peek();
    if (this.at < this.tokens.length - 1) this.at++;
    return token;
  }

  /** Whether the next token is this punctuation. */
  is(text: string): boolean {
    const token = this.peek();
    return token.kind === "punctuation" && token.text === text;
  }

  skip(text: string): boolean {
    if (!this.is(text)) return false;
    this.next();
    return true;
  }

  isClosing(): boolean {
    return this.peek().kind === "end" || this.is("]") || this.is(")") || this.is("}");
  }

  /** Whether a binary selector comes; a vertical bar is one where an operator may stand. */
  isBinary(): boolean {
    return this.peek().kind === "binary" || this.is("|");
  }

  /** A binary selector: bars and operator characters that stand together. */
  binary(): string {
    let { text, end } = this.next();
    while (this.peek().start === end && this.isBinary() && !this.isNegativeNumber(true)) {
      const more = this.next();
      text += more.text;
      end = more.end;
    }
    return text;
  }

  /** Whether a minus and the digits of a number come; Squeak allows space between, but not in literal arrays. */
  isNegativeNumber(mustTouch = false): boolean {
    const { kind, text, end } = this.peek();
    const digits = this.peek(1);
    return kind === "binary" && text === "-" && isNumber(digits) && (!mustTouch || digits.start === end);
  }

  /** Takes a first character of an operator and leaves the rest: `>` of `><`. */
  skipFirst(character: string): boolean {
    const { kind, text, start, end } = this.peek();
    if (kind !== "binary" || text[0] !== character) return false;
    if (text.length === 1) {
      this.next();
      return true;
    }
    this.tokens.splice(
      this.at,
      1,
      { kind, text: character, start, end: start + 1 },
      { kind, text: text.slice(1), start: start + 1, end },
    );
    this.next();
    return true;
  }

  /** From an offset to the end of the token taken last. */
  rangeFrom(start: number): SourceRange {
    const end = this.tokens[this.at - 1]?.end ?? start;
    return { start, end: Math.max(start, end) };
  }

  /** To name a place to come back to. */
  position(): number {
    return this.at;
  }

  /** To the full stop that ends the statement that began at a position, or to what closes the brackets around it. */
  skipStatement(start: number): void {
    const failedAt = this.at;
    let depth = 0;
    for (this.at = start; ; this.next()) {
      const { kind, text } = this.peek();
      if (kind === "end") return;
      if (kind !== "punctuation") continue;
      const isBehind = this.at >= failedAt;
      if (isBehind && depth === 0 && (text === "." || this.isClosing())) return;
      if (/[([{]$/.test(text)) depth++;
      else if (/[)\]}]/.test(text)) depth = Math.max(0, depth - 1);
    }
  }

  /** An error at the next token, or at `range`. */
  failure(message: string, range?: SourceRange): SyntaxError {
    const { start, end } = this.peek();
    return new SyntaxError(range ?? { start, end }, message);
  }

  expected(what: string, range?: SourceRange): SyntaxError {
    const { kind, text } = this.peek();
    const found = kind === "end" ? "the source ends" : `here is ${text.length > 20 ? `${text.slice(0, 20)}…` : text}`;
    return this.failure(`${found} where ${what} is expected`, range);
  }

  placeOf(offset: number): string {
    return this.lineOf(offset);
  }
}

function isNumber({ kind, text }: Token): boolean {
  return kind === "literal" && /^[0-9]/.test(text);
}
