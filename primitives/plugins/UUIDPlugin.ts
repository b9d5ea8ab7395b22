// UUIDPlugin: random identifiers, RFC 4122, version 4.

import {
  Address,
  argumentCount,
  bodyOf,
  byteSize,
  ERROR_NO_MODIFICATION,
  fail,
  failed,
  failInstead,
  fetchByte,
  hostEntropy,
  isReadOnly,
  receiver,
  requireBytes,
  storeByte,
  ERROR_GENERIC,
} from "../../vm/plugin";

const UUID_BYTES: u32 = 16;

/** UUID >> primMakeUUID: fills the receiver, 16 bytes. */
export function primitiveMakeUUID(): void {
  const uuid = requireBytes(receiver());
  if (failed()) return failInstead(ERROR_GENERIC);
  if (argumentCount != 0 || byteSize(uuid) != UUID_BYTES) return fail();
  if (isReadOnly(<Address>uuid)) return fail(ERROR_NO_MODIFICATION);
  hostEntropy(bodyOf(uuid), UUID_BYTES);
  storeByte(6, uuid, (fetchByte(6, uuid) & 0x0f) | 0x40);
  storeByte(8, uuid, (fetchByte(8, uuid) & 0x3f) | 0x80);
}
