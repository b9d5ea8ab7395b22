// `stvm jit --tier=optimised`: an image runs until its second tier has optimised a method; its code is shown.

import { afterAll, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { smallImage } from "../jit/smallImage.js";

const WORK = ["-e", "(1 to: 300000) inject: 0 into: [ :a :b | a + b ]"];
const METHOD = "Collection>>inject:into:";

const folder = mkdtempSync(join(tmpdir(), "stvm-jit-"));
const image = join(folder, "small.image");
writeFileSync(image, smallImage());
afterAll(() => rmSync(folder, { recursive: true }));

function jit(...words: string[]) {
  const all = ["bin/stvm.mjs", "jit", "--tier=optimised", "--jit-threshold=1", ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: "utf8", timeout: 50_000 });
  return { status, stdout, stderr };
}

test("bytecodes of a method and of what is inlined, with their code", () => {
  const { status, stdout, stderr } = jit("--at-end", image, METHOD, ...WORK);
  expect([status, stderr]).toEqual([0, "45000150000\n"]);
  const lines = stdout.split("\n");
  expect(lines[0]).toMatch(/^Collection>>inject:into: {2}\d+ bytes, 2 rounds$/);
  expect(lines).toContainEqual(expect.stringMatching(/^\| Interval>>do: {2}inlined, \d+$/));
  expect(lines).toContainEqual(expect.stringMatching(/^\| \| \[\] in Collection>>inject:into: {2}inlined, \d+$/));
  expect(lines).toContainEqual(expect.stringMatching(/^\| +\d+ {2}send value:$/));
  // The mark of a bytecode is not part of the code.
  expect(lines.filter((line) => /^[| ]*drop$/.test(line))).toEqual([]);
  expect(stdout).toMatch(/^\| \| +exit: \w+, 3 frames \(leaves at .*pc \d+\)$/m);
  expect(stdout).not.toContain("exitFromCode");
  expect(stdout).toMatch(/i32\.const \{class Interval\}/);
});

test("exits whole", () => {
  const { stdout } = jit("--at-end", "--exits", image, METHOD, ...WORK);
  expect(stdout).toMatch(/i32\.const \{exit: \w+, 3 frames\}/);
  expect(stdout).toContain("call $vm.exitFromCode");
});

test("as JSON, for programs", () => {
  const { status, stdout } = jit("--json", image, METHOD, ...WORK);
  const { tier, name, times, rounds, bytes, scopes, instructions } = JSON.parse(stdout);
  expect([status, tier, name, times, rounds]).toEqual([0, "optimised", METHOD, 1, 2]);
  expect(bytes).toBeGreaterThan(500);
  expect(scopes[0]).toEqual({ name: METHOD, depth: 0 });
  expect(instructions.map(({ bytecode }: { bytecode: string }) => bytecode)).toContain("send do:");
});

test("a list of all that was optimised", () => {
  const { status, stdout } = jit("--list", image, ...WORK);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^times rounds {3}bytes {2}method, exits, what is inlined$/m);
  expect(stdout).toMatch(/^ {4}1 {6}\d +\d+ {2}Collection>>inject:into:.*\n {22}Interval>>do:$/m);
  const json = JSON.parse(jit("--list", "--json", image, ...WORK).stdout);
  expect(json.end).toBe("exit code 0");
  const found = json.optimised.find((one: { name: string }) => one.name === METHOD);
  expect(found).toMatchObject({ times: 1, exits: expect.any(Object) });
  expect(found.inlined).toContain("Interval>>do:");
});

test("a list with nothing in it, and why", () => {
  const { status, stderr } = jit("--list", image, "-e", "3 + 4");
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^7\nstvm: [^\n]+: nothing was optimised, [^\n]+\n$/)]);
});

test("what was not optimised, and why", () => {
  const why = (method: string) => {
    const { status, stdout, stderr } = jit(image, method, ...WORK);
    expect([status, stdout]).toEqual([1, ""]);
    return stderr.replace("45000150000\n", "").trimEnd();
  };
  expect(why("Point>>+")).toBe(
    "stvm: Point>>+: not optimised: it was not called often enough to be compiled at all; see --jit-threshold (exit code 0)",
  );
  expect(why("Interval>>size")).toMatch(/^stvm: Interval>>size: not optimised: it is inlined in .*Interval>>do:/);
  expect(why("Point>>nosuch")).toMatch(/^stvm: .*: Point has no method nosuch/);
  expect(jit(image).stderr).toMatch(/^stvm: no method given; write stvm jit --tier=optimised/);
  expect(jit("--help").stdout).toContain("--at-end");
});
