// Grants, event channels, pages, clocks, entropy, memory map and command line of the kernel over boot/fake.

import { beforeEach, describe, expect, it } from "@jest/globals";
import { WALL_SECONDS } from "../../../boot/fake/xen.js";
import { kernelCommandLine, KERNEL_WORDS } from "../../../tools/kernelWords.js";
import { type FakeKernel, fakeKernel } from "./fakeKernel.js";

let kernel: FakeKernel;

beforeEach(async () => {
  kernel = await fakeKernel();
});

describe("grants", () => {
  beforeEach(() => {
    expect(kernel.call["startPlatform"]!()).toBe(0);
    const page = kernel.call["pageAddress"]!();
    expect(Number(kernel.call["startGrantTable"]!(page + 4096, 1))).toBe(0);
  });

  it("give a domain a page of ours, and take it back", () => {
    const page = kernel.call["pageAddress"]!();
    const reference = kernel.call["grantAccess"]!(3, page, 1);
    expect(kernel.xen.grant(reference)).toEqual({ flags: 5, domain: 3, frame: page >> 12 });
    expect(kernel.call["endAccess"]!(reference)).toBe(1);
    expect(kernel.xen.grant(reference).flags).toBe(0);
  });

  it("are not taken back while the other domain has the page mapped", () => {
    const reference = kernel.call["grantAccess"]!(3, kernel.call["pageAddress"]!(), 0);
    kernel.xen.setGrantFlags(reference, 1 | 8);
    expect(kernel.call["endAccess"]!(reference)).toBe(0);
    kernel.xen.setGrantFlags(reference, 1);
    expect(kernel.call["endAccess"]!(reference)).toBe(1);
  });

  it("run out with an answer, never use a reserved entry, and can be had again", () => {
    const page = kernel.call["pageAddress"]!();
    const references = [];
    for (let i = 0; i < 600; i++) {
      const reference = kernel.call["grantAccess"]!(0, page, 0);
      if (reference === 0) break;
      references.push(reference);
    }
    expect(references.length).toBe(512 - 8);
    expect(Math.min(...references)).toBe(8);
    expect(new Set(references).size).toBe(references.length);
    references.forEach((reference) => expect(kernel.call["endAccess"]!(reference)).toBe(1));
    expect(kernel.global("freeGrants")).toBe(504);
  });
});

describe("event channels", () => {
  beforeEach(() => void expect(kernel.call["startPlatform"]!()).toBe(0));

  it("one wait is for all ports and the clock", () => {
    const port = Number(kernel.call["allocateUnboundPort"]!(0));
    expect(kernel.call["listenTo"]!(port)).toBe(1);
    const until = kernel.machine.ticks + 1_000_000n;
    expect(kernel.call["waitForEvents"]!(until)).toBe(1);
    const wait = kernel.xen.waits.at(-1)!;
    expect(wait.ports.sort()).toEqual([1, 2, port]);
    expect(wait.until).toBe(until);
    expect(kernel.machine.ticks).toBeGreaterThanOrEqual(until);
  });

  it("an event ends a wait at once, and is taken once", () => {
    const port = Number(kernel.call["bindInterdomainPort"]!(4, 9));
    kernel.call["listenTo"]!(port);
    kernel.call["takeEvents"]!();
    kernel.xen.notify(port);
    const before = kernel.machine.ticks;
    kernel.call["waitForEvents"]!(before + 1_000_000_000n);
    expect(Number(kernel.machine.ticks - before)).toBeLessThan(1_000_000);
    expect(kernel.call["takeEvents"]!()).toBe(1);
    expect(kernel.call["takeEvents"]!()).toBe(0);
  });

  it("a closed port is waited for no more", () => {
    const port = Number(kernel.call["allocateUnboundPort"]!(0));
    kernel.call["listenTo"]!(port);
    kernel.call["closePort"]!(port);
    kernel.call["waitForEvents"]!(kernel.machine.ticks + 1000n);
    expect(kernel.xen.waits.at(-1)!.ports).not.toContain(port);
  });

  it("too many ports are refused", () => {
    for (let i = 2; i < 128; i++) expect(kernel.call["listenTo"]!(i + 10)).toBe(1);
    expect(kernel.call["listenTo"]!(500)).toBe(0);
  });
});

describe("clocks", () => {
  it("Xen's: nanoseconds by the counter, wall clock by the shared page", () => {
    kernel.call["startPlatform"]!();
    kernel.machine.ticks = 5_000_000_000n;
    const now = Number(kernel.call["utcMicroseconds"]!());
    expect(now).toBeGreaterThanOrEqual((WALL_SECONDS + 5) * 1e6);
    expect(now).toBeLessThan((WALL_SECONDS + 5) * 1e6 + 1000);
    const at = kernel.call["systemTimeAt"]!(BigInt(now + 250_000));
    expect(Number(at)).toBeGreaterThan(5.249e9);
    expect(Number(at)).toBeLessThan(5.251e9);
  });

  it("counts from the kernel's entry, whatever Xen counts from", () => {
    kernel.machine.ticks = 77_000_000_000n;
    const record = Buffer.alloc(16);
    record.writeBigUInt64LE(76_000_000_000n, 8);
    kernel.machine.physical.set(0x8000_0000, record);
    kernel.machine.linked.set(16, 0x8000_0000n);
    kernel.call["startPlatform"]!();
    expect(Math.floor(Number(kernel.call["monotonicMicroseconds"]!()) / 1e5)).toBe(10);
    kernel.machine.ticks += 2_000_000_000n;
    expect(Math.floor(Number(kernel.call["monotonicMicroseconds"]!()) / 1e5)).toBe(30);
    kernel.machine.ticks = 5_000_000_000n;
    kernel.call["startPlatform"]!();
    kernel.machine.ticks += 1_000_000_000n;
    expect(Math.floor(Number(kernel.call["monotonicMicroseconds"]!()) / 1e5)).toBe(40);
  });

  it("never goes back", () => {
    kernel.call["startPlatform"]!();
    kernel.machine.ticks = 9_000_000_000n;
    const late = Number(kernel.call["monotonicMicroseconds"]!());
    kernel.machine.ticks = 8_000_000_000n;
    expect(Number(kernel.call["monotonicMicroseconds"]!())).toBeGreaterThanOrEqual(late);
  });

  it("the counter is measured by the timer where nobody tells its speed", () => {
    // A timer that counts down 1,193,182 times a second of a 1 GHz counter.
    let high = false;
    kernel.machine.leaves.clear();
    kernel.machine.ports.push({
      read(port) {
        if (port !== 0x40) return -1;
        kernel.machine.ticks += 500n;
        const count = 0xffff - (Number((kernel.machine.ticks * 1_193_182n) / 1_000_000_000n) & 0xffff);
        high = !high;
        return high ? count & 0xff : count >> 8;
      },
    });
    const hertz = Number(kernel.call["counterHertz"]!());
    expect(Math.abs(hertz / 1e9 - 1)).toBeLessThan(0.08);
  });

  it("there is an answer where the timer stands still", () => {
    kernel.machine.leaves.clear();
    kernel.machine.ports.push({ read: (port) => (port === 0x40 ? 0 : -1) });
    expect(Number(kernel.call["counterHertz"]!())).toBe(0);
  });

  it("days are those of the calendar", () => {
    for (const date of ["1970-01-01", "2000-02-29", "2024-12-31", "2026-03-01", "2099-11-05"]) {
      const [year, month, day] = date.split("-").map(Number) as [number, number, number];
      expect(kernel.call["daysSince1970"]!(year, month, day)).toBe(Date.parse(date) / 86_400_000);
    }
  });
});

describe("entropy", () => {
  it("comes from the processor, tried again where it had none", () => {
    kernel.call["startPlatform"]!();
    kernel.machine.random.push(0n, 0x0807060504030201n, 0n, 0n, 0x0a09n);
    const [address] = kernel.put("\0".repeat(12));
    kernel.call["entropy"]!(address, 10);
    expect([...Buffer.from(kernel.machine.memory.buffer, address, 12)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0]);
  });

  it("is refused where there is no generator: one line, and the domain crashes", () => {
    kernel.call["startPlatform"]!();
    kernel.machine.leaves.set(1, [0, 0, 1 << 31, 0]);
    expect(() => kernel.call["entropy"]!(kernel.put("")[0], 8)).toThrow("reason 3");
    expect(kernel.debugText).toMatch(/^stvm: the processor has no random numbers/);
  });
});

describe("memory", () => {
  const entry = (address: number, size: number, type = 1) => {
    const bytes = Buffer.alloc(24);
    bytes.writeBigUInt64LE(BigInt(address), 0);
    bytes.writeBigUInt64LE(BigInt(size), 8);
    bytes.writeUInt32LE(type, 16);
    return bytes;
  };

  function putMap(...entries: Buffer[]): [number, number] {
    const [address] = kernel.put("");
    new Uint8Array(kernel.machine.memory.buffer).set(Buffer.concat(entries), address);
    return [address, entries.length];
  }

  it("ends where the run of memory does, told in parts and in any order", () => {
    const MB = 1 << 20;
    const map = putMap(entry(64 * MB, 64 * MB), entry(0, 64 * MB), entry(200 * MB, 10 * MB), entry(128 * MB, MB, 2));
    expect(Number(kernel.call["endOfMemory"]!(...map, BigInt(2 * MB)))).toBe(128 * MB);
    expect(Number(kernel.call["endOfMemory"]!(...map, BigInt(150 * MB)))).toBe(150 * MB);
  });

  it("is given to linear memory by large pages, up to its end", () => {
    const MB = 1 << 20;
    kernel.machine.linked.set(19, BigInt(2 * MB));
    const start = kernel.machine.memory.buffer.byteLength;
    expect(kernel.call["measureMemory"]!(...putMap(entry(0, 2 * MB + start + 8 * MB)))).toBe(1);
    expect(kernel.call["growMemory"]!(1)).toBe(start / 65536);
    expect(kernel.machine.memory.buffer.byteLength).toBe(start + 2 * MB);
    expect(kernel.call["growMemory"]!(1 << 10)).toBe(-1);
  });

  it("too little of it is noticed", () => {
    expect(kernel.call["measureMemory"]!(...putMap(entry(0, 1 << 20)))).toBe(0);
  });

  it("frames are found in the page tables", () => {
    expect(Number(kernel.call["physicalOf"]!(0x12345))).toBe(0x12345);
    expect(Number(kernel.call["physicalOf"]!(0xf0000000))).toBe(0);
  });
});

describe("the command line", () => {
  const words = (line: string) => {
    expect(kernel.call["readCommandLine"]!(...kernel.put(line))).toBe(0);
    return Array.from({ length: kernel.call["argumentCount"]!() }, (_, i) =>
      kernel.textAt(kernel.call["argumentAt"]!(i), kernel.call["argumentBytes"]!(i)),
    );
  };

  it("is the image's argument list", () => {
    expect(words("eval '3 + 4' \"a \\\"b\\\"\"  c\\ d ''")).toEqual(["eval", "3 + 4", 'a "b"', "c d", ""]);
  });

  it("words written by kernelCommandLine come back", () => {
    const image = ["eval", "3 + 4", 'it\'s "so"', "", "back\\slash", "stvm.timing", "tab\there", "ünï"];
    expect(words(kernelCommandLine(["stvm.log=2"], image))).toEqual(image);
    expect(kernel.global("showsTiming")).toBe(0);
    expect(kernel.global("logLevel")).toBe(2);
  });

  it("words that begin with stvm. are the virtual machine's", () => {
    expect(words("stvm.timing one stvm.heap=64m stvm.log=4 two stvm.timezone=-3600")).toEqual(["one", "two"]);
    expect(kernel.global("showsTiming")).toBe(1);
    expect(kernel.global("heapBytes")).toBe(64n << 20n);
    expect(kernel.global("logLevel")).toBe(4);
    expect(kernel.global("timezoneSeconds")).toBe(-3600);
  });

  it("give files their memory", () => {
    expect(words("one")).toEqual(["one"]);
    expect(kernel.global("limitsFiles")).toBe(0);
    expect(words("stvm.files=6m")).toEqual([]);
    expect([kernel.global("limitsFiles"), kernel.global("filesBytes")]).toEqual([1, 6n << 20n]);
    expect(words("stvm.files=0")).toEqual([]);
    expect([kernel.global("limitsFiles"), kernel.global("filesBytes")]).toEqual([1, 0n]);
    expect(kernel.call["readCommandLine"]!(...kernel.put("stvm.files=some"))).toBe(2);
  });

  it.each([
    "stvm.heap=17179869184g",
    "stvm.heap=999999999999999999g",
    "stvm.files=17179869184g",
    "stvm.files=99999999999999999m",
    "stvm.timezone=86401",
    "stvm.timezone=-4294967296",
  ])("%s is no value, though it would be one modulo 2^32 or 2^64", (word) => {
    expect(kernel.call["readCommandLine"]!(...kernel.put(word))).toBe(2);
  });

  it("of 4095 bytes is read, a longer one, of which there is only a part, is not", () => {
    expect(words("x".repeat(4095))).toEqual(["x".repeat(4095)]);
    expect(kernel.call["readCommandLine"]!(...kernel.put("x".repeat(4096)))).toBe(1);
  });

  it("ask for the compiler of methods, and how soon", () => {
    expect(words("stvm.jit=on one")).toEqual(["one"]);
    expect(kernel.call["wantsCompiler"]!()).toBe(1);
    expect(words("stvm.jit=off")).toEqual([]);
    expect(kernel.call["wantsCompiler"]!()).toBe(0);
    expect(words("stvm.jit-threshold=7 stvm.jit-stats")).toEqual([]);
    expect(kernel.global("compileThreshold")).toBe(7);
    expect(kernel.call["wantsCompiler"]!()).toBe(1);
    for (const wrong of ["stvm.jit=fast", "stvm.jit-threshold=0", "stvm.jit-threshold=x"]) {
      expect(kernel.call["readCommandLine"]!(...kernel.put(wrong))).toBe(2);
    }
  });

  it("unknown words and bad numbers are refused", () => {
    expect(kernel.call["readCommandLine"]!(...kernel.put("stvm.colour"))).toBe(2);
    for (const word of KERNEL_WORDS) {
      const example = word.replace(/[A-Z]+$/, "64").replace(/\|.*/, "");
      expect(kernel.call["readCommandLine"]!(...kernel.put(example))).toBe(0);
    }
    expect(kernel.call["readCommandLine"]!(...kernel.put("stvm.heap=lots"))).toBe(2);
    expect(kernel.call["readCommandLine"]!(...kernel.put("x ".repeat(300)))).toBe(1);
  });
});

it("a machine without Xen has its serial port as the console", async () => {
  const sent: number[] = [];
  let scratch = 0;
  const input = [..."hi\r"].map((character) => character.charCodeAt(0));
  kernel.machine.leaves.clear();
  kernel.machine.leaves.set(0, [0x15, 0, 0, 0]);
  kernel.machine.leaves.set(0x15, [1, 2, 500_000_000, 0]);
  kernel.machine.ports.push({
    write(port, value) {
      if (port === 0x3f8) sent.push(value);
      if (port === 0x3ff) scratch = value;
    },
    read(port) {
      if (port === 0x3ff) return scratch;
      if (port === 0x3fd) return 0x20 | (input.length > 0 ? 1 : 0);
      return port === 0x3f8 ? input.shift()! : -1;
    },
  });
  expect(kernel.call["startPlatform"]!()).toBe(0);
  expect(kernel.global("onXen")).toBe(0);
  kernel.call["fileWrite"]!(1, 0, ...kernel.put("out\n"));
  kernel.call["serviceInput"]!();
  expect(Buffer.from(sent).toString()).toBe("out\r\nhi\r\n");
  const [address] = kernel.put("", 8192);
  expect(kernel.call["fileRead"]!(0, 0, address, 10)).toBe(3);
});
