// The library on Node: loading, running to the end, several virtual machines at once, errors, mirrors.

import { describe, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createVm, mirrorsOf, type Sendable, virtualClock, type VmOptions } from "../../vm/embed/node.js";
import { imagesArePresent } from "../image/loader.js";

const testImage = imagesArePresent() ? test : test.skip;
const IMAGES = "../shared/images";
const HEADLESS = `${IMAGES}/headless/headless-64.image`;
const CUIS = `${IMAGES}/cuis5/cuis5-tests-64.image`;

const failureOf = (options: VmOptions) => createVm(options).then(() => "no error", String);

describe("errors name the image, the reason and the way out", () => {
  test("no such file", async () => {
    expect(await failureOf({ image: "none.image" })).toBe(
      "VmError: none.image: no such file; give the path of an image file",
    );
    expect(await failureOf({ image: "test" })).toBe("VmError: test: not a file; give the path of an image file");
  });

  test("bytes that are no image", async () => {
    expect(await failureOf({ image: new Uint8Array(10), imageName: "ten" })).toMatch(/^VmError: ten: .+; .+$/);
    expect(await failureOf({ image: new Uint8Array(1000) })).toMatch(/^VmError: image: .+; .+$/);
  });

  test("no module", async () => {
    const wasm = new URL("file:///nowhere/stvm.wasm");
    expect(await failureOf({ image: new Uint8Array(1000), wasm })).toMatch(/nowhere\/stvm.wasm: no module there; run/);
  });
});

describe("running", () => {
  // Pharo's kernel saves itself at its first start and quits. When the snapshot fails, every object has moved.
  testImage.each([2 << 20, 3 << 20, 4 << 20])(
    "goes on where a snapshot cannot be written, eden %d",
    async (edenBytes) => {
      const begun: string[] = [];
      const vm = await createVm({
        image: `${IMAGES}/pharo8-kernel/Pharo.image`,
        arguments: ["printVersion"],
        edenBytes,
        drivers: { snapshotBegin: (name) => (begun.push(name), -30) },
      });
      expect(await vm.runToEnd()).toEqual({ kind: "quit", code: 0 });
      expect(begun).toHaveLength(1);
    },
  );

  testImage("an image to its end, from a path and from bytes", async () => {
    for (const image of [HEADLESS, readFileSync(HEADLESS)]) {
      const vm = await createVm({ image });
      expect(await vm.runToEnd()).toEqual({ kind: "quit", code: 0 });
      expect(() => vm.run()).toThrow(/has ended/);
      vm.destroy();
      expect(() => vm.run()).toThrow(/was destroyed/);
      vm.destroy();
    }
  });

  testImage("several at once in one process, in slices", async () => {
    const machines = await Promise.all([1, 2, 3].map(() => createVm({ image: HEADLESS, slicePolls: 50 })));
    const outcomes = await Promise.all(machines.map((vm) => vm.runToEnd()));
    expect(outcomes.map(({ kind }) => kind)).toEqual(["quit", "quit", "quit"]);
    machines.forEach((vm) => vm.destroy());
  });

  testImage("the same with a virtual clock, in the same number of slices", async () => {
    const slices = async () => {
      const vm = await createVm({
        image: HEADLESS,
        clock: virtualClock(),
        entropy: (bytes) => void bytes.fill(7),
        slicePolls: 20,
      });
      let count = 0;
      while (vm.run().kind !== "quit") count++;
      vm.destroy();
      return count;
    };
    expect(await slices()).toBe(await slices());
  });

  testImage("with the debug module as with the other", async () => {
    const vm = await createVm({ image: HEADLESS, wasm: "debug" });
    expect(await vm.runToEnd()).toEqual({ kind: "quit", code: 0 });
    vm.destroy();
  });

  testImage("an overridden driver", async () => {
    const asked: number[] = [];
    const attribute = (number: number) => void asked.push(number) as undefined;
    const vm = await createVm({ image: CUIS, drivers: { attribute }, slicePolls: 5000 });
    for (let i = 0; i < 20; i++) vm.run();
    vm.destroy();
    expect(asked).toContain(1);
  });
});

describe("mirrors", () => {
  testImage("show classes and objects", async () => {
    const vm = await createVm({ image: CUIS });
    const mirrors = mirrorsOf(vm);
    const point = mirrors.classNamed("Point")!;
    expect(point.superclass()!.name).toBe("Object");
    expect(point.instanceVariables()).toEqual(["x", "y"]);
    expect(point.class().className).toBe("Metaclass");
    expect(mirrors.classNamed("Point class")!.selectors()).toContain("x:y:");
    expect(mirrors.classNamed("NoSuchClass")).toBeUndefined();
    expect(mirrors.allClasses().length).toBeGreaterThan(500);
    const [instance] = point.allInstances();
    expect(instance!.className).toBe("Point");
    expect(typeof instance!.variable("x")!.value).toBe("number");
    expect(instance!.variable("z")).toBeUndefined();
    expect(point.variable("name")!.value).toBe("Point");
    expect([mirrors.nil.value, mirrors.true.value, mirrors.false.value]).toEqual([null, true, false]);
    expect(mirrors.object((-5n << 3n) | 1n).value).toBe(-5);
    expect(mirrors.object((65n << 3n) | 2n).value).toBe("A");
    vm.destroy();
  });
});

describe("messages from outside", () => {
  testImage("are answered while nothing else drives the image", async () => {
    const vm = await createVm({ image: CUIS });
    const mirrors = () => mirrorsOf(vm);
    const send = async (receiver: Sendable, selector: string, ...args: Sendable[]) =>
      (await mirrors().send(receiver, selector, ...args)).value;
    expect(await send(3, "+", 4)).toBe(7);
    expect(await send(-5, "abs")).toBe(5);
    expect(await send(20, "factorial")).toBe(2432902008176640000n);
    expect(await send("hello", "asUppercase")).toBe("HELLO");
    expect(await send(true, "not")).toBe(false);
    expect(await send(null, "isNil")).toBe(true);
    expect(await send(7, "between:and:", 1, 10)).toBe(true);
    expect(await send(mirrors().classNamed("OrderedCollection")!, "name")).toBe("OrderedCollection");
    const point = await mirrors().send(3, "@", 4);
    expect(point.className).toBe("Point");
    expect(point.variable("y")!.value).toBe(4);
    await expect(send(1, "noSuchSelectorAtAll")).rejects.toThrow(/no such symbol/);
    await expect(send(2 ** 62, "+", 1)).rejects.toThrow(/no SmallInteger/);
    vm.destroy();
  });

  testImage("are answered while the image runs", async () => {
    const vm = await createVm({ image: CUIS });
    const end = vm.runToEnd();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push((await mirrorsOf(vm).send(i, "*", i)).value);
    expect(answers).toEqual([0, 1, 4, 9, 16]);
    const first = mirrorsOf(vm).send(100, "factorial");
    await expect(mirrorsOf(vm).send(1, "+", 1)).rejects.toThrow(/another message is under way/);
    expect(typeof (await first).value).toBe("bigint");
    vm.destroy();
    await expect(end).rejects.toThrow(/destroyed/);
  });
});

describe("snapshots", () => {
  test("that fail leave the old file, those that end replace it whole", async () => {
    const { createNodeHost } = await import("../../vm/embed/nodeHost.js");
    const folder = mkdtempSync(join(tmpdir(), "stvm-snapshot-"));
    const image = join(folder, "a.image");
    writeFileSync(image, "old");
    const host = createNodeHost({ image });
    expect(host.snapshotBegin("")).toBe(0);
    expect(host.snapshotWrite(Buffer.from("ne"))).toBe(2);
    expect(readFileSync(image, "utf8")).toBe("old");
    expect(host.snapshotEnd(false)).toBe(0);
    expect(readFileSync(image, "utf8")).toBe("old");
    host.snapshotBegin("");
    host.snapshotWrite(Buffer.from("ne"));
    host.snapshotWrite(Buffer.from("w"));
    expect(host.snapshotEnd(true)).toBe(0);
    expect(readFileSync(image, "utf8")).toBe("new");
    expect(host.snapshotBegin(join(folder, "missing/b.image"))).toBeLessThan(0);
    expect(readdirSync(folder)).toEqual(["a.image"]);
    host.close();
    rmSync(folder, { recursive: true });
  });

  const testPipes = process.platform === "win32" ? test.skip : test;
  testPipes("do not replace what is no file: a device, a pipe", async () => {
    const { createNodeHost } = await import("../../vm/embed/nodeHost.js");
    const folder = mkdtempSync(join(tmpdir(), "stvm-snapshot-"));
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const host = createNodeHost({ image: new Uint8Array(), imageName: join(folder, "a.image") });
    expect(host.snapshotBegin(pipe)).toBeLessThan(0);
    expect(host.snapshotEnd(true)).toBeLessThan(0);
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(["pipe"]);
    host.close();
    rmSync(folder, { recursive: true });
  });

  testImage("taken from outside start again, in another virtual machine", async () => {
    let snapshot: Uint8Array | undefined;
    const onSnapshot = (_name: string, image: Uint8Array) => void (snapshot = image);
    const vm = await createVm({ image: CUIS, onSnapshot });
    const smalltalk = mirrorsOf(vm).classNamed("SystemDictionary")!.allInstances()[0]!;
    expect((await mirrorsOf(vm).send(smalltalk, "snapshotPrimitive")).value).toBe(false);
    vm.destroy();

    const again = await createVm({ image: snapshot!, imageName: CUIS });
    expect((await mirrorsOf(again).send(6, "*", 7)).value).toBe(42);
    expect(mirrorsOf(again).allClasses()).toHaveLength(687);
    again.destroy();
  });

  test("go to the embedder where it wants them", async () => {
    const { createNodeHost } = await import("../../vm/embed/nodeHost.js");
    const taken: string[] = [];
    const onSnapshot = (name: string, bytes: Uint8Array) => void taken.push(name, Buffer.from(bytes).toString());
    const host = createNodeHost({ image: new Uint8Array(), imageName: "/x/y.image", onSnapshot });
    host.snapshotBegin("");
    host.snapshotWrite(Buffer.from("abc"));
    host.snapshotEnd(true);
    expect(taken).toEqual(["/x/y.image", "abc"]);
    host.close();
  });
});

test("attributes say what an image expects", async () => {
  const { createNodeHost } = await import("../../vm/embed/nodeHost.js");
  const host = createNodeHost({
    image: new Uint8Array(),
    imageName: "/a.image",
    arguments: ["x", "y"],
    vmArguments: ["-v"],
  });
  expect([1, 2, 3, 4, -1, -2, 1001].map(host.attribute)).toEqual([
    "/a.image",
    "x",
    "y",
    undefined,
    "-v",
    undefined,
    "unix",
  ]);
  host.close();
});
