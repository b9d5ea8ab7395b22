// The kernel's command line from a list of words, as boot/xen/commandLine.ts reads it: no quotes but where there is no
// other way, since configuration files of xl have trouble with them.

import { UsageError } from "./terminal.js";

/** Words that boot/xen/commandLine.ts knows, with the form of their values. */
export const KERNEL_WORDS: readonly string[] = [
  "stvm.timing",
  "stvm.heap=SIZE",
  "stvm.files=SIZE",
  "stvm.log=LEVEL",
  "stvm.exit",
  "stvm.raw",
  "stvm.echo=off",
  "stvm.timezone=SECONDS",
  "stvm.jit=off|baseline|on",
  "stvm.jit-threshold=CALLS",
  "stvm.jit-stats",
];

/** A kernel stops at a word that it does not know; this says so before. `where` is what they were given by. */
export function refuseUnknownWords(where: string, words: readonly string[]): void {
  const names = KERNEL_WORDS.map((word) => word.replace(/=.*/, ""));
  for (const word of words) {
    if (names.includes(word.replace(/=.*/s, ""))) continue;
    throw new UsageError(`${where}: ${word}: no word for the kernel; known are ${KERNEL_WORDS.join(", ")}`);
  }
}

/** The command line of a kernel: words for the virtual machine (`stvm.…`), then the image's arguments. */
export function kernelCommandLine(machineWords: readonly string[], imageWords: readonly string[]): string {
  return [...machineWords, ...imageWords.map(quotedWord)].join(" ");
}

function quotedWord(word: string): string {
  if (word === "") return "''";
  const escaped = word.replace(/[\s'"\\]/g, (character) => `\\${character}`);
  // Such a word would be the virtual machine's.
  return escaped.startsWith("stvm.") ? `\\${escaped}` : escaped;
}
