// The parts of a compiled method or block: header fields, bytecode set, primitive, where the bytecodes end, and the
// source pointer in the trailer. Sources: CompiledMethod and CompiledMethodTrailer of Squeak, Pharo and Cuis.

import {
  HEADER_BYTES,
  METHOD_ARGUMENT_COUNT_MASK,
  METHOD_ARGUMENT_COUNT_SHIFT,
  METHOD_HAS_PRIMITIVE,
  METHOD_LARGE_FRAME,
  METHOD_LITERAL_COUNT_MASK,
  METHOD_TEMP_COUNT_MASK,
  METHOD_TEMP_COUNT_SHIFT,
  PRIMITIVE_EXTERNAL_CALL,
} from "../vm/layout.js";
import { decode, type BytecodeSet } from "../vm/tables/decode.js";
import type { Address, Heap } from "../vm/embed/heap.js";

export interface MethodParts {
  readonly set: BytecodeSet;
  readonly argumentCount: number;
  /** Temporaries, arguments included. */
  readonly tempCount: number;
  readonly literalCount: number;
  readonly hasLargeFrame: boolean;
  /** Zero-based offset of the first bytecode in the method's bytes; Smalltalk's initial pc is one more. */
  readonly start: number;
  /** Where the trailer begins. */
  readonly end: number;
  /** 0 for a method without one. */
  readonly primitive: number;
  /** Of primitive 117: what it names; a module of "" is the virtual machine itself. */
  readonly named?: { readonly module: string; readonly name: string };
  /** The image's number for where the source is; 0 without source. */
  readonly sourcePointer: number;
}

/** The parts of a method; `isBlock` for a CompiledBlock, whose trailer is zeros, or missing. */
export function methodParts(heap: Heap, method: Address, isBlock = false): MethodParts {
  const header = heap.methodHeaderOf(method);
  const literalCount = header & METHOD_LITERAL_COUNT_MASK;
  const start = (literalCount + 1) * 8;
  const bytes = heap.bytesOf(method);
  const { end, sourcePointer } = isBlock ? blockTrailer(bytes) : trailer(bytes);
  const primitive = primitiveOf(heap, method);
  return {
    set: bytecodeSetOf(heap, method),
    argumentCount: (header >> METHOD_ARGUMENT_COUNT_SHIFT) & METHOD_ARGUMENT_COUNT_MASK,
    tempCount: (header >> METHOD_TEMP_COUNT_SHIFT) & METHOD_TEMP_COUNT_MASK,
    literalCount,
    hasLargeFrame: (header & METHOD_LARGE_FRAME) !== 0,
    start,
    end: Math.max(start, end),
    primitive,
    named: namedPrimitiveOf(heap, method, primitive),
    sourcePointer,
  };
}

export function bytecodeSetOf(heap: Heap, method: Address): BytecodeSet {
  return heap.isMethodHeaderNegative(method) ? "SistaV1" : "V3PlusClosures";
}

/** The number of a method's primitive, 0 where it has none. */
export function primitiveOf(heap: Heap, method: Address): number {
  const header = heap.methodHeaderOf(method);
  if ((header & METHOD_HAS_PRIMITIVE) === 0) return 0;
  // Decoded where it lies: a view for each method of an image would cost more than the rest.
  const start = method + HEADER_BYTES + ((header & METHOD_LITERAL_COUNT_MASK) + 1) * 8;
  const { operand } = decode(heap.memoryBytes(), start, bytecodeSetOf(heap, method));
  return operand?.kind === "primitive" ? operand.number : 0;
}

/** What a method with that primitive calls by name, if it does. */
export function namedPrimitiveOf(
  heap: Heap,
  method: Address,
  primitive: number,
): { module: string; name: string } | undefined {
  return primitive === PRIMITIVE_EXTERNAL_CALL ? namedPrimitive(heap, method) : undefined;
}

/** The first literal of a method with primitive 117: an Array of module (or nil), function, session, index. */
export function namedPrimitive(heap: Heap, method: Address): { module: string; name: string } {
  const description = heap.literalCountOf(method) === 0 ? 0 : heap.reference(method, 1);
  if (!heap.isPointers(description) || heap.slotCountOf(description) < 2) return { module: "", name: "?" };
  const [module, name] = [0, 1].map((index) => heap.reference(description, index));
  return {
    module: heap.isBytes(module) ? heap.string(module) : "",
    name: heap.isBytes(name) ? heap.string(name) : "?",
  };
}

/**
 * Where a method's trailer begins and the source pointer in it. The last byte's upper six bits say which kind it is, its
 * lower two how many bytes a length takes, less one.
 */
function trailer(bytes: Uint8Array): { end: number; sourcePointer: number } {
  const size = bytes.length;
  const flag = bytes[size - 1];
  switch (flag >> 2) {
    case 0: // no trailer; as Pharo's bootstrap writes it, four zeros
      return blockTrailer(bytes);
    case 4: // source by selector
      return { end: size - 1, sourcePointer: 0 };
    case 1: // cleared
    case 2: // names of temporaries, two compressions
    case 3:
    case 5: // source by string
    case 6: // embedded source, two compressions
    case 7: {
      const lengthBytes = (flag & 3) + 1;
      let length = 0;
      for (let i = 0; i < lengthBytes; i++) length = length * 256 + bytes[size - 2 - i];
      return { end: size - 1 - lengthBytes - length, sourcePointer: 0 };
    }
    case 8:
      return variableLengthPointer(bytes);
    case 63:
      return { end: size - 4, sourcePointer: fixedPointer(bytes) };
    default:
      return { end: size - 1, sourcePointer: 0 };
  }
}

/** No code ends in a zero byte, so that zeros at the end are a trailer: four, or one. */
function blockTrailer(bytes: Uint8Array): { end: number; sourcePointer: number } {
  const zeros = bytes.subarray(-4).every((byte) => byte === 0) ? 4 : bytes[bytes.length - 1] === 0 ? 1 : 0;
  return { end: bytes.length - zeros, sourcePointer: 0 };
}

/** Seven bits a byte, backwards from the last but one; the top bit says that more follow. */
function variableLengthPointer(bytes: Uint8Array): { end: number; sourcePointer: number } {
  let at = bytes.length - 2;
  let sourcePointer = 0;
  let scale = 1;
  for (; at > 0; at--) {
    sourcePointer += (bytes[at] & 127) * scale;
    scale *= 128;
    if (bytes[at] < 128) break;
  }
  return { end: at, sourcePointer };
}

/** The last byte less 251, then the three before it, downwards. */
function fixedPointer(bytes: Uint8Array): number {
  const size = bytes.length;
  let pointer = bytes[size - 1] - 251;
  for (let i = 2; i <= 4; i++) pointer = pointer * 256 + bytes[size - i];
  return pointer;
}
