// The small part of STON (Smalltalk Object Notation) that Tonel's headers use: maps, lists, symbols, strings, numbers,
// true, false and nil.

import type { SourceRange } from "./compiledMethod.js";

export type StonValue = string | number | boolean | null | readonly StonValue[] | StonMap;
export type StonMap = ReadonlyMap<string, StonValue>;

/** Thrown by `readMap`: bad notation, and where. */
export class StonError {
  constructor(
    readonly range: SourceRange,
    readonly message: string,
  ) {}
}

/** The map that starts at `start`; its keys are symbols. `end` is behind its closing brace. */
export function readMap(text: string, start: number): { map: StonMap; end: number } {
  const reader = new Reader(text, start);
  const map = reader.map();
  return { map, end: reader.at };
}

const MAX_DEPTH = 50;

class Reader {
  private depth = 0;

  constructor(
    private readonly text: string,
    public at: number,
  ) {}

  map(): StonMap {
    const map = new Map<string, StonValue>();
    this.list("{", "}", () => {
      const key = this.value();
      if (typeof key !== "string") throw this.expected("a symbol as key");
      if (!this.skip(":")) throw this.expected(`: after ${key}`);
      map.set(key, this.value());
    });
    return map;
  }

  private value(): StonValue {
    this.space();
    const next = this.text[this.at];
    if (next === "{") return this.map();
    if (next === "[") {
      const values: StonValue[] = [];
      this.list("[", "]", () => values.push(this.value()));
      return values;
    }
    const match = this.match(
      /#?'((?:[^'\\]|''|\\[^])*)'|#([\p{L}\p{N}_:.+\-*/\\~<>=@%|&?]+)|(-?\d+)|(true|false|nil)\b/uy,
    );
    if (match === undefined) throw this.expected("a value");
    const [, quoted, symbol, number, word] = match;
    if (quoted !== undefined) return quoted.replaceAll("''", "'").replace(/\\([^])/g, "$1");
    if (symbol !== undefined) return symbol;
    if (number !== undefined) return Number(number);
    return word === "nil" ? null : word === "true";
  }

  private list(open: string, close: string, element: () => void): void {
    if (!this.skip(open)) throw this.expected(open);
    if (++this.depth > MAX_DEPTH) throw this.expected("less nesting");
    while (!this.skip(close)) {
      element();
      if (this.skip(",")) continue;
      if (this.skip(close)) break;
      throw this.expected(`, or ${close}`);
    }
    this.depth--;
  }

  private skip(character: string): boolean {
    this.space();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private space(): void {
    this.match(/\s*/y);
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.at = pattern.lastIndex;
    return match;
  }

  private expected(what: string): StonError {
    this.space();
    const end = Math.min(this.at + 1, this.text.length);
    return new StonError({ start: this.at, end }, `${what} is expected here, as the header of a Tonel file has`);
  }
}
