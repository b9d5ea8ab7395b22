// What every module begins with: types, imports, its functions and their exports.

import { Address } from "../memory/oop";
import * as wasm from "./encoder";

// Indices of types and imported functions, in the order of writeHead.
export const TYPE_CODE: u32 = 0;
export const CALL_SEND: u32 = 0;
export const CALL_HANDLE: u32 = 1;
export const CALL_EXTEND: u32 = 2;
export const CALL_LEAVE: u32 = 3;
export const CALL_POLL: u32 = 4;
export const CALL_OPERATE: u32 = 5;
export const CALL_COMPARE: u32 = 6;
export const CALL_REMEMBER: u32 = 7;
export const CALL_CLASS: u32 = 8;
export const CALL_FLOAT: u32 = 9;
export const CALL_FOLLOW: u32 = 10;
export const CALL_SUPER: u32 = 11;
export const CALL_RETURN: u32 = 12;
export const CALL_LAND: u32 = 13;
export const CALL_THIS_CONTEXT: u32 = 14;
export const CALL_CONTEXT_SLOT: u32 = 15;
/** The first function of the module itself. */
export const FIRST_FUNCTION: u32 = 16;

export function beginSection(id: u32): Address {
  wasm.byte(id);
  return wasm.reserveLength();
}

/** Room before the bodies for the head of a module with MAX_BATCH functions. */
export const HEAD_BYTES: u32 = 2048;

/** Writes what stands before the bodies of so many functions: the head, and the code section's own. */
export function writeHeadFor(functions: u32, bodyBytes: u32): void {
  writeHead(functions);
  wasm.byte(10);
  wasm.unsigned(bodyBytes + (functions < 128 ? 1 : 2));
  wasm.unsigned(functions);
}

/** The first eight bytes of every module. */
export function writeMagic(): void {
  wasm.byte(0);
  wasm.byte(0x61);
  wasm.byte(0x73);
  wasm.byte(0x6d);
  wasm.byte(1);
  wasm.byte(0);
  wasm.byte(0);
  wasm.byte(0);
}

/** Writes types, imports, and so many functions of the type of code, each exported. */
export function writeHead(functionCount: u32 = 1): void {
  writeMagic();
  const types = beginSection(1);
  wasm.unsigned(11);
  writeType(2, wasm.TYPE_I64, wasm.TYPE_I64);
  writeType(3, wasm.VOID, wasm.TYPE_I64);
  writeType(4, wasm.VOID, wasm.TYPE_I32);
  writeType(2, wasm.VOID, wasm.VOID);
  writeType(3, wasm.VOID, wasm.VOID);
  writeType(1, wasm.VOID, wasm.VOID);
  writeType(0, wasm.TYPE_I64, wasm.TYPE_I64);
  writeType(0, wasm.TYPE_F64, wasm.TYPE_I64);
  writeType(3, wasm.TYPE_I64, wasm.VOID);
  writeType(1, wasm.VOID, wasm.TYPE_I64);
  writeSlotType();
  wasm.fillLength(types);
  const imports = beginSection(2);
  wasm.unsigned(2 + FIRST_FUNCTION);
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
  importFunction("leaveFromCode", 4);
  importFunction("pollFromCode", 4);
  importFunction("operateFromCode", 1);
  importFunction("compareFromCode", 1);
  importFunction("rememberFromCode", 5);
  importFunction("classFromCode", 6);
  importFunction("floatFromCode", 7);
  importFunction("followFromCode", 6);
  importFunction("superFromCode", 1);
  importFunction("returnFromCode", 8);
  importFunction("landFromCode", 9);
  importFunction("contextFromCode", 1);
  importFunction("contextSlotFromCode", 10);
  wasm.fillLength(imports);
  const functions = beginSection(3);
  wasm.unsigned(functionCount);
  for (let i: u32 = 0; i < functionCount; i++) wasm.unsigned(TYPE_CODE);
  wasm.fillLength(functions);
  const exports = beginSection(7);
  wasm.unsigned(functionCount);
  for (let i: u32 = 0; i < functionCount; i++) {
    exportName(i);
    wasm.byte(0);
    wasm.unsigned(FIRST_FUNCTION + i);
  }
  wasm.fillLength(exports);
}

/** "code" for the first function, then "code1" and so on. */
function exportName(index: u32): void {
  if (index == 0) {
    wasm.name("code");
    return;
  }
  wasm.byte(index < 10 ? 5 : 6);
  wasm.byte(0x63);
  wasm.byte(0x6f);
  wasm.byte(0x64);
  wasm.byte(0x65);
  if (index >= 10) wasm.byte(0x30 + index / 10);
  wasm.byte(0x30 + (index % 10));
}

/** A function type of that many i32 parameters, then one of type `last`, with a result; either may be none (VOID). */
export function writeType(words: u32, last: u32, result: u32): void {
  wasm.byte(0x60);
  wasm.unsigned(words + u32(last != wasm.VOID));
  for (let i: u32 = 0; i < words; i++) wasm.byte(wasm.TYPE_I32);
  if (last != wasm.VOID) wasm.byte(last);
  if (result == wasm.VOID) wasm.unsigned(0);
  else {
    wasm.unsigned(1);
    wasm.byte(result);
  }
}

/** Of the function that reads a context's variable. */
export function writeSlotType(): void {
  wasm.byte(0x60);
  wasm.unsigned(5);
  wasm.byte(wasm.TYPE_I32);
  wasm.byte(wasm.TYPE_I64);
  for (let i = 0; i < 3; i++) wasm.byte(wasm.TYPE_I32);
  wasm.unsigned(1);
  wasm.byte(wasm.TYPE_I64);
}

export function importName(name: string): void {
  wasm.name("vm");
  wasm.name(name);
}

export function importFunction(name: string, typeIndex: u32): void {
  importName(name);
  wasm.byte(0);
  wasm.unsigned(typeIndex);
}
