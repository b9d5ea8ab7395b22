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

/** A string as xl reads it. xl knows no way to write its quotation mark inside, so the other one must do. */
export function configString(text: string): string {
  if (/[\n\r]/.test(text))
    throw new RangeError(`${JSON.stringify(text)}: a line end cannot stand in xl's configuration`);
  if (!text.includes('"')) return `"${text}"`;
  if (!text.includes("'")) return `'${text}'`;
  throw new RangeError(`${text}: both kinds of quotation marks cannot stand in one string of xl's configuration`);
}

/** The text of a string value, or undefined where there is none. */
export function stringValue(config: GuestConfig, key: string): string | undefined {
  return /^(["'])(.*)\1$/.exec(config.get(key) ?? "")?.[2];
}
