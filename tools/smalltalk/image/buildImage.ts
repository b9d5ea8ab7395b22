// A recipe becomes an image: packages are read and joined, methods compiled, what cannot run is dropped where that is
// wanted, and the rest is written. Errors of all steps that could be taken come back together.

import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { suggestion } from "../../suggestions.js";
import type { Compile, Diagnostic, PackageDefinition, ReadTonelPackage } from "../compiledMethod.js";
import { codeSourceOf, type MethodSource, type SourcesFile } from "../sourcesFile.js";
import { classOfLiteral, literalsOf } from "./codeWalk.js";
import { compileProgram, inOrder } from "./compileProgram.js";
import { allMethods, diagnosticAt, joinPackages, methodName, type Program, type ProgramMethod } from "./program.js";
import { type Kept, patternOf, type Reachability, reachableFrom, selectionOf } from "./reachability.js";
import type { Recipe } from "./recipe.js";
import { EVERYTHING, writeImage, type WrittenImage } from "./writeImage.js";

/** The parts of the compiler that a build uses. */
export interface Compiler {
  readonly compile: Compile;
  readonly readTonelPackage: ReadTonelPackage;
}

export type BuildResult =
  | { readonly kind: "errors"; readonly errors: readonly Diagnostic[] }
  | {
      readonly kind: "built";
      readonly image: WrittenImage;
      readonly program: Program;
      /** What can run, whether or not the rest was dropped. */
      readonly reachability: Reachability;
      readonly sources: SourcesFile;
      readonly warnings: readonly Diagnostic[];
    };

/** Builds the image of a recipe in memory. `progress` is told of each step, and how far it is. */
export function buildImage(
  recipe: Recipe,
  compiler: Compiler,
  progress: (step: string, done: number, total: number) => void = () => {},
): BuildResult {
  const read = readPackages(recipe, compiler, progress);
  const { program, errors: faults } = joinPackages(read.packages, Object.keys(recipe.globals), recipe.path);
  const compiled = compileProgram(program, compiler.compile, recipe.bytecodes, (done, total) =>
    progress("compiling", done, total),
  );
  const entry = entryOf(program, recipe);
  const errors = [
    ...read.errors,
    ...faults,
    ...compiled.errors,
    ...missingLiteralClasses(program),
    ...recipeFaults(program, recipe),
    ...(entry.kind === "error" ? [entry.error] : []),
  ];
  if (errors.length > 0 || entry.kind === "error") return { kind: "errors", errors: inOrder(errors) };
  const reachability = reachableFrom(program, entry.method, [...recipe.keep, ...classesOfGlobals(recipe)]);
  const selection = recipe.strip === "unreachable" ? selectionOf(reachability) : EVERYTHING;
  progress("writing", 0, 1);
  const image = writeImage(program, entry.method, selection, recipe);
  const sources = sourcesOf(image.methods.keys());
  return { kind: "built", image, program, reachability, sources, warnings: compiled.warnings };
}

/** The sources of methods as the file beside the image has them. */
export function sourcesOf(methods: Iterable<ProgramMethod>): SourcesFile {
  const files = new Map<string, number>();
  const entries: Record<string, MethodSource> = {};
  for (const method of methods) {
    const { source } = method.definition;
    const file = files.get(source.file) ?? files.size;
    files.set(source.file, file);
    entries[methodName(method)] = {
      file,
      line: source.line ?? 1,
      source: source.text,
      code: codeSourceOf(method.compiled!),
    };
  }
  return { format: "stvm sources", version: 1, files: [...files.keys()], methods: entries };
}

function readPackages(
  recipe: Recipe,
  { readTonelPackage }: Compiler,
  progress: (step: string, done: number, total: number) => void,
): { packages: PackageDefinition[]; errors: Diagnostic[] } {
  const packages: PackageDefinition[] = [];
  const errors: Diagnostic[] = [];
  recipe.packages.forEach((folder, index) => {
    progress("reading", index, recipe.packages.length);
    if (!existsSync(folder)) {
      errors.push(diagnosticAt(recipe.path, lineWith(recipe, basename(folder)), `package ${folder}: no such folder`));
      return;
    }
    const result = readTonelPackage(folder);
    packages.push(result.content);
    errors.push(...result.errors);
  });
  return { packages, errors };
}

/** The first line of the recipe that holds a text; 1 where none does. */
function lineWith({ path }: Recipe, text: string): number {
  const index = readFileSync(path, "utf8")
    .split("\n")
    .findIndex((line) => line.includes(text));
  return index < 0 ? 1 : index + 1;
}

type EntryResult =
  { readonly kind: "method"; readonly method: ProgramMethod } | { readonly kind: "error"; readonly error: Diagnostic };

function entryOf(program: Program, recipe: Recipe): EntryResult {
  const { className, selector } = recipe.entry;
  const fault = (message: string): EntryResult => ({
    kind: "error",
    error: diagnosticAt(recipe.path, lineWith(recipe, '"entry"'), message),
  });
  const owner = program.classes.get(className);
  if (owner === undefined)
    return fault(`no class ${className} to start with${suggestion(className, program.classes.keys())}`);
  const method = owner.classMethods.get(selector);
  if (method === undefined) {
    return fault(
      `${className} class has no method ${selector} to start with${suggestion(selector, owner.classMethods.keys())}`,
    );
  }
  if ((method.compiled?.primitive ?? 0) !== 0) {
    return fault(
      `${methodName(method)} has a primitive; the method that an image starts with is entered without a send`,
    );
  }
  return { kind: "method", method };
}

/** Literals whose class no package defines. */
function missingLiteralClasses(program: Program): Diagnostic[] {
  const errors: Diagnostic[] = [];
  for (const method of allMethods(program)) {
    if (method.compiled === undefined) continue;
    const names = new Set<string>();
    for (const literal of literalsOf(method.compiled)) {
      const name = classOfLiteral(literal);
      if (name !== undefined && name !== "AdditionalMethodState" && !program.classes.has(name)) names.add(name);
    }
    const { source } = method.definition;
    for (const name of names) {
      const message = `${methodName(method)} has a literal of class ${name}, which no package defines`;
      errors.push(diagnosticAt(source.file, source.line ?? 1, message));
    }
  }
  return errors;
}

/** Names in `keep` and `globals` that lead nowhere. */
function recipeFaults(program: Program, recipe: Recipe): Diagnostic[] {
  const fault = (text: string, message: string) => diagnosticAt(recipe.path, lineWith(recipe, text), message);
  const unknown = recipe.keep.flatMap((kept) =>
    matches(program, kept) ? [] : [fault(nameOf(kept), `"keep": nothing matches ${nameOf(kept)}`)],
  );
  const globals = Object.entries(recipe.globals).flatMap(([name, value]) => {
    if (program.classes.has(name)) return [fault(`"${name}"`, `"globals": ${name} is a class already`)];
    if (typeof value !== "object" || value === null || program.classes.has(value.new)) return [];
    return [fault(`"${name}"`, `"globals": no class ${value.new}${suggestion(value.new, program.classes.keys())}`)];
  });
  return [...unknown, ...globals];
}

function matches(program: Program, kept: Kept): boolean {
  if (kept.kind === "selector") {
    return [...allMethods(program)].some(({ definition }) => definition.selector === kept.selector);
  }
  const classPattern = patternOf(kept.className);
  const selectorPattern = patternOf(kept.selector);
  for (const [name, each] of program.classes) {
    if (!classPattern.test(name)) continue;
    if (kept.selector === "*") return true;
    const side = kept.isClassSide ? each.classMethods : each.methods;
    for (const selector of side.keys()) if (selectorPattern.test(selector)) return true;
  }
  return false;
}

function nameOf(kept: Kept): string {
  if (kept.kind === "selector") return `#${kept.selector}`;
  const side = kept.isClassSide ? " class" : "";
  return kept.selector === "*" ? `${kept.className}${side}` : `${kept.className}${side}>>${kept.selector}`;
}

function classesOfGlobals(recipe: Recipe): Kept[] {
  return Object.values(recipe.globals).flatMap((value): Kept[] =>
    typeof value === "object" && value !== null
      ? [{ kind: "members", className: value.new, isClassSide: false, selector: "" }]
      : [],
  );
}
