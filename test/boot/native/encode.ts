// Writes small WebAssembly modules for tests: functions as bytes of instructions.

import type { ValueType } from "../../../boot/native/output.js";

export interface ImportText {
  readonly module: string;
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly result?: ValueType;
}

export interface FunctionText {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly result?: ValueType;
  readonly locals?: readonly ValueType[];
  /** Instructions without the final end. */
  readonly body: readonly number[];
}

const CODES: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };

/** A module with a memory of `pages` (2 if not given) and the functions, all exported; `elements` fill a table. */
export function encodeModule(
  functions: readonly FunctionText[],
  options: {
    pages?: number;
    elements?: readonly number[];
    data?: Uint8Array;
    passive?: Uint8Array;
    /** Their indices come before those of the functions. */
    imports?: readonly ImportText[];
  } = {},
): Uint8Array {
  const { pages = 2, elements, data, passive, imports = [] } = options;
  const segments = [
    ...(data === undefined ? [] : [[0, 0x41, 0, 0x0b, ...unsigned(data.length), ...data]]),
    ...(passive === undefined ? [] : [[1, ...unsigned(passive.length), ...passive]]),
  ];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      [...functions, ...imports].map(({ parameters, result }) => [
        0x60,
        ...vector(parameters.map((type) => [CODES[type]])),
        ...vector(result === undefined ? [] : [[CODES[result]]]),
      ]),
    ),
    ...(imports.length === 0
      ? []
      : section(
          2,
          imports.map(({ module, name }, index) => [
            ...text(module),
            ...text(name),
            0,
            ...unsigned(functions.length + index),
          ]),
        )),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...(elements === undefined ? [] : section(4, [[0x70, 0, ...unsigned(elements.length + 2)]])),
    ...section(5, [[1, ...unsigned(pages), ...unsigned(pages + 4)]]),
    ...section(7, [
      ...functions.map(({ name }, index) => [...text(name), 0, ...unsigned(imports.length + index)]),
      [...text("memory"), 2, 0],
    ]),
    ...(elements === undefined ? [] : section(9, [[0, 0x41, 0, 0x0b, ...vector(elements.map(unsigned))]])),
    ...(segments.length === 0 ? [] : [12, 1, segments.length]),
    ...section(
      10,
      functions.map(({ locals = [], body }) => {
        const code = [...vector(locals.map((type) => [1, CODES[type]])), ...body, 0x0b];
        return [...unsigned(code.length), ...code];
      }),
    ),
    ...(segments.length === 0 ? [] : section(11, segments)),
  ]);
}

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  const content = vector(entries);
  return [id, ...unsigned(content.length), ...content];
}

function vector(entries: readonly (readonly number[])[]): number[] {
  return [...unsigned(entries.length), ...entries.flat()];
}

function text(name: string): number[] {
  const bytes = new TextEncoder().encode(name);
  return [...unsigned(bytes.length), ...bytes];
}

/** LEB128 without sign. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest !== 0);
  return bytes;
}

/** LEB128 with sign. */
export function signed(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const isLast = (rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0);
    bytes.push(isLast ? byte : byte | 0x80);
    if (isLast) return bytes;
  }
}

/** The instruction that pushes a constant given as bits. */
export function constant(type: ValueType, bits: bigint): number[] {
  if (type === "i32") return [0x41, ...signed(BigInt.asIntN(32, bits))];
  if (type === "i64") return [0x42, ...signed(BigInt.asIntN(64, bits))];
  const count = type === "f32" ? 4 : 8;
  const bytes = Array.from({ length: count }, (_, index) => Number((bits >> BigInt(8 * index)) & 255n));
  return [type === "f32" ? 0x43 : 0x44, ...bytes];
}
