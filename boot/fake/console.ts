// The back end of the paravirtual console (xenconsoled) in memory: collects what the domain writes, types what a test
// wants typed. It can be slow, stand still, or break the ring.

import { type FakeMachine } from "./machine.js";
import { CONSOLE_FRAME, CONSOLE_PORT, type FakeXen } from "./xen.js";

export interface FakeConsole {
  /** All that the domain has written. */
  readonly text: string;
  type(text: string): void;
  /** Bytes taken in one step; 0 stands still. */
  bytesPerStep: number;
  /** Sets an index (0 in_cons, 1 in_prod, 2 out_cons, 3 out_prod) to anything. */
  setIndex(index: number, value: number): void;
}

const OUTPUT = 1024;
const INDICES = 3072;

export function createFakeConsole(machine: FakeMachine, xen: FakeXen): FakeConsole {
  const written: number[] = [];
  let waiting: number[] = [];
  const view = () => new DataView(machine.memory.buffer, machine.pageOf(CONSOLE_FRAME), 4096);
  const index = (number: number) => view().getUint32(INDICES + number * 4, true);
  const setIndex = (number: number, value: number) => view().setUint32(INDICES + number * 4, value >>> 0, true);

  const console: FakeConsole = {
    get text() {
      return Buffer.from(written).toString("utf8");
    },
    type: (text) => void waiting.push(...Buffer.from(text, "utf8")),
    bytesPerStep: 4096,
    setIndex,
  };
  xen.backends.push(step);
  return console;

  function step(): void {
    let moved = false;
    for (let i = 0; i < console.bytesPerStep && index(2) !== index(3); i++) {
      written.push(view().getUint8(OUTPUT + (index(2) & 2047)));
      setIndex(2, index(2) + 1);
      moved = true;
    }
    while (waiting.length > 0 && (index(1) - index(0)) >>> 0 < 1024) {
      view().setUint8(index(1) & 1023, waiting.shift()!);
      setIndex(1, index(1) + 1);
      moved = true;
    }
    if (moved) xen.notify(CONSOLE_PORT);
  }
}
