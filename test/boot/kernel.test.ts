// Kernels under QEMU, without Xen: the default image with its console, exit codes, sizes and times; the conformance
// image; what a kernel says that cannot go on. Skipped, with the reason, only where QEMU cannot be had.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { kernelCommandLine } from "../../tools/kernelWords.js";
import { type BuiltKernel, buildXenKernel, guestConfiguration, readKernelConfig } from "../../tools/programs/xen.js";
import { type BootEnd, bootInQemu } from "../../tools/qemuBoot.js";
import { PackageError } from "../../tools/testbed/packages.js";
import { findQemu } from "../../tools/testbed/qemu.js";
import { expectAllPassed, FILE_ANSWERS, FILE_EXPRESSIONS } from "./guestReport.js";

const BUILD_MILLISECONDS = 120_000;
const BOOT_MILLISECONDS = 60_000;
const CONFORMANCE_MILLISECONDS = 180_000;
const folder = mkdtempSync(join(tmpdir(), "stvm-kernel-test-"));
const image = join(folder, "default.image");
const kernel = join(folder, "default.xen");
let built: BuiltKernel;

const missing = await findQemu().then(
  () => undefined,
  (error: unknown) => {
    if (error instanceof PackageError) return error.message;
    throw error;
  },
);
if (missing !== undefined) console.log(`skipped: the tests of kernels under QEMU: ${missing}`);
const testInQemu = missing === undefined ? test : test.skip;

beforeAll(async () => {
  execFileSync(process.execPath, ["bin/stvm.mjs", "build-image", "images/default", "-o", image]);
  built = await buildXenKernel({ image, output: kernel, primitives: "reachable", debug: false }, () => {});
  writeFileSync(kernel, built.file);
}, BUILD_MILLISECONDS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Boot {
  readonly words?: readonly string[];
  readonly machineWords?: readonly string[];
  /** Typed at once; the input ends behind it. */
  readonly input?: string;
  readonly megabytes?: number;
  readonly file?: string;
  readonly timeoutMilliseconds?: number;
}

async function boot(options: Boot): Promise<{ end: BootEnd; text: string }> {
  const input = new PassThrough();
  const output = new PassThrough();
  const parts: Buffer[] = [];
  output.on("data", (bytes: Buffer) => void parts.push(bytes));
  input.end(options.input ?? "");
  const end = await bootInQemu(
    {
      kernel: options.file ?? kernel,
      commandLine: kernelCommandLine(["stvm.echo=off", ...(options.machineWords ?? [])], options.words ?? []),
      memoryMegabytes: options.megabytes ?? 16,
      timeoutMilliseconds: options.timeoutMilliseconds ?? BOOT_MILLISECONDS,
      emulate: true,
      say() {},
    },
    { input, output },
  );
  return { end, text: Buffer.concat(parts).toString().replaceAll("\r\n", "\n") };
}

describe("the default image in a kernel", () => {
  testInQemu("greets, computes and powers off in 16 MB", async () => {
    const { end, text } = await boot({ words: ["--demo"] });
    expect(end).toEqual({ kind: "quit", code: 0 });
    expect(text).toMatch(/^stvm library /);
    expect(text).toContain('100 factorial printString size  "158"');
  });

  testInQemu("evaluates what is typed, and ends with its input", async () => {
    const { end, text } = await boot({ words: ["--repl"], input: "3 + 4\r100 factorial printString size\r" });
    expect(text).toMatch(/\b7\n(.|\n)*\b158\n/);
    expect(end).toEqual({ kind: "quit", code: 0 });
  });

  testInQemu("hands its exit code on, and its arguments come whole", async () => {
    const { end, text } = await boot({ words: ["no such argument"] });
    expect(text).toContain("unknown argument no such argument");
    expect(end).toEqual({ kind: "quit", code: 2 });
  });

  testInQemu("has its words as they were typed, numbers too", () => {
    const words = ["boot", "--no-kvm", "--memory", "16m", kernel, "-e", "007", "16r10", "1e3"];
    const text = execFileSync(process.execPath, ["bin/stvm.mjs", ...words], { encoding: "utf8", input: "" });
    expect(text.replaceAll("\r", "")).toBe("7\n16\n1000\n");
  });

  testInQemu("keeps time, waits without end of work, and grows its memory", async () => {
    const expressions = [
      "[ (Delay forMilliseconds: 300) wait ] value. 1",
      "((1 to: 40) inject: 0 into: [ :sum :each | sum + (Array new: 100000) size ])",
    ];
    const { end, text } = await boot({ words: ["-e", ...expressions], megabytes: 64 });
    expect(text).toContain("4000000");
    expect(end).toEqual({ kind: "quit", code: 0 });
  });

  testInQemu("goes on in 16 MB however much it throws away", async () => {
    const expression = "| x | 1 to: 3000 do: [ :i | x := Array new: 5000 ]. x size";
    const { end, text } = await boot({ words: ["-e", expression] });
    expect(text).toContain("5000");
    expect(end).toEqual({ kind: "quit", code: 0 });
  });

  testInQemu("that keeps more than there is memory for ends with the reason and the stack", async () => {
    const expression = "| all | all := OrderedCollection new. [ true ] whileTrue: [ all add: (Array new: 1000) ]";
    const { end, text } = await boot({ words: ["-e", expression] });
    expect(text).toMatch(/out of memory|OutOfMemory/);
    expect(["crash", "quit"]).toContain(end.kind);
    const deeper = await boot({ words: ["-e", "| b | b := nil. b := [ :n | (b value: n) + 1 ]. b value: 0"] });
    expect(deeper.text).toMatch(/^stvm: out of memory: the objects in use fill it; .* what stvm\.heap says\n/);
    expect(deeper.end.kind).toBe("crash");
  });

  testInQemu("that never ends is ended when its time is up", async () => {
    const { end } = await boot({ words: ["-e", "[ true ] whileTrue"], timeoutMilliseconds: 3000 });
    expect(end).toEqual({ kind: "timeout" });
  });

  testInQemu("reaches its first bytecode within 30 ms", async () => {
    const times: number[] = [];
    // Other programs on this machine may take the processor meanwhile: the best of some.
    for (let i = 0; i < 5 && !(Math.min(...times) <= 30); i++) {
      const { text } = await boot({ words: ["-e", "1"], machineWords: ["stvm.timing"] });
      times.push(Number(/^stvm: entry to first bytecode ([\d.]+) ms/.exec(text)?.[1]));
    }
    expect(Math.min(...times)).toBeLessThanOrEqual(30);
  });

  test(
    "is small: 900 KB with the image, and 400 KB without it and with every primitive",
    async () => {
      // Without the compiler of methods, which adds some 150 KB.
      const options = { image, output: kernel, debug: false, hasCompiler: false };
      const small = await buildXenKernel({ ...options, primitives: "reachable" }, () => {});
      expect(small.file.length).toBeLessThanOrEqual(900 << 10);
      const whole = await buildXenKernel({ ...options, primitives: "all" }, () => {});
      expect(whole.kernelBytes).toBeLessThanOrEqual(400 << 10);
    },
    BUILD_MILLISECONDS,
  );
});

describe("a kernel that compiles its methods", () => {
  const words = ["-e", "((1 to: 2000) inject: 0 into: [ :sum :each | sum + each printString size ]) printNl. 1/0"];

  testInQemu("answers as one that interprets them", async () => {
    const interpreted = await boot({ words });
    for (const megabytes of [24, 64]) {
      const { text, end } = await boot({ words, megabytes, machineWords: ["stvm.jit-threshold=1", "stvm.jit-stats"] });
      const [report] = /^stvm: compiled \d+ methods and blocks to \d+ bytes[^\n]*\n/m.exec(text) ?? [];
      expect(text.replace(report!, "")).toBe(interpreted.text);
      expect(Number(/\d+/.exec(report!)![0])).toBeGreaterThan(40);
      expect(end).toEqual(interpreted.end);
    }
  });

  testInQemu("from its start, with all methods compiled when it was built", async () => {
    const file = join(folder, "ahead.xen");
    const options = { image, output: file, primitives: "reachable", debug: false, ahead: "all" } as const;
    const { ahead, file: bytes } = await buildXenKernel(options, () => {});
    writeFileSync(file, bytes);
    const interpreted = await boot({ words });
    const machineWords = ["stvm.jit-threshold=1000000000", "stvm.jit-stats"];
    const { text, end } = await boot({ words, file, machineWords, megabytes: 32 });
    expect(end).toEqual(interpreted.end);
    expect(text).toContain(`besides ${ahead!.compiled} with the kernel`);
    expect(text.replace(/^stvm: compiled .*\n/m, "")).toBe(interpreted.text);
  });

  testInQemu("says so where there is no memory for code, and goes on", async () => {
    const { text, end } = await boot({ words: ["-e", "6 * 7"], megabytes: 16, machineWords: ["stvm.jit=on"] });
    expect(text).toMatch(/^stvm: too little memory to compile methods: .*\n42\n$/);
    expect(end).toEqual({ kind: "quit", code: 0 });
  });

  testInQemu("that was built without the compiler says so in one line", async () => {
    const file = join(folder, "interpreting.xen");
    const options = { image, output: file, primitives: "reachable", debug: false, hasCompiler: false } as const;
    writeFileSync(file, (await buildXenKernel(options, () => {})).file);
    const { text, end } = await boot({ file, machineWords: ["stvm.jit=on"] });
    expect(text).toMatch(/^stvm: stvm\.jit: [^\n]*; build it with --jit=on\n$/);
    expect(end.kind).toBe("crash");
  });
});

describe("stvm boot", () => {
  testInQemu("gives words to the kernel, and all behind it to the image", async () => {
    const words = ["--no-kvm", "--word", "stvm.exit", "--word=stvm.files=1m", kernel, "-e", "6 * 7"];
    const running = spawn(process.execPath, ["bin/stvm.mjs", "boot", ...words]);
    let text = "";
    running.stdout.on("data", (bytes: Buffer) => void (text += bytes.toString()));
    expect(await once(running, "close")).toEqual([0, null]);
    expect(text.replaceAll("\r", "")).toBe("42\nstvm: exit 0\n");
  });

  testInQemu.each(["SIGHUP", "SIGINT", "SIGTERM"] as const)(
    "leaves nothing behind when %s ends it, whatever its folder is called",
    async (signal) => {
      const temporary = mkdtempSync(join(folder, "a,b "));
      const child = spawn(process.execPath, ["bin/stvm.mjs", "boot", kernel, "-e", "6 * 7", "[ true ] whileTrue"], {
        env: { ...process.env, TMPDIR: temporary },
        stdio: ["pipe", "pipe", "ignore"],
      });
      const ended = new Promise((resolve) => child.once("close", resolve));
      await new Promise<void>((resolve) => child.stdout!.once("data", () => resolve()));
      const [qemu, ...others] = childrenOf(child.pid!);
      expect([existsSync(`/proc/${qemu}`), others]).toEqual([true, []]);
      child.kill(signal);
      expect(await ended).toBe(128 + constants.signals[signal]);
      expect(existsSync(`/proc/${qemu}`)).toBe(false);
      expect(readdirSync(temporary)).toEqual([]);
    },
  );
});

describe("stvm boot into a pipe", () => {
  testInQemu("that nobody reads any more ends, and says nothing", async () => {
    const temporary = mkdtempSync(join(folder, "pipe-"));
    const count = "1 to: 300000 do: [ :i | FileStream stdout print: i; lf ]. [ true ] whileTrue";
    const child = spawn(process.execPath, ["bin/stvm.mjs", "boot", "--no-kvm", kernel, "-e", count], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let errors = "";
    child.stderr!.on("data", (part: Buffer) => void (errors += part.toString()));
    child.stdout!.once("data", () => child.stdout!.destroy());
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(128 + constants.signals.SIGPIPE);
    expect(errors).toBe("");
    expect(readdirSync(temporary)).toEqual([]);
  });
});

/** Processes that a process has started and that are there. */
function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
}

describe("a kernel that cannot go on says so in one line and stops", () => {
  testInQemu("less memory than it needs, to the megabyte that was told when it was built", async () => {
    const least = Math.ceil(built.memoryBytes / (1 << 20));
    const { end, text } = await boot({ megabytes: least - 1 });
    expect(end.kind).toBe("crash");
    expect(text).toBe(
      `stvm: too little memory: the machine has ${least - 1} MB, and the image needs ${least} MB to start; give it more\n`,
    );
    expect((await boot({ words: ["-e", "3 + 4"], megabytes: least })).text).toBe("7\n");
  });

  testInQemu("a word for the virtual machine that it does not know", async () => {
    const { end, text } = await boot({ machineWords: ["stvm.colour=red"] });
    expect(end.kind).toBe("crash");
    expect(text).toMatch(/^stvm: stvm.colour=red: unknown .*\n$/);
  });

  testInQemu("a heap that is damaged", async () => {
    const damaged = Buffer.from(built.file);
    // The last segment is old space: all of it but the first page.
    const headers = damaged.readUInt16LE(56);
    const last = 64 + (headers - 1) * 56;
    const start = Number(damaged.readBigUInt64LE(last + 8));
    damaged.fill(0xff, start + 4096, start + Number(damaged.readBigUInt64LE(last + 32)));
    const file = join(folder, "damaged.xen");
    writeFileSync(file, damaged);
    const { end, text } = await boot({ file, timeoutMilliseconds: 20_000 });
    expect(end.kind).toBe("crash");
    expect(text).toMatch(/^stvm: .*\n/);
  });
});

describe("files", () => {
  testInQemu("are written, read, listed and deleted, and the image is saved, in 16 MB", async () => {
    const { end, text } = await boot({ words: ["-e", ...FILE_EXPRESSIONS] });
    for (const answer of FILE_ANSWERS) expect(text).toContain(`\n${answer}\n`);
    expect(end).toEqual({ kind: "quit", code: 0 });
  });

  // Writes until no more fits; answers how many megabytes that were.
  const fillDisk =
    "| part f n | part := ByteArray new: 65536. f := FileStream forceNewFileNamed: 'full'. f binary. n := 0. " +
    "[ [ f nextPutAll: part; flush. n := n + 1 ] repeat ] on: Error do: [ :e | ]. [ f close ] on: Error do: [ :e | ]. " +
    "FileStream delete: 'full'. n // 16";
  const useHeap = "((1 to: 20) inject: 0 into: [ :sum :each | sum + (Array new: 100000) size ])";

  testInQemu("end with memory, and give it back: files and heap in turn", async () => {
    const words = ["-e", fillDisk, useHeap, fillDisk, useHeap];
    for (const [megabytes, least] of [
      [16, 1],
      [64, 20],
    ] as const) {
      const { end, text } = await boot({ words, megabytes });
      const numbers = [...text.matchAll(/^\d+$/gm)].map(Number);
      expect(numbers).toEqual([numbers[0], 2000000, numbers[0], 2000000]);
      expect(numbers[0]).toBeGreaterThanOrEqual(least);
      expect(end).toEqual({ kind: "quit", code: 0 });
    }
  });

  testInQemu("have what the command line gives them", async () => {
    const { text } = await boot({ words: ["-e", fillDisk], megabytes: 64, machineWords: ["stvm.files=6m"] });
    expect(text).toMatch(/^[567]\n$/);
    const none = await boot({ words: ["-e", fillDisk], megabytes: 64, machineWords: ["stvm.files=0"] });
    expect(none.end).toEqual({ kind: "quit", code: 1 });
    const { end, text: refusal } = await boot({ megabytes: 16, machineWords: ["stvm.files=12m"] });
    expect(end.kind).toBe("crash");
    expect(refusal).toMatch(/^stvm: stvm\.files: .*; give them less, or the machine more memory than 16 MB\n$/);
  });
});

describe("the conformance image in a kernel", () => {
  testInQemu(
    "passes all of its tests in both bytecode sets",
    async () => {
      const passes = async (bytecodes: string) => {
        const [ownImage, file] = [join(folder, `${bytecodes}.image`), join(folder, `${bytecodes}.xen`)];
        const words = ["build-image", "images/conformance", "--bytecodes", bytecodes, "-o", ownImage];
        execFileSync(process.execPath, ["bin/stvm.mjs", ...words]);
        // Tests make methods of their own, with primitives that no method of the image names.
        const options = { image: ownImage, output: file, primitives: "all", debug: false } as const;
        writeFileSync(file, (await buildXenKernel(options, () => {})).file);
        const { end, text } = await boot({ file, megabytes: 256, timeoutMilliseconds: CONFORMANCE_MILLISECONDS });
        expectAllPassed(text);
        expect(end).toEqual({ kind: "quit", code: 0 });
      };
      await Promise.all([passes("sista"), passes("v3")]);
    },
    BUILD_MILLISECONDS + CONFORMANCE_MILLISECONDS,
  );
});

describe("building", () => {
  test("an image that is none is refused with reason and way out", async () => {
    const broken = join(folder, "broken.image");
    writeFileSync(broken, readFileSync(image).subarray(0, 5000));
    const building = buildXenKernel({ image: broken, output: kernel, primitives: "reachable", debug: false }, () => {});
    await expect(building).rejects.toThrow(/broken\.image: .*; /);
  });

  test("app.json makes the configuration for xl", () => {
    const file = join(folder, "app.json");
    const config = { name: "web", memory: "32m", arguments: ["--eval", "3 + 4"], heap: "8m", onCrash: "preserve" };
    writeFileSync(file, JSON.stringify({ ...config, xl: { vif: '["bridge=xenbr0"]' } }));
    const configuration = guestConfiguration(kernel, readKernelConfig(file), built.memoryBytes);
    expect(configuration.replace(/^#.*\n/, "")).toBe(
      [
        'name = "web"',
        'type = "pvh"',
        'kernel = "default.xen"',
        "memory = 32",
        "vcpus = 1",
        'cmdline = "stvm.heap=8388608 --eval 3\\\\ +\\\\ 4"',
        'on_poweroff = "destroy"',
        'on_reboot = "restart"',
        'on_crash = "preserve"',
        'vif = ["bridge=xenbr0"]',
        "",
      ].join("\n"),
    );
  });

  test.each([
    ["{", /not JSON/],
    ['{"colour": "red"}', /colour: unknown; known are name, memory/],
    ['{"memory": 32}', /memory: a text is wanted/],
    ['{"onCrash": "explode"}', /onCrash: one of destroy/],
    ['{"memory": "64q"}', /wrong\.json: memory: 64q: not a size/],
    ['{"heap": "5g"}', /wrong\.json: heap: 5g: more than the 4 GiB/],
    [
      '{"words": ["stvm.colour=red"]}',
      /wrong\.json: words: stvm\.colour=red: no word for the kernel; known are stvm\./,
    ],
    ['{"words": ["stvm.log=1 stvm.exit"]}', /wrong\.json: words: stvm\.log=1 stvm\.exit: no word for the kernel/],
    ['{"words": ["stvm.heap=64mb"]}', /wrong\.json: words: stvm\.heap=64mb: no word for the kernel/],
    ['{"words": ["timing"]}', /wrong\.json: words: timing: no word for the kernel/],
    ['{"name": ""}', /wrong\.json: name: one letter at least/],
    ['{"xl": ["a"]}', /xl: an object of texts is wanted/],
    ['{"xl": {"a\\nkernel": "1"}}', /xl: .* is no key/],
    ['{"arguments": ["a\\u0000b"]}', /wrong\.json: arguments: a zero byte/],
  ])("app.json %s is refused", (text, message) => {
    const file = join(folder, "wrong.json");
    writeFileSync(file, text);
    expect(() => readKernelConfig(file)).toThrow(message);
  });

  test("app.json whose arguments are more than a kernel takes is refused", () => {
    const file = join(folder, "long.json");
    writeFileSync(file, JSON.stringify({ arguments: ["x".repeat(5000)] }));
    expect(() => readKernelConfig(file)).toThrow(/long\.json: arguments: 1 words of 5000 bytes/);
  });

  test("app.json that is a folder is refused, and one with a byte order mark read", () => {
    expect(() => readKernelConfig(folder)).toThrow(/cannot be read .*; give the path of a JSON file/);
    const file = join(folder, "marked.json");
    writeFileSync(file, '\ufeff{"name": "web"}');
    expect(readKernelConfig(file)).toEqual({ name: "web" });
  });
});
