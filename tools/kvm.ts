// Whether QEMU can take KVM here. That /dev/kvm exists says little: on some machines it interprets guest code and takes a
// thousand times as long as QEMU's own emulation. So a guest of a few bytes counts for a moment, and the clock decides.

import { spawn } from "node:child_process";
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assemble } from "../boot/link/assembler.js";
import { writeElf } from "../boot/link/elf.js";
import { cacheFolder } from "./testbed/cache.js";
import { type Qemu } from "./testbed/qemu.js";

const DEVICE = "/dev/kvm";
const START = 0x100000;
/** Some 30 ms of a real processor's time; a minute and more of an interpreting one's. */
const TURNS = 50_000_000;
/** QEMU's own start takes most of it. */
const LIMIT_MILLISECONDS = 1500;
const XEN_NOTE_PHYS32_ENTRY = 18;
/** The guest's answer (0x2a) as QEMU's exit status. */
const GOOD_STATUS = (0x2a << 1) | 1;

export type KvmState =
  | { readonly kind: "real" }
  | { readonly kind: "none" }
  /** There is a device, and it cannot be taken: the reason. */
  | { readonly kind: "unusable"; readonly reason: string };

/** Probes once a start of the machine; the answer is kept in the cache folder. */
export async function kvmState(qemu: Qemu): Promise<KvmState> {
  try {
    accessSync(DEVICE, constants.R_OK | constants.W_OK);
  } catch {
    return { kind: "none" };
  }
  const file = join(cacheFolder(), "kvm-probe.json");
  const boot = readOr("/proc/sys/kernel/random/boot_id", "");
  const known = parsed(readOr(file, ""));
  if (known !== undefined && known.boot === boot && boot !== "") return known.state;
  const state = await probe(qemu);
  try {
    mkdirSync(cacheFolder(), { recursive: true });
    writeFileSync(file, JSON.stringify({ boot, state }));
  } catch {
    // Without a cache it is probed again the next time.
  }
  return state;
}

async function probe(qemu: Qemu): Promise<KvmState> {
  const folder = mkdtempSync(join(tmpdir(), "stvm-kvm-"));
  try {
    const kernel = join(folder, "count");
    writeFileSync(kernel, countingGuest());
    const machine = ["-M", "microvm,accel=kvm", "-cpu", "host", "-m", "16", "-nodefaults", "-display", "none"];
    const device = ["-no-reboot", "-device", "isa-debug-exit,iobase=0xf4", "-kernel", kernel];
    const status = await statusWithin(qemu, [...machine, ...device]);
    if (status === GOOD_STATUS) return { kind: "real" };
    if (status !== undefined) return { kind: "unusable", reason: `a guest under it ends with status ${status}` };
    return { kind: "unusable", reason: `a loop of 50 million turns took more than ${LIMIT_MILLISECONDS} ms under it` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function statusWithin(qemu: Qemu, options: readonly string[]): Promise<number | undefined> {
  return new Promise((resolve) => {
    const child = spawn(qemu.program, [...qemu.words, ...options], {
      stdio: "ignore",
      env: { ...process.env, ...qemu.environment },
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MILLISECONDS);
    child.once("error", () => resolve(-1));
    child.once("exit", (status) => {
      clearTimeout(timer);
      resolve(status ?? undefined);
    });
  });
}

/** A PVH guest that counts and ends. */
function countingGuest(): Uint8Array {
  const { bytes } = assemble(
    [
      ["mov", "ecx", TURNS],
      "again:",
      ["dec", "ecx"],
      ["jnz", "again"],
      ["mov", "eax", 0x2a],
      ["mov", "edx", 0xf4],
      ["out", "dx", "al"],
      ["hlt"],
    ],
    32,
  );
  const entry = Buffer.alloc(8);
  entry.writeUInt32LE(START);
  const protection = { write: false, execute: true };
  return writeElf({
    entry: BigInt(START),
    segments: [{ name: ".text", address: BigInt(START), bytes, memoryBytes: bytes.length, protection }],
    notes: [{ owner: "Xen", type: XEN_NOTE_PHYS32_ENTRY, descriptor: entry }],
    stackHeader: false,
  });
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return otherwise;
  }
}

function parsed(text: string): { boot: string; state: KvmState } | undefined {
  try {
    return text === "" ? undefined : (JSON.parse(text) as { boot: string; state: KvmState });
  } catch {
    return undefined;
  }
}
