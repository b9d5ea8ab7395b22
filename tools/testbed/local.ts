// The toolstack of this machine, where it is a Xen host: xl from the PATH, run by someone who may (root).

import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { createWriteStream, existsSync, readdirSync, readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type ConsoleInput, type ScriptResult, type Toolstack, ToolstackError } from "./toolstack.js";

const CONTROL_DOMAIN = "/proc/xen/capabilities";
const LOG_FOLDER = "/var/log/xen";
/** Where distributions keep xenconsole: each release of Xen has a folder of its own under Debian. */
const LIBRARY_FOLDERS = ["/usr/lib", "/usr/libexec", "/usr/local/lib"];
const MAX_OUTPUT_BYTES = 16 << 20;

/** Whether this is Xen's control domain, with xl on the PATH. */
export function isXenHost(): boolean {
  if (!existsSync(CONTROL_DOMAIN) || !readFileSync(CONTROL_DOMAIN, "utf8").includes("control_d")) return false;
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, "xl")));
}

/** `logFolder` is where xl keeps its logs, `libraryFolders` are searched for xenconsole. */
export async function localToolstack(
  logFolder = LOG_FOLDER,
  libraryFolders: readonly string[] = LIBRARY_FOLDERS,
): Promise<Toolstack> {
  const folder = await mkdtemp(join(tmpdir(), "stvm-xen-"));
  const consoles = new Map<string, ChildProcessWithoutNullStreams>();
  return {
    createsPaused: true,
    run: runScript,
    async put(name, contents) {
      const path = join(folder, name);
      if (contents instanceof Uint8Array) await writeFile(path, contents);
      else await copyFile(contents.file, path);
      return path;
    },
    remove: (path) => rm(path, { force: true }),
    consoleLog: (name) => join(folder, `guest-${name}.log`),
    lifeLog: (name) => join(logFolder, `xl-${name}.log`),
    async attachConsole(domain, name) {
      consoles.get(name)?.kill();
      const child = await attach(xenconsole(libraryFolders), domain, join(folder, `guest-${name}.log`));
      consoles.set(name, child);
      return inputOf(child);
    },
    async hypervisorLog() {
      return (await runScript("xl dmesg", 60_000)).stdout;
    },
    async close() {
      for (const [name, child] of consoles) {
        await runScript(`xl destroy '${name}'`, 60_000);
        child.kill();
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function runScript(script: string, timeoutMilliseconds: number): Promise<ScriptResult> {
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutMilliseconds, maxBuffer: MAX_OUTPUT_BYTES, env: process.env };
    execFile("/bin/sh", ["-c", script], options, (error, stdout, stderr) => {
      if (error?.killed) reject(new ToolstackError(`${script}: no answer in ${timeoutMilliseconds} ms`));
      else resolve({ status: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

/** xenconsole reads a terminal only, unless told that the pipe is one. */
async function attach(program: string, domain: number, log: string): Promise<ChildProcessWithoutNullStreams> {
  const child = spawn(program, [String(domain), "--num", "0", "--interactive"], { stdio: "pipe", env: process.env });
  child.stdout.pipe(createWriteStream(log));
  child.stdin.on("error", () => {});
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => reject(new ToolstackError(`xenconsole: ${error.message}`)));
  });
  return child;
}

function inputOf(child: ChildProcessWithoutNullStreams): ConsoleInput {
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        child.stdin.write(bytes, (error) => (error ? reject(new ToolstackError(error.message)) : resolve()));
      }),
    // At the guest's end xenconsole ends by itself, when it has printed all.
    close: () => child.stdin.end(),
  };
}

function xenconsole(libraryFolders: readonly string[]): string {
  for (const folder of libraryFolders.filter((each) => existsSync(each))) {
    for (const name of readdirSync(folder).filter((each) => /^xen(-|$)/.test(each))) {
      const path = join(folder, name, "bin/xenconsole");
      if (existsSync(path)) return path;
    }
  }
  throw new ToolstackError(`xenconsole: not found below ${libraryFolders.join(", ")}; install xen-utils`);
}
