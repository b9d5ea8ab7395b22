// Source text to tokens. What depends on where a token stands (negative numbers, vertical bars as operators, keywords
// that stand together in literal arrays) is for the parser.

import type { CompileOptions, Literal } from "./compiledMethod.js";
import type { Reporter } from "./diagnostics.js";
import { readNumber } from "./numbers.js";

export type TokenKind =
  | "name"
  | "keyword"
  | "binary"
  /** A number, character, string or symbol: `value` holds it. */
  | "literal"
  | "assign"
  /** One of `^ | : ; . ( ) [ ] { } ::`, and `#( #[ #{`. */
  | "punctuation"
  | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly value?: Literal;
}

/** Characters of binary selectors beside the vertical bar, which is punctuation until the parser knows better. */
const BINARY = "-+*/\\\\~<>=@%&?,!\u00a1-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u2200-\u22ff";
const NAME = "[\\p{L}_][\\p{L}\\p{N}\\p{M}_]*";

const TOKEN = new RegExp(
  [
    `(?<space>[\\s\\ufeff]+|"[^"]*")`,
    `(?<unclosedComment>")`,
    `(?<string>'(?:[^']|'')*')`,
    `(?<unclosedString>')`,
    `(?<character>\\$[^])`,
    `(?<quotedSymbol>#+'(?:[^']|'')*')`,
    `(?<symbol>#+[ \\t]*(?:${NAME}(?::(?:${NAME})?)*(?<!:(?==))|[${BINARY}|^]+|:=?))`,
    `(?<backticks>\`(?:[^\`]|\`\`)*\`)`,
    `(?<open>#[([{])`,
    `(?<number>[0-9])`,
    `(?<assign>:=|←|_(?![\\p{L}\\p{N}_]))`,
    `(?<keyword>${NAME}:(?![=:]))`,
    `(?<name>${NAME})`,
    `(?<punctuation>::|[\\^|:;.()[\\]{}])`,
    `(?<binary>[${BINARY}])`,
    `(?<illegal>[^])`,
  ].join("|"),
  "uy",
);

const BACKTICKS = "expressions that the compiler evaluates (backticks) are not supported; write the value";

/** All tokens, an end token last. What is no token is reported and left out. */
export function scan(text: string, reporter: Reporter, evaluate?: CompileOptions["evaluate"]): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const push = (kind: TokenKind, end: number, value?: Literal) => {
    tokens.push({ kind, text: text.slice(at, end), start: at, end, value });
  };
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(text)!.groups!;
    let end = TOKEN.lastIndex;
    const has = (name: string) => groups[name] !== undefined;
    if (has("unclosedComment") || has("unclosedString")) {
      const what = has("unclosedString") ? "string" : "comment";
      reporter.error({ start: at, end: at + 1 }, `the ${what} that starts here has no end`);
      if (has("unclosedString")) push("literal", text.length, { kind: "string", value: text.slice(at + 1) });
      at = text.length;
    } else if (has("backticks")) {
      const value = evaluate?.(groups.backticks!.slice(1, -1).replaceAll("``", "`"));
      if (value === undefined) reporter.error({ start: at, end }, BACKTICKS);
      push("literal", end, value ?? { kind: "nil" });
    } else if (has("illegal")) {
      reporter.error({ start: at, end }, illegal(text, at));
    } else if (has("number")) {
      const number = readNumber(text, at);
      end = number.end;
      if (number.error !== undefined) reporter.error({ start: at, end }, number.error);
      push("literal", end, number.value);
    } else if (has("binary")) {
      end = binaryEnd(text, at);
      push("binary", end);
    } else {
      const value = literalOf(groups);
      if (value !== undefined) push("literal", end, value);
      else if (!has("space")) push(kindOf(groups), end);
    }
    at = end > at ? end : at;
  }
  return [...tokens, { kind: "end", text: "", start: text.trimEnd().length, end: text.trimEnd().length }];
}

function kindOf(groups: Record<string, string | undefined>): TokenKind {
  for (const kind of ["assign", "keyword", "name"] as const) if (groups[kind] !== undefined) return kind;
  return "punctuation";
}

function literalOf(groups: Record<string, string | undefined>): Literal | undefined {
  const { string, character, quotedSymbol, symbol } = groups;
  if (string !== undefined) return { kind: "string", value: unquoted(string) };
  if (character !== undefined) return { kind: "character", codePoint: character.codePointAt(1)! };
  if (quotedSymbol !== undefined) return { kind: "symbol", value: unquoted(quotedSymbol.replace(/^#+/, "")) };
  if (symbol !== undefined) return { kind: "symbol", value: symbol.replace(/^#+[ \t]*/, "") };
  return undefined;
}

function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll("''", "'");
}

/** A minus before a digit starts a negative number, unless the operator starts with it. */
function binaryEnd(text: string, start: number): number {
  const operator = new RegExp(`[${BINARY}]`, "u");
  let end = start + 1;
  while (end < text.length && operator.test(text[end])) {
    if (text[end] === "-" && /[0-9]/.test(text[end + 1] ?? "")) break;
    end++;
  }
  return end;
}

function illegal(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at)!);
  if (character === "$") return "a character must follow $";
  if (character === "#") return "#, but no symbol, array or byte array follows";
  if (character === "`") return "the expression that starts here has no closing backtick";
  const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  return `${/[\p{L}\p{S}\p{P}]/u.test(character) ? `${character} ` : ""}(U+${code}) means nothing in Smalltalk`;
}
