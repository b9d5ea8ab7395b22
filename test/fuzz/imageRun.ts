// `npm run fuzz:run [-- SEED [COUNT]]`: damaged images in the whole virtual machine, without files and with a bound on
// steps and memory. Each must be refused, or run, or end, in words; a run that does not come back is found by a
// watching thread, reported with its seed, and passed over. Exit code 1 for a failure.

import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { createVm, virtualClock, VmError } from "../../vm/embed/node.js";
import { realImage } from "../image/loader.js";
import { type Damage, mutations, truncations } from "./imageMutations.js";

const IMAGES = [
  "headless/headless-64",
  "headless/headless-32",
  "candle/fib40-64",
  "codeparadise/client-environment-64",
];
const CUTS = 20;
const SLICES = 10;
const SLICE_POLLS = 20_000;
const MAX_OLD_SPACE_BYTES = 32 << 20;
/** A damaged image that takes longer hangs. */
const LIMIT_MILLISECONDS = 30_000;

interface Task {
  readonly name: string;
  readonly seed: number;
  readonly count: number;
  /** Damages before this one have been tried. */
  readonly first: number;
}

type Report = { readonly index: number; readonly what: string } | { readonly index: number; readonly outcome: string };

if (isMainThread) await main();
else await work(workerData as Task);

async function main(): Promise<void> {
  const seed = Number(process.argv[2] ?? Date.now() % 2 ** 32);
  const count = Number(process.argv[3] ?? 300);
  console.log(`seed ${seed}`);
  let failed = 0;
  for (const name of IMAGES) {
    if (realImage(name) === undefined) {
      console.log(`${name}: skipped, the image is missing`);
      continue;
    }
    const outcomes = new Map<string, number>();
    for (let first = 0; first < CUTS + count;) first = await watch({ name, seed, count, first }, outcomes);
    console.log(`${name}: ${[...outcomes].map(([outcome, times]) => `${times} ${outcome}`).join(", ")}`);
    for (const [outcome, times] of outcomes) if (outcome.startsWith("FAILED")) failed += times;
  }
  console.log(`${failed} failures, seed ${seed}`);
  process.exitCode = failed > 0 ? 1 : 0;
}

/** Runs a worker until it is through or hangs; answers the first damage that is still to be tried. */
function watch(task: Task, outcomes: Map<string, number>): Promise<number> {
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  return new Promise((resolve) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: task });
    let present: { index: number; what: string } = { index: task.first, what: "the start" };
    let timer = setTimeout(hang, LIMIT_MILLISECONDS);
    worker.on("message", (report: Report) => {
      clearTimeout(timer);
      timer = setTimeout(hang, LIMIT_MILLISECONDS);
      if ("what" in report) present = report;
      else count(report.outcome);
      if ("outcome" in report && report.outcome.startsWith("FAILED"))
        console.log(`  ${present.what}: ${report.outcome}`);
    });
    worker.on("error", (error) => leave(`FAILED worker: ${error.message}`));
    worker.on("exit", () => leave(undefined));
    function hang() {
      void worker.terminate();
      leave("FAILED hang");
    }
    function leave(problem: string | undefined) {
      clearTimeout(timer);
      worker.removeAllListeners();
      if (problem === undefined) return resolve(Infinity);
      count(problem);
      console.log(`  ${present.what}: ${problem}`);
      resolve(present.index + 1);
    }
  });
}

async function work(task: Task): Promise<void> {
  const image = realImage(task.name)!;
  let index = 0;
  for (const damage of damages(image, task)) {
    if (index >= task.first) {
      parentPort!.postMessage({ index, what: damage.what } satisfies Report);
      parentPort!.postMessage({ index, outcome: await outcomeOf(damage) } satisfies Report);
    }
    index++;
  }
}

function* damages(image: Uint8Array, task: Task): Generator<Damage> {
  yield* truncations(image, CUTS);
  yield* mutations(image, task.count, task.seed);
}

/** One word for how it ended. */
async function outcomeOf({ image }: Damage): Promise<string> {
  try {
    const vm = await createVm({
      image: Uint8Array.from(image),
      fileAccess: "none",
      clock: virtualClock(),
      stdout: () => {},
      stderr: () => {},
      onSnapshot: () => {},
      maxOldSpaceBytes: MAX_OLD_SPACE_BYTES,
      slicePolls: SLICE_POLLS,
    });
    try {
      for (let slice = 0; slice < SLICES; slice++) {
        const outcome = vm.run();
        if (outcome.kind === "fatal") return outcome.message.startsWith("trap") ? "trapped" : "fatal";
        if (outcome.kind !== "slice") return outcome.kind;
      }
      return "still running";
    } finally {
      vm.destroy();
    }
  } catch (error) {
    if (!(error instanceof VmError)) return `FAILED ${String(error)}`;
    return /RuntimeError/.test(error.message) ? `FAILED ${error.message}` : "refused";
  }
}
