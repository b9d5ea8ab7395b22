// From a pc to a line of source, without a compiler: the sends, assignments and returns that the source shows in the order
// of their evaluation are matched with those of the bytecodes. Inlined messages match nothing, which does no harm.

import type { Instruction } from "../vm/tables/decode.js";
import { outlineOf, type SourceEvent } from "./smalltalk/evaluationOrder.js";
import { specialSelector } from "../vm/tables/decode.js";

/** Answers the one-based line of source for a pc; undefined where nothing could be matched. */
export type LineOf = (pc: number) => number | undefined;

/**
 * `instructions` are a method's, or a compiled block's; `selectorOf` names the selector of a send with a literal.
 */
export function lineMap(
  source: string,
  instructions: readonly Instruction[],
  selectorOf: (literal: number) => string | undefined,
): LineOf {
  const happenings = instructions.flatMap((instruction) => {
    const name = eventName(instruction, selectorOf);
    return name === undefined ? [] : [{ name, pc: instruction.pc }];
  });
  const { events, blocks } = outlineOf(source);
  // A compiled block is one of the source's blocks: the one that fits best.
  const best = [events, ...blocks]
    .map((candidate) => ({ candidate, matches: match(happenings, candidate) }))
    .reduce((a, b) => (score(b) > score(a) ? b : a));
  const places = best.matches.map(({ pc, offset }) => ({ pc, line: lineAt(source, offset) }));
  return (pc) => (places.find((place) => place.pc >= pc) ?? places.at(-1))?.line;
}

interface Happening {
  name: string;
  pc: number;
}

/** Matches less what was left over. */
function score({ candidate, matches }: { candidate: readonly SourceEvent[]; matches: readonly unknown[] }): number {
  return matches.length - candidate.length / 1000;
}

function eventName(
  { operand, text }: Instruction,
  selectorOf: (literal: number) => string | undefined,
): string | undefined {
  if (operand?.kind === "send") return selectorOf(operand.selector);
  if (operand?.kind === "specialSend") return specialSelector(operand.special).selector;
  if (/^(pop|store) into/.test(text)) return ":=";
  return /^return( self| true| false| nil)?$/.test(text) ? "^" : undefined;
}

/** The longest common subsequence of what the bytecodes do and what the source says, as pairs. */
function match(happenings: readonly Happening[], events: readonly SourceEvent[]): { pc: number; offset: number }[] {
  const width = events.length + 1;
  const lengths = new Uint16Array((happenings.length + 1) * width);
  for (let i = happenings.length - 1; i >= 0; i--) {
    for (let j = events.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        happenings[i].name === events[j].name
          ? lengths[(i + 1) * width + j + 1] + 1
          : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  const pairs: { pc: number; offset: number }[] = [];
  for (let i = 0, j = 0; i < happenings.length && j < events.length;) {
    if (happenings[i].name === events[j].name) pairs.push({ pc: happenings[i++].pc, offset: events[j++].offset });
    else if (lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]) i++;
    else j++;
  }
  return pairs;
}

function lineAt(source: string, offset: number): number {
  let line = 1;
  for (let at = source.indexOf("\n"); at >= 0 && at < offset; at = source.indexOf("\n", at + 1)) line++;
  return line;
}
