// The platform contract without an operating system: files in memory, standard streams as callbacks. For the browser,
// and anywhere else that has neither files nor a console; nothing here imports from Node.

import { attributeTable } from "./attributes.js";
import { type Clock, systemClock } from "./clock.js";
import { type DriverOverrides, ERRNO, type HostDrivers, KIND_PIPE, type LogLevel } from "./drivers.js";
import { type FileAccess } from "./filePolicy.js";
import { type MemoryFiles, memoryFiles } from "./memoryFiles.js";
import { type ByteSink, type ByteSource, suppliedInput, suppliedOutput } from "./streams.js";

export interface BrowserHostOptions {
  readonly image: Uint8Array;
  /** What the image is called, a path among the files in memory: snapshots go there. */
  readonly imageName?: string;
  readonly arguments?: readonly string[];
  readonly vmArguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Files that the image finds, by path. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly workingDirectory?: string;
  readonly fileAccess?: FileAccess;
  readonly clock?: Clock;
  readonly entropy?: (bytes: Uint8Array) => void;
  readonly log?: (level: LogLevel, message: string) => void;
  /** Bytes for the image to read: none yet if empty, the end if undefined. */
  readonly stdin?: ByteSource;
  /** The console's log if not given, a line at a time. */
  readonly stdout?: ByteSink;
  readonly stderr?: ByteSink;
  /** Takes every snapshot; among the files in memory if not given. */
  readonly onSnapshot?: (name: string, image: Uint8Array) => void;
  readonly drivers?: DriverOverrides;
}

export interface BrowserHost {
  readonly drivers: HostDrivers;
  readonly files: MemoryFiles;
}

export function createBrowserHost(options: BrowserHostOptions): BrowserHost {
  const workingDirectory = options.workingDirectory ?? "/";
  const files = memoryFiles(options.files ?? {}, workingDirectory, options.fileAccess ?? "full");
  const clock = options.clock ?? systemClock();
  const input = suppliedInput(options.stdin ?? (() => undefined));
  const output = suppliedOutput(options.stdout ?? lines((line) => console.log(line)));
  const error = suppliedOutput(options.stderr ?? lines((line) => console.error(line)));
  const { image } = options;
  let imageName = files.absolute(options.imageName ?? "image.image");
  let snapshot: { name: string; chunks: Uint8Array[] } | undefined;

  const drivers: HostDrivers = {
    log: options.log ?? (() => {}),
    utcMicroseconds: clock.utcMicroseconds,
    monotonicMicroseconds: clock.monotonicMicroseconds,
    timezoneOffsetSeconds: clock.timezoneOffsetSeconds,
    entropy: options.entropy ?? randomBytes,

    imageRead(offset, bytes) {
      const part = image.subarray(offset, offset + bytes.length);
      bytes.set(part);
      return part.length;
    },
    snapshotBegin(name) {
      snapshot = { name: name === "" ? imageName : files.absolute(name), chunks: [] };
      return 0;
    },
    snapshotWrite(bytes) {
      snapshot?.chunks.push(bytes.slice());
      return bytes.length;
    },
    snapshotEnd(keep) {
      const ended = snapshot;
      snapshot = undefined;
      if (ended === undefined) return -ERRNO.EBADF;
      if (keep) (options.onSnapshot ?? files.put)(ended.name, joined(ended.chunks));
      return 0;
    },
    attribute: attributeTable({
      vmPath: "/stvm",
      imageName: () => imageName,
      arguments: options.arguments ?? [],
      vmArguments: options.vmArguments ?? ["--headless"],
      operatingSystem: "unix",
      operatingSystemVersion: "browser",
      processor: "wasm32",
      fileAccess: options.fileAccess ?? "full",
      workingDirectory,
    }),
    environment: (name) => options.environment?.[name],
    setImageName(name) {
      imageName = files.absolute(name);
      return 0;
    },
    ...files.drivers,
    fileRead: (handle, offset, bytes) =>
      handle === 0 ? input.read(bytes) : files.drivers.fileRead(handle, offset, bytes),
    fileWrite(handle, offset, bytes) {
      if (handle === 1) return output.write(bytes);
      if (handle === 2) return error.write(bytes);
      return files.drivers.fileWrite(handle, offset, bytes);
    },
    fileWatch(handle, semaphore) {
      if (handle === 0) input.watch(() => drivers.onSignal?.(semaphore));
      else setTimeout(() => drivers.onSignal?.(semaphore));
      return 0;
    },
    fileKind: (handle) => (handle >= 0 && handle <= 2 ? KIND_PIPE : files.drivers.fileKind(handle)),
    displayChanged() {},
    close() {},
    drained: () => Promise.resolve(),
    onReady: undefined,
    onSignal: undefined,
  };
  Object.assign(drivers, options.drivers);
  return { drivers, files };
}

/** crypto.getRandomValues takes 65,536 bytes at once. */
function randomBytes(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i += 65536) {
    // A copy: some engines refuse views of WebAssembly's memory.
    const part = new Uint8Array(Math.min(65536, bytes.length - i));
    bytes.set(crypto.getRandomValues(part), i);
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** A sink that hands on whole lines of UTF-8, ended by LF or CR. */
function lines(take: (line: string) => void): ByteSink {
  const decoder = new TextDecoder();
  let pending = "";
  return (bytes) => {
    const parts = (pending + decoder.decode(bytes, { stream: true })).split(/\r\n|\n|\r/);
    pending = parts.pop()!;
    parts.forEach(take);
  };
}
