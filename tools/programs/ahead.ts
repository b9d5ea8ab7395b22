// `stvm build --aot`: which methods are compiled with a program, and having the machine that the program starts from
// compile them.

import { existsSync, readFileSync, statSync } from "node:fs";
import { type AheadCompiler, type AheadModule } from "../../boot/link/ahead.js";
import { type CodeHost } from "../../vm/embed/compiledCode.js";
import { type Address, heapOf } from "../../vm/embed/heap.js";
import { type VmExports } from "../../vm/embed/module.js";
import { Reflection } from "../../vm/embed/reflection.js";
import {
  AHEAD_COMPILED,
  AHEAD_FULL,
  CODE_IS_FULL_BLOCK,
  CODE_IS_METHOD,
  CODE_IS_V3_BLOCK,
  HEADER_BYTES,
} from "../../vm/layout.js";
import { type Instruction } from "../../vm/tables/decode.js";
import { instructionsOf } from "../disassembly.js";
import { methodParts, primitiveOf } from "../methods.js";
import { UsageError } from "../terminal.js";

/** Methods by their names, or all. */
export type AheadChoice = "all" | readonly string[];

export interface AheadResult extends AheadCompiler {
  /** Methods and blocks that were compiled, that cannot be, and for which there was no room. */
  readonly compiled: number;
  readonly refused: number;
  readonly leftOut: number;
  /** Names of the choice that the image has no method for. */
  readonly unknown: readonly string[];
}

/**
 * Reads what --aot names: "all", or a file with method names: JSON (a list, or an object with a list `methods`), or a line
 * each. Throws a UsageError that names the file, what is wrong, and what may stand there.
 */
export function readAheadChoice(word: string): AheadChoice {
  if (word === "all") return word;
  if (!existsSync(word)) throw new UsageError(`--aot ${word}: no such file; give a profile, or all`);
  if (statSync(word).isDirectory()) throw new UsageError(`--aot ${word}: not a file; give a profile, or all`);
  const text = readFileSync(word, "utf8");
  const names =
    text.trimStart().startsWith("{") || text.trimStart().startsWith("[") ? namesInJson(word, text) : lines(text);
  const wrong = names.find((name) => !/^(\[\] in )*\S.*>>\S+$/.test(name));
  if (wrong !== undefined) throw new UsageError(`--aot ${word}: '${wrong}' is no method; 'Class>>selector' is wanted`);
  return names;
}

function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function namesInJson(word: string, text: string): string[] {
  const wrong = (reason: string) =>
    new UsageError(`--aot ${word}: ${reason}; a list of 'Class>>selector' is wanted, or an object with one as methods`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong(`not JSON: ${(error as Error).message}`);
  }
  const list = Array.isArray(value) ? (value as unknown[]) : (value as { methods?: unknown }).methods;
  if (!Array.isArray(list)) throw wrong("there is no list");
  const names = list.map((each: unknown) =>
    typeof each === "object" && each !== null ? (each as { method?: unknown }).method : each,
  );
  if (!names.every((each) => typeof each === "string")) throw wrong("the list holds something else");
  return names as string[];
}

interface CompilingExports extends VmExports {
  compileAhead(method: Address, start: Address, kind: number, argumentCount: number, copiedCount: number): number;
}

/** Compiles what is chosen when it is told to run; `firstPlace` is the first free place of the program's table. */
export function aheadCompiler(choice: AheadChoice, firstPlace: number): AheadResult {
  const modules: AheadModule[] = [];
  let name = "";
  const code: CodeHost = {
    install(wasm) {
      modules.push({ wasm: wasm.slice(), name });
      return firstPlace + modules.length - 1;
    },
    drop() {},
  };
  const result = { code, modules, firstPlace, compiled: 0, refused: 0, leftOut: 0, unknown: [] as string[], run };
  return result;

  function run(exports: VmExports): void {
    const machine = exports as CompilingExports;
    const heap = heapOf(exports);
    const reflection = new Reflection(heap);
    const missing = new Set(choice === "all" ? [] : choice.map((each) => each.replace(/^(\[\] in )+/, "")));
    const wanted = choice === "all" ? undefined : new Set(missing);
    const methods: Address[] = [];
    heap.forEachObject((object) => {
      if (heap.isMethod(object) && reflection.homeMethodOf(object) === object) methods.push(object);
    });
    for (const method of methods) {
      const own = reflection.methodName(method);
      missing.delete(own);
      if (wanted !== undefined && !wanted.has(own)) continue;
      for (const part of partsOf(reflection, method)) {
        name = part.kind === CODE_IS_METHOD ? own : `[] in ${own}`;
        const { start, kind, argumentCount, copiedCount } = part;
        const outcome = machine.compileAhead(part.method, start, kind, argumentCount, copiedCount);
        if (outcome === AHEAD_COMPILED) result.compiled++;
        else if (outcome === AHEAD_FULL) result.leftOut++;
        else result.refused++;
      }
    }
    result.unknown = [...missing];
  }
}

/** Something with code of its own: a method, or a block. */
interface CodePart {
  readonly method: Address;
  readonly start: Address;
  readonly kind: number;
  readonly argumentCount: number;
  readonly copiedCount: number;
}

/** A method and its blocks; a method with a primitive only for its blocks, since such a call finds the primitive. */
function partsOf(reflection: Reflection, method: Address): CodePart[] {
  const { heap } = reflection;
  const instructions = instructionsOf(reflection, method);
  const first = startOf(reflection, method);
  const own = { method, start: first, kind: CODE_IS_METHOD, argumentCount: 0, copiedCount: 0 };
  return [...(primitiveOf(heap, method) === 0 ? [own] : []), ...blocksIn(reflection, method, instructions)];
}

function blocksIn(reflection: Reflection, method: Address, instructions: readonly Instruction[]): CodePart[] {
  const { heap } = reflection;
  return instructions.flatMap(({ operand }): CodePart[] => {
    if (operand?.kind === "block") {
      const { argumentCount, copiedCount } = operand;
      // A pc is one-based.
      const start = method + HEADER_BYTES + operand.start - 1;
      return [{ method, start, kind: CODE_IS_V3_BLOCK, argumentCount, copiedCount }];
    }
    if (operand?.kind !== "fullBlock") return [];
    const block = heap.reference(method, operand.literal + 1);
    if (!heap.isMethod(block)) return [];
    const { argumentCount } = methodParts(heap, block, true);
    const start = startOf(reflection, block);
    const { copiedCount } = operand;
    const own = { method: block, start, kind: CODE_IS_FULL_BLOCK, argumentCount, copiedCount };
    return [own, ...blocksIn(reflection, block, instructionsOf(reflection, block))];
  });
}

function startOf({ heap }: Reflection, method: Address): Address {
  return method + HEADER_BYTES + methodParts(heap, method, true).start;
}
