// A kernel under QEMU without Xen: its serial port is the console here, and it tells its exit code on port E9h, which
// QEMU writes to a file. At a terminal the guest edits lines itself, so every key goes there; Ctrl-A X leaves.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kvmState } from "./kvm.js";
import { findQemu, type Qemu } from "./testbed/qemu.js";

export interface QemuBoot {
  readonly kernel: string;
  readonly commandLine: string;
  readonly memoryMegabytes: number;
  /** QEMU is killed when the guest runs for longer. */
  readonly timeoutMilliseconds?: number;
  /** QEMU waits for gdb at this port of this machine before the first instruction. */
  readonly gdbPort?: number;
  /** Neither KVM nor a probe for it. */
  readonly emulate?: boolean;
  /** Hears what takes long, and what was found. */
  say(message: string): void;
}

export interface BootStreams {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

export type BootEnd =
  | { readonly kind: "quit"; readonly code: number }
  /** The kernel stopped with a message, which is on the console, unless it had none: its last lines. */
  | { readonly kind: "crash"; readonly lines: readonly string[] }
  | { readonly kind: "timeout" }
  /** A signal came for this process; nothing of QEMU is left. */
  | { readonly kind: "signal"; readonly signal: EndingSignal }
  /** QEMU itself ended: its status and what it said. */
  | { readonly kind: "qemu"; readonly status: number | null; readonly message: string };

/** What ends this process from outside. */
export type EndingSignal = (typeof ENDING_SIGNALS)[number] | "SIGPIPE";
const ENDING_SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

const EXIT_LINE = /^stvm: exit (\d+)$/;
/** What a terminal sends for the end of input, Ctrl-D. */
const END_OF_INPUT = Uint8Array.of(4);

/** Boots and answers how the guest ended. Throws a PackageError where there is no QEMU. */
export async function bootInQemu(boot: QemuBoot, streams: BootStreams): Promise<BootEnd> {
  const qemu = await findQemu(boot.say);
  const accelerator = boot.emulate ? "tcg" : await accelerate(qemu, boot.say);
  const folder = mkdtempSync(join(tmpdir(), "stvm-boot-"));
  const debugFile = join(folder, "debug");
  const isTerminal = streams.input.isTTY === true;
  try {
    const child = spawn(qemu.program, [...qemu.words, ...qemuWords(boot, accelerator, debugFile, isTerminal)], {
      stdio: [isTerminal ? "inherit" : "pipe", isTerminal ? "inherit" : "pipe", "pipe"],
      env: { ...process.env, ...qemu.environment },
    });
    return await follow(child, boot, streams, debugFile);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function accelerate(qemu: Qemu, say: (message: string) => void): Promise<string> {
  const state = await kvmState(qemu);
  if (state.kind === "unusable") say(`/dev/kvm is not taken: ${state.reason}; QEMU emulates the processor`);
  return state.kind === "real" ? "kvm" : "tcg";
}

function qemuWords(boot: QemuBoot, accelerator: string, debugFile: string, isTerminal: boolean): string[] {
  const console = `stdio,id=console,signal=off${isTerminal ? ",mux=on" : ""}`;
  return [
    ...["-M", "microvm", "-accel", accelerator, "-cpu", accelerator === "kvm" ? "host" : "max"],
    ...["-smp", "1", "-m", String(boot.memoryMegabytes), "-nodefaults", "-no-user-config", "-no-reboot"],
    ...["-display", "none", "-chardev", console, "-serial", "chardev:console"],
    ...(isTerminal ? ["-mon", "chardev=console"] : []),
    ...[
      "-chardev",
      `file,id=debug,path=${debugFile.replaceAll(",", ",,")}`,
      "-device",
      "isa-debugcon,iobase=0xe9,chardev=debug",
    ],
    ...["-device", "isa-debug-exit,iobase=0xf4"],
    ...(boot.gdbPort === undefined ? [] : ["-S", "-gdb", `tcp:127.0.0.1:${boot.gdbPort}`]),
    ...["-kernel", boot.kernel, "-append", boot.commandLine],
  ];
}

async function follow(child: ChildProcess, boot: QemuBoot, streams: BootStreams, debugFile: string): Promise<BootEnd> {
  let message = "";
  let isLate = false;
  child.stderr?.on("data", (bytes: Buffer) => void (message += bytes.toString()));
  child.stdout?.pipe(streams.output, { end: false });
  const stopTyping = child.stdin === null ? () => {} : connectInput(streams.input, child.stdin);
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  let ending: EndingSignal | undefined;
  const hearSignal = (signal: NodeJS.Signals) => {
    ending ??= signal as EndingSignal;
    kill();
  };
  for (const signal of ENDING_SIGNALS) process.on(signal, hearSignal);
  // Whoever read the console is gone: what a program without Node would be told by this signal.
  streams.output.on("error", () => hearSignal("SIGPIPE"));
  const timer =
    boot.timeoutMilliseconds === undefined
      ? undefined
      : setTimeout(() => {
          isLate = true;
          kill();
        }, boot.timeoutMilliseconds);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  clearTimeout(timer);
  process.off("exit", kill);
  for (const signal of ENDING_SIGNALS) process.off(signal, hearSignal);
  stopTyping();
  if (ending !== undefined) return { kind: "signal", signal: ending };
  if (isLate) return { kind: "timeout" };
  return endOf(existsSync(debugFile) ? readFileSync(debugFile, "utf8") : "", status, message);
}

function endOf(debugText: string, status: number | null, message: string): BootEnd {
  const lines = debugText.split("\n").filter((line) => line !== "");
  const [, code] = EXIT_LINE.exec(lines.at(-1) ?? "") ?? [];
  if (code !== undefined) return { kind: "quit", code: Number(code) };
  if (lines.length > 0) return { kind: "crash", lines };
  return { kind: "qemu", status, message: message.trim() };
}

/** Types what comes in; a pipe's end is typed as a terminal's would be. Answers what stops it. */
function connectInput(input: NodeJS.ReadableStream, into: NodeJS.WritableStream): () => void {
  const hear = (chunk: Buffer | string) => void into.write(chunk);
  const finish = () => void into.write(END_OF_INPUT);
  // QEMU may end while something is typed.
  into.on("error", () => {});
  input.on("data", hear);
  input.once("end", finish);
  return () => {
    input.off("data", hear);
    input.off("end", finish);
    input.pause();
  };
}
