// Runs the tests of one conformance image: all of them, then the image that saves itself and its two restarts. Where the
// virtual machine stops or hangs, the test under way has failed, and the image is started again behind it.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { JitStatistics } from "../../vm/embed/jitStatistics.js";
import type { ImageRun, WorkerMessage } from "./imageWorker.js";
import { type TapReader, tapReader, type TestResult } from "./tapReader.js";

export interface SuiteOptions {
  readonly image: string;
  /** Where the image writes its files; given anew for each suite. */
  readonly folder: string;
  readonly filter?: string;
  readonly seed?: number;
  /** How much the image that saves itself holds on to, beside the rest. */
  readonly megabytes: number;
  /** A test that reports nothing for so long hangs. */
  readonly timeoutSeconds: number;
  /** As shipped, with assertions, or the bytes of another module. */
  readonly wasm: "release" | "debug" | Uint8Array;
  /** As much as there is if not given. */
  readonly maxOldSpaceBytes?: number;
  /** Ends the suite at the first test that fails: its result is the last one. */
  readonly untilFailure?: boolean;
  /** Activations after which methods are compiled; undefined for never. */
  readonly jitThreshold?: number;
  /** What is to happen all the time: FORCE_… of vm/layout.ts. */
  readonly forced?: number;
  readonly optimises?: boolean;
  /** Whether the image is also saved and restarted, twice; it is if not given. */
  readonly isRestarted?: boolean;
  /** Hears of each run that comes to its end what was compiled in it. */
  readonly onStatistics?: (statistics: JitStatistics) => void;
  readonly progress: (done: number, planned: number, failed: number) => void;
}

type End = Extract<WorkerMessage, { kind: "ended" }>;

/** The tests that look at a restarted image; the name of their class begins their names. */
const RESTART_TESTS = "AfterRestartTest>>";

/** Answers a result for every test, those that no report came from included. */
export async function runSuite(options: SuiteOptions): Promise<TestResult[]> {
  const words = [
    ...(options.filter === undefined ? [] : [`--filter=${options.filter}`]),
    ...(options.seed === undefined ? [] : [`--seed=${options.seed}`]),
  ];
  const results = await runAll(options, options.image, words, "", []);
  const isOnce = options.isRestarted === false || !concernsRestart(options.filter);
  if (isOnce || isOver(options, results)) return results;
  return [...results, ...(await runRestarts(options, words, results))];
}

function concernsRestart(filter: string | undefined): boolean {
  return filter === undefined || RESTART_TESTS.includes(filter) || filter.startsWith(RESTART_TESTS);
}

/** Saves the image, starts what was saved, lets that save itself again, starts that. */
async function runRestarts(
  options: SuiteOptions,
  words: readonly string[],
  before: readonly TestResult[],
): Promise<TestResult[]> {
  const first = join(options.folder, "first.image");
  const second = join(options.folder, "second.image");
  const saved = await runOnce(
    options,
    options.image,
    [`--save=${first}`, `--megabytes=${options.megabytes}`],
    tapReader(),
  );
  if (saved.code !== 0 || !existsSync(first)) return [broken("RestartScenario>>save", saved)];
  const once = await runAll(options, first, [...words, `--save=${second}`], "first restart: ", before);
  if (isOver(options, once)) return once;
  if (!existsSync(second)) return [...once, broken("RestartScenario>>saveAgain", saved)];
  return [...once, ...(await runAll(options, second, words, "second restart: ", [...before, ...once]))];
}

/** Whether a failure ends the suite, and there is one. */
function isOver({ untilFailure }: SuiteOptions, results: readonly TestResult[]): boolean {
  return untilFailure === true && results.some(({ outcome }) => outcome === "failed");
}

function broken(name: string, { code, reason }: End): TestResult {
  const message = reason === "" ? `no image was saved (exit code ${code})` : reason;
  return { name, outcome: "failed", message, milliseconds: 0 };
}

/** Runs an image until every test that it plans has a result. */
async function runAll(
  options: SuiteOptions,
  image: string,
  words: readonly string[],
  prefix: string,
  before: readonly TestResult[],
): Promise<TestResult[]> {
  const results: TestResult[] = [];
  let planned = 0;
  for (let from = 1; ;) {
    const reader = tapReader();
    const report = () => {
      planned = reader.planned ?? planned;
      const known = [...before, ...results, ...reader.results];
      options.progress(
        known.length,
        before.length + planned,
        known.filter(({ outcome }) => outcome === "failed").length,
      );
    };
    const end = await runOnce(options, image, from === 1 ? words : [...words, `--from=${from}`], reader, report);
    results.push(...reader.results.map((result) => ({ ...result, name: prefix + result.name })));
    if (isOver(options, results)) return results;
    const lost = reader.underWay;
    if (lost === undefined) {
      if (reader.planned === undefined || results.length < reader.planned) results.push(broken(`${prefix}report`, end));
      return results;
    }
    results.push({
      name: prefix + lost.name,
      outcome: "failed",
      message: end.reason || "the run ended",
      milliseconds: 0,
    });
    if (lost.number >= (reader.planned ?? 0) || isOver(options, results)) return results;
    from = lost.number + 1;
  }
}

/** One run to its end; an end of our own making where the image says nothing for too long. */
function runOnce(
  options: SuiteOptions,
  image: string,
  words: readonly string[],
  reader: TapReader,
  report = () => {},
): Promise<End> {
  const { folder, wasm, maxOldSpaceBytes, jitThreshold, optimises, forced, timeoutSeconds } = options;
  const workerData: ImageRun = {
    image,
    arguments: words,
    workingDirectory: folder,
    wasm,
    maxOldSpaceBytes,
    jitThreshold,
    forced,
    optimises,
  };
  const worker = new Worker(new URL("./imageWorker.js", import.meta.url), { workerData });
  return new Promise<End>((resolve) => {
    let timer: NodeJS.Timeout;
    let isFinished = false;
    const finish = (end: End) => {
      if (isFinished) return;
      isFinished = true;
      clearTimeout(timer);
      reader.end();
      void worker.terminate().then(() => resolve(end));
    };
    const wait = () => {
      clearTimeout(timer);
      const reason = `hangs: nothing was reported for ${timeoutSeconds} s`;
      timer = setTimeout(() => finish({ kind: "ended", code: -1, reason }), timeoutSeconds * 1000);
    };
    wait();
    worker.on("error", (error) => finish({ kind: "ended", code: -1, reason: `the thread stopped: ${error.message}` }));
    worker.on("message", (message: WorkerMessage) => {
      if (isFinished) return;
      if (message.kind === "ended") return finish(message);
      if (message.kind === "statistics") return options.onStatistics?.(message.statistics);
      reader.take(message.text, performance.now());
      report();
      if (isOver(options, reader.results)) finish({ kind: "ended", code: -1, reason: "a test failed" });
      else wait();
    });
  });
}
