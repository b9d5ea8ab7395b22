// Reads a module's bytes: LEB128 numbers, and how far an instruction's immediates reach.

import { fail, FAILURE_OPCODE } from "./arena";

/** The next byte to read. */
export let position: usize = 0;

export function moveReader(address: usize): void {
  position = address;
}

export function readByte(): i32 {
  return load<u8>(position++);
}

export function peekByte(): i32 {
  return load<u8>(position);
}

export function readUnsigned(): u32 {
  const first = <u32>load<u8>(position++);
  if (first < 0x80) return first;
  let result = first & 0x7f;
  let shift: u32 = 7;
  let byte: u32 = 0x80;
  while (byte >= 0x80 && shift <= 28) {
    byte = load<u8>(position++);
    result |= (byte & 0x7f) << shift;
    shift += 7;
  }
  return result;
}

export function readSigned(): i64 {
  let result: i64 = 0;
  let shift: u32 = 0;
  let byte: i64 = 0x80;
  while (byte >= 0x80 && shift < 70) {
    byte = load<u8>(position++);
    result |= (byte & 0x7f) << shift;
    shift += 7;
  }
  return shift < 64 && (byte & 0x40) != 0 ? result | ((<i64>-1) << shift) : result;
}

export const OP_UNREACHABLE: i32 = 0x00;
export const OP_NOP: i32 = 0x01;
export const OP_BLOCK: i32 = 0x02;
export const OP_LOOP: i32 = 0x03;
export const OP_IF: i32 = 0x04;
export const OP_ELSE: i32 = 0x05;
export const OP_END: i32 = 0x0b;
export const OP_BR: i32 = 0x0c;
export const OP_BR_IF: i32 = 0x0d;
export const OP_BR_TABLE: i32 = 0x0e;
export const OP_RETURN: i32 = 0x0f;
export const OP_CALL: i32 = 0x10;
export const OP_CALL_INDIRECT: i32 = 0x11;
export const OP_DROP: i32 = 0x1a;
export const OP_SELECT: i32 = 0x1b;
export const OP_SELECT_TYPED: i32 = 0x1c;
export const OP_LOCAL_GET: i32 = 0x20;
export const OP_LOCAL_SET: i32 = 0x21;
export const OP_LOCAL_TEE: i32 = 0x22;
export const OP_GLOBAL_GET: i32 = 0x23;
export const OP_GLOBAL_SET: i32 = 0x24;
export const OP_PREFIX: i32 = 0xfc;

function skipNumber(): void {
  while (load<u8>(position++) >= 0x80);
}

/** Moves over the immediates of an instruction whose opcode has been read. */
export function skipImmediates(opcode: i32): void {
  if (opcode >= 0x45 && opcode <= 0xc4) return;
  // Locals, globals and integer constants have one number.
  if ((opcode >= OP_LOCAL_GET && opcode <= OP_GLOBAL_SET) || opcode == 0x41 || opcode == 0x42) {
    skipNumber();
    return;
  }
  if (opcode >= 0x28 && opcode <= 0x3e) {
    skipNumber();
    skipNumber();
    return;
  }
  switch (opcode) {
    case OP_UNREACHABLE:
    case OP_NOP:
    case OP_ELSE:
    case OP_END:
    case OP_RETURN:
    case OP_DROP:
    case OP_SELECT:
      return;
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF:
      readSigned();
      return;
    case OP_BR:
    case OP_BR_IF:
    case OP_CALL:
    case 0x3f: // memory.size
    case 0x40: // memory.grow
      readUnsigned();
      return;
    case OP_CALL_INDIRECT:
      readUnsigned();
      readUnsigned();
      return;
    case OP_BR_TABLE:
    case OP_SELECT_TYPED: {
      // A vector, and the default target of br_table.
      let count = readUnsigned() + (opcode == OP_BR_TABLE ? 1 : 0);
      while (count-- > 0) readUnsigned();
      return;
    }
    case 0x43: // f32.const
      position += 4;
      return;
    case 0x44: // f64.const
      position += 8;
      return;
    case OP_PREFIX: {
      const operation = readUnsigned();
      if (operation <= 7) return;
      if (operation == 8 || operation == 10) readUnsigned();
      if (operation >= 8 && operation <= 11) {
        readUnsigned();
        return;
      }
      fail(FAILURE_OPCODE, (OP_PREFIX << 8) | operation);
      return;
    }
    default:
      fail(FAILURE_OPCODE, opcode);
  }
}

/** Moves over code that cannot be reached, to the `else` or `end` of the construct it stands in. */
export function skipUnreachable(end: usize): void {
  let depth = 0;
  while (position < end) {
    const start = position;
    const opcode = readByte();
    if (opcode == OP_BLOCK || opcode == OP_LOOP || opcode == OP_IF) depth++;
    if ((opcode == OP_END || opcode == OP_ELSE) && depth == 0) {
      position = start;
      return;
    }
    if (opcode == OP_END) depth--;
    skipImmediates(opcode);
  }
}
