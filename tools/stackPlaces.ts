// Where in its source an activation is, for stacks that people read.

import type { Reflection } from "../vm/embed/reflection.js";
import type { Activation } from "../vm/embed/stack.js";
import { instructionsOf } from "./disassembly.js";
import { lineMap } from "./sourceMap.js";
import { Sources } from "./sources.js";

export type PlaceOf = (
  activation: Activation,
) => { readonly file: string; readonly line: number; readonly text: string } | undefined;

/** Places by the sources beside an image; undefined where there are none. Lines count from the method's first. */
export function sourcePlaces(reflection: Reflection, imagePath: string): PlaceOf {
  const sources = new Sources(reflection, imagePath);
  const { heap } = reflection;
  return ({ method, pc }) => {
    const source = sources.sourceOf(method);
    if (typeof source === "string") return undefined;
    const selectorOf = (literal: number) => {
      const symbol = heap.reference(method, literal + 1);
      return heap.isBytes(symbol) ? heap.string(symbol) : undefined;
    };
    // The pc is of the next bytecode; the one before it is under way.
    const line =
      source.recorded?.lineOf(pc - 1) ?? lineMap(source.text, instructionsOf(reflection, method), selectorOf)(pc - 1);
    if (line === undefined) return undefined;
    const text = source.text.split(/\r\n|\r|\n/)[line - 1]?.trim() ?? "";
    const place = source.recorded?.placeAt(pc - 1);
    return place === undefined ? { file: source.path, line, text } : { file: place.file, line: place.line, text };
  };
}
