// The kernel's program over boot/fake, from the start to the domain's end: exit codes, requests to stop, and what it says
// before it crashes.

import { beforeEach, describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { KERNEL_WORDS } from "../../../tools/kernelWords.js";
import { type FakeKernel, fakeKernel, reasonOf } from "./fakeKernel.js";

const IDLE = 1;
const QUIT = 2;
const FATAL = 3;
const WAITING = 4;
const POWER_OFF = 0;
const REBOOT = 1;
const SUSPEND = 2;
const CRASH = 3;
const START_INFO = 0x9000_0000;
const MB = 1 << 20;

let kernel: FakeKernel;

/** What the loader leaves: start information, command line, memory map. */
function load(commandLine: string, memoryBytes = 256 * MB): void {
  const info = Buffer.alloc(56 + 24);
  info.writeUInt32LE(0x336ec578, 0);
  info.writeUInt32LE(1, 4);
  info.writeBigUInt64LE(BigInt(START_INFO + 0x1000), 24);
  info.writeBigUInt64LE(BigInt(START_INFO + 56), 40);
  info.writeUInt32LE(1, 48);
  info.writeBigUInt64LE(BigInt(memoryBytes), 56 + 8);
  info.writeUInt32LE(1, 56 + 16);
  kernel.machine.physical.set(START_INFO, info);
  kernel.machine.physical.set(START_INFO + 0x1000, Buffer.from(`${commandLine}\0`));
  const record = Buffer.alloc(16);
  record.writeBigUInt64LE(BigInt(START_INFO), 0);
  kernel.machine.physical.set(0x8000_0000, record);
  kernel.machine.linked.set(16, 0x8000_0000n);
  kernel.machine.linked.set(17, 0x7000_0000n);
  kernel.machine.linked.set(18, 0x8800_0000n);
  kernel.machine.linked.set(19, BigInt(2 * MB));
}

function start(): number {
  return reasonOf(() => kernel.call["startKernel"]!());
}

beforeEach(async () => {
  kernel = await fakeKernel();
  load("");
});

describe("the image's end", () => {
  it("quits with a code: orderly, the code told on port E9h", () => {
    kernel.outcomes.push({ code: QUIT, detail: 3n });
    expect(start()).toBe(POWER_OFF);
    expect(kernel.debugText).toBe("stvm: exit 3\n");
    expect(kernel.console.text).toBe("");
    expect(kernel.store.values.get("data/exit-code")).toBe("3");
  });

  it("tells the code on the console too where asked", () => {
    load("stvm.exit");
    kernel.outcomes.push({ code: QUIT, detail: 0n });
    expect(start()).toBe(POWER_OFF);
    expect(kernel.console.text).toBe("stvm: exit 0\r\n");
  });

  it("cannot go on: the domain crashes", () => {
    kernel.outcomes.push({ code: FATAL });
    expect(start()).toBe(CRASH);
    expect(kernel.debugText).toBe("stvm: the image cannot go on\n");
  });

  it("what is on the console has been taken before the domain ends", () => {
    kernel.console.bytesPerStep = 3;
    const before = () => void kernel.call["fileWrite"]!(1, 0, ...kernel.put("goodbye\n"));
    kernel.outcomes.push({ code: QUIT, before });
    expect(start()).toBe(POWER_OFF);
    expect(kernel.console.text).toBe("goodbye\r\n");
  });
});

describe("waiting", () => {
  it("idle until a time is one poll", () => {
    // The first waits end at once: xenstore has answered since the rings were looked at.
    const idle = { code: IDLE, detail: 1_700_000_010_000_000n };
    kernel.outcomes.push(idle, idle, idle, { code: QUIT });
    expect(start()).toBe(POWER_OFF);
    expect(kernel.machine.ticks).toBeGreaterThanOrEqual(10_000_000_000n);
    expect(kernel.xen.waits.filter(({ until }) => until > 9_999_000_000n && until < 10_001_000_000n).length).toBe(1);
  });

  it("input ends a wait without end", () => {
    let line = "";
    kernel.outcomes.push(
      { code: WAITING, before: () => kernel.console.type("hello\r") },
      { code: WAITING },
      {
        code: QUIT,
        before() {
          const [address] = kernel.put("", 8192);
          line = kernel.textAt(address, kernel.call["fileRead"]!(0, 0, address, 100));
        },
      },
    );
    expect(start()).toBe(POWER_OFF);
    expect(line).toBe("hello\n");
  });

  it("Ctrl-C interrupts the image", () => {
    kernel.outcomes.push(
      { code: WAITING, before: () => kernel.console.type("\x03") },
      { code: IDLE, detail: 1n },
      { code: QUIT },
    );
    expect(start()).toBe(POWER_OFF);
    expect(kernel.vmCalls.map(([name]) => name)).toContain("requestInterrupt");
  });
});

describe("requests of the tool stack", () => {
  const ask = (word: string) => () => kernel.store.write("control/shutdown", word);
  const readAtEnd = () => {
    const [address] = kernel.put("", 8192);
    expect(kernel.call["fileRead"]!(0, 0, address, 10)).toBe(0);
  };

  it("poweroff: the console input ends, the image quits in order", () => {
    kernel.outcomes.push(
      { code: WAITING, before: ask("poweroff") },
      { code: WAITING },
      { code: QUIT, detail: 5n, before: readAtEnd },
    );
    expect(start()).toBe(POWER_OFF);
    expect(kernel.debugText).toBe("stvm: exit 5\n");
    expect(kernel.store.values.get("control/shutdown")).toBe("");
    expect(kernel.vmCalls.filter(([name]) => name === "queueEvent")).toHaveLength(1);
  });

  it("an image that does not listen is ended in order after three seconds", () => {
    kernel.outcomes.push({ code: WAITING, before: ask("halt") });
    for (let i = 0; i < 10; i++) kernel.outcomes.push({ code: WAITING });
    const before = kernel.machine.ticks;
    expect(start()).toBe(POWER_OFF);
    expect(Number(kernel.machine.ticks - before)).toBeLessThan(5e9);
    expect(kernel.debugText).toBe("stvm: exit 0\n");
  });

  it("reboot ends with that reason", () => {
    kernel.outcomes.push({ code: WAITING, before: ask("reboot") }, { code: WAITING }, { code: QUIT });
    expect(start()).toBe(REBOOT);
  });

  it("an image that opened /dev/shutdown reads what is asked for", () => {
    let handle = -1;
    let line = "";
    kernel.outcomes.push(
      {
        code: WAITING,
        before() {
          handle = kernel.call["fileOpen"]!(...kernel.put("/dev/shutdown"), 0);
          expect(kernel.call["fileWatch"]!(handle, 8)).toBe(0);
          expect(kernel.call["fileRead"]!(handle, 0, kernel.put("")[0], 20)).toBe(-11);
          ask("reboot")();
        },
      },
      { code: WAITING },
      {
        code: QUIT,
        before() {
          const [address] = kernel.put("", 8192);
          line = kernel.textAt(address, kernel.call["fileRead"]!(handle, 0, address, 20));
          expect(kernel.call["fileRead"]!(0, 0, address, 20)).toBe(-11);
        },
      },
    );
    expect(start()).toBe(REBOOT);
    expect(line).toBe("reboot\n");
    expect(kernel.vmCalls).toContainEqual(["signalSemaphore", 8]);
  });

  it("suspend, cancelled: everything goes on", () => {
    kernel.outcomes.push({ code: WAITING, before: ask("suspend") }, { code: IDLE, detail: 1n }, { code: QUIT });
    expect(start()).toBe(POWER_OFF);
    expect(kernel.xen.shutdowns).toEqual([SUSPEND, POWER_OFF]);
  });

  it("suspend, resumed elsewhere: console, xenstore and clock are started again", () => {
    kernel.xen.suspendAnswer = 0n;
    const requests: number[] = [];
    kernel.outcomes.push(
      { code: WAITING, before: ask("suspend") },
      { code: IDLE, detail: 1n, before: () => void requests.push(kernel.store.requests.length) },
      { code: WAITING, before: ask("poweroff") },
      { code: WAITING },
      { code: QUIT },
    );
    expect(start()).toBe(POWER_OFF);
    expect(kernel.xen.shutdowns).toEqual([SUSPEND, POWER_OFF]);
    const watches = kernel.store.requests.filter(({ type }) => type === 4);
    expect(watches).toHaveLength(2);
  });

  it("crash does as it is told", () => {
    kernel.outcomes.push({ code: WAITING, before: ask("crash") }, { code: WAITING });
    expect(start()).toBe(CRASH);
    expect(kernel.debugText).toBe("stvm: the tool stack asked for a crash\n");
  });

  it("a word that nobody knows changes nothing", () => {
    kernel.outcomes.push({ code: WAITING, before: ask("dance") }, { code: IDLE, detail: 1n }, { code: QUIT });
    expect(start()).toBe(POWER_OFF);
    expect(kernel.store.values.get("control/shutdown")).toBe("dance");
  });
});

describe("what stops it says so in one line, and crashes", () => {
  it("no console", () => {
    kernel.xen.parameters.delete(17);
    expect(start()).toBe(CRASH);
    expect(kernel.debugText).toMatch(/^stvm: no console: .*\n$/);
  });

  it("too little memory", () => {
    load("", 3 * MB);
    expect(start()).toBe(CRASH);
    expect(kernel.debugText).toBe(
      "stvm: too little memory: the machine has 3 MB, and the image needs 11 MB to start; give it more\n",
    );
  });

  it("a heap that is smaller than the image's objects", () => {
    load("stvm.heap=64k");
    expect(start()).toBe(CRASH);
    expect(kernel.debugText).toBe("stvm: stvm.heap: the image's objects have 1025 KB already; give it more\n");
  });

  it.each(["250m", "9007199254740992"])("files that leave the heap nothing (%s)", (size) => {
    load(`stvm.files=${size}`);
    kernel.heapFits = (bytes) => bytes >= 10 * MB;
    expect(start()).toBe(CRASH);
    expect(kernel.debugText).toMatch(/^stvm: stvm\.files: the heap leaves less for files; .* than \d+ MB\n$/);
  });

  it("a command line of which the kernel has only a part", () => {
    load("x".repeat(5000));
    expect(start()).toBe(CRASH);
    expect(kernel.debugText).toMatch(/^stvm: the command line is too long: /);
  });

  it("a word that it does not know", () => {
    load("eval stvm.colour=red");
    expect(start()).toBe(CRASH);
    expect(kernel.debugText).toMatch(/^stvm: stvm.colour=red: unknown or without a good value; .*\n$/);
    const guide = readFileSync("docs/kernel.md", "utf8");
    for (const word of KERNEL_WORDS) {
      const name = word.replace(/=.*/, "");
      expect(kernel.debugText).toContain(name);
      expect(guide).toContain(`\`${name}`);
    }
  });

  it("a console that nobody reads for half a minute", () => {
    kernel.console.bytesPerStep = 0;
    const write = () => void kernel.call["fileWrite"]!(1, 0, ...kernel.put("z".repeat(4000)));
    for (let i = 0; i < 5; i++) kernel.outcomes.push({ code: WAITING, before: write });
    expect(start()).toBe(CRASH);
    expect(kernel.debugText).toMatch(/^stvm: the console's ring is full: nobody has read it for 30 s\n/);
  });

  it("a console whose ring is broken", () => {
    kernel.outcomes.push({ code: WAITING, before: () => kernel.console.setIndex(1, 77_777) });
    expect(start()).toBe(CRASH);
    expect(kernel.debugText).toMatch(/^stvm: the console's back end broke its ring\n/);
  });

  it("not started as a guest", () => {
    kernel.machine.physical.set(START_INFO, Buffer.alloc(56));
    expect(start()).toBe(CRASH);
    expect(kernel.debugText).toMatch(/^stvm: not started as a PVH guest/);
  });
});

it("a panic shows the message and the Smalltalk stack", () => {
  kernel.outcomes.push({ code: IDLE, before: () => kernel.call["panic"]!(...kernel.put("heap broken")) });
  expect(start()).toBe(CRASH);
  expect(kernel.debugText).toBe("stvm: heap broken\n");
  expect(kernel.console.text).toBe("stvm: heap broken\r\n");
  expect(kernel.vmCalls.map(([name]) => name)).toEqual(["fitOldSpace", "logStack"]);
});

it("an exception shows registers and the Smalltalk stack", () => {
  const registers = Buffer.alloc(22 * 8);
  for (let i = 0; i < 22; i++) registers.writeBigUInt64LE(BigInt(i + 0x100), i * 8);
  registers.writeBigUInt64LE(6n, 16 * 8);
  registers.writeBigUInt64LE(0x123000n, 18 * 8);
  kernel.machine.physical.set(0x123000, Buffer.from([0x0f, 0xb9, 0xc1]));
  kernel.outcomes.push({
    code: IDLE,
    before() {
      kernel.machine.physical.set(0x8800_0000, registers);
      kernel.call["reportException"]!();
    },
  });
  expect(start()).toBe(CRASH);
  const lines = kernel.debugText.split("\n");
  expect(lines[0]).toBe("stvm: unreachable code reached at 0x00123000");
  expect(lines[1]).toBe(
    "stvm: rax 0x0000000000000100 rbx 0x0000000000000101 rcx 0x0000000000000102 rdx 0x0000000000000103",
  );
  expect(kernel.vmCalls.map(([name]) => name)).toEqual(["fitOldSpace", "logStack"]);
});
