// The table by which a program names its own functions when it reports a fault (boot/linux/faults.ts, boot/xen):
//
//   u32 count | for each function, by rising offset: u32 offset in the code, u32 place of its name | names, each with a 0
//
// A place counts from the table's first byte.

import { type NativeFunction } from "../native/output.js";

export function symbolTable(functions: readonly NativeFunction[]): Uint8Array {
  const sorted = functions.filter(({ from }) => from === undefined).sort((a, b) => a.offset - b.offset);
  const names = sorted.map(({ name }) => Buffer.from(`${name}\0`, "utf8"));
  const head = new Uint8Array(4 + sorted.length * 8);
  const view = new DataView(head.buffer);
  view.setUint32(0, sorted.length, true);
  let place = head.length;
  sorted.forEach(({ offset }, index) => {
    view.setUint32(4 + index * 8, offset, true);
    view.setUint32(8 + index * 8, place, true);
    place += names[index]!.length;
  });
  return Buffer.concat([head, ...names]);
}
