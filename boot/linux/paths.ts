// Paths: the platform contract gives them without a final zero, the system wants one. Two buffers, since a rename has
// two names.

import { Address, ENAMETOOLONG, ENOENT } from "./systemCalls";

/** A path's most bytes with its final zero (PATH_MAX). */
export const PATH_BYTES: u32 = 4096;

export const path: Address = memory.data(4096, 8);
export const secondPath: Address = memory.data(4096, 8);

/** Copies a path and ends it with zero. 0, or an error where it cannot be a path. */
export function setPath(buffer: Address, name: Address, bytes: u32): i32 {
  if (bytes == 0) return ENOENT;
  if (bytes >= PATH_BYTES) return ENAMETOOLONG;
  for (let i: u32 = 0; i < bytes; i++) {
    const byte = load<u8>(name + i);
    if (byte == 0) return ENOENT;
    store<u8>(buffer + i, byte);
  }
  store<u8>(buffer + bytes, 0);
  return 0;
}

/** Bytes of a text before its final zero. */
export function lengthOf(text: Address): u32 {
  let end = text;
  while (load<u8>(end) != 0) end++;
  return end - text;
}

/** Bytes up to and with the last slash of a path; 0 where it has none. */
export function folderBytes(text: Address): u32 {
  let end = lengthOf(text);
  while (end > 0 && load<u8>(text + end - 1) != 0x2f) end--;
  return end;
}

/** Copies as much of a text as there is room for; answers its whole length, as the contract wants it. */
export function giveText(text: Address, length: u32, address: Address, room: u32): i32 {
  memory.copy(address, text, min(length, room));
  return <i32>length;
}
