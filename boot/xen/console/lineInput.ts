// What a person types becomes lines, as a Unix terminal does it: echo, rubbing out, Enter is a line feed, Ctrl-C
// interrupts, Ctrl-D ends the input. With `stvm.raw` bytes go through as they come.

import { Address } from "../../../vm/memory/oop";

/** Longest line being edited. */
const EDIT_BYTES: u32 = 1024;
const edit = <Address>memory.data(1024);
let editUsed: u32 = 0;

/** Bytes that may be read, a ring; a power of two. */
const READY_BYTES: u32 = 8192;
const ready = <Address>memory.data(8192);
let readyStart: u32 = 0;
let readyEnd: u32 = 0;

/** What is to be shown for what was typed. */
const ECHO_BYTES: u32 = 4096;
const echo = <Address>memory.data(4096);
let echoUsed: u32 = 0;

let isRaw: bool = false;
let echoes: bool = true;
let sawReturn: bool = false;
/** Ctrl-D was typed, or the domain is to shut down: one read answers the end. */
let endPending: bool = false;
let hasEnded: bool = false;
/** Ctrl-C was typed. */
let interrupted: bool = false;

const CONTROL_C: u32 = 3;
const CONTROL_D: u32 = 4;
const BACKSPACE: u32 = 8;
const LINE_FEED: u32 = 10;
const RETURN: u32 = 13;
const CONTROL_U: u32 = 21;
const DELETE: u32 = 127;

export function setLineMode(raw: bool, withEcho: bool): void {
  isRaw = raw;
  echoes = withEcho && !raw;
}

/** Bytes that `type` can take now. */
export function inputRoom(): u32 {
  return READY_BYTES - (readyEnd - readyStart) - editUsed;
}

/** One byte from the console. */
export function typeByte(byte: u32): void {
  if (isRaw) {
    makeReady(byte);
    return;
  }
  const followsReturn = sawReturn;
  sawReturn = byte == RETURN;
  if (byte == LINE_FEED && followsReturn) return;
  if (byte == RETURN || byte == LINE_FEED) endLine();
  else if (byte == BACKSPACE || byte == DELETE) rubOut();
  else if (byte == CONTROL_U) while (editUsed > 0) rubOut();
  else if (byte == CONTROL_C) interruptInput();
  else if (byte == CONTROL_D) endInputHere();
  else addToLine(byte);
}

/** Ends the input for good: whatever reads it is told of its end. */
export function endInput(): void {
  hasEnded = true;
}

/** Takes up to `room` bytes; 0 where there are none. */
export function takeReady(target: Address, room: u32): u32 {
  let count: u32 = 0;
  while (count < room && readyStart != readyEnd)
    store<u8>(target + count++, load<u8>(ready + (readyStart++ & (READY_BYTES - 1))));
  return count;
}

export function hasReady(): bool {
  return readyStart != readyEnd || endPending || hasEnded;
}

/** Whether the input ends here; once for each Ctrl-D. */
export function takeEnd(): bool {
  if (readyStart != readyEnd) return false;
  const ends = endPending || hasEnded;
  endPending = false;
  return ends;
}

export function takeInterrupt(): bool {
  const was = interrupted;
  interrupted = false;
  return was;
}

/** What is to be shown: answers its bytes and forgets them; their place is `echoText`. */
export function takeEcho(): u32 {
  const used = echoUsed;
  echoUsed = 0;
  return used;
}

export function echoText(): Address {
  return echo;
}

function makeReady(byte: u32): void {
  if (readyEnd - readyStart < READY_BYTES) store<u8>(ready + (readyEnd++ & (READY_BYTES - 1)), <u8>byte);
}

function show(byte: u32): void {
  if (echoes && echoUsed < ECHO_BYTES) store<u8>(echo + echoUsed++, <u8>byte);
}

function addToLine(byte: u32): void {
  if (editUsed == EDIT_BYTES) return;
  store<u8>(edit + editUsed++, <u8>byte);
  show(byte);
}

function commitLine(): void {
  for (let i: u32 = 0; i < editUsed; i++) makeReady(load<u8>(edit + i));
  editUsed = 0;
}

function endLine(): void {
  commitLine();
  makeReady(LINE_FEED);
  show(LINE_FEED);
}

/** Takes the last character back: a byte, and in UTF-8 those before it up to the character's first. */
function rubOut(): void {
  if (editUsed == 0) return;
  while (editUsed > 1 && (load<u8>(edit + editUsed - 1) & 0xc0) == 0x80) editUsed--;
  editUsed--;
  show(BACKSPACE);
  show(32);
  show(BACKSPACE);
}

function interruptInput(): void {
  editUsed = 0;
  interrupted = true;
  show(94);
  show(67);
  show(LINE_FEED);
}

function endInputHere(): void {
  if (editUsed == 0) endPending = true;
  commitLine();
}
