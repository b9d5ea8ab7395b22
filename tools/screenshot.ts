// The Display of an image as a PNG file.

import { type Vm } from "../vm/embed/node.js";
import { UsageError } from "./terminal.js";

export function writeScreenshot(_vm: Vm, file: string): void {
  throw new UsageError(`${file}: the image has no Display to write`);
}
