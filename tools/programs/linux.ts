// Makes a Linux program of an image: the steps of boot/link in order.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { LINUX_ENTRIES, linkLinuxProgram } from "../../boot/link/linux.js";
import { preloadImage } from "../../boot/link/preload.js";
import { type PrimitiveChoice } from "../../boot/link/primitives.js";
import { readPlatform, specialise } from "../../boot/link/specialise.js";
import { type AheadChoice, aheadCompiler, type AheadResult } from "./ahead.js";
import { buildFile } from "./buildFiles.js";

export interface LinuxBuild {
  readonly image: string;
  readonly edenBytes?: number;
  readonly primitives: PrimitiveChoice;
  /** Symbols and lines for gdb in the file. */
  readonly debug: boolean;
  /** Whether the compiler of methods is in it; so if not given. */
  readonly hasCompiler?: boolean;
  /** Methods to be compiled already. */
  readonly ahead?: AheadChoice;
}

export interface BuiltProgram {
  readonly file: Uint8Array;
  /** Bytes of machine code with its tables, and of the image's memory, in the file. */
  readonly codeBytes: number;
  readonly memoryBytes: number;
  /** What became of the methods to be compiled. */
  readonly ahead: AheadResult | undefined;
}

/** Answers the program's file; `stage` is told what is being done. Throws a VmError for an image that cannot be loaded. */
export async function buildLinuxProgram(
  { image, edenBytes, primitives, debug, hasCompiler, ahead: choice }: LinuxBuild,
  stage: (text: string) => void,
): Promise<BuiltProgram> {
  stage("laying the image out");
  const platform = readPlatform(buildFile("linux.wasm"));
  const module = readFileSync(buildFile("stvm-names.wasm"));
  const ahead = choice === undefined ? undefined : aheadCompiler(choice, platform.tablePlaces);
  const preload = preloadImage({ image, module, reservedEnd: platform.dataEnd, edenBytes, primitives, ahead });
  stage("leaving out what it cannot reach");
  const specialised = await specialise(platform, preload, basename(image), LINUX_ENTRIES, { debug, hasCompiler });
  stage("compiling to machine code");
  return { ...linkLinuxProgram(specialised), ahead };
}
