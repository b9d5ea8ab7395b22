// Compiled methods as the interpreter reads them: header fields, primitive number, where bytecodes start.

import {
  HEADER_BYTES,
  METHOD_ARGUMENT_COUNT_MASK,
  METHOD_ARGUMENT_COUNT_SHIFT,
  METHOD_HAS_PRIMITIVE,
  METHOD_LARGE_FRAME,
  METHOD_LITERAL_COUNT_MASK,
  METHOD_TEMP_COUNT_MASK,
  METHOD_TEMP_COUNT_SHIFT,
  LARGE_FRAME_SLOTS,
  SMALL_FRAME_SLOTS,
  TAG_SHIFT,
} from "../layout";
import { formatOf, isCompiledMethodFormat } from "../memory/header";
import { fetchPointer } from "../memory/object";
import { Address, isObject, Oop } from "../memory/oop";

/** In the dispatch code of a bytecode: added to the byte in SistaV1 methods. */
export const SISTA_OFFSET: u32 = 256;
const V3_CALL_PRIMITIVE: u32 = 139;
const SISTA_CALL_PRIMITIVE: u32 = 248;
const V3_EXTENDED_STORE: u32 = 129;
const SISTA_STORE_TEMP: u32 = 245;
export const CALL_PRIMITIVE_BYTES: u32 = 3;

/** A method's header word, a SmallInteger oop. */
// @ts-ignore: decorator
@inline
export function methodHeader(method: Oop): Oop {
  return fetchPointer(0, method);
}

// @ts-ignore: decorator
@inline
export function headerArgumentCount(header: Oop): u32 {
  return ((<u32>(header >> TAG_SHIFT)) >> METHOD_ARGUMENT_COUNT_SHIFT) & METHOD_ARGUMENT_COUNT_MASK;
}

/** Arguments and temporaries together. */
// @ts-ignore: decorator
@inline
export function headerTempCount(header: Oop): u32 {
  return ((<u32>(header >> TAG_SHIFT)) >> METHOD_TEMP_COUNT_SHIFT) & METHOD_TEMP_COUNT_MASK;
}

// @ts-ignore: decorator
@inline
export function headerHasPrimitive(header: Oop): bool {
  return ((<u32>(header >> TAG_SHIFT)) & METHOD_HAS_PRIMITIVE) != 0;
}

// @ts-ignore: decorator
@inline
export function headerLiteralCount(header: Oop): u32 {
  return (<u32>(header >> TAG_SHIFT)) & METHOD_LITERAL_COUNT_MASK;
}

/** What the dispatch adds to a byte: 0 in V3PlusClosures, SISTA_OFFSET where the header is negative. */
// @ts-ignore: decorator
@inline
export function headerBytecodeSet(header: Oop): u32 {
  return (<u32>((<i64>header) >> 63)) & SISTA_OFFSET;
}

/** Slots that a context of this method has for temporaries and operands. */
export function contextSlotsFor(header: Oop): u32 {
  return ((<u32>(header >> TAG_SHIFT)) & METHOD_LARGE_FRAME) != 0 ? LARGE_FRAME_SLOTS : SMALL_FRAME_SLOTS;
}

/** Address of a method's first bytecode. */
// @ts-ignore: decorator
@inline
export function firstBytecode(method: Oop, header: Oop): Address {
  return <Address>method + 2 * HEADER_BYTES + (headerLiteralCount(header) << 3);
}

export function isCompiledMethod(oop: Oop): bool {
  return isObject(oop) && isCompiledMethodFormat(formatOf(<Address>oop));
}

/** The primitive number of a method, 0 for none (StackInterpreter>>primitiveIndexOfMethod:header:). */
export function primitiveNumberOf(method: Oop): u32 {
  const header = methodHeader(method);
  if (!headerHasPrimitive(header)) return 0;
  const start = firstBytecode(method, header);
  const expected = headerBytecodeSet(header) == 0 ? V3_CALL_PRIMITIVE : SISTA_CALL_PRIMITIVE;
  return load<u8>(start) == expected ? (<u32>load<u16>(start, 1)) & 0x7fff : 0;
}

/**
 * Where a method with a primitive stores the error code: the temp's index, or -1 where its first instruction after
 * the primitive is no store into a temp (StackInterpreter>>methodUsesPrimitiveErrorCode:header:).
 */
export function primitiveErrorTemp(header: Oop, start: Address): i32 {
  const next = start + CALL_PRIMITIVE_BYTES;
  const byte = <u32>load<u8>(next);
  const operand = <i32>load<u8>(next, 1);
  if (headerBytecodeSet(header) != 0) return byte == SISTA_STORE_TEMP ? operand : -1;
  return byte == V3_EXTENDED_STORE && operand >> 6 == 1 ? operand & 63 : -1;
}

// A context's pc counts bytes of the method from one, its literals included, and names the next bytecode.

// @ts-ignore: decorator
@inline
export function pcOf(instructionPointer: Address, method: Oop): i32 {
  return <i32>(instructionPointer - <Address>method) - HEADER_BYTES + 1;
}

// @ts-ignore: decorator
@inline
export function ipOf(pc: i32, method: Oop): Address {
  return <Address>method + HEADER_BYTES - 1 + pc;
}
