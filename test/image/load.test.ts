// Real images: what the loader has in memory, seen through the snapshot it would write, against an independent reader of
// the file.

import { expect, test } from "@jest/globals";
import { type ImageFile, type ImageObject, readImageFile } from "../../tools/imageReader.js";
import { imagesArePresent, OLD_IMAGES, openLoader, REAL_IMAGES, realImage } from "./loader.js";

const present = imagesArePresent();
const testImage = present ? test : test.skip;
const load = await openLoader();

/** Class indices below this are those of the virtual machine's own objects, which do not travel. */
const FIRST_OWN_INDEX = 32;
const CLASS_LARGE_NEGATIVE = 32;
const CLASS_FLOAT = 34;

testImage.each(REAL_IMAGES)("%s: every object arrives", (name) => {
  const file = realImage(name)!;
  const before = readImageFile(file);
  const loaded = load(file);
  expect(loaded.message).toBe("");
  const after = readImageFile(loaded.snapshot());

  expect(after.header.wordBytes).toBe(8);
  expect(after.objects[0]!.address).toBe(after.header.oldBase);
  const arrived = ownObjects(after);
  const numbers = before.header.wordBytes === 4 ? (object: ImageObject) => !mayBecomeImmediate(object) : () => true;
  const expected = ownObjects(before).filter((object) => object.format !== 7);
  expect(classCounts(after, arrived.filter(numbers))).toEqual(classCounts(before, expected.filter(numbers)));
  expect(arrived.filter(numbers).map(identity)).toEqual(expected.filter(numbers).map(identity));
  expect(after.freeBytes).toBeLessThanOrEqual(before.freeBytes + 200_000);
});

testImage.each(REAL_IMAGES)("%s: no reference dangles, and strings are the same", (name) => {
  const file = realImage(name)!;
  const before = readImageFile(file);
  const after = readImageFile(load(file).snapshot());
  let dangling = 0;
  for (const object of after.objects) {
    const slots = after.pointerSlots(object);
    for (let i = 0; i < slots; i++) if (after.slot(object, i).kind === "dangling") dangling++;
  }
  expect(dangling).toBe(0);
  expect(texts(after)).toEqual(texts(before));
});

testImage.each(REAL_IMAGES)("%s: saved, loaded and saved again it is the same file", (name) => {
  const first = load(realImage(name)!).snapshot();
  const again = load(first);
  expect(again.message).toBe("");
  expect(Buffer.compare(first, again.snapshot())).toBe(0);
});

testImage.each(REAL_IMAGES)("%s: collected before it is saved, it has no holes and stays the same", (name) => {
  const loaded = load(realImage(name)!);
  const before = readImageFile(loaded.snapshot());
  expect(loaded.collect()).toBe(true);
  const first = loaded.snapshot();
  const saved = readImageFile(first);
  expect(saved.freeBytes).toBe(0);
  expect(saved.objects.some((object) => object.format === 7)).toBe(false);
  const [most, least] = [classCounts(before, ownObjects(before)), classCounts(saved, ownObjects(saved))];
  for (const [className, count] of least) expect(count).toBeLessThanOrEqual(most.get(className) ?? 0);

  const again = load(first);
  expect(again.message).toBe("");
  expect(again.collect()).toBe(true);
  const second = again.snapshot();
  expect(histogram(readImageFile(second))).toEqual(histogram(saved));
  expect(Buffer.compare(first, second)).toBe(0);
});

testImage.each(REAL_IMAGES)("%s: the header's settings travel", (name) => {
  const file = realImage(name)!;
  const { header } = readImageFile(file);
  const saved = readImageFile(load(file).snapshot()).header;
  expect(saved).toMatchObject({
    format: 68021,
    headerBytes: 128,
    flags: header.flags,
    imageVersion: header.imageVersion,
    extraMemoryBytes: header.extraMemoryBytes,
    edenBytes: header.edenBytes,
    stackPages: header.stackPages,
    dataBytes: saved.firstSegmentBytes,
  });
  expect(saved.lastHash).toBe(header.lastHash);
});

testImage.each([
  ["headless", "headless/headless"],
  ["client-environment", "codeparadise/client-environment"],
])("%s: the 32-bit image becomes its 64-bit twin", (_, name) => {
  const converted = load(realImage(`${name}-32`)!).snapshot();
  const twin = load(realImage(`${name}-64`)!).snapshot();
  expect(histogram(readImageFile(converted))).toEqual(histogram(readImageFile(twin)));

  // Word for word, but for the class of immediate floats, which a 32-bit image may not have.
  const different: number[] = [];
  for (let offset = 128; offset < twin.length; offset += 8) {
    if (Buffer.compare(converted.subarray(offset, offset + 8), twin.subarray(offset, offset + 8)) !== 0)
      different.push(offset);
  }
  expect(converted.length).toBe(twin.length);
  const image = readImageFile(converted);
  const hiddenRoots = image.objects[4]!;
  const page = image.slot(hiddenRoots, 0);
  const floatEntry = page.kind === "object" ? page.object.offset + 8 + 4 * 8 : 0;
  expect(different.filter((offset) => offset !== floatEntry)).toEqual([]);
});

testImage("a converted image asks for its word size again, and has a class for immediate floats", () => {
  const before = wordSizes(readImageFile(realImage("cuis5/cuis5-32")!));
  const after = readImageFile(load(realImage("cuis5/cuis5-32")!).snapshot());
  expect(before).toEqual(["4"]);
  expect(wordSizes(after)).toEqual(["nil"]);
  expect(after.nameOf(after.classAt(4))).toBe("SmallFloat64");
});

testImage.each(OLD_IMAGES)("%s: is named with its format", (name) => {
  const { status, message } = load(realImage(name)!);
  expect(status).not.toBe(0);
  const format = name === "v3/bootstrapped" ? 6505 : 6502;
  const order = name.includes("big-endian") ? "big-endian " : "";
  expect(message).toBe(
    `format ${format} is ${order}V3; supported: 6521, 6533, 7033, 68021, 68533; take a Spur release of it (Squeak 5, Pharo 5, Cuis 5 or later), or convert it`,
  );
});

testImage.each(REAL_IMAGES)("%s: memory stays within twice the file and 60 MB", (name) => {
  const file = realImage(name)!;
  expect(load(file).memoryBytes).toBeLessThan(2 * file.length + 60_000_000);
});

function ownObjects(image: ImageFile): ImageObject[] {
  return image.objects.filter((object) => object.classIndex >= FIRST_OWN_INDEX);
}

/** Floats, and large integers: 64-bit Spur has many of them as immediates. */
function mayBecomeImmediate(object: ImageObject): boolean {
  return object.classIndex >= CLASS_LARGE_NEGATIVE && object.classIndex <= CLASS_FLOAT;
}

function classCounts(image: ImageFile, objects: ImageObject[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const object of objects) {
    const classObject = image.classAt(object.classIndex);
    const name = image.nameOf(classObject) ?? `class ${classObject?.hash ?? object.classIndex}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** What of an object is the same in both word sizes. */
function identity(object: ImageObject): string {
  const { format } = object;
  const kind = format >= 24 ? 24 : format >= 16 ? 16 : format >= 12 ? 12 : format === 11 ? 10 : format;
  const slots = format < 9 ? object.slots : -1;
  return `${object.classIndex} ${kind} ${object.hash} ${slots}`;
}

function histogram(image: ImageFile): Map<string, unknown> {
  return new Map([...image.histogram()].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The contents of every object of bytes that is no number, in order. */
function texts(image: ImageFile): string[] {
  return image.objects
    .filter((object) => object.format >= 16 && object.format < 24 && object.classIndex > CLASS_FLOAT)
    .map((object) => Buffer.from(image.contents(object)).toString("latin1"));
}

/** The values of every association with the key WordSize. */
function wordSizes(image: ImageFile): string[] {
  return image.objects.flatMap((object) => {
    if (image.nameOf(image.classAt(object.classIndex)) !== "Association") return [];
    const key = image.slot(object, 0);
    if (key.kind !== "object" || Buffer.from(image.contents(key.object)).toString("latin1") !== "WordSize") return [];
    const value = image.slot(object, 1);
    return value.kind === "integer" ? [value.value.toString()] : value.kind === "object" ? ["nil"] : [];
  });
}
