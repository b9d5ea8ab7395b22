// What `--jit-stats` tells: what each tier has made, where time went, and code that a host did not take.

import { afterEach, expect, test } from "@jest/globals";
import { createVm } from "../../vm/embed/node.js";
import { jitStatistics, summedStatistics } from "../../vm/embed/jitStatistics.js";
import { jitReport } from "../../tools/jitReport.js";
import { smallImage } from "../jit/smallImage.js";

const WORK = "(1 to: 200000) inject: 0 into: [ :a :b | a + b ]";
const { Module } = WebAssembly;
afterEach(() => void (WebAssembly.Module = Module));

async function statisticsOf(jitThreshold: number | undefined, optimises: boolean) {
  let output = "";
  const lines: string[] = [];
  const vm = await createVm({
    image: smallImage(),
    arguments: ["-e", WORK],
    jitThreshold,
    optimises,
    stdout: (bytes) => void (output += Buffer.from(bytes).toString()),
    log: (level, message) => void lines.push(`${level} ${message}`),
  });
  await vm.runToEnd();
  const statistics = jitStatistics(vm.exports);
  vm.destroy();
  expect(output).toBe("20000100000\n");
  return { statistics, lines };
}

test("each tier's methods, modules, bytes and times", async () => {
  const { statistics, lines } = await statisticsOf(1, true);
  const { baseline, optimised, microseconds, notTaken } = statistics;
  for (const tier of [baseline, optimised]) {
    expect(tier.methods).toBeGreaterThan(3);
    // At threshold 1 nothing waits for company.
    expect(tier.modules).toBe(tier.methods + tier.blocks);
    expect(tier.bytes).toBeGreaterThan(300 * tier.modules);
    expect(tier.compileMicroseconds).toBeGreaterThan(0);
  }
  expect(microseconds.baseline + microseconds.optimised).toBeGreaterThan(microseconds.interpreter);
  expect([notTaken, lines]).toEqual([{ modules: 0, lastError: 0 }, []]);
  const report = jitReport(statistics);
  expect(report).toMatch(/^ {2}optimised {3}\d+ methods, \d+ blocks in \d+ modules of \d+ bytes in all, \d+\.\d ms$/m);
  expect(report).toMatch(/^ {2}time {8}interpreter \d+\.\d ms \(\d+ %\), baseline .* optimised .* after the last$/m);
});

test("without a compiler all time is the interpreter's", async () => {
  const { statistics } = await statisticsOf(undefined, false);
  const { interpreter, baseline, optimised, untold } = statistics.microseconds;
  expect(interpreter).toBeGreaterThan(0);
  expect([baseline, optimised, untold]).toEqual([0, 0, 0]);
});

test("modules that the host does not take are counted, and the log says why once", async () => {
  WebAssembly.Module = class extends Module {
    constructor(source: BufferSource) {
      if (!Buffer.from(source as Uint8Array<ArrayBuffer>).includes("sendFromCode")) super(source);
      else throw new WebAssembly.CompileError("no code here");
    }
  };
  const { statistics, lines } = await statisticsOf(1, true);
  expect([statistics.baseline.methods, statistics.notTaken.lastError]).toEqual([0, 22]);
  expect(statistics.notTaken.modules).toBeGreaterThan(10);
  expect(lines).toEqual([
    "2 compiled code cannot be installed: CompileError: no code here",
    "2 the host does not take compiled code (error 22): its methods stay as they are",
  ]);
  expect(jitReport(statistics)).toMatch(/^ {2}not taken {3}\d+ modules by the host \(the last with error 22\)$/m);
});

test("those of several runs together", async () => {
  const { statistics } = await statisticsOf(1, true);
  const sum = summedStatistics([statistics, statistics, { ...statistics, notTaken: { modules: 1, lastError: 22 } }])!;
  expect(sum.optimised.bytes).toBe(3 * statistics.optimised.bytes);
  expect(sum.exits.class).toBe(3 * statistics.exits.class);
  expect(sum.notTaken).toEqual({ modules: 1, lastError: 22 });
  expect(summedStatistics([])).toBeUndefined();
});
