// Exits in the second tier's code: what the number means that it hands to `exitFromCode`.

import { EXIT_CAUSES } from "../../vm/embed/jitStatistics.js";

const CAUSE_MASK = 7;
const DEPTH_SHIFT = 28;
/** Lines from the number to the call, at most. */
const REACH = 9;

/** What a cause is called. */
export function causeName(cause: number): string {
  return EXIT_CAUSES[cause] ?? `cause ${cause}`;
}

/** For each line of code that is the number of an exit or of a poll in a loop, the line with its meaning. */
export function exitMeanings(lines: readonly string[], isSite: (address: number) => boolean): Map<number, string> {
  const known = new Map<number, string>();
  lines.forEach((line, at) => {
    const [, indent, text] = /^(\s*)i32\.const (-?\d+)$/.exec(line) ?? [];
    const number = Number(text) >>> 0;
    if (text === undefined || !isSite(number & ((1 << DEPTH_SHIFT) - 1) & ~CAUSE_MASK)) return;
    if (!lines[at + 1]?.trim().startsWith("i32.const ") || !lines[at + 2]?.trim().startsWith("local.get ")) return;
    const call = lines.slice(at, at + REACH).find((each) => each.trim().startsWith("call "));
    const low = number & CAUSE_MASK;
    if (call?.endsWith("exitFromCode")) {
      const frames = (number >>> DEPTH_SHIFT) + 1;
      known.set(at, `${indent}i32.const {exit: ${causeName(low)}, ${frames} ${frames === 1 ? "frame" : "frames"}}`);
    } else if (call?.endsWith("pollInLoopFromCode")) {
      known.set(at, `${indent}i32.const {poll, ${low === 0 ? "not entered again" : `entry ${low}`}}`);
    }
  });
  return known;
}
