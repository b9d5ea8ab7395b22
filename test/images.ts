// The real images of ../shared/images, for tests that need one: where the folder is missing they skip and say so.

import { existsSync } from "node:fs";
import { test } from "@jest/globals";

const FOLDER = "../shared/images";

export const imagesPresent = existsSync(FOLDER);

/** The path of an image, such as "cuis5/cuis5-tests-64". */
export function imagePath(name: string): string {
  return `${FOLDER}/${name}.image`;
}

/** `test`, or `test.skip` (each counts as one skipped test) where there are no images. */
export function testWithImages(name: string, body: () => void | Promise<void>): void {
  if (imagesPresent) return test(name, body);
  console.log(`skipped: ${name}: ${FOLDER} is missing`);
  test.skip(name, body);
}
