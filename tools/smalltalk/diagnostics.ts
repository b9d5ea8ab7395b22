// Errors and warnings with their place: collected while a source is read, shown with the line and a caret below it.

import type { Diagnostic, SourceRange, SourceText } from "./compiledMethod.js";

/** Collects the diagnostics of one source text. */
export class Reporter {
  private readonly found: Diagnostic[] = [];

  constructor(private readonly source: SourceText) {}

  error(range: SourceRange, message: string): void {
    this.add("error", range, message);
  }

  warning(range: SourceRange, message: string): void {
    this.add("warning", range, message);
  }

  get hasErrors(): boolean {
    return this.found.some(({ severity }) => severity === "error");
  }

  /** In source order, one for each place. */
  errors(): Diagnostic[] {
    return this.sorted("error");
  }

  warnings(): Diagnostic[] {
    return this.sorted("warning");
  }

  /** "line 12" of the file, for use inside a message. */
  placeOf(offset: number): string {
    return `line ${placeOf(this.source, { start: offset, end: offset }).line}`;
  }

  private sorted(severity: Diagnostic["severity"]): Diagnostic[] {
    const starts = new Set<number>();
    return this.found
      .filter((each) => each.severity === severity)
      .sort((a, b) => a.range.start - b.range.start)
      .filter(({ range }) => !starts.has(range.start) && starts.add(range.start));
  }

  private add(severity: Diagnostic["severity"], range: SourceRange, message: string): void {
    this.found.push({ severity, message, ...placeOf(this.source, range), range });
  }
}

/** Line, column and the rest of a diagnostic's place; the range may lie at the end of the text. */
export function placeOf(
  source: SourceText,
  { start, end }: SourceRange,
): Pick<Diagnostic, "file" | "line" | "column" | "sourceLine" | "width"> {
  const { text } = source;
  const at = Math.min(start, text.length);
  const before = text.slice(0, at);
  const lineStart = Math.max(before.lastIndexOf("\n"), before.lastIndexOf("\r")) + 1;
  const rest = text.slice(lineStart).search(/[\r\n]/);
  const lineEnd = rest < 0 ? text.length : lineStart + rest;
  const linesBefore = before.match(/\r\n?|\n/g)?.length ?? 0;
  const indent = linesBefore === 0 ? (source.column ?? 0) : 0;
  return {
    file: source.file,
    line: (source.line ?? 1) + linesBefore,
    column: indent + codePoints(text.slice(lineStart, at)) + 1,
    // Where the text starts within a line of its file, the characters before it are not known.
    sourceLine: " ".repeat(indent) + text.slice(lineStart, lineEnd),
    width: Math.max(1, codePoints(text.slice(at, Math.min(Math.max(end, at), lineEnd)))),
  };
}

/**
 * As it is printed, without a newline at the end:
 *
 *   Point.class.st:12:9: error: unknown variable fooo; did you mean foo?
 *   12 |   ^ x + fooo
 *      |         ^^^^
 */
export function renderDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, severity, message, sourceLine, width } = diagnostic;
  const margin = " ".repeat(`${line}`.length);
  const characters = [...sourceLine];
  // Tabs stay tabs below, so that the caret stands below its character at any tab width.
  const indent = characters
    .slice(0, column - 1)
    .map((character) => (character === "\t" ? "\t" : " "))
    .join("");
  return [
    `${file}:${line}:${column}: ${severity}: ${message}`,
    `${line} | ${sourceLine}`,
    `${margin} | ${indent}${"^".repeat(width)}`,
  ].join("\n");
}

function codePoints(text: string): number {
  return [...text].length;
}
