// Exact positions for methods whose source lies beside the image: the source is compiled again, and where that gives the
// very bytecodes that the image has, the compiler's map is the method's. sourceMap.ts is for all others.

import type { Address } from "../vm/embed/heap.js";
import type { Reflection } from "../vm/embed/reflection.js";
import { methodParts } from "./methods.js";
import { compile } from "./smalltalk/compiler.js";
import type { BytecodeSet, CompiledMethod } from "./smalltalk/compiledMethod.js";
import { ImageNames } from "./smalltalk/imageScope.js";

/** Squeak and Cuis do not inline it, Pharo does. */
const SOMETIMES_INLINED = ["timesRepeat:"];

export class Recompiler {
  /** By name and bytecodes, since methods move when the image runs. */
  private readonly known = new Map<string, CompiledMethod | undefined>();
  private names: ImageNames | undefined;
  private generation = 0;

  constructor(private readonly reflection: Reflection) {}

  /** What the source of a method, not of a block, compiles to, if that is what the image holds. */
  compiled(method: Address, text: string): CompiledMethod | undefined {
    const { heap } = this.reflection;
    const { set, start, end } = methodParts(heap, method);
    const bytes = heap.bytesOf(method).slice(start, end);
    const key = `${this.reflection.methodName(method)} ${bytes.join(" ")}`;
    if (!this.known.has(key)) this.known.set(key, this.recompiled(method, text, set, bytes));
    return this.known.get(key);
  }

  private recompiled(
    method: Address,
    text: string,
    bytecodeSet: BytecodeSet,
    bytes: Uint8Array,
  ): CompiledMethod | undefined {
    const owner = this.reflection.methodClassOf(method);
    if (owner === undefined) return undefined;
    // The addresses in it are good until the image runs.
    if (this.generation !== this.reflection.generation) this.names = undefined;
    this.generation = this.reflection.generation;
    this.names ??= new ImageNames(this.reflection);
    const scope = this.names.scopeOf(owner);
    const specialSelectors = this.names.specialSelectors();
    for (const notInlined of [[], SOMETIMES_INLINED]) {
      const result = compile({ text, file: "" }, scope, {
        bytecodeSet,
        specialSelectors,
        notInlined: new Set(notInlined),
        evaluate: (expression) => ({ kind: "string", value: `the value of ${expression}` }),
      });
      if (result.kind === "errors") return undefined;
      const { bytecodes } = result.method;
      if (bytecodes.length === bytes.length && bytecodes.every((byte, index) => byte === bytes[index])) {
        return result.method;
      }
    }
    return undefined;
  }
}
