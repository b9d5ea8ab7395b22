// Which primitives an image can reach, and leaving the others out: a program has only those that a method names. An
// image that calls primitives by number or through a method that it makes (tryPrimitive:withArgs: and
// tryNamedPrimitive:withArgs:) keeps all of that kind.

import { type Heap } from "../../vm/embed/heap.js";
import { type VmExports } from "../../vm/embed/module.js";
import { HEADER_BYTES, METHOD_HAS_PRIMITIVE, METHOD_LITERAL_COUNT_MASK, WORD_BYTES } from "../../vm/layout.js";

/** Those that methods of the image name, or all that there are. */
export type PrimitiveChoice = "reachable" | "all";

const CALL_PRIMITIVE_V3 = 139;
const CALL_PRIMITIVE_SISTA = 248;
const PRIMITIVE_EXTERNAL_CALL = 117;
const PRIMITIVE_DO_PRIMITIVE = 118;
const PRIMITIVE_DO_NAMED_PRIMITIVE = 218;
/** vm/interpreter/primitiveTable.ts, PRIMITIVE_INVOKE_OBJECT: the highest number, which methods cannot name. */
const LAST_NUMBER = 661;

interface PrimitiveExports extends VmExports {
  numberedPrimitive(number: number): number;
  namedPrimitiveAt(index: number): number;
  namedPrimitive(module: number, moduleBytes: number, name: number, nameBytes: number): number;
  forgetPrimitive(functionIndex: number): void;
}

export interface PrimitiveUse {
  readonly numbers: ReadonlySet<number>;
  /** Module and function, with a zero byte between. */
  readonly names: ReadonlySet<string>;
}

/** The primitives that methods of a heap name. */
export function primitivesUsed(heap: Heap): PrimitiveUse {
  const numbers = new Set<number>();
  const names = new Set<string>();
  heap.forEachObject((method) => {
    if (!heap.isMethod(method)) return;
    const number = primitiveNumberOf(heap, method);
    numbers.add(number);
    if (number !== PRIMITIVE_EXTERNAL_CALL || heap.literalCountOf(method) === 0) return;
    const literal = heap.reference(method, 1);
    if (!heap.isArray(literal) || heap.slotCountOf(literal) < 2) return;
    const [module, name] = [heap.reference(literal, 0), heap.reference(literal, 1)];
    if (heap.isBytes(name)) names.add(`${heap.isBytes(module) ? heap.string(module) : ""}\0${heap.string(name)}`);
  });
  return { numbers, names };
}

function primitiveNumberOf(heap: Heap, method: number): number {
  const literals = heap.methodHeaderOf(method) & METHOD_LITERAL_COUNT_MASK;
  const start = method + HEADER_BYTES + (literals + 1) * WORD_BYTES;
  if ((heap.methodHeaderOf(method) & METHOD_HAS_PRIMITIVE) === 0) return 0;
  const bytes = heap.memoryBytes();
  const expected = heap.isMethodHeaderNegative(method) ? CALL_PRIMITIVE_SISTA : CALL_PRIMITIVE_V3;
  return bytes[start] === expected ? (bytes[start + 1]! | (bytes[start + 2]! << 8)) & 0x7fff : 0;
}

/**
 * Takes the functions that the image cannot reach out of a loaded machine's tables of primitives; answers their places
 * in the function table, which can be emptied.
 */
export function leaveOutPrimitives(exports: VmExports, heap: Heap, choice: PrimitiveChoice): Set<number> {
  const machine = exports as PrimitiveExports;
  const all = new Set<number>();
  const kept = new Set<number>();
  const { numbers, names } = primitivesUsed(heap);
  const keepsNumbers = choice === "all" || numbers.has(PRIMITIVE_DO_PRIMITIVE);

  for (let number = 1; number <= LAST_NUMBER; number++) {
    const place = machine.numberedPrimitive(number);
    if (place === 0) continue;
    all.add(place);
    if (keepsNumbers || number === LAST_NUMBER || numbers.has(number)) kept.add(place);
  }
  const keepsNames = numbers.has(PRIMITIVE_DO_NAMED_PRIMITIVE);
  for (let index = 0; machine.namedPrimitiveAt(index) !== 0; index++) {
    all.add(machine.namedPrimitiveAt(index));
    if (keepsNames) kept.add(machine.namedPrimitiveAt(index));
  }
  if (choice === "all") return new Set();
  for (const each of names) {
    const [module, name] = each.split("\0") as [string, string];
    kept.add(placeOfNamed(machine, module, name));
  }
  const unused = new Set([...all].filter((place) => !kept.has(place)));
  for (const place of unused) machine.forgetPrimitive(place);
  return unused;
}

/** The place of a named primitive's function; 0 where there is none. */
function placeOfNamed(machine: PrimitiveExports, module: string, name: string): number {
  const scratch = machine.scratchMemory();
  const [moduleBytes, nameBytes] = [Buffer.from(module, "latin1"), Buffer.from(name, "latin1")];
  const memory = new Uint8Array(machine.memory.buffer);
  memory.set(moduleBytes, scratch);
  memory.set(nameBytes, scratch + moduleBytes.length);
  return machine.namedPrimitive(scratch, moduleBytes.length, scratch + moduleBytes.length, nameBytes.length);
}
