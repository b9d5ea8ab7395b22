// A fault of the processor: which trap of WebAssembly it is, in which function, and the Smalltalk stack as it was when
// the interpreter last had it in memory.

import { linked, load32, load64, load8, memoryBase } from "../cpu";
import { installedCodeStart, isInstalledCode } from "../common/code";
import { put, putByte, putHex, putNumber } from "../common/text";
import {
  TRAP_CALL_TYPE,
  TRAP_CONVERSION_NAN,
  TRAP_CONVERSION_RANGE,
  TRAP_DIVISION,
  TRAP_MEMORY,
  TRAP_STACK,
  TRAP_TABLE_BOUNDS,
  TRAP_UNREACHABLE,
} from "../native/abi";
import { stackEnd } from "./commandLine";
import { LINKED_CODE_END, LINKED_CODE_START, LINKED_SYMBOLS } from "./linked";
import { setReport, writeLine } from "./output";
import { SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP } from "./signals";
import { exit } from "./systemCalls";

// @ts-ignore: decorator
@external("env", "logStack")
declare function logStack(): void;

/** Offsets in struct ucontext: the general registers r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip. */
const CONTEXT_REGISTERS: i64 = 40;
const RIP: i64 = 16;
const RSP: i64 = 15;
/** Of struct siginfo: the address that could not be accessed. */
const FAULT_ADDRESS: i64 = 16;
const MEMORY_RANGE_BYTES: i64 = 8 << 30;
const MAX_CALLERS: u32 = 12;
const STACK_WORDS: i64 = 400;

let isReporting: bool = false;

/** The kernel's handler jumps here (boot/link/linuxStart.ts) with the addresses of struct siginfo and ucontext. */
export function fault(signal: i32, information: i64, context: i64): void {
  if (isReporting) exit(1);
  isReporting = true;
  const place = register(context, RIP);
  const address = load64(information + FAULT_ADDRESS);
  put("stvm: trap: ");
  putReason(signal, place, address);
  put(" at ");
  putHex(place);
  putSymbol(place);
  writeLine();
  putRegisters(context);
  putCallers(register(context, RSP));
  setReport(true);
  logStack();
  exit(1);
}

function register(context: i64, index: i64): i64 {
  return load64(context + CONTEXT_REGISTERS + index * 8);
}

function putReason(signal: i32, place: i64, address: i64): void {
  if (signal == SIGFPE) return putTrap(TRAP_DIVISION);
  if (signal == SIGILL && isCode(place)) return putTrap(load8(place + 2) & 63);
  if (signal == SIGSEGV || signal == SIGBUS) {
    const offset = address - memoryBase();
    putTrap(TRAP_MEMORY);
    if (offset < 0 || offset >= MEMORY_RANGE_BYTES) {
      put(" (address ");
      putHex(address);
    } else {
      put(" (memory address ");
      putHex(offset);
    }
    return putByte(0x29);
  }
  put(signal == SIGTRAP ? "breakpoint" : "signal ");
  if (signal != SIGTRAP) putNumber(signal);
}

function isCode(place: i64): bool {
  return isOwnCode(place) || isInstalledCode(place);
}

function isOwnCode(place: i64): bool {
  return place >= linked(LINKED_CODE_START) && place < linked(LINKED_CODE_END);
}

function putTrap(code: i32): void {
  switch (code) {
    case TRAP_UNREACHABLE:
      return put("unreachable");
    case TRAP_MEMORY:
      return put("memory access out of bounds");
    case TRAP_DIVISION:
      return put("divide by zero or overflow");
    case TRAP_CONVERSION_NAN:
      return put("conversion of a NaN to an integer");
    case TRAP_CONVERSION_RANGE:
      return put("float out of range of the integer");
    case TRAP_TABLE_BOUNDS:
      return put("table index out of bounds");
    case TRAP_CALL_TYPE:
      return put("call through the table with another signature");
    case TRAP_STACK:
      return put("stack overflow");
    default:
      put("illegal instruction");
  }
}

/** " in FUNCTION + OFFSET" where the place is in the program's code, or that it is in a method's. */
function putSymbol(place: i64): void {
  if (isInstalledCode(place)) {
    put(" in compiled code + ");
    return putNumber(place - installedCodeStart());
  }
  if (!isOwnCode(place)) return;
  const symbols = linked(LINKED_SYMBOLS);
  const offset = <u32>(place - linked(LINKED_CODE_START));
  // u32 count, then for each function by rising offset: u32 offset in the code, u32 place of its name from here.
  let low: u32 = 0;
  let high = <u32>load32(symbols);
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (<u32>load32(symbols + 4 + <i64>middle * 8) <= offset) low = middle;
    else high = middle;
  }
  const entry = symbols + 4 + <i64>low * 8;
  put(" in ");
  let name = symbols + load32(entry + 4);
  for (let byte = load8(name); byte != 0; byte = load8(++name)) putByte(byte);
  put(" + ");
  putNumber(offset - <u32>load32(entry));
}

function putRegisters(context: i64): void {
  putRegister("rax", register(context, 13));
  putRegister("rbx", register(context, 11));
  putRegister("rcx", register(context, 14));
  putRegister("rdx", register(context, 12));
  putRegister("rsi", register(context, 9));
  putRegister("rdi", register(context, 8));
  putRegister("rbp", register(context, 10));
  putRegister("rsp", register(context, RSP));
  writeLine();
  putRegister("r8", register(context, 0));
  putRegister("r9", register(context, 1));
  putRegister("r10", register(context, 2));
  putRegister("r11", register(context, 3));
  putRegister("r12", register(context, 4));
  putRegister("r13", register(context, 5));
  putRegister("r14", register(context, 6));
  putRegister("r15", register(context, 7));
  writeLine();
}

function putRegister(name: string, value: i64): void {
  put("  ");
  put(name);
  putByte(0x20);
  putHex(value);
}

/**
 * Words of the stack that point into compiled code: return addresses, and some that were left over. A program that waits
 * has few words there, and behind them, where little was handed to it, the stack's memory soon ends.
 */
function putCallers(stack: i64): void {
  const end = min(stack + STACK_WORDS * 8, stackEnd);
  let found: u32 = 0;
  for (let at = stack; at < end && found < MAX_CALLERS; at += 8) {
    const word = load64(at);
    if (!isCode(word)) continue;
    put("  called from");
    putSymbol(word);
    writeLine();
    found++;
  }
}
