// What a module of the second tier begins with: types, imports, and the first function's export.

import { beginSection, importFunction, importName, writeMagic, writeType } from "../jit/moduleHead";
import * as wasm from "../jit/encoder";
import { longsOf, mostLongs, pieceCount } from "./aside";

// Indices of types and imported functions, in the order of writeHead.
export const TYPE_CODE: u32 = 0;
export const CALL_SEND: u32 = 0;
export const CALL_HANDLE: u32 = 1;
export const CALL_EXTEND: u32 = 2;
/** (record and cause, address, stack pointer, frame): leaves a bytecode to the interpreter; answers what the code does. */
export const CALL_EXIT: u32 = 3;
/** (entry, address, stack pointer, frame): leaves for a poll in a loop, to be entered again there. */
export const CALL_POLL: u32 = 4;
/** (double): its oop. */
export const CALL_NEW_FLOAT: u32 = 5;
/** (frame, bytecode's byte, address of the copied values): the closure. */
export const CALL_CLOSURE: u32 = 6;
/** (element count): an Array of nils. */
export const CALL_NEW_ARRAY: u32 = 7;
/** (class, count of elements as an oop, or 0 for none): an instance, 0 where it must be made otherwise. */
export const CALL_INSTANTIATE: u32 = 8;
/** (object): has an old object remembered. */
export const CALL_REMEMBER: u32 = 9;
/** (site, stack pointer, frame): a super send whose site has no code. */
export const CALL_SUPER: u32 = 10;
/** (object): its identity hash. */
export const CALL_HASH: u32 = 11;
/** (oop): its class. */
export const CALL_CLASS: u32 = 12;
/** The function itself, behind the imports. */
export const CALL_SELF: u32 = 13;

/** The first of the types of pieces that are aside (aside.ts), which take the more longs the later they come. */
const FIRST_ASIDE_TYPE: u32 = 11;

/** Writes all that stands before the functions, which take so many bytes. */
export function writeHead(bodyBytes: u32): void {
  writeMagic();
  const types = beginSection(1);
  wasm.unsigned(FIRST_ASIDE_TYPE + mostLongs + 1);
  writeType(2, wasm.TYPE_I64, wasm.TYPE_I64);
  writeType(3, wasm.VOID, wasm.TYPE_I64);
  writeType(4, wasm.VOID, wasm.TYPE_I32);
  writeType(2, wasm.VOID, wasm.VOID);
  writeType(4, wasm.VOID, wasm.VOID);
  writeType(0, wasm.TYPE_F64, wasm.TYPE_I64);
  writeType(1, wasm.VOID, wasm.TYPE_I64);
  writeType(1, wasm.VOID, wasm.VOID);
  writeType(4, wasm.VOID, wasm.TYPE_I64);
  writeType(1, wasm.TYPE_I64, wasm.TYPE_I64);
  writeType(0, wasm.TYPE_I64, wasm.TYPE_I64);
  for (let longs: u32 = 0; longs <= mostLongs; longs++) writeAsideType(longs);
  wasm.fillLength(types);
  const imports = beginSection(2);
  wasm.unsigned(2 + CALL_SELF);
  importName("memory");
  wasm.byte(2);
  wasm.byte(0);
  wasm.unsigned(0);
  importName("table");
  wasm.byte(1);
  wasm.byte(0x70);
  wasm.byte(0);
  wasm.unsigned(0);
  importFunction("sendFromCode", 1);
  importFunction("handleFromCode", 2);
  importFunction("extendFromCode", 3);
  importFunction("exitFromCode", 8);
  importFunction("pollInLoopFromCode", 4);
  importFunction("floatFromCode", 5);
  importFunction("closureFromCode", 1);
  importFunction("newArrayFromCode", 6);
  importFunction("instantiateFromCode", 9);
  importFunction("rememberFromCode", 7);
  importFunction("superFromCode", 1);
  importFunction("hashFromCode", 6);
  importFunction("classFromCode", 10);
  wasm.fillLength(imports);
  const functions = beginSection(3);
  wasm.unsigned(1 + pieceCount);
  wasm.unsigned(TYPE_CODE);
  for (let piece: u32 = 0; piece < pieceCount; piece++) wasm.unsigned(FIRST_ASIDE_TYPE + longsOf(piece));
  wasm.fillLength(functions);
  const exports = beginSection(7);
  wasm.unsigned(1);
  wasm.name("code");
  wasm.byte(0);
  wasm.unsigned(CALL_SELF);
  wasm.fillLength(exports);
  wasm.byte(10);
  wasm.unsigned(bodyBytes + (pieceCount < 127 ? 1 : 2));
  wasm.unsigned(1 + pieceCount);
}

function writeAsideType(longs: u32): void {
  wasm.byte(0x60);
  wasm.unsigned(4 + longs);
  wasm.byte(wasm.TYPE_I32);
  wasm.byte(wasm.TYPE_I32);
  wasm.byte(wasm.TYPE_I64);
  wasm.byte(wasm.TYPE_I32);
  for (let i: u32 = 0; i < longs; i++) wasm.byte(wasm.TYPE_I64);
  wasm.unsigned(1);
  wasm.byte(wasm.TYPE_I64);
}
