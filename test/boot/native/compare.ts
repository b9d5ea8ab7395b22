// Runs functions of a module both on V8 and as machine code, and tells where the two differ.

import {
  TRAP_CALL_TYPE,
  TRAP_CONVERSION_NAN,
  TRAP_CONVERSION_RANGE,
  TRAP_DIVISION,
  TRAP_MEMORY,
  TRAP_STACK,
  TRAP_TABLE_BOUNDS,
  TRAP_UNREACHABLE,
} from "../../../boot/native/abi.js";
import { compileNative } from "../../../boot/native/compile.js";
import type { NativeModule, NativeOptions, ValueType } from "../../../boot/native/output.js";
import { MOST_PAGES_COMPARED, type NativeRun, runNative } from "./runner.js";

/** A call of an exported function with arguments as bits. */
export interface Call {
  readonly name: string;
  readonly arguments: readonly bigint[];
}

const scratch = new DataView(new ArrayBuffer(8));

/** Makes all calls in order on both; answers a line for each difference. */
export function differences(wasm: Uint8Array, calls: readonly Call[], options: NativeOptions = {}): string[] {
  const module = compileNative(wasm, { growOutside: true, ...options });
  const indexOf = new Map(
    module.exports.filter(({ kind }) => kind === "function").map((each) => [each.name, each.index]),
  );
  const run = runNative(
    module,
    calls.map(({ name, arguments: values }) => ({ index: indexOf.get(name)!, arguments: values })),
  );
  return compareWithV8(wasm, module, calls, run, indexOf);
}

function compareWithV8(
  wasm: Uint8Array,
  module: NativeModule,
  calls: readonly Call[],
  run: NativeRun,
  indexOf: ReadonlyMap<string, number>,
): string[] {
  const problems: string[] = [];
  const log: string[] = [];
  const compiled = new WebAssembly.Module(wasm as BufferSource);
  let instance: WebAssembly.Instance;
  try {
    instance = new WebAssembly.Instance(compiled, imports(compiled, module, log));
  } catch (error) {
    const expected = trapOf(error);
    if (!expected.includes(run.answers[0]?.trap ?? 0)) problems.push(`start: V8 ${String(error)}, native no trap`);
    return problems;
  }
  for (const [position, call] of calls.entries()) {
    const { parameters, result } = module.functions[indexOf.get(call.name)!];
    const values = call.arguments.map((bits, index) => fromBits(parameters[index], bits));
    const answer = run.answers[position];
    const where = `${call.name}(${call.arguments.map((bits) => `0x${bits.toString(16)}`).join(", ")})`;
    const got = answer.trap !== 0 ? `trap ${answer.trap} at ${answer.at.toString(16)}` : shown(result, answer);
    let wanted: string;
    try {
      const value = (instance.exports[call.name] as (...each: unknown[]) => unknown)(...values);
      wanted = result === undefined ? "nothing" : describe(result, toBits(result, value));
      if (answer.trap !== 0 || got !== wanted) problems.push(`${where}: V8 ${wanted}, native ${got}`);
    } catch (error) {
      const expected = trapOf(error);
      // How deep a stack is differs, and so does all that comes after.
      if (expected.includes(TRAP_STACK) || answer.trap === TRAP_STACK) return problems;
      if (!expected.includes(answer.trap)) problems.push(`${where}: V8 ${String(error)}, native ${got}`);
    }
  }
  const nativeLog = run.log.map(({ index, integers, floats }) => logLine(module, index, integers, floats));
  for (let i = 0; i < Math.max(log.length, nativeLog.length) && problems.length < 5; i++) {
    if (log[i] !== nativeLog[i]) {
      problems.push(`log ${i}: V8 ${log[i]}, native ${nativeLog[i]}`);
      break;
    }
  }
  return [...problems, ...compareMemory(instance, run.memory)];
}

function compareMemory(instance: WebAssembly.Instance, memory: Uint8Array): string[] {
  const exported = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
  if (exported === undefined) return [];
  const expected = new Uint8Array(exported.buffer).subarray(0, MOST_PAGES_COMPARED * 65536);
  if (expected.length !== memory.length) return [`memory: V8 ${expected.length} bytes, native ${memory.length}`];
  if (Buffer.compare(expected, memory) === 0) return [];
  const place = expected.findIndex((byte, index) => byte !== memory[index]);
  return [`memory at ${place}: V8 ${expected[place]}, native ${memory[place]}`];
}

function imports(compiled: WebAssembly.Module, module: NativeModule, log: string[]): WebAssembly.Imports {
  const result: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  let index = 0;
  for (const { module: from, name, kind } of WebAssembly.Module.imports(compiled)) {
    if (kind !== "function") throw new Error(`compare: import ${from}.${name} is a ${kind}`);
    const own = index++;
    const { parameters, result: answer } = module.functions[own];
    result[from] ??= {};
    result[from][name] = (...values: unknown[]) => {
      const integers: bigint[] = [];
      const floats: bigint[] = [];
      parameters.forEach((type, position) => {
        const isFloat = type === "f32" || type === "f64";
        (isFloat ? floats : integers).push(toBits(type, values[position]));
      });
      if (log.length < 20_000) log.push(logLine(module, own, integers, floats));
      return answer === "i64" ? 0n : 0;
    };
  }
  return result;
}

function logLine(module: NativeModule, index: number, integers: readonly bigint[], floats: readonly bigint[]): string {
  let integer = 0;
  let float = 0;
  const values = module.functions[index].parameters.map((type) =>
    describe(type, type === "f32" || type === "f64" ? floats[float++] : integers[integer++]),
  );
  return `${module.functions[index].name}(${values.join(", ")})`;
}

function shown(type: ValueType | undefined, answer: { bits: bigint; floatBits: bigint }): string {
  if (type === undefined) return "nothing";
  if (type === "i32" && answer.bits >> 32n !== 0n) return `dirty i32 0x${answer.bits.toString(16)}`;
  return describe(type, type === "f32" || type === "f64" ? answer.floatBits : answer.bits);
}

/** Bits with their type; all NaNs alike, as WebAssembly leaves their bits open. */
function describe(type: ValueType, bits: bigint): string {
  const width = type === "i32" || type === "f32" ? 32 : 64;
  const value = BigInt.asUintN(width, bits);
  if ((type === "f32" || type === "f64") && Number.isNaN(fromBits(type, value) as number)) return `${type} NaN`;
  return `${type} 0x${value.toString(16)}`;
}

export function fromBits(type: ValueType, bits: bigint): number | bigint {
  scratch.setBigUint64(0, BigInt.asUintN(64, bits), true);
  if (type === "i32") return scratch.getInt32(0, true);
  if (type === "i64") return scratch.getBigInt64(0, true);
  return type === "f32" ? scratch.getFloat32(0, true) : scratch.getFloat64(0, true);
}

export function toBits(type: ValueType, value: unknown): bigint {
  scratch.setBigUint64(0, 0n, true);
  if (type === "i32") scratch.setInt32(0, value as number, true);
  else if (type === "i64") scratch.setBigInt64(0, value as bigint, true);
  else if (type === "f32") scratch.setFloat32(0, value as number, true);
  else scratch.setFloat64(0, value as number, true);
  return scratch.getBigUint64(0, true);
}

/** Traps that V8's message may stand for; none for an error that is no trap. */
function trapOf(error: unknown): number[] {
  const text = String(error);
  const known: [RegExp, number[]][] = [
    [/unreachable/, [TRAP_UNREACHABLE]],
    [/memory access out of bounds/, [TRAP_MEMORY]],
    [/divide by zero|remainder by zero|divide result unrepresentable/, [TRAP_DIVISION]],
    [/float unrepresentable/, [TRAP_CONVERSION_NAN, TRAP_CONVERSION_RANGE]],
    [/table index is out of bounds|table access/, [TRAP_TABLE_BOUNDS]],
    [/null function or function signature/, [TRAP_CALL_TYPE]],
    [/call stack size exceeded/, [TRAP_STACK]],
  ];
  return known.filter(([pattern]) => pattern.test(text)).flatMap(([, traps]) => traps);
}
