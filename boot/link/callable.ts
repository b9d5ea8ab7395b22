// What code that the virtual machine emits at run time may call: its exports whose names end in "FromCode". The program
// finds them by name in a table (boot/common/code.ts):
//
//   u32 count | for each: i32 place of its code, u32 signature, u32 place of its name, u32 bytes of the name | names
//
// A place counts from the table's first byte.

import { type NativeModule, type ValueType } from "../native/output.js";

const ENTRY_BYTES = 16;
const SUFFIX = "FromCode";

/** Whether emitted code may call an export of that name. */
export function isCallable(name: string): boolean {
  return name.endsWith(SUFFIX);
}

/** The table, to lie `distance` bytes behind the code's first byte. */
export function callableTable(module: NativeModule, distance: number): Uint8Array {
  const callable = module.exports.filter(({ kind, name }) => kind === "function" && isCallable(name));
  const names = callable.map(({ name }) => Buffer.from(name, "utf8"));
  const head = new Uint8Array(4 + callable.length * ENTRY_BYTES);
  const view = new DataView(head.buffer);
  view.setUint32(0, callable.length, true);
  let place = head.length;
  callable.forEach(({ index }, position) => {
    const { offset, parameters, result } = module.functions[index]!;
    const entry = 4 + position * ENTRY_BYTES;
    view.setInt32(entry, offset - distance, true);
    view.setUint32(entry + 4, signatureOf(parameters, result), true);
    view.setUint32(entry + 8, place, true);
    view.setUint32(entry + 12, names[position]!.length, true);
    place += names[position]!.length;
  });
  return Buffer.concat([head, ...names]);
}

const NUMBERS: Readonly<Record<ValueType, number>> = { i32: 0, i64: 1, f32: 2, f64: 3 };
const NO_RESULT = 4;
const MOST_PARAMETERS = 12;

/** The compiler's number for a signature of few parameters (`typeIdentity` of boot/native/module.ts). */
export function signatureOf(parameters: readonly ValueType[], result: ValueType | undefined): number {
  if (parameters.length > MOST_PARAMETERS)
    throw new Error(`link: more than ${MOST_PARAMETERS} parameters for emitted code`);
  const identity = parameters.reduce((sum, type) => sum * 4 + NUMBERS[type], 1);
  return identity * 8 + (result === undefined ? NO_RESULT : NUMBERS[result]);
}
