// The Display of an image as a PNG file.

import { writeFileSync } from "node:fs";
import { displayOf } from "../vm/embed/display.js";
import { type Vm } from "../vm/embed/node.js";
import { encodePng } from "./png.js";
import { UsageError } from "./terminal.js";

export function writeScreenshot(vm: Vm, file: string): void {
  const picture = displayOf(vm.exports);
  if (picture === undefined) throw new UsageError(`${file}: the image has no Display to write; it runs without one`);
  try {
    writeFileSync(file, encodePng(picture.width, picture.height, picture.rgb));
  } catch (error) {
    throw new UsageError(
      `${file}: cannot be written (${(error as Error).message}); give a path in a folder that exists`,
    );
  }
}
