// A kernel as a Xen guest with its console here: what `stvm boot --xen` does. The guest edits lines and echoes itself,
// so a terminal is switched to raw mode; Ctrl-] leaves, as in xl's own console.

import type { ReadStream } from "node:tty";
import { setTimeout as sleep } from "node:timers/promises";
import { createGuest, type Guest, type GuestEnd, type GuestOptions } from "./guest.js";
import { openToolstack } from "./open.js";
import { type Toolstack, ToolstackError } from "./toolstack.js";

export interface BootRequest extends Omit<GuestOptions, "name"> {
  readonly name?: string;
  /** The guest is destroyed when it runs for longer; no limit if not given. */
  readonly timeoutMilliseconds?: number;
}

export interface BootStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  /** Hears what takes long. */
  say(message: string): void;
}

const DEFAULT_NAME = "stvm";
const POLL_MILLISECONDS = 20;
const LEAVE = 0x1d;
/** What a terminal sends for the end of input, Ctrl-D. */
const END_OF_INPUT = Uint8Array.of(4);
/** Beside the guest's memory: Xen, dom0, and what they need for the guest. */
const BED_MEGABYTES = 640;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** The exit code after a signal, as shells have it for Ctrl-C. */
const INTERRUPTED = 130;

/**
 * Boots with a toolstack of its own, connects the streams until the guest ends, and answers its end. Throws a
 * ToolstackError when the time is up or someone leaves, with the guest destroyed, and a PackageError where there is
 * neither a Xen host nor a test bed.
 */
export async function bootXenGuest(request: BootRequest, streams: BootStreams): Promise<GuestEnd> {
  const memoryMegabytes = BED_MEGABYTES + (request.memoryMegabytes ?? memoryOf(request.config));
  const toolstack = await openToolstack({ say: streams.say, memoryMegabytes });
  const interrupt = () => void toolstack.close().finally(() => process.exit(INTERRUPTED));
  for (const signal of SIGNALS) process.once(signal, interrupt);
  try {
    return await runGuest(toolstack, request, streams);
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
    await toolstack.close();
  }
}

/** The same with a toolstack that is there already. */
export async function runGuest(toolstack: Toolstack, request: BootRequest, streams: BootStreams): Promise<GuestEnd> {
  const guest = await createGuest(toolstack, { ...request, name: request.name ?? DEFAULT_NAME });
  const typing = connectInput(guest, streams.input);
  try {
    return await followOutput(guest, streams.output, request.timeoutMilliseconds, typing.hasLeft);
  } finally {
    typing.stop();
  }
}

function memoryOf(config = ""): number {
  return Number(/^\s*memory\s*=\s*(\d+)/m.exec(config)?.[1] ?? 64);
}

/** Writes what the guest prints until it ends. */
async function followOutput(
  guest: Guest,
  output: NodeJS.WritableStream,
  timeoutMilliseconds: number | undefined,
  hasLeft: () => boolean,
): Promise<GuestEnd> {
  let written = 0;
  const write = () => {
    const text = guest.output;
    if (text.length > written) output.write(text.slice(written));
    written = text.length;
  };
  const end = timeoutMilliseconds === undefined ? Infinity : Date.now() + timeoutMilliseconds;
  while (!guest.hasStopped) {
    write();
    const isLate = Date.now() > end;
    if (isLate || hasLeft()) {
      await guest.destroy();
      const reason = isLate ? `still running after ${timeoutMilliseconds} ms` : "left with Ctrl-]";
      throw new ToolstackError(`${guest.name}: ${reason}; the guest was destroyed`);
    }
    await sleep(POLL_MILLISECONDS);
  }
  const how = await guest.ended();
  write();
  return how;
}

/** Types what comes in; a pipe's end is typed as a terminal's would be. */
function connectInput(guest: Guest, input: NodeJS.ReadableStream): { stop(): void; hasLeft(): boolean } {
  const terminal = (input as ReadStream).isTTY ? (input as ReadStream) : undefined;
  let left = false;
  const type = (bytes: Uint8Array) => void guest.type(bytes).catch(() => {});
  const hear = (chunk: Buffer | string) => {
    const bytes = Buffer.from(chunk);
    if (terminal !== undefined && bytes.includes(LEAVE)) left = true;
    else type(bytes);
  };
  const finish = () => type(END_OF_INPUT);
  terminal?.setRawMode(true);
  input.on("data", hear);
  input.once("end", finish);
  return {
    hasLeft: () => left,
    stop() {
      terminal?.setRawMode(false);
      input.off("data", hear);
      input.off("end", finish);
      input.pause();
    },
  };
}
