// The first serial port of a PC (16550), the console without Xen. Asked by turns; its interrupts stay off. Registers as in
// National Semiconductor's PC16550D data sheet.

import { in8, out8, pause } from "../../cpu";
import { Address } from "../../../vm/memory/oop";

const DATA: i32 = 0x3f8;
const INTERRUPTS: i32 = 0x3f9;
const LINE_CONTROL: i32 = 0x3fb;
const LINE_STATUS: i32 = 0x3fd;
const SCRATCH: i32 = 0x3ff;
const HAS_INPUT: i32 = 1;
const CAN_SEND: i32 = 0x20;
const EIGHT_BITS: i32 = 3;
/** Turns of asking after which a port that takes nothing counts as full. */
const MOST_TURNS: u32 = 2_000_000;

/** False where there is no such port. */
export function startSerial(): bool {
  out8(SCRATCH, 0x5a);
  if (in8(SCRATCH) != 0x5a) return false;
  out8(INTERRUPTS, 0);
  out8(LINE_CONTROL, EIGHT_BITS);
  // The FIFOs are left as they are: switching them on or off drops what was typed before.
  return true;
}

/** Sends bytes; answers how many, fewer where the port takes no more for a while. */
export function writeSerial(source: Address, bytes: u32): u32 {
  for (let i: u32 = 0; i < bytes; i++) {
    if (!canSend()) return i;
    out8(DATA, load<u8>(source + i));
  }
  return bytes;
}

/** Takes what has arrived. */
export function readSerial(target: Address, room: u32): u32 {
  let count: u32 = 0;
  while (count < room && (in8(LINE_STATUS) & HAS_INPUT) != 0) store<u8>(target + count++, <u8>in8(DATA));
  return count;
}

function canSend(): bool {
  for (let turn: u32 = 0; turn < MOST_TURNS; turn++) {
    if ((in8(LINE_STATUS) & CAN_SEND) != 0) return true;
    pause();
  }
  return false;
}
