// The Smalltalk compiler: one method's source to a CompiledMethod, or to all that is wrong with it.

import { SPECIAL_SELECTORS } from "../../vm/tables/bytecodes.js";
import { analyseClosures } from "./closures.js";
import { emit, NOTHING, sequence, type Code } from "./code.js";
import type {
  ClassScope,
  CompiledBlock,
  CompiledMethod,
  CompileOptions,
  CompileResult,
  Literal,
  Pragma,
  SourceRange,
  SourceText,
} from "./compiledMethod.js";
import { Reporter } from "./diagnostics.js";
import { EncodingLimit, type Encoder } from "./encoder.js";
import { sistaEncoder } from "./encoderSista.js";
import { v3Encoder } from "./encoderV3.js";
import { debugMapOf, Generator, type BlockUnit, type GeneratorContext } from "./generator.js";
import { LiteralFrame } from "./literalFrame.js";
import { lower, type Lowered } from "./lower.js";
import { parse } from "./parser.js";
import { primitiveOf, type Primitive } from "./primitives.js";
import type { Node, Scope, Temp } from "./program.js";
import type { MethodSyntax } from "./syntaxTree.js";
import { usesHome } from "./usesHome.js";

const SMALL_FRAME_SLOTS = 16;
const LARGE_FRAME_SLOTS = 56;
/** Quick primitives: 256 answers self, 257 to 263 constants, from 264 an instance variable. */
const QUICK_SELF = 256;
const QUICK_VARIABLE = 264;
const LAST_QUICK = 519;
const QUICK_CONSTANTS = ["true", "false", "nil", "-1", "0", "1", "2"];

/**
 * Compiles a method, or an expression to evaluate (`isDoIt`). Never throws on bad source: `errors` are all that was
 * found, in source order.
 */
export function compile(source: SourceText, scope: ClassScope, options: CompileOptions): CompileResult {
  const reporter = new Reporter(source);
  const method = guarded(reporter, () => parseAndGenerate(source.text, scope, options, reporter));
  if (method === undefined || reporter.hasErrors) return { kind: "errors", errors: reporter.errors() };
  return { kind: "method", method, warnings: reporter.warnings() };
}

/** Source that no person wrote may nest more deeply than our own stack: that is an error of the source. */
function guarded<Value>(reporter: Reporter, action: () => Value): Value | undefined {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof RangeError && /call stack/.test(error.message))) throw error;
    reporter.error({ start: 0, end: 1 }, "expressions stand too deeply inside each other; split the method");
    return undefined;
  }
}

function parseAndGenerate(
  text: string,
  classScope: ClassScope,
  options: CompileOptions,
  reporter: Reporter,
): CompiledMethod | undefined {
  const syntax = parse(text, options, reporter);
  if (syntax === undefined) return undefined;
  const primitive = primitiveOf(syntax.pragmas, reporter);
  const lowered = lower({ method: syntax, classScope, options, reporter, errorName: primitive.errorName });
  if (reporter.hasErrors) return undefined;
  analyseClosures(lowered.scope);
  const job = new Job(syntax, classScope, options, primitive, lowered, reporter);
  try {
    return job.method();
  } catch (error) {
    if (!(error instanceof EncodingLimit)) throw error;
    reporter.error(job.place, error.message);
    return undefined;
  }
}

/** One method under way: what its blocks share, and how code becomes methods and blocks. */
class Job implements GeneratorContext {
  place: SourceRange;
  readonly encoder: Encoder;
  readonly hasFullBlocks: boolean;
  readonly sentSelectors = new Set<string>();
  private readonly specials: ReadonlyMap<string, number>;

  constructor(
    private readonly syntax: MethodSyntax,
    private readonly classScope: ClassScope,
    private readonly options: CompileOptions,
    private readonly primitive: Primitive,
    private readonly lowered: Lowered,
    private readonly reporter: Reporter,
  ) {
    this.place = syntax.selectorRange;
    this.hasFullBlocks = options.bytecodeSet === "SistaV1";
    this.encoder = this.hasFullBlocks ? sistaEncoder : v3Encoder;
    const specials = options.specialSelectors ?? SPECIAL_SELECTORS;
    this.specials = new Map(specials.map(([selector], index) => [selector, index]));
  }

  method(): CompiledMethod {
    const { syntax, primitive } = this;
    const quick = this.quickPrimitive();
    if (quick !== undefined) return this.quickMethod(quick);

    const { scope, errorTemp } = this.lowered;
    const frame = [...scope.parameters, ...scope.temps, ...(errorTemp === undefined ? [] : [errorTemp])];
    const literals = new LiteralFrame();
    if (primitive.literal !== undefined) literals.add(primitive.literal);
    const generator = new Generator(this, frame, literals);
    const body = generator.scopeForValue(scope);
    this.place = syntax.selectorRange;
    const code = sequence(this.primitiveCode(frame, errorTemp), body);
    return {
      ...this.codeOf(code, frame, scope, [...literals.all(), ...this.lastLiterals()], generator.innerSlots),
      ...this.facts(primitive.number),
    };
  }

  specialSelector(selector: string): number | undefined {
    return this.specials.get(selector);
  }

  isContextVariable(index: number): boolean {
    return index < (this.classScope.contextVariableCount ?? 0);
  }

  arrayClass(range: SourceRange): Node {
    const binding = this.classScope.resolve("Array");
    if (binding !== undefined) return { kind: "global", binding, range };
    this.reporter.error(range, "unknown variable Array, which a brace of so many elements needs");
    return { kind: "constant", value: "nil", range };
  }

  finishBlock({ scope, code, frame, copiedCount, literals }: BlockUnit): CompiledBlock {
    const entries: Literal[] = [...literals.all(), { kind: "outerCode" }];
    const { range } = scope;
    return { ...this.codeOf(code, frame, scope, entries, 0), range, copiedCount, usesHome: usesHome(scope) };
  }

  private codeOf(code: Code, frame: readonly Temp[], scope: Scope, literals: readonly Literal[], innerSlots: number) {
    const slots = Math.max(frame.length + code.peak, innerSlots);
    if (slots > LARGE_FRAME_SLOTS) {
      this.place = scope.range;
      throw new EncodingLimit(`needs ${slots} slots of the frame, which has ${LARGE_FRAME_SLOTS}; split the method`);
    }
    return {
      bytecodeSet: this.options.bytecodeSet,
      argumentCount: scope.parameters.length,
      tempCount: frame.length,
      tempNames: frame.map(({ name }) => name),
      needsLargeFrame: slots > SMALL_FRAME_SLOTS,
      literals,
      bytecodes: Uint8Array.from(code.bytes),
      debugMap: debugMapOf(code.marks),
    };
  }

  private primitiveCode(frame: readonly Temp[], errorTemp: Temp | undefined): Code {
    const { primitive, encoder, syntax } = this;
    if (primitive.number === 0) return NOTHING;
    const call = emit(encoder.callPrimitive(primitive.number), 0, syntax.selectorRange);
    if (errorTemp === undefined) return call;
    return sequence(call, emit(encoder.storeErrorCode(frame.indexOf(errorTemp)), 0));
  }

  // Methods that only answer self, a constant or an instance variable are primitives (MethodNode>>generate:ifQuick:).

  private quickPrimitive(): number | undefined {
    const { statements } = this.lowered.scope;
    const [last] = statements;
    if (this.primitive.number !== 0 || this.syntax.parameters.length > 0) return undefined;
    if (statements.length !== 1 || last.kind !== "return") return undefined;
    const number = this.quickNumber(last.value);
    return number !== undefined && number <= LAST_QUICK ? number : undefined;
  }

  private quickNumber(value: Node): number | undefined {
    if (value.kind === "self") return QUICK_SELF;
    if (value.kind === "instanceVariable") {
      return this.isContextVariable(value.index) ? undefined : QUICK_VARIABLE + value.index;
    }
    const isNumber = value.kind === "literal" && value.value.kind === "integer";
    const text = isNumber ? `${value.value.value}` : value.kind === "constant" ? value.value : "";
    const index = QUICK_CONSTANTS.indexOf(text);
    return index < 0 ? undefined : QUICK_SELF + 1 + index;
  }

  private quickMethod(number: number): CompiledMethod {
    const [statement] = this.lowered.scope.statements;
    const code = emit(this.encoder.callPrimitive(number), 0, statement.range);
    // Its temps, if any, are never used.
    const scope = { ...this.lowered.scope, temps: [] };
    return { ...this.codeOf(code, [], scope, this.lastLiterals(), 0), ...this.facts(number) };
  }

  // What stands behind the code.

  private facts(primitive: number) {
    return {
      selector: this.syntax.selector,
      primitive,
      pragmas: this.pragmas(),
      sentSelectors: [...this.sentSelectors].sort(),
      inlinedSelectors: this.lowered.inlinedSelectors,
    };
  }

  private pragmas(): Pragma[] {
    return this.syntax.pragmas.map(({ keyword, arguments: values }) => ({ keyword, arguments: values }));
  }

  private lastLiterals(): Literal[] {
    const { selector } = this.syntax;
    const pragmas = this.pragmas();
    const state: Literal =
      pragmas.length === 0 ? { kind: "symbol", value: selector } : { kind: "methodState", selector, pragmas };
    return [state, { kind: "methodClass", className: this.classScope.name }];
  }
}
