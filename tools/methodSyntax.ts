// As much of Smalltalk's syntax as the tools need: what a method's source sends, assigns and returns, in the order of
// evaluation, and the names of its arguments and temporaries. Never fails: what it cannot read, it skips.

/** A send (by its selector), an assignment (":=") or a return ("^"), and where in the source it stands. */
export interface SourceEvent {
  readonly name: string;
  readonly offset: number;
}

export interface MethodSyntax {
  readonly selector: string;
  readonly argumentNames: readonly string[];
  readonly tempNames: readonly string[];
  /** Of the whole method, blocks where they are written. */
  readonly events: readonly SourceEvent[];
  /** Of each block by itself, outer before inner. */
  readonly blocks: readonly (readonly SourceEvent[])[];
}

type Kind = "name" | "keyword" | "binary" | "literal" | "assign" | "punctuation" | "end";

interface Token {
  readonly kind: Kind;
  readonly text: string;
  readonly offset: number;
}

export function parseMethod(source: string): MethodSyntax {
  return new Parser(tokens(source)).method();
}

const TOKEN = new RegExp(
  [
    /(?<space>\s+|"(?:[^"]|"")*")/,
    /(?<literal>'(?:[^']|'')*'|\$[^]|#'(?:[^']|'')*'|#[A-Za-z_]\w*(?:[:.]\w+)*:?|#[-+*/\\~<>=@%|&?,!]+|\d+r-?[\dA-Z.]+|\d+(?:\.\d+)?(?:[eqds]-?\d*)?)/,
    /(?<open>#\(|#\[|#\{)/,
    /(?<assign>:=|_(?=\s)|←)/,
    /(?<keyword>[A-Za-z_]\w*:(?!=))/,
    /(?<name>[A-Za-z_]\w*)/,
    /(?<punctuation>[[\](){}.;^|:])/,
    /(?<binary>[-+*/\\~<>=@%&?,!|]+)/,
    /(?<other>[^])/,
  ]
    .map((part) => part.source)
    .join("|"),
  "gy",
);

function tokens(source: string): Token[] {
  const found: Token[] = [];
  for (const match of source.matchAll(TOKEN)) {
    const groups = match.groups!;
    if (groups.space !== undefined || groups.other !== undefined) continue;
    const kind = (["literal", "assign", "keyword", "name", "binary"] as const).find(
      (each) => groups[each] !== undefined,
    );
    found.push({ kind: kind ?? "punctuation", text: match[0], offset: match.index });
  }
  const end = found.at(-1);
  return [...found, { kind: "end", text: "", offset: end === undefined ? 0 : end.offset + end.text.length }];
}

class Parser {
  private at = 0;
  private readonly events: SourceEvent[] = [];
  private readonly blocks: SourceEvent[][] = [];

  constructor(private readonly list: readonly Token[]) {}

  method(): MethodSyntax {
    const { selector, argumentNames } = this.pattern();
    const tempNames: string[] = [];
    // Temporaries and pragmas, in either order.
    for (;;) {
      if (this.isText("|")) tempNames.push(...this.temporaries());
      else if (this.isText("<")) this.pragma();
      else break;
    }
    while (this.peek().kind !== "end") {
      const before = this.at;
      this.statements();
      if (this.at === before) this.at++;
    }
    return { selector, argumentNames, tempNames, events: this.events, blocks: this.blocks };
  }

  private pattern(): { selector: string; argumentNames: string[] } {
    if (this.peek().kind === "name") return { selector: this.next().text, argumentNames: [] };
    let selector = "";
    const argumentNames: string[] = [];
    if (this.peek().kind === "binary" || this.isText("|")) {
      selector = this.binaryOperator();
      argumentNames.push(this.next().text);
    }
    while (
      selector === "" ? this.peek().kind === "keyword" : selector.endsWith(":") && this.peek().kind === "keyword"
    ) {
      selector += this.next().text;
      argumentNames.push(this.next().text);
    }
    return { selector, argumentNames };
  }

  private temporaries(): string[] {
    const names: string[] = [];
    this.next();
    while (this.peek().kind === "name") names.push(this.next().text);
    if (this.isText("|")) this.next();
    return names;
  }

  private pragma(): void {
    while (this.peek().kind !== "end" && !this.isText(">")) this.next();
    this.next();
  }

  private statements(): void {
    while (this.peek().kind !== "end" && !this.isClosing()) {
      if (this.isText("|")) this.temporaries();
      else if (this.isText(".")) this.next();
      else {
        const before = this.at;
        this.statement();
        if (this.at === before) return;
      }
    }
  }

  private statement(): void {
    if (!this.isText("^")) {
      this.expression();
      return;
    }
    const { offset } = this.next();
    this.expression();
    this.events.push({ name: "^", offset });
  }

  private expression(): void {
    const first = this.peek();
    if (first.kind === "name" && this.list[this.at + 1].kind === "assign") {
      this.at += 2;
      this.expression();
      this.events.push({ name: ":=", offset: first.offset });
      return;
    }
    this.primary();
    this.messages();
    while (this.isText(";")) {
      this.next();
      this.messages();
    }
  }

  /** Unary, then binary, then one keyword message. */
  private messages(): void {
    this.unaryMessages();
    this.binaryMessages();
    if (this.peek().kind !== "keyword") return;
    const { offset } = this.peek();
    let selector = "";
    while (this.peek().kind === "keyword") {
      selector += this.next().text;
      this.primary();
      this.unaryMessages();
      this.binaryMessages();
    }
    this.events.push({ name: selector, offset });
  }

  private unaryMessages(): void {
    while (this.peek().kind === "name") {
      const { text, offset } = this.next();
      this.events.push({ name: text, offset });
    }
  }

  private binaryMessages(): void {
    while (this.peek().kind === "binary" || this.isText("|")) {
      const { offset } = this.peek();
      const operator = this.binaryOperator();
      this.primary();
      this.unaryMessages();
      this.events.push({ name: operator, offset });
    }
  }

  private binaryOperator(): string {
    let operator = this.next().text;
    while (this.peek().kind === "binary" || this.isText("|")) {
      const { text, offset } = this.peek();
      // "3 - -4": a minus before a digit belongs to the number.
      if (text === "-" || offset !== this.list[this.at - 1].offset + this.list[this.at - 1].text.length) break;
      operator += this.next().text;
    }
    return operator;
  }

  private primary(): void {
    const { kind, text } = this.peek();
    if (kind === "binary" && text === "-") this.next();
    if (text === "[") this.block();
    else if (text === "(" || text === "{") this.group(text === "(" ? ")" : "}");
    else if (text.startsWith("#") && /[([{]$/.test(text)) this.literalArray();
    else if (kind !== "end" && !this.isClosing() && kind !== "keyword" && text !== "." && text !== ";") this.next();
  }

  private block(): void {
    const start = this.events.length;
    const index = this.blocks.push([]) - 1;
    this.next();
    while (this.isText(":")) {
      this.next();
      this.next();
    }
    if (this.isText("|")) this.next();
    this.statements();
    if (this.isText("]")) this.next();
    this.blocks[index] = this.events.slice(start);
  }

  private group(closing: string): void {
    this.next();
    this.statements();
    if (this.isText(closing)) this.next();
  }

  private literalArray(): void {
    let depth = 0;
    do {
      const { text, kind } = this.next();
      if (kind === "end") return;
      if (/[([{]$/.test(text) && text.length < 3) depth++;
      else if (/^[)\]}]$/.test(text)) depth--;
    } while (depth > 0);
  }

  private isClosing(): boolean {
    return this.isText("]") || this.isText(")") || this.isText("}");
  }

  private isText(text: string): boolean {
    const token = this.peek();
    return token.text === text && token.kind !== "literal";
  }

  private peek(): Token {
    return this.list[this.at];
  }

  private next(): Token {
    const token = this.list[this.at];
    if (this.at < this.list.length - 1) this.at++;
    return token;
  }
}
