// The heap that the object memory's tests work on: compiles memoryEntry.ts with assertions, so that every collection
// verifies the heap, and gives its functions types.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";

const ENTRY = "test/memory/memoryEntry.ts";
const OUT = "build/memory-test.wasm";

export const FORMAT = { fixed: 1, array: 2, indexable: 3, weak: 4, ephemeron: 5, bytes: 16, method: 24 };
/** Class indices that memoryEntry.ts gives. */
export const CLASS = { class: 1024, pair: 1025, weak: 1026, ephemeron: 1027, method: 1028, weakWithStrong: 1029 };
export const ARRAY = 51;
export const BYTES = 50;
export const CONTEXT = 36;

type Value = bigint | number | boolean;
type Functions = Record<string, (...values: Value[]) => any>;

export class Heap {
  private constructor(
    readonly call: Functions,
    readonly memory: WebAssembly.Memory,
    /** Lines that the memory logged: the verifier's findings. */
    readonly log: string[],
  ) {}

  /** A fresh heap with that much eden and an Array of roots. */
  static async create(edenBytes: number, rootCount: number): Promise<Heap> {
    const log: string[] = [];
    const text = (address: number, bytes: number) =>
      Buffer.from(new Uint8Array(heap.memory.buffer, address, bytes))
        .toString("latin1")
        .replaceAll("\0", "");
    const host = {
      panic: (address: number, bytes: number) => {
        throw new Error([text(address, bytes), ...log].join("\n"));
      },
      log: (_level: number, address: number, bytes: number) => log.push(text(address, bytes)),
      monotonicMicroseconds: () => BigInt(Math.round(performance.now() * 1000)),
    };
    const { instance } = await WebAssembly.instantiate(await compiled(), { host });
    const heap = new Heap(instance.exports as unknown as Functions, instance.exports.memory as WebAssembly.Memory, log);
    if (!heap.call.createHeap(edenBytes, rootCount)) throw new Error("no memory for the test heap");
    return heap;
  }

  get nil(): bigint {
    return this.global("nil") as bigint;
  }

  get roots(): bigint {
    return this.call.roots() as bigint;
  }

  /** The value of an exported variable. */
  global(name: string): any {
    return (this.call[name] as unknown as WebAssembly.Global).value;
  }

  /** A new object with every slot nil (or zero bits); in eden, or in old space. */
  make(slots: number, format: number, classIndex: number, old = false): bigint {
    const object = old
      ? this.call.allocateOldSlots(slots, format, classIndex)
      : this.call.allocateSlots(slots, format, classIndex);
    if (object === 0n) throw new Error("no memory for an object");
    const fill = format < 9 || format >= FORMAT.method ? this.nil : 0n;
    const words = new BigUint64Array(this.memory.buffer, Number(object) + 8, slots);
    words.fill(fill);
    return object;
  }

  pair(first: bigint, second: bigint, old = false): bigint {
    const object = this.make(2, FORMAT.fixed, CLASS.pair, old);
    this.put(object, 0, first);
    this.put(object, 1, second);
    return object;
  }

  array(values: bigint[], old = false): bigint {
    const object = this.make(values.length, FORMAT.array, ARRAY, old);
    values.forEach((value, i) => this.put(object, i, value));
    return object;
  }

  ephemeron(key: bigint, value: bigint, old = false): bigint {
    const object = this.make(2, FORMAT.ephemeron, CLASS.ephemeron, old);
    this.put(object, 0, key);
    this.put(object, 1, value);
    return object;
  }

  weak(values: bigint[], old = false): bigint {
    const object = this.make(values.length, FORMAT.weak, CLASS.weak, old);
    values.forEach((value, i) => this.put(object, i, value));
    return object;
  }

  /** A compiled method with these literals and 16 bytes of code. */
  method(literals: bigint[], old = false): bigint {
    const slots = literals.length + 3;
    const object = this.make(slots, FORMAT.method, CLASS.method, old);
    const words = new BigUint64Array(this.memory.buffer, Number(object) + 8, slots);
    words.fill(0x0102030405060708n);
    words[0] = small(literals.length);
    literals.forEach((_, i) => (words[i + 1] = this.nil));
    literals.forEach((value, i) => this.put(object, i + 1, value));
    return object;
  }

  put(object: bigint, index: number, value: bigint): void {
    this.call.storePointer(index, object, value);
  }

  at(object: bigint, index: number): bigint {
    return BigInt.asUintN(64, this.call.fetchPointer(index, object));
  }

  /** A slot with forwarders followed. */
  followed(object: bigint, index: number): bigint {
    return BigInt.asUintN(64, this.call.followForwarded(this.at(object, index)));
  }

  root(index: number): bigint {
    return this.followed(this.roots, index);
  }

  setRoot(index: number, value: bigint): void {
    this.put(this.roots, index, value);
  }

  /** The verifier's findings; none for a sound heap. */
  faults(): string[] {
    this.log.length = 0;
    this.call.verifyHeap();
    return this.log;
  }
}

export function small(value: number): bigint {
  return BigInt.asUintN(64, (BigInt(value) << 3n) | 1n);
}

export function smallValue(oop: bigint): number {
  return Number(BigInt.asIntN(64, oop) >> 3n);
}

export function isObject(oop: bigint): boolean {
  return (oop & 7n) === 0n;
}

/** Numbers from a seed (mulberry32), so that a failure can be had again. */
export class Random {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  below(limit: number): number {
    return this.next() % limit;
  }
}

/** Compiles the entry, unless the result is newer than every source. */
async function compiled(): Promise<Uint8Array<ArrayBuffer>> {
  mkdirSync("build", { recursive: true });
  if (!existsSync(OUT) || newestSource() > statSync(OUT).mtimeMs) {
    const options = ["--config", "none", "--runtime", "stub", "--memoryBase", "1024", "--initialMemory", "16"];
    options.push("--maximumMemory", "65536", "--use", "abort=vm/host/abort", "-O2");
    const { error, stderr } = await asc.main([ENTRY, "-o", OUT, ...options], {
      writeFile: (name, contents) => writeFileSync(name, contents),
    });
    if (error) throw new Error(stderr.toString());
  }
  return new Uint8Array(readFileSync(OUT));
}

function newestSource(): number {
  const files = ["vm", "vm/memory", "test/memory"].flatMap((folder) =>
    readdirSync(folder).map((name) => join(folder, name)),
  );
  return Math.max(...files.filter((file) => file.endsWith(".ts")).map((file) => statSync(file).mtimeMs));
}
