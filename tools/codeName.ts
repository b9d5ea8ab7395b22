// What compiled code is called.

import type { Address } from "../vm/embed/heap.js";
import { HEADER_BYTES, WORD_BYTES } from "../vm/layout.js";
import type { Session } from "./session.js";

/** `Class>>selector`; with "[] in " before it for a block: one whose bytecodes begin elsewhere in the method. */
export function codeName({ heap, reflection }: Pick<Session, "heap" | "reflection">, method: Address, start: number) {
  const name = reflection.methodName(method);
  return start === firstBytecode({ heap }, method) || name.startsWith("[] in ") ? name : `[] in ${name}`;
}

/** Where a method's bytecodes begin, from its address. */
export function firstBytecode({ heap }: Pick<Session, "heap">, method: Address): number {
  return HEADER_BYTES + (heap.literalCountOf(method) + 1) * WORD_BYTES;
}
