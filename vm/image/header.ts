// The header of an image file: which format it is, and what it says. Fields that only an OpenSmalltalk VM uses are kept
// for the next snapshot (VMMaker: SpurImageReader>>readHeaderFrom:startingAt:).

import { hostImageRead } from "../host";
import {
  IMAGE_FORMAT_MULTIPLE,
  IMAGE_FORMAT_NATIVE_FLOATS,
  IMAGE_FORMAT_SPUR_32,
  IMAGE_FORMAT_SPUR_64,
  IMAGE_HEADER_BYTES_32,
  IMAGE_HEADER_BYTES_64,
  SEGMENT_BRIDGE_BYTES,
} from "../layout";
import { Address } from "../memory/oop";
import {
  IMAGE_BAD_HEADER,
  IMAGE_EARLY_SPUR_64,
  IMAGE_PRE_SPUR,
  IMAGE_PRE_SPUR_BIG_ENDIAN,
  IMAGE_READ_FAILED,
  IMAGE_SHORT_HEADER,
  IMAGE_SPUR_BIG_ENDIAN,
  IMAGE_TRUNCATED,
  IMAGE_UNKNOWN_FORMAT,
} from "../tables/imageFaults";
import { faultAt } from "./fault";

/** A script that starts the image may stand before the header, in this many bytes. */
const PREFIX_BYTES: u32 = 512;
const header = <Address>memory.data(128, 8);

/** The number in the file; read as little-endian unless `imageIsBigEndian`. */
export let imageFormat: u32 = 0;
export let imageIsBigEndian: bool = false;
/** Bytes of an oop in the file: 4 or 8. */
export let imageWordBytes: u32 = 0;
export let imageUsesBothBytecodeSets: bool = false;
/** Where in the file the heap's bytes begin, and how many they are. */
export let imageDataOffset: f64 = 0;
export let imageDataBytes: f64 = 0;
export let imageOldBase: u64 = 0;
export let imageSpecialObjects: u64 = 0;
export let imageLastHash: u64 = 0;
export let imageWindowSize: u64 = 0;
/** IMAGE_FLAG_… and others, which are kept. */
export let imageFlags: u32 = 0;
export let imageExtraMemoryBytes: u32 = 0;
export let imageStackPages: u32 = 0;
/** In units of 1 KiB. */
export let imageCodeSize: u32 = 0;
/** What the image asks for; 0 for the default. */
export let imageEdenBytes: u32 = 0;
export let imageExternalSemaphores: u32 = 0;
export let imageVersion: u32 = 0;
export let imageFirstSegmentBytes: f64 = 0;

/** Reads the header of a file of `totalBytes`; false with a fault where it is not of a format read here. */
export function readHeader(totalBytes: f64): bool {
  if (!readFormat(0, totalBytes)) return false;
  let start: u32 = 0;
  if (!isImageFormat(load<u32>(header)) && !isImageFormat(bswap(load<u32>(header)))) {
    // A short file is reported as what it claims to be at its start.
    const first = load<u32>(header);
    if (totalBytes >= PREFIX_BYTES + IMAGE_HEADER_BYTES_32 && !readFormat(PREFIX_BYTES, totalBytes)) return false;
    if (isImageFormat(load<u32>(header)) || isImageFormat(bswap(load<u32>(header)))) start = PREFIX_BYTES;
    else store<u32>(header, first);
  }
  if (!checkFormat(start)) return false;
  imageWordBytes = isFormat(imageFormat, IMAGE_FORMAT_SPUR_64) ? 8 : 4;
  const bytes: u32 = imageWordBytes == 8 ? IMAGE_HEADER_BYTES_64 : IMAGE_HEADER_BYTES_32;
  if (totalBytes < <f64>(start + bytes)) return faultAt(IMAGE_SHORT_HEADER, totalBytes);
  if (!readExactly(start, header, bytes)) return false;
  readFields();
  return checkFields(start, bytes, totalBytes);
}

// What the image may set for its next start (primitiveVMParameter and its kin).

/** Width and height of the window in 16 bits each, for the snapshot; 0 where none was chosen. */
export function setImageWindowSize(packed: u64): void {
  imageWindowSize = packed;
}

export function setImageFlags(flags: u32): void {
  imageFlags = flags;
}

export function setImageUsesBothBytecodeSets(flag: bool): void {
  imageUsesBothBytecodeSets = flag;
}

export function setImageExtraMemoryBytes(bytes: u32): void {
  imageExtraMemoryBytes = bytes;
}

export function setImageStackPages(count: u32): void {
  imageStackPages = count;
}

export function setImageEdenBytes(bytes: u32): void {
  imageEdenBytes = bytes;
}

export function setImageExternalSemaphores(count: u32): void {
  imageExternalSemaphores = count;
}

/** Reads bytes of the file, or answers false with a fault. */
export function readExactly(offset: f64, address: Address, bytes: u32): bool {
  const count = hostImageRead(offset, address, bytes);
  if (count < 0) return faultAt(IMAGE_READ_FAILED, offset);
  if (<u32>count != bytes) return faultAt(IMAGE_TRUNCATED, offset + <f64>count);
  return true;
}

function readFormat(offset: u32, totalBytes: f64): bool {
  if (totalBytes < <f64>(offset + 4)) return faultAt(IMAGE_SHORT_HEADER, totalBytes);
  return readExactly(offset, header, 4);
}

/** Names the format found, as fault unless it is one that is read. */
function checkFormat(start: u32): bool {
  const little = load<u32>(header);
  imageIsBigEndian = !isImageFormat(little) && isImageFormat(bswap(little));
  imageFormat = imageIsBigEndian ? bswap(little) : little;
  if (!isImageFormat(imageFormat)) return faultAt(IMAGE_UNKNOWN_FORMAT, start);
  const both = imageFormat == ALSO_SPUR_32_MULTIPLE || (imageFormat & IMAGE_FORMAT_MULTIPLE) != 0;
  imageUsesBothBytecodeSets = both && isSpurFormat(imageFormat);
  if (!isSpurFormat(imageFormat)) return faultAt(imageIsBigEndian ? IMAGE_PRE_SPUR_BIG_ENDIAN : IMAGE_PRE_SPUR, start);
  if (imageIsBigEndian) return faultAt(IMAGE_SPUR_BIG_ENDIAN, start);
  if (isFormat(imageFormat, EARLY_SPUR_64)) return faultAt(IMAGE_EARLY_SPUR_64, start);
  return true;
}

/** Spur64BitMemoryManager>>imageFormatVersion tells of it. */
const EARLY_SPUR_64: u32 = 68019;
/** What some documents call 7033. */
const ALSO_SPUR_32_MULTIPLE: u32 = 6533;

function isImageFormat(format: u32): bool {
  return isSpurFormat(format) || isPreSpurFormat(format);
}

function isSpurFormat(format: u32): bool {
  return (
    isFormat(format, IMAGE_FORMAT_SPUR_32) || isFormat(format, IMAGE_FORMAT_SPUR_64) || isFormat(format, EARLY_SPUR_64)
  );
}

/** Whether it is this format, for one bytecode set or both, with floats in either order. */
function isFormat(format: u32, wanted: u32): bool {
  const variants: u32 = IMAGE_FORMAT_MULTIPLE | IMAGE_FORMAT_NATIVE_FLOATS;
  if ((format | variants) == (wanted | variants)) return true;
  return format == ALSO_SPUR_32_MULTIPLE && wanted == IMAGE_FORMAT_SPUR_32;
}

function isPreSpurFormat(format: u32): bool {
  return (format >= 6501 && format <= 6505) || (format >= 68000 && format <= 68003);
}

function readFields(): void {
  const wide = imageWordBytes == 8;
  imageDataBytes = <f64>word(1);
  imageOldBase = word(2);
  imageSpecialObjects = word(3);
  imageLastHash = word(4);
  imageWindowSize = word(5);
  imageFlags = <u32>word(6);
  const rest: Address = header + (wide ? 56 : 32);
  imageExtraMemoryBytes = load<u32>(rest);
  imageStackPages = load<u16>(rest, 4);
  imageCodeSize = load<u16>(rest, 6);
  imageEdenBytes = load<u32>(rest, 8);
  imageExternalSemaphores = load<u16>(rest, 12);
  imageVersion = load<u16>(rest, 14);
  imageFirstSegmentBytes = wide ? <f64>load<u64>(rest, 16) : <f64>load<u32>(rest, 16);
}

/** A word of the header's first part, counted after the two 32-bit ones at its start, which are words 0. */
function word(index: u32): u64 {
  if (imageWordBytes == 8) return load<u64>(header + (index << 3));
  return <u64>load<u32>(header + 4 + (index << 2));
}

function checkFields(start: u32, bytes: u32, totalBytes: f64): bool {
  const headerBytes = load<u32>(header, 4);
  if (headerBytes < bytes || headerBytes > 65536) return faultAt(IMAGE_BAD_HEADER, start + 4);
  imageDataOffset = <f64>start + <f64>headerBytes;
  if (imageDataBytes < <f64>(2 * SEGMENT_BRIDGE_BYTES)) return faultAt(IMAGE_BAD_HEADER, start + 8);
  if (imageDataOffset + imageDataBytes > totalBytes) return faultAt(IMAGE_TRUNCATED, totalBytes);
  const segment = imageFirstSegmentBytes;
  const segmentField: u32 = bytes == IMAGE_HEADER_BYTES_64 ? 72 : 48;
  if (segment != 0 && (segment < <f64>SEGMENT_BRIDGE_BYTES || segment > imageDataBytes || <u64>segment % 8 != 0)) {
    return faultAt(IMAGE_BAD_HEADER, start + segmentField);
  }
  if (imageOldBase % 8 != 0) return faultAt(IMAGE_BAD_HEADER, start + (bytes == IMAGE_HEADER_BYTES_64 ? 16 : 12));
  return true;
}
