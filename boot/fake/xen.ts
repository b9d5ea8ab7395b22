// Xen in memory: the hypercalls that the kernel makes, over a fake machine. Back ends are steps that run whenever the
// domain gives the processor away. A wait that nothing could end is an error, so that no test hangs.

import { type FakeMachine } from "./machine.js";

export type HypercallTable = (number: number, a: bigint, b: bigint, c: bigint) => bigint;

export interface FakeXen {
  /** Runs while the domain waits or yields; may notify ports. */
  readonly backends: (() => void)[];
  /** Marks a port pending, as the other end's notification does. */
  notify(port: number): void;
  /** Called when the domain notifies a port. */
  readonly listeners: Map<number, () => void>;
  readonly parameters: Map<number, bigint>;
  /** Grants: what the domain's table says of a reference. */
  grant(reference: number): { flags: number; domain: number; frame: number };
  setGrantFlags(reference: number, flags: number): void;
  /** The reasons that SCHEDOP_shutdown was called with; the call then throws, but for a suspension, which answers this. */
  readonly shutdowns: number[];
  suspendAnswer: bigint;
  /** Ports that the domain has closed, or whose other end is gone: notifying them fails. */
  readonly closed: Set<number>;
  /** Times of all that SCHEDOP_poll was called with. */
  readonly waits: { ports: number[]; until: bigint }[];
  readonly sharedPage: () => number;
}

/** What ends a run of the fake: the domain has shut down. */
export class DomainEnded extends Error {
  readonly reason: number;
  constructor(reason: number) {
    super(`the domain has ended with reason ${reason}`);
    this.reason = reason;
  }
}

export const CONSOLE_FRAME = 0xfeffc;
export const CONSOLE_PORT = 2;
export const STORE_FRAME = 0xfeffd;
export const STORE_PORT = 1;
const FIRST_FREE_PORT = 3;

const ENOSYS = -38n;
const EINVAL = -22n;
const ENOENT = -2n;
const PENDING_OFFSET = 2048;
const TIME_OFFSET = 32;
const WALL_OFFSET = 3072;
/** UTC seconds at system time 0. */
export const WALL_SECONDS = 1_700_000_000;

export function createFakeXen(machine: FakeMachine): FakeXen {
  let sharedFrame = -1;
  let nextPort = FIRST_FREE_PORT;
  const grantFrames: number[] = [];
  const view = () => new DataView(machine.memory.buffer);
  const u32 = (address: bigint | number) => view().getUint32(Number(address), true);

  const xen: FakeXen = {
    backends: [],
    listeners: new Map(),
    parameters: new Map([
      [1, BigInt(STORE_FRAME)],
      [2, BigInt(STORE_PORT)],
      [17, BigInt(CONSOLE_FRAME)],
      [18, BigInt(CONSOLE_PORT)],
    ]),
    shutdowns: [],
    suspendAnswer: 1n,
    closed: new Set(),
    waits: [],
    sharedPage: () => sharedFrame << 12,
    notify(port) {
      if (sharedFrame < 0) return;
      const word = (sharedFrame << 12) + PENDING_OFFSET + (port >> 5) * 4;
      view().setUint32(word, (u32(word) | (1 << (port & 31))) >>> 0, true);
    },
    grant(reference) {
      const at = grantAddress(reference);
      return { flags: view().getUint16(at, true), domain: view().getUint16(at + 2, true), frame: u32(at + 4) };
    },
    setGrantFlags: (reference, flags) => view().setUint16(grantAddress(reference), flags, true),
  };
  machine.hypercalls = (number, a, b, c) => {
    switch (number) {
      case 12:
        return memoryOp(a, b);
      case 17:
        return 0x40011n;
      case 18:
        return consoleIo(a, b, c);
      case 29:
        return schedOp(a, b);
      case 32:
        return eventChannelOp(a, b);
      case 34:
        return hvmOp(a, b);
      default:
        return ENOSYS;
    }
  };
  machine.leaves.set(1, [0, 0, (1 << 31) | (1 << 30), 0]);
  machine.leaves.set(0x40000000, [0x40000005, 0x566e6558, 0x65584d4d, 0x4d4d566e]);
  machine.leaves.set(0x40000002, [1, 0x40000000, 0, 0]);
  return xen;

  function grantAddress(reference: number): number {
    const frame = grantFrames[reference >> 9];
    if (frame === undefined) throw new Error(`fake Xen: grant ${reference} is beyond the table`);
    return (frame << 12) + (reference & 511) * 8;
  }

  function memoryOp(operation: bigint, at: bigint): bigint {
    if (operation !== 7n) return ENOSYS;
    const space = u32(at + 4n);
    const index = Number(view().getBigUint64(Number(at) + 8, true));
    const frame = Number(view().getBigUint64(Number(at) + 16, true));
    new Uint8Array(machine.memory.buffer, frame << 12, 4096).fill(0);
    if (space === 0) {
      sharedFrame = frame;
      fillClock();
    } else if (space === 1) grantFrames[index] = frame;
    else return EINVAL;
    return 0n;
  }

  /** System time is the counter. */
  function fillClock(): void {
    const page = sharedFrame << 12;
    view().setUint32(page + TIME_OFFSET, 2, true);
    view().setBigUint64(page + TIME_OFFSET + 8, 0n, true);
    view().setBigUint64(page + TIME_OFFSET + 16, 0n, true);
    // Ticks are halved and doubled again: one nanosecond each.
    view().setUint32(page + TIME_OFFSET + 24, 0x80000000, true);
    view().setInt8(page + TIME_OFFSET + 28, 1);
    view().setUint32(page + WALL_OFFSET + 4, WALL_SECONDS, true);
  }

  function consoleIo(operation: bigint, _bytes: bigint, _text: bigint): bigint {
    // A release build refuses an ordinary domain.
    return operation === 0n ? -1n : ENOSYS;
  }

  function schedOp(operation: bigint, at: bigint): bigint {
    if (operation === 0n) {
      step();
      return 0n;
    }
    if (operation === 2n) {
      const reason = u32(at);
      xen.shutdowns.push(reason);
      if (reason === 2) return xen.suspendAnswer;
      throw new DomainEnded(reason);
    }
    return operation === 3n ? poll(at) : ENOSYS;
  }

  function step(): void {
    for (const backend of xen.backends) backend();
  }

  function poll(at: bigint): bigint {
    const list = Number(view().getBigUint64(Number(at), true));
    const count = u32(at + 8n);
    const until = view().getBigUint64(Number(at) + 16, true);
    if (count > 128) return EINVAL;
    const ports = Array.from({ length: count }, (_, i) => u32(list + i * 4));
    xen.waits.push({ ports, until });
    if (ports.some(isPending)) return 0n;
    step();
    if (ports.some(isPending)) return 0n;
    if (until === 0n) throw new Error("fake Xen: the domain waits for what will never come");
    if (until > machine.ticks) machine.ticks = until;
    return 0n;
  }

  function isPending(port: number): boolean {
    return ((u32((sharedFrame << 12) + PENDING_OFFSET + (port >> 5) * 4) >>> (port & 31)) & 1) === 1;
  }

  function eventChannelOp(operation: bigint, at: bigint): bigint {
    const port = u32(at);
    switch (operation) {
      case 0n:
        view().setUint32(Number(at) + 8, nextPort++, true);
        return 0n;
      case 3n:
        xen.closed.add(port);
        return 0n;
      case 4n:
        if (xen.closed.has(port)) return ENOENT;
        xen.listeners.get(port)?.();
        return 0n;
      case 6n:
        view().setUint32(Number(at) + 4, nextPort++, true);
        return 0n;
      default:
        return ENOSYS;
    }
  }

  function hvmOp(operation: bigint, at: bigint): bigint {
    if (operation !== 1n) return ENOSYS;
    const value = xen.parameters.get(u32(at + 4n));
    if (value === undefined) return EINVAL;
    view().setBigUint64(Number(at) + 8, value, true);
    return 0n;
  }
}
