// Damaged images from a seed: cut off at many places, single bytes changed anywhere, in the image header and in objects'
// headers. The same seed makes the same images.

import { type ImageFile, readImageFile } from "../../tools/imageReader.js";

export interface Damage {
  /** What was done, enough to do it again. */
  readonly what: string;
  readonly image: Uint8Array;
}

/** A copy of nothing: `cuts` prefixes of the image, the short ones of its header among them. */
export function* truncations(image: Uint8Array, cuts: number): Generator<Damage> {
  const inHeader = Math.min(cuts / 4, 144);
  for (let i = 0; i < cuts; i++) {
    const length = i < inHeader ? Math.floor((i * 144) / inHeader) : Math.floor((image.length * i) / cuts);
    yield { what: `cut at ${length}`, image: image.subarray(0, length) };
  }
}

/** Mutations of one buffer, which holds the sound image again after each. */
export function* mutations(image: Uint8Array, count: number, seed: number): Generator<Damage> {
  const buffer = Buffer.from(image);
  const random = randomFrom(seed);
  const file = readImageFile(image);
  for (let i = 0; i < count; i++) {
    const [place, value] = mutation(random, file, buffer.length);
    const before = buffer.subarray(place, place + value.length);
    const saved = Uint8Array.from(before);
    before.set(value.subarray(0, before.length));
    yield { what: `mutation ${i}: ${value.length} bytes at ${place}`, image: buffer };
    buffer.set(saved, place);
  }
}

const EXTREMES = [0, 1, 7, 8, 16, 0x7f, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff];

/** Where to write what. */
function mutation(random: () => number, file: ImageFile, length: number): [number, Uint8Array] {
  const below = (limit: number) => Math.floor(random() * limit);
  const object = () => file.objects[below(file.objects.length)]!;
  switch (below(8)) {
    case 0:
      return [below(file.header.headerBytes), Uint8Array.of(below(256))];
    case 1:
      return [below(file.header.headerBytes / 4) * 4, words(EXTREMES[below(EXTREMES.length)]!)];
    case 2:
    case 3:
      return [object().offset + below(8), Uint8Array.of(below(256))];
    case 4: {
      const victim = object();
      const slot = below(Math.max(1, Math.min(victim.slots, 12)));
      const bits = random() < 0.5 ? object().address : EXTREMES[below(EXTREMES.length)]!;
      return [victim.offset + 8 + slot * file.header.wordBytes, words(bits)];
    }
    default:
      return [below(length), Uint8Array.of(below(256))];
  }
}

function words(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value % 2 ** 32);
  return bytes;
}

/** mulberry32: numbers from 0 to 1. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
