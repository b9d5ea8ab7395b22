// Evaluates expressions in a loaded image, also one without a compiler: compiled here against the image's classes, put
// into it as a method, run as a message from outside. The image is taken as it was saved; its own processes run only
// while an evaluation waits for them.

import * as layout from "../vm/layout.js";
import type { Address, Oop } from "../vm/embed/heap.js";
import { mirrorsOf, type ObjectMirror, VmError } from "../vm/embed/node.js";
import { Reflection } from "../vm/embed/reflection.js";
import { heapOf } from "../vm/embed/heap.js";
import { type Activation, activationName } from "../vm/embed/stack.js";
import type { Session } from "./session.js";
import type { BytecodeSet, CompiledMethod, Diagnostic, SourceText } from "./smalltalk/compiledMethod.js";
import { compile } from "./smalltalk/compiler.js";
import { placeOf, Reporter } from "./smalltalk/diagnostics.js";
import { type ImageBinding, ImageNames } from "./smalltalk/imageScope.js";
import { Injection } from "./smalltalk/injection.js";
import { parse } from "./smalltalk/parser.js";
import { type PlaceOf, sourcePlaces } from "./stackPlaces.js";

export type Evaluation =
  /** `text` is the value as the image prints it. */
  | { readonly kind: "value"; readonly text: string }
  /** The source is wrong; nothing ran. */
  | { readonly kind: "errors"; readonly errors: readonly Diagnostic[] }
  /** It ran into an error that it did not handle; the innermost activation comes first. */
  | { readonly kind: "failure"; readonly message: string; readonly stack: readonly StackLine[] };

export interface StackLine {
  readonly name: string;
  /** File and line, and the line itself, where the source is at hand. */
  readonly place?: { readonly file: string; readonly line: number; readonly text: string };
}

/** What an answer begins with that the wrapper made: nothing else answers an array with this string. */
const MARK = "stvm: answer of an evaluation";
const MAX_STACK = 200;
const SELECTOR = "DoIt";
/** How an exception tells where it was signalled, in the order of preference. */
const SIGNAL_CONTEXTS = ["signalerContext", "signalContext"];

export class Evaluator {
  /** `imagePath` says beside what to look for sources. */
  constructor(
    private readonly session: Session,
    private readonly imagePath: string,
  ) {}

  /**
   * Evaluates statements and has the image print the value of the last. Variables that are assigned but declared nowhere
   * become globals of the image (which is not saved) where `definesGlobals`.
   */
  async evaluate(source: SourceText, definesGlobals = false): Promise<Evaluation> {
    if (definesGlobals) await this.defineGlobals(source);
    const wrapped = this.wrap(source);
    const prepared = this.compile(source, wrapped);
    if (prepared.kind === "errors") return prepared;
    await this.internSymbols(prepared.method);
    // Names anew: interning has run the image.
    const { method, owner } = this.compileAgain(wrapped);
    const oop = new Injection(this.session).method(method, owner);
    const answer = await mirrorsOf(this.session.vm).run(null, oop);
    this.session.reflection.forget();
    return this.evaluationOf(answer, source, wrapped, method);
  }

  /** The bytecode set of the image's own code: a set that it does not use it may not know how to show. */
  private bytecodeSet(): BytecodeSet {
    const { heap } = this.session;
    let isSista = false;
    let isV3 = false;
    heap.forEachObject((object) => {
      if (!heap.isMethod(object)) return;
      if (heap.isMethodHeaderNegative(object)) isSista = true;
      else isV3 = true;
    });
    return isSista && !isV3 ? "SistaV1" : "V3PlusClosures";
  }

  private compile(source: SourceText, wrapped: Wrapped) {
    const plain = this.compileSource(source);
    if (plain.kind === "errors") return plain;
    return this.compileSource(wrapped);
  }

  private compileAgain(wrapped: Wrapped): { method: CompiledMethod; owner: ImageBinding } {
    const result = this.compileSource(wrapped);
    const names = new ImageNames(this.session.reflection);
    const owner = names.scopeOf(this.receiverClass()).resolve("UndefinedObject") as ImageBinding | undefined;
    if (result.kind === "errors")
      throw new VmError("send", "stvm: the image's names changed while it was compiled for");
    if (owner === undefined) throw new VmError("class", "stvm: the image has no global UndefinedObject to evaluate in");
    return { method: result.method, owner };
  }

  private compileSource(source: SourceText) {
    const names = new ImageNames(this.session.reflection);
    return compile(source, names.scopeOf(this.receiverClass()), {
      bytecodeSet: this.bytecodeSet(),
      isDoIt: true,
      specialSelectors: names.specialSelectors(),
    });
  }

  private receiverClass(): Address {
    const { heap } = this.session;
    return heap.classOfObject(heap.nil);
  }

  private async internSymbols(method: CompiledMethod): Promise<void> {
    for (const name of new Injection(this.session).missing(method)) {
      await mirrorsOf(this.session.vm).send(name, "asSymbol");
      this.session.reflection.forget();
    }
  }

  private async defineGlobals(source: SourceText): Promise<void> {
    const result = this.compileSource(source);
    if (result.kind !== "errors") return;
    const undeclared = result.errors.map(({ range }) => source.text.slice(range.start, range.end));
    for (const name of new Set(undeclared.filter((each) => isAssigned(source.text, each)))) {
      const mirrors = mirrorsOf(this.session.vm);
      const [globals] = mirrors.classNamed("SystemDictionary")?.allInstances() ?? [];
      if (globals === undefined) return;
      const symbol = await mirrors.send(name, "asSymbol");
      await mirrors.send(globals, "at:put:", symbol, null);
      this.session.reflection.forget();
    }
  }

  /**
   * The statements in a block, with a handler around it that answers what went wrong and the stack there, as far as the
   * image has exceptions. A return at the end is the block's value.
   */
  private wrap(source: SourceText): Wrapped {
    const body = withoutLastReturn(source.text);
    const { reflection } = this.session;
    const error = reflection.classNamed("Error");
    const prefix = `^[Array with: '${MARK}' with: ([`;
    if (error === undefined) {
      const start = `^Array with: '${MARK}' with: ([`;
      return { ...source, text: `${start}${body}\n] value) printString`, offset: start.length };
    }
    const selectors = reflection.hierarchyOf(error).flatMap((each) => reflection.methodsOf(each));
    const signalContext = SIGNAL_CONTEXTS.find((each) => selectors.some(({ selector }) => selector === each));
    const firstContext = signalContext === undefined ? "thisContext" : `stvmError ${signalContext}`;
    const handler = `[:stvmError | | stvmContext stvmStack stvmCount |
      stvmContext := ${firstContext}. stvmCount := 0.
      [stvmContext == nil or: [stvmCount = ${MAX_STACK}]] whileFalse: [
        stvmStack := Array with: stvmContext with: (stvmContext instVarAt: 2) with: stvmStack.
        stvmCount := stvmCount + 1.
        stvmContext := stvmContext sender].
      Array with: '${MARK}' with: stvmError description with: stvmStack]`;
    return {
      ...source,
      text: `${prefix}${body}\n] value) printString] on: Error do: ${handler}`,
      offset: prefix.length,
    };
  }

  private async evaluationOf(
    answer: ObjectMirror,
    source: SourceText,
    wrapped: Wrapped,
    method: CompiledMethod,
  ): Promise<Evaluation> {
    const slots = answer.className === "Array" ? answer.slots() : [];
    if (slots[0]?.value !== MARK) {
      // A return from within a block: the value itself.
      const printed = await mirrorsOf(this.session.vm).send(answer, "printString");
      return { kind: "value", text: String(printed.value) };
    }
    const text = String(slots[1].value);
    if (slots.length === 2) return { kind: "value", text };
    return { kind: "failure", message: text, stack: this.stackOf(slots[2].oop, source, wrapped, method) };
  }

  /** The list that the handler made: context, pc, rest; outermost first. What is below the evaluation is left out. */
  private stackOf(list: Oop, source: SourceText, wrapped: Wrapped, method: CompiledMethod): StackLine[] {
    const heap = heapOf(this.session.vm.exports);
    const reflection = new Reflection(heap);
    const places = sourcePlaces(reflection, this.imagePath);
    const own = ownPlaces(source, wrapped, method, reflection);
    const lines: StackLine[] = [];
    let isOwn = false;
    for (let at = Number(list); heap.isArray(at); at = heap.reference(at, 2)) {
      const activation = activationOf(reflection, heap.reference(at, 0), heap.integer(at, 1) ?? 0);
      if (activation === undefined) continue;
      if (reflection.selectorOf(activation.method) === SELECTOR) isOwn = true;
      if (!isOwn) continue;
      const name = activationName(reflection, activation);
      lines.push({ name, place: own(activation) ?? places(activation) });
    }
    const stack = lines.reverse();
    // The wrapper's own handler and blocks are no one's concern.
    return stack.slice(0, stack.findLastIndex(({ place }) => place?.file === source.file) + 1);
  }
}

interface Wrapped extends SourceText {
  /** Where the statements begin in `text`. */
  readonly offset: number;
}

/** Whether a name stands before an assignment. */
function isAssigned(text: string, name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && new RegExp(`(^|[^\\w:])${name}\\s*:=`).test(text);
}

/** The text with the caret of a last statement `^ expression` blanked. */
function withoutLastReturn(text: string): string {
  const last = parse(text, { isDoIt: true }, new Reporter({ text, file: "" }))?.statements.at(-1);
  if (last?.kind !== "return") return text;
  const caret = text.indexOf("^", last.range.start);
  return `${text.slice(0, caret)} ${text.slice(caret + 1)}`;
}

function activationOf(reflection: Reflection, context: Address, pc: number): Activation | undefined {
  const { heap } = reflection;
  if (!heap.isPointers(context) || context === heap.nil) return undefined;
  const method = heap.reference(context, layout.CONTEXT_METHOD);
  if (!heap.isMethod(method)) return undefined;
  const closure = heap.reference(context, layout.CONTEXT_CLOSURE);
  return {
    frame: 0,
    flags: 0,
    context,
    method,
    receiver: heap.slot(context, layout.CONTEXT_RECEIVER),
    closure: closure === heap.nil ? 0 : closure,
    pc,
    values: [],
  };
}

/** Places in the statements that were evaluated, by the compiler's own map from pc to source. */
function ownPlaces(source: SourceText, wrapped: Wrapped, compiled: CompiledMethod, reflection: Reflection): PlaceOf {
  const { heap } = reflection;
  return ({ method, pc }) => {
    const home = reflection.homeMethodOf(method);
    if (reflection.selectorOf(home) !== SELECTOR) return undefined;
    const code = home === method ? compiled : blockOf(compiled, heap.bytesOf(method));
    if (code === undefined) return undefined;
    // The pc is of the next bytecode; the one before it is under way.
    const at = pc - 2 - (heap.literalCountOf(method) + 1) * layout.WORD_BYTES;
    const entry = code.debugMap.findLast((each) => each.pc <= at);
    const start = (entry?.range.start ?? -1) - wrapped.offset;
    if (start < 0 || start >= source.text.length) return undefined;
    const { line, sourceLine } = placeOf(source, { start, end: start });
    return { file: source.file, line, text: sourceLine.trim() };
  };
}

type Code = Pick<CompiledMethod, "literals" | "bytecodes" | "debugMap">;

/** The block among a method's whose bytes those are. */
function blockOf(code: Code, bytes: Uint8Array): Code | undefined {
  for (const literal of code.literals) {
    if (literal.kind !== "block") continue;
    const { block } = literal;
    const start = (block.literals.length + 1) * layout.WORD_BYTES;
    if (block.bytecodes.every((byte, index) => bytes[start + index] === byte)) return block;
    const inner = blockOf(block, bytes);
    if (inner !== undefined) return inner;
  }
  return undefined;
}
