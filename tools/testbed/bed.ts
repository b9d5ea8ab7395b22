// A running test bed: QEMU (always its software emulation) with Xen and dom0 in it, one folder that both sides see, and
// a virtio serial port over which dom0 is told what to run (the protocol is in dom0/init). One bed serves any number of
// guests. However this process ends, QEMU ends with it.

import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { testbedParts } from "./parts.js";
import { findQemu } from "./qemu.js";
import { type ConsoleInput, output, type ScriptResult, type Toolstack, ToolstackError } from "./toolstack.js";

export interface BedOptions {
  /** Of the whole machine: Xen takes some 100 MB, dom0 DOM0_MEGABYTES, the rest is for guests. */
  readonly memoryMegabytes?: number;
  /** Until dom0 is ready. */
  readonly startTimeoutMilliseconds?: number;
  /** Hears what takes long. */
  readonly say?: (message: string) => void;
}

const DEFAULT_MEGABYTES = 1024;
const DOM0_MEGABYTES = 192;
/**
 * Floating-point registers change hands at every switch of domains: left to the first use, QEMU's emulation lets a busy
 * guest's registers show through in dom0, where xl then finds its memory corrupted (3 of 10 guests created beside one).
 */
const XEN_COMMAND_LINE = "console=com1 guest_loglvl=all bootscrub=0 spec-ctrl=eager-fpu";
/** Left out is what takes time at the start and matters to nobody here: read-only kernel pages, mitigations. */
const DOM0_COMMAND_LINE =
  "console=hvc0 panic=-1 quiet loglevel=1 rodata=off mitigations=off swiotlb=2048 init_on_alloc=0 audit=0";
const DEFAULT_START_MILLISECONDS = 120_000;
const CLOSE_MILLISECONDS = 10_000;
const TYPE_MILLISECONDS = 20_000;
/**
 * Nested pages (SVM) are what a PVH guest needs of `max`. Left out: SMAP, with which a PV dom0 faults at its first IRET
 * under QEMU 7; RDTSCP, which a guest may not use under Xen here; MONITOR, which Xen's idle loop would use.
 */
const CPU = "max,-smap,-rdtscp,-monitor";

/**
 * Runs QEMU with the control port on its standard input and output, and watches descriptor 3: a line there, or its end,
 * which comes when the process that holds the other side is gone, kills QEMU; the end removes the folder too.
 */
const GUARD = `
folder=$1; shift
exec 4<&0
"$@" <&4 3<&- &
child=$!
exec 4<&- </dev/null
( read -r word <&3
  trap "" TERM
  kill -9 $child
  [ "$word" = stop ] || rm -rf "$folder"
) 2>/dev/null >/dev/null &
guard=$!
wait $child
status=$?
kill $guard 2>/dev/null
exit $status`;

/** Starts a bed; some seconds. Throws a PackageError or a ToolstackError where that cannot be done. */
export async function startBed(options: BedOptions = {}): Promise<Toolstack> {
  const [qemu, parts] = await Promise.all([findQemu(options.say), testbedParts(options.say)]);
  const folder = await mkdtemp(join(tmpdir(), "stvm-testbed-"));
  for (const name of ["run", "log", "files"]) await mkdir(join(folder, name));
  const log = join(folder, "xen.log");
  const words = [
    ...["-accel", "tcg", "-cpu", CPU, "-smp", "1", "-m", String(options.memoryMegabytes ?? DEFAULT_MEGABYTES)],
    ...["-no-reboot", "-display", "none", "-monitor", "none", "-nic", "none", "-serial", `file:${log}`],
    ...["-kernel", parts.xen],
    "-append",
    `${XEN_COMMAND_LINE} dom0_mem=${DOM0_MEGABYTES}M,max:${DOM0_MEGABYTES}M`,
    ...["-initrd", `${parts.kernel} ${DOM0_COMMAND_LINE},${parts.archive}`],
    ...["-fsdev", `local,id=host,path=${folder},security_model=none`],
    ...["-device", "virtio-9p-pci,fsdev=host,mount_tag=host"],
    ...["-fsdev", `local,id=files,path=${join(folder, "files")},security_model=none,readonly=on`],
    ...["-device", "virtio-9p-pci,fsdev=files,mount_tag=files"],
    ...["-device", "virtio-serial-pci", "-chardev", "stdio,id=control,signal=off"],
    ...["-device", "virtserialport,chardev=control"],
  ];
  const child = spawn("/bin/sh", ["-c", GUARD, "testbed", folder, qemu.program, ...qemu.words, ...words], {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    env: { ...process.env, ...qemu.environment },
    // A group of its own: what ends a whole group, as Ctrl-C does, must leave the guard to clean up.
    detached: true,
  });
  const bed = new Bed(folder, log, child);
  try {
    await bed.ready(options.startTimeoutMilliseconds ?? DEFAULT_START_MILLISECONDS);
  } catch (error) {
    await bed.close();
    throw error;
  }
  return bed;
}

interface Waiting {
  resolve(status: number): void;
  reject(error: Error): void;
}

class Bed implements Toolstack {
  readonly createsPaused = false;
  readonly #folder: string;
  readonly #log: string;
  readonly #child: ChildProcess;
  /** By the number of the script; the bed's own readiness has number 0. */
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #lastNumber = 0;
  #lastFile = 0;
  #errors = "";
  /** Why nothing more can be asked. */
  #gone: ToolstackError | undefined;

  constructor(folder: string, log: string, child: ChildProcess) {
    this.#folder = folder;
    this.#log = log;
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once("close", () => resolve()));
    child.once("error", (error) => this.#end(`cannot be started: ${error.message}`));
    child.once("exit", (status) => void this.#explain(`QEMU ended with status ${status}`));
    child.stderr!.on("data", (chunk) => (this.#errors += chunk));
    createInterface({ input: child.stdout! }).on("line", (line) => this.#hear(line));
    // Writing to a QEMU that is gone: its exit tells more.
    for (const stream of [child.stdin!, child.stdio[3] as Writable]) stream.on("error", () => {});
  }

  async ready(timeoutMilliseconds: number): Promise<void> {
    await this.#answer(0, "dom0", timeoutMilliseconds);
  }

  async run(script: string, timeoutMilliseconds: number): Promise<ScriptResult> {
    const number = ++this.#lastNumber;
    const path = join(this.#folder, "run", String(number));
    await writeFile(path, script);
    const answer = this.#answer(number, script.split("\n")[0], timeoutMilliseconds);
    if (this.#gone === undefined) this.#child.stdin!.write(`${number}\n`);
    const status = await answer;
    const [stdout, stderr] = await Promise.all([readFile(`${path}.out`, "utf8"), readFile(`${path}.err`, "utf8")]);
    await Promise.all([path, `${path}.out`, `${path}.err`].map((file) => rm(file, { force: true })));
    return { status, stdout, stderr };
  }

  /** Under a new name each time: dom0 never looks at a file again that it has read. */
  async put(name: string, contents: Uint8Array | { readonly file: string }): Promise<string> {
    const path = `/files/${++this.#lastFile}-${name}`;
    if (contents instanceof Uint8Array) await writeFile(join(this.#folder, path), contents);
    else await copyFile(contents.file, join(this.#folder, path));
    return path;
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.#folder, path), { force: true });
  }

  consoleLog(name: string): string {
    return join(this.#folder, "log", `guest-${name}.log`);
  }

  lifeLog(name: string): string {
    return join(this.#folder, "log", `xl-${name}.log`);
  }

  /** Bytes go to the terminal that xenconsoled opened for the guest. */
  async attachConsole(domain: number): Promise<ConsoleInput> {
    const read = `xenstore-read /local/domain/${domain}/console/tty`;
    const tty = (await output(this, read, TYPE_MILLISECONDS)).trim();
    let previous: Promise<unknown> = Promise.resolve();
    return {
      write: (bytes) => {
        const write = async () => {
          const file = await this.put("typed", bytes);
          await output(this, `cat ${file} >${tty}`, TYPE_MILLISECONDS);
          await this.remove(file);
        };
        // In order, also after a failure.
        const written = previous.then(write, write);
        previous = written;
        return written;
      },
      close: () => {},
    };
  }

  async hypervisorLog(): Promise<string> {
    return (await readFile(this.#log, "utf8").catch(() => "")).replaceAll("\r", "");
  }

  async close(): Promise<void> {
    this.#end("the test bed was closed");
    const guard = this.#child.stdio[3] as Writable;
    guard.end("stop\n");
    const late = setTimeout(() => this.#killGroup(), CLOSE_MILLISECONDS);
    if (this.#child.pid !== undefined) await this.#exited;
    clearTimeout(late);
    await rm(this.#folder, { recursive: true, force: true });
  }

  #killGroup(): void {
    try {
      process.kill(-this.#child.pid!, "SIGKILL");
    } catch {
      // It ended just now.
    }
  }

  #hear(line: string): void {
    const [number, status] = line === "ready" ? [0, 0] : line.split(" ").map(Number);
    this.#waiting.get(number)?.resolve(status);
  }

  async #answer(number: number, what: string, timeoutMilliseconds: number): Promise<number> {
    if (this.#gone !== undefined) throw this.#gone;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<number>((resolve, reject) => {
        this.#waiting.set(number, { resolve, reject });
        const late = () =>
          reject(new ToolstackError(`${what}: no answer from the test bed in ${timeoutMilliseconds} ms`));
        timer = setTimeout(late, timeoutMilliseconds);
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(number);
    }
  }

  /** An end that nobody asked for: the reason is in what QEMU or Xen said last. */
  async #explain(what: string): Promise<void> {
    const said = `${await this.hypervisorLog()}\n${this.#errors}`.split("\n").filter((line) => line.trim() !== "");
    this.#end([what, ...said.slice(-3)].join("; "));
  }

  #end(reason: string): void {
    this.#gone ??= new ToolstackError(`test bed: ${reason}`);
    for (const { reject } of this.#waiting.values()) reject(this.#gone);
  }
}
