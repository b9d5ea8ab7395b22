// What the tools share in talking to people: colour on terminals only, errors in one form.

import { VmError } from "../vm/embed/vm.js";

type Paint = (text: string) => string;
type Colours = Readonly<Record<"bold" | "cyan" | "dim" | "red" | "yellow", Paint>>;

/** Colours for standard output, and for standard error: plain text where that is no terminal. */
export const colours = await coloursFor(process.stdout);
export const errorColours = await coloursFor(process.stderr);

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

/** Loads chalk only for a terminal: a command in a pipe starts sooner without. */
async function coloursFor({ isTTY }: { readonly isTTY: boolean }): Promise<Colours> {
  const plain: Paint = (text) => text;
  if (!isTTY || process.env.NO_COLOR) return { bold: plain, cyan: plain, dim: plain, red: plain, yellow: plain };
  const { Chalk } = await import("chalk");
  return new Chalk({ level: 1 });
}
