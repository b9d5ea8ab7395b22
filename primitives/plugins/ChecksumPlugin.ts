// ChecksumPlugin: checksums of bytes. The example of a plugin: this file is all there is to it.

import { answerInteger, byteAt, byteSize, bytesArgument, succeeded } from "../../vm/plugin";

const MODULUS: u32 = 65521;
/** The polynomial of Ethernet and ZIP, lowest power in the highest bit. */
const POLYNOMIAL: u32 = 0xedb88320;

/** Checksum class >> adler32: aByteArray. RFC 1950, section 9. Fails unless the argument is bytes. */
export function primitiveAdler32(): void {
  const bytes = bytesArgument(0);
  if (!succeeded()) return;

  let low: u32 = 1;
  let high: u32 = 0;
  const size = byteSize(bytes);
  for (let i: u32 = 0; i < size; i++) {
    low = (low + byteAt(bytes, i)) % MODULUS;
    high = (high + low) % MODULUS;
  }
  answerInteger(((<i64>high) << 16) | low);
}

/** Checksum class >> crc32: aByteArray. RFC 1952, section 8. Fails unless the argument is bytes. */
export function primitiveCrc32(): void {
  const bytes = bytesArgument(0);
  if (!succeeded()) return;

  let crc: u32 = ~0;
  const size = byteSize(bytes);
  for (let i: u32 = 0; i < size; i++) {
    crc ^= byteAt(bytes, i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  answerInteger(~crc);
}
