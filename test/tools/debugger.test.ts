// The debugger on a working system: breakpoints and stacks while memory is collected, and lines of source.

import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { expect } from "@jest/globals";
import { Debugger } from "../../tools/debugger.js";
import { openImage } from "../../tools/session.js";
import { processes } from "../../vm/embed/processes.js";
import { activationName } from "../../vm/embed/stack.js";
import { imagePath, testWithImages } from "../images.js";

const SCRIPT = `| delay |
delay := Delay forMilliseconds: 1.
1 to: 3 do: [:i | (1 to: 30000) collect: [:k | k printString]. Smalltalk garbageCollect. delay wait].
nil foo.
Smalltalk quitPrimitive.
`;

testWithImages("breakpoints follow their methods, stacks name what runs, finish returns", async () => {
  await withCuis(async (machine) => {
    const { reflection, vm } = machine.session;
    const names = () => machine.stack.active().map((activation) => activationName(reflection, activation));

    await machine.breakOnMethod("Delay>>wait");
    await machine.breakOnDoesNotUnderstand();
    let stops = 0;
    let stop = await machine.go();
    for (; stop.kind === "breakpoint" && stop.label === "Delay>>wait"; stop = await machine.go()) {
      expect(names().slice(0, 1)).toEqual(["Delay>>wait"]);
      if (names()[1] === "UndefinedObject>>DoIt") stops++;
    }
    expect(stops).toBe(3);
    expect(stop).toEqual({ kind: "breakpoint", label: "doesNotUnderstand: #foo by nil" });
    expect(names().slice(0, 3)).toEqual([
      "UndefinedObject(Object)>>doesNotUnderstand:",
      "UndefinedObject>>DoIt",
      "Compiler>>evaluate:in:to:notifying:ifFail:logged:profiled:",
    ]);
    const all = processes(vm.exports, reflection);
    expect(all[0]).toMatchObject({ name: "Morphic UI", priority: 40, state: "running" });
    expect(all.find(({ name }) => name === "Delay Scheduling")?.state).toMatch(/^waiting on a Semaphore/);

    expect(machine.remove("doesNotUnderstand:")).toBe(true);
    await machine.breakOnMethod("Exception>>signal");
    expect(await machine.go()).toMatchObject({ label: "Exception>>signal" });
    const depth = names().length;
    expect((await machine.next()).kind).toBe("step");
    expect(names()).toHaveLength(depth);
    machine.remove("Delay>>wait");
    machine.remove("Exception>>signal");
    // Other processes come and go; the one that signals is recognised by where it began. What handles the error may
    // unwind several activations.
    for (let steps = 0; steps < 2000 && !(isHome() && names().length > depth); steps++) await machine.step(1);
    const deeper = names().length;
    expect(deeper).toBeGreaterThan(depth);
    expect(await machine.finish()).toEqual({ kind: "step" });
    expect([isHome(), names().length < deeper]).toEqual([true, true]);

    function isHome(): boolean {
      return names().includes("PasteUpMorph>>doOneCycle");
    }
  });
});

/** A copy of the Cuis image at its start, about to run the script. */
async function withCuis(body: (machine: Debugger) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "stvm-debugger-"));
  const original = imagePath("cuis5/cuis5-tests-64");
  const image = join(folder, basename(original));
  copyFileSync(original, image);
  const beside = resolve(original, "..");
  symlinkSync(join(beside, "CuisV5.sources"), join(folder, "CuisV5.sources"));
  copyFileSync(join(beside, "cuis5-tests-64.changes"), join(folder, "cuis5-tests-64.changes"));
  writeFileSync(join(folder, "script.st"), SCRIPT);
  const session = await openImage(image, {
    workingDirectory: folder,
    arguments: ["-s", "script.st"],
    stdin: () => undefined,
    stdout: () => {},
    stderr: () => {},
  });
  try {
    await body(new Debugger(session, image));
  } finally {
    session.vm.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
}
