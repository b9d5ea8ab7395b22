// Options of commands that run an image and have some of their own: these are taken off the front, what is left is read
// as `stvm run` reads it.

import { UsageError } from "./terminal.js";

export interface OwnOptions {
  /** The values by option; "" for one that takes none. */
  readonly values: ReadonlyMap<string, string>;
  /** What `stvm run` would be given. */
  readonly rest: readonly string[];
}

/** Takes `--name=VALUE`, `--name VALUE` and `--flag` from among the options before the image. */
export function takeOwnOptions(
  words: readonly string[],
  valued: ReadonlySet<string>,
  flags: ReadonlySet<string>,
): OwnOptions {
  const values = new Map<string, string>();
  const rest: string[] = [];
  let position = 0;
  for (; position < words.length && words[position]!.startsWith("-") && words[position] !== "--"; position++) {
    const word = words[position]!;
    const [, name, inline] = /^--?([^=]*)(?:=(.*))?$/s.exec(word)!;
    if (flags.has(name!) && inline === undefined) values.set(name!, "");
    else if (valued.has(name!)) {
      const value = inline ?? words[++position];
      if (value === undefined) throw new UsageError(`${word}: needs a value; write --${name}=VALUE`);
      values.set(name!, value);
    } else rest.push(word);
  }
  return { values, rest: [...rest, ...words.slice(position)] };
}
