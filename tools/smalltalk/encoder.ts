// What the generator says, in bytes: one encoder for each bytecode set. Which byte an instruction starts with is read
// from the rows of vm/tables/bytecodes.ts; here is only how operands are packed, and which form is shortest.

import type { BytecodeRow } from "../../vm/tables/bytecodes.js";

export type Bytes = readonly number[];

/** Indices are zero-based. Each throws an EncodingLimit where the set has no room for the operand. */
export interface Encoder {
  /** With `isLong`, never the short form: contexts' variables. */
  pushInstanceVariable(index: number, isLong: boolean): Bytes;
  storeInstanceVariable(index: number, isLong: boolean): Bytes;
  popIntoInstanceVariable(index: number, isLong: boolean): Bytes;
  pushTemp(index: number): Bytes;
  storeTemp(index: number): Bytes;
  popIntoTemp(index: number): Bytes;
  pushRemoteTemp(index: number, vector: number): Bytes;
  storeRemoteTemp(index: number, vector: number): Bytes;
  popIntoRemoteTemp(index: number, vector: number): Bytes;
  pushLiteral(index: number): Bytes;
  pushVariable(index: number): Bytes;
  storeVariable(index: number): Bytes;
  popIntoVariable(index: number): Bytes;
  pushReceiver(): Bytes;
  pushConstant(value: Constant): Bytes;
  /** Undefined where it must be a literal. */
  pushInteger(value: bigint): Bytes | undefined;
  pushCharacter(codePoint: number): Bytes | undefined;
  pushPseudo(name: "thisContext" | "thisProcess"): Bytes;
  duplicate(): Bytes;
  pop(): Bytes;
  returnReceiver(): Bytes;
  returnConstant(value: Constant): Bytes;
  returnTop(): Bytes;
  blockReturnTop(): Bytes;
  /** Undefined where nil must be pushed. */
  blockReturnNil(): Bytes | undefined;
  specialSend(index: number): Bytes;
  send(selector: number, argumentCount: number): Bytes;
  superSend(selector: number, argumentCount: number): Bytes;
  /** A distance counts from behind the jump. */
  jump(distance: number): Bytes;
  branch(condition: boolean, distance: number): Bytes;
  /** Back over `bodyBytes` bytes and itself. */
  jumpBack(bodyBytes: number): Bytes;
  newArray(size: number): Bytes;
  arrayOf(size: number): Bytes;
  callPrimitive(number: number): Bytes;
  /** The long form that the VM looks for behind a primitive that failed. */
  storeErrorCode(temp: number): Bytes;
  pushBlock(copiedCount: number, argumentCount: number, bytes: number): Bytes;
  pushFullBlock(literal: number, copiedCount: number): Bytes;
}

export type Constant = "nil" | "true" | "false";

/** Thrown where an operand is too large; the generator knows for which source. */
export class EncodingLimit {
  constructor(readonly message: string) {}
}

/** The operand if it is from 0 up to `end`. */
export function within(operand: number, end: number, what: string): number {
  if (operand >= 0 && operand < end) return operand;
  throw new EncodingLimit(`${what}: the bytecode set has room for ${end}; split the method`);
}

export interface Opcodes {
  /** The first byte of a handler's row. */
  first(handler: string): number;
  /** The byte of a row that holds the operand itself; undefined where the operand is past the row. */
  short(handler: string, operand: number): Bytes | undefined;
}

export function opcodesOf(table: readonly BytecodeRow[]): Opcodes {
  const rows = new Map(table.map((row) => [row[2], row]));
  const rowOf = (handler: string) => {
    const row = rows.get(handler);
    if (row === undefined) throw new Error(`bytecodes.ts has no row ${handler}`);
    return row;
  };
  return {
    first: (handler) => rowOf(handler)[0],
    short: (handler, operand) => {
      const [first, last] = rowOf(handler);
      return operand >= 0 && operand <= last - first ? [first + operand] : undefined;
    },
  };
}
