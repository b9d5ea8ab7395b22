// Exceptions of the processor: nothing is expected to fault, so each is reported with the registers and the Smalltalk
// stack, and the domain crashes. The start-up code has saved the registers and calls `reportException` on a stack of its
// own. Traps of WebAssembly arrive here as undefined instructions, divide errors and page faults (boot/native/abi.ts).

import { cr2, cr3, linked, load64, load8, memoryBase } from "../cpu";
import {
  MEMORY_GUARD_BEFORE,
  TRAP_CALL_TYPE,
  TRAP_CONVERSION_NAN,
  TRAP_CONVERSION_RANGE,
  TRAP_STACK,
  TRAP_TABLE_BOUNDS,
  TRAP_UNREACHABLE,
} from "../native/abi";
import { installedCodeStart, isInstalledCode } from "../common/code";
import { logStack } from "../vm";
import { LINK_REGISTERS, SAVED_CS, SAVED_ERROR, SAVED_FLAGS, SAVED_RIP, SAVED_RSP, SAVED_VECTOR } from "./links";
import { crash } from "./powerOff";
import * as report from "./report";

const VECTOR_DIVIDE: i64 = 0;
const VECTOR_UNDEFINED: i64 = 6;
const VECTOR_DOUBLE_FAULT: i64 = 8;
const VECTOR_PROTECTION: i64 = 13;
const VECTOR_PAGE_FAULT: i64 = 14;
/** Linear memory and the unmapped range behind it. */
const MEMORY_RANGE_BYTES: i64 = 8 << 30;

/** How many exceptions there were: one while the first is reported ends the report. */
let depth: u32 = 0;

/** Called by the start-up code; does not return. */
export function reportException(): void {
  depth++;
  if (depth > 2) crash();
  const vector = saved(SAVED_VECTOR);
  report.text("stvm: ");
  if (depth > 1) report.text("while reporting: ");
  describe(vector);
  report.text(" at ");
  report.hexadecimal(saved(SAVED_RIP), 8);
  describePlace(saved(SAVED_RIP));
  report.endLine(true);
  if (depth == 1) {
    reportRegisters();
    logStack();
  }
  crash();
}

/** Says where in a compiled method, for which there is no symbol. */
function describePlace(place: i64): void {
  if (!isInstalledCode(place)) return;
  report.text(" in compiled code + ");
  report.number(place - installedCodeStart());
}

function saved(word: i32): i64 {
  return load64(linked(LINK_REGISTERS) + (word << 3));
}

function describe(vector: i64): void {
  if (vector == VECTOR_PAGE_FAULT) return describePageFault();
  if (vector == VECTOR_DIVIDE) return report.text("integer division by zero, or overflow");
  if (vector == VECTOR_UNDEFINED) return describeUndefined();
  if (vector == VECTOR_DOUBLE_FAULT) return report.text("double fault");
  if (vector == VECTOR_PROTECTION) report.text("general protection");
  else {
    report.text("exception ");
    report.number(vector);
  }
  report.text(", error ");
  report.hexadecimal(saved(SAVED_ERROR), 4);
}

function describePageFault(): void {
  const address = cr2() - memoryBase();
  if (address >= -MEMORY_GUARD_BEFORE && address < MEMORY_RANGE_BYTES) {
    report.text("memory access out of bounds, address ");
    report.hexadecimal(address, 8);
    return;
  }
  report.text("page fault, processor address ");
  report.hexadecimal(cr2(), 16);
  report.text(", error ");
  report.hexadecimal(saved(SAVED_ERROR), 4);
}

function describeUndefined(): void {
  const rip = saved(SAVED_RIP);
  if (load8(rip) != 0x0f || load8(rip + 1) != 0xb9) return report.text("undefined instruction");
  const code = load8(rip + 2) & 63;
  if (code == TRAP_UNREACHABLE) return report.text("unreachable code reached");
  if (code == TRAP_CONVERSION_NAN) return report.text("not a number converted to an integer");
  if (code == TRAP_CONVERSION_RANGE) return report.text("float too large for an integer");
  if (code == TRAP_TABLE_BOUNDS) return report.text("call beyond the table's end");
  if (code == TRAP_CALL_TYPE) return report.text("call of a function with another signature");
  if (code == TRAP_STACK) return report.text("machine stack overflow");
  report.text("trap ");
  report.number(code);
}

function reportRegisters(): void {
  registers("rax", 0, "rbx", 1, "rcx", 2, "rdx", 3);
  registers("rsi", 4, "rdi", 5, "rbp", 6, "rsp", SAVED_RSP);
  registers(" r8", 8, " r9", 9, "r10", 10, "r11", 11);
  registers("r12", 12, "r13", 13, "r14", 14, "r15", 15);
  registers("rip", SAVED_RIP, "flags", SAVED_FLAGS, "cs", SAVED_CS, "error", SAVED_ERROR);
  report.text("stvm: cr2 ");
  report.hexadecimal(cr2(), 16);
  report.text(" cr3 ");
  report.hexadecimal(cr3(), 16);
  report.endLine(true);
}

function registers(a: string, i: i32, b: string, j: i32, c: string, k: i32, d: string, l: i32): void {
  report.text("stvm:");
  register(a, i);
  register(b, j);
  register(c, k);
  register(d, l);
  report.endLine(true);
}

function register(name: string, word: i32): void {
  report.text(" ");
  report.text(name);
  report.text(" ");
  report.hexadecimal(saved(word), 16);
}
