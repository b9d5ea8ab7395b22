// One guest of a toolstack: created from an ELF file and a configuration, with its console, its end and xenstore. xl's
// own background process follows the guest's life; what it writes to its log is how we know of the end.

import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";
import { configString, formatGuestConfig, type GuestConfig, parseGuestConfig, stringValue } from "./guestConfig.js";
import { type ConsoleInput, output, quoted, type Toolstack, ToolstackError } from "./toolstack.js";

/** What xl does when a guest stopped. */
export type EndAction = "destroy" | "preserve" | "restart";

export interface GuestOptions {
  /** Letters, digits, dots and dashes; no other guest has it. */
  readonly name: string;
  /** The path of the kernel's ELF file, or its bytes. */
  readonly kernel: string | Uint8Array;
  /** Text of a configuration file for xl; the options here come before what it says. */
  readonly config?: string;
  readonly memoryMegabytes?: number;
  /** The kernel's command line. */
  readonly commandLine?: string;
  readonly onCrash?: EndAction;
  readonly onReboot?: EndAction;
}

/** Why a guest ended, as Xen knows it; `destroyed` is from outside. */
export type EndReason = "poweroff" | "reboot" | "suspend" | "crash" | "watchdog" | "soft-reset" | "destroyed";

export interface GuestEnd {
  readonly reason: EndReason;
  /** What the image quit with, where the kernel told: under `data/exit-code` in xenstore, or on port 0xE9. */
  readonly exitCode?: number;
}

/** Xen's numbers, sched.h's SHUTDOWN_*. */
const REASONS: readonly EndReason[] = ["poweroff", "reboot", "suspend", "crash", "watchdog", "soft-reset"];
const POLL_MILLISECONDS = 20;
/** xenconsoled may leave a busy guest's ring alone for 200 ms. */
const LAST_OUTPUT_MILLISECONDS = 250;
const COMMAND_MILLISECONDS = 60_000;
const DEFAULT_WAIT_MILLISECONDS = 60_000;
const DEFAULT_MEGABYTES = 32;

/** Creates the domain and starts it. Throws a ToolstackError with xl's own words where xl refuses. */
export async function createGuest(toolstack: Toolstack, options: GuestOptions): Promise<Guest> {
  if (!/^[A-Za-z0-9.-]+$/.test(options.name)) {
    throw new ToolstackError(`${options.name}: no name for a guest; use letters, digits, dots and dashes`);
  }
  const kernel = typeof options.kernel === "string" ? { file: options.kernel } : options.kernel;
  const kernelPath = await toolstack.put(`${options.name}.elf`, kernel);
  const { config, actions } = completeConfig(options, kernelPath);
  const configPath = await toolstack.put(`${options.name}.cfg`, Buffer.from(formatGuestConfig(config)));
  const guest = new Guest(toolstack, options.name, actions, [kernelPath, configPath]);
  await guest.start(configPath);
  return guest;
}

type Actions = Readonly<Record<"poweroff" | "reboot" | "crash", string>>;

/** A guest that stops is preserved until its last output and exit code are read; `actions` says what then happens. */
function completeConfig(options: GuestOptions, kernelPath: string): { config: GuestConfig; actions: Actions } {
  const config = parseGuestConfig(options.config ?? "");
  const actionOf = (key: string, option?: string) => option ?? stringValue(config, key) ?? "destroy";
  const actions = {
    poweroff: actionOf("on_poweroff"),
    reboot: actionOf("on_reboot", options.onReboot),
    crash: actionOf("on_crash", options.onCrash),
  };
  if (!config.has("type")) config.set("type", '"pvh"');
  if (!config.has("vcpus")) config.set("vcpus", "1");
  config.set("name", configString(options.name));
  config.set("kernel", configString(kernelPath));
  if (options.commandLine !== undefined) config.set("cmdline", configString(options.commandLine));
  if (options.memoryMegabytes !== undefined || !config.has("memory")) {
    config.set("memory", String(options.memoryMegabytes ?? DEFAULT_MEGABYTES));
    config.delete("maxmem");
  }
  for (const [event, action] of Object.entries(actions)) {
    config.set(`on_${event}`, configString(action === "destroy" ? "preserve" : action));
  }
  return { config, actions };
}

export class Guest {
  readonly name: string;
  readonly #toolstack: Toolstack;
  readonly #actions: Actions;
  /** What was put there for this guest; a restart reads it again. */
  readonly #files: readonly string[];
  readonly #console: Follower;
  readonly #life: Follower;
  #input: Promise<ConsoleInput> | undefined;
  #end: Promise<GuestEnd> | undefined;

  constructor(toolstack: Toolstack, name: string, actions: Actions, files: readonly string[]) {
    this.name = name;
    this.#toolstack = toolstack;
    this.#actions = actions;
    this.#files = files;
    this.#console = new Follower(toolstack.consoleLog(name));
    this.#life = new Follower(toolstack.lifeLog(name));
  }

  /** Used by createGuest alone. */
  async start(configPath: string): Promise<void> {
    // Left by an earlier guest of that name; xl itself puts its old log away.
    rmSync(this.#toolstack.consoleLog(this.name), { force: true });
    const paused = this.#toolstack.createsPaused ? "-p " : "";
    await output(this.#toolstack, `xl create -q ${paused}${quoted(configPath)}`, COMMAND_MILLISECONDS);
    await this.#until(() => this.#newestDomain() !== undefined, DEFAULT_WAIT_MILLISECONDS, "xl says nothing of it");
    if (!this.#toolstack.createsPaused) return;
    await this.#attached();
    await output(this.#toolstack, `xl unpause ${this.domain}`, COMMAND_MILLISECONDS);
  }

  /** The domain's number; another one after a restart. */
  get domain(): number {
    return this.#newestDomain()!;
  }

  /** All that the guest wrote to its console so far, with the line ends that it wrote. */
  get output(): string {
    return this.#console.read();
  }

  /** Answers the match once `pattern` fits the output, also what came before. Throws when the guest ends without, or late. */
  async waitForOutput(pattern: RegExp, timeoutMilliseconds = DEFAULT_WAIT_MILLISECONDS): Promise<RegExpExecArray> {
    let match: RegExpExecArray | null = null;
    let sinceEnd = 0;
    const isThere = () => {
      match = pattern.exec(this.output);
      if (match === null && this.#stopped() !== undefined) sinceEnd += POLL_MILLISECONDS;
      return match !== null || sinceEnd > LAST_OUTPUT_MILLISECONDS;
    };
    await this.#until(isThere, timeoutMilliseconds, `nothing like ${pattern} on the console`);
    if (match !== null) return match;
    throw new ToolstackError(`${this.name}: ended without ${pattern} on the console${this.#lastOutput()}`);
  }

  /** Waits until the guest has a later domain than that: xl may tell of the new one after its console does. */
  async restarted(before: number, timeoutMilliseconds = DEFAULT_WAIT_MILLISECONDS): Promise<void> {
    await this.#until(() => this.domain > before, timeoutMilliseconds, "not started anew");
  }

  /** Types on the guest's console. */
  async type(text: string | Uint8Array): Promise<void> {
    const input = await this.#attached();
    await input.write(typeof text === "string" ? Buffer.from(text) : text);
  }

  /** Asks the guest to power off or reboot, through `control/shutdown`; the guest decides when. */
  async shutdown(kind: "poweroff" | "reboot" = "poweroff"): Promise<void> {
    const command = kind === "poweroff" ? "shutdown" : "reboot";
    await output(this.#toolstack, `xl ${command} ${quoted(this.name)}`, COMMAND_MILLISECONDS);
  }

  /** Ends the guest at once. */
  async destroy(): Promise<void> {
    await output(this.#toolstack, `xl destroy ${quoted(this.name)}`, COMMAND_MILLISECONDS);
  }

  /** Whether the guest stopped, of itself or not. */
  get hasStopped(): boolean {
    return this.#stopped() !== undefined;
  }

  /** Waits for the end; the domain is gone then, unless it is to be preserved. Throws when the time is up. */
  async ended(timeoutMilliseconds = DEFAULT_WAIT_MILLISECONDS): Promise<GuestEnd> {
    await this.#until(() => this.#stopped() !== undefined, timeoutMilliseconds, "the guest goes on");
    this.#end ??= this.#finish(this.#stopped()!);
    return this.#end;
  }

  /** A value of xenstore; a path without a leading slash is below the guest's own. Undefined where there is none. */
  async xenstoreRead(path: string): Promise<string | undefined> {
    const { status, stdout } = await this.#toolstack.run(
      `xenstore-read ${quoted(this.#fullPath(path))}`,
      COMMAND_MILLISECONDS,
    );
    return status === 0 ? stdout.replace(/\n$/, "") : undefined;
  }

  async xenstoreWrite(path: string, value: string): Promise<void> {
    const words = `${quoted(this.#fullPath(path))} ${quoted(value)}`;
    await output(this.#toolstack, `xenstore-write ${words}`, COMMAND_MILLISECONDS);
  }

  /** The guest's part of xenstore, a line `path = "value"` each, as xenstore-ls prints them. */
  async xenstoreList(path = ""): Promise<string> {
    return output(this.#toolstack, `xenstore-ls -f ${quoted(this.#fullPath(path))}`, COMMAND_MILLISECONDS);
  }

  #fullPath(path: string): string {
    if (path.startsWith("/")) return path;
    return path === "" ? `/local/domain/${this.domain}` : `/local/domain/${this.domain}/${path}`;
  }

  #attached(): Promise<ConsoleInput> {
    this.#input ??= this.#toolstack.attachConsole(this.domain, this.name);
    return this.#input;
  }

  #newestDomain(): number | undefined {
    const all = [...this.#life.read().matchAll(/\(domid (\d+)\)/g)];
    return all.length === 0 ? undefined : Number(all[all.length - 1][1]);
  }

  /** Only an end that is final: a guest that is restarted goes on. */
  #stopped(): EndReason | undefined {
    const text = this.#life.read();
    if (/Domain \d+ has been destroyed/.test(text)) return "destroyed";
    for (const [, code, action] of text.matchAll(/Action for shutdown reason code (\d+) is (\w+)/g)) {
      if (action !== "restart") return REASONS[Number(code)] ?? "crash";
    }
    return undefined;
  }

  /** Waits for the last output, reads the exit code, and does what the configuration asked for. */
  async #finish(reason: EndReason): Promise<GuestEnd> {
    const exitCode = reason === "destroyed" ? undefined : await this.#exitCode();
    await sleep(LAST_OUTPUT_MILLISECONDS);
    this.#console.read();
    const action = reason === "poweroff" || reason === "reboot" ? this.#actions[reason] : this.#actions.crash;
    if (reason !== "destroyed" && action === "destroy") await this.destroy();
    if (this.#input !== undefined) (await this.#input).close();
    for (const file of this.#files) await this.#toolstack.remove(file);
    return exitCode === undefined ? { reason } : { reason, exitCode };
  }

  /** Xen's log has it only where Xen was started with guest_loglvl=all, as the test bed does. */
  async #exitCode(): Promise<number | undefined> {
    const code = await this.xenstoreRead("data/exit-code");
    if (code !== undefined && /^\d+$/.test(code)) return Number(code);
    const line = new RegExp(`\\(d${this.domain}\\) stvm: exit (\\d+)$`, "m").exec(
      await this.#toolstack.hypervisorLog(),
    );
    return line === null ? undefined : Number(line[1]);
  }

  async #until(isThere: () => boolean, timeoutMilliseconds: number, otherwise: string): Promise<void> {
    const end = Date.now() + timeoutMilliseconds;
    while (!isThere()) {
      if (Date.now() > end) {
        throw new ToolstackError(`${this.name}: ${otherwise} after ${timeoutMilliseconds} ms${this.#lastOutput()}`);
      }
      await sleep(POLL_MILLISECONDS);
    }
  }

  #lastOutput(): string {
    const lines = this.output.split(/\r?\n/).filter((line) => line !== "");
    return lines.length === 0 ? "; its console is empty" : `; its console ends with: ${lines.slice(-3).join(" | ")}`;
  }
}

/** A file that grows, read as far as it is there. */
class Follower {
  readonly #path: string;
  readonly #decoder = new StringDecoder("utf8");
  #position = 0;
  #text = "";

  constructor(path: string) {
    this.#path = path;
  }

  read(): string {
    let file: number;
    try {
      file = openSync(this.#path, "r");
    } catch {
      return this.#text;
    }
    const chunk = Buffer.alloc(64 << 10);
    for (;;) {
      const count = readSync(file, chunk, 0, chunk.length, this.#position);
      if (count === 0) break;
      this.#position += count;
      this.#text += this.#decoder.write(chunk.subarray(0, count));
    }
    closeSync(file);
    return this.#text;
  }
}
