// Standard input, output and error on Node, never blocking: input is read by Node's event loop into a buffer, output
// that the other side does not take at once waits in a queue.

import { fstatSync, readSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { KIND_FILE, KIND_NONE, KIND_PIPE, KIND_TERMINAL, WOULD_WAIT } from "./drivers.js";
import { errorNumber, guarded } from "./imports.js";
import { type InputStream, type OutputStream, takeFrom } from "./streams.js";

/** Standard input of this process. Nothing is read before the image asks for it. */
export function standardInput(ready: () => void): InputStream {
  const kind = descriptorKind(0);
  if (kind === KIND_FILE) {
    return {
      read: (bytes) => guarded(() => readSync(0, bytes)),
      watch: (callback) => void setImmediate(callback),
      kind: () => kind,
      close() {},
    };
  }

  const chunks: Uint8Array[] = [];
  const watchers: (() => void)[] = [];
  let started = false;
  let ended = kind === KIND_NONE;
  const take = (chunk: Uint8Array) => {
    chunks.push(chunk);
    process.stdin.pause();
    tell();
  };
  const end = () => {
    ended = true;
    tell();
  };
  const tell = () => {
    watchers.splice(0).forEach((callback) => callback());
    ready();
  };
  const start = () => {
    if (!started && !ended) {
      started = true;
      process.stdin.on("data", take).on("end", end).on("error", end);
    }
    if (!ended) process.stdin.resume();
  };
  return {
    read(bytes) {
      const count = takeFrom(chunks, bytes);
      if (count > 0 || bytes.length === 0) return count;
      if (ended) return 0;
      start();
      return WOULD_WAIT;
    },
    watch(callback) {
      if (chunks.length > 0 || ended) return void setImmediate(callback);
      watchers.push(callback);
      start();
    },
    kind: () => kind,
    close() {
      if (!started) return;
      process.stdin.off("data", take).off("end", end).off("error", end);
      process.stdin.pause();
      process.stdin.unref?.();
    },
  };
}

/** Bytes that may wait to be written before the writer has to. */
const MAX_QUEUED_BYTES = 1 << 20;
const RETRY_MILLISECONDS = 2;

/** Standard output (1) or error (2) of this process. */
export function standardOutput(descriptor: 1 | 2, ready: () => void): OutputStream {
  let queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const waiters: (() => void)[] = [];

  const flush = () => {
    timer = undefined;
    while (queue.length > 0) {
      const count = writeSome(descriptor, queue[0]!);
      if (count === WOULD_WAIT) break;
      if (count < 0) {
        queue = [];
        queuedBytes = 0;
        break;
      }
      queuedBytes -= count;
      if (count < queue[0]!.length) queue[0] = queue[0]!.subarray(count);
      else queue.shift();
    }
    if (queue.length > 0) timer = setTimeout(flush, RETRY_MILLISECONDS);
    else waiters.splice(0).forEach((resolve) => resolve());
    ready();
  };

  return {
    write(bytes) {
      if (queuedBytes > MAX_QUEUED_BYTES) return WOULD_WAIT;
      let written = 0;
      while (queue.length === 0 && written < bytes.length) {
        const count = writeSome(descriptor, bytes.subarray(written));
        if (count === WOULD_WAIT) break;
        if (count < 0) return count;
        written += count;
      }
      if (written < bytes.length) {
        queue.push(bytes.slice(written));
        queuedBytes += bytes.length - written;
        timer ??= setTimeout(flush, RETRY_MILLISECONDS);
      }
      return bytes.length;
    },
    kind: () => descriptorKind(descriptor),
    drained: () => (queue.length === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
  };
}

/** What a descriptor of this process is connected to: a KIND_… number. */
export function descriptorKind(descriptor: number): number {
  try {
    if (isatty(descriptor)) return KIND_TERMINAL;
    const stat = fstatSync(descriptor);
    return stat.isFIFO() || stat.isSocket() ? KIND_PIPE : KIND_FILE;
  } catch {
    return KIND_NONE;
  }
}

function writeSome(descriptor: number, bytes: Uint8Array): number {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    return errorNumber(error);
  }
}
