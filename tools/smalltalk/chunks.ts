// Reads files of chunks: Squeak's and Cuis's .sources, .changes, .st and .cs. A chunk ends at an exclamation mark, two
// stand for one. What the file would do when filed in is read as far as it defines classes and methods, last one first
// where several define the same; all else is handed back as expressions.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { decodeSource, selectorOfSource } from "../sources.js";
import type {
  ClassDefinition,
  ClassType,
  Diagnostic,
  MethodDefinition,
  PackageDefinition,
  ReadResult,
  SourceText,
} from "./compiledMethod.js";
import { placeOf, Reporter } from "./diagnostics.js";
import { parse } from "./parser.js";
import type { Expression } from "./syntaxTree.js";

export interface ChunkFile extends PackageDefinition {
  /** Chunks that are neither methods nor definitions of classes, in the file's order. */
  readonly expressions: readonly SourceText[];
}

/** Reads a file; lines may end in CR, LF or both, text may be UTF-8 or Latin-1. */
export function readChunkFile(path: string): ReadResult<ChunkFile> {
  return parseChunks(decodeSource(readFileSync(path)), path);
}

/** The same from text whose lines end in newlines; `file` is its name in errors. */
export function parseChunks(text: string, file: string): ReadResult<ChunkFile> {
  return new ChunkReader(text, file).read();
}

const TYPES: Record<string, ClassType> = {
  subclass: "normal",
  variableSubclass: "variable",
  variableByteSubclass: "bytes",
  variableWordSubclass: "words",
  variableDoubleByteSubclass: "doubleBytes",
  variableDoubleWordSubclass: "doubleWords",
  weakSubclass: "weak",
  ephemeronSubclass: "ephemeron",
  immediateSubclass: "immediate",
};

interface Chunk {
  readonly text: string;
  /** Offset in the file of the first character, white space left out. */
  readonly start: number;
}

/** `!Foo class methodsFor: 'x' stamp: 'y'!`, `!Foo commentStamp: 'x' prior: 0!` and the like. */
interface Directive {
  readonly kind: "methods" | "comment";
  readonly className: string;
  readonly isClassSide: boolean;
  readonly protocol: string;
}

class ChunkReader {
  private at = 0;
  private readonly lineStarts: number[];
  private readonly classes = new Map<string, ClassDefinition>();
  private readonly comments = new Map<string, string>();
  private readonly methods = new Map<string, MethodDefinition>();
  private readonly expressions: SourceText[] = [];
  private readonly errors: Diagnostic[] = [];

  constructor(
    private readonly text: string,
    private readonly file: string,
  ) {
    this.lineStarts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  }

  read(): ReadResult<ChunkFile> {
    for (;;) {
      const isDirective = this.skipToChunk();
      const chunk = this.chunk();
      if (chunk === undefined) break;
      if (!isDirective) {
        this.expression(chunk);
        continue;
      }
      const directive = directiveOf(chunk.text);
      if (directive === undefined) this.expression(chunk);
      else if (directive.kind === "comment") this.comment(directive.className);
      else this.methodsOf(directive);
    }
    return { content: this.content(), errors: this.errors };
  }

  private content(): ChunkFile {
    const methods = [...this.methods.values()];
    const classes = [...this.classes.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((each) => ({
        ...each,
        comment: this.comments.get(each.name) ?? each.comment,
        methods: methods.filter(({ className }) => className === each.name),
      }));
    const extensions = methods.filter(({ className }) => !this.classes.has(className));
    return { name: basename(this.file), classes, extensions, expressions: this.expressions };
  }

  /** Whether a mark opens the next chunk: the chunk says how to read those that follow. */
  private skipToChunk(): boolean {
    while (/\s/.test(this.text[this.at] ?? "")) this.at++;
    if (this.text[this.at] !== "!" || this.text[this.at + 1] === "!") return false;
    this.at++;
    return true;
  }

  /** Up to its mark; undefined at the end of the file. */
  private chunk(): Chunk | undefined {
    const { text } = this;
    while (/\s/.test(text[this.at] ?? "")) this.at++;
    if (this.at >= text.length) return undefined;
    const start = this.at;
    let end = text.indexOf("!", start);
    while (end >= 0 && text[end + 1] === "!") end = text.indexOf("!", end + 2);
    if (end < 0) {
      this.report(start, "the chunk that starts here has no ! at its end");
      end = text.length;
    }
    this.at = Math.min(end + 1, text.length);
    return { text: text.slice(start, end).replaceAll("!!", "!").trimEnd(), start };
  }

  private methodsOf({ className, isClassSide, protocol }: Directive): void {
    for (;;) {
      const chunk = this.chunk();
      if (chunk === undefined || chunk.text === "") return;
      const selector = selectorOfSource(chunk.text);
      if (selector === "") this.report(chunk.start, "a method is expected here");
      const method = { className, isClassSide, protocol, selector, source: this.sourceText(chunk) };
      this.methods.set(`${className} ${isClassSide} ${selector}`, method);
    }
  }

  private comment(className: string): void {
    const chunk = this.chunk();
    if (chunk !== undefined) this.comments.set(className, chunk.text);
  }

  private expression(chunk: Chunk): void {
    // Comments by themselves, and the marks that Cuis puts before definitions, do nothing.
    if (/^("[^"]*"\s*)*$|^classDefinition:/.test(chunk.text)) return;
    const source = this.sourceText(chunk);
    if (!this.define(chunk, source)) this.expressions.push(source);
  }

  /** Definitions of classes and of their class sides, and removals of methods. */
  private define(chunk: Chunk, source: SourceText): boolean {
    if (!/subclass: ?#|^[\w ]+\s+instanceVariableNames:|removeSelector:/i.test(chunk.text)) return false;
    const syntax = parse(chunk.text, { isDoIt: true }, new Reporter(source));
    const [statement] = syntax?.statements ?? [];
    if (syntax?.statements.length !== 1 || statement.kind !== "message") return false;
    const { receiver, message } = statement;
    const parts = new Map(
      (message.selector.match(/[^:]+:/g) ?? []).map((part, index) => [part.slice(0, -1), message.arguments[index]]),
    );
    const [[first] = [""]] = parts;
    if (first in TYPES) return this.defineClass(receiver, parts, first, source);
    const target = classNamedBy(receiver);
    if (target === undefined) return false;
    if (first === "removeSelector") {
      return this.methods.delete(`${target.name} ${target.isClassSide} ${textOf(parts.get(first))}`);
    }
    const known = this.classes.get(target.name);
    if (first !== "instanceVariableNames" || !target.isClassSide || known === undefined) return false;
    this.classes.set(target.name, { ...known, classInstanceVariables: namesIn(parts.get(first)) });
    return true;
  }

  private defineClass(
    receiver: Expression,
    parts: ReadonlyMap<string, Expression>,
    kind: string,
    source: SourceText,
  ): boolean {
    const name = textOf(parts.get(kind));
    if (receiver.kind !== "variable" || name === undefined) return false;
    const known = this.classes.get(name);
    this.classes.set(name, {
      name,
      superclass: receiver.name === "nil" ? undefined : receiver.name,
      type: TYPES[kind],
      instanceVariables: namesIn(parts.get("instanceVariableNames")),
      classVariables: namesIn(parts.get("classVariableNames")),
      classInstanceVariables: known?.classInstanceVariables ?? [],
      pools: namesIn(parts.get("poolDictionaries")),
      category: textOf(parts.get("category") ?? parts.get("package")) ?? "",
      comment: "",
      file: this.file,
      line: source.line ?? 1,
      methods: [],
    });
    return true;
  }

  private sourceText({ text, start }: Chunk): SourceText {
    const line = this.lineOf(start);
    return { text, file: this.file, line, column: start - this.lineStarts[line - 1] };
  }

  /** One-based. */
  private lineOf(offset: number): number {
    let [low, high] = [0, this.lineStarts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.lineStarts[middle] <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  private report(start: number, message: string): void {
    const range = { start, end: start + 1 };
    const place = placeOf({ text: this.text, file: this.file }, range);
    this.errors.push({ severity: "error", message, ...place, range });
  }
}

function directiveOf(text: string): Directive | undefined {
  const match = /^([\p{L}_][\p{L}\p{N}_]*)( class)?\s+(methodsFor|commentStamp):\s*(?:'((?:[^']|'')*)')?/u.exec(text);
  if (match === null) return undefined;
  const [, className, classSide, verb, argument = ""] = match;
  return {
    kind: verb === "methodsFor" ? "methods" : "comment",
    className,
    isClassSide: classSide !== undefined,
    protocol: argument.replaceAll("''", "'"),
  };
}

function classNamedBy(expression: Expression): { name: string; isClassSide: boolean } | undefined {
  if (expression.kind === "variable") return { name: expression.name, isClassSide: false };
  if (expression.kind !== "message" || expression.message.selector !== "class") return undefined;
  const inner = classNamedBy(expression.receiver);
  return inner === undefined ? undefined : { ...inner, isClassSide: true };
}

function textOf(expression: Expression | undefined): string | undefined {
  if (expression?.kind !== "literal") return undefined;
  const { value } = expression;
  return value.kind === "string" || value.kind === "symbol" ? value.value : undefined;
}

function namesIn(expression: Expression | undefined): string[] {
  return (textOf(expression) ?? "").split(/\s+/).filter((name) => name !== "");
}
