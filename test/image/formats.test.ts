// Images changed by hand: segments, formats, byte orders, prefixes, floats in the other order; and what is said of files
// that are no images.

import { expect, test } from "@jest/globals";
import { readImageFile } from "../../tools/imageReader.js";
import { imagesArePresent, openLoader, realImage } from "./loader.js";

const present = imagesArePresent();
const testImage = present ? test : test.skip;
const load = await openLoader();

test.each<[string, number[], string]>([
  ["nothing", [], "the file is too short for an image; fetch or save it again"],
  [
    "text",
    [...Buffer.from("no image")],
    "format 1763733358 is no image format; supported: 6521, 6533, 7033, 68021, 68533",
  ],
  ["a lone format", [0xb5, 0x09, 1, 0], "the file is too short for an image; fetch or save it again"],
  ["big-endian Spur", [0, 1, 0x09, 0xb5], "format 68021 is big-endian Spur; supported: 6521, 6533, 7033, 68021, 68533"],
  [
    "early Spur",
    [0xb3, 0x09, 1, 0],
    "format 68019 is 64-bit Spur from before 2014; supported: 6521, 6533, 7033, 68021, 68533",
  ],
  [
    "64-bit V3",
    [0xa2, 0x09, 1, 0],
    "format 68002 is 64-bit V3; supported: 6521, 6533, 7033, 68021, 68533; take a Spur release of it (Squeak 5, Pharo 5, Cuis 5 or later), or convert it",
  ],
  [
    "big-endian V3",
    [0, 0, 0x19, 0x68],
    "format 6504 is big-endian V3; supported: 6521, 6533, 7033, 68021, 68533; take a Spur release of it (Squeak 5, Pharo 5, Cuis 5 or later), or convert it",
  ],
])("%s: is named", (_, bytes, message) => {
  expect(load(Uint8Array.from(bytes)).message).toBe(message);
});

testImage.each(["headless/headless-64", "headless/headless-32"])("%s: segments with a gap become one heap", (name) => {
  const whole = realImage(name)!;
  const expected = load(whole).snapshot();
  for (const gap of [0, 4096, 64 * 1024]) {
    const split = load(inTwoSegments(whole, gap));
    expect(split.message).toBe("");
    expect(Buffer.compare(split.snapshot(), expected)).toBe(0);
  }
});

testImage.each([
  ["headless/headless-64", 68533, 68533],
  ["headless/headless-64", 68020, 68021],
  ["headless/headless-32", 7033, 68533],
  ["headless/headless-32", 6533, 68533],
])("%s as format %i is saved as %i", (name, format, saved) => {
  const image = copyOf(name);
  image.writeUInt32LE(format, 0);
  const loaded = load(image);
  expect(loaded.message).toBe("");
  expect(Buffer.from(loaded.snapshot()).readUInt32LE(0)).toBe(saved);
});

testImage("a prefix of 512 bytes, as for a script that starts the image, is passed over", () => {
  const image = copyOf("headless/headless-64");
  const prefixed = Buffer.concat([Buffer.alloc(512, "#!/usr/bin/env stvm\n"), image]);
  const loaded = load(prefixed);
  expect(loaded.message).toBe("");
  expect(Buffer.compare(loaded.snapshot(), load(image).snapshot())).toBe(0);
});

testImage.each(["cuis5/cuis5-tests-64", "cuis5/cuis5-32"])(
  "%s: floats with their words the other way round",
  (name) => {
    const image = copyOf(name);
    const expected = load(image).snapshot();
    const { objects, header } = readImageFile(image);
    let swapped = 0;
    for (const object of objects.filter((each) => each.classIndex === 34 && each.format === 10)) {
      image
        .subarray(object.offset + 8, object.offset + 16)
        .swap64()
        .swap32();
      swapped++;
    }
    expect(swapped).toBeGreaterThan(0);
    image.writeUInt32LE(0, header.wordBytes === 8 ? 48 : 28);
    expect(Buffer.compare(load(image).snapshot(), expected)).toBe(0);
  },
);

testImage("an image larger than the limit is refused", () => {
  const { message } = load(realImage("headless/headless-64")!, 100_000);
  expect(message).toBe("its objects do not fit into memory; raise --maxOldSpaceSize");
});

testImage("damage is said with its place", () => {
  const image = copyOf("headless/headless-64");
  const { objects } = readImageFile(image);
  const victim = objects.find(
    (object) => object.format === 2 && object.slots > 3 && object.slots < 100 && object.offset > 60_000,
  )!;
  image.writeBigUInt64LE(0x1234560n, victim.offset + 8 + 8);
  expect(load(image).message).toBe(
    `a slot refers to a place where no object is (at byte ${victim.offset + 16} of the file); the file is damaged, restore it from a copy`,
  );
});

function copyOf(name: string): Buffer {
  return Buffer.from(realImage(name)!);
}

/** The same image in two segments, the second of which starts `gap` bytes further on. */
function inTwoSegments(bytes: Uint8Array, gap: number): Buffer {
  const image = readImageFile(bytes);
  const { wordBytes, headerBytes, oldBase, dataBytes } = image.header;
  const copy = Buffer.from(bytes);
  const middle = image.objects[Math.floor(image.objects.length / 2)]!;
  const border = middle.offset + middle.bytes - (copy[middle.offset + 7] === 255 ? 8 : 0);
  const borderAddress = oldBase + border - headerBytes;
  const shift = gap + 16;
  const moved = (address: number) => (address < borderAddress ? address : address + shift);
  const write = (address: number, place: number) => {
    if (wordBytes === 8) copy.writeBigUInt64LE(BigInt(address), place);
    else copy.writeUInt32LE(address, place);
  };
  for (const object of image.objects) {
    const slots = image.pointerSlots(object);
    for (let i = 0; i < slots; i++) {
      const value = image.slot(object, i);
      if (value.kind === "object") write(moved(value.object.address), object.offset + 8 + i * wordBytes);
    }
  }
  write(moved(image.header.specialObjects), wordBytes === 8 ? 24 : 16);

  const bridge = Buffer.alloc(16);
  bridge.writeUInt32LE(gap / wordBytes, 0);
  if (gap > 0) bridge[7] = 255;
  const end = headerBytes + dataBytes;
  bridge.writeBigUInt64LE(BigInt(end - border), 8);
  const firstBytes = border - headerBytes + 16;
  if (wordBytes === 8) {
    copy.writeBigUInt64LE(BigInt(dataBytes + 16), 8);
    copy.writeBigUInt64LE(BigInt(firstBytes), 72);
  } else {
    copy.writeUInt32LE(dataBytes + 16, 8);
    copy.writeUInt32LE(firstBytes, 48);
  }
  return Buffer.concat([copy.subarray(0, border), bridge, copy.subarray(border, end)]);
}
