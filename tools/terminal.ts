// What the tools share in talking to people: colour on terminals only, errors in one form.

import { Chalk } from "chalk";
import { VmError } from "../vm/embed/node.js";

/** Colours for standard output, and for standard error: plain text where that is no terminal. */
export const colours = new Chalk({ level: process.stdout.isTTY && !process.env.NO_COLOR ? 1 : 0 });
export const errorColours = new Chalk({ level: process.stderr.isTTY && !process.env.NO_COLOR ? 1 : 0 });

/** An error of the person at the keyboard: thing, reason and way out, without a stack trace. */
export class UsageError extends Error {}

/** Prints an error as `stvm: THING: reason; way out`; one that is our own fault with its stack. */
export function reportError(error: unknown): void {
  if (error instanceof UsageError || error instanceof VmError) {
    const text = error.message.replace(/^stvm: /, "");
    console.error(`${errorColours.red("stvm:")} ${text}`);
    return;
  }
  if (error instanceof Error && error.message.startsWith("stvm: ")) {
    console.error(`${errorColours.red("stvm:")} ${error.message.slice(6)}`);
    return;
  }
  console.error(`${errorColours.red("stvm:")} internal error:`, error);
}
