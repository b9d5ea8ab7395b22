// How a benchmark's image is run: by `stvm run` on this or another Node, interpreted or compiled, or as a Linux program.

import { spawnSync } from "node:child_process";
import { basename, dirname, join, resolve } from "node:path";

const COMMAND = resolve("bin/stvm.mjs");
const TIMEOUT_MILLISECONDS = 300_000;

interface Way {
  /** Options before the image's words. */
  readonly options: readonly string[];
  readonly isProgram: boolean;
}

const WAYS = {
  off: { options: ["--jit=off"], isProgram: false },
  baseline: { options: ["--jit=baseline"], isProgram: false },
  on: { options: ["--jit=on"], isProgram: false },
  linux: { options: ["--jit=off"], isProgram: true },
  "linux-baseline": { options: ["--jit=baseline"], isProgram: true },
  "linux-on": { options: ["--jit=on"], isProgram: true },
} satisfies Record<string, Way>;

export type WayName = keyof typeof WAYS;
export const WAY_NAMES = Object.keys(WAYS) as WayName[];

let node = process.execPath;

/** From now on this Node runs what is measured; answers its version. */
export function useNode(path: string): string {
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  if (status !== 0) throw new Error(`stvm: ${path}: not a Node; give the path of its program`);
  node = path;
  return stdout.trim();
}

export function currentNode(): string {
  return node;
}

/** Runs the stvm command; throws where it fails. */
export function stvm(...words: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [COMMAND, ...words], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr.trim().split("\n")[0]);
}

/** Paths of Linux programs by their images, or why there is none. */
const programs = new Map<string, string | Error>();

/** The image as a Linux program beside it, made at the first call. */
function programOf(image: string, primitives: "reachable" | "all"): string {
  const known = programs.get(image) ?? builtProgram(image, primitives);
  programs.set(image, known);
  if (known instanceof Error) throw known;
  return known;
}

function builtProgram(image: string, primitives: "reachable" | "all"): string | Error {
  const path = join(dirname(resolve(image)), `${basename(image, ".image")}.program`);
  try {
    stvm("build", image, "--target", "linux", "--primitives", primitives, "--jit", "on", "-o", path);
    return path;
  } catch (error) {
    return error as Error;
  }
}

/** Makes what a run needs beforehand, so that it is not measured. */
export function prepare(name: WayName, { image, primitives }: Run): void {
  if (WAYS[name].isProgram) programOf(resolve(image), primitives);
}

export interface Run {
  readonly image: string;
  readonly words: readonly string[];
  readonly cwd?: string;
  /** For programs: all where the image makes methods itself. */
  readonly primitives: "reachable" | "all";
}

/** Runs an image to its end; answers what it printed. Throws, with what it said, where its exit code is not 0. */
export function runIn(name: WayName, { image, words, cwd, primitives }: Run): string {
  const way: Way = WAYS[name];
  const path = resolve(image);
  const [command, ...rest] = way.isProgram
    ? [programOf(path, primitives), ...way.options, ...words]
    : [node, COMMAND, "run", ...way.options, path, ...words];
  const options = { cwd, encoding: "utf8", timeout: TIMEOUT_MILLISECONDS } as const;
  const { status, signal, stdout, stderr, error } = spawnSync(command!, rest, options);
  if (error !== undefined) throw new Error(`${basename(image)} ${words.join(" ")}: ${error.message}`);
  if (status === 0) return stdout;
  const [first] = stderr.trim().split("\n");
  throw new Error(`${basename(image)} ${words.join(" ")}: ${signal ?? `exit code ${status}`}; ${first}`);
}
