// What the platforms call of the virtual machine (vm/main.ts): the exports of its module, which is merged with theirs.

/** Runs for that many polls; answers an outcome (vm/interpreter/stop.ts). */
// @ts-ignore: decorator
@external("env", "run")
export declare function run(polls: i32): i32;

/** The time to wake (microseconds UTC, 0 for never), or an exit code. */
// @ts-ignore: decorator
@external("env", "outcomeDetail")
export declare function outcomeDetail(): i64;

/** Logs the Smalltalk stack of the active process. */
// @ts-ignore: decorator
@external("env", "logStack")
export declare function logStack(): void;

// @ts-ignore: decorator
@external("env", "signalSemaphore")
export declare function signalSemaphore(index: u32): i32;

// @ts-ignore: decorator
@external("env", "requestInterrupt")
export declare function requestInterrupt(): void;

/** Puts an event in the image's queue (primitives/input.ts). */
// @ts-ignore: decorator
@external("env", "queueEvent")
export declare function queueEvent(type: i32, time: i32, a: i32, b: i32, c: i32, d: i32, e: i32, f: i32): void;

/** Limits old space to a new wish (0 for none) and to memory that ends; false where there is too little (vm/memory/oldspace.ts). */
// @ts-ignore: decorator
@external("env", "fitOldSpace")
export declare function fitOldSpace(memoryBytes: u64, wantedBytes: u32): bool;

/** Bytes of old space that objects use (vm/memory/oldspace.ts). */
// @ts-ignore: decorator
@external("env", "usedOldSpaceBytes")
export declare function usedOldSpaceBytes(): u32;

/** The least memory that `fitOldSpace` is content with. */
// @ts-ignore: decorator
@external("env", "leastMemoryBytes")
export declare function leastMemoryBytes(): u64;

/** Compiles methods from that many calls on, so many together (vm/main.ts). */
// @ts-ignore: decorator
@external("env", "enableJit")
export declare function enableJit(threshold: i32, batch: u32): void;

/** Optimises what is compiled, too (vm/main.ts). */
// @ts-ignore: decorator
@external("env", "enableOptimiser")
export declare function enableOptimiser(isEager: bool): void;

/** Where compiled methods are written down, of COMPILED_AREA_BYTES; unused where none are (vm/interpreter/codeRecords.ts). */
// @ts-ignore: decorator
@external("env", "compiledArea")
export declare function compiledArea(): u32;
