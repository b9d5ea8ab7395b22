// One run of an image in a thread of its own, so that an image that never ends can be stopped. Told what to run by its
// worker data; tells what is printed as it comes, and how the run ended.

import { parentPort, workerData } from "node:worker_threads";
import { type JitStatistics, jitStatistics } from "../../vm/embed/jitStatistics.js";
import { createVm } from "../../vm/embed/node.js";

export interface ImageRun {
  /** The image's file, and what follows it on the command line. */
  readonly image: string;
  readonly arguments: readonly string[];
  readonly workingDirectory: string;
  readonly wasm: "release" | "debug" | Uint8Array;
  /** As much as there is if not given. */
  readonly maxOldSpaceBytes?: number;
  readonly jitThreshold?: number;
  /** What is to happen all the time: FORCE_… of vm/layout.ts. */
  readonly forced?: number;
  /** Whether compiled methods are optimised, too, in short slices, so that many are. */
  readonly optimises?: boolean;
}

export type WorkerMessage =
  | { readonly kind: "output"; readonly text: string }
  | { readonly kind: "statistics"; readonly statistics: JitStatistics }
  | { readonly kind: "ended"; readonly code: number; readonly reason: string };

/** Polls of a slice: at the end of each, what is active may be optimised. */
const OPTIMISING_SLICE = 200;

const request = workerData as ImageRun;
const tell = (message: WorkerMessage) => parentPort!.postMessage(message);
const decoder = new TextDecoder();

try {
  const vm = await createVm({
    image: request.image,
    arguments: request.arguments,
    workingDirectory: request.workingDirectory,
    wasm: request.wasm,
    jitThreshold: request.jitThreshold,
    optimises: request.optimises,
    slicePolls: request.optimises ? OPTIMISING_SLICE : undefined,
    maxOldSpaceBytes: request.maxOldSpaceBytes,
    stdin: () => undefined,
    stdout: (bytes) => tell({ kind: "output", text: decoder.decode(bytes, { stream: true }) }),
    stderr: () => {},
    log: () => {},
  });
  if (request.forced !== undefined) (vm.exports.force as (what: number) => void)(request.forced);
  const outcome = await vm.runToEnd();
  tell({ kind: "statistics", statistics: jitStatistics(vm.exports) });
  if (outcome.kind === "quit") tell({ kind: "ended", code: outcome.code, reason: "" });
  else tell({ kind: "ended", code: -1, reason: [outcome.message, ...outcome.stack.slice(0, 12)].join("\n") });
  vm.destroy();
} catch (error) {
  tell({ kind: "ended", code: -1, reason: String(error) });
}
