// The kernel's command line from a list of words, as boot/xen/commandLine.ts reads it: no quotes but where there is no
// other way, since configuration files of xl have trouble with them.

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
