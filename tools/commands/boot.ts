// `stvm boot`: an image, or a kernel that `stvm build --target xen` has made, in a virtual machine: under QEMU without
// Xen, or with --xen as a real guest. Console here, exit code handed on.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type CommandModule } from "yargs";
import { kernelMemoryEnd } from "../kernelFile.js";
import { kernelCommandLine, KERNEL_WORDS, refuseUnknownWords } from "../kernelWords.js";
import { byteCount } from "../runOptions.js";
import { errorColours, UsageError } from "../terminal.js";

interface Arguments {
  app: string;
  "--"?: string[];
  memory: string;
  timeout?: number;
  gdb?: boolean | number;
  xen: boolean;
  kvm: boolean;
  timing: boolean;
  word: string[];
}

const MEGABYTE = 1 << 20;
const GDB_PORT = 1234;
/** A timer of Node's takes 2^31 - 1 milliseconds. */
const MOST_SECONDS = 2_147_483;

export const bootCommand: CommandModule<object, Arguments> = {
  command: "boot <app> [words..]",
  describe: "boot an image or kernel in a virtual machine",
  builder: (parser) =>
    parser
      .positional("app", { type: "string", demandOption: true, describe: "a kernel of stvm build, or an image" })
      .positional("words", { type: "string", array: true, describe: "arguments of the image" })
      // What is behind the app comes untouched (tools/stvm.ts puts the separator).
      .parserConfiguration({ "populate--": true, "parse-positional-numbers": false })
      .option("memory", {
        type: "string",
        requiresArg: true,
        default: "64m",
        coerce: lastOf<string>,
        describe: "memory of the machine",
      })
      .option("timeout", {
        type: "number",
        requiresArg: true,
        coerce: lastOf<number>,
        describe: "seconds after which it is ended",
      })
      .option("gdb", {
        describe: "wait for gdb at this port (1234)",
        coerce: (value: unknown) => gdbPort(lastOf(value)),
      })
      .option("xen", { type: "boolean", default: false, describe: "as a guest of Xen: this machine's, or a test bed" })
      .option("kvm", {
        type: "boolean",
        default: true,
        describe: "take KVM where it is real; --no-kvm always emulates",
      })
      .option("timing", { type: "boolean", default: false, describe: "print the time to the first bytecode" })
      .option("word", {
        type: "string",
        array: true,
        nargs: 1,
        default: [],
        defaultDescription: "none",
        describe: `a word for the kernel, such as stvm.files=16m; may be repeated. Known are ${KERNEL_WORDS.join(", ")}`,
      })
      .epilogue(
        "What stands behind APP goes to the image. The configuration beside a kernel is for xl; it is not read here.",
      )
      .example("$0 boot build/default.image -e '3 + 4'", "")
      .example("$0 boot --memory 32m --word stvm.files=8m --xen app.xen", ""),
  handler: async (given) => {
    process.exitCode = await boot(given);
    // Input that nobody reads any more must not keep the process.
    process.exit();
  },
};

/** Answers the exit code. */
async function boot(given: Arguments): Promise<number> {
  const memoryMegabytes = Math.floor(byteCount(given.memory, "memory") / MEGABYTE);
  if (given.timeout !== undefined && !(given.timeout > 0 && given.timeout <= MOST_SECONDS)) {
    throw new UsageError(`--timeout: not a time; give a number of seconds above 0, up to ${MOST_SECONDS}`);
  }
  refuseUnknownWords("--word", given.word);
  const isTerminal = process.stdin.isTTY === true;
  // What comes from a pipe would be seen twice.
  const echo = isTerminal ? [] : ["stvm.echo=off"];
  const machineWords = [...(given.timing ? ["stvm.timing"] : []), ...echo, ...given.word];
  const commandLine = kernelCommandLine(machineWords, given["--"] ?? []);
  const say = (message: string) => console.error(errorColours.dim(`stvm: ${message}`));
  const built = await kernelOf(given, say);
  try {
    const least = Math.ceil(built.memoryEnd / MEGABYTE);
    if (memoryMegabytes < least)
      throw new UsageError(`--memory=${given.memory}: the kernel needs at least ${least} MB; give it more`);
    const timeoutMilliseconds = given.timeout === undefined ? undefined : given.timeout * 1000;
    const request = { kernel: built.kernel, commandLine, memoryMegabytes, timeoutMilliseconds };
    return given.xen ? await bootUnderXen(request, say) : await bootUnderQemu(request, given, say);
  } catch (error) {
    throw await inOurForm(error);
  } finally {
    if (built.folder !== undefined) rmSync(built.folder, { recursive: true, force: true });
  }
}

interface Request {
  readonly kernel: string;
  readonly commandLine: string;
  readonly memoryMegabytes: number;
  readonly timeoutMilliseconds?: number;
}

async function bootUnderQemu(request: Request, given: Arguments, say: (text: string) => void): Promise<number> {
  const { bootInQemu } = await import("../qemuBoot.js");
  const gdbPort = given.gdb === undefined ? undefined : Number(given.gdb);
  if (gdbPort !== undefined) say(`waiting for gdb: gdb -ex 'target remote :${gdbPort}' ${request.kernel}`);
  else if (process.stdin.isTTY) say("Ctrl-A X leaves");
  const streams = { input: process.stdin, output: process.stdout };
  const end = await bootInQemu({ ...request, gdbPort, emulate: !given.kvm, say }, streams);
  switch (end.kind) {
    case "quit":
      return end.code & 0xff;
    case "crash":
      // The kernel has said why on its console; what it said where there is none stands here.
      if (end.lines[0]!.includes("no console")) say(end.lines[0]!.replace(/^stvm: /, ""));
      return 1;
    case "signal":
      return 128 + constants.signals[end.signal];
    case "timeout":
      throw new UsageError(`${given.app}: still running after ${given.timeout} s; it was ended`);
    case "qemu":
      throw new UsageError(
        `${given.app}: QEMU ended with status ${end.status} before the kernel: ${end.message || "it said nothing"}`,
      );
  }
}

/** As a guest of Xen; the toolstack is tools/testbed's. */
async function bootUnderXen(request: Request, say: (text: string) => void): Promise<number> {
  const { bootXenGuest } = await import("../testbed/bootGuest.js");
  const end = await bootXenGuest(request, { input: process.stdin, output: process.stdout, say });
  if (end.reason === "poweroff" || end.reason === "reboot") return (end.exitCode ?? 0) & 0xff;
  say(`the guest ended: ${end.reason}`);
  return 1;
}

/** What machine or toolstack refuse is said like other errors of the person at the keyboard, without a stack. */
async function inOurForm(error: unknown): Promise<unknown> {
  const [{ PackageError }, { ToolstackError }] = await Promise.all([
    import("../testbed/packages.js"),
    import("../testbed/toolstack.js"),
  ]);
  const isOurs = error instanceof PackageError || error instanceof ToolstackError;
  return isOurs ? new UsageError(error.message) : error;
}

/** The kernel's file; one that is built for this boot lies in a folder to be removed. */
async function kernelOf(
  given: Arguments,
  say: (text: string) => void,
): Promise<{ kernel: string; memoryEnd: number; folder: string | undefined }> {
  const memoryEnd = kernelMemoryEnd(given.app);
  if (memoryEnd !== undefined) return { kernel: given.app, memoryEnd, folder: undefined };
  const { buildXenKernel } = await import("../programs/xen.js");
  const folder = mkdtempSync(join(tmpdir(), "stvm-kernel-"));
  try {
    const kernel = join(folder, `${basename(given.app).replace(/\.image$/, "")}.xen`);
    if (process.stderr.isTTY) say(`building a kernel of ${given.app}`);
    const options = {
      image: given.app,
      output: kernel,
      primitives: "reachable",
      debug: given.gdb !== undefined,
    } as const;
    const { file, memoryBytes } = await buildXenKernel(options, () => {});
    writeFileSync(kernel, file);
    return { kernel, memoryEnd: memoryBytes, folder };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Of an option that is given twice the last counts. */
function lastOf<T>(given: T | T[]): T {
  return Array.isArray(given) ? given.at(-1) : given;
}

function gdbPort(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const port = value === true || value === "" ? GDB_PORT : Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new UsageError(`--gdb=${String(value)}: not a port; give a number up to 65535, or none for ${GDB_PORT}`);
  }
  return port;
}
