// Writes WebAssembly's binary format into one buffer: bytes, LEB128 numbers, instructions. WebAssembly specification 2.0,
// chapter 5. Full is a state, not an error: whoever translates looks at `isFull` at the end and gives up.

import { Address } from "../memory/oop";
import { CODE_BUFFER_BYTES } from "../tuning";

const BUFFER: Address = <Address>memory.data(CODE_BUFFER_BYTES, 16);

let end: Address = 0;
/** Where there is no more room. */
let limit: Address = 0;
let full: bool = false;

export const UNREACHABLE: u32 = 0x00;
export const BLOCK: u32 = 0x02;
export const LOOP: u32 = 0x03;
export const IF: u32 = 0x04;
export const ELSE: u32 = 0x05;
export const END: u32 = 0x0b;
export const BR: u32 = 0x0c;
export const BR_IF: u32 = 0x0d;
export const BR_TABLE: u32 = 0x0e;
export const RETURN: u32 = 0x0f;
export const CALL: u32 = 0x10;
export const CALL_INDIRECT: u32 = 0x11;
export const DROP: u32 = 0x1a;
export const SELECT: u32 = 0x1b;
export const LOCAL_GET: u32 = 0x20;
export const LOCAL_SET: u32 = 0x21;
export const LOCAL_TEE: u32 = 0x22;
export const I32_LOAD: u32 = 0x28;
export const I64_LOAD: u32 = 0x29;
export const I64_LOAD8_U: u32 = 0x31;
export const I64_LOAD32_U: u32 = 0x35;
export const I32_STORE: u32 = 0x36;
export const I64_STORE: u32 = 0x37;
export const I64_STORE8: u32 = 0x3c;
export const I32_CONST: u32 = 0x41;
export const I64_CONST: u32 = 0x42;
export const I32_EQZ: u32 = 0x45;
export const I32_EQ: u32 = 0x46;
export const I32_NE: u32 = 0x47;
export const I32_LT_S: u32 = 0x48;
export const I32_LT_U: u32 = 0x49;
export const I32_GT_U: u32 = 0x4b;
export const I32_GE_U: u32 = 0x4f;
export const I64_EQZ: u32 = 0x50;
export const I64_EQ: u32 = 0x51;
export const I64_NE: u32 = 0x52;
export const I64_LT_S: u32 = 0x53;
export const I64_LT_U: u32 = 0x54;
export const I64_GT_S: u32 = 0x55;
export const I64_GT_U: u32 = 0x56;
export const I64_LE_S: u32 = 0x57;
export const I64_GE_S: u32 = 0x59;
export const I64_GE_U: u32 = 0x5a;
export const F64_EQ: u32 = 0x61;
export const F64_NE: u32 = 0x62;
export const F64_LT: u32 = 0x63;
export const F64_GT: u32 = 0x64;
export const F64_LE: u32 = 0x65;
export const F64_GE: u32 = 0x66;
export const I32_ADD: u32 = 0x6a;
export const I32_SUB: u32 = 0x6b;
export const I32_AND: u32 = 0x71;
export const I32_OR: u32 = 0x72;
export const I32_SHL: u32 = 0x74;
export const I32_SHR_U: u32 = 0x76;
export const I32_ROTR: u32 = 0x78;
export const I64_CLZ: u32 = 0x79;
export const I64_ADD: u32 = 0x7c;
export const I64_SUB: u32 = 0x7d;
export const I64_MUL: u32 = 0x7e;
export const I64_DIV_S: u32 = 0x7f;
export const I64_DIV_U: u32 = 0x80;
export const I64_REM_S: u32 = 0x81;
export const I64_REM_U: u32 = 0x82;
export const I64_AND: u32 = 0x83;
export const I64_OR: u32 = 0x84;
export const I64_XOR: u32 = 0x85;
export const I64_SHL: u32 = 0x86;
export const I64_SHR_S: u32 = 0x87;
export const I64_SHR_U: u32 = 0x88;
export const I64_ROTL: u32 = 0x89;
export const I64_ROTR: u32 = 0x8a;
export const F64_ADD: u32 = 0xa0;
export const F64_SUB: u32 = 0xa1;
export const F64_MUL: u32 = 0xa2;
export const F64_DIV: u32 = 0xa3;
export const I32_WRAP_I64: u32 = 0xa7;
export const I64_EXTEND_I32_S: u32 = 0xac;
export const I64_EXTEND_I32_U: u32 = 0xad;
export const F64_REINTERPRET_I64: u32 = 0xbf;
export const F64_CONST: u32 = 0x44;
export const F64_CONVERT_I64_S: u32 = 0xb9;
export const I64_REINTERPRET_F64: u32 = 0xbd;
export const I32_LOAD8_U: u32 = 0x2d;
export const I32_STORE8: u32 = 0x3a;
export const VOID: u32 = 0x40;
export const TYPE_I32: u32 = 0x7f;
export const TYPE_I64: u32 = 0x7e;
export const TYPE_F64: u32 = 0x7c;

export function beginBuffer(): void {
  end = BUFFER;
  limit = BUFFER + CODE_BUFFER_BYTES;
  full = false;
}

/** Goes on writing elsewhere, up to a limit; `moveBack` ends that. */
export function moveTo(at: Address, newLimit: Address): void {
  end = at;
  limit = newLimit;
}

/** Goes on writing in the buffer. */
export function moveBack(at: Address): void {
  moveTo(at, BUFFER + CODE_BUFFER_BYTES);
}

/** Writes so many bytes from elsewhere. */
export function copyFrom(from: Address, bytes: u32): void {
  if (bytes > limit - end) {
    full = true;
    return;
  }
  memory.copy(end, from, bytes);
  end += bytes;
}

/** Goes on writing at a place before: what was written there is of no use. */
export function setPosition(at: Address): void {
  end = at;
  full = false;
}

export function isFull(): bool {
  return full;
}

export function bufferStart(): Address {
  return BUFFER;
}

export function position(): Address {
  return end;
}

export function byte(value: u32): void {
  if (end >= limit) {
    full = true;
    return;
  }
  store<u8>(end++, value);
}

/** An unsigned number. */
export function unsigned(value: u32): void {
  while (value > 127) {
    byte((value & 127) | 128);
    value >>= 7;
  }
  byte(value);
}

/** A signed number. */
export function signed(value: i64): void {
  for (;;) {
    const low = (<u32>value) & 127;
    value >>= 7;
    if ((value == 0 && (low & 64) == 0) || (value == -1 && (low & 64) != 0)) {
      byte(low);
      return;
    }
    byte(low | 128);
  }
}

/** Five bytes for a length that is not known yet; answers where they are. */
export function reserveLength(): Address {
  const at = end;
  for (let i = 0; i < 5; i++) byte(0);
  return at;
}

/** Fills in the length of what was written since `reserveLength`. */
export function fillLength(at: Address): void {
  fillNumber(at, end - at - 5);
}

/** Fills in a number where `reserveLength` left room. */
export function fillNumber(at: Address, value: u32): void {
  for (let i: u32 = 0; i < 4; i++) {
    store<u8>(at + i, (value & 127) | 128);
    value >>= 7;
  }
  store<u8>(at + 4, value);
}

/** Writes a name: its length and its bytes, which are ASCII. */
export function name(text: string): void {
  unsigned(text.length);
  for (let i = 0; i < text.length; i++) byte(text.charCodeAt(i));
}

export function zeros(count: u32): void {
  for (let i: u32 = 0; i < count; i++) byte(0);
}

export function op(code: u32): void {
  byte(code);
}

export function get(local: u32): void {
  byte(LOCAL_GET);
  unsigned(local);
}

export function set(local: u32): void {
  byte(LOCAL_SET);
  unsigned(local);
}

export function tee(local: u32): void {
  byte(LOCAL_TEE);
  unsigned(local);
}

export function i32Const(value: i32): void {
  byte(I32_CONST);
  signed(value);
}

export function i64Const(value: i64): void {
  byte(I64_CONST);
  signed(value);
}

export function f64Const(value: f64): void {
  byte(0x44);
  const bits = reinterpret<u64>(value);
  for (let shift: u64 = 0; shift < 64; shift += 8) byte((<u32>(bits >> shift)) & 255);
}

export function load32(offset: u32): void {
  byte(I32_LOAD);
  byte(2);
  unsigned(offset);
}

export function load64(offset: u32): void {
  byte(I64_LOAD);
  byte(3);
  unsigned(offset);
}

/** A load or store that `code` names, aligned to 1 << `align` bytes. */
export function access(code: u32, align: u32, offset: u32): void {
  byte(code);
  byte(align);
  unsigned(offset);
}

export function store32(offset: u32): void {
  byte(I32_STORE);
  byte(2);
  unsigned(offset);
}

export function store64(offset: u32): void {
  byte(I64_STORE);
  byte(3);
  unsigned(offset);
}

export function call(index: u32): void {
  byte(CALL);
  unsigned(index);
}
