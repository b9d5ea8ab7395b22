// The platform contract on Node: clocks, entropy, the image file, snapshots and attributes here; files in nodeFiles.ts,
// standard streams in nodeStreams.ts.

import { randomFillSync } from "node:crypto";
import * as fs from "node:fs";
import { arch, release } from "node:os";
import { dirname, resolve } from "node:path";
import { attributeTable } from "./attributes.js";
import { type Clock, systemClock } from "./clock.js";
import { type DriverOverrides, ERRNO, type HostDrivers, type LogLevel } from "./drivers.js";
import { type FileAccess } from "./filePolicy.js";
import { guarded } from "./imports.js";
import { nodeFiles } from "./nodeFiles.js";
import { standardInput, standardOutput } from "./nodeStreams.js";
import { type ByteSink, type ByteSource, suppliedInput, suppliedOutput } from "./streams.js";

export interface NodeHostOptions {
  /** The image's bytes, or the path of its file. */
  readonly image: Uint8Array | string;
  /** What the image is called, a path: where snapshots go by default. The path of `image` if that is one. */
  readonly imageName?: string;
  /** What follows the image on the command line. */
  readonly arguments?: readonly string[];
  /** Options of the virtual machine, as the image may ask for them; `--headless` if not given. */
  readonly vmArguments?: readonly string[];
  readonly workingDirectory?: string;
  /** Variables of the environment that the image sees; this process's if not given. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly fileAccess?: FileAccess;
  readonly clock?: Clock;
  readonly entropy?: (bytes: Uint8Array) => void;
  readonly log?: (level: LogLevel, message: string) => void;
  /** Bytes for the image to read: none yet if empty, the end if undefined. Standard input if not given. */
  readonly stdin?: ByteSource;
  readonly stdout?: ByteSink;
  readonly stderr?: ByteSink;
  /** Takes every snapshot in place of a file. */
  readonly onSnapshot?: (name: string, image: Uint8Array) => void;
  readonly drivers?: DriverOverrides;
}

export function createNodeHost(options: NodeHostOptions): HostDrivers {
  const workingDirectory = options.workingDirectory ?? process.cwd();
  const ready = () => host.onReady?.();
  const output = options.stdout ? suppliedOutput(options.stdout) : standardOutput(1, ready);
  const error = options.stderr ? suppliedOutput(options.stderr) : standardOutput(2, ready);
  const input = options.stdin ? suppliedInput(options.stdin) : standardInput(ready);
  const signal = (semaphore: number) => host.onSignal?.(semaphore);
  const files = nodeFiles(workingDirectory, options.fileAccess ?? "full", { input, output, error }, signal);
  const clock = options.clock ?? systemClock();

  let imageName = options.imageName ?? (typeof options.image === "string" ? options.image : "");
  if (imageName !== "") imageName = resolve(workingDirectory, imageName);
  const image = openImage(options.image, workingDirectory);
  let snapshot: SnapshotWriter | undefined;

  const host: HostDrivers = {
    log: options.log ?? (() => {}),
    utcMicroseconds: clock.utcMicroseconds,
    monotonicMicroseconds: clock.monotonicMicroseconds,
    timezoneOffsetSeconds: clock.timezoneOffsetSeconds,
    entropy: options.entropy ?? ((bytes) => void randomFillSync(bytes)),

    imageRead: (offset, bytes) => guarded(() => image.read(offset, bytes)),
    snapshotBegin(name) {
      const target = name === "" ? imageName : files.absolute(name);
      snapshot?.end(false);
      return guarded(() => {
        if (options.onSnapshot) snapshot = snapshotInMemory(target, options.onSnapshot);
        else if (target === "") return -ERRNO.EROFS;
        else {
          const refusal = files.policy.check(target, true);
          if (refusal < 0) return refusal;
          // A rename would put a file in the place of a device, a pipe or a socket.
          if (fs.existsSync(target) && !fs.statSync(target).isFile()) return -ERRNO.EINVAL;
          snapshot = snapshotFile(target);
        }
        return 0;
      });
    },
    snapshotWrite: (bytes) => guarded(() => snapshot?.write(bytes) ?? -ERRNO.EBADF),
    snapshotEnd(keep) {
      const ended = snapshot;
      snapshot = undefined;
      return guarded(() => ended?.end(keep) ?? -ERRNO.EBADF);
    },
    attribute: attributeTable({
      vmPath: process.execPath,
      imageName: () => imageName,
      arguments: options.arguments ?? [],
      vmArguments: options.vmArguments ?? ["--headless"],
      operatingSystem: "unix",
      operatingSystemVersion: `${process.platform}-${release()}`,
      processor: arch() === "x64" ? "x86_64" : arch(),
      fileAccess: options.fileAccess ?? "full",
      workingDirectory,
    }),
    environment: (name) => (options.environment ?? process.env)[name],
    setImageName(name) {
      imageName = files.absolute(name);
      return 0;
    },
    ...files.drivers,
    displayChanged() {},
    close() {
      snapshot?.end(false);
      files.closeAll();
      input.close();
      image.close();
    },
    drained: async () => {
      await output.drained();
      await error.drained();
    },
    onReady: undefined,
    onSignal: undefined,
  };
  return Object.assign(host, options.drivers);
}

interface ImageReader {
  read(offset: number, bytes: Uint8Array): number;
  close(): void;
}

function openImage(image: Uint8Array | string, workingDirectory: string): ImageReader {
  if (typeof image !== "string") {
    return {
      read(offset, bytes) {
        const part = image.subarray(offset, offset + bytes.length);
        bytes.set(part);
        return part.length;
      },
      close() {},
    };
  }
  let descriptor = fs.openSync(resolve(workingDirectory, image), "r");
  return {
    read(offset, bytes) {
      let count = 0;
      while (count < bytes.length) {
        const part = fs.readSync(descriptor, bytes, count, bytes.length - count, offset + count);
        if (part === 0) break;
        count += part;
      }
      return count;
    },
    close() {
      if (descriptor >= 0) fs.closeSync(descriptor);
      descriptor = -1;
    },
  };
}

interface SnapshotWriter {
  write(bytes: Uint8Array): number;
  /** Makes the snapshot visible whole, or drops it. */
  end(keep: boolean): number;
}

/** Writes beside the target and renames: whatever fails, the old file stays as it is. */
function snapshotFile(name: string): SnapshotWriter {
  const target = fs.existsSync(name) ? fs.realpathSync(name) : name;
  const temporary = `${target}.${process.pid}.tmp`;
  const mode = fs.existsSync(target) ? fs.statSync(target).mode & 0o777 : 0o666;
  const descriptor = fs.openSync(temporary, "wx", mode);
  let isWhole = true;
  return {
    write(bytes) {
      isWhole = false;
      let count = 0;
      while (count < bytes.length) count += fs.writeSync(descriptor, bytes, count);
      isWhole = true;
      return count;
    },
    end(keep) {
      try {
        if (keep && isWhole) fs.fsyncSync(descriptor);
      } catch (error) {
        isWhole = false;
        throw error;
      } finally {
        fs.closeSync(descriptor);
        if (!keep || !isWhole) fs.rmSync(temporary, { force: true });
      }
      if (!keep) return 0;
      if (!isWhole) return -ERRNO.EIO;
      try {
        fs.renameSync(temporary, target);
      } catch (error) {
        fs.rmSync(temporary, { force: true });
        throw error;
      }
      syncFolder(dirname(target));
      return 0;
    },
  };
}

function snapshotInMemory(name: string, take: (name: string, image: Uint8Array) => void): SnapshotWriter {
  const chunks: Uint8Array[] = [];
  return {
    write(bytes) {
      chunks.push(bytes.slice());
      return bytes.length;
    },
    end(keep) {
      if (keep) take(name, Buffer.concat(chunks));
      return 0;
    },
  };
}

/** Makes a rename last through a loss of power; a file system that cannot do it is left alone. */
function syncFolder(folder: string): void {
  guarded(() => {
    const descriptor = fs.openSync(folder, "r");
    try {
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    return 0;
  });
}
