// Standard streams as the drivers see them, and those that an embedder supplies as callbacks.

import { KIND_PIPE, WOULD_WAIT } from "./drivers.js";

/** Bytes taken in for a reader that waits: answers undefined at the end, an empty chunk for nothing yet. */
export type ByteSource = () => Uint8Array | undefined;
export type ByteSink = (bytes: Uint8Array) => void;

export interface InputStream {
  /** Count, 0 at the end, WOULD_WAIT or an error. */
  read(bytes: Uint8Array): number;
  /** Calls back once when there is something to read, or the end. */
  watch(callback: () => void): void;
  kind(): number;
  close(): void;
}

export interface OutputStream {
  write(bytes: Uint8Array): number;
  kind(): number;
  /** Resolves when nothing is left to write. */
  drained(): Promise<void>;
}

/** Input that the embedder supplies. */
export function suppliedInput(source: ByteSource): InputStream {
  const chunks: Uint8Array[] = [];
  return {
    read(bytes) {
      if (chunks.length === 0) {
        const chunk = source();
        if (chunk === undefined) return 0;
        if (chunk.length === 0) return WOULD_WAIT;
        chunks.push(chunk);
      }
      return takeFrom(chunks, bytes);
    },
    watch: (callback) => void setTimeout(callback),
    kind: () => KIND_PIPE,
    close() {},
  };
}

export function suppliedOutput(sink: ByteSink): OutputStream {
  return {
    write(bytes) {
      // A copy: linear memory goes on changing under a view.
      sink(bytes.slice());
      return bytes.length;
    },
    kind: () => KIND_PIPE,
    drained: () => Promise.resolve(),
  };
}

/** Moves bytes from the head of a queue of chunks; answers how many. */
export function takeFrom(chunks: Uint8Array[], bytes: Uint8Array): number {
  let count = 0;
  while (count < bytes.length && chunks.length > 0) {
    const chunk = chunks[0]!;
    const part = chunk.subarray(0, bytes.length - count);
    bytes.set(part, count);
    count += part.length;
    if (part.length === chunk.length) chunks.shift();
    else chunks[0] = chunk.subarray(part.length);
  }
  return count;
}
