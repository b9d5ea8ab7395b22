// Guests in the test bed, for real: Xen and dom0 under QEMU. One bed serves all of these tests. They skip, counted and
// with the reason, only where QEMU or Debian's packages cannot be had.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { createGuest, type Guest, type GuestOptions } from "../../tools/testbed/guest.js";
import { runGuest } from "../../tools/testbed/bootGuest.js";
import { startBed } from "../../tools/testbed/bed.js";
import { PackageError } from "../../tools/testbed/packages.js";
import { testbedParts } from "../../tools/testbed/parts.js";
import { findQemu } from "../../tools/testbed/qemu.js";
import type { Toolstack } from "../../tools/testbed/toolstack.js";
import { describeKernels } from "./testbed/kernels.js";
import { tinyGuest } from "./testbed/tinyGuest.js";

const START_MILLISECONDS = 180_000;

const missing = await reasonWithout();
if (missing !== undefined) console.log(`skipped: the tests in the Xen test bed: ${missing}`);
const testInBed = missing === undefined ? test : test.skip;
const kernel = tinyGuest();
let bed: Toolstack;

beforeAll(async () => {
  if (missing === undefined) bed = await startBed({ startTimeoutMilliseconds: START_MILLISECONDS });
}, START_MILLISECONDS);

afterAll(async () => {
  await bed?.close();
});

/** Why there can be no bed here; undefined where there can. */
async function reasonWithout(): Promise<string | undefined> {
  try {
    await Promise.all([findQemu(console.error), testbedParts(console.error)]);
    return undefined;
  } catch (error) {
    if (error instanceof PackageError) return error.message;
    throw error;
  }
}

function create(name: string, options: Partial<GuestOptions> = {}): Promise<Guest> {
  return createGuest(bed, { name, kernel, memoryMegabytes: 8, ...options });
}

async function domains(): Promise<string> {
  return (await bed.run("xl list", 60_000)).stdout;
}

describe("a guest", () => {
  testInBed("prints, hears what is typed, powers off and is gone", async () => {
    const line = `one 'two' "three" \\four`;
    const guest = await create("talker", { commandLine: line });
    await guest.waitForOutput(/^tiny guest: one [^\n]+\n/);
    await guest.type("ab");
    await guest.waitForOutput(/<a><b>/);
    await guest.type("q");
    expect(await guest.ended()).toEqual({ reason: "poweroff" });
    expect(guest.output).toBe(`tiny guest: ${line}\r\n<a><b><q>`);
    expect(await domains()).not.toMatch(/talker/);
    expect(await bed.hypervisorLog()).toContain(`(d${guest.domain}) tiny guest: ${line}`);
  });

  testInBed("is seen in xenstore, sees what is written there, and its exit code is handed on", async () => {
    const guest = await create("stored");
    expect(await guest.xenstoreRead("name")).toBe("stored");
    expect(await guest.xenstoreRead("nothing/here")).toBeUndefined();
    await guest.xenstoreWrite("data/greeting", `it's "here"`);
    await guest.xenstoreWrite("data/exit-code", "42");
    expect(await guest.xenstoreList("data")).toMatch(/data\/greeting = "it's \\?"here\\?""/);
    await guest.type("q");
    expect(await guest.ended()).toEqual({ reason: "poweroff", exitCode: 42 });
  });
});

describe("a guest with its console on streams", () => {
  const collect = (chunks: string[]) =>
    new Writable({ write: (chunk, _, done) => (chunks.push(String(chunk)), done()), decodeStrings: false });

  testInBed("hears what comes in, is heard, and ends", async () => {
    const chunks: string[] = [];
    const streams = { input: Readable.from(["ab", "q"]), output: collect(chunks), say: () => {} };
    const request = { name: "streamed", kernel, memoryMegabytes: 8, commandLine: "streams" };
    expect(await runGuest(bed, request, streams)).toEqual({ reason: "poweroff" });
    expect(chunks.join("")).toBe("tiny guest: streams\r\n<a><b><q>");
  });

  testInBed("is destroyed when its time is up", async () => {
    const streams = { input: new PassThrough(), output: collect([]), say: () => {} };
    const request = { name: "late", kernel, memoryMegabytes: 8, timeoutMilliseconds: 200 };
    await expect(runGuest(bed, request, streams)).rejects.toThrow(
      "late: still running after 200 ms; the guest was destroyed",
    );
    expect(await domains()).not.toMatch(/late/);
  });
});

describe("two guests at once", () => {
  testInBed("have a console each, and one goes on when the other is destroyed", async () => {
    const [first, second] = [await create("first"), await create("second")];
    await Promise.all([first.type("1"), second.type("2")]);
    await Promise.all([first.waitForOutput(/<1>$/), second.waitForOutput(/<2>$/)]);
    await first.destroy();
    expect((await first.ended()).reason).toBe("destroyed");
    await second.type("3q");
    expect(await second.ended()).toEqual({ reason: "poweroff" });
    expect(second.output).toMatch(/<2><3><q>$/);
    expect(first.output).toMatch(/<1>$/);
  });
});

describe("a crash", () => {
  testInBed("is told, and the domain removed", async () => {
    const guest = await create("crasher");
    await guest.type("c");
    expect(await guest.ended()).toEqual({ reason: "crash" });
    expect(guest.output).toMatch(/<c>$/);
    expect(await domains()).not.toMatch(/crasher/);
  });

  testInBed("leaves the domain where on_crash says preserve", async () => {
    const guest = await create("kept", { config: 'on_crash = "preserve"' });
    await guest.type("c");
    expect(await guest.ended()).toEqual({ reason: "crash" });
    expect(await domains()).toMatch(/kept .* ---sc-|kept .* ----c-/);
    await guest.destroy();
    expect(await domains()).not.toMatch(/kept/);
  });

  testInBed("starts the guest anew where on_crash says restart", async () => {
    const guest = await create("phoenix", { onCrash: "restart" });
    await guest.waitForOutput(/tiny guest/);
    const before = guest.domain;
    await guest.type("c");
    await guest.waitForOutput(/<c>tiny guest/);
    await guest.restarted(before);
    await guest.type("q");
    expect(await guest.ended()).toEqual({ reason: "poweroff" });
  });
});

describe("what goes wrong is said in one line", () => {
  testInBed("a file that is no kernel", async () => {
    const broken = create("broken", { kernel: Buffer.from("no kernel at all") });
    await expect(broken).rejects.toThrow(/^xl create .*: [^\n]+$/);
    expect(await domains()).not.toMatch(/broken/);
  });

  testInBed("output that never comes, and a guest that does not end", async () => {
    const guest = await create("silent");
    await guest.waitForOutput(/tiny guest/);
    await expect(guest.waitForOutput(/nothing/, 100)).rejects.toThrow(
      "silent: nothing like /nothing/ on the console after 100 ms; its console ends with: tiny guest: ",
    );
    await guest.type("l");
    await guest.waitForOutput(/<l>/);
    await expect(guest.ended(100)).rejects.toThrow(/^silent: the guest goes on after 100 ms; /);
    await guest.destroy();
    await expect(guest.waitForOutput(/nothing/)).rejects.toThrow(/^silent: ended without \/nothing\/ on the console; /);
  });

  testInBed("more memory than there is", async () => {
    await expect(create("giant", { memoryMegabytes: 4096 })).rejects.toThrow(/^xl create .*memory[^\n]*$/);
  });
});

describeKernels(() => bed, missing === undefined);

testInBed("a bed goes when the process that started it is killed with its whole group", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stvm-owner-"));
  const module = new URL("../../tools/testbed/bed.js", import.meta.url).href;
  const program = `const { startBed } = await import(${JSON.stringify(module)}); await startBed(); setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ["--input-type=module", "-e", program], {
    env: { ...process.env, TMPDIR: folder },
    stdio: "ignore",
    detached: true,
  });
  await until(() => commandLines().some((line) => line.includes(folder) && line.split("\0")[0].includes("qemu")));
  process.kill(-owner.pid!, "SIGKILL");
  await until(() => !commandLines().some((line) => line.includes(folder)));
  await until(() => readdirSync(folder).length === 0);
  rmdirSync(folder);
});

/** Of every process of this machine. */
function commandLines(): string[] {
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return processes.flatMap((name) => {
    try {
      return [readFileSync(`/proc/${name}/cmdline`, "latin1")];
    } catch {
      return [];
    }
  });
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !isTrue(); await sleep(20)) {
    if (Date.now() > end) throw new Error(`30 s passed without ${isTrue.toString()}`);
  }
}
