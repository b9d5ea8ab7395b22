// Pieces of bytecode that can be put anywhere, since jumps are relative: bytes, what they do to the stack's depth, and
// which source they came from.

import type { DebugEntry, SourceRange } from "./compiledMethod.js";
import type { Bytes } from "./encoder.js";

export interface Code {
  readonly bytes: Bytes;
  readonly marks: readonly DebugEntry[];
  /** By how much the stack is deeper afterwards. */
  readonly net: number;
  /** The most by which it is deeper meanwhile. */
  readonly peak: number;
}

export const NOTHING: Code = { bytes: [], marks: [], net: 0, peak: 0 };

/** One instruction, or a fixed group of them. */
export function emit(bytes: Bytes, net: number, range?: SourceRange): Code {
  return { bytes, marks: range === undefined ? [] : [{ pc: 0, range }], net, peak: Math.max(0, net) };
}

/** No instruction: the next piece is another branch, where the stack is that much less deep. */
export function otherBranch(depth: number): Code {
  return { ...NOTHING, net: -depth };
}

export function sequence(...parts: readonly Code[]): Code {
  const bytes: number[] = [];
  const marks: DebugEntry[] = [];
  let net = 0;
  let peak = 0;
  for (const part of parts) {
    for (const { pc, range } of part.marks) marks.push({ pc: pc + bytes.length, range });
    for (const byte of part.bytes) bytes.push(byte);
    peak = Math.max(peak, net + part.peak);
    net += part.net;
  }
  return { bytes, marks, net, peak };
}
