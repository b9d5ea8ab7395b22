// The kernel's command line from a list of words, as boot/xen/commandLine.ts reads it: no quotes but where there is no
// other way, since configuration files of xl have trouble with them.

import { UsageError } from "./terminal.js";

// What boot/xen/commandLine.ts takes.
const MOST_BYTES = 4095;
const MOST_WORDS = 256;

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

/** What stands for the capitals in them. */
const VALUES: Readonly<Record<string, string>> = {
  SIZE: "\\d{1,17}[kmgKMG]?",
  LEVEL: "\\d{1,18}",
  SECONDS: "-?\\d{1,5}",
  CALLS: "[1-9]\\d{0,8}",
};
const KNOWN = KERNEL_WORDS.map((word) => {
  const [name, value = ""] = word.split("=");
  return new RegExp(`^${name!.replace(".", "\\.")}${value && `=(${VALUES[value] ?? value})`}$`);
});

/**
 * A kernel stops at a word that it does not know, or whose value is none; this says so before. `where` is what they were
 * given by.
 */
export function refuseUnknownWords(where: string, words: readonly string[]): void {
  const unknown = words.find((word) => !KNOWN.some((form) => form.test(word)));
  if (unknown === undefined) return;
  throw new UsageError(`${where}: ${unknown}: no word for the kernel; known are ${KERNEL_WORDS.join(", ")}`);
}

/**
 * The command line of a kernel: words for the virtual machine (`stvm.…`), then the image's arguments. Throws a UsageError
 * for more than a kernel takes: loaders answer a longer line with a start that is none, or cut it off.
 */
export function kernelCommandLine(machineWords: readonly string[], imageWords: readonly string[]): string {
  if (imageWords.some((word) => word.includes("\0")))
    throw new UsageError("arguments: a zero byte ends a command line; leave it out");
  const line = [...machineWords, ...imageWords.map(quotedWord)].join(" ");
  const bytes = Buffer.byteLength(line);
  if (bytes <= MOST_BYTES && imageWords.length <= MOST_WORDS) return line;
  throw new UsageError(
    `arguments: ${imageWords.length} words of ${bytes} bytes; a kernel takes ${MOST_WORDS} words and ${MOST_BYTES} bytes, so give fewer`,
  );
}

function quotedWord(word: string): string {
  if (word === "") return "''";
  const escaped = word.replace(/[\s'"\\]/g, (character) => `\\${character}`);
  // Such a word would be the virtual machine's.
  return escaped.startsWith("stvm.") ? `\\${escaped}` : escaped;
}
