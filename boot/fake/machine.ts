// A processor and a PC in memory: everything that boot/cpu.ts declares, for drivers that run as WebAssembly under Node.
// Time passes only where something waits. Page tables are made up on the spot: all of linear memory is mapped to frames of
// the same number by 4 KiB, until the kernel changes an entry.

import { type HypercallTable } from "./xen.js";

/** Ports of the machine: what a driver reads and writes there. */
export interface PortDevice {
  read?(port: number): number;
  write?(port: number, value: number): void;
}

export interface FakeMachine {
  readonly imports: WebAssembly.ModuleImports;
  /** To be called with the instance's memory before anything runs. */
  attach(memory: WebAssembly.Memory): void;
  readonly memory: WebAssembly.Memory;
  /** Time stamp counter: one tick a nanosecond. */
  ticks: bigint;
  /** eax, ebx, ecx, edx by leaf. */
  readonly leaves: Map<number, readonly [number, number, number, number]>;
  readonly ports: PortDevice[];
  /** What lies in physical memory outside of linear memory, by address of its first byte; the rest of it is zeros. */
  readonly physical: Map<number, Uint8Array>;
  readonly registers: Map<number, bigint>;
  readonly linked: Map<number, bigint>;
  /** What comes of rdrand, in order; then zeros. */
  readonly random: bigint[];
  /** Bytes written to port E9h. */
  readonly debug: number[];
  /** Address in linear memory of the page that shows a frame. */
  pageOf(frame: number): number;
  hypercalls: HypercallTable | undefined;
}

const MEGABYTE = 1 << 20;
/** Parts in which physical memory is made as it is written. */
const PART_BYTES = 2 * MEGABYTE;
const TABLES = BigInt(2 ** 44);
const POINTERS = TABLES + 0x1000n;
const DIRECTORIES = TABLES + 0x10000n;
const PAGES = TABLES + 0x1000000n;
const PRESENT = 3n;
const FRAME_MASK = 0x000ffffffffff000n;
const DEBUG_PORT = 0xe9;

export function createFakeMachine(): FakeMachine {
  let memory: WebAssembly.Memory | undefined;
  /** Entries that the kernel has written, by their place. */
  const entries = new Map<bigint, bigint>();
  const parts = new Map<number, DataView>();
  let lastPart: DataView = new DataView(new ArrayBuffer(0));
  let lastNumber = -1;
  let linear = lastPart;
  /** Below this, what else lies in physical memory is linear memory. */
  let linearEnd = 0;
  const view = () => {
    const { buffer } = machine.memory;
    return linear.buffer === buffer ? linear : (linear = new DataView(buffer));
  };

  const machine: FakeMachine = {
    get memory() {
      if (memory === undefined) throw new Error("fake machine: attach the memory first");
      return memory;
    },
    attach(attached) {
      memory = attached;
      linearEnd = attached.buffer.byteLength;
    },
    ticks: 1_000_000n,
    leaves: new Map(),
    ports: [],
    physical: new Map(),
    registers: new Map(),
    linked: new Map(),
    random: [],
    debug: [],
    hypercalls: undefined,
    pageOf(frame) {
      for (const [place, entry] of entries) {
        if (place >= PAGES && entry & 1n && (entry & FRAME_MASK) >> 12n === BigInt(frame)) {
          return Number((place - PAGES) >> 3n) << 12;
        }
      }
      return frame << 12;
    },
    imports: {
      linked: (number: number) => machine.linked.get(number) ?? 0n,
      memoryBase: () => 0n,
      // There is no machine code here, and no table of functions.
      context: () => 0n,
      fence() {},
      pause: () => void (machine.ticks += 1000n),
      hlt() {},
      cli() {},
      sti() {},
      lidt() {},
      invlpg() {},
      cr2: () => 0n,
      cr3: () => TABLES,
      setCr3() {},
      setMemoryPages() {},
      rdtsc: () => (machine.ticks += 10n),
      rdrand: () => machine.random.shift() ?? 0n,
      cpuid(leaf: number, _: number, address: number) {
        const values = machine.leaves.get(leaf >>> 0) ?? [0, 0, 0, 0];
        values.forEach((value, index) => view().setUint32((address >>> 0) + index * 4, value >>> 0, true));
      },
      rdmsr: (register: number) => machine.registers.get(register >>> 0) ?? 0n,
      wrmsr: (register: number, value: bigint) => void machine.registers.set(register >>> 0, value),
      exchange32(address: number, value: number) {
        const before = view().getInt32(address >>> 0, true);
        view().setInt32(address >>> 0, value, true);
        return before;
      },
      in8: (port: number) => read(port) & 0xff,
      in16: (port: number) => read(port) & 0xffff,
      in32: (port: number) => read(port),
      out8: (port: number, value: number) => write(port, value & 0xff),
      out16: (port: number, value: number) => write(port, value & 0xffff),
      out32: (port: number, value: number) => write(port, value),
      load8: (address: bigint) => onPhysical(address, (part, at) => part.getUint8(at)),
      load32: (address: bigint) => onPhysical(address, (part, at) => part.getInt32(at, true)),
      load64: (address: bigint) => loadEntry(address) ?? onPhysical(address, (part, at) => part.getBigInt64(at, true)),
      store8: (address: bigint, value: number) => onPhysical(address, (part, at) => part.setUint8(at, value)),
      store32: (address: bigint, value: number) => onPhysical(address, (part, at) => part.setInt32(at, value, true)),
      store64(address: bigint, value: bigint) {
        if (address < TABLES) return onPhysical(address, (part, at) => part.setBigInt64(at, value, true));
        entries.set(address, value);
        if (address >= DIRECTORIES && address < PAGES) growFor(Number((address - DIRECTORIES) >> 3n));
      },
      hypercall(address: bigint, a: bigint, b: bigint, c: bigint) {
        if (machine.hypercalls === undefined) throw new Error("fake machine: a hypercall without Xen");
        return machine.hypercalls(Number(address >> 5n) & 0x7f, a, b, c);
      },
    },
  };
  return machine;

  function read(port: number): number {
    for (const device of machine.ports) {
      const value = device.read?.(port);
      if (value !== undefined && value >= 0) return value;
    }
    return -1;
  }

  function write(port: number, value: number): void {
    if (port === DEBUG_PORT) machine.debug.push(value);
    for (const device of machine.ports) device.write?.(port, value);
  }

  function loadEntry(address: bigint): bigint | undefined {
    if (address < TABLES) return undefined;
    const written = entries.get(address);
    if (written !== undefined) return written;
    if (address < POINTERS) return POINTERS | PRESENT;
    if (address < DIRECTORIES) return (DIRECTORIES + ((address - POINTERS) >> 3n) * 4096n) | PRESENT;
    if (address < PAGES) {
      const region = (address - DIRECTORIES) >> 3n;
      const isMapped = region * 0x200000n < BigInt(machine.memory.buffer.byteLength);
      return isMapped ? (PAGES + region * 4096n) | PRESENT : 0n;
    }
    return (((address - PAGES) >> 3n) << 12n) | PRESENT;
  }

  function onPhysical<Answer>(address: bigint, action: (part: DataView, at: number) => Answer): Answer {
    const at = Number(address);
    for (const [start, bytes] of machine.physical) {
      if (at >= start && at < start + bytes.length) return action(padded(bytes), at - start);
    }
    return at < linearEnd ? action(view(), at) : action(partAt(Math.floor(at / PART_BYTES)), at % PART_BYTES);
  }

  function partAt(number: number): DataView {
    if (number === lastNumber) return lastPart;
    lastNumber = number;
    lastPart = parts.get(number) ?? new DataView(new ArrayBuffer(PART_BYTES));
    parts.set(number, lastPart);
    return lastPart;
  }

  /** Pages were mapped: linear memory must reach there. */
  function growFor(region: number): void {
    if (((entries.get(DIRECTORIES + BigInt(region) * 8n) ?? 0n) & 1n) === 0n) return;
    const end = (region + 1) * 2 * MEGABYTE;
    const missing = end - machine.memory.buffer.byteLength;
    if (missing > 0) machine.memory.grow(Math.ceil(missing / 65536));
  }
}

/** Room for a word to be read at the last byte, too. */
function padded(bytes: Uint8Array): DataView {
  const whole = new Uint8Array(bytes.length + 8);
  whole.set(bytes);
  return new DataView(whole.buffer);
}
