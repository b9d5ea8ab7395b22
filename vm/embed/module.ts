// The WebAssembly module: compiled once per source and process, instantiated once per virtual machine.

/** What vm/main.ts exports, as far as this library calls it. */
export interface VmExports {
  readonly memory: WebAssembly.Memory;
  /** Loads the image that the host reads. 0, or a status of vm/tables/imageFaults.ts. */
  loadImage(totalBytes: number, edenBytes: number, maxOldSpaceBytes: number): number;
  /** Runs for that many polls; answers an outcome code (vm/interpreter/stop.ts). */
  run(budgetPolls: number): number;
  /** Compiles methods from that many activations on, so many together. */
  enableJit(threshold: number, batch: number): void;
  /** Optimises what is compiled, where it is found active often; where told so, once. */
  enableOptimiser(isEager: boolean): void;
  /** What goes with the outcome: a time, an exit code. */
  outcomeDetail(): bigint | number;
  /** Signals an external semaphore at the next poll; 0 where too many wait already. */
  signalSemaphore(index: number): number;
  /** Signals the image's interrupt semaphore, as its interrupt key would. */
  requestInterrupt?(): void;
  /** Messages from outside (vm/interpreter/outside.ts). */
  outsideArguments(): number;
  startSend(receiver: bigint, selector: bigint, count: number): number;
  /** Runs a method that no class need have. */
  startMethod(receiver: bigint, method: bigint): number;
  /** A new object of a class: references nil, all else zero; 0n without memory. Nothing is collected before a run. */
  newObjectFrom(classObject: bigint, format: number, slots: number): bigint;
  storeReferenceFrom(object: bigint, index: number, value: bigint): void;
  outsideAnswer(): bigint;
  forgetSend(): void;
  /** A new String with bytes of memory; 0n without memory. */
  newStringFrom(address: number, bytes: number): bigint;
  /** 64 KiB that nobody uses between runs. */
  scratchMemory(): number;
  /** Counts what is in memory; where the counts are, or 0 (vm/interpreter/census.ts). */
  takeCensus(classIndices: number, wantedIndex: number): number;
  readonly [name: string]: unknown;
}

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/** The module of a place, compiled when first asked for. */
export function cachedModule(place: string, compile: () => Promise<WebAssembly.Module>): Promise<WebAssembly.Module> {
  let module = compiled.get(place);
  if (module === undefined) {
    module = compile();
    compiled.set(place, module);
    module.catch(() => compiled.delete(place));
  }
  return module;
}
