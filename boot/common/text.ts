// Lines of text put together in a fixed buffer, for messages of programs that have nothing below them but the processor
// or system calls. What writes them out is the platform's.

type Address = u32;

const TEXT_BYTES: u32 = 8192;
const text: Address = memory.data(8192, 8);
let used: u32 = 0;

/** Where the text is. */
export function textStart(): Address {
  return text;
}

export function textBytes(): u32 {
  return used;
}

export function clearText(): void {
  used = 0;
}

/** Appends a literal: ASCII, of which asc keeps two bytes a character. */
export function put(literal: string): void {
  const source = <Address>changetype<usize>(literal);
  const count = <u32>literal.length;
  for (let i: u32 = 0; i < count; i++) putByte(load<u16>(source + (i << 1)));
}

export function putByte(byte: u32): void {
  if (used < TEXT_BYTES) store<u8>(text + used++, byte);
}

export function putBytes(address: Address, bytes: u32): void {
  for (let i: u32 = 0; i < bytes; i++) putByte(load<u8>(address + i));
}

/** A message as vm/host.ts gives it: UTF-8, or a literal of asc in UTF-16, where every second byte of ours is zero. */
export function putMessage(address: Address, bytes: u32): void {
  const isWide = bytes >= 2 && (bytes & 1) == 0 && load<u8>(address + 1) == 0;
  if (!isWide) return putBytes(address, bytes);
  for (let i: u32 = 0; i < bytes; i += 2) putByte(load<u8>(address + i));
}

export function putNumber(value: i64): void {
  if (value < 0) {
    putByte(0x2d);
    value = -value;
  }
  if (<u64>value > 9) putNumber(<i64>(<u64>value / 10));
  putByte(0x30 + <u32>(<u64>value % 10));
}

/** A number with that many digits after the point: 1234 with 3 is 1.234. */
export function putFixed(value: i64, digits: u32): void {
  let scale: i64 = 1;
  for (let i: u32 = 0; i < digits; i++) scale *= 10;
  putNumber(value / scale);
  putByte(0x2e);
  let rest = value % scale;
  for (let i: u32 = 0; i < digits; i++) {
    scale /= 10;
    putByte(0x30 + <u32>(rest / scale));
    rest %= scale;
  }
}

/** Hexadecimal with 0x before it, as many digits as it needs and at least `digits`. */
export function putHex(value: u64, digits: u32 = 1): void {
  put("0x");
  let count: u32 = 16;
  while (count > digits && value >> ((count - 1) << 2) == 0) count--;
  while (count-- > 0) {
    const digit = <u32>((value >> (count << 2)) & 15);
    putByte(digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
}
