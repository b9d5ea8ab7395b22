// X.sources.json beside X.image: the source of each method and, for each pc, the range that it comes from. The image
// writer makes it, since no source is in the image; stack traces and `stvm debug` read it. Everything is optional for
// whoever reads it: a method that was changed since is told by the digest of its bytecodes and has no source here.

import { existsSync, readFileSync } from "node:fs";
import type { CompiledCode, DebugEntry, Literal, SourceRange } from "./compiledMethod.js";

/** The file's content; `format` and `version` come first, so that a look tells what it is. */
export interface SourcesFile {
  readonly format: "stvm sources";
  readonly version: 1;
  /** Files by the numbers that methods have. */
  readonly files: readonly string[];
  /** By `Class>>selector` or `Class class>>selector`. */
  readonly methods: Readonly<Record<string, MethodSource>>;
}

export interface MethodSource {
  /** Index in `files`. */
  readonly file: number;
  /** One-based line of the file where the source starts. */
  readonly line: number;
  readonly source: string;
  readonly code: CodeSource;
}

/** A method or one of its blocks. */
export interface CodeSource {
  /** Of the bytecodes alone. */
  readonly digest: number;
  /** Three numbers an entry: how far pc and start moved since the entry before, and the range's length. */
  readonly map: readonly number[];
  /** Names of temporaries in frame order; null has none. Left out where there are none. */
  readonly temps?: readonly (string | null)[];
  /** Compiled blocks in the order of the literals. Left out where there are none. */
  readonly blocks?: readonly CodeSource[];
}

/** Where a pc stands in its source. */
export interface SourcePlace {
  readonly file: string;
  /** One-based, of the file. */
  readonly line: number;
  /** One-based, in UTF-16 units; of a first line without what the file has before the source. */
  readonly column: number;
  /** The whole line. */
  readonly sourceLine: string;
  /** In the method's source. */
  readonly range: SourceRange;
}

/** The path of the sources of an image. */
export function sourcesPathOf(image: string): string {
  return `${image.replace(/\.image$/i, "")}.sources.json`;
}

/** Reads the sources of an image; undefined where it has none, or none of this version. */
export function readSourcesFile(image: string): SourcesFile | undefined {
  const path = sourcesPathOf(image);
  if (!existsSync(path)) return undefined;
  try {
    const content = JSON.parse(readFileSync(path, "utf8")) as SourcesFile;
    return content.format === "stvm sources" && content.version === 1 ? content : undefined;
  } catch {
    return undefined;
  }
}

/** The part of a method's source that a CompiledCode becomes. */
export function codeSourceOf(code: CompiledCode): CodeSource {
  const blocks = code.literals.flatMap((literal: Literal) =>
    literal.kind === "block" ? [codeSourceOf(literal.block)] : [],
  );
  const temps = code.tempNames.map((name) => name ?? null);
  return {
    digest: digestOf(code.bytecodes),
    map: packMap(code.debugMap),
    ...(temps.length > 0 ? { temps } : {}),
    ...(blocks.length > 0 ? { blocks } : {}),
  };
}

/** FNV-1a over bytecodes, without trailer: 32 bits. */
export function digestOf(bytecodes: Iterable<number>): number {
  let hash = 0x811c9dc5;
  for (const byte of bytecodes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The range that the bytecode at a zero-based offset comes from; undefined before the first entry. */
export function rangeAt(code: CodeSource, offset: number): SourceRange | undefined {
  let found: SourceRange | undefined;
  let pc = 0;
  let start = 0;
  for (let i = 0; i + 2 < code.map.length; i += 3) {
    pc += code.map[i];
    start += code.map[i + 1];
    if (pc > offset) break;
    found = { start, end: start + code.map[i + 2] };
  }
  return found;
}

/** The place in its file of the bytecode at a zero-based offset in a method's, or a block's, bytecodes. */
export function placeAt(
  file: SourcesFile,
  method: MethodSource,
  code: CodeSource,
  offset: number,
): SourcePlace | undefined {
  const range = rangeAt(code, offset);
  if (range === undefined) return undefined;
  const before = method.source.slice(0, range.start).split(/\r\n|\r|\n/);
  const sourceLine = method.source.split(/\r\n|\r|\n/)[before.length - 1] ?? "";
  const column = before[before.length - 1].length + 1;
  return { file: file.files[method.file], line: method.line + before.length - 1, column, sourceLine, range };
}

function packMap(entries: readonly DebugEntry[]): number[] {
  let pc = 0;
  let start = 0;
  return entries.flatMap((entry) => {
    const packed = [entry.pc - pc, entry.range.start - start, entry.range.end - entry.range.start];
    pc = entry.pc;
    start = entry.range.start;
    return packed;
  });
}
