// Code that hardly ever runs is written aside: each piece is a function of its own behind the first, which only calls it and
// returns what it answers. So the engine, which compiles a function as a whole, is spared it where the time matters, and
// values that only such code wants cost the first function no more than an argument. Pieces that say the same are one.

import * as wasm from "../jit/encoder";
import { Address } from "../memory/oop";
import { CODE_BUFFER_BYTES } from "../tuning";
import { CALL_SELF } from "./imports";
import { FRAME, LOW, RECEIVER, WRITTEN } from "./locals";
import { giveUp } from "./round";

// Parameters of every piece: the frame, which scopes' frames are written, the receiver, the lowest address, by the same
// numbers as in the first function but for the second; then longs. A double comes as its bits, a boolean as a long.
const ASIDE_WRITTEN: u32 = 1;
const FIRST_LONG: u32 = 4;
if (FRAME != 0 || RECEIVER != 2 || LOW != 3) ERROR("aside: the first function's locals have other numbers");

const buffer: Address = <Address>memory.data(CODE_BUFFER_BYTES, 4);
let end: Address = 0;

/** How many longs each piece takes, a byte each. */
const MAX_PIECES: u32 = 2048;
const longCounts: Address = <Address>memory.data(2048, 4);
export let pieceCount: u32 = 0;
/** The most longs that one takes. */
export let mostLongs: u32 = 0;

// What is passed to the piece being written: the number of a local u16 of the first function, and its type u16.
const MAX_LONGS: u32 = 120;
const passed: Address = <Address>memory.data(480, 4);
let passedCount: u32 = 0;
let isWrittenPassed: bool = false;
let isOpen: bool = false;
let firstPosition: Address = 0;

/** Pieces that the next is compared with: where each begins u32 | its bytes u32. */
const COMPARED: u32 = 8;
const lately: Address = <Address>memory.data(64, 4);

export function beginAsides(): void {
  end = buffer;
  pieceCount = 0;
  mostLongs = 0;
}

/** How many longs a piece takes. */
export function longsOf(piece: u32): u32 {
  return load<u8>(longCounts + piece);
}

/** What is written from now on is aside; what it takes from locals goes through the functions below. */
export function openAside(): void {
  isOpen = true;
  passedCount = 0;
  isWrittenPassed = false;
  firstPosition = wasm.position();
  wasm.moveTo(end, buffer + CODE_BUFFER_BYTES);
  wasm.reserveLength();
  wasm.unsigned(0);
}

/** Ends what is written aside, and has the first function call it and return. */
export function closeAside(): void {
  wasm.op(wasm.END);
  wasm.fillLength(end);
  isOpen = false;
  const bytes = wasm.position() - end;
  wasm.moveBack(firstPosition);
  if (pieceCount == MAX_PIECES || passedCount == MAX_LONGS) giveUp();
  if (wasm.isFull() || pieceCount == MAX_PIECES) return;
  wasm.get(FRAME);
  if (isWrittenPassed) wasm.get(WRITTEN);
  else wasm.i32Const(0);
  wasm.get(RECEIVER);
  wasm.get(LOW);
  for (let i: u32 = 0; i < passedCount; i++) {
    const type = <u32>load<u16>(passed + (i << 2), 2);
    wasm.get(load<u16>(passed + (i << 2)));
    if (type == wasm.TYPE_F64) wasm.op(wasm.I64_REINTERPRET_F64);
    else if (type == wasm.TYPE_I32) wasm.op(wasm.I64_EXTEND_I32_U);
  }
  wasm.call(CALL_SELF + 1 + keep(bytes));
  wasm.op(wasm.RETURN);
}

/** The number of the piece just written, or of an earlier one that says the same. */
function keep(bytes: u32): u32 {
  for (let piece = pieceCount - min(pieceCount, COMPARED); piece < pieceCount; piece++) {
    const at = lately + ((piece % COMPARED) << 3);
    if (load<u32>(at, 4) != bytes || longsOf(piece) != passedCount) continue;
    if (memory.compare(load<u32>(at), end, bytes) == 0) return piece;
  }
  const at = lately + ((pieceCount % COMPARED) << 3);
  store<u32>(at, end);
  store<u32>(at, bytes, 4);
  store<u8>(longCounts + pieceCount, passedCount);
  mostLongs = max(mostLongs, passedCount);
  end += bytes;
  return pieceCount++;
}

/** Puts the functions of all pieces behind what is written. */
export function writePieces(): void {
  wasm.copyFrom(buffer, end - buffer);
}

/** The parameter that has the value of a local. */
function parameterOf(local: u32, type: u32): u32 {
  for (let i: u32 = 0; i < passedCount; i++) if (load<u16>(passed + (i << 2)) == local) return FIRST_LONG + i;
  store<u16>(passed + (passedCount << 2), local);
  store<u16>(passed + (passedCount << 2), type, 2);
  passedCount = min(passedCount + 1, MAX_LONGS);
  return FIRST_LONG + passedCount - 1;
}

/** Puts a local with an oop on WebAssembly's stack. */
export function getLong(local: u32): void {
  wasm.get(isOpen && local != RECEIVER ? parameterOf(local, wasm.TYPE_I64) : local);
}

/** Takes an oop into a local. */
export function setLong(local: u32): void {
  wasm.set(isOpen ? parameterOf(local, wasm.TYPE_I64) : local);
}

/** Puts a local with a double on WebAssembly's stack. */
export function getDouble(local: u32): void {
  if (!isOpen) {
    wasm.get(local);
    return;
  }
  wasm.get(parameterOf(local, wasm.TYPE_F64));
  wasm.op(wasm.F64_REINTERPRET_I64);
}

/** Puts a local that is 0 or 1 on WebAssembly's stack. */
export function getBoolean(local: u32): void {
  if (!isOpen) {
    wasm.get(local);
    return;
  }
  wasm.get(parameterOf(local, wasm.TYPE_I32));
  wasm.op(wasm.I32_WRAP_I64);
}

/** Puts the bits that tell which scopes' frames are written on WebAssembly's stack. */
export function getWritten(): void {
  isWrittenPassed = true;
  wasm.get(isOpen ? ASIDE_WRITTEN : WRITTEN);
}
