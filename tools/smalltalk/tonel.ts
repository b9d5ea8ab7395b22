// Reads packages in Pharo's Tonel format: a folder with package.st, NAME.class.st and NAME.extension.st. Traits are on
// purpose absent: the class library that is built from these files has none.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type {
  ClassDefinition,
  ClassType,
  Diagnostic,
  MethodDefinition,
  PackageDefinition,
  ReadResult,
  SourceRange,
} from "./compiledMethod.js";
import { Reporter } from "./diagnostics.js";
import { selectorOfSource } from "../sources.js";
import { readMap, StonError, type StonMap, type StonValue } from "./ston.js";

const TYPES: Record<string, ClassType> = {
  normal: "normal",
  variable: "variable",
  bytes: "bytes",
  words: "words",
  doubleBytes: "doubleBytes",
  doubleWords: "doubleWords",
  weak: "weak",
  ephemeron: "ephemeron",
  immediate: "immediate",
  compiledMethod: "compiledMethod",
};

/** Reads a package; a folder that is none, or files that are not Tonel, are among the errors. */
export function readTonelPackage(folder: string): ReadResult<PackageDefinition> {
  const name = basename(folder);
  const empty: PackageDefinition = { name, classes: [], extensions: [] };
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    return { content: empty, errors: [folderError(folder, "no such folder; a Tonel package is one")] };
  }
  const files = readdirSync(folder).sort();
  const sources = files.filter((file) => /\.(class|extension)\.st$/.test(file));
  const errors: Diagnostic[] = [];
  if (sources.length === 0 && !files.includes("package.st")) {
    errors.push(folderError(folder, "no Tonel package: it has no package.st and no .class.st"));
  }
  const read = sources.map((file) => readTonelFile(join(folder, file)));
  errors.push(...read.flatMap((each) => each.errors));
  errors.push(
    ...files.filter((file) => file.endsWith(".trait.st")).map((file) => folderError(join(folder, file), TRAITS)),
  );
  const classes = read.flatMap(({ content }) => (content.kind === "class" ? [content.definition] : []));
  classes.sort((a, b) => (a.name < b.name ? -1 : 1));
  const extensions = read.flatMap(({ content }) => (content.kind === "extension" ? content.methods : []));
  return { content: { name: packageName(folder, name, errors), classes, extensions }, errors };
}

const TRAITS = "traits are not supported; copy the methods into the classes";

type FileContent =
  | { kind: "class"; definition: ClassDefinition }
  | { kind: "extension"; methods: readonly MethodDefinition[] }
  | { kind: "none" };

/** One .class.st or .extension.st. */
export function readTonelFile(path: string): ReadResult<FileContent> {
  return parseTonel(readFileSync(path, "utf8"), path);
}

/** The same from text; `file` is its name in errors. */
export function parseTonel(text: string, file: string): ReadResult<FileContent> {
  const reporter = new Reporter({ text, file });
  const content = new TonelFile(text, file, reporter).read();
  return { content, errors: reporter.errors() };
}

function packageName(folder: string, fallback: string, errors: Diagnostic[]): string {
  const path = join(folder, "package.st");
  if (!existsSync(path)) return fallback;
  const text = readFileSync(path, "utf8");
  const reporter = new Reporter({ text, file: path });
  const header = /^\s*(?:"(?:[^"]|"")*"\s*)?Package\s*/.exec(text);
  const map = header === null ? undefined : mapAt(text, header[0].length, reporter)?.map;
  const name = map?.get("name");
  if (typeof name === "string") return name;
  if (!reporter.hasErrors) reporter.error({ start: 0, end: 1 }, "Package { #name : … } is expected");
  errors.push(...reporter.errors());
  return fallback;
}

function mapAt(text: string, start: number, reporter: Reporter): { map: StonMap; end: number } | undefined {
  try {
    return readMap(text, start);
  } catch (error) {
    if (!(error instanceof StonError)) throw error;
    reporter.error(error.range, error.message);
    return undefined;
  }
}

class TonelFile {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly file: string,
    private readonly reporter: Reporter,
  ) {}

  read(): FileContent {
    const comment = this.match(/\s*"((?:[^"]|"")*)"/y)?.[1] ?? "";
    const header = this.match(/\s*(Class|Extension|Trait)\b\s*/y);
    if (header === undefined) return this.failed("Class { … } or Extension { … } is expected");
    if (header[1] === "Trait") return this.failed(TRAITS);
    const start = this.at;
    const found = mapAt(this.text, start, this.reporter);
    if (found === undefined) return { kind: "none" };
    this.at = found.end;
    const { map } = found;
    const name = map.get("name");
    const range = { start, end: start + 1 };
    if (typeof name !== "string") {
      this.reporter.error(range, "#name is missing");
      return { kind: "none" };
    }
    const methods = this.methods(name.replace(/ class$/, ""));
    if (header[1] === "Extension") return { kind: "extension", methods };
    const definition = this.definition(name, map, range, comment.replaceAll('""', '"').trim(), methods);
    return { kind: "class", definition };
  }

  private definition(
    name: string,
    map: StonMap,
    range: SourceRange,
    comment: string,
    methods: readonly MethodDefinition[],
  ): ClassDefinition {
    const superclass = map.get("superclass") ?? null;
    const names = (key: string) => this.names(map.get(key) ?? [], key, range);
    const type = map.get("type") ?? "normal";
    if (typeof type !== "string" || !(type in TYPES)) {
      this.reporter.error(range, `#type : ${String(type)} is none of ${Object.keys(TYPES).join(", ")}`);
    }
    for (const key of ["traits", "classTraits"]) if (map.has(key)) this.reporter.error(range, TRAITS);
    return {
      name,
      superclass: typeof superclass === "string" && superclass !== "nil" ? superclass : undefined,
      type: TYPES[String(type)] ?? "normal",
      instanceVariables: names("instVars"),
      classVariables: names("classVars"),
      classInstanceVariables: names("classInstVars"),
      pools: [...names("pools"), ...names("poolDictionaries")],
      category: categoryOf(map),
      comment,
      file: this.file,
      line: Number(this.reporter.placeOf(range.start).replace(/\D/g, "")),
      methods,
    };
  }

  private names(value: StonValue, key: string, range: SourceRange): string[] {
    if (Array.isArray(value) && value.every((each) => typeof each === "string")) return [...value];
    this.reporter.error(range, `#${key} is a list of names: [ 'one', 'other' ]`);
    return [];
  }

  private methods(className: string): MethodDefinition[] {
    const methods: MethodDefinition[] = [];
    for (;;) {
      this.match(/\s*/y);
      if (this.at >= this.text.length) return methods;
      const method = this.method(className);
      if (method !== undefined) methods.push(method);
      else this.skipToNextMethod();
    }
  }

  /** `{ #category : #name }`, `Class class >> pattern [`, the body up to its bracket. */
  private method(className: string): MethodDefinition | undefined {
    const start = this.at;
    let protocol = "as yet unclassified";
    if (this.text[start] === "{") {
      const found = mapAt(this.text, start, this.reporter);
      if (found === undefined) return undefined;
      this.at = found.end;
      const category = found.map.get("category") ?? found.map.get("protocol");
      if (typeof category === "string") protocol = category;
    }
    this.match(/\s*/y);
    const line = this.at;
    const header = this.match(/([\p{L}_][\p{L}\p{N}_]*)( class| classSide)?[ \t]*>>[ \t]*/uy);
    if (header === undefined) return this.fail(line, `${className} >> selector [ … ] is expected`);
    if (header[1] !== className) return this.fail(line, `a method of ${header[1]} in the file of ${className}`);
    const pattern = this.at;
    const open = this.match(/[^[]*\[/y);
    if (open === undefined) return this.fail(line, "the [ that opens the method's body is missing");
    const body = this.at;
    const end = bodyEnd(this.text, body);
    if (end === undefined) return this.fail(line, "the ] that closes the method's body is missing");
    this.at = end + 1;
    const isClassSide = header[2] !== undefined;
    return { className, isClassSide, protocol, ...this.source(pattern, body, end) };
  }

  /** The pattern and the body without the bracket between, so that lines and columns stay those of the file. */
  private source(pattern: number, body: number, end: number): Pick<MethodDefinition, "selector" | "source"> {
    const { text, file } = this;
    const head = text.slice(pattern, body - 1);
    const statements = text.slice(body, end).trimEnd();
    const isOwnLine = /^[ \t]*[\r\n]/.test(statements) || statements.trim() === "";
    const source = isOwnLine ? head.trimEnd() + statements.replace(/^[ \t]+/, "") : `${head} ${statements}`;
    const lineStart = Math.max(text.lastIndexOf("\n", pattern - 1), text.lastIndexOf("\r", pattern - 1)) + 1;
    const line = Number(this.reporter.placeOf(pattern).replace(/\D/g, ""));
    return {
      selector: selectorOfSource(source),
      source: { text: source, file, line, column: pattern - lineStart },
    };
  }

  private skipToNextMethod(): void {
    const next = /^[ \t]*\{[ \t]*#/gmu;
    next.lastIndex = this.at + 1;
    const match = next.exec(this.text);
    this.at = match === null ? this.text.length : match.index;
  }

  private failed(message: string): FileContent {
    this.fail(this.at, message);
    return { kind: "none" };
  }

  private fail(start: number, message: string): undefined {
    this.reporter.error({ start, end: start + 1 }, message);
    return undefined;
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.at = pattern.lastIndex;
    return match;
  }
}

/** Where the bracket stands that closes a body; brackets in strings, comments and characters do not count. */
function bodyEnd(text: string, start: number): number | undefined {
  let depth = 0;
  for (const match of text.slice(start).matchAll(/"[^"]*"|'[^']*'|\$[^]|[[\]]/g)) {
    if (match[0] === "[") depth++;
    else if (match[0] === "]" && --depth < 0) return start + match.index;
  }
  return undefined;
}

function categoryOf(map: StonMap): string {
  const { category, package: owner, tag } = Object.fromEntries(map) as Record<string, unknown>;
  if (typeof owner !== "string") return typeof category === "string" ? category : "";
  return typeof tag === "string" ? `${owner}-${tag}` : owner;
}

function folderError(path: string, message: string): Diagnostic {
  const range = { start: 0, end: 0 };
  return { severity: "error", message, file: path, line: 1, column: 1, sourceLine: "", width: 1, range };
}
