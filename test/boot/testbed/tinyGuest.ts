// The smallest guest that uses its console: 32-bit code from the PVH entry on, no page tables. It prints its command
// line to the console and to port 0xE9, and then, in angle brackets, each letter that is typed; q powers off, r reboots,
// c crashes, l loops for ever. Numbers are of Xen's public headers (sched.h, event_channel.h, hvm/params.h, io/console.h).

import { addressOf, assemble, type Operand, type Statement } from "../../../boot/link/assembler.js";
import { writeElf } from "../../../boot/link/elf.js";

const BASE = 0x100000;
const PAGE_BYTES = 4096;
const XEN_ELFNOTE_PHYS32_ENTRY = 18;
/** Behind code and hypercall page, in memory that is zero at first. */
const SHARED_INFO = BASE + 2 * PAGE_BYTES;
const STACK_TOP = BASE + 4 * PAGE_BYTES;
const MEMORY_BYTES = 4 * PAGE_BYTES;

const MEMORY_OP = 12;
const SCHED_OP = 29;
const EVENT_CHANNEL_OP = 32;
const HVM_OP = 34;
const SHUTDOWN = 2;
const POLL = 3;
const SEND = 4;
const GET_PARAM = 1;
const ADD_TO_PHYSMAP = 7;
const CONSOLE_PFN = 17;
const CONSOLE_PORT = 18;
/** Of the ring that guest and xenconsoled share. */
const RING = { output: 1024, inputConsumed: 3072, inputProduced: 3076, outputConsumed: 3080, outputProduced: 3084 };
const INPUT_BYTES = 1024;
const OUTPUT_BYTES = 2048;

/** The guest's ELF file. */
export function tinyGuest(): Uint8Array {
  const { bytes, relocations, labels } = assemble(
    [...start(), ...loop(), ...subroutines(), ...data(), ...hypercallPage()],
    32,
  );
  const code = Buffer.from(bytes);
  for (const { offset, symbol, addend } of relocations) {
    code.writeUInt32LE(BASE + labels.get(symbol)! + addend, offset);
  }
  const entry = Buffer.alloc(8);
  entry.writeUInt32LE(BASE);
  return writeElf({
    entry: BigInt(BASE),
    segments: [
      {
        name: ".text",
        address: BigInt(BASE),
        bytes: code,
        memoryBytes: MEMORY_BYTES,
        protection: { write: true, execute: true },
      },
    ],
    notes: [{ owner: "Xen", type: XEN_ELFNOTE_PHYS32_ENTRY, descriptor: entry }],
    stackHeader: false,
  });
}

function at(label: string, bytes?: 4): Operand {
  return { displacement: label, bytes };
}

/** Hypercall page, shared info, console; then the greeting and the command line. ebp holds the ring from then on. */
function start(): Statement[] {
  return [
    ["cld"],
    ["mov", "esp", STACK_TOP],
    ["mov", "esi", { base: "ebx", displacement: 24 }],
    ["mov", at("commandLine"), "esi"],
    // Xen's leaf with the number of the register that takes the hypercall page's address.
    ["mov", "eax", 0x40000002],
    ["cpuid"],
    ["mov", "ecx", "ebx"],
    ["mov", "eax", addressOf("hypercallPage")],
    ["xor", "edx", "edx"],
    ["wrmsr"],
    ["mov", "ebx", ADD_TO_PHYSMAP],
    ["mov", "ecx", addressOf("physmap")],
    ["call", hypercall(MEMORY_OP)],
    ...getParameter("portParameter"),
    ["mov", "eax", { displacement: "portParameter", addend: 8 }],
    ["mov", at("port"), "eax"],
    ...getParameter("pageParameter"),
    ["mov", "ebp", { displacement: "pageParameter", addend: 8 }],
    ["shl", "ebp", 12],
    ["mov", "esi", addressOf("greeting")],
    ["call", "print"],
    ["mov", "esi", at("commandLine")],
    ["call", "print"],
    ["mov", "esi", addressOf("lineEnd")],
    ["call", "print"],
  ];
}

/** Waits for a letter, answers it, obeys it. The event's bit is cleared before the ring is looked at. */
function loop(): Statement[] {
  return [
    "loop:",
    ["mov", { displacement: SHARED_INFO + 0x800, bytes: 4 }, 0],
    ["mov", "ebx", { base: "ebp", displacement: RING.inputConsumed }],
    ["cmp", "ebx", { base: "ebp", displacement: RING.inputProduced }],
    ["jne", "typed"],
    ["mov", "ebx", POLL],
    ["mov", "ecx", addressOf("poll")],
    ["call", hypercall(SCHED_OP)],
    ["jmp", "loop"],
    "typed:",
    ["mov", "ecx", "ebx"],
    ["and", "ecx", INPUT_BYTES - 1],
    ["movzx", "eax", { base: "ebp", index: "ecx", scale: 1, bytes: 1 }],
    ["inc", "ebx"],
    ["mov", { base: "ebp", displacement: RING.inputConsumed }, "ebx"],
    ["push", "eax"],
    ["mov", { displacement: "echo", addend: 1 }, "al"],
    ["mov", "esi", addressOf("echo")],
    ["call", "print"],
    ["pop", "eax"],
    ["xor", "edx", "edx"],
    ["cmp", "eax", "q".charCodeAt(0)],
    ["je", "shutdown"],
    ["inc", "edx"],
    ["cmp", "eax", "r".charCodeAt(0)],
    ["je", "shutdown"],
    ["cmp", "eax", "l".charCodeAt(0)],
    ["je", "forever"],
    ["mov", "edx", 3],
    ["cmp", "eax", "c".charCodeAt(0)],
    ["jne", "loop"],
    ["jmp", "shutdown"],
    "forever:",
    ["jmp", "forever"],
    "shutdown:",
    ["mov", at("reason"), "edx"],
    ["mov", "ebx", SHUTDOWN],
    ["mov", "ecx", addressOf("reason")],
    ["call", hypercall(SCHED_OP)],
    ["ud2"],
  ];
}

/** print: the text at esi, which ends with a zero, to port 0xE9 and to the ring; waits while the ring is full. */
function subroutines(): Statement[] {
  return [
    "print:",
    ["movzx", "eax", { base: "esi", bytes: 1 }],
    ["test", "eax", "eax"],
    ["je", "printed"],
    ["mov", "edx", 0xe9],
    ["out", "dx", "al"],
    "full:",
    ["mov", "ebx", { base: "ebp", displacement: RING.outputProduced }],
    ["mov", "ecx", { base: "ebp", displacement: RING.outputConsumed }],
    ["neg", "ecx"],
    ["add", "ecx", "ebx"],
    ["cmp", "ecx", OUTPUT_BYTES],
    ["jae", "full"],
    ["mov", "ecx", "ebx"],
    ["and", "ecx", OUTPUT_BYTES - 1],
    ["mov", { base: "ebp", index: "ecx", scale: 1, displacement: RING.output }, "al"],
    ["inc", "ebx"],
    ["mov", { base: "ebp", displacement: RING.outputProduced }, "ebx"],
    ["inc", "esi"],
    ["jmp", "print"],
    "printed:",
    ["mov", "ebx", SEND],
    ["mov", "ecx", addressOf("port")],
    ["call", hypercall(EVENT_CHANNEL_OP)],
    ["ret"],
  ];
}

function getParameter(label: string): Statement[] {
  return [
    ["mov", "ebx", GET_PARAM],
    ["mov", "ecx", addressOf(label)],
    ["call", hypercall(HVM_OP)],
  ];
}

/** Where Xen puts the code of a hypercall. */
function hypercall(number: number): string {
  return `hypercall${number}`;
}

/** The page that Xen fills: 32 bytes for each hypercall. */
function hypercallPage(): Statement[] {
  const places = Array.from({ length: HVM_OP + 1 }, (_, number): Statement[] => [
    `${hypercall(number)}:`,
    [".bytes", ...Array<number>(32).fill(0)],
  ]);
  return [[".align", PAGE_BYTES], "hypercallPage:", ...places.flat()];
}

const DOMAIN_SELF = 0x7ff0;

function data(): Statement[] {
  return [
    [".align", 8],
    "portParameter:",
    [".long", DOMAIN_SELF, CONSOLE_PORT],
    [".quad", 0],
    "pageParameter:",
    [".long", DOMAIN_SELF, CONSOLE_PFN],
    [".quad", 0],
    // Domain, space 0 (shared info), index, page.
    "physmap:",
    [".long", DOMAIN_SELF, 0, 0, SHARED_INFO / PAGE_BYTES],
    // Where the ports are, how many, no time limit.
    "poll:",
    [".long", addressOf("port"), 1],
    [".quad", 0],
    "port:",
    [".long", 0],
    "reason:",
    [".long", 0],
    "commandLine:",
    [".long", 0],
    "greeting:",
    [".bytes", ...Buffer.from("tiny guest: \0")],
    "lineEnd:",
    [".bytes", ...Buffer.from("\r\n\0")],
    "echo:",
    [".bytes", ...Buffer.from("<?>\0")],
  ];
}
