// The sources that a build left beside an image (smalltalk/sourcesFile.ts), for methods in memory: text, the line of each
// pc, names of temporaries. A method that was changed since its image was built has none here.

import type { Address } from "../vm/embed/heap.js";
import type { Reflection } from "../vm/embed/reflection.js";
import { methodParts } from "./methods.js";
import { Recompiler } from "./recompiledSource.js";
import {
  type CodeSource,
  codeSourceOf,
  digestOf,
  type MethodSource,
  placeAt,
  readSourcesFile,
  type SourcePlace,
  type SourcesFile,
  sourcesPathOf,
} from "./smalltalk/sourcesFile.js";

/** A method's recorded source, and that of the part which was asked for: the method, or one of its blocks. */
export interface Recorded {
  readonly text: string;
  /** The file with the recorded sources. */
  readonly path: string;
  /** Names of temporaries in frame order, null where one has none; of a block that shares its method's bytecodes none. */
  readonly temps: readonly (string | null)[];
  /**
   * Where the bytecode at a one-based pc stands in its file. Of an activation that waits for an answer give the pc less
   * one, which lies in the send.
   */
  placeAt(pc: number): SourcePlace | undefined;
  /** The same as a one-based line of `text`. */
  lineOf(pc: number): number | undefined;
}

export class RecordedSources {
  private content: SourcesFile | undefined;
  private isRead = false;
  private readonly recompiler: Recompiler;

  constructor(
    private readonly reflection: Reflection,
    private readonly imagePath: string,
  ) {
    this.recompiler = new Recompiler(reflection);
  }

  /** The source of a method or compiled block. */
  of(method: Address): Recorded | undefined {
    if (!this.isRead) this.content = readSourcesFile(this.imagePath);
    this.isRead = true;
    const { content, reflection } = this;
    if (content === undefined) return undefined;
    const home = reflection.homeMethodOf(method);
    const entry = content.methods[reflection.methodName(home)];
    if (entry === undefined || entry.code.digest !== this.digestOf(home)) return undefined;
    const code = this.codeOf(home, entry.code, method);
    return code === undefined ? undefined : this.recorded(content, entry, code, method, sourcesPathOf(this.imagePath));
  }

  /** The same for a method whose text was found elsewhere, where compiling it again gives what the image holds. */
  recompiled(method: Address, text: string, path: string): Recorded | undefined {
    const home = this.reflection.homeMethodOf(method);
    const compiled = this.recompiler.compiled(home, text);
    if (compiled === undefined) return undefined;
    const entry: MethodSource = { file: 0, line: 1, source: text, code: codeSourceOf(compiled) };
    const code = this.codeOf(home, entry.code, method);
    if (code === undefined || code.digest !== this.digestOf(method)) return undefined;
    return this.recorded({ format: "stvm sources", version: 1, files: [path], methods: {} }, entry, code, method, path);
  }

  private recorded(
    content: SourcesFile,
    entry: MethodSource,
    code: CodeSource,
    method: Address,
    path: string,
  ): Recorded {
    const { start } = methodParts(this.reflection.heap, method, this.reflection.homeMethodOf(method) !== method);
    const place = (pc: number) => placeAt(content, entry, code, pc - 1 - start);
    return {
      text: entry.source,
      path,
      temps: code.temps ?? [],
      placeAt: place,
      lineOf: (pc) => {
        const found = place(pc);
        return found === undefined ? undefined : found.line - entry.line + 1;
      },
    };
  }

  private digestOf(method: Address): number {
    const isBlock = this.reflection.homeMethodOf(method) !== method;
    const { start, end } = methodParts(this.reflection.heap, method, isBlock);
    return digestOf(this.reflection.heap.bytesOf(method).subarray(start, end));
  }

  /** The code of `wanted`, which is `holder` or one of the blocks among its literals. */
  private codeOf(holder: Address, code: CodeSource, wanted: Address): CodeSource | undefined {
    if (holder === wanted) return code;
    const { heap } = this.reflection;
    let next = 0;
    for (let index = 1; index <= heap.literalCountOf(holder); index++) {
      const literal = heap.reference(holder, index);
      // A block's last literal is the code around it, which is no block of its.
      const isBlock = heap.isMethod(literal) && index < heap.literalCountOf(holder);
      if (!isBlock) continue;
      const block = code.blocks?.[next++];
      const found = block === undefined ? undefined : this.codeOf(literal, block, wanted);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
