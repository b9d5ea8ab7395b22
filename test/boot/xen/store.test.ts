// The xenstore client over boot/fake: answers in pieces, late, out of order, nonsensical, or never.

import { beforeEach, describe, expect, it } from "@jest/globals";
import { storeMessage } from "../../../boot/fake/store.js";
import { type FakeKernel, fakeKernel } from "./fakeKernel.js";

const READ = 2;
const WRITE = 11;
const ENOENT = -2;
const EIO = -5;
const E2BIG = -7;
const ETIMEDOUT = -110;
let kernel: FakeKernel;

beforeEach(async () => {
  kernel = await fakeKernel();
  expect(kernel.call["startPlatform"]!()).toBe(0);
});

function read(path: string): string | number {
  kernel.call["requestPath"]!(READ, ...kernel.put(path));
  const bytes = kernel.call["perform"]!();
  return bytes < 0 ? bytes : kernel.textAt(kernel.call["answerPayload"]!(), bytes);
}

describe("requests", () => {
  it("read and write values", () => {
    expect(read("domid")).toBe("7");
    kernel.call["requestBytes"]!(WRITE, ...kernel.put("data/answer\0forty-two"));
    expect(kernel.call["perform"]!()).toBe(3);
    expect(kernel.store.values.get("data/answer")).toBe("forty-two");
    expect(read("data/answer")).toBe("forty-two");
  });

  it("errors come as numbers", () => {
    expect(read("nothing/here")).toBe(ENOENT);
    kernel.call["requestPath"]!(77, ...kernel.put("x"));
    expect(kernel.call["perform"]!()).toBe(-38);
    kernel.store.replacement = storeMessage(16, 99_999, "EWHATEVER\0");
    expect(read("domid")).toBe(ETIMEDOUT);
  });

  it("take answers a few bytes at a time, and payloads longer than the ring", () => {
    const long = "abcdefghij".repeat(350);
    kernel.store.bytesPerStep = 5;
    kernel.call["requestBytes"]!(WRITE, ...kernel.put(`data/long\0${long}`));
    expect(kernel.call["perform"]!()).toBe(3);
    expect(kernel.store.values.get("data/long")).toBe(long);
    expect(read("data/long")).toBe(long);
  });

  it("of more than the protocol allows are refused before they are sent", () => {
    const before = kernel.store.requests.length;
    kernel.call["requestBytes"]!(WRITE, ...kernel.put(`data/long\0${"x".repeat(4096)}`));
    expect(kernel.call["perform"]!()).toBe(E2BIG);
    expect(kernel.store.requests.length).toBe(before);
    expect(read("domid")).toBe("7");
  });
});

describe("a daemon that is not as it should be", () => {
  it("an answer that nobody waits for is dropped", () => {
    kernel.store.before.push(storeMessage(READ, 12345, "stale"));
    expect(read("domid")).toBe("7");
  });

  it("watch events before an answer are kept", () => {
    kernel.call["takeWatchEvents"]!();
    kernel.store.before.push(storeMessage(15, 0, "control/shutdown\x001\0"), storeMessage(15, 0, "a/b\x003\0"));
    expect(read("domid")).toBe("7");
    expect(kernel.call["takeWatchEvents"]!()).toBe((1 << 1) | (1 << 3));
    expect(kernel.call["takeWatchEvents"]!()).toBe(0);
  });

  it("is given up after five seconds; its late answer does not become another's", () => {
    kernel.store.bytesPerStep = 0;
    const start = kernel.machine.ticks;
    expect(read("domid")).toBe(ETIMEDOUT);
    const waited = Number(kernel.machine.ticks - start);
    expect(waited).toBeGreaterThanOrEqual(4.9e9);
    expect(waited).toBeLessThan(6e9);
    kernel.store.bytesPerStep = 4096;
    kernel.store.values.set("name", "guest");
    expect(read("name")).toBe("guest");
  });

  it("one that claims an impossible size is asked nothing more", () => {
    kernel.store.replacement = storeMessage(READ, 1, "x", 50_000);
    expect(read("domid")).toBe(EIO);
    const before = kernel.store.requests.length;
    expect(read("domid")).toBe(EIO);
    expect(kernel.store.requests.length).toBe(before);
  });

  it("one that breaks an index is asked nothing more", () => {
    kernel.store.setIndex(3, 1_000_000);
    expect(read("domid")).toBe(EIO);
    expect(read("domid")).toBe(EIO);
  });

  it("one that leaves half a request in a full ring is given up", () => {
    kernel.store.bytesPerStep = 0;
    kernel.call["requestBytes"]!(WRITE, ...kernel.put(`data/long\0${"x".repeat(3000)}`));
    expect(kernel.call["perform"]!()).toBe(ETIMEDOUT);
    kernel.store.bytesPerStep = 4096;
    expect(read("domid")).toBe(EIO);
  });

  it("a closed port is an error, not a wait", () => {
    kernel.xen.closed.add(1);
    expect(read("domid")).toBe(EIO);
  });
});
