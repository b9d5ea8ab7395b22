// Where text goes: the console ring under Xen, else the serial port; and port E9h, which Xen puts into its log and QEMU
// into a file, for what must be seen when there is no console. A line feed becomes return and line feed.

import { out8, pause } from "../cpu";
import { Address } from "../../vm/memory/oop";
import { systemNanoseconds } from "./clock/clock";
import { consoleRoom, isConsoleDrained, readConsole, startConsole, writeConsole } from "./console/consoleDevice";
import { echoText, inputRoom, takeEcho, typeByte } from "./console/lineInput";
import { readSerial, startSerial, writeSerial } from "./console/serialPort";
import { takeEvents, waitForEvents } from "./events/eventChannels";

const DEBUG_PORT: i32 = 0xe9;
const NONE: u32 = 0;
const RING: u32 = 1;
const SERIAL: u32 = 2;
let device: u32 = NONE;

const EAGAIN: i32 = -11;
const EIO: i32 = -5;

const STAGE_BYTES: u32 = 512;
const stage = <Address>memory.data(512);

/** System time since which the console has taken nothing; 0 where it does take. */
let fullSince: u64 = 0;
/** How long the kernel's own last words wait for room. */
const LAST_WORDS_NANOSECONDS: u64 = 2_000_000_000;

/** The paravirtual console under Xen, the serial port elsewhere. False where there is none. */
export function startOutput(onXen: bool): bool {
  device = NONE;
  if (onXen && startConsole()) device = RING;
  if (!onXen && startSerial()) device = SERIAL;
  return device != NONE;
}

/** Writes text; answers how many bytes were taken, EAGAIN where there is no room now, EIO where the console is gone. */
export function writeText(source: Address, bytes: u32): i32 {
  if (bytes == 0) return 0;
  let taken: u32 = 0;
  while (taken < bytes) {
    const room = device == RING ? consoleRoom() : device == SERIAL ? <i32>STAGE_BYTES : -1;
    if (room < 0) return EIO;
    const part = stageText(source + taken, bytes - taken, min<u32>(room, STAGE_BYTES));
    if (part == 0) break;
    if (device == RING) writeConsole(stage, staged);
    else if (writeSerial(stage, staged) < staged) break;
    taken += part;
  }
  noteProgress(taken);
  return taken == 0 ? EAGAIN : <i32>taken;
}

/** Nanoseconds for which nothing could be written. */
export function fullNanoseconds(): u64 {
  return fullSince == 0 ? 0 : systemNanoseconds() - fullSince;
}

/** As `writeText`, waiting up to two seconds for room: for the kernel's own lines. */
export function writeLastWords(source: Address, bytes: u32): void {
  let written: u32 = 0;
  const until = systemNanoseconds() + LAST_WORDS_NANOSECONDS;
  while (written < bytes) {
    takeEvents();
    const count = writeText(source + written, bytes - written);
    if (count > 0) written += count;
    else if (count != EAGAIN || systemNanoseconds() >= until || !waitForRoom(until)) return;
  }
}

/** Waits, two seconds at most, until what was written has been taken. */
export function drainOutput(): void {
  if (device != RING) return;
  const until = systemNanoseconds() + LAST_WORDS_NANOSECONDS;
  while (true) {
    takeEvents();
    if (isConsoleDrained() || systemNanoseconds() >= until || !waitForRoom(until)) return;
  }
}

/** Writes to port E9h. */
export function writeDebug(source: Address, bytes: u32): void {
  for (let i: u32 = 0; i < bytes; i++) out8(DEBUG_PORT, load<u8>(source + i));
}

/** Takes what was typed and shows it. False where the console is gone. */
export function serviceInput(): bool {
  let room = min<u32>(inputRoom(), STAGE_BYTES);
  while (room > 0) {
    const count = device == RING ? readConsole(stage, room) : <i32>readSerial(stage, room);
    if (count < 0) return false;
    if (count == 0) break;
    for (let i: u32 = 0; i < <u32>count; i++) typeByte(load<u8>(stage + i));
    room = min<u32>(inputRoom(), STAGE_BYTES);
  }
  const echoed = takeEcho();
  if (echoed > 0) writeLastWords(echoText(), echoed);
  return true;
}

let staged: u32 = 0;

/** Copies text to the stage, line ends made two bytes; at most `room` bytes. Answers how much of the text that was. */
function stageText(source: Address, bytes: u32, room: u32): u32 {
  staged = 0;
  let i: u32 = 0;
  for (; i < bytes; i++) {
    const byte = load<u8>(source + i);
    const isLineEnd = byte == 10;
    if (staged + (isLineEnd ? 2 : 1) > room) break;
    if (isLineEnd) store<u8>(stage + staged++, 13);
    store<u8>(stage + staged++, byte);
  }
  return i;
}

function noteProgress(taken: u32): void {
  if (taken > 0) fullSince = 0;
  else if (fullSince == 0) fullSince = systemNanoseconds();
}

/** False where waiting is of no use. */
function waitForRoom(until: u64): bool {
  if (device == RING) return waitForEvents(until);
  pause();
  return true;
}
