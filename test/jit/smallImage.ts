// The default image, built once a process from its sources, as a session: for tests that put methods of their own into it.

import { createVm, type VmOptions } from "../../vm/embed/node.js";
import { heapOf } from "../../vm/embed/heap.js";
import { Reflection } from "../../vm/embed/reflection.js";
import type { Session } from "../../tools/session.js";
import { buildImage } from "../../tools/smalltalk/image/buildImage.js";
import { BYTECODE_SETS, readRecipe } from "../../tools/smalltalk/image/recipe.js";
import type { BytecodeSet, CompiledMethod } from "../../tools/smalltalk/compiledMethod.js";
import { compile } from "../../tools/smalltalk/compiler.js";
import { renderDiagnostic } from "../../tools/smalltalk/diagnostics.js";
import { type ImageBinding, ImageNames } from "../../tools/smalltalk/imageScope.js";
import { Injection } from "../../tools/smalltalk/injection.js";
import { readTonelPackage } from "../../tools/smalltalk/tonel.js";

let built: Uint8Array | undefined;

/** The bytes of the default image, in SistaV1; the virtual machine runs both sets whatever an image is written in. */
export function smallImage(): Uint8Array {
  if (built !== undefined) return built;
  const recipe = { ...readRecipe("images/default"), bytecodes: BYTECODE_SETS.sista };
  const result = buildImage(recipe, { compile, readTonelPackage });
  if (result.kind === "errors") throw new Error(result.errors.map(renderDiagnostic).join("\n"));
  built = result.image.bytes;
  return built;
}

export async function smallSession(options: Partial<VmOptions> = {}): Promise<Session> {
  const vm = await createVm({ log: () => {}, ...options, image: smallImage() });
  const heap = heapOf(vm.exports);
  return { vm, heap, reflection: new Reflection(heap) };
}

/** Compiles a method for a class and puts it into the image, which no class knows of; answers where it is. */
export function putMethod(session: Session, className: string, set: BytecodeSet, source: string): number {
  const { reflection } = session;
  const names = new ImageNames(reflection);
  const owner = reflection.classNamed(className);
  if (owner === undefined) throw new Error(`the default image has no class ${className}`);
  const result = compile({ text: source, file: "golden" }, names.scopeOf(owner), {
    bytecodeSet: set,
    specialSelectors: names.specialSelectors(),
  });
  if (result.kind === "errors") throw new Error(result.errors.map(renderDiagnostic).join("\n"));
  return injected(session, result.method, names.scopeOf(owner).resolve(className) as ImageBinding);
}

function injected(session: Session, method: CompiledMethod, owner: ImageBinding): number {
  const injection = new Injection(session);
  const missing = injection.missing(method);
  if (missing.length > 0) throw new Error(`the default image has no #${missing.join(" #")}; use other selectors`);
  return Number(injection.method(method, owner));
}
