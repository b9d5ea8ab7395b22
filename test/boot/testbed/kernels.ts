// Kernels of real images as guests in the test bed: the Pharo kernel, the default image with what is typed to it, the
// conformance image; two at once, orders to stop, and what goes wrong.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGuest, type Guest, type GuestOptions } from "../../../tools/testbed/guest.js";
import type { Toolstack } from "../../../tools/testbed/toolstack.js";
import { buildXenKernel } from "../../../tools/programs/xen.js";
import { imagePath, imagesPresent } from "../../images.js";
import { compiledCounts, expectAllPassed, FILE_ANSWERS, FILE_EXPRESSIONS } from "../guestReport.js";

const BUILD_MILLISECONDS = 300_000;
const TEST_MILLISECONDS = 360_000;
const CONFORMANCE_MILLISECONDS = 300_000;
/** The least that the default image's kernel is for. */
const LEAST_MEGABYTES = 16;

/** Declares the tests. `bed` answers the running test bed; `isThere` says whether there is one. */
export function describeKernels(bed: () => Toolstack, isThere: boolean): void {
  describe("kernels", () => declare(bed, isThere));
}

function declare(bed: () => Toolstack, isThere: boolean): void {
  const folder = mkdtempSync(join(tmpdir(), "stvm-kernels-"));
  let defaultKernel: Uint8Array;
  const testKernel = (name: string, body: () => Promise<void>) =>
    (isThere ? test : test.skip)(name, body, TEST_MILLISECONDS);

  beforeAll(async () => {
    if (isThere) defaultKernel = await build(ownImage(folder, "default"));
  }, BUILD_MILLISECONDS);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  let count = 0;
  const create = (commandLine: string, options: Partial<GuestOptions> = {}): Promise<Guest> =>
    createGuest(bed(), {
      name: `kernel${++count}`,
      kernel: defaultKernel,
      commandLine,
      memoryMegabytes: LEAST_MEGABYTES,
      ...options,
    });
  const text = (guest: Guest) => guest.output.replaceAll("\r\n", "\n");

  describe("the Pharo kernel image", () => {
    (isThere && imagesPresent ? test : test.skip)(
      "prints its version and powers off",
      async () => {
        const image = join(folder, "Pharo.image");
        copyFileSync(imagePath("pharo8-kernel/Pharo"), image);
        chmodSync(image, 0o644);
        // At its first start the image initialises, saves itself and quits.
        run("run", image);
        const kernel = await build(image);
        const guest = await create("printVersion", { kernel, memoryMegabytes: 64 });
        expect(await guest.ended()).toEqual({ reason: "poweroff", exitCode: 0 });
        expect(text(guest)).toMatch(/^\[version\] 'Pharo8.0.0' '[^\n]*\(64 Bit\)'\n$/);
      },
      TEST_MILLISECONDS,
    );
  });

  describe("the default image", () => {
    testKernel("evaluates what is typed until the input ends", async () => {
      const created = Date.now();
      const guest = await create("");
      const [, milliseconds] = await guest.waitForOutput(/ready after ([\d.]+) ms/);
      // Since its own start, not Xen's.
      expect(Number(milliseconds)).toBeLessThan(Date.now() - created);
      await guest.waitForOutput(/\n> $/);
      await guest.type("3 + 4\r");
      await guest.waitForOutput(/3 \+ 4\r\n7\r\n> $/);
      await guest.type("| a | a := 100 factorial. a prx\x7fintString size\r");
      await guest.waitForOutput(/\r\n158\r\n> $/);
      await guest.type("nil foo\r");
      await guest.waitForOutput(/foo[^]*\r\n> $/);
      await guest.type("\x04");
      expect(await guest.ended()).toEqual({ reason: "poweroff", exitCode: 0 });
    });

    testKernel("hands its exit code on, and takes its arguments with all kinds of quotation marks", async () => {
      const guest = await create(`-e "'it''s ' , (String with: \\$\\")" "1/0"`);
      expect(await guest.ended()).toEqual({ reason: "poweroff", exitCode: 1 });
      expect(text(guest)).toMatch(/^'it''s "'\n[^]*ZeroDivide/);
    });

    testKernel("says how long the start took", async () => {
      const guest = await create("stvm.timing --version");
      expect(await guest.ended()).toEqual({ reason: "poweroff", exitCode: 0 });
      expect(text(guest)).toMatch(
        /^stvm: entry to first bytecode \d+\.\d+ ms, heap \d+ MB of \d+ MB, Xen\nstvm [^\n]+\n$/,
      );
    });

    testKernel("has files, and saves itself to one", async () => {
      const words = FILE_EXPRESSIONS.map((expression) => `"${expression.replaceAll("$", "\\$")}"`);
      const guest = await create(`-e ${words.join(" ")}`);
      expect(await guest.ended()).toEqual({ reason: "poweroff", exitCode: 0 });
      for (const answer of FILE_ANSWERS) expect(text(guest)).toContain(`\n${answer}\n`);
    });

    testKernel("loses no output while nobody takes it from the ring", async () => {
      const lines = 500;
      const stop = (signal: string) => bed().run(`kill -${signal} $(cat /run/xenconsoled.pid)`, 60_000);
      const guest = await create("");
      await guest.waitForOutput(/\n> $/);
      await guest.type(`1 to: ${lines} do: [ :i | FileStream stdout print: i; lf ]. FileStream stdout flush. #done`);
      await guest.waitForOutput(/#done$/);
      await guest.type("\r");
      await stop("STOP");
      try {
        await bed().run("sleep 1", 60_000);
        expect(guest.hasStopped).toBe(false);
      } finally {
        await stop("CONT");
      }
      await guest.waitForOutput(/\r\n#done\r\n> $/);
      const numbers = text(guest).match(/^\d+$/gm);
      expect(numbers).toEqual(Array.from({ length: lines }, (_, index) => String(index + 1)));
      await guest.destroy();
    });
  });

  describe("the conformance image passes all of its tests", () => {
    let image: string;
    let plainKernel: Uint8Array;
    beforeAll(async () => {
      if (!isThere) return;
      image = ownImage(folder, "conformance");
      // Tests make methods of their own, with primitives that no method of the image names.
      plainKernel = await build(image, "all");
    }, BUILD_MILLISECONDS);

    /** Runs it to its end; answers what was compiled. */
    const passes = async (words: string, kernel = plainKernel) => {
      const guest = await create(`stvm.jit-stats ${words}`, { kernel, memoryMegabytes: 256 });
      const end = await guest.ended(CONFORMANCE_MILLISECONDS);
      const report = text(guest);
      expectAllPassed(report);
      expect(end).toEqual({ reason: "poweroff", exitCode: 0 });
      return compiledCounts(report);
    };
    testKernel("interpreted", async () => {
      expect(await passes("")).toEqual({ atRun: 0, ahead: 0 });
    });
    testKernel("with every method compiled at its first call", async () => {
      expect((await passes("stvm.jit-threshold=1")).atRun).toBeGreaterThan(3000);
    });
    testKernel("compiled and optimised when they are called often", async () => {
      const { atRun } = await passes("stvm.jit=on");
      expect(atRun).toBeGreaterThan(100);
      expect(atRun).toBeLessThan(3000);
    });
    testKernel("compiled and optimised at the first call", async () => {
      expect((await passes("stvm.jit=on stvm.jit-threshold=1")).atRun).toBeGreaterThan(3000);
    });
    testKernel("compiled when the kernel was built", async () => {
      expect((await passes("", await build(image, "all", "all"))).ahead).toBeGreaterThan(3000);
    });
  });

  describe("two guests", () => {
    testKernel("live side by side; one goes on when the other is destroyed, and is shut down in order", async () => {
      const [first, second] = [await create(""), await create("")];
      await Promise.all([first.waitForOutput(/\n> $/), second.waitForOutput(/\n> $/)]);
      await Promise.all([first.type("#first size\r"), second.type("'second one' size\r")]);
      await Promise.all([first.waitForOutput(/\r\n5\r\n> $/), second.waitForOutput(/\r\n10\r\n> $/)]);
      await first.destroy();
      expect(await first.ended()).toEqual({ reason: "destroyed" });
      await second.type("6 * 7\r");
      await second.waitForOutput(/\r\n42\r\n> $/);
      await second.shutdown();
      expect(await second.ended()).toEqual({ reason: "poweroff", exitCode: 0 });
    });

    testKernel("are told apart by what they are asked: one reboots", async () => {
      const guest = await create("");
      await guest.waitForOutput(/\n> $/);
      await guest.shutdown("reboot");
      expect((await guest.ended()).reason).toBe("reboot");
    });
  });

  describe("what goes wrong is said in one line, and nothing hangs", () => {
    testKernel("a word that the kernel does not know crashes the domain", async () => {
      const guest = await create("stvm.nosuch=1", { onCrash: "preserve" });
      expect(await guest.ended()).toEqual({ reason: "crash" });
      expect(text(guest)).toMatch(/^stvm: stvm\.nosuch=1: unknown[^\n]+\n$/);
      expect((await bed().run("xl list", 60_000)).stdout).toMatch(new RegExp(`^${guest.name} .*c-`, "m"));
      await guest.destroy();
    });

    testKernel("too little memory to start is refused by xl", async () => {
      await expect(create("--version", { memoryMegabytes: 8 })).rejects.toThrow(/^xl create [^\n]*memory[^\n]*$/);
    });

    testKernel("too little memory for the image's objects is an error in the image", async () => {
      const guest = await create(`-e "(1 to: 100) collect: [ :i | ByteArray new: 1000000 ]"`);
      expect(await guest.ended()).toEqual({ reason: "poweroff", exitCode: 1 });
      expect(text(guest)).toMatch(/OutOfMemory/);
    });
  });
}

/** The kernel's ELF file. */
async function build(image: string, primitives: "reachable" | "all" = "reachable", ahead?: "all"): Promise<Uint8Array> {
  const options = { image, output: "kernel.xen", primitives, debug: false, ahead };
  return (await buildXenKernel(options, () => {})).file;
}

/** Builds one of the images of images/. */
function ownImage(folder: string, name: string): string {
  const image = join(folder, `${name}.image`);
  run("build-image", `images/${name}`, "-o", image, "--no-sources");
  return image;
}

/** The stvm command. */
function run(...words: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, ["bin/stvm.mjs", ...words], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}
