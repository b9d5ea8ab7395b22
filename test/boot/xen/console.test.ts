// The console of the kernel over boot/fake: rings full, slow, broken; lines as a terminal makes them.

import { beforeEach, describe, expect, it } from "@jest/globals";
import { type FakeKernel, fakeKernel } from "./fakeKernel.js";

const EAGAIN = -11;
const EIO = -5;
let kernel: FakeKernel;

beforeEach(async () => {
  kernel = await fakeKernel();
  expect(kernel.call["startPlatform"]!()).toBe(0);
});

function write(text: string): number {
  return kernel.call["fileWrite"]!(1, 0, ...kernel.put(text));
}

function read(room = 1000): string | number {
  const [address] = kernel.put("", 8192);
  const count = kernel.call["fileRead"]!(0, 0, address, room);
  return count > 0 ? kernel.textAt(address, count) : count;
}

function pass(): void {
  kernel.xen.backends.forEach((step) => step());
  kernel.call["serviceInput"]!();
  kernel.xen.backends.forEach((step) => step());
}

describe("output", () => {
  it("reaches the back end with line ends as terminals want them", () => {
    expect(write("one\ntwö\n")).toBe(9);
    pass();
    expect(kernel.console.text).toBe("one\r\ntwö\r\n");
  });

  it("takes what there is room for, then says would wait, and goes on in order", () => {
    kernel.console.bytesPerStep = 0;
    const text = Array.from({ length: 300 }, (_, i) => `line ${i}\n`).join("");
    const bytes = Buffer.from(text);
    const first = write(text);
    expect(first).toBeGreaterThan(1500);
    expect(first).toBeLessThan(bytes.length);
    expect(write(text.slice(first))).toBe(EAGAIN);
    kernel.console.bytesPerStep = 7;
    let at = first;
    for (let i = 0; i < 10000 && at < text.length; i++) {
      const count = write(text.slice(at));
      if (count > 0) at += count;
      else pass();
    }
    kernel.call["drainOutput"]!();
    expect(kernel.console.text).toBe(text.replaceAll("\n", "\r\n"));
  });

  it("counts how long the ring has been full", () => {
    kernel.console.bytesPerStep = 0;
    write("x".repeat(3000));
    expect(write("more")).toBe(EAGAIN);
    const ticks = kernel.machine.ticks;
    kernel.machine.ticks += 5_000_000_000n;
    expect(Number(kernel.call["fullNanoseconds"]!())).toBeGreaterThanOrEqual(5_000_000_000 - 1);
    kernel.console.bytesPerStep = 4096;
    pass();
    expect(write("more")).toBe(4);
    expect(Number(kernel.call["fullNanoseconds"]!())).toBe(0);
    expect(kernel.machine.ticks).toBeGreaterThan(ticks);
  });

  it("fails once the back end has broken the ring, and stays so", () => {
    kernel.console.setIndex(2, 5_000_000);
    expect(write("lost")).toBe(EIO);
    kernel.console.setIndex(2, 0);
    expect(write("lost")).toBe(EIO);
  });

  it("last words wait for room, but two seconds at most", () => {
    kernel.console.bytesPerStep = 0;
    const start = kernel.machine.ticks;
    kernel.call["writeLastWords"]!(...kernel.put("y".repeat(5000)));
    const waited = Number(kernel.machine.ticks - start);
    expect(waited).toBeGreaterThan(1.9e9);
    expect(waited).toBeLessThan(2.5e9);
  });
});

describe("input", () => {
  it("comes by lines, echoed, Enter made a line feed", () => {
    kernel.console.type("3 + 4\r");
    expect(read()).toBe(EAGAIN);
    pass();
    expect(read()).toBe("3 + 4\n");
    expect(read()).toBe(EAGAIN);
    expect(kernel.console.text).toBe("3 + 4\r\n");
  });

  it("a return with a line feed is one line's end", () => {
    kernel.console.type("a\r\nb\n\n");
    pass();
    expect(read()).toBe("a\nb\n\n");
  });

  it("rubs out characters of several bytes whole", () => {
    kernel.console.type("aä\x7f\x7fb\r");
    pass();
    expect(read()).toBe("b\n");
    expect(kernel.console.text).toBe("aä\b \b\b \bb\r\n");
  });

  it("Ctrl-U drops the line, Ctrl-C interrupts", () => {
    kernel.console.type("abc\x15d\r\x03e\r");
    pass();
    expect(kernel.call["takeInterrupt"]!()).toBe(1);
    expect(kernel.call["takeInterrupt"]!()).toBe(0);
    expect(read()).toBe("d\ne\n");
  });

  it("Ctrl-D ends the input once", () => {
    kernel.console.type("x\r\x04");
    pass();
    expect(read()).toBe("x\n");
    expect(read()).toBe(0);
    expect(read()).toBe(EAGAIN);
  });

  it("raw input goes through as it comes", () => {
    kernel.call["setLineMode"]!(1, 1);
    kernel.console.type("a\x03\x7f\r");
    pass();
    expect(read()).toBe("a\x03\x7f\r");
    expect(kernel.console.text).toBe("");
  });

  it("more than the rings hold arrives whole and in order", () => {
    const lines = Array.from({ length: 2000 }, (_, i) => `expression ${i}`);
    kernel.call["setLineMode"]!(0, 0);
    kernel.console.type(lines.map((line) => `${line}\r`).join(""));
    let all = "";
    for (let i = 0; i < 10000 && all.split("\n").length <= lines.length; i++) {
      pass();
      const part = read(100);
      if (typeof part === "string") all += part;
    }
    expect(all).toBe(lines.map((line) => `${line}\n`).join(""));
  });

  it("signals who watches, once", () => {
    expect(kernel.call["fileWatch"]!(0, 5)).toBe(0);
    kernel.console.type("go\r");
    pass();
    kernel.call["tellInput"]!();
    kernel.call["tellInput"]!();
    expect(kernel.vmCalls).toEqual([["signalSemaphore", 5]]);
  });

  it("an index beyond the ring is refused", () => {
    kernel.console.setIndex(1, 100_000);
    expect(kernel.call["serviceInput"]!()).toBe(0);
    expect(write("lost")).toBe(EIO);
  });
});

it("streams are no files: no such handle, and requests to shut down cannot be written", () => {
  const path = kernel.put("/dev/shutdown");
  expect(kernel.call["fileOpen"]!(...path, 3)).toBe(-30);
  expect(kernel.call["fileWrite"]!(9, 0, ...path)).toBe(-9);
  expect(kernel.call["fileTruncate"]!(1, 0)).toBe(-22);
  expect([0, 1, 2].map((handle) => kernel.call["fileKind"]!(handle))).toEqual([1, 1, 1]);
});
