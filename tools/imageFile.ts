// The header of an image file as it is on disk: format and what the last virtual machine to save it wrote down.
// Source: SpurImageHeaderStruct. Whether the heap behind it is sound is for vm/image to say.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import {
  IMAGE_FORMAT_MULTIPLE,
  IMAGE_FORMAT_NATIVE_FLOATS,
  IMAGE_FORMAT_SPUR_32,
  IMAGE_FORMAT_SPUR_64,
} from "../vm/layout.js";

const HEADER_BYTES = 128;

export interface ImageHeader {
  readonly format: number;
  readonly wordBits: 32 | 64;
  readonly description: string;
  readonly fileBytes: number;
  readonly headerBytes: number;
  readonly heapBytes: number;
  readonly firstSegmentBytes: number;
  readonly oldBaseAddress: string;
  readonly windowWidth: number;
  readonly windowHeight: number;
  readonly flags: number;
  readonly stackPages: number;
  readonly codeZoneKilobytes: number;
  readonly edenBytes: number;
  readonly externalSemaphores: number;
}

/** The header of a Spur image that the virtual machine has loaded; a script line may stand before it. */
export function readImageHeader(path: string): ImageHeader {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(512 + HEADER_BYTES);
    readSync(file, bytes, 0, bytes.length, 0);
    const start = isSpur(bytes.readUInt32LE(0)) ? 0 : 512;
    return parse(new DataView(bytes.buffer, bytes.byteOffset + start, HEADER_BYTES), fstatSync(file).size);
  } finally {
    closeSync(file);
  }
}

function parse(view: DataView, fileBytes: number): ImageHeader {
  const format = view.getUint32(0, true);
  const wordBits = isFormat(format, IMAGE_FORMAT_SPUR_64) ? 64 : 32;
  const wordBytes = wordBits / 8;
  const word = (index: number) => {
    const at = 8 + index * wordBytes;
    return wordBits === 64 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
  };
  // After six words come fields of fixed size.
  const rest = 8 + 6 * wordBytes;
  const window = Number(word(4) & 0xffffffffn);
  return {
    format,
    wordBits,
    description: describe(format, wordBits),
    fileBytes,
    headerBytes: view.getUint32(4, true),
    heapBytes: Number(word(0)),
    firstSegmentBytes: wordBits === 64 ? Number(view.getBigUint64(rest + 16, true)) : view.getUint32(rest + 16, true),
    oldBaseAddress: `0x${word(1).toString(16)}`,
    windowWidth: window >>> 16,
    windowHeight: window & 0xffff,
    flags: Number(word(5) & 0xffffffffn),
    stackPages: view.getUint16(rest + 4, true),
    codeZoneKilobytes: view.getUint16(rest + 6, true),
    edenBytes: view.getUint32(rest + 8, true),
    externalSemaphores: view.getUint16(rest + 12, true),
  };
}

function describe(format: number, wordBits: number): string {
  const sets = (format & IMAGE_FORMAT_MULTIPLE) !== 0 ? ", several bytecode sets" : "";
  return `${wordBits}-bit Spur${sets}`;
}

function isSpur(format: number): boolean {
  return isFormat(format, IMAGE_FORMAT_SPUR_32) || isFormat(format, IMAGE_FORMAT_SPUR_64);
}

function isFormat(format: number, wanted: number): boolean {
  const variants = IMAGE_FORMAT_MULTIPLE | IMAGE_FORMAT_NATIVE_FLOATS;
  return (format | variants) === (wanted | variants);
}
