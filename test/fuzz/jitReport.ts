// What people read of a difference that the fuzzer has found: what was expected and what was seen, the calls, and each
// method's bytecodes beside their WebAssembly.

import { createVm } from "../../vm/embed/node.js";
import { heapOf } from "../../vm/embed/heap.js";
import { Reflection } from "../../vm/embed/reflection.js";
import { disassemble } from "../../tools/disassembly.js";
import { listerFor, listingText } from "../../tools/jit/listing.js";
import { translationsOf } from "../../tools/jit/translation.js";
import type { Finding } from "./jitFuzz.js";
import { imageOf } from "./jitImages.js";

export async function reportOf({ cases, set, way, difference }: Finding): Promise<string[]> {
  const vm = await createVm({ image: imageOf(cases, set), fileAccess: "none", log: () => {} });
  const heap = heapOf(vm.exports);
  const session = { vm, heap, reflection: new Reflection(heap) };
  const owner = session.reflection.classNamed("FuzzObject")!;
  const list = await listerFor(session);
  const lines = [
    `case ${difference.index + 1}, round ${difference.round}, ${set}, ${way.name}`,
    `expected: ${difference.expected}`,
    `seen:     ${difference.seen}`,
  ];
  for (const { methods, calls } of cases) {
    lines.push(`calls: ${calls.map((values) => `(${values.join(", ")})`).join(" ")}`);
    for (const { selector } of methods) {
      const method = session.reflection.methodNamed(owner, selector)!;
      lines.push(...disassemble(session.reflection, method));
      lines.push(...translationsOf(session, method).map((each) => listingText(list(each))));
    }
  }
  vm.destroy();
  return lines;
}
