// A recipe: the JSON file that says what an image is made of. Reads and checks it; all that is wrong is said at once.

import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { suggestion } from "../../suggestions.js";
import { UsageError } from "../../terminal.js";
import type { BytecodeSet } from "../compiledMethod.js";
import type { Kept } from "./reachability.js";
import type { GlobalValue } from "./system.js";

export interface Recipe {
  /** The file, as it was found. */
  readonly path: string;
  /** Folders of Tonel packages, relative to the working directory. */
  readonly packages: readonly string[];
  readonly entry: { readonly className: string; readonly selector: string };
  readonly bytecodes: BytecodeSet;
  readonly strip: Strip;
  readonly keep: readonly Kept[];
  readonly globals: Readonly<Record<string, GlobalValue>>;
  readonly protocols: boolean;
  readonly comments: boolean;
  /** Bytes of new space that the image asks for; 0 for the virtual machine's own choice. */
  readonly edenBytes: number;
  readonly stackPages: number;
  readonly externalSemaphores: number;
  /** Whether a preempted process goes behind the others of its priority. */
  readonly preemptionYields: boolean;
}

export const STRIP_CHOICES = ["none", "unreachable"] as const;
export type Strip = (typeof STRIP_CHOICES)[number];

/** Short names of the bytecode sets, as recipes and the command line have them. */
export const BYTECODE_SETS: Readonly<Record<string, BytecodeSet>> = { v3: "V3PlusClosures", sista: "SistaV1" };

/** How each key is checked: answers what is wrong with a value, or nothing. */
const KEYS: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  packages: (value) => (isStrings(value) && value.length > 0 ? undefined : "is a list of folders, at least one"),
  entry: (value) =>
    typeof value === "string" && /^\s*[A-Z]\w*( class)?(>>|\s)\s*[a-z]\w*\s*$/.test(value)
      ? undefined
      : 'is a class and a unary selector of its class side, such as "StartUp start"',
  bytecodes: (value) => choice(value, Object.keys(BYTECODE_SETS)),
  strip: (value) => choice(value, STRIP_CHOICES),
  keep: (value) =>
    isStrings(value) ? undefined : 'is a list of names: "Point", "Point>>x", "Test*>>test*", "#selector"',
  globals: (value) =>
    isRecord(value) && Object.values(value).every(isGlobalValue)
      ? undefined
      : 'has a null, true, false, small integer, string or { "new": "ClassName" } for each name',
  protocols: isFlag,
  comments: isFlag,
  edenBytes: (value) => within(value, 0xffffffff),
  stackPages: (value) => within(value, 0xffff),
  externalSemaphores: (value) => within(value, 0xffff),
  preemptionYields: isFlag,
};
const REQUIRED_KEYS = ["packages", "entry"];
const FILE_NAME = "recipe.json";

/** Reads a recipe from its file, or from `recipe.json` in a folder. Throws a UsageError that names all faults. */
export function readRecipe(given: string): Recipe {
  const path = recipePath(given);
  const content = parse(path);
  const faults = faultsOf(content);
  if (faults.length > 0) throw new UsageError(faults.map((fault) => `${path}: ${fault}`).join("\nstvm: "));
  return recipeOf(path, content);
}

function recipePath(given: string): string {
  if (!existsSync(given))
    throw new UsageError(`${given}: no such file or folder; give a recipe, or a folder with ${FILE_NAME}`);
  if (!statSync(given).isDirectory()) return given;
  const path = join(given, FILE_NAME);
  if (existsSync(path)) return path;
  throw new UsageError(`${given}: has no ${FILE_NAME}; give a recipe, or a folder with one`);
}

function parse(path: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}; a recipe is a JSON object`);
  }
  if (!isRecord(content)) throw new UsageError(`${path}: holds no object; a recipe is a JSON object`);
  return content;
}

function faultsOf(content: Record<string, unknown>): string[] {
  const missing = REQUIRED_KEYS.filter((key) => !(key in content)).map(
    (key) => `"${key}" is missing; it ${KEYS[key](undefined)}`,
  );
  const wrong = Object.entries(content).flatMap(([key, value]) => {
    if (!(key in KEYS)) {
      const hint = suggestion(key, Object.keys(KEYS)) || `; a recipe has ${Object.keys(KEYS).join(", ")}`;
      return [`"${key}" is no key of a recipe${hint}`];
    }
    const fault = KEYS[key](value);
    return fault === undefined ? [] : [`"${key}" ${fault}; it is ${JSON.stringify(value)}`];
  });
  return [...missing, ...wrong];
}

function recipeOf(path: string, content: Record<string, unknown>): Recipe {
  const [className, selector] = (content.entry as string).trim().split(/ class>>|>>| class\s+|\s+/);
  const folder = dirname(path);
  return {
    path,
    packages: (content.packages as string[]).map((each) => join(folder, each)),
    entry: { className, selector },
    bytecodes: BYTECODE_SETS[(content.bytecodes as string | undefined) ?? "sista"],
    strip: (content.strip as Strip | undefined) ?? "none",
    keep: ((content.keep as string[] | undefined) ?? []).map(keptOf),
    globals: (content.globals as Record<string, GlobalValue> | undefined) ?? {},
    protocols: (content.protocols as boolean | undefined) ?? false,
    comments: (content.comments as boolean | undefined) ?? false,
    edenBytes: (content.edenBytes as number | undefined) ?? 0,
    stackPages: (content.stackPages as number | undefined) ?? 0,
    externalSemaphores: (content.externalSemaphores as number | undefined) ?? 0,
    preemptionYields: (content.preemptionYields as boolean | undefined) ?? true,
  };
}

/** "#selector", "Class", "Class>>selector", "Class class>>selector". */
function keptOf(text: string): Kept {
  if (text.startsWith("#")) return { kind: "selector", selector: text.slice(1) };
  const [name, selector = "*"] = text.split(">>");
  const isClassSide = name.endsWith(" class");
  return { kind: "members", className: name.replace(/ class$/, ""), isClassSide, selector };
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string" && each !== "");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFlag(value: unknown): string | undefined {
  return typeof value === "boolean" ? undefined : "is true or false";
}

function isGlobalValue(value: unknown): boolean {
  if (value === null || typeof value === "boolean" || typeof value === "string") return true;
  if (typeof value === "number") return Number.isSafeInteger(value);
  return isRecord(value) && typeof value.new === "string" && Object.keys(value).length === 1;
}

function choice(value: unknown, choices: readonly string[]): string | undefined {
  return choices.includes(value as string) ? undefined : `is one of ${choices.join(", ")}`;
}

function within(value: unknown, limit: number): string | undefined {
  const isFine = Number.isInteger(value) && (value as number) >= 0 && (value as number) <= limit;
  return isFine ? undefined : `is an integer from 0 to ${limit}`;
}
