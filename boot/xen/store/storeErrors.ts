// Protocol: errors of xenstore are names (xs_wire.h, xsd_errors); here they become errno's numbers.

import { Address } from "../../../vm/memory/oop";

const EIO: i32 = 5;

/** Minus the number of the error whose name lies in memory; -EIO for one that nobody knows. */
export function errorNumberOf(name: Address, bytes: u32): i32 {
  if (isName(name, bytes, "ENOENT")) return -2;
  if (isName(name, bytes, "EACCES")) return -13;
  if (isName(name, bytes, "EAGAIN")) return -11;
  if (isName(name, bytes, "EEXIST")) return -17;
  if (isName(name, bytes, "EINVAL")) return -22;
  if (isName(name, bytes, "EISDIR")) return -21;
  if (isName(name, bytes, "ENOMEM")) return -12;
  if (isName(name, bytes, "ENOSPC")) return -28;
  if (isName(name, bytes, "ENOTEMPTY")) return -39;
  if (isName(name, bytes, "ENOSYS")) return -38;
  if (isName(name, bytes, "EROFS")) return -30;
  if (isName(name, bytes, "EBUSY")) return -16;
  if (isName(name, bytes, "EISCONN")) return -106;
  if (isName(name, bytes, "E2BIG")) return -7;
  if (isName(name, bytes, "EPERM")) return -1;
  return -EIO;
}

/** Whether bytes are a literal of ASCII, with or without a zero behind. */
export function isName(bytes: Address, count: u32, text: string): bool {
  const length = <u32>text.length;
  if (count < length || (count > length && load<u8>(bytes + length) != 0)) return false;
  for (let i: u32 = 0; i < length; i++) {
    if (load<u8>(bytes + i) != load<u16>(changetype<usize>(text) + (i << 1))) return false;
  }
  return true;
}
