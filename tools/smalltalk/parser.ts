// Tokens to a syntax tree, by recursive descent. After an error it goes on behind the next full stop, so that one pass
// reports what is wrong in several statements. Grammar: Squeak's Parser, with what Pharo accepts beside it.

import type { CompileOptions, Literal, SourceRange } from "./compiledMethod.js";
import type { Reporter } from "./diagnostics.js";
import { LiteralParser } from "./literalParser.js";
import { scan } from "./scanner.js";
import type {
  BlockSyntax,
  Expression,
  MessageSyntax,
  MethodSyntax,
  Name,
  PragmaSyntax,
  Statement,
} from "./syntaxTree.js";
import { SyntaxError, TokenStream } from "./tokenStream.js";

/** Deeper nesting than this is not source that a person wrote, and must not overflow our own stack. */
const MAX_DEPTH = 400;
const MAX_ERRORS = 50;

export type ParseOptions = Pick<CompileOptions, "isDoIt" | "evaluate">;

/** The method in `text`; with `isDoIt`, statements without a message pattern. Undefined after errors of syntax. */
export function parse(text: string, options: ParseOptions, reporter: Reporter): MethodSyntax | undefined {
  const tokens = new TokenStream(scan(text, reporter, options.evaluate), (offset) => reporter.placeOf(offset));
  const method = new Parser(tokens, reporter).method(options.isDoIt === true);
  return reporter.hasErrors ? undefined : method;
}

class Parser {
  private readonly literals: LiteralParser;
  private depth = 0;
  private errorCount = 0;

  constructor(
    private readonly tokens: TokenStream,
    private readonly reporter: Reporter,
  ) {
    this.literals = new LiteralParser(tokens);
  }

  method(isDoIt: boolean): MethodSyntax | undefined {
    const start = this.tokens.peek().start;
    try {
      const pattern = isDoIt ? doItPattern(start) : this.pattern();
      const temporaries: Name[] = [];
      const pragmas: PragmaSyntax[] = [];
      for (;;) {
        if (this.tokens.is("|")) temporaries.push(...this.temporaries());
        else if (this.tokens.peek().text.startsWith("<") && !isDoIt) pragmas.push(this.pragma());
        else break;
      }
      const statements = this.statements();
      while (this.tokens.peek().kind !== "end") {
        const { text, start, end } = this.tokens.next();
        this.report({ start, end }, `${text} closes nothing`);
        this.statements();
      }
      return { ...pattern, temporaries, pragmas, statements, range: this.tokens.rangeFrom(start) };
    } catch (error) {
      this.caught(error);
      return undefined;
    }
  }

  private pattern(): Pick<MethodSyntax, "selector" | "selectorRange" | "parameters"> {
    const { kind, start } = this.tokens.peek();
    if (kind === "name") {
      const { text } = this.tokens.next();
      return { selector: text, selectorRange: this.tokens.rangeFrom(start), parameters: [] };
    }
    if (this.tokens.isBinary()) {
      const selector = this.tokens.binary();
      const selectorRange = this.tokens.rangeFrom(start);
      return { selector, selectorRange, parameters: [this.name("the name of the argument")] };
    }
    if (kind !== "keyword") throw this.tokens.expected("the message pattern that starts a method");
    let selector = "";
    const parameters: Name[] = [];
    while (this.tokens.peek().kind === "keyword") {
      selector += this.tokens.next().text;
      parameters.push(this.name("the name of the argument"));
    }
    return { selector, selectorRange: this.tokens.rangeFrom(start), parameters };
  }

  private temporaries(): Name[] {
    const names: Name[] = [];
    const { start } = this.tokens.next();
    while (this.tokens.peek().kind === "name") names.push(this.name("a name"));
    if (!this.tokens.skip("|")) {
      throw this.tokens.expected("| to end the temporaries", { start, end: start + 1 });
    }
    return names;
  }

  private pragma(): PragmaSyntax {
    const { start } = this.tokens.next();
    let keyword = "";
    const values: Literal[] = [];
    if (this.tokens.peek().kind === "name") keyword = this.tokens.next().text;
    else if (this.tokens.peek().kind !== "keyword") throw this.tokens.expected("a pragma's selector");
    while (this.tokens.peek().kind === "keyword" && (keyword === "" || keyword.endsWith(":"))) {
      keyword += this.tokens.next().text;
      if (keyword === "cdecl:" || keyword === "apicall:") {
        throw this.tokens.failure("declarations of foreign functions are not supported; use a named primitive");
      }
      values.push(this.pragmaArgument(keyword));
    }
    if (!this.tokens.skipFirst(">")) throw this.tokens.expected("> to end the pragma");
    return { keyword, arguments: values, range: this.tokens.rangeFrom(start) };
  }

  /** A literal; after `error:` of a primitive also a variable's name, which becomes a string as in Squeak. */
  private pragmaArgument(keyword: string): Literal {
    const { kind, text } = this.tokens.peek();
    if (kind === "name" && /^primitive:.*error:$/.test(keyword) && !/^(nil|true|false)$/.test(text)) {
      return { kind: "string", value: this.tokens.next().text };
    }
    const literal = this.literals.literalOrConstant();
    if (literal === undefined) throw this.tokens.expected("a literal: pragmas take no expressions");
    return literal;
  }

  /** Up to a closing bracket or the end; a return ends them. */
  private statements(): Statement[] {
    const statements: Statement[] = [];
    for (;;) {
      while (this.tokens.skip("."));
      if (this.tokens.isClosing()) return statements;
      const { depth } = this;
      const start = this.tokens.position();
      try {
        const statement = this.statement();
        statements.push(statement);
        const more = this.tokens.skip(".");
        if (more && statement.kind === "return") while (this.tokens.skip("."));
        if (this.tokens.isClosing()) return statements;
        if (statement.kind === "return") throw this.tokens.failure("this is never reached: a return stands before it");
        if (!more) throw this.tokens.expected("a full stop or the end of the statements");
      } catch (error) {
        this.caught(error);
        this.depth = depth;
        this.tokens.skipStatement(start);
      }
    }
  }

  private statement(): Statement {
    const { start } = this.tokens.peek();
    if (!this.tokens.skip("^")) return this.expression();
    const value = this.expression();
    return { kind: "return", value, range: this.tokens.rangeFrom(start) };
  }

  private expression(): Expression {
    if (++this.depth > MAX_DEPTH) throw this.tokens.failure(`more than ${MAX_DEPTH} expressions inside each other`);
    const { start, kind } = this.tokens.peek();
    try {
      if (kind === "name" && this.tokens.peek(1).kind === "assign") {
        const variable = this.name("a variable");
        this.tokens.next();
        const value = this.expression();
        return { kind: "assignment", variable, value, range: this.tokens.rangeFrom(start) };
      }
      const primary = this.primary();
      return this.cascade(this.messages(primary, 3));
    } finally {
      this.depth--;
    }
  }

  private cascade(first: Expression): Expression {
    let expression = first;
    while (this.tokens.is(";") || this.tokens.is("::")) {
      const { start } = first.range;
      if (this.tokens.skip("::")) {
        // Cuis: what follows is sent to the value of all before it.
        expression = this.messages(expression, 3);
        continue;
      }
      if (expression.kind !== "message") throw this.tokens.failure("a cascade needs a message before the first ;");
      const { receiver } = expression;
      const messages = [expression.message];
      while (this.tokens.skip(";")) messages.push(this.cascadePart());
      expression = { kind: "cascade", receiver, messages, range: this.tokens.rangeFrom(start) };
    }
    return expression;
  }

  private cascadePart(): MessageSyntax {
    const message = this.message(3);
    if (message === undefined) throw this.tokens.expected("a message after ;");
    return message;
  }

  /** Messages to a receiver: level 1 unary ones, 2 binary ones too, 3 one keyword message in the end. */
  private messages(receiver: Expression, level: 1 | 2 | 3): Expression {
    let expression = receiver;
    for (;;) {
      const message = this.message(level);
      if (message === undefined) return expression;
      const range = this.tokens.rangeFrom(receiver.range.start);
      expression = { kind: "message", receiver: expression, message, range };
    }
  }

  private message(level: 1 | 2 | 3): MessageSyntax | undefined {
    const { kind, start } = this.tokens.peek();
    if (kind === "name") {
      const selector = this.tokens.next().text;
      return { selector, arguments: [], range: this.tokens.rangeFrom(start) };
    }
    if (level >= 2 && this.tokens.isBinary()) {
      const selector = this.tokens.binary();
      const argument = this.messages(this.primary(), 1);
      return { selector, arguments: [argument], range: this.tokens.rangeFrom(start) };
    }
    if (level < 3 || kind !== "keyword") return undefined;
    let selector = "";
    const values: Expression[] = [];
    while (this.tokens.peek().kind === "keyword") {
      selector += this.tokens.next().text;
      values.push(this.messages(this.primary(), 2));
    }
    return { selector, arguments: values, range: this.tokens.rangeFrom(start) };
  }

  private primary(): Expression {
    const { kind, text, start } = this.tokens.peek();
    if (kind === "name") {
      this.tokens.next();
      return { kind: "variable", name: text, range: this.tokens.rangeFrom(start) };
    }
    if (text === "[" && kind === "punctuation") return this.block();
    if (text === "{" && kind === "punctuation") return this.brace();
    if (text === "(" && kind === "punctuation") return this.parenthesis();
    const value = this.literals.literal();
    if (value === undefined) throw this.tokens.expected("an expression");
    return { kind: "literal", value, range: this.tokens.rangeFrom(start) };
  }

  private parenthesis(): Expression {
    const { start } = this.tokens.next();
    const expression = this.expression();
    if (!this.tokens.skip(")")) throw this.tokens.expected(`)${this.opened("(", start)}`);
    return { ...expression, range: this.tokens.rangeFrom(start) };
  }

  private brace(): Expression {
    const { start } = this.tokens.next();
    const elements: Expression[] = [];
    while (!this.tokens.is("}")) {
      elements.push(this.expression());
      if (!this.tokens.skip(".")) break;
    }
    if (!this.tokens.skip("}")) throw this.tokens.expected(`a full stop or }${this.opened("{", start)}`);
    return { kind: "brace", elements, range: this.tokens.rangeFrom(start) };
  }

  private block(): BlockSyntax {
    const { start } = this.tokens.next();
    const parameters: Name[] = [];
    while (this.tokens.skip(":")) parameters.push(this.name("the name of a block's argument"));
    if (parameters.length > 0 && !this.tokens.skip("|") && !this.tokens.is("]")) {
      throw this.tokens.expected("| after the block's arguments");
    }
    const temporaries: Name[] = [];
    while (this.tokens.is("|")) temporaries.push(...this.temporaries());
    if (++this.depth > MAX_DEPTH) throw this.tokens.failure(`more than ${MAX_DEPTH} blocks inside each other`);
    const statements = this.statements();
    this.depth--;
    if (!this.tokens.skip("]")) throw this.tokens.expected(`a full stop or ]${this.opened("[", start)}`);
    return { kind: "block", parameters, temporaries, statements, range: this.tokens.rangeFrom(start) };
  }

  private name(what: string): Name {
    const { kind, start } = this.tokens.peek();
    if (kind !== "name") throw this.tokens.expected(what);
    const { text } = this.tokens.next();
    return { name: text, range: this.tokens.rangeFrom(start) };
  }

  private opened(bracket: string, start: number): string {
    return ` to close the ${bracket} of ${this.tokens.placeOf(start)}`;
  }

  private caught(error: unknown): void {
    if (!(error instanceof SyntaxError)) throw error;
    this.report(error.range, error.message);
  }

  private report(range: SourceRange, message: string): void {
    if (++this.errorCount <= MAX_ERRORS) this.reporter.error(range, message);
  }
}

function doItPattern(start: number): Pick<MethodSyntax, "selector" | "selectorRange" | "parameters"> {
  return { selector: "DoIt", selectorRange: { start, end: start }, parameters: [] };
}
