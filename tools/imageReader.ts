// Reads Spur image files by itself, without the virtual machine: header, objects, slots, class names. It shares only
// layout.ts with the loader (vm/image), so that each checks the other.

import {
  CLASS_INDEX_CONTEXT,
  CLASS_INDEX_FREE,
  CLASS_INDEX_MASK,
  CLASS_INDEX_SEGMENT_BRIDGE,
  CLASS_NAME,
  CLASS_TABLE_PAGE_SHIFT,
  CLASS_TABLE_PAGE_SLOTS,
  CONTEXT_FIRST_TEMP,
  CONTEXT_STACK_POINTER,
  FORMAT_BYTES,
  FORMAT_COMPILED_METHOD,
  FORMAT_FORWARDED,
  FORMAT_MASK,
  FORMAT_SHIFT,
  FORMAT_SHORTS,
  FORMAT_WORDS32,
  FORMAT_WORDS64,
  HASH_MASK,
  HEADER_BYTES,
  IMAGE_FORMAT_MULTIPLE,
  IMAGE_FORMAT_SPUR_32,
  IMAGE_FORMAT_SPUR_64,
  METACLASS_THIS_CLASS,
  METHOD_LITERAL_COUNT_MASK,
  OVERFLOW_SLOT_COUNT,
  SEGMENT_BRIDGE_BYTES,
  SLOT_COUNT_SHIFT,
} from "../vm/layout.js";

export interface ImageFileHeader {
  readonly format: number;
  /** Bytes of a slot: 4 or 8. */
  readonly wordBytes: number;
  readonly headerBytes: number;
  readonly dataBytes: number;
  readonly oldBase: number;
  readonly specialObjects: number;
  /** The low 32 bits of the identity hash generator's state. */
  readonly lastHash: number;
  readonly flags: number;
  readonly extraMemoryBytes: number;
  readonly stackPages: number;
  readonly edenBytes: number;
  readonly externalSemaphores: number;
  readonly imageVersion: number;
  readonly firstSegmentBytes: number;
}

export interface ImageObject {
  /** What references to it say. */
  readonly address: number;
  /** Where its header is in the file. */
  readonly offset: number;
  readonly classIndex: number;
  readonly format: number;
  readonly slots: number;
  readonly hash: number;
  /** Bytes in the file, with header words and padding. */
  readonly bytes: number;
}

/** What a slot holds. */
export type ImageValue =
  | { readonly kind: "object"; readonly object: ImageObject }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "character"; readonly codePoint: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "dangling"; readonly address: number };

export interface ClassCount {
  count: number;
  bytes: number;
}

export interface ImageFile {
  readonly header: ImageFileHeader;
  /** Every object in the order of the file, free chunks and bridges left out. */
  readonly objects: readonly ImageObject[];
  /** Bytes of free chunks. */
  readonly freeBytes: number;
  objectAt(address: number): ImageObject | undefined;
  /** How many slots are references; the dead part of a context's stack is none. */
  pointerSlots(object: ImageObject): number;
  slot(object: ImageObject, index: number): ImageValue;
  /** The contents of an object of bytes, shorts or words; of a method with its literals. */
  contents(object: ImageObject): Uint8Array;
  classAt(index: number): ImageObject | undefined;
  /** The name of a class, `Name class` for a metaclass, undefined for anything else. */
  nameOf(classObject: ImageObject | undefined): string | undefined;
  specialObject(index: number): ImageObject | undefined;
  /** Instances by the name of their class; classes without a name go by their index in the class table. */
  histogram(): Map<string, ClassCount>;
}

/** An image file that cannot be read; the message says why. */
export class ImageFormatError extends Error {}

/** Reads an image; throws ImageFormatError where it is none, or one of a format not read here. */
export function readImageFile(bytes: Uint8Array): ImageFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readHeader(view);
  const { objects, freeBytes } = readObjects(view, header);
  const byAddress = new Map(objects.map((object) => [object.address, object]));
  const pages = readClassPages();
  const image: ImageFile = {
    header,
    objects,
    freeBytes,
    objectAt: (address) => byAddress.get(address),
    pointerSlots,
    slot,
    contents,
    classAt,
    nameOf,
    specialObject(index) {
      const array = byAddress.get(header.specialObjects);
      return array === undefined ? undefined : objectIn(array, index);
    },
    histogram,
  };
  return image;

  function readClassPages(): (ImageObject | undefined)[] {
    const [nil, , , , roots] = objects;
    if (roots === undefined) throw new ImageFormatError("it has no class table");
    const found: (ImageObject | undefined)[] = [];
    for (let i = 0; i < Math.min(roots.slots, 4096); i++) {
      const page = byAddress.get(rawSlot(roots, i));
      found.push(page === nil ? undefined : page);
    }
    return found;
  }

  function rawSlot(object: ImageObject, index: number): number {
    const place = object.offset + HEADER_BYTES + index * header.wordBytes;
    return header.wordBytes === 4 ? view.getUint32(place, true) : Number(view.getBigUint64(place, true));
  }

  function slot(object: ImageObject, index: number): ImageValue {
    const place = object.offset + HEADER_BYTES + index * header.wordBytes;
    const oop = header.wordBytes === 4 ? BigInt(view.getUint32(place, true)) : view.getBigUint64(place, true);
    const immediate = header.wordBytes === 4 ? immediate32(oop) : immediate64(oop);
    if (immediate !== undefined) return immediate;
    const target = byAddress.get(Number(oop));
    return target === undefined ? { kind: "dangling", address: Number(oop) } : { kind: "object", object: target };
  }

  function objectIn(object: ImageObject, index: number): ImageObject | undefined {
    if (index >= object.slots) return undefined;
    return byAddress.get(rawSlot(object, index));
  }

  function pointerSlots(object: ImageObject): number {
    if (object.format === FORMAT_FORWARDED) return 1;
    if (object.format < FORMAT_WORDS64)
      return object.classIndex === CLASS_INDEX_CONTEXT ? liveSlots(object) : object.slots;
    if (object.format < FORMAT_COMPILED_METHOD) return 0;
    const value = slot(object, 0);
    return value.kind === "integer" ? (Number(BigInt.asUintN(32, value.value)) & METHOD_LITERAL_COUNT_MASK) + 1 : 0;
  }

  function liveSlots(context: ImageObject): number {
    const pointer = slot(context, CONTEXT_STACK_POINTER);
    const depth = pointer.kind === "integer" ? Number(pointer.value) : 0;
    return Math.min(context.slots, CONTEXT_FIRST_TEMP + depth);
  }

  function contents(object: ImageObject): Uint8Array {
    const start = object.offset + HEADER_BYTES;
    return bytes.subarray(
      start,
      start + object.slots * header.wordBytes - unusedBytes(object.format, header.wordBytes),
    );
  }

  function classAt(index: number): ImageObject | undefined {
    const page = pages[index >> CLASS_TABLE_PAGE_SHIFT];
    const found = page === undefined ? undefined : objectIn(page, index & (CLASS_TABLE_PAGE_SLOTS - 1));
    return found === objects[0] ? undefined : found;
  }

  function nameOf(classObject: ImageObject | undefined): string | undefined {
    if (classObject === undefined) return undefined;
    const own = objectIn(classObject, CLASS_NAME);
    if (own !== undefined && isString(own)) return new TextDecoder("latin1").decode(contents(own));
    const instance = objectIn(classObject, METACLASS_THIS_CLASS);
    const name = instance === undefined ? undefined : objectIn(instance, CLASS_NAME);
    return name !== undefined && isString(name)
      ? `${new TextDecoder("latin1").decode(contents(name))} class`
      : undefined;
  }

  function histogram(): Map<string, ClassCount> {
    const counts = new Map<string, ClassCount>();
    for (const object of objects) {
      const classObject = classAt(object.classIndex);
      // A class's hash is its index; only one that is in the class table twice has another there.
      const name = nameOf(classObject) ?? `class ${classObject?.hash ?? object.classIndex}`;
      const entry = counts.get(name) ?? { count: 0, bytes: 0 };
      entry.count++;
      entry.bytes += object.bytes;
      counts.set(name, entry);
    }
    return counts;
  }
}

function readHeader(view: DataView): ImageFileHeader {
  if (view.byteLength < 64) throw new ImageFormatError("the file is too short for an image");
  const format = view.getUint32(0, true);
  const base = (format & ~IMAGE_FORMAT_MULTIPLE) | 1;
  if (base !== IMAGE_FORMAT_SPUR_32 && base !== IMAGE_FORMAT_SPUR_64) {
    throw new ImageFormatError(`format ${format} is not read here`);
  }
  const wide = base === IMAGE_FORMAT_SPUR_64;
  const wordBytes = wide ? 8 : 4;
  const word = (index: number) =>
    wide ? Number(view.getBigUint64(index * 8, true)) : view.getUint32(4 + index * 4, true);
  const rest = wide ? 56 : 32;
  return {
    format,
    wordBytes,
    headerBytes: view.getUint32(4, true),
    dataBytes: word(1),
    oldBase: word(2),
    specialObjects: word(3),
    lastHash: view.getUint32(wide ? 32 : 20, true),
    flags: word(6),
    extraMemoryBytes: view.getUint32(rest, true),
    stackPages: view.getUint16(rest + 4, true),
    edenBytes: view.getUint32(rest + 8, true),
    externalSemaphores: view.getUint16(rest + 12, true),
    imageVersion: view.getUint16(rest + 14, true),
    firstSegmentBytes: wide ? Number(view.getBigUint64(rest + 16, true)) : view.getUint32(rest + 16, true),
  };
}

function readObjects(view: DataView, header: ImageFileHeader): { objects: ImageObject[]; freeBytes: number } {
  const objects: ImageObject[] = [];
  let freeBytes = 0;
  let offset = header.headerBytes;
  let address = header.oldBase;
  let segmentBytes = header.firstSegmentBytes || header.dataBytes;
  while (segmentBytes !== 0) {
    const end = offset + segmentBytes - SEGMENT_BRIDGE_BYTES;
    if (end + SEGMENT_BRIDGE_BYTES > view.byteLength) throw new ImageFormatError("the file ends inside a segment");
    while (offset < end) {
      const object = readObject(view, header.wordBytes, offset, address);
      offset += object.bytes;
      address += object.bytes;
      if (offset > end) throw new ImageFormatError(`the object at byte ${object.offset} reaches past its segment`);
      if (object.classIndex === CLASS_INDEX_FREE) freeBytes += object.bytes;
      else if (object.classIndex !== CLASS_INDEX_SEGMENT_BRIDGE) objects.push(object);
    }
    const hasGap = view.getUint8(end + 7) === OVERFLOW_SLOT_COUNT;
    address += SEGMENT_BRIDGE_BYTES + (hasGap ? view.getUint32(end, true) * header.wordBytes : 0);
    segmentBytes = Number(view.getBigUint64(end + 8, true));
    offset = end + SEGMENT_BRIDGE_BYTES;
  }
  return { objects, freeBytes };
}

function readObject(view: DataView, wordBytes: number, start: number, startAddress: number): ImageObject {
  const hasOverflow = view.getUint8(start + 7) === OVERFLOW_SLOT_COUNT;
  const offset = hasOverflow ? start + HEADER_BYTES : start;
  const low = view.getUint32(offset, true);
  const high = view.getUint32(offset + 4, true);
  const slots = hasOverflow ? view.getUint32(start, true) : high >>> SLOT_COUNT_SHIFT;
  const body = Math.max(8, Math.ceil((slots * wordBytes) / 8) * 8);
  return {
    address: startAddress + offset - start,
    offset,
    classIndex: low & CLASS_INDEX_MASK,
    format: (low >>> FORMAT_SHIFT) & FORMAT_MASK,
    slots,
    hash: high & HASH_MASK,
    bytes: offset - start + HEADER_BYTES + body,
  };
}

function isString(object: ImageObject): boolean {
  return object.format >= FORMAT_BYTES && object.format < FORMAT_COMPILED_METHOD;
}

/** Bytes at the end of the last slot that hold nothing. */
function unusedBytes(format: number, wordBytes: number): number {
  if (format >= FORMAT_BYTES) return format & (wordBytes - 1);
  if (format >= FORMAT_SHORTS) return (format & (wordBytes / 2 - 1)) * 2;
  return format >= FORMAT_WORDS32 && wordBytes === 8 ? (format & 1) * 4 : 0;
}

/** Tags 1 and 3 are SmallIntegers of 31 bits, 2 Characters. */
function immediate32(oop: bigint): ImageValue | undefined {
  if ((oop & 1n) !== 0n) return { kind: "integer", value: BigInt.asIntN(31, oop >> 1n) };
  return (oop & 2n) !== 0n ? { kind: "character", codePoint: Number(oop >> 2n) } : undefined;
}

function immediate64(oop: bigint): ImageValue | undefined {
  switch (oop & 7n) {
    case 1n:
      return { kind: "integer", value: BigInt.asIntN(61, oop >> 3n) };
    case 2n:
      return { kind: "character", codePoint: Number(oop >> 3n) };
    case 4n:
      return { kind: "float", value: floatOf(oop >> 3n) };
    default:
      return undefined;
  }
}

/** Spur64BitMemoryManager>>smallFloatBitsOf: — the sign is the lowest bit, the exponent lacks 896. */
function floatOf(rotated: bigint): number {
  const bits = rotated <= 1n ? rotated : rotated + (896n << 53n);
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, (bits >> 1n) | (bits << 63n)));
  return view.getFloat64(0);
}
