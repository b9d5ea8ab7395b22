// The contract of the Smalltalk compiler: what goes in (source, the class's names) and what comes out (compiled code as
// plain data). No image, no oops, no addresses: the image writer and `stvm eval` turn these into objects.

import type { BytecodeSet } from "../../vm/tables/decode.js";

export type { BytecodeSet };

/** Source text and where it stands, so that errors name the file's line. Offsets are UTF-16, from the start of `text`. */
export interface SourceText {
  readonly text: string;
  /** As it is shown to people. */
  readonly file: string;
  /** One-based line of the file on which `text` starts; 1 where absent. */
  readonly line?: number;
  /** Characters of the file's line before the first of `text`; 0 where absent. */
  readonly column?: number;
}

/** From `start` up to `end` in `SourceText.text`. */
export interface SourceRange {
  readonly start: number;
  readonly end: number;
}

/** An error or warning, placed. `renderDiagnostic` (diagnostics.ts) makes the lines with the caret. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  /** What is wrong and the way out; no place, no full stop. */
  readonly message: string;
  readonly file: string;
  /** One-based. */
  readonly line: number;
  /** One-based, in characters (code points) of the line. */
  readonly column: number;
  /** The whole line of source, without its end. */
  readonly sourceLine: string;
  /** How many characters the mark below the line covers; at least 1, never past the line. */
  readonly width: number;
  readonly range: SourceRange;
}

/**
 * The association behind a global, class variable or pool variable. A resolver answers the same object for the same
 * variable, always: literals are shared by identity. The compiler hands it through; writers may extend the interface.
 */
export interface Binding {
  readonly name: string;
  /** Who holds it: "Smalltalk" for globals, else the name of the class or pool. */
  readonly owner: string;
  /** False: assigning it is an error (classes are not assigned). */
  readonly isWritable: boolean;
}

/** What the compiler must know of the class that a method is compiled for. */
export interface ClassScope {
  /** "Point", or "Point class" for the class side. */
  readonly name: string;
  /** All instance variables, inherited ones first, in slot order. */
  readonly instanceVariables: readonly string[];
  /**
   * So many of the first instance variables are those of a class that has contexts among its instances (Context and its
   * superclasses): they are read and written by the long bytecodes only. 0 where absent.
   */
  readonly contextVariableCount?: number;
  /** Class variables and pools of the class and its superclasses, then globals; undefined where there is none. */
  resolve(name: string): Binding | undefined;
  /** Names that `resolve` knows, for "did you mean"; may be absent. */
  names?(): Iterable<string>;
}

/** A literal, as data. Equal literals of one method are one entry of its literal frame. */
export type Literal =
  | { readonly kind: "nil" }
  | { readonly kind: "boolean"; readonly value: boolean }
  /** SmallInteger or large: the writer's word size decides. */
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "fraction"; readonly numerator: bigint; readonly denominator: bigint }
  /** 3.14s2: the exact fraction, reduced, and the scale. */
  | {
      readonly kind: "scaledDecimal";
      readonly numerator: bigint;
      readonly denominator: bigint;
      readonly scale: number;
    }
  | { readonly kind: "character"; readonly codePoint: number }
  /** Wide where a code point is above 255. */
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "symbol"; readonly value: string }
  | { readonly kind: "byteArray"; readonly bytes: Uint8Array }
  | { readonly kind: "array"; readonly elements: readonly Literal[] }
  /** The association of a variable. */
  | { readonly kind: "variable"; readonly binding: Binding }
  /** SistaV1: a CompiledBlock, pushed as a FullBlockClosure. */
  | { readonly kind: "block"; readonly block: CompiledBlock }
  /** The last literal but one of a method that has pragmas; otherwise the selector as a symbol stands there. */
  | { readonly kind: "methodState"; readonly selector: string; readonly pragmas: readonly Pragma[] }
  /** The last literal of a method: the association of the class that holds it, `nil -> metaclass` on the class side. */
  | { readonly kind: "methodClass"; readonly className: string }
  /** The last literal of a block: the method or block that it stands in. */
  | { readonly kind: "outerCode" };

export interface Pragma {
  readonly keyword: string;
  readonly arguments: readonly Literal[];
}

/** Which source a bytecode came from. Sorted by pc; an entry counts until the next one's pc. */
export interface DebugEntry {
  /** Zero-based offset in `bytecodes`; Smalltalk's pc is this, plus the literals' and header's bytes, plus one. */
  readonly pc: number;
  readonly range: SourceRange;
}

/** What methods and compiled blocks have in common. */
export interface CompiledCode {
  readonly bytecodeSet: BytecodeSet;
  readonly argumentCount: number;
  /** All temporaries of the frame: arguments, copied values (of a block), temporaries. */
  readonly tempCount: number;
  /** Names of these where they have one, in frame order; a temp vector's is undefined. For debuggers. */
  readonly tempNames: readonly (string | undefined)[];
  /** The header's large frame flag: the frame needs more than 16 slots beside its header. */
  readonly needsLargeFrame: boolean;
  readonly literals: readonly Literal[];
  /** Without trailer; begins with callPrimitive where there is a primitive. */
  readonly bytecodes: Uint8Array;
  readonly debugMap: readonly DebugEntry[];
}

export interface CompiledMethod extends CompiledCode {
  readonly selector: string;
  /** 0 for none; 117 for named primitives, whose first literal is {module. function. 0. 0} as in Squeak. */
  readonly primitive: number;
  /** All pragmas, the primitive's included, in source order. */
  readonly pragmas: readonly Pragma[];
  /** Every selector that is sent, in this method and its blocks, sorted; inlined ones left out. For reachability. */
  readonly sentSelectors: readonly string[];
  /** Selectors of inlined control messages, sorted. */
  readonly inlinedSelectors: readonly string[];
}

export interface CompiledBlock extends CompiledCode {
  readonly range: SourceRange;
  /** Values copied into the closure, in order: frame index of each in the code that pushes the block. */
  readonly copiedCount: number;
  /** Whether it needs self, an instance variable, super or `^`: whether the closure keeps its home context. */
  readonly usesHome: boolean;
}

export interface CompileOptions {
  readonly bytecodeSet: BytecodeSet;
  /** Statements without a message pattern (an expression to evaluate): selector DoIt, answers the last statement. */
  readonly isDoIt?: boolean;
  /** Control messages that are to be real sends, such as "timesRepeat:". */
  readonly notInlined?: ReadonlySet<string>;
  /** Cuis: the value of an expression in backticks, which the compiler evaluates; undefined is an error. */
  readonly evaluate?: (expression: string) => Literal | undefined;
  /** The image's special selectors in bytecode order, where they differ from those of vm/tables/bytecodes.ts. */
  readonly specialSelectors?: readonly (readonly [selector: string, argumentCount: number])[];
}

export type CompileResult =
  | { readonly kind: "method"; readonly method: CompiledMethod; readonly warnings: readonly Diagnostic[] }
  | { readonly kind: "errors"; readonly errors: readonly Diagnostic[] };

/** compiler.ts: `compile`. Never throws on bad source: all that is wrong comes back as errors, in source order. */
export type Compile = (source: SourceText, scope: ClassScope, options: CompileOptions) => CompileResult;

// What readers of source files answer: tonel.ts `readTonelPackage(folder)`, chunks.ts `readChunkFile(path)`.

export type ClassType =
  | "normal"
  | "variable"
  | "bytes"
  | "words"
  | "doubleBytes"
  | "doubleWords"
  | "weak"
  | "ephemeron"
  | "immediate"
  | "compiledMethod";

export interface ClassDefinition {
  readonly name: string;
  /** Undefined for `nil`. */
  readonly superclass: string | undefined;
  readonly type: ClassType;
  readonly instanceVariables: readonly string[];
  readonly classVariables: readonly string[];
  readonly classInstanceVariables: readonly string[];
  readonly pools: readonly string[];
  /** Tonel's category or package and tag, joined by a hyphen. */
  readonly category: string;
  readonly comment: string;
  readonly file: string;
  /** One-based line of the definition. */
  readonly line: number;
  readonly methods: readonly MethodDefinition[];
}

export interface MethodDefinition {
  /** The class, without " class". */
  readonly className: string;
  readonly isClassSide: boolean;
  /** Of the message pattern. */
  readonly selector: string;
  readonly protocol: string;
  /** Message pattern and body as an image holds it; lines as in the file. */
  readonly source: SourceText;
}

export interface PackageDefinition {
  readonly name: string;
  /** Sorted by name, as the methods in each are by the file's order. */
  readonly classes: readonly ClassDefinition[];
  /** Methods for classes of other packages. */
  readonly extensions: readonly MethodDefinition[];
}

/** What could be read, and what could not: `errors` empty means all of it. */
export interface ReadResult<Content> {
  readonly content: Content;
  readonly errors: readonly Diagnostic[];
}

/** tonel.ts: `readTonelPackage`; a folder with package.st, *.class.st, *.extension.st. Reads files in sorted order. */
export type ReadTonelPackage = (folder: string) => ReadResult<PackageDefinition>;
