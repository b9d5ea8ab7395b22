// An image as a Xen kernel: `stvm build --target xen`. Writes the ELF file and, beside it, a configuration for xl.

import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { debugSections } from "../../boot/link/dwarf.js";
import { withAheadModules } from "../../boot/link/ahead.js";
import { preloadImage } from "../../boot/link/preload.js";
import { type PrimitiveChoice } from "../../boot/link/primitives.js";
import { readPlatform, specialise } from "../../boot/link/specialise.js";
import { KERNEL_ENTRIES, linkKernel } from "../../boot/link/xen.js";
import { compileNative } from "../../boot/native/compile.js";
import { kernelCommandLine, refuseUnknownWords } from "../kernelWords.js";
import { byteCount } from "../runOptions.js";
import { UsageError } from "../terminal.js";
import { type AheadChoice, aheadCompiler, type AheadResult } from "./ahead.js";
import { buildFile } from "./buildFiles.js";
import { configString, formatGuestConfig } from "../testbed/guestConfig.js";

/** What app.json may say; sizes are texts such as "64m". */
export interface KernelConfig {
  /** The domain's name; that of the kernel's file if not given. */
  readonly name?: string;
  /** Memory of the domain. */
  readonly memory?: string;
  /** The image's arguments. */
  readonly arguments?: readonly string[];
  /** What old objects may take. */
  readonly heap?: string;
  /** Bytes for new objects. */
  readonly eden?: string;
  /** Words for the virtual machine, such as "stvm.timing". */
  readonly words?: readonly string[];
  /** What xl does then: destroy, restart, preserve. */
  readonly onPowerOff?: string;
  readonly onReboot?: string;
  readonly onCrash?: string;
  /** More lines for xl's configuration: key and value as they stand there. */
  readonly xl?: Readonly<Record<string, string>>;
}

export interface XenBuild {
  readonly image: string;
  /** The kernel's file; what it is called is the domain's name, unless the configuration says otherwise. */
  readonly output: string;
  readonly config?: KernelConfig;
  readonly edenBytes?: number;
  readonly primitives: PrimitiveChoice;
  /** Symbols and lines for gdb in the file. */
  readonly debug: boolean;
  /** Whether the compiler of methods is in it; so if not given. */
  readonly hasCompiler?: boolean;
  /** Methods to be compiled already. */
  readonly ahead?: AheadChoice;
}

export interface BuiltKernel {
  readonly file: Uint8Array;
  readonly codeBytes: number;
  /** Bytes of the file that are not the image's. */
  readonly kernelBytes: number;
  /** The least memory that the domain needs to start, in bytes. */
  readonly memoryBytes: number;
  /** Text of the configuration for xl, and where it belongs. */
  readonly configuration: string;
  readonly configurationPath: string;
  /** What became of the methods to be compiled. */
  readonly ahead: AheadResult | undefined;
}

const MEGABYTE = 1 << 20;
/** Half of what other programs have: old space must always have room for what survives in it, in domains of 16 MB too. */
const EDEN_BYTES = 2 << 20;
/** What a domain has beyond what its kernel needs to start: for the heap to grow. */
const SPARE_MEGABYTES = 48;

/** Builds a kernel; `stage` is told what is being done. Throws a VmError or a UsageError with thing, reason and way out. */
export async function buildXenKernel(options: XenBuild, stage: (text: string) => void): Promise<BuiltKernel> {
  const { image, output, config = {}, primitives, debug, hasCompiler } = options;
  stage("laying the image out");
  const platform = readPlatform(buildFile("xen.wasm"));
  const ahead = options.ahead === undefined ? undefined : aheadCompiler(options.ahead, platform.tablePlaces);
  const preload = preloadImage({
    image,
    module: readFileSync(buildFile("stvm-names.wasm")),
    reservedEnd: platform.dataEnd,
    edenBytes: options.edenBytes ?? (config.eden === undefined ? EDEN_BYTES : byteCount(config.eden, "eden")),
    primitives,
    ahead,
  });
  stage("leaving out what it cannot reach");
  const module = await specialise(platform, preload, basename(image), KERNEL_ENTRIES, { debug, hasCompiler });
  stage("compiling to machine code");
  const program = compileNative(module.bytes, { lowMemoryUnused: true, growFunction: "growMemory" });
  const native = withAheadModules(program, module.ahead);
  const { sourceMap } = module;
  const kernel = linkKernel({
    module: native,
    memory: module.memory,
    leastMemoryBytes: preload.leastMemoryBytes,
    driversEnd: platform.dataEnd,
    debugSections: sourceMap === undefined ? undefined : (code) => debugSections(native, sourceMap, code),
  });
  return {
    file: kernel.elf,
    codeBytes: kernel.codeBytes,
    kernelBytes: kernel.kernelBytes,
    memoryBytes: kernel.memoryBytes,
    configuration: guestConfiguration(output, config, kernel.memoryBytes),
    ahead,
    configurationPath: configurationPathOf(output),
  };
}

/** The file for xl beside a kernel. */
export function configurationPathOf(kernel: string): string {
  return `${kernel.replace(/\.(xen|elf)$/, "")}.cfg`;
}

const KEYS = ["name", "memory", "arguments", "heap", "eden", "words", "onPowerOff", "onReboot", "onCrash", "xl"];
const ACTIONS = ["destroy", "restart", "rename-restart", "preserve", "coredump-destroy", "coredump-restart"];

/** Reads app.json. Throws a UsageError that names the file, what is wrong in it, and what may stand there. */
export function readKernelConfig(path: string): KernelConfig {
  if (!existsSync(path)) throw new UsageError(`${path}: no such file; give the path of a JSON file`);
  const text = readText(path);
  let config: Record<string, unknown>;
  try {
    config = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`${path}: not JSON: ${(error as Error).message}; an object with ${KEYS.join(", ")} is wanted`);
  }
  const wrong = (key: string, wanted: string) => new UsageError(`${path}: ${key}: ${wanted}`);
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new UsageError(`${path}: an object with ${KEYS.join(", ")} is wanted`);
  }
  for (const [key, value] of Object.entries(config)) {
    if (!KEYS.includes(key)) throw wrong(key, `unknown; known are ${KEYS.join(", ")}`);
    if (key === "arguments" || key === "words") {
      if (!isTexts(value)) throw wrong(key, "a list of texts is wanted");
    } else if (key === "xl") {
      if (typeof value !== "object" || value === null || Array.isArray(value) || !isTexts(Object.values(value))) {
        throw wrong(key, "an object of texts is wanted");
      }
      const strange = Object.keys(value).find((each) => !/^\w+$/.test(each));
      if (strange !== undefined) throw wrong(key, `${JSON.stringify(strange)} is no key; letters, digits and _ are`);
    } else if (typeof value !== "string") throw wrong(key, "a text is wanted");
    if (key.startsWith("on") && !ACTIONS.includes(value as string))
      throw wrong(key, `one of ${ACTIONS.join(", ")} is wanted`);
  }
  refuseUnknownWords(`${path}: words`, (config["words"] ?? []) as string[]);
  for (const key of ["memory", "heap", "eden"]) {
    if (config[key] !== undefined) byteCount(config[key] as string, key, `${path}: ${key}: ${config[key] as string}`);
  }
  const made = config as KernelConfig;
  if (made.name === "") throw wrong("name", "one letter at least is wanted");
  try {
    kernelCommandLine(made.words ?? [], made.arguments ?? []);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${path}: ${error.message}`) : error;
  }
  return made;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/^\ufeff/, "");
  } catch (error) {
    throw new UsageError(`${path}: cannot be read (${(error as Error).message}); give the path of a JSON file`);
  }
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

/** The file for `xl create`, to be called from the folder where both lie. */
export function guestConfiguration(output: string, config: KernelConfig, memoryBytes: number): string {
  const least = Math.ceil(memoryBytes / MEGABYTE);
  const megabytes =
    config.memory === undefined ? least + SPARE_MEGABYTES : Math.floor(byteCount(config.memory, "memory") / MEGABYTE);
  if (megabytes < least) {
    throw new UsageError(
      `memory ${megabytes} MB: this kernel needs ${least} MB to start; give it more, or a smaller eden`,
    );
  }
  const heap = config.heap === undefined ? [] : [`stvm.heap=${byteCount(config.heap, "heap")}`];
  const words = [...(config.words ?? []), ...heap];
  const lines = new Map([
    ["name", configString(config.name ?? basename(output).replace(/\.(xen|elf)$/, ""))],
    ["type", '"pvh"'],
    ["kernel", configString(basename(output))],
    ["memory", String(megabytes)],
    ["vcpus", "1"],
    ["cmdline", configString(kernelCommandLine(words, config.arguments ?? []))],
    ["on_poweroff", configString(config.onPowerOff ?? "destroy")],
    ["on_reboot", configString(config.onReboot ?? "restart")],
    ["on_crash", configString(config.onCrash ?? "destroy")],
    ...Object.entries(config.xl ?? {}),
  ]);
  const needs = `# xl create ${basename(output).replace(/\.(xen|elf)$/, "")}.cfg; the kernel needs ${least} MB to start\n`;
  return needs + formatGuestConfig(lines);
}
