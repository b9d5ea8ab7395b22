// The image's Display as pixels: a Form of bits, width, height and depth, its pixels packed into 32-bit words from the
// most significant end on (from the least for a negative depth).

import { SPECIAL_DISPLAY } from "../layout.js";
import { type Heap, heapOf } from "./heap.js";
import { type VmExports } from "./module.js";

const FORM_BITS = 0;
const FORM_WIDTH = 1;
const FORM_HEIGHT = 2;
const FORM_DEPTH = 3;

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Bits a pixel in the image: 1, 2, 4, 8, 16 or 32. */
  readonly depth: number;
  /** Red, green and blue, a byte each, row by row from the top. */
  readonly rgb: Uint8Array;
}

/** The Display as it is; undefined where the image has none, or none with bits. */
export function displayOf(exports: VmExports): Picture | undefined {
  const heap = heapOf(exports);
  const form = heap.specialObject(SPECIAL_DISPLAY);
  if (!heap.isPointers(form) || heap.slotCountOf(form) <= FORM_DEPTH) return undefined;
  const bits = heap.reference(form, FORM_BITS);
  const [width, height, depth] = [FORM_WIDTH, FORM_HEIGHT, FORM_DEPTH].map((slot) => heap.integer(form, slot) ?? 0);
  const words = wordsOf(heap, bits);
  if (words === undefined || width! <= 0 || height! <= 0) return undefined;
  return pictureOf(words, width!, height!, depth!);
}

/** The pixels of a form; undefined where its bits are too few or its depth is none. */
export function pictureOf(words: Uint32Array, width: number, height: number, depth: number): Picture | undefined {
  const pixelBits = Math.abs(depth);
  if (![1, 2, 4, 8, 16, 32].includes(pixelBits)) return undefined;
  const pixelsPerWord = 32 / pixelBits;
  const wordsPerRow = Math.ceil(width / pixelsPerWord);
  if (words.length < wordsPerRow * height) return undefined;

  const mask = pixelBits === 32 ? 0xffffffff : (1 << pixelBits) - 1;
  const rgb = new Uint8Array(width * height * 3);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const place = x % pixelsPerWord;
      const shift = (depth < 0 ? place : pixelsPerWord - 1 - place) * pixelBits;
      const pixel = (words[y * wordsPerRow + Math.floor(x / pixelsPerWord)]! >>> shift) & mask;
      const colour = colourOf(pixel, pixelBits);
      rgb[at++] = colour >>> 16;
      rgb[at++] = colour >>> 8;
      rgb[at++] = colour;
    }
  }
  return { width, height, depth, rgb };
}

function wordsOf(heap: Heap, bits: number): Uint32Array | undefined {
  if (!heap.isObject(bits) || heap.isPointers(bits)) return undefined;
  const bytes = heap.bytesOf(bits);
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
}

/** A pixel as 24 bits of red, green and blue. */
function colourOf(pixel: number, pixelBits: number): number {
  if (pixelBits === 32) return pixel & 0xffffff;
  if (pixelBits < 16) return INDEXED_COLOURS[pixel]!;
  const widen = (five: number) => (five << 3) | (five >> 2);
  return (widen((pixel >> 10) & 31) << 16) | (widen((pixel >> 5) & 31) << 8) | widen(pixel & 31);
}

/** Squeak's fixed palette (Color class>>initializeIndexedColors). */
const INDEXED_COLOURS: readonly number[] = [
  ...[0xffffff, 0x000000, 0xffffff, 0x808080, 0xff0000, 0x00ff00, 0x0000ff, 0x00ffff, 0xffff00, 0xff00ff],
  ...[1, 2, 3, 5, 6, 7].map((eighths) => grey(eighths / 8)),
  ...Array.from({ length: 31 }, (_, index) => index + 1)
    .filter((level) => level % 4 !== 0)
    .map((level) => grey(level / 32)),
  ...Array.from({ length: 216 }, (_, index) => {
    const [red, blue, green] = [Math.floor(index / 36), Math.floor(index / 6) % 6, index % 6].map(
      (fifths) => fifths * 51,
    );
    return (red! << 16) | (green! << 8) | blue!;
  }),
];

function grey(part: number): number {
  return Math.round(part * 255) * 0x010101;
}
