// Compiles every method of a program, and collects the errors of all of them.

import type { BytecodeSet, Compile, Diagnostic } from "../compiledMethod.js";
import { allMethods, type Program, scopeOf } from "./program.js";

/**
 * Compiles all methods into `compiled`. A method with errors stays undefined; what is wrong is answered, in the order of
 * files and lines. `progress` is told how many are done, of how many.
 */
export function compileProgram(
  program: Program,
  compile: Compile,
  bytecodeSet: BytecodeSet,
  progress?: (done: number, total: number) => void,
): { errors: Diagnostic[]; warnings: Diagnostic[] } {
  const errors: Diagnostic[] = [];
  const warnings: Diagnostic[] = [];
  const methods = [...allMethods(program)];
  methods.forEach((method, index) => {
    const scope = scopeOf(program, method.owner, method.isClassSide);
    const result = compile(method.definition.source, scope, { bytecodeSet });
    if (result.kind === "errors") errors.push(...result.errors);
    else {
      method.compiled = result.method;
      warnings.push(...result.warnings);
    }
    progress?.(index + 1, methods.length);
  });
  return { errors: inOrder(errors), warnings: inOrder(warnings) };
}

/** By file, line and column. */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}
