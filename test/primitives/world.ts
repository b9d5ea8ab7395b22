// The small world that primitives are tested in: compiles primitivesEntry.ts once, makes oops of JavaScript values and
// back, calls a primitive with a receiver and arguments.

import { readFileSync, renameSync, writeFileSync, mkdirSync, existsSync, statSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import asc from "assemblyscript/asc";

/** What a primitive came to: an oop, or the code it failed with. */
export type Outcome = { oop: bigint } | { failed: number };

type Exports = Record<string, (...values: (bigint | number)[]) => bigint | number>;

const ENTRY = "test/primitives/primitivesEntry.ts";

export const MAX_SMALL = 2n ** 60n - 1n;
export const MIN_SMALL = -(2n ** 60n);

export class World {
  readonly nil: bigint;
  readonly false: bigint;
  readonly true: bigint;
  readonly classes = new Map<string, bigint>();

  private constructor(
    readonly exports: Exports,
    readonly memory: WebAssembly.Memory,
  ) {
    exports.setUp();
    this.nil = exports.nilOop() as bigint;
    this.false = exports.falseOop() as bigint;
    this.true = exports.trueOop() as bigint;
    this.define("LargeNegativeInteger", 32, 16, 0, 42);
    this.define("LargePositiveInteger", 33, 16, 0, 13);
    this.define("Float", 34, 10, 0, 9);
    this.define("Context", 36, 3, 6, 10);
    this.define("ByteArray", 50, 16, 0, 26);
    this.define("Array", 51, 2, 0, 7);
    this.define("ByteString", 52, 16, 0, 6);
    this.define("Bitmap", 53, 10, 0, 4);
    this.define("Point", 54, 1, 2, 12);
    this.define("CompiledMethod", 55, 24, 0, 16);
    this.define("WordArray64", 56, 9, 0);
    this.define("ShortArray", 57, 12, 0);
    this.define("WeakArray", 58, 4, 0);
    this.define("OrderedThing", 59, 3, 2);
    this.define("Triple", 60, 1, 3);
    this.define("Semaphore", 61, 1, 3, 18);
  }

  /** `entry` is the module to compile, one that passes on primitivesEntry.ts and adds to it. */
  static async load(imports: WebAssembly.ModuleImports = {}, entry = ENTRY): Promise<World> {
    const host = new Proxy(imports, {
      get: (target, name) => Reflect.get(target, name) ?? (() => 0),
    });
    const module = new WebAssembly.Module(await compiled(entry));
    const instance = new WebAssembly.Instance(module, { host });
    const { memory, ...exports } = instance.exports;
    return new World(exports as Exports, memory as WebAssembly.Memory);
  }

  /** Defines a class; below another one where its superclass matters. */
  define(name: string, index: number, format: number, size: number, special = -1, superclass = this.nil): void {
    const behavior = BigInt.asUintN(64, this.exports.defineClass(index, format, size, special) as bigint);
    new DataView(this.memory.buffer).setBigUint64(this.body(behavior), superclass, true);
    this.classes.set(name, behavior);
  }

  classNamed(name: string): bigint {
    const found = this.classes.get(name);
    if (found === undefined) throw new Error(`no class ${name} in the world`);
    return found;
  }

  /** Calls a primitive; what lies in `values` is the receiver, then the arguments. */
  call(name: string, ...values: bigint[]): Outcome {
    const view = new DataView(this.memory.buffer);
    const slot = this.exports.receiverSlot() as number;
    values.forEach((value, i) => view.setBigUint64(slot - 8 * i, BigInt.asUintN(64, value), true));
    this.exports.begin(values.length - 1);
    const primitive = this.exports[name];
    if (primitive === undefined) throw new Error(`no primitive ${name}`);
    primitive();
    const code = this.exports.failure() as number;
    return code === 0 ? { oop: BigInt.asUintN(64, this.exports.answered() as bigint) } : { failed: code };
  }

  // Oops of values.

  /** The oop of an integer, large with the bytes it needs. */
  integer(value: bigint): bigint {
    if (value >= MIN_SMALL && value <= MAX_SMALL) return BigInt.asUintN(64, (value << 3n) | 1n);
    const hex = (value < 0n ? -value : value).toString(16);
    const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex").reverse();
    return this.bytes(bytes, value < 0n ? "LargeNegativeInteger" : "LargePositiveInteger");
  }

  bytes(content: Iterable<number>, className = "ByteArray"): bigint {
    const values = [...content];
    const object = this.instance(className, values.length);
    new Uint8Array(this.memory.buffer, this.body(object), values.length).set(values);
    return object;
  }

  string(text: string): bigint {
    return this.bytes(Buffer.from(text, "latin1"), "ByteString");
  }

  words(content: Iterable<number>): bigint {
    const values = [...content];
    const object = this.instance("Bitmap", values.length);
    new Uint32Array(this.memory.buffer, this.body(object), values.length).set(values);
    return object;
  }

  wordsOf(object: bigint): number[] {
    return [...new Uint32Array(this.memory.buffer, this.body(object), this.elementsOf(object))];
  }

  /** An instance of a class with these values in its slots. */
  object(className: string, ...values: bigint[]): bigint {
    const object = this.instance(className);
    const view = new DataView(this.memory.buffer);
    values.forEach((value, i) => view.setBigUint64(this.body(object) + 8 * i, value, true));
    return object;
  }

  array(...values: bigint[]): bigint {
    const object = this.instance("Array", values.length);
    const view = new DataView(this.memory.buffer);
    values.forEach((value, i) => view.setBigUint64(this.body(object) + 8 * i, value, true));
    return object;
  }

  instance(className: string, size = 0, old = false): bigint {
    const object = this.exports.newInstance(this.classNamed(className), size, old ? 1 : 0) as bigint;
    return BigInt.asUintN(64, object);
  }

  /** A context, of which only the class matters. */
  newContext(): bigint {
    return BigInt.asUintN(64, this.exports.newObject(22, 3, 36) as bigint);
  }

  character(code: number): bigint {
    return (BigInt(code) << 3n) | 2n;
  }

  /** The oop of a double, immediate where it can be (Spur64BitMemoryManager>>smallFloatBitsOf:). */
  float(value: number): bigint {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setFloat64(0, value);
    const raw = bits.getBigUint64(0);
    const exponent = Number((raw >> 52n) & 0x7ffn);
    const fraction = raw & 0xfffffffffffffn;
    const sign = raw >> 63n;
    if (raw << 1n === 0n || raw === 1n << 63n) return (sign << 3n) | 4n;
    if (exponent > 896 + 255 || exponent < 896 || (exponent === 896 && fraction === 0n)) {
      const object = this.exports.newObject(1, 10, 34) as bigint;
      new DataView(this.memory.buffer).setFloat64(this.body(object), value, true);
      return BigInt.asUintN(64, object);
    }
    return (((BigInt(exponent - 896) << 53n) | (fraction << 1n) | sign) << 3n) | 4n;
  }

  /** A Float in an object, whatever its value. */
  boxedFloat(value: number): bigint {
    const object = BigInt.asUintN(64, this.exports.newObject(1, 10, 34) as bigint);
    new DataView(this.memory.buffer).setFloat64(this.body(object), value, true);
    return object;
  }

  // Values of oops.

  /** The JavaScript value: bigint of an integer, number of a Float, boolean, null for nil; others as the oop in a tuple. */
  value(oop: bigint): bigint | number | boolean | null | { object: bigint } | { character: number } {
    const tag = Number(oop & 7n);
    if (tag === 1) return BigInt.asIntN(64, oop) >> 3n;
    if (tag === 2) return { character: Number(oop >> 3n) };
    if (tag === 4) return this.smallFloatValue(oop);
    if (oop === this.nil) return null;
    if (oop === this.true) return true;
    if (oop === this.false) return false;
    const classIndex = this.exports.classIndex(oop) as number;
    if (classIndex === 34) return new DataView(this.memory.buffer).getFloat64(this.body(oop), true);
    if (classIndex !== 32 && classIndex !== 33) return { object: oop };
    const magnitude = BigInt(`0x00${Buffer.from(this.bytesOf(oop)).reverse().toString("hex")}`);
    return classIndex === 32 ? -magnitude : magnitude;
  }

  /** The value of an answer, or the failure itself. */
  result(name: string, ...values: bigint[]): unknown {
    const outcome = this.call(name, ...values);
    return "failed" in outcome ? outcome : this.value(outcome.oop);
  }

  bytesOf(object: bigint): number[] {
    const size = this.elementsOf(object);
    return [...new Uint8Array(this.memory.buffer, this.body(object), size)];
  }

  textOf(object: bigint): string {
    return Buffer.from(this.bytesOf(object)).toString("latin1");
  }

  slotsOf(object: bigint): bigint[] {
    const view = new DataView(this.memory.buffer);
    const count = this.exports.slots(object) as number;
    return Array.from({ length: count }, (_, i) => view.getBigUint64(this.body(object) + 8 * i, true));
  }

  elementsOf(object: bigint): number {
    return this.exports.elements(object) as number;
  }

  body(object: bigint): number {
    return (this.exports.body(object) as number) >>> 0;
  }

  private smallFloatValue(oop: bigint): number {
    const rotated = oop >> 3n;
    const raw = rotated > 1n ? rotated + (896n << 53n) : rotated;
    const bits = new DataView(new ArrayBuffer(8));
    bits.setBigUint64(0, BigInt.asUintN(64, (raw >> 1n) | ((raw & 1n) << 63n)));
    return bits.getFloat64(0);
  }
}

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000_007);
process.stderr.write(`test/primitives: SEED=${SEED}\n`);

/** Numbers from the seed, printed once a file, so that a failure can be had again: SEED=n npm test. */
export class Random {
  private state: bigint;

  constructor(subject: string) {
    this.state = [...subject].reduce((sum, char) => sum * 31n + BigInt(char.charCodeAt(0)), BigInt(SEED));
  }

  /** A number of 32 bits. */
  next(): number {
    this.state = BigInt.asUintN(64, this.state * 6364136223846793005n + 1442695040888963407n);
    return Number(this.state >> 32n);
  }

  below(limit: number): number {
    return this.next() % limit;
  }

  /** An integer of at most that many bits, of either sign, short ones as likely as long ones. */
  integer(maxBits: number): bigint {
    const bits = this.below(maxBits + 1);
    let value = 0n;
    for (let i = 0; i < bits; i += 32) value = (value << 32n) | BigInt(this.next());
    value &= (1n << BigInt(bits)) - 1n;
    return this.below(2) === 0 ? value : -value;
  }
}

/** Compiles the entry, unless the result is newer than every source. Several workers of the tests may do so at a time. */
async function compiled(entry: string): Promise<Uint8Array<ArrayBuffer>> {
  const out = join("build", `${basename(entry, ".ts")}.wasm`);
  mkdirSync("build", { recursive: true });
  if (!existsSync(out) || newestSource() > statSync(out).mtimeMs) {
    const options = ["--config", "none", "--runtime", "stub", "--memoryBase", "1024", "--initialMemory", "16"];
    const { error, stderr } = await asc.main([entry, "-o", out, "-O1", "--use", "abort=vm/host/abort", ...options], {
      writeFile: (name, contents) => {
        writeFileSync(`${name}.${process.pid}`, contents);
        renameSync(`${name}.${process.pid}`, name);
      },
    });
    if (error) throw new Error(stderr.toString());
  }
  return new Uint8Array(readFileSync(out));
}

function newestSource(): number {
  const files = ["vm", "primitives", "test/primitives"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  return Math.max(...files.filter((file) => file.endsWith(".ts")).map((file) => statSync(file).mtimeMs));
}
