// The inspect and debug commands on real images: golden sessions, and the report for programs.

import { execFileSync, spawnSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { expectGolden } from "../golden.js";
import { imagePath, testWithImages } from "../images.js";

const COMMAND = "bin/stvm.mjs";

testWithImages("commands answer as their golden file says", () => {
  expectGolden("test/tools/commands.golden", (text) => {
    const [head, ...sessions] = text.split(/^(?=\$ stvm )/m);
    return [head, ...sessions.map((session) => answer(session.split("\n")[0]))].join("");
  });
});

testWithImages("inspect --json tells what a program needs", () => {
  const json = execFileSync(process.execPath, [COMMAND, "inspect", imagePath("pharo8-kernel/Pharo"), "--json"]);
  const report = JSON.parse(json.toString());
  expect(report.header).toMatchObject({ format: 68021, wordBits: 64, headerBytes: 128, fileBytes: 2_470_824 });
  expect(report.heap).toMatchObject({ classes: 553, methods: 10_391 });
  expect(report.bytecodeSets).toEqual({ V3PlusClosures: 10_391, SistaV1: 0 });
  const instances = report.histogram.reduce((sum: number, line: { instances: number }) => sum + line.instances, 0);
  const bytes = report.histogram.reduce((sum: number, line: { bytes: number }) => sum + line.bytes, 0);
  expect([instances, bytes]).toEqual([report.heap.objects, report.heap.bytes]);
  const add = report.numberedPrimitives.find((use: { number: number }) => use.number === 1);
  expect(add).toEqual({ number: 1, name: "primitiveAdd", methods: 1, answered: true });
  expect(report.specialObjects[5]).toEqual({ index: 5, role: "class small integer", value: "SmallInteger" });
});

testWithImages("debug reads its lines from standard input too", () => {
  const { stdout, status } = spawnSync(process.execPath, [COMMAND, "debug", imagePath("pharo8-kernel/Pharo")], {
    input: "step 3\n\nnosuch\nquit\n",
    encoding: "utf8",
  });
  expect(stdout.split("\n").filter((line) => line.startsWith("  pc"))).toHaveLength(2);
  expect(status).toBe(0);
});

testWithImages("jit shows a method and its blocks, or the blocks alone", () => {
  const method = "Collection>>inject:into:";
  for (const [wanted, names] of [
    [method, [method, `[] in ${method}`]],
    [`[] in ${method}`, [`[] in ${method}`]],
  ] as const) {
    const json = execFileSync(process.execPath, [COMMAND, "jit", imagePath("pharo8-kernel/Pharo"), wanted, "--json"]);
    const { tier, code } = JSON.parse(json.toString());
    expect(tier).toBe("baseline");
    expect(code.map(({ name }: { name: string }) => name)).toEqual(names);
    for (const { bytes, instructions } of code) {
      expect(bytes).toBeGreaterThan(100);
      const all = instructions.flatMap(({ wasm }: { wasm: string[] }) => wasm).join("\n");
      expect(all).toContain("call $vm.sendFromCode");
    }
  }
});

testWithImages("jit says where there is no block, and that an option is the other tier's", () => {
  const image = imagePath("pharo8-kernel/Pharo");
  const jit = (...words: string[]) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [COMMAND, "jit", ...words], { encoding: "utf8" });
    return [status, `${stdout}${stderr}`];
  };
  const block = "[] in Process>>resume";
  expect(jit(image, block)).toEqual([1, `stvm: ${block}: there is no block in it; ask for it without [] in\n`]);
  for (const option of ["--at-end", "--exits", "--list"])
    expect(jit(option, image)).toEqual([
      1,
      expect.stringMatching(`^stvm: ${option}: goes with --tier=optimised, .*; `),
    ]);
});

test("test says what is wrong with its options for compiling", () => {
  const errorOf = (...words: string[]) =>
    spawnSync(process.execPath, [COMMAND, "test", ...words], { encoding: "utf8" }).stderr;
  expect(errorOf("--jit=on")).toMatch(/^stvm: --jit=on: nothing is compiled without a threshold; [^\n]+\n$/);
  expect(errorOf("--jit-threshold=0")).toMatch(/^stvm: --jit-threshold=0: no whole number from 1 on; /);
  expect(errorOf("--jit-threshold=x")).toMatch(/^stvm: --jit-threshold: no whole number from 1 on; /);
});

/** A command's session anew: its line, and what it prints. */
function answer(line: string): string {
  const words = [...line.slice("$ stvm ".length).matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, word]) => quoted ?? word,
  );
  const { stdout, stderr, status } = spawnSync(process.execPath, [COMMAND, ...words], { encoding: "utf8" });
  const output = `${stdout}${stderr}`.replace(/0x[0-9a-f]+/g, "0x…");
  return `${line}\n${output}${status === 0 ? "" : `exit ${status}\n`}`;
}
