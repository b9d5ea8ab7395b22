// A guest's configuration file for xl (xl.cfg(5)): lines `key = value`, where a value is a string, a number or a list.
// Only what stands in such files for our kernels is read; other lines are kept as they are.

export type GuestConfig = Map<string, string>;

/** Values stay as they are written, quotes included. A list may go over several lines. */
export function parseGuestConfig(text: string): GuestConfig {
  const config: GuestConfig = new Map();
  const withoutComments = text.replace(/^\s*#.*$/gm, "");
  for (const [, key, value] of withoutComments.matchAll(/^\s*(\w+)\s*=\s*(\[[^\]]*\]|.*?)\s*$/gm))
    config.set(key, value);
  return config;
}

export function formatGuestConfig(config: GuestConfig): string {
  return [...config].map(([key, value]) => `${key} = ${value}\n`).join("");
}

/** A string as xl reads it (libxlu_cfg.c): within quotation marks, with a backslash before some characters. */
export function configString(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r")}"`;
}

/** The text of a string value, or undefined where there is none. */
export function stringValue(config: GuestConfig, key: string): string | undefined {
  const text = /^(["'])(.*)\1$/s.exec(config.get(key) ?? "")?.[2];
  return text?.replace(/\\(.)/g, (_, character: string) => ESCAPED[character] ?? character);
}

const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
