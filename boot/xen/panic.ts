// Stopping because going on is impossible: one line that says why, the Smalltalk stack, and the domain crashed so that
// `on_crash` of its configuration applies. A panic while panicking stops at once.

import { Address } from "../../vm/memory/oop";
import { logStack } from "../vm";
import { crash } from "./powerOff";
import * as report from "./report";

let isPanicking: bool = false;

/** The line has been put together after `beginPanic`; `withStack` shows what the image was doing. Does not return. */
export function endPanic(withStack: bool): void {
  report.endLine(true);
  if (withStack && !isPanicking) {
    isPanicking = true;
    logStack();
  }
  crash();
}

export function beginPanic(): void {
  report.text("stvm: ");
}

/** A panic whose whole message is a literal. */
export function panicWith(literal: string, withStack: bool = false): void {
  beginPanic();
  report.text(literal);
  endPanic(withStack);
}

/** An assertion of this code (asc's `abort`). Strings of asc are UTF-16 with their size before them. */
export function stopAtAssertion(message: usize, fileName: usize, line: u32): void {
  beginPanic();
  if (message != 0) report.message(<Address>message, load<u32>(message - 4));
  report.text(" (");
  if (fileName != 0) report.message(<Address>fileName, load<u32>(fileName - 4));
  report.text(":");
  report.number(line);
  report.text(")");
  endPanic(true);
  unreachable();
}
