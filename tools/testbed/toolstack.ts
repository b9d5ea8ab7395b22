// Where xl is: on this machine when it is a Xen host, or in the test bed's dom0. Scripts are for sh.

/** A command of the toolstack, or the bed itself, failed; the message names the thing and the reason. */
export class ToolstackError extends Error {}

export interface ScriptResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What someone types. */
export interface ConsoleInput {
  /** Resolves when the bytes are on their way to the guest. */
  write(bytes: Uint8Array): Promise<void>;
  close(): void;
}

export interface Toolstack {
  /** Whether a guest must wait, paused, for attachConsole: otherwise nothing of its output is ever lost. */
  readonly createsPaused: boolean;
  /** Runs a script to its end. Throws a ToolstackError when the time is up or the toolstack is gone. */
  run(script: string, timeoutMilliseconds: number): Promise<ScriptResult>;
  /** Puts a file, or a copy of one, where scripts see it; answers its path there. */
  put(name: string, contents: Uint8Array | { readonly file: string }): Promise<string>;
  /** Removes a file by the path that `put` answered. */
  remove(path: string): Promise<void>;
  /** Paths on this machine: all that a guest wrote to its console, and what xl tells of the guest's life. */
  consoleLog(name: string): string;
  lifeLog(name: string): string;
  attachConsole(domain: number, name: string): Promise<ConsoleInput>;
  /** What Xen itself printed, as far as it is known: guests' output to port 0xE9 and reasons of crashes are in it. */
  hypervisorLog(): Promise<string>;
  /** Ends everything that this toolstack started, guests included. */
  close(): Promise<void>;
}

/** Runs a script that must succeed and answers what it printed. */
export async function output(toolstack: Toolstack, script: string, timeoutMilliseconds: number): Promise<string> {
  const { status, stdout, stderr } = await toolstack.run(script, timeoutMilliseconds);
  if (status === 0) return stdout;
  // The cause comes first, then what failed because of it.
  const reason = stderr.trim().split("\n").slice(0, 2).join("; ") || `status ${status}`;
  throw new ToolstackError(`${script.split("\n")[0]}: ${reason}`);
}

/** A word for a script, whatever is in it. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
