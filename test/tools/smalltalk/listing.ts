// What the compiler's tests share: a class to compile for, listings of code as text, and golden files of cases.

import { compile } from "../../../tools/smalltalk/compiler.js";
import type {
  Binding,
  BytecodeSet,
  ClassScope,
  CompiledCode,
  CompiledMethod,
  CompileOptions,
  Literal,
  SourceText,
} from "../../../tools/smalltalk/compiledMethod.js";
import { renderDiagnostic } from "../../../tools/smalltalk/diagnostics.js";
import { decodeAll, specialSelector, type Names } from "../../../vm/tables/decode.js";

export const BYTECODE_SETS: readonly BytecodeSet[] = ["V3PlusClosures", "SistaV1"];

const bindings = new Map<string, Binding>(
  ["Array", "Object", "Point", "Transcript", "Limit"].map((name) => {
    const isClass = name !== "Transcript" && name !== "Limit";
    return [name, { name, owner: name === "Limit" ? "Example" : "Smalltalk", isWritable: !isClass }];
  }),
);

/** A class with instance variables a to t, a class variable Limit, and a few globals. */
export const exampleScope: ClassScope = {
  name: "Example",
  instanceVariables: [..."abcdefghijklmnopqrst"],
  resolve: (name) => bindings.get(name),
  names: () => bindings.keys(),
};

export function sourceOf(text: string, file = "Example.st"): SourceText {
  return { text, file };
}

/** The method; throws with the errors where there are some. */
export function compiled(text: string, options: Partial<CompileOptions> = {}, scope = exampleScope): CompiledMethod {
  const result = compile(sourceOf(text), scope, { bytecodeSet: "SistaV1", ...options });
  if (result.kind === "method") return result.method;
  throw new Error(result.errors.map(renderDiagnostic).join("\n"));
}

/** A method's instructions with the source each comes from, then its blocks'. */
export function listing(source: string, method: CompiledMethod): string {
  const facts = [
    method.primitive === 0 ? "" : `primitive ${method.primitive}`,
    method.needsLargeFrame ? "large frame" : "",
    method.inlinedSelectors.length === 0 ? "" : `inlines ${method.inlinedSelectors.join(" ")}`,
  ].filter((fact) => fact !== "");
  return [...codeLines(source, method, facts), `  literals ${method.literals.map(printLiteral).join(" ")}`].join("\n");
}

function codeLines(source: string, code: CompiledCode, facts: readonly string[]): string[] {
  const names = namesOf(code);
  const temps = code.tempNames.map((name) => name ?? "-").join(" ");
  const lines = [`  ${code.argumentCount} of ${code.tempCount} temps (${temps})`, ...facts.map((fact) => `  ${fact}`)];
  for (const { pc, text } of decodeAll(code.bytecodes, code.bytecodeSet, 0, code.bytecodes.length, names)) {
    const mark = code.debugMap.find((entry) => entry.pc === pc);
    const origin = mark === undefined ? "" : shorten(source.slice(mark.range.start, mark.range.end));
    lines.push(`  ${`${`${pc}`.padStart(3)} ${text}`.padEnd(44)} ${origin}`.trimEnd());
  }
  code.literals.forEach((literal, index) => {
    if (literal.kind !== "block") return;
    const { block } = literal;
    const home = block.usesHome ? ["uses its home"] : [];
    lines.push(`  block ${index}:`, ...codeLines(source, block, home).map((line) => `  ${line}`));
  });
  return lines;
}

function namesOf({ literals, tempNames }: CompiledCode): Names {
  const text = (index: number) => printLiteral(literals[index]);
  return {
    literal: text,
    variable: text,
    selector: text,
    specialSelector: (index) => specialSelector(index).selector,
    instanceVariable: (index) => exampleScope.instanceVariables[index],
    temp: (index) => tempNames[index],
  };
}

export function printLiteral(literal: Literal): string {
  switch (literal.kind) {
    case "nil":
      return "nil";
    case "boolean":
    case "integer":
      return `${literal.value}`;
    case "float":
      return Object.is(literal.value, -0)
        ? "-0.0"
        : Number.isInteger(literal.value)
          ? `${literal.value}.0`
          : `${literal.value}`;
    case "fraction":
      return `(${literal.numerator}/${literal.denominator})`;
    case "scaledDecimal":
      return `${literal.numerator}/${literal.denominator}s${literal.scale}`;
    case "character":
      return `$${String.fromCodePoint(literal.codePoint)}`;
    case "string":
      return `'${literal.value}'`;
    case "symbol":
      return `#${literal.value}`;
    case "byteArray":
      return `#[${literal.bytes.join(" ")}]`;
    case "array":
      return `#(${literal.elements.map(printLiteral).join(" ")})`;
    case "variable":
      return literal.binding.name;
    case "block":
      return "[…]";
    case "methodState":
      return `{#${literal.selector}${literal.pragmas.map((each) => ` <${each.keyword}${each.arguments.map((value) => ` ${printLiteral(value)}`).join("")}>`).join("")}}`;
    case "methodClass":
      return `(class ${literal.className})`;
    case "outerCode":
      return "(outer code)";
  }
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

/**
 * A golden file of cases: `### title`, the source, a line `---`, and what `render` makes of it. Rendering keeps titles
 * and sources.
 */
export function renderCases(text: string, render: (source: string) => string): string {
  const cases = text.split(/^### /m).slice(1);
  return cases
    .map((each) => {
      const [head] = each.split(/^---$/m);
      const [title, ...lines] = head.trimEnd().split("\n");
      const source = lines.join("\n");
      return `### ${title}\n${source}\n---\n${render(source)}\n`;
    })
    .join("\n");
}
